#include "tls/pki/known_issuers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

constexpr uint8_t kOidAuthorityKeyIdentifier[] = {0x55, 0x1d, 0x23};
constexpr uint8_t kOidNameConstraints[] = {0x55, 0x1d, 0x1e};
constexpr uint8_t kOidPolicyConstraints[] = {0x55, 0x1d, 0x24};
constexpr uint8_t kOidInhibitAnyPolicy[] = {0x55, 0x1d, 0x36};

bool ConstrainsPolicies(const CertificateDer& certificate) {
  return FindExtension(certificate, kOidPolicyConstraints).has_value() ||
         FindExtension(certificate, kOidInhibitAnyPolicy).has_value();
}

// With its length, so that two in a row are not taken for other two.
void Append(Bytes bytes, std::vector<uint8_t>* out) {
  const uint64_t size = bytes.size();
  const auto* size_bytes = reinterpret_cast<const uint8_t*>(&size);
  out->insert(out->end(), size_bytes, size_bytes + sizeof(size));
  out->insert(out->end(), bytes.begin(), bytes.end());
}

}  // namespace

std::optional<Sha256> KnownIssuers::KeyOf(const CertificateDer& leaf,
                                          std::span<const Sha256> others) {
  if (others.empty() || !leaf.error.empty() || std::ranges::equal(leaf.subject, leaf.issuer) ||
      ConstrainsPolicies(leaf)) {
    return std::nullopt;
  }
  std::vector<uint8_t> text;
  Append({others.front().data(), others.size() * sizeof(Sha256)}, &text);
  Append(leaf.issuer, &text);
  if (const std::optional<Bytes> id = FindExtension(leaf, kOidAuthorityKeyIdentifier)) {
    Append(*id, &text);
  }
  return HashSha256(text);
}

bool KnownIssuers::HoldsForEveryLeaf(std::span<const std::vector<uint8_t>> certificates) {
  for (size_t i = 0; i < certificates.size(); ++i) {
    const CertificateDer parts = CutCertificate(certificates[i]);
    if (!parts.error.empty() || ConstrainsPolicies(parts)) return false;
    if (i > 0 && FindExtension(parts, kOidNameConstraints)) return false;
  }
  return true;
}

std::shared_ptr<const IssuerPath> KnownIssuers::Find(const Sha256& key, int64_t time_s) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<const IssuerPath>* found = paths_.Find(key);
  if (found == nullptr || time_s < (*found)->from_s || time_s >= (*found)->until_s) return nullptr;
  return *found;
}

void KnownIssuers::Keep(const Sha256& key, IssuerPath path) {
  auto kept = std::make_shared<const IssuerPath>(std::move(path));
  const std::lock_guard lock(mutex_);
  paths_.Keep(key, std::move(kept));
}

}  // namespace mxsweep::tls
