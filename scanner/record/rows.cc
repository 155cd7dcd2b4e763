#include "scanner/record/rows.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "scanner/verdict/yardsticks.h"
#include "tls/dane/verdict.h"
#include "tls/keys/key_checks.h"
#include "tls/probe/client_hello.h"
#include "tls/probe/dh_prime.h"
#include "tls/probe/suites.h"
#include "tls/session/errors.h"

namespace mxsweep::scanner {
namespace {

std::optional<std::string> NullIfEmpty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::optional<uint32_t> NumberIf(bool known, uint32_t number) {
  if (!known) return std::nullopt;
  return number;
}

std::string Sentences(std::string_view first, std::string_view second) {
  return JoinText(first, first.empty() || second.empty() ? "" : "; ", second);
}

template <typename Enum>
std::optional<std::string> WordOf(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return std::string(dns::Word(*value));
}

uint64_t Microseconds(int64_t ns) { return static_cast<uint64_t>(std::max<int64_t>(ns, 0)) / 1000; }

std::optional<uint32_t> Microseconds(const std::optional<int64_t>& ns) {
  if (!ns) return std::nullopt;
  return static_cast<uint32_t>(
      std::min<uint64_t>(Microseconds(*ns), std::numeric_limits<uint32_t>::max()));
}

std::optional<uint16_t> Narrow(const std::optional<uint32_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<uint16_t>(std::min<uint32_t>(*value, 0xffff));
}

std::string VersionOfMinor(uint8_t minor) {
  return tls::VersionName(static_cast<uint16_t>(0x0300 | minor));
}

void FillSmtp(const EndpointFacts& facts, output::EndpointRow* row) {
  if (facts.greeting) {
    row->greeting_code = static_cast<uint16_t>(facts.greeting->code);
    row->greeting = ReplyRowText(*facts.greeting);
  }
  if (facts.ehlo || facts.helo_used) row->helo_used = facts.helo_used;
  if (facts.ehlo) {
    row->ehlo_keywords = facts.ehlo->keywords;
    row->size_limit = facts.ehlo->size_limit;
  }
  if (facts.starttls_reply) {
    row->starttls_code = static_cast<uint16_t>(facts.starttls_reply->code);
    row->starttls_reply = ReplyRowText(*facts.starttls_reply);
  }
  row->injected_plaintext_bytes = facts.injected_plaintext_bytes;
  if (facts.ehlo_after_tls) {
    row->ehlo_after_tls = facts.ehlo_after_tls->keywords;
    row->requiretls = facts.ehlo_after_tls->requiretls;
  }
  row->after_tls = NullIfEmpty(AfterTlsName(facts.after_tls));
  if (facts.after_tls_code != 0) row->after_tls_code = facts.after_tls_code;
  if (facts.mixed_codes) {
    row->reply_codes = JoinText(StageName(facts.mixed_codes->stage), " ", facts.mixed_codes->first,
                                " ", facts.mixed_codes->last);
  }
}

void FillTls(const tls::HandshakeFacts& shown, output::EndpointRow* row) {
  row->tls_version = NullIfEmpty(shown.version);
  row->cipher = NullIfEmpty(shown.cipher);
  row->cipher_bits = Narrow(shown.cipher_bits);
  row->group = NullIfEmpty(shown.group);
  row->group_bits = Narrow(shown.group_bits);
  row->signature_algorithm = NullIfEmpty(shown.signature_algorithm);
  row->extended_master_secret = shown.extended_master_secret;
  row->secure_renegotiation = shown.secure_renegotiation;
  if (shown.alert_sent) row->alert_sent = tls::AlertText(*shown.alert_sent);
  if (shown.alert_received) row->alert_received = tls::AlertText(*shown.alert_received);
  // Extensions that come with or before the certificates are known to be absent only after them.
  if (!shown.chain.empty()) {
    if (shown.asked_for_status) {
      row->ocsp_stapled = shown.ocsp_stapled;
      row->sct_count = Narrow(shown.sct_count);
    }
  }
}

void FillLevels(const EndpointVerdicts& verdicts, output::EndpointRow* row) {
  if (verdicts.session_level) {
    row->session_level = static_cast<uint8_t>(verdicts.session_level->level);
    row->session_level_limit = NullIfEmpty(verdicts.session_level->limited);
  }
  if (verdicts.session_level_openssl_3_0) {
    row->session_level_openssl_3_0 = static_cast<uint8_t>(*verdicts.session_level_openssl_3_0);
  }
  if (verdicts.certificate_level) {
    row->certificate_level = static_cast<uint8_t>(verdicts.certificate_level->level);
    row->certificate_level_limit = NullIfEmpty(verdicts.certificate_level->limited);
  }
}

void FillCertificates(const EndpointVerdicts& verdicts, const tls::CertificateTable& table,
                      output::EndpointRow* row) {
  if (!verdicts.chain.empty()) {
    const tls::Certificate& leaf = *verdicts.chain.front();
    row->leaf_key_type = std::string(tls::KeyTypeName(leaf.key_type));
    if (leaf.key_bits != 0) row->leaf_key_bits = leaf.key_bits;
    row->leaf_signature_algorithm = NullIfEmpty(table.SignatureAlgorithmName(leaf));
    if (leaf.not_after != 0) row->not_after = absl::FromUnixSeconds(leaf.not_after);
    std::vector<std::string>& hashes = row->chain_sha256.emplace();
    for (const tls::CertificateRef& certificate : verdicts.chain) {
      hashes.push_back(tls::HexLower(certificate->sha256));
    }
  }
  FillLevels(verdicts, row);
  if (verdicts.pkix) {
    row->pkix_status = NullIfEmpty(tls::PkixStatusName(verdicts.pkix->status));
    row->pkix_error = NullIfEmpty(verdicts.pkix->error);
  }
  if (verdicts.name_match) row->name_match = std::string(tls::NameMatchName(*verdicts.name_match));
}

void FillRevocation(const EndpointVerdicts& verdicts, output::EndpointRow* row) {
  if (verdicts.ocsp) row->ocsp_status = std::string(tls::OcspStatusName(verdicts.ocsp->status));
  const EndpointRevocation& revocation = verdicts.revocation;
  row->revocation_status = NullIfEmpty(RevocationStatusName(revocation.status));
  row->revocation_source = NullIfEmpty(RevocationSourceName(revocation.source));
  row->revocation_detail = NullIfEmpty(revocation.detail);
}

std::string TlsaText(const dns::TlsaRecord& record) {
  return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
         std::to_string(record.matching_type) + " " + tls::HexLower(record.data);
}

void FillDane(const HostContext& host, const EndpointVerdicts& verdicts, output::EndpointRow* row) {
  row->dane_status = NullIfEmpty(EndpointDaneName(verdicts.dane));
  if (!verdicts.dane_verdict) return;
  row->dane_detail = NullIfEmpty(verdicts.dane_verdict->detail);
  if (verdicts.dane_verdict->matched_record) {
    row->dane_matched_record = TlsaText(host.answer->tlsa[*verdicts.dane_verdict->matched_record]);
    row->dane_matched_depth =
        static_cast<uint8_t>(std::min(*verdicts.dane_verdict->matched_depth, 0xff));
  }
  row->dane_record_results = verdicts.dane_verdict->record_reasons;
}

std::optional<std::string> VersionWord(const std::optional<uint16_t>& version) {
  if (!version) return std::nullopt;
  return tls::VersionName(*version);
}

std::string_view SentinelWord(tls::DowngradeSentinel sentinel) {
  switch (sentinel) {
    case tls::DowngradeSentinel::kNone:
      return "none";
    case tls::DowngradeSentinel::kBelowTls13:
      return "below_tls13";
    case tls::DowngradeSentinel::kBelowTls12:
      return "below_tls12";
  }
  return "none";
}

std::span<const uint8_t> WithoutLeadingZeros(std::span<const uint8_t> number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

std::string OrNotKnown(std::string_view word) {
  return std::string(word.empty() ? "not_known" : word);
}

output::ShownCertificate Shown(const ShownChain& shown) {
  const EndpointVerdicts& verdicts = shown.verdicts;
  const tls::Certificate& leaf = *verdicts.chain.front();
  output::ShownCertificate certificate;
  certificate.probe = tls::ProbeWord(shown.probe);
  certificate.leaf_sha256 = tls::HexLower(leaf.sha256);
  certificate.key_type = std::string(tls::KeyTypeName(leaf.key_type));
  certificate.key_bits = leaf.key_bits;
  certificate.pkix_status =
      OrNotKnown(verdicts.pkix ? tls::PkixStatusName(verdicts.pkix->status) : "");
  certificate.name_match =
      OrNotKnown(verdicts.name_match ? tls::NameMatchName(*verdicts.name_match) : "");
  certificate.dane_status = OrNotKnown(EndpointDaneName(verdicts.dane));
  certificate.certificate_level =
      verdicts.certificate_level ? JoinText(verdicts.certificate_level->level) : OrNotKnown("");
  return certificate;
}

void FillFollowUp(const ProbeVerdicts& probes, output::EndpointRow* row) {
  const tls::ProbeFindings& findings = probes.findings;
  if (!findings.follow_up_outcome) return;
  row->follow_up = std::string(*findings.follow_up_outcome);
  row->follow_up_tls_version = VersionWord(findings.follow_up_version);
  if (findings.follow_up_suite) row->follow_up_cipher = tls::SuiteName(*findings.follow_up_suite);
  row->follow_up_group = NullIfEmpty(probes.follow_up_group);
  if (findings.follow_up_alert) row->follow_up_alert = tls::AlertText(*findings.follow_up_alert);
  if (!probes.follow_up_level) return;
  row->follow_up_session_level = static_cast<uint8_t>(probes.follow_up_level->level);
  row->follow_up_session_level_limit = NullIfEmpty(probes.follow_up_level->limited);
  row->follow_up_session_level_openssl_3_0 =
      static_cast<uint8_t>(*probes.follow_up_level_openssl_3_0);
}

void FillProbes(const ProbeVerdicts& probes, output::EndpointRow* row) {
  const tls::ProbeFindings& findings = probes.findings;
  row->probe_count = static_cast<uint32_t>(probes.probe_count);
  FillFollowUp(probes, row);
  row->min_version_accepted = VersionWord(findings.min_version_accepted);
  row->max_version_accepted = VersionWord(findings.max_version_accepted);
  row->accepts_sslv3 = findings.accepts_sslv3;
  row->accepts_rc4 = findings.accepts_rc4;
  row->accepts_3des = findings.accepts_3des;
  row->accepts_null = findings.accepts_null;
  row->accepts_anonymous = findings.accepts_anonymous;
  row->accepts_export_rsa = findings.accepts_export_rsa;
  row->accepts_export_dhe = findings.accepts_export_dhe;
  row->accepts_export = findings.accepts_export;
  row->accepts_static_rsa = findings.accepts_static_rsa;
  row->static_rsa_only = findings.static_rsa_only;
  row->fallback_scsv = findings.fallback_scsv;
  row->downgrade_sentinel = findings.downgrade_sentinel;
  row->accepts_dhe = findings.accepts_dhe;
  row->dhe_bits = findings.dhe_bits;
  row->dhe_prime = findings.dhe_prime;
  row->dhe_generator = findings.dhe_generator;
  row->dhe_prime_kind = findings.dhe_prime_kind;
  row->dhe_public_value_repeats = findings.dhe_public_value_repeats;
  row->has_rsa_certificate = findings.has_rsa_certificate;
  row->has_ecdsa_certificate = findings.has_ecdsa_certificate;
  row->accepts_no_server_name = findings.accepts_no_server_name;
  for (const ShownChain& shown : probes.shown) {
    if (!row->shown_certificates) row->shown_certificates.emplace();
    row->shown_certificates->push_back(Shown(shown));
  }
  if (findings.pq_groups) {
    std::vector<std::string>& groups = row->pq_groups.emplace();
    for (const uint16_t group : *findings.pq_groups) groups.push_back(tls::GroupName(group));
    std::vector<std::string>& unknown = row->pq_groups_unknown.emplace();
    for (size_t i = 0; i < tls::kHybridGroupCount; ++i) {
      if ((findings.pq_groups_unknown >> i & 1) == 0) continue;
      unknown.push_back(tls::GroupName(tls::HybridGroups()[i]));
    }
  }
  if (findings.pq_preferred) row->pq_preferred = tls::GroupName(*findings.pq_preferred);
  row->mldsa = findings.mldsa;
}

void FillYardsticks(YardstickVerdicts verdicts, output::EndpointRow* row) {
  const auto reasons = [&verdicts](Yardstick yardstick) {
    return std::move(verdicts.verdicts[static_cast<size_t>(yardstick)].reasons);
  };
  const auto at_most = [&verdicts](Yardstick yardstick) {
    return std::string(YardstickLevelName(verdicts.of(yardstick).at_most));
  };
  row->nist_sp800_52r2 = reasons(Yardstick::kNistSp80052r2);
  row->ncsc_nl_2021 = reasons(Yardstick::kNcscNl2021);
  row->ncsc_nl_2021_at_most = at_most(Yardstick::kNcscNl2021);
  row->ncsc_nl_2025 = reasons(Yardstick::kNcscNl2025);
  row->ncsc_nl_2025_at_most = at_most(Yardstick::kNcscNl2025);
  row->mozilla_modern = reasons(Yardstick::kMozillaModern);
  row->mozilla_intermediate = reasons(Yardstick::kMozillaIntermediate);
  row->mozilla_old = reasons(Yardstick::kMozillaOld);
  row->yardsticks_unseen = std::move(verdicts.unseen);
}

std::vector<output::MxEntry> MxEntries(const dns::MxAnswer& mx) {
  std::vector<output::MxEntry> entries;
  entries.reserve(mx.records.size());
  for (const dns::MxRecord& record : mx.records)
    entries.push_back({record.preference, record.host});
  return entries;
}

void FillSts(const DomainPolicies& policies, output::DomainRow* row) {
  const dns::StsRecord& record = policies.records->sts;
  row->mta_sts_status = std::string(dns::Word(record.status));
  row->mta_sts_id = NullIfEmpty(record.id);
  row->mta_sts_error = NullIfEmpty(record.detail);
  if (!policies.fetch) return;
  const StsFetch& fetch = *policies.fetch;
  row->mta_sts_policy_status = std::string(fetch.status);
  if (fetch.http_status) row->mta_sts_http_status = static_cast<uint16_t>(*fetch.http_status);
  row->mta_sts_rpt_result = NullIfEmpty(fetch.rpt_result());
  row->mta_sts_error = NullIfEmpty(fetch.detail);
  if (!fetch.policy) return;
  row->mta_sts_mode = std::string(dns::Word(fetch.policy->mode));
  row->mta_sts_max_age = fetch.policy->max_age_s;
  row->mta_sts_mx = fetch.policy->mx;
}

void FillPolicies(const DomainPolicies& policies, output::DomainRow* row) {
  if (!policies.records) return;
  FillSts(policies, row);
  const dns::TlsRptRecord& record = policies.records->tlsrpt;
  row->tlsrpt_status = std::string(dns::Word(record.status));
  row->tlsrpt_error = NullIfEmpty(record.detail);
  if (record.rua.empty()) return;
  std::string& rua = row->tlsrpt_rua.emplace();
  for (const std::string& uri : record.rua) rua += (rua.empty() ? "" : ",") + uri;
}

bool Answered(dns::MxStatus status) {
  return status == dns::MxStatus::kMx || status == dns::MxStatus::kImplicit ||
         status == dns::MxStatus::kNullMx || status == dns::MxStatus::kNoMail ||
         status == dns::MxStatus::kNxDomain;
}

}  // namespace

output::DomainRow MakeDomainRow(const Target& target, const dns::MxAnswer& mx,
                                const Summary& summary, const DomainPolicies& policies,
                                absl::Time started_at, int64_t elapsed_ns, uint32_t unasked_hosts) {
  output::DomainRow row;
  row.domain = target.name;
  row.input_name = NullIfEmpty(target.raw);
  row.input_line = target.input_line;
  row.mx_status = std::string(dns::Word(mx.status));
  if (mx.status != dns::MxStatus::kInvalidName && mx.status != dns::MxStatus::kLocalError) {
    row.mx_dnssec = std::string(dns::Word(mx.dnssec));
  }
  if (Answered(mx.status)) {
    row.mx = MxEntries(mx);
    row.null_mx_with_others = mx.null_mx_with_others;
    row.canonical_name = NullIfEmpty(mx.next_hop_cname);
    row.host_count =
        mx.status == dns::MxStatus::kNullMx ? 0 : static_cast<uint32_t>(mx.records.size());
  }
  FillPolicies(policies, &row);
  FillDomainVerdicts(mx, summary, policies, unasked_hosts, &row);
  row.error_detail = NullIfEmpty(Sentences(mx.error_detail, mx.remark));
  row.started_at = started_at;
  row.elapsed_us = Microseconds(elapsed_ns);
  return row;
}

void FillDomainVerdicts(const dns::MxAnswer& mx, const Summary& summary,
                        const DomainPolicies& policies, uint32_t unasked_hosts,
                        output::DomainRow* row) {
  if (Answered(mx.status)) {
    row->unknown_endpoint_count = summary.unknown;
    row->inferred_endpoint_count = summary.inferred;
    row->unasked_host_count = unasked_hosts;
    // Where nothing could be asked, nothing was counted.
    const bool has_endpoints = summary.endpoints > 0 || summary.unknown == 0;
    const bool was_asked = summary.has(Summary::kToldOfServer) || summary.unknown == 0;
    row->endpoint_count = NumberIf(has_endpoints, summary.endpoints);
    row->starttls_count = NumberIf(was_asked, summary.starttls);
    row->tls_count = NumberIf(was_asked, summary.completed);
  }
  row->dane_status = NullIfEmpty(DomainDaneStatus(mx, summary));
  row->pkix_status = NullIfEmpty(DomainPkixStatus(summary));
  if (summary.completed > 0) {
    row->min_tls_version = VersionOfMinor(summary.min_version);
    row->max_tls_version = VersionOfMinor(summary.max_version);
    row->weakest_session_level = static_cast<uint8_t>(summary.weakest_session_level);
    if (summary.weakest_certificate_level != Summary::kNoLevel) {
      row->weakest_certificate_level = static_cast<uint8_t>(summary.weakest_certificate_level);
    }
  }
  row->mta_sts_sender = NullIfEmpty(policies.sender);
  row->mta_sts_unmatched_mx = policies.unmatched_mx;
  row->diagnosis = std::string(Diagnose(mx, summary));
}

output::DomainRow MakeInvalidRow(const Target& target, absl::Time now) {
  output::DomainRow row;
  row.domain = target.raw;
  row.input_line = target.input_line;
  row.mx_status = std::string(dns::Word(dns::MxStatus::kInvalidName));
  row.diagnosis = row.mx_status;
  row.error_detail = NullIfEmpty(target.problem);
  row.started_at = now;
  return row;
}

output::MxHostRow MakeMxHostRow(const HostContext& host, absl::Time started_at, int64_t elapsed_ns,
                                uint32_t unasked_addresses, const PackedFindings* findings) {
  const dns::HostAnswer& answer = *host.answer;
  output::MxHostRow row;
  if (findings != nullptr) row.summary = output::Binary{Pack(*findings)};
  row.host = host.host;
  row.is_valid_name = answer.name_kind == dns::MxHostKind::kValid;
  if (!row.is_valid_name) row.name_problem = std::string(dns::Word(answer.name_kind));
  row.provider = NullIfEmpty(host.provider);
  if (answer.address_status) {
    row.is_cname = answer.is_cname;
    row.canonical_name = NullIfEmpty(answer.canonical_name);
    row.address_status = std::string(dns::Word(*answer.address_status));
    std::vector<std::string>& addresses = row.addresses.emplace();
    for (const dns::IpAddress& address : answer.addresses) addresses.push_back(address.ToString());
    row.unasked_address_count = unasked_addresses;
  }
  row.address_dnssec = WordOf(answer.address_dnssec);
  row.ipv4_status = WordOf(answer.a_status);
  row.ipv6_status = WordOf(answer.aaaa_status);
  row.ipv4_dnssec = WordOf(answer.a_dnssec);
  row.ipv6_dnssec = WordOf(answer.aaaa_dnssec);
  if (answer.tlsa_status) {
    row.tlsa_status = std::string(dns::Word(*answer.tlsa_status));
    row.tlsa_base_domain = NullIfEmpty(answer.tlsa_base_domain);
    std::vector<output::TlsaEntry> entries;
    for (const dns::TlsaRecord& record : answer.tlsa) {
      entries.push_back({.usage = record.usage,
                         .selector = record.selector,
                         .matching_type = record.matching_type,
                         .data = tls::HexLower(record.data),
                         .usable = tls::CheckTlsa(record) == tls::TlsaUsability::kUsable});
    }
    // Where the look-up failed, there may be some.
    if (*answer.tlsa_status != dns::TlsaStatus::kLookupError &&
        *answer.tlsa_status != dns::TlsaStatus::kLocalError) {
      row.tlsa = std::move(entries);
    }
    if (*answer.tlsa_status == dns::TlsaStatus::kSecure) {
      row.dane_rollover_ready = tls::RolloverReady(answer.tlsa);
    }
  }
  row.error_detail = NullIfEmpty(answer.error_detail);
  row.started_at = started_at;
  row.elapsed_us = Microseconds(elapsed_ns);
  return row;
}

output::EndpointRow MakeEndpointRow(const HostContext& host, const dns::IpAddress& address,
                                    uint16_t port, const EndpointFacts& facts,
                                    const EndpointVerdicts& verdicts, uint32_t attempts,
                                    const tls::CertificateTable& certificates,
                                    const ProbeVerdicts* probes) {
  output::EndpointRow row;
  row.host = host.host;
  row.address = address.ToString();
  row.port = port;
  row.provider = NullIfEmpty(host.provider);
  row.outcome = std::string(OutcomeName(facts.outcome));
  row.rpt_result = NullIfEmpty(RptResult(facts, verdicts));
  row.stage = std::string(StageName(facts.stage));
  row.attempts = attempts;
  row.inferred = facts.inferred();
  if (facts.inferred()) row.inferred_from_at = facts.inferred_from;
  row.error_detail = NullIfEmpty(facts.error_detail);
  FillSmtp(facts, &row);
  if (facts.handshake) {
    if (facts.sent_server_name) row.server_name = NullIfEmpty(host.server_name());
    row.offer = facts.other_offer ? std::string(facts.other_offer->word) : "usual";
    row.offered_as = std::string(tls::ClientProfileWord(facts.handshake->profile));
    row.offered_post_quantum = facts.handshake->offered_post_quantum;
    if (facts.other_offer) row.usual_offer_failure = facts.other_offer->usual_failure;
    row.may_be_ours = NullIfEmpty(FailurePerhapsOurs(facts));
    FillTls(*facts.handshake, &row);
  }
  FillCertificates(verdicts, certificates, &row);
  FillRevocation(verdicts, &row);
  FillDane(host, verdicts, &row);
  row.without_server_name = NullIfEmpty(verdicts.without_server_name);
  row.without_server_name_detail = NullIfEmpty(verdicts.without_server_name_detail);
  if (probes != nullptr) FillProbes(*probes, &row);
  std::optional<YardstickVerdicts> yardsticks =
      JudgeYardsticks(YardstickFactsOf(facts, verdicts, probes, certificates));
  if (yardsticks) FillYardsticks(std::move(*yardsticks), &row);
  row.summary = output::Binary{Pack({SummarizeEndpoint(facts, verdicts)})};
  row.started_at = facts.started_at;
  row.connect_us = Microseconds(facts.connect_ns);
  row.greeting_us = Microseconds(facts.greeting_ns);
  row.starttls_us = Microseconds(facts.starttls_ns);
  row.handshake_us = Microseconds(facts.handshake_ns);
  row.elapsed_us = Microseconds(facts.elapsed_ns);
  row.bytes_in = facts.bytes_in;
  row.bytes_out = facts.bytes_out;
  return row;
}

output::ProbeRow MakeProbeRow(const HostContext& host, const dns::IpAddress& address, uint16_t port,
                              const tls::ProbeResult& result,
                              std::span<const tls::CertificateRef> chain,
                              const EndpointFacts& connection) {
  output::ProbeRow row;
  row.host = host.host;
  row.address = address.ToString();
  row.port = port;
  row.probe = tls::ProbeWord(result.probe);
  if (tls::SendsServerName(result.probe)) row.server_name = NullIfEmpty(host.server_name());
  row.offered = tls::OfferTextOf(result.probe, row.server_name.has_value());
  row.stage = std::string(StageName(connection.stage));
  row.started_at = connection.started_at;
  row.elapsed_us = Microseconds(connection.elapsed_ns);
  row.bytes_in = connection.bytes_in;
  row.bytes_out = connection.bytes_out;
  if (!result.reached_tls) {
    row.outcome = std::string(OutcomeName(connection.outcome));
    row.detail = NullIfEmpty(connection.error_detail);
    return row;
  }
  const tls::ServerFlight& flight = result.flight;
  row.outcome = std::string(tls::FlightWord(flight));
  row.detail = NullIfEmpty(flight.detail);
  if (flight.alert) row.alert = tls::AlertText(flight.alert->code);
  if (!flight.suite) return row;
  const tls::HandshakeFacts shown = HandshakeFactsOf(flight);
  row.tls_version = NullIfEmpty(shown.version);
  row.cipher = NullIfEmpty(shown.cipher);
  row.group = NullIfEmpty(shown.group);
  if (flight.kind == tls::FlightKind::kServerHello) {
    row.downgrade_sentinel = std::string(SentinelWord(flight.sentinel));
  }
  for (const tls::CertificateRef& certificate : chain) {
    if (!row.chain_sha256) row.chain_sha256.emplace();
    row.chain_sha256->push_back(tls::HexLower(certificate->sha256));
  }
  if (!flight.key_exchange) return row;
  const tls::ServerKeyExchange& exchange = *flight.key_exchange;
  if (!exchange.dh_p.empty()) {
    row.dh_prime = tls::HexLower(WithoutLeadingZeros(exchange.dh_p));
    row.dh_prime_bits = tls::BitsOf(exchange.dh_p);
    row.dh_generator = tls::GeneratorText(exchange.dh_g);
    row.dh_public_sha256 = tls::HexLower(tls::HashSha256(exchange.dh_public));
  }
  if (!exchange.rsa_modulus.empty()) row.export_rsa_bits = tls::BitsOf(exchange.rsa_modulus);
  return row;
}

output::CertificateRow MakeCertificateRow(const tls::CertificateFacts& facts,
                                          std::span<const uint8_t> der, absl::Time first_seen,
                                          const CertificateRevocation& revocation) {
  output::CertificateRow row;
  row.sha256 = tls::HexLower(facts.sha256);
  if (facts.spki_sha256) row.spki_sha256 = tls::HexLower(*facts.spki_sha256);
  row.der.bytes.assign(reinterpret_cast<const char*>(der.data()), der.size());
  row.subject = facts.subject;
  row.issuer = facts.issuer;
  row.subject_alt_names = facts.subject_alt_names;
  row.serial = facts.serial;
  if (facts.not_before) row.not_before = absl::FromUnixSeconds(*facts.not_before);
  if (facts.not_after) row.not_after = absl::FromUnixSeconds(*facts.not_after);
  row.key_type = facts.key_type;
  row.key_bits = facts.key_bits;
  if (facts.rsa_exponent) {
    uint64_t exponent = 0;
    const std::string& text = *facts.rsa_exponent;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error == std::errc() && end == text.data() + text.size()) row.rsa_exponent = exponent;
  }
  row.curve = facts.curve;
  row.signature_algorithm = facts.signature_algorithm;
  row.is_ca = facts.is_ca;
  row.self_signed = facts.self_signed;
  // What is not among these words has not been looked for: never "nothing is weak".
  std::vector<std::string> weak = tls::WeakKeyWords(facts, der, tls::KeyCheckDepth::kScan);
  if (!weak.empty()) row.weak_key = std::move(weak);
  row.crl_urls = facts.crl_urls;
  row.ocsp_must_staple = facts.ocsp_must_staple;
  row.revocation_status = NullIfEmpty(RevocationStatusName(revocation.status));
  row.revocation_detail = NullIfEmpty(revocation.detail);
  row.first_seen = first_seen;
  return row;
}

}  // namespace mxsweep::scanner
