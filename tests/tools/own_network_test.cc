// tools/own-network: where tests have every port, whatever else the machine listens at.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/interop/child_process.h"

namespace mxsweep {
namespace {

using ::testing::HasSubstr;

constexpr char kOwnNetwork[] = MXSWEEP_OWN_NETWORK_PROGRAM;
constexpr int kExitCode = 7;

TEST(OwnNetwork, HasNobodyElsesListeners) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in any = {.sin_family = AF_INET};
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  const interop::CommandResult here = interop::RunCommand({"ss", "-Hltn"});
  ASSERT_THAT(here.output, HasSubstr("LISTEN"));
  const interop::CommandResult there =
      interop::RunCommand({"env", "-u", "MXSWEEP_OWN_NETWORK", kOwnNetwork, "sh", "-c",
                           "ss -Hltn && ip -o addr show lo && exit 7"});
  close(listener);
  EXPECT_EQ(there.exit_code, kExitCode) << "the command's own; " << there.output;
  if (there.output.find("the machine's ports are shared") != std::string::npos) {
    GTEST_SKIP() << "no namespaces here";
  }
  EXPECT_THAT(there.output, Not(HasSubstr("LISTEN")));
  EXPECT_THAT(there.output, HasSubstr("127.0.0.1/8"));
}

TEST(OwnNetwork, RunsTheCommandAllTheSameWhereThereIsNone) {
  // Without the programs that make one.
  const interop::CommandResult result = interop::RunCommand(
      {"env", "-i", "PATH=/nonexistent", "/bin/bash", kOwnNetwork, "/bin/echo", "ran"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("ran\n"));
  EXPECT_THAT(result.output, HasSubstr("the machine's ports are shared"));
}

}  // namespace
}  // namespace mxsweep
