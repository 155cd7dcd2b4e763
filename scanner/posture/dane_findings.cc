// Findings on DANE at a server (RFC 7672).
#include <algorithm>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using output::EndpointRow;

constexpr char kRefuse[] = "Senders that check DANE refuse to deliver to it.";

// Does a record of usage 2 name the issuer that the server shows, so that only the leaf is at
// fault? `rpt_result` says so: certificate-expired and certificate-host-mismatch are told of no
// other.
bool IsAnchorRight(const EndpointRow& row) {
  return row.rpt_result == "certificate-expired" || row.rpt_result == "certificate-host-mismatch";
}

Finding LeafAtFault(const EndpointRow& row) {
  const bool expired = row.rpt_result == "certificate-expired";
  return {
      .severity = Severity::kBad,
      .id = "dane_leaf_not_valid",
      .title = expired ? "a TLSA record fits the issuer, and the chain has expired"
                       : "a TLSA record fits the issuer, and the certificate names another host",
      .why = JoinText(kRefuse, " With usage 2 they verify the chain up to the record's anchor, ",
                      "its dates and the name (RFC 7672, section 3.1.2).",
                      row.dane_detail ? JoinText(" Records: ", *row.dane_detail, ".") : ""),
      .fix = expired ? std::string("renew the certificate, and reload the mail server")
                     : JoinText("get a certificate that names ", row.host),
      .advice = "From the same issuer: then the TLSA record can stay as it is.",
      .not_this = "The TLSA record is not at fault: leave it alone."};
}

// Whether it is at fault is another matter than DANE.
std::string NotTheCertificate(const EndpointRow& row) {
  if (row.pkix_status == "valid" && row.name_match == "san") {
    return "The certificate is not at fault: it is valid and trusted. What is wrong is that DNS "
           "promises another one. Senders without DANE notice nothing.";
  }
  return "Whatever else is wrong with the certificate is told apart: with usage 3 its date, name "
         "and issuer do not count.";
}

// A record with SHA-512 that fits no longer hides those with SHA-256, right as they may be.
Finding OutdoneRecords(const CheckView& view, const HostRows& host, const EndpointRow& row) {
  Finding finding{
      .severity = Severity::kBad,
      .id = "dane_mismatch",
      .title = "no TLSA record matches the certificate",
      .why =
          JoinText(kRefuse, row.dane_detail ? JoinText(" Records: ", *row.dane_detail, ".") : ""),
      .advice =
          "Of records with the same usage and selector senders heed those with the strongest "
          "digest alone (RFC 7671, section 9): beside one with SHA-512 (3 1 2), none with "
          "SHA-256 (3 1 1) counts.",
      .not_this = NotTheCertificate(row)};
  finding.records = NotPublished(TlsaRecordsFor(view, host), host);
  finding.fix = finding.records.empty()
                    ? "take the TLSA records 3 1 2 away: the right ones, 3 1 1, are published"
                    : "take the TLSA records 3 1 2 away, and publish that of the certificate shown";
  return finding;
}

Finding Mismatch(const CheckView& view, const HostRows& host, const EndpointRow& row) {
  if (IsAnchorRight(row)) return LeafAtFault(row);
  if (OutdoesSha256(host)) return OutdoneRecords(view, host, row);
  const bool others_match = std::ranges::any_of(host.endpoints, [&view](const EndpointRow* each) {
    return DaneStatusFor(*view.domain->row, *each) == "match";
  });
  Finding finding{
      .severity = Severity::kBad,
      .id = "dane_mismatch",
      .title = "no TLSA record matches the certificate",
      .why =
          JoinText(kRefuse, row.dane_detail ? JoinText(" Records: ", *row.dane_detail, ".") : ""),
      .fix = others_match ? "show the same key at every address, or publish a record for each"
                          : "publish the TLSA record of the certificate that is shown",
      .not_this = NotTheCertificate(row)};
  finding.records = TlsaRecordsFor(view, host);
  finding.advice = JoinText(
      finding.records.empty() ? ""
                              : "That is below, if the certificate is the one you mean the "
                                "server to show. ",
      NamesIssuersOnly(host)
          ? "With usage 2 the server has to send the certificate that the record names: a root is "
            "seldom sent, and authorities change their intermediate certificates unasked. "
          : "Usually key or certificate was renewed and DNS forgotten: next time publish the new "
            "record first, wait for the TTL to pass, and then switch. ",
      TlsaAdvice(finding.records));
  return finding;
}

Finding Unusable(const CheckView& view, const HostRows& host, const EndpointRow& row) {
  Finding finding{
      .severity = Severity::kWarning,
      .id = "dane_unusable",
      .title = "no TLSA record can be used",
      .why = JoinText("Senders that check DANE insist on TLS and cannot check the "
                      "certificate, so that a forger goes unnoticed.",
                      row.dane_detail ? JoinText(" Records: ", *row.dane_detail, ".") : ""),
      .fix = "publish a TLSA record that mail senders understand",
      .not_this = "Not a certificate problem."};
  finding.records = TlsaRecordsFor(view, host);
  finding.advice = JoinText("For mail only usages 3 and 2 count (RFC 7672, section 3.1). ",
                            TlsaAdvice(finding.records));
  return finding;
}

Finding WithoutTls(const EndpointRow& row) {
  const bool missing = row.dane_status == "no_starttls";
  const bool returns =
      row.outcome == "starttls_refused" && row.starttls_code.value_or(0) / 100 == 5;
  return {
      .severity = Severity::kBad,
      .id = missing ? "dane_no_starttls" : "dane_handshake_failed",
      .title = missing ? "TLSA records promise TLS, and the server offers none"
                       : "TLSA records promise TLS, and the handshake fails",
      .why = kRefuse,
      .fix = missing ? "switch TLS on, or take the TLSA records away"
                     : "repair TLS, or take the TLSA records away",
      .advice = JoinText(
          "A TLSA record is a promise that TLS is there: without it, mail of senders that check "
          "DANE ",
          returns ? "comes back: from Postfix at once, since the reply to STARTTLS is 5xx."
                  : "stays in their queues and comes back after days."),
      .not_this = "The records are not at fault: they may be right."};
}

}  // namespace

void AddDaneFindings(const CheckView& view, const HostRows& host, const EndpointRow& row,
                     std::vector<Finding>* findings) {
  Finding finding;
  const std::string_view status = DaneStatusFor(*view.domain->row, row);
  if (status == "mismatch") {
    finding = Mismatch(view, host, row);
  } else if (status == "unusable") {
    finding = Unusable(view, host, row);
  } else if (status == "no_starttls" || status == "tls_failed") {
    finding = WithoutTls(row);
  } else {
    return;
  }
  AddFinding(std::move(finding), {row.host, row.address}, findings);
}

}  // namespace mxsweep::scanner
