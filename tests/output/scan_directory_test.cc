#include "output/scan_directory.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "output/cat.h"
#include "output/manifest.h"
#include "output/parquet/reader.h"
#include "output/run_collector.h"
#include "tests/output/memory_files.h"

namespace mxsweep::output {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDirectory[] = "/scan";

ScanWriterOptions TestOptions() {
  ScanWriterOptions options;
  options.scan_id = "test";
  options.min_free_bytes = 0;
  return options;
}

// One domain with its host, endpoint and certificate, in the order a scan adds them.
absl::Status AddDomain(ScanWriter& writer, const std::string& name) {
  absl::Status status = writer.Add(CertificateRow{.sha256 = name});
  if (status.ok()) status = writer.Add(ProbeRow{.host = name, .probe = "follow_up"});
  if (status.ok()) status = writer.Add(EndpointRow{.host = name, .outcome = "tls_ok"});
  if (status.ok()) status = writer.Add(MxHostRow{.host = name});
  if (status.ok()) status = writer.Add(DomainRow{.domain = name});
  return status;
}

std::string CatText(FileSystem& files, CatOptions options) {
  std::string out;
  const auto write = [&](std::string_view text) {
    out += text;
    return absl::OkStatus();
  };
  absl::Status status = Cat(kDirectory, options, write, &files);
  EXPECT_TRUE(status.ok()) << status;
  return out;
}

// The names of all domains, hosts, endpoints and certificates that a reader finds, table by table.
std::vector<std::string> NamesByTable(FileSystem& files) {
  const auto names = [&](const char* table, const char* column) {
    std::string text =
        CatText(files, {.table = table, .format = RowFormat::kCsv, .columns = {column}});
    return text.substr(text.find('\n') + 1);
  };
  return {names("domains", "domain"), names("mx_hosts", "host"), names("endpoints", "host"),
          names("probes", "host"), names("certificates", "sha256")};
}

TEST(ScanWriter, CommittedRowsCanBeReadWhileTheScanRuns) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {{"version", "1"}}, TestOptions(), &files);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_THAT(NamesByTable(files), ElementsAre("", "", "", "", ""));
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  EXPECT_THAT(NamesByTable(files), ElementsAre("", "", "", "", ""));
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  ASSERT_TRUE(AddDomain(**writer, "b").ok());
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "a\n", "a\n", "a\n", "a\n"));
  ASSERT_TRUE((*writer)->Finish(ScanState::kComplete, {{"version", "1"}}).ok());
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n"));
  EXPECT_EQ((*writer)->committed_epochs(), 2u);
  EXPECT_THAT((*writer)->committed_rows(), ::testing::Each(2u));
}

TEST(ScanWriter, ScanJsonTellsStateCallerAndCounts) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {{"resolver", "::1"}}, TestOptions(), &files);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(ScanDirectory::Open(kDirectory, &files)->scan()["state"], "running");
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  ASSERT_TRUE((*writer)->Finish(ScanState::kStopped, {{"resolver", "::1"}, {"end", 5}}).ok());
  const auto scan = ScanDirectory::Open(kDirectory, &files);
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(scan->scan()["state"], "stopped");
  EXPECT_EQ(scan->scan()["resolver"], "::1");
  EXPECT_EQ(scan->scan()["end"], 5);
  EXPECT_EQ(scan->scan()["schema_version"], kSchemaVersion);
  EXPECT_EQ(scan->scan()["scan_id"], "test");
  EXPECT_EQ(scan->scan()["committed"]["rows"]["domains"], 1);
  EXPECT_THAT(scan->rows(), ::testing::Each(1u));
}

TEST(ScanWriter, NoPartHasItsFinalNameBeforeItIsWhole) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  EXPECT_THAT(files.Paths(), ::testing::Contains("/scan/endpoints/.part-000001.parquet.tmp"));
  EXPECT_THAT(files.Paths(), Not(::testing::Contains(::testing::EndsWith(".parquet"))));
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  EXPECT_THAT(
      files.Paths(),
      ElementsAre("/scan/certificates/part-000001.parquet", "/scan/domains/part-000001.parquet",
                  "/scan/endpoints/part-000001.parquet", "/scan/manifest/000001.json",
                  "/scan/mx_hosts/part-000001.parquet", "/scan/probes/part-000001.parquet",
                  "/scan/scan.json"));
}

TEST(ScanWriter, UncommittedPartsAreRemovedWhenItIsDestroyed) {
  MemoryFiles files;
  {
    auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
    ASSERT_TRUE(AddDomain(**writer, "a").ok());
  }
  EXPECT_THAT(files.Paths(), ElementsAre("/scan/scan.json"));
}

TEST(ScanWriter, EpochWithoutRowsIsNone) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  EXPECT_EQ((*writer)->committed_epochs(), 0u);
  EXPECT_FALSE(*(*writer)->MaybeCommitEpoch(absl::UnixEpoch()));
}

TEST(ScanWriter, TablesThatNeverHadARowGetOneEmptyPart) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  ASSERT_TRUE((*writer)->Add(DomainRow{.domain = "a"}).ok());
  ASSERT_TRUE((*writer)->Finish(ScanState::kComplete, {}).ok());
  const auto scan = ScanDirectory::Open(kDirectory, &files);
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->parts().size(), 5u);
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "", "", "", ""));
}

TEST(ScanWriter, EpochIsDueAfterEnoughRowsOrEnoughTime) {
  MemoryFiles files;
  ScanWriterOptions options = TestOptions();
  options.epoch_rows = 10;
  options.epoch_interval = absl::Seconds(60);
  auto writer = ScanWriter::Create(kDirectory, {}, options, &files);
  const absl::Time start = absl::FromUnixSeconds(1000);
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  EXPECT_FALSE(*(*writer)->MaybeCommitEpoch(start));
  EXPECT_FALSE(*(*writer)->MaybeCommitEpoch(start + absl::Seconds(59)));
  EXPECT_TRUE(*(*writer)->MaybeCommitEpoch(start + absl::Seconds(60)));
  ASSERT_TRUE(AddDomain(**writer, "b").ok());
  EXPECT_FALSE(*(*writer)->MaybeCommitEpoch(start + absl::Seconds(61)));
  ASSERT_TRUE(AddDomain(**writer, "c").ok());
  EXPECT_TRUE(*(*writer)->MaybeCommitEpoch(start + absl::Seconds(61)));
}

TEST(ScanWriter, RefusesADirectoryWithSomethingElseInIt) {
  MemoryFiles files;
  ASSERT_TRUE(files.CreateDirectories(kDirectory).ok());
  files.Put("/scan/notes.txt", "mine");
  const auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  EXPECT_EQ(writer.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(writer.status().message()), HasSubstr("/scan is not empty"));
}

TEST(ScanWriter, RefusesADirectoryWithAScanInIt) {
  MemoryFiles files;
  ASSERT_TRUE(ScanWriter::Create(kDirectory, {}, TestOptions(), &files).ok());
  const auto again = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(again.status().message()), HasSubstr("--resume /scan"));
}

TEST(ScanWriter, RefusesToStartAnEpochWithoutFreeDisk) {
  MemoryFiles files;
  ScanWriterOptions options = TestOptions();
  options.min_free_bytes = 64u << 20;
  auto writer = ScanWriter::Create(kDirectory, {}, options, &files);
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  files.set_free_bytes(5u << 20);
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  const absl::Status status = AddDomain(**writer, "b");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is full: 5 MiB are free"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("before that (1 epoch) is whole"));
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "a\n", "a\n", "a\n", "a\n"));
}

TEST(ScanWriter, LowDiskInTheMiddleOfAnEpochCommitsWhatThereIs) {
  MemoryFiles files;
  ScanWriterOptions options = TestOptions();
  options.min_free_bytes = 64u << 20;
  auto writer = ScanWriter::Create(kDirectory, {}, options, &files);
  const absl::Time start = absl::FromUnixSeconds(1000);
  // Some tables of the epoch have a part, others none yet.
  ASSERT_TRUE((*writer)->Add(CertificateRow{.sha256 = "a"}).ok());
  ASSERT_TRUE((*writer)->MaybeCommitEpoch(start).ok());
  files.set_free_bytes(5u << 20);
  ASSERT_TRUE((*writer)->Add(ProbeRow{.host = "a", .probe = "follow_up"}).ok());
  ASSERT_TRUE((*writer)->Add(EndpointRow{.host = "a", .outcome = "tls_ok"}).ok());
  ASSERT_TRUE((*writer)->Add(MxHostRow{.host = "a"}).ok());
  ASSERT_TRUE((*writer)->Add(DomainRow{.domain = "a"}).ok());
  const absl::Status status = (*writer)->MaybeCommitEpoch(start + absl::Seconds(2)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is full: 5 MiB are free"));
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "a\n", "a\n", "a\n", "a\n"));
  EXPECT_EQ(AddDomain(**writer, "b"), status);
}

TEST(ScanWriter, TheLastEpochIsCommittedOnALowDiskToo) {
  MemoryFiles files;
  ScanWriterOptions options = TestOptions();
  options.min_free_bytes = 64u << 20;
  auto writer = ScanWriter::Create(kDirectory, {}, options, &files);
  ASSERT_TRUE((*writer)->Add(DomainRow{.domain = "a"}).ok());
  files.set_free_bytes(5u << 20);
  EXPECT_TRUE((*writer)->Finish(ScanState::kComplete, {}).ok());
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "", "", "", ""));
}

TEST(ScanWriter, RowThatIsTooLargeIsRefusedAlone) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  EXPECT_EQ((*writer)->Add(DomainRow{.domain = std::string(40u << 20, 'x')}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(AddDomain(**writer, "a").ok());
  EXPECT_TRUE((*writer)->Finish(ScanState::kComplete, {}).ok());
  EXPECT_THAT(NamesByTable(files), ElementsAre("a\n", "a\n", "a\n", "a\n", "a\n"));
}

// A scan of three epochs; stops at the first error.
absl::Status ThreeEpochs(FileSystem& files) {
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  if (!writer.ok()) return writer.status();
  for (const char* name : {"a", "b", "c"}) {
    absl::Status status = AddDomain(**writer, name);
    (*writer)->NoteDone(static_cast<uint64_t>(name[0] - 'a'));
    if (status.ok()) status = (*writer)->CommitEpoch();
    if (!status.ok()) {
      // Everything after an error says the same.
      EXPECT_EQ((*writer)->CommitEpoch(), status);
      EXPECT_EQ(AddDomain(**writer, "z"), status);
      EXPECT_EQ((*writer)->Finish(ScanState::kComplete, {}), status);
      return status;
    }
  }
  return (*writer)->Finish(ScanState::kComplete, {});
}

// What a reader finds is always some number of whole epochs: the same in every table.
void ExpectWholeEpochs(MemoryFiles files, uint64_t step, const char* how) {
  const auto scan = ScanDirectory::Open(kDirectory, &files);
  if (absl::IsNotFound(scan.status())) return;  // killed before there was a scan.json
  ASSERT_TRUE(scan.ok()) << how << " at step " << step << ": " << scan.status();
  const auto names = NamesByTable(files);
  EXPECT_THAT(names, ::testing::Each(names[0])) << how << " at step " << step;
  EXPECT_TRUE(std::string_view("a\nb\nc\n").starts_with(names[0])) << how << " at step " << step;
  EXPECT_EQ(names[0].size(), 2 * scan->epochs());
  for (const std::string& path : files.Paths()) {
    if (!path.ends_with(".parquet") || how != std::string_view("kill")) continue;
    for (TableId table : {TableId::kDomains, TableId::kMxHosts, TableId::kEndpoints,
                          TableId::kProbes, TableId::kCertificates}) {
      if (path.find(TableName(table)) == path.npos) continue;
      EXPECT_TRUE(ParquetReader::Open(*files.Open(path), table).ok()) << path;
    }
  }
}

TEST(ScanWriter, KillOrPowerCutAtAnyStepLeavesWholeEpochs) {
  MemoryFiles complete;
  ASSERT_TRUE(ThreeEpochs(complete).ok());
  ASSERT_GT(complete.steps(), 100u);
  for (uint64_t step = 0; step < complete.steps(); ++step) {
    MemoryFiles files;
    // All further steps fail, so that what is there stays as it was at the kill.
    files.set_fail_at(step, absl::InternalError("killed"));
    EXPECT_FALSE(ThreeEpochs(files).ok()) << step;
    ExpectWholeEpochs(files.AfterKill(), step, "kill");
    ExpectWholeEpochs(files.AfterPowerCut(), step, "power cut");
  }
}

// What `duckdb DIR/endpoints/*.parquet` would read: whole files that are committed, and of each
// table at least what the rows of the tables behind it refer to.
void ExpectAGlobSeesOnlyWhatIsCommitted(MemoryFiles files, uint64_t step, const char* how) {
  const auto scan = ScanDirectory::Open(kDirectory, &files);
  size_t seen_before = SIZE_MAX;
  for (TableId table : {TableId::kCertificates, TableId::kProbes, TableId::kEndpoints,
                        TableId::kMxHosts, TableId::kDomains}) {
    size_t seen = 0;
    for (const std::string& path : files.Paths()) {
      const std::string folder = std::string("/scan/") + std::string(TableName(table)) + "/";
      if (!path.starts_with(folder) || !path.ends_with(".parquet")) continue;
      if (path[folder.size()] == '.') continue;  // a glob's * does not match it
      ++seen;
      ASSERT_TRUE(scan.ok()) << how << " at step " << step << ": " << scan.status();
      EXPECT_THAT(scan->parts(), ::testing::Contains(::testing::Field(
                                     &PartInfo::file, path.substr(strlen("/scan/")))))
          << how << " at step " << step;
      EXPECT_TRUE(ParquetReader::Open(*files.Open(path), table).ok())
          << how << " at step " << step << ": " << path;
    }
    EXPECT_LE(seen, seen_before) << how << " at step " << step << ": " << TableName(table);
    seen_before = seen;
  }
}

TEST(ScanWriter, AGlobNeverSeesAPartThatIsNotWholeAndCommitted) {
  MemoryFiles complete;
  ASSERT_TRUE(ThreeEpochs(complete).ok());
  for (uint64_t step = 0; step < complete.steps(); ++step) {
    MemoryFiles files;
    files.set_fail_at(step, absl::InternalError("killed"));
    EXPECT_FALSE(ThreeEpochs(files).ok()) << step;
    ExpectAGlobSeesOnlyWhatIsCommitted(files.AfterKill(), step, "kill");
    ExpectAGlobSeesOnlyWhatIsCommitted(files.AfterPowerCut(), step, "power cut");
  }
}

// Goes on with the scan, and with the epochs that are missing of three.
absl::Status ResumeToThreeEpochs(FileSystem& files, std::vector<uint64_t>* done) {
  auto lock = LockScanDirectory(files, kDirectory);
  if (!lock.ok()) return lock.status();
  const auto found = ScanDirectory::Open(kDirectory, &files);
  if (!found.ok()) return found.status();
  absl::Status status = found->ForEachManifest(files, [&](const Manifest& manifest) {
    for (const NumberRun& run : manifest.targets_done) {
      for (uint64_t i = 0; i < run.count; ++i) done->push_back(run.first + i);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  auto writer = ScanWriter::Resume(kDirectory, *std::move(lock), {}, TestOptions(), &files);
  if (!writer.ok()) return writer.status();
  EXPECT_EQ((*writer)->scan_id(), "test");
  for (uint64_t i = 0; i < 3; ++i) {
    if (std::find(done->begin(), done->end(), i) != done->end()) continue;
    status = AddDomain(**writer, std::string(1, static_cast<char>('a' + i)));
    (*writer)->NoteDone(i);
    if (status.ok()) status = (*writer)->CommitEpoch();
    if (!status.ok()) return status;
  }
  return (*writer)->Finish(ScanState::kComplete, {});
}

void ExpectResumedIsWhole(MemoryFiles files, uint64_t step, const char* how) {
  if (absl::IsNotFound(ScanDirectory::Open(kDirectory, &files).status())) return;  // never begun
  std::vector<uint64_t> done;
  const absl::Status status = ResumeToThreeEpochs(files, &done);
  ASSERT_TRUE(status.ok()) << how << " at step " << step << ": " << status;
  EXPECT_THAT(NamesByTable(files), ::testing::Each("a\nb\nc\n")) << how << " at step " << step;
  // Of what was not committed nothing is left, and what is there has its name.
  const auto scan = ScanDirectory::Open(kDirectory, &files);
  ASSERT_TRUE(scan.ok()) << scan.status();
  for (const std::string& path : files.Paths()) {
    if (path.find("part-") == path.npos) continue;
    EXPECT_THAT(scan->parts(), ::testing::Contains(::testing::Field(&PartInfo::file,
                                                                    path.substr(strlen("/scan/")))))
        << how << " at step " << step;
  }
}

// A sanitizer makes each a dozen times as long.
#ifdef MXSWEEP_SANITIZED
constexpr uint64_t kStepsApart = 11;
#else
constexpr uint64_t kStepsApart = 1;
#endif

TEST(ScanWriter, GoesOnAfterAKillOrPowerCutAtAnyStep) {
  MemoryFiles complete;
  ASSERT_TRUE(ThreeEpochs(complete).ok());
  for (uint64_t step = 0; step < complete.steps(); step += kStepsApart) {
    MemoryFiles files;
    files.set_fail_at(step, absl::InternalError("killed"));
    EXPECT_FALSE(ThreeEpochs(files).ok()) << step;
    ExpectResumedIsWhole(files.AfterKill(), step, "kill");
    ExpectResumedIsWhole(files.AfterPowerCut(), step, "power cut");
  }
}

TEST(ScanWriter, GoesOnAfterAKillWhileItGoesOn) {
  MemoryFiles begun;
  {
    begun.set_fail_at(60, absl::InternalError("killed"));
    ASSERT_FALSE(ThreeEpochs(begun).ok());
  }
  for (uint64_t step = 0; step < 80; step += kStepsApart) {
    MemoryFiles files = begun.AfterKill();
    files.set_fail_at(step, absl::InternalError("killed"));
    std::vector<uint64_t> done;
    ResumeToThreeEpochs(files, &done).IgnoreError();
    ExpectResumedIsWhole(files.AfterKill(), step, "kill");
    ExpectResumedIsWhole(files.AfterPowerCut(), step, "power cut");
  }
}

TEST(ScanWriter, LeavesAloneWhatIsNotItsOwn) {
  MemoryFiles files;
  ASSERT_TRUE(ThreeEpochs(files).ok());
  files.Put("/scan/endpoints/notes.txt", "mine");
  files.Put("/scan/endpoints/.part-000009.parquet.tmp", "half");
  std::vector<uint64_t> done;
  ASSERT_TRUE(ResumeToThreeEpochs(files, &done).ok());
  EXPECT_THAT(files.Paths(), ::testing::Contains("/scan/endpoints/notes.txt"));
  EXPECT_THAT(files.Paths(), Not(::testing::Contains("/scan/endpoints/.part-000009.parquet.tmp")));
}

TEST(ScanWriter, TwoDoNotWriteToOneDirectory) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  ASSERT_TRUE(writer.ok());
  EXPECT_THAT(LockScanDirectory(files, kDirectory).status().message(),
              HasSubstr("another mxsweep"));
  writer->reset();
  EXPECT_TRUE(LockScanDirectory(files, kDirectory).ok());
}

TEST(ScanWriter, DoesNotGoOnInTablesOfAnotherVersion) {
  MemoryFiles files;
  ASSERT_TRUE(ThreeEpochs(files).ok());
  std::string& scan = files.Content("/scan/scan.json");
  const std::string ours = "\"schema_version\": " + std::to_string(kSchemaVersion);
  scan.replace(scan.find(ours), ours.size(), "\"schema_version\": 4");
  std::vector<uint64_t> done;
  const absl::Status status = ResumeToThreeEpochs(files, &done);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("version 4"));
}

TEST(Manifest, KeepsWhatIsDoneAndNoted) {
  Manifest manifest{.scan_id = "x", .epoch = 3, .scan = {{"note", 1}}};
  RunCollector numbers;
  for (const uint64_t number : {7, 3, 4, 5, 4096, 100, 0, 7, 4095, 1'000'000}) numbers.Add(number);
  manifest.targets_done = numbers.Runs();
  EXPECT_THAT(manifest.targets_done,
              ElementsAre(NumberRun{0, 1}, NumberRun{3, 3}, NumberRun{7, 1}, NumberRun{100, 1},
                          NumberRun{4095, 2}, NumberRun{1'000'000, 1}));
  const auto read = ParseManifest(SerializeManifest(manifest));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->targets_done, manifest.targets_done);
  EXPECT_EQ(read->scan, manifest.scan);
}

TEST(Manifest, RefusesRunsThatNobodyWrites) {
  const std::string text = SerializeManifest({.scan_id = "x", .epoch = 3});
  for (const char* runs : {"[1]", "[1,0]", "[1,2,0,3]", "[-1,2]", "[1,\"2\"]", "{}", "[1.5,2]",
                           "[18446744073709551615,18446744073709551615]"}) {
    std::string bad = text;
    const std::string empty = "\"targets_done\":[]";
    bad.replace(bad.find(empty), empty.size(), std::string("\"targets_done\":") + runs);
    EXPECT_EQ(ParseManifest(bad).status().code(), absl::StatusCode::kDataLoss) << runs;
  }
}

TEST(ScanWriter, ANewDirectoryAndItsNewParentsSurviveAPowerCut) {
  MemoryFiles files;
  auto writer = ScanWriter::Create("/a/b/scan", {}, TestOptions(), &files);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  MemoryFiles after = files.AfterPowerCut();
  const auto scan = ScanDirectory::Open("/a/b/scan", &after);
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_THAT(scan->rows(), ::testing::Each(1u));
}

TEST(ScanWriter, WhatCommitEpochAnsweredSurvivesAPowerCut) {
  MemoryFiles files;
  auto writer = ScanWriter::Create(kDirectory, {}, TestOptions(), &files);
  ASSERT_TRUE(writer.ok());
  std::string names;
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(AddDomain(**writer, name).ok());
    ASSERT_TRUE((*writer)->CommitEpoch().ok());
    names += std::string(name) + "\n";
    MemoryFiles after = files.AfterPowerCut();
    EXPECT_THAT(NamesByTable(after), ::testing::Each(names));
  }
}

TEST(ScanWriter, FullDiskIsToldClearlyAndWhatWasCommittedStays) {
  // A disk that fills up for good, at any moment.
  MemoryFiles complete;
  ASSERT_TRUE(ThreeEpochs(complete).ok());
  for (uint64_t step = 0; step < complete.steps(); ++step) {
    MemoryFiles files;
    files.set_fail_at(step, absl::ResourceExhaustedError("No space left on device"));
    const absl::Status status = ThreeEpochs(files);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), HasSubstr("No space left on device"));
  }
}

// A folder of its own for a test with real files; removed with what is in it.
class PosixFileSystemTest : public ::testing::Test {
 protected:
  PosixFileSystemTest() {
    std::string pattern = ::testing::TempDir() + "/mxsweep_XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~PosixFileSystemTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(PosixFileSystemTest, FileIsCreatedOnceReadAndRemoved) {
  FileSystem& files = *PosixFileSystem();
  const std::string path = directory_ + "/a/b/file";
  ASSERT_TRUE(files.CreateDirectories(directory_ + "/a/b").ok());
  ASSERT_TRUE(files.CreateDirectories(directory_ + "/a/b").ok());
  auto file = files.Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(files.Create(path).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE((*file)->Append("abc").ok());
  EXPECT_TRUE((*file)->Sync().ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_THAT(*files.List(directory_ + "/a/b"), ElementsAre("file"));
  EXPECT_EQ(*ReadWholeFile(files, path, 10), "abc");
  EXPECT_EQ(ReadWholeFile(files, path, 2).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(*files.FreeBytes(directory_), 0u);
  EXPECT_TRUE(files.Remove(path).ok());
  EXPECT_EQ(files.Open(path).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PosixFileSystemTest, FileWrittenAtomicallyReplacesTheOldOneAndLeavesNothingElse) {
  FileSystem& files = *PosixFileSystem();
  ASSERT_TRUE(WriteFileAtomically(files, directory_ + "/scan.json", "old").ok());
  ASSERT_TRUE(WriteFileAtomically(files, directory_ + "/scan.json", "new").ok());
  EXPECT_EQ(*ReadWholeFile(files, directory_ + "/scan.json", 10), "new");
  EXPECT_THAT(*files.List(directory_), ElementsAre("scan.json"));
}

TEST_F(PosixFileSystemTest, FileBeyondTheLimitOfItsSizeIsResourceExhausted) {
  // RLIMIT_FSIZE stands in for a full disk: the kernel refuses the write after some bytes.
  auto writer = ScanWriter::Create(directory_ + "/scan", {}, TestOptions());
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(AddDomain(**writer, "a").ok());
  ASSERT_TRUE((*writer)->CommitEpoch().ok());
  ASSERT_TRUE(AddDomain(**writer, "b").ok());
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 1'000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const absl::Status status = (*writer)->CommitEpoch();
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write"));
  EXPECT_FALSE((*writer)->Finish(ScanState::kComplete, {}).ok());
  const auto scan = ScanDirectory::Open(directory_ + "/scan");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(scan->scan()["state"], "failed");
  EXPECT_THAT(scan->rows(), ::testing::Each(1u));
  EXPECT_THAT(*PosixFileSystem()->List(directory_ + "/scan/domains"),
              ElementsAre("part-000001.parquet"));
}

TEST(ScanDirectory, IgnoresWhatNoManifestNames) {
  MemoryFiles files;
  ASSERT_TRUE(ThreeEpochs(files).ok());
  files.Put("/scan/endpoints/part-000009.parquet", "garbage");
  files.Put("/scan/endpoints/.part-000004.parquet.tmp", "garbage");
  files.Put("/scan/manifest/.000004.json.tmp", "garbage");
  EXPECT_THAT(NamesByTable(files), ::testing::Each("a\nb\nc\n"));
}

TEST(ScanDirectory, DamageIsDataLossAndNeverSilence) {
  const auto open_after = [](auto damage) {
    MemoryFiles files;
    EXPECT_TRUE(ThreeEpochs(files).ok());
    damage(files);
    return ScanDirectory::Open(kDirectory, &files).status().code();
  };
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  EXPECT_EQ(open_after([](MemoryFiles&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(open_after([](MemoryFiles& f) { (void)f.Remove("/scan/manifest/000002.json"); }),
            kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) { (void)f.Remove("/scan/domains/part-000002.parquet"); }),
            kDataLoss);
  EXPECT_EQ(
      open_after([](MemoryFiles& f) { f.Content("/scan/domains/part-000002.parquet") += "x"; }),
      kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) { f.Content("/scan/manifest/000002.json") = "{"; }),
            kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) { f.Content("/scan/scan.json") = "[]"; }), kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) {
              std::string& text = f.Content("/scan/manifest/000002.json");
              text.replace(text.find("domains/part"), 7, "../oops");
            }),
            kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) {
              std::string& text = f.Content("/scan/scan.json");
              text.replace(text.find("\"test\""), 6, "\"else\"");
            }),
            kDataLoss);
  EXPECT_EQ(open_after([](MemoryFiles& f) {
              std::string& text = f.Content("/scan/scan.json");
              const std::string version = "\"schema_version\": ";
              text.replace(text.find(version) + version.size(), 1, "99");
            }),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ScanDirectory, DirectoryWithoutScanIsNotFound) {
  MemoryFiles files;
  const auto scan = ScanDirectory::Open("/nothing", &files);
  EXPECT_EQ(scan.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(scan.status().message()), HasSubstr("/nothing is no scan directory"));
}

TEST(Cat, KeepsToLimitColumnsAndFormat) {
  MemoryFiles files;
  ASSERT_TRUE(ThreeEpochs(files).ok());
  EXPECT_EQ(CatText(files, {.table = "endpoints", .columns = {"outcome", "host"}, .limit = 2}),
            "{\"host\":\"a\",\"outcome\":\"tls_ok\"}\n{\"host\":\"b\",\"outcome\":\"tls_ok\"}\n");
  EXPECT_EQ(
      CatText(files,
              {.table = "domains", .format = RowFormat::kCsv, .columns = {"domain"}, .limit = 0}),
      "domain\n");
}

TEST(Cat, SaysWhatIsWrong) {
  MemoryFiles files;
  ASSERT_TRUE(ThreeEpochs(files).ok());
  const auto out = [](std::string_view) { return absl::OkStatus(); };
  const absl::Status table = Cat(kDirectory, {.table = "hosts"}, out, &files);
  EXPECT_EQ(table.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(table.message()), HasSubstr("mx_hosts"));
  EXPECT_EQ(Cat(kDirectory, {.columns = {"nonsense"}}, out, &files).code(),
            absl::StatusCode::kInvalidArgument);
  files.Content("/scan/endpoints/part-000002.parquet")[10] ^= 1;
  const absl::Status damaged = Cat(kDirectory, {}, out, &files);
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("endpoints/part-000002.parquet"));
  const auto closed = [](std::string_view) { return absl::UnavailableError("nobody reads"); };
  EXPECT_EQ(Cat(kDirectory, {.table = "domains"}, closed, &files).code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace mxsweep::output
