# mxsweep_embed(TARGET NAME FILE): the bytes of FILE as `std::string_view NAME()`, declared by
# "embedded/NAME.h" in the namespace mxsweep::embedded. Made at build time, again when FILE changes.
function(mxsweep_embed target name file)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "${file} is missing; tools/setup installs what the build needs")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  file(CONFIGURE OUTPUT "${folder}/${name}.h" @ONLY CONTENT [[
#ifndef MXSWEEP_EMBEDDED_@name@_H_
#define MXSWEEP_EMBEDDED_@name@_H_

#include <string_view>

namespace mxsweep::embedded {

std::string_view @name@();

}  // namespace mxsweep::embedded

#endif  // MXSWEEP_EMBEDDED_@name@_H_
]])
  file(CONFIGURE OUTPUT "${folder}/${name}.cc" @ONLY CONTENT [[
#include "embedded/@name@.h"

// The assembler reads the file: no other way takes its bytes as they are in so little time.
asm(R"(
.section .rodata
.balign 16
.globl mxsweep_embedded_@name@_begin
.hidden mxsweep_embedded_@name@_begin
.globl mxsweep_embedded_@name@_end
.hidden mxsweep_embedded_@name@_end
mxsweep_embedded_@name@_begin:
.incbin "@file@"
mxsweep_embedded_@name@_end:
.byte 0
.previous
)");
extern "C" const char mxsweep_embedded_@name@_begin[];
extern "C" const char mxsweep_embedded_@name@_end[];

namespace mxsweep::embedded {

std::string_view @name@() {
  return {mxsweep_embedded_@name@_begin,
          static_cast<size_t>(mxsweep_embedded_@name@_end - mxsweep_embedded_@name@_begin)};
}

}  // namespace mxsweep::embedded
]])
  set_source_files_properties("${folder}/${name}.cc" PROPERTIES OBJECT_DEPENDS "${file}")
  target_sources(${target} PRIVATE "${folder}/${name}.cc")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}")
endfunction()
