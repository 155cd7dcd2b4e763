#include "scanner/work/prime_judge.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace mxsweep::scanner {
namespace {

// Does its work when it is told to.
class LaterBackground final : public Background {
 public:
  void Run(absl::AnyInvocable<void()> job) override { jobs_.push_back(std::move(job)); }
  size_t jobs() const { return jobs_.size(); }
  void Work() {
    while (!jobs_.empty()) {
      absl::AnyInvocable<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }

 private:
  std::deque<absl::AnyInvocable<void()>> jobs_;
};

using Kind = std::optional<tls::PrimeKind>;

// 23 = 2 * 11 + 1; 13 = 2 * 6 + 1; 15 = 3 * 5.
TEST(PrimeJudge, AnswersWhatEachPrimeIsAndAsksOnce) {
  LaterBackground background;
  PrimeJudge judge(&background);
  std::vector<std::pair<uint8_t, Kind>> answers;
  for (const uint8_t prime : {23, 13, 15, 23, 23}) {
    judge.Ask({prime}, [&answers, prime](Kind kind) { answers.emplace_back(prime, kind); });
  }
  EXPECT_TRUE(answers.empty()) << "nobody waits for it in an event loop";
  EXPECT_EQ(background.jobs(), 3u);
  background.Work();
  ASSERT_EQ(answers.size(), 5u);
  for (const auto& [prime, kind] : answers) {
    EXPECT_EQ(kind, prime == 23   ? tls::PrimeKind::kSafe
                    : prime == 13 ? tls::PrimeKind::kPrime
                                  : tls::PrimeKind::kComposite)
        << int{prime};
  }
  judge.Ask({0, 23}, [&answers](Kind kind) { answers.emplace_back(0, kind); });
  EXPECT_EQ(answers.back(), (std::pair<uint8_t, Kind>(0, tls::PrimeKind::kSafe))) << "remembered";
  EXPECT_EQ(background.jobs(), 0u);
}

// A server may show another number each time: who comes when a thousand wait is told nothing.
TEST(PrimeJudge, LetsNoEndOfPrimesWait) {
  LaterBackground background;
  PrimeJudge judge(&background);
  size_t told = 0;
  for (uint32_t i = 0; i < PrimeJudge::kMostWaiting; ++i) {
    judge.Ask({1, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)},
              [&told](Kind kind) { told += kind.has_value(); });
  }
  Kind kind = tls::PrimeKind::kSafe;
  judge.Ask({2, 0, 1}, [&kind](Kind answer) { kind = answer; });
  EXPECT_EQ(kind, std::nullopt);
  EXPECT_EQ(background.jobs(), PrimeJudge::kMostWaiting);
  background.Work();
  EXPECT_EQ(told, PrimeJudge::kMostWaiting);
}

}  // namespace
}  // namespace mxsweep::scanner
