#include "tools/diff/circumstances.h"

#include <string_view>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/survey/outages.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxValueBytes = 60;

// What stands at `place` ("/options/port"); null where nothing does.
json At(const json& scan, std::string_view place) {
  const json::json_pointer pointer{std::string(place)};
  return scan.contains(pointer) ? scan.at(pointer) : json(nullptr);
}

bool SaysNothing(const json& value) { return value.is_null() || value == ""; }

std::string TextOf(const json& value) {
  if (value.is_null()) return "not known";
  if (value == "") return "not given";
  const std::string text = value.is_string()
                               ? value.get<std::string>()
                               : value.dump(-1, ' ', false, json::error_handler_t::replace);
  return SanitizeText(text, kMaxValueBytes);
}

std::string StringAt(const json& scan, std::string_view place) {
  const json value = At(scan, place);
  return value.is_string() ? value.get<std::string>() : "";
}

// What of a scan may make another one look different, although no server is.
struct Setting {
  std::string_view place;
  std::string_view name;
  std::string_view effect;
};

constexpr std::string_view kOtherThings = "what was asked differs: little of this is a change";
constexpr std::string_view kTimeOuts = "more or fewer servers are not known for time-outs";
constexpr std::string_view kOtherSeen = "servers may answer the one otherwise than the other";
constexpr std::string_view kOtherAsked = "servers are asked by one that the other leaves out";

constexpr Setting kSettings[] = {
    {"/options/targets_kind", "--targets", kOtherThings},
    {"/options/tls", "--tls", kOtherThings},
    {"/options/port", "--port", kOtherThings},
    {"/options/offer", "--offer",
     "servers choose by what is offered: versions and keys may differ"},
    {"/boringssl/x25519mlkem768", "post-quantum groups offered", kOtherSeen},
    {"/options/ehlo_name", "--ehlo-name", kOtherSeen},
    {"/options/source_addresses", "--source-address", kOtherSeen},
    {"/options/resolver", "--resolver", "names may be answered otherwise"},
    {"/options/vantage", "--vantage",
     "what differs may differ by place: who is let in, and what names are answered"},
    {"/resolver/validates", "validation of DNSSEC", "DANE is not compared"},
    {"/trust_store/sha256", "the trust store", "other certificates may count as trusted"},
    {"/options/mta_sts", "--mta-sts", "MTA-STS is not compared"},
    {"/options/revocation", "--revocation", "only one may know of revoked certificates"},
    {"/options/ipv4", "IPv4", kOtherAsked},
    {"/options/ipv6", "IPv6", kOtherAsked},
    {"/options/max_hosts", "--max-hosts", kOtherAsked},
    {"/options/max_addresses", "--max-addresses", kOtherAsked},
    {"/options/blocklists", "--blocklist", kOtherAsked},
    {"/options/allowlists", "--allowlist", kOtherAsked},
    {"/options/allow_special", "--allow-special", kOtherAsked},
    {"/options/infer", "--infer", "one tells servers of crowded addresses from others there"},
    {"/options/patience_ms", "--patience", kTimeOuts},
    {"/options/retries", "--retries", kTimeOuts},
    {"/options/dns_timeout_ms", "--dns-timeout", kTimeOuts},
    {"/options/connect_timeout_ms", "--connect-timeout", kTimeOuts},
    {"/options/greeting_timeout_ms", "--greeting-timeout", kTimeOuts},
    {"/options/command_timeout_ms", "--command-timeout", kTimeOuts},
    {"/options/handshake_timeout_ms", "--handshake-timeout", kTimeOuts},
    {"/schema_version", "the version of the tables",
     "what the older one has no column for is not known there"},
    {"/version", "mxsweep's version", "CHANGELOG.md tells what it sees otherwise"},
};

void AddState(std::string_view which, const json& scan, std::vector<std::string>* remarks) {
  const std::string state = StringAt(scan, "/state");
  if (state != "complete") {
    remarks->push_back(JoinText("The ", which, " scan is not complete (",
                                TextOf(At(scan, "/state")),
                                "): what it has not committed counts as not in the list."));
  }
  if (const std::string outages = TellOutages(scan); !outages.empty()) {
    remarks->push_back(JoinText("The ", which, " scan noticed ", outages, "."));
  }
}

}  // namespace

ScanHead HeadOf(const output::ScanDirectory& scan) {
  return {.directory = scan.directory(),
          .started_at = StringAt(scan.scan(), "/started_at"),
          .finished_at = StringAt(scan.scan(), "/finished_at"),
          .state = StringAt(scan.scan(), "/state"),
          .version = StringAt(scan.scan(), "/version")};
}

Circumstances CircumstancesOf(const output::ScanDirectory& old_scan,
                              const output::ScanDirectory& new_scan) {
  const json& before = old_scan.scan();
  const json& after = new_scan.scan();
  Circumstances result{.old_scan = HeadOf(old_scan), .new_scan = HeadOf(new_scan)};
  const std::string& began = result.old_scan.started_at;
  if (!began.empty() && !result.new_scan.started_at.empty() && began > result.new_scan.started_at) {
    result.remarks.push_back("OLD began after NEW: are they exchanged?");
  }
  AddState("old", before, &result.remarks);
  AddState("new", after, &result.remarks);
  for (const Setting& setting : kSettings) {
    const json then = At(before, setting.place), now = At(after, setting.place);
    if (then == now || (SaysNothing(then) && SaysNothing(now))) continue;
    result.remarks.push_back(JoinText("Not alike: ", setting.name, " was ", TextOf(then),
                                      " and is ", TextOf(now), ": ", setting.effect, "."));
  }
  const bool both_validate =
      At(before, "/resolver/validates") == true && At(after, "/resolver/validates") == true;
  if (!both_validate) {
    result.incomparable[static_cast<size_t>(Measure::kDane)] = true;
    result.remarks.push_back("DANE is not compared: not both resolvers validated DNSSEC.");
  }
  const json sts = At(before, "/options/mta_sts");
  if (sts != At(after, "/options/mta_sts") || sts == "off") {
    result.incomparable[static_cast<size_t>(Measure::kMtaSts)] = true;
  }
  return result;
}

std::string MinuteText(std::string_view time) {
  constexpr size_t kMinuteBytes = 16;
  if (time.size() < kMinuteBytes || time[10] != 'T') {
    return time.empty() ? "?" : SanitizeText(time, kMaxValueBytes);
  }
  return SanitizeText(JoinText(time.substr(0, 10), " ", time.substr(11, 5)), kMaxValueBytes);
}

}  // namespace mxsweep::tools
