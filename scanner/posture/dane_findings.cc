// Findings on DANE at a server (RFC 7672).
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using output::EndpointRow;

constexpr char kRefuse[] = "Senders that check DANE refuse to deliver to it.";

Finding Mismatch(const CheckView& view, const HostRows& host, const EndpointRow& row) {
  Finding finding{
      .severity = Severity::kBad,
      .id = "dane_mismatch",
      .title = "no TLSA record matches the certificate",
      .why =
          JoinText(kRefuse, row.dane_detail ? JoinText(" Records: ", *row.dane_detail, ".") : ""),
      .fix = "publish the TLSA record of the certificate that is shown",
      .advice =
          "That is the record below, if the certificate is the one you mean the server to "
          "show. Usually key or certificate was renewed and DNS forgotten: next time publish "
          "the new record first, wait for the TTL to pass, and then switch.",
      .not_this =
          "The certificate need not be at fault: it may well be valid and trusted. What is "
          "wrong is that DNS promises another one. Senders without DANE notice nothing."};
  if (const std::string record = TlsaRecordFor(view, host, row); !record.empty()) {
    finding.records.push_back(record);
  }
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
      .advice = "For mail only usages 3 and 2 count (RFC 7672, section 3.1).",
      .not_this = "Not a certificate problem."};
  if (const std::string record = TlsaRecordFor(view, host, row); !record.empty()) {
    finding.records.push_back(record);
  }
  return finding;
}

Finding WithoutTls(const EndpointRow& row) {
  const bool missing = row.dane_status == "no_starttls";
  return {.severity = Severity::kBad,
          .id = missing ? "dane_no_starttls" : "dane_handshake_failed",
          .title = missing ? "TLSA records promise TLS, and the server offers none"
                           : "TLSA records promise TLS, and the handshake fails",
          .why = kRefuse,
          .fix = missing ? "switch TLS on, or take the TLSA records away"
                         : "repair TLS, or take the TLSA records away",
          .advice =
              "A TLSA record is a promise that TLS is there: without it, mail of senders "
              "that check DANE stays in their queues and comes back after days.",
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
