#ifndef MXSWEEP_SCANNER_BASE_FINGERPRINT_TABLE_H_
#define MXSWEEP_SCANNER_BASE_FINGERPRINT_TABLE_H_

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "absl/numeric/int128.h"

namespace mxsweep {

// A large table of fingerprints, and what belongs to each, that never shrinks: open addressing over
// 256 shards. A shard grows by about a quarter when it is 7/8 full, so that a large table has
// between 1.15 and 1.45 slots an entry, and growing copies one shard at a time.
//
// A Slot is a plain value, and free when all its bytes are zero. It has
//   bool is_free() const
//   uint64_t hash() const                   evenly spread, whoever chose what is in the table
//   bool SameKey(const Slot& other) const   implies equal hashes
//
// Thread-compatible: one thread at a time.
template <typename Slot>
class FingerprintTable {
  static_assert(std::is_trivially_copyable_v<Slot> && 4096 % sizeof(Slot) == 0);

 public:
  // The entry with the key of `wanted`, or null. Valid until the next Insert.
  const Slot* Find(const Slot& wanted) const {
    const Shard& shard = shards_[ShardOf(wanted)];
    if (shard.capacity == 0) return nullptr;
    const Slot& slot = shard.slots[Search(shard, wanted)];
    return slot.is_free() ? nullptr : &slot;
  }

  // The same, for changing what is not its key and not making it free. Valid until the next Insert.
  Slot* FindMutable(const Slot& wanted) { return const_cast<Slot*>(Find(wanted)); }

  // Adds an entry unless there is one with the same key. True if it was added.
  bool Insert(const Slot& added) {
    Shard& shard = shards_[ShardOf(added)];
    size_t at = 0;
    if (shard.capacity > 0) {
      at = Search(shard, added);
      if (!shard.slots[at].is_free()) return false;
    }
    if ((shard.used + 1) * kMaxLoadDenominator > shard.capacity * kMaxLoadNumerator) {
      Grow(shard);
      at = Search(shard, added);
    }
    shard.slots[at] = added;
    ++shard.used;
    ++size_;
    return true;
  }

  size_t size() const { return size_; }
  // Heap bytes in use now, and the most that were ever in use at once (while a shard was growing).
  size_t allocated_bytes() const { return allocated_bytes_; }
  size_t peak_allocated_bytes() const { return peak_allocated_bytes_; }

 private:
  static constexpr uint32_t kFirstCapacity = std::max<uint32_t>(2, 64 / sizeof(Slot));
  // At 7/8, the mean chain of a look-up that finds nothing is 32 slots.
  static constexpr uint64_t kMaxLoadNumerator = 7;
  static constexpr uint64_t kMaxLoadDenominator = 8;
  // From four pages on, capacities are whole pages.
  static constexpr uint32_t kSlotsPerPage = 4096 / sizeof(Slot);
  static constexpr uint32_t kFirstMappedCapacity = 4 * kSlotsPerPage;

  // A large array has pages of its own, which go back to the kernel when it goes: on the heap the
  // arrays outgrown would leave holes as large as what is in use.
  struct FreeSlots {
    size_t mapped_bytes;  // 0: from the heap
    void operator()(Slot* slots) const {
      if (mapped_bytes > 0) {
        munmap(slots, mapped_bytes);
      } else {
        std::free(slots);
      }
    }
  };
  using Slots = std::unique_ptr<Slot[], FreeSlots>;

  struct Shard {
    Slots slots;
    uint32_t capacity = 0;
    uint32_t used = 0;
  };

  // Shards are told apart by the hash's top 8 bits, slots by the others.
  static size_t ShardOf(const Slot& slot) { return slot.hash() >> 56; }
  // Where the search for a slot begins: any capacity will do, not only powers of two.
  static size_t HomeOf(const Slot& slot, uint32_t capacity) {
    return absl::Uint128High64(absl::uint128(slot.hash() << 8) * capacity);
  }

  // The slot that has the key of `wanted`, or the free one where it belongs. REQUIRES: there is a
  // free slot.
  static size_t Search(const Shard& shard, const Slot& wanted) {
    size_t at = HomeOf(wanted, shard.capacity);
    while (!shard.slots[at].is_free() && !shard.slots[at].SameKey(wanted)) {
      if (++at == shard.capacity) at = 0;
    }
    return at;
  }

  static uint32_t NextCapacity(uint32_t capacity) {
    if (capacity == 0) return kFirstCapacity;
    const uint32_t next = capacity + std::max<uint32_t>(2, capacity / 4);
    return next < kFirstMappedCapacity ? next : next - next % kSlotsPerPage;
  }

  // Zeroed.
  static Slots MakeSlots(uint32_t capacity) {
    const size_t bytes = capacity * sizeof(Slot);
    const bool mapped = capacity >= kFirstMappedCapacity;
    void* memory =
        mapped ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
               : std::calloc(capacity, sizeof(Slot));
    if (memory == MAP_FAILED || memory == nullptr) throw std::bad_alloc();
    return Slots(static_cast<Slot*>(memory), {.mapped_bytes = mapped ? bytes : 0});
  }

  void Grow(Shard& shard) {
    Shard larger;
    larger.capacity = NextCapacity(shard.capacity);
    larger.used = shard.used;
    larger.slots = MakeSlots(larger.capacity);
    allocated_bytes_ += larger.capacity * sizeof(Slot);
    peak_allocated_bytes_ = std::max(peak_allocated_bytes_, allocated_bytes_);
    for (uint32_t i = 0; i < shard.capacity; ++i) {
      const Slot& slot = shard.slots[i];
      if (!slot.is_free()) larger.slots[Search(larger, slot)] = slot;
    }
    allocated_bytes_ -= shard.capacity * sizeof(Slot);
    shard = std::move(larger);
  }

  std::array<Shard, 256> shards_;
  size_t size_ = 0;
  size_t allocated_bytes_ = 0;
  size_t peak_allocated_bytes_ = 0;
};

}  // namespace mxsweep

#endif  // MXSWEEP_SCANNER_BASE_FINGERPRINT_TABLE_H_
