#include "scanner/sandbox/sandbox.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>

#include "scanner/base/text.h"
#include "scanner/sandbox/system_call_filter.h"

// There where a build counts which lines are covered (gcov, llvm-cov), and nowhere else.
extern "C" [[gnu::weak]] void __gcov_exit();
extern "C" [[gnu::weak]] int __llvm_profile_runtime;

namespace mxsweep::scanner {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MXSWEEP_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MXSWEEP_SANITIZED 1
#endif

// A thread answers within microseconds; on an overloaded machine, when it is its turn.
constexpr int kMaxWaitMs = 10'000;

// Landlock binds a thread, and threads share their memory: one that is free frees all. So each is
// sent a signal whose handler binds it, as the C library does for setuid.
std::atomic<const LandlockRuleset*> ruleset_to_apply{nullptr};
std::atomic<int> threads_bound{0};
std::atomic<int> first_error{0};

int BindThisThread(const LandlockRuleset& ruleset) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ruleset.RestrictThisThread();
}

void OnBindSignal(int) {
  const int saved_errno = errno;
  if (const LandlockRuleset* ruleset = ruleset_to_apply.load()) {
    int none = 0;
    if (const int error = BindThisThread(*ruleset); error != 0) {
      first_error.compare_exchange_strong(none, error);
    }
    threads_bound.fetch_add(1);
  }
  errno = saved_errno;
}

void SleepMs(int ms) {
  const timespec time = {.tv_sec = 0, .tv_nsec = ms * 1'000'000L};
  nanosleep(&time, nullptr);
}

// A worker of io_uring within the kernel: takes no signals, and runs none of our code. What a ring
// can have it do is restricted (engine/uring_ring.cc).
bool IsKernelWorker(pid_t thread) {
  std::ifstream file(JoinText("/proc/self/task/", thread, "/comm"));
  std::string name;
  return std::getline(file, name) && (name.starts_with("iou-wrk-") || name.starts_with("iou-sqp-"));
}

absl::StatusOr<std::vector<pid_t>> ThreadsOfProcess() {
  DIR* folder = opendir("/proc/self/task");
  if (folder == nullptr) return absl::UnavailableError("Landlock: /proc is not there");
  std::vector<pid_t> threads;
  while (const dirent* entry = readdir(folder)) {
    if (const int thread = std::atoi(entry->d_name); thread > 0) threads.push_back(thread);
  }
  closedir(folder);
  return threads;
}

absl::Status BindThread(pid_t thread) {
  const int before = threads_bound.load();
  if (syscall(SYS_tgkill, getpid(), thread, SIGRTMAX) != 0) {
    return errno == ESRCH ? absl::OkStatus() : absl::InternalError("Landlock: tgkill fails");
  }
  for (int ms = 0; threads_bound.load() == before; ++ms) {
    if (syscall(SYS_tgkill, getpid(), thread, 0) != 0) return absl::OkStatus();  // it has ended
    if (ms >= kMaxWaitMs) return absl::UnavailableError("Landlock: a thread does not answer");
    SleepMs(1);
  }
  return absl::OkStatus();
}

absl::Status BindOtherThreads() {
  std::set<pid_t> bound = {gettid()};
  for (bool more = true; more;) {
    more = false;
    const absl::StatusOr<std::vector<pid_t>> threads = ThreadsOfProcess();
    if (!threads.ok()) return threads.status();
    for (const pid_t thread : *threads) {
      if (bound.contains(thread) || IsKernelWorker(thread)) continue;
      if (absl::Status status = BindThread(thread); !status.ok()) return status;
      bound.insert(thread);
      more = true;
    }
  }
  return absl::OkStatus();
}

absl::Status BindAllThreads(const LandlockRuleset& ruleset) {
  ruleset_to_apply.store(&ruleset);
  threads_bound.store(0);
  first_error.store(0);
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = OnBindSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGRTMAX, &action, &before);
  absl::Status status = BindOtherThreads();
  // Last, since the others are found in /proc.
  if (status.ok()) {
    if (const int error = BindThisThread(ruleset); error != 0) first_error.store(error);
  }
  // The handler stays where a signal may still be on its way: it would end the process.
  ruleset_to_apply.store(nullptr);
  if (status.ok()) sigaction(SIGRTMAX, &before, nullptr);
  if (status.ok() && first_error.load() != 0) {
    status = absl::InternalError(JoinText("Landlock: ", std::strerror(first_error.load())));
  }
  return status;
}

void AppendTrouble(std::string_view text, std::string* out) {
  AppendText(out, out->empty() ? "" : "; ", text);
}

}  // namespace

bool SandboxFitsBuild() {
#if defined(MXSWEEP_SANITIZED)
  return false;
#else
  // What counts covered lines writes them down at the program's end.
  return __gcov_exit == nullptr && &__llvm_profile_runtime == nullptr;
#endif
}

SandboxState EnterSandbox(const SandboxPolicy& policy) {
  SandboxState state;
  const SystemCallFilter filter = SystemCallFilter::ForScan(getpid(), policy.child);
  const absl::StatusOr<LandlockRuleset> ruleset = LandlockRuleset::Create(policy.files);
  absl::Status files = ruleset.status();
  if (files.ok()) files = BindAllThreads(*ruleset);
  if (files.ok()) {
    state.landlock_version = ruleset->version();
  } else {
    AppendTrouble(MessageOf(files), &state.trouble);
  }
  int error = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? errno : 0;
  if (error == 0) error = filter.ApplyToAllThreads();
  state.system_calls = error == 0;
  if (error != 0) AppendTrouble(JoinText("seccomp: ", std::strerror(error)), &state.trouble);
  return state;
}

}  // namespace mxsweep::scanner
