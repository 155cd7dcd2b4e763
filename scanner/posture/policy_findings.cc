// Facts and findings on MTA-STS (RFC 8461) and TLS reporting (RFC 8460).
#include <algorithm>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using output::DomainRow;
using output::EndpointRow;

bool Is(const std::optional<std::string>& value, std::string_view word) { return value == word; }

// Could not be looked up or fetched, for reasons that say nothing of the domain.
bool IsUnknownRecord(const std::string& status) {
  return status == "lookup_error" || status == "local_error";
}
bool IsUnknownPolicy(const std::string& status) {
  return status == "blocked" || status == "not_asked_crowded" || status == "local_error" ||
         status == "cancelled" || status == "webpki_not_known";
}

std::string Sentence(const std::optional<std::string>& detail) {
  if (!detail) return "";
  return JoinText(*detail, detail->ends_with('.') ? "" : ".");
}

bool Unmatched(const DomainRow& row, const std::string& host) {
  return row.mta_sts_unmatched_mx &&
         std::ranges::find(*row.mta_sts_unmatched_mx, host) != row.mta_sts_unmatched_mx->end();
}

Fact PolicyFact(const DomainRow& row) {
  const auto fact = [](Severity severity, std::string text) {
    return Fact{severity, "mta_sts", "MTA-STS", std::move(text), severity != Severity::kNote};
  };
  const std::string& record = *row.mta_sts_status;
  if (record == "none") return fact(Severity::kNote, "no record");
  if (IsUnknownRecord(record)) return fact(Severity::kUnknown, "the record look-up fails");
  if (record != "valid") return fact(Severity::kWarning, "the record is not valid");
  if (!row.mta_sts_policy_status) return fact(Severity::kNote, "a record; policy not fetched");
  const std::string& policy = *row.mta_sts_policy_status;
  if (IsUnknownPolicy(policy)) return fact(Severity::kUnknown, "the policy could not be fetched");
  if (policy != "valid") {
    return fact(Severity::kWarning, JoinText("the policy cannot be had: ", policy));
  }
  std::string text = JoinText("mode ", row.mta_sts_mode.value_or("?"));
  if (row.mta_sts_mx) {
    for (size_t i = 0; i < row.mta_sts_mx->size(); ++i) {
      AppendText(&text, i == 0 ? ", for " : ", ", (*row.mta_sts_mx)[i]);
    }
  }
  return fact(Is(row.mta_sts_mode, "enforce") ? Severity::kGood : Severity::kNote, text);
}

Fact ReportingFact(const DomainRow& row) {
  const std::string& status = *row.tlsrpt_status;
  if (status == "valid") {
    return {Severity::kGood, "tls_rpt", "TLS-RPT", JoinText("to ", row.tlsrpt_rua.value_or("?")),
            true};
  }
  if (status == "none") return {Severity::kNote, "tls_rpt", "TLS-RPT", "no record", false};
  if (IsUnknownRecord(status)) {
    return {Severity::kUnknown, "tls_rpt", "TLS-RPT", "the record look-up fails", true};
  }
  return {Severity::kWarning, "tls_rpt", "TLS-RPT", "the record is not valid", true};
}

Finding NoPolicy(const DomainRow& row) {
  return {.severity = Severity::kNote,
          .id = "mta_sts_none",
          .title = "no MTA-STS policy",
          .why =
              "With one, senders that check it (Gmail and Outlook among them) insist on TLS and "
              "a valid certificate. It needs no DNSSEC.",
          .fix = "publish an MTA-STS policy",
          .advice = JoinText("Put it at https://mta-sts.", row.domain,
                             "/.well-known/mta-sts.txt, in mode testing first, and announce it:"),
          .records = {JoinText("_mta-sts.", row.domain, ". IN TXT \"v=STSv1; id=1\"")}};
}

Finding BadRecord(const DomainRow& row) {
  return {.severity = Severity::kWarning,
          .id = "mta_sts_record_invalid",
          .title = "the MTA-STS record is not valid",
          .why = JoinText(*row.mta_sts_status == "multiple" ? "There is more than one. " : "",
                          Sentence(row.mta_sts_error), row.mta_sts_error ? " " : "",
                          "Senders behave as if there were no policy."),
          .fix = JoinText("repair the TXT record at _mta-sts.", row.domain),
          .advice = "One record, \"v=STSv1; id=\" and one to 32 letters and digits.",
          .not_this = "The policy file and the mail servers are not at fault."};
}

Finding BadPolicy(const DomainRow& row) {
  return {.severity = Severity::kWarning,
          .id = "mta_sts_policy_error",
          .title = JoinText("the MTA-STS policy cannot be had: ", *row.mta_sts_policy_status),
          .why = JoinText(Sentence(row.mta_sts_error), row.mta_sts_error ? " " : "",
                          "Senders that hold no copy deliver as if there were none; those that do "
                          "go by their copy until it expires."),
          .fix = JoinText("repair https://mta-sts.", row.domain, "/.well-known/mta-sts.txt"),
          .advice =
              "Status 200 without redirection, text/plain, a certificate for that very host, "
              "and the keys version, mode, max_age and mx.",
          .not_this = "This is the web server's certificate and answer, not the mail server's."};
}

Finding Unknown(std::string_view what, const std::optional<std::string>& detail) {
  return {.severity = Severity::kUnknown,
          .id = what == "TLS-RPT" ? "tls_rpt_unknown" : "mta_sts_unknown",
          .title = JoinText(what, " could not be judged"),
          .why = JoinText(Sentence(detail), detail ? " " : "", "Nothing is known of it."),
          .fix = "ask again later, or at another resolver",
          .not_this = JoinText("No sign that there is no ", what, ".")};
}

Finding NotListed(const DomainRow& row) {
  const bool enforced = Is(row.mta_sts_mode, "enforce");
  return {.severity = enforced ? Severity::kBad : Severity::kWarning,
          .id = "mta_sts_host_not_listed",
          .title = "the MTA-STS policy does not name the MX host",
          .why = enforced ? "Senders that check it deliver nothing there."
                          : "In mode testing senders deliver, and report it.",
          .fix = "add the MX host to the policy, and change the id of the record",
          .advice = "One line \"mx: host\" each; \"*.\" stands for exactly one label.",
          .not_this = "Not a certificate problem."};
}

// RFC 8461 §3.2 expects weeks or more: whoever can hinder a sender from fetching the policy needs
// but wait until its copy has expired.
constexpr uint32_t kShortMaxAgeSeconds = 7 * 86'400;
constexpr uint32_t kUselessMaxAgeSeconds = 86'400;

Finding ShortLived(uint32_t max_age_s) {
  return {.severity = max_age_s < kUselessMaxAgeSeconds ? Severity::kWarning : Severity::kNote,
          .id = "mta_sts_short_max_age",
          .title = JoinText("senders forget the MTA-STS policy after ", max_age_s, " seconds"),
          .why =
              "A sender is protected by the copy that it keeps. Who wants to read the mail need "
              "but keep it from fetching the policy anew for so long (RFC 8461, sections 3.2 and "
              "10.2).",
          .fix = "set max_age to some weeks: 1209600 is two",
          .not_this = "The policy is valid all the same, and holds while a sender has it."};
}

void AddPolicyFindings(const CheckView& view, std::vector<Finding>* findings) {
  const DomainRow& row = *view.domain->row;
  const std::string& record = *row.mta_sts_status;
  if (record == "none") {
    AddFinding(NoPolicy(row), {}, findings);
  } else if (IsUnknownRecord(record)) {
    AddFinding(Unknown("MTA-STS", row.mta_sts_error), {}, findings);
  } else if (record != "valid") {
    AddFinding(BadRecord(row), {}, findings);
  } else if (row.mta_sts_policy_status && IsUnknownPolicy(*row.mta_sts_policy_status)) {
    AddFinding(Unknown("MTA-STS", row.mta_sts_error), {}, findings);
  } else if (row.mta_sts_policy_status && *row.mta_sts_policy_status != "valid") {
    AddFinding(BadPolicy(row), {}, findings);
  } else if (Is(row.mta_sts_mode, "testing") || Is(row.mta_sts_mode, "none")) {
    AddFinding({.severity = Severity::kNote,
                .id = "mta_sts_not_enforced",
                .title = JoinText("the MTA-STS policy is in mode ", *row.mta_sts_mode),
                .why = "It protects nothing yet: senders deliver whatever they meet.",
                .fix = "set mode: enforce, once reports show no failures"},
               {}, findings);
  }
  if (Is(row.mta_sts_mode, "enforce") &&
      row.mta_sts_max_age.value_or(UINT32_MAX) < kShortMaxAgeSeconds) {
    AddFinding(ShortLived(*row.mta_sts_max_age), {}, findings);
  }
  for (const HostRows& host : view.domain->hosts) {
    if (Unmatched(row, host.name)) AddFinding(NotListed(row), {host.name, ""}, findings);
  }
}

void AddReportingFindings(const DomainRow& row, std::vector<Finding>* findings) {
  const std::string& status = *row.tlsrpt_status;
  if (status == "none") {
    AddFinding(
        {.severity = Severity::kNote,
         .id = "tls_rpt_none",
         .title = "no TLS reporting",
         .why = "With a record, senders report every day what failed and why (RFC 8460): "
                "the only way to hear of mail that does not arrive.",
         .fix = "publish a TLS-RPT record",
         .records = {JoinText("_smtp._tls.", row.domain,
                              ". IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@", row.domain, "\"")}},
        {}, findings);
  } else if (IsUnknownRecord(status)) {
    AddFinding(Unknown("TLS-RPT", row.tlsrpt_error), {}, findings);
  } else if (status != "valid") {
    AddFinding({.severity = Severity::kWarning,
                .id = "tls_rpt_invalid",
                .title = "the TLS-RPT record is not valid",
                .why = JoinText(status == "multiple" ? "There is more than one. " : "",
                                Sentence(row.tlsrpt_error), row.tlsrpt_error ? " " : "",
                                "No reports are sent."),
                .fix = JoinText("repair the TXT record at _smtp._tls.", row.domain),
                .not_this = "It does not touch the delivery of mail."},
               {}, findings);
  }
}

}  // namespace

void AddPolicyFacts(const CheckView& view, std::vector<Fact>* facts) {
  const DomainRow& row = *view.domain->row;
  if (row.mta_sts_status) facts->push_back(PolicyFact(row));
  if (row.tlsrpt_status) facts->push_back(ReportingFact(row));
}

void AddDomainPolicyFindings(const CheckView& view, std::vector<Finding>* findings) {
  const DomainRow& row = *view.domain->row;
  if (row.mta_sts_status) AddPolicyFindings(view, findings);
  if (row.tlsrpt_status) AddReportingFindings(row, findings);
}

void AddServerPolicyFact(const CheckView& view, const EndpointRow& row, std::vector<Fact>* facts) {
  const DomainRow& domain = *view.domain->row;
  const bool has_say = Is(domain.mta_sts_mode, "enforce") || Is(domain.mta_sts_mode, "testing");
  if (!has_say || row.outcome != "tls_ok") return;
  const Severity bad = Is(domain.mta_sts_mode, "enforce") ? Severity::kBad : Severity::kWarning;
  if (Unmatched(domain, row.host)) {
    facts->push_back({bad, "mta_sts", "MTA-STS", "the policy does not name this host", true});
  } else if (row.pkix_status == "valid" && row.name_match == "san") {
    facts->push_back({Severity::kGood, "mta_sts", "MTA-STS", "as the policy demands", true});
  } else {
    facts->push_back(
        {bad, "mta_sts", "MTA-STS", "the certificate is not what the policy demands", true});
  }
}

}  // namespace mxsweep::scanner
