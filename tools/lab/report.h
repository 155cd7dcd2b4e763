// What the lab saw of its clients: how often each server was asked, and whatever a polite scanner
// must not do. Written as JSON at the end (--report), so that tests can hold a scan to it.
//
// Thread-safety: a Report belongs to one thread; Merge adds them up afterwards.
#ifndef MXSWEEP_TOOLS_LAB_REPORT_H_
#define MXSWEEP_TOOLS_LAB_REPORT_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/lab/dns_answer.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

enum class Violation : uint8_t {
  kTalkedBeforeGreeting,  // bytes came before the greeting
  kParallelConnections,   // a second connection to an address while one was open
  kTooManyHandshakes,     // more than --max-handshakes to one (address, server name)
  kDataWithStarttls,      // bytes behind STARTTLS, before its 220
  kPipelined,             // several commands at once, before TLS
  kEhloWithTargetName,    // EHLO with a name of the lab instead of the client's own
  kCommandAfter421,       // anything but QUIT
  kNoQuit,                // the connection closed where a command was awaited
  kMailCommand,           // MAIL, RCPT, DATA, AUTH, VRFY, EXPN or TURN
  kMalformedCommand,      // bare LF, over 512 bytes, or not a command
  kTrapConnection,        // a connection to an address that only a wrong MX rule leads to
  kMalformedRequest,      // to a policy host: not the one GET of RFC 8461
  kPolicyAskedTwice,      // the same policy a second time
  kBlockedConnection,     // a connection to an address on the blocklist
  kCount
};
std::string_view NameOf(Violation violation);

struct AddressCounts {
  uint32_t connections = 0;
  uint32_t open = 0;
  uint32_t most_open = 0;
  uint32_t handshakes = 0;  // completed
};

struct Report {
  std::map<uint32_t, AddressCounts> addresses;                         // those that were asked
  std::map<std::pair<uint32_t, std::string>, uint32_t> client_hellos;  // by address, server name
  std::array<uint64_t, static_cast<size_t>(Violation::kCount)> violations{};
  std::vector<std::string> examples;  // of violations, the first ones
  uint64_t connections = 0;
  uint64_t handshakes = 0;
  uint64_t failed_handshakes = 0;
  uint64_t quits = 0;

  void Count(Violation violation, const std::string& where);
};

// One process's part, and the sum of several.
nlohmann::json ToJson(const World& world, const Report& report);
nlohmann::json ToJson(const DnsCounts& counts);
// What clients sent is in there, whatever it was: bytes that are not UTF-8 become U+FFFD.
std::string ToText(const nlohmann::json& report);
// Adds numbers, joins lists and merges objects, key by key; "most_open" is a maximum.
void Merge(nlohmann::json& into, const nlohmann::json& from);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_REPORT_H_
