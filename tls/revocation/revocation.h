// What OCSP responses and CRLs have in common: dates and reasons.
#ifndef MXSWEEP_TLS_REVOCATION_REVOCATION_H_
#define MXSWEEP_TLS_REVOCATION_REVOCATION_H_

#include <cstdint>
#include <optional>
#include <string>

namespace mxsweep::tls {

// thisUpdate and nextUpdate of a response or a list, in seconds since the epoch.
struct UpdateWindow {
  int64_t this_update_s = 0;
  std::optional<int64_t> next_update_s;
};

enum class Freshness : uint8_t { kFresh, kExpired, kNotYetValid };

// Is what was said in this window still to be believed? Clocks may differ by five minutes. Without
// a nextUpdate (RFC 6960 §4.2.2.1 allows it, RFC 5280 §5.1.2.5 does not) it is believed for ten
// days, which is as long as public authorities may ever let one live.
Freshness FreshnessOf(const UpdateWindow& window, int64_t time_s);

// A revocation (RFC 5280 §5.3.1).
struct Revocation {
  int64_t at_s = 0;
  uint8_t reason = 0;  // CRLReason; 0 where none was given
};

// "keyCompromise" …, the RFC's words; "reason 7" for one that has none.
std::string CrlReasonText(uint8_t reason);
// "revoked 2025-12-01T08:00:00Z, keyCompromise"; without a reason where none was given.
std::string RevocationText(const Revocation& revocation);
// "2025-12-01T08:00:00Z".
std::string TimeText(int64_t time_s);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_REVOCATION_REVOCATION_H_
