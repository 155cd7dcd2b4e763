// A real Unbound as a child: it comes up, answers, says what is wrong, and never outlives us.
#include "scanner/resolver/unbound_child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "dns/cares_resolver.h"
#include "scanner/resolver/unbound_machine.h"
#include "scanner/sandbox/landlock.h"
#include "tests/dns/poll_event_loop.h"

namespace mxsweep::scanner {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string pattern = ::testing::TempDir() + "mxsweep_unbound_XXXXXX";
    path_ = mkdtemp(pattern.data());
    chmod(path_.c_str(), 0755);  // Unbound may run as another user.
  }
  ~Folder() { (void)system(("rm -r " + path_).c_str()); }

  std::string Write(const std::string& name, const std::string& content, mode_t mode = 0644) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return path;
  }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Neither running nor a zombie that nobody has waited for yet.
bool IsGone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return !(stat >> number >> name >> state) || state == "Z" || state == "X";
}

bool GoesWithin(pid_t pid, absl::Duration time) {
  for (const absl::Time end = absl::Now() + time; absl::Now() < end;) {
    if (IsGone(pid)) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

dns::Response Ask(uint16_t port, const std::string& name) {
  dns::PollEventLoop loop;
  dns::ResolverOptions options;
  options.servers = {{dns::IpAddress::FromV4(0x7F000001), port}};
  auto resolver = dns::CaresResolver::Create(loop, options).value();
  std::optional<dns::Response> response;
  resolver->Query(name, dns::RrType::kA, [&](dns::Response r) { response = std::move(r); });
  EXPECT_TRUE(loop.RunUntil([&] { return response.has_value(); }, std::chrono::seconds(25)));
  return response.value_or(dns::Response());
}

std::string ErrorOf(const UnboundChild::Options& options) {
  const auto child = UnboundChild::Start(options);
  EXPECT_FALSE(child.ok());
  return child.ok() ? "" : std::string(child.status().message());
}

TEST(UnboundChild, AnswersAsSoonAsItIsStartedAndIsGoneAfterwards) {
  Folder folder;
  const std::string include = folder.Write("private.conf",
                                           "server:\n  local-zone: \"corp.example.\" static\n"
                                           "  local-data: \"mx.corp.example. A 192.0.2.25\"\n");
  auto child = UnboundChild::Start({.threads = 2, .include_path = include});
  ASSERT_TRUE(child.ok()) << child.status();
  const pid_t pid = (*child)->pid();
  EXPECT_FALSE((*child)->Ended());
  EXPECT_THAT((*child)->version(), HasSubstr("."));
  const dns::Response response = Ask((*child)->port(), "mx.corp.example");
  ASSERT_EQ(response.status, dns::ResponseStatus::kOk) << response.detail;
  EXPECT_EQ(response.records[0].data, dns::RecordData(*dns::IpAddress::Parse("192.0.2.25")));
  // Ctrl-C at a terminal is for a process group.
  EXPECT_NE(getpgid(pid), getpgrp());
  child->reset();
  EXPECT_TRUE(IsGone(pid));
}

TEST(UnboundChild, IsNotRootWhereWeAre) {
  if (geteuid() != 0) GTEST_SKIP() << "only root has to become somebody else";
  auto child = UnboundChild::Start({});
  ASSERT_TRUE(child.ok()) << child.status();
  struct stat info;
  ASSERT_EQ(stat(("/proc/" + std::to_string((*child)->pid())).c_str(), &info), 0);
  EXPECT_NE(info.st_uid, 0u);
}

std::string StatusLine(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":"))
      return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  }
  return "";
}

TEST(UnboundChild, WorksAsBeforeWhereItIsConfined) {
  Folder folder;
  for (const char* text : {"",
                           "server:\n  local-zone: \"corp.example.\" static\n"
                           "  local-data: \"mx.corp.example. A 192.0.2.25\"\n"}) {
    UnboundChild::Options options = {.threads = 2, .confined = true};
    if (*text != 0) options.include_path = folder.Write("private.conf", text);
    auto child = UnboundChild::Start(options);
    ASSERT_TRUE(child.ok()) << child.status();
    EXPECT_EQ(StatusLine((*child)->pid(), "NoNewPrivs"), "1");
    EXPECT_EQ(StatusLine((*child)->pid(), "Seccomp"), "2");
    EXPECT_FALSE((*child)->Ended());
    const dns::Response response =
        Ask((*child)->port(), *text != 0 ? "mx.corp.example" : "localhost");
    EXPECT_EQ(response.status, dns::ResponseStatus::kOk) << response.detail;
  }
}

// In Unbound's place a program that tries what an attacker would who has taken it over.
TEST(UnboundChild, ConfinedCanNeitherStartProgramsNorTouchFiles) {
  if (LandlockRuleset::KernelVersion() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  Folder folder;
  const std::string program = folder.path("intruder");
  ASSERT_EQ(system(("cp " MXSWEEP_INTRUDER " " + program).c_str()), 0);
  ASSERT_EQ(setenv("MXSWEEP_INTRUDER_FOLDER", folder.path("").c_str(), 1), 0);
  chmod(folder.path("").c_str(), 0777);
  EXPECT_THAT(ErrorOf({.program = program}),
              HasSubstr("read possible, create possible, core possible, execute possible, fork "
                        "possible, trace possible, ring possible."));
  EXPECT_THAT(ErrorOf({.confined = true, .program = program}),
              HasSubstr("read Permission denied, create Permission denied, core refused, execute "
                        "Permission denied, fork Operation not permitted, trace Operation not "
                        "permitted, ring Operation not permitted."));
}

TEST(UnboundChild, SaysWhereAFileToIncludeIsBroken) {
  Folder folder;
  const std::string include =
      folder.Write("broken.conf", "server:\n  verbosity: 0\n  no-such-thing: yes\n");
  EXPECT_THAT(
      ErrorOf({.include_path = include}),
      AllOf(HasSubstr("did not start"), HasSubstr(include + ":3: "), HasSubstr("no-such-thing")));
}

TEST(UnboundChild, SaysThatAFileToIncludeCannotBeRead) {
  Folder folder;
  EXPECT_THAT(ErrorOf({.include_path = folder.path("missing")}),
              AllOf(HasSubstr("--unbound-config-include"), HasSubstr("No such file")));
  EXPECT_THAT(ErrorOf({.include_path = folder.path("")}), HasSubstr("is a folder"));
  const std::string endless = folder.Write("endless", std::string(kMaxIncludeBytes + 1, '#'));
  EXPECT_THAT(ErrorOf({.include_path = endless}), HasSubstr("longer than"));
}

TEST(UnboundChild, NeedsTheTrustAnchorOfTheRootOrOneOfTheUsers) {
  Folder folder;
  EXPECT_THAT(ErrorOf({.trust_anchor_file = folder.path("root.key")}),
              AllOf(HasSubstr(folder.path("root.key")), HasSubstr("dns-root-data")));
  const std::string include =
      folder.Write("private.conf", "server:\n  trust-anchor: \"corp.example. DS 12345 13 2 " +
                                       std::string(64, 'A') + "\"\n");
  const auto child =
      UnboundChild::Start({.include_path = include, .trust_anchor_file = folder.path("root.key")});
  EXPECT_TRUE(child.ok()) << child.status();
}

TEST(UnboundChild, SaysHowAProgramFailedToStart) {
  Folder folder;
  EXPECT_THAT(ErrorOf({.program = "/bin/false"}), HasSubstr("ended with exit code 1"));
  const std::string talks = folder.Write("talks", "#!/bin/sh\necho I will not >&2\nexit 3\n", 0755);
  EXPECT_THAT(ErrorOf({.program = talks}),
              AllOf(HasSubstr("exit code 3"), HasSubstr("I will not")));
  const std::string hangs = folder.Write("hangs", "#!/bin/sh\nexec sleep 60\n", 0755);
  const absl::Time start = absl::Now();
  EXPECT_THAT(ErrorOf({.start_timeout = absl::Milliseconds(300), .program = hangs}),
              HasSubstr("does not answer"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  EXPECT_THAT(ErrorOf({.program = folder.path("missing")}), HasSubstr("exit code 127"));
}

TEST(UnboundChild, DoesWithoutOptionsThatAnOlderOneDoesNotKnow) {
  Folder folder;
  const std::string program = FindUnbound(std::getenv("PATH")).value();
  const std::string older = folder.Write("older",
                                         "#!/bin/sh\nconfig=$(cat)\ncase \"$config\" in\n"
                                         "*discard-timeout*) echo \"/dev/stdin:9: error: unknown "
                                         "keyword 'discard-timeout'\" >&2; exit 1;;\nesac\n"
                                         "exec " +
                                             program + " -d -c /dev/stdin <<END\n$config\nEND\n",
                                         0755);
  const auto child = UnboundChild::Start({.program = older});
  EXPECT_TRUE(child.ok()) << child.status();
}

TEST(UnboundChild, TellsHowItEnded) {
  auto child = UnboundChild::Start({});
  ASSERT_TRUE(child.ok()) << child.status();
  kill((*child)->pid(), SIGKILL);
  std::optional<std::string> ended;
  for (int i = 0; i < 500 && !ended; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
    ended = (*child)->Ended();
  }
  ASSERT_TRUE(ended);
  EXPECT_THAT(*ended, HasSubstr("was killed by signal 9"));
  EXPECT_EQ((*child)->Ended(), ended);  // and says so whenever it is asked
}

TEST(UnboundChild, DiesWithUsHoweverWeDie) {
  for (const int signal : {SIGKILL, SIGTERM, SIGSEGV}) {
    SCOPED_TRACE(signal);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t parent = fork();
    if (parent == 0) {
      auto child = UnboundChild::Start({});
      const pid_t pid = child.ok() ? (*child)->pid() : -1;
      if (write(ends[1], &pid, sizeof(pid)) != sizeof(pid)) _exit(1);
      pause();
      _exit(0);
    }
    pid_t unbound = -1;
    ASSERT_EQ(read(ends[0], &unbound, sizeof(unbound)), static_cast<ssize_t>(sizeof(unbound)));
    close(ends[0]);
    close(ends[1]);
    ASSERT_GT(unbound, 0);
    EXPECT_FALSE(IsGone(unbound));
    kill(parent, signal);
    waitpid(parent, nullptr, 0);
    EXPECT_TRUE(GoesWithin(unbound, absl::Seconds(5)));
  }
}

TEST(FindUnbound, LooksThroughPathAndThenWhereSystemsKeepIt) {
  Folder folder;
  folder.Write("unbound", "#!/bin/sh\n", 0755);
  EXPECT_EQ(FindUnbound("/nonexistent::" + folder.path(".")).value(), folder.path("./unbound"));
  EXPECT_EQ(FindUnbound("", {folder.path(".")}).value(), folder.path("./unbound"));
  folder.Write("unbound", "no program", 0644);
  const auto none = FindUnbound(folder.path(".") + ":relative", {});
  EXPECT_TRUE(absl::IsNotFound(none.status()));
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("package"));
}

}  // namespace
}  // namespace mxsweep::scanner
