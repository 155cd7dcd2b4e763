#include "dns/name.h"

#include <gtest/gtest.h>

#include <string>

#include "dns/public_suffix.h"

namespace mxsweep::dns {
namespace {

std::string Normalized(std::string_view text) {
  const auto name = NormalizeDomain(text);
  return name.ok() ? *name : "refused: " + std::string(name.status().message());
}

TEST(NormalizeDomain, LowersCaseAndDropsTrailingDotAndWhiteSpace) {
  EXPECT_EQ(Normalized("example.org"), "example.org");
  EXPECT_EQ(Normalized(" \tEXAMPLE.Org.\r\n"), "example.org");
  EXPECT_EQ(Normalized("a-b.1a.example"), "a-b.1a.example");
}

TEST(NormalizeDomain, TurnsUnicodeIntoALabels) {
  EXPECT_EQ(Normalized("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(Normalized("BÜCHER.Example"), "xn--bcher-kva.example");
  // Decomposed: u and a combining diaeresis.
  EXPECT_EQ(Normalized("bu\xCC\x88"
                       "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(Normalized("例え.テスト"), "xn--r8jz45g.xn--zckzah");
  // The ideographic full stop separates labels (UTS #46 §2.3).
  EXPECT_EQ(Normalized("例え。テスト"), "xn--r8jz45g.xn--zckzah");
}

TEST(NormalizeDomain, MapsNonTransitionally) {
  // Transitional processing would make "strasse" of it (UTS #46 §2.2).
  EXPECT_EQ(Normalized("straße.example"), "xn--strae-oqa.example");
}

TEST(NormalizeDomain, TakesALabelsAsTheyAre) {
  EXPECT_EQ(Normalized("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
}

TEST(NormalizeDomain, LetsUnderscoresThrough) {
  EXPECT_EQ(Normalized("my_shop.example"), "my_shop.example");
}

TEST(NormalizeDomain, SaysPreciselyWhatIsWrong) {
  const std::string label64(64, 'a');
  const std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                std::string(63, 'c') + "." + std::string(62, 'd');
  struct {
    std::string text;
    std::string reason;
  } cases[] = {
      {"", "empty"},
      {"  ", "empty"},
      {".", "the root is not a domain"},
      {"a..example", "empty label"},
      {".example.org", "empty label"},
      {"example.org..", "empty label"},
      {label64 + ".example", "label longer than 63 characters"},
      {long_name, "longer than 253 characters"},
      {std::string(5000, 'a'), "longer than 253 characters"},
      {"exa mple.org", "white space in the name"},
      {"exa*mple.org", "bad character '*'"},
      {"example.org,1", "bad character ','"},
      {"example.org/path", "bad character '/'"},
      {"example.org:25", "bad character ':'"},
      {std::string("exa\x01mple.org"), "bad byte 0x01"},
      {std::string("exa\0mple.org", 12), "bad byte 0x00"},
      {"-example.org", "label begins or ends with a hyphen"},
      {"example-.org", "label begins or ends with a hyphen"},
      {"https://example.org/", "a URL, not a domain"},
      {"postmaster@example.org", "an e-mail address, not a domain"},
      {"192.0.2.1", "an IP address, not a domain"},
      {"[192.0.2.1]", "an IP address, not a domain"},
      {"2001:db8::1", "an IP address, not a domain"},
      {"[2001:db8::1]", "an IP address, not a domain"},
      {"1.2.3", "an IP address or number, not a domain"},
      {"300.300.300.300", "an IP address or number, not a domain"},
      {"42", "an IP address or number, not a domain"},
      {"localhost", "a single label, not a domain"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_EQ(Normalized(text), "refused: " + reason) << "'" << text.substr(0, 40) << "'";
  }
}

TEST(NormalizeDomain, RefusesBytesThatAreNotUtf8) {
  EXPECT_FALSE(NormalizeDomain("ex\xFF"
                               "ample.org")
                   .ok());
  EXPECT_FALSE(NormalizeDomain("\xC3.example").ok());
}

TEST(NormalizeDomain, RefusesUnicodeThatHasNoALabel) {
  EXPECT_FALSE(NormalizeDomain("ex\xE2\x80\xAE"
                               "ample.org")
                   .ok());  // A bidirectional override.
  EXPECT_FALSE(NormalizeDomain("ü" + std::string(70, 'a') + ".example").ok());
  // Full-width characters are mapped first, so that they cannot smuggle an address in.
  EXPECT_FALSE(NormalizeDomain("１９２.０.２.１").ok());
}

TEST(NormalizeDomain, AcceptsTheLongestNameAndLabel) {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'd');
  ASSERT_EQ(longest.size(), kMaxNameLength);
  EXPECT_EQ(Normalized(longest), longest);
  EXPECT_EQ(Normalized(longest + "."), longest);
}

TEST(NormalizeDomain, AllowsSingleLabelsWhereAsked) {
  const auto name = NormalizeDomain("AI", {.allow_single_label = true});
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(*name, "ai");
}

// RFC 5321 §5.1: what stands in an MX record need not be a host name.
TEST(ClassifyMxHost, TellsHostNamesFromWhatIsNone) {
  EXPECT_EQ(ClassifyMxHost("mx.example.org"), MxHostKind::kValid);
  EXPECT_EQ(ClassifyMxHost("mx_1.example.org"), MxHostKind::kUnderscore);
  EXPECT_EQ(ClassifyMxHost("192.0.2.1"), MxHostKind::kIpLiteral);
  EXPECT_EQ(ClassifyMxHost("[192.0.2.1]"), MxHostKind::kIpLiteral);
  EXPECT_EQ(ClassifyMxHost("2001:db8::1"), MxHostKind::kIpLiteral);
  EXPECT_EQ(ClassifyMxHost("localhost"), MxHostKind::kSingleLabel);
  EXPECT_EQ(ClassifyMxHost("."), MxHostKind::kRoot);
  EXPECT_EQ(ClassifyMxHost(""), MxHostKind::kNotAHostName);
  EXPECT_EQ(ClassifyMxHost("*.example.org"), MxHostKind::kNotAHostName);
  EXPECT_EQ(ClassifyMxHost("mx\\032host.example.org"), MxHostKind::kBlank);
  EXPECT_EQ(ClassifyMxHost("mx.example.org\\032"), MxHostKind::kBlank);
  EXPECT_EQ(ClassifyMxHost("mx.example.org\\009"), MxHostKind::kBlank);
  EXPECT_EQ(ClassifyMxHost("mx.example.org\\010"), MxHostKind::kNotAHostName);
  EXPECT_EQ(ClassifyMxHost("-mx.example.org"), MxHostKind::kNotAHostName);
  EXPECT_EQ(ClassifyMxHost("1.2.3"), MxHostKind::kNotAHostName);
}

TEST(MxHostProblem, SaysWhatIsWrongWithAName) {
  const std::pair<const char*, const char*> cases[] = {
      {"mx.example.org", ""},
      {"mx_1.example.org", "an underscore, which no host name has"},
      {"192.0.2.1", "an IP address, not a host name"},
      {"localhost", "a single label"},
      {".", "the host of a null MX, which must stand alone"},
      {"mx.example.org\\032", "a blank at the end of the name"},
      {"mx.example.org\\009", "a blank at the end of the name"},
      {"\\032mx.example.org", "a blank at the beginning of the name"},
      {"10\\032mx.example.org", "a blank in the name"},
      {"mx.example.org\\010", "bad byte 0x0a"},
      {"mx.example.org:25", "bad character ':'"},
      {"https:\\/\\/mx.example.org", "bad character ':'"},
      {"postmaster\\@example.org", "bad character '@'"},
      {"m\\195\\164il.example.org", "bad byte 0xc3"},
      {"a\\.b.example.org", "a dot within a label"},
      {"-mx.example.org", "label begins or ends with a hyphen"},
      {"1.2.3", "the last label is a number"},
      {"", "empty label"},
  };
  for (const auto& [name, problem] : cases) EXPECT_EQ(MxHostProblem(name), problem) << name;
}

TEST(NameBeforeOrigin, KnowsWhereTheFinalDotWasForgotten) {
  EXPECT_EQ(NameBeforeDoubledOrigin("mx.c.example.c.example", "c.example"), "mx.c.example");
  EXPECT_EQ(NameBeforeDoubledOrigin("c.example.c.example", "c.example"), "c.example");
  // The zone may be a parent of the domain.
  EXPECT_EQ(NameBeforeDoubledOrigin("mx.sub.c.example.c.example", "sub.c.example"),
            "mx.sub.c.example");
  for (const char* host : {"mx.c.example", "c.example", "mx.xc.example.c.example",
                           "mx.net.c.example", "mx.c.example.other.example", "", "."}) {
    EXPECT_EQ(NameBeforeDoubledOrigin(host, "c.example"), "") << host;
  }
  // Somebody else's name, and what is no name at all.
  EXPECT_EQ(NameBeforeOrigin("mx.provider.com.c.example", "c.example"), "mx.provider.com");
  EXPECT_EQ(NameBeforeOrigin("mx.provider.co.uk.c.example", "a.c.example"), "mx.provider.co.uk");
  EXPECT_EQ(NameBeforeOrigin("192.0.2.1.c.example", "c.example"), "192.0.2.1");
  EXPECT_EQ(NameBeforeOrigin("mx.c.example.c.example", "c.example"), "mx.c.example");
  for (const char* host :
       {"mx.c.example", "com.c.example", "mx.mail.internal.c.example", "mx.provider.com", ""}) {
    EXPECT_EQ(NameBeforeOrigin(host, "c.example"), "") << host;
  }
}

TEST(RegistrableDomain, IsThePublicSuffixAndOneLabelMore) {
  EXPECT_EQ(RegistrableDomain("aspmx.l.google.com"), "google.com");
  EXPECT_EQ(RegistrableDomain("google.com"), "google.com");
  EXPECT_EQ(RegistrableDomain("mx1.mail.example.co.uk"), "example.co.uk");
  EXPECT_EQ(RegistrableDomain("mx_1.example.co.uk"), "example.co.uk");
}

TEST(RegistrableDomain, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(RegistrableDomain("co.uk"), "");
  EXPECT_EQ(RegistrableDomain("com"), "");
  EXPECT_EQ(RegistrableDomain("192.0.2.1"), "");
  EXPECT_EQ(RegistrableDomain("."), "");
  EXPECT_EQ(RegistrableDomain(""), "");
}

}  // namespace
}  // namespace mxsweep::dns
