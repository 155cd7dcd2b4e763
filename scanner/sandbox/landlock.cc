#include "scanner/sandbox/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

// The kernel's interface, as include/uapi/linux/landlock.h of Linux 6.12 has it: the headers of the
// machine that compiles may know less than the kernel of the one that runs it.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr uint32_t kPathBeneath = 1;
constexpr uint32_t kNetPort = 2;

struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;  // version 4
  uint64_t scoped;              // version 6
};

struct [[gnu::packed]] PathBeneath {
  uint64_t allowed_access;
  int32_t parent_fd;
};

struct NetPort {
  uint64_t allowed_access;
  uint64_t port;
};

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadFolder = 1 << 3;
constexpr uint64_t kRemoveFolder = 1 << 4;
constexpr uint64_t kRemoveFile = 1 << 5;
constexpr uint64_t kMakeFolder = 1 << 7;
constexpr uint64_t kMakeFile = 1 << 8;
constexpr uint64_t kOfVersion1 = (1 << 13) - 1;
constexpr uint64_t kRefer = 1 << 13;     // version 2
constexpr uint64_t kTruncate = 1 << 14;  // version 3
constexpr uint64_t kIoctl = 1 << 15;     // version 5, of devices
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctl;

constexpr uint64_t kConnectTcp = 1 << 1;
constexpr uint64_t kScopeAbstractSockets = 1 << 0;

constexpr uint64_t kReading = kReadFile | kReadFolder;
constexpr uint64_t kWriting = kReading | kWriteFile | kRemoveFolder | kRemoveFile | kMakeFolder |
                              kMakeFile | kRefer | kTruncate;

uint64_t HandledFileAccess(int version) {
  uint64_t access = kOfVersion1;
  if (version >= 2) access |= kRefer;
  if (version >= 3) access |= kTruncate;
  if (version >= 5) access |= kIoctl;
  return access;
}

size_t AttributeBytes(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

absl::Status SystemError(std::string_view what) {
  return absl::InternalError(ToAbsl(JoinText("Landlock: ", what, ": ", std::strerror(errno))));
}

}  // namespace

int LandlockRuleset::KernelVersion() {
  const long version = syscall(kCreateRuleset, nullptr, size_t{0}, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

absl::StatusOr<LandlockRuleset> LandlockRuleset::Create(const LandlockRules& rules) {
  const int version = KernelVersion();
  if (version == 0) {
    return absl::FailedPreconditionError("this kernel has no Landlock, or it is switched off");
  }
  RulesetAttributes attributes{};
  attributes.handled_access_fs = HandledFileAccess(version);
  if (version >= 4 && rules.connect_ports) attributes.handled_access_net = kConnectTcp;
  if (version >= 6) attributes.scoped = kScopeAbstractSockets;
  const long fd = syscall(kCreateRuleset, &attributes, AttributeBytes(version), 0);
  if (fd < 0) return SystemError("no rule set");
  LandlockRuleset ruleset(static_cast<int>(fd), version);
  absl::Status status = ruleset.Allow(rules.readable, kReading);
  if (status.ok()) status = ruleset.Allow(rules.executable, kReading | kExecute);
  if (status.ok()) status = ruleset.Allow(rules.writable, kWriting);
  if (status.ok() && version >= 4 && rules.connect_ports) {
    status = ruleset.AllowPorts(*rules.connect_ports);
  }
  if (!status.ok()) return status;
  return ruleset;
}

LandlockRuleset::LandlockRuleset(LandlockRuleset&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), version_(other.version_) {}

LandlockRuleset::~LandlockRuleset() {
  if (fd_ >= 0) close(fd_);
}

absl::Status LandlockRuleset::Allow(const std::vector<std::string>& paths, uint64_t access) {
  for (const std::string& path : paths) {
    const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) continue;
    if (fd < 0) return SystemError(path);
    struct stat info {};
    uint64_t allowed = access & HandledFileAccess(version_);
    // Rights of folders are refused for a file.
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) allowed &= kOfFiles;
    const PathBeneath rule = {.allowed_access = allowed, .parent_fd = fd};
    const long result = syscall(kAddRule, fd_, kPathBeneath, &rule, 0);
    const absl::Status status = result == 0 ? absl::OkStatus() : SystemError(path);
    close(fd);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status LandlockRuleset::AllowPorts(const std::vector<uint16_t>& ports) {
  for (const uint16_t port : ports) {
    const NetPort rule = {.allowed_access = kConnectTcp, .port = port};
    if (syscall(kAddRule, fd_, kNetPort, &rule, 0) != 0) {
      return SystemError(JoinText("port ", port));
    }
  }
  return absl::OkStatus();
}

int LandlockRuleset::RestrictThisThread() const {
  return syscall(kRestrictSelf, fd_, 0) == 0 ? 0 : errno;
}

}  // namespace mxsweep::scanner
