#include "scanner/scan_options.h"

#include <cmath>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "scanner/smtp/command.h"

namespace mxsweep::scanner {
namespace {

absl::Status Wrong(std::string_view sentence) { return InvalidArgument(sentence); }

absl::Status CheckTimeout(std::string_view flag, int64_t value_ms) {
  if (value_ms >= 1 && value_ms <= kMaxTimeoutMs) return absl::OkStatus();
  return Wrong(JoinText(flag, " must be from 1ms to ", FormatDurationMs(kMaxTimeoutMs), ", not ",
                        FormatDurationMs(value_ms)));
}

absl::Status CheckTimeouts(const ScanOptions& options) {
  const std::pair<std::string_view, int64_t> timeouts[] = {
      {"--dns-timeout", options.dns_timeout_ms},
      {"--connect-timeout", options.connect_timeout_ms},
      {"--greeting-timeout", options.greeting_timeout_ms},
      {"--command-timeout", options.command_timeout_ms},
      {"--handshake-timeout", options.handshake_timeout_ms},
      {"--quit-timeout", options.quit_timeout_ms},
      {"--mta-sts-timeout", options.mta_sts_timeout_ms},
  };
  for (const auto& [flag, value_ms] : timeouts) {
    if (absl::Status status = CheckTimeout(flag, value_ms); !status.ok()) return status;
  }
  if (options.retries > kMaxRetries) {
    return Wrong(JoinText("--retries must be from 0 to ", kMaxRetries));
  }
  if (options.retry_delay_ms < 0 || options.retry_delay_ms > kMaxDurationMs) {
    return Wrong("--retry-delay must not be negative or longer than a year");
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const ScanOptions& options) {
  if (!std::isfinite(options.rate_per_s) || options.rate_per_s < 0) {
    return Wrong("--rate must be a number of connections a second, or 0 for no limit");
  }
  if (options.concurrency < 1 || options.concurrency > kMaxConcurrency) {
    return Wrong(JoinText("--concurrency must be from 1 to ", kMaxConcurrency));
  }
  if (options.dns_concurrency < 1 || options.dns_concurrency > kMaxConcurrency) {
    return Wrong(JoinText("--dns-concurrency must be from 1 to ", kMaxConcurrency));
  }
  if (options.dns_rate_per_s &&
      (!std::isfinite(*options.dns_rate_per_s) || *options.dns_rate_per_s < 0)) {
    return Wrong("--dns-rate must be a number of queries a second, or 0 for no limit");
  }
  if (options.per_address_concurrency < 1) {
    return Wrong("--per-address-concurrency must be at least 1");
  }
  for (const auto& [flag, rate] : {std::pair{"--per-prefix-rate", options.per_prefix_rate_per_s},
                                   {"--per-provider-rate", options.per_provider_rate_per_s}}) {
    if (!std::isfinite(rate) || rate < 0) {
      return Wrong(JoinText(flag, " must be a number of connections a second, or 0 for no limit"));
    }
  }
  if (options.max_hosts < 1 || options.max_hosts > kMaxHostsOfDomain) {
    return Wrong(JoinText("--max-hosts must be from 1 to ", kMaxHostsOfDomain));
  }
  if (options.max_addresses < 1 || options.max_addresses > kMaxAddressesOfDomain) {
    return Wrong(JoinText("--max-addresses must be from 1 to ", kMaxAddressesOfDomain));
  }
  if (options.patience_ms < 0 || options.patience_ms > kMaxDurationMs) {
    return Wrong("--patience must not be negative or longer than a year");
  }
  if (options.shuffle_window < 1 || options.shuffle_window > kMaxShuffleWindow) {
    return Wrong(JoinText("--shuffle must be from 1 to ", kMaxShuffleWindow));
  }
  if (options.throttle_backoff_ms < 0 || options.throttle_backoff_ms > kMaxTimeoutMs) {
    return Wrong("--throttle-backoff must be between 0 and 10m");
  }
  if (options.per_address_interval_ms < 0 || options.per_address_interval_ms > kMaxDurationMs) {
    return Wrong("--per-address-interval must not be negative or longer than a year");
  }
  if (options.workers > kMaxWorkers) {
    return Wrong(JoinText("--workers must be from 1 to ", kMaxWorkers, ", or 0 for one per core"));
  }
  if (options.workers > options.concurrency) {
    return Wrong("--concurrency must be at least --workers: each worker has its share of it");
  }
  if (options.workers > options.dns_concurrency) {
    return Wrong("--dns-concurrency must be at least --workers: each worker has its share of it");
  }
  if (options.max_runtime_ms < 0 || options.max_runtime_ms > kMaxDurationMs) {
    return Wrong("--max-runtime must not be negative or longer than a year");
  }
  if (options.epoch_seconds < 1 || options.epoch_rows < 1) {
    return Wrong("--epoch and --epoch-rows must be at least 1s and 1 row");
  }
  return absl::OkStatus();
}

// A word that may stand in a file name.
bool IsVantage(std::string_view name) {
  return name.size() <= kMaxVantageBytes && std::ranges::all_of(name, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.';
         });
}

absl::Status CheckFleet(const ScanOptions& options) {
  if (options.jobs < 1 || options.jobs > kMaxShards) {
    return Wrong(JoinText("--jobs must be between 1 and ", kMaxShards));
  }
  if (!IsVantage(options.vantage)) {
    return Wrong(JoinText("--vantage \"", options.vantage, "\": letters, digits, -, _ and . only, ",
                          "at most ", kMaxVantageBytes));
  }
  if (options.part == ScanPart::kResolve && options.targets_kind == TargetsKind::kAddresses) {
    return Wrong("--targets addresses: of addresses there is nothing to resolve; see mxsweep scan");
  }
  return absl::OkStatus();
}

absl::Status CheckAddresses(const ScanOptions& options) {
  if (!options.use_ipv4 && !options.use_ipv6) {
    return Wrong("--ipv4-only and --ipv6-only together leave nothing to connect to");
  }
  bool source_v4 = false;
  bool source_v6 = false;
  for (const dns::IpAddress& source : options.source_addresses) {
    (source.is_v6() ? source_v6 : source_v4) = true;
  }
  if (source_v6 && !options.use_ipv6) return Wrong("--ipv4-only with an IPv6 --source-address");
  if (source_v4 && !options.use_ipv4) return Wrong("--ipv6-only with an IPv4 --source-address");
  if (options.own_unbound && !options.resolvers.empty()) {
    return Wrong("--resolver unbound beside an address: give one or the other");
  }
  if (!options.own_unbound && !options.unbound_config_include.empty()) {
    return Wrong("--unbound-config-include needs --resolver unbound");
  }
  for (const dns::ServerAddress& resolver : options.resolvers) {
    if (resolver.port == 0) return Wrong("--resolver with port 0");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ScanOptions::Validate() const {
  if (targets_path.empty()) return Wrong("the list of targets has no name; - is standard input");
  if (format == OutputFormat::kParquet && output_dir.empty())
    return Wrong("--output is missing: where are the results to be written?");
  if (format == OutputFormat::kNdjson && !output_dir.empty()) {
    return Wrong("--output beside --format ndjson, which writes to standard output");
  }
  if (!ehlo_name.empty()) {
    if (absl::Status status = ValidateEhloName(ehlo_name); !status.ok()) {
      return Wrong(JoinText("--ehlo-name ", ehlo_name, ": ", status.message()));
    }
  }
  if (absl::Status status = CheckTimeouts(*this); !status.ok()) return status;
  if (absl::Status status = CheckLimits(*this); !status.ok()) return status;
  if (absl::Status status = CheckFleet(*this); !status.ok()) return status;
  return CheckAddresses(*this);
}

// Each worker's ring has a table of its own, with as many sockets as the limit on descriptors
// allows. A tenth is left free: addresses are spread among workers by hash, which is not even.
uint32_t WorkersFor(uint32_t concurrency, uint32_t cores, uint64_t descriptors) {
  const uint64_t each = std::max<uint64_t>(descriptors / 10 * 9, 1);
  const uint64_t needed = concurrency / each + (concurrency % each > 0);
  const uint64_t most = std::max<uint32_t>(std::min(kMaxWorkers, concurrency), 1);
  return static_cast<uint32_t>(std::clamp<uint64_t>(std::max<uint64_t>(cores, needed), 1, most));
}

absl::StatusOr<int64_t> ParseDurationMs(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(ToAbsl(text), &duration)) {
    return Wrong(JoinText("\"", text.substr(0, 40),
                          "\" is not a length of time such as 500ms, 2s or 1m30s"));
  }
  if (duration < absl::ZeroDuration() || duration > absl::Milliseconds(kMaxDurationMs)) {
    return Wrong(JoinText("\"", text.substr(0, 40), "\" is negative or longer than a year"));
  }
  if (duration > absl::ZeroDuration() && duration < absl::Milliseconds(1)) {
    return Wrong(JoinText("\"", text.substr(0, 40), "\" is shorter than a millisecond"));
  }
  return absl::ToInt64Milliseconds(duration);
}

std::string FormatDurationMs(int64_t duration_ms) {
  return absl::FormatDuration(absl::Milliseconds(duration_ms));
}

}  // namespace mxsweep::scanner
