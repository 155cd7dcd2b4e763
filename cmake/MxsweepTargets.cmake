# What every target of the project is compiled with, and the three kinds of target it has.
include(GoogleTest OPTIONAL)

add_library(mxsweep_flags INTERFACE)
target_include_directories(mxsweep_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(mxsweep_flags INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports false positives of these in inlined library code at -O2 and above.
  target_compile_options(mxsweep_flags INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow
    -Wno-restrict -Wno-free-nonheap-object)
  if(MXSWEEP_SANITIZE)
    target_compile_options(mxsweep_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(MXSWEEP_WERROR)
  target_compile_options(mxsweep_flags INTERFACE -Werror)
endif()
if(MXSWEEP_SANITIZE)
  target_compile_options(mxsweep_flags INTERFACE -fsanitize=${MXSWEEP_SANITIZE}
    -fno-omit-frame-pointer)
  target_compile_definitions(mxsweep_flags INTERFACE MXSWEEP_SANITIZED)
  if(MXSWEEP_SANITIZE MATCHES undefined)
    # Undefined behaviour ends the program: a test that only prints it would have passed.
    target_compile_options(mxsweep_flags INTERFACE -fno-sanitize-recover=all)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      # Clang 14 cannot emit a coroutine with this check ("Cannot represent a difference across sections").
      target_compile_options(mxsweep_flags INTERFACE -fno-sanitize=function)
    endif()
  endif()
  target_link_options(mxsweep_flags INTERFACE -fsanitize=${MXSWEEP_SANITIZE})
endif()
if(MXSWEEP_COVERAGE)
  # Atomic: threads count together. Counts are written at exit, to where the objects are.
  target_compile_options(mxsweep_flags INTERFACE --coverage -fprofile-update=atomic)
  target_compile_definitions(mxsweep_flags INTERFACE MXSWEEP_COVERAGE)
  target_link_options(mxsweep_flags INTERFACE --coverage)
endif()
if(MXSWEEP_FUZZ)
  target_compile_options(mxsweep_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MXSWEEP_LTO)
  include(CheckIPOSupported)
  check_ipo_supported()
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# Half of the time that it takes to compile a test goes into headers, mostly the same ones: they are compiled once for
# all tests. A source includes what it uses all the same: the presets coverage and fuzz compile without. Not for what is
# optimised: there GCC 12 warns of the standard library's own strings when they come from a precompiled header
# (-Warray-bounds, eight files).
option(MXSWEEP_PRECOMPILED_HEADERS "Compile the tests' common headers once (GCC; not where lines are counted)" ON)
set(mxsweep_common_headers
  <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <cstdio> <cstring> <fstream> <functional> <map> <memory>
  <mutex> <optional> <set> <span> <string> <string_view> <utility> <vector>
  absl/container/flat_hash_map.h absl/container/flat_hash_set.h absl/functional/any_invocable.h
  absl/functional/function_ref.h absl/status/status.h absl/status/statusor.h absl/strings/ascii.h absl/strings/str_cat.h
  absl/strings/str_format.h absl/strings/str_join.h absl/strings/str_split.h absl/time/time.h)
set(mxsweep_test_headers <filesystem> <sstream> <thread> gmock/gmock.h gtest/gtest.h)

# mxsweep_precompiled(NAME HEADERS h … LINK lib …): what other targets take their precompiled headers from.
function(mxsweep_precompiled name)
  cmake_parse_arguments(arg "" "" "HEADERS;LINK" ${ARGN})
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/precompiled/${name}.cc" CONTENT "")
  add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/precompiled/${name}.cc")
  target_link_libraries(${name} PRIVATE mxsweep_flags ${arg_LINK})
  list(TRANSFORM arg_HEADERS REPLACE "^([^<].*)$" "<\\1>")
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  target_compile_options(${name} PRIVATE -fpch-preprocess)
endfunction()

# mxsweep_precompile_headers(DIRECTORY): for each test program there and below.
function(mxsweep_precompile_headers directory)
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if(NOT type MATCHES "^(EXECUTABLE|STATIC_LIBRARY)$" OR NOT "mxsweep_flags" IN_LIST libraries)
      continue()
    endif()
    get_target_property(options ${target} COMPILE_OPTIONS)
    if("-O0" IN_LIST options)
      target_precompile_headers(${target} REUSE_FROM mxsweep_precompiled_tests)
      target_compile_options(${target} PRIVATE -fpch-preprocess)  # for ccache
    endif()
  endforeach()
  get_property(below DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(directory ${below})
    mxsweep_precompile_headers("${directory}")
  endforeach()
endfunction()

# mxsweep_library(NAME SOURCES a.cc … LINK lib …): a room's static library. LINK is public.
function(mxsweep_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC mxsweep_flags ${arg_LINK})
endfunction()

# What tests spend their time on is what they test, which is optimised; the tests' own text compiles in
# half the time without.
function(mxsweep_unoptimised name)
  target_compile_options(${name} PRIVATE -O0)
endfunction()

# mxsweep_test(NAME SOURCES a_test.cc … LINK lib … [LABELS l …] [TIMEOUT s]): a GoogleTest program,
# registered case by case.
function(mxsweep_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE mxsweep_flags ${arg_LINK} GTest::gmock GTest::gtest_main)
  mxsweep_unoptimised(${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(MXSWEEP_SANITIZE OR MXSWEEP_COVERAGE)
    math(EXPR arg_TIMEOUT "5 * ${arg_TIMEOUT}")
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}."
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# mxsweep_fuzzer(NAME SOURCE x_fuzz.cc LINK lib … CORPUS dir): a libFuzzer program with the fuzz
# preset; in every other build a program that replays the corpus, run as a test.
function(mxsweep_fuzzer name)
  cmake_parse_arguments(arg "" "SOURCE;CORPUS" "LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCE})
  target_link_libraries(${name} PRIVATE mxsweep_flags ${arg_LINK})
  if(MXSWEEP_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc")
  endif()
  add_test(NAME ${name} COMMAND ${name} ${arg_CORPUS} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  if(MXSWEEP_FUZZ)
    set_property(TEST ${name} PROPERTY TIMEOUT 120)
    add_test(NAME ${name}_short COMMAND ${name} -runs=20000 -max_total_time=20)
  endif()
endfunction()

# mxsweep_room_fuzzers(ROOM LINK lib … NAMES n …): tests/fuzz/ROOM/n_fuzz.cc each, with the corpus
# tests/corpus/n.
function(mxsweep_room_fuzzers room)
  cmake_parse_arguments(arg "" "" "LINK;NAMES" ${ARGN})
  foreach(name ${arg_NAMES})
    mxsweep_fuzzer(${name}_fuzz
      SOURCE "${PROJECT_SOURCE_DIR}/tests/fuzz/${room}/${name}_fuzz.cc"
      LINK ${arg_LINK}
      CORPUS tests/corpus/${name})
  endforeach()
endfunction()
