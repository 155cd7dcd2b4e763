#include "tls/revocation/revocation.h"

#include <iterator>

#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::tls {
namespace {

constexpr int64_t kClockSkewS = 300;
constexpr int64_t kMaxAgeWithoutNextUpdateS = 10 * 86400;  // CA/B Forum BR §4.9.7, §4.9.10

}  // namespace

Freshness FreshnessOf(const UpdateWindow& window, int64_t time_s) {
  if (window.this_update_s > time_s + kClockSkewS) return Freshness::kNotYetValid;
  const int64_t until_s =
      window.next_update_s.value_or(window.this_update_s + kMaxAgeWithoutNextUpdateS);
  return until_s < time_s - kClockSkewS ? Freshness::kExpired : Freshness::kFresh;
}

std::string CrlReasonText(uint8_t reason) {
  static constexpr const char* kReasons[] = {
      "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
      "superseded",    "cessationOfOperation", "certificateHold", nullptr,
      "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
  if (reason >= std::size(kReasons) || kReasons[reason] == nullptr) {
    return JoinText("reason ", static_cast<int>(reason));
  }
  return kReasons[reason];
}

std::string TimeText(int64_t time_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
}

std::string RevocationText(const Revocation& revocation) {
  std::string text = "revoked " + TimeText(revocation.at_s);
  if (revocation.reason != 0) AppendText(&text, ", ", CrlReasonText(revocation.reason));
  return text;
}

}  // namespace mxsweep::tls
