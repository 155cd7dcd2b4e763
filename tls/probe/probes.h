// The probes: each is one connection with one hand-built ClientHello, and what came back. Which of
// them are worth making, and in which order, is surveys.h.
#ifndef MXSWEEP_TLS_PROBE_PROBES_H_
#define MXSWEEP_TLS_PROBE_PROBES_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tls/probe/client_hello.h"
#include "tls/probe/server_flight.h"

namespace mxsweep::tls {

enum class ProbeKind : uint8_t {
  // What Postfix over OpenSSL 3.0 offers where encryption is opportunistic (level "may"): TLS 1.0
  // to
  // 1.3, finite-field DHE, static RSA, anonymous suites last of each strength.
  kFollowUp,
  // `parts`: a kPart… below, the highest version; with about every suite there is, up to it.
  kVersion,
  // `parts`: which of kPartRc4, kPart3Des, kPartNull, kPartAnonymous; no other suites.
  kWeakSuites,
  kStaticRsa,      // no other suites
  kForwardSecret,  // TLS 1.3 and every suite with ephemeral keys and a certificate
  // `parts`: the highest version, with TLS_FALLBACK_SCSV (RFC 7507).
  kFallback,
  // `parts`: kPartRsa, kPartDhe or both, in TLS 1.0 (RFC 4346 §A.5 ends them there); with
  // kPartOverTls12: in TLS 1.2, for servers that have no TLS 1.0 and mind no RFC.
  kExport,
  kDhe,  // finite-field DHE with a certificate, TLS 1.2 and before, no named groups
  kDheAgain,
  // `parts`: kPartRsa or kPartEcdsa; TLS 1.2 and before.
  kCertificate,
  kNoServerName,  // TLS 1.2 and before
  // What OpenSSL 3.5 offers, with a key share of X25519MLKEM768 that is well-formed and nobody's.
  kHybridPreferred,
  // `parts`: which of HybridGroups(), as bits; TLS 1.3 with an empty key share, no other groups.
  kHybridGroups,
  kMlDsa,  // TLS 1.3, no other signature algorithms
  // The same with a signature algorithm that nobody has: a server that takes this does not look.
  kMlDsaControl,
};

// kVersion, kFallback: one of these. Ordered.
inline constexpr uint8_t kPartSsl3 = 0;
inline constexpr uint8_t kPartTls10 = 1;
inline constexpr uint8_t kPartTls11 = 2;
inline constexpr uint8_t kPartTls12 = 3;
// kWeakSuites.
inline constexpr uint8_t kPartRc4 = 1;
inline constexpr uint8_t kPart3Des = 2;
inline constexpr uint8_t kPartNull = 4;
inline constexpr uint8_t kPartAnonymous = 8;
// kExport, kCertificate.
inline constexpr uint8_t kPartRsa = 1;
inline constexpr uint8_t kPartDhe = 2;
inline constexpr uint8_t kPartEcdsa = 4;
inline constexpr uint8_t kPartOverTls12 = 8;

// One connection.
struct Probe {
  ProbeKind kind = ProbeKind::kFollowUp;
  uint8_t parts = 0;

  friend bool operator==(const Probe&, const Probe&) = default;
};

// The groups with ML-KEM (IANA "TLS Supported Groups"), the ones in use first; bit i of a
// kHybridGroups probe is the i-th.
inline constexpr size_t kHybridGroupCount = 7;
const std::array<uint16_t, kHybridGroupCount>& HybridGroups();

// "follow_up", "version_tlsv1.1", "weak_rc4_3des", "export_rsa_dhe", "certificate_ecdsa",
// "hybrid_groups": what rows say. Which groups were offered is in OfferText().
std::string ProbeWord(Probe probe);

// `server_name` empty: none is sent. kNoServerName sends none in any case. `random`: of the
// ClientHello; what else must look random (session id, key shares) follows from it.
ClientHello HelloOf(Probe probe, std::string_view server_name,
                    const std::array<uint8_t, 32>& random);

// Does its ClientHello carry the server's name, where there is one?
bool SendsServerName(Probe probe);

// OfferText of its ClientHello, with a server name or none. The text lives as long as the thread: a
// scan asks for the same few over and over.
const std::string& OfferTextOf(Probe probe, bool has_server_name);

// Does the ClientHello of `probe` offer both? What a server chooses else is no answer. As cheap as
// a look at a table.
bool Offers(Probe probe, uint16_t version, uint16_t suite);

// A probe that was made.
struct ProbeResult {
  Probe probe;
  // A ClientHello was sent. False: connection, greeting or STARTTLS failed before it, which says
  // nothing of what the probe asks.
  bool reached_tls = false;
  ServerFlight flight;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_PROBES_H_
