// Any bytes as a blocklist, and as one range.
#include <cstdint>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/pace/ip_set.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::scanner;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto range = ParseIpRange(text); range.ok()) {
    MXSWEEP_CHECK(range->Size() > 0 && range->At(0) == range->first);
    MXSWEEP_CHECK(range->At(range->Size() - 1) == range->last ||
                  range->Size() == ~absl::uint128{0});
    MXSWEEP_CHECK(range->Contains(range->first) && range->Contains(range->last));
    IpSet::Builder builder;
    builder.Add(*range);
    const IpSet set = builder.Build();
    MXSWEEP_CHECK(set.range_count() == 1 && set.Contains(range->first) &&
                  set.Contains(range->last));
    (void)AddressFilter(set).Judge(range->first);
  }
  IpSet::Builder builder;
  if (builder.AddText(text, "list").ok()) (void)builder.Build();
  return 0;
}
