// What a parser that has been taken over could still do, tried in a child that is in the sandbox as
// a scan is.
#include "scanner/sandbox/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <linux/memfd.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "scanner/engine/uring_ring.h"

namespace mxsweep::scanner {
namespace {

using Attempt = std::function<int()>;  // 0: it was possible; else errno

int ErrnoOf(long result) { return result >= 0 ? 0 : errno; }

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!SandboxFitsBuild()) GTEST_SKIP() << "a sanitizer needs what the sandbox refuses";
    if (LandlockRuleset::KernelVersion() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    std::string pattern = ::testing::TempDir() + "mxsweep_sandbox_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    output_ = folder_ + "/output";
    std::filesystem::create_directory(output_);
    std::ofstream(secret()) << "of the user";
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string secret() const { return folder_ + "/secret"; }

  SandboxPolicy Policy() const {
    SandboxPolicy policy;
    policy.files.writable = {output_};
    policy.files.connect_ports = {25};
    return policy;
  }

  // What `attempt` comes to in a child; `before` is what it does before it is in the sandbox.
  int InSandbox(
      const Attempt& attempt, const std::function<void()>& before = [] {}) const {
    return InChild([&] {
      before();
      const SandboxState state = EnterSandbox(Policy());
      if (!state.trouble.empty()) {
        std::fprintf(stderr, "%s\n", state.trouble.c_str());
        return 250;
      }
      return attempt();
    });
  }

  // Exit code of a child that runs `attempt`, or 256 and the signal that it died of.
  static int InChild(const Attempt& attempt) {
    const pid_t child = fork();
    if (child == 0) _exit(attempt());
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  }

  // Possible without the sandbox, so that it is the sandbox that refuses it.
  void ExpectRefused(int error, const Attempt& attempt) const {
    EXPECT_EQ(InChild(attempt), 0) << "the attempt fails anyway";
    EXPECT_EQ(InSandbox(attempt), error);
  }

  std::string folder_;
  std::string output_;
};

TEST_F(Sandbox, IsWholeOnThisKernel) {
  EXPECT_EQ(InChild([&] {
              const SandboxState state = EnterSandbox(Policy());
              return state.landlock_version > 0 && state.system_calls && state.trouble.empty() ? 0
                                                                                               : 1;
            }),
            0);
}

TEST_F(Sandbox, OpensNoOtherFile) {
  ExpectRefused(EACCES, [] { return ErrnoOf(open("/etc/passwd", O_RDONLY)); });
  ExpectRefused(EACCES, [] { return ErrnoOf(open("/", O_RDONLY | O_DIRECTORY)); });
  ExpectRefused(EACCES, [] { return ErrnoOf(open("/proc/self/mem", O_RDWR)); });
  ExpectRefused(EACCES, [&] { return ErrnoOf(open(secret().c_str(), O_WRONLY | O_TRUNC)); });
  ExpectRefused(EACCES, [&] { return ErrnoOf(open((output_ + "/../secret").c_str(), O_RDONLY)); });
}

TEST_F(Sandbox, ChangesNothingOutsideItsFolder) {
  const std::string other = folder_ + "/other";
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(open(other.c_str(), O_CREAT | O_WRONLY, 0600)); }),
            EACCES);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(mkdir(other.c_str(), 0700)); }), EACCES);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(unlink(secret().c_str())); }), EACCES);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(rename(secret().c_str(), (output_ + "/x").c_str())); }),
            EACCES);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(symlink("/etc/passwd", (output_ + "/x").c_str())); }),
            EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(link(secret().c_str(), (output_ + "/x").c_str())); }),
            EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(chmod(secret().c_str(), 0777)); }), EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(truncate(secret().c_str(), 0)); }), EPERM);
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_EQ(std::filesystem::file_size(secret()), 11u);
  EXPECT_TRUE(std::filesystem::is_empty(output_));
}

TEST_F(Sandbox, WritesItsResults) {
  EXPECT_EQ(InSandbox([&] {
              const std::string part = output_ + "/part";
              const int file = open((part + ".tmp").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644);
              if (file < 0 || write(file, "rows", 4) != 4 || fsync(file) != 0) return errno;
              close(file);
              if (rename((part + ".tmp").c_str(), part.c_str()) != 0) return errno;
              const int spill = open(output_.c_str(), O_TMPFILE | O_RDWR, 0600);
              if (spill < 0 || posix_fallocate(spill, 0, 4096) != 0) return errno;
              void* memory = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, spill, 0);
              return memory == MAP_FAILED ? errno : 0;
            }),
            0);
  EXPECT_TRUE(std::filesystem::exists(output_ + "/part"));
}

TEST_F(Sandbox, StartsNoProgram) {
  const auto execute = [] {
    char name[] = "/bin/true";
    char* arguments[] = {name, nullptr};
    execv(name, arguments);
    return errno;
  };
  EXPECT_EQ(InChild(execute), 0);
  EXPECT_EQ(InSandbox(execute), EPERM);
  int program = -1;
  const auto execute_open = [&program] {
    char name[] = "true";
    char* arguments[] = {name, nullptr};
    syscall(SYS_execveat, program, "", arguments, environ, AT_EMPTY_PATH);
    return errno;
  };
  EXPECT_EQ(
      InSandbox(execute_open, [&program] { program = open("/bin/true", O_PATH | O_CLOEXEC); }),
      EPERM);
  ExpectRefused(EPERM, [] {
    const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return ErrnoOf(child);
  });
}

TEST_F(Sandbox, RunsNoCodeThatWasNotThere) {
  ExpectRefused(EPERM, [] {
    void* code = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? errno : 0;
  });
  ExpectRefused(EPERM, [] {
    void* data = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return ErrnoOf(mprotect(data, 4096, PROT_READ | PROT_EXEC));
  });
  ExpectRefused(EPERM, [] { return ErrnoOf(memfd_create("code", MFD_CLOEXEC)); });
}

TEST_F(Sandbox, LeavesOtherProcessesAlone) {
  const pid_t other = fork();
  if (other == 0) {
    pause();
    _exit(0);
  }
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(ptrace(PTRACE_ATTACH, other, nullptr, nullptr)); }),
            EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(kill(other, SIGTERM)); }), EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(kill(-1, SIGTERM)); }), EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(syscall(SYS_tgkill, other, other, SIGTERM)); }), EPERM);
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(syscall(SYS_pidfd_open, other, 0)); }), EPERM);
  EXPECT_EQ(waitpid(other, nullptr, WNOHANG), 0) << "it is gone";
  // The one that is its own it may end.
  EXPECT_EQ(InChild([&] {
              SandboxPolicy policy = Policy();
              policy.child = other;
              EnterSandbox(policy);
              return ErrnoOf(kill(other, SIGTERM));
            }),
            0);
  int status = 0;
  EXPECT_EQ(waitpid(other, &status, 0), other);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(Sandbox, TypesNothingIntoTheTerminal) {
  char letter = 'x';
  EXPECT_EQ(InSandbox([&] { return ErrnoOf(ioctl(STDIN_FILENO, TIOCSTI, &letter)); }), EPERM);
}

int ConnectTo(uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return errno;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  return ErrnoOf(connect(connection, reinterpret_cast<sockaddr*>(&to), sizeof(to)));
}

TEST_F(Sandbox, HasSocketsToScanWithAndNoOthers) {
  ExpectRefused(EPERM, [] { return ErrnoOf(socket(AF_UNIX, SOCK_STREAM, 0)); });
  ExpectRefused(EPERM, [] { return ErrnoOf(socket(AF_NETLINK, SOCK_RAW, 0)); });
  ExpectRefused(EPERM, [] { return ErrnoOf(listen(socket(AF_INET, SOCK_STREAM, 0), 1)); });
  EXPECT_EQ(InSandbox([] { return ErrnoOf(socket(AF_INET6, SOCK_DGRAM, 0)); }), 0);
  if (LandlockRuleset::KernelVersion() < 4) GTEST_SKIP() << "Landlock knows no ports here";
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(listen(listener, 5), 0);  // on a port that is not 25
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  ExpectRefused(EACCES, [&] { return ConnectTo(ntohs(address.sin_port)); });
  close(listener);
}

TEST_F(Sandbox, StartsThreadsAndBindsThem) {
  EXPECT_EQ(InSandbox([] {
              int error = 0;
              std::thread([&error] {
                error = ErrnoOf(open("/etc/passwd", O_RDONLY)) == EACCES &&
                                ErrnoOf(syscall(SYS_execve, "/bin/true", nullptr, nullptr)) == EPERM
                            ? 0
                            : 1;
              }).join();
              return error;
            }),
            0);
}

// They share all memory with those that parse: one that could open files would do it for them.
TEST_F(Sandbox, BindsThreadsThatWereThereBefore) {
  std::atomic<bool> inside{false};
  std::atomic<int> refused{0};
  constexpr int kThreads = 8;
  EXPECT_EQ(InSandbox(
                [&] {
                  inside.store(true);
                  for (int i = 0; i < 10'000 && refused.load() < kThreads; ++i) usleep(1000);
                  return kThreads - refused.load();
                },
                [&] {
                  for (int i = 0; i < kThreads; ++i) {
                    std::thread([&] {
                      while (!inside.load()) usleep(100);
                      if (ErrnoOf(open("/etc/passwd", O_RDONLY)) == EACCES &&
                          ErrnoOf(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)) == EPERM) {
                        refused.fetch_add(1);
                      }
                    }).detach();
                  }
                }),
            0);
}

// The filter of system calls does not see what a ring does.
TEST_F(Sandbox, OpensNoFileByWayOfARing) {
  const auto open_by = [](io_uring* ring, io_uring_sqe* sqe) {
    io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
    io_uring_cqe* cqe = nullptr;
    if (io_uring_submit(ring) < 0 || io_uring_wait_cqe(ring, &cqe) < 0) return 200;
    return cqe->res >= 0 ? 0 : -cqe->res;
  };
  // Of a ring of the scan's own, which the kernel has restricted: even without a sandbox.
  std::unique_ptr<UringRing> own;
  const auto make_own = [&own] { own = UringRing::Create({.submission_entries = 8}).value(); };
  const auto open_by_own = [&] { return open_by(own->get(), own->NextSqe()); };
  EXPECT_EQ(InChild([&] {
              make_own();
              return open_by_own();
            }),
            EACCES);
  EXPECT_EQ(InSandbox(open_by_own, make_own), EACCES);
  // Of any other ring, which somebody had before: Landlock refuses.
  io_uring other{};
  const auto make_other = [&other] { io_uring_queue_init(8, &other, 0); };
  const auto open_by_other = [&] { return open_by(&other, io_uring_get_sqe(&other)); };
  EXPECT_EQ(InChild([&] {
              make_other();
              return open_by_other();
            }),
            0);
  EXPECT_EQ(InSandbox(open_by_other, make_other), EACCES);
  // There is no further ring.
  ExpectRefused(EPERM, [] {
    io_uring further{};
    return -io_uring_queue_init(8, &further, 0);
  });
}

TEST_F(Sandbox, HasNoWayBack) {
  EXPECT_EQ(InSandbox([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 ? errno : 0; }),
            EPERM);
  EXPECT_EQ(InSandbox([] { return ErrnoOf(syscall(SYS_seccomp, 0, 0, nullptr)); }), EPERM);
  EXPECT_EQ(InSandbox([] { return ErrnoOf(unshare(CLONE_NEWUSER)); }), EPERM);
  EXPECT_EQ(InSandbox([] { return ErrnoOf(setuid(0)); }), EPERM);
}

}  // namespace
}  // namespace mxsweep::scanner
