// What goes wrong before and during a scan: one clear sentence, the right exit code, and nothing
// that looks whole and is not.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr int kFailed = 1;
constexpr int kStopped = 3;
constexpr int kWrongUsage = 2;

// A UDP socket on loopback that never answers.
class SilentResolver {
 public:
  SilentResolver() : fd_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    name_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentResolver() { close(fd_); }
  const std::string& name() const { return name_; }

 private:
  int fd_;
  std::string name_;
};

class BadInput : public testing::Test {
 protected:
  BadInput() : list_(folder_.path("domains.txt")), output_(folder_.path("scan")) {
    std::ofstream(list_) << "example.org\n";
  }

  // The list scanned with a resolver that never answers.
  Arguments Scan(const Arguments& more = {}, const std::string& dns_timeout = "400ms") const {
    Arguments arguments = {
        "scan",           list_,           "-o",        output_,      "--resolver",
        resolver_.name(), "--dns-timeout", dns_timeout, "--progress", "none"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // One sentence on one line that begins with the program's name.
  static void ExpectOneSentence(const CommandResult& result, int exit_code) {
    EXPECT_EQ(result.exit_code, exit_code) << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
    EXPECT_EQ(result.output.rfind("mxsweep: ", 0), 0u) << result.output;
  }

  TemporaryFolder folder_;
  SilentResolver resolver_;
  std::string list_;
  std::string output_;
};

TEST_F(BadInput, AMissingListIsNamed) {
  const CommandResult result = Mxsweep({"scan", folder_.path("none.txt"), "-o", output_});
  ExpectOneSentence(result, kFailed);
  EXPECT_THAT(result.output, HasSubstr("none.txt"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, ADirectoryIsNoList) {
  const CommandResult result = Mxsweep({"scan", folder_.path("."), "-o", output_});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("directory"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, AnUnreadableListIsNamed) {
  std::filesystem::permissions(list_, std::filesystem::perms::none);
  // Root reads everything: the program runs as nobody.
  const CommandResult result = interop::RunCommand({"setpriv", "--reuid=65534", "--clear-groups",
                                                    MXSWEEP_PROGRAM, "scan", list_, "-o", output_});
  EXPECT_EQ(result.exit_code, kFailed) << result.output;
  EXPECT_THAT(result.output, HasSubstr("domains.txt"));
}

TEST_F(BadInput, AnOutputDirectoryThatCannotBeMadeIsNamed) {
  const CommandResult result = Mxsweep(
      {"scan", list_, "-o", "/proc/mxsweep/scan", "--targets", "addresses", "--progress", "none"});
  ExpectOneSentence(result, kFailed);
  EXPECT_THAT(result.output, HasSubstr("/proc/mxsweep"));
}

TEST_F(BadInput, AnExistingOutputDirectoryIsLeftAlone) {
  std::filesystem::create_directory(output_);
  std::ofstream(output_ + "/precious") << "mine";
  const CommandResult result =
      Mxsweep({"scan", list_, "-o", output_, "--targets", "addresses", "--progress", "none"});
  ExpectOneSentence(result, kFailed);
  EXPECT_THAT(result.output, HasSubstr("not empty"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(output_), {}), 1);
}

TEST_F(BadInput, AWrongFlagIsWrongUsage) {
  for (const Arguments& arguments :
       {Arguments{"scan", list_, "-o", output_, "--no-such-flag"},
        Arguments{"scan", list_, "-o", output_, "--connect-timeout", "10"},
        Arguments{"scan", list_, "-o", output_, "--ehlo-name", "evil\r\nMAIL FROM:<>"},
        Arguments{"scan", list_}, Arguments{"frobnicate"}, Arguments{}}) {
    const CommandResult result = Mxsweep(arguments);
    EXPECT_EQ(result.exit_code, kWrongUsage) << result.output;
    EXPECT_FALSE(result.output.empty());
  }
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, AResolverThatDoesNotAnswerEndsTheScanBeforeItBegins) {
  const CommandResult result = Mxsweep(Scan());
  ExpectOneSentence(result, kFailed);
  EXPECT_THAT(result.output, HasSubstr(resolver_.name()));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, WhoWaitsForASilentResolverIsToldSoAndMayStop) {
  Arguments arguments = {"timeout", "--foreground", "--preserve-status", "--signal=INT",
                         "4",       MXSWEEP_PROGRAM};
  const Arguments scan = Scan({}, "60s");
  arguments.insert(arguments.end(), scan.begin(), scan.end());
  const CommandResult result = interop::RunCommand(arguments, {}, absl::Seconds(30));
  EXPECT_EQ(result.exit_code, kStopped) << result.output;
  EXPECT_THAT(result.output, HasSubstr("Waiting for an answer from the resolver"));
  EXPECT_THAT(result.output, HasSubstr("nothing was scanned"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, IoUringSwitchedOffIsSaid) {
  Arguments arguments = {WITHOUT_IO_URING_PROGRAM, MXSWEEP_PROGRAM};
  const Arguments scan = Scan();
  arguments.insert(arguments.end(), scan.begin(), scan.end());
  const CommandResult result = interop::RunCommand(arguments);
  ExpectOneSentence(result, kFailed);
  EXPECT_THAT(result.output, HasSubstr("io_uring is switched off"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, NoFileDescriptorsLeftIsSaid) {
  // UBSan looks through a pipe whether an object can be read.
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs descriptors itself";
  Arguments arguments = {"prlimit", "--nofile=6:6", MXSWEEP_PROGRAM};
  const Arguments scan = Scan();
  arguments.insert(arguments.end(), scan.begin(), scan.end());
  const CommandResult result = interop::RunCommand(arguments);
  ExpectOneSentence(result, kFailed);
  // Whether the trust store or the ring is the first to find none depends on what was inherited.
  EXPECT_THAT(result.output, AnyOf(HasSubstr("descriptor"), HasSubstr("Too many open files")));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, ATrustStoreWithoutCertificatesIsRefused) {
  const CommandResult result = Mxsweep(Scan({"--trust-store", list_}));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("domains.txt"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

TEST_F(BadInput, AFaultyBlocklistNamesItsLine) {
  const std::string blocklist = folder_.path("blocked");
  std::ofstream(blocklist) << "10.0.0.0/8\n300.1.2.3\n";
  const CommandResult result = Mxsweep(Scan({"--blocklist", blocklist}));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("blocked"));
  EXPECT_THAT(result.output, HasSubstr("2"));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

// A file may not grow beyond 16 kB, which a commit of this scan does: as good as a full disk.
TEST_F(BadInput, AFullDiskEndsTheScanAndLeavesNothingThatLooksWhole) {
  Lab lab(folder_, {"--seed", "3", "--domains", "400", "--mix", "happy", "--fixed", "none"});
  Arguments arguments = {"prlimit", "--fsize=16000:16000", MXSWEEP_PROGRAM};
  const Arguments scan = lab.ScanArguments(lab.state("domains.txt"), {"-o", output_});
  arguments.insert(arguments.end(), scan.begin(), scan.end());
  const CommandResult result = interop::RunCommand(arguments, {}, absl::Minutes(2));
  EXPECT_EQ(result.exit_code, kStopped) << result.output;
  EXPECT_THAT(result.output, HasSubstr("File too large"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(output_)) {
    EXPECT_NE(entry.path().extension(), ".parquet") << entry.path();
  }
  std::ifstream record(output_ + "/scan.json");
  EXPECT_EQ(json::parse(record)["state"], "failed");
}

TEST_F(BadInput, AListThatBreaksOffFailsTheScanButKeepsWhatWasRead) {
  Lab lab(folder_, {"--seed", "3", "--domains", "200", "--mix", "happy", "--fixed", "none"});
  const std::string cut = folder_.path("cut.gz");
  ASSERT_EQ(interop::RunCommand({"sh", "-c",
                                 "gzip -c " + lab.state("domains.txt") + " > " + cut +
                                     " && truncate -s -20 " + cut})
                .exit_code,
            0);
  const CommandResult result = Mxsweep(lab.ScanArguments(cut, {"-o", output_}));
  EXPECT_EQ(result.exit_code, kFailed) << result.output;
  EXPECT_THAT(result.output, HasSubstr("cut.gz"));
  std::ifstream record(output_ + "/scan.json");
  EXPECT_EQ(json::parse(record)["state"], "failed");
  EXPECT_GT(Rows(output_, "domains").size(), 0u);
}

TEST_F(BadInput, CatNamesWhatItDoesNotFind) {
  ExpectOneSentence(Mxsweep({"cat", folder_.path("nowhere")}), kFailed);
  std::ofstream(folder_.path("127.txt")) << "127.0.0.1\n";
  ASSERT_EQ(Mxsweep({"scan", folder_.path("127.txt"), "-o", output_, "--targets", "addresses",
                     "--progress", "none"})
                .exit_code,
            0);
  ExpectOneSentence(Mxsweep({"cat", output_, "--table", "tables"}), kWrongUsage);
  ExpectOneSentence(Mxsweep({"cat", output_, "--columns", "hots"}), kWrongUsage);
}

}  // namespace
}  // namespace mxsweep::end_to_end
