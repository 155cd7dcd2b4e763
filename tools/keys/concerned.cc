#include "tools/keys/concerned.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr uint64_t kRowsPerReport = 10'000;

// Counts what was not seen yet, and keeps the first ones.
template <typename T>
bool Count(uint64_t fingerprint, const T& value, absl::flat_hash_set<uint64_t>* seen,
           uint64_t* count, std::vector<T>* list) {
  if (!seen->insert(fingerprint).second) return false;
  ++*count;
  if (list != nullptr) KeepFirst(value, list);
  return true;
}

uint64_t Fingerprint(std::string_view text) { return absl::HashOf(ToAbsl(text)); }

}  // namespace

ConcernedFinder::ConcernedFinder(const KeySet* keys, const std::vector<uint32_t>& wanted)
    : keys_(*keys) {
  for (const uint32_t key : wanted) found_.try_emplace(key);
}

void ConcernedFinder::AddEndpoint(uint32_t key, const output::WeakKeyEndpoint& endpoint) {
  const auto found = found_.find(key);
  if (found == found_.end()) return;
  Concerned& concerned = found->second.concerned;
  const std::string text = JoinText(endpoint.host, " ", endpoint.address, " ", endpoint.port);
  Count(Fingerprint(text), endpoint, &found->second.endpoints, &concerned.endpoint_count,
        &concerned.endpoints);
  Count(Fingerprint(endpoint.host), endpoint.host, &found->second.hosts, &concerned.host_count,
        static_cast<std::vector<std::string>*>(nullptr));
  std::vector<uint32_t>& of_host = keys_of_host_[endpoint.host];
  if (std::ranges::find(of_host, key) == of_host.end()) of_host.push_back(key);
}

void ConcernedFinder::AddProvider(uint32_t key, const output::EndpointRow& row) {
  const auto found = found_.find(key);
  if (found == found_.end() || !row.provider) return;
  Count(Fingerprint(*row.provider), *row.provider, &found->second.providers,
        &found->second.concerned.provider_count, &found->second.concerned.providers);
}

absl::Status ConcernedFinder::ReadProbes(const output::ScanDirectory& scan, Progress progress) {
  uint64_t rows = 0;
  absl::Status status = output::ForEachRow<output::ProbeRow>(
      scan, {"host", "address", "port", "dh_prime"}, [&](const output::ProbeRow& row) {
        if (++rows % kRowsPerReport == 0) progress(kRowsPerReport);
        if (!row.dh_prime) return absl::OkStatus();
        const std::optional<uint32_t> key = keys_.KeyOfDhPrime(*row.dh_prime);
        if (key) AddEndpoint(*key, {row.host, row.address, row.port});
        return absl::OkStatus();
      });
  progress(rows % kRowsPerReport);
  return status;
}

absl::Status ConcernedFinder::ReadEndpoints(const output::ScanDirectory& scan, Progress progress) {
  uint64_t rows = 0;
  std::vector<uint32_t> shown;
  absl::Status status = output::ForEachRow<output::EndpointRow>(
      scan, {"host", "address", "port", "provider", "chain_sha256", "shown_certificates"},
      [&](const output::EndpointRow& row) {
        if (++rows % kRowsPerReport == 0) progress(kRowsPerReport);
        shown.clear();
        const auto take = [&](std::string_view sha256) {
          const std::optional<uint32_t> key = keys_.KeyOfCertificate(sha256);
          if (key && std::ranges::find(shown, *key) == shown.end()) shown.push_back(*key);
        };
        if (row.chain_sha256) std::ranges::for_each(*row.chain_sha256, take);
        // Some clients get another certificate, or the only one.
        if (row.shown_certificates) {
          std::ranges::for_each(*row.shown_certificates, take,
                                &output::ShownCertificate::leaf_sha256);
        }
        for (const uint32_t key : shown) {
          AddEndpoint(key, {row.host, row.address, row.port});
          AddProvider(key, row);
        }
        // And of what its probes have shown.
        const auto of_host = keys_of_host_.find(row.host);
        if (of_host == keys_of_host_.end()) return absl::OkStatus();
        for (const uint32_t key : of_host->second) AddProvider(key, row);
        return absl::OkStatus();
      });
  progress(rows % kRowsPerReport);
  return status;
}

absl::Status ConcernedFinder::ReadDomains(const output::ScanDirectory& scan, Progress progress) {
  uint64_t rows = 0;
  absl::Status status = output::ForEachRow<output::DomainRow>(
      scan, {"domain", "mx"}, [&](const output::DomainRow& row) {
        if (++rows % kRowsPerReport == 0) progress(kRowsPerReport);
        if (!row.mx) return absl::OkStatus();
        const uint64_t fingerprint = Fingerprint(row.domain);
        for (const output::MxEntry& mx : *row.mx) {
          const auto keys = keys_of_host_.find(mx.host);
          if (keys == keys_of_host_.end()) continue;
          for (const uint32_t key : keys->second) {
            Found& found = found_.at(key);
            Count(fingerprint, row.domain, &found.domains, &found.concerned.domain_count,
                  &found.concerned.domains);
          }
        }
        return absl::OkStatus();
      });
  progress(rows % kRowsPerReport);
  return status;
}

}  // namespace mxsweep::tools
