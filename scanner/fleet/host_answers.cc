#include "scanner/fleet/host_answers.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace mxsweep::scanner {
namespace {

using dns::DnssecState;
using dns::LookupStatus;
using dns::TlsaStatus;

// The less, the more is known.
int Doubt(const std::optional<LookupStatus>& status) {
  if (!status) return 4;
  switch (*status) {
    case LookupStatus::kOk:
      return 0;
    case LookupStatus::kNoData:
    case LookupStatus::kNxDomain:
      return 1;
    case LookupStatus::kServfail:
    case LookupStatus::kBogus:
    case LookupStatus::kTimeout:
      return 2;
    case LookupStatus::kLocalError:
      return 3;
  }
  return 4;
}

int Doubt(const std::optional<TlsaStatus>& status) {
  if (!status) return 3;
  switch (*status) {
    case TlsaStatus::kSecure:
    case TlsaStatus::kNone:
    case TlsaStatus::kInsecure:
      return 0;
    case TlsaStatus::kLookupError:
      return 1;
    case TlsaStatus::kLocalError:
      return 2;
  }
  return 3;
}

// A family's part of an answer.
struct Family {
  std::optional<LookupStatus>* status;
  std::optional<DnssecState>* dnssec;
};

void TakeFamily(const std::optional<LookupStatus>& status, const std::optional<DnssecState>& dnssec,
                Family to) {
  if (Doubt(status) >= Doubt(*to.status)) return;
  *to.status = status;
  *to.dnssec = dnssec;
}

// IPv4 first; what is new stands behind what was known.
void TakeAddresses(const dns::HostAnswer& other, dns::HostAnswer* answer) {
  for (const dns::IpAddress& address : other.addresses) {
    std::vector<dns::IpAddress>& all = answer->addresses;
    if (std::ranges::find(all, address) != all.end()) continue;
    const auto end =
        address.is_v6() ? all.end() : std::ranges::find_if(all, &dns::IpAddress::is_v6);
    all.insert(end, address);
  }
}

DnssecState Worse(DnssecState a, DnssecState b) { return std::max(a, b); }
static_assert(DnssecState::kSecure < DnssecState::kInsecure &&
              DnssecState::kInsecure < DnssecState::kBogus &&
              DnssecState::kBogus < DnssecState::kError);

// As HostAnswer says of both families together.
void JoinFamilies(dns::HostAnswer* answer) {
  const auto& a = answer->a_status;
  const auto& aaaa = answer->aaaa_status;
  if (!a || !aaaa) return;
  const bool has_a = a == LookupStatus::kOk;
  const bool has_aaaa = aaaa == LookupStatus::kOk;
  if (has_a || has_aaaa) answer->address_status = LookupStatus::kOk;
  if (!answer->a_dnssec || !answer->aaaa_dnssec) return;
  if (has_a != has_aaaa) {
    answer->address_dnssec = has_a ? answer->a_dnssec : answer->aaaa_dnssec;
  } else {
    answer->address_dnssec = Worse(*answer->a_dnssec, *answer->aaaa_dnssec);
  }
}

void TakeTlsa(const dns::HostAnswer& other, dns::HostAnswer* answer) {
  if (Doubt(other.tlsa_status) >= Doubt(answer->tlsa_status)) return;
  answer->tlsa_status = other.tlsa_status;
  answer->tlsa_base_domain = other.tlsa_base_domain;
  answer->tlsa = other.tlsa;
  answer->tlsa_left_out = other.tlsa_left_out;
  answer->tlsa_for_ipv4 = other.tlsa_for_ipv4;
  answer->tlsa_for_ipv6 = other.tlsa_for_ipv6;
}

}  // namespace

void TakeAnswer(const dns::HostAnswer& other, dns::HostAnswer* answer) {
  // Without an address of its own nothing here is worth keeping.
  if (Doubt(other.address_status) < Doubt(answer->address_status)) {
    dns::HostAnswer better = other;
    TakeAnswer(*answer, &better);
    *answer = std::move(better);
    return;
  }
  if (answer->address_status != LookupStatus::kOk) return;
  TakeAddresses(other, answer);
  TakeFamily(other.a_status, other.a_dnssec, {&answer->a_status, &answer->a_dnssec});
  TakeFamily(other.aaaa_status, other.aaaa_dnssec, {&answer->aaaa_status, &answer->aaaa_dnssec});
  JoinFamilies(answer);
  TakeTlsa(other, answer);
}

}  // namespace mxsweep::scanner
