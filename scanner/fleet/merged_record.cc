#include "scanner/fleet/merged_record.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "scanner/base/version.h"
#include "scanner/fleet/fleet_directory.h"
#include "scanner/resume/epoch_note.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;

constexpr size_t kScanIdBytes = 16;

// Options by which the resolve half was run; the others are the probe half's.
constexpr const char* kOfResolve[] = {
    "targets",
    "targets_kind",
    "resolver",
    "unbound_config_include",
    "trust_ad",
    "dns_timeout_ms",
    "dns_concurrency",
    "dns_rate_per_s",
    "mta_sts",
    "mta_sts_port",
    "mta_sts_timeout_ms",
    "dns_rate_per_s_loopback",
    "max_hosts",
    "max_addresses",
    "seed",
    "shuffle_window",
};

json At(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : json();
}

json MemberOf(const output::ScanDirectory& scan, const char* key) { return At(scan.scan(), key); }

std::string TextAt(const json& object, const char* key) {
  const json value = At(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

uint64_t CountAt(const output::ScanDirectory& scan, const char* key) {
  const json value = At(MemberOf(scan, "counts"), key);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

void AddShards(const Shards& shards, json* lines) {
  for (const output::ScanDirectory& shard : shards) {
    const json options = OptionsOf(shard);
    const json runs = MemberOf(shard, "runs");
    lines->push_back({{"part", TextAt(options, "part")},
                      {"shard", TextAt(options, "shard")},
                      {"started_at", TextAt(shard.scan(), "started_at")},
                      {"finished_at", TextAt(shard.scan(), "finished_at")},
                      {"runs", runs.is_array() ? runs.size() : 0}});
  }
}

}  // namespace

json MergedOptions(const output::ScanDirectory& resolve, const output::ScanDirectory& probe) {
  json options = OptionsOf(probe);
  const json of_resolve = OptionsOf(resolve);
  for (const char* key : kOfResolve) options[key] = At(of_resolve, key);
  options["part"] = "scan";
  options["shard"] = nullptr;
  return options;
}

AddressChoice AddressChoiceOf(const json& options) {
  AddressChoice choice;
  if (const json ipv4 = At(options, "ipv4"); ipv4.is_boolean()) choice.use_ipv4 = ipv4;
  if (const json ipv6 = At(options, "ipv6"); ipv6.is_boolean()) choice.use_ipv6 = ipv6;
  const json most = At(options, "max_addresses");
  if (most.is_number_unsigned()) choice.max_addresses = most;
  return choice;
}

size_t MostHostsOf(const json& options) {
  const json most = At(options, "max_hosts");
  return most.is_number_unsigned() ? most.get<size_t>() : 0;
}

std::string MergedScanId(const Shards& resolve, const Shards& probe) {
  std::string ids;
  for (const Shards* shards : {&resolve, &probe}) {
    for (const output::ScanDirectory& shard : *shards) {
      AppendText(&ids, TextAt(shard.scan(), "scan_id"), "\n");
    }
  }
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(ids.data()), ids.size(), digest.data());
  return tls::HexLower(std::span(digest).first(kScanIdBytes));
}

json DescribeMerged(const Shards& resolve, const Shards& probe, const json& options) {
  std::string began;
  for (const output::ScanDirectory& shard : resolve) {
    const std::string at = TextAt(shard.scan(), "started_at");
    if (began.empty() || at < began) began = at;
  }
  json scan = {{"version", kVersion},
               {"boringssl", MemberOf(probe.front(), "boringssl")},
               {"options", options},
               {"trust_store", MemberOf(probe.front(), "trust_store")},
               {"flags", json::array()},
               {"started_at", began},
               {"resolver", MemberOf(resolve.front(), "resolver")},
               {"sandbox", MemberOf(probe.front(), "sandbox")},
               {"list", MemberOf(resolve.front(), "list")},
               {"shards", json::array()}};
  AddShards(resolve, &scan["shards"]);
  AddShards(probe, &scan["shards"]);
  return scan;
}

json DescribeMergedEnd(const Shards& resolve, const Shards& probe, const json& options,
                       const ScanSummary& summary) {
  json scan = DescribeMerged(resolve, probe, options);
  std::string finished;
  json outages = json::array();
  for (const Shards* shards : {&resolve, &probe}) {
    for (const output::ScanDirectory& shard : *shards) {
      finished = std::max(finished, TextAt(shard.scan(), "finished_at"));
      const json of_shard = MemberOf(shard, "outages");
      for (size_t i = 0; of_shard.is_array() && i < of_shard.size(); ++i) {
        outages.push_back(of_shard[i]);
      }
    }
  }
  scan["finished_at"] = finished;
  scan["outages"] = std::move(outages);
  scan["counts"] = CountsToJson(summary);
  scan["counts"]["input_lines"] = summary.input_lines;
  scan["counts"]["duplicates"] = summary.duplicates;
  scan["counts"]["invalid"] = summary.invalid;
  return scan;
}

void SumListCounts(const Shards& resolve, ScanSummary* summary) {
  for (const output::ScanDirectory& shard : resolve) {
    // Each has read the whole list, and has taken what is its own.
    summary->input_lines = std::max(summary->input_lines, CountAt(shard, "input_lines"));
    summary->duplicates += CountAt(shard, "duplicates");
    summary->invalid += CountAt(shard, "invalid");
  }
}

}  // namespace mxsweep::scanner
