#include "scanner/fleet/sorted_rows.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "output/tables/tables.h"

namespace mxsweep::scanner {
namespace {

using output::MxHostRow;

class SortedRowsTest : public testing::Test {
 protected:
  SortedRowsTest() {
    std::string pattern = testing::TempDir() + "sorted_rows.XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~SortedRowsTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

std::string ByHost(const MxHostRow& row) { return row.host; }

// More than two levels of runs hold, so that some are merged three times: equal keys in the order
// in which they came.
TEST_F(SortedRowsTest, AnyNumberOfRowsComeInTheOrderOfTheirKeys) {
  constexpr uint64_t kRows = 60'000;
  constexpr uint64_t kHosts = 9'973;  // prime
  RowSorter<MxHostRow> sorter(folder_, ByHost, {.run_rows = 500, .most_runs = 4});
  for (uint64_t i = 0; i < kRows; ++i) {
    MxHostRow row;
    row.host = std::to_string(i * 7'919 % kHosts);
    row.elapsed_us = i;
    ASSERT_TRUE(sorter.Add(std::move(row)).ok());
  }
  ASSERT_TRUE(sorter.Finish().ok());
  std::string before;
  uint64_t before_us = 0;
  uint64_t count = 0;
  MxHostRow row;
  for (;;) {
    const absl::StatusOr<bool> has = sorter.Next(&row);
    ASSERT_TRUE(has.ok()) << has.status();
    if (!*has) break;
    ASSERT_LE(before, row.host);
    ASSERT_TRUE(row.host != before || before_us < row.elapsed_us);
    before = row.host;
    before_us = row.elapsed_us;
    ++count;
  }
  EXPECT_EQ(count, kRows);
}

TEST_F(SortedRowsTest, NothingIsLeftOfItsFiles) {
  {
    RowSorter<MxHostRow> sorter(folder_, ByHost);
    for (int i = 0; i < 60'000; ++i) {
      MxHostRow row;
      row.host = std::to_string(i);
      ASSERT_TRUE(sorter.Add(std::move(row)).ok());
    }
    EXPECT_FALSE(std::filesystem::is_empty(folder_));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(SortedRowsTest, OfNothingComesNothing) {
  RowSorter<MxHostRow> sorter(folder_, ByHost);
  ASSERT_TRUE(sorter.Finish().ok());
  MxHostRow row;
  EXPECT_FALSE(*sorter.Next(&row));
}

}  // namespace
}  // namespace mxsweep::scanner
