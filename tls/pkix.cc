#include "tls/pkix.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tls/certificate.h"
#include "tls/certificate_names.h"
#include "tls/public_key.h"
#include "tls/x509_path.h"

namespace mxsweep::tls {
namespace {

// Below this, an RSA key was within reach of one determined attacker years ago.
constexpr uint32_t kWeakRsaBits = 1024;

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
    default:
      return PkixStatus::kUntrusted;
  }
}

std::string DescribeCertificate(size_t depth, Bytes der) {
  const CertificateDer parts = CutCertificate(der);
  return absl::StrCat(depth == 0 ? "leaf" : absl::StrCat("certificate ", depth), " (",
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
    default:
      return absl::StrCat(who, ": ", X509_verify_cert_error_string(error.code));
  }
}

// Why this certificate's key or signature must not be relied on; empty if it may.
// `signature_counts`: not for anchors, whose signature nobody relies on.
std::string WeaknessOf(Bytes der) {
  const CertificateDer parts = CutCertificate(der);
  const SignatureFacts signature = ReadSignatureAlgorithm(parts.signature_algorithm);
  switch (signature.digest) {
    case SignatureDigest::kMd2:
    case SignatureDigest::kMd4:
    case SignatureDigest::kMd5:
    case SignatureDigest::kSha1:
      return "signed with " + signature.name;
    default:
      break;
  }
  const PublicKeyFacts key = ReadPublicKey(parts.spki);
  if ((key.type == KeyType::kRsa || key.type == KeyType::kRsaPss) &&
      key.bits.value_or(0) < kWeakRsaBits) {
    return absl::StrCat("RSA key of ", key.bits.value_or(0), " bits");
  }
  return "";
}

void Consider(PkixStatus status, std::string error, PkixVerdict* verdict) {
  if (status == PkixStatus::kValid) return;
  if (verdict->status != PkixStatus::kValid && verdict->status <= status) return;
  *verdict = {status, std::move(error)};
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

Judgement JudgePath(std::span<const DerHandle> chain, const ParsedChain& parsed, const Path& path,
                    int64_t time_s) {
  Judgement judgement;
  const CertificateDer leaf = CutCertificate(chain[0].der());
  const bool self_signed =
      std::ranges::equal(leaf.subject, leaf.issuer) && SignedBy(leaf, leaf.spki);
  for (const PathError& error : path.errors) {
    const PkixStatus status = StatusOfError(error.code, path.certificates.size(), self_signed);
    Consider(status, SentenceOfError(error, status, path), &judgement.verdict);
  }
  for (size_t depth = 0; depth < path.certificates.size(); ++depth) {
    X509* certificate = path.certificates[depth].get();
    const std::vector<uint8_t> der = DerOf(certificate);
    NarrowWindow(der, time_s, &judgement);
    // What the server sent; the anchors at the end of the path are the store's.
    if (!parsed.IndexOf(certificate)) continue;
    const std::string weakness = WeaknessOf(der);
    if (!weakness.empty()) {
      Consider(PkixStatus::kWeakSignature,
               absl::StrCat(DescribeCertificate(depth, der), ": ", weakness), &judgement.verdict);
    }
  }
  return judgement;
}

Judgement JudgeChain(std::span<const DerHandle> chain, X509_STORE* store, int64_t time_s) {
  const ParsedChain parsed(chain);
  if (parsed.malformed()) {
    Judgement judgement;
    const size_t index = *parsed.malformed();
    judgement.verdict = {PkixStatus::kMalformed,
                         absl::StrCat(index == 0 ? "leaf" : absl::StrCat("certificate ", index),
                                      " cannot be parsed")};
    return judgement;
  }
  return JudgePath(chain, parsed, BuildPath(parsed, store, time_s), time_s);
}

Sha256 HashChain(std::span<const DerHandle> chain) {
  std::vector<uint8_t> hashes;
  hashes.reserve(chain.size() * sizeof(Sha256));
  for (const DerHandle& certificate : chain) {
    const Sha256 hash = HashSha256(certificate.der());
    hashes.insert(hashes.end(), hash.begin(), hash.end());
  }
  return HashSha256(hashes);
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
  }
  return "";
}

struct PkixVerifier::Shard {
  mutable absl::Mutex mutex;
  absl::flat_hash_map<Sha256, Judgement> judgements ABSL_GUARDED_BY(mutex);
  uint64_t verifications ABSL_GUARDED_BY(mutex) = 0;
};

PkixVerifier::PkixVerifier(std::shared_ptr<const TrustStore> store)
    : store_(std::move(store)), shards_(std::make_unique<std::array<Shard, kShards>>()) {}
PkixVerifier::~PkixVerifier() = default;

PkixVerdict PkixVerifier::Judge(std::span<const DerHandle> chain, int64_t time_s) {
  const Sha256 key = HashChain(chain);
  Shard& shard = (*shards_)[key[0] % kShards];
  {
    const absl::ReaderMutexLock lock(&shard.mutex);
    const auto found = shard.judgements.find(key);
    if (found != shard.judgements.end() && found->second.from_s <= time_s &&
        time_s < found->second.until_s) {
      return found->second.verdict;
    }
  }
  Judgement judgement = JudgeChain(chain, store_->store_, time_s);
  const absl::MutexLock lock(&shard.mutex);
  ++shard.verifications;
  return shard.judgements.insert_or_assign(key, std::move(judgement)).first->second.verdict;
}

uint64_t PkixVerifier::verifications() const {
  uint64_t total = 0;
  for (const Shard& shard : *shards_) {
    const absl::ReaderMutexLock lock(&shard.mutex);
    total += shard.verifications;
  }
  return total;
}

}  // namespace mxsweep::tls
