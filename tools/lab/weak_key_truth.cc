#include "tools/lab/weak_key_truth.h"

#include <string_view>

#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

using Json = nlohmann::ordered_json;

// So many of a list are written.
constexpr size_t kMaxListed = 100;
constexpr uint32_t kMinPrimeBits = 2048;
constexpr size_t kSharedBy = 2;

std::set<std::string> ProvidersOf(const std::set<ShownAt>& endpoints) {
  std::set<std::string> providers;
  for (const ShownAt& endpoint : endpoints) providers.insert(endpoint.provider);
  return providers;
}

void PutList(const char* column, const std::set<std::string>& values, Json& row) {
  if (values.size() <= kMaxListed) row[column] = Json(values);
}

}  // namespace

void WeakKeyTruth::Add(const Certificate& certificate) {
  if (certificate.key == nullptr) return;  // it cannot be read
  Use& use = uses_[ToHex(Sha256(certificate.key->spki))];
  use.key = certificate.key;
  use.is_ca |= certificate.is_ca;
  use.sha1_signature |= certificate.signature == SignatureKind::kRsaSha1;
  use.certificates.insert(ToHex(Sha256(certificate.der)));
}

void WeakKeyTruth::AddShown(const Certificate& certificate, const ShownAt& endpoint) {
  if (certificate.key == nullptr) return;
  uses_[ToHex(Sha256(certificate.key->spki))].endpoints.insert(endpoint);
}

void WeakKeyTruth::AddPrime(const OldPrime& prime, const ShownAt& endpoint) {
  Use& use = uses_[ToHex(Sha256(prime.prime))];
  use.prime = &prime;
  use.endpoints.insert(endpoint);
}

void WeakKeyTruth::AddDomain(const std::string& domain, const std::string& mx_host) {
  domains_[mx_host].insert(domain);
}

std::vector<std::string> WeakKeyTruth::PartnersOf(const Use& use) const {
  std::vector<std::string> partners;
  if (use.key == nullptr || !use.key->faults.shares_prime) return partners;
  for (const auto& [sha256, other] : uses_) {
    if (&other != &use && other.key != nullptr && other.key->faults.shares_prime) {
      partners.push_back(sha256);
    }
  }
  return partners;
}

bool WeakKeyTruth::HasSharedModulus(const Use& use) const {
  if (use.key == nullptr || use.key->modulus_sha256.empty()) return false;
  for (const auto& [sha256, other] : uses_) {
    if (&other != &use && other.key != nullptr &&
        other.key->modulus_sha256 == use.key->modulus_sha256) {
      return true;
    }
  }
  return false;
}

std::vector<std::string_view> WeakKeyTruth::WeaknessesOf(const Use& use) const {
  if (use.prime != nullptr) {
    std::vector<std::string_view> words;
    if (use.prime->bits < kMinPrimeBits) words.push_back("dh_short");
    if (use.prime->kind == "composite") words.push_back("dh_composite");
    if (use.prime->kind == "prime") words.push_back("dh_not_safe");
    return words;
  }
  std::vector<std::string_view> words = use.key->faults.by_itself;
  if (use.sha1_signature) words.push_back("sha1_signature");
  if (!PartnersOf(use).empty()) words.push_back("shared_prime");
  if (HasSharedModulus(use)) words.push_back("shared_modulus");
  if (!use.is_ca && use.certificates.size() >= kSharedBy &&
      ProvidersOf(use.endpoints).size() >= kSharedBy) {
    words.push_back("shared_key");
  }
  return words;
}

Json WeakKeyTruth::RowOf(const std::string& sha256, const Use& use) const {
  Json row = {{"spki_sha256", sha256}};
  const std::vector<std::string> partners = PartnersOf(use);
  if (use.prime != nullptr) {
    row["modulus_sha256"] = sha256;
    row["key_type"] = "dh_prime";
    row["key_bits"] = use.prime->bits;
    row["curve"] = nullptr;
  } else {
    const KeyFacts facts = FactsOf(use.key->kind);
    const std::string& modulus = use.key->modulus_sha256;
    row["modulus_sha256"] = modulus.empty() ? Json() : Json(ToHex(modulus));
    row["key_type"] = facts.type;
    row["key_bits"] = facts.bits;
    row["curve"] = facts.curve.empty() ? Json() : Json(facts.curve);
  }
  row["weaknesses"] = WeaknessesOf(use);
  row["private_key_follows"] =
      !partners.empty() || (use.key != nullptr && use.key->faults.is_factored);
  const bool has_modulus = !row["modulus_sha256"].is_null();
  row["shared_prime_count"] = has_modulus ? Json(partners.size()) : Json();
  row["shared_prime_spki_sha256"] = has_modulus ? Json(partners) : Json();
  std::set<std::string> hosts, domains;
  Json endpoints = Json::array();
  for (const ShownAt& endpoint : use.endpoints) {
    hosts.insert(endpoint.host);
    endpoints.push_back(
        {{"host", endpoint.host}, {"address", endpoint.address}, {"port", endpoint.port}});
  }
  for (const std::string& host : hosts) {
    const auto found = domains_.find(host);
    if (found != domains_.end()) domains.insert(found->second.begin(), found->second.end());
  }
  const std::set<std::string> providers = ProvidersOf(use.endpoints);
  row["certificate_count"] = use.certificates.size();
  row["endpoint_count"] = use.endpoints.size();
  row["host_count"] = hosts.size();
  row["provider_count"] = providers.size();
  row["domain_count"] = domains.size();
  PutList("certificate_sha256", use.certificates, row);
  PutList("providers", providers, row);
  PutList("domains", domains, row);
  if (use.endpoints.size() <= kMaxListed) row["endpoints"] = endpoints;
  return row;
}

std::vector<Json> WeakKeyTruth::Rows() const {
  std::vector<Json> rows;
  for (const auto& [sha256, use] : uses_) {
    if (!WeaknessesOf(use).empty()) rows.push_back(RowOf(sha256, use));
  }
  return rows;
}

}  // namespace mxsweep::lab
