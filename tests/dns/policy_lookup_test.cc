#include "dns/policy_lookup.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dns/fake_event_loop.h"
#include "tests/dns/fake_resolver.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;

class PolicyLookupTest : public ::testing::Test {
 protected:
  PolicyRecords Look(const std::string& domain) {
    std::optional<PolicyRecords> records;
    const auto lookup = PolicyLookup::Start(
        resolver_, domain, [&](PolicyRecords found) { records = std::move(found); });
    EXPECT_FALSE(records.has_value()) << "called from inside Start";
    loop_.Run();
    EXPECT_TRUE(records.has_value());
    return records.value_or(PolicyRecords{});
  }

  FakeEventLoop loop_;
  FakeResolver resolver_{loop_};
};

TEST_F(PolicyLookupTest, FindsBothRecords) {
  resolver_.AddTxt("_mta-sts.example.org", "v=STSv1; id=1;");
  resolver_.AddTxt("_smtp._tls.example.org", "v=TLSRPTv1; rua=mailto:a@example.org");
  const PolicyRecords records = Look("example.org");
  EXPECT_EQ(records.sts.status, PolicyRecordStatus::kValid);
  EXPECT_EQ(records.sts.id, "1");
  EXPECT_EQ(records.tlsrpt.status, PolicyRecordStatus::kValid);
  EXPECT_THAT(records.tlsrpt.rua, ElementsAre("mailto:a@example.org"));
}

// RFC 8461 §3.1: CNAMEs are followed.
TEST_F(PolicyLookupTest, FollowsAliases) {
  resolver_.AddCname("_mta-sts.example.org", "_mta-sts.provider.example");
  resolver_.AddTxt("_mta-sts.provider.example", "v=STSv1; id=abc");
  EXPECT_EQ(Look("example.org").sts.id, "abc");
}

TEST_F(PolicyLookupTest, SaysNoneOnlyWhereTheDnsDoes) {
  resolver_.AddName("_mta-sts.example.org");  // NODATA; the other is NXDOMAIN
  const PolicyRecords records = Look("example.org");
  EXPECT_EQ(records.sts.status, PolicyRecordStatus::kNone);
  EXPECT_EQ(records.tlsrpt.status, PolicyRecordStatus::kNone);
}

TEST_F(PolicyLookupTest, TellsErrorsFromAbsenceAndOursFromTheirs) {
  for (const ResponseStatus status :
       {ResponseStatus::kServfail, ResponseStatus::kBogus, ResponseStatus::kTimeout,
        ResponseStatus::kRefused, ResponseStatus::kMalformed}) {
    resolver_.SetFailure("_mta-sts.example.org", RrType::kTxt, status);
    const PolicyRecords records = Look("example.org");
    EXPECT_EQ(records.sts.status, PolicyRecordStatus::kLookupError) << Word(status);
    EXPECT_FALSE(records.sts.detail.empty());
    EXPECT_EQ(records.tlsrpt.status, PolicyRecordStatus::kNone);
  }
  resolver_.SetFailure("_smtp._tls.example.org", RrType::kTxt, ResponseStatus::kLocalNoDescriptors);
  EXPECT_EQ(Look("example.org").tlsrpt.status, PolicyRecordStatus::kLocalError);
}

TEST_F(PolicyLookupTest, DoesNotSayNoneWhereNotAllWasRead) {
  resolver_.AddTxt("_mta-sts.example.org", "v=spf1 -all");
  resolver_.SetLeftOut("_mta-sts.example.org", RrType::kTxt);
  resolver_.AddTxt("_smtp._tls.example.org", "v=TLSRPTv1; rua=mailto:a@example.org");
  resolver_.SetLeftOut("_smtp._tls.example.org", RrType::kTxt);
  const PolicyRecords records = Look("example.org");
  EXPECT_EQ(records.sts.status, PolicyRecordStatus::kLookupError);
  EXPECT_EQ(records.tlsrpt.status, PolicyRecordStatus::kValid);
  EXPECT_EQ(records.tlsrpt.detail, "TXT: left out: too many answer records");
}

TEST_F(PolicyLookupTest, AsksNothingForNamesThatCannotBe) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(longest.size(), 253u);
  const PolicyRecords records = Look(longest);
  EXPECT_EQ(records.sts.status, PolicyRecordStatus::kNone);
  EXPECT_EQ(records.tlsrpt.status, PolicyRecordStatus::kNone);
  EXPECT_TRUE(resolver_.log().empty());
}

TEST_F(PolicyLookupTest, CallsNobodyOnceItIsGone) {
  bool called = false;
  PolicyLookup::Start(resolver_, "example.org", [&](PolicyRecords) { called = true; }).reset();
  EXPECT_EQ(resolver_.outstanding(), 0u);
  loop_.Run();
  EXPECT_FALSE(called);
}

TEST_F(PolicyLookupTest, MayBeDestroyedByItsCallback) {
  std::unique_ptr<PolicyLookup> lookup;
  bool called = false;
  lookup = PolicyLookup::Start(resolver_, "example.org", [&](PolicyRecords) {
    lookup.reset();
    called = true;
  });
  loop_.Run();
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace mxsweep::dns
