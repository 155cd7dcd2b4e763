// The rules of OpenSSL's default security callback, in our own words (man page
// SSL_CTX_set_security_level, and as observed with Debian 12's OpenSSL 3.0.19, see
// tests/tls/session/openssl_levels_test.cc):
//
// - A signature counts as its digest does; the MD5+SHA-1 pair of TLS 1.0 and 1.1 is 67 bits: level
//   0. So an ECDHE handshake in TLS 1.0 or 1.1 is level 0 by 3.0's rules as well.
// - Level 1 and up: no suites without a certificate, without encryption, or with MD5 as MAC.
// - Level 2 and up: no RC4.
// - Level 3 and up: forward secrecy (no static RSA). Level 4 and up: no SHA-1 as MAC.
// - 3.0: SSL 3.0 level 1 at most, TLS 1.0 level 2, TLS 1.1 level 3. 3.1 and later: level 0, all.
#include "tls/session/session_level.h"

#include <string>

#include "tls/session/version.h"

namespace mxsweep::tls {
namespace {

int GroupSecurityBits(uint16_t group) {
  switch (group) {
    case 29:  // X25519
      return 128;
    case 30:  // X448
      return 224;
    case 4587:  // the hybrids count as their ML-KEM half does (OpenSSL 3.5)
    case 4588:
      return 192;
    case 4589:
      return 256;
    default:
      break;
  }
  const std::optional<uint32_t> bits = GroupBits(group);
  if (!bits) return 0;
  return group >= 256 && group <= 260 ? ModulusSecurityBits(*bits) : CurveSecurityBits(*bits);
}

// Of a SignatureScheme.
int SchemeSecurityBits(uint16_t scheme) {
  switch (scheme) {
    case 0x0807:  // ed25519
    case 0x0804:  // rsa_pss_rsae_sha256
    case 0x0809:  // rsa_pss_pss_sha256
      return 128;
    case 0x0805:
    case 0x080a:
      return 192;
    case 0x0808:  // ed448
      return 224;
    case 0x0806:
    case 0x080b:
      return 256;
    default:
      break;
  }
  switch (scheme >> 8) {  // the hash of TLS 1.2's pairs
    case 2:
      return 63;
    case 3:
      return 112;
    case 4:
      return 128;
    case 5:
      return 192;
    case 6:
      return 256;
    default:
      return 0;  // MD5, and the MD5 and SHA-1 pair: under any level but 0
  }
}

int LevelOfVersion(uint16_t version, OpenSslRules rules) {
  if (version >= kTls12) return kMaxSecurityLevel;
  if (rules == OpenSslRules::k3_1) return 0;
  if (version <= kSsl3) return 1;
  return version == kTls10 ? 2 : 3;
}

void JudgeVersion(const HandshakeFacts& facts, OpenSslRules rules, SecurityLevel* level) {
  if (!facts.version_wire) return;
  level->Limit(LevelOfVersion(*facts.version_wire, rules), "version: " + facts.version);
}

void JudgeCipher(const HandshakeFacts& facts, SecurityLevel* level) {
  if (!facts.cipher_wire) return;
  const std::string what = "cipher: " + facts.cipher;
  level->Limit(LevelOfSecurityBits(static_cast<int>(facts.cipher_bits.value_or(0))), what);
  if (facts.cipher.ends_with("_SHA")) level->Limit(3, what + ": SHA-1 as MAC");
  if (facts.cipher.find("_anon_") != std::string::npos) {
    level->Limit(0, what + ": nobody is authenticated");
  }
  if (facts.cipher.ends_with("_MD5")) level->Limit(0, what + ": MD5 as MAC");
  if (facts.cipher.find("_RC4_") != std::string::npos) level->Limit(1, what);
  if (facts.cipher.starts_with("TLS_RSA_")) level->Limit(2, what + ": no forward secrecy");
}

void JudgeKeyExchange(const HandshakeFacts& facts, SecurityLevel* level) {
  if (facts.group_wire) {
    level->Limit(LevelOfSecurityBits(GroupSecurityBits(*facts.group_wire)),
                 "key exchange: " + facts.group);
  }
  if (facts.dh_prime_bits) {
    level->Limit(LevelOfSecurityBits(ModulusSecurityBits(*facts.dh_prime_bits)),
                 "key exchange: " + facts.group);
  }
  if (facts.signature_algorithm_wire) {
    level->Limit(LevelOfSecurityBits(SchemeSecurityBits(*facts.signature_algorithm_wire)),
                 "handshake signature: " + facts.signature_algorithm);
  }
}

// Before TLS 1.3 supported_groups speaks of the certificate's curve, too (RFC 8422 §5.1).
void JudgeLeafCurve(const HandshakeFacts& facts, const Certificate* leaf, SecurityLevel* level) {
  if (leaf == nullptr || leaf->key_type != KeyType::kEc || !facts.version_wire ||
      *facts.version_wire >= kTls13) {
    return;
  }
  level->Limit(LevelOfSecurityBits(CurveSecurityBits(leaf->key_bits)),
               "curve of the leaf's key: " + std::to_string(leaf->key_bits) + " bits");
}

}  // namespace

SecurityLevel JudgeSessionLevel(const HandshakeFacts& facts, const Certificate* leaf,
                                OpenSslRules rules) {
  SecurityLevel level;
  JudgeVersion(facts, rules, &level);
  JudgeCipher(facts, &level);
  JudgeKeyExchange(facts, &level);
  JudgeLeafCurve(facts, leaf, &level);
  return level;
}

}  // namespace mxsweep::tls
