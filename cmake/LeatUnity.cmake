# leat_unity(OUT TARGET [ALONE regex] SOURCES file...)
#
# Sets OUT to the files to compile for SOURCES: batches that include about ten sources each, so that a header of ten sources is
# parsed once. With LEAT_UNITY=OFF, OUT is SOURCES.
#
# CMake's UNITY_BUILD writes absolute paths into its batches. These batches name files relative to the root of the tree, so a
# compiler cache can serve one clone with the objects of another.
#
# Sources are sorted, and a batch ends where the hash of the next path says so. A file that is added or removed thus changes
# one batch, seldom two. A batch is written only if its content changes.
#
# Sources whose paths match ALONE, and sources in C, are compiled on their own.
option(LEAT_UNITY "Compile the sources of a target in batches" ON)
set(LEAT_UNITY_MIN 8 CACHE STRING "The fewest sources in a batch, but for the last one of a target")
set(LEAT_UNITY_MAX 16 CACHE STRING "The most sources in a batch")
mark_as_advanced(LEAT_UNITY_MIN LEAT_UNITY_MAX)

function(leat_unity out target)
  cmake_parse_arguments(arg "" "ALONE" "SOURCES" ${ARGN})
  if(NOT LEAT_UNITY)
    set(${out} ${arg_SOURCES} PARENT_SCOPE)
    return()
  endif()
  set(names "")
  set(result "")
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE name)
    if(NOT name MATCHES "\\.cc$" OR (arg_ALONE AND name MATCHES "${arg_ALONE}"))
      list(APPEND result "${source}")
    else()
      list(APPEND names "${name}")
    endif()
  endforeach()
  list(SORT names)
  set(number 1)
  set(batch "")
  set(content "")
  foreach(name IN LISTS names)
    list(LENGTH batch length)
    string(MD5 hash "${name}")
    if(length GREATER_EQUAL LEAT_UNITY_MAX OR (length GREATER_EQUAL LEAT_UNITY_MIN AND hash MATCHES "^[0-3]"))
      leat_unity_write(file "${target}" ${number} "${content}")
      list(APPEND result "${file}")
      math(EXPR number "${number} + 1")
      set(batch "")
      set(content "")
    endif()
    list(APPEND batch "${name}")
    string(APPEND content "#include \"${name}\"\n")
  endforeach()
  if(content)
    leat_unity_write(file "${target}" ${number} "${content}")
    list(APPEND result "${file}")
  endif()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

function(leat_unity_write out target number content)
  set(file "${PROJECT_BINARY_DIR}/unity/${target}_${number}.cc")
  file(CONFIGURE OUTPUT "${file}" CONTENT "${content}" @ONLY)
  set_source_files_properties("${file}" PROPERTIES INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}")
  set(${out} "${file}" PARENT_SCOPE)
endfunction()
