// Any bytes as what a scan left: scan.json and its manifests, one behind the other, parted by a
// record separator (0x1e).
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "output/manifest.h"
#include "scanner/base/check.h"
#include "scanner/resume/earlier_runs.h"
#include "tests/output/memory_files.h"

namespace {

constexpr size_t kMostFiles = 5;

void Write(mxsweep::output::MemoryFiles* files, const std::string& path, std::string_view bytes) {
  auto file = files->Create(path);
  MXSWEEP_CHECK(file.ok() && (*file)->Append(bytes).ok() && (*file)->Close().ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep;  // NOLINT(google-build-using-namespace)
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  output::MemoryFiles files;
  MXSWEEP_CHECK(files.CreateDirectories("/scan").ok());
  MXSWEEP_CHECK(files.CreateDirectories("/scan/manifest").ok());
  for (size_t i = 0; i < kMostFiles && !rest.empty(); ++i) {
    const size_t end = std::min(rest.find('\x1e'), rest.size());
    Write(&files, i == 0 ? "/scan/scan.json" : "/scan/" + output::ManifestFile(i),
          rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto runs = scanner::ReadEarlierRuns("/scan", &files);
  if (!runs.ok()) return 0;
  MXSWEEP_CHECK(runs->scan.is_object());
  MXSWEEP_CHECK(std::ranges::is_sorted(runs->marks, {}, &scanner::ListMark::bytes));
  return 0;
}
