#ifndef MXSWEEP_SCANNER_WORK_HOST_TABLE_H_
#define MXSWEEP_SCANNER_WORK_HOST_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "scanner/base/fingerprint_table.h"
#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// The MX hosts that one worker owns: each is worked on once, whoever asks, and what it came to is
// kept for those who ask later: for good, or for a while where it may pass. A host's owner is
// chosen by its name (OwnerOf), so that no two workers share a table. Thread-confined.
//
// Memory of a finished host: a 128-bit keyed fingerprint and a Summary, 32 bytes in a slot of a
// FingerprintTable: 37 to 46 bytes, and 24 KiB for a table of any size. Two names share a
// fingerprint with a probability of n²/2¹²⁹ for n hosts, which is never. What Findings hold beyond
// a Summary is kept on the side, for at most kMaxMisnamedHosts hosts.
class HostTable {
 public:
  using Callback = absl::AnyInvocable<void(const Findings&)>;

  // With kMaxMisnamedBytes each: 64 MB a worker at worst, which takes somebody's effort. Later
  // hosts' names are forgotten: it is not known whom their leaves fit.
  static constexpr size_t kMaxMisnamedHosts = 4096;

  // The process-wide key of all fingerprints, random.
  using Key = std::array<uint64_t, 2>;
  explicit HostTable(const Key& key);

  // Which of `workers` workers owns `host`.
  static size_t OwnerOf(const Key& key, std::string_view host, size_t workers);

  // Calls `done` with the host's findings: at once if it is finished, else when Finish is called.
  // True if the caller is the first to ask and must see to it that Finish is called. `now_ns` never
  // goes back.
  bool Ask(std::string_view host, int64_t now_ns, Callback done);

  // Tells everybody who asked. `keep`: the findings are final and answer those who ask later.
  void Finish(std::string_view host, const Findings& findings, bool keep);
  // The same for findings that may be others a while later: they answer those who ask before
  // `forget_ns`, which never goes back either. Whoever asks then is the first again.
  void FinishUntil(std::string_view host, const Findings& findings, int64_t forget_ns);

  size_t finished() const { return finished_.size(); }
  size_t under_way() const { return waiting_.size(); }

  // Heap bytes of the finished hosts, but for what few keep on the side, and the most there ever
  // were (while the table was growing).
  size_t allocated_bytes() const { return finished_.allocated_bytes(); }
  size_t peak_allocated_bytes() const { return finished_.peak_allocated_bytes(); }

 private:
  std::vector<Callback> TakeWaiting(std::string_view host);

  struct Slot {
    std::array<uint64_t, 2> fingerprint;  // the second half is never 0
    Summary summary;
    bool is_free() const { return fingerprint[1] == 0; }
    uint64_t hash() const { return fingerprint[0]; }
    bool SameKey(const Slot& other) const { return fingerprint == other.fingerprint; }
  };
  static_assert(sizeof(Slot) == 32);

  Slot SlotOf(std::string_view host) const;

  Key key_;
  Key second_key_;  // derived from the first
  FingerprintTable<Slot> finished_;
  // Those of FinishUntil, and in which order they are forgotten.
  absl::flat_hash_map<std::array<uint64_t, 2>, Findings> passing_;
  std::deque<std::pair<int64_t, std::array<uint64_t, 2>>> forgotten_at_;
  // Of those in finished_ that have Summary::kDaneMisnamed.
  absl::flat_hash_map<std::array<uint64_t, 2>, std::shared_ptr<const MisnamedLeaves>> misnamed_;
  absl::flat_hash_map<std::string, std::vector<Callback>> waiting_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_HOST_TABLE_H_
