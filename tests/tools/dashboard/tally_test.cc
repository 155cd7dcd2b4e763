// What is counted of logs and reports, by time and by whom.
#include "tools/dashboard/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "scanner/targets/input_source.h"
#include "tests/tools/dashboard/made_up_mail.h"

namespace mxsweep::tools {
namespace {

using testing::How;
using ::testing::IsEmpty;
using testing::kDay;
using testing::kHour;
using testing::kMonday;
using testing::PostfixLog;
using ::testing::SizeIs;
using testing::TlsReport;
using ::testing::UnorderedElementsAreArray;

class TallyTest : public ::testing::Test {
 protected:
  void Read(const std::string& input) {
    const absl::Status status =
        ReadInput(scanner::FromString(input), kMonday + 30 * kDay, &tally_, &totals_);
    EXPECT_TRUE(status.ok()) << status;
    tally_.EndInput();
  }

  Tally tally_;
  InputTotals totals_;
};

TEST_F(TallyTest, CountsByTheHourWithGaps) {
  PostfixLog log;
  log.Send(kMonday + 10, "a.test", "mx.p.test", How::kEncrypted, 3);
  log.Send(kMonday + 20, "b.test", "mx.p.test", How::kClear, 2);
  log.Send(kMonday + 30, "a.test", "mx.p.test", How::kEncrypted);
  log.Send(kMonday + 3 * kHour, "b.test", "mx.p.test", How::kClear);
  log.Send(kMonday + 3 * kHour + 5, "a.test", "mx.p.test", How::kEncrypted);
  log.Receive(kMonday, "mail.sender.test", How::kEncrypted, 4);
  log.Receive(kMonday, "mail.sender.test", How::kClear);
  Read(log.text());
  tally_.Finish();
  const FlowSeries out = tally_.SeriesOf(Flow::kOutbound);
  EXPECT_EQ(out.bucket_seconds, kHour);
  ASSERT_THAT(out.buckets, SizeIs(4));
  EXPECT_EQ(out.buckets[0].begin_s, kMonday);
  EXPECT_EQ(out.buckets[0].encrypted, 4u);
  EXPECT_EQ(out.buckets[0].clear, 2u);
  EXPECT_EQ(out.buckets[1].split().whole() + out.buckets[2].split().whole(), 0u);
  EXPECT_EQ(out.buckets[3].encrypted, 1u);
  EXPECT_EQ(out.buckets[3].clear, 1u);
  const FlowSeries in = tally_.SeriesOf(Flow::kInbound);
  ASSERT_THAT(in.buckets, SizeIs(1));
  EXPECT_EQ(in.buckets[0].encrypted, 4u);
  EXPECT_EQ(in.buckets[0].clear, 1u);
  EXPECT_THAT(tally_.dark(), IsEmpty());
}

TEST_F(TallyTest, DividesLongLogsByDays) {
  PostfixLog log;
  for (int day = 0; day < 10; ++day) {
    log.Send(kMonday + day * kDay + 5, "a.test", "mx.p.test", How::kEncrypted, day + 1);
  }
  Read(log.text());
  tally_.Finish();
  const FlowSeries out = tally_.SeriesOf(Flow::kOutbound);
  EXPECT_EQ(out.bucket_seconds, kDay);
  ASSERT_THAT(out.buckets, SizeIs(10));
  for (uint64_t day = 0; day < 10; ++day) EXPECT_EQ(out.buckets[day].encrypted, day + 1);
}

// smtp_tls_loglevel = 0: not known, and that is said.
TEST_F(TallyTest, DoesNotTakeALogThatDoesNotTellForMailInClear) {
  PostfixLog log;
  log.Send(kMonday, "a.test", "mx.p.test", How::kClear, 7);
  Read(log.text());
  tally_.Finish();
  const Bucket total = tally_.SeriesOf(Flow::kOutbound).Total();
  EXPECT_EQ(total.split().whole(), 0u);
  EXPECT_EQ(total.not_told, 7u);
  ASSERT_THAT(tally_.dark(), SizeIs(1));
  EXPECT_TRUE(tally_.dark()[0].always);
  EXPECT_EQ(tally_.dark()[0].log.machine, "mx1");
}

TEST_F(TallyTest, CountsPlacesByDomainAndProviderAndTheirFailures) {
  PostfixLog log;
  log.Send(kMonday, "a.test", "mx1.mail.p.test", How::kEncrypted, 10);
  log.Send(kMonday, "b.test", "mx2.mail.p.test", How::kEncrypted, 5);
  log.Send(kMonday + kHour + 70, "a.test", "mx1.mail.p.test", How::kHandshakeFailed, 4);
  log.Send(kMonday + kHour + 80, "b.test", "mx.q.test", How::kEncrypted, 5);
  Read(log.text());
  tally_.Finish();
  std::map<std::string, PlaceCounts> places;
  for (PlaceCounts& place :
       tally_.CountsOf(Flow::kOutbound, kMonday, kMonday + kHour, kMonday + 2 * kHour)) {
    places.emplace(place.name + " " + place.provider, std::move(place));
  }
  ASSERT_THAT(places, SizeIs(3));
  const PlaceCounts& a = places.at("a.test p.test");
  EXPECT_EQ(a.was.yes, 10u);
  EXPECT_EQ(a.is.no, 4u);
  EXPECT_EQ(a.first_clear_s, kMonday + kHour + 70);
  EXPECT_THAT(a.failures_was, IsEmpty());
  ASSERT_THAT(a.failures_is, SizeIs(1));
  EXPECT_EQ(a.failures_is.begin()->second, 4u);
  EXPECT_EQ(tally_.CauseOf(a.failures_is.begin()->first).id, "dh_key_too_small");
  EXPECT_EQ(places.at("b.test p.test").was.yes, 5u);
  EXPECT_EQ(places.at("b.test q.test").is.yes, 5u);
}

TEST_F(TallyTest, KnowsMailInClearBucketByBucket) {
  PostfixLog log;
  for (int hour = 0; hour < 6; ++hour) {
    log.Send(kMonday + hour * kHour, "a.test", "mx.p.test", How::kEncrypted, 10);
    if (hour != 2) log.Send(kMonday + hour * kHour, "b.test", "mx.q.test", How::kClear, 1 + hour);
  }
  Read(log.text());
  tally_.Finish();
  for (const PlaceCounts& place : tally_.CountsOf(Flow::kOutbound, kMonday + kHour,
                                                  kMonday + 4 * kHour, kMonday + 6 * kHour)) {
    const bool clear = place.name == "b.test";
    EXPECT_THAT(place.clear_before, UnorderedElementsAreArray(clear ? std::vector<uint64_t>{1, 2, 4}
                                                                    : std::vector<uint64_t>{}));
    EXPECT_THAT(place.clear_is, UnorderedElementsAreArray(clear ? std::vector<uint64_t>{5, 6}
                                                                : std::vector<uint64_t>{}));
    EXPECT_EQ(place.clear_buckets_was, clear ? 2u : 0u);
  }
}

TEST_F(TallyTest, CountsWhatReportsTellByReporterAndDay) {
  Read(TlsReport("Alpha Mail", kMonday, 90, 10));
  Read(TlsReport("Beta", kMonday + 2 * kDay, 50, 0));
  tally_.Finish();
  EXPECT_EQ(totals_.reports.reports, 2u);
  const FlowSeries reported = tally_.SeriesOf(Flow::kReported);
  EXPECT_EQ(reported.bucket_seconds, kDay);
  ASSERT_THAT(reported.buckets, SizeIs(3));
  EXPECT_EQ(reported.buckets[0].encrypted, 90u);
  EXPECT_EQ(reported.buckets[0].clear, 10u);
  EXPECT_EQ(reported.buckets[2].encrypted, 50u);
  const auto places = tally_.CountsOf(Flow::kReported, kMonday - kDay, kMonday, kMonday + 3 * kDay);
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_EQ(places[0].name, "Alpha Mail");
  EXPECT_EQ(places[0].failures_is.begin()->second, 10u);
  EXPECT_EQ(tally_.CauseOf(places[0].failures_is.begin()->first).id, "certificate_expired");
}

TEST_F(TallyTest, CountsTheFailuresOfAReporterThatDoesNotSayWhoItIs) {
  Read(TlsReport("", kMonday, 90, 10));
  tally_.Finish();
  const Bucket total = tally_.SeriesOf(Flow::kReported).Total();
  EXPECT_EQ(total.encrypted, 90u);
  EXPECT_EQ(total.clear, 10u);
  const auto places = tally_.CountsOf(Flow::kReported, kMonday - kDay, kMonday, kMonday + kDay);
  ASSERT_THAT(places, SizeIs(1));
  EXPECT_EQ(places[0].failures_is.begin()->second, 10u);
}

TEST_F(TallyTest, CountsAReportThatIsGivenTwiceOnce) {
  for (int times = 0; times < 2; ++times) {
    Read(TlsReport("Alpha Mail", kMonday, 90, 10));
    Read(TlsReport("Beta", kMonday, 50, 0));
    Read(TlsReport("Beta", kMonday + kDay, 50, 0));
  }
  tally_.Finish();
  EXPECT_EQ(totals_.reports.reports, 3u);
  EXPECT_EQ(totals_.reports.given_again, 3u);
  const Bucket total = tally_.SeriesOf(Flow::kReported).Total();
  EXPECT_EQ(total.encrypted, 190u);
  EXPECT_EQ(total.clear, 10u);
}

TEST_F(TallyTest, CountsNoMailTwiceWhereExchangeHasBothLogs) {
  const std::string tracking =
      "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,"
      "connector-id,source,event-id,recipient-address,recipient-status\n"
      "2026-11-23T14:02:02.003Z,10.0.0.5,EX01,192.0.2.26,mx.other.test,08DE2,Internet,SMTP,SEND,"
      "carol@other.test,250 2.1.5 OK\n";
  Read(tracking);
  Read(
      "#Log-type: SMTP Send Protocol Log\n#Fields: date-time,connector-id,session-id,"
      "sequence-number,local-endpoint,remote-endpoint,event,data,context\n"
      "2026-11-23T14:02:01.000Z,C,08DE,1,10.0.0.1:5,192.0.2.26:25,>,RCPT TO:<carol@other.test>,\n"
      "2026-11-23T14:02:01.000Z,C,08DE,1,10.0.0.1:5,192.0.2.26:25,<,250 ok,\n"
      "2026-11-23T14:02:01.000Z,C,08DE,2,10.0.0.1:5,192.0.2.26:25,>,BDAT 7 LAST,\n"
      "2026-11-23T14:02:01.000Z,C,08DE,3,10.0.0.1:5,192.0.2.26:25,<,250 ok,\n");
  tally_.Finish();
  const Bucket total = tally_.SeriesOf(Flow::kOutbound).Total();
  EXPECT_EQ(total.clear, 1u);
  EXPECT_EQ(total.not_told, 0u);
  EXPECT_THAT(tally_.dark(), IsEmpty());
}

TEST_F(TallyTest, BoundsWhatItKeepsByName) {
  PostfixLog log;
  for (int i = 0; i < 20'500; ++i) {
    log.Send(kMonday, "d" + std::to_string(i) + ".test", "mx.p.test", How::kEncrypted);
  }
  Read(log.text());
  tally_.Finish();
  EXPECT_EQ(tally_.SeriesOf(Flow::kOutbound).Total().encrypted, 20'500u);
  EXPECT_THAT(tally_.CountsOf(Flow::kOutbound, kMonday - kHour, kMonday, kMonday + kHour),
              SizeIs(20'000));
}

}  // namespace
}  // namespace mxsweep::tools
