// TXT records of _mta-sts, one a line: whatever they hold, exactly one way to be valid.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dns/mta_sts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::dns::PolicyRecordStatus;
  std::vector<std::string> texts(1);
  for (const char c : std::string_view(reinterpret_cast<const char*>(data), size)) {
    if (c == '\n') {
      texts.emplace_back();
    } else {
      texts.back() += c;
    }
  }
  const auto record = mxsweep::dns::ReadStsRecords(texts);
  const bool valid = record.status == PolicyRecordStatus::kValid;
  const bool quiet = valid || record.status == PolicyRecordStatus::kNone;
  if (valid == record.id.empty() || quiet != record.detail.empty()) std::abort();
  if (record.id.size() > mxsweep::dns::kMaxStsIdLength || record.detail.size() > 200) std::abort();
  for (const char c : record.detail) {
    if (c < ' ' || c > '~') std::abort();
  }
  return 0;
}
