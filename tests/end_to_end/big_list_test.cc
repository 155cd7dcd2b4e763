// A list of a million lines: what it costs in memory, and that every line is accounted for.

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"

namespace mxsweep::end_to_end {
namespace {

// What an epoch holds at its end, and the allocator's leftovers.
constexpr uint64_t kComesAndGoesBytes = 8u << 20;

struct ListCounts {
  uint64_t lines = 0;
  uint64_t names = 0;  // distinct
  uint64_t repeated = 0;
  uint64_t junk = 0;
  uint64_t first_junk_line = 0;
};

// Of ten lines seven are new names, two are repeated, one is junk. The lab has none of the names.
ListCounts WriteList(const std::string& path, uint64_t lines) {
  ListCounts counts;
  std::ofstream out(path);
  for (uint64_t i = 0; i < lines; ++i) {
    ++counts.lines;
    switch (i % 10) {
      case 4:
      case 8:
        out << "N" << (i - 3) << ".Absent-Names.LAB.\n";
        ++counts.repeated;
        break;
      case 9:
        out << "junk line " << i << "\n";
        if (counts.junk++ == 0) counts.first_junk_line = counts.lines;
        break;
      default:
        out << "n" << i << ".absent-names.lab\n";
        ++counts.names;
    }
  }
  return counts;
}

// Runs mxsweep; its greatest resident size in bytes.
uint64_t PeakBytesOf(const Arguments& arguments) {
  const RunningMxsweep::End end = RunningMxsweep(arguments).Wait();
  EXPECT_EQ(end.exit_code, 0);
  return static_cast<uint64_t>(end.peak_rss_kib) * 1024;
}

TEST(BigList, AMillionLinesCostNoMoreThanSixteenBytesANameAndAllAreAccountedFor) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is its own";
  TemporaryFolder folder;
  Lab lab(folder, {"--seed", "3", "--domains", "10", "--fixed", "none"});
  // The shorter list is long enough to fill every buffer that a scan has.
  const std::string list = folder.path("list");
  const ListCounts few = WriteList(list, 400'000);
  const uint64_t few_bytes = PeakBytesOf(lab.ScanArguments(list, {"-o", folder.path("few")}));
  const ListCounts many = WriteList(list, 1'400'000);
  const uint64_t many_bytes = PeakBytesOf(lab.ScanArguments(list, {"-o", folder.path("many")}));
  const double per_name = (static_cast<double>(many_bytes) - static_cast<double>(few_bytes)) /
                          static_cast<double>(many.names - few.names);
  std::printf("peak memory: %.1f MiB for %llu lines, %.1f MiB for %llu: %.1f bytes a name more\n",
              static_cast<double>(few_bytes) / 0x1p20, static_cast<unsigned long long>(few.lines),
              static_cast<double>(many_bytes) / 0x1p20, static_cast<unsigned long long>(many.lines),
              per_name);
  // Rows in waiting and the allocator's leftovers come and go with the machine's load; they do not
  // grow with the list. (NameSet's own bytes a name are bounded in its unit test.)
  EXPECT_LE(many_bytes, few_bytes + 16 * (many.names - few.names) + kComesAndGoesBytes);

  std::ifstream in(folder.path("many/scan.json"));
  const json counts = json::parse(in)["counts"];
  EXPECT_EQ(counts["input_lines"], many.lines);
  EXPECT_EQ(counts["duplicates"], many.repeated);
  EXPECT_EQ(counts["invalid"], many.junk);
  EXPECT_EQ(counts["domains"], many.names + many.junk);

  const CommandResult junk = interop::RunCommand(
      {"sh", "-c",
       std::string(MXSWEEP_PROGRAM) + " cat " + folder.path("many") +
           " --table domains --columns domain,input_line,mx_status | grep -m1 'junk line 9\"'"},
      {}, absl::Minutes(1));
  const json row = json::parse(junk.output, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(row.is_object()) << junk.output;
  EXPECT_EQ(row["mx_status"], "invalid_name");
  EXPECT_EQ(row["input_line"], many.first_junk_line);
}

}  // namespace
}  // namespace mxsweep::end_to_end
