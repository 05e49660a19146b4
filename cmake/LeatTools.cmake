# The packages of the command: Boost (Beast, URL), CLI11, fmt and nlohmann-json. The library needs none of them.
set(leat_tools_advice
  "The command `leat` needs Boost 1.81 (with Boost.URL), CLI11, fmt and nlohmann-json. On Debian 12:\n"
  "  apt-get install libboost1.81-dev libboost-url1.81-dev libcli11-dev libfmt-dev nlohmann-json3-dev\n"
  "libboost1.81-dev conflicts with libboost1.74-dev, which libboost-dev installs: apt will offer to remove it.\n"
  "Or build the library alone, with -DLEAT_TOOLS=OFF.")

find_package(Boost 1.81 CONFIG QUIET COMPONENTS url)
if(NOT Boost_FOUND OR NOT TARGET Boost::url)
  message(FATAL_ERROR "Boost 1.81 with Boost.URL was not found.\n" ${leat_tools_advice})
endif()
find_package(CLI11 CONFIG QUIET)
if(NOT CLI11_FOUND)
  message(FATAL_ERROR "CLI11 was not found.\n" ${leat_tools_advice})
endif()
find_package(fmt CONFIG QUIET)
if(NOT fmt_FOUND)
  message(FATAL_ERROR "fmt was not found.\n" ${leat_tools_advice})
endif()
find_package(nlohmann_json CONFIG QUIET)
if(NOT nlohmann_json_FOUND)
  message(FATAL_ERROR "nlohmann-json was not found.\n" ${leat_tools_advice})
endif()
