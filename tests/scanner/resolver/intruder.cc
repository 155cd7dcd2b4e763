// Started in the place of Unbound, by unbound_child_test.cc: tries what somebody would who has
// taken it over, and says what came of it.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string Told(long result) { return result >= 0 ? "possible" : std::strerror(errno); }

std::string TryToExecute() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  // Not by fork, which may be refused: it is the program that counts.
  const pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", nullptr);
    _exit(1);
  }
  if (child < 0) {
    execl("/bin/true", "true", nullptr);
    return std::strerror(errno);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0 ? "possible" : "refused";
}

std::string TryToFork() {
  const long child = syscall(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  const std::string told = Told(child);
  // Its end would be a signal, at which a traced process stops.
  if (child > 0) waitpid(static_cast<pid_t>(child), nullptr, 0);
  return told;
}

}  // namespace

int main() {
  const char* folder = std::getenv("MXSWEEP_INTRUDER_FOLDER");
  const std::string file = std::string(folder == nullptr ? "" : folder) + "/made";
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  io_uring_params params{};
  const std::string read = Told(open("/etc/passwd", O_RDONLY));
  const std::string created = Told(open(file.c_str(), O_CREAT | O_WRONLY, 0600));
  const std::string ring = Told(syscall(SYS_io_uring_setup, 1, &params));
  const std::string executed = TryToExecute();
  const std::string forked = TryToFork();
  const std::string traced = Told(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  std::fprintf(stderr, "read %s, create %s, core %s, execute %s, fork %s, trace %s, ring %s.\n",
               read.c_str(), created.c_str(), core.rlim_max > 0 ? "possible" : "refused",
               executed.c_str(), forked.c_str(), traced.c_str(), ring.c_str());
  return 1;
}
