// Any bytes as a TLSA record that somebody pastes: what is taken is the same when it is written
// out.
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"
#include "tools/dane/tlsa_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto record = mxsweep::tools::ParseTlsaText({reinterpret_cast<const char*>(data), size});
  if (!record.ok()) {
    MXSWEEP_CHECK(!record.status().message().empty());
    return 0;
  }
  const std::string bytes(record->data.begin(), record->data.end());
  const auto again = mxsweep::tools::ParseTlsaText(
      mxsweep::JoinText(std::to_string(record->usage), " ", std::to_string(record->selector), " ",
                        std::to_string(record->matching_type), " ", absl::BytesToHexString(bytes)));
  MXSWEEP_CHECK(again.ok() && again->usage == record->usage &&
                again->selector == record->selector &&
                again->matching_type == record->matching_type && again->data == record->data);
  return 0;
}
