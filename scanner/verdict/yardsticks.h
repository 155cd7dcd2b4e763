// Which published yardsticks an endpoint fails: NIST SP 800-52 revision 2, the TLS guidelines of
// the Dutch NCSC (2021 and 2025), and Mozilla's three profiles. Pure functions.
//
// A rule finds fault only with what was seen. What was not looked at neither fails nor passes, so
// that nothing here ever says "passes": a list without reasons says that nothing seen fails, and
// YardstickVerdicts::unseen what else the rules would have asked about. docs/yardsticks.md has
// every rule with its source, and what no rule looks at.
#ifndef MXSWEEP_SCANNER_VERDICT_YARDSTICKS_H_
#define MXSWEEP_SCANNER_VERDICT_YARDSTICKS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/smtp/endpoint_facts.h"
#include "scanner/verdict/probes.h"
#include "scanner/verdict/verdicts.h"
#include "tls/pki/certificate_table.h"
#include "tls/probe/suites.h"

namespace mxsweep::scanner {

// A leaf that was shown.
struct YardstickCertificate {
  tls::KeyType key_type = tls::KeyType::kUnknown;
  uint32_t key_bits = 0;  // 0: not known
  // By which its issuer signed it; the name as in CertificateFacts, "" for not known.
  tls::SignatureDigest signature_digest = tls::SignatureDigest::kUnknown;
  std::string_view signature_algorithm;
  // The weakest by which a certificate of its path was signed that is not its own issuer: nobody
  // relies on those signatures. kUnknown: none is known.
  tls::SignatureDigest path_digest = tls::SignatureDigest::kUnknown;
  int64_t not_before = 0;  // 0: not known
  int64_t not_after = 0;
};

// What an endpoint showed, by its handshake and its probes together. Borrows from what it was made
// of. Empty is "not known".
struct YardstickFacts {
  std::array<std::optional<bool>, 5> accepts_version;  // SSL 3.0, TLS 1.0, 1.1, 1.2, 1.3
  std::vector<uint16_t> suites;                        // that it chose of some offer
  std::vector<uint16_t> groups;
  // Of a handshake in TLS 1.2 or before.
  std::optional<bool> extended_master_secret;
  std::optional<bool> secure_renegotiation;
  // Of a handshake in TLS 1.2.
  std::optional<uint16_t> signature_scheme;
  std::optional<uint32_t> dhe_bits;
  std::string_view dhe_prime;  // as ProbeFindings::dhe_prime; empty: not known
  std::optional<bool> fallback_scsv;
  std::optional<bool> has_rsa_certificate;
  std::vector<YardstickCertificate> certificates;
  // Of Unseen.
  uint8_t unseen = 0;

  // Some ServerHello was seen.
  bool told() const { return !suites.empty(); }
  std::optional<bool> accepts(uint16_t version) const { return accepts_version[version - 0x0300]; }
};

// What the rules ask about and was not seen; a bit each.
enum class Unseen : uint8_t {
  kVersions = 1 << 0,      // "versions": whether it accepts each of SSL 3.0 to TLS 1.3
  kWeakSuites = 1 << 1,    // "weak_suites": RC4, 3DES, NULL, anonymous, static RSA
  kExportSuites = 1 << 2,  // "export_suites"
  kDhe = 1 << 3,           // "dhe": whether it accepts DHE, and the prime
  // "certificates": whether it has others than the one it showed.
  kCertificates = 1 << 4,
  // "tls12_extensions": RFC 5746 and RFC 7627 in TLS 1.2 and before.
  kTls12Extensions = 1 << 5,
  kFallbackScsv = 1 << 6,  // "fallback_scsv": where that is asked for
};

// `probes`: null where none was made. The result borrows from all four.
YardstickFacts YardstickFactsOf(const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                                const ProbeVerdicts* probes, const tls::CertificateTable& table);

enum class Yardstick : uint8_t {
  kNistSp80052r2,
  kNcscNl2021,
  kNcscNl2025,
  kMozillaModern,
  kMozillaIntermediate,
  kMozillaOld,
};
inline constexpr size_t kYardstickCount = 6;

// The levels of NCSC-NL. By the other documents a thing is allowed or not: kGood or kInsufficient.
enum class YardstickLevel : uint8_t { kInsufficient, kPhaseOut, kSufficient, kGood };
// "insufficient", "phase_out", "sufficient", "good".
std::string_view YardstickLevelName(YardstickLevel level);

struct YardstickVerdict {
  // What fails: "§3.1: TLSv1.3 not accepted"; of NCSC-NL what is insufficient or to be phased out,
  // and says so: "§3.3.1 insufficient: TLSv1 accepted".
  std::vector<std::string> reasons;
  YardstickLevel at_most = YardstickLevel::kGood;  // the lowest of anything seen
};

struct YardstickVerdicts {
  std::array<YardstickVerdict, kYardstickCount> verdicts;  // by Yardstick
  std::vector<std::string> unseen;                         // the words of Unseen

  const YardstickVerdict& of(Yardstick yardstick) const {
    return verdicts[static_cast<size_t>(yardstick)];
  }
};

// Nothing where nothing was seen (YardstickFacts::told).
std::optional<YardstickVerdicts> JudgeYardsticks(const YardstickFacts& facts);

// docs/yardsticks.md.
std::string YardstickDocs();

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_YARDSTICKS_H_
