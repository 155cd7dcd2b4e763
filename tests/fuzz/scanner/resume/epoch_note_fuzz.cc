// Any bytes as what an epoch noted for who goes on with the scan: what is taken is written as what
// reads back the same.
#include <cstdint>
#include <string_view>

#include "nlohmann/json.hpp"
#include "scanner/base/check.h"
#include "scanner/resume/epoch_note.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::scanner;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto note = EpochNoteFromJson(json);
  if (!note.ok()) return 0;
  const nlohmann::json written = EpochNoteToJson(*note);
  const auto again = EpochNoteFromJson(written);
  MXSWEEP_CHECK(again.ok() && EpochNoteToJson(*again) == written);
  return 0;
}
