// The two TXT records by which a domain says how mail for it is to be protected and where to
// complain: _mta-sts.<domain> (RFC 8461 §3.1) and _smtp._tls.<domain> (RFC 8460 §3). A small state
// machine over a Resolver, without I/O of its own.
//
// Thread-confined to the resolver's loop; callbacks and lifetimes as in dns/mx_plan.h.
#ifndef MXSWEEP_DNS_POLICY_LOOKUP_H_
#define MXSWEEP_DNS_POLICY_LOOKUP_H_

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "dns/mta_sts.h"
#include "dns/resolver.h"
#include "dns/tls_rpt.h"

namespace mxsweep::dns {

struct PolicyRecords {
  StsRecord sts;
  TlsRptRecord tlsrpt;
};

// Domain → PolicyRecords. Both are asked at once; CNAMEs are followed.
class PolicyLookup {
 public:
  using Callback = absl::AnyInvocable<void(PolicyRecords)>;

  // `domain` is as NormalizeDomain makes it. A name that is too long once its prefix stands before
  // it has no record.
  static std::unique_ptr<PolicyLookup> Start(Resolver& resolver, std::string_view domain,
                                             Callback callback);
  ~PolicyLookup();

  PolicyLookup(const PolicyLookup&) = delete;
  PolicyLookup& operator=(const PolicyLookup&) = delete;

 private:
  class Impl;
  explicit PolicyLookup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_POLICY_LOOKUP_H_
