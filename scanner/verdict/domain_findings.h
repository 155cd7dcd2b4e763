// What endpoints come to for their host, and hosts for their domain: the same whether they were met
// a moment ago or are read from the tables of a fleet. Pure functions.
#ifndef MXSWEEP_SCANNER_VERDICT_DOMAIN_FINDINGS_H_
#define MXSWEEP_SCANNER_VERDICT_DOMAIN_FINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dns/facts.h"
#include "dns/ip_address.h"
#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// Which addresses of a host are asked.
struct AddressChoice {
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  uint32_t max_addresses = 64;
};

// Those to connect to: of the families that are used, each once, in the order of the answer, but
// for what is beyond max_addresses; each family has half of that, if it needs it.
std::vector<dns::IpAddress> AddressesToTry(const AddressChoice& choice,
                                           const dns::HostAnswer& answer);
// Addresses of the families that are used which are beyond max_addresses.
size_t CountUnaskedAddresses(const AddressChoice& choice, const dns::HostAnswer& answer);

// `endpoints`: of those that were to be tried.
Findings FindingsOfHost(const AddressChoice& choice, const dns::HostAnswer& answer,
                        Findings endpoints);

// May what was not found out be found out some minutes later? Data that fails validation stays so,
// and a server that was met is not asked anew for the sake of what else failed: nobody is asked
// twice. `findings`: FindingsOfHost.
bool MayPass(const dns::HostAnswer& answer, const Findings& findings);

// What a domain's hosts came to, after SettleDaneNames.
struct DomainFindings {
  Findings all;
  std::vector<Summary> hosts;  // one for each MX record
  size_t unasked_hosts = 0;    // beyond the budget
};

// `hosts`: one for each of mx.records, nothing for one that was not asked. `misnamed`: the lists of
// all of them together; null: none. That is enough: none of them fits, and all hosts that wait for
// it are broken; or some host matches, which is all that is asked then (MTA-STS: does DANE refuse
// every host?).
DomainFindings FindingsOfDomain(std::string_view domain, const dns::MxAnswer& mx,
                                std::span<const std::optional<Summary>> hosts,
                                std::shared_ptr<const MisnamedLeaves> misnamed);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_DOMAIN_FINDINGS_H_
