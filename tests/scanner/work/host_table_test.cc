#include "scanner/work/host_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/tls/session/heap_use.h"

namespace mxsweep::scanner {
namespace {

Summary WithEndpoints(uint16_t endpoints) {
  Summary summary;
  summary.endpoints = endpoints;
  return summary;
}

// The table as those who ask see it: each with a callback of its own.
class AskedTable {
 public:
  using Callback = std::function<void(const Findings&)>;
  explicit AskedTable(const HostTable::Key& key) : table_(key) {}

  bool Ask(std::string_view host, int64_t now_ns, Callback done) {
    if (const auto known = table_.Find(host, now_ns)) {
      done(*known);
      return false;
    }
    const uint32_t id = next_++;
    callbacks_[id] = std::move(done);
    return table_.Wait(host, {.target = id});
  }
  void Finish(std::string_view host, const Findings& findings, bool keep) {
    table_.Finish(host, findings, keep, Tell(findings));
  }
  void FinishUntil(std::string_view host, const Findings& findings, int64_t forget_ns) {
    table_.FinishUntil(host, findings, forget_ns, Tell(findings));
  }
  size_t under_way() const { return table_.under_way(); }
  size_t finished() const { return table_.finished(); }
  size_t allocated_bytes() const { return table_.allocated_bytes(); }
  size_t peak_allocated_bytes() const { return table_.peak_allocated_bytes(); }

 private:
  std::function<void(const HostWaiter&)> Tell(const Findings& findings) {
    return [this, findings](const HostWaiter& waiter) {
      auto node = callbacks_.extract(waiter.target);
      ASSERT_FALSE(node.empty());
      node.mapped()(findings);
    };
  }

  HostTable table_;
  std::map<uint32_t, Callback> callbacks_;
  uint32_t next_ = 0;
};

TEST(HostTable, TheFirstToAskDoesTheWorkAndAllAreTold) {
  AskedTable table({1, 2});
  std::vector<int> told;
  const auto ask = [&](const char* host) {
    return table.Ask(host, 0, [&](const Summary& summary) { told.push_back(summary.endpoints); });
  };
  EXPECT_TRUE(ask("mx.example.org"));
  EXPECT_FALSE(ask("mx.example.org"));
  EXPECT_TRUE(ask("mx.example.net"));
  EXPECT_EQ(table.under_way(), 2u);
  EXPECT_TRUE(told.empty());
  table.Finish("mx.example.org", WithEndpoints(3), /*keep=*/true);
  EXPECT_EQ(told, (std::vector<int>{3, 3}));
  EXPECT_FALSE(ask("mx.example.org"));
  EXPECT_EQ(told, (std::vector<int>{3, 3, 3}));
  EXPECT_EQ(table.finished(), 1u);
  table.Finish("mx.example.net", WithEndpoints(1), true);
  EXPECT_EQ(told.back(), 1);
}

// A look-up that failed may not fail again: later domains are not to be told of it for ever.
TEST(HostTable, ForgetsAFailureThatMayPass) {
  AskedTable table({1, 2});
  int told = 0;
  const auto ask = [&](const char* host, int64_t now_ns) {
    return table.Ask(host, now_ns, [&](const Summary& summary) { told += summary.unknown; });
  };
  Summary failed;
  failed.unknown = 1;
  EXPECT_TRUE(ask("a.example", 0));
  EXPECT_FALSE(ask("a.example", 10));
  table.FinishUntil("a.example", failed, 1000);
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(ask("b.example", 20));
  table.FinishUntil("b.example", failed, 1020);
  EXPECT_FALSE(ask("a.example", 999));
  EXPECT_EQ(told, 4);
  EXPECT_EQ(table.finished(), 0u);
  EXPECT_TRUE(ask("a.example", 1000));
  EXPECT_FALSE(ask("b.example", 1000));
  table.Finish("a.example", Summary(), /*keep=*/true);
  EXPECT_EQ(told, 5);
  EXPECT_FALSE(ask("a.example", 5000));
  EXPECT_EQ(told, 5);
  EXPECT_TRUE(ask("b.example", 5000));
  table.FinishUntil("b.example", failed, 6000);
}

TEST(HostTable, KeepsTheNamesOfMisnamedLeavesForThoseWhoAskLater) {
  AskedTable table({1, 2});
  Findings findings = WithEndpoints(1);
  findings.flags |= Summary::kDaneMisnamed;
  findings.misnamed =
      std::make_shared<const MisnamedLeaves>(MisnamedLeaves{{"a.example", "b.example"}});
  int told = 0;
  const auto check = [&](const Findings& got) {
    ASSERT_NE(got.misnamed, nullptr);
    EXPECT_EQ(*got.misnamed, *findings.misnamed);
    ++told;
  };
  table.Ask("mx.example.org", 0, check);
  table.Finish("mx.example.org", findings, /*keep=*/true);
  table.Ask("mx.example.org", 0, check);
  EXPECT_EQ(told, 2);
  table.Ask("mx.example.net", 0, [](const Findings& got) { EXPECT_EQ(got.misnamed, nullptr); });
  table.Finish("mx.example.net", WithEndpoints(1), true);
}

TEST(HostTable, KeepsTheNamesOfSoManyHostsOnly) {
  AskedTable table({1, 2});
  Findings findings = WithEndpoints(1);
  findings.flags |= Summary::kDaneMisnamed;
  findings.misnamed = std::make_shared<const MisnamedLeaves>(MisnamedLeaves{{"a.example"}});
  for (size_t i = 0; i <= HostTable::kMaxMisnamedHosts; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example";
    table.Ask(host, 0, [](const Findings& got) { EXPECT_NE(got.misnamed, nullptr); });
    table.Finish(host, findings, true);
  }
  table.Ask("mx" + std::to_string(HostTable::kMaxMisnamedHosts) + ".example", 0,
            [](const Findings& got) {
              EXPECT_EQ(got.misnamed, nullptr);
              EXPECT_TRUE(got.has(Summary::kDaneMisnamed));
            });
}

TEST(HostTable, WhatIsNotKeptIsWorkedOnAgain) {
  AskedTable table({1, 2});
  int told = 0;
  EXPECT_TRUE(table.Ask("mx.example.org", 0, [&](const Summary&) { ++told; }));
  table.Finish("mx.example.org", WithEndpoints(3), /*keep=*/false);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(table.finished(), 0u);
  EXPECT_TRUE(table.Ask("mx.example.org", 0, [&](const Summary&) { ++told; }));
  EXPECT_EQ(told, 1);
}

TEST(HostTable, WhoIsToldMayAskAgainAndForMore) {
  AskedTable table({1, 2});
  int told = 0;
  EXPECT_TRUE(table.Ask("a.example", 0, [&](const Summary& summary) {
    EXPECT_EQ(summary.endpoints, 7);
    EXPECT_FALSE(table.Ask("a.example", 0, [&](const Summary& again) {
      // Grow the table under the feet of whoever still reads from it.
      for (int i = 0; i < 1000; ++i) {
        const std::string host = "h" + std::to_string(i) + ".example";
        EXPECT_TRUE(table.Ask(host, 0, [](const Summary&) {}));
        table.Finish(host, WithEndpoints(1), true);
      }
      EXPECT_FALSE(table.Ask("h5.example", 0, [&](const Summary&) { ++told; }));
      told += again.endpoints > 0 ? 1 : 100;
    }));
  }));
  table.Finish("a.example", WithEndpoints(7), true);
  EXPECT_GE(told, 2);
}

TEST(HostTable, TakesAtMostSixtyFourBytesAFinishedHostAtAnySizeWhileGrowing) {
  // What a table takes whatever its size; said in the header.
  constexpr size_t kFixedBytes = 24 * 1024;
  AskedTable table({1, 2});
  double worst_bytes_per_host = 0;
  for (size_t count = 1; count <= 500'000; ++count) {
    const std::string host = "mx" + std::to_string(count) + ".example";
    table.Ask(host, 0, [](const Findings&) {});
    table.Finish(host, WithEndpoints(1), true);
    ASSERT_LE(sizeof(table) + table.peak_allocated_bytes(), kFixedBytes + 64 * count) << count;
    if (count >= 100'000) {
      worst_bytes_per_host =
          std::max(worst_bytes_per_host,
                   static_cast<double>(table.peak_allocated_bytes()) / static_cast<double>(count));
    }
  }
  RecordProperty("worst_bytes_per_host", std::to_string(worst_bytes_per_host));
  std::printf("  bytes a finished host: %.1f at 500,000, %.1f at worst from 100,000 on\n",
              static_cast<double>(table.allocated_bytes()) / 500e3, worst_bytes_per_host);
  EXPECT_LT(worst_bytes_per_host, 48.0);
  EXPECT_EQ(table.finished(), 500'000u);
}

TEST(HostTable, NothingButTheTableGrowsWithFinishedHosts) {
  if (!tls::testing::HeapUseIsCounted()) GTEST_SKIP() << "another allocator";
  AskedTable table({1, 2});
  const auto finish = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string host = "mx" + std::to_string(i) + ".example";
      table.Ask(host, 0, [](const Findings&) {});
      table.Finish(host, WithEndpoints(1), true);
    }
  };
  // From here on, all that the table allocates has pages of its own.
  finish(0, 200'000);
  const size_t before = tls::testing::HeapBytesInUse();
  finish(200'000, 300'000);
  EXPECT_LE(tls::testing::HeapBytesInUse(), before + 4096);
}

TEST(HostTable, RemembersEveryHostsOwnSummaryAcrossGrowth) {
  AskedTable table({1, 2});
  const auto host = [](int i) { return "mx" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_TRUE(table.Ask(host(i), 0, [](const Findings&) {}));
    Summary summary = WithEndpoints(static_cast<uint16_t>(i));
    summary.flags = static_cast<uint32_t>(i) << 8;
    table.Finish(host(i), summary, true);
  }
  int told = 0;
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_FALSE(table.Ask(host(i), 0, [&](const Findings& got) {
      ASSERT_EQ(got.endpoints, static_cast<uint16_t>(i));
      ASSERT_EQ(got.flags, static_cast<uint32_t>(i) << 8);
      ++told;
    }));
  }
  EXPECT_EQ(told, 50'000);
}

TEST(HostTable, TellsAllWhoWaitInTheOrderOfComing) {
  HostTable table({1, 2});
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < 5; ++i) {
      EXPECT_EQ(table.Wait("mx.example", {.target = i, .room = static_cast<uint16_t>(10 * i)}),
                i == 0);
    }
    EXPECT_FALSE(table.Find("mx.example", 0));
    EXPECT_EQ(table.MostRoom("mx.example"), 40);
    std::vector<uint32_t> told;
    table.Finish("mx.example", {}, /*keep=*/false,
                 [&](const HostWaiter& waiter) { told.push_back(waiter.target); });
    EXPECT_EQ(told, (std::vector<uint32_t>{0, 1, 2, 3, 4}));
  }
}

TEST(HostTable, OwnersAreStableAndSpread) {
  const HostTable::Key key{11, 22};
  std::vector<int> count(4, 0);
  for (int i = 0; i < 4000; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example.org";
    const size_t owner = HostTable::OwnerOf(key, host, 4);
    ASSERT_EQ(owner, HostTable::OwnerOf(key, host, 4));
    ++count[owner];
  }
  for (const int n : count) EXPECT_NEAR(n, 1000, 150);
}

}  // namespace
}  // namespace mxsweep::scanner
