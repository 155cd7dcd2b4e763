#include "scanner/scan_record.h"

#include <utility>

#include "dns/cares_resolver.h"
#include "scanner/base/text.h"
#include "scanner/base/version.h"
#include "scanner/resume/epoch_note.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

std::string_view PartWord(ScanPart part) {
  switch (part) {
    case ScanPart::kWhole:
      return "scan";
    case ScanPart::kResolve:
      return "resolve";
    case ScanPart::kProbe:
      return "probe";
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

// As they were given: addresses, "unbound", or "system".
json ResolverWords(const ScanOptions& o) {
  if (o.own_unbound) return "unbound";
  if (o.resolvers.empty()) return "system";
  json words = json::array();
  for (const dns::ServerAddress& resolver : o.resolvers) {
    words.push_back(resolver.ToString());
  }
  return words;
}

// What becomes of the DANE figures with this resolver. Answers of one that does not validate, or is
// not believed, are insecure: to DANE as good as none.
std::string_view DaneFigures(const dns::ResolverState& state) {
  if (state.validates) return "complete";
  // Only a private tree goes on like this: it may have no root that could be asked for.
  if (!state.answers) return "unknown";
  // Domains without TLSA records look like domains whose DANE is broken.
  if (!state.denies) return "wrong";
  for (const dns::ServerState& server : state.servers) {
    if (server.validates && server.trusted) return "incomplete";
  }
  return "empty";
}

json DescribeResolver(const ScanRecord& record) {
  const dns::ResolverState& state = record.resolver;
  // Of what has not answered, nobody knows.
  const auto validates = [](const auto& what) {
    return what.answers ? json(what.validates) : json(nullptr);
  };
  json servers = json::array();
  for (const dns::ServerState& server : state.servers) {
    servers.push_back({{"address", server.server},
                       {"answers", server.answers},
                       {"validates", validates(server)},
                       {"denies", server.answers ? json(server.denies) : json(nullptr)},
                       {"ad_believed", server.trusted}});
  }
  json described = {{"validates", validates(state)},
                    {"dane_figures", DaneFigures(state)},
                    {"detail", state.detail},
                    {"servers", servers},
                    {"own_unbound", nullptr}};
  if (record.own_unbound) {
    described["own_unbound"] = {{"program", record.own_unbound->program},
                                {"version", record.own_unbound->version},
                                {"threads", record.own_unbound->threads}};
  }
  return described;
}

}  // namespace

json DescribeOptions(const ScanOptions& o, const std::string& ehlo_name) {
  json sources = json::array();
  for (const dns::IpAddress& address : o.source_addresses) sources.push_back(address.ToString());
  return {
      {"part", PartWord(o.part)},
      {"shard", o.part == ScanPart::kWhole ? json(nullptr) : json(ShardText(o.shard))},
      {"jobs", o.jobs},
      {"vantage", o.vantage},
      {"targets", o.targets_path},
      {"targets_kind", TargetsWord(o.targets_kind)},
      {"tls", o.tls_mode == TlsMode::kImplicit ? "implicit" : "starttls"},
      {"port", o.EffectivePort()},
      {"ehlo_name", ehlo_name},
      {"source_addresses", sources},
      {"resolver", ResolverWords(o)},
      {"unbound_config_include",
       o.unbound_config_include.empty() ? json(nullptr) : json(o.unbound_config_include)},
      {"trust_ad", o.trust_ad},
      {"dns_timeout_ms", o.dns_timeout_ms},
      {"dns_concurrency", o.dns_concurrency},
      {"dns_rate_per_s", o.DnsRate(/*loopback=*/false)},
      {"dns_rate_per_s_loopback", o.DnsRate(/*loopback=*/true)},
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
      {"offer", tls::ClientProfileWord(o.offer)},
      {"without_sni", o.also_without_server_name},
      {"probe", tls::SurveysText(o.surveys)},
      {"rate_per_s", o.rate_per_s},
      {"concurrency", o.concurrency},
      {"per_address_concurrency", o.per_address_concurrency},
      {"per_address_interval_ms", o.per_address_interval_ms},
      {"per_prefix_concurrency", o.per_prefix_concurrency},
      {"per_prefix_rate_per_s", o.per_prefix_rate_per_s},
      {"per_provider_concurrency", o.per_provider_concurrency},
      {"per_provider_rate_per_s", o.per_provider_rate_per_s},
      {"throttle_backoff_ms", o.throttle_backoff_ms},
      {"max_hosts", o.max_hosts},
      {"max_addresses", o.max_addresses},
      {"patience_ms", o.patience_ms},
      {"infer", o.infer},
      {"shuffle_window", o.shuffle_window},
      {"seed", o.seed},
      {"blocklists", o.blocklist_paths},
      {"allowlists", o.allowlist_paths},
      {"allow_special", o.allow_special},
      {"workers", o.workers},
  };
}

namespace {

json DescribeSandbox(const std::optional<SandboxState>& sandbox) {
  if (!sandbox) return nullptr;
  return {
      {"landlock", sandbox->landlock_version > 0 ? json(sandbox->landlock_version) : json(nullptr)},
      {"seccomp", sandbox->system_calls},
      {"trouble", sandbox->trouble.empty() ? json(nullptr) : json(sandbox->trouble)}};
}

}  // namespace

json RunsSoFar(const json& scan, std::optional<absl::Time> committed_at) {
  json runs = json::array();
  if (const auto found = scan.find("runs"); found != scan.end() && found->is_array()) runs = *found;
  if (!runs.empty() && runs.back().is_object() && runs.back().value("state", "") == "running") {
    runs.back()["state"] = "killed";
    if (committed_at) runs.back()["committed_until"] = TimeText(*committed_at);
  }
  return runs;
}

std::string TellSandbox(const SandboxState& sandbox) {
  if (sandbox.trouble.empty()) return "";
  const bool none = sandbox.landlock_version == 0 && !sandbox.system_calls;
  return JoinText("Note: the sandbox is ", none ? "not" : "only partly", " in force (",
                  sandbox.trouble, ").");
}

std::string TellResolver(const ScanRecord& record) {
  std::string text;
  if (record.own_unbound) {
    const std::string& version = record.own_unbound->version;
    AppendText(&text, "Resolver: our own Unbound", version.empty() ? "" : " ", version, ". ");
  }
  AppendText(&text, record.resolver.detail);
  if (record.resolver.validates) return text;
  if (!record.resolver.answers) {
    return JoinText("WARNING: the root cannot be looked up; whether the private tree validates is ",
                    "not known. ", text);
  }
  const std::string figures = absl::AsciiStrToUpper(ToAbsl(DaneFigures(record.resolver)));
  return JoinText("WARNING: the DANE figures of this scan will be ", figures, ". ", text);
}

std::string TellNoResolver(const ScanRecord& record) {
  const std::string& detail = record.resolver.detail;
  if (record.own_unbound) {
    return JoinText(detail,
                    " This is our own Unbound: it has to reach the name servers of the root, ",
                    "over UDP and TCP to port 53.");
  }
  if (!record.options->resolvers.empty()) return detail;
  return JoinText(detail, " That is what /etc/resolv.conf names: name another one with --resolver ",
                  "ADDRESS, or use --resolver unbound, which needs none.");
}

namespace {

json DescribeRun(const ScanRecord& record) {
  return {{"started_at", TimeText(record.started_at)},
          {"version", kVersion},
          {"options", DescribeOptions(*record.options, record.ehlo_name)},
          {"trust_store_sha256", tls::HexLower(record.trust_store->hash())},
          {"state", "running"}};
}

}  // namespace

json DescribeScan(const ScanRecord& record) {
  json runs = record.earlier_runs.is_array() ? record.earlier_runs : json::array();
  const std::string began =
      runs.empty() ? TimeText(record.started_at) : runs.front().value("started_at", "");
  runs.push_back(DescribeRun(record));
  json scan = {
      {"version", kVersion},
      {"boringssl", {{"version", kBoringsslVersion}, {"x25519mlkem768", tls::HasPostQuantum()}}},
      {"options", DescribeOptions(*record.options, record.ehlo_name)},
      {"trust_store",
       {{"sha256", tls::HexLower(record.trust_store->hash())},
        {"certificates", record.trust_store->count()}}},
      {"flags", record.options->flags},
      {"started_at", began},
      {"runs", std::move(runs)},
      {"sandbox", DescribeSandbox(record.sandbox)},
  };
  scan["resolver"] = record.resolver_asked ? DescribeResolver(record) : json(nullptr);
  return scan;
}

json DescribeFinishedScan(const ScanRecord& record, const ScanSummary& summary,
                          absl::Time finished_at, std::string_view state,
                          const std::string& error) {
  json scan = DescribeScan(record);
  scan["finished_at"] = TimeText(finished_at);
  if (record.list) scan["list"] = MarkToJson(*record.list);
  if (!error.empty()) scan["error"] = error;
  json& run = scan["runs"].back();
  run["finished_at"] = TimeText(finished_at);
  run["state"] = state;
  if (!error.empty()) run["error"] = error;
  scan["outages"] = json::array();
  for (const ScanRecord::Outage& outage : record.outages) {
    scan["outages"].push_back({{"of", std::string(outage.of)},
                               {"began_at", TimeText(outage.began)},
                               {"ended_at", TimeText(outage.ended)},
                               {"done_again", outage.done_again},
                               {"sure", outage.sure}});
  }
  scan["counts"] = CountsToJson(summary);
  scan["counts"]["input_lines"] = summary.input_lines;
  scan["counts"]["duplicates"] = summary.duplicates;
  scan["counts"]["invalid"] = summary.invalid;
  return scan;
}

}  // namespace mxsweep::scanner
