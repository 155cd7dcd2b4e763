#include "scanner/scan_record.h"

#include "scanner/version.h"
#include "tls/certificate.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

std::string_view TargetsWord(TargetsKind kind) {
  switch (kind) {
    case TargetsKind::kDomains:
      return "domains";
    case TargetsKind::kHosts:
      return "hosts";
    case TargetsKind::kAddresses:
      return "addresses";
  }
  return "";
}

std::string_view MtaStsWord(MtaStsLevel level) {
  switch (level) {
    case MtaStsLevel::kOff:
      return "off";
    case MtaStsLevel::kRecord:
      return "record";
    case MtaStsLevel::kFull:
      return "full";
  }
  return "";
}

json DescribeOptions(const ScanOptions& o, const std::string& ehlo_name) {
  json sources = json::array();
  for (const dns::IpAddress& address : o.source_addresses) sources.push_back(address.ToString());
  return {
      {"targets", o.targets_path},
      {"targets_kind", TargetsWord(o.targets_kind)},
      {"tls", o.tls_mode == TlsMode::kImplicit ? "implicit" : "starttls"},
      {"port", o.EffectivePort()},
      {"ehlo_name", ehlo_name},
      {"source_addresses", sources},
      {"trust_ad", o.trust_ad},
      {"dns_timeout_ms", o.dns_timeout_ms},
      {"dns_concurrency", o.dns_concurrency},
      {"connect_timeout_ms", o.connect_timeout_ms},
      {"greeting_timeout_ms", o.greeting_timeout_ms},
      {"command_timeout_ms", o.command_timeout_ms},
      {"handshake_timeout_ms", o.handshake_timeout_ms},
      {"quit_timeout_ms", o.quit_timeout_ms},
      {"retries", o.retries},
      {"retry_delay_ms", o.retry_delay_ms},
      {"ipv4", o.use_ipv4},
      {"ipv6", o.use_ipv6},
      {"mta_sts", MtaStsWord(o.mta_sts)},
      {"mta_sts_port", o.mta_sts_port},
      {"mta_sts_timeout_ms", o.mta_sts_timeout_ms},
      {"revocation", o.revocation},
      {"rate_per_s", o.rate_per_s},
      {"concurrency", o.concurrency},
      {"per_address_concurrency", o.per_address_concurrency},
      {"per_address_interval_ms", o.per_address_interval_ms},
      {"throttle_backoff_ms", o.throttle_backoff_ms},
      {"blocklists", o.blocklist_paths},
      {"allowlists", o.allowlist_paths},
      {"allow_special", o.allow_special},
      {"workers", o.workers},
  };
}

json DescribeResolver(const dns::ResolverState& state) {
  json servers = json::array();
  for (const dns::ServerState& server : state.servers) {
    servers.push_back({{"address", server.server},
                       {"answers", server.answers},
                       {"validates", server.validates},
                       {"ad_believed", server.trusted}});
  }
  return {{"validates", state.validates}, {"detail", state.detail}, {"servers", servers}};
}

}  // namespace

json DescribeScan(const ScanRecord& record) {
  json scan = {
      {"version", kVersion},
      {"options", DescribeOptions(*record.options, record.ehlo_name)},
      {"trust_store",
       {{"sha256", tls::HexLower(record.trust_store->hash())},
        {"certificates", record.trust_store->count()}}},
      {"started_at", TimeText(record.started_at)},
  };
  scan["resolver"] = record.resolver_asked ? DescribeResolver(record.resolver) : json(nullptr);
  return scan;
}

json DescribeFinishedScan(const ScanRecord& record, const ScanSummary& summary,
                          absl::Time finished_at, const std::string& error) {
  json scan = DescribeScan(record);
  scan["finished_at"] = TimeText(finished_at);
  if (!error.empty()) scan["error"] = error;
  scan["counts"] = {
      {"input_lines", summary.input_lines},
      {"duplicates", summary.duplicates},
      {"invalid", summary.invalid},
      {"domains", summary.domains},
      {"mx_hosts", summary.hosts},
      {"endpoints", summary.endpoints},
      {"certificates", summary.certificates},
      {"connections", summary.connections},
      {"retries", summary.retries},
      {"bytes_in", summary.bytes_in},
      {"bytes_out", summary.bytes_out},
      {"outcomes", summary.outcomes},
      {"rpt_results", summary.rpt_results},
      {"mta_sts_statuses", summary.mta_sts_statuses},
      {"mta_sts_policy_statuses", summary.mta_sts_policy_statuses},
      {"mta_sts_rpt_results", summary.mta_sts_rpt_results},
      {"mta_sts_senders", summary.mta_sts_senders},
      {"tlsrpt_statuses", summary.tlsrpt_statuses},
      {"diagnoses", summary.diagnoses},
  };
  return scan;
}

}  // namespace mxsweep::scanner
