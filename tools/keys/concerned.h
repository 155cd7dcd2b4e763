#ifndef MXSWEEP_TOOLS_KEYS_CONCERNED_H_
#define MXSWEEP_TOOLS_KEYS_CONCERNED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"
#include "tools/keys/key_set.h"

namespace mxsweep::tools {

// So many of a list are kept; all are counted.
inline constexpr size_t kMaxListed = 100;

// Who shows a key, and whose mail goes there.
struct Concerned {
  uint64_t endpoint_count = 0;
  uint64_t host_count = 0;
  uint64_t provider_count = 0;
  uint64_t domain_count = 0;
  std::vector<output::WeakKeyEndpoint> endpoints;
  std::vector<std::string> providers;
  std::vector<std::string> domains;
};

// Finds them out, scan by scan: first the probes of all scans (primes of DHE), then their
// endpoints, then their domains. What several scans have counts once.
class ConcernedFinder {
 public:
  // Looks for the keys in `wanted` only. Borrows the set.
  ConcernedFinder(const KeySet* keys, const std::vector<uint32_t>& wanted);

  // `progress` is told how many rows were read since it was told last.
  using Progress = absl::FunctionRef<void(uint64_t rows)>;
  absl::Status ReadProbes(const output::ScanDirectory& scan, Progress progress);
  absl::Status ReadEndpoints(const output::ScanDirectory& scan, Progress progress);
  absl::Status ReadDomains(const output::ScanDirectory& scan, Progress progress);

  // REQUIRES: a wanted key.
  const Concerned& Of(uint32_t key) const { return found_.at(key).concerned; }

 private:
  struct Found {
    Concerned concerned;
    // Fingerprints, so that each counts once.
    absl::flat_hash_set<uint64_t> endpoints, hosts, providers, domains;
  };

  void AddEndpoint(uint32_t key, const output::WeakKeyEndpoint& endpoint);
  void AddProvider(uint32_t key, const output::EndpointRow& row);

  const KeySet& keys_;
  absl::flat_hash_map<uint32_t, Found> found_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> keys_of_host_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_CONCERNED_H_
