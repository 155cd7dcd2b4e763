#ifndef MXSWEEP_SCANNER_SANDBOX_LANDLOCK_H_
#define MXSWEEP_SCANNER_SANDBOX_LANDLOCK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::scanner {

// What may be opened, executed and connected to; nothing else may. A path stands for the file, or
// for the folder with all below it; one that is not there is left out.
struct LandlockRules {
  std::vector<std::string> readable;
  std::vector<std::string> executable;  // and readable
  // And readable: files and folders may be made, renamed and removed below it.
  std::vector<std::string> writable;
  // Ports of TCP; nothing: all of them. Kernels before 6.7 know no such rule.
  std::optional<std::vector<uint16_t>> connect_ports;
};

// A rule set of Landlock (Linux 5.13): an unprivileged thread gives up rights, for good and for
// all that it starts. By raw system calls: headers of distributions are older than their kernels.
class LandlockRuleset {
 public:
  // The version of the interface that this kernel has; 0: none.
  static int KernelVersion();

  // FailedPrecondition where the kernel has none.
  static absl::StatusOr<LandlockRuleset> Create(const LandlockRules& rules);
  ~LandlockRuleset();
  LandlockRuleset(LandlockRuleset&& other) noexcept;
  LandlockRuleset& operator=(LandlockRuleset&&) = delete;

  int version() const { return version_; }

  // Binds the calling thread; 0, or an errno value. Async-signal-safe. The thread must not be able
  // to gain privileges (PR_SET_NO_NEW_PRIVS).
  int RestrictThisThread() const;

 private:
  LandlockRuleset(int fd, int version) : fd_(fd), version_(version) {}
  absl::Status Allow(const std::vector<std::string>& paths, uint64_t access);
  absl::Status AllowPorts(const std::vector<uint16_t>& ports);

  int fd_;
  int version_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SANDBOX_LANDLOCK_H_
