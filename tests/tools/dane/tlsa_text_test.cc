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
