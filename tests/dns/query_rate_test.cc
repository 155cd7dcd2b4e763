// Queries a second, in virtual time.
#include "dns/query_rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace mxsweep::dns {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

// Sends whenever it may, looking every `step_ns`, for so long. When that was.
std::vector<int64_t> SendAllThat(QueryRate* rate, int64_t start_ns, int64_t length_ns,
                                 int64_t step_ns) {
  std::vector<int64_t> sent_ns;
  for (int64_t now_ns = start_ns; now_ns < start_ns + length_ns; now_ns += step_ns) {
    while (rate->MaySend(now_ns) && sent_ns.size() < 1'000'000) {
      rate->OnSent(now_ns);
      sent_ns.push_back(now_ns);
    }
  }
  return sent_ns;
}

TEST(QueryRate, IsKeptInEverySecondAndReached) {
  for (const double per_second : {1.0, 7.0, 50.0, 1'000.0, 30'000.0}) {
    for (const int64_t step_ns : {int64_t{1'000'000}, int64_t{50'000'000}}) {
      QueryRate rate(per_second);
      const std::vector<int64_t> sent = SendAllThat(&rate, 5 * kSecondNs, 10 * kSecondNs, step_ns);
      const double slack = std::max(1.0, per_second / 20);
      for (size_t i = 0; i < sent.size(); ++i) {
        const auto end = std::lower_bound(sent.begin(), sent.end(), sent[i] + kSecondNs);
        ASSERT_LE(static_cast<double>(end - sent.begin()) - static_cast<double>(i),
                  per_second + slack + 1)
            << per_second << " a second, looked every " << step_ns << " ns";
      }
      EXPECT_GE(static_cast<double>(sent.size()), 0.95 * 10 * per_second) << per_second;
    }
  }
}

TEST(QueryRate, GivesNothingForTimeThatWasNotUsed) {
  QueryRate rate(1'000);
  rate.OnSent(0);
  EXPECT_LE(SendAllThat(&rate, 3'600 * kSecondNs, 1, 1).size(), 51u);
}

// What has to be sent at once, such as over TCP after a truncated answer, is taken off later.
TEST(QueryRate, TakesWhatWasSentBeyondItOffLater) {
  QueryRate rate(100);
  for (int i = 0; i < 200; ++i) rate.OnSent(0);
  EXPECT_FALSE(rate.MaySend(19 * kSecondNs / 10));
  EXPECT_TRUE(rate.MaySend(2 * kSecondNs));
}

TEST(QueryRate, IsNoneWhereThereIsNoLimit) {
  QueryRate rate(0);
  for (int i = 0; i < 1'000'000; ++i) rate.OnSent(7);
  EXPECT_TRUE(rate.MaySend(7));
}

}  // namespace
}  // namespace mxsweep::dns
