// docs/limits.md is what the sources say.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/lint/limits.h"

namespace mxsweep::lint {
namespace {

TEST(LimitsIn, FindsConstantsWithValueAndComment) {
  const auto limits = LimitsIn(
      "// Of one line,\n// without its end.\ninline constexpr size_t kMaxLineBytes = 4 * 1024;\n"
      "  static constexpr int kMostTries = 3;  // then we give up\n\n"
      "inline constexpr size_t kMaxLong =\n    12 +\n    3;\n"
      "constexpr std::chrono::milliseconds kMostPatience{10};\n"
      "constexpr int kLeast = 5;\nint kMaxVariable = 7;\n");
  ASSERT_EQ(limits.size(), 4u);
  EXPECT_EQ(limits[0].name, "kMaxLineBytes");
  EXPECT_EQ(limits[0].value, "4 * 1024");
  EXPECT_EQ(limits[0].comment, "Of one line, without its end.");
  EXPECT_EQ(limits[1].value, "3");
  EXPECT_EQ(limits[1].comment, "then we give up");
  EXPECT_EQ(limits[2].value, "12 + 3");
  EXPECT_EQ(limits[3].name, "kMostPatience");
  EXPECT_EQ(limits[3].value, "10");
}

// Tests run in the project's root.
TEST(LimitsLint, CommittedPageIsWhatTheSourcesSay) {
  std::ostringstream committed;
  committed << std::ifstream("docs/limits.md").rdbuf();
  EXPECT_EQ(committed.str(), LimitsPage()) << "run: limits_page > docs/limits.md";
}

}  // namespace
}  // namespace mxsweep::lint
