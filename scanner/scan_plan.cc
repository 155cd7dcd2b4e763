#include "scanner/scan_plan.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "scanner/smtp/command.h"

namespace mxsweep::scanner {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

// A target that is slow in all it does: its names, then a server with all its time-outs, and once
// more. (One with many hosts may take longer yet: then nobody knows how long.)
double SlowestTargetSeconds(const ScanOptions& options) {
  constexpr int kNameSteps = 3;  // MX, addresses, TLSA records
  constexpr int kCommands = 3;   // EHLO, STARTTLS, EHLO within TLS
  const int64_t connection_ms = options.connect_timeout_ms + options.greeting_timeout_ms +
                                kCommands * options.command_timeout_ms +
                                options.handshake_timeout_ms + options.quit_timeout_ms;
  const int64_t tries = 1 + int64_t{options.retries};
  int64_t waits_ms = 0;  // each is twice as long as the one before
  for (uint32_t i = 0; i < options.retries; ++i) waits_ms += options.retry_delay_ms << i;
  const int64_t names_ms = kNameSteps * options.dns_timeout_ms;
  return static_cast<double>(names_ms + tries * connection_ms + waits_ms) / 1e3;
}

// This job's share of what all may do together; at least 1, but 0 of 0.
uint32_t JobShareOf(uint32_t whole, uint32_t jobs) {
  return whole == 0 ? 0 : std::max(whole / jobs, 1u);
}

// A worker's of this job's, likewise.
uint32_t WorkerShareOf(uint32_t whole, uint32_t index, uint32_t workers) {
  if (whole == 0) return 0;
  return std::max<uint32_t>(whole / workers + (index < whole % workers ? 1 : 0), 1);
}

}  // namespace

absl::StatusOr<AddressFilter> LoadAddressFilter(const ScanOptions& options) {
  IpSet::Builder blocked;
  for (const std::string& path : options.blocklist_paths) {
    if (absl::Status status = blocked.AddFile(path); !status.ok()) return status;
  }
  std::optional<IpSet> allowed;
  if (!options.allowlist_paths.empty()) {
    IpSet::Builder builder;
    for (const std::string& path : options.allowlist_paths) {
      if (absl::Status status = builder.AddFile(path); !status.ok()) return status;
    }
    allowed = builder.Build();
  }
  return AddressFilter(blocked.Build(), std::move(allowed), options.allow_special);
}

AddressChoice AddressChoiceOf(const ScanOptions& options) {
  return {.use_ipv4 = options.use_ipv4,
          .use_ipv6 = options.use_ipv6,
          .max_addresses = options.max_addresses};
}

ScanContext::Settings SettingsOf(const ScanOptions& options) {
  ScanContext::Settings settings;
  settings.dialogue = {
      .implicit_tls = options.tls_mode == TlsMode::kImplicit,
      .ehlo_name = options.ehlo_name.empty() ? DefaultEhloName() : options.ehlo_name,
      .connect_timeout_ns = options.connect_timeout_ms * kNsPerMs,
      .greeting_timeout_ns = options.greeting_timeout_ms * kNsPerMs,
      .command_timeout_ns = options.command_timeout_ms * kNsPerMs,
      .handshake_timeout_ns = options.handshake_timeout_ms * kNsPerMs,
      .quit_timeout_ns = options.quit_timeout_ms * kNsPerMs,
  };
  settings.port = options.EffectivePort();
  settings.attempts = {.usual = {.server_name = tls::SendsServerName(options.offer)},
                       .retries = options.retries,
                       .retry_delay_ns = options.retry_delay_ms * kNsPerMs,
                       .also_without_server_name = options.also_without_server_name,
                       .surveys = options.surveys};
  settings.max_hosts = options.max_hosts;
  settings.infer = options.infer;
  settings.addresses = AddressChoiceOf(options);
  settings.resolve_only = options.part == ScanPart::kResolve;
  settings.mta_sts = options.mta_sts;
  settings.mta_sts_port = options.mta_sts_port;
  settings.mta_sts_timeout_ns = options.mta_sts_timeout_ms * kNsPerMs;
  return settings;
}

WorkerThread::Options WorkerOptionsOf(const ScanOptions& options, uint32_t index, bool goes_on,
                                      const std::array<uint64_t, 4>& resolver_seed) {
  const uint32_t workers = options.workers;
  const uint32_t share = (options.concurrency + workers - 1) / workers;
  WorkerThread::Options worker;
  worker.seed = options.seed + index;
  worker.tls.profile = options.offer;
  worker.resolver.random_seed = resolver_seed;
  worker.loop.source_addresses = options.source_addresses;
  worker.loop.ring.max_descriptors = share + 16;
  worker.resolver.servers = options.resolvers;
  worker.resolver.trust_ad = options.trust_ad;
  worker.resolver.deadline = std::chrono::milliseconds(options.dns_timeout_ms);
  worker.resolver.attempt_timeout =
      std::chrono::milliseconds(std::clamp<int64_t>(options.dns_timeout_ms / 4, 50, 3000));
  const double shares = static_cast<double>(workers) * options.jobs;
  worker.resolver.queries_per_second = options.DnsRate(/*loopback=*/false) / shares;
  worker.resolver.loopback_queries_per_second = options.DnsRate(/*loopback=*/true) / shares;
  worker.resolver.max_open = std::max<size_t>(options.dns_concurrency / workers, 1);
  // Policy hosts are asked by whichever job has the domain: there, a job has its share of an
  // address, too. Mail servers are one job's alone.
  const uint32_t address_jobs = options.part == ScanPart::kResolve ? options.jobs : 1;
  worker.gate = {
      .rate_per_s = options.rate_per_s / shares,
      .max_concurrency = share,
      .per_address_concurrency = options.per_address_concurrency,
      .per_address_interval_ns = options.per_address_interval_ms * kNsPerMs * address_jobs,
      .backoff_initial_ns = options.throttle_backoff_ms * kNsPerMs,
      .backoff_max_ns = 20 * options.throttle_backoff_ms * kNsPerMs,
      .per_prefix_concurrency = options.per_prefix_concurrency,
      .per_prefix_rate_per_s = options.per_prefix_rate_per_s / address_jobs,
      .per_provider_concurrency =
          WorkerShareOf(JobShareOf(options.per_provider_concurrency, options.jobs), index, workers),
      .per_provider_rate_per_s = options.per_provider_rate_per_s / shares,
      .goes_on = goes_on};
  return worker;
}

TimeLeftEstimator::Limits TimeLeftLimitsOf(const ScanOptions& options) {
  return {.slowest_target_s = SlowestTargetSeconds(options),
          .patience_s = static_cast<double>(options.patience_ms) / 1e3,
          .address_interval_s = static_cast<double>(options.per_address_interval_ms) / 1e3,
          .prefix_rate_per_s = options.per_prefix_rate_per_s,
          .rate_per_s = options.rate_per_s,
          .max_runtime_s = static_cast<double>(options.max_runtime_ms) / 1e3};
}

}  // namespace mxsweep::scanner
