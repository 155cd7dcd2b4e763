#include "scanner/verdict/yardsticks.h"

#include <algorithm>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/verdict/yardstick_rules.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

template <typename T>
void AddOnce(std::vector<T>* list, T value) {
  if (std::ranges::count(*list, value) == 0) list->push_back(value);
}

tls::SignatureDigest Weaker(tls::SignatureDigest one, tls::SignatureDigest other) {
  if (one < tls::SignatureDigest::kMd2) return other;  // unknown, or none at all
  if (other < tls::SignatureDigest::kMd2) return one;
  return std::min(one, other);  // they are listed by age
}

YardstickCertificate CertificateOf(const EndpointVerdicts& verdicts,
                                   const tls::CertificateTable& table) {
  const tls::Certificate& leaf = *verdicts.chain.front();
  YardstickCertificate certificate = {
      .key_type = leaf.key_type,
      .key_bits = leaf.key_bits,
      .signature_digest = leaf.signature_digest,
      .signature_algorithm = table.SignatureAlgorithmName(leaf),
      .path_digest = leaf.self_signed ? tls::SignatureDigest::kUnknown : leaf.signature_digest,
      .not_before = leaf.not_before,
      .not_after = leaf.not_after};
  if (!verdicts.pkix) return certificate;
  for (const uint8_t index : verdicts.pkix->path) {
    if (index >= verdicts.chain.size() || verdicts.chain[index]->self_signed) continue;
    certificate.path_digest =
        Weaker(certificate.path_digest, verdicts.chain[index]->signature_digest);
  }
  return certificate;
}

void AddHandshake(const EndpointFacts& facts, YardstickFacts* out) {
  if (!facts.handshake || !facts.handshake->version_wire || !facts.handshake->cipher_wire) return;
  const tls::HandshakeFacts& shown = *facts.handshake;
  const uint16_t version = *shown.version_wire;
  if (version < tls::kSsl3 || version > tls::kTls13) return;
  out->accepts_version[version - tls::kSsl3] = true;
  // A server takes the newest version that it has of those offered (RFC 8446 §4.2.1).
  const bool offered_tls13 = !facts.other_offer || facts.other_offer->word != "tls12";
  for (uint16_t above = version + 1; above <= (offered_tls13 ? tls::kTls13 : tls::kTls12);
       ++above) {
    out->accepts_version[above - tls::kSsl3] = false;
  }
  out->suites.push_back(*shown.cipher_wire);
  if (shown.group_wire) out->groups.push_back(*shown.group_wire);
  if (version >= tls::kTls13) return;
  out->extended_master_secret = shown.extended_master_secret;
  out->secure_renegotiation = shown.secure_renegotiation;
  if (version == tls::kTls12) out->signature_scheme = shown.signature_algorithm_wire;
}

void AddProbes(const ProbeVerdicts& probes, YardstickFacts* out) {
  const tls::ProbeFindings& findings = probes.findings;
  for (size_t i = 0; i < findings.accepts_version.size(); ++i) {
    if (findings.accepts_version[i]) out->accepts_version[i] = findings.accepts_version[i];
  }
  for (const uint16_t suite : findings.accepted_suites) AddOnce(&out->suites, suite);
  if (findings.follow_up_group) AddOnce(&out->groups, *findings.follow_up_group);
  if (findings.pq_preferred) AddOnce(&out->groups, *findings.pq_preferred);
  for (const uint16_t group : findings.pq_groups.value_or(std::vector<uint16_t>())) {
    AddOnce(&out->groups, group);
  }
  out->dhe_bits = findings.dhe_bits;
  if (findings.dhe_prime) out->dhe_prime = *findings.dhe_prime;
  out->fallback_scsv = findings.fallback_scsv;
  out->has_rsa_certificate = findings.has_rsa_certificate;
}

uint8_t BitOf(Unseen unseen) { return static_cast<uint8_t>(unseen); }

uint8_t UnseenOf(const YardstickFacts& facts, const ProbeVerdicts* probes) {
  static const tls::ProbeFindings* const nothing = new tls::ProbeFindings();
  const tls::ProbeFindings& findings = probes != nullptr ? probes->findings : *nothing;
  uint8_t unseen = 0;
  const auto miss = [&unseen](Unseen what, bool is_missing) {
    if (is_missing) unseen |= BitOf(what);
  };
  const auto& accepts = facts.accepts_version;
  miss(Unseen::kVersions,
       !std::ranges::all_of(accepts, [](const auto& a) { return a.has_value(); }));
  miss(Unseen::kWeakSuites, !findings.accepts_rc4 || !findings.accepts_3des ||
                                !findings.accepts_null || !findings.accepts_anonymous ||
                                !findings.accepts_static_rsa);
  miss(Unseen::kExportSuites, !findings.accepts_export);
  miss(Unseen::kDhe, !findings.accepts_dhe || (*findings.accepts_dhe && !findings.dhe_bits));
  miss(Unseen::kCertificates, facts.certificates.empty() || !findings.has_rsa_certificate ||
                                  !findings.has_ecdsa_certificate);
  const bool only_tls13 =
      std::all_of(accepts.begin(), accepts.end() - 1, [](const auto& a) { return a == false; });
  miss(Unseen::kTls12Extensions,
       !only_tls13 && (!facts.extended_master_secret || !facts.secure_renegotiation));
  // It is asked of servers without TLS 1.3 that have something older than TLS 1.2.
  const bool has_nothing_older =
      std::all_of(accepts.begin(), accepts.begin() + 3, [](const auto& a) { return a == false; });
  miss(Unseen::kFallbackScsv,
       facts.accepts(tls::kTls13) != true && !has_nothing_older && !facts.fallback_scsv);
  return unseen;
}

constexpr std::array<std::pair<Unseen, std::string_view>, 7> kUnseenWords = {
    {{Unseen::kVersions, "versions"},
     {Unseen::kWeakSuites, "weak_suites"},
     {Unseen::kExportSuites, "export_suites"},
     {Unseen::kDhe, "dhe"},
     {Unseen::kCertificates, "certificates"},
     {Unseen::kTls12Extensions, "tls12_extensions"},
     {Unseen::kFallbackScsv, "fallback_scsv"}}};

}  // namespace

std::string_view YardstickLevelName(YardstickLevel level) {
  constexpr std::string_view kNames[] = {"insufficient", "phase_out", "sufficient", "good"};
  return kNames[static_cast<size_t>(level)];
}

YardstickFacts YardstickFactsOf(const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                                const ProbeVerdicts* probes, const tls::CertificateTable& table) {
  YardstickFacts out;
  AddHandshake(facts, &out);
  if (probes != nullptr) AddProbes(*probes, &out);
  if (!out.told()) return out;
  if (!verdicts.chain.empty()) out.certificates.push_back(CertificateOf(verdicts, table));
  if (probes != nullptr) {
    for (const ShownChain& shown : probes->shown) {
      out.certificates.push_back(CertificateOf(shown.verdicts, table));
    }
  }
  out.unseen = UnseenOf(out, probes);
  return out;
}

const std::array<YardstickDocument, kYardstickCount>& YardstickDocuments() {
  static const auto* const documents = new std::array<YardstickDocument, kYardstickCount>{
      NistSp80052r2(), NcscNl2021(),          NcscNl2025(),
      MozillaModern(), MozillaIntermediate(), MozillaOld()};
  return *documents;
}

const GradedSuite& GradeSuite(uint16_t wire) {
  const auto grade = [](const tls::Suite* suite) {
    GradedSuite graded;
    graded.suite = suite;
    graded.name = suite != nullptr ? suite->name : "an unknown cipher suite";
    for (const YardstickDocument& document : YardstickDocuments()) {
      graded.levels[static_cast<size_t>(document.yardstick)] = document.grade(suite);
    }
    return graded;
  };
  static const auto* const all = [&grade] {
    auto* suites = new std::vector<GradedSuite>();
    for (const uint16_t known : tls::SuitesThat([](const tls::Suite&) { return true; })) {
      suites->push_back(grade(tls::FindSuite(known)));
    }
    std::ranges::sort(*suites, {}, [](const GradedSuite& graded) { return graded.suite->wire; });
    return suites;
  }();
  static const auto* const unknown = new GradedSuite(grade(nullptr));
  const auto found = std::ranges::lower_bound(
      *all, wire, {}, [](const GradedSuite& graded) { return graded.suite->wire; });
  return found != all->end() && found->suite->wire == wire ? *found : *unknown;
}

std::optional<YardstickLevel> YardstickFindings::LevelOf(const GradedSuite& suite) const {
  return suite.levels[static_cast<size_t>(document_.yardstick)];
}

bool YardstickFindings::has_levels() const { return document_.has_levels; }

void YardstickFindings::AddReason(std::string reason) {
  std::vector<std::string>& reasons = out_->reasons;
  if (reasons.empty()) reasons.reserve(4);
  // Two certificates may have the same fault.
  if (std::ranges::count(reasons, reason) == 0) reasons.push_back(std::move(reason));
}

void JudgeSuites(const YardstickFacts& /*facts*/, YardstickFindings* findings) {
  for (const GradedSuite* suite : findings->suites()) {
    const std::optional<YardstickLevel> level = findings->LevelOf(*suite);
    if (level) findings->Finds(*level, suite->name);
  }
}

std::optional<YardstickVerdicts> JudgeYardsticks(const YardstickFacts& facts) {
  if (!facts.told()) return std::nullopt;
  std::vector<const GradedSuite*> suites;
  suites.reserve(facts.suites.size());
  for (const uint16_t wire : facts.suites) suites.push_back(&GradeSuite(wire));
  std::optional<YardstickVerdicts> out(std::in_place);
  for (const YardstickDocument& document : YardstickDocuments()) {
    YardstickFindings findings(document, suites,
                               &out->verdicts[static_cast<size_t>(document.yardstick)]);
    for (const YardstickRule& rule : document.rules) {
      findings.BeginRule(rule.section);
      rule.judge(facts, &findings);
    }
  }
  out->unseen.reserve(kUnseenWords.size());
  for (const auto& [unseen, word] : kUnseenWords) {
    if ((facts.unseen & BitOf(unseen)) != 0) out->unseen.emplace_back(word);
  }
  return out;
}

}  // namespace mxsweep::scanner
