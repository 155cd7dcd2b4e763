// What to connect to: a domain's MX hosts (RFC 5321 §5.1, RFC 7505), and an MX host's addresses and
// TLSA records (RFC 7672 §2). Two small state machines over a Resolver, without I/O of their own.
//
// Both are thread-confined to the resolver's loop. The resolver must outlive them. The callback is
// called exactly once, from the loop and never from inside Start; it may destroy the look-up that
// calls it. Destroying a look-up before that cancels its questions, and no callback comes.
#ifndef MXSWEEP_DNS_MX_PLAN_H_
#define MXSWEEP_DNS_MX_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "dns/facts.h"
#include "dns/resolver.h"

namespace mxsweep::dns {

// Domain → MxAnswer.
class MxLookup {
 public:
  using Callback = absl::AnyInvocable<void(MxAnswer)>;

  // `domain` is normalised here (single labels allowed); kInvalidName says why it can't be. Asks
  // MX, and where there authentically is none (NODATA), A and AAAA of the domain itself.
  static std::unique_ptr<MxLookup> Start(Resolver& resolver, std::string_view domain,
                                         Callback callback);
  ~MxLookup();

  MxLookup(const MxLookup&) = delete;
  MxLookup& operator=(const MxLookup&) = delete;

 private:
  class Impl;
  explicit MxLookup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct HostLookupOptions {
  uint16_t port = 25;       // The TLSA records are at _<port>._tcp.<base domain>.
  bool lookup_tlsa = true;  // Otherwise tlsa_status stays null.
};

// Caps of one host's answer: what is beyond is left out and told in error_detail.
inline constexpr size_t kMaxAddressesPerFamily = 64;
inline constexpr size_t kMaxTlsaRecords = 4096;  // More than a message holds.
inline constexpr size_t kMaxMxRecords = 256;

// MX host → HostAnswer. A and AAAA are asked together. TLSA is asked only after a secure address
// answer (RFC 7672 §2.2.2), at the securely expanded CNAME first and then at the name itself; where
// the chain is insecure although its first CNAME is signed, at the name itself only.
class HostLookup {
 public:
  using Callback = absl::AnyInvocable<void(HostAnswer)>;

  // `host` is as MxRecord::host.
  static std::unique_ptr<HostLookup> Start(Resolver& resolver, std::string_view host,
                                           const HostLookupOptions& options, Callback callback);
  ~HostLookup();

  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

 private:
  class Impl;
  explicit HostLookup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_MX_PLAN_H_
