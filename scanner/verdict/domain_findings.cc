#include "scanner/verdict/domain_findings.h"

#include <algorithm>
#include <utility>

namespace mxsweep::scanner {
namespace {

bool IsUsed(const AddressChoice& choice, const dns::IpAddress& address) {
  return address.is_v6() ? choice.use_ipv6 : choice.use_ipv4;
}

// Addresses of the families that are used, each once.
std::vector<dns::IpAddress> UsedAddresses(const AddressChoice& choice,
                                          const dns::HostAnswer& answer) {
  std::vector<dns::IpAddress> addresses;
  for (const dns::IpAddress& address : answer.addresses) {
    if (!IsUsed(choice, address)) continue;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

size_t CountUnused(const AddressChoice& choice, const dns::HostAnswer& answer) {
  return static_cast<size_t>(std::ranges::count_if(
      answer.addresses, [&](const auto& address) { return !IsUsed(choice, address); }));
}

}  // namespace

std::vector<dns::IpAddress> AddressesToTry(const AddressChoice& choice,
                                           const dns::HostAnswer& answer) {
  std::vector<dns::IpAddress> addresses = UsedAddresses(choice, answer);
  const size_t most = choice.max_addresses;
  if (addresses.size() <= most) return addresses;
  const auto first_v6 = std::ranges::find_if(addresses, &dns::IpAddress::is_v6);
  const auto ipv4 = static_cast<size_t>(first_v6 - addresses.begin());
  const size_t ipv6 = addresses.size() - ipv4;
  const size_t kept_v4 = std::min(ipv4, most - std::min(ipv6, most / 2));
  addresses.erase(addresses.begin() + static_cast<ptrdiff_t>(kept_v4), first_v6);
  addresses.resize(most);
  return addresses;
}

size_t CountUnaskedAddresses(const AddressChoice& choice, const dns::HostAnswer& answer) {
  const size_t used = UsedAddresses(choice, answer).size();
  return used - std::min<size_t>(used, choice.max_addresses);
}

Findings FindingsOfHost(const AddressChoice& choice, const dns::HostAnswer& answer,
                        Findings endpoints) {
  endpoints.Merge(Findings(SummarizeHost(answer)));
  endpoints.Merge(Findings(SummarizeUnusedFamily(CountUnused(choice, answer))));
  endpoints.Merge(Findings(SummarizeUnaskedAddresses(CountUnaskedAddresses(choice, answer))));
  return endpoints;
}

bool MayPass(const dns::HostAnswer& answer, const Findings& findings) {
  if (findings.has(Summary::kToldOfServer)) return false;
  return findings.has(Summary::kLookupFailed) || findings.has(Summary::kLocalTrouble) ||
         answer.tlsa_status == dns::TlsaStatus::kLookupError;
}

DomainFindings FindingsOfDomain(std::string_view domain, const dns::MxAnswer& mx,
                                std::span<const std::optional<Summary>> hosts,
                                std::shared_ptr<const MisnamedLeaves> misnamed) {
  DomainFindings result;
  for (const std::optional<Summary>& host : hosts) {
    if (!host) ++result.unasked_hosts;
    result.hosts.push_back(host.value_or(Summary()));
    result.all.Merge(Findings(result.hosts.back()));
  }
  result.all.misnamed = std::move(misnamed);
  result.all.Merge(Findings(SummarizeUnaskedHosts(result.unasked_hosts)));
  for (Summary& host : result.hosts) {
    Findings settled(host);
    if (host.has(Summary::kDaneMisnamed)) settled.misnamed = result.all.misnamed;
    SettleDaneNames(domain, mx, &settled);
    host = settled;
  }
  SettleDaneNames(domain, mx, &result.all);
  return result;
}

}  // namespace mxsweep::scanner
