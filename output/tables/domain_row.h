// A row of `domains`: one input domain and the sum of what was found behind it. The words of the
// status columns are those of docs/outcomes.md.
#ifndef MXSWEEP_OUTPUT_TABLES_DOMAIN_ROW_H_
#define MXSWEEP_OUTPUT_TABLES_DOMAIN_ROW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/column.h"

namespace mxsweep::output {

// One MX record of a domain.
struct MxEntry {
  uint16_t preference = 0;
  std::string host;

  friend bool operator==(const MxEntry&, const MxEntry&) = default;

  template <typename Visitor>
  static void VisitFields(Visitor&& visit) {
    visit(Column{"preference", &MxEntry::preference, "MX preference, the least is tried first"});
    visit(Column{"host", &MxEntry::host, "MX host, joins mx_hosts.host"});
  }
};

struct DomainRow {
  std::string domain;
  std::optional<std::string> input_name;
  uint64_t input_line = 0;

  std::string mx_status;
  std::optional<std::string> mx_dnssec;
  std::optional<std::vector<MxEntry>> mx;
  std::optional<bool> null_mx_with_others;
  std::optional<std::string> canonical_name;

  std::optional<uint32_t> host_count;
  std::optional<uint32_t> endpoint_count;
  std::optional<uint32_t> starttls_count;
  std::optional<uint32_t> tls_count;
  std::optional<uint32_t> unknown_endpoint_count;
  std::optional<uint32_t> inferred_endpoint_count;
  std::optional<uint32_t> unasked_host_count;

  std::optional<std::string> dane_status;
  std::optional<std::string> pkix_status;
  std::optional<std::string> min_tls_version;
  std::optional<std::string> max_tls_version;
  std::optional<uint8_t> weakest_session_level;
  std::optional<uint8_t> weakest_certificate_level;

  std::optional<std::string> mta_sts_status;
  std::optional<std::string> mta_sts_id;
  std::optional<std::string> mta_sts_policy_status;
  std::optional<uint16_t> mta_sts_http_status;
  std::optional<std::string> mta_sts_mode;
  std::optional<uint32_t> mta_sts_max_age;
  std::optional<std::vector<std::string>> mta_sts_mx;
  std::optional<std::vector<std::string>> mta_sts_unmatched_mx;
  std::optional<std::string> mta_sts_sender;
  std::optional<std::string> mta_sts_rpt_result;
  std::optional<std::string> mta_sts_error;
  std::optional<std::string> tlsrpt_status;
  std::optional<std::string> tlsrpt_rua;
  std::optional<std::string> tlsrpt_error;

  std::string diagnosis;
  std::optional<std::string> error_detail;
  absl::Time started_at;
  uint64_t elapsed_us = 0;

  friend bool operator==(const DomainRow&, const DomainRow&) = default;
};

template <>
struct Table<DomainRow> {
  static constexpr TableId kId = TableId::kDomains;
  static constexpr std::string_view kName = "domains";
  static constexpr std::string_view kDescription = "a row per input domain";

  template <typename Visitor>
  static void VisitColumns(Visitor&& visit) {
    using R = DomainRow;
    visit(Column{"domain", &R::domain, "the domain as A-label, lower case, no trailing dot",
                 kBloomFilter});
    visit(Column{"input_name", &R::input_name,
                 "the name as it was given, where that differs from `domain`"});
    visit(Column{"input_line", &R::input_line, "line of the input, from 1"});
    visit(Column{"mx_status", &R::mx_status,
                 "what the look-up of MX came to: mx, implicit, null_mx, no_mail, nxdomain, "
                 "servfail, bogus, timeout, invalid_name, local_error"});
    visit(Column{"mx_dnssec", &R::mx_dnssec,
                 "DNSSEC state of the MX answer: secure, insecure, bogus, error"});
    visit(Column{"mx", &R::mx,
                 "the MX records, by preference and name; an implicit MX has preference 0; null "
                 "where there was no answer"});
    visit(Column{"null_mx_with_others", &R::null_mx_with_others,
                 "a null MX beside other MX records, a misconfiguration (RFC 7505 §3)"});
    visit(
        Column{"canonical_name", &R::canonical_name,
               "what the domain expands to where it is an alias (CNAME), if its MX answer tells"});
    visit(Column{"host_count", &R::host_count, "MX hosts of the domain"});
    visit(Column{"endpoint_count", &R::endpoint_count,
                 "endpoints (MX host × address) that are known; null where no address could be "
                 "looked up"});
    visit(Column{"starttls_count", &R::starttls_count,
                 "endpoints that offer STARTTLS; null where none could be asked"});
    visit(Column{"tls_count", &R::tls_count,
                 "endpoints where the handshake was completed; null where none could be asked"});
    visit(Column{"unknown_endpoint_count", &R::unknown_endpoint_count,
                 "endpoints that were not asked, or could not be for reasons of ours, and hosts of "
                 "which the addresses, or those of one family, could not be looked up"});
    visit(Column{"inferred_endpoint_count", &R::inferred_endpoint_count,
                 "endpoints told from what others met at their address (endpoints.inferred): what "
                 "this row says rests on them, too"});
    visit(Column{"unasked_host_count", &R::unasked_host_count,
                 "hosts of `mx` that were not asked: more than one domain's budget"});
    visit(Column{"dane_status", &R::dane_status, "none, partial, full, broken, optional, unknown"});
    visit(Column{"pkix_status", &R::pkix_status,
                 "valid, partial, invalid; null where no handshake was completed"});
    visit(Column{"min_tls_version", &R::min_tls_version,
                 "the oldest version that one of the endpoints negotiated"});
    visit(Column{"max_tls_version", &R::max_tls_version,
                 "the newest version that one of the endpoints negotiated"});
    visit(Column{"weakest_session_level", &R::weakest_session_level,
                 "the least session_level among the endpoints"});
    visit(Column{"weakest_certificate_level", &R::weakest_certificate_level,
                 "the least certificate_level among the endpoints"});
    visit(Column{"mta_sts_status", &R::mta_sts_status,
                 "what the look-up of the MTA-STS record came to (RFC 8461 §3.1): none, valid, "
                 "invalid, multiple, lookup_error, local_error; null where it was not looked up"});
    visit(Column{"mta_sts_id", &R::mta_sts_id, "id of the MTA-STS record"});
    visit(Column{
        "mta_sts_policy_status", &R::mta_sts_policy_status,
        "what fetching and reading the policy came to (RFC 8461 §3.2, §3.3): valid, "
        "invalid, webpki_invalid, webpki_not_known, not_text_plain, http_status, redirect …; "
        "null where no policy was fetched (--mta-sts)"});
    visit(Column{"mta_sts_http_status", &R::mta_sts_http_status,
                 "status of the policy host's HTTP response"});
    visit(Column{"mta_sts_mode", &R::mta_sts_mode, "mode of the policy: enforce, testing, none"});
    visit(Column{"mta_sts_max_age", &R::mta_sts_max_age, "max_age of the policy, seconds"});
    visit(Column{"mta_sts_mx", &R::mta_sts_mx, "the policy's MX patterns, in their order"});
    visit(Column{"mta_sts_unmatched_mx", &R::mta_sts_unmatched_mx,
                 "MX hosts that no pattern of the policy fits (RFC 8461 §4.1); null without a "
                 "policy, and with mode none"});
    visit(Column{"mta_sts_sender", &R::mta_sts_sender,
                 "what an MTA-STS sender without a cached policy would do: none, deliver, partial, "
                 "refuse, report, unknown"});
    visit(Column{"mta_sts_rpt_result", &R::mta_sts_rpt_result,
                 "RFC 8460 §4.3.2 word for what is wrong with the policy, null where nothing is"});
    visit(Column{"mta_sts_error", &R::mta_sts_error,
                 "a sentence: what is wrong with the record or the policy"});
    visit(Column{"tlsrpt_status", &R::tlsrpt_status,
                 "what the look-up of the TLS-RPT record came to (RFC 8460 §3); words as of "
                 "mta_sts_status"});
    visit(Column{"tlsrpt_rua", &R::tlsrpt_rua,
                 "where TLS reports are to be sent, as published, with commas between"});
    visit(Column{"tlsrpt_error", &R::tlsrpt_error, "a sentence: what is wrong with the record"});
    visit(Column{"diagnosis", &R::diagnosis, "the one thing most worth knowing, one word"});
    visit(Column{"error_detail", &R::error_detail,
                 "sentences: why the name is invalid, what went wrong in the look-up, what is odd "
                 "about the MX records"});
    visit(Column{"started_at", &R::started_at, "when work on the domain began"});
    visit(Column{"elapsed_us", &R::elapsed_us, "microseconds from then until the row was made"});
  }
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_DOMAIN_ROW_H_
