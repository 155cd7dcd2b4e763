#include "tools/diff/circumstances.h"

#include <optional>
#include <string_view>

#include "absl/time/time.h"
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
     "what differs may differ by place: who is let in, what names are answered (--places)"},
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
    remarks->push_back(JoinText("The ", which, " is not complete (", TextOf(At(scan, "/state")),
                                "): what it has not committed counts as not in the list."));
  }
  if (const std::string outages = TellOutages(scan); !outages.empty()) {
    remarks->push_back(JoinText("The ", which, " noticed ", outages, "."));
  }
}

// Does it differ, as far as both say anything?
bool Differs(const json& one, const json& other) {
  return one != other && !(SaysNothing(one) && SaysNothing(other));
}

bool BothValidate(const json& one, const json& other) {
  return At(one, "/resolver/validates") == true && At(other, "/resolver/validates") == true;
}

void LeaveOut(const json& one, const json& other, Circumstances* result) {
  if (!BothValidate(one, other)) {
    result->incomparable[static_cast<size_t>(Measure::kDane)] = true;
  }
  const json sts = At(one, "/options/mta_sts");
  if (sts != At(other, "/options/mta_sts") || sts == "off") {
    result->incomparable[static_cast<size_t>(Measure::kMtaSts)] = true;
  }
}

// "3 days 4 hours", the two largest units.
std::string LongText(absl::Duration time) {
  struct Length {
    absl::Duration length;
    std::string_view one, many;
  };
  static const Length kLengths[] = {{absl::Hours(24), "day", "days"},
                                    {absl::Hours(1), "hour", "hours"},
                                    {absl::Minutes(1), "minute", "minutes"}};
  std::string text;
  int told = 0;
  for (const Length& unit : kLengths) {
    const int64_t count = absl::IDivDuration(time, unit.length, &time);
    if (count == 0 || told == 2) continue;
    AppendText(&text, text.empty() ? "" : " ", count, " ", count == 1 ? unit.one : unit.many);
    ++told;
  }
  return text;
}

std::optional<absl::Time> TimeAt(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) return std::nullopt;
  return time;
}

constexpr std::string_view kNotTold =
    "What changed in the meantime cannot be told from what differs by place; compare two scans of "
    "one place that lie as far apart.";

std::string TimeBetween(const ScanHead& a, const ScanHead& b) {
  const auto began_a = TimeAt(a.started_at), began_b = TimeAt(b.started_at);
  if (!began_a || !began_b) {
    return JoinText("Not known is what time lies between the two scans. ", kNotTold);
  }
  const std::string apart = LongText(absl::AbsDuration(*began_b - *began_a));
  if (apart.empty()) {
    return "The two scans began within a minute of each other. Still, what comes and goes may have "
           "done so between the one asking and the other.";
  }
  return JoinText("The two scans began ", apart, " apart. ", kNotTold);
}

}  // namespace

ScanHead HeadOf(const output::ScanDirectory& scan) {
  return {.directory = scan.directory(),
          .started_at = StringAt(scan.scan(), "/started_at"),
          .finished_at = StringAt(scan.scan(), "/finished_at"),
          .state = StringAt(scan.scan(), "/state"),
          .version = StringAt(scan.scan(), "/version"),
          .vantage = StringAt(scan.scan(), "/options/vantage")};
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
  AddState("old scan", before, &result.remarks);
  AddState("new scan", after, &result.remarks);
  for (const Setting& setting : kSettings) {
    const json then = At(before, setting.place), now = At(after, setting.place);
    if (!Differs(then, now)) continue;
    result.remarks.push_back(JoinText("Not alike: ", setting.name, " was ", TextOf(then),
                                      " and is ", TextOf(now), ": ", setting.effect, "."));
  }
  if (!BothValidate(before, after)) {
    result.remarks.push_back("DANE is not compared: not both resolvers validated DNSSEC.");
  }
  LeaveOut(before, after, &result);
  return result;
}

bool AreOfTwoPlaces(const output::ScanDirectory& a, const output::ScanDirectory& b) {
  const std::string at_a = HeadOf(a).vantage, at_b = HeadOf(b).vantage;
  return !at_a.empty() && !at_b.empty() && at_a != at_b;
}

ByPlace<std::string> PlaceNamesOf(const output::ScanDirectory& a, const output::ScanDirectory& b) {
  constexpr size_t kShort = 12;  // so that two of them fit into a line
  const ByPlace<std::string> names = {SanitizeText(HeadOf(a).vantage, kShort),
                                      SanitizeText(HeadOf(b).vantage, kShort)};
  if (!names.a.empty() && !names.b.empty() && names.a != names.b) return names;
  return {"place 1", "place 2"};
}

Circumstances CircumstancesByPlace(const output::ScanDirectory& a, const output::ScanDirectory& b,
                                   const ByPlace<std::string>& names) {
  Circumstances result{.old_scan = HeadOf(a), .new_scan = HeadOf(b)};
  result.remarks.push_back(TimeBetween(result.old_scan, result.new_scan));
  AddState(JoinText("scan of ", names.a), a.scan(), &result.remarks);
  AddState(JoinText("scan of ", names.b), b.scan(), &result.remarks);
  for (const Setting& setting : kSettings) {
    // Of these a place has its own.
    if (setting.place == "/options/vantage" || setting.place == "/options/source_addresses" ||
        setting.place == "/options/resolver") {
      continue;
    }
    const json at_a = At(a.scan(), setting.place), at_b = At(b.scan(), setting.place);
    if (!Differs(at_a, at_b)) continue;
    const std::string_view effect = setting.effect == kOtherThings
                                        ? "what was asked differs: little of this is by place"
                                        : setting.effect;
    result.remarks.push_back(JoinText("Not alike: ", setting.name, " is ", TextOf(at_a), " at ",
                                      names.a, " and ", TextOf(at_b), " at ", names.b, ": ", effect,
                                      "."));
  }
  if (!BothValidate(a.scan(), b.scan())) {
    result.remarks.push_back("DANE is not compared: not both resolvers validate DNSSEC.");
  }
  LeaveOut(a.scan(), b.scan(), &result);
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
