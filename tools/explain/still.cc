#include "tools/explain/still.h"

#include <algorithm>
#include <array>
#include <map>

namespace mxsweep::tools {
namespace {

bool IsTrouble(const CauseGroup& group) {
  return group.cause.kind == TroubleKind::kRefused || group.cause.kind == TroubleKind::kClear;
}

// The findings of a check that are the same trouble, or show it, by the beginning of the cause's
// word.
struct Shown {
  std::string_view cause;
  std::array<std::string_view, 5> findings;
};
constexpr Shown kShown[] = {
    {"certificate_expired", {"certificate_expired"}},
    {"certificate_not_yet_valid", {"certificate_not_yet_valid"}},
    {"certificate_revoked", {"certificate_revoked"}},
    {"name_mismatch", {"name_mismatch", "name_in_common_name_only"}},
    {"no_san", {"name_in_common_name_only", "name_mismatch"}},
    {"untrusted_issuer", {"certificate_untrusted", "chain_incomplete", "certificate_self_signed"}},
    {"report_certificate_not_trusted",
     {"certificate_untrusted", "chain_incomplete", "certificate_self_signed"}},
    {"self_signed", {"certificate_self_signed"}},
    {"certificate_not_verified",
     {"certificate_untrusted", "chain_incomplete", "certificate_self_signed", "certificate_expired",
      "name_mismatch"}},
    {"sts_certificate",
     {"certificate_untrusted", "chain_incomplete", "certificate_self_signed", "certificate_expired",
      "name_mismatch"}},
    {"starttls_not_offered", {"no_starttls"}},
    {"starttls_not_supported", {"no_starttls", "handshake_failed"}},
    {"starttls_not_known", {"no_starttls", "starttls_refused"}},
    {"starttls_refused", {"starttls_refused", "handshake_failed"}},
    {"server_tls_unavailable", {"starttls_refused", "no_starttls"}},
    {"server_key_not_loaded", {"starttls_refused", "no_starttls"}},
    {"dane_without_starttls", {"no_starttls"}},
    {"tlsa_mismatch", {"dane_mismatch", "dane_leaf_not_valid"}},
    {"tlsa_unusable", {"dane_unusable"}},
    {"tlsa_lookup_error", {"tlsa_lookup_error", "mx_bogus", "mx_lookup_error"}},
    {"dnssec_invalid", {"mx_bogus", "tlsa_lookup_error", "mx_lookup_error"}},
    {"unsupported_protocol", {"old_tls", "handshake_failed"}},
    {"legacy_signature", {"old_tls", "handshake_failed"}},
    {"dh_key_too_small", {"low_security_level", "handshake_failed"}},
    {"peer_certificate_key_too_weak", {"weak_key", "low_certificate_level"}},
    {"peer_digest_too_weak", {"low_certificate_level"}},
    {"no_renegotiation_info", {"no_renegotiation_info"}},
    {"client_certificate", {"client_certificate_wanted"}},
    {"alert_certificate_required", {"client_certificate_wanted"}},
    {"sts_mx_not_listed", {"mta_sts_host_not_listed"}},
    {"report_sts_", {"mta_sts_policy_error", "mta_sts_record_invalid"}},
    {"handshake_failed", {"handshake_failed", "closed_within_tls"}},
    {"peer_closed", {"handshake_failed", "closed_within_tls"}},
    {"alert_handshake_failure", {"handshake_failed"}},
    {"alert_protocol_version", {"handshake_failed", "old_tls"}},
    {"alert_internal_error", {"handshake_failed"}},
};

// With these of a server, nothing is known of its TLS now.
constexpr std::string_view kUnseen[] = {
    "no_answer", "connect_timeout", "connection_refused", "no_route", "turned_away",
    "not_asked", "mx_lookup_error", "mx_without_address", "no_smtp",  "handshake_failed_for_us"};

const scanner::Finding* FindingOf(const scanner::DomainReport& report, std::string_view id) {
  const auto found = std::ranges::find(report.findings, id, &scanner::Finding::id);
  return found == report.findings.end() ? nullptr : &*found;
}

bool NeedsDnssec(std::string_view cause) {
  return cause.starts_with("tlsa_") || cause.starts_with("dane_") || cause == "dnssec_invalid";
}

}  // namespace

std::string_view StillThereWord(StillThere still) {
  static constexpr std::array<std::string_view, 4> kWords = {"still_there", "not_seen_now",
                                                             "not_known", "not_judged"};
  return kWords[static_cast<size_t>(still)];
}

std::vector<std::string> DomainsToCheck(const std::vector<const CauseGroup*>& groups, size_t most) {
  std::map<std::string, uint64_t> counts;
  for (const CauseGroup* group : groups) {
    if (!IsTrouble(*group)) continue;
    for (const Place& place : group->places) {
      if (place.is_domain) counts[place.name] += place.count;
    }
  }
  std::vector<std::pair<std::string, uint64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> domains;
  for (const auto& [name, count] : sorted) {
    if (domains.size() == most) break;
    domains.push_back(name);
  }
  return domains;
}

StillThere JudgeStillThere(std::string_view cause, const scanner::DomainReport& report,
                           std::string* now) {
  const auto shown = std::ranges::find_if(
      kShown, [cause](const Shown& row) { return cause.starts_with(row.cause); });
  *now = report.headline;
  if (shown == std::end(kShown)) return StillThere::kNotJudged;
  for (const std::string_view id : shown->findings) {
    if (id.empty()) break;
    if (const scanner::Finding* finding = FindingOf(report, id)) {
      *now = finding->title;
      return StillThere::kYes;
    }
  }
  for (const std::string_view id : kUnseen) {
    if (const scanner::Finding* finding = FindingOf(report, id)) {
      *now = finding->title;
      return StillThere::kNotKnown;
    }
  }
  if (report.verdict == scanner::Verdict::kUnknown) return StillThere::kNotKnown;
  if (NeedsDnssec(cause)) {
    if (const scanner::Finding* finding = FindingOf(report, "resolver_does_not_validate")) {
      *now = finding->title;
      return StillThere::kNotKnown;
    }
  }
  return StillThere::kNo;
}

std::vector<CheckedPlace> HoldAgainst(const std::vector<const CauseGroup*>& groups,
                                      const scanner::CheckReport& report) {
  std::vector<CheckedPlace> checked;
  for (const scanner::DomainReport& domain : report.domains) {
    for (const CauseGroup* group : groups) {
      if (!IsTrouble(*group)) continue;
      const bool concerned = std::ranges::any_of(group->places, [&domain](const Place& place) {
        return place.is_domain && place.name == domain.row->domain;
      });
      if (!concerned) continue;
      CheckedPlace place{domain.row->domain, group, StillThere::kNotKnown, ""};
      place.still = JudgeStillThere(group->cause.id, domain, &place.now);
      checked.push_back(std::move(place));
    }
  }
  return checked;
}

}  // namespace mxsweep::tools
