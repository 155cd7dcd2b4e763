#ifndef MXSWEEP_SCANNER_SCAN_OPTIONS_H_
#define MXSWEEP_SCANNER_SCAN_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dns/ip_address.h"
#include "dns/server_address.h"
#include "scanner/log_level.h"
#include "scanner/progress.h"
#include "scanner/targets/shard.h"
#include "scanner/targets/target_reader.h"
#include "scanner/verdict/mta_sts.h"
#include "tls/probe/surveys.h"
#include "tls/session/client_profile.h"

namespace mxsweep::scanner {

enum class TlsMode : uint8_t {
  kStartTls,  // SMTP, port 25
  kImplicit,  // TLS from the first byte (RFC 8314 §3.3), port 465
};
// Which half of a scan this is (docs/fleet.md).
enum class ScanPart : uint8_t {
  kWhole,
  kResolve,  // targets into domains and MX hosts: nobody is connected to
  kProbe,    // the MX hosts of a resolve set into endpoints and certificates
};
enum class OutputFormat : uint8_t {
  kParquet,
  kNdjson,
  kCaller,  // to ScanControl::rows: for a program around the engine, not for a user
};

// Google Public DNS says that it throttles whoever sends more than 1,000 queries a second
// (developers.google.com/speed/public-dns/docs/isp), at its addresses together, of which two are
// mostly asked; others name no figure.
inline constexpr double kDefaultDnsRate = 500;

// Everything that `mxsweep scan` can be told, with the defaults: those are meant to be safe for a
// stranger on the real Internet. A value; filled by tools/cli/scan_flags, judged by Validate.
struct ScanOptions {
  // What and where to.
  std::string targets_path = "-";  // "-": standard input
  bool targets_given = false;      // it was said, not left out (for --resume)
  TargetsKind targets_kind = TargetsKind::kDomains;
  std::string output_dir;
  // Of a fleet: what of the list is this job's, by name, or with kProbe by address; and how many
  // jobs run at once. What the limits below say is for all of these together, and shared out
  // evenly.
  ScanPart part = ScanPart::kWhole;
  Shard shard;
  uint32_t jobs = 1;
  std::string resolved_dir;   // kProbe: the fleet's directory, whose resolve set is the list
  std::string also_writable;  // a folder that the sandbox leaves open; empty: none
  std::string vantage;        // where this machine stands, for scan.json; empty: not said
  // Go on with the scan that is in output_dir: its seed, and its EHLO name where none is given, are
  // taken from there; what would change the meaning of its rows is refused.
  bool resume = false;
  // Stop, as a signal would make it, after so long; 0: never.
  int64_t max_runtime_ms = 0;
  // What the user gave on the command line, "--rate=50" …, for scan.json: so that the scan can be
  // gone on with without giving it again.
  std::vector<std::string> flags;
  OutputFormat format = OutputFormat::kParquet;
  int64_t epoch_seconds = 60;     // results are committed this often …
  uint64_t epoch_rows = 500'000;  // … or after this many rows
  uint64_t seed = 0;  // order of address ranges, and all other randomness; 0: a random one

  // Names.
  std::vector<dns::ServerAddress> resolvers;  // empty: those of /etc/resolv.conf
  bool own_unbound = false;                   // a validating Unbound of our own, instead of those
  std::string unbound_config_include;  // file that is added to its configuration; empty: none
  bool trust_ad = false;            // believe the AD bit of a resolver that is not on this machine
  int64_t dns_timeout_ms = 20'000;  // for one question, all attempts together
  // Questions open at once, all workers and resolvers together.
  uint32_t dns_concurrency = 2'000;
  // Queries a second to each resolver address, all workers together; 0: no limit. Nothing:
  // kDefaultDnsRate to those that are not on this machine.
  std::optional<double> dns_rate_per_s;

  // Talking.
  TlsMode tls_mode = TlsMode::kStartTls;
  uint16_t port = 0;      // 0: 25, or 465 with kImplicit; see EffectivePort
  std::string ehlo_name;  // empty: DefaultEhloName()
  std::vector<dns::IpAddress>
      source_addresses;  // connections take turns; empty: the system's choice
  int64_t connect_timeout_ms = 10'000;
  int64_t greeting_timeout_ms = 45'000;  // greet delays of 5 to 25 s are usual
  int64_t command_timeout_ms = 30'000;
  int64_t handshake_timeout_ms = 30'000;
  int64_t quit_timeout_ms = 2'000;
  uint32_t retries = 1;
  int64_t retry_delay_ms =
      30'000;               // before the first further attempt; twice as long before each one after
  std::string trust_store;  // PEM file or directory; empty: the system's
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  tls::ClientProfile offer = tls::ClientProfile::kEverything;
  // Connect once more without a server name (SNI) where a handshake was completed.
  bool also_without_server_name = false;
  tls::SurveySet surveys;   // by further connections: --probe
  bool revocation = false;  // fetch the CRLs that certificates name

  // MTA-STS (RFC 8461) and TLS reporting (RFC 8460).
  MtaStsLevel mta_sts = MtaStsLevel::kRecord;
  uint16_t mta_sts_port = 443;          // of policy hosts
  int64_t mta_sts_timeout_ms = 60'000;  // for one policy (RFC 8461 §3.3)

  // Politeness.
  double rate_per_s = 500;  // connection starts, all workers together; 0: unlimited
  uint32_t concurrency = 10'000;
  uint32_t per_address_concurrency = 1;
  int64_t per_address_interval_ms = 1'000;
  // Of a prefix (/24, /64), and of a provider (the registrable domain of the MX host): connections
  // open and begun in a second. 0: no limit.
  uint32_t per_prefix_concurrency = 32;
  double per_prefix_rate_per_s = 16;
  uint32_t per_provider_concurrency = 0;
  double per_provider_rate_per_s = 0;
  // An address that said 421 is left alone for this long, then twice as long, up to 20 times.
  int64_t throttle_backoff_ms = 30'000;
  std::vector<std::string> blocklist_paths;
  std::vector<std::string> allowlist_paths;
  // Of one domain: MX hosts and addresses that are asked, the smallest preferences first.
  uint32_t max_hosts = 20;
  uint32_t max_addresses = 64;
  // How long the scan goes on when only addresses are left for which many wait.
  int64_t patience_ms = 3'600'000;
  // What then still waits is told what others met at the address, where that was always the same.
  bool infer = true;
  // Targets are taken from so many of the list in a random order; 1: in the order of the list.
  uint32_t shuffle_window = 100'000;
  bool allow_special = false;  // connect to loopback, private and other special-purpose addresses

  // This machine.
  // 0: one per core, and more where the limit on descriptors makes --concurrency need it; at most
  // kMaxWorkers.
  uint32_t workers = 0;
  // Once it has started, give up what the scan does not need: for the whole process, and for good
  // (sandbox/sandbox.h). So it is the program that asks for it, and not who merely runs a scan.
  bool sandbox = false;
  // How the program tells of this run; a scan itself looks at none of these.
  ProgressMode progress = ProgressMode::kAuto;
  LogLevel log_level = LogLevel::kInfo;  // lines that matter less are left out
  std::string status_file;               // written anew every second; empty: none
  // Where Prometheus may ask; nothing: nowhere.
  std::optional<dns::ServerAddress> metrics_address;

  uint16_t EffectivePort() const {
    if (port != 0) return port;
    return tls_mode == TlsMode::kImplicit ? 465 : 25;
  }

  // Queries a second that a resolver's address is sent; 0: no limit.
  double DnsRate(bool loopback) const {
    return dns_rate_per_s.value_or(loopback ? 0 : kDefaultDnsRate);
  }

  // Can a scan be run like this? The error is one sentence that names the flag. Looks at no file.
  absl::Status Validate() const;
};

inline constexpr uint32_t kMaxWorkers = 256;
// What ScanOptions::workers = 0 comes to on a machine with so many cores (0: unknown) and, for each
// process, descriptors.
uint32_t WorkersFor(uint32_t concurrency, uint32_t cores, uint64_t descriptors);

inline constexpr size_t kMaxVantageBytes = 64;
inline constexpr uint32_t kMaxConcurrency = 4'000'000;
inline constexpr uint32_t kMaxRetries = 10;
inline constexpr uint32_t kMaxHostsOfDomain = 255;
inline constexpr uint32_t kMaxAddressesOfDomain = 10'000;
inline constexpr uint32_t kMaxShuffleWindow = 100'000'000;
// No timeout is longer (RFC 5321 §4.5.3.2 asks for 10 minutes at most).
inline constexpr int64_t kMaxTimeoutMs = 600'000;

// "500ms", "2s", "1.5m", "1h30m", and a bare "0", in milliseconds; at most kMaxDurationMs. A number
// without a unit is an error: whether seconds or milliseconds were meant is not guessed.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);
inline constexpr int64_t kMaxDurationMs = int64_t{366} * 24 * 3'600'000;
// The same in text that ParseDurationMs reads back: "500ms", "2s", "1m30s", "0".
std::string FormatDurationMs(int64_t duration_ms);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SCAN_OPTIONS_H_
