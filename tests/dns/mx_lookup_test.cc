#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "dns/mx_plan.h"
#include "tests/dns/fake_event_loop.h"
#include "tests/dns/fake_resolver.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MxLookupTest : public ::testing::Test {
 protected:
  MxAnswer Look(std::string_view domain) {
    std::optional<MxAnswer> answer;
    const auto lookup = MxLookup::Start(resolver_, domain, [&](MxAnswer a) { answer = a; });
    EXPECT_FALSE(answer.has_value()) << "called back from inside Start";
    loop_.Run();
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(resolver_.outstanding(), 0u);
    return answer.value_or(MxAnswer());
  }

  FakeEventLoop loop_;
  FakeResolver resolver_{loop_};
};

// RFC 5321 §5.1
TEST_F(MxLookupTest, SortsHostsByPreferenceAndKeepsTheOrderOfEquals) {
  resolver_.AddMx("example.org", 20, "c.example.org");
  resolver_.AddMx("example.org", 10, "b.example.org");
  resolver_.AddMx("example.org", 10, "a.example.org");
  const MxAnswer answer = Look("Example.ORG.");
  EXPECT_EQ(answer.status, MxStatus::kMx);
  EXPECT_EQ(answer.dnssec, DnssecState::kInsecure);
  EXPECT_THAT(answer.records,
              ElementsAre(MxRecord{10, "b.example.org"}, MxRecord{10, "a.example.org"},
                          MxRecord{20, "c.example.org"}));
  EXPECT_FALSE(resolver_.WasAsked("example.org", RrType::kA));
  EXPECT_EQ(answer.error_detail, "");
}

TEST_F(MxLookupTest, NamesAHostOnceWithItsLowestPreference) {
  resolver_.AddMx("example.org", 30, "mx.example.org");
  resolver_.AddMx("example.org", 20, "other.example.org");
  resolver_.AddMx("example.org", 10, "mx.example.org");
  EXPECT_THAT(Look("example.org").records,
              ElementsAre(MxRecord{10, "mx.example.org"}, MxRecord{20, "other.example.org"}));
}

TEST_F(MxLookupTest, SaysWhetherTheAnswerIsSigned) {
  resolver_.AddMx("example.org", 10, "mx.example.org");
  resolver_.SetSecure("example.org");
  EXPECT_EQ(Look("example.org").dnssec, DnssecState::kSecure);
}

// RFC 7505 §3
TEST_F(MxLookupTest, TellsANullMx) {
  resolver_.AddMx("example.org", 0, ".");
  resolver_.AddAddress("example.org", "192.0.2.1");
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.status, MxStatus::kNullMx);
  EXPECT_FALSE(answer.null_mx_with_others);
  EXPECT_EQ(answer.remark, "");
  EXPECT_FALSE(resolver_.WasAsked("example.org", RrType::kA));
}

// RFC 7505 §3: "0 ." must be alone.
TEST_F(MxLookupTest, ReportsARootHostBesideOthers) {
  resolver_.AddMx("example.org", 0, ".");
  resolver_.AddMx("example.org", 10, "mx.example.org");
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.status, MxStatus::kMx);
  EXPECT_TRUE(answer.null_mx_with_others);
  EXPECT_THAT(answer.records, ElementsAre(MxRecord{0, "."}, MxRecord{10, "mx.example.org"}));
}

// RFC 7505 §3 says 0; senders (Postfix) take "." alone for a null MX whatever its preference. RFC
// 5321 §5.1: the domain's own address is no way out.
TEST_F(MxLookupTest, TakesARootAloneForANullMxWhateverItsPreference) {
  resolver_.AddAddress("example.org", "192.0.2.1");
  resolver_.AddMx("example.org", 10, ".");
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.status, MxStatus::kNullMx);
  EXPECT_FALSE(answer.null_mx_with_others);
  EXPECT_THAT(answer.records, ElementsAre(MxRecord{10, "."}));
  EXPECT_EQ(answer.remark, "a null MX with preference 10, not 0 (RFC 7505 §3)");
  EXPECT_FALSE(resolver_.WasAsked("example.org", RrType::kA));
  // Twice is still alone.
  resolver_.AddMx("example.org", 0, ".");
  EXPECT_EQ(Look("example.org").status, MxStatus::kNullMx);
  EXPECT_EQ(Look("example.org").remark, "");
}

TEST_F(MxLookupTest, RemarksThatTheFinalDotWasForgotten) {
  resolver_.AddMx("c.example", 10, "mx.c.example.c.example");
  resolver_.AddMx("c.example", 20, "mx.provider.example");
  const MxAnswer answer = Look("c.example");
  EXPECT_EQ(answer.status, MxStatus::kMx);
  EXPECT_EQ(answer.remark,
            "the final dot seems to be missing behind mx.c.example in the zone file");
  EXPECT_EQ(answer.error_detail, "");
  for (int i = 0; i < 10; ++i) {
    const std::string name = std::to_string(i) + ".c.example";
    resolver_.AddMx("c.example", 10, name + ".c.example");
  }
  EXPECT_LT(Look("c.example").remark.size(), 300u);
}

// RFC 5321 §5.1: the implicit MX.
TEST_F(MxLookupTest, FallsBackToTheDomainsOwnAddressWhereThereIsNoMx) {
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    FakeResolver resolver(loop_);
    resolver.AddAddress("example.org", address);
    std::optional<MxAnswer> answer;
    const auto lookup = MxLookup::Start(resolver, "example.org", [&](MxAnswer a) { answer = a; });
    loop_.Run();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, MxStatus::kImplicit) << address;
    EXPECT_THAT(answer->records, ElementsAre(MxRecord{0, "example.org"}));
  }
}

TEST_F(MxLookupTest, SaysNoMailWhereThereIsNeitherMxNorAddress) {
  resolver_.AddTxt("example.org", "v=spf1 -all");
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.status, MxStatus::kNoMail);
  EXPECT_THAT(answer.records, IsEmpty());
}

// RFC 5321 §5.1: not on NXDOMAIN, not on an error.
TEST_F(MxLookupTest, NeverFallsBackOnNxDomainOrAnError) {
  EXPECT_EQ(Look("nowhere.example").status, MxStatus::kNxDomain);
  struct {
    ResponseStatus response;
    MxStatus status;
    DnssecState dnssec;
  } cases[] = {
      {ResponseStatus::kServfail, MxStatus::kServfail, DnssecState::kError},
      {ResponseStatus::kRefused, MxStatus::kServfail, DnssecState::kError},
      {ResponseStatus::kMalformed, MxStatus::kServfail, DnssecState::kError},
      {ResponseStatus::kBogus, MxStatus::kBogus, DnssecState::kBogus},
      {ResponseStatus::kTimeout, MxStatus::kTimeout, DnssecState::kError},
      {ResponseStatus::kLocalNoDescriptors, MxStatus::kLocalError, DnssecState::kError},
  };
  resolver_.AddAddress("example.org", "192.0.2.1");
  for (const auto& [response, status, dnssec] : cases) {
    resolver_.SetFailure("example.org", RrType::kMx, response);
    const MxAnswer answer = Look("example.org");
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.dnssec, dnssec);
    EXPECT_NE(answer.error_detail, "");
  }
  EXPECT_FALSE(resolver_.WasAsked("example.org", RrType::kA));
}

TEST_F(MxLookupTest, DoesNotSayNoMailWhereTheAddressLookupFailed) {
  resolver_.AddTxt("example.org", "x");
  resolver_.SetFailure("example.org", RrType::kAaaa, ResponseStatus::kTimeout);
  const MxAnswer timeout = Look("example.org");
  EXPECT_EQ(timeout.status, MxStatus::kTimeout);
  EXPECT_THAT(timeout.error_detail, HasSubstr("AAAA"));
  // The MX answer itself was fine.
  EXPECT_EQ(timeout.dnssec, DnssecState::kInsecure);
  resolver_.SetFailure("example.org", RrType::kA, ResponseStatus::kServfail);
  EXPECT_EQ(Look("example.org").status, MxStatus::kServfail);
}

TEST_F(MxLookupTest, IsImplicitWhereOneFamilyFailsAndTheOtherHasAddresses) {
  resolver_.AddAddress("example.org", "2001:db8::1");
  resolver_.SetFailure("example.org", RrType::kA, ResponseStatus::kServfail);
  EXPECT_EQ(Look("example.org").status, MxStatus::kImplicit);
}

// RFC 5321 §5.1: a CNAME's target is processed as if it were the initial name.
TEST_F(MxLookupTest, FollowsACnamedDomainAndNamesTheExpansion) {
  resolver_.AddCname("alias.example", "middle.example");
  resolver_.AddCname("middle.example", "target.example");
  resolver_.AddMx("target.example", 10, "mx.target.example");
  const MxAnswer answer = Look("alias.example");
  EXPECT_EQ(answer.status, MxStatus::kMx);
  EXPECT_EQ(answer.next_hop_cname, "target.example");
  EXPECT_THAT(answer.records, ElementsAre(MxRecord{10, "mx.target.example"}));
}

TEST_F(MxLookupTest, SaysWhyANameIsInvalid) {
  const MxAnswer answer = Look("foo..example");
  EXPECT_EQ(answer.status, MxStatus::kInvalidName);
  EXPECT_EQ(answer.error_detail, "empty label");
  EXPECT_TRUE(resolver_.log().empty());
}

TEST_F(MxLookupTest, CapsTheHostsOfADomain) {
  for (size_t i = 0; i < kMaxMxRecords + 5; ++i) {
    resolver_.AddMx("example.org", 10, "mx" + std::to_string(i) + ".example.org");
  }
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.records.size(), kMaxMxRecords);
  EXPECT_THAT(answer.error_detail, HasSubstr("more than"));
}

TEST_F(MxLookupTest, KeepsWhatFitsOfAnAnswerAndSaysSo) {
  resolver_.AddMx("example.org", 10, "mx.example.org");
  resolver_.SetLeftOut("example.org", RrType::kMx);
  const MxAnswer answer = Look("example.org");
  EXPECT_EQ(answer.status, MxStatus::kMx);
  EXPECT_EQ(answer.records.size(), 1u);
  EXPECT_THAT(answer.error_detail, HasSubstr("MX: left out: too many answer records"));
}

TEST_F(MxLookupTest, CancelsItsQuestionsWhenDestroyed) {
  resolver_.AddTxt("example.org", "x");
  bool called = false;
  auto lookup = MxLookup::Start(resolver_, "example.org", [&](MxAnswer) { called = true; });
  EXPECT_EQ(resolver_.outstanding(), 1u);
  lookup.reset();
  EXPECT_EQ(resolver_.outstanding(), 0u);
  // In the second step, too.
  lookup = MxLookup::Start(resolver_, "example.org", [&](MxAnswer) { called = true; });
  loop_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(resolver_.outstanding(), 2u);
  lookup.reset();
  EXPECT_EQ(resolver_.outstanding(), 0u);
  lookup = MxLookup::Start(resolver_, "bad..name", [&](MxAnswer) { called = true; });
  lookup.reset();
  loop_.Run();
  EXPECT_FALSE(called);
}

TEST_F(MxLookupTest, MayBeDestroyedByItsCallback) {
  resolver_.AddAddress("example.org", "192.0.2.1");
  std::unique_ptr<MxLookup> lookup;
  for (const char* name : {"example.org", "bad..name", "nowhere.example"}) {
    bool called = false;
    lookup = MxLookup::Start(resolver_, name, [&](MxAnswer) {
      called = true;
      lookup.reset();
    });
    loop_.Run();
    EXPECT_TRUE(called);
    EXPECT_EQ(lookup, nullptr);
  }
}

}  // namespace
}  // namespace mxsweep::dns
