#include "scanner/work/packed_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <new>

#include "scanner/base/check.h"

namespace mxsweep::scanner {

PackedStore::~PackedStore() {
  for (uint8_t* block : blocks_) munmap(block, kBlockBytes);
  if (spill_file_ >= 0) close(spill_file_);
}

size_t PackedStore::ClassOf(size_t size, size_t* units) {
  *units = (size + kUnit - 1) / kUnit;
  if (*units <= kExactUnits) return *units - 1;
  *units = std::bit_ceil(*units);
  return kExactUnits + static_cast<size_t>(std::bit_width(*units / kExactUnits)) - 2;
}

void PackedStore::AddBlock() {
  void* block = MAP_FAILED;
  const bool in_memory =
      budget_->memory_left.fetch_sub(kBlockBytes) >= static_cast<int64_t>(kBlockBytes);
  if (!in_memory && !budget_->spill_folder.empty()) {
    if (spill_file_ < 0) {
      spill_file_ = open(budget_->spill_folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    // The disk's room is taken now: where there is none, memory it is.
    if (spill_file_ >= 0 && posix_fallocate(spill_file_, static_cast<off_t>(spill_size_),
                                            static_cast<off_t>(kBlockBytes)) == 0) {
      block = mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE, MAP_SHARED, spill_file_,
                   static_cast<off_t>(spill_size_));
    }
    if (block != MAP_FAILED) {
      spill_size_ += kBlockBytes;
      budget_->spilled_bytes.fetch_add(kBlockBytes);
    }
  }
  if (block == MAP_FAILED) {
    block = mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (block == MAP_FAILED) throw std::bad_alloc();
  blocks_.push_back(static_cast<uint8_t*>(block));
  used_units_ = 0;
}

PackedStore::Handle PackedStore::Add(std::string_view bytes) {
  MXSWEEP_CHECK(!bytes.empty() && bytes.size() <= kMaxRecordBytes);
  size_t units = 0;
  const size_t size_class = ClassOf(bytes.size(), &units);
  Handle handle = free_[size_class];
  if (handle != kNone) {
    std::memcpy(&free_[size_class], At(handle), sizeof(Handle));
  } else {
    if (used_units_ + units > kUnitsPerBlock) AddBlock();
    handle = static_cast<Handle>((blocks_.size() - 1) * kUnitsPerBlock + used_units_);
    used_units_ += units;
  }
  std::memcpy(At(handle), bytes.data(), bytes.size());
  ++records_;
  used_bytes_ += units * kUnit;
  return handle;
}

uint8_t* PackedStore::At(Handle handle) {
  return blocks_[handle / kUnitsPerBlock] + handle % kUnitsPerBlock * kUnit;
}

void PackedStore::Remove(Handle handle, size_t size) {
  size_t units = 0;
  const size_t size_class = ClassOf(size, &units);
  std::memcpy(At(handle), &free_[size_class], sizeof(Handle));
  free_[size_class] = handle;
  --records_;
  used_bytes_ -= units * kUnit;
}

}  // namespace mxsweep::scanner
