#include "scanner/base/number_set.h"

#include <random>
#include <set>

#include "gtest/gtest.h"

namespace mxsweep {
namespace {

TEST(NumberSet, HoldsWhatASetHolds) {
  std::mt19937 random(3);
  NumberSet numbers;
  std::set<uint64_t> expected;
  for (int i = 0; i < 300; ++i) {
    const uint64_t first = random() % 5'000;
    const uint64_t count = random() % 200;
    numbers.AddRun(first, count);
    for (uint64_t k = 0; k < count; ++k) expected.insert(first + k);
    ASSERT_EQ(numbers.size(), expected.size());
  }
  for (uint64_t i = 0; i < 6'000; ++i) EXPECT_EQ(numbers.Contains(i), expected.contains(i)) << i;
}

}  // namespace
}  // namespace mxsweep
