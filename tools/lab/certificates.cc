#include "tools/lab/certificates.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>

#include "absl/strings/escaping.h"
#include "scanner/base/text.h"
#include "tools/lab/sts_postures.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

// Dates are absolute: the same world must have the same certificates tomorrow.
constexpr int64_t kValidSince = 1704067200;    // 2024-01-01
constexpr int64_t kValidUntil = 2303596800;    // 2042-12-31, and up to kSpread days more
constexpr int64_t kExpiredAt = 1672531200;     // 2023-01-01, and up to kSpread days less
constexpr int64_t kExpiredSince = 1546300800;  // 2019-01-01
constexpr int64_t kRootUntil = 2493072000;     // 2049-01-01
constexpr int64_t kDay = 86400;
constexpr uint32_t kSpreadDays = 700;
// Chains kept per shard; the cache exists for providers' hosts and for repeated asking.
constexpr size_t kMaxChainsPerShard = 1024;

struct Algorithm {
  std::string_view name;
  std::initializer_list<uint8_t> oid;
  bool null_parameter;
};

// The order of SignatureKind.
const Algorithm kAlgorithms[] = {
    {"ecdsa-with-SHA256", {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}, false},
    {"ecdsa-with-SHA384", {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03}, false},
    {"sha256WithRSAEncryption", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b}, true},
    {"sha1WithRSAEncryption", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}, true},
    {"ED25519", {0x2b, 0x65, 0x70}, false},
};

void Check(bool ok) {
  if (!ok) std::abort();  // Out of memory, or an error in this file.
}

// Just enough of a DER writer: contents are built as strings, inside out.
std::string Tlv(uint8_t tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = content.size();
  if (size >= 0x100) {
    out += {'\x82', static_cast<char>(size >> 8), static_cast<char>(size)};
  } else if (size >= 0x80) {
    out += {'\x81', static_cast<char>(size)};
  } else {
    out += static_cast<char>(size);
  }
  out += content;
  return out;
}

std::string Oid(std::initializer_list<uint8_t> bytes) {
  return Tlv(0x06, std::string(bytes.begin(), bytes.end()));
}

std::string CommonName(std::string_view name) {
  return Tlv(0x30, Tlv(0x31, Tlv(0x30, Oid({0x55, 0x04, 0x03}) + Tlv(0x0c, name))));
}

std::string UtcTime(int64_t at) {
  const std::time_t seconds = at;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[16];
  std::strftime(text, sizeof(text), "%y%m%d%H%M%SZ", &parts);
  return Tlv(0x17, text);
}

std::string Extension(std::initializer_list<uint8_t> oid, bool critical, std::string_view value) {
  return Tlv(0x30, Oid(oid) + (critical ? Tlv(0x01, "\xff") : std::string()) + Tlv(0x04, value));
}

std::string AlgorithmIdentifier(SignatureKind kind) {
  const Algorithm& algorithm = kAlgorithms[static_cast<size_t>(kind)];
  return Tlv(0x30, Oid(algorithm.oid) + (algorithm.null_parameter ? Tlv(0x05, "") : std::string()));
}

std::string KeyId(const Key& key) { return Sha256(key.spki).substr(0, 20); }

std::string Extensions(const Certificate& c, const Key& issuer) {
  std::string list;
  // Basic constraints, key usage, extended key usage, key identifiers, names (RFC 5280 §4.2.1).
  list +=
      Extension({0x55, 0x1d, 0x13}, true, Tlv(0x30, c.is_ca ? Tlv(0x01, "\xff") : std::string()));
  // A self-signed leaf goes without key usage, or it could not be its own issuer (§4.2.1.3).
  if (!c.self_signed || c.is_ca) {
    // keyCertSign and cRLSign; or digitalSignature, with keyEncipherment for RSA.
    const bool rsa = FactsOf(c.key->kind).type == "rsa";
    const std::string_view usage = c.is_ca ? std::string_view("\x01\x06", 2)
                                   : rsa   ? std::string_view("\x05\xa0", 2)
                                           : std::string_view("\x07\x80", 2);
    list += Extension({0x55, 0x1d, 0x0f}, true, Tlv(0x03, usage));
  }
  if (!c.is_ca) {
    list +=
        Extension({0x55, 0x1d, 0x25}, false,
                  Tlv(0x30, c.for_clients ? Oid({0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02})
                                          : Oid({0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01})));
  }
  list += Extension({0x55, 0x1d, 0x0e}, false, Tlv(0x04, KeyId(*c.key)));
  list += Extension({0x55, 0x1d, 0x23}, false, Tlv(0x30, Tlv(0x80, KeyId(issuer))));
  if (!c.names.empty()) {
    std::string names;
    for (const std::string& name : c.names) names += Tlv(0x82, name);
    list += Extension({0x55, 0x1d, 0x11}, false, Tlv(0x30, names));
  }
  return Tlv(0xa3, Tlv(0x30, list));
}

std::string SignEcdsa(const Key& key, std::string_view message, bool sha384) {
  uint8_t digest[SHA384_DIGEST_LENGTH];
  const auto* bytes = reinterpret_cast<const uint8_t*>(message.data());
  if (sha384) {
    SHA384(bytes, message.size(), digest);
  } else {
    SHA256(bytes, message.size(), digest);
  }
  const size_t size = sha384 ? SHA384_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
  // As many bytes as the order of the curve has; without the highest bit it is below it.
  uint8_t nonce[EVP_MAX_MD_SIZE];
  unsigned nonce_size = 0;
  Check(HMAC(EVP_sha512(), key.spki.data(), key.spki.size(), digest, size, nonce, &nonce_size));
  nonce[0] &= 0x7f;
  bssl::UniquePtr<ECDSA_SIG> signature(ECDSA_sign_with_nonce_and_leak_private_key_for_testing(
      digest, size, EVP_PKEY_get0_EC_KEY(key.private_key.get()), nonce, size));
  uint8_t* der = nullptr;
  size_t der_size = 0;
  Check(signature && ECDSA_SIG_to_bytes(&der, &der_size, signature.get()));
  std::string out(reinterpret_cast<char*>(der), der_size);
  OPENSSL_free(der);
  return out;
}

std::string Sign(const Key& key, SignatureKind kind, std::string_view message) {
  if (kind == SignatureKind::kEcdsaSha256 || kind == SignatureKind::kEcdsaSha384) {
    return SignEcdsa(key, message, kind == SignatureKind::kEcdsaSha384);
  }
  const EVP_MD* digest = kind == SignatureKind::kEd25519   ? nullptr
                         : kind == SignatureKind::kRsaSha1 ? EVP_sha1()
                                                           : EVP_sha256();
  bssl::ScopedEVP_MD_CTX ctx;
  std::string out(1024, '\0');
  size_t size = out.size();
  Check(EVP_DigestSignInit(ctx.get(), nullptr, digest, nullptr, key.private_key.get()) &&
        EVP_DigestSign(ctx.get(), reinterpret_cast<uint8_t*>(out.data()), &size,
                       reinterpret_cast<const uint8_t*>(message.data()), message.size()));
  out.resize(size);
  return out;
}

SignatureKind DefaultSignature(const Key& key) {
  switch (key.kind) {
    case KeyKind::kP256:
      return SignatureKind::kEcdsaSha256;
    case KeyKind::kP384:
      return SignatureKind::kEcdsaSha384;
    case KeyKind::kEd25519:
      return SignatureKind::kEd25519;
    default:
      return SignatureKind::kRsaSha256;
  }
}

// Completes `certificate`, all of whose facts but `der` are set, with the signature of `issuer`.
std::shared_ptr<const Certificate> Issue(Certificate certificate, const Key& issuer) {
  const std::string algorithm = AlgorithmIdentifier(certificate.signature);
  const std::string tbs =
      Tlv(0x30, Tlv(0xa0, Tlv(0x02, "\x02")) + Tlv(0x02, certificate.serial) + algorithm +
                    CommonName(certificate.issuer_cn) +
                    Tlv(0x30, UtcTime(certificate.not_before) + UtcTime(certificate.not_after)) +
                    CommonName(certificate.subject_cn) + certificate.key->spki +
                    Extensions(certificate, issuer));
  const std::string signature = std::string(1, '\0') + Sign(issuer, certificate.signature, tbs);
  certificate.der = Tlv(0x30, tbs + algorithm + Tlv(0x03, signature));
  certificate.buffer.reset(CRYPTO_BUFFER_new(
      reinterpret_cast<const uint8_t*>(certificate.der.data()), certificate.der.size(), nullptr));
  Check(certificate.buffer != nullptr);
  return std::make_shared<const Certificate>(std::move(certificate));
}

// Eight bytes whose first is 0x10 to 0x7f: positive, and the same text with leading zeros and
// without.
std::string Serial(std::string_view of) {
  std::string bytes = Sha256(of).substr(0, 8);
  bytes[0] = static_cast<char>(0x10 + static_cast<uint8_t>(bytes[0]) % 0x70);
  return bytes;
}

std::shared_ptr<const Certificate> MakeRoot(const std::string& name, const Key& key) {
  Certificate c;
  c.subject_cn = c.issuer_cn = name;
  c.serial = Serial(name);
  c.not_before = kExpiredSince;  // Expired leaves were valid once.
  c.not_after = kRootUntil;
  c.key = &key;
  c.signature = DefaultSignature(key);
  c.is_ca = c.self_signed = true;
  return Issue(std::move(c), key);
}

// DER, so far as it goes.
std::shared_ptr<const Certificate> MakeUnreadable() {
  Certificate c;
  c.der = Tlv(0x30, Tlv(0x0c, "This is no certificate."));
  c.buffer.reset(
      CRYPTO_BUFFER_new(reinterpret_cast<const uint8_t*>(c.der.data()), c.der.size(), nullptr));
  Check(c.buffer != nullptr);
  return std::make_shared<const Certificate>(std::move(c));
}

}  // namespace

std::string_view NameOf(SignatureKind kind) { return kAlgorithms[static_cast<size_t>(kind)].name; }

CertificateStore::CertificateStore(const World& world, const KeyPool& keys)
    : world_(world),
      keys_(keys),
      ec_(MakeAuthority("EC", keys.Get(AuthorityKey::kEcRoot),
                        keys.Get(AuthorityKey::kEcIntermediate))),
      rsa_(MakeAuthority("RSA", keys.Get(AuthorityKey::kRsaRoot),
                         keys.Get(AuthorityKey::kRsaIntermediate))),
      unknown_(MakeRoot("mxsweep lab unknown root", keys.Get(AuthorityKey::kUnknown))),
      unreadable_(MakeUnreadable()) {}

CertificateStore::Authority CertificateStore::MakeAuthority(std::string_view name, const Key& root,
                                                            const Key& intermediate) const {
  Authority authority;
  authority.root = MakeRoot(JoinText("mxsweep lab ", name, " root"), root);
  Certificate c;
  c.subject_cn = JoinText("mxsweep lab ", name, " intermediate");
  c.issuer_cn = authority.root->subject_cn;
  c.serial = Serial(c.subject_cn);
  c.not_before = kExpiredSince;
  c.not_after = kRootUntil;
  c.key = &intermediate;
  c.signature = DefaultSignature(root);
  c.is_ca = true;
  authority.intermediate = Issue(std::move(c), root);
  return authority;
}

std::shared_ptr<const Chain> CertificateStore::ChainOf(uint32_t host, uint8_t variant) {
  Shard& shard = shards_[host % shards_.size()];
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.chains.find({host, variant});
    if (found != shard.chains.end()) return found->second;
  }
  // Made outside the lock: two threads may make the same one, with the same bytes.
  std::shared_ptr<const Chain> chain = Make(host, variant);
  const std::lock_guard lock(shard.mutex);
  if (shard.chains.size() >= kMaxChainsPerShard) shard.chains.clear();
  shard.chains.emplace(std::pair(host, variant), chain);
  return chain;
}

std::shared_ptr<const Chain> CertificateStore::Make(uint32_t host_index, uint8_t variant) const {
  const Host& host = world_.hosts()[host_index];
  const std::string name = world_.HostName(host_index);
  const std::string zone = world_.ZoneName(host.zone);
  Certificate c;
  c.subject_cn = name;
  c.names = {name};
  if (world_.CanonicalName(host_index) != name) c.names.push_back(world_.CanonicalName(host_index));
  c.serial = Serial(JoinText(world_.options().seed, " ", name));
  c.key = &keys_.Get(host.key, host.key_index + uint32_t{variant});
  if (host.cert == CertPosture::kWildcard) {
    c.subject_cn = JoinText("*.", zone);
    c.names[0] = c.subject_cn;
    if (host.number == 0) c.names.push_back(zone);
  }
  const auto days = static_cast<uint32_t>(Mix64(host_index) % kSpreadDays);
  if (host.cert == CertPosture::kOtherWithoutName) {
    // As a server comes from its installer.
    Certificate installed;
    installed.subject_cn = "localhost.localdomain";
    installed.names = {installed.subject_cn};
    installed.serial = Serial(JoinText(world_.options().seed, " ", name, " installed"));
    // One that signs it, and goes with the server's suites.
    const KeyKind kind = SignsNothing(host.key) ? KeyKind::kRsa2048 : host.key;
    installed.key = &keys_.Get(kind, host.key_index + 1u);
    Chain chain = *Complete(std::move(c), CertPosture::kValid, days);
    chain.without_name = Complete(std::move(installed), CertPosture::kSelfSigned, days);
    return std::make_shared<const Chain>(std::move(chain));
  }
  if (host.cert != CertPosture::kDual) return Complete(std::move(c), host.cert, days);
  Certificate other;
  other.subject_cn = c.subject_cn;
  other.names = c.names;
  other.serial = Serial(JoinText(world_.options().seed, " ", name, " RSA"));
  other.key = &keys_.Get(KeyKind::kRsa2048, host.key_index);
  Chain both = *Complete(std::move(c), CertPosture::kValid, days);
  both.for_rsa = Complete(std::move(other), CertPosture::kValidRsaIssuer, days);
  return std::make_shared<const Chain>(std::move(both));
}

std::shared_ptr<const Chain> CertificateStore::PolicyChainOf(uint32_t zone) const {
  const std::string name = JoinText("mta-sts.", world_.ZoneName(zone));
  Certificate c;
  c.subject_cn = name;
  c.names = {name};
  c.serial = Serial(JoinText(world_.options().seed, " ", name));
  c.key = &keys_.Get(KeyKind::kP256, zone);
  return Complete(std::move(c), PolicyCertOf(world_.zones()[zone].sts.value()), zone % kSpreadDays);
}

std::shared_ptr<const Chain> CertificateStore::Complete(Certificate c, CertPosture posture,
                                                        uint32_t days) const {
  c.not_before = kValidSince;
  c.not_after = kValidUntil + days * kDay;
  const Authority* authority = &ec_;
  Chain chain;
  switch (posture) {
    case CertPosture::kCommonNameOnly:
      c.names.clear();
      break;
    case CertPosture::kWrongName:
      c.subject_cn = "someone-else.lab";
      c.names = {"someone-else.lab", "www.someone-else.lab"};
      break;
    case CertPosture::kExpired:
      c.not_before = kExpiredSince;
      c.not_after = kExpiredAt - days * kDay;
      break;
    case CertPosture::kNotYetValid:
      c.not_before = kValidUntil;
      c.not_after = kValidUntil + (days + 1) * kDay;
      break;
    case CertPosture::kClientPurpose:
      c.for_clients = true;
      break;
    case CertPosture::kValidRsaIssuer:
    case CertPosture::kSha1Signed:
      authority = &rsa_;
      break;
    default:
      break;
  }

  const Certificate* issuer = authority->intermediate.get();
  if (posture == CertPosture::kUnknownIssuer) issuer = unknown_.get();
  if (posture == CertPosture::kSelfSigned) {
    c.issuer_cn = c.subject_cn;
    c.self_signed = true;
    c.signature = DefaultSignature(*c.key);
    const Key& own = *c.key;
    chain.certificates.push_back(Issue(std::move(c), own));
    return std::make_shared<const Chain>(std::move(chain));
  }
  c.issuer_cn = issuer->subject_cn;
  c.signature = posture == CertPosture::kSha1Signed ? SignatureKind::kRsaSha1
                                                    : DefaultSignature(*issuer->key);
  chain.certificates.push_back(Issue(std::move(c), *issuer->key));
  chain.root = posture == CertPosture::kUnknownIssuer ? unknown_ : authority->root;
  if (posture == CertPosture::kUnknownIssuer) {
    chain.certificates.push_back(unknown_);
  } else if (posture != CertPosture::kMissingIntermediate) {
    chain.certificates.push_back(authority->intermediate);
  }
  if (posture == CertPosture::kValidWithRoot) chain.certificates.push_back(authority->root);
  if (posture == CertPosture::kExtraCertificate) chain.certificates.push_back(unknown_);
  if (posture == CertPosture::kUnreadableExtra) chain.certificates.push_back(unreadable_);
  return std::make_shared<const Chain>(std::move(chain));
}

std::string CertificateStore::RootsPem() const {
  std::string out;
  for (const Authority* authority : {&ec_, &rsa_}) {
    const std::string text = absl::Base64Escape(authority->root->der);
    out += "-----BEGIN CERTIFICATE-----\n";
    for (size_t at = 0; at < text.size(); at += 64) out += text.substr(at, 64) + "\n";
    out += "-----END CERTIFICATE-----\n";
  }
  return out;
}

}  // namespace mxsweep::lab
