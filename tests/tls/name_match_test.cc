#include "tls/name_match.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tls/certificate_factory.h"

namespace mxsweep::tls {
namespace {

using testing::KeyKind;
using testing::MakeSelfSigned;
using testing::TestKey;

NameMatch Match(const std::string& common_name, const std::string& subject_alt_names,
                const std::vector<std::string>& references,
                NameMatchMode mode = NameMatchMode::kSanOrCn) {
  const testing::TestCertificate leaf =
      MakeSelfSigned({.common_name = common_name, .subject_alt_names = subject_alt_names},
                     TestKey(KeyKind::kP256));
  return MatchName(leaf.der(), references, mode);
}

// RFC 6125 §6.4.1: case-insensitive; §6.4.3: a wildcard is the whole left-most label and stands for
// one.
TEST(PresentedName, FollowsRfc6125) {
  struct Case {
    const char* presented;
    const char* reference;
    bool fits;
  };
  const Case cases[] = {
      {"mx.example.org", "mx.example.org", true},
      {"MX.Example.ORG", "mx.example.org", true},
      {"mx.example.org.", "mx.example.org", true},
      {"mx.example.org", "mx.example.org.", true},
      {"mx.example.org", "mx2.example.org", false},
      {"example.org", "mx.example.org", false},
      {"*.example.org", "mx.example.org", true},
      {"*.EXAMPLE.org", "mx.example.org", true},
      {"*.example.org", "example.org", false},
      {"*.example.org", "a.mx.example.org", false},
      {"*.example.org", ".example.org", false},
      {"m*.example.org", "mx.example.org", false},
      {"*x.example.org", "mx.example.org", false},
      {"mx.*.org", "mx.example.org", false},
      {"*.*.org", "mx.example.org", false},
      {"*", "org", false},
      {"*.org", "example.org", false},
      {"*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", true},
      {"192.0.2.1", "192.0.2.1", false},
      {"*.0.2.1", "192.0.2.1", false},
      {"2001:db8::1", "2001:db8::1", false},
      {"", "", false},
      {"mx.example.org", "", false},
      {"mx example.org", "mx example.org", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(PresentedNameMatches(c.presented, c.reference), c.fits)
        << c.presented << " for " << c.reference;
  }
}

TEST(PresentedName, DoesNotEndAtANul) {
  EXPECT_FALSE(
      PresentedNameMatches(std::string("mx.example.org\0.evil.example", 28), "mx.example.org"));
}

TEST(NameMatch, FindsAnyReferenceInAnyDnsName) {
  EXPECT_EQ(Match("x", "DNS:a.example,DNS:b.example", {"c.example", "b.example"}), NameMatch::kSan);
  EXPECT_EQ(Match("x", "DNS:*.b.example", {"mx.b.example"}), NameMatch::kSan);
  EXPECT_EQ(Match("x", "DNS:a.example", {"b.example"}), NameMatch::kNone);
  EXPECT_EQ(Match("x", "DNS:a.example", {}), NameMatch::kNone);
}

// RFC 6125 §6.4.4.
TEST(NameMatch, CommonNameCountsOnlyWithoutADnsName) {
  EXPECT_EQ(Match("mx.example.org", "", {"mx.example.org"}), NameMatch::kCn);
  EXPECT_EQ(Match("*.example.org", "", {"mx.example.org"}), NameMatch::kCn);
  EXPECT_EQ(Match("mx.example.org", "DNS:other.example", {"mx.example.org"}), NameMatch::kNone);
  EXPECT_EQ(Match("mx.example.org", "IP:192.0.2.1,email:a@example.org", {"mx.example.org"}),
            NameMatch::kCn);
}

// RFC 8461 §4.1.
TEST(NameMatch, MtaStsKnowsNoCommonName) {
  EXPECT_EQ(Match("mx.example.org", "", {"mx.example.org"}, NameMatchMode::kSanOnly),
            NameMatch::kNone);
  EXPECT_EQ(Match("x", "DNS:mx.example.org", {"mx.example.org"}, NameMatchMode::kSanOnly),
            NameMatch::kSan);
}

TEST(NameMatch, IpAddressesAreNotNames) {
  EXPECT_EQ(Match("192.0.2.1", "", {"192.0.2.1"}), NameMatch::kNone);
  EXPECT_EQ(Match("x", "IP:192.0.2.1", {"192.0.2.1"}), NameMatch::kNone);
}

TEST(NameMatch, OfWhatIsNoCertificateIsNone) {
  const std::vector<uint8_t> junk = {0x30, 0x03, 0x02, 0x01, 0x00};
  const std::vector<std::string> references = {"mx.example.org"};
  EXPECT_EQ(MatchName(junk, references), NameMatch::kNone);
}

}  // namespace
}  // namespace mxsweep::tls
