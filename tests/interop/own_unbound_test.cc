// `mxsweep scan --resolver unbound` as a user runs it: an Unbound of our own over the signed, the
// unsigned and the broken zones.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/isolation.h"

namespace mxsweep::interop {
namespace {

using testing::HasSubstr;

// A name server that hears, and never says a word.
constexpr char kSilentAddress[] = "127.25.53.99";

// Process ids of Unbounds that are mxsweep's: they read their configuration from a pipe.
std::vector<pid_t> OwnUnbounds() {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto command = ReadFile(entry.path() / "cmdline");
    if (!command.ok() || !absl::StrContains(*command, "unbound")) continue;
    if (absl::StrContains(*command, "/dev/stdin")) found.push_back(std::stoi(name));
  }
  return found;
}

bool AwaitOwnUnbounds(size_t count, absl::Duration timeout) {
  for (const absl::Time end = absl::Now() + timeout; absl::Now() < end;) {
    if (OwnUnbounds().size() == count) return true;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return OwnUnbounds().size() == count;
}

class OwnUnboundTest : public InteropTest {
 protected:
  void SetUp() override {
    folder_ = absl::StrCat(kScratchFolder, "/own-unbound-", getpid(), "-",
                           testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(OwnUnbounds().empty());
  }
  void TearDown() override {
    EXPECT_TRUE(AwaitOwnUnbounds(0, absl::Seconds(5)));
    std::filesystem::remove_all(folder_);
  }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(WriteFile(path, content).ok());
    return path;
  }

  // What leads our Unbound into the tree of the test.
  static std::string PrivateTree(const std::string& more = "") {
    const std::string names = absl::StrCat(kScratchFolder, "/interop/names/");
    return absl::StrCat(
        "server:\n  do-not-query-localhost: no\n"
        "  root-hints: \"",
        names, "root.hints\"\n  trust-anchor-file: \"", names, "root.anchor\"\n", more);
  }

  Arguments ScanArguments(const std::vector<std::string>& domains, const std::string& include,
                          const Arguments& more = {}) {
    std::string list;
    for (const std::string& domain : domains) absl::StrAppend(&list, domain, "\n");
    Arguments arguments = {MXSWEEP_PROGRAM, "scan", Write("domains.txt", list), "-o", scan()};
    const Arguments rest = {"--resolver",
                            "unbound",
                            "--unbound-config-include",
                            Write("tree.conf", include),
                            "--trust-store",
                            network().TargetOf(network().hosts().front().name).trust_store,
                            "--allow-special",
                            "--ehlo-name",
                            "scanner.test",
                            "--per-address-interval",
                            "0ms",
                            "--retries",
                            "0"};
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::string scan() const { return folder_ + "/scan"; }

  Row ScanJson() const {
    const auto text = ReadFile(scan() + "/scan.json");
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? Row::parse(*text, nullptr, /*allow_exceptions=*/false) : Row();
  }

  std::vector<Row> Rows(const std::string& table) const {
    const auto text = RunSuccessfully({MXSWEEP_PROGRAM, "cat", scan(), "--table", table});
    EXPECT_TRUE(text.ok()) << text.status();
    std::vector<Row> rows;
    std::istringstream lines(text.value_or(""));
    for (std::string line; std::getline(lines, line);) rows.push_back(Row::parse(line));
    return rows;
  }

  // In the background, its words into `log`.
  pid_t StartScan(const Arguments& arguments) {
    const std::string log = folder_ + "/log";
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    std::vector<char*> argv;
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  std::string Log() const { return ReadFile(folder_ + "/log").value_or(""); }

  static int ExitCodeOf(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  bool AwaitRunningScan() {
    for (int i = 0; i < 500; ++i) {
      if (std::filesystem::exists(scan() + "/scan.json")) return true;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return false;
  }

  std::string folder_;
};

// As long as it lives, questions for names below silent.example stay without an answer.
class SilentNameServer {
 public:
  SilentNameServer() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    inet_pton(AF_INET, kSilentAddress, &address.sin_addr);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~SilentNameServer() { close(fd_); }

  static std::string Stub() {
    return absl::StrCat(
        "  domain-insecure: \"silent.example\"\nstub-zone:\n  name: \"silent.example\"\n",
        "  stub-addr: ", kSilentAddress, "\n");
  }
  static std::vector<std::string> Domains(int count) {
    std::vector<std::string> domains;
    for (int i = 0; i < count; ++i) domains.push_back(absl::StrCat("d", i, ".silent.example"));
    return domains;
  }

 private:
  int fd_;
};

TEST_F(OwnUnboundTest, FindsWhatAnyOtherValidatingResolverFinds) {
  std::vector<std::string> domains;
  for (const Row& row : network().scan().domains) domains.push_back(Text(row, "domain"));
  const CommandResult result =
      RunCommand(ScanArguments(domains, PrivateTree(), {"--workers", "2"}), {}, absl::Seconds(90));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("Resolver: our own Unbound"));
  EXPECT_THAT(result.output, HasSubstr("validates DNSSEC"));
  EXPECT_FALSE(absl::StrContains(result.output, "WARNING")) << result.output;

  const std::vector<Row> rows = Rows("domains");
  ASSERT_EQ(rows.size(), network().scan().domains.size());
  int secure = 0, insecure = 0, bogus = 0;
  for (const Row& expected : network().scan().domains) {
    const Row row = OnlyRow(rows, "domain", Text(expected, "domain"));
    SCOPED_TRACE(row.dump());
    for (const char* column :
         {"mx_status", "mx_dnssec", "mx", "dane_status", "pkix_status", "diagnosis"}) {
      EXPECT_EQ(row[column], expected[column]) << column;
    }
    secure += row["mx_dnssec"] == "secure";
    insecure += row["mx_dnssec"] == "insecure";
    bogus += row["mx_dnssec"] == "bogus";
    // Why comes with the answer (RFC 8914).
    if (row["mx_dnssec"] == "bogus") {
      EXPECT_THAT(Text(row, "error_detail"), HasSubstr("extended error"));
    }
  }
  EXPECT_GT(secure, 10);
  EXPECT_GE(insecure, 3);
  EXPECT_GE(bogus, 1);

  const Row record = ScanJson();
  EXPECT_EQ(record["options"]["resolver"], "unbound");
  EXPECT_EQ(record["resolver"]["validates"], true);
  EXPECT_EQ(record["resolver"]["dane_figures"], "complete");
  // A thread for two cores.
  EXPECT_GE(record["resolver"]["own_unbound"]["threads"], 1);
  EXPECT_THAT(record["resolver"]["own_unbound"]["version"].get<std::string>(), HasSubstr("."));
  EXPECT_THAT(record["resolver"]["servers"][0]["address"].get<std::string>(),
              HasSubstr("127.0.0.1:"));
}

TEST_F(OwnUnboundTest, WarnsWhereItWasToldNotToValidate) {
  const CommandResult result = RunCommand(
      ScanArguments({"match.signed.example"}, PrivateTree("  module-config: \"iterator\"\n")), {},
      absl::Seconds(60));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("WARNING: the DANE figures of this scan will be EMPTY"));
  const Row record = ScanJson();
  EXPECT_EQ(record["resolver"]["validates"], false);
  EXPECT_EQ(record["resolver"]["dane_figures"], "empty");
  EXPECT_EQ(Text(OnlyRow(Rows("domains"), "domain", "match.signed.example"), "mx_dnssec"),
            "insecure");
}

TEST_F(OwnUnboundTest, SaysWhereTheIncludedFileIsBrokenAndWritesNothing) {
  const CommandResult result =
      RunCommand(ScanArguments({"match.signed.example"}, "server:\n  no-such-thing: yes\n"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("tree.conf:2: error"));
  EXPECT_FALSE(std::filesystem::exists(scan() + "/scan.json"));
}

TEST_F(OwnUnboundTest, SaysWhatToInstallWhereThereIsNone) {
  // For this namespace only.
  const std::string nothing = Write("nothing", "");
  ASSERT_EQ(mount(nothing.c_str(), "/usr/sbin/unbound", nullptr, MS_BIND, nullptr), 0);
  const CommandResult result = RunCommand(ScanArguments({"match.signed.example"}, PrivateTree()),
                                          {.environment = {"PATH=/nonexistent"}});
  ASSERT_EQ(umount2("/usr/sbin/unbound", MNT_DETACH), 0);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("there is no program unbound in PATH"));
  EXPECT_FALSE(std::filesystem::exists(scan() + "/scan.json"));
}

TEST_F(OwnUnboundTest, StopsCleanlyOnSigint) {
  const SilentNameServer silent;
  const pid_t pid =
      StartScan(ScanArguments(SilentNameServer::Domains(20), PrivateTree(SilentNameServer::Stub()),
                              {"--dns-timeout", "3s"}));
  ASSERT_TRUE(AwaitRunningScan()) << Log();
  EXPECT_EQ(OwnUnbounds().size(), 1u);
  kill(pid, SIGINT);
  EXPECT_EQ(ExitCodeOf(pid), 3) << Log();
  EXPECT_TRUE(OwnUnbounds().empty());
  EXPECT_EQ(ScanJson()["state"], "stopped");
}

TEST_F(OwnUnboundTest, GoesDownWithAScanThatIsKilled) {
  const SilentNameServer silent;
  const pid_t pid = StartScan(
      ScanArguments(SilentNameServer::Domains(20), PrivateTree(SilentNameServer::Stub())));
  ASSERT_TRUE(AwaitRunningScan()) << Log();
  EXPECT_EQ(OwnUnbounds().size(), 1u);
  kill(pid, SIGKILL);
  EXPECT_EQ(ExitCodeOf(pid), -SIGKILL);
  EXPECT_TRUE(AwaitOwnUnbounds(0, absl::Seconds(5)));
}

// Its end is our own trouble, and no domain's.
TEST_F(OwnUnboundTest, IsMissedWhereItDiesInMidScan) {
  const SilentNameServer silent;
  const pid_t pid = StartScan(
      ScanArguments(SilentNameServer::Domains(20), PrivateTree(SilentNameServer::Stub())));
  ASSERT_TRUE(AwaitRunningScan()) << Log();
  absl::SleepFor(absl::Seconds(1));
  const std::vector<pid_t> unbound = OwnUnbounds();
  ASSERT_EQ(unbound.size(), 1u);
  const absl::Time killed = absl::Now();
  kill(unbound[0], SIGKILL);
  EXPECT_EQ(ExitCodeOf(pid), 1);
  EXPECT_LT(absl::Now() - killed, absl::Seconds(10));
  EXPECT_THAT(Log(), HasSubstr("our own resolver is gone"));
  EXPECT_THAT(Log(), HasSubstr("killed by signal 9"));
  const Row record = ScanJson();
  EXPECT_EQ(record["state"], "failed");
  EXPECT_THAT(record["error"].get<std::string>(), HasSubstr("our own resolver is gone"));
  const std::vector<Row> rows = Rows("domains");
  EXPECT_EQ(rows.size(), 20u);
  for (const Row& row : rows) {
    EXPECT_EQ(Text(row, "mx_status"), "local_error") << row.dump();
    EXPECT_EQ(Text(row, "diagnosis"), "local_error");
    EXPECT_THAT(Text(row, "error_detail"), HasSubstr("our own resolver is gone"));
  }
}

}  // namespace
}  // namespace mxsweep::interop
