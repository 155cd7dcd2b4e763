// The feeder, one step at a time: a worker that takes what it is given and does nothing with it.
#include "scanner/work/target_feeder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "scanner/record/row_sinks.h"
#include "scanner/work/worker.h"
#include "tests/simulation/simulated_loop.h"

namespace mxsweep::scanner::simulation {
namespace {

using Step = TargetFeeder::Step;

class ListOf final : public TargetSource {
 public:
  explicit ListOf(std::vector<Target> targets) : targets_(std::move(targets)) {}
  bool Next(Target* target) override {
    if (next_ == targets_.size()) return false;
    *target = targets_[next_++];
    return true;
  }
  uint64_t bytes_read() const override { return next_; }

 private:
  std::vector<Target> targets_;
  size_t next_ = 0;
};

class NoNetwork final : public Network {
 public:
  Answer Connect(const SocketAddress&) override { return {.silent = true}; }
};

class TargetFeederTest : public ::testing::Test {
 protected:
  TargetFeederTest() {
    context_.services.recorder = &recorder_;
    context_.workers = {&worker_};
  }

  static std::vector<Target> Domains(int count) {
    std::vector<Target> targets;
    for (int i = 0; i < count; ++i) {
      targets.push_back({.kind = Target::Kind::kDomain,
                         .name = "d" + std::to_string(i) + ".example",
                         .input_line = static_cast<uint64_t>(i + 1)});
    }
    return targets;
  }
  static Step Next(TargetFeeder* feeder) { return feeder->Next(std::chrono::milliseconds(0)); }
  static absl::Time Noon() { return absl::FromUnixSeconds(1'790'000'000); }

  SimulatedTime time_{1};
  NoNetwork network_;
  SimulatedLoop loop_{&time_, &network_};
  MemorySink sink_;
  Recorder recorder_{&sink_, Recorder::RunOn::kCaller};
  ScanContext context_;
  Worker worker_{&context_, &loop_, nullptr, {}, {}, 1};
};

TEST_F(TargetFeederTest, StartsAsManyAsThereAreSlots) {
  ListOf list(Domains(3));
  while (context_.slots.TakeFor(std::chrono::milliseconds(0))) {
  }
  context_.slots.Return();
  context_.slots.Return();
  TargetFeeder feeder(&list, &context_, {}, Noon);
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  EXPECT_EQ(Next(&feeder), Step::kNoSlot);
  EXPECT_EQ(Next(&feeder), Step::kNoSlot);
  EXPECT_EQ(feeder.started(), 2u);
  EXPECT_EQ(context_.awaiting_mx.load(), 2);
}

TEST_F(TargetFeederTest, WaitsWhileManyDomainsWaitForTheirMx) {
  ListOf list(Domains(3));
  TargetFeeder feeder(&list, &context_, {.most_awaiting_mx = 1}, Noon);
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  EXPECT_EQ(Next(&feeder), Step::kAwaitingMx);
  context_.awaiting_mx = 0;
  EXPECT_EQ(Next(&feeder), Step::kStarted);
}

TEST_F(TargetFeederTest, WaitsWhileRowsWaitForTheDiskAndLosesNothing) {
  std::vector<Target> targets = Domains(2);
  targets[0].kind = Target::Kind::kInvalid;
  ListOf list(targets);
  TargetFeeder feeder(&list, &context_, {.most_backlog_rows = 0}, Noon);
  EXPECT_EQ(Next(&feeder), Step::kBacklog);  // the invalid one's own row
  EXPECT_EQ(Next(&feeder), Step::kBacklog);
  recorder_.WriteWaiting();
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  EXPECT_EQ(Next(&feeder), Step::kEnd);
  EXPECT_TRUE(feeder.ended());
  EXPECT_EQ(feeder.invalid(), 1u);
  EXPECT_EQ(feeder.started(), 1u);
  EXPECT_EQ(sink_.rows().domains.size(), 1u);
  EXPECT_EQ(sink_.rows().domains.front().started_at, Noon());
  EXPECT_EQ(recorder_.targets_done(), 1u);
}

TEST_F(TargetFeederTest, StartsNothingMoreOnceStopped) {
  ListOf list(Domains(3));
  TargetFeeder feeder(&list, &context_, {}, Noon);
  EXPECT_EQ(Next(&feeder), Step::kStarted);
  feeder.Stop();
  EXPECT_EQ(Next(&feeder), Step::kEnd);
  EXPECT_EQ(feeder.started(), 1u);
  EXPECT_FALSE(feeder.all_done());  // one is under way
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
