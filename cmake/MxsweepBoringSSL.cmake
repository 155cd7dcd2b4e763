# The targets boringssl::ssl and boringssl::crypto: Debian's source (built and cached by
# tools/boringssl) or, with MXSWEEP_BORINGSSL_SOURCE, an upstream checkout built by its own CMake.

# A function, so that what BoringSSL is built with does not become what we are built with.
function(mxsweep_upstream_boringssl)
  set(BUILD_TESTING OFF)
  set(BUILD_SHARED_LIBS OFF)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_subdirectory("${MXSWEEP_BORINGSSL_SOURCE}" "${CMAKE_BINARY_DIR}/boringssl" EXCLUDE_FROM_ALL SYSTEM)
  foreach(library crypto ssl)
    target_compile_options(${library} PRIVATE -fvisibility=hidden -w)
    add_library(boringssl::${library} ALIAS ${library})
  endforeach()
endfunction()

if(MXSWEEP_BORINGSSL_SOURCE)
  mxsweep_upstream_boringssl()
else()
  execute_process(COMMAND "${PROJECT_SOURCE_DIR}/tools/boringssl"
    OUTPUT_VARIABLE boringssl_prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "tools/boringssl failed (${failed}); its messages are above.")
  endif()
  message(STATUS "BoringSSL: ${boringssl_prefix}")
  foreach(library crypto ssl)
    add_library(boringssl::${library} STATIC IMPORTED)
    set_target_properties(boringssl::${library} PROPERTIES
      IMPORTED_LOCATION "${boringssl_prefix}/lib/lib${library}.a")
    # Before everything: libssl-dev's headers of the same names must not be found first.
    target_include_directories(boringssl::${library} SYSTEM BEFORE INTERFACE "${boringssl_prefix}/include")
  endforeach()
  set_property(TARGET boringssl::crypto PROPERTY INTERFACE_LINK_LIBRARIES Threads::Threads)
  set_property(TARGET boringssl::ssl PROPERTY INTERFACE_LINK_LIBRARIES boringssl::crypto)
endif()
