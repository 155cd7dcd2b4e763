// The Dutch National Cyber Security Centre's guidelines for TLS: "IT Security Guidelines for
// Transport Layer Security (TLS)" v2.1 of January 2021, and "Transport Layer Security (TLS),
// Security guidelines version 2025-05". Both give every choice a level: insufficient, phase out,
// sufficient, good.
#include <algorithm>
#include <optional>
#include <span>

#include "scanner/verdict/yardstick_rules.h"
#include "tls/session/facts.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

using Level = YardstickLevel;

void JudgeVersions(Level of_tls10_and_11, const YardstickFacts& facts,
                   YardstickFindings* findings) {
  const Level levels[] = {Level::kInsufficient, of_tls10_and_11, of_tls10_and_11,
                          Level::kSufficient, Level::kGood};
  for (size_t i = 0; i < facts.accepts_version.size(); ++i) {
    if (facts.accepts_version[i] == true) {
      findings->Finds(levels[i], kYardstickVersions[i], " accepted");
    }
  }
}
void JudgeVersions2021(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeVersions(Level::kPhaseOut, facts, findings);
}
void JudgeVersions2025(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeVersions(Level::kInsufficient, facts, findings);
}

// 2021: a suite is as good as its worst part.
std::optional<Level> LevelOfExchange2021(tls::KeyExchange exchange) {
  switch (exchange) {
    case tls::KeyExchange::kTls13Ephemeral:
    case tls::KeyExchange::kEcdhe:
      return Level::kGood;
    case tls::KeyExchange::kDhe:
      return Level::kSufficient;
    case tls::KeyExchange::kRsa:
      return Level::kPhaseOut;
    case tls::KeyExchange::kStaticDh:
    case tls::KeyExchange::kEcdhAnon:
    case tls::KeyExchange::kDhAnon:
      return Level::kInsufficient;
  }
  return std::nullopt;
}
std::optional<Level> LevelOfCipher2021(const tls::Suite& suite) {
  if (suite.is_export || suite.is_null || suite.is_rc4 || suite.is_des || IsCcm8(suite)) {
    return Level::kInsufficient;
  }
  if (suite.is_3des) return Level::kPhaseOut;
  if (IsGoodAead(suite)) return Level::kGood;
  if (NameHas(suite, "_AES_") || NameHas(suite, "_CAMELLIA_")) return Level::kSufficient;
  return std::nullopt;  // ARIA, SEED, IDEA: what it says of them is not known to us
}
std::optional<Level> GradeSuite2021(const tls::Suite* suite) {
  if (suite == nullptr) return std::nullopt;
  const std::optional<Level> exchange = LevelOfExchange2021(suite->key_exchange);
  const std::optional<Level> cipher = LevelOfCipher2021(*suite);
  if (!exchange) return cipher;
  return std::min(*exchange, cipher.value_or(*exchange));
}

// 2025: appendix B lists by name; what it does not list is insufficient.
Level LevelOfSuite2025(const tls::Suite& suite) {
  if (suite.key_exchange == tls::KeyExchange::kTls13Ephemeral) {
    if (IsCcm8(suite)) return Level::kInsufficient;
    return NameHas(suite, "_AES_128_") ? Level::kSufficient : Level::kGood;
  }
  const bool is_ecdhe = suite.key_exchange == tls::KeyExchange::kEcdhe;
  const bool has_key = suite.key == tls::SuiteKey::kRsa || suite.key == tls::SuiteKey::kEcdsa;
  if ((!is_ecdhe && suite.key_exchange != tls::KeyExchange::kDhe) || !has_key ||
      !suite.needs_tls12 || IsCcm8(suite) || suite.is_export || suite.is_null) {
    return Level::kInsufficient;
  }
  return is_ecdhe && IsGoodAead(suite) ? Level::kSufficient : Level::kPhaseOut;
}
std::optional<Level> GradeSuite2025(const tls::Suite* suite) {
  if (suite == nullptr) return std::nullopt;
  return LevelOfSuite2025(*suite);
}

struct RsaLevels {
  Level from_3072;
  Level from_2048;
};
void JudgeRsaKeys(RsaLevels levels, const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (!IsRsa(certificate.key_type) || certificate.key_bits == 0) continue;
    const Level level = certificate.key_bits >= 3072   ? levels.from_3072
                        : certificate.key_bits >= 2048 ? levels.from_2048
                                                       : Level::kInsufficient;
    findings->Finds(level, "rsa key of ", certificate.key_bits, " bits");
  }
}
void JudgeRsaKeys2021(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeRsaKeys({.from_3072 = Level::kGood, .from_2048 = Level::kSufficient}, facts, findings);
}
void JudgeRsaKeys2025(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeRsaKeys({.from_3072 = Level::kSufficient, .from_2048 = Level::kPhaseOut}, facts, findings);
}

// Only the size of a certificate's curve is known here: the level is that of the best of the size.
// Both documents: "Insufficient: other curves".
void JudgeCurves(Level of_listed, std::span<const uint32_t> listed_bits,
                 const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    const uint32_t bits = certificate.key_bits;
    switch (certificate.key_type) {
      case tls::KeyType::kEd25519:
      case tls::KeyType::kEd448:
        findings->Finds(of_listed, tls::KeyTypeName(certificate.key_type));
        break;
      case tls::KeyType::kEc:
        if (bits == 0) break;
        findings->Finds(bits == 224                                  ? Level::kPhaseOut
                        : std::ranges::count(listed_bits, bits) != 0 ? of_listed
                                                                     : Level::kInsufficient,
                        "certificate with a curve of ", bits, " bits");
        break;
      default:
        break;
    }
  }
}
void JudgeCurves2021(const YardstickFacts& facts, YardstickFindings* findings) {
  constexpr uint32_t kBits[] = {256, 384};
  JudgeCurves(Level::kGood, kBits, facts, findings);
}
void JudgeCurves2025(const YardstickFacts& facts, YardstickFindings* findings) {
  constexpr uint32_t kBits[] = {256, 384, 512, 521};
  JudgeCurves(Level::kSufficient, kBits, facts, findings);
}

void JudgeKeyTypes2025(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (certificate.key_type != tls::KeyType::kDsa) continue;
    findings->Finds(Level::kInsufficient, "dsa key");
  }
}

// An elliptic curve, by its number (IANA "TLS Supported Groups"): those of RFC 8422 and what came
// after, up to the finite fields.
bool IsCurve(uint16_t group) { return group >= 1 && group < 256; }

void JudgeGroups2021(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const uint16_t group : facts.groups) {
    switch (group) {
      case 23:  // P-256
      case 24:  // P-384
      case 29:  // X25519
      case 30:  // X448
        findings->Saw(Level::kGood);
        break;
      case 21:  // P-224
        findings->Finds(Level::kPhaseOut, tls::GroupName(group));
        break;
      default:  // hybrids came later
        if (IsCurve(group)) findings->Finds(Level::kInsufficient, tls::GroupName(group));
        break;
    }
  }
}

void JudgeGroups2025(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const uint16_t group : facts.groups) {
    switch (group) {
      case 4587:  // the hybrids with ML-KEM that are standards
      case 4588:
      case 4589:
        findings->Saw(Level::kGood);
        break;
      case 23:  // P-256
      case 24:  // P-384
      case 25:  // P-521
      case 26:  // brainpoolP256r1, P384r1, P512r1 in TLS 1.2 and before
      case 27:
      case 28:
      case 29:  // X25519
      case 30:  // X448
      case 31:  // the three of brainpool in TLS 1.3
      case 32:
      case 33:
        findings->Saw(Level::kSufficient);
        break;
      case 21:  // P-224
        findings->Finds(Level::kPhaseOut, tls::GroupName(group));
        break;
      default:  // drafts, and ML-KEM alone, are not spoken of
        if (IsCurve(group)) findings->Finds(Level::kInsufficient, tls::GroupName(group));
        break;
    }
  }
}

// The groups of RFC 7919 by name, in TLS 1.3 by number, and in TLS 1.2 by their prime.
struct FiniteFieldLevels {
  Level ffdhe2048;
  Level larger_ffdhe;
};
void JudgeFiniteField(FiniteFieldLevels levels, const YardstickFacts& facts,
                      YardstickFindings* findings) {
  for (const uint16_t group : facts.groups) {
    if (group < 256 || group > 260) continue;
    findings->Finds(group == 256 ? levels.ffdhe2048 : levels.larger_ffdhe, tls::GroupName(group));
  }
  if (facts.dhe_prime.empty()) return;
  if (!facts.dhe_prime.starts_with("ffdhe")) {
    findings->Finds(Level::kInsufficient,
                    "DHE with another group than RFC 7919's: ", facts.dhe_bits.value_or(0),
                    " bits");
    return;
  }
  findings->Finds(facts.dhe_prime == "ffdhe2048" ? levels.ffdhe2048 : levels.larger_ffdhe,
                  "DHE with ", facts.dhe_prime);
}
void JudgeFiniteField2021(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeFiniteField({.ffdhe2048 = Level::kPhaseOut, .larger_ffdhe = Level::kSufficient}, facts,
                   findings);
}
void JudgeFiniteField2025(const YardstickFacts& facts, YardstickFindings* findings) {
  JudgeFiniteField({.ffdhe2048 = Level::kInsufficient, .larger_ffdhe = Level::kPhaseOut}, facts,
                   findings);
}

void JudgeHash(tls::SignatureDigest digest, std::string_view what, bool phases_sha224_out,
               YardstickFindings* findings) {
  if (tls::IsMd5OrOlder(digest)) {
    findings->Finds(Level::kInsufficient, what, " over MD5 or older");
  } else if (digest == tls::SignatureDigest::kSha1) {
    findings->Finds(Level::kInsufficient, what, " over SHA-1");
  } else if (digest == tls::SignatureDigest::kSha224 && phases_sha224_out) {
    findings->Finds(Level::kPhaseOut, what, " over SHA-224");
  }
}
void JudgePathHash2021(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    JudgeHash(certificate.path_digest, "certificate signature", false, findings);
  }
}
void JudgePathHash2025(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    JudgeHash(certificate.path_digest, "certificate signature", true, findings);
  }
}

void JudgeExchangeHash2025(const YardstickFacts& facts, YardstickFindings* findings) {
  if (!facts.signature_scheme) return;
  // TLS 1.2's pairs: the hash is the first byte (RFC 5246 §7.4.1.4.1).
  switch (*facts.signature_scheme >> 8) {
    case 1:
      JudgeHash(tls::SignatureDigest::kMd5, "handshake signature", true, findings);
      break;
    case 2:
      JudgeHash(tls::SignatureDigest::kSha1, "handshake signature", true, findings);
      break;
    case 3:
      JudgeHash(tls::SignatureDigest::kSha224, "handshake signature", true, findings);
      break;
    default:
      break;
  }
}

constexpr std::string_view kVersions = "`legacy`, or the handshake";
constexpr std::string_view kChosen =
    "what the server chose of each offer: `legacy`, `export`, `dhe`, the handshake";
constexpr std::string_view kCertificate = "the handshake; `certs` for a second certificate";

constexpr YardstickRule kRules2021[] = {
    {"B1-1",
     "Table 1: TLS 1.3 is good, 1.2 sufficient, 1.1 and 1.0 are phased out, SSL is insufficient",
     kVersions, JudgeVersions2021},
    {"B2-1",
     "B2-1 to B2-4, tables 2, 4, 6, 7: key exchange by ECDHE is good, DHE sufficient, RSA phased "
     "out, other insufficient; AES with GCM or CCM and ChaCha20 are good, AES and Camellia with "
     "CBC sufficient, 3DES phased out, RC4, DES, NULL, export and CCM_8 insufficient",
     kChosen, JudgeSuites},
    {"B3-2", "Table 3: certificates are signed over SHA-2; SHA-1 and MD5 are insufficient",
     kCertificate, JudgePathHash2021},
    {"B3-3", "Table 8: RSA of 3072 bits is good, 2048 sufficient, less insufficient", kCertificate,
     JudgeRsaKeys2021},
    {"B5-1",
     "Table 9, of key exchange: P-256, P-384, X25519, X448 are good, P-224 is phased out, other "
     "curves are insufficient",
     "the handshake", JudgeGroups2021},
    {"B5-1", "Table 9, of certificates: the same curves", kCertificate, JudgeCurves2021},
    {"B6-1",
     "Table 10: ffdhe3072 and larger are sufficient, ffdhe2048 is phased out, other groups are "
     "insufficient",
     "`dhe`", JudgeFiniteField2021},
};

constexpr YardstickRule kRules2025[] = {
    {"§3.3.1", "TLS 1.3 is good, 1.2 sufficient, all before insufficient", kVersions,
     JudgeVersions2025},
    {"appendix B",
     "§3.3.2 to §3.3.5: the lists. TLS 1.3 with AES-256-GCM and ChaCha20 is good, with AES-128-GCM "
     "and CCM sufficient; ECDHE with AES-GCM, CCM and ChaCha20 sufficient; with Camellia, ARIA or "
     "CBC over SHA-2, and DHE, phased out; what is not listed is insufficient: static RSA, CBC "
     "over SHA-1, CCM_8 …",
     kChosen, JudgeSuites},
    {"§3.3.2", "Keys for RSA, ECDSA and EdDSA are sufficient, DSA is insufficient", kCertificate,
     JudgeKeyTypes2025},
    {"§3.3.2.1", "RSA of 3072 bits is sufficient, 2048 phased out, less insufficient", kCertificate,
     JudgeRsaKeys2025},
    {"§3.3.2.1",
     "Certificates: P-256, P-384, P-521, brainpool of 256, 384 and 512 bits, Ed25519, Ed448 are "
     "sufficient, P-224 is phased out, other curves are insufficient",
     kCertificate, JudgeCurves2025},
    {"§3.3.3",
     "Key exchange: X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024 are good, X25519, X448, "
     "P-256, P-384, P-521 and brainpool sufficient, P-224 phased out, other curves insufficient",
     "the handshake; `pq` for hybrids", JudgeGroups2025},
    {"§3.3.3.1",
     "ffdhe3072 and larger are phased out, ffdhe2048 and all other groups are insufficient",
     "`dhe`", JudgeFiniteField2025},
    {"§3.3.5",
     "Certificates are signed over SHA-256, SHA-384 or SHA-512; SHA-224 is phased out, SHA-1 and "
     "MD5 are insufficient",
     kCertificate, JudgePathHash2025},
    {"§3.3.5", "The same of the signature in the key exchange", "a handshake in TLS 1.2",
     JudgeExchangeHash2025},
};

}  // namespace

YardstickDocument NcscNl2021() {
  return {.yardstick = Yardstick::kNcscNl2021,
          .column = "ncsc_nl_2021",
          .title = "NCSC-NL, v2.1 of 2021",
          .source =
              "*IT Security Guidelines for Transport Layer Security (TLS)* v2.1, January "
              "2021, by its guidelines and tables.",
          .has_levels = true,
          .grade = GradeSuite2021,
          .rules = kRules2021};
}

YardstickDocument NcscNl2025() {
  return {.yardstick = Yardstick::kNcscNl2025,
          .column = "ncsc_nl_2025",
          .title = "NCSC-NL, 2025-05",
          .source =
              "*Transport Layer Security (TLS), Security guidelines version 2025-05*, by its "
              "sections.",
          .has_levels = true,
          .grade = GradeSuite2025,
          .rules = kRules2025};
}

}  // namespace mxsweep::scanner
