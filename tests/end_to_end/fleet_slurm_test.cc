// A fleet under a real Slurm (Debian's slurm-wlm) of two nodes, one of which dies in the middle.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/fleet.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/truth.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::HasSubstr;

// More with MXSWEEP_FLEET_DOMAINS: then in 8 and 16 shards.
int DomainCount() {
  const char* count = std::getenv("MXSWEEP_FLEET_DOMAINS");
  return count == nullptr ? 600 : std::atoi(count);
}
bool IsLarge() { return DomainCount() >= 10'000; }
int ResolveShards() { return IsLarge() ? 8 : 4; }
int ProbeShards() { return IsLarge() ? 16 : 4; }
// A shard takes longer than it takes Slurm to notice that its node is gone.
int Rate() { return DomainCount() / (IsLarge() ? 200 : 30); }

// True once `holds` is; false after so long.
bool Await(std::chrono::seconds patience, const std::function<bool()>& holds) {
  const auto ends = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= ends) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

std::string Quoted(const Arguments& words) {
  std::string text;
  for (const std::string& word : words) text += " '" + word + "'";
  return text;
}

class SlurmFleet : public testing::Test {
 protected:
  SlurmFleet()
      : lab_(folder_, {"--seed", "77", "--domains", std::to_string(DomainCount()), "--mix",
                       "internet,crowd.hostile_wide=0,crowd.hostile_names=0"}),
        cluster_folder_(folder_.path("cluster")),
        fleet_(folder_.path("fleet")),
        output_(folder_.path("merged")) {}

  void SetUp() override {
    std::filesystem::create_directories(cluster_folder_);
    auto cluster = interop::ChildProcess::Start("slurm_cluster", {SLURM_CLUSTER, cluster_folder_},
                                                folder_.path("cluster.log"));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_.emplace(*std::move(cluster));
    ASSERT_TRUE(Await(std::chrono::seconds(60), [&] {
      return Contents(folder_.path("cluster.log")).find("ready") != std::string::npos;
    })) << cluster_->LogTail();
    WriteConfiguration();
  }

  void WriteConfiguration() const {
    const Arguments resolve = HalfFlags(lab_, kNotOfResolve);
    const Arguments probe =
        HalfFlags(lab_, kNotOfProbe, {"--epoch", "1s", "--rate", std::to_string(Rate())});
    std::ofstream(folder_.path("fleet.conf"))
        << "FLEET='" << fleet_ << "'\nLIST='" << lab_.state("domains.txt") << "'\nOUTPUT='"
        << output_ << "'\nRESOLVE_SHARDS=" << ResolveShards() << "\nPROBE_SHARDS=" << ProbeShards()
        << "\nJOBS=4\nRESOLVE_FLAGS=(" << Quoted(resolve) << ")\nPROBE_FLAGS=(" << Quoted(probe)
        << ")\nMXSWEEP='" << MXSWEEP_PROGRAM << "'\nSBATCH_FLAGS=(--cpus-per-task=1)\n";
  }

  CommandResult Submit(const Arguments& more = {}) const {
    Arguments command = {SLURM_SUBMIT};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(folder_.path("fleet.conf"));
    return InCluster(command);
  }

  CommandResult InCluster(const Arguments& command) const {
    return interop::RunCommand(command,
                               {.environment = {"SLURM_CONF=" + cluster_folder_ + "/slurm.conf"}},
                               absl::Minutes(1));
  }

  bool IsAtWork(const std::string& node) const {
    return !InCluster({"squeue", "--noheader", "--states=running", "--nodelist=" + node})
                .output.empty();
  }

  // Slurm's daemon of a node is gone from one moment to the next; what it has started goes on.
  void KillNode(const std::string& node) const {
    std::ifstream file(cluster_folder_ + "/" + node + ".pid");
    pid_t pid = 0;
    file >> pid;
    ASSERT_GT(pid, 1);
    ASSERT_EQ(kill(pid, SIGKILL), 0);
  }

  std::string LogsOf(const std::string& part) const {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator(fleet_)) {
      const std::string name = entry.path().filename();
      if (name.rfind("slurm-" + part, 0) == 0) text += Contents(entry.path());
    }
    return text;
  }

  TemporaryFolder folder_;
  Lab lab_;
  const std::string cluster_folder_, fleet_, output_;
  std::optional<interop::ChildProcess> cluster_;
};

// Something in the folder's names tells of a job at work.
bool HasAttempt(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (std::filesystem::exists(entry.path() / "scan.json", error) &&
        entry.path().filename().string().front() == '.') {
      return true;
    }
  }
  return false;
}

TEST_F(SlurmFleet, WithANodeThatDiesComesToTheTruth) {
  const auto submitted = Submit();
  ASSERT_EQ(submitted.exit_code, 0) << submitted.output;
  EXPECT_THAT(submitted.output,
              HasSubstr("resolve: shards 0-" + std::to_string(ResolveShards() - 1) + ","));
  EXPECT_THAT(submitted.output,
              HasSubstr("probe: shards 0-" + std::to_string(ProbeShards() - 1) + ","));
  ASSERT_TRUE(Await(std::chrono::minutes(5), [&] { return HasAttempt(fleet_ + "/probe"); }))
      << LogsOf("resolve");
  ASSERT_TRUE(Await(std::chrono::minutes(1), [&] { return IsAtWork("n2"); }));
  KillNode("n2");
  ASSERT_TRUE(Await(std::chrono::minutes(30), [&] { return std::filesystem::exists(output_); }))
      << Submit({"--status"}).output << LogsOf("probe") << LogsOf("merge");

  EXPECT_THAT(Contents(cluster_folder_ + "/slurmctld.log"), HasSubstr("due to failure of node n2"))
      << "its jobs were not requeued";
  // Who puts off whom it has not seen before has seen the job that was lost.
  ExpectTruth(output_, lab_, {"attempts"});
  std::map<std::string, int> shard_of;
  for (int i = 0; i < ProbeShards(); ++i) {
    const std::string shard =
        fleet_ + "/probe/" + std::to_string(i) + "-of-" + std::to_string(ProbeShards());
    for (const json& row : Rows(shard, "endpoints")) {
      EXPECT_EQ(shard_of.emplace(row["address"], i).first->second, i) << row["address"];
    }
  }
  EXPECT_GT(shard_of.size(), 300u);
  const auto again = Submit();
  EXPECT_THAT(again.output, HasSubstr("resolve: all committed\nprobe: all committed\nmerge: "));
}

}  // namespace
}  // namespace mxsweep::end_to_end
