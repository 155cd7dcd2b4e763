#include "dns/mta_sts.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

StsRecord Read(const std::vector<std::string>& texts) { return ReadStsRecords(texts); }

StsPolicy Policy(std::string_view body) {
  absl::StatusOr<StsPolicy> policy = ParseStsPolicy(body);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.value_or(StsPolicy{});
}

std::string PolicyError(std::string_view body) {
  const absl::StatusOr<StsPolicy> policy = ParseStsPolicy(body);
  EXPECT_FALSE(policy.ok()) << body;
  return std::string(policy.status().message());
}

// RFC 8461 §3.1
TEST(StsRecordReader, TakesTheRecordOfTheStandard) {
  for (const char* text : {"v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z",
                           "v=STSv1; \t id=20160831085700Z ; "}) {
    const StsRecord record = Read({text});
    EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << text << ": " << record.detail;
    EXPECT_EQ(record.id, "20160831085700Z");
    EXPECT_THAT(record.detail, IsEmpty());
  }
}

// RFC 8461 §3.1: records that do not begin with "v=STSv1;" are discarded.
TEST(StsRecordReader, DiscardsWhatIsNoStsRecord) {
  const StsRecord record =
      Read({"v=spf1 -all", "V=STSV1; id=1", "v=STSv2; id=2", "v=STSv1; id=3", "v=STSv1"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_EQ(record.id, "3");
  for (const std::vector<std::string>& texts :
       std::vector<std::vector<std::string>>{{},
                                             {"v=spf1 -all"},
                                             {"v=spf1 -all", "google-site-verification=abc"},
                                             {"v=DMARC1; p=none"},
                                             {""},
                                             {"v=spf1 include:stsv1.example -all"}}) {
    EXPECT_EQ(Read(texts).status, PolicyRecordStatus::kNone);
  }
}

// RFC 8461 §3.1: exactly one, or there is no policy.
TEST(StsRecordReader, RefusesTwoRecords) {
  const StsRecord record = Read({"v=STSv1; id=1", "v=STSv1; id=1"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kMultiple);
  EXPECT_THAT(record.id, IsEmpty());
  EXPECT_THAT(record.detail, HasSubstr("2 records"));
}

TEST(StsRecordReader, TellsWhoMeantToHaveOneFromWhoHasNone) {
  for (const char* text : {"v=STSv1", "v=STSv1 id=1;", "v=STSv1\n; id=1"}) {
    const StsRecord record = Read({text});
    EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid) << text;
    EXPECT_THAT(record.detail, HasSubstr("does not begin with \"v=STSv1;\"")) << text;
  }
}

// RFC 8461 §3.1: sts-field-delim is *WSP ";" *WSP, and records are discarded only where there are
// several.
TEST(StsRecordReader, LetsBlanksStandBeforeTheSemicolonOfALoneRecord) {
  for (const char* text : {"v=STSv1 ; id=1;", "v=STSv1\t \t;id=1", "v=STSv1 ;id=1 ;"}) {
    const StsRecord record = Read({text});
    EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << text << ": " << record.detail;
    EXPECT_EQ(record.id, "1");
  }
  EXPECT_EQ(Read({"v=STSv1 ; id=1", "v=STSv1; id=2"}).id, "2");
  EXPECT_EQ(Read({"v=STSv1 ; id=1", "v=spf1 -all"}).status, PolicyRecordStatus::kInvalid);
}

// A sender sees none of these; whoever asks what is wrong must see that something stands there.
TEST(StsRecordReader, ShowsARecordThatWasMeantAndIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"v=STSv1; id=1;\"", "quotation marks belong to the text of the record: \"\"v=STSv1; id=1"},
      {"'v=STSv1; id=1'", "quotation marks"},
      {" v=STSv1; id=1", "a blank before the record: \" v=STSv1; id=1\""},
      {"\xef\xbb\xbfv=STSv1; id=1", "a byte order mark before the record"},
      {"V=STSV1; id=1", "the version is written \"v=STSv1\": \"V=STSV1; id=1\""},
      {"v=STSv2; id=1", "does not begin with \"v=STSv1;\": \"v=STSv2; id=1\""},
      {"v=STS1; id=1", "does not begin with"},
      {"v = STSv1; id=1", "does not begin with"},
      {"v=MTA-STSv1; id=1", "does not begin with"},
      {"id=1; v=STSv1", "does not begin with"},
      {"STSv1; id=1", "does not begin with"},
      {"_mta-sts.example.org. IN TXT \"v=STSv1; id=1\"", "does not begin with"},
  };
  for (const auto& [text, detail] : cases) {
    for (const std::vector<std::string>& texts :
         {std::vector<std::string>{text}, std::vector<std::string>{"v=spf1 -all", text}}) {
      const StsRecord record = Read(texts);
      EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid) << text;
      EXPECT_THAT(record.detail, HasSubstr(detail));
      EXPECT_THAT(record.id, IsEmpty());
    }
  }
}

// RFC 8461 §3.1: sts-id is 1*32(ALPHA / DIGIT).
TEST(StsRecordReader, WantsAnIdOfOneTo32LettersAndDigits) {
  EXPECT_EQ(Read({"v=STSv1; id=" + std::string(32, 'a')}).status, PolicyRecordStatus::kValid);
  for (const std::string& id : {std::string(33, 'a'), std::string(), std::string("2024-01-01"),
                                std::string("a b"), std::string("\xc3\xa4")}) {
    EXPECT_EQ(Read({"v=STSv1; id=" + id + ";"}).status, PolicyRecordStatus::kInvalid) << id;
  }
  EXPECT_EQ(Read({"v=STSv1;"}).status, PolicyRecordStatus::kInvalid);
  EXPECT_EQ(Read({"v=STSv1; ID=1"}).status, PolicyRecordStatus::kInvalid);
}

// RFC 8461 §3.1: sts-extension.
TEST(StsRecordReader, PassesOverExtensionsThatFollowTheGrammar) {
  const StsRecord record = Read({"v=STSv1; x-y.z_1=a,b/c; id=7; more=1"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_EQ(record.id, "7");
  for (const char* text : {"v=STSv1; id=7; novalue", "v=STSv1; id=7; -a=1",
                           "v=STSv1; id=7; a=", "v=STSv1; id=7; a=b=c", "v=STSv1; id=7; a=b c",
                           "v=STSv1;; id=7", "v=STSv1; id=7 ", "v=STSv1; id=7; a=\x01"}) {
    EXPECT_EQ(Read({text}).status, PolicyRecordStatus::kInvalid) << text;
  }
}

TEST(StsRecordReader, TellsHostileBytesInPrintableWords) {
  const StsRecord record = Read({std::string("v=STSv1; id=\0\x1b[31m\xff", 20)});
  EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid);
  for (const char c : record.detail) EXPECT_TRUE(c >= ' ' && c < 0x7f);
}

// RFC 8461 §3.2
TEST(StsPolicyReader, TakesThePolicyOfTheStandard) {
  const StsPolicy policy = Policy(
      "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\n"
      "mx: backupmx.example.com\nmax_age: 604800\n");
  EXPECT_EQ(policy.mode, StsMode::kEnforce);
  EXPECT_EQ(policy.max_age_s, 604800u);
  EXPECT_THAT(policy.mx, ElementsAre("mail.example.com", "*.example.net", "backupmx.example.com"));
}

// RFC 8461 §3.2: sts-policy-term is LF or CRLF, and may be missing at the end.
TEST(StsPolicyReader, TakesBothLineEnds) {
  const StsPolicy expected{StsMode::kTesting, 60, {"mx.example.org"}};
  EXPECT_EQ(Policy("version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmax_age: 60\r\n"),
            expected);
  EXPECT_EQ(Policy("version:STSv1\nmode:testing \t\r\n\r\nmx:mx.example.org\nmax_age:\t60"),
            expected);
}

// RFC 8461 §3.2
TEST(StsPolicyReader, IgnoresUnknownKeys) {
  const StsPolicy policy = Policy(
      "version: STSv1\ncomment: anything: even = this; \xc3\xa4\nmode: enforce\nmx: a.example\n"
      "max_age: 1\nX-new.key_2:\n");
  EXPECT_THAT(policy.mx, ElementsAre("a.example"));
}

// RFC 8461 §3.2: all but "mx" count once, and the first one does.
TEST(StsPolicyReader, LetsTheFirstOfTwoCount) {
  const StsPolicy policy = Policy(
      "version: STSv1\nversion: STSv9\nmode: testing\nmode: nonsense\nmax_age: 5\nmax_age: -1\n"
      "mx: a.example\nmx: b.example\n");
  EXPECT_EQ(policy, (StsPolicy{StsMode::kTesting, 5, {"a.example", "b.example"}}));
}

TEST(StsPolicyReader, WantsVersionModeAndMaxAge) {
  EXPECT_THAT(PolicyError("mode: none\nmax_age: 1\n"), HasSubstr("no \"version\""));
  EXPECT_THAT(PolicyError("version: STSv1\nmax_age: 1\n"), HasSubstr("no \"mode\""));
  EXPECT_THAT(PolicyError("version: STSv1\nmode: none\n"), HasSubstr("no \"max_age\""));
  EXPECT_THAT(PolicyError(""), HasSubstr("no \"version\""));
}

TEST(StsPolicyReader, RefusesOtherVersionsAndModes) {
  EXPECT_THAT(PolicyError("version: STSv2\n"), HasSubstr("line 1: the version"));
  EXPECT_THAT(PolicyError("version: stsv1\n"), HasSubstr("line 1: the version"));
  EXPECT_THAT(PolicyError("version: STSv1\nmode: Enforce\n"), HasSubstr("line 2: no such mode"));
}

// RFC 8461 §3.2: at most 31557600 seconds.
TEST(StsPolicyReader, KeepsMaxAgeInItsBounds) {
  const std::string head = "version: STSv1\nmode: none\nmax_age: ";
  EXPECT_EQ(Policy(head + "31557600").max_age_s, 31'557'600u);
  EXPECT_EQ(Policy(head + "0").max_age_s, 0u);
  for (const char* age :
       {"31557601", "99999999999999999999", "-1", "1e3", "", "1.5", "+5", "00000000001"}) {
    EXPECT_THAT(PolicyError(head + age), HasSubstr("line 3: max_age")) << age;
  }
}

// RFC 8461 §3.2: at least one "mx", unless the mode is none.
TEST(StsPolicyReader, WantsAnMxUnlessTheModeIsNone) {
  EXPECT_THAT(PolicyError("version: STSv1\nmode: enforce\nmax_age: 1\n"), HasSubstr("no \"mx\""));
  EXPECT_THAT(PolicyError("version: STSv1\nmode: testing\nmax_age: 1\n"), HasSubstr("no \"mx\""));
  EXPECT_THAT(Policy("version: STSv1\nmode: none\nmax_age: 1\n").mx, IsEmpty());
}

// A policy of which a key is misspelt says which line that may be.
TEST(StsPolicyReader, NamesTheKeyThatMayHaveBeenMeant) {
  EXPECT_EQ(PolicyError("version: STSv1\nmode: enforce\nnmx: mx.example.org\nmax_age: 1\n"),
            "no \"mx\", and the mode is enforce; line 3 has \"nmx\"");
  EXPECT_EQ(PolicyError("version: STSv1\nMode: enforce\nmx: mx.example.org\nmax_age: 1\n"),
            "no \"mode\"; line 2 has \"Mode\"");
  EXPECT_EQ(PolicyError("version: STSv1\nmode: none\nmaxage: 1\n"),
            "no \"max_age\"; line 3 has \"maxage\"");
  EXPECT_EQ(PolicyError("version: STSv1\nmode: none\nage: 1\nmax-ages: 1\n"), "no \"max_age\"");
  // Unknown keys beside all known ones are none of ours.
  EXPECT_THAT(Policy("version: STSv1\nmode: enforce\nmx: a.example\nmxs: b\nmax_age: 1\n").mx,
              ElementsAre("a.example"));
}

TEST(StsPolicyReader, RefusesPatternsThatAreNone) {
  for (const char* mx :
       {"", "*", "*.", "*example.org", "mx.*.example.org", "a..example", "mx.example.org.",
        "two words", "-a.example", "a-.example", "b\xc3\xbc.example", ".example"}) {
    EXPECT_THAT(PolicyError("version: STSv1\nmode: enforce\nmax_age: 1\nmx: " + std::string(mx)),
                HasSubstr("line 4: not a host name"))
        << mx;
  }
  EXPECT_THAT(Policy("version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.EXAMPLE.org\n").mx,
              ElementsAre("*.example.org"));
}

// RFC 8461 §3.2 has Domain of RFC 5321 §4.1.2: an address has its form, a name with an underscore
// has not.
TEST(StsPolicyReader, TakesPatternsByTheGrammar) {
  const std::string head = "version: STSv1\nmode: enforce\nmax_age: 1\nmx: ";
  const StsPolicy address = Policy(head + "192.0.2.1\nmx: mx.example.org\n");
  EXPECT_THAT(address.mx, ElementsAre("192.0.2.1", "mx.example.org"));
  EXPECT_EQ(address.remark, "line 4: an address fits no MX host: \"192.0.2.1\"");
  EXPECT_THAT(Policy(head + "mx.example.org").remark, IsEmpty());
  for (const char* mx : {"mx_1.example.org", "*._tcp.example.org"}) {
    EXPECT_THAT(PolicyError(head + mx), HasSubstr("line 4: not a host name")) << mx;
    EXPECT_THAT(PolicyError(head + mx), HasSubstr("underscore")) << mx;
  }
  EXPECT_THAT(PolicyError(head + "2001:db8::1"), HasSubstr("line 4: not a host name"));
  EXPECT_THAT(PolicyError(head + std::string(64, 'a')), HasSubstr("line 4: not a host name"));
}

TEST(StsPolicyReader, SaysThatAByteOrderMarkIsInTheWay) {
  EXPECT_THAT(PolicyError("\xef\xbb\xbfversion: STSv1\nmode: none\nmax_age: 1\n"),
              HasSubstr("line 1: a byte order mark"));
}

TEST(StsPolicyReader, RefusesWhatIsNoPolicyAtAll) {
  EXPECT_THAT(PolicyError("<!DOCTYPE html>\n<html>"), HasSubstr("line 1: not \"key: value\""));
  EXPECT_THAT(PolicyError("version: STSv1\n\nmode enforce\n"), HasSubstr("line 3"));
  EXPECT_THAT(PolicyError(std::string(1000, '\0')), HasSubstr("line 1"));
  EXPECT_THAT(PolicyError("version: STSv1\rmode: none\rmax_age: 1"), HasSubstr("line 1"));
}

// RFC 8461 §3.3
TEST(StsPolicyReader, ReadsAtMost64KiB) {
  std::string body = "version: STSv1\nmode: none\nmax_age: 1\npadding: ";
  body.resize(kMaxStsPolicyBytes, 'x');
  EXPECT_EQ(Policy(body).mode, StsMode::kNone);
  EXPECT_THAT(PolicyError(body + "x"), HasSubstr("over 65536 bytes"));
}

// RFC 8461 §4.1
TEST(StsPattern, FitsExactlyWithoutRegardToCase) {
  EXPECT_TRUE(StsPatternMatches("mail.example.com", "mail.example.com"));
  EXPECT_TRUE(StsPatternMatches("mail.example.com", "MAIL.Example.COM"));
  EXPECT_TRUE(StsPatternMatches("mail.example.com", "mail.example.com."));
  EXPECT_FALSE(StsPatternMatches("mail.example.com", "mail.example.org"));
  EXPECT_FALSE(StsPatternMatches("mail.example.com", "a.mail.example.com"));
  EXPECT_FALSE(StsPatternMatches("example.com", "mail.example.com"));
}

// RFC 8461 §4.1: "*." stands for one left-most label.
TEST(StsPattern, LetsAStarStandForExactlyOneLabel) {
  EXPECT_TRUE(StsPatternMatches("*.example.com", "mail.example.com"));
  EXPECT_FALSE(StsPatternMatches("*.example.com", "a.mail.example.com"));
  EXPECT_FALSE(StsPatternMatches("*.example.com", "example.com"));
  EXPECT_FALSE(StsPatternMatches("*.example.com", ".example.com"));
  EXPECT_FALSE(StsPatternMatches("*.example.com", "mail.example.org"));
}

TEST(StsPattern, FitsNoRoot) {
  for (const char* host : {"", ".", "*"}) {
    EXPECT_FALSE(StsPatternMatches("*.example.com", host)) << host;
    EXPECT_FALSE(StsPatternMatches("mail.example.com", host)) << host;
  }
}

TEST(StsPattern, AllowsAHostThatAnyPatternFits) {
  const StsPolicy policy{StsMode::kEnforce, 1, {"mx.example.org", "*.example.net"}};
  EXPECT_TRUE(StsPolicyAllows(policy, "mx.example.org"));
  EXPECT_TRUE(StsPolicyAllows(policy, "any.example.net"));
  EXPECT_FALSE(StsPolicyAllows(policy, "mx2.example.org"));
}

}  // namespace
}  // namespace mxsweep::dns
