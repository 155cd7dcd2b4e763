// What `mxsweep doctor` finds out of this machine, and by which options. Facts alone: what they
// mean is said elsewhere (diagnosis.h). What could not be found out is not there.
#ifndef MXSWEEP_TOOLS_DOCTOR_MACHINE_H_
#define MXSWEEP_TOOLS_DOCTOR_MACHINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "scanner/engine/uring_machine.h"
#include "scanner/scan_options.h"

namespace mxsweep::tools {

struct DoctorOptions {
  // --resolver, --ehlo-name, --source-address, --trust-store, --concurrency, --rate: of the scan
  // that is meant.
  scanner::ScanOptions scan;
  std::string output_dir = ".";
  // Mail servers whose greeting may be asked for, HOST or HOST:PORT; none: port 25 is not tried.
  std::vector<std::string> smtp_hosts;
};

// A greeting that was asked for.
struct SmtpAnswer {
  enum class Kind : uint8_t {
    kGreeting,
    kNoGreeting,  // connected, and then silence
    kSilent,      // no answer to the connection
    kRefused,
    kUnreachable,
    kNoName,
  };
  std::string host;
  Kind kind = Kind::kUnreachable;
  std::string text;  // the greeting's first line, or an error's words
};

struct ResolverFacts {
  bool validates = false;
  std::string detail;  // a sentence
};

// Names of an address and addresses of a name, as the resolver says them.
struct ReverseFacts {
  std::string address;             // of ours, that others see
  bool is_public = false;          // it is one that others can see
  std::vector<std::string> names;  // of that address (PTR)
  absl::Status names_status;
  std::vector<std::string> addresses;  // of the EHLO name (A, AAAA)
  absl::Status addresses_status;
};

struct MachineFacts {
  std::string kernel;  // "6.1.0-18-amd64"; empty: not known
  scanner::UringMachine uring;
  int landlock_version = 0;
  uint64_t descriptors = 0;  // RLIMIT_NOFILE, soft
  uint64_t descriptors_hard = 0;
  uint64_t locked_bytes = 0;  // RLIMIT_MEMLOCK; UINT64_MAX: no limit
  uint32_t cores = 0;
  uint64_t memory_bytes = 0;
  std::optional<uint64_t> conntrack_max;  // nothing: connections are not tracked, or not known
  std::optional<uint64_t> receive_buffer_bytes;  // net.core.rmem_max
  std::optional<std::pair<uint64_t, uint64_t>> local_ports;
  std::optional<bool> clock_synchronized;
  absl::Time now;
  std::optional<uint64_t> free_bytes;  // of the disk of DoctorOptions::output_dir
  std::string ehlo_name;
  absl::StatusOr<size_t> trust_anchors = absl::UnknownError("");
  absl::StatusOr<ResolverFacts> resolver = absl::UnknownError("");
  std::optional<std::string> unbound;  // the program
  bool root_trust_anchor = false;      // of Debian's dns-root-data
  ReverseFacts reverse;
  std::vector<SmtpAnswer> smtp;
};

// Looks and asks: the kernel, /proc, the resolver (the root's SOA record, and names of our own
// address), and the servers of options.smtp_hosts, one connection each, which hear QUIT. Nobody
// else is sent anything. Takes as long as --dns-timeout and a connection's time-out at most.
MachineFacts ExamineMachine(const DoctorOptions& options);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DOCTOR_MACHINE_H_
