// TXT records of _smtp._tls, one a line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "dns/tls_rpt.h"

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
  const auto record = mxsweep::dns::ReadTlsRptRecords(texts);
  if ((record.status == PolicyRecordStatus::kValid) == record.rua.empty()) std::abort();
  if (record.detail.size() > 200) std::abort();
  for (const std::string& uri : record.rua) {
    for (const char c : uri) {
      if (c <= ' ' || c > '~' || c == ',' || c == ';') std::abort();
    }
  }
  for (const char c : record.detail) {
    if (c < ' ' || c > '~') std::abort();
  }
  return 0;
}
