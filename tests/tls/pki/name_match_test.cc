#include "tls/pki/name_match.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"

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
      {"mx.example.org.", "mx.example.org", false},
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

// RFC 6125 §6.4.2: internationalised names are compared as A-labels. A reference is one already (it
// is looked up in the DNS as such); a certificate that holds anything else names nothing.
TEST(PresentedName, OfAnInternationalisedNameIsItsALabels) {
  struct Case {
    const char* presented;
    const char* reference;
    bool fits;
  };
  const Case cases[] = {
      {"mx.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true},
      {"MX.XN--BCHER-KVA.EXAMPLE", "mx.xn--bcher-kva.example", true},
      {"*.xn--bcher-kva.example", "mx.xn--bcher-kva.example", true},
      {"*.example.org", "xn--bcher-kva.example.org", true},
      {"bücher.example", "xn--bcher-kva.example", false},
      {"xn--bcher-kva.example", "bücher.example", false},
      {"bücher.example", "bücher.example", false},
      {"*.bücher.example", "mx.xn--bcher-kva.example", false},
      // RFC 6125 §6.4.3, 3: no wildcard within an A-label.
      {"xn--*.example.org", "xn--bcher-kva.example.org", false},
      {"xn--bcher*.example.org", "xn--bcher-kva.example.org", false},
      {"*-kva.example.org", "xn--bcher-kva.example.org", false},
      // Cyrillic letters that look like "mx".
      {"м\u0445.example.org", "mx.example.org", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(PresentedNameMatches(c.presented, c.reference), c.fits)
        << c.presented << " for " << c.reference;
  }
}

TEST(NameMatch, UnicodeInACommonNameMatchesNothing) {
  const std::vector<std::string> references = {"xn--bcher-kva.example", "bücher.example"};
  EXPECT_EQ(Match("bücher.example", "", references), NameMatch::kNone);
  EXPECT_EQ(Match("*.bücher.example", "", {"mx.xn--bcher-kva.example"}), NameMatch::kNone);
  EXPECT_EQ(Match("xn--bcher-kva.example", "", references), NameMatch::kCn);
  EXPECT_EQ(Match("x", "DNS:xn--bcher-kva.example", references), NameMatch::kSan);
}

// RFC 6125 §6.4.4: a common name is looked at as it stands, not for names within it.
TEST(NameMatch, CommonNameMustBeTheNameAndNothingElse) {
  for (const char* name : {"Mail server mx.example.org", "mx.example.org ", "smtp://mx.example.org",
                           "mx.example.org:25", "mx.example.org/x", ".mx.example.org"}) {
    EXPECT_EQ(Match(name, "", {"mx.example.org"}), NameMatch::kNone) << name;
  }
}

// RFC 7672 §3.2.2: the TLSA base domain, and the next-hop domain where the MX answer is secure.
TEST(NameMatch, AnyOneReferenceIsEnough) {
  const std::vector<std::string> references = {"mx.provider.example", "example.org"};
  EXPECT_EQ(Match("x", "DNS:example.org", references), NameMatch::kSan);
  EXPECT_EQ(Match("x", "DNS:*.provider.example", references), NameMatch::kSan);
  EXPECT_EQ(Match("x", "DNS:provider.example", references), NameMatch::kNone);
  EXPECT_EQ(Match("example.org", "", references), NameMatch::kCn);
}

// RFC 6125 §6.4.4: as long as it is not known that there is no DNS-ID, the common name is none of
// our business.
TEST(NameMatch, UnreadableAlternativeNamesDoNotFallBackToTheCommonName) {
  const testing::TestCertificate leaf =
      MakeSelfSigned({.common_name = "mx.example.org", .subject_alt_names = "IP:192.0.2.1"},
                     TestKey(KeyKind::kP256));
  const std::vector<std::string> references = {"mx.example.org"};
  std::vector<uint8_t> der = leaf.der();
  EXPECT_EQ(MatchName(der, references), NameMatch::kCn);
  // The address's length now reaches beyond the extension.
  const std::vector<uint8_t> name = {0x87, 0x04, 192, 0, 2, 1};
  const auto found = std::search(der.begin(), der.end(), name.begin(), name.end());
  ASSERT_NE(found, der.end());
  *(found + 1) = 0x05;
  EXPECT_EQ(MatchName(der, references), NameMatch::kNone);
}

TEST(NameMatch, OfWhatIsNoCertificateIsNone) {
  const std::vector<uint8_t> junk = {0x30, 0x03, 0x02, 0x01, 0x00};
  const std::vector<std::string> references = {"mx.example.org"};
  EXPECT_EQ(MatchName(junk, references), NameMatch::kNone);
}

// Whoever matches with these later comes to what MatchName says.
TEST(PresentedNames, AreTheDnsIdsElseTheCommonNames) {
  const auto names = [](const std::string& common_name, const std::string& subject_alt_names) {
    return PresentedNames(
        MakeSelfSigned({.common_name = common_name, .subject_alt_names = subject_alt_names},
                       TestKey(KeyKind::kP256))
            .der());
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("cn.example", "DNS:a.example,IP:192.0.2.1,DNS:*.b.example"),
            (Names{"a.example", "*.b.example"}));
  EXPECT_EQ(names("cn.example", "IP:192.0.2.1"), Names{"cn.example"});
  EXPECT_EQ(names("cn.example", ""), Names{"cn.example"});
  EXPECT_EQ(names("Mail Server", ""), Names{});  // no host can have that name
  EXPECT_EQ(PresentedNames(std::vector<uint8_t>{0x30, 0x00}), Names{});
}

// RFC 5280 §4.2.1.6; OpenSSL: "hostname mismatch".
TEST(NameMatch, ATrailingDotCountsInTheCertificateAndNotInTheReference) {
  EXPECT_FALSE(PresentedNameMatches("mx.example.org.", "mx.example.org"));
  EXPECT_FALSE(PresentedNameMatches("mx.example.org.", "mx.example.org."));
  EXPECT_FALSE(PresentedNameMatches("*.example.org.", "mx.example.org"));
  EXPECT_TRUE(PresentedNameMatches("mx.example.org", "mx.example.org."));
}

// X.520: a DirectoryString has several encodings; OpenSSL compares the text (ASN1_STRING_to_UTF8).
TEST(NameMatch, ACommonNameCountsInEveryStringType) {
  const struct {
    int type;
    std::string bytes;
  } cases[] = {
      {V_ASN1_BMPSTRING, {"\0m\0x\0.\0a\0.\0d\0e", 14}},
      {V_ASN1_UNIVERSALSTRING, {"\0\0\0m\0\0\0x\0\0\0.\0\0\0a\0\0\0.\0\0\0d\0\0\0e", 28}},
      {V_ASN1_T61STRING, "mx.a.de"},
      {V_ASN1_PRINTABLESTRING, "mx.a.de"},
      {V_ASN1_IA5STRING, "mx.a.de"},
  };
  for (const auto& [type, bytes] : cases) {
    testing::CertificateSpec spec = {.common_name = "", .subject_alt_names = ""};
    spec.tweak = [type = type, bytes = bytes](X509* certificate) {
      const bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
      EXPECT_TRUE(X509_NAME_add_entry_by_txt(name.get(), "CN", type,
                                             reinterpret_cast<const uint8_t*>(bytes.data()),
                                             static_cast<int>(bytes.size()), -1, 0));
      EXPECT_TRUE(X509_set_subject_name(certificate, name.get()));
    };
    const testing::TestCertificate leaf =
        testing::MakeSelfSigned(spec, testing::TestKey(testing::KeyKind::kP256));
    const std::string reference[] = {"mx.a.de"};
    EXPECT_EQ(MatchName(leaf.der(), reference), NameMatch::kCn) << type;
  }
}

}  // namespace
}  // namespace mxsweep::tls
