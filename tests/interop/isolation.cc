#include "tests/interop/isolation.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace mxsweep::interop {
namespace {

void Require(bool well, const char* what) {
  if (well) return;
  std::fprintf(stderr, "interop: %s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}

void BringUpLoopback() {
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Require(control >= 0, "socket");
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  Require(ioctl(control, SIOCGIFFLAGS, &request) == 0, "flags of lo");
  request.ifr_flags |= IFF_UP;
  Require(ioctl(control, SIOCSIFFLAGS, &request) == 0, "bring up lo");
  close(control);
}

// `path`, for this namespace alone, with lines added to it.
void ExtendFile(const std::string& path, const std::string& lines) {
  const std::string copy = std::string(kScratchFolder) + path.substr(path.rfind('/'));
  std::ifstream original(path);
  std::ofstream extended(copy);
  if (original.peek() != std::ifstream::traits_type::eof()) extended << original.rdbuf();
  extended << lines;
  extended.close();
  Require(extended.good(), copy.c_str());
  Require(mount(copy.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0, path.c_str());
}

// `path`, for this namespace alone, with other content. It may be a link into a folder that the
// namespace has emptied (as systemd-resolved makes of /etc/resolv.conf), but must lead somewhere.
void ReplaceFile(const std::string& path, const std::string& content) {
  const std::string copy = std::string(kScratchFolder) + path.substr(path.rfind('/'));
  std::error_code error;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  if (target.string().rfind(kScratchFolder, 0) == 0 && !std::filesystem::exists(target, error)) {
    std::filesystem::create_directories(target.parent_path(), error);
    std::ofstream(target).close();
  }
  if (!std::filesystem::exists(copy, error)) {
    std::ofstream file(copy);
    file << content;
    file.close();
    Require(file.good(), copy.c_str());
  }
  if (target == copy) return;
  Require(mount(copy.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0, path.c_str());
}

// The users that the servers' packages would have made, with ids that are unlikely to be taken.
void FurnishNamespace() {
  Require(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
  Require(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "/proc");
  Require(mount("tmpfs", kScratchFolder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") == 0, "tmpfs");
  ExtendFile("/etc/passwd",
             "postfix:x:59901:59901::/nonexistent:/usr/sbin/nologin\n"
             "Debian-exim:x:59903:59903::/nonexistent:/usr/sbin/nologin\n"
             "opensmtpd:x:59904:59904::/nonexistent:/usr/sbin/nologin\n"
             "opensmtpq:x:59905:59905::/nonexistent:/usr/sbin/nologin\n");
  ExtendFile("/etc/group",
             "postfix:x:59901:\npostdrop:x:59902:\nDebian-exim:x:59903:\nopensmtpd:x:59904:\n"
             "opensmtpq:x:59905:\n");
  // For posttls-finger and gnutls-cli, which ask what the machine is configured to ask.
  ReplaceFile("/etc/resolv.conf",
              std::string("nameserver ") + kResolverAddress + "\noptions edns0 trust-ad\n");
  ReplaceFile(kTrustAnchorFile, "");
  BringUpLoopback();
}

// The first process of the namespace: it has the orphans to reap, and no signal but SIGKILL unless
// handled reaches it, so that the tests are better off in a process of their own.
[[noreturn]] void BeInit(const std::function<int()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  FurnishNamespace();
  const pid_t tests = fork();
  Require(tests >= 0, "fork");
  if (tests == 0) std::exit(body());
  while (true) {
    int status = 0;
    const pid_t ended = wait(&status);
    if (ended != tests) continue;
    if (WIFSIGNALED(status)) {
      std::fprintf(stderr, "interop: the tests died of signal %d\n", WTERMSIG(status));
    }
    std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);  // and all that is left dies, too
  }
}

}  // namespace

int RunIsolated(const std::function<int()>& body) {
  if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) != 0) {
    std::fprintf(
        stderr,
        "interop: SKIPPED, needs root: the real servers run in namespaces of their own and "
        "under users of their own (uid %d, %s)\n",
        static_cast<int>(geteuid()), geteuid() != 0 ? "not root" : std::strerror(errno));
    return kSkippedExitCode;
  }
  std::fflush(nullptr);
  const pid_t init = fork();
  Require(init >= 0, "fork");
  if (init == 0) BeInit(body);
  int status = 0;
  while (waitpid(init, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace mxsweep::interop
