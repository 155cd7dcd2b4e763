#include "scanner/base/sanitize.h"

#include <gtest/gtest.h>

#include <string>

namespace mxsweep {
namespace {

TEST(SanitizeText, ReplacesOverlongSurrogateAndTooLargeSequences) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(SanitizeText("\xC0\x80", 100), bad + bad);
  EXPECT_EQ(SanitizeText("\xED\xA0\x80", 100), bad + bad + bad);
  EXPECT_EQ(SanitizeText("\xF4\x90\x80\x80", 100), bad + bad + bad + bad);
  EXPECT_EQ(SanitizeText("\xC2\x85", 100), "?");  // C1: next line
  EXPECT_EQ(SanitizeText("\xF0\x9F\x93\xA7", 100), "\xF0\x9F\x93\xA7");
  EXPECT_EQ(SanitizeText("\xE2\x82", 100), bad + bad);
}

}  // namespace
}  // namespace mxsweep
