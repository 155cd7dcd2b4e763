#ifndef MXSWEEP_SCANNER_HOST_TABLE_H_
#define MXSWEEP_SCANNER_HOST_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "scanner/summary.h"

namespace mxsweep::scanner {

// The MX hosts that one worker owns: each is worked on once, whoever asks, and what it came to is
// kept for those who ask later. A host's owner is chosen by its name (OwnerOf), so that no two
// workers share a table. Thread-confined.
//
// Memory of a finished host: a 64-bit keyed fingerprint and a Summary, 24 bytes in a slot and one
// byte of control at a load between 7/16 and 7/8: 28 to 57 bytes. Two names share a fingerprint
// with a probability of n²/2⁶⁵ for n hosts (one in seven million for three million hosts). What
// Findings hold beyond a Summary is kept on the side, for at most kMaxMisnamedHosts hosts.
class HostTable {
 public:
  using Callback = absl::AnyInvocable<void(const Findings&)>;

  // With kMaxMisnamedBytes each: 64 MB a worker at worst, which takes somebody's effort. Later
  // hosts' leaves count as misnamed for every domain that asks after they were finished.
  static constexpr size_t kMaxMisnamedHosts = 4096;

  // The process-wide key of all fingerprints, random.
  using Key = std::array<uint64_t, 2>;
  explicit HostTable(const Key& key) : key_(key) {}

  // Which of `workers` workers owns `host`.
  static size_t OwnerOf(const Key& key, std::string_view host, size_t workers);

  // Calls `done` with the host's findings: at once if it is finished, else when Finish is called.
  // True if the caller is the first to ask and must see to it that Finish is called.
  bool Ask(std::string_view host, Callback done);

  // Tells everybody who asked. `keep`: the findings are final and answer those who ask later.
  void Finish(std::string_view host, const Findings& findings, bool keep);

  size_t finished() const { return finished_.size(); }
  size_t under_way() const { return waiting_.size(); }

 private:
  Key key_;
  absl::flat_hash_map<uint64_t, Summary> finished_;
  // Of those in finished_ that have Summary::kDaneMisnamed.
  absl::flat_hash_map<uint64_t, std::shared_ptr<const MisnamedLeaves>> misnamed_;
  absl::flat_hash_map<std::string, std::vector<Callback>> waiting_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_HOST_TABLE_H_
