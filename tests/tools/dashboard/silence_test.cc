// Logs that do not tell are told from mail in clear.
#include "tools/dashboard/silence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class SilenceTest : public ::testing::Test {
 protected:
  void Encrypted(uint32_t provider) { judge_.AddEncrypted(log_, provider); }
  void Silent(uint32_t provider, int64_t time_s, uint64_t count = 1) {
    judge_.AddSilent(log_, {.flow = Flow::kOutbound,
                            .place = provider,
                            .provider = provider,
                            .time_s = time_s,
                            .count = count});
  }

  LogKey log_{LogWriter::kPostfixClient, Flow::kOutbound, "mx1"};
  uint64_t clear_ = 0, not_known_ = 0;
  SilenceJudge judge_{[this](const LogKey&, const SilentDelivery& delivery, bool is_clear) {
    (is_clear ? clear_ : not_known_) += delivery.count;
  }};
};

TEST_F(SilenceTest, KnowsNothingOfALogThatNeverTells) {
  Silent(1, 0);
  Silent(2, 10, 5);
  const std::vector<DarkStretch> dark = judge_.Finish();
  EXPECT_EQ(clear_, 0u);
  EXPECT_EQ(not_known_, 6u);
  ASSERT_THAT(dark, SizeIs(1));
  EXPECT_TRUE(dark[0].always);
  EXPECT_EQ(dark[0].count, 6u);
  EXPECT_EQ(dark[0].span.last_s, 10);
}

TEST_F(SilenceTest, TakesWhatStandsBetweenLinesOfTlsForClear) {
  for (int i = 0; i < 100; ++i) {
    Encrypted(1);
    Silent(9, 100 * i);
  }
  EXPECT_THAT(judge_.Finish(), IsEmpty());
  EXPECT_EQ(clear_, 100u);
}

// A provider stops to offer STARTTLS, and gets bulk mail: that is no silence of the log.
TEST_F(SilenceTest, TakesALongRunToOneProviderForClear) {
  for (uint32_t provider = 1; provider <= 8; ++provider) Encrypted(provider);
  for (int i = 0; i < 1000; ++i) Silent(1, 60 * i);
  Encrypted(2);
  EXPECT_THAT(judge_.Finish(), IsEmpty());
  EXPECT_EQ(clear_, 1000u);
}

// Those who never encrypt say nothing of the log.
TEST_F(SilenceTest, TakesARunToThoseWhoNeverEncryptForClear) {
  for (uint32_t provider = 1; provider <= 8; ++provider) Encrypted(provider);
  for (uint32_t provider = 20; provider < 60; ++provider) Silent(provider, provider);
  Encrypted(2);
  EXPECT_THAT(judge_.Finish(), IsEmpty());
  EXPECT_EQ(clear_, 40u);
}

TEST_F(SilenceTest, KnowsNothingOnceTheLogFallsSilent) {
  for (uint32_t provider = 1; provider <= 8; ++provider) Encrypted(provider);
  Silent(20, 100);
  Encrypted(3);
  for (uint32_t provider = 1; provider <= 6; ++provider) Silent(provider, 1000 + provider, 10);
  const std::vector<DarkStretch> dark = judge_.Finish();
  EXPECT_EQ(clear_, 1u);
  EXPECT_EQ(not_known_, 60u);
  ASSERT_THAT(dark, SizeIs(1));
  EXPECT_FALSE(dark[0].always);
  EXPECT_EQ(dark[0].span.first_s, 1001);
  EXPECT_EQ(dark[0].count, 60u);
}

// What is known only later counts, too: which providers encrypt.
TEST_F(SilenceTest, KnowsNothingBeforeTheLogBeginsToTell) {
  for (uint32_t provider = 1; provider <= 6; ++provider) Silent(provider, provider);
  for (uint32_t provider = 1; provider <= 6; ++provider) Encrypted(provider);
  EXPECT_THAT(judge_.Finish(), SizeIs(1));
  EXPECT_EQ(not_known_, 6u);
}

TEST_F(SilenceTest, WithFewProvidersWantsAllOfThemForAnHour) {
  Encrypted(1);
  Encrypted(2);
  Silent(1, 0);
  Silent(2, 3599);
  Encrypted(1);
  EXPECT_EQ(clear_, 2u);
  Silent(1, 10'000);
  Silent(2, 13'600);
  EXPECT_THAT(judge_.Finish(), SizeIs(1));
  EXPECT_EQ(not_known_, 2u);
}

TEST_F(SilenceTest, KeepsLogsApart) {
  const LogKey other{LogWriter::kPostfixClient, Flow::kOutbound, "mx2"};
  for (uint32_t provider = 1; provider <= 6; ++provider) {
    judge_.AddEncrypted(other, provider);
    Silent(provider, provider);
  }
  const std::vector<DarkStretch> dark = judge_.Finish();
  ASSERT_THAT(dark, SizeIs(1));
  EXPECT_EQ(dark[0].log, log_);
  EXPECT_TRUE(dark[0].always);
}

}  // namespace
}  // namespace mxsweep::tools
