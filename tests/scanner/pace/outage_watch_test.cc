#include "scanner/pace/outage_watch.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "scanner/pace/patience.h"

namespace mxsweep::scanner {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
using Verdict = OutageWatch::Verdict;

// What came of each silence.
class Silences {
 public:
  explicit Silences(OutageWatch* watch) : watch_(watch) {}

  // Ends silently at `now`, having begun `length` before.
  size_t End(int64_t now_ns, uint64_t group, int64_t length_ns = 10 * kSecond,
             uint32_t redone = 0) {
    const size_t index = verdicts_.size();
    const OutageWatch::Silence silence{group, now_ns - length_ns, redone};
    verdicts_.push_back(watch_->JudgeNow(silence, now_ns));
    if (!verdicts_.back()) {
      watch_->Doubt(silence, now_ns,
                    [this, index](Verdict verdict) { verdicts_[index] = verdict; });
    }
    return index;
  }
  std::optional<Verdict> of(size_t index) const { return verdicts_[index]; }
  bool All(Verdict verdict) const {
    for (const auto& one : verdicts_) {
      if (one != verdict) return false;
    }
    return true;
  }

 private:
  OutageWatch* watch_;
  std::vector<std::optional<Verdict>> verdicts_;
};

// A scan in which all is well, until `now`.
void Warm(OutageWatch* watch, int64_t now_ns) {
  for (int i = 0; i < 100; ++i) {
    watch->Begun();
    watch->Answered(now_ns - (100 - i) * kSecond / 10);
  }
  watch->RememberResponder("192.0.2.1");
  watch->RememberResponder("192.0.2.2");
  watch->RememberResponder("192.0.2.3");
}

TEST(OutageWatch, ASilenceAmongAnswersIsTheServers) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  silences.End(100 * kSecond, 1);
  EXPECT_EQ(silences.of(0), Verdict::kTheirs);
  EXPECT_TRUE(watch.outages().empty());
}

TEST(OutageWatch, WithoutAnyAnswerBeforeNobodyKnows) {
  OutageWatch watch;
  Silences silences(&watch);
  for (uint64_t i = 0; i < 100; ++i) silences.End(100 * kSecond, i);
  EXPECT_TRUE(silences.All(Verdict::kTheirs));
  EXPECT_FALSE(watch.out());
}

TEST(OutageWatch, IsAnOutageOnceTooManyAreSilentAndSoIsWhoAnsweredBefore) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  for (uint64_t i = 0; i < 20; ++i) silences.End(105 * kSecond, i);
  EXPECT_FALSE(silences.of(0).has_value());
  EXPECT_FALSE(watch.out());  // not before somebody was asked
  EXPECT_EQ(watch.CanaryDue(105 * kSecond), std::nullopt);
  EXPECT_EQ(watch.CanaryDue(107 * kSecond), "192.0.2.1");
  watch.CanarySilent();
  static_cast<void>(watch.CanaryDue(111 * kSecond));
  EXPECT_TRUE(watch.out());
  // Every five seconds somebody is asked, until somebody answers.
  int asked = 0;
  for (int64_t now = 111; now < 211; ++now) {
    if (watch.CanaryDue(now * kSecond)) ++asked;
  }
  EXPECT_NEAR(asked, 20, 2);
  watch.Answered(211 * kSecond);
  EXPECT_FALSE(watch.out());
  EXPECT_TRUE(silences.All(Verdict::kOurs));
  ASSERT_EQ(watch.outages().size(), 1u);
  EXPECT_TRUE(watch.outages()[0].sure);
  EXPECT_EQ(watch.outages()[0].redone, 20u);
  // What began in it and ends later is ours, too; what began later is not.
  EXPECT_EQ(silences.of(silences.End(215 * kSecond, 99, 10 * kSecond)), Verdict::kOurs);
  watch.Answered(230 * kSecond);
  EXPECT_EQ(silences.of(silences.End(230 * kSecond, 99, 10 * kSecond)), Verdict::kTheirs);
}

// The last of a list are all dead, each in a network of its own.
TEST(OutageWatch, IsNoneWhereWhoAnsweredBeforeStillDoes) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  for (uint64_t i = 0; i < 50; ++i) silences.End(120 * kSecond, i);
  ASSERT_TRUE(watch.CanaryDue(122 * kSecond).has_value());
  watch.Answered(123 * kSecond);
  EXPECT_TRUE(silences.All(Verdict::kTheirs));
  EXPECT_FALSE(watch.out());
  for (const OutageWatch::Outage& outage : watch.outages()) EXPECT_FALSE(outage.sure);
}

// One who answered before is silent, and then somebody else answers: it may have been a short
// outage or that one alone. What ended silently is done again, but once, and nobody is told of an
// outage.
TEST(OutageWatch, ASilentCanaryAloneIsNotSureToBeOne) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  silences.End(105 * kSecond, 1);
  silences.End(105 * kSecond, 2, 10 * kSecond, /*redone=*/1);
  ASSERT_TRUE(watch.CanaryDue(107 * kSecond).has_value());
  watch.CanarySilent();
  watch.Answered(109 * kSecond);
  EXPECT_EQ(silences.of(0), Verdict::kOurs);
  EXPECT_EQ(silences.of(1), Verdict::kTheirs);
  ASSERT_EQ(watch.outages().size(), 1u);
  EXPECT_FALSE(watch.outages()[0].sure);
  EXPECT_EQ(watch.outages()[0].redone, 1u);
}

TEST(OutageWatch, FewAreDeadServersIfNothingSpeaksForAnOutage) {
  OutageWatch watch;
  Silences silences(&watch);
  watch.Answered(kSecond);  // and nobody to ask
  silences.End(100 * kSecond, 1);
  static_cast<void>(watch.CanaryDue(101 * kSecond));
  EXPECT_FALSE(silences.of(0).has_value());
  static_cast<void>(watch.CanaryDue(191 * kSecond));
  EXPECT_EQ(silences.of(0), Verdict::kTheirs);
}

// Nothing ended silently within the gap, but what was asked in it will.
TEST(OutageWatch, AGapInWhichManyWereAskedCountsOnce) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  for (int i = 0; i < 100; ++i) watch.Begun();
  watch.Answered(108 * kSecond);
  ASSERT_EQ(watch.outages().size(), 1u);
  EXPECT_FALSE(watch.outages()[0].sure);
  const OutageWatch::Silence first{1, 102 * kSecond, 0};
  EXPECT_EQ(watch.JudgeNow(first, 112 * kSecond), Verdict::kOurs);
  const OutageWatch::Silence again{1, 102 * kSecond, 1};
  watch.Answered(112 * kSecond);
  EXPECT_EQ(watch.JudgeNow(again, 112 * kSecond), Verdict::kTheirs);
}

TEST(OutageWatch, WhoGivesUpLearnsNothingOfServers) {
  OutageWatch watch;
  Silences silences(&watch);
  Warm(&watch, 100 * kSecond);
  silences.End(110 * kSecond, 1);
  watch.GiveUp();
  silences.End(111 * kSecond, 2);
  EXPECT_TRUE(silences.All(Verdict::kOurs));
  EXPECT_FALSE(watch.out());
}

TEST(Patience, CountsOnlyTheTimeInWhichCrowdsAreLeft) {
  Patience patience(10 * kSecond);
  EXPECT_FALSE(patience.Step(0, false));
  EXPECT_FALSE(patience.Step(100 * kSecond, true));
  EXPECT_FALSE(patience.Step(104 * kSecond, true));
  EXPECT_EQ(patience.left_ns(), 6 * kSecond);
  EXPECT_FALSE(patience.Step(105 * kSecond, false));
  EXPECT_FALSE(patience.Step(200 * kSecond, true));
  EXPECT_TRUE(patience.Step(206 * kSecond, true));
  EXPECT_FALSE(patience.Step(300 * kSecond, true));  // once
}

TEST(Patience, OfNoneEndsAtOnce) {
  Patience patience(0);
  EXPECT_FALSE(patience.Step(0, false));
  EXPECT_TRUE(patience.Step(1, true));
}

}  // namespace
}  // namespace mxsweep::scanner
