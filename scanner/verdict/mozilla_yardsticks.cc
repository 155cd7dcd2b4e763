// Mozilla's "Server Side TLS", guidelines 5.7 (2023): what the keys of guidelines/5.7.json say. A
// profile is taken as a ceiling: what it does not list fails, and nobody need support all that it
// lists.
#include <algorithm>
#include <span>

#include "scanner/verdict/yardstick_rules.h"
#include "tls/session/facts.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

constexpr uint16_t kTls13Suites[] = {0x1301, 0x1302, 0x1303};
constexpr uint16_t kIntermediateSuites[] = {0x009e, 0x009f, 0xc02b, 0xc02c, 0xc02f,
                                            0xc030, 0xcca8, 0xcca9, 0xccaa};
constexpr uint16_t kOldSuites[] = {0x000a, 0x002f, 0x0035, 0x003c, 0x003d, 0x0067, 0x006b,
                                   0x009c, 0x009d, 0x009e, 0x009f, 0xc009, 0xc00a, 0xc013,
                                   0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0xc02b, 0xc02c,
                                   0xc02f, 0xc030, 0xcca8, 0xcca9, 0xccaa};

void JudgeVersionsFrom(uint16_t oldest, const YardstickFacts& facts, YardstickFindings* findings) {
  for (uint16_t version = tls::kSsl3; version < oldest; ++version) {
    if (facts.accepts(version) != true) continue;
    findings->Fails(kYardstickVersions[version - tls::kSsl3], " accepted");
  }
}
void JudgeVersionsModern(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeVersionsFrom(tls::kTls13, facts, findings);
}
void JudgeVersionsIntermediate(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeVersionsFrom(tls::kTls12, facts, findings);
}
void JudgeVersionsOld(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeVersionsFrom(tls::kTls10, facts, findings);
}

std::optional<YardstickLevel> GradeAmong(std::span<const uint16_t> ciphers,
                                         const tls::Suite* suite) {
  const bool is_listed = suite != nullptr && (std::ranges::count(kTls13Suites, suite->wire) != 0 ||
                                              std::ranges::count(ciphers, suite->wire) != 0);
  return is_listed ? YardstickLevel::kGood : YardstickLevel::kInsufficient;
}
std::optional<YardstickLevel> GradeSuiteModern(const tls::Suite* suite) {
  return GradeAmong({}, suite);
}
std::optional<YardstickLevel> GradeSuiteIntermediate(const tls::Suite* suite) {
  return GradeAmong(kIntermediateSuites, suite);
}
std::optional<YardstickLevel> GradeSuiteOld(const tls::Suite* suite) {
  return GradeAmong(kOldSuites, suite);
}

// The JSON has two lists: `ciphersuites` of TLS 1.3, `ciphers` of what was before.
void JudgeListed(bool tls13, YardstickFindings* findings) {
  for (const GradedSuite* suite : findings->suites()) {
    if (suite->is_tls13() == tls13) findings->Finds(*findings->LevelOf(*suite), suite->name);
  }
}
void JudgeTls13Suites(const YardstickFacts& /*facts*/, YardstickFindings* findings) {
  JudgeListed(/*tls13=*/true, findings);
}
void JudgeCiphers(const YardstickFacts& /*facts*/, YardstickFindings* findings) {
  JudgeListed(/*tls13=*/false, findings);
}

void JudgeGroups(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const uint16_t group : facts.groups) {
    switch (group) {
      case 23:    // P-256
      case 24:    // P-384
      case 29:    // X25519
      case 4588:  // X25519MLKEM768: listed from 5.8 on
        break;
      default:
        findings->Fails(tls::GroupName(group));
    }
  }
}

void JudgeDhFrom(uint32_t least_bits, const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.dhe_bits && *facts.dhe_bits < least_bits) {
    findings->Fails("DHE with ", *facts.dhe_bits, " bits");
  }
}
void JudgeDhIntermediate(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeDhFrom(2048, facts, findings);
}
void JudgeDhOld(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeDhFrom(1024, facts, findings);
}

void JudgeTypesModern(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (certificate.key_type == tls::KeyType::kEc ||
        certificate.key_type == tls::KeyType::kUnknown) {
      continue;
    }
    findings->Fails(tls::KeyTypeName(certificate.key_type));
  }
}
void JudgeTypesIntermediate(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (certificate.key_type == tls::KeyType::kEc || IsRsa(certificate.key_type) ||
        certificate.key_type == tls::KeyType::kUnknown) {
      continue;
    }
    findings->Fails(tls::KeyTypeName(certificate.key_type));
  }
}
// Its suites have ECDSA beside RSA: an ECDSA certificate beside the RSA one does no harm.
void JudgeTypesOld(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.has_rsa_certificate == false) findings->Fails("no RSA certificate");
}

void JudgeRsaKeys(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (!IsRsa(certificate.key_type) || certificate.key_bits == 0) continue;
    if (certificate.key_bits < 2048) findings->Fails(certificate.key_bits, " bits");
  }
}

// Only the size of a certificate's curve is known here.
void JudgeCurves(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (certificate.key_type != tls::KeyType::kEc || certificate.key_bits == 0) continue;
    if (certificate.key_bits == 256 || certificate.key_bits == 384) continue;
    findings->Fails("a curve of ", certificate.key_bits, " bits");
  }
}

bool IsEcdsaOverSha2(std::string_view algorithm) {
  return algorithm == "ecdsa-with-SHA256" || algorithm == "ecdsa-with-SHA384" ||
         algorithm == "ecdsa-with-SHA512";
}
bool IsRsaOverSha256(std::string_view algorithm) { return algorithm == "sha256WithRSAEncryption"; }

void JudgeSignaturesModern(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    const std::string_view algorithm = certificate.signature_algorithm;
    if (!algorithm.empty() && !IsEcdsaOverSha2(algorithm)) findings->Fails(algorithm);
  }
}
void JudgeSignaturesIntermediate(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    const std::string_view algorithm = certificate.signature_algorithm;
    if (algorithm.empty() || IsEcdsaOverSha2(algorithm) || IsRsaOverSha256(algorithm)) continue;
    findings->Fails(algorithm);
  }
}
void JudgeSignaturesOld(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    const std::string_view algorithm = certificate.signature_algorithm;
    if (!IsRsa(certificate.key_type) || algorithm.empty() || IsRsaOverSha256(algorithm)) continue;
    findings->Fails(algorithm);
  }
}

void JudgeLifespan(int64_t most_days, const YardstickFacts& facts, YardstickFindings* findings) {
  constexpr int64_t kDay = 24 * 60 * 60;
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (certificate.not_before == 0 || certificate.not_after == 0) continue;
    // The last second counts (RFC 5280 §4.1.2.5); a CA that forgets it is one over.
    if (certificate.not_after - certificate.not_before <= most_days * kDay) continue;
    findings->Fails("over ", most_days, " days");
  }
}
void JudgeLifespanModern(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeLifespan(90, facts, findings);
}
void JudgeLifespanOthers(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeLifespan(366, facts, findings);
}

constexpr std::string_view kCertificate = "the handshake; `certs` for a second certificate";
constexpr std::string_view kChosen =
    "what the server chose of each offer: `legacy`, `export`, `dhe`, the handshake";
constexpr std::string_view kVersions = "`legacy`, or the handshake";
constexpr std::string_view kGroups = "the handshake; `pq` for hybrids";
constexpr std::string_view kGroupDemand =
    "X25519, P-256, P-384; X25519MLKEM768, which 5.8 has, is not held against anybody";
constexpr std::string_view kTls13Demand =
    "TLS 1.3 with AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305 only";
constexpr std::string_view kCurveDemand = "prime256v1, secp384r1: another size is none of them";

constexpr YardstickRule kModern[] = {
    {"tls_versions", "TLS 1.3 only", kVersions, JudgeVersionsModern},
    {"ciphersuites", kTls13Demand, kChosen, JudgeTls13Suites},
    {"ciphers", "No suite of TLS 1.2 or before", kChosen, JudgeCiphers},
    {"tls_curves", kGroupDemand, kGroups, JudgeGroups},
    {"certificate_types", "ECDSA", kCertificate, JudgeTypesModern},
    {"certificate_curves", kCurveDemand, kCertificate, JudgeCurves},
    {"certificate_signatures", "ECDSA over SHA-256, SHA-384 or SHA-512", kCertificate,
     JudgeSignaturesModern},
    {"maximum_certificate_lifespan", "90 days", kCertificate, JudgeLifespanModern},
};

constexpr YardstickRule kIntermediate[] = {
    {"tls_versions", "TLS 1.2 and 1.3 only", kVersions, JudgeVersionsIntermediate},
    {"ciphersuites", kTls13Demand, kChosen, JudgeTls13Suites},
    {"ciphers",
     "ECDHE with ECDSA or RSA, or DHE with RSA, with AES-GCM or ChaCha20-Poly1305: nine suites",
     kChosen, JudgeCiphers},
    {"tls_curves", kGroupDemand, kGroups, JudgeGroups},
    {"dh_param_size", "2048 bits, here: or more", "`dhe`", JudgeDhIntermediate},
    {"certificate_types", "ECDSA, RSA", kCertificate, JudgeTypesIntermediate},
    {"rsa_key_size", "2048 bits, here: or more", kCertificate, JudgeRsaKeys},
    {"certificate_curves", kCurveDemand, kCertificate, JudgeCurves},
    {"certificate_signatures", "RSA over SHA-256; ECDSA over SHA-256, SHA-384 or SHA-512",
     kCertificate, JudgeSignaturesIntermediate},
    {"maximum_certificate_lifespan", "366 days", kCertificate, JudgeLifespanOthers},
};

constexpr YardstickRule kOld[] = {
    {"tls_versions", "TLS 1.0 to 1.3", kVersions, JudgeVersionsOld},
    {"ciphersuites", kTls13Demand, kChosen, JudgeTls13Suites},
    {"ciphers",
     "26 suites: those of intermediate; AES-CBC with ECDHE, and with DHE over SHA-256; static RSA "
     "with AES; 3DES with static RSA",
     kChosen, JudgeCiphers},
    {"tls_curves", kGroupDemand, kGroups, JudgeGroups},
    {"dh_param_size", "1024 bits, here: or more", "`dhe`", JudgeDhOld},
    {"certificate_types", "RSA, here: at least beside another", "`certs`", JudgeTypesOld},
    {"rsa_key_size", "2048 bits, here: or more", kCertificate, JudgeRsaKeys},
    {"certificate_curves", kCurveDemand, kCertificate, JudgeCurves},
    {"certificate_signatures", "RSA over SHA-256; here: of certificates with RSA keys",
     kCertificate, JudgeSignaturesOld},
    {"maximum_certificate_lifespan", "366 days", kCertificate, JudgeLifespanOthers},
};

constexpr std::string_view kSource =
    "*Security/Server Side TLS*, guidelines 5.7, by the keys of "
    "<https://ssl-config.mozilla.org/guidelines/5.7.json>. A ceiling: what the profile does not "
    "list fails; that something listed is missing does not.";

}  // namespace

YardstickDocument MozillaModern() {
  return {.yardstick = Yardstick::kMozillaModern,
          .column = "mozilla_modern",
          .title = "Mozilla, modern",
          .source = kSource,
          .grade = GradeSuiteModern,
          .rules = kModern};
}

YardstickDocument MozillaIntermediate() {
  return {.yardstick = Yardstick::kMozillaIntermediate,
          .column = "mozilla_intermediate",
          .title = "Mozilla, intermediate",
          .source = kSource,
          .grade = GradeSuiteIntermediate,
          .rules = kIntermediate};
}

YardstickDocument MozillaOld() {
  return {.yardstick = Yardstick::kMozillaOld,
          .column = "mozilla_old",
          .title = "Mozilla, old",
          .source = kSource,
          .grade = GradeSuiteOld,
          .rules = kOld};
}

}  // namespace mxsweep::scanner
