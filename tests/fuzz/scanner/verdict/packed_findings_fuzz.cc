// Any bytes as the findings of a host or an endpoint that a table holds.
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/verdict/packed_findings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::scanner;  // NOLINT(google-build-using-namespace)
  const auto packed = UnpackFindings({reinterpret_cast<const char*>(data), size});
  if (!packed) return 0;
  const std::string bytes = Pack(*packed);
  const auto again = UnpackFindings(bytes);
  MXSWEEP_CHECK(again && Pack(*again) == bytes);
  return 0;
}
