#include "tests/end_to_end/running_mxsweep.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

namespace mxsweep::end_to_end {

RunningMxsweep::RunningMxsweep(const interop::Arguments& arguments)
    : RunningMxsweep(arguments, Options()) {}

RunningMxsweep::RunningMxsweep(const interop::Arguments& arguments, const Options& options)
    : pid_(fork()) {
  if (pid_ != 0) return;
  if (options.standard_input >= 0) dup2(options.standard_input, STDIN_FILENO);
  for (const std::string& variable : options.environment) {
    putenv(const_cast<char*>(variable.c_str()));
  }
  std::vector<char*> argv = {const_cast<char*>(MXSWEEP_PROGRAM)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

RunningMxsweep::RunningMxsweep(RunningMxsweep&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), end_(std::exchange(other.end_, End())) {}

RunningMxsweep::~RunningMxsweep() {
  if (pid_ <= 0 || HasEnded()) return;
  Signal(SIGKILL);
  Wait();
}

void RunningMxsweep::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

bool RunningMxsweep::Reap(int flags) {
  if (end_) return true;
  int status = 0;
  rusage usage{};
  if (wait4(pid_, &status, flags, &usage) != pid_) return false;
  end_ = {WIFEXITED(status) ? WEXITSTATUS(status) : -1, usage.ru_maxrss};
  return true;
}

bool RunningMxsweep::HasEnded() { return Reap(WNOHANG); }

RunningMxsweep::End RunningMxsweep::Wait() {
  Reap(0);
  return end_.value_or(End());
}

int RunningMxsweep::ExitCodeWithin(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!HasEnded()) {
    if (std::chrono::steady_clock::now() >= until) {
      Signal(SIGKILL);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Wait().exit_code;
}

void AwaitScanJson(const std::string& scan) {
  for (int i = 0; i < 600 && !std::filesystem::exists(scan + "/scan.json"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace mxsweep::end_to_end
