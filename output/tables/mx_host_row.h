// A row of `mx_hosts`: one MX host, its addresses and its TLSA records, whichever domains name it.
#ifndef MXSWEEP_OUTPUT_TABLES_MX_HOST_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_MX_HOST_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

// One TLSA record (RFC 6698 §2.1). `data` is text: lower-case hex, as DNS tools print it, so that
// it compares with the sha256 columns.
struct TlsaEntry {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching_type = 0;
  std::string data;
  bool usable = false;

  friend bool operator==(const TlsaEntry&, const TlsaEntry&) = default;

  template <typename Visitor>
  static void VisitFields(Visitor&& visit) {
    using R = TlsaEntry;
    visit(Column{"usage", &R::usage, "certificate usage: 2 DANE-TA, 3 DANE-EE, others unusable"});
    visit(Column{"selector", &R::selector, "0 the whole certificate, 1 its public key"});
    visit(Column{"matching_type", &R::matching_type, "0 the data itself, 1 SHA2-256, 2 SHA2-512"});
    visit(Column{"data", &R::data, "certificate association data, lower-case hex"});
    visit(Column{"usable", &R::usable, "usable for SMTP (RFC 7672 §3.1.3)"});
  }
};

struct MxHostRow {
  std::string host;
  bool is_valid_name = true;
  std::optional<std::string> name_problem;
  std::optional<std::string> provider;

  std::optional<bool> is_cname;
  std::optional<std::string> canonical_name;
  std::optional<std::string> address_status;
  std::optional<std::string> address_dnssec;
  std::optional<std::string> ipv4_status;
  std::optional<std::string> ipv6_status;
  std::optional<std::string> ipv4_dnssec;
  std::optional<std::string> ipv6_dnssec;
  std::optional<std::vector<std::string>> addresses;
  std::optional<uint32_t> unasked_address_count;

  std::optional<std::string> tlsa_status;
  std::optional<std::string> tlsa_base_domain;
  std::optional<std::vector<TlsaEntry>> tlsa;
  std::optional<bool> dane_rollover_ready;
  std::optional<std::string> error_detail;

  std::optional<Binary> summary;
  absl::Time started_at;
  uint64_t elapsed_us = 0;

  friend bool operator==(const MxHostRow&, const MxHostRow&) = default;
};

template <>
struct Table<MxHostRow> {
  static constexpr TableId kId = TableId::kMxHosts;
  static constexpr std::string_view kName = "mx_hosts";
  static constexpr std::string_view kDescription = "a row per MX host";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    using R = MxHostRow;
    visit(Column{"host", &R::host, "the MX host as A-label, lower case, no trailing dot",
                 kBloomFilter});
    visit(Column{"is_valid_name", &R::is_valid_name, "it is a host name by RFC 5321"});
    visit(Column{"name_problem", &R::name_problem,
                 "what is wrong with the name: ip_literal, single_label, underscore, blank, "
                 "null_mx, not_a_host_name; null where nothing is"});
    visit(Column{"provider", &R::provider, "registrable domain of the host"});
    visit(Column{"is_cname", &R::is_cname,
                 "the host is an alias, against RFC 5321 §5.1; null where it was not looked up"});
    visit(Column{"canonical_name", &R::canonical_name, "the end of the CNAME chain, if any"});
    visit(Column{"address_status", &R::address_status,
                 "what the look-up of A and AAAA came to: ok (there are addresses), nodata, "
                 "nxdomain, servfail, bogus, timeout, local_error; null where it was not made"});
    visit(Column{"address_dnssec", &R::address_dnssec,
                 "DNSSEC state of the answers that gave addresses; without any, of both: secure, "
                 "insecure, bogus, error"});
    visit(Column{"ipv4_status", &R::ipv4_status, "what the look-up of A came to"});
    visit(Column{"ipv6_status", &R::ipv6_status, "what the look-up of AAAA came to"});
    visit(Column{"ipv4_dnssec", &R::ipv4_dnssec, "DNSSEC state of the answer to A"});
    visit(Column{"ipv6_dnssec", &R::ipv6_dnssec, "DNSSEC state of the answer to AAAA"});
    visit(Column{"addresses", &R::addresses, "IPv4 and IPv6 addresses as text (RFC 5952)"});
    visit(Column{"unasked_address_count", &R::unasked_address_count,
                 "of those, how many were not asked: more than one host's budget"});
    visit(Column{"tlsa_status", &R::tlsa_status,
                 "none, insecure, secure, lookup_error, local_error; null where it was not looked "
                 "up"});
    visit(Column{"tlsa_base_domain", &R::tlsa_base_domain,
                 "name under which the TLSA records were found (RFC 7672 §2.2.3)"});
    visit(Column{"tlsa", &R::tlsa,
                 "the secure TLSA records of the port that was scanned; null where the look-up "
                 "failed"});
    visit(Column{"dane_rollover_ready", &R::dane_rollover_ready,
                 "the records survive a change of key: two of usage 3, or usages 3 and 2"});
    visit(Column{"error_detail", &R::error_detail,
                 "sentences: what is wrong with the name, or went wrong in the look-ups"});
    visit(
        Column{"summary", &R::summary,
               "what a scan that goes on (--resume) needs to know of a host that is done, packed; "
               "for mxsweep alone. Null: nothing that stays so"});
    visit(Column{"started_at", &R::started_at, "when work on the host began"});
    visit(Column{"elapsed_us", &R::elapsed_us, "microseconds from then until the row was made"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_MX_HOST_ROW_H_
