# Compiler settings that every target of Leat shares, as the interface target leat_options.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)  # for the example in C; extensions are on, because they declare calls of Linux
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(LEAT_CCACHE ccache)
if(LEAT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # One clone can use objects of another: paths below the tree are hashed relative to it, and the build folder is not hashed.
  # The sloppiness settings are required by precompiled headers, which the tests use.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros "${LEAT_CCACHE}")
endif()

add_library(leat_options INTERFACE)
target_include_directories(leat_options INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(leat_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
  -fvisibility=hidden -ffunction-sections -fdata-sections)
target_link_options(leat_options INTERFACE -Wl,--gc-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 warns wrongly at -O2 about operator+ of std::string (GCC bug 105651).
  target_compile_options(leat_options INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  # GCC copies some hundred bytes by string instructions, whose start-up takes longer than the copy by vectors.
  foreach(what memset memcpy)
    target_compile_options(leat_options INTERFACE -m${what}-strategy=vector_loop:512:noalign,libcall:-1:noalign)
  endforeach()
endif()
if(LEAT_WERROR)
  target_compile_options(leat_options INTERFACE -Werror)
endif()
if(LEAT_SANITIZE STREQUAL "address")
  # vptr requires RTTI, and the pure layers have none.
  target_compile_options(leat_options INTERFACE -fsanitize=address,undefined -fno-sanitize=vptr
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(leat_options INTERFACE -fsanitize=address,undefined)
elseif(LEAT_SANITIZE STREQUAL "thread")
  target_compile_options(leat_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(leat_options INTERFACE -fsanitize=thread)
endif()
find_program(LEAT_LLD ld.lld)
if(LEAT_LLD AND NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  target_link_options(leat_options INTERFACE -fuse-ld=lld)
endif()
