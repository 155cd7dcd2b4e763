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

// UAX #9: by marks and overrides of direction a name can look like another one.
TEST(SanitizeText, ReplacesWhatAPageObeys) {
  for (const char* obeyed :
       {"\x1b", "\x7f", "\u0080", "\u009b", "\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
        "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    EXPECT_EQ(SanitizeText(std::string("a") + obeyed + "b", 100), "a?b") << obeyed;
  }
  // Neighbours of theirs, letters that are written from right to left, and joined emoji.
  const std::string harmless =
      "\u00a0\u061b\u061d\u200b\u200d\u2010\u2027\u202f\u2065\u206a\u05d0\u0628\u20ac";
  EXPECT_EQ(SanitizeText(harmless, 100), harmless);
}

}  // namespace
}  // namespace mxsweep
