// A disk that fails in mid-scan, and then no longer does.
#include <cerrno>
#include <cstring>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/truth.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::HasSubstr;

struct Fault {
  const char* name;
  const char* call;
  int error;
  int after;  // calls
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class DiskTest : public testing::TestWithParam<Fault> {};

TEST_P(DiskTest, AScanStopsAtItsLastWholeEpochAndGoesOnFromThere) {
  // The library stands before the sanitizer's own, which will not have that.
  if (kSanitized) GTEST_SKIP() << "LD_PRELOAD does not go with a sanitizer";
  const Fault& fault = GetParam();
  TemporaryFolder folder;
  Lab lab(folder, {"--seed", "31", "--domains", "200", "--fixed", "none", "--delay-scale", "0.1",
                   "--max-handshakes", "10"});
  const std::string scan = folder.path("scan");
  Arguments command = {"env", std::string("LD_PRELOAD=") + FAILING_DISK_LIBRARY,
                       "MXSWEEP_DISK_FAILS=" + std::string(fault.call) + " " +
                           std::to_string(fault.error) + " " + std::to_string(fault.after) + " " +
                           scan,
                       MXSWEEP_PROGRAM};
  for (const std::string& argument : lab.ScanArguments(
           lab.state("domains.txt"),
           {"-o", scan, "--epoch", "1s", "--rate", "60", "--connect-timeout", "1s",
            "--greeting-timeout", "2s", "--command-timeout", "2s", "--handshake-timeout", "2s"})) {
    command.push_back(argument);
  }
  const CommandResult failed = interop::RunCommand(command, {}, absl::Minutes(3));
  EXPECT_EQ(failed.exit_code, 3) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr(std::strerror(fault.error)));
  EXPECT_THAT(failed.output, HasSubstr("Go on with: mxsweep scan --resume " + scan));
  // Whole, and not all of it.
  const size_t committed = Rows(scan, "domains").size();
  EXPECT_LT(committed, 200u);
  const CommandResult resumed = Mxsweep({"scan", "--resume", scan, "--progress", "none"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.output;
  ExpectTruth(scan, lab, {"attempts"});
}

INSTANTIATE_TEST_SUITE_P(Faults, DiskTest,
                         testing::Values(Fault{"FullDisk", "write", ENOSPC, 40},
                                         Fault{"Quota", "write", EDQUOT, 12},
                                         Fault{"NoSync", "fsync", EIO, 14},
                                         Fault{"ReadOnly", "open", EROFS, 12},
                                         Fault{"NoRename", "rename", EIO, 9}),
                         [](const auto& fault) { return fault.param.name; });

}  // namespace
}  // namespace mxsweep::end_to_end
