#include "scanner/sandbox/system_call_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>

namespace mxsweep::scanner {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "The sandbox does not know this machine's system calls."
#endif
static_assert(std::endian::native == std::endian::little);  // where an argument's low half is

// Later than the headers that we compile with.
constexpr int kFutexWake = 454;
constexpr int kFutexWait = 455;

// What a scan does once it has started: it, and the libraries in it. The kernel keeps a bitmap of
// calls that are allowed whatever their arguments: these cost nothing.
constexpr int kOfAScan[] = {
    // Rings.
    SYS_io_uring_enter, SYS_io_uring_register,
    // Files. Which ones is Landlock's to say.
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_close, SYS_close_range, SYS_openat, SYS_fstat,
    SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getcwd, SYS_getdents64, SYS_mkdirat, SYS_unlinkat, SYS_renameat,
    SYS_renameat2, SYS_fsync, SYS_fdatasync, SYS_sync_file_range, SYS_ftruncate, SYS_fallocate,
    SYS_fadvise64, SYS_flock, SYS_dup, SYS_dup3, SYS_pipe2, SYS_eventfd2,
#if defined(__x86_64__)
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink,
    SYS_rename, SYS_dup2, SYS_poll, SYS_select, SYS_epoll_wait, SYS_time, SYS_getrlimit,
#endif
    // Waiting.
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_wait4, SYS_waitid, SYS_restart_syscall,
    // Sockets of families that are allowed below; none that listens.
    SYS_connect, SYS_bind, SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg,
    SYS_recvmmsg, SYS_setsockopt, SYS_getsockopt, SYS_getsockname, SYS_getpeername, SYS_shutdown,
    // Memory.
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_msync, SYS_mincore,
    // Threads, and their locks.
    SYS_futex, SYS_futex_waitv, kFutexWake, kFutexWait, SYS_set_robust_list, SYS_get_robust_list,
    SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity, SYS_membarrier, SYS_gettid, SYS_exit,
    SYS_exit_group, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    // What time it is, who we are.
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_times, SYS_getpid, SYS_getppid,
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo, SYS_getrusage,
    SYS_getcpu, SYS_getrandom, SYS_umask};

// What a resolver never does.
constexpr int kOfNoResolver[] = {
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_memfd_create,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_kcmp,
    SYS_personality,
    SYS_mknodat,
    SYS_symlinkat,
    SYS_linkat,
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_mknod,
    SYS_symlink,
    SYS_link,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};

// A thread of this process, in no namespace of its own.
constexpr uint32_t kThread = CLONE_VM | CLONE_THREAD;
constexpr uint32_t kThreadMask = kThread | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

constexpr uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;
// The C library then takes the call that it took before there was this one.
constexpr uint32_t kUnknown = SECCOMP_RET_ERRNO | ENOSYS;

}  // namespace

void SystemCallFilter::Append(uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  program_.push_back({.code = code, .jt = if_true, .jf = if_false, .k = value});
}

// Calls by another architecture's numbers would mean something else. (Those of x32 have a bit that
// none of ours has.)
void SystemCallFilter::Begin() {
  Append(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  Append(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  Append(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  Append(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
}

void SystemCallFilter::LoadArgument(int argument) {
  Append(BPF_LD | BPF_W | BPF_ABS,
         static_cast<uint32_t>(offsetof(seccomp_data, args) + sizeof(uint64_t) * argument));
}

void SystemCallFilter::Decide(int number, uint32_t verdict) {
  Append(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1);
  Append(BPF_RET | BPF_K, verdict);
}

void SystemCallFilter::AllowIfOneOf(int number, int argument, const std::vector<uint32_t>& values) {
  const uint8_t length = static_cast<uint8_t>(2 + 2 * values.size());
  Append(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, length);
  LoadArgument(argument);
  for (const uint32_t value : values) {
    Append(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    Append(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  Append(BPF_RET | BPF_K, kRefused);
}

void SystemCallFilter::AllowIfBits(int number, int argument, uint32_t mask, uint32_t value) {
  Append(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 5);
  LoadArgument(argument);
  Append(BPF_ALU | BPF_AND | BPF_K, mask);
  Append(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  Append(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  Append(BPF_RET | BPF_K, kRefused);
}

void SystemCallFilter::AllowIfNull(int number, int argument) {
  const uint32_t low =
      static_cast<uint32_t>(offsetof(seccomp_data, args) + sizeof(uint64_t) * argument);
  Append(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 6);
  Append(BPF_LD | BPF_W | BPF_ABS, low);
  Append(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
  Append(BPF_LD | BPF_W | BPF_ABS, low + 4);
  Append(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
  Append(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  Append(BPF_RET | BPF_K, kRefused);
}

SystemCallFilter SystemCallFilter::ForScan(pid_t self, pid_t child) {
  SystemCallFilter filter;
  filter.Begin();
  for (const int number : kOfAScan) filter.Decide(number, SECCOMP_RET_ALLOW);
  // Its flags are in memory, where no filter sees them.
  filter.Decide(SYS_clone3, kUnknown);
  filter.AllowIfBits(SYS_clone, 0, kThreadMask, kThread);
  filter.AllowIfBits(SYS_mmap, 2, PROT_EXEC, 0);
  filter.AllowIfBits(SYS_mprotect, 2, PROT_EXEC, 0);
  // Of other families there are sockets of local services, of the kernel, and raw packets.
  filter.AllowIfOneOf(SYS_socket, 0, {AF_INET, AF_INET6});
  // Not TIOCSTI, which types into the terminal, nor TIOCLINUX.
  filter.AllowIfOneOf(SYS_ioctl, 1, {TIOCGWINSZ, TCGETS, FIONREAD, FIONBIO});
  filter.AllowIfOneOf(SYS_fcntl, 1,
                      {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK,
                       F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_GETLK, F_GETPIPE_SZ, F_SETPIPE_SZ});
  filter.AllowIfOneOf(SYS_prctl, 0, {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_SET_TIMERSLACK});
  filter.AllowIfNull(SYS_prlimit64, 2);
  filter.AllowIfOneOf(SYS_tgkill, 0, {static_cast<uint32_t>(self)});
  std::vector<uint32_t> signalled = {static_cast<uint32_t>(self)};
  if (child > 0) signalled.push_back(static_cast<uint32_t>(child));
  filter.AllowIfOneOf(SYS_kill, 0, signalled);
  filter.Append(BPF_RET | BPF_K, kRefused);
  return filter;
}

SystemCallFilter SystemCallFilter::ForResolver() {
  SystemCallFilter filter;
  filter.Begin();
  for (const int number : kOfNoResolver) filter.Decide(number, kRefused);
  filter.Decide(SYS_clone3, kUnknown);
  filter.AllowIfBits(SYS_clone, 0, kThreadMask, kThread);
  filter.Append(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return filter;
}

int SystemCallFilter::Apply(unsigned flags) const {
  const sock_fprog program = {.len = static_cast<unsigned short>(program_.size()),
                              .filter = const_cast<sock_filter*>(program_.data())};
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (result == 0) return 0;
  return result > 0 ? ESRCH : errno;  // with SECCOMP_FILTER_FLAG_TSYNC: the thread that cannot
}

// Without SPEC_ALLOW kernels before 5.16 slow a filtered process down, against programs within it
// that are not trusted.
int SystemCallFilter::ApplyToThisThread() const { return Apply(SECCOMP_FILTER_FLAG_SPEC_ALLOW); }
int SystemCallFilter::ApplyToAllThreads() const {
  return Apply(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

}  // namespace mxsweep::scanner
