// Scans that are killed, stopped, or given another list, and gone on with.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "output/scan_directory.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"
#include "tests/end_to_end/truth.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

json ScanJson(const std::string& scan) {
  std::ifstream file(scan + "/scan.json");
  return json::parse(file, nullptr, /*allow_exceptions=*/false);
}

// As its manifests say: nothing that is committed is ever gone.
uint64_t CommittedDomains(const std::string& scan) {
  const auto directory = output::ScanDirectory::Open(scan);
  return directory.ok() ? directory->rows()[static_cast<size_t>(output::TableId::kDomains)] : 0;
}

// Seconds since the last epoch was committed, or since `began`.
double SecondsNotCommitted(const std::string& scan, std::filesystem::file_time_type began) {
  const auto now = std::filesystem::file_time_type::clock::now();
  std::error_code error;
  auto last = began;
  for (const auto& entry : std::filesystem::directory_iterator(scan + "/manifest", error)) {
    last = std::max(last, entry.last_write_time(error));
  }
  return std::chrono::duration<double>(now - last).count();
}

// Every connection has its row, but for `lost` ones: which kills cut off, or whose rows were not
// committed yet.
void ExpectAskedOnce(const std::string& scan, const json& report, double lost) {
  std::map<std::string, uint64_t> attempts;
  for (const json& row : Rows(scan, "endpoints")) {
    attempts[row["address"]] += row["attempts"].get<uint64_t>();
  }
  uint64_t more = 0;
  for (const auto& [address, counts] : report.at("addresses").items()) {
    const auto connections = counts.at("connections").get<uint64_t>();
    more += connections - std::min(connections, attempts[address]);
  }
  std::printf("%llu connections more than the rows', of at most %.0f\n",
              static_cast<unsigned long long>(more), lost);
  EXPECT_LE(static_cast<double>(more), lost) << "connections that no row accounts for";
}

int Setting(const char* name, int otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

// Longer by MXSWEEP_KILLS (at most so many) and MXSWEEP_KILLED_DOMAINS.
TEST(Resume, KilledAgainAndAgainAScanComesToTheTruth) {
  const auto most_kills = static_cast<size_t>(Setting("MXSWEEP_KILLS", 10));
  TemporaryFolder folder;
  Lab lab(folder,
          {"--seed", "21", "--domains", std::to_string(Setting("MXSWEEP_KILLED_DOMAINS", 1'200)),
           "--fixed", "none", "--max-handshakes", std::to_string(most_kills + 3), "--delay-scale",
           "0.2", "--mix", "internet,crowd.hostile_wide=0,crowd.hostile_names=0"});
  const std::string scan = folder.path("scan");
  const size_t kInFlight = 40;
  const size_t kRate = 100;
  Arguments arguments =
      lab.ScanArguments(lab.state("domains.txt"),
                        {"-o", scan, "--epoch", "1s", "--concurrency", std::to_string(kInFlight),
                         "--workers", "2", "--rate", std::to_string(kRate)});
  std::mt19937 random(21);
  size_t kills = 0;
  uint64_t done = 0;
  double lost = 0;
  int64_t longer_ms = 0;  // a target that takes longer than there is between two kills never ends
  while (true) {
    const bool last = kills == most_kills;
    const auto began = std::filesystem::file_time_type::clock::now();
    const int code = RunningMxsweep(arguments).ExitCodeWithin(
        std::chrono::milliseconds(last ? 600'000 : 500 + longer_ms + random() % 1'500));
    if (code != -1) {
      ASSERT_EQ(code, 0);
      break;
    }
    ++kills;
    // Each worker's limit may save up a second's share.
    lost += static_cast<double>(kRate) * (SecondsNotCommitted(scan, began) + 1) +
            static_cast<double>(kInFlight);
    const uint64_t before = std::exchange(done, CommittedDomains(scan));
    ASSERT_GE(done, before);
    longer_ms = done == before ? longer_ms + 500 : 0;
    if (std::filesystem::exists(scan + "/scan.json")) {
      arguments = {"scan", "--resume", scan, "--progress", "none"};
    } else {
      std::filesystem::remove_all(scan);
    }
  }
  std::printf("%zu kills\n", kills);
  EXPECT_GE(kills, 2u);
  // Who puts off whom it has not seen before has seen the run that was killed.
  ExpectTruth(scan, lab, {"attempts"});
  const json described = ScanJson(scan);
  EXPECT_EQ(described["state"], "complete");
  EXPECT_GE(described["runs"].size(), 2u);
  EXPECT_EQ(described["runs"][0]["state"], "killed");
  EXPECT_EQ(described["counts"]["domains"], Rows(scan, "domains").size());
  EXPECT_EQ(described["counts"]["endpoints"], Rows(scan, "endpoints").size());
  ExpectAskedOnce(scan, lab.Stop(), lost + 4);
}

// A small lab, and a scan of it.
class ResumeTest : public testing::Test {
 protected:
  ResumeTest()
      : lab_(folder_, {"--seed", "22", "--domains", "60", "--fixed", "none", "--mix", "happy"}),
        scan_(folder_.path("scan")) {}

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    std::ifstream list(lab_.state("domains.txt"));
    for (std::string name; std::getline(list, name);) names.push_back(name);
    return names;
  }
  std::set<std::string> Hosts() const {
    std::set<std::string> hosts;
    for (const json& row : JsonLines(lab_.state("truth/mx_hosts.ndjson"))) {
      hosts.insert(row["host"].get<std::string>());
    }
    return hosts;
  }
  std::string Write(const std::string& name, const std::vector<std::string>& lines) const {
    const std::string path = folder_.path(name);
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << "\n";
    return path;
  }
  CommandResult Scan(const std::string& list, const Arguments& more = {}) const {
    Arguments all = {"-o", scan_};
    all.insert(all.end(), more.begin(), more.end());
    return Mxsweep(lab_.ScanArguments(list, all));
  }
  CommandResult GoOn(const Arguments& more = {}) const {
    Arguments all = {"scan", "--resume", scan_, "--progress", "none"};
    all.insert(all.end(), more.begin(), more.end());
    return Mxsweep(all);
  }
  // Each name has its row once.
  void ExpectDomains(const std::set<std::string>& names) const {
    std::multiset<std::string> found;
    for (const json& row : Rows(scan_, "domains")) found.insert(row["domain"].get<std::string>());
    EXPECT_EQ(found, std::multiset<std::string>(names.begin(), names.end()));
    std::set<std::string> endpoints;
    for (const json& row : Rows(scan_, "endpoints")) {
      EXPECT_TRUE(endpoints.insert(KeyOf(row, {"host", "address"})).second) << row.dump();
    }
    std::set<std::string> certificates;
    for (const json& row : Rows(scan_, "certificates")) {
      EXPECT_TRUE(certificates.insert(row["sha256"].get<std::string>()).second);
    }
  }

  TemporaryFolder folder_;
  Lab lab_;
  std::string scan_;
};

TEST_F(ResumeTest, OfAScanThatIsCompleteNothingIsLeftToDo) {
  ASSERT_EQ(Scan(lab_.state("domains.txt")).exit_code, 0);
  const size_t endpoints = Rows(scan_, "endpoints").size();
  const CommandResult again = GoOn();
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(Rows(scan_, "endpoints").size(), endpoints);
  EXPECT_EQ(ScanJson(scan_)["runs"].size(), 2u);
  EXPECT_EQ(ScanJson(scan_)["runs"][0]["state"], "complete");
}

TEST_F(ResumeTest, OfAListThatHasGrownWhatIsNewIsScanned) {
  const std::vector<std::string> names = Names();
  std::vector<std::string> some(names.begin(), names.begin() + 30);
  const std::string list = Write("list", some);
  ASSERT_EQ(Scan(list).exit_code, 0);
  Write("list", names);
  const CommandResult result = GoOn();
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, Not(HasSubstr("The list is not the one")));
  ExpectDomains({names.begin(), names.end()});
}

TEST_F(ResumeTest, OfAListThatHasChangedWhatIsNewIsScannedByName) {
  const std::vector<std::string> names = Names();
  std::vector<std::string> some(names.begin(), names.begin() + 30);
  some.push_back("no name at all");
  ASSERT_EQ(Scan(Write("list", some)).exit_code, 0);
  // In another order, and the first one is gone.
  std::vector<std::string> others(names.rbegin(), names.rend() - 1);
  others.push_back("no name at all");
  const CommandResult result = GoOn({Write("other", others)});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("The list is not the one of the scan so far"));
  std::set<std::string> expected(names.begin(), names.end());
  expected.insert("no name at all");
  ExpectDomains(expected);
  // And once more: by name, though the last list is the same.
  ASSERT_EQ(GoOn().exit_code, 0);
  ExpectDomains(expected);
}

TEST_F(ResumeTest, AListFromStandardInputIsGivenAgain) {
  const std::string list = lab_.state("domains.txt");
  const auto pipe = [&](const std::string& text, const Arguments& arguments) {
    std::string command = text + " | " MXSWEEP_PROGRAM;
    for (const std::string& argument : arguments) command += " '" + argument + "'";
    return interop::RunCommand({"/bin/sh", "-c", command}, {}, absl::Minutes(3));
  };
  const Arguments first =
      lab_.ScanArguments("-", {"-o", scan_, "--targets", "domains", "--max-runtime", "1s", "--rate",
                               "20", "--epoch", "1s"});
  const CommandResult stopped = pipe("cat " + list, first);
  EXPECT_EQ(stopped.exit_code, 3) << stopped.output;
  EXPECT_THAT(stopped.output, HasSubstr("Go on with: mxsweep scan --resume " + scan_));
  EXPECT_EQ(ScanJson(scan_)["state"], "stopped");
  const CommandResult resumed =
      pipe("cat " + list, {"scan", "--resume", scan_, "--progress", "none", "--rate", "0"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
  EXPECT_THAT(resumed.output, Not(HasSubstr("The list is not the one")));
  const std::vector<std::string> names = Names();
  ExpectDomains({names.begin(), names.end()});
  EXPECT_EQ(ScanJson(scan_)["options"]["rate_per_s"], 0);
}

TEST_F(ResumeTest, AddressesAndHostsAreKnownAgain) {
  for (const std::string kind : {"addresses", "hosts"}) {
    const std::string list = folder_.path(kind);
    {
      std::ofstream file(list);
      if (kind == "addresses") {
        file << "127.16.0.0/26\n127.16.0.1,mx.example.org\n";
      } else {
        for (const std::string& host : Hosts()) file << host << "\n";
      }
    }
    scan_ = folder_.path("scan-of-" + kind);
    const CommandResult stopped =
        Scan(list, {"--targets", kind, "--max-runtime", "1s", "--rate", "10", "--epoch", "1s"});
    ASSERT_EQ(stopped.exit_code, 3) << kind << stopped.output;
    const CommandResult resumed = GoOn({"--rate", "0"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
    std::set<std::string> endpoints;
    for (const json& row : Rows(scan_, "endpoints")) {
      EXPECT_TRUE(endpoints.insert(KeyOf(row, {"host", "address"})).second) << row.dump();
    }
    std::set<std::string> hosts;
    for (const json& row : Rows(scan_, "mx_hosts")) {
      EXPECT_TRUE(hosts.insert(row["host"].get<std::string>()).second) << row.dump();
    }
    if (kind == "addresses") {
      EXPECT_EQ(endpoints.size(), 65u);
    } else {
      EXPECT_EQ(hosts.size(), Hosts().size());
    }
  }
}

TEST_F(ResumeTest, WhatWouldChangeTheMeaningOfItsRowsIsRefused) {
  ASSERT_EQ(Scan(lab_.state("domains.txt"), {"--max-runtime", "1s", "--rate", "20"}).exit_code, 3);
  const CommandResult port = GoOn({"--port", "26"});
  EXPECT_EQ(port.exit_code, 2);
  EXPECT_THAT(port.output, HasSubstr("--port was 2825, and is 26"));
  EXPECT_EQ(GoOn({"--ipv4-only"}).exit_code, 2);
  EXPECT_EQ(GoOn({"--probe", "dhe"}).exit_code, 2);
  EXPECT_EQ(GoOn({"--seed", "77"}).exit_code, 2);
  EXPECT_EQ(GoOn({"-o", scan_}).exit_code, 2);
  EXPECT_EQ(ScanJson(scan_)["runs"].size(), 1u);
  const CommandResult fast = GoOn({"--rate", "0", "--concurrency", "20", "--workers", "1"});
  EXPECT_EQ(fast.exit_code, 0) << fast.output;
}

TEST_F(ResumeTest, ADirectoryHasOneWriter) {
  RunningMxsweep running(
      lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan_, "--rate", "5"}));
  AwaitScanJson(scan_);
  const CommandResult second = GoOn();
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.output, HasSubstr("another mxsweep is writing to " + scan_));
  EXPECT_EQ(running.ExitCodeWithin(std::chrono::milliseconds(0)), -1);
  EXPECT_EQ(GoOn({"--rate", "0"}).exit_code, 0);
}

TEST_F(ResumeTest, WhereThereIsNothingToGoOnWithItSaysSo) {
  const CommandResult nothing = GoOn();
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.output, HasSubstr("is no scan directory"));
  const CommandResult twice = Scan(lab_.state("domains.txt"));
  ASSERT_EQ(twice.exit_code, 0);
  const CommandResult again = Scan(lab_.state("domains.txt"));
  EXPECT_THAT(again.output, HasSubstr("--resume " + scan_));
}

}  // namespace
}  // namespace mxsweep::end_to_end
