#include "scanner/name_set.h"

#include <openssl/rand.h>
#include <openssl/siphash.h>
#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "absl/numeric/int128.h"
#include "scanner/check.h"

namespace mxsweep::scanner {
namespace {

constexpr uint32_t kFirstCapacity = 8;
// A shard is full at 7/8: the mean chain of a look-up that finds nothing is then 32 slots, four
// cache lines.
constexpr uint64_t kMaxLoadNumerator = 7;
constexpr uint64_t kMaxLoadDenominator = 8;

// From four pages on, capacities are whole pages.
constexpr uint32_t kSlotsPerPage = 4096 / sizeof(uint64_t);
constexpr uint32_t kFirstMappedCapacity = 4 * kSlotsPerPage;

uint32_t NextCapacity(uint32_t capacity) {
  const uint32_t next = std::max(kFirstCapacity, capacity + capacity / 4);
  return next < kFirstMappedCapacity ? next : next - next % kSlotsPerPage;
}

// Shards are told apart by the fingerprint's top 8 bits, slots by the others.
size_t ShardOf(uint64_t fingerprint) { return fingerprint >> 56; }

// Where the search for a fingerprint begins: any capacity will do, not only powers of two.
size_t HomeSlot(uint64_t fingerprint, uint32_t capacity) {
  return absl::Uint128High64(absl::uint128(fingerprint << 8) * capacity);
}

}  // namespace

NameSet::NameSet() {
  MXSWEEP_CHECK(RAND_bytes(reinterpret_cast<uint8_t*>(key_.data()), sizeof(key_)) == 1);
}

uint64_t NameSet::Fingerprint(std::string_view name) const {
  const uint64_t hash =
      SIPHASH_24(key_.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
  return hash == 0 ? 1 : hash;
}

// The slot that holds the fingerprint, or the free one where it belongs. REQUIRES: there is a free
// slot.
size_t NameSet::Find(const Shard& shard, uint64_t fingerprint) {
  size_t slot = HomeSlot(fingerprint, shard.capacity);
  while (shard.slots[slot] != fingerprint && shard.slots[slot] != 0) {
    if (++slot == shard.capacity) slot = 0;
  }
  return slot;
}

bool NameSet::Insert(std::string_view name) {
  const uint64_t fingerprint = Fingerprint(name);
  Shard& shard = shards_[ShardOf(fingerprint)];
  size_t slot = 0;
  if (shard.capacity > 0) {
    slot = Find(shard, fingerprint);
    if (shard.slots[slot] == fingerprint) return false;
  }
  if ((shard.used + 1) * kMaxLoadDenominator > shard.capacity * kMaxLoadNumerator) {
    Grow(shard);
    slot = Find(shard, fingerprint);
  }
  shard.slots[slot] = fingerprint;
  ++shard.used;
  ++size_;
  return true;
}

bool NameSet::Contains(std::string_view name) const {
  const uint64_t fingerprint = Fingerprint(name);
  const Shard& shard = shards_[ShardOf(fingerprint)];
  return shard.capacity > 0 && shard.slots[Find(shard, fingerprint)] == fingerprint;
}

void NameSet::FreeSlots::operator()(uint64_t* slots) const {
  if (mapped_bytes > 0) {
    munmap(slots, mapped_bytes);
  } else {
    delete[] slots;
  }
}

NameSet::Slots NameSet::MakeSlots(uint32_t capacity) {
  if (capacity < kFirstMappedCapacity) return Slots(new uint64_t[capacity]());
  const size_t bytes = capacity * sizeof(uint64_t);
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return Slots(static_cast<uint64_t*>(pages), {.mapped_bytes = bytes});
}

void NameSet::Grow(Shard& shard) {
  Shard larger;
  larger.capacity = NextCapacity(shard.capacity);
  larger.used = shard.used;
  larger.slots = MakeSlots(larger.capacity);
  allocated_bytes_ += larger.capacity * sizeof(uint64_t);
  peak_allocated_bytes_ = std::max(peak_allocated_bytes_, allocated_bytes_);
  for (uint32_t i = 0; i < shard.capacity; ++i) {
    if (shard.slots[i] != 0) larger.slots[Find(larger, shard.slots[i])] = shard.slots[i];
  }
  allocated_bytes_ -= shard.capacity * sizeof(uint64_t);
  shard = std::move(larger);
}

}  // namespace mxsweep::scanner
