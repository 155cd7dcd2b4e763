#include "tools/check/json.h"

#include <optional>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {
namespace {

// Keys stay in the order in which a person would read them.
using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 2;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json OrNull(const std::optional<absl::Time>& value) {
  return value ? Json(TimeText(*value)) : Json(nullptr);
}

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json PlaceJson(const scanner::Place& place) {
  return {{"host", OrNull(place.host)}, {"address", OrNull(place.address)}};
}

Json FindingJson(const scanner::Finding& finding) {
  Json places = Json::array();
  for (const scanner::Place& place : finding.places) places.push_back(PlaceJson(place));
  return {{"severity", scanner::SeverityWord(finding.severity)},
          {"id", finding.id},
          {"title", finding.title},
          {"why", OrNull(finding.why)},
          {"fix", OrNull(finding.fix)},
          {"advice", OrNull(finding.advice)},
          {"records", finding.records},
          {"not", OrNull(finding.not_this)},
          {"places", std::move(places)}};
}

Json SenderJson(const scanner::SenderReport& sender) {
  const scanner::SenderDecision& decision = sender.decision;
  return {{"sender", sender.sender->word},
          {"like", sender.sender->like},
          {"counts", sender.sender->counts},
          {"severity", scanner::SeverityWord(sender.severity)},
          {"action", scanner::SenderActionWord(decision.action)},
          {"best_action", scanner::SenderActionWord(decision.best)},
          {"reason", scanner::SenderReasonWord(decision.reason)},
          {"authenticated", decision.authenticated},
          {"incomplete", decision.incomplete},
          {"host", OrNull(decision.host)},
          {"address", OrNull(decision.address)},
          {"text", sender.text}};
}

Json CertificateJson(const output::CertificateRow& certificate) {
  return {{"sha256", certificate.sha256},
          {"spki_sha256", OrNull(certificate.spki_sha256)},
          {"subject", OrNull(certificate.subject)},
          {"issuer", OrNull(certificate.issuer)},
          {"subject_alt_names", OrNull(certificate.subject_alt_names)},
          {"not_before", OrNull(certificate.not_before)},
          {"not_after", OrNull(certificate.not_after)},
          {"key_type", OrNull(certificate.key_type)},
          {"key_bits", OrNull(certificate.key_bits)},
          {"curve", OrNull(certificate.curve)},
          {"signature_algorithm", OrNull(certificate.signature_algorithm)}};
}

Json EndpointJson(const scanner::EndpointReport& endpoint) {
  const output::EndpointRow& row = *endpoint.row;
  return {{"address", row.address},
          {"port", row.port},
          {"outcome", row.outcome},
          {"stage", row.stage},
          {"rpt_result", OrNull(row.rpt_result)},
          {"error_detail", OrNull(row.error_detail)},
          {"greeting", OrNull(row.greeting)},
          {"starttls_code", OrNull(row.starttls_code)},
          {"starttls_reply", OrNull(row.starttls_reply)},
          {"after_tls", OrNull(row.after_tls)},
          {"after_tls_code", OrNull(row.after_tls_code)},
          {"reply_codes", OrNull(row.reply_codes)},
          {"without_server_name", OrNull(row.without_server_name)},
          {"without_server_name_detail", OrNull(row.without_server_name_detail)},
          {"secure_renegotiation", OrNull(row.secure_renegotiation)},
          {"alert_received", OrNull(row.alert_received)},
          {"tls_version", OrNull(row.tls_version)},
          {"cipher", OrNull(row.cipher)},
          {"group", OrNull(row.group)},
          {"signature_algorithm", OrNull(row.signature_algorithm)},
          {"session_level", OrNull(row.session_level)},
          {"session_level_limit", OrNull(row.session_level_limit)},
          {"certificate_level", OrNull(row.certificate_level)},
          {"certificate_level_limit", OrNull(row.certificate_level_limit)},
          {"pkix_status", OrNull(row.pkix_status)},
          {"pkix_error", OrNull(row.pkix_error)},
          {"name_match", OrNull(row.name_match)},
          {"revocation_status", OrNull(row.revocation_status)},
          {"revocation_source", OrNull(row.revocation_source)},
          {"revocation_detail", OrNull(row.revocation_detail)},
          {"dane_status", OrNull(row.dane_status)},
          {"dane_matched_record", OrNull(row.dane_matched_record)},
          {"dane_detail", OrNull(row.dane_detail)},
          {"certificate", endpoint.leaf ? CertificateJson(*endpoint.leaf) : Json(nullptr)}};
}

Json TlsaJson(const std::optional<std::vector<output::TlsaEntry>>& entries) {
  if (!entries) return nullptr;
  Json list = Json::array();
  for (const output::TlsaEntry& entry : *entries) {
    list.push_back({{"usage", entry.usage},
                    {"selector", entry.selector},
                    {"matching_type", entry.matching_type},
                    {"data", entry.data},
                    {"usable", entry.usable}});
  }
  return list;
}

Json HostJson(const scanner::HostReport& host) {
  Json json = {{"preference", host.preference}, {"host", host.name}};
  const output::MxHostRow none;
  const output::MxHostRow& row = host.row != nullptr ? *host.row : none;
  json["canonical_name"] = OrNull(row.canonical_name);
  json["address_status"] = OrNull(row.address_status);
  json["address_dnssec"] = OrNull(row.address_dnssec);
  json["tlsa_status"] = OrNull(row.tlsa_status);
  json["tlsa_base_domain"] = OrNull(row.tlsa_base_domain);
  json["tlsa"] = TlsaJson(row.tlsa);
  json["dane_rollover_ready"] = OrNull(row.dane_rollover_ready);
  json["error_detail"] = OrNull(row.error_detail);
  json["endpoints"] = Json::array();
  for (const scanner::EndpointReport& endpoint : host.endpoints) {
    json["endpoints"].push_back(EndpointJson(endpoint));
  }
  return json;
}

Json DomainJson(const scanner::DomainReport& domain) {
  const output::DomainRow& row = *domain.row;
  Json json = {{"domain", row.domain},
               {"asked_as", OrNull(domain.asked_as)},
               {"verdict", scanner::VerdictWord(domain.verdict)},
               {"severity", scanner::SeverityWord(domain.severity)},
               {"passed", domain.passed},
               {"headline", domain.headline},
               {"to_do", domain.todo},
               {"why", OrNull(domain.why)},
               {"mx_status", row.mx_status},
               {"mx_dnssec", OrNull(row.mx_dnssec)},
               {"dane_status", OrNull(row.dane_status)},
               {"pkix_status", OrNull(row.pkix_status)},
               {"mta_sts_status", OrNull(row.mta_sts_status)},
               {"mta_sts_id", OrNull(row.mta_sts_id)},
               {"mta_sts_policy_status", OrNull(row.mta_sts_policy_status)},
               {"mta_sts_mode", OrNull(row.mta_sts_mode)},
               {"mta_sts_max_age", OrNull(row.mta_sts_max_age)},
               {"mta_sts_mx", OrNull(row.mta_sts_mx)},
               {"mta_sts_unmatched_mx", OrNull(row.mta_sts_unmatched_mx)},
               {"mta_sts_sender", OrNull(row.mta_sts_sender)},
               {"mta_sts_error", OrNull(row.mta_sts_error)},
               {"tlsrpt_status", OrNull(row.tlsrpt_status)},
               {"tlsrpt_rua", OrNull(row.tlsrpt_rua)},
               {"tlsrpt_error", OrNull(row.tlsrpt_error)},
               {"diagnosis", row.diagnosis},
               {"error_detail", OrNull(row.error_detail)}};
  for (const char* key : {"senders", "findings", "hosts"}) json[key] = Json::array();
  for (const scanner::SenderReport& sender : domain.senders)
    json["senders"].push_back(SenderJson(sender));
  for (const scanner::Finding& finding : domain.findings)
    json["findings"].push_back(FindingJson(finding));
  for (const scanner::HostReport& host : domain.hosts) json["hosts"].push_back(HostJson(host));
  return json;
}

}  // namespace

std::string RenderCheckJson(const scanner::CheckReport& report) {
  Json json = {
      {"schema", kSchemaVersion},
      {"checked_at", TimeText(report.checked_at)},
      {"exit_code", report.exit_code()},
      {"resolver", {{"validates", report.resolver_validates}, {"detail", report.resolver}}}};
  json["domains"] = Json::array();
  for (const scanner::DomainReport& domain : report.domains)
    json["domains"].push_back(DomainJson(domain));
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mxsweep::tools
