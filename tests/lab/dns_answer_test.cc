#include "tools/lab/dns_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/dns_client.h"
#include "tests/lab/lab_fixture.h"

namespace mxsweep::lab {
namespace {

using testing::SizeIs;

constexpr int kServfail = 2, kNxdomain = 3;

class DnsResponderTest : public testing::Test {
 protected:
  std::optional<DnsReply> Ask(const DnsQuery& query, Transport transport = Transport::kUdp) {
    const std::string message = EncodeQuery(query);
    std::string out;
    responder_.Answer({reinterpret_cast<const uint8_t*>(message.data()), message.size()}, transport,
                      counts_, out);
    if (out.empty()) return std::nullopt;
    const std::optional<DnsReply> reply = DecodeReply(out);
    EXPECT_TRUE(reply) << "malformed answer for " << query.name;
    return reply;
  }

  TestLab& lab_ = SharedLab();
  DnsResponder responder_{lab_.world, lab_.store};
  DnsCounts counts_;
};

TEST_F(DnsResponderTest, AnswersMxAddressAndTlsaOfASignedZoneAuthentically) {
  const auto mx = Ask({"perfect.lab", kTypeMx});
  ASSERT_TRUE(mx);
  EXPECT_TRUE(mx->ad);
  ASSERT_THAT(mx->answers, SizeIs(1));
  EXPECT_EQ(PlainName(mx->answers[0].data, 2), "mx1.perfect.lab");
  const auto a = Ask({"MX1.Perfect.LAB", kTypeA});
  ASSERT_TRUE(a && a->answers.size() == 1);
  EXPECT_EQ(a->answers[0].owner, "MX1.Perfect.LAB") << "the question is repeated as it was";
  const auto tlsa = Ask({"_25._tcp.mx1.perfect.lab", kTypeTlsa});
  ASSERT_TRUE(tlsa && tlsa->answers.size() == 1);
  EXPECT_TRUE(tlsa->ad);
  EXPECT_THAT(tlsa->answers[0].data, SizeIs(3 + 32));
}

TEST_F(DnsResponderTest, SetsAdOnlyIfAskedToAndOnlyForSignedZones) {
  EXPECT_FALSE(Ask({.name = "perfect.lab", .type = kTypeMx, .ad = false})->ad);
  EXPECT_FALSE(Ask({"plain.lab", kTypeMx})->ad);
  EXPECT_TRUE(Ask({"", kTypeSoa})->ad);
  EXPECT_TRUE(Ask({"", kTypeDnskey})->ad);
}

TEST_F(DnsResponderTest, RefusesBogusZonesUnlessCheckingIsDisabled) {
  EXPECT_EQ(Ask({"bogus.lab", kTypeMx})->rcode, kServfail);
  const auto unchecked = Ask({.name = "bogus.lab", .type = kTypeMx, .cd = true});
  EXPECT_EQ(unchecked->rcode, 0);
  EXPECT_FALSE(unchecked->ad);
  EXPECT_THAT(unchecked->answers, SizeIs(1));
  EXPECT_EQ(Ask({.name = "servfail.lab", .type = kTypeMx, .cd = true})->rcode, kServfail);
}

TEST_F(DnsResponderTest, TellsNxdomainFromNodata) {
  EXPECT_EQ(Ask({"nxdomain.lab", kTypeMx})->rcode, kNxdomain);
  EXPECT_EQ(Ask({"example.org", kTypeMx})->rcode, kNxdomain);
  for (const uint16_t type : {kTypeMx, kTypeA, kTypeAaaa}) {
    const auto reply = Ask({"no-mail.lab", type});
    EXPECT_EQ(reply->rcode, 0);
    EXPECT_THAT(reply->answers, SizeIs(0));
  }
}

TEST_F(DnsResponderTest, TruncatesOverUdpButNotOverTcp) {
  const auto udp = Ask({"domain-truncated.lab", kTypeMx});
  EXPECT_TRUE(udp->truncated);
  EXPECT_THAT(udp->answers, SizeIs(0));
  const auto tcp = Ask({"domain-truncated.lab", kTypeMx}, Transport::kTcp);
  EXPECT_FALSE(tcp->truncated);
  EXPECT_THAT(tcp->answers, SizeIs(3));
  // A whole certificate does not fit into what a client without EDNS takes.
  const DnsQuery plain{
      .name = "_25._tcp.mx1.dane-match-3-0-0.lab", .type = kTypeTlsa, .edns_bytes = 0};
  EXPECT_TRUE(Ask(plain)->truncated);
  EXPECT_FALSE(Ask({plain.name, kTypeTlsa})->truncated);
}

TEST_F(DnsResponderTest, IsSilentWhereItShouldBe) {
  EXPECT_FALSE(Ask({"domain-timeout.lab", kTypeMx}));
  EXPECT_FALSE(Ask({"_25._tcp.mx1.dane-timeout.lab", kTypeTlsa}));
  EXPECT_FALSE(Ask({"domain-first-query-dropped.lab", kTypeMx}));
  EXPECT_TRUE(Ask({"domain-first-query-dropped.lab", kTypeMx}));
  EXPECT_EQ(counts_.dropped, 3u);
}

TEST_F(DnsResponderTest, FollowsAliasesAndSaysWhatIsSigned) {
  const auto secure = Ask({"mx1.domain-mx-cname-secure.lab", kTypeA});
  ASSERT_THAT(secure->answers, SizeIs(2));
  EXPECT_TRUE(secure->ad);
  EXPECT_EQ(secure->answers[0].type, kTypeCname);
  EXPECT_EQ(secure->answers[1].owner, "real1.domain-mx-cname-secure.lab");
  const auto insecure = Ask({"mx1.domain-mx-cname-insecure.lab", kTypeA});
  ASSERT_THAT(insecure->answers, SizeIs(2));
  EXPECT_FALSE(insecure->ad);
  EXPECT_TRUE(Ask({"mx1.domain-mx-cname-insecure.lab", kTypeCname})->ad);
}

TEST_F(DnsResponderTest, AnswersForOneFamilyWhereTheOtherFails) {
  const auto no_aaaa = Ask({"mx1.domain-mx-host-no-aaaa.lab", kTypeA});
  EXPECT_THAT(no_aaaa->answers, SizeIs(1));
  EXPECT_TRUE(no_aaaa->ad);
  EXPECT_EQ(Ask({"mx1.domain-mx-host-no-aaaa.lab", kTypeAaaa})->rcode, kServfail);
  EXPECT_EQ(Ask({"mx1.domain-mx-host-no-a.lab", kTypeA})->rcode, kServfail);
  const auto denied = Ask({"mx1.domain-mx-host-no-a.lab", kTypeAaaa});
  EXPECT_EQ(denied->rcode, 0);
  EXPECT_TRUE(denied->ad);
  EXPECT_THAT(Ask({"mx1.domain-mx-host-slow-aaaa.lab", kTypeA})->answers, SizeIs(1));
  EXPECT_FALSE(Ask({"mx1.domain-mx-host-slow-aaaa.lab", kTypeAaaa}));
  EXPECT_TRUE(Ask({"mx1.domain-mx-host-aaaa-insecure.lab", kTypeA})->ad);
  const auto insecure = Ask({"mx1.domain-mx-host-aaaa-insecure.lab", kTypeAaaa});
  EXPECT_EQ(insecure->rcode, 0);
  EXPECT_FALSE(insecure->ad);
  EXPECT_THAT(insecure->answers, SizeIs(0));
}

TEST_F(DnsResponderTest, CountsWhatItCannotRead) {
  std::string out = "not touched";
  const std::string query = EncodeQuery({"perfect.lab", kTypeMx});
  for (size_t size = 0; size < query.size() - 11; ++size) {
    responder_.Answer({reinterpret_cast<const uint8_t*>(query.data()), size}, Transport::kUdp,
                      counts_, out);
    EXPECT_TRUE(out.empty());
  }
  EXPECT_EQ(counts_.malformed, query.size() - 11);
}

}  // namespace
}  // namespace mxsweep::lab
