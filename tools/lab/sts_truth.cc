#include "tools/lab/sts_truth.h"

#include <algorithm>
#include <vector>

#include "tools/lab/sts_postures.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kColumns[] = {
    "mta_sts_status",      "mta_sts_id",           "mta_sts_policy_status",
    "mta_sts_http_status", "mta_sts_mode",         "mta_sts_max_age",
    "mta_sts_mx",          "mta_sts_unmatched_mx", "mta_sts_sender",
    "mta_sts_rpt_result",  "tlsrpt_status",        "tlsrpt_rua",
};

Json OrNull(std::string_view text) { return text.empty() ? Json() : Json(std::string(text)); }

// RFC 8461 §4.1: "*." is one label.
bool Fits(std::string_view pattern, std::string_view host) {
  if (!ConsumePrefix(pattern, "*")) return pattern == host;
  return host.ends_with(pattern) && host.size() > pattern.size() &&
         host.substr(0, host.size() - pattern.size()).find('.') == host.npos;
}

bool Allowed(const std::vector<std::string>& patterns, const std::string& host) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return Fits(pattern, host); });
}

std::string_view Sender(std::string_view mode, bool mx_secure,
                        const std::vector<std::string>& patterns, std::span<const StsHost> hosts) {
  size_t passed = 0;
  size_t failed = 0;
  size_t neither = 0;
  size_t refused = 0;
  for (const StsHost& host : hosts) {
    const bool allowed = Allowed(patterns, host.name);
    if (allowed && host.passed) ++passed;
    if (!allowed || host.failed) ++failed;
    if (allowed && !host.passed && !host.failed) ++neither;
    if (host.refused_by_dane) ++refused;
  }
  if (mode == "enforce") {
    if (passed > 0) return failed > 0 ? "partial" : "deliver";
    return failed > 0 && neither == 0 ? "refuse" : "unknown";
  }
  if (mx_secure && refused == hosts.size()) return "refuse";
  if (failed > 0) return "report";
  return passed > 0 ? "deliver" : "unknown";
}

void AddPolicy(const World& world, uint32_t zone_index, std::span<const StsHost> hosts, Json& row) {
  const Zone& zone = world.zones()[zone_index];
  const PolicyTruth truth = PolicyTruthOf(*zone.sts);
  row["mta_sts_policy_status"] = std::string(truth.status);
  if (truth.http_status != 0) row["mta_sts_http_status"] = truth.http_status;
  row["mta_sts_rpt_result"] = OrNull(truth.rpt_result);
  if (truth.status != "valid") {
    row["mta_sts_sender"] = "report";
    return;
  }
  row["mta_sts_error"] = nullptr;
  row["mta_sts_mode"] = std::string(truth.mode);
  row["mta_sts_max_age"] = kPolicyMaxAge;
  const std::vector<std::string> patterns = PolicyMxOf(world, zone_index);
  row["mta_sts_mx"] = patterns;
  if (truth.mode == "none") {
    row["mta_sts_sender"] = "none";
    return;
  }
  Json unmatched = Json::array();
  for (const StsHost& host : hosts) {
    if (!Allowed(patterns, host.name)) unmatched.push_back(host.name);
  }
  row["mta_sts_unmatched_mx"] = unmatched;
  row["mta_sts_sender"] = std::string(Sender(truth.mode, zone.secure, patterns, hosts));
}

}  // namespace

void AddPolicyColumns(const World& world, uint32_t zone_index, bool takes_mail,
                      std::span<const StsHost> hosts, Json& row) {
  for (const char* column : kColumns) row[column] = nullptr;
  if (!takes_mail) return;
  const Zone& zone = world.zones()[zone_index];
  const std::string_view tlsrpt = TlsRptStatusOf(zone.tlsrpt);
  row["tlsrpt_status"] = std::string(tlsrpt);
  row["tlsrpt_rua"] = OrNull(TlsRptRuaOf(world, zone_index));
  if (tlsrpt == "valid" || tlsrpt == "none") row["tlsrpt_error"] = nullptr;
  const std::string_view status = StsStatusOf(zone.sts);
  row["mta_sts_status"] = std::string(status);
  row["mta_sts_id"] = OrNull(StsIdOf(world, zone_index));
  if (status == "valid") return AddPolicy(world, zone_index, hosts, row);
  row["mta_sts_sender"] = status == "lookup_error" ? "unknown" : "none";
  if (status == "none") row["mta_sts_error"] = nullptr;
}

}  // namespace mxsweep::lab
