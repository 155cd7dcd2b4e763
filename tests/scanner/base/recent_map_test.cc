#include "scanner/base/recent_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/hash/hash.h"

namespace mxsweep::tls {
namespace {

using Map = RecentMap<int, std::string, absl::Hash<int>>;

TEST(RecentMap, HasTheLastOfAGenerationAndNoMoreThanTwo) {
  Map map(100);
  for (int i = 0; i < 1000; ++i) {
    map.Keep(i, std::to_string(i));
    for (int last = std::max(0, i - 50); last <= i; ++last) {
      ASSERT_NE(map.Find(last), nullptr);
      EXPECT_EQ(*map.Find(last), std::to_string(last));
    }
  }
  int known = 0;
  for (int i = 999; i >= 0; --i) known += map.Find(i) != nullptr;
  EXPECT_GE(known, 100);
  EXPECT_LE(known, 200);
}

TEST(RecentMap, KeepsWhatIsAskedForAgainAndAgain) {
  Map map(2);
  map.Keep(-1, "often");
  for (int i = 0; i < 100; ++i) {
    map.Keep(i, "once");
    ASSERT_NE(map.Find(-1), nullptr) << i;
  }
  EXPECT_EQ(map.Find(0), nullptr);
}

TEST(RecentMap, TakesTheLastWordOfAKey) {
  Map map(2);
  map.Keep(1, "one");
  map.Keep(2, "two");
  map.Keep(1, "uno");
  EXPECT_EQ(*map.Find(1), "uno");
  map.Keep(3, "three");  // 1 and 2 are the older generation now
  map.Keep(1, "eins");
  EXPECT_EQ(*map.Find(1), "eins");
}

}  // namespace
}  // namespace mxsweep::tls
