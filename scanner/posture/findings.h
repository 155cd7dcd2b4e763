// The parts of a check report, each a pure function of rows: used by report.cc.
#ifndef MXSWEEP_SCANNER_POSTURE_FINDINGS_H_
#define MXSWEEP_SCANNER_POSTURE_FINDINGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "scanner/posture/domain_rows.h"
#include "scanner/posture/report.h"
#include "scanner/posture/sender_policy.h"

namespace mxsweep::scanner {

// What the parts look at, all borrowed.
struct CheckView {
  const CheckWorld* world = nullptr;
  const ScanRows* rows = nullptr;
  const DomainRows* domain = nullptr;
};

// A server: dialogue_findings.cc where it failed, tls_findings.cc where it encrypted.
std::vector<Fact> EndpointFactsOf(const CheckView& view, const HostRows& host,
                                  const output::EndpointRow& row);
void AddDialogueFindings(const CheckView& view, const HostRows& host,
                         const output::EndpointRow& row, std::vector<Finding>* findings);
void AddTlsFindings(const CheckView& view, const HostRows& host, const output::EndpointRow& row,
                    std::vector<Finding>* findings);
void AddCertificateFindings(const CheckView& view, const HostRows& host,
                            const output::EndpointRow& row, std::vector<Finding>* findings);
void AddDaneFindings(const CheckView& view, const HostRows& host, const output::EndpointRow& row,
                     std::vector<Finding>* findings);

// An MX host and a domain: name_findings.cc.
std::vector<Fact> HostFactsOf(const CheckView& view, const HostRows& host);
void AddHostFindings(const CheckView& view, const HostRows& host, std::vector<Finding>* findings);
std::vector<Fact> DomainFactsOf(const CheckView& view);
void AddDomainFindings(const CheckView& view, std::vector<Finding>* findings);

// MTA-STS and TLS reporting, as far as they were looked at: policy_findings.cc.
void AddPolicyFacts(const CheckView& view, std::vector<Fact>* facts);
void AddDomainPolicyFindings(const CheckView& view, std::vector<Finding>* findings);
void AddServerPolicyFact(const CheckView& view, const output::EndpointRow& row,
                         std::vector<Fact>* facts);

// The senders, in the order of Senders(): sender_reports.cc.
std::vector<SenderReport> SendersOf(const CheckView& view);

// Verdict, severity, headline, why, todo and passed, from the rest: domain_verdict.cc.
void JudgeReport(const CheckView& view, DomainReport* report);

// Helpers of several parts.
//
// The leaf that the server showed; null: none.
const output::CertificateRow* LeafOf(const CheckView& view, const output::EndpointRow& row);
// "2027-03-01".
std::string DateText(absl::Time time);
// "RSA 2048 bits", "EC P-256", "Ed25519".
std::string KeyText(const output::CertificateRow& certificate);
// The first few DNS names of the certificate: "mx.example.org, example.org and 3 more".
std::string NamesText(const output::CertificateRow& certificate);
// "_25._tcp.mx.example.org. IN TLSA 3 1 1 <hex>", one for each key that the host's servers show:
// the records are of the host's name, and a sender may meet any of its addresses.
std::vector<std::string> TlsaRecordsFor(const CheckView& view, const HostRows& host);
// Does the host have records of usage 3 and selector 1 with SHA-512? Then 3 1 1 records do not
// count: of a usage and selector a sender heeds the strongest digest alone (RFC 7671 §9).
bool OutdoesSha256(const HostRows& host);
// Are all of its TLSA records that can be used of usage 2?
bool NamesIssuersOnly(const HostRows& host);
// Those of `records` that are not published yet.
std::vector<std::string> NotPublished(std::vector<std::string> records, const HostRows& host);
// What to know before such records are published.
std::string TlsaAdvice(const std::vector<std::string>& records);
// Who does what, of the senders that have a name: "In clear at once: Exim with GnuTLS. Returned at
// once: Go, Java."
std::string WhoDoesWhat(Cell<Then> Sender::*cell);
// Appends `finding` at `row`'s place, or adds the place to one that says the same already.
void AddFinding(Finding finding, Place place, std::vector<Finding>* findings);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_FINDINGS_H_
