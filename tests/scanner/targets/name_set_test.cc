#include "scanner/targets/name_set.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace mxsweep::scanner {
namespace {

// What a set takes whatever its size; said in the header.
constexpr size_t kFixedBytes = 24 * 1024;

TEST(NameSet, SaysWhetherANameIsNew) {
  NameSet set;
  EXPECT_TRUE(set.Insert("example.org"));
  EXPECT_FALSE(set.Insert("example.org"));
  EXPECT_TRUE(set.Insert("example.net"));
  EXPECT_TRUE(set.Insert(""));
  EXPECT_FALSE(set.Insert(""));
  EXPECT_EQ(set.size(), 3u);
}

TEST(NameSet, ContainsWhatWasInserted) {
  NameSet set;
  EXPECT_FALSE(set.Contains("example.org"));
  set.Insert("example.org");
  EXPECT_TRUE(set.Contains("example.org"));
  EXPECT_FALSE(set.Contains("example.net"));
  EXPECT_EQ(set.size(), 1u);
}

TEST(NameSet, RemembersEveryNameAcrossGrowth) {
  NameSet set(NameSet::Key{1, 2});
  for (int i = 0; i < 200'000; ++i) ASSERT_TRUE(set.Insert("d" + std::to_string(i) + ".example"));
  for (int i = 0; i < 200'000; ++i) ASSERT_FALSE(set.Insert("d" + std::to_string(i) + ".example"));
  EXPECT_EQ(set.size(), 200'000u);
}

TEST(NameSet, DependsOnItsKeyOnly) {
  NameSet one(NameSet::Key{1, 2});
  NameSet same(NameSet::Key{1, 2});
  for (int i = 0; i < 1000; ++i) {
    one.Insert(std::to_string(i));
    same.Insert(std::to_string(i));
  }
  EXPECT_EQ(one.allocated_bytes(), same.allocated_bytes());
}

TEST(NameSet, TakesAtMostSixteenBytesANameAtAnySizeWhileGrowing) {
  NameSet set;
  double worst_bytes_per_name = 0;
  for (size_t count = 1; count <= 3'000'000; ++count) {
    set.Insert(std::to_string(count));
    ASSERT_LE(sizeof(set) + set.peak_allocated_bytes(), kFixedBytes + 16 * count) << count;
    if (count >= 1'000'000) {
      worst_bytes_per_name =
          std::max(worst_bytes_per_name,
                   static_cast<double>(set.peak_allocated_bytes()) / static_cast<double>(count));
    }
  }
  RecordProperty("worst_bytes_per_name", std::to_string(worst_bytes_per_name));
  std::printf("bytes a name: %.2f at 3 M, %.2f at worst from 1 M to 3 M\n",
              static_cast<double>(set.allocated_bytes()) / 3e6, worst_bytes_per_name);
  EXPECT_LT(worst_bytes_per_name, 12.0);
}

}  // namespace
}  // namespace mxsweep::scanner
