#include "scanner/targets/shuffled_source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mxsweep::scanner {
namespace {

// Numbered domains; every seventh has more to it.
class Numbers final : public TargetSource {
 public:
  explicit Numbers(uint64_t count) : count_(count) {}
  bool Next(Target* target) override {
    if (next_ == count_) return false;
    ++next_;
    target->kind = Target::Kind::kDomain;
    target->name = "d" + std::to_string(next_) + ".example";
    target->input_line = next_;
    target->raw.clear();
    target->problem.clear();
    if (next_ % 7 == 0) {
      target->kind = Target::Kind::kInvalid;
      target->raw = "raw " + std::to_string(next_);
      target->problem = "seventh";
    }
    target->resolved.reset();
    if (next_ % 7 == 1) {
      target->kind = Target::Kind::kResolvedHost;
      target->resolved = std::make_shared<ResolvedHost>(
          ResolvedHost{.resolved_at = absl::FromUnixSeconds(static_cast<int64_t>(next_))});
    }
    return true;
  }
  uint64_t bytes_read() const override { return 10 * next_; }
  bool ready() const override { return next_ < ready_until_; }
  void set_ready_until(uint64_t next) { ready_until_ = next; }

 private:
  uint64_t count_;
  uint64_t next_ = 0;
  uint64_t ready_until_ = UINT64_MAX;
};

std::vector<uint64_t> Order(uint64_t count, size_t window, uint64_t seed) {
  Numbers numbers(count);
  ShuffledSource shuffled(&numbers, window, seed);
  std::vector<uint64_t> order;
  Target target;
  while (shuffled.Next(&target)) {
    order.push_back(target.input_line);
    const bool seventh = target.input_line % 7 == 0;
    const bool resolved = target.input_line % 7 == 1;
    EXPECT_EQ(target.kind, seventh    ? Target::Kind::kInvalid
                           : resolved ? Target::Kind::kResolvedHost
                                      : Target::Kind::kDomain);
    EXPECT_EQ(target.resolved != nullptr, resolved);
    if (target.resolved != nullptr) {
      EXPECT_EQ(absl::ToUnixSeconds(target.resolved->resolved_at),
                static_cast<int64_t>(target.input_line));
    }
    EXPECT_EQ(target.name, "d" + std::to_string(target.input_line) + ".example");
    EXPECT_EQ(target.raw, seventh ? "raw " + std::to_string(target.input_line) : "");
    EXPECT_EQ(target.problem, seventh ? "seventh" : "");
  }
  return order;
}

TEST(ShuffledSource, GivesEveryTargetOnceAsItIs) {
  for (const size_t window : {1, 2, 100, 5'000}) {
    const std::vector<uint64_t> order = Order(2'000, window, 3);
    EXPECT_EQ(order.size(), 2'000u);
    EXPECT_EQ(std::set<uint64_t>(order.begin(), order.end()).size(), 2'000u);
  }
}

TEST(ShuffledSource, HasOneOrderForEachSeed) {
  EXPECT_EQ(Order(1'000, 100, 3), Order(1'000, 100, 3));
  EXPECT_NE(Order(1'000, 100, 3), Order(1'000, 100, 4));
}

TEST(ShuffledSource, OfAWindowOfOneKeepsTheOrderOfTheList) {
  const std::vector<uint64_t> order = Order(100, 1, 3);
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], i + 1);
}

// A list sorted by provider: two neighbours are about as far from each other as the window is long.
TEST(ShuffledSource, SpreadsWhatStandsTogether) {
  const std::vector<uint64_t> order = Order(20'000, 2'000, 3);
  size_t close = 0;
  for (size_t i = 1; i < order.size(); ++i) {
    close +=
        std::llabs(static_cast<long long>(order[i]) - static_cast<long long>(order[i - 1])) < 100
            ? 1
            : 0;
  }
  EXPECT_LT(close, order.size() / 5);
  // Each number is as likely to come first as any other of the window.
  double sum = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    sum += static_cast<double>(Order(1'000, 1'000, seed)[0]);
  }
  EXPECT_NEAR(sum / 400, 500, 60);
}

// A list that is typed, or comes through a pipe: what is there is given out.
TEST(ShuffledSource, KeepsNobodyWaitingForItsWindow) {
  Numbers numbers(100);
  numbers.set_ready_until(5);
  ShuffledSource shuffled(&numbers, 50, 3);
  Target target;
  std::set<uint64_t> first;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(shuffled.Next(&target));
    first.insert(target.input_line);
  }
  EXPECT_EQ(first, (std::set<uint64_t>{1, 2, 3, 4, 5}));
}

TEST(ShuffledSource, CountsAsReadWhatLiesBehindWhatItGave) {
  Numbers numbers(100);
  ShuffledSource shuffled(&numbers, 100, 3);
  Target target;
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(shuffled.Next(&target));
  EXPECT_NEAR(static_cast<double>(shuffled.bytes_read()), 250, 15);
}

}  // namespace
}  // namespace mxsweep::scanner
