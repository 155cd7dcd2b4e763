// Who asks, who fetches, who is told.
#include "scanner/work/crl_table.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/tls/revocation/revocation_factory.h"

namespace mxsweep::scanner {
namespace {

using tls::testing::kDay;
using tls::testing::kNow;

const absl::Time kTime = absl::FromUnixSeconds(kNow);

tls::CrlQuestion About(uint8_t serial) { return {.serial = {serial}}; }

tls::RevocationList ListRevoking(int64_t serial) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  return tls::RevocationList::Read(
      tls::testing::MakeCrl(pki.intermediate, {.entries = {{.serial = serial}}}),
      pki.intermediate.der());
}

class CrlTableTest : public ::testing::Test {
 protected:
  bool Ask(const std::string& key, uint8_t serial) {
    return table_.Ask(key, About(serial), kTime, [this, serial](CertificateRevocation answer) {
      told_.emplace_back(serial, answer.status);
    });
  }

  CrlTable table_;
  std::vector<std::pair<int, RevocationStatus>> told_;
};

TEST_F(CrlTableTest, TellsEverybodyWhatHeAskedAndFetchesOnce) {
  EXPECT_TRUE(Ask("a", 1));
  EXPECT_FALSE(Ask("a", 2));
  EXPECT_FALSE(Ask("a", 1));
  EXPECT_TRUE(told_.empty());
  table_.Finish("a", ListRevoking(2), kTime, true);
  const std::vector<std::pair<int, RevocationStatus>> expected = {
      {1, RevocationStatus::kGood}, {2, RevocationStatus::kRevoked}, {1, RevocationStatus::kGood}};
  EXPECT_EQ(told_, expected);
  EXPECT_FALSE(Ask("a", 2));
  EXPECT_EQ(told_.back(), std::pair(2, RevocationStatus::kRevoked));
  EXPECT_TRUE(Ask("b", 2));
  EXPECT_EQ(table_.lists(), 1u);
  table_.GiveUp("b");
}

TEST_F(CrlTableTest, RemembersAFailure) {
  EXPECT_TRUE(Ask("a", 1));
  table_.Finish("a", "no such host", kTime, true);
  EXPECT_FALSE(Ask("a", 1));
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_[1].second, RevocationStatus::kFetchFailed);
}

// What kept us from a list may pass; a list is kept.
TEST_F(CrlTableTest, ForgetsAFailureSomeMinutesLater) {
  const auto ask = [&](const char* key, absl::Duration later) {
    return table_.Ask(key, About(1), kTime + later, [this](CertificateRevocation answer) {
      told_.emplace_back(1, answer.status);
    });
  };
  EXPECT_TRUE(Ask("a", 1));
  table_.Finish("a", "no such host", kTime, true);
  EXPECT_FALSE(ask("a", absl::Minutes(4)));
  EXPECT_TRUE(ask("a", absl::Minutes(6)));
  table_.Finish("a", ListRevoking(1), kTime + absl::Minutes(6), true);
  EXPECT_EQ(told_.back().second, RevocationStatus::kRevoked);
  EXPECT_FALSE(ask("a", absl::Hours(1)));
  EXPECT_EQ(told_.back().second, RevocationStatus::kRevoked);
}

TEST_F(CrlTableTest, AskedLaterThanTheListLivesSaysSo) {
  EXPECT_TRUE(Ask("a", 1));
  table_.Finish("a", ListRevoking(2), kTime, true);
  RevocationStatus later = RevocationStatus::kNotAsked;
  table_.Ask("a", About(1), kTime + absl::Hours(24 * 9),
             [&later](CertificateRevocation answer) { later = answer.status; });
  EXPECT_EQ(later, RevocationStatus::kExpiredCrl);
}

TEST_F(CrlTableTest, GivenUpTellsNothingAndMayBeAskedAgain) {
  EXPECT_TRUE(Ask("a", 1));
  table_.GiveUp("a");
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].second, RevocationStatus::kNotAsked);
  EXPECT_TRUE(Ask("a", 1));
  table_.Finish("a", ListRevoking(1), kTime, false);
  EXPECT_EQ(told_.back().second, RevocationStatus::kRevoked);
  EXPECT_TRUE(Ask("a", 1));
  table_.GiveUp("a");
}

// Whoever is told may ask at once for the next list.
TEST_F(CrlTableTest, MayBeAskedFromWithinAnAnswer) {
  bool asked = false;
  table_.Ask("a", About(1), kTime, [this, &asked](CertificateRevocation) { asked = Ask("b", 7); });
  table_.Finish("a", "no", kTime, true);
  EXPECT_TRUE(asked);
  table_.Finish("b", ListRevoking(7), kTime, true);
  EXPECT_EQ(told_.back(), std::pair(7, RevocationStatus::kRevoked));
}

TEST_F(CrlTableTest, KnowsAListByItsUrlAndItsIssuersKey) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  const auto key = [](const char* url, const tls::testing::TestCertificate& issuer) {
    return CrlTable::KeyOf(url, issuer.der());
  };
  EXPECT_EQ(key("http://a/", pki.root), key("http://a/", pki.root));
  EXPECT_NE(key("http://a/", pki.root), key("http://b/", pki.root));
  EXPECT_NE(key("http://a/", pki.root), key("http://a/", pki.intermediate));
  // A cross certificate of the same CA is the same issuer.
  const tls::testing::TestCertificate cross = tls::testing::MakeSigned(
      tls::testing::CaSpec("Test Intermediate"), pki.intermediate.key(),
      tls::testing::MakeSelfSigned(tls::testing::CaSpec("Other"),
                                   tls::testing::TestKey(tls::testing::KeyKind::kP256, 9)));
  EXPECT_EQ(key("http://a/", cross), key("http://a/", pki.intermediate));
}

}  // namespace
}  // namespace mxsweep::scanner
