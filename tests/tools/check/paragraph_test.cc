#include "tools/check/paragraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Printable, LeavesTextOfAnyLanguageAsItIs) {
  EXPECT_EQ(Printable("CN=mx.example.org"), "CN=mx.example.org");
  EXPECT_EQ(Printable("O=Bücher GmbH, 東京, 😀"), "O=Bücher GmbH, 東京, 😀");
}

TEST(Printable, LetsNothingThroughThatATerminalObeys) {
  EXPECT_EQ(Printable("a\033[2Jb\r\nc\td\x7f"), "a?[2Jb??c?d?");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI as one character
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "gro.elpmaxe"),
            "?gro.elpmaxe");  // from right to left
  EXPECT_EQ(Printable("a\xff"
                      "b\xc3"),
            "a?b?");
}

TEST(WrapText, BreaksAtBlanksOnly) {
  EXPECT_THAT(WrapText("one two three four", 9), ElementsAre("one two", "three", "four"));
  EXPECT_THAT(WrapText("a  b", 9), ElementsAre("a b"));
  EXPECT_THAT(WrapText("in longwordindeed it", 5), ElementsAre("in", "longwordindeed", "it"));
  EXPECT_THAT(WrapText("", 5), IsEmpty());
}

TEST(WrapText, CountsCharactersAndNotBytes) {
  EXPECT_THAT(WrapText("über über", 9), ElementsAre("über über"));
  EXPECT_EQ(PadTo("über", 6), "über  ");
  EXPECT_EQ(PadTo("longer", 3), "longer ");
}

}  // namespace
}  // namespace mxsweep::tools
