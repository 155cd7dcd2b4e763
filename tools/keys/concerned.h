#ifndef MXSWEEP_TOOLS_KEYS_CONCERNED_H_
#define MXSWEEP_TOOLS_KEYS_CONCERNED_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"
#include "tools/keys/key_set.h"

namespace mxsweep::tools {

// So many of a list are kept, the first ones in their order, whatever the order they came in; all
// are counted.
inline constexpr size_t kMaxListed = 100;

inline bool ComesBefore(const std::string& a, const std::string& b) { return a < b; }
inline bool ComesBefore(const output::WeakKeyEndpoint& a, const output::WeakKeyEndpoint& b) {
  return std::tie(a.host, a.address, a.port) < std::tie(b.host, b.address, b.port);
}

// `list` is a heap, the last one in front.
template <typename T>
void KeepFirst(const T& value, std::vector<T>* list) {
  constexpr auto kBefore = [](const T& a, const T& b) { return ComesBefore(a, b); };
  if (list->size() == kMaxListed) {
    if (!ComesBefore(value, list->front())) return;
    std::ranges::pop_heap(*list, kBefore);
    list->back() = value;
  } else {
    list->push_back(value);
  }
  std::ranges::push_heap(*list, kBefore);
}

template <typename T>
std::vector<T> InOrder(std::vector<T> list) {
  std::ranges::sort(list, [](const T& a, const T& b) { return ComesBefore(a, b); });
  return list;
}

// Who shows a key, and whose mail goes there. Lists are as KeepFirst leaves them.
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
