// NIST Special Publication 800-52 revision 2 (August 2019), section 3: requirements for servers.
// Only what it says with "shall" is a rule here; "should" is none.
#include "scanner/verdict/yardstick_rules.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

void JudgeOldVersions(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.accepts(tls::kSsl3) == true) findings->Fails("SSLv3 accepted");
}

// Others may have TLS 1.0 and 1.1 where it is necessary: which kind a server is, nobody can see.
void JudgeTls10(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.accepts(tls::kTls10) == true) {
    findings->Fails("TLSv1 accepted, which government-only servers shall not");
  }
}

void JudgeTls12(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.accepts(tls::kTls12) == false && facts.accepts(tls::kTls13) == false) {
    findings->Fails("neither TLSv1.2 nor TLSv1.3 accepted");
  }
}

void JudgeTls13(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.accepts(tls::kTls13) == false) findings->Fails("TLSv1.3 not accepted");
}

// 112 bits of security (NIST SP 800-57 part 1, table 2).
bool IsKeyTooShort(const YardstickCertificate& certificate) {
  if (certificate.key_bits == 0) return false;
  switch (certificate.key_type) {
    case tls::KeyType::kRsa:
    case tls::KeyType::kRsaPss:
    case tls::KeyType::kDsa:
    case tls::KeyType::kDh:
      return certificate.key_bits < 2048;
    case tls::KeyType::kEc:
      return certificate.key_bits < 224;
    default:
      return false;
  }
}

void JudgeKeys(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (!IsKeyTooShort(certificate)) continue;
    findings->Fails(tls::KeyTypeName(certificate.key_type), " key of ", certificate.key_bits,
                    " bits");
  }
}

void JudgeSignatures(const YardstickFacts& facts, YardstickFindings* findings) {
  for (const YardstickCertificate& certificate : facts.certificates) {
    if (tls::IsMd5OrOlder(certificate.signature_digest)) {
      findings->Fails("certificate signed over MD5 or older");
    } else if (certificate.signature_digest == tls::SignatureDigest::kSha1) {
      findings->Fails("certificate signed over SHA-1");
    }
  }
}

// The lists of §3.3.1.1 and §3.3.1.2 are: AES with ECDHE, DHE, and the certificate's own DH or ECDH
// key; and of TLS 1.3 all but ChaCha20.
std::optional<YardstickLevel> GradeSuiteByLists(const tls::Suite* suite) {
  const bool is_listed = suite != nullptr && NameHas(*suite, "_AES_") && !suite->anonymous() &&
                         suite->key_exchange != tls::KeyExchange::kRsa;
  return is_listed ? YardstickLevel::kGood : YardstickLevel::kInsufficient;
}

void JudgeRenegotiation(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.secure_renegotiation == false) findings->Fails("no renegotiation indication");
}

void JudgeMasterSecret(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.extended_master_secret == false) findings->Fails("no extended master secret");
}

void JudgeFallback(const YardstickFacts& facts, YardstickFindings* findings) {
  const bool is_older = facts.accepts(tls::kTls10) == true || facts.accepts(tls::kTls11) == true ||
                        facts.accepts(tls::kSsl3) == true;
  if (facts.fallback_scsv == false && is_older && facts.accepts(tls::kTls13) == false) {
    findings->Fails("TLS_FALLBACK_SCSV not heeded");
  }
}

void JudgeDhe(const YardstickFacts& facts, YardstickFindings* findings) {
  if (facts.dhe_bits && *facts.dhe_bits < 2048) {
    findings->Fails("DHE with ", *facts.dhe_bits, " bits");
  }
}

constexpr YardstickRule kRules[] = {
    {"§3.1", "SSL 2.0 and 3.0 are not allowed", "`legacy`; SSL 2.0 is not asked", JudgeOldVersions},
    {"§3.1", "TLS 1.0 is not allowed on servers for government alone; told of every server",
     "`legacy`, or the handshake", JudgeTls10},
    {"§3.1", "TLS 1.2 is supported, or 1.3 in its place", "the handshake", JudgeTls12},
    {"§3.1", "TLS 1.3 is supported since 2024", "the handshake", JudgeTls13},
    {"§3.2.1",
     "The certificate's key has 112 bits of security: RSA, DSA and DH 2048 bits, EC 224 bits",
     "the handshake; `certs` for a second certificate", JudgeKeys},
    {"§3.2.1", "The certificate's signature has them, too: no MD5, no SHA-1",
     "the handshake; `certs` for a second certificate", JudgeSignatures},
    {"§3.3.1",
     "Only suites of approved algorithms, as §3.3.1.1 and §3.3.1.2 list them: AES, with ECDHE, DHE "
     "or the certificate's DH or ECDH key. Not ChaCha20, Camellia, ARIA, 3DES, RC4 …, and not RSA "
     "key transport, which appendix D has for a transition alone (over since 2024 by SP 800-131A)",
     "what the server chose of each offer: `legacy`, `export`, `dhe`, the handshake", JudgeSuites},
    {"§3.4.1.1", "Renegotiation indication (RFC 5746) is supported",
     "a handshake in TLS 1.2 or before", JudgeRenegotiation},
    {"§3.4.1.3", "Extended master secret (RFC 7627) is supported",
     "a handshake in TLS 1.2 or before", JudgeMasterSecret},
    {"§3.4.2.1",
     "TLS_FALLBACK_SCSV (RFC 7507) is supported where versions before 1.2 are and 1.3 is not",
     "`legacy`", JudgeFallback},
    {"§3.4.2.2", "Finite-field groups are those approved in SP 800-56A: not under 2048 bits",
     "`dhe`", JudgeDhe},
};

}  // namespace

YardstickDocument NistSp80052r2() {
  return {.yardstick = Yardstick::kNistSp80052r2,
          .column = "nist_sp800_52r2",
          .title = "NIST SP 800-52 revision 2",
          .source =
              "*Guidelines for the Selection, Configuration, and Use of Transport Layer "
              "Security (TLS) Implementations*, August 2019, "
              "<https://doi.org/10.6028/NIST.SP.800-52r2>. Of what it says of servers "
              "(section 3), only what it says with \"shall\".",
          .grade = GradeSuiteByLists,
          .rules = kRules};
}

}  // namespace mxsweep::scanner
