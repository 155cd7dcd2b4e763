// The name servers: NSD with signed zones from the root down, and Unbound, validating in front of
// it.
#ifndef MXSWEEP_TESTS_INTEROP_NAME_SERVERS_H_
#define MXSWEEP_TESTS_INTEROP_NAME_SERVERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/child_process.h"

namespace mxsweep::interop {

inline constexpr char kNsdAddress[] = "127.25.53.53";

// What is wrong with a zone.
enum class ZoneFault {
  kNone,
  kExpiredSignatures,
  kWrongDs,           // its parent vouches for another key
  kNoTlsaSignatures,  // the TLSA records alone are unsigned
};

// A zone below the root. Its name server is kNsdAddress.
struct Zone {
  std::string name;     // "signed.example", without the trailing dot
  std::string records;  // one a line, names relative to the zone, or absolute with a trailing dot
  bool is_signed = true;
  // Replaced in the zone file after it was signed: what the signatures do not fit any more.
  std::string tamper_from, tamper_to;
  ZoneFault fault = ZoneFault::kNone;
  bool nsec3 = false;  // absence is proven by hashed names (RFC 5155)
  // Delegated by "example"; otherwise by the records of the zone above it.
  bool is_below_example = true;
};

// Zone files with their signatures (RFC 4034), made with ldns-keygen and ldns-signzone.
class SignedZones {
 public:
  // Writes `zones`, all of them below "example", that itself, and the root, each with the DS
  // records of its children. (Not "test": Unbound's library, which gnutls-cli asks, answers for
  // that itself.)
  static absl::StatusOr<SignedZones> Create(std::string folder, const std::vector<Zone>& zones);

  const std::string& folder() const { return folder_; }
  std::string RootHints() const { return folder_ + "/root.hints"; }
  std::string TrustAnchor() const { return folder_ + "/root.anchor"; }
  // The zone clauses of NSD's configuration.
  const std::string& nsd_zones() const { return nsd_zones_; }

 private:
  explicit SignedZones(std::string folder) : folder_(std::move(folder)) {}
  // Returns the DS records of the zone, none if it is not signed.
  absl::StatusOr<std::string> Publish(const Zone& zone);
  // Signs BASE.zone into BASE.signed. Returns the DS records.
  absl::StatusOr<std::string> Sign(const Zone& zone, const std::string& base);

  std::string folder_;
  std::string nsd_zones_;
};

absl::StatusOr<ChildProcess> StartNsd(const SignedZones& zones);

// On port 53 of `address`. With `explain`, SERVFAIL comes with an extended error (RFC 8914).
absl::StatusOr<ChildProcess> StartUnbound(const SignedZones& zones, const std::string& address,
                                          bool explain);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_NAME_SERVERS_H_
