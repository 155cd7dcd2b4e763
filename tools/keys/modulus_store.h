// Every RSA modulus that was ever met, and products of them, so that this week's keys meet those of
// all weeks before without the whole work again.
//
//   STORE/store.json          what there is, with the checksum of every piece
//   STORE/run-000001.bin …    what one run added; never changed
//
// A run's file is a row of sections: records (a modulus, its key's hash, when it was first seen),
// products (of the moduli of one section of records), and which moduli were found to share a prime.
// No factor is kept. An addition is written under a hidden name, synced, renamed, and exists once
// store.json, replaced in one step, names it: a kill at any moment leaves the store as it was
// before or as it is after.
//
// Thread-compatible; one process at a time (StoreLock).
#ifndef MXSWEEP_TOOLS_KEYS_MODULUS_STORE_H_
#define MXSWEEP_TOOLS_KEYS_MODULUS_STORE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/files/file_system.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tools {

class ModulusStore {
 public:
  static constexpr uint32_t kVersion = 1;

  struct Record {
    std::span<const uint8_t> modulus;  // big-endian
    tls::Sha256 spki_sha256{};
    int64_t first_seen_s = 0;  // since 1970; 0: not known
  };

  // A store that is not there is an empty one. kFailedPrecondition for one of another version,
  // kDataLoss for a damaged one, kInvalidArgument for a folder that is none.
  static absl::StatusOr<ModulusStore> Open(const std::string& path,
                                           output::FileSystem* files = output::PosixFileSystem());

  uint64_t size() const { return size_; }

  // Records and their product come in chunks.
  size_t chunk_count() const { return chunks_.size(); }
  // Least significant byte first. kDataLoss where the checksum does not fit.
  absl::Status ReadProduct(size_t chunk, std::vector<uint8_t>* product) const;
  // With the index of each in the store; stops at the first error of `visit`.
  absl::Status ReadRecords(
      size_t chunk,
      absl::FunctionRef<absl::Status(uint64_t index, const Record& record)> visit) const;
  // Indexes of moduli that have a prime in common, a list for each run that found it and each
  // prime.
  absl::StatusOr<std::vector<std::vector<uint64_t>>> ReadShared() const;

  // What a run adds. Nothing of it is there before Commit. Indexes go on where the store ends.
  class Addition {
   public:
    ~Addition();
    // In order, and without gaps; `first` counts from the addition's begin.
    absl::Status AddChunk(uint64_t first, std::span<const Record> records,
                          std::span<const uint8_t> product);
    absl::Status Commit(const std::vector<std::vector<uint64_t>>& shared);

   private:
    friend class ModulusStore;
    struct Impl;
    explicit Addition(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
  };
  // Borrows the store, which must not be used for reading after Commit.
  absl::StatusOr<std::unique_ptr<Addition>> Begin();

 private:
  struct Section {
    std::string file;
    uint64_t offset = 0;
    uint64_t bytes = 0;
    std::string sha256;
  };
  struct Chunk {
    uint64_t first = 0;
    uint64_t count = 0;
    Section records;
    Section product;
  };

  ModulusStore(std::string path, output::FileSystem* files)
      : path_(std::move(path)), files_(files) {}
  absl::Status ReadIndex();
  std::string IndexText() const;
  absl::Status ReadSection(const Section& section, std::vector<uint8_t>* bytes) const;

  std::string path_;
  output::FileSystem* files_;
  uint64_t size_ = 0;
  uint64_t runs_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<Section> shared_;
};

// Keeps other processes off a store, as long as it is there. kUnavailable: another has it.
class StoreLock {
 public:
  // Makes the folder, if it is not there.
  static absl::StatusOr<StoreLock> Take(const std::string& path);
  StoreLock(StoreLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  StoreLock& operator=(StoreLock&&) = delete;
  ~StoreLock();

 private:
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_MODULUS_STORE_H_
