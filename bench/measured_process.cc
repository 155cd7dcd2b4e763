#include "bench/measured_process.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr std::chrono::seconds kTimeToEnd{5};

// In the child: waits for the parent to be ready, then becomes the program.
[[noreturn]] void Become(const std::vector<std::string>& arguments, int output, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  char byte;
  while (read(ready, &byte, 1) < 0 && errno == EINTR) {
  }
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  dprintf(STDERR_FILENO, "%s: %s\n", argv[0], std::strerror(errno));
  _exit(127);
}

// Counts the user-space instructions of `pid` and all its threads from its next exec on. -1 where
// that cannot be done.
int OpenInstructionCounter(pid_t pid) {
  perf_event_attr event{};
  event.size = sizeof(event);
  event.type = PERF_TYPE_HARDWARE;
  event.config = PERF_COUNT_HW_INSTRUCTIONS;
  event.disabled = 1;
  event.enable_on_exec = 1;
  event.inherit = 1;
  event.exclude_kernel = 1;
  event.exclude_hv = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &event, pid, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The fields of /proc/PID/stat behind the program's name, of which the first is field 3.
std::vector<std::string> StatFields(pid_t pid) {
  std::ifstream file(JoinText("/proc/", pid, "/stat"));
  std::string line;
  std::getline(file, line);
  std::istringstream words(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::vector<std::string> fields;
  for (std::string word; words >> word;) fields.push_back(word);
  return fields;
}

}  // namespace

MeasuredProcess::MeasuredProcess(pid_t pid, int counter)
    : pid_(pid), counter_(counter), started_(std::chrono::steady_clock::now()) {}

MeasuredProcess::MeasuredProcess(MeasuredProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      counter_(std::exchange(other.counter_, -1)),
      started_(other.started_) {}

absl::StatusOr<MeasuredProcess> MeasuredProcess::Start(const std::vector<std::string>& arguments,
                                                       const std::string& log) {
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) return absl::InternalError(JoinText(log, ": ", std::strerror(errno)));
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) {
    close(output);
    return absl::InternalError(JoinText("pipe: ", std::strerror(errno)));
  }
  const pid_t pid = fork();
  if (pid == 0) {
    close(ready[1]);
    Become(arguments, output, ready[0]);
  }
  const int error = errno;
  close(output);
  close(ready[0]);
  const int counter = pid > 0 ? OpenInstructionCounter(pid) : -1;
  MeasuredProcess process(pid, counter);
  close(ready[1]);  // The child goes on.
  if (pid < 0) return absl::InternalError(JoinText("fork: ", std::strerror(error)));
  return process;
}

MeasuredProcess::~MeasuredProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + kTimeToEnd;
    while (!HasEnded() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    Kill();
  }
  if (counter_ >= 0) close(counter_);
}

void MeasuredProcess::Kill() {
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool MeasuredProcess::HasEnded() const {
  siginfo_t info{};
  return pid_ <= 0 ||
         (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          info.si_pid == pid_);
}

MeasuredProcess::Usage MeasuredProcess::Wait() {
  Usage usage;
  int status = 0;
  rusage resources{};
  while (wait4(pid_, &status, 0, &resources) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  usage.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  usage.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  usage.user_s = Seconds(resources.ru_utime);
  usage.system_s = Seconds(resources.ru_stime);
  usage.peak_rss_bytes = static_cast<uint64_t>(resources.ru_maxrss) * 1024;
  uint64_t instructions = 0;
  if (counter_ >= 0 && read(counter_, &instructions, sizeof(instructions)) ==
                           static_cast<ssize_t>(sizeof(instructions))) {
    usage.user_instructions = instructions;
  }
  return usage;
}

uint64_t MeasuredProcess::RssBytes() const {
  if (HasEnded()) return 0;
  std::ifstream file(JoinText("/proc/", pid_, "/statm"));
  uint64_t size_pages = 0;
  uint64_t resident_pages = 0;
  file >> size_pages >> resident_pages;
  return resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

double MeasuredProcess::CpuSeconds() const {
  if (HasEnded()) return 0;
  const std::vector<std::string> fields = StatFields(pid_);
  if (fields.size() < 13) return 0;
  // Fields 14 and 15: utime and stime, in ticks.
  return (std::stod(fields[11]) + std::stod(fields[12])) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace mxsweep::bench
