#include "scanner/targets/target_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace mxsweep::scanner {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

TEST(SplitCsv, SplitsAtCommasAndTrims) {
  EXPECT_THAT(SplitCsv("1,example.org"), Optional(ElementsAre("1", "example.org")));
  EXPECT_THAT(SplitCsv(" 1 ,\texample.org\r"), Optional(ElementsAre("1", "example.org")));
  EXPECT_THAT(SplitCsv("example.org"), Optional(ElementsAre("example.org")));
  EXPECT_THAT(SplitCsv("a,,b,"), Optional(ElementsAre("a", "", "b", "")));
  EXPECT_THAT(SplitCsv(""), Optional(ElementsAre("")));
}

TEST(SplitCsv, UnquotesFields) {
  EXPECT_THAT(SplitCsv(R"("1","example.org")"), Optional(ElementsAre("1", "example.org")));
  EXPECT_THAT(SplitCsv(R"("a,b" , "say ""hi""",c)"),
              Optional(ElementsAre("a,b", "say \"hi\"", "c")));
  EXPECT_THAT(SplitCsv(R"("",x)"), Optional(ElementsAre("", "x")));
}

TEST(SplitCsv, RefusesAnOpenQuote) {
  EXPECT_EQ(SplitCsv(R"(1,"example.org)"), std::nullopt);
  EXPECT_EQ(SplitCsv(R"("a"")"), std::nullopt);
}

TEST(SplitCsv, LooksAtALimitedNumberOfFields) {
  EXPECT_THAT(SplitCsv(std::string(10'000, ',')), Optional(SizeIs(kMaxCsvFields)));
}

TEST(StripLine, DropsBlanksAndComments) {
  EXPECT_EQ(StripLine("  example.org \r"), "example.org");
  EXPECT_EQ(StripLine("# all"), "");
  EXPECT_EQ(StripLine("example.org # mine"), "example.org");
  EXPECT_EQ(StripLine("example.org\t#mine"), "example.org");
  EXPECT_EQ(StripLine("exam#ple.org"), "exam#ple.org");
  EXPECT_EQ(StripLine(""), "");
}

TEST(TargetColumn, IsTheFirstThatIsNoInteger) {
  EXPECT_EQ(TargetColumn({"1", "example.org"}), 1u);
  EXPECT_EQ(TargetColumn({"1", "1", "example.org", "org"}), 2u);
  EXPECT_EQ(TargetColumn({"example.org", "1"}), 0u);
  EXPECT_EQ(TargetColumn({"1", "2"}), 1u);
  EXPECT_EQ(TargetColumn({"163.com", "x"}), 0u);
}

TEST(FindColumn, KnowsHeadingsInAnyCase) {
  const std::string_view names[] = {"domain", "host"};
  EXPECT_EQ(FindColumn({"GlobalRank", "Domain"}, names), 1u);
  EXPECT_EQ(FindColumn({"1", "example.org"}, names), std::nullopt);
  // By the rank of the heading, not by its place.
  EXPECT_EQ(FindColumn({"host", "x", "DOMAIN"}, names), 2u);
}

TEST(IndexShuffle, IsAPermutationOfAnySize) {
  for (uint64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 100, 255, 256, 257, 4095, 65'537}) {
    const IndexShuffle shuffle(size, 42);
    std::vector<bool> seen(size);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t index = shuffle.At(i);
      ASSERT_LT(index, size);
      ASSERT_FALSE(seen[index]) << size;
      seen[index] = true;
    }
  }
}

TEST(IndexShuffle, DependsOnTheSeed) {
  const IndexShuffle one(1000, 1), same(1000, 1), other(1000, 2);
  int equal = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(one.At(i), same.At(i));
    equal += one.At(i) == other.At(i);
  }
  EXPECT_LT(equal, 20);
}

TEST(IndexShuffle, SpreadsNeighboursApart) {
  const IndexShuffle shuffle(uint64_t{1} << 32, 9);
  // Of a hundred addresses in a row, no two fall into the same /16.
  std::set<uint64_t> networks;
  for (uint64_t i = 0; i < 100; ++i) networks.insert(shuffle.At(i) >> 16);
  EXPECT_GE(networks.size(), 97u);
}

}  // namespace
}  // namespace mxsweep::scanner
