// What the program prints, and what it says when it cannot. A full disk is /dev/full; GNU cat ends
// with 1 there, and so do we. A reader that goes away (head) is no error.
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

using testing::HasSubstr;

class OutputTest : public testing::Test {
 protected:
  // A scan of addresses that it does not ask.
  std::string Scan(int addresses) {
    const std::string list = folder_.path("addresses");
    std::ofstream out(list);
    for (int i = 0; i < addresses; ++i) out << "127.1." << i / 250 << "." << i % 250 << "\n";
    out.close();
    const std::string scan = folder_.path("scan");
    const CommandResult result =
        Mxsweep({"scan", list, "-o", scan, "--targets", "addresses", "--progress", "none"});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return scan;
  }

  // In a shell, where $MXSWEEP is the program.
  static CommandResult Shell(const std::string& command) {
    return interop::RunCommand({"bash", "-c", command},
                               {.environment = {std::string("MXSWEEP=") + MXSWEEP_PROGRAM}});
  }

  TemporaryFolder folder_;
};

TEST_F(OutputTest, AFullDiskIsSaidByEveryCommandThatPrints) {
  const std::string scan = Scan(300);
  const std::string chain = folder_.path("chain.pem");
  ASSERT_EQ(Shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
                  "/CN=mx.example -keyout /dev/null -out " +
                  chain)
                .exit_code,
            0);
  for (const std::string& command :
       {"cat " + scan + " --table endpoints", "cat " + scan + " --format csv --limit 1",
        std::string("--help"), std::string("--version"), std::string("scan --help"),
        "dane --chain " + chain + " --name mx.example --tlsa '3 0 0 00'",
        "dane --json --chain " + chain + " --name mx.example --tlsa '3 0 0 00'",
        // No resolver is there, and so the report has something to say.
        std::string("check example.org --resolver 127.0.0.1:9 --dns-timeout 200ms --json")}) {
    const CommandResult result = Shell("$MXSWEEP " + command + " > /dev/full");
    EXPECT_EQ(result.exit_code, 1) << command;
    if (command.starts_with("check")) continue;  // it fails before it prints
    EXPECT_THAT(result.output, HasSubstr("standard output: No space left on device")) << command;
  }
}

TEST_F(OutputTest, AFullDiskEndsAScanThatPrintsItsRows) {
  const CommandResult result = Shell(
      "seq 1 200 | sed 's/^/127.0.0./' | $MXSWEEP scan - --targets "
      "addresses --format ndjson --progress none > /dev/full");
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("No space left on device"));
}

TEST_F(OutputTest, AReaderThatWantsNoMoreIsNoError) {
  const std::string scan = Scan(2'000);
  for (const std::string& command : {"cat " + scan, std::string("--help")}) {
    // The pipe is closed before the first byte.
    const CommandResult closed =
        Shell("set -o pipefail; { sleep 0.5; $MXSWEEP " + command + "; } | true");
    EXPECT_EQ(closed.exit_code, 0) << command << closed.output;
    EXPECT_EQ(closed.output, "") << command;
  }
}

TEST_F(OutputTest, AClosedStandardOutputIsAnErrorAndNoFileIsWrittenInItsPlace) {
  const std::string scan = Scan(10);
  const CommandResult cat = Shell("$MXSWEEP cat " + scan + " >&-");
  EXPECT_EQ(cat.exit_code, 1);
  EXPECT_THAT(cat.output, HasSubstr("standard output"));
  // What is said on standard error must not end up in a part.
  const CommandResult quiet = Shell(
      "seq 1 50 | sed 's/^/127.0.0./' | $MXSWEEP scan - --targets "
      "addresses --progress plain -o " +
      folder_.path("quiet") + " 2>&- >&-");
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(Rows(folder_.path("quiet"), "endpoints").size(), 50u);
}

}  // namespace
}  // namespace mxsweep::end_to_end
