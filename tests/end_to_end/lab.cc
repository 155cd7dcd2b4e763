#include "tests/end_to_end/lab.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace mxsweep::end_to_end {

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "mxsweep-test.XXXXXX";
  path_ = mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

Lab::Lab(const TemporaryFolder& folder, const Arguments& arguments) : state_(folder.path("lab")) {
  std::filesystem::create_directory(state_);
  const std::string ready = folder.path("ready");
  Arguments command = {MXSWEEP_LAB_PROGRAM,
                       "serve",
                       "--state",
                       state_,
                       "--dns-port",
                       "0",
                       "--smtp-port",
                       std::to_string(kSmtpPort),
                       "--https-port",
                       std::to_string(kHttpsPort),
                       "--network",
                       "127.64.0.0",
                       "--ready-file",
                       ready,
                       "--report",
                       state("report.json"),
                       "--truth"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto process = interop::ChildProcess::Start("lab", command, folder.path("lab.log"));
  EXPECT_TRUE(process.ok()) << process.status();
  process_.emplace(*std::move(process));
  // Half a million domains take a minute.
  for (int i = 0; i < 6'000 && resolver_.empty(); ++i) {
    absl::SleepFor(absl::Milliseconds(100));
    std::ifstream in(ready);
    for (std::string word; in >> word;) {
      if (word.rfind("dns=", 0) == 0) resolver_ = word.substr(4);
    }
  }
  EXPECT_FALSE(resolver_.empty()) << process_->LogTail();
}

json Lab::Stop() {
  process_.reset();
  std::ifstream in(state("report.json"));
  return json::parse(in, nullptr, /*allow_exceptions=*/false);
}

Arguments Lab::ScanArguments(const std::string& targets, const Arguments& more) const {
  Arguments arguments = {"scan",
                         targets,
                         "--resolver",
                         resolver_,
                         "--port",
                         std::to_string(kSmtpPort),
                         "--trust-store",
                         state("ca.pem"),
                         "--blocklist",
                         state("blocklist.txt"),
                         "--allow-special",
                         "--ehlo-name",
                         "scanner.example.org",
                         "--rate",
                         "0",
                         "--concurrency",
                         "200",
                         "--throttle-backoff",
                         "2s",
                         "--per-address-interval",
                         "0",
                         "--per-prefix-rate",
                         "0",
                         "--per-prefix-concurrency",
                         "0",
                         "--retry-delay",
                         "300ms",
                         "--connect-timeout",
                         "2s",
                         "--greeting-timeout",
                         "4s",
                         "--command-timeout",
                         "4s",
                         "--handshake-timeout",
                         "4s",
                         "--quit-timeout",
                         "4s",
                         "--dns-timeout",
                         "3s",
                         "--mta-sts",
                         "full",
                         "--mta-sts-port",
                         std::to_string(kHttpsPort),
                         "--mta-sts-timeout",
                         "4s",
                         "--progress",
                         "none"};
  // A flag of `more` takes the place of ours, with its value.
  for (const std::string& flag : more) {
    const auto ours = std::find(arguments.begin(), arguments.end(), flag);
    if (flag.rfind("--", 0) == 0 && ours != arguments.end()) arguments.erase(ours, ours + 2);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Arguments Lab::WithPatience(Arguments more) {
  more.insert(more.end(), {"--connect-timeout", "6s", "--greeting-timeout", "8s",
                           "--command-timeout", "8s", "--handshake-timeout", "8s"});
  return more;
}

CommandResult Mxsweep(const Arguments& arguments, absl::Duration timeout) {
  Arguments command = {MXSWEEP_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return interop::RunCommand(command, {}, timeout);
}

namespace {

std::vector<json> ParseLines(std::istream& in) {
  std::vector<json> rows;
  for (std::string line; std::getline(in, line);) {
    rows.push_back(json::parse(line, nullptr, /*allow_exceptions=*/false));
    EXPECT_FALSE(rows.back().is_discarded()) << line;
  }
  return rows;
}

}  // namespace

std::vector<json> Rows(const std::string& directory, const std::string& table) {
  const CommandResult result = Mxsweep({"cat", directory, "--table", table});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::istringstream in(result.output);
  return ParseLines(in);
}

std::vector<json> JsonLines(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  return ParseLines(in);
}

}  // namespace mxsweep::end_to_end
