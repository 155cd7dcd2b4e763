#ifndef MXSWEEP_SCANNER_SANDBOX_SYSTEM_CALL_FILTER_H_
#define MXSWEEP_SCANNER_SANDBOX_SYSTEM_CALL_FILTER_H_

#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace mxsweep::scanner {

// A seccomp filter: which system calls a process may still make. What it refuses fails with EPERM.
// What is done by way of an io_uring is not seen by it: a ring has restrictions of its own
// (engine/uring_ring.cc).
class SystemCallFilter {
 public:
  // A scan that has started: it reads and writes files and sockets, starts threads, and nothing
  // else. No other program, no other process, no further ring, no code that was not there
  // (PROT_EXEC). Signals go to itself and to `child` (-1: there is none).
  static SystemCallFilter ForScan(pid_t self, pid_t child);

  // A resolver that is about to be executed: what no resolver needs, and an attacker would like.
  static SystemCallFilter ForResolver();

  // For this thread and what it starts, or for all threads of the process. 0, or an errno value
  // (ESRCH: a thread that has another filter). Async-signal-safe. The thread must not be able to
  // gain privileges (PR_SET_NO_NEW_PRIVS).
  int ApplyToThisThread() const;
  int ApplyToAllThreads() const;

 private:
  SystemCallFilter() = default;

  void Append(uint16_t code, uint32_t value, uint8_t if_true = 0, uint8_t if_false = 0);
  void Begin();
  void LoadArgument(int argument);
  void Decide(int number, uint32_t verdict);
  // Allowed if the argument is one of `values`; the kernel looks at 32 bits of each that we ask
  // about, and so do we.
  void AllowIfOneOf(int number, int argument, const std::vector<uint32_t>& values);
  // Allowed if those bits of the argument that `mask` has are those of `value`.
  void AllowIfBits(int number, int argument, uint32_t mask, uint32_t value);
  void AllowIfNull(int number, int argument);
  int Apply(unsigned flags) const;

  std::vector<sock_filter> program_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SANDBOX_SYSTEM_CALL_FILTER_H_
