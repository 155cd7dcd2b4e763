#include "tools/lab/report.h"

#include <algorithm>

#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr size_t kMaxExamples = 50;

constexpr std::string_view kNames[] = {
    "talked_before_greeting",
    "parallel_connections",
    "too_many_handshakes",
    "data_with_starttls",
    "pipelined",
    "ehlo_with_target_name",
    "command_after_421",
    "no_quit",
    "mail_command",
    "malformed_command",
    "trap_connection",
    "malformed_request",
    "policy_asked_twice",
    "blocked_connection",
};
static_assert(std::size(kNames) == static_cast<size_t>(Violation::kCount));

}  // namespace

std::string_view NameOf(Violation violation) { return kNames[static_cast<size_t>(violation)]; }

void Report::Count(Violation violation, const std::string& where) {
  ++violations[static_cast<size_t>(violation)];
  if (examples.size() < kMaxExamples) examples.push_back(JoinText(NameOf(violation), ": ", where));
}

nlohmann::json ToJson(const World& world, const Report& report) {
  nlohmann::json json;
  json["connections"] = report.connections;
  json["handshakes"] = report.handshakes;
  json["failed_handshakes"] = report.failed_handshakes;
  json["quits"] = report.quits;
  nlohmann::json& violations = json["violations"] = nlohmann::json::object();
  for (size_t i = 0; i < std::size(kNames); ++i) {
    violations[std::string(kNames[i])] = report.violations[i];
  }
  json["violation_examples"] = report.examples;
  nlohmann::json& addresses = json["addresses"] = nlohmann::json::object();
  for (const auto& [address, counts] : report.addresses) {
    addresses[world.AddressText(address)] = {
        {"connections", counts.connections},
        {"most_open", counts.most_open},
        {"handshakes", counts.handshakes},
        {"behaviour", std::string(NameOf(world.addresses()[address].behaviour))}};
  }
  nlohmann::json& hellos = json["client_hellos"] = nlohmann::json::array();
  for (const auto& [key, count] : report.client_hellos) {
    hellos.push_back(
        {{"address", world.AddressText(key.first)}, {"server_name", key.second}, {"count", count}});
  }
  return json;
}

nlohmann::json ToJson(const DnsCounts& counts) {
  nlohmann::json types = nlohmann::json::object();
  for (const auto& [type, count] : counts.by_type) types[DnsTypeName(type)] = count;
  return {{"udp", counts.udp},
          {"tcp", counts.tcp},
          {"dropped", counts.dropped},
          {"truncated", counts.truncated},
          {"malformed", counts.malformed},
          {"by_type", types}};
}

std::string ToText(const nlohmann::json& report) {
  return report.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void Merge(nlohmann::json& into, const nlohmann::json& from) {
  if (into.is_null()) {
    into = from;
  } else if (into.is_number_unsigned() && from.is_number_unsigned()) {
    into = into.get<uint64_t>() + from.get<uint64_t>();
  } else if (into.is_array() && from.is_array()) {
    into.insert(into.end(), from.begin(), from.end());
  } else if (into.is_object() && from.is_object()) {
    for (const auto& [key, value] : from.items()) {
      if (key == "most_open" && into.contains(key)) {
        into[key] = std::max(into[key].get<uint64_t>(), value.get<uint64_t>());
      } else {
        Merge(into[key], value);
      }
    }
  }
}

}  // namespace mxsweep::lab
