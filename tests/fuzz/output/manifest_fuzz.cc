// Any bytes as a manifest: what is read names no part outside the directory, holds runs in order,
// and is written as what reads back the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "output/manifest.h"
#include "scanner/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::output;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)EpochOfManifestName(text);
  const auto manifest = ParseManifest(text);
  if (!manifest.ok()) return 0;
  for (const PartInfo& part : manifest->parts) {
    MXSWEEP_CHECK(part.file == PartFile(part.table, manifest->epoch));
  }
  uint64_t end = 0;
  for (const NumberRun& run : manifest->targets_done) {
    MXSWEEP_CHECK(run.count > 0 && run.first >= end && run.first + run.count > run.first);
    end = run.first + run.count;
  }
  const std::string written = SerializeManifest(*manifest);
  const auto again = ParseManifest(written);
  MXSWEEP_CHECK(again.ok() && SerializeManifest(*again) == written);
  return 0;
}
