#include "tools/dane/tlsa_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;

// RFC 6698 §2.2
TEST(TlsaText, IsThreeNumbersAndHexHoweverItIsWritten) {
  const dns::TlsaRecord expected = {3, 1, 1, {0xAB, 0xCD, 0xEF}};
  for (const char* text : {"3 1 1 abcdef", "  3\t1 1 ABCD EF \n", "3 1 1 ( ab cd\n ef )",
                           "3 1 1 (abcdef)", "_25._tcp.mx.example.org. 300 IN TLSA 3 1 1 abcdef",
                           "_25._tcp.mx TLSA 3 1 1 a bcde f", "tlsa 3 1 1 abcdef"}) {
    const auto record = ParseTlsaText(text);
    ASSERT_TRUE(record.ok()) << text << ": " << record.status();
    EXPECT_EQ(*record, expected) << text;
  }
  EXPECT_EQ(ParseTlsaText("255 0 7 00").value(), (dns::TlsaRecord{255, 0, 7, {0}}));
}

// RFC 1035 §5.1
TEST(TlsaText, MayHaveCommentsAndParentheses) {
  const dns::TlsaRecord expected = {3, 1, 1, {0xAB, 0xCD, 0xEF}};
  for (const char* text :
       {"_25._tcp.mx.example.org. IN TLSA 3 1 1 abcdef ; current key", "3 1 1 abcdef;of 2026",
        "_25._tcp.mx IN TLSA ( 3 1 1 ; usage, selector, matching type\n  abcd ; half of it\n  ef )",
        "; from the zone file\n3 1 1 abcdef"}) {
    const auto record = ParseTlsaText(text);
    ASSERT_TRUE(record.ok()) << text << ": " << record.status();
    EXPECT_EQ(*record, expected) << text;
  }
}

// RFC 3597 §5; the second is what `dig +unknownformat` prints.
TEST(TlsaText, MayBeInTheGenericForm) {
  const dns::TlsaRecord expected = {3, 1, 1, {0xAB, 0xCD, 0xEF}};
  for (const char* text :
       {"\\# 6 030101abcdef", "_25._tcp.mx.example. 3600 CLASS1 TYPE52 \\# 6 030101 ABCDEF",
        "_25._tcp.mx.example. IN TLSA \\# ( 6 030101 abcdef )", "type52 \\# 6 03 0101ABCDEF ; x"}) {
    const auto record = ParseTlsaText(text);
    ASSERT_TRUE(record.ok()) << text << ": " << record.status();
    EXPECT_EQ(*record, expected) << text;
  }
  EXPECT_EQ(ParseTlsaText("TYPE52 3 1 1 abcdef").value(), expected);
  const std::pair<const char*, const char*> wrong[] = {{"\\#", "number of bytes"},
                                                       {"\\# x 03", "number of bytes"},
                                                       {"\\# 7 030101abcdef", "7 bytes"},
                                                       {"\\# 3 030101", "no data"},
                                                       {"\\# 2 0301", "no data"}};
  for (const auto& [text, message] : wrong) {
    const auto record = ParseTlsaText(text);
    ASSERT_FALSE(record.ok()) << text;
    EXPECT_THAT(std::string(record.status().message()), HasSubstr(message)) << text;
  }
}

TEST(TlsaText, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "three numbers"},         {"3 1", "three numbers"},
      {"3 1 1", "no data"},          {"3 1 1 abc", "odd number"},
      {"3 1 1 xy", "not hex"},       {"256 1 1 ab", "usage \"256\""},
      {"3 -1 1 ab", "selector"},     {"3 1 one ab", "matching type \"one\""},
      {"mx.example. 3 1 1", "usage"}};
  for (const auto& [text, message] : cases) {
    const auto record = ParseTlsaText(text);
    ASSERT_FALSE(record.ok()) << text;
    EXPECT_THAT(std::string(record.status().message()), HasSubstr(message)) << text;
  }
  EXPECT_FALSE(ParseTlsaText("3 0 0 " + std::string(140'000, 'a')).ok());
}

}  // namespace
}  // namespace mxsweep::tools
