#ifndef MXSWEEP_SCANNER_TARGETS_NAME_SET_H_
#define MXSWEEP_SCANNER_TARGETS_NAME_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/base/fingerprint_table.h"

namespace mxsweep::scanner {

// The set of names seen so far, for dropping repeated input lines: it knows whether it has seen a
// name, not which names those were.
//
// What is kept is a 64-bit SipHash-2-4 of each name under a key. A large set takes between 9.1 and
// 11.5 bytes a name; never more than 16 bytes a name, and 24 KiB for a set of any size. Two
// different names have the same fingerprint, and the second one is then taken for a repetition,
// with probability n^2 / 2^65 for the whole set: one chance in 400 that a single name of 300
// million is lost. The key keeps whoever wrote the list from choosing names that collide or that
// pile up in one place.
//
// Thread-compatible: one thread at a time.
class NameSet {
 public:
  using Key = std::array<uint64_t, 2>;

  // Whoever reads a stranger's list gives a random key.
  explicit NameSet(const Key& key = {}) : key_(key) {}

  // Adds `name`, any bytes. True if it was not there.
  bool Insert(std::string_view name);
  bool Contains(std::string_view name) const;

  size_t size() const { return names_.size(); }
  // Heap bytes in use now, and the most that were ever in use at once (while the set was growing).
  size_t allocated_bytes() const { return names_.allocated_bytes(); }
  size_t peak_allocated_bytes() const { return names_.peak_allocated_bytes(); }

 private:
  struct Slot {
    uint64_t fingerprint;  // never 0
    bool is_free() const { return fingerprint == 0; }
    uint64_t hash() const { return fingerprint; }
    bool SameKey(const Slot& other) const { return fingerprint == other.fingerprint; }
  };

  Slot SlotOf(std::string_view name) const;

  Key key_;
  FingerprintTable<Slot> names_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_NAME_SET_H_
