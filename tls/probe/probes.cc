#include "tls/probe/probes.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"
#include "tls/pki/der_handle.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {
namespace {

using Random = std::array<uint8_t, 32>;

// IANA "TLS Supported Groups".
constexpr uint16_t kP256 = 23;
constexpr uint16_t kP384 = 24;
constexpr uint16_t kP521 = 25;
constexpr uint16_t kX25519 = 29;
constexpr uint16_t kX448 = 30;
constexpr uint16_t kFfdhe2048 = 256;
constexpr uint16_t kFfdhe3072 = 257;
constexpr uint16_t kFfdhe4096 = 258;
constexpr uint16_t kFfdhe6144 = 259;
constexpr uint16_t kFfdhe8192 = 260;
constexpr uint16_t kX25519MlKem768 = 0x11ec;

constexpr std::array<uint16_t, kHybridGroupCount> kHybridGroups = {
    kX25519MlKem768,
    0x11eb,  // SecP256r1MLKEM768
    0x11ed,  // SecP384r1MLKEM1024
    0x0200,  // MLKEM512
    0x0201,  // MLKEM768
    0x0202,  // MLKEM1024
    0x6399,  // X25519Kyber768Draft00
};

constexpr uint16_t kEllipticGroups[] = {kX25519, kP256, kX448, kP521, kP384};

// IANA "TLS SignatureScheme", in the order in which OpenSSL 3.0 offers them at security level 0.
constexpr uint16_t kSignatureAlgorithms[] = {
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
    0x0501, 0x0601, 0x0303, 0x0203, 0x0301, 0x0201, 0x0302, 0x0202, 0x0402, 0x0502, 0x0602};
// ML-DSA-44, -65, -87 (draft-ietf-tls-mldsa).
constexpr uint16_t kMlDsaAlgorithms[] = {0x0904, 0x0905, 0x0906};
// Of the range for private use (RFC 8446 §4.2.3): nobody can have a certificate for it.
constexpr uint16_t kNobodysAlgorithms[] = {0xfe2a};

constexpr uint16_t kTls13Suites[] = {0x1302, 0x1303, 0x1301};

// What Postfix's default ("medium", level "may": aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH) comes to
// with Debian 12's OpenSSL 3.0, without the PSK suites, for which Postfix has no keys. The test
// holds it against the program's own ClientHello.
constexpr uint16_t kPostfixSuites[] = {
    0x1302, 0x1303, 0x1301, 0x00a7, 0x006d, 0x00c5, 0xc019, 0x003a, 0x0089, 0xc02c, 0xc030,
    0x00a3, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc0af, 0xc0ad, 0xc0a3, 0xc09f, 0xc05d, 0xc061,
    0xc057, 0xc053, 0xc024, 0xc028, 0x006b, 0x006a, 0xc073, 0xc077, 0x00c4, 0x00c3, 0xc00a,
    0xc014, 0x0039, 0x0038, 0x0088, 0x0087, 0x009d, 0xc0a1, 0xc09d, 0xc051, 0x003d, 0x00c0,
    0x0035, 0x0084, 0x00a6, 0x006c, 0x00bf, 0xc018, 0x0034, 0x0046, 0xc02b, 0xc02f, 0x00a2,
    0x009e, 0xc0ae, 0xc0ac, 0xc0a2, 0xc09e, 0xc05c, 0xc060, 0xc056, 0xc052, 0xc023, 0xc027,
    0x0067, 0x0040, 0xc072, 0xc076, 0x00be, 0x00bd, 0xc009, 0xc013, 0x0033, 0x0032, 0x0045,
    0x0044, 0x009c, 0xc0a0, 0xc09c, 0xc050, 0x003c, 0x00ba, 0x002f, 0x0041};

constexpr uint16_t kOpenssl35Suites[] = {
    0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b,
    0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014,
    0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f};
constexpr uint16_t kOpenssl35SignatureAlgorithms[] = {
    0x0905, 0x0906, 0x0904, 0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a,
    0x081b, 0x081c, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401,
    0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602};

using Numbers = std::span<const uint16_t>;

std::vector<uint16_t> ListOf(Numbers numbers) { return {numbers.begin(), numbers.end()}; }

void Append(Numbers numbers, std::vector<uint16_t>* list) {
  list->insert(list->end(), numbers.begin(), numbers.end());
}

// The same random bytes for the same random and purpose: SHA-256 of both and a counter.
std::vector<uint8_t> Stretch(const Random& random, uint8_t purpose, size_t bytes) {
  std::vector<uint8_t> stretched;
  for (uint8_t counter = 0; stretched.size() < bytes; ++counter) {
    std::array<uint8_t, 34> seed;
    std::ranges::copy(random, seed.begin());
    seed[32] = purpose;
    seed[33] = counter;
    const Sha256 block = HashSha256(seed);
    stretched.insert(stretched.end(), block.begin(), block.end());
  }
  stretched.resize(bytes);
  return stretched;
}
constexpr uint8_t kForSessionId = 1;
constexpr uint8_t kForX25519 = 2;
constexpr uint8_t kForMlKem = 3;

// Every string of 32 bytes is a public key of X25519 (RFC 7748 §5).
std::vector<uint8_t> NobodysX25519(const Random& random) { return Stretch(random, kForX25519, 32); }

// An encapsulation key of ML-KEM-768 that passes every check of FIPS 203 §7.2: 768 coefficients
// below q, twelve bits each, and a seed. Nobody has its secret; what is encapsulated for it is
// never opened.
std::vector<uint8_t> NobodysMlKem768(const Random& random) {
  constexpr size_t kCoefficients = 768;
  constexpr unsigned kQ = 3329;
  constexpr size_t kSeedBytes = 32;
  const std::vector<uint8_t> bytes = Stretch(random, kForMlKem, 2 * kCoefficients + kSeedBytes);
  const auto coefficient = [&](size_t i) {
    return (static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1]) % kQ;
  };
  std::vector<uint8_t> key;
  for (size_t i = 0; i < kCoefficients; i += 2) {
    const unsigned low = coefficient(i);
    const unsigned high = coefficient(i + 1);
    key.push_back(static_cast<uint8_t>(low));
    key.push_back(static_cast<uint8_t>(low >> 8 | high << 4));
    key.push_back(static_cast<uint8_t>(high >> 4));
  }
  key.insert(key.end(), bytes.end() - kSeedBytes, bytes.end());
  return key;
}

std::vector<uint8_t> Joined(std::vector<uint8_t> first, const std::vector<uint8_t>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bool Contains(Numbers numbers, uint16_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// Suites that a server may have beside good ones. The rare ones would make the ClientHello longer
// than old servers read.
bool IsCommon(const Suite& suite) {
  return suite.key_exchange != KeyExchange::kTls13Ephemeral &&
         suite.key_exchange != KeyExchange::kStaticDh && !suite.is_export && !suite.is_null &&
         !suite.is_rare;
}

// RFC 6101 knows no extensions, and no elliptic curves without them.
bool IsOfSsl3(const Suite& suite) {
  return !suite.needs_tls12 &&
         (suite.key_exchange == KeyExchange::kRsa || suite.key_exchange == KeyExchange::kDhe ||
          suite.key_exchange == KeyExchange::kDhAnon);
}

bool IsOfVersion(const Suite& suite, uint8_t part) {
  if (part == kPartSsl3) return IsOfSsl3(suite);
  // With the worst, too: a server that has nothing else has the version all the same.
  const bool wanted = IsCommon(suite) || suite.is_null || suite.is_export;
  return wanted && suite.key_exchange != KeyExchange::kStaticDh &&
         (part >= kPartTls12 || !suite.needs_tls12);
}

// A suite may be of two kinds; it is offered for either.
bool IsWeak(const Suite& suite, uint8_t parts) {
  if (suite.is_export || suite.key_exchange == KeyExchange::kStaticDh) return false;
  return (suite.is_rc4 && (parts & kPartRc4) != 0) || (suite.is_3des && (parts & kPart3Des) != 0) ||
         (suite.is_null && (parts & kPartNull) != 0) ||
         (suite.anonymous() && (parts & kPartAnonymous) != 0);
}

bool IsExport(const Suite& suite, uint8_t parts) {
  return suite.is_export && ((suite.key_exchange == KeyExchange::kRsa && (parts & kPartRsa) != 0) ||
                             (suite.key_exchange == KeyExchange::kDhe && (parts & kPartDhe) != 0));
}

// Is it among those that `probe` offers?
bool Wants(Probe probe, const Suite& suite) {
  switch (probe.kind) {
    case ProbeKind::kFollowUp:
      return Contains(kPostfixSuites, suite.wire);
    case ProbeKind::kVersion:
    case ProbeKind::kFallback:
      return IsOfVersion(suite, probe.parts);
    case ProbeKind::kWeakSuites:
      return IsWeak(suite, probe.parts);
    case ProbeKind::kStaticRsa:
      return IsCommon(suite) && suite.key_exchange == KeyExchange::kRsa;
    case ProbeKind::kForwardSecret:
      return Contains(kTls13Suites, suite.wire) ||
             (IsCommon(suite) && suite.forward_secret() && !suite.anonymous());
    case ProbeKind::kExport:
      return IsExport(suite, probe.parts);
    case ProbeKind::kDhe:
    case ProbeKind::kDheAgain:
      return IsCommon(suite) && suite.key_exchange == KeyExchange::kDhe;
    case ProbeKind::kCertificate:
      // The suite says which key the certificate must have. The signature algorithms stay whole:
      // servers hold the signatures within the chain against them, too, and an ECDSA certificate is
      // mostly signed by an RSA key.
      return IsCommon(suite) &&
             suite.key == ((probe.parts & kPartRsa) != 0 ? SuiteKey::kRsa : SuiteKey::kEcdsa);
    case ProbeKind::kNoServerName:
      return IsCommon(suite) && !suite.anonymous();
    case ProbeKind::kHybridPreferred:
      return Contains(kOpenssl35Suites, suite.wire);
    case ProbeKind::kHybridGroups:
    case ProbeKind::kMlDsa:
    case ProbeKind::kMlDsaControl:
      break;
  }
  return Contains(kTls13Suites, suite.wire);
}

std::vector<uint16_t> SuitesOf(Probe probe) {
  // A scan asks for the same few over and over.
  thread_local std::map<uint16_t, std::vector<uint16_t>> made;
  std::vector<uint16_t>& suites =
      made[static_cast<uint16_t>(static_cast<unsigned>(probe.kind) << 8 | probe.parts)];
  if (suites.empty()) {
    suites = SuitesThat([probe](const Suite& suite) { return Wants(probe, suite); });
  }
  return suites;
}

// A ClientHello of TLS 1.0 to 1.2 with `suites`.
ClientHello Classic(uint16_t version, std::vector<uint16_t> suites) {
  ClientHello hello;
  hello.legacy_version = version;
  hello.suites = std::move(suites);
  hello.renegotiation_info = true;
  hello.extended_master_secret = true;
  const bool elliptic = std::ranges::any_of(hello.suites, [](uint16_t wire) {
    const Suite* suite = FindSuite(wire);
    return suite != nullptr && (suite->key_exchange == KeyExchange::kEcdhe ||
                                suite->key_exchange == KeyExchange::kEcdhAnon);
  });
  if (elliptic) {
    hello.groups = ListOf(kEllipticGroups);
    hello.ec_point_formats = {0};  // uncompressed
  }
  if (version >= kTls12) hello.signature_algorithms = ListOf(kSignatureAlgorithms);
  return hello;
}

uint16_t VersionOfPart(uint8_t part) { return static_cast<uint16_t>(kSsl3 + part); }

ClientHello Ssl3() {
  ClientHello hello;
  hello.record_version = kSsl3;
  hello.legacy_version = kSsl3;
  hello.extensions = false;
  hello.suites = SuitesOf({ProbeKind::kVersion, kPartSsl3});
  hello.suites.push_back(kRenegotiationInfoScsv);
  return hello;
}

// Up to the version of `part`.
ClientHello UpTo(uint8_t part) {
  return part == kPartSsl3 ? Ssl3()
                           : Classic(VersionOfPart(part), SuitesOf({ProbeKind::kVersion, part}));
}

uint16_t HighestVersionOf(Probe probe) {
  switch (probe.kind) {
    case ProbeKind::kVersion:
    case ProbeKind::kFallback:
      return VersionOfPart(probe.parts);
    case ProbeKind::kExport:
      return (probe.parts & kPartOverTls12) != 0 ? kTls12 : kTls10;
    case ProbeKind::kWeakSuites:
    case ProbeKind::kStaticRsa:
    case ProbeKind::kDhe:
    case ProbeKind::kDheAgain:
    case ProbeKind::kCertificate:
    case ProbeKind::kNoServerName:
      return kTls12;
    default:
      return kTls13;
  }
}

// Below it a server may go, but where supported_versions lists them all.
uint16_t LowestVersionOf(Probe probe) {
  switch (probe.kind) {
    case ProbeKind::kFollowUp:
    case ProbeKind::kForwardSecret:
      return kTls10;
    case ProbeKind::kHybridPreferred:
      return kTls12;
    case ProbeKind::kHybridGroups:
    case ProbeKind::kMlDsa:
    case ProbeKind::kMlDsaControl:
      return kTls13;
    default:
      return kSsl3;
  }
}

// What TLS 1.3 needs.
void AddTls13(const Random& random, std::vector<KeyShare> shares, ClientHello* hello) {
  hello->session_id = Stretch(random, kForSessionId, 32);  // RFC 8446 §D.4
  hello->psk_key_exchange_modes = {1};
  hello->key_shares = std::move(shares);
}

ClientHello FollowUp(const Random& random) {
  ClientHello hello;
  hello.suites = ListOf(kPostfixSuites);
  hello.suites.push_back(kRenegotiationInfoScsv);
  hello.ec_point_formats = {0, 1, 2};
  hello.groups = ListOf(kEllipticGroups);
  for (uint16_t group = kFfdhe2048; group <= kFfdhe8192; ++group) hello.groups.push_back(group);
  hello.session_ticket = true;
  hello.encrypt_then_mac = true;
  hello.extended_master_secret = true;
  hello.signature_algorithms = ListOf(kSignatureAlgorithms);
  hello.supported_versions = {kTls13, kTls12, kTls11, kTls10};
  AddTls13(random, {{kX25519, NobodysX25519(random)}}, &hello);
  return hello;
}

ClientHello ForwardSecret(const Random& random) {
  ClientHello hello = Classic(kTls12, SuitesOf({ProbeKind::kForwardSecret}));
  hello.supported_versions = {kTls13, kTls12, kTls11, kTls10};
  AddTls13(random, {{kX25519, NobodysX25519(random)}}, &hello);
  return hello;
}

ClientHello Tls13Only(const Random& random, std::vector<uint16_t> groups,
                      std::vector<KeyShare> shares) {
  ClientHello hello;
  hello.suites = ListOf(kTls13Suites);
  hello.groups = std::move(groups);
  hello.signature_algorithms = ListOf(kSignatureAlgorithms);
  hello.supported_versions = {kTls13};
  AddTls13(random, std::move(shares), &hello);
  return hello;
}

// What OpenSSL 3.5 sends by default but for compress_certificate, since what it would compress is
// encrypted anyway. The test holds it against what that program sent.
ClientHello HybridPreferred(const Random& random) {
  ClientHello hello;
  hello.suites = ListOf(kOpenssl35Suites);
  hello.renegotiation_info = true;
  hello.ec_point_formats = {0, 1, 2};
  hello.groups = {kX25519MlKem768, kX25519, kP256, kX448, kP384, kP521, kFfdhe2048, kFfdhe3072};
  hello.session_ticket = true;
  hello.encrypt_then_mac = true;
  hello.extended_master_secret = true;
  hello.signature_algorithms = ListOf(kOpenssl35SignatureAlgorithms);
  hello.supported_versions = {kTls13, kTls12};
  const std::vector<uint8_t> x25519 = NobodysX25519(random);
  AddTls13(random, {{kX25519MlKem768, Joined(NobodysMlKem768(random), x25519)}, {kX25519, x25519}},
           &hello);
  return hello;
}

ClientHello Hybrid(const Random& random, uint8_t parts) {
  std::vector<uint16_t> groups;
  for (size_t i = 0; i < kHybridGroupCount; ++i) {
    if ((parts >> i & 1) != 0) groups.push_back(kHybridGroups[i]);
  }
  return Tls13Only(random, std::move(groups), {});
}

ClientHello SignedWith(const Random& random, Numbers algorithms) {
  ClientHello hello =
      Tls13Only(random, ListOf(kEllipticGroups), {{kX25519, NobodysX25519(random)}});
  // The chain may be signed with anything; the leaf's key is what is asked for.
  hello.signature_algorithms_cert = ListOf(kSignatureAlgorithms);
  Append(algorithms, &hello.signature_algorithms_cert);
  hello.signature_algorithms = ListOf(algorithms);
  return hello;
}

ClientHello HelloWithoutName(Probe probe, const Random& random) {
  switch (probe.kind) {
    case ProbeKind::kFollowUp:
      return FollowUp(random);
    case ProbeKind::kVersion:
      return UpTo(probe.parts);
    case ProbeKind::kForwardSecret:
      return ForwardSecret(random);
    case ProbeKind::kFallback: {
      ClientHello hello = UpTo(probe.parts);
      hello.suites.push_back(kFallbackScsv);
      return hello;
    }
    case ProbeKind::kExport:
    case ProbeKind::kWeakSuites:
    case ProbeKind::kStaticRsa:
    case ProbeKind::kDhe:
    case ProbeKind::kDheAgain:
    case ProbeKind::kCertificate:
    case ProbeKind::kNoServerName:
      return Classic(HighestVersionOf(probe), SuitesOf(probe));
    case ProbeKind::kHybridPreferred:
      return HybridPreferred(random);
    case ProbeKind::kHybridGroups:
      return Hybrid(random, probe.parts);
    case ProbeKind::kMlDsa:
      return SignedWith(random, kMlDsaAlgorithms);
    case ProbeKind::kMlDsaControl:
      break;
  }
  return SignedWith(random, kNobodysAlgorithms);
}

struct PartName {
  uint8_t part;
  std::string_view name;
};

std::string WithParts(std::string_view word, uint8_t parts, std::span<const PartName> names) {
  std::string joined(word);
  for (const auto& [part, name] : names) {
    if ((parts & part) != 0) AppendText(&joined, "_", name);
  }
  return joined;
}

}  // namespace

const std::array<uint16_t, kHybridGroupCount>& HybridGroups() { return kHybridGroups; }

std::string ProbeWord(Probe probe) {
  static constexpr PartName kWeakNames[] = {
      {kPartRc4, "rc4"}, {kPart3Des, "3des"}, {kPartNull, "null"}, {kPartAnonymous, "anonymous"}};
  static constexpr PartName kExportNames[] = {
      {kPartRsa, "rsa"}, {kPartDhe, "dhe"}, {kPartOverTls12, "tlsv1.2"}};
  switch (probe.kind) {
    case ProbeKind::kFollowUp:
      return "follow_up";
    case ProbeKind::kVersion:
      return "version_" + absl::AsciiStrToLower(VersionName(VersionOfPart(probe.parts)));
    case ProbeKind::kWeakSuites:
      return WithParts("weak", probe.parts, kWeakNames);
    case ProbeKind::kStaticRsa:
      return "static_rsa";
    case ProbeKind::kForwardSecret:
      return "forward_secret";
    case ProbeKind::kFallback:
      return "fallback_" + absl::AsciiStrToLower(VersionName(VersionOfPart(probe.parts)));
    case ProbeKind::kExport:
      return WithParts("export", probe.parts, kExportNames);
    case ProbeKind::kDhe:
      return "dhe";
    case ProbeKind::kDheAgain:
      return "dhe_again";
    case ProbeKind::kCertificate:
      return (probe.parts & kPartRsa) != 0 ? "certificate_rsa" : "certificate_ecdsa";
    case ProbeKind::kNoServerName:
      return "no_server_name";
    case ProbeKind::kHybridPreferred:
      return "hybrid_preferred";
    case ProbeKind::kHybridGroups:
      return "hybrid_groups";
    case ProbeKind::kMlDsa:
      return "mldsa";
    case ProbeKind::kMlDsaControl:
      break;
  }
  return "mldsa_control";
}

bool Offers(Probe probe, uint16_t version, uint16_t suite) {
  const Suite* known = FindSuite(suite);
  return known != nullptr && Wants(probe, *known) && version >= LowestVersionOf(probe) &&
         version <= HighestVersionOf(probe);
}

ClientHello HelloOf(Probe probe, std::string_view server_name, const Random& random) {
  ClientHello hello = HelloWithoutName(probe, random);
  hello.random = random;
  if (SendsServerName(probe)) hello.server_name = server_name;
  return hello;
}

bool SendsServerName(Probe probe) {
  return probe.kind != ProbeKind::kNoServerName && HighestVersionOf(probe) > kSsl3;
}

const std::string& OfferTextOf(Probe probe, bool has_server_name) {
  thread_local std::map<uint32_t, std::string> made;
  const uint32_t key = static_cast<uint32_t>(probe.kind) << 16 | uint32_t{probe.parts} << 8 |
                       static_cast<uint32_t>(has_server_name);
  std::string& text = made[key];
  if (text.empty()) text = OfferText(HelloOf(probe, has_server_name ? "name" : "", {}));
  return text;
}

}  // namespace mxsweep::tls
