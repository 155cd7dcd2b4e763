#include "tools/lab/domain_truth.h"

#include <openssl/ssl.h>

#include <algorithm>

#include "tools/lab/sts_truth.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

using Json = nlohmann::ordered_json;

bool AnyOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

void HostSummary::Add(const EndpointTruth& endpoint) {
  const BehaviourOutcome& outcome = endpoint.outcome;
  ++endpoints;
  blocked += outcome.outcome == "blocked";
  unknown += outcome.outcome == "blocked";
  const bool refused_for_now = AnyOf(outcome.outcome, {"throttled_421", "greeting_4xx"}) ||
                               (outcome.outcome == "ehlo_refused" && outcome.attempts == 2);
  const bool welcomed = !AnyOf(outcome.stage, {"connect", "greeting"});
  throttled += refused_for_now;
  greeted += endpoint.greeted;
  got_further += welcomed && !refused_for_now;
  starttls += endpoint.starttls_offered;
  no_starttls += AnyOf(outcome.outcome, {"no_starttls", "starttls_refused"});
  dane_match += endpoint.dane_status == "match";
  dane_unusable += endpoint.dane_status == "unusable";
  dane_broken +=
      AnyOf(endpoint.dane_status, {"mismatch", "no_starttls", "tls_failed", "lookup_error"});
  if (!endpoint.tls_ok) {
    const bool in_handshake = outcome.stage == "handshake" && outcome.outcome != "tls_timeout";
    sts_failed += in_handshake || AnyOf(outcome.outcome, {"no_starttls", "starttls_refused"});
    return;
  }
  // RFC 8461 §4.2: by SAN alone; §2: DANE has the last word.
  const bool good = endpoint.pkix_status == "valid" && endpoint.name_match == "san" &&
                    !AnyOf(endpoint.dane_status, {"mismatch", "lookup_error"});
  sts_passed += good;
  sts_failed += !good;
  ++completed;
  verified += endpoint.pkix_status == "valid" && endpoint.name_match != "none";
  min_version = std::min(min_version, endpoint.tls->version);
  max_version = std::max(max_version, endpoint.tls->version);
  weakest_session_level = std::min(weakest_session_level, endpoint.session_level);
  weakest_certificate_level =
      std::min(weakest_certificate_level, endpoint.certificate_level.value_or(kNoLevel));
}

DomainTruth::DomainTruth(const World& world, uint32_t zone)
    : world_(world), zone_(zone), mx_(world.MxOf(zone)) {
  const Zone& z = world.zones()[zone];
  if (z.posture == DomainPosture::kBogus) mx_.clear();
  if (z.posture == DomainPosture::kImplicit) {
    mx_ = {{.preference = 0, .host = world.ZoneName(zone), .host_index = z.first_host}};
  }
  std::stable_sort(mx_.begin(), mx_.end(), [](const MxRecord& a, const MxRecord& b) {
    return a.preference < b.preference;
  });
}

void DomainTruth::Add(const HostSummary& host) {
  hosts_.push_back(host);
  sum_.endpoints += host.endpoints;
  sum_.blocked += host.blocked;
  sum_.unknown += host.unknown;
  sum_.greeted += host.greeted;
  sum_.throttled += host.throttled;
  sum_.got_further += host.got_further;
  sum_.starttls += host.starttls;
  sum_.no_starttls += host.no_starttls;
  sum_.completed += host.completed;
  sum_.verified += host.verified;
  sum_.dane_match += host.dane_match;
  sum_.dane_broken += host.dane_broken;
  sum_.dane_unusable += host.dane_unusable;
  sum_.min_version = std::min(sum_.min_version, host.min_version);
  sum_.max_version = std::max(sum_.max_version, host.max_version);
  sum_.weakest_session_level = std::min(sum_.weakest_session_level, host.weakest_session_level);
  sum_.weakest_certificate_level =
      std::min(sum_.weakest_certificate_level, host.weakest_certificate_level);
}

std::string_view DomainTruth::MxStatus() const {
  switch (world_.zones()[zone_].posture) {
    case DomainPosture::kImplicit:
      return "implicit";
    case DomainPosture::kNullMx:
      return "null_mx";
    case DomainPosture::kNoMail:
      return "no_mail";
    case DomainPosture::kNxdomain:
      return "nxdomain";
    case DomainPosture::kServfail:
      return "servfail";
    case DomainPosture::kBogus:
      return "bogus";
    case DomainPosture::kTimeout:
      return "timeout";
    default:
      return "mx";
  }
}

bool DomainTruth::Answered() const { return !AnyOf(MxStatus(), {"servfail", "bogus", "timeout"}); }

Json DomainTruth::AnswerRow() const {
  const Zone& zone = world_.zones()[zone_];
  const std::string_view status = MxStatus();
  Json row = {{"domain", world_.ZoneName(zone_)}, {"mx_status", std::string(status)}};
  row["mx_dnssec"] = status == "bogus" ? "bogus"
                     : !Answered()     ? "error"
                     : zone.secure     ? "secure"
                                       : "insecure";
  Json mx = Json::array();
  for (const MxRecord& record : mx_) {
    mx.push_back(
        {{"preference", record.preference}, {"host", record.host.empty() ? "." : record.host}});
  }
  row["mx"] = Answered() ? mx : Json();
  const bool beside = zone.posture == DomainPosture::kNullMxBeside;
  row["null_mx_with_others"] = Answered() ? Json(beside) : Json();
  row["canonical_name"] = Json();  // hosts may be aliases here, domains are not
  return row;
}

Json DomainTruth::Row() const {
  Json row = AnswerRow();
  const std::string_view status = MxStatus();
  const bool beside = world_.zones()[zone_].posture == DomainPosture::kNullMxBeside;
  // Whether "." beside others is a host to be counted is left open.
  if (!beside) {
    row["host_count"] = !Answered() ? Json() : status == "null_mx" ? Json(0) : Json(mx_.size());
  }
  // The name servers do not answer for these hosts: nobody knows what they have.
  const bool known = Answered() && (UnknownHosts() == 0 || sum_.endpoints > 0);
  row["endpoint_count"] = known ? Json(sum_.endpoints) : Json();
  // And of the blocklist nobody was asked.
  const bool asked = known && (sum_.endpoints > sum_.blocked || sum_.unknown == 0);
  row["starttls_count"] = asked ? Json(sum_.starttls) : Json();
  row["tls_count"] = asked ? Json(sum_.completed) : Json();
  row["unknown_endpoint_count"] = Answered() ? Json(sum_.unknown) : Json();
  row["unasked_host_count"] = Answered() ? Json(0) : Json();  // none here has more than 20
  PutDane(row);
  PutPolicies(row);
  const std::string_view pkix = PkixStatus();
  row["pkix_status"] = pkix.empty() ? Json() : Json(std::string(pkix));
  const bool any = sum_.completed > 0;
  row["min_tls_version"] = any ? Json(std::string(VersionName(sum_.min_version))) : Json();
  row["max_tls_version"] = any ? Json(std::string(VersionName(sum_.max_version))) : Json();
  row["weakest_session_level"] = any ? Json(sum_.weakest_session_level) : Json();
  const bool has_level = sum_.weakest_certificate_level != kNoLevel;
  row["weakest_certificate_level"] = has_level ? Json(sum_.weakest_certificate_level) : Json();
  // Where DANE is left open, so is what follows from it.
  const std::string_view diagnosis = Diagnosis();
  const bool follows = sum_.dane_broken > 0 || diagnosis == "untrusted_certificate";
  if (row.contains("dane_status") || !follows) {
    row["diagnosis"] = std::string(diagnosis);
  }
  return row;
}

void DomainTruth::PutDane(Json& row) const {
  const auto put = [&](const char* word) { row["dane_status"] = word; };
  if (!Answered()) return put("unknown");
  size_t secure = 0;
  size_t looked_up = 0;
  bool tlsa_error = false;
  bool unknown = false;
  for (const HostSummary& host : hosts_) {
    looked_up += host.endpoints > 0;
    secure += host.tlsa_secure;
    tlsa_error |= host.tlsa_error;
    unknown |= host.dane_unknown;
  }
  if (mx_.empty() || mx_[0].host.empty()) return;  // No MX host: the rules say nothing.
  if (looked_up == 0) return put("unknown");
  const bool mx_secure = world_.zones()[zone_].secure;
  if (!mx_secure && secure > 0) return put("optional");
  if (!mx_secure && tlsa_error) return put("unknown");
  if (tlsa_error || sum_.dane_broken > 0) return put("broken");
  if (secure == 0) return put(unknown ? "unknown" : "none");
  if (sum_.dane_unusable > 0 || secure < hosts_.size()) return put("partial");
  put(sum_.dane_match > 0 ? "full" : "unknown");
}

void DomainTruth::PutPolicies(Json& row) const {
  std::vector<StsHost> hosts;
  auto summary = hosts_.begin();
  for (const MxRecord& mx : mx_) {
    StsHost& host = hosts.emplace_back(StsHost{.name = mx.host.empty() ? "." : mx.host});
    if (mx.host_index == kNothing) continue;
    host.passed = summary->sts_passed > 0;
    host.failed = summary->sts_failed > 0;
    host.refused_by_dane =
        (summary->tlsa_error || summary->dane_broken > 0) && summary->dane_match == 0;
    ++summary;
  }
  AddPolicyColumns(world_, zone_, AnyOf(MxStatus(), {"mx", "implicit"}), hosts, row);
}

size_t DomainTruth::UnknownHosts() const {
  return static_cast<size_t>(std::ranges::count_if(hosts_, &HostSummary::dane_unknown));
}

std::string_view DomainTruth::PkixStatus() const {
  if (sum_.completed == 0) return "";
  if (sum_.verified == 0) return "invalid";
  return sum_.verified == sum_.completed ? "valid" : "partial";
}

std::string_view DomainTruth::Diagnosis() const {
  const std::string_view status = MxStatus();
  if (AnyOf(status, {"nxdomain", "null_mx", "no_mail"})) return status;
  if (AnyOf(status, {"servfail", "timeout"})) return "dns_error";
  if (status == "bogus") return "dnssec_bogus";
  Json dane = Json::object();
  PutDane(dane);
  const std::string dane_status = dane.value("dane_status", "");
  const bool refused = dane_status == "optional" && sum_.dane_broken > 0;
  if (dane_status == "broken" || refused) return "dane_broken";
  if (sum_.endpoints == sum_.blocked) {
    if (UnknownHosts() > 0) return "dns_error";
    return sum_.blocked > 0 ? "not_asked_blocked" : "mx_unresolvable";
  }
  if (sum_.greeted == 0) return "unreachable";
  if (sum_.got_further == 0 && sum_.throttled > 0) return "throttled";
  if (sum_.starttls == 0) return sum_.no_starttls > 0 ? "no_starttls" : "smtp_failed";
  if (sum_.completed == 0) return "tls_broken";
  if (sum_.no_starttls > 0) return "mixed_starttls";
  if (sum_.weakest_certificate_level <= 1) return "weak_keys";
  if (sum_.min_version < TLS1_2_VERSION) return "old_tls";
  if (sum_.weakest_session_level <= 1) return "weak_session";
  if (PkixStatus() != "valid" && dane_status != "full") return "untrusted_certificate";
  return "ok";
}

}  // namespace mxsweep::lab
