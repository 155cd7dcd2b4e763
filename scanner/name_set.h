#ifndef MXSWEEP_SCANNER_NAME_SET_H_
#define MXSWEEP_SCANNER_NAME_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace mxsweep::scanner {

// The set of names seen so far, for dropping repeated input lines: it knows whether it has seen a
// name, not which names those were.
//
// What is kept is a 64-bit SipHash-2-4 of each name under a key, in open addressing over 256
// shards. A shard grows by about a quarter when it is 7/8 full, so that a large set takes between
// 9.1 and 11.5 bytes a name, and growing copies one shard at a time: never more than 16 bytes a
// name, and 24 KiB for a set of any size. Two different names have the same fingerprint, and the
// second one is then taken for a repetition, with probability n^2 / 2^65 for the whole set: one
// chance in 400 that a single name of 300 million is lost. The key keeps whoever wrote the list
// from choosing names that collide or that pile up in one place.
//
// Thread-compatible: one thread at a time.
class NameSet {
 public:
  using Key = std::array<uint64_t, 2>;

  // A random key.
  NameSet();
  explicit NameSet(const Key& key) : key_(key) {}

  // Adds `name`, any bytes. True if it was not there.
  bool Insert(std::string_view name);
  bool Contains(std::string_view name) const;

  size_t size() const { return size_; }
  // Heap bytes in use now, and the most that were ever in use at once (while a shard was growing).
  size_t allocated_bytes() const { return allocated_bytes_; }
  size_t peak_allocated_bytes() const { return peak_allocated_bytes_; }

 private:
  // Zeroed slots. A large array has pages of its own, which go back to the kernel when it goes: on
  // the heap the arrays outgrown would leave holes as large as what is in use.
  struct FreeSlots {
    size_t mapped_bytes;  // 0: from the heap
    void operator()(uint64_t* slots) const;
  };
  using Slots = std::unique_ptr<uint64_t[], FreeSlots>;

  // A fingerprint of 0 marks a free slot.
  struct Shard {
    Slots slots;
    uint32_t capacity = 0;
    uint32_t used = 0;
  };

  uint64_t Fingerprint(std::string_view name) const;
  static Slots MakeSlots(uint32_t capacity);
  static size_t Find(const Shard& shard, uint64_t fingerprint);
  void Grow(Shard& shard);

  Key key_;
  std::array<Shard, 256> shards_;
  size_t size_ = 0;
  size_t allocated_bytes_ = 0;
  size_t peak_allocated_bytes_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_NAME_SET_H_
