// The verdict on a domain: what a person must see in the first three lines.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using Reason = SenderReason;

// The kinds of senders on which the verdict rests: words of senders.cc.
constexpr std::string_view kOpportunistic = "opportunistic";
constexpr std::string_view kVerified = "verified";
constexpr std::string_view kDane = "dane";
constexpr std::string_view kMtaSts = "mta_sts";
constexpr std::string_view kLevel2 = "level2";
constexpr std::string_view kLevel2Verified = "level2_verified";

const SenderDecision& DecisionOf(const DomainReport& report, std::string_view word) {
  const auto found = std::ranges::find_if(
      report.senders, [word](const SenderReport& each) { return each.sender->word == word; });
  return found->decision;
}

// Without --mta-sts full nobody asked for a policy, and nothing is held against the domain.
bool StsAsked(const DomainReport& report) {
  const output::DomainRow& row = *report.row;
  if (!row.mta_sts_status) return false;
  return *row.mta_sts_status != "valid" || row.mta_sts_policy_status.has_value();
}

// Does a sender that holds to a rule of its own (DANE, MTA-STS) keep the mail?
bool Keeps(const SenderDecision& decision) {
  return decision.action == SenderAction::kRefuse || decision.action == SenderAction::kDefer ||
         decision.action == SenderAction::kReturn;
}

bool ProvesServer(const DomainReport& report) {
  return DecisionOf(report, kDane).authenticated || DecisionOf(report, kMtaSts).authenticated;
}

Verdict VerdictOf(const DomainReport& report) {
  if (report.row->mx_status == "null_mx") return Verdict::kNoMail;
  const SenderDecision& opportunistic = DecisionOf(report, kOpportunistic);
  if (opportunistic.action == SenderAction::kUnknown) return Verdict::kUnknown;
  if (Keeps(opportunistic)) return Verdict::kUndeliverable;
  if (Keeps(DecisionOf(report, kDane)) || Keeps(DecisionOf(report, kMtaSts))) {
    return Verdict::kRefused;
  }
  if (opportunistic.action == SenderAction::kInClear ||
      DecisionOf(report, kLevel2).action == SenderAction::kInClear) {
    return Verdict::kExposed;
  }
  if (Keeps(DecisionOf(report, kVerified)) || Keeps(DecisionOf(report, kLevel2Verified))) {
    return Verdict::kUnverified;
  }
  const bool known = std::ranges::all_of(report.senders, [&report](const SenderReport& each) {
    const bool asked = each.sender->word != kMtaSts || StsAsked(report);
    return !each.sender->counts || !asked || each.decision.action == SenderAction::kEncrypted;
  });
  if (!known) return Verdict::kUnknown;
  return ProvesServer(report) ? Verdict::kSafe : Verdict::kUnprotected;
}

Severity SeverityOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSafe:
    case Verdict::kUnprotected:
      return Severity::kGood;
    case Verdict::kUnverified:
      return Severity::kWarning;
    case Verdict::kExposed:
    case Verdict::kRefused:
    case Verdict::kUndeliverable:
      return Severity::kBad;
    case Verdict::kUnknown:
      return Severity::kUnknown;
    case Verdict::kNoMail:
      return Severity::kNote;
  }
  return Severity::kUnknown;
}

std::string RefusedHeadline(const DomainReport& report) {
  const bool dane = Keeps(DecisionOf(report, kDane));
  const bool sts = Keeps(DecisionOf(report, kMtaSts));
  const std::string who = dane && sts ? "DANE or MTA-STS" : dane ? "DANE" : "MTA-STS";
  const bool clear = DecisionOf(report, kOpportunistic).action == SenderAction::kInClear;
  return JoinText("senders that check ", who, " do not deliver",
                  clear ? "; others do, in clear" : "");
}

std::string ExposedHeadline(const DomainReport& report) {
  const SenderDecision& opportunistic = DecisionOf(report, kOpportunistic);
  if (opportunistic.action != SenderAction::kInClear) {
    return "OpenSSL senders at level 2 deliver in clear";
  }
  return opportunistic.best == SenderAction::kEncrypted ? "mail to it is sent in clear at times"
                                                        : "mail to it is sent in clear";
}

std::string UnknownHeadline(const DomainReport& report) {
  const SenderDecision& opportunistic = DecisionOf(report, kOpportunistic);
  if (opportunistic.action == SenderAction::kEncrypted) {
    if (DecisionOf(report, kDane).reason == Reason::kDnssecUnknown) {
      return "mail to it is encrypted, but DANE could not be judged";
    }
    return "mail to it is encrypted, but not all could be judged";
  }
  switch (opportunistic.reason) {
    case Reason::kNoAnswer:
      return "no server answered us to the end";
    case Reason::kTurnedAway:
      return "the servers turned us away before TLS";
    case Reason::kRefusedWithinTls:
      return "the servers turned us away within TLS";
    case Reason::kClosedWithinTls:
      return "the servers hang up within TLS";
    case Reason::kMayBeOurs:
      return "our own TLS failed, and that of others may not";
    case Reason::kReplyCodes:
      return "a server's reply has several codes at once";
    case Reason::kIpLiteral:
      return "the MX record names an address, which we did not ask";
    case Reason::kMxLookupError:
    case Reason::kHostLookupError:
      return "the DNS gave no answer";
    default:
      return "the servers could not be asked";
  }
}

bool HasBadFinding(const DomainReport& report) {
  return !report.findings.empty() && report.findings.front().severity == Severity::kBad;
}

std::string HeadlineOf(const DomainReport& report) {
  switch (report.verdict) {
    case Verdict::kSafe:
      if (HasBadFinding(report)) return "mail to it is encrypted, but a server has trouble";
      return DecisionOf(report, kDane).authenticated
                 ? "mail to it is encrypted, and DANE proves the server"
                 : "mail to it is encrypted, and MTA-STS proves the server";
    case Verdict::kUnprotected:
      if (HasBadFinding(report)) return "mail to it is encrypted, but a server has trouble";
      return "mail to it is encrypted, but nothing makes senders insist";
    case Verdict::kUnverified:
      if (!Keeps(DecisionOf(report, kVerified))) {
        return "encrypted, but strict senders that verify do not deliver";
      }
      return ProvesServer(report) ? "encrypted; DANE proves the server, its certificate does not"
                                  : "encrypted, but senders that verify do not deliver";
    case Verdict::kExposed:
      return ExposedHeadline(report);
    case Verdict::kRefused:
      return RefusedHeadline(report);
    case Verdict::kUndeliverable:
      return "mail to it cannot be delivered";
    case Verdict::kUnknown:
      return UnknownHeadline(report);
    case Verdict::kNoMail:
      return "the domain takes no mail, and says so";
  }
  return "";
}

std::string PlaceText(const Finding& finding) {
  const Place& place = finding.places.front();
  if (place.host.empty()) return "";
  std::set<std::string> hosts;
  for (const Place& each : finding.places) hosts.insert(each.host);
  const size_t more = hosts.size() - 1;
  return JoinText(place.host, more == 0 ? std::string() : JoinText(" and ", more, " more"), ": ");
}

// What was found, where there is nothing worse to tell.
std::string GoodNews(const CheckView& view, const DomainReport& report) {
  std::set<std::string> versions;
  absl::Time first_expiry = absl::InfiniteFuture();
  size_t servers = 0;
  for (const HostRows& host : view.domain->hosts) {
    for (const output::EndpointRow* row : host.endpoints) {
      ++servers;
      if (row->tls_version) versions.insert(*row->tls_version);
      if (row->not_after) first_expiry = std::min(first_expiry, *row->not_after);
    }
  }
  std::string text = JoinText(servers, servers == 1 ? " server" : " servers");
  for (const std::string& version : versions) AppendText(&text, ", ", version);
  if (first_expiry != absl::InfiniteFuture()) {
    AppendText(&text, ", certificate valid until ", DateText(first_expiry));
  }
  if (report.verdict == Verdict::kUnprotected) text += "; neither DANE nor MTA-STS protects it";
  return text;
}

}  // namespace

void JudgeReport(const CheckView& view, DomainReport* report) {
  report->verdict = VerdictOf(*report);
  report->severity = SeverityOf(report->verdict);
  if (report->severity == Severity::kGood && HasBadFinding(*report)) {
    report->severity = Severity::kWarning;
  }
  report->headline = HeadlineOf(*report);
  report->passed = report->verdict == Verdict::kSafe || report->verdict == Verdict::kUnprotected ||
                   report->verdict == Verdict::kNoMail;

  const Finding* first = report->findings.empty() ? nullptr : &report->findings.front();
  const bool good_news =
      report->verdict == Verdict::kSafe || report->verdict == Verdict::kUnprotected;
  if (good_news && (first == nullptr || first->severity <= Severity::kNote)) {
    report->why = GoodNews(view, *report);
  } else if (first != nullptr) {
    report->why = JoinText(PlaceText(*first), first->title);
  }
  const auto to_do = std::ranges::find_if(report->findings, [report](const Finding& finding) {
    return !finding.fix.empty() &&
           (finding.severity > Severity::kNote || report->verdict == Verdict::kUnprotected);
  });
  report->todo = to_do == report->findings.end() ? "nothing" : to_do->fix;
}

}  // namespace mxsweep::scanner
