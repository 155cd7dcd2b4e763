#ifndef MXSWEEP_SCANNER_WORK_PACKED_STORE_H_
#define MXSWEEP_SCANNER_WORK_PACKED_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::scanner {

// How much all stores of a scan may hold in memory, and where the rest is.
struct PackedBudget {
  static constexpr uint64_t kDefaultBytes = uint64_t{256} << 20;

  std::atomic<int64_t> memory_left{static_cast<int64_t>(kDefaultBytes)};  // bytes
  // A folder on a disk that may hold what is beyond; empty: memory it is.
  std::string spill_folder;
  std::atomic<uint64_t> spilled_bytes{0};
};

// Many small records of bytes, each under a handle of 32 bits: what a scan keeps of targets and
// hosts that wait. A record takes its bytes, rounded up to 4; those that are removed make room for
// others of their size. Memory comes in blocks of 1 MiB; once the budget is used up, blocks are
// mapped from a file without a name, so that the kernel may write them to the disk and take the
// memory for something else.
//
// Thread-confined, but for the budget.
class PackedStore {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0xffffffff;
  static constexpr size_t kMaxRecordBytes = size_t{1} << 20;

  // Borrows `budget`.
  explicit PackedStore(PackedBudget* budget) : budget_(budget) {}
  ~PackedStore();
  PackedStore(const PackedStore&) = delete;
  PackedStore& operator=(const PackedStore&) = delete;

  // REQUIRES: bytes.size() <= kMaxRecordBytes, and not empty.
  Handle Add(std::string_view bytes);
  // Where the record lies, rounded up to 4 bytes; valid until it is removed.
  uint8_t* At(Handle handle);
  // `size` as it was added.
  void Remove(Handle handle, size_t size);

  size_t records() const { return records_; }
  // Of the records, rounded up.
  uint64_t used_bytes() const { return used_bytes_; }
  // Of the blocks.
  uint64_t allocated_bytes() const { return blocks_.size() * kBlockBytes; }

 private:
  static constexpr size_t kUnit = 4;
  static constexpr size_t kBlockBytes = size_t{1} << 20;
  static constexpr size_t kUnitsPerBlock = kBlockBytes / kUnit;
  // Sizes up to this have a list of free places each; larger ones share that of the next power of
  // two.
  static constexpr size_t kExactUnits = 256;
  static constexpr size_t kClasses = kExactUnits + 11;

  // In which list, and how many units a place there has.
  static size_t ClassOf(size_t size, size_t* units);
  void AddBlock();

  PackedBudget* budget_;
  std::vector<uint8_t*> blocks_;
  size_t used_units_ = kUnitsPerBlock;  // of the last block
  // The first free place of each class; it holds the next.
  std::array<Handle, kClasses> free_ = [] {
    std::array<Handle, kClasses> none{};
    none.fill(kNone);
    return none;
  }();
  int spill_file_ = -1;
  uint64_t spill_size_ = 0;
  size_t records_ = 0;
  uint64_t used_bytes_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_PACKED_STORE_H_
