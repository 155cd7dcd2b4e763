#include "scanner/resume/changed_meaning.h"

#include <cstdint>
#include <string_view>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;

// Between whom a difference matters.
enum Between : uint8_t {
  kRuns = 1,    // of a scan, and of a job
  kJobs = 2,    // of one half of a fleet
  kHalves = 4,  // of a fleet: what both look at
};

// Options that change what a row means. Of the others (how fast, how patiently, with what memory) a
// scan may change its mind between two runs.
struct Option {
  const char* key;
  std::string_view flag;
  uint8_t between;
};
constexpr Option kMeaningful[] = {
    {"part", "scan, resolve or probe", kRuns | kJobs},
    {"shard", "--shard", kRuns},
    {"vantage", "--vantage", kRuns | kJobs | kHalves},
    {"targets_kind", "--targets", kRuns | kJobs},
    {"tls", "--tls", kRuns | kJobs | kHalves},
    {"port", "--port", kRuns | kJobs | kHalves},
    {"ehlo_name", "--ehlo-name", kRuns},
    {"dns_timeout_ms", "--dns-timeout", kRuns | kJobs},
    {"connect_timeout_ms", "--connect-timeout", kRuns | kJobs},
    {"greeting_timeout_ms", "--greeting-timeout", kRuns | kJobs},
    {"command_timeout_ms", "--command-timeout", kRuns | kJobs},
    {"handshake_timeout_ms", "--handshake-timeout", kRuns | kJobs},
    {"retries", "--retries", kRuns | kJobs},
    {"ipv4", "--ipv6-only", kRuns | kJobs | kHalves},
    {"ipv6", "--ipv4-only", kRuns | kJobs | kHalves},
    {"mta_sts", "--mta-sts", kRuns | kJobs},
    {"mta_sts_port", "--mta-sts-port", kRuns | kJobs},
    {"mta_sts_timeout_ms", "--mta-sts-timeout", kRuns | kJobs},
    {"revocation", "--revocation", kRuns | kJobs},
    {"offer", "--offer", kRuns | kJobs},
    {"without_sni", "--without-sni", kRuns | kJobs},
    {"probe", "--probe", kRuns | kJobs},
    {"max_hosts", "--max-hosts", kRuns | kJobs},
    {"max_addresses", "--max-addresses", kRuns | kJobs | kHalves},
    {"infer", "--infer", kRuns | kJobs},
    {"allow_special", "--allow-special", kRuns | kJobs},
    // The order of address ranges, by which targets have their numbers.
    {"seed", "--seed", kRuns},
};

std::string ValueText(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

json At(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : json();
}

std::string TellDifferences(const json& earlier, const json& now, Between between,
                            std::string_view was, std::string_view is) {
  std::string text;
  for (const Option& option : kMeaningful) {
    const json before = At(earlier, option.key);
    const json after = At(now, option.key);
    // A version that did not have it yet.
    if ((option.between & between) == 0 || before.is_null() || before == after) continue;
    AppendText(&text, text.empty() ? "" : "; ", option.flag, was, ValueText(before), is,
               ValueText(after));
  }
  return text;
}

}  // namespace

std::string TellChangedMeaning(const json& earlier, const json& now) {
  return TellDifferences(earlier, now, kRuns, " was ", ", and is ");
}

std::string TellDifferentJobs(const json& one, const json& other) {
  return TellDifferences(one, other, kJobs, " is ", " there, and ");
}

std::string TellDifferentHalves(const json& resolve, const json& probe) {
  return TellDifferences(resolve, probe, kHalves, " was ", " for mxsweep resolve, and is ");
}

std::string TellChangedResolver(const json& earlier, const json& now) {
  const json before = At(earlier, "dane_figures");
  const json after = At(now, "dane_figures");
  // What was not known then says nothing.
  if (before.is_null() || after.is_null() || before == after || before == "unknown" ||
      after == "unknown") {
    return "";
  }
  return JoinText("with the resolver so far the DANE figures were ", ValueText(before),
                  ", with this one they are ", ValueText(after));
}

}  // namespace mxsweep::scanner
