// A scan in shards: two halves of several jobs each, merged, against one scan of the same lab and
// the lab's truth.
#include "tests/end_to_end/fleet.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"
#include "tests/end_to_end/truth.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Arguments Half(const std::string& command, const Lab& lab, const std::string& targets,
               const std::set<std::string>& left_out, const Arguments& more) {
  Arguments arguments = {command, targets};
  const Arguments flags = HalfFlags(lab, left_out, more);
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return arguments;
}

class FleetTest : public testing::Test {
 protected:
  std::string fleet() const { return folder_.path("fleet"); }

  Arguments Resolve(const Lab& lab, const std::string& shard, const Arguments& more = {}) const {
    Arguments arguments = Half("resolve", lab, lab.state("domains.txt"), kNotOfResolve, more);
    arguments.insert(arguments.end(), {"-o", fleet(), "--shard", shard});
    return arguments;
  }
  Arguments Probe(const Lab& lab, const std::string& shard, const Arguments& more = {}) const {
    Arguments arguments = Half("probe", lab, fleet(), kNotOfProbe, more);
    arguments.insert(arguments.end(), {"--shard", shard});
    return arguments;
  }
  // All at once, as a fleet's jobs are: mostly they wait for slow servers.
  void ResolveAll(const Lab& lab, int shards, const Arguments& more = {}) const {
    std::vector<RunningMxsweep> jobs;
    for (int i = 0; i < shards; ++i) jobs.emplace_back(Resolve(lab, ShardText(i, shards), more));
    for (RunningMxsweep& job : jobs) ASSERT_EQ(job.ExitCodeWithin(std::chrono::minutes(3)), 0);
  }
  void ProbeAll(const Lab& lab, int shards, const Arguments& more = {}) const {
    std::vector<RunningMxsweep> jobs;
    for (int i = 0; i < shards; ++i) jobs.emplace_back(Probe(lab, ShardText(i, shards), more));
    for (RunningMxsweep& job : jobs) ASSERT_EQ(job.ExitCodeWithin(std::chrono::minutes(3)), 0);
  }
  CommandResult Merge() const { return Mxsweep({"merge", fleet(), "-o", folder_.path("merged")}); }
  static std::string ShardText(int i, int count) {
    return std::to_string(i) + "/" + std::to_string(count);
  }

  TemporaryFolder folder_;
};

// What differs between two scans of one world: times, how often somebody was asked (error_detail
// has the number of queries), and what depends on who came first.
const std::set<std::string> kTimings = {
    "started_at", "elapsed_us", "connect_us", "greeting_us",  "starttls_us", "handshake_us",
    "first_seen", "bytes_in",   "bytes_out",  "error_detail", "attempts",    "inferred_from_at"};

// Rows as text, without those columns, sorted.
std::vector<std::string> SortedRows(const std::string& scan, const std::string& table,
                                    const std::set<std::string>& but) {
  std::vector<std::string> rows;
  for (json row : Rows(scan, table)) {
    for (const std::string& column : kTimings) row.erase(column);
    for (const std::string& column : but) row.erase(column);
    rows.push_back(row.dump());
  }
  std::ranges::sort(rows);
  return rows;
}

void ExpectSameTables(const std::string& one, const std::string& other) {
  for (const char* table : {"domains", "mx_hosts", "endpoints", "certificates"}) {
    const auto expected = SortedRows(one, table, {});
    const auto found = SortedRows(other, table, {});
    EXPECT_EQ(found.size(), expected.size()) << table;
    std::vector<std::string> only_here, only_there;
    std::ranges::set_difference(found, expected, std::back_inserter(only_here));
    std::ranges::set_difference(expected, found, std::back_inserter(only_there));
    EXPECT_EQ(only_here.size(), 0u) << table << ": " << only_here.front() << "\ninstead of\n"
                                    << (only_there.empty() ? "nothing" : only_there.front());
    EXPECT_EQ(only_there.size(), 0u) << table << ": " << only_there.front();
  }
}

// What a command prints of a scan, but for where it lies and when it was made.
std::string WithoutNames(const std::string& output) {
  static const std::regex kNames(
      "/[^\" ]*/mxsweep-test[^\" ]*|\"[a-z_]*(_seen|_at)\": ?\"[^\"]*\"");
  return std::regex_replace(output, kNames, "");
}

// Both say the same of a scan, and have something to say. `before`: scans that stand before it.
void ExpectSameOutput(const Arguments& command, const std::string& one, const std::string& other,
                      const Arguments& before = {}) {
  std::string texts[2];
  for (int i = 0; i < 2; ++i) {
    Arguments arguments = command;
    arguments.insert(arguments.end(), before.begin(), before.end());
    arguments.push_back(i == 0 ? one : other);
    const auto result = Mxsweep(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    texts[i] = WithoutNames(result.output);
  }
  EXPECT_GT(texts[0].size(), 200u) << command[0];
  EXPECT_TRUE(texts[0] == texts[1]) << command[0];
}

std::vector<std::string> SortedLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

// What changed between `before` and the one is what changed between it and the other, and back:
// which rows come first in a table may be another one's only in the list of servers.
void ExpectSameChanges(const std::string& before, const std::string& one,
                       const std::string& other) {
  ExpectSameOutput({"diff", "--json"}, one, other, {before});
  ExpectSameOutput({"trend", "--json"}, one, other, {before});
  ExpectSameOutput({"diff", "--places", "--json"}, one, other, {before});
  for (const std::string& scan : {one, other}) {
    const auto made = Mxsweep({"diff", scan, before, "--csv", scan + ".changes"});
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  for (const char* name : {"domains.csv", "causes.csv", "steps.csv", "providers.csv"}) {
    const std::string text = Contents(one + ".changes/" + name);
    EXPECT_GT(std::ranges::count(text, '\n'), 3) << name;
    EXPECT_EQ(text, Contents(other + ".changes/" + name)) << name;
  }
  EXPECT_EQ(SortedLines(one + ".changes/servers.csv"), SortedLines(other + ".changes/servers.csv"));
}

// The numbers behind each chart, but for times.
void ExpectSameReport(const std::string& one, const std::string& other) {
  for (const std::string& scan : {one, other}) {
    const auto made = Mxsweep({"report", scan, "-o", scan + ".html", "--csv", scan + ".csv"});
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(one + ".csv")) {
    const std::string name = entry.path().filename();
    if (name == "timings.csv") continue;
    EXPECT_TRUE(Contents(entry.path()) == Contents(other + ".csv/" + name)) << name;
    ++compared;
  }
  EXPECT_GT(compared, 20u);
}

TEST_F(FleetTest, MergedShardsAreTheTruthAndEachAddressIsAskedByOne) {
  Lab lab(folder_, {"--seed", "71", "--domains", "1500", "--mix",
                    "internet,crowd.hostile_wide=0,crowd.hostile_names=0"});
  // One after the other: a policy host is asked by whichever job has the domain.
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(
        Mxsweep(Resolve(lab, ShardText(i, 2), Lab::WithPatience({"--buckets", "8"}))).exit_code, 0);
  }
  ProbeAll(lab, 4, Lab::WithPatience({}));
  const auto merged = Merge();
  ASSERT_EQ(merged.exit_code, 0) << merged.output;
  ExpectTruth(folder_.path("merged"), lab);

  std::map<std::string, std::string> asked_by;
  for (int i = 0; i < 4; ++i) {
    const std::string shard = fleet() + "/probe/" + std::to_string(i) + "-of-4";
    const auto rows = Rows(shard, "endpoints");
    EXPECT_GT(rows.size(), 100u) << shard;
    for (const json& row : rows) {
      const auto [at, is_new] = asked_by.emplace(row["address"], shard);
      EXPECT_EQ(at->second, shard) << row["address"];
    }
  }
  const json report = lab.Stop();
  for (const auto& [kind, count] : report.at("violations").items()) {
    EXPECT_EQ(count, 0) << kind << ": " << report["violation_examples"].dump();
  }
}

TEST_F(FleetTest, MergedShardsAreOneScan) {
  // Of the same names, servers that are not all the same.
  const std::string before = folder_.path("before");
  {
    TemporaryFolder lab_folder;
    Lab lab(lab_folder, {"--seed", "72", "--domains", "400", "--mix",
                         "tls-only,cert.expired=30,behaviour.no_starttls=40"});
    ASSERT_EQ(Mxsweep(lab.ScanArguments(lab.state("domains.txt"), {"-o", before})).exit_code, 0);
  }
  Lab lab(folder_, {"--seed", "72", "--domains", "400", "--mix", "tls-only"});
  const std::string scan = folder_.path("scan");
  ASSERT_EQ(Mxsweep(lab.ScanArguments(lab.state("domains.txt"), {"-o", scan})).exit_code, 0);
  ResolveAll(lab, 3);
  ProbeAll(lab, 5);  // no divisor of the buckets
  ASSERT_EQ(Merge().exit_code, 0);
  ExpectSameTables(scan, folder_.path("merged"));
  // What is made of the one is made of the other.
  const std::string merged = folder_.path("merged");
  ExpectSameOutput({"policy", "--json"}, scan, merged);
  ExpectSameOutput({"keys", "--json"}, scan, merged);
  ExpectSameReport(scan, merged);
  ExpectSameChanges(before, scan, merged);
  // And between the two nothing changed.
  const auto diff = Mxsweep({"diff", scan, merged, "--json"});
  ASSERT_EQ(diff.exit_code, 0) << diff.output;
  const json changes = json::parse(diff.output);
  EXPECT_EQ(changes.at("domains_changed"), 0) << changes.at("causes");
  for (const json& cause : changes.at("causes")) {
    EXPECT_TRUE(cause.at("cause") == "unchanged" || cause.at("cause") == "not_known") << cause;
  }
  EXPECT_EQ(changes.at("remarks"), json::array());
}

TEST_F(FleetTest, AJobThatIsKilledIsGoneOnWithByTheNext) {
  Lab lab(folder_, {"--seed", "73", "--domains", "400", "--mix", "happy"});
  ResolveAll(lab, 1);
  const Arguments slowly = Probe(lab, "0/1", {"--rate", "60", "--epoch", "1s"});
  EXPECT_EQ(RunningMxsweep(slowly).ExitCodeWithin(std::chrono::seconds(4)), -1);
  const auto state = Mxsweep({"shards", fleet()});
  EXPECT_EQ(state.exit_code, 3);
  EXPECT_THAT(state.output, AllOf(HasSubstr("resolve: 1 of 1 committed"), HasSubstr("stopped")));
  const auto missing = Mxsweep({"shards", fleet(), "--missing", "probe"});
  EXPECT_EQ(missing.output, "0\n");
  EXPECT_THAT(Mxsweep({"merge", fleet(), "-o", folder_.path("merged")}).output,
              HasSubstr("probe shards 0 of 1 are not committed"));

  const auto probe = Mxsweep(Probe(lab, "0/1", {"--progress", "plain"}));
  ASSERT_EQ(probe.exit_code, 0);
  // What it counts are hosts; and a shard's directory has no name before it is committed.
  EXPECT_THAT(probe.output, AllOf(HasSubstr(" hosts (100%)"), Not(HasSubstr("domains"))));
  EXPECT_THAT(probe.output, Not(HasSubstr("attempt")));
  const auto again = Mxsweep(Probe(lab, "0/1"));
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.output, HasSubstr("committed already"));
  ASSERT_EQ(Merge().exit_code, 0);
  // Who puts off whom it has not seen before has seen the job that was killed.
  ExpectTruth(folder_.path("merged"), lab, {"attempts"});
  std::ifstream file(fleet() + "/probe/0-of-1/scan.json");
  const json described = json::parse(file);
  EXPECT_EQ(described["runs"].size(), 2u);
  EXPECT_EQ(described["runs"][0]["state"], "killed");
}

TEST_F(FleetTest, OfTwoJobsOfOneShardTheLaterGoesOnAndTheOtherEnds) {
  Lab lab(folder_, {"--seed", "74", "--domains", "400", "--mix", "happy"});
  ResolveAll(lab, 1);
  RunningMxsweep first(Probe(lab, "0/1", {"--rate", "40", "--epoch", "1s"}));
  std::this_thread::sleep_for(std::chrono::seconds(3));
  RunningMxsweep second(Probe(lab, "0/1", {"--rate", "100"}));
  EXPECT_EQ(first.ExitCodeWithin(std::chrono::seconds(30)), 4);
  EXPECT_EQ(second.ExitCodeWithin(std::chrono::minutes(2)), 0);
  ASSERT_EQ(Merge().exit_code, 0);
  ExpectTruth(folder_.path("merged"), lab, {"attempts"});
  // Nothing is left of the attempts once the next job of the shard has looked.
  size_t entries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(fleet() + "/probe")) {
    entries += entry.path().filename().string() == "0-of-1";
  }
  EXPECT_EQ(entries, 1u);
}

TEST_F(FleetTest, WhatDoesNotGoTogetherIsSaid) {
  Lab lab(folder_, {"--seed", "75", "--domains", "60", "--fixed", "none", "--mix", "happy"});
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2")).output, HasSubstr("no resolve shard has been begun"));
  ASSERT_EQ(Mxsweep(Resolve(lab, "1/2")).exit_code, 0);
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2")).output,
              HasSubstr("resolve shards 0 of 2 are not committed (nobody is at work on them)"));
  EXPECT_THAT(Mxsweep(Resolve(lab, "0/3")).output, HasSubstr("they would overlap"));
  EXPECT_THAT(Mxsweep(Resolve(lab, "2/2")).output, HasSubstr("counted from 0"));
  // Another half that went otherwise.
  ASSERT_EQ(Mxsweep(Resolve(lab, "0/2", {"--mta-sts", "off"})).exit_code, 0);
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2")).output, HasSubstr("--mta-sts is"));
  std::filesystem::remove_all(fleet() + "/resolve/0-of-2");
  ASSERT_EQ(Mxsweep(Resolve(lab, "0/2", {"--max-addresses", "63"})).exit_code, 0);
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2")).output, HasSubstr("--max-addresses is"));
  std::filesystem::remove_all(fleet() + "/resolve/0-of-2");
  // Another list.
  std::ofstream(folder_.path("other.txt")) << "example.org\n";
  Arguments other = Half("resolve", lab, folder_.path("other.txt"), kNotOfResolve, {});
  other.insert(other.end(), {"-o", fleet(), "--shard", "0/2"});
  ASSERT_EQ(Mxsweep(other).exit_code, 0);
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2")).output, HasSubstr("have read different lists"));
  std::filesystem::remove_all(fleet() + "/resolve/0-of-2");

  ASSERT_EQ(Mxsweep(Resolve(lab, "0/2")).exit_code, 0);
  EXPECT_THAT(Mxsweep(Probe(lab, "0/2", {"--ipv4-only"})).output,
              HasSubstr("--ipv4-only was true for mxsweep resolve, and is false"));
  ProbeAll(lab, 2);
  // The resolve shards are no longer those that the probe shards were made from.
  std::filesystem::remove_all(fleet() + "/resolve/0-of-2");
  ASSERT_EQ(Mxsweep(Resolve(lab, "0/2")).exit_code, 0);
  EXPECT_THAT(Merge().output, HasSubstr("made from other resolve shards"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("merged")));
}

TEST_F(FleetTest, ResolveConnectsToNobody) {
  Lab lab(folder_, {"--seed", "76", "--domains", "100", "--fixed", "none", "--mix", "happy"});
  ResolveAll(lab, 1, {"--mta-sts", "record"});
  const std::string shard = fleet() + "/resolve/0-of-1";
  EXPECT_THAT(Rows(shard, "endpoints"), IsEmpty());
  size_t not_probed = 0;
  for (const json& row : Rows(shard, "domains")) not_probed += row["diagnosis"] == "not_probed";
  EXPECT_GT(not_probed, 80u);
  EXPECT_THAT(lab.Stop().at("addresses"), IsEmpty());
}

}  // namespace
}  // namespace mxsweep::end_to_end
