#include "tls/pki/pkix.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/hash/hash.h"
#include "scanner/base/recent_map.h"
#include "scanner/base/text.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_level.h"
#include "tls/pki/certificate_names.h"
#include "tls/pki/der_reader.h"
#include "tls/pki/issuer.h"
#include "tls/pki/known_issuers.h"
#include "tls/pki/openssl_parse.h"
#include "tls/pki/public_key.h"
#include "tls/pki/x509_path.h"

namespace mxsweep::tls {
namespace {

// Below this, an RSA key was within reach of one determined attacker years ago.
constexpr uint32_t kWeakRsaBits = 1024;
constexpr size_t kRememberedIssuers = 128;

struct Judgement {
  PkixVerdict verdict;
  // It holds for from_s <= time < until_s.
  int64_t from_s = std::numeric_limits<int64_t>::min();
  int64_t until_s = std::numeric_limits<int64_t>::max();
};

PkixStatus StatusOfError(int code, size_t path_length, bool self_signed) {
  switch (code) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      if (path_length > 1) return PkixStatus::kUntrusted;
      return self_signed ? PkixStatus::kSelfSigned : PkixStatus::kIncomplete;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return PkixStatus::kNotYetValid;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return PkixStatus::kExpired;
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_INVALID_EXTENSION:
      return PkixStatus::kMalformed;
    case kExplicitCurveError:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE:
    case X509_V_ERR_INVALID_POLICY_EXTENSION:
    case X509_V_ERR_NO_EXPLICIT_POLICY:
    case X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED:
    case X509_V_ERR_UNNESTED_RESOURCE:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_NAME_CONSTRAINTS_WITHOUT_SANS:
      return PkixStatus::kConstraint;
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
      return PkixStatus::kNotKnown;
    default:
      return PkixStatus::kUntrusted;
  }
}

std::string DescribeCertificate(size_t depth, Bytes der) {
  const CertificateDer parts = CutCertificate(der);
  return JoinText(depth == 0 ? "leaf" : JoinText("certificate ", depth), " (",
                  DistinguishedNameText(parts.subject), ")");
}

std::string SentenceOfError(const PathError& error, PkixStatus status, const Path& path) {
  const size_t depth =
      std::min(error.depth, path.certificates.empty() ? 0 : path.certificates.size() - 1);
  const std::string who = path.certificates.empty()
                              ? "leaf"
                              : DescribeCertificate(depth, DerOf(path.certificates[depth].get()));
  switch (status) {
    case PkixStatus::kSelfSigned:
      return who + ": self-signed and not in the trust store";
    case PkixStatus::kIncomplete:
      return who + ": its issuer is neither in the chain nor in the trust store";
    case PkixStatus::kNotKnown:
      return who +
             ": the key or the algorithm that signed it is of a kind that cannot be checked here";
    default:
      return JoinText(who, ": ", PathErrorText(error.code));
  }
}

// Why this certificate's key or signature must not be relied on; empty if it may.
std::string WeaknessOf(Bytes der) {
  const CertificateDer parts = CutCertificate(der);
  const SignatureFacts signature = ReadSignatureAlgorithm(parts.signature_algorithm);
  if (IsMd5OrOlder(signature.digest) || signature.digest == SignatureDigest::kSha1) {
    return "signed with " + signature.name;
  }
  const PublicKeyFacts key = ReadPublicKey(parts.spki);
  if ((key.type == KeyType::kRsa || key.type == KeyType::kRsaPss) &&
      key.bits.value_or(0) < kWeakRsaBits) {
    return JoinText("RSA key of ", key.bits.value_or(0), " bits");
  }
  return "";
}

void Consider(PkixStatus status, std::string error, PkixVerdict* verdict) {
  if (status == PkixStatus::kValid) return;
  if (verdict->status != PkixStatus::kValid && verdict->status <= status) return;
  verdict->status = status;
  verdict->error = std::move(error);
}

// The dates between which nothing in this path changes its state.
void NarrowWindow(Bytes der, int64_t time_s, Judgement* judgement) {
  const CertificateDer parts = CutCertificate(der);
  for (const Bytes time : {parts.not_before, parts.not_after}) {
    const std::optional<int64_t> at = ParseTime(time);
    if (!at) continue;
    if (*at <= time_s) judgement->from_s = std::max(judgement->from_s, *at);
    if (*at > time_s) judgement->until_s = std::min(judgement->until_s, *at);
  }
}

// The certificates of the path that the server sent, up to the first that is the store's.
std::vector<uint8_t> IndicesOf(const Path& path, const ParsedChain& parsed) {
  std::vector<uint8_t> indices;
  for (const auto& certificate : path.certificates) {
    const std::optional<size_t> index = parsed.IndexOf(certificate.get());
    if (!index || *index > std::numeric_limits<uint8_t>::max()) break;
    indices.push_back(static_cast<uint8_t>(*index));
  }
  return indices;
}

bool IsMissingIssuer(int code) {
  return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

bool ReachesAnchor(const Path& path) {
  return path.certificates.size() > 1 &&
         std::ranges::none_of(path.errors, [](const PathError& error) {
           return IsMissingIssuer(error.code) || error.code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
         });
}

// BoringSSL does not take a certificate for an issuer that may not be one, and then says that there
// is none.
std::string IssuerThatMayNotSign(std::span<const DerHandle> chain, const TrustStore& store,
                                 const Path& path) {
  if (path.certificates.empty()) return "";
  const std::vector<uint8_t> top = DerOf(path.certificates.back().get());
  const DerHandle found = FindIssuer(CutCertificate(top), chain.subspan(1), &store);
  if (found.empty()) return "";
  const CertificateDer issuer = CutCertificate(found.der());
  if (KeyUsageAllows(issuer, kKeyUsageKeyCertSign)) return "";
  return JoinText(DescribeCertificate(path.certificates.size(), found.der()),
                  ": its key usage does not allow it to sign certificates");
}

void ConsiderError(const PathError& error, std::span<const DerHandle> chain,
                   const TrustStore& store, const Path& path, bool self_signed,
                   PkixVerdict* verdict) {
  const size_t length = path.certificates.size();
  if (IsMissingIssuer(error.code) && length > kMaxPathLength) {
    Consider(PkixStatus::kUntrusted,
             JoinText("no trust anchor within ", kMaxPathLength, " certificates"), verdict);
    return;
  }
  const PkixStatus status = StatusOfError(error.code, length, self_signed);
  if (IsMissingIssuer(error.code) && status != PkixStatus::kSelfSigned) {
    std::string sentence = IssuerThatMayNotSign(chain, store, path);
    if (!sentence.empty()) return Consider(PkixStatus::kConstraint, std::move(sentence), verdict);
  }
  Consider(status, SentenceOfError(error, status, path), verdict);
}

bool IsUsableKey(Bytes certificate) {
  CBS spki = ReaderOf(CutCertificate(certificate).spki);
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&spki));
  ERR_clear_error();
  return key != nullptr;
}

std::string RefusedText(const ParsedChain::Refused& refused) {
  return JoinText(refused.index == 0 ? "leaf" : JoinText("certificate ", refused.index),
                  " cannot be parsed here: ", refused.reason);
}

// What was refused may be the missing issuer; and that a leaf is valid is not said without its key.
void ConsiderWhatIsNotKnown(Bytes leaf, const ParsedChain& parsed, PkixVerdict* verdict) {
  const bool no_path =
      verdict->status == PkixStatus::kUntrusted || verdict->status == PkixStatus::kIncomplete;
  if (no_path && !parsed.refused().empty()) {
    verdict->status = PkixStatus::kNotKnown;
    verdict->error = RefusedText(parsed.refused().front());
  }
  if (!IsUsableKey(leaf)) {
    Consider(PkixStatus::kNotKnown, "leaf: its key is of a kind that cannot be used here", verdict);
  }
}

Judgement JudgePath(std::span<const DerHandle> chain, const ParsedChain& parsed, const Path& path,
                    const TrustStore& store, int64_t time_s) {
  Judgement judgement;
  judgement.verdict.path = IndicesOf(path, parsed);
  const CertificateDer leaf = CutCertificate(chain[0].der());
  const bool self_signed = std::ranges::equal(leaf.subject, leaf.issuer) &&
                           CheckSignedBy(leaf, leaf.spki) != SignatureCheck::kBad;
  for (const PathError& error : path.errors) {
    ConsiderError(error, chain, store, path, self_signed, &judgement.verdict);
  }
  std::vector<std::vector<uint8_t>> ders;
  for (size_t depth = 0; depth < path.certificates.size(); ++depth) {
    X509* certificate = path.certificates[depth].get();
    const std::vector<uint8_t>& der = ders.emplace_back(DerOf(certificate));
    NarrowWindow(der, time_s, &judgement);
    // What the server sent; the anchors at the end of the path are the store's.
    if (!parsed.IndexOf(certificate)) continue;
    const std::string weakness = WeaknessOf(der);
    if (!weakness.empty()) {
      Consider(PkixStatus::kWeakSignature,
               JoinText(DescribeCertificate(depth, der), ": ", weakness), &judgement.verdict);
    }
  }
  ConsiderWhatIsNotKnown(chain[0].der(), parsed, &judgement.verdict);
  if (!ders.empty()) {
    judgement.verdict.certificate_level = JudgeCertificateLevel(ders, ReachesAnchor(path));
  }
  return judgement;
}

// The better of two paths: a valid one, else the one whose trouble comes later in the order.
bool IsBetter(const PkixVerdict& a, const PkixVerdict& b) {
  if (b.status == PkixStatus::kValid) return false;
  return a.status == PkixStatus::kValid || a.status > b.status;
}

// A chain of which no path can be made.
std::optional<Judgement> JudgeUnparsable(std::span<const DerHandle> chain,
                                         const ParsedChain& parsed) {
  Judgement judgement;
  for (size_t i = 0; i < chain.size(); ++i) {
    const std::string trouble = OpenSslParseTrouble(chain[i].der());
    if (trouble.empty()) continue;
    judgement.verdict.status = PkixStatus::kMalformed;
    judgement.verdict.error =
        JoinText(i == 0 ? "leaf" : JoinText("certificate ", i), " cannot be parsed: ", trouble);
    return judgement;
  }
  if (parsed.has_leaf()) return std::nullopt;
  judgement.verdict.status = PkixStatus::kNotKnown;
  judgement.verdict.error = RefusedText(parsed.refused().front());
  return judgement;
}

// What a valid path has above its leaf; nothing where that does not hold for every leaf, or is no
// more than the anchor.
std::optional<IssuerPath> IssuersOf(const Path& path, const Judgement& judgement, int64_t time_s) {
  constexpr size_t kWithIssuer = 3;  // leaf, issuer, anchor
  if (judgement.verdict.status != PkixStatus::kValid || path.certificates.size() < kWithIssuer) {
    return std::nullopt;
  }
  IssuerPath issuers;
  Judgement window;
  for (size_t depth = 1; depth < path.certificates.size(); ++depth) {
    issuers.certificates.push_back(DerOf(path.certificates[depth].get()));
    NarrowWindow(issuers.certificates.back(), time_s, &window);
  }
  if (!KnownIssuers::HoldsForEveryLeaf(issuers.certificates)) return std::nullopt;
  issuers.from_s = window.from_s;
  issuers.until_s = window.until_s;
  issuers.indices = judgement.verdict.path;
  issuers.issuer.reset(X509_STORE_new());
  if (issuers.issuer == nullptr ||
      !X509_STORE_add_cert(issuers.issuer.get(), path.certificates[1].get())) {
    return std::nullopt;
  }
  return issuers;
}

// The judgement on a chain whose issuers are known, where it is valid; anything else is for
// JudgeChain to tell. What is above the leaf was found to be right for every leaf, so that a path
// of two is enough: BoringSSL checks the leaf, its signature, and the issuer's constraints on it.
std::optional<Judgement> JudgeLeaf(const DerHandle& leaf, const IssuerPath& issuers,
                                   int64_t time_s) {
  if (!OpenSslParseTrouble(leaf.der()).empty()) return std::nullopt;
  const ParsedChain parsed({&leaf, 1});
  if (!parsed.has_leaf()) return std::nullopt;
  const Path path = BuildPath(parsed, issuers.issuer.get(), time_s);
  if (!path.errors.empty() || path.certificates.size() != 2 || !WeaknessOf(leaf.der()).empty() ||
      !IsUsableKey(leaf.der())) {
    return std::nullopt;
  }
  Judgement judgement = {.from_s = issuers.from_s, .until_s = issuers.until_s};
  NarrowWindow(leaf.der(), time_s, &judgement);
  judgement.verdict.path = issuers.indices;
  std::vector<std::vector<uint8_t>> ders = {{leaf.der().begin(), leaf.der().end()}};
  ders.insert(ders.end(), issuers.certificates.begin(), issuers.certificates.end());
  judgement.verdict.certificate_level = JudgeCertificateLevel(ders, /*anchored=*/true);
  return judgement;
}

// `issuers` is set where a valid chain's first path has some that are worth being remembered: a
// later path is tried only after others have failed, perhaps by what is the leaf's own.
Judgement JudgeChain(std::span<const DerHandle> chain, X509_STORE* anchors, const TrustStore& store,
                     int64_t time_s, std::optional<IssuerPath>* issuers) {
  const ParsedChain parsed(chain);
  if (std::optional<Judgement> judgement = JudgeUnparsable(chain, parsed)) return *judgement;
  std::optional<Judgement> best;
  ForEachPath(parsed, anchors, time_s, [&](const Path& path) {
    Judgement judgement = JudgePath(chain, parsed, path, store, time_s);
    if (!best) {
      *issuers = IssuersOf(path, judgement, time_s);
      best = std::move(judgement);
    } else {
      if (IsBetter(judgement.verdict, best->verdict)) best->verdict = std::move(judgement.verdict);
      // What is true of all paths holds as long as nothing changes in any of them.
      best->from_s = std::max(best->from_s, judgement.from_s);
      best->until_s = std::min(best->until_s, judgement.until_s);
    }
    return best->verdict.status == PkixStatus::kValid;
  });
  return *std::move(best);
}

}  // namespace

std::string_view PkixStatusName(PkixStatus status) {
  switch (status) {
    case PkixStatus::kValid:
      return "valid";
    case PkixStatus::kMalformed:
      return "malformed";
    case PkixStatus::kSelfSigned:
      return "self_signed";
    case PkixStatus::kIncomplete:
      return "incomplete";
    case PkixStatus::kUntrusted:
      return "untrusted";
    case PkixStatus::kConstraint:
      return "constraint";
    case PkixStatus::kWeakSignature:
      return "weak_signature";
    case PkixStatus::kExpired:
      return "expired";
    case PkixStatus::kNotYetValid:
      return "not_yet_valid";
    case PkixStatus::kNotKnown:
      return "";
  }
  return "";
}

struct PkixVerifier::Shard {
  mutable std::mutex mutex;  // guards the rest
  RecentMap<Sha256, Judgement, absl::Hash<Sha256>> judgements{1};
  uint64_t verifications = 0;
};

PkixVerifier::PkixVerifier(std::shared_ptr<const TrustStore> store, size_t remembered)
    : store_(std::move(store)),
      shards_(std::make_unique<std::array<Shard, kShards>>()),
      issuers_(std::make_unique<KnownIssuers>(kRememberedIssuers)) {
  for (Shard& shard : *shards_) {
    shard.judgements = decltype(shard.judgements)(std::max<size_t>(remembered / kShards, 1));
  }
}
PkixVerifier::~PkixVerifier() = default;

PkixVerdict PkixVerifier::Judge(std::span<const DerHandle> chain, int64_t time_s) {
  std::vector<Sha256> fingerprints;
  fingerprints.reserve(chain.size());
  for (const DerHandle& certificate : chain) fingerprints.push_back(HashSha256(certificate.der()));
  return Judge(chain, fingerprints, time_s);
}

PkixVerdict PkixVerifier::Judge(std::span<const DerHandle> chain,
                                std::span<const Sha256> fingerprints, int64_t time_s) {
  const Sha256 key =
      HashSha256({fingerprints.front().data(), fingerprints.size() * sizeof(Sha256)});
  Shard& shard = (*shards_)[key[0] % kShards];
  {
    const std::lock_guard lock(shard.mutex);
    const Judgement* known = shard.judgements.Find(key);
    if (known != nullptr && known->from_s <= time_s && time_s < known->until_s) {
      return known->verdict;
    }
  }
  const std::optional<Sha256> issuers_key =
      KnownIssuers::KeyOf(CutCertificate(chain[0].der()), fingerprints.subspan(1));
  std::optional<Judgement> by_leaf;
  if (issuers_key) {
    const std::shared_ptr<const IssuerPath> issuers = issuers_->Find(*issuers_key, time_s);
    if (issuers != nullptr) by_leaf = JudgeLeaf(chain[0], *issuers, time_s);
  }
  Judgement judgement;
  if (by_leaf) {
    ++leaf_verifications_;
    judgement = *std::move(by_leaf);
  } else {
    std::optional<IssuerPath> issuers;
    judgement = JudgeChain(chain, store_->store_, *store_, time_s, &issuers);
    if (issuers && issuers_key) issuers_->Keep(*issuers_key, *std::move(issuers));
  }
  const std::lock_guard lock(shard.mutex);
  ++shard.verifications;
  return shard.judgements.Keep(key, std::move(judgement)).verdict;
}

uint64_t PkixVerifier::verifications() const {
  uint64_t total = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.verifications;
  }
  return total;
}

}  // namespace mxsweep::tls
