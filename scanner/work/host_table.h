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
#include "absl/functional/function_ref.h"
#include "scanner/base/fingerprint_table.h"
#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// Who waits for a host: the `index`th MX host of a target that a worker keeps.
struct HostWaiter {
  uint32_t target = 0;  // PackedStore::Handle
  // For how many addresses the target's budget has room: a host that has more, and for which nobody
  // else has room, is not asked.
  static constexpr uint16_t kAnyRoom = 0xffff;
  uint16_t room = kAnyRoom;
  uint8_t worker = 0;
  uint8_t index = 0;

  friend bool operator==(const HostWaiter&, const HostWaiter&) = default;
};
static_assert(sizeof(HostWaiter) == 8);

// The MX hosts that one worker owns: each is worked on once, whoever asks, and what it came to is
// kept for those who ask later: for good, or for a while where it may pass. A host's owner is
// chosen by its name (OwnerOf), so that no two workers share a table. Thread-confined.
//
// Memory of a host, finished or under way: a 128-bit keyed fingerprint, and 16 bytes for its
// Summary or for the first of those who wait; 32 bytes in a slot of a FingerprintTable: 37 to 46
// bytes, and 24 KiB for a table of any size. Who else waits takes 12 bytes each. Two names share a
// fingerprint with a probability of n²/2¹²⁹ for n hosts, which is never. What Findings hold beyond
// a Summary is kept on the side, for at most kMaxMisnamedHosts hosts.
class HostTable {
 public:
  using Tell = absl::FunctionRef<void(const HostWaiter&)>;

  // With kMaxMisnamedBytes each: 64 MB a worker at worst, which takes somebody's effort. Later
  // hosts' names are forgotten: it is not known whom their leaves fit.
  static constexpr size_t kMaxMisnamedHosts = 4096;

  // The process-wide key of all fingerprints, random.
  using Key = std::array<uint64_t, 2>;
  explicit HostTable(const Key& key);

  // Which of `workers` workers owns `host`.
  static size_t OwnerOf(const Key& key, std::string_view host, size_t workers);

  // What is known of the host, if it is finished. `now_ns` never goes back.
  std::optional<Findings> Find(std::string_view host, int64_t now_ns);
  // Waits for the host. True if nobody did: the caller must see to it that Finish is called.
  // REQUIRES: Find has found nothing.
  bool Wait(std::string_view host, const HostWaiter& waiter);
  // Who has the most room of those who wait. REQUIRES: somebody does.
  uint16_t MostRoom(std::string_view host) const;

  // Ends the waiting: tells whoever waited, in the order of coming. `keep`: the findings are final,
  // and known from now on.
  void Finish(std::string_view host, const Findings& findings, bool keep, Tell tell);
  // The same for findings that may be others a while later: they are known until `forget_ns`, or
  // until whichever was finished before them is forgotten.
  void FinishUntil(std::string_view host, const Findings& findings, int64_t forget_ns, Tell tell);

  // A host that an earlier run of the scan has finished, as Finish, or with a time as FinishUntil.
  // Nothing where it is known, or under way.
  void Restore(std::string_view host, const Findings& findings, int64_t now_ns,
               std::optional<int64_t> forget_ns);

  size_t finished() const { return finished_; }
  size_t under_way() const { return under_way_; }

  // Heap bytes of the hosts, but for what few keep on the side, and the most there ever were (while
  // the table was growing).
  size_t allocated_bytes() const { return hosts_.allocated_bytes(); }
  size_t peak_allocated_bytes() const { return hosts_.peak_allocated_bytes(); }

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  // Bits of Summary::flags that no summary has: what a slot holds instead of one.
  static constexpr uint32_t kUnderWay = 1u << 31;
  static constexpr uint32_t kForgotten = 1u << 30;
  static constexpr uint32_t kPassing = 1u << 29;  // see passing_
  static constexpr uint32_t kNoSummary = kUnderWay | kForgotten | kPassing;

  // Of a host under way, in place of its summary.
  struct Waiting {
    HostWaiter first;
    uint32_t flags = kUnderWay;
    uint32_t more = kNone;  // the last of the others, in waiters_
  };
  struct Slot {
    std::array<uint64_t, 2> fingerprint;  // the second half is never 0
    union {
      Summary summary;
      Waiting waiting;
    };
    bool is_free() const { return fingerprint[1] == 0; }
    uint64_t hash() const { return fingerprint[0]; }
    bool SameKey(const Slot& other) const { return fingerprint == other.fingerprint; }
    // Where both have it.
    uint32_t flags() const;
  };
  static_assert(sizeof(Summary) == sizeof(Waiting));
  static_assert(offsetof(Summary, flags) == offsetof(Waiting, flags));
  static_assert(sizeof(Slot) == 32);
  struct Other {
    HostWaiter waiter;
    uint32_t next;  // the one before it
  };

  Slot SlotOf(std::string_view host) const;
  // Whoever waited, in the order of coming; leaves the slot forgotten.
  std::vector<HostWaiter> TakeWaiting(Slot* slot);

  Key key_;
  Key second_key_;  // derived from the first
  FingerprintTable<Slot> hosts_;
  std::vector<Other> waiters_;
  uint32_t free_waiter_ = kNone;
  size_t finished_ = 0;
  size_t under_way_ = 0;
  // Those of FinishUntil, and in which order they are forgotten.
  absl::flat_hash_map<std::array<uint64_t, 2>, Findings> passing_;
  std::deque<std::pair<int64_t, std::array<uint64_t, 2>>> forgotten_at_;
  // Of those finished that have Summary::kDaneMisnamed.
  absl::flat_hash_map<std::array<uint64_t, 2>, std::shared_ptr<const MisnamedLeaves>> misnamed_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_HOST_TABLE_H_
