#include "scanner/scan_plan.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

constexpr double kTolerance = 1e-9;

// What all workers of all jobs may do together.
struct Together {
  double rate_per_s = 0;
  double queries_per_s = 0;
  double provider_rate_per_s = 0;
  uint64_t connections = 0;  // of one job
  uint64_t to_a_provider = 0;
};

ScanOptions Fleet(uint32_t jobs, uint32_t workers) {
  ScanOptions options;
  options.jobs = jobs;
  options.workers = workers;
  options.concurrency = 1'001;
  options.rate_per_s = 700;
  options.dns_rate_per_s = 900;
  options.per_provider_rate_per_s = 50;
  options.per_provider_concurrency = 100;
  return options;
}

Together AllOf(const ScanOptions& options) {
  Together all;
  for (uint32_t worker = 0; worker < options.workers; ++worker) {
    const WorkerThread::Options share = WorkerOptionsOf(options, worker, false, {});
    all.rate_per_s += options.jobs * share.gate.rate_per_s;
    all.queries_per_s += options.jobs * share.resolver.queries_per_second;
    all.provider_rate_per_s += options.jobs * share.gate.per_provider_rate_per_s;
    all.connections += share.gate.max_concurrency;
    all.to_a_provider += options.jobs * share.gate.per_provider_concurrency;
  }
  return all;
}

TEST(WorkerOptions, OfAllWorkersOfAllJobsComeToWhatWasAskedFor) {
  for (const uint32_t jobs : {1u, 2u, 16u}) {
    for (const uint32_t workers : {1u, 3u, 4u}) {
      const Together all = AllOf(Fleet(jobs, workers));
      EXPECT_NEAR(all.rate_per_s, 700, kTolerance);
      EXPECT_NEAR(all.queries_per_s, 900, kTolerance);
      EXPECT_NEAR(all.provider_rate_per_s, 50, kTolerance);
      // Each job's own; rounded up to whole connections.
      EXPECT_GE(all.connections, 1'001u);
      EXPECT_LT(all.connections, 1'001u + workers);
      EXPECT_LE(all.to_a_provider, 100u) << jobs << " jobs, " << workers << " workers";
      EXPECT_GT(all.to_a_provider, 50u);
    }
  }
}

TEST(WorkerOptions, NobodyGetsNothingWhereThereIsALimit) {
  const ScanOptions options = Fleet(1'000, 4);
  EXPECT_EQ(WorkerOptionsOf(options, 3, false, {}).gate.per_provider_concurrency, 1u);
}

TEST(WorkerOptions, WhatIsUnlimitedStaysSo) {
  ScanOptions options = Fleet(16, 3);
  options.rate_per_s = 0;
  options.dns_rate_per_s = 0;
  options.per_provider_concurrency = 0;
  const WorkerThread::Options share = WorkerOptionsOf(options, 1, false, {});
  EXPECT_EQ(share.gate.rate_per_s, 0);
  EXPECT_EQ(share.resolver.queries_per_second, 0);
  EXPECT_EQ(share.gate.per_provider_concurrency, 0u);
}

// An address is one probe job's alone; policy hosts are asked by every resolve job.
TEST(WorkerOptions, AnAddressIsSharedByResolveJobsOnly) {
  ScanOptions options = Fleet(8, 2);
  options.per_address_interval_ms = 1'000;
  options.per_prefix_rate_per_s = 4;
  options.part = ScanPart::kProbe;
  const WorkerThread::Options probe = WorkerOptionsOf(options, 0, false, {});
  EXPECT_EQ(probe.gate.per_address_interval_ns, 1'000'000'000);
  EXPECT_EQ(probe.gate.per_prefix_rate_per_s, 4);
  options.part = ScanPart::kResolve;
  const WorkerThread::Options resolve = WorkerOptionsOf(options, 0, false, {});
  EXPECT_EQ(resolve.gate.per_address_interval_ns, 8'000'000'000);
  EXPECT_EQ(resolve.gate.per_prefix_rate_per_s, 0.5);
}

TEST(TimeLeftLimits, TheSlowestTargetWaitsForAllItsTimeOutsAndTries) {
  ScanOptions options;
  options.dns_timeout_ms = 10'000;
  options.connect_timeout_ms = 5'000;
  options.greeting_timeout_ms = 20'000;
  options.command_timeout_ms = 1'000;
  options.handshake_timeout_ms = 2'000;
  options.quit_timeout_ms = 500;
  options.retries = 2;
  options.retry_delay_ms = 30'000;
  // Three questions; three tries of 30.5 s each; pauses of 30 and 60 s.
  EXPECT_EQ(TimeLeftLimitsOf(options).slowest_target_s, 3 * 10 + 3 * 30.5 + 30 + 60);
}

}  // namespace
}  // namespace mxsweep::scanner
