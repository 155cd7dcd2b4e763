// The store of moduli: what is committed is there, whatever happens; what is damaged, or of another
// version, is refused.
#include "tools/keys/modulus_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/output/memory_files.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tools {
namespace {

using output::MemoryFiles;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kStore[] = "/store";
using Groups = std::vector<std::vector<uint64_t>>;

// What the store says of each modulus: "index: modulus, first byte of the key's hash, time".
std::vector<std::string> Contents(MemoryFiles& files) {
  const auto store = ModulusStore::Open(kStore, &files);
  if (!store.ok()) return {std::string(store.status().message())};
  std::vector<std::string> contents;
  for (size_t chunk = 0; chunk < store->chunk_count(); ++chunk) {
    const absl::Status status =
        store->ReadRecords(chunk, [&](uint64_t index, const ModulusStore::Record& record) {
          contents.push_back(std::to_string(index) + ": " +
                             std::string(record.modulus.begin(), record.modulus.end()) + " " +
                             std::to_string(record.spki_sha256[0]) + " " +
                             std::to_string(record.first_seen_s));
          return absl::OkStatus();
        });
    if (!status.ok()) contents.emplace_back(status.message());
    std::vector<uint8_t> product;
    const absl::Status read = store->ReadProduct(chunk, &product);
    contents.push_back(read.ok() ? std::string(product.begin(), product.end())
                                 : std::string(read.message()));
  }
  return contents;
}

absl::Status AddRun(MemoryFiles& files, const std::vector<std::string>& moduli,
                    const std::string& product, const Groups& shared = {}) {
  auto store = ModulusStore::Open(kStore, &files);
  if (!store.ok()) return store.status();
  auto addition = store->Begin();
  if (!addition.ok()) return addition.status();
  std::vector<ModulusStore::Record> records;
  for (const std::string& modulus : moduli) {
    ModulusStore::Record record;
    record.modulus = {reinterpret_cast<const uint8_t*>(modulus.data()), modulus.size()};
    record.spki_sha256[0] = static_cast<uint8_t>(modulus[0]);
    record.first_seen_s = 1'700'000'000;
    records.push_back(record);
  }
  absl::Status status = (*addition)->AddChunk(
      0, records, {reinterpret_cast<const uint8_t*>(product.data()), product.size()});
  return status.ok() ? (*addition)->Commit(shared) : status;
}

const std::vector<std::string> kFirst = {"0: AA 65 1700000000", "1: B 66 1700000000", "aab"};
const std::vector<std::string> kBoth = {"0: AA 65 1700000000", "1: B 66 1700000000", "aab",
                                        "2: CCC 67 1700000000", "ccc"};

TEST(ModulusStore, KeepsWhatRunsAdd) {
  MemoryFiles files;
  EXPECT_THAT(Contents(files), IsEmpty());
  ASSERT_TRUE(AddRun(files, {"AA", "B"}, "aab").ok());
  EXPECT_EQ(Contents(files), kFirst);
  ASSERT_TRUE(AddRun(files, {"CCC"}, "ccc", {{0, 2}, {1, 2}}).ok());
  EXPECT_EQ(Contents(files), kBoth);
  const auto store = ModulusStore::Open(kStore, &files);
  EXPECT_EQ(store->size(), 3u);
  EXPECT_THAT(store->ReadShared().value(), ElementsAre(ElementsAre(0, 2), ElementsAre(1, 2)));
}

TEST(ModulusStore, AKillOrPowerCutAtAnyStepLeavesItBeforeOrAfter) {
  MemoryFiles base;
  ASSERT_TRUE(AddRun(base, {"AA", "B"}, "aab").ok());
  bool before = false;
  bool after = false;
  for (uint64_t step = 1; !after; ++step) {
    MemoryFiles files = base.AfterKill();
    // The names that were durable are so in the copy, too: what a first sync gives.
    for (const char* directory : {"/", kStore}) ASSERT_TRUE(files.SyncDirectory(directory).ok());
    const uint64_t begun = files.steps();
    files.set_fail_at(begun + step, absl::ResourceExhaustedError("full"));
    const absl::Status status = AddRun(files, {"CCC"}, "ccc", {{0, 2}});
    MemoryFiles killed = files.AfterKill();
    const std::vector<std::string> left = Contents(killed);
    EXPECT_TRUE(left == kFirst || left == kBoth) << step << testing::PrintToString(left);
    if (status.ok()) {
      EXPECT_EQ(left, kBoth) << step;
      after = true;
    }
    before |= left == kFirst;
    // And the next run can go on from there.
    if (left == kFirst) {
      ASSERT_TRUE(AddRun(killed, {"CCC"}, "ccc", {{0, 2}}).ok()) << step;
      EXPECT_EQ(Contents(killed), kBoth) << step;
    }
    ASSERT_LT(step, 100u);
  }
  EXPECT_TRUE(before);
}

TEST(ModulusStore, WhatIsCommittedSurvivesAPowerCut) {
  MemoryFiles files;
  ASSERT_TRUE(files.CreateDirectories(kStore).ok());
  ASSERT_TRUE(files.SyncDirectory("/").ok());
  ASSERT_TRUE(AddRun(files, {"AA", "B"}, "aab").ok());
  MemoryFiles survivor = files.AfterPowerCut();
  EXPECT_EQ(Contents(survivor), kFirst);
}

TEST(ModulusStore, RefusesAnotherVersion) {
  MemoryFiles files;
  ASSERT_TRUE(AddRun(files, {"AA", "B"}, "aab").ok());
  std::string& index = files.Content("/store/store.json");
  index.replace(index.find("\"version\": 1"), 12, "\"version\": 2");
  const absl::Status status = ModulusStore::Open(kStore, &files).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a store of version 2"));
  // Nor is anything added to it.
  const std::string as_it_was = index;
  EXPECT_FALSE(AddRun(files, {"CCC"}, "ccc").ok());
  EXPECT_EQ(files.Content("/store/store.json"), as_it_was);
}

// Every byte of every file is under a checksum.
TEST(ModulusStore, NoticesEveryChangedByte) {
  MemoryFiles base;
  ASSERT_TRUE(AddRun(base, {"AA", "B"}, "aab", {{0, 1}}).ok());
  const std::vector<std::string> sound = Contents(base);
  const Groups groups = {{0, 1}};
  for (const char* path : {"/store/store.json", "/store/run-000001.bin"}) {
    for (size_t i = 0; i < base.Content(path).size(); ++i) {
      MemoryFiles files = base.AfterKill();
      files.Content(path)[i] ^= 0x20;
      const auto store = ModulusStore::Open(kStore, &files);
      const auto shared = store.ok() ? store->ReadShared() : store.status();
      const bool same = Contents(files) == sound && shared.ok() && *shared == groups;
      // White space between the index's values says nothing, changed or not.
      const bool blank =
          std::string_view(" \n\t\r").find(base.Content(path)[i]) != std::string_view::npos;
      EXPECT_TRUE(!same || blank) << path << " " << i;
    }
  }
}

TEST(ModulusStore, RefusesWhatIsCutOrMissing) {
  MemoryFiles base;
  ASSERT_TRUE(AddRun(base, {"AA", "B"}, "aab").ok());
  MemoryFiles cut = base.AfterKill();
  cut.Content("/store/run-000001.bin").pop_back();
  EXPECT_THAT(Contents(cut).back(), HasSubstr("it is cut"));
  MemoryFiles missing = base.AfterKill();
  ASSERT_TRUE(missing.Remove("/store/run-000001.bin").ok());
  EXPECT_THAT(Contents(missing).front(), HasSubstr("it is missing"));
  MemoryFiles halved = base.AfterKill();
  halved.Content("/store/store.json").resize(100);
  EXPECT_EQ(ModulusStore::Open(kStore, &halved).status().code(), absl::StatusCode::kDataLoss);
}

TEST(ModulusStore, AFolderOfSomethingElseIsNone) {
  MemoryFiles files;
  ASSERT_TRUE(files.CreateDirectories(kStore).ok());
  files.Put("/store/thesis.tex", "x");
  const absl::Status status = ModulusStore::Open(kStore, &files).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("thesis.tex"));
  files.Put("/store/store.json", "{\"format\": \"something\", \"version\": 1}");
  EXPECT_EQ(ModulusStore::Open(kStore, &files).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(StoreLock, KeepsOthersOff) {
  std::string pattern = ::testing::TempDir() + "mxsweep_lock_XXXXXX";
  const std::string folder = mkdtemp(pattern.data());
  {
    const auto lock = StoreLock::Take(folder + "/store");
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ(StoreLock::Take(folder + "/store").status().code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(StoreLock::Take(folder + "/store").ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mxsweep::tools
