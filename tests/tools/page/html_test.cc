// Strangers' text within a page stays text.
#include "tools/page/html.h"

#include <gtest/gtest.h>

#include <string>

#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

TEST(EscapedTest, LeavesNothingThatAPageObeys) {
  EXPECT_EQ(Escaped("<script>alert('x')</script>"),
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
  EXPECT_EQ(Escaped("a\" onload=\"b&amp;"), "a&quot; onload=&quot;b&amp;amp;");
  EXPECT_EQ(Escaped(std::string("a\0b\x1b[31m\r\n", 9)), "a?b?[31m?");
  EXPECT_EQ(Escaped("\xff<"), "\xEF\xBF\xBD&lt;");
  EXPECT_EQ(Escaped("left \xE2\x80\xAEright"), "left ?right");  // RLO
  EXPECT_LE(Escaped(std::string(100'000, '<')).size(), 4 * 300u);
  EXPECT_EQ(Escaped("m\xC3\xBCnchen"), "m\xC3\xBCnchen");
}

TEST(ScriptJsonTest, CannotEndItsScript) {
  const nlohmann::json json = {{"</script><script>", "<!-- & \xE2\x80\xA8 \xff"}};
  const std::string text = ScriptJson(json);
  EXPECT_EQ(text.find('<'), text.npos);
  EXPECT_EQ(text.find('>'), text.npos);
  EXPECT_EQ(text.find('&'), text.npos);
  EXPECT_EQ(text.find('\xE2'), text.npos);
  const nlohmann::json back = nlohmann::json::parse(text);
  EXPECT_EQ(back.begin().key(), "</script><script>");
  EXPECT_EQ(back.begin().value(), "<!-- & \xE2\x80\xA8 \xEF\xBF\xBD");
}

// From the standard: CSP Level 3 §8.4 has the hash of this very script.
TEST(CspHashTest, IsThatOfTheStandardsExample) {
  EXPECT_EQ(CspHash("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
}

TEST(NumbersTest, AreForPeople) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'000), "1,000");
  EXPECT_EQ(Grouped(12'345'678), "12,345,678");
  EXPECT_EQ(ShareText(1, 3), "33.33 %");
  EXPECT_EQ(ShareText(0, 0), "-");
  EXPECT_EQ(ShareText(0, 5), "0.00 %");
  EXPECT_EQ(ShareText(5, 5), "100.00 %");
  EXPECT_EQ(ShareText(1, 1'000'000), "<0.01 %");
  EXPECT_EQ(ShareText(999'999, 1'000'000), ">99.99 %");
}

TEST(CsvCellTest, IsNoFormulaAndOneCell) {
  EXPECT_EQ(CsvCell("mx.example"), "mx.example");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("say \"x\""), "\"say \"\"x\"\"\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@x"}) {
    EXPECT_EQ(CsvCell(formula), std::string("'") + formula);
  }
  EXPECT_EQ(CsvCell("a\nb\tc"), "a?b?c");
}

}  // namespace
}  // namespace mxsweep::tools
