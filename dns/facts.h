// Plain facts about names and addresses that the other rooms may read: no resolver needed. Every
// word of a status column stands here beside its enumerator; what the words mean is in
// docs/outcomes.md.
#ifndef MXSWEEP_DNS_FACTS_H_
#define MXSWEEP_DNS_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/ip_address.h"

namespace mxsweep::dns {

// What the resolver said of an answer's authenticity. kError (SERVFAIL, time-out, lame) and kBogus
// are "we do not know", never "there is none": the difference decides DANE (RFC 7672 §2.1.1).
enum class DnssecState : uint8_t { kSecure, kInsecure, kBogus, kError };

// One TLSA record as it was published (RFC 6698 §2.1). Nothing is checked here: whether a record is
// usable is for the DANE verdict.
struct TlsaRecord {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching_type = 0;
  std::vector<uint8_t> data;

  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

// One MX record (RFC 1035 §3.3.9). `host` is lower case without the trailing dot; "." is the root,
// the host of a null MX (RFC 7505 §3). Bytes that no host name has are escaped as in a zone file
// (\DDD).
struct MxRecord {
  uint16_t preference = 0;
  std::string host;

  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

// domains.mx_status. kLocalError: we could not ask (no descriptors, no memory); it says nothing
// about the domain.
enum class MxStatus : uint8_t {
  kMx,
  kImplicit,
  kNullMx,
  kNoMail,
  kNxDomain,
  kServfail,
  kBogus,
  kTimeout,
  kInvalidName,
  kLocalError,
};

// mx_hosts.address_status, and the state of one family's answer.
enum class LookupStatus : uint8_t {
  kOk,
  kNoData,
  kNxDomain,
  kServfail,
  kBogus,
  kTimeout,
  kLocalError,
};

// mx_hosts.tlsa_status. kNone: authentically or not, there is no TLSA record. kInsecure: the
// address answer, or the TLSA answer, is not signed, so that TLSA means nothing. kLookupError: a
// DANE sender skips this host (RFC 7672 §2.1.1). kLocalError: we could not ask; it says nothing
// about the host.
enum class TlsaStatus : uint8_t { kNone, kInsecure, kSecure, kLookupError, kLocalError };

// mx_hosts.name_problem: what an MX record's host looks like. kSingleLabel (a top-level domain may
// have addresses) and kUnderscore (the DNS serves such names, and senders deliver to them) are
// looked up like any other; the rest cannot be and are not: kRoot, a null MX beside other records;
// kBlank, a space or tab somewhere in the name; kNotAHostName, anything else.
enum class MxHostKind : uint8_t {
  kValid,
  kIpLiteral,
  kSingleLabel,
  kUnderscore,
  kRoot,
  kBlank,
  kNotAHostName,
};
constexpr bool IsLookedUp(MxHostKind kind) {
  return kind == MxHostKind::kValid || kind == MxHostKind::kSingleLabel ||
         kind == MxHostKind::kUnderscore;
}

// The words of the columns. Static storage.
constexpr std::string_view Word(DnssecState state) {
  switch (state) {
    case DnssecState::kSecure:
      return "secure";
    case DnssecState::kInsecure:
      return "insecure";
    case DnssecState::kBogus:
      return "bogus";
    case DnssecState::kError:
      return "error";
  }
  return "error";
}

constexpr std::string_view Word(MxStatus status) {
  switch (status) {
    case MxStatus::kMx:
      return "mx";
    case MxStatus::kImplicit:
      return "implicit";
    case MxStatus::kNullMx:
      return "null_mx";
    case MxStatus::kNoMail:
      return "no_mail";
    case MxStatus::kNxDomain:
      return "nxdomain";
    case MxStatus::kServfail:
      return "servfail";
    case MxStatus::kBogus:
      return "bogus";
    case MxStatus::kTimeout:
      return "timeout";
    case MxStatus::kInvalidName:
      return "invalid_name";
    case MxStatus::kLocalError:
      return "local_error";
  }
  return "local_error";
}

constexpr std::string_view Word(LookupStatus status) {
  switch (status) {
    case LookupStatus::kOk:
      return "ok";
    case LookupStatus::kNoData:
      return "nodata";
    case LookupStatus::kNxDomain:
      return "nxdomain";
    case LookupStatus::kServfail:
      return "servfail";
    case LookupStatus::kBogus:
      return "bogus";
    case LookupStatus::kTimeout:
      return "timeout";
    case LookupStatus::kLocalError:
      return "local_error";
  }
  return "local_error";
}

constexpr std::string_view Word(TlsaStatus status) {
  switch (status) {
    case TlsaStatus::kNone:
      return "none";
    case TlsaStatus::kInsecure:
      return "insecure";
    case TlsaStatus::kSecure:
      return "secure";
    case TlsaStatus::kLookupError:
      return "lookup_error";
    case TlsaStatus::kLocalError:
      return "local_error";
  }
  return "local_error";
}

constexpr std::string_view Word(MxHostKind kind) {
  switch (kind) {
    case MxHostKind::kValid:
      return "valid";
    case MxHostKind::kIpLiteral:
      return "ip_literal";
    case MxHostKind::kSingleLabel:
      return "single_label";
    case MxHostKind::kUnderscore:
      return "underscore";
    case MxHostKind::kRoot:
      return "null_mx";
    case MxHostKind::kBlank:
      return "blank";
    case MxHostKind::kNotAHostName:
      return "not_a_host_name";
  }
  return "not_a_host_name";
}

// Where a domain's mail goes (RFC 5321 §5.1).
struct MxAnswer {
  MxStatus status = MxStatus::kLocalError;
  // Of the MX answer itself, whether it held records or denied them.
  DnssecState dnssec = DnssecState::kError;
  // By preference, then in the order of the answer; every host once, with its lowest preference.
  // kMx: at least one, and a host may be anything, even "." (see MxHostKind). kImplicit: one, the
  // domain itself at preference 0. kNullMx: the one record with host ".", whatever its preference,
  // which is not a host to connect to. Otherwise empty.
  std::vector<MxRecord> records;
  // "." stands beside other MX records, against RFC 7505 §3.
  bool null_mx_with_others = false;
  // What the domain expands to where it is a CNAME: a reference identifier of RFC 7672 §3.2.2 (only
  // if `dnssec` is secure), else empty.
  std::string next_hop_cname;
  // A sentence where the status is an error, or where something was left out; else empty.
  std::string error_detail;
  // Sentences, separated by "; ", on what is odd about the records and changes nothing: a null MX
  // with another preference than 0, a host behind which the zone's name stands twice. Else empty.
  std::string remark;
};

// What the DNS says of one MX host.
struct HostAnswer {
  MxHostKind name_kind = MxHostKind::kValid;
  // A records, then AAAA records, each in the order of its answer.
  std::vector<IpAddress> addresses;
  // Both families together: kOk if there is any address; else the worst error; else kNxDomain or
  // kNoData. Null where the name was not looked up. Where one family failed and the other answered,
  // `error_detail` says so and the fields of each show it.
  std::optional<LookupStatus> address_status;
  // The worst of the answers that gave addresses: what the other family's denial or failure is
  // worth does not touch them. Without addresses the worst of both. Null where the name was not
  // looked up.
  std::optional<DnssecState> address_dnssec;
  // Of each family. Null where the name was not looked up.
  std::optional<LookupStatus> a_status;
  std::optional<LookupStatus> aaaa_status;
  std::optional<DnssecState> a_dnssec;
  std::optional<DnssecState> aaaa_dnssec;
  bool is_cname = false;
  // The last name of the CNAME chain; empty where the host is no CNAME.
  std::string canonical_name;
  // Null where TLSA was not looked up: not asked for, or no addresses.
  std::optional<TlsaStatus> tlsa_status;
  // The name that TLSA records were found at, without "_port._tcp."; empty unless kSecure.
  std::string tlsa_base_domain;
  // In the order of the answer; empty unless kSecure.
  std::vector<TlsaRecord> tlsa;
  // There are more than were kept: what does not match may match one of those.
  bool tlsa_left_out = false;
  // Sentences about what went wrong, separated by "; "; else empty.
  std::string error_detail;

  // TLSA is looked up for an address only if the answer that gave it is secure (RFC 7672 §2.2.2).
  // False for a family whose addresses are insecure beside secure ones of the other.
  bool tlsa_for_ipv4 = true;
  bool tlsa_for_ipv6 = true;
  bool TlsaCountsFor(const IpAddress& address) const {
    return address.is_v6() ? tlsa_for_ipv6 : tlsa_for_ipv4;
  }
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_FACTS_H_
