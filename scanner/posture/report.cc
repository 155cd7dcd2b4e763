#include "scanner/posture/report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

// Where a certificate has many names, so many are shown.
constexpr size_t kShownNames = 3;

HostReport ReportHost(const CheckView& view, const HostRows& host) {
  HostReport report{.preference = host.preference,
                    .name = host.name,
                    .row = host.row,
                    .facts = HostFactsOf(view, host)};
  for (const output::EndpointRow* row : host.endpoints) {
    report.endpoints.push_back(
        {.row = row, .leaf = LeafOf(view, *row), .facts = EndpointFactsOf(view, host, *row)});
  }
  return report;
}

std::vector<Finding> FindingsOf(const CheckView& view) {
  std::vector<Finding> findings;
  AddDomainFindings(view, &findings);
  for (const HostRows& host : view.domain->hosts) {
    AddHostFindings(view, host, &findings);
    for (const output::EndpointRow* row : host.endpoints) {
      AddDialogueFindings(view, host, *row, &findings);
      AddDaneFindings(view, host, *row, &findings);
      AddTlsFindings(view, host, *row, &findings);
      AddCertificateFindings(view, host, *row, &findings);
    }
  }
  AddDomainPolicyFindings(view, &findings);
  std::ranges::stable_sort(findings, std::ranges::greater(), &Finding::severity);
  return findings;
}

DomainReport ReportDomain(const CheckedDomain& asked, const output::DomainRow& row,
                          const ScanRows& rows, const CheckWorld& world) {
  const DomainRows domain = GatherDomain(row, rows);
  const CheckView view{.world = &world, .rows = &rows, .domain = &domain};
  DomainReport report{.row = &row};
  if (asked.asked_as != asked.name) report.asked_as = asked.asked_as;
  report.facts = DomainFactsOf(view);
  for (const HostRows& host : domain.hosts) {
    report.hosts.push_back(ReportHost(view, host));
  }
  report.senders = SendersOf(view);
  report.findings = FindingsOf(view);
  JudgeReport(view, &report);
  return report;
}

}  // namespace

std::string_view SeverityWord(Severity severity) {
  switch (severity) {
    case Severity::kGood:
      return "good";
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kUnknown:
      return "unknown";
    case Severity::kBad:
      return "bad";
  }
  return "";
}

std::string_view VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSafe:
      return "safe";
    case Verdict::kUnprotected:
      return "unprotected";
    case Verdict::kUnverified:
      return "unverified";
    case Verdict::kExposed:
      return "exposed";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kUndeliverable:
      return "undeliverable";
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kNoMail:
      return "no_mail";
  }
  return "";
}

int CheckReport::exit_code() const {
  return without_row.empty() && std::ranges::all_of(domains, &DomainReport::passed) ? 0 : 1;
}

CheckReport BuildCheckReport(const std::vector<CheckedDomain>& domains, const ScanRows& rows,
                             const CheckWorld& world) {
  CheckReport report{.checked_at = world.now,
                     .resolver = world.resolver,
                     .resolver_validates = world.resolver_validates};
  for (const CheckedDomain& domain : domains) {
    const auto row = std::ranges::find(rows.domains, domain.name, &output::DomainRow::domain);
    if (row != rows.domains.end()) {
      report.domains.push_back(ReportDomain(domain, *row, rows, world));
    } else {
      report.without_row.push_back(domain.name);
    }
  }
  return report;
}

const output::CertificateRow* LeafOf(const CheckView& view, const output::EndpointRow& row) {
  if (view.rows == nullptr || !row.chain_sha256 || row.chain_sha256->empty()) return nullptr;
  return FindCertificate(*view.rows, row.chain_sha256->front());
}

std::string DateText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

std::string KeyText(const output::CertificateRow& certificate) {
  const std::string type = certificate.key_type.value_or("unknown");
  if (type == "ec") return JoinText("EC ", certificate.curve.value_or("of an unknown curve"));
  if (type == "ed25519") return "Ed25519";
  if (type == "ed448") return "Ed448";
  const std::string upper = type == "rsa_pss" ? "RSA-PSS" : absl::AsciiStrToUpper(type);
  if (!certificate.key_bits) return JoinText(upper, " key");
  return JoinText(upper, " ", *certificate.key_bits, " bits");
}

std::string NamesText(const output::CertificateRow& certificate) {
  std::vector<std::string> names;
  if (certificate.subject_alt_names) {
    for (const std::string& name : *certificate.subject_alt_names) {
      names.push_back(name.starts_with("dns:") ? name.substr(4) : name);
    }
  }
  if (names.empty()) return certificate.subject.value_or("nobody");
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShownNames); ++i) {
    AppendText(&text, i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() > kShownNames) {
    AppendText(&text, " and ", names.size() - kShownNames, " more");
  }
  return text;
}

std::vector<std::string> TlsaRecordsFor(const CheckView& view, const HostRows& host) {
  const bool found = host.row != nullptr && host.row->tlsa_base_domain.has_value();
  std::vector<std::string> records;
  for (const output::EndpointRow* row : host.endpoints) {
    const output::CertificateRow* leaf = LeafOf(view, *row);
    if (leaf == nullptr || !leaf->spki_sha256) continue;
    std::string record =
        JoinText("_", view.world->port, "._tcp.", found ? *host.row->tlsa_base_domain : host.name,
                 ". IN TLSA 3 1 1 ", *leaf->spki_sha256);
    if (std::ranges::find(records, record) == records.end()) records.push_back(std::move(record));
  }
  return records;
}

bool OutdoesSha256(const HostRows& host) {
  return host.row != nullptr && host.row->tlsa &&
         std::ranges::any_of(*host.row->tlsa, [](const output::TlsaEntry& record) {
           return record.usable && record.usage == 3 && record.selector == 1 &&
                  record.matching_type == 2;
         });
}

bool NamesIssuersOnly(const HostRows& host) {
  return host.row != nullptr && host.row->tlsa &&
         std::ranges::all_of(*host.row->tlsa, [](const output::TlsaEntry& record) {
           return !record.usable || record.usage == 2;
         });
}

std::vector<std::string> NotPublished(std::vector<std::string> records, const HostRows& host) {
  if (host.row == nullptr || !host.row->tlsa) return records;
  for (const output::TlsaEntry& published : *host.row->tlsa) {
    if (published.usage != 3 || published.selector != 1 || published.matching_type != 1) continue;
    std::erase_if(records, [&published](const std::string& record) {
      return record.ends_with(JoinText(" 3 1 1 ", published.data));
    });
  }
  return records;
}

std::string TlsaAdvice(const std::vector<std::string>& records) {
  return JoinText(
      records.size() > 1 ? "Its addresses show different keys: publish all these records, since a "
                           "sender may meet any of them. "
                         : "",
      "A server with two certificates (RSA and ECDSA) needs a record for the key of each; we were "
      "shown one.");
}

void AddFinding(Finding finding, Place place, std::vector<Finding>* findings) {
  const auto same = std::ranges::find_if(*findings, [&finding](const Finding& each) {
    return each.id == finding.id && each.title == finding.title && each.why == finding.why &&
           each.advice == finding.advice && each.records == finding.records;
  });
  if (same == findings->end()) {
    finding.places.push_back(std::move(place));
    findings->push_back(std::move(finding));
  } else if (std::ranges::find(same->places, place) == same->places.end()) {
    same->places.push_back(std::move(place));
  }
}

}  // namespace mxsweep::scanner
