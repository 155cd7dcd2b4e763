#include "tests/interop/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace mxsweep::interop {
namespace {

constexpr size_t kLogTailBytes = 4000;
constexpr absl::Duration kTimeToEnd = absl::Seconds(3);
constexpr absl::Duration kPollInterval = absl::Milliseconds(20);

// After fork: becomes the program. Output goes to `output`, input is empty.
[[noreturn]] void Become(const Arguments& arguments, const ProcessOptions& options, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  const int input = open("/dev/null", O_RDONLY);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  for (const std::string& variable : options.environment) {
    const size_t equals = variable.find('=');
    setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (chdir(options.folder.c_str()) == 0) execvp(argv[0], argv.data());
  dprintf(STDERR_FILENO, "%s: %s\n", argv[0], std::strerror(errno));
  _exit(127);
}

bool IsListening(const std::string& address, uint16_t port) {
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &peer.sin_addr);
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected =
      connect(connection, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) == 0;
  close(connection);
  return connected;
}

// A command under way, and the end of the pipe that it writes to.
struct Running {
  size_t index = 0;  // of the command
  pid_t pid = -1;
  int output = -1;
  absl::Time deadline;
};

// Starts a command, or reports into `result` why not.
bool StartCommand(const Command& command, absl::Duration timeout, Running* running,
                  CommandResult* result) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    result->output = std::strerror(errno);
    return false;
  }
  running->pid = fork();
  if (running->pid == 0) Become(command.arguments, command.options, ends[1]);
  close(ends[1]);
  running->output = ends[0];
  running->deadline = absl::Now() + timeout;
  return true;
}

// Reads what there is. False at the end: the writers have closed.
bool ReadSome(const Running& running, CommandResult* result) {
  std::array<char, 16384> buffer;
  const ssize_t size = read(running.output, buffer.data(), buffer.size());
  if (size > 0) result->output.append(buffer.data(), static_cast<size_t>(size));
  return size != 0;
}

void EndCommand(const Running& running, bool in_time, CommandResult* result) {
  close(running.output);
  if (!in_time) {
    kill(-running.pid, SIGKILL);
    absl::StrAppend(&result->output, "\n(killed, for it took too long)");
  }
  int status = 0;
  waitpid(running.pid, &status, 0);
  if (in_time && WIFEXITED(status)) result->exit_code = WEXITSTATUS(status);
}

// Reads from whichever commands have written, and drops those that have ended from `running`.
void AwaitCommands(std::vector<Running>& running, std::vector<CommandResult>& results) {
  std::vector<pollfd> wanted;
  absl::Time deadline = absl::InfiniteFuture();
  for (const Running& one : running) {
    wanted.push_back({.fd = one.output, .events = POLLIN, .revents = 0});
    deadline = std::min(deadline, one.deadline);
  }
  const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
  poll(wanted.data(), wanted.size(), static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
  std::vector<Running> kept;
  for (size_t i = 0; i < running.size(); ++i) {
    CommandResult* const result = &results[running[i].index];
    const bool is_open = wanted[i].revents == 0 || ReadSome(running[i], result);
    const bool in_time = absl::Now() < running[i].deadline;
    if (is_open && in_time) {
      kept.push_back(running[i]);
    } else {
      EndCommand(running[i], !is_open || in_time, result);
    }
  }
  running = std::move(kept);
}

}  // namespace

ChildProcess::ChildProcess(std::string name, std::string log, pid_t pid)
    : name_(std::move(name)), log_(std::move(log)), pid_(pid) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : name_(std::move(other.name_)),
      log_(std::move(other.log_)),
      pid_(std::exchange(other.pid_, -1)) {}

absl::StatusOr<ChildProcess> ChildProcess::Start(std::string name, const Arguments& arguments,
                                                 std::string log, const ProcessOptions& options) {
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return absl::InternalError(absl::StrCat(log, ": ", std::strerror(errno)));
  const pid_t pid = fork();
  if (pid == 0) Become(arguments, options, output);
  close(output);
  if (pid < 0) return absl::InternalError(absl::StrCat("fork: ", std::strerror(errno)));
  return ChildProcess(std::move(name), std::move(log), pid);
}

bool ChildProcess::HasEnded() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ <= 0;
}

ChildProcess::~ChildProcess() {
  if (HasEnded()) return;
  const pid_t group = pid_;
  kill(pid_, SIGTERM);
  for (const absl::Time deadline = absl::Now() + kTimeToEnd; absl::Now() < deadline;) {
    if (HasEnded()) break;
    absl::SleepFor(kPollInterval);
  }
  kill(-group, SIGKILL);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

std::string ChildProcess::LogTail() const {
  const absl::StatusOr<std::string> log = ReadFile(log_);
  if (!log.ok()) return log.status().ToString();
  return log->size() <= kLogTailBytes ? *log : log->substr(log->size() - kLogTailBytes);
}

absl::Status ChildProcess::AwaitListening(const std::string& address, uint16_t port,
                                          absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!IsListening(address, port)) {
    const bool ended = HasEnded();
    if (ended || absl::Now() > deadline) {
      return absl::InternalError(absl::StrCat(name_, ended ? " ended" : " does not listen", " (",
                                              address, ":", port, "):\n", LogTail()));
    }
    absl::SleepFor(kPollInterval);
  }
  return absl::OkStatus();
}

std::vector<CommandResult> RunCommands(const std::vector<Command>& commands, size_t at_once,
                                       absl::Duration timeout) {
  std::vector<CommandResult> results(commands.size());
  std::vector<Running> running;
  for (size_t next = 0; next < commands.size() || !running.empty();) {
    if (next < commands.size() && running.size() < at_once) {
      Running started = {.index = next};
      if (StartCommand(commands[next], timeout, &started, &results[next])) {
        running.push_back(started);
      }
      ++next;
    } else {
      AwaitCommands(running, results);
    }
  }
  return results;
}

CommandResult RunCommand(const Arguments& arguments, const ProcessOptions& options,
                         absl::Duration timeout) {
  return RunCommands({{arguments, options}}, 1, timeout).front();
}

absl::StatusOr<std::string> RunSuccessfully(const Arguments& arguments,
                                            const ProcessOptions& options, absl::Duration timeout) {
  CommandResult result = RunCommand(arguments, options, timeout);
  if (result.exit_code == 0) return std::move(result.output);
  return absl::InternalError(absl::StrCat(absl::StrJoin(arguments, " "), ": exit code ",
                                          result.exit_code, "\n", result.output));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(path);
  std::ostringstream content;
  if (file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  return std::move(content).str();
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  return file.good() ? absl::OkStatus() : absl::InternalError("cannot write " + path);
}

}  // namespace mxsweep::interop
