// What answers at one address: servers (an MX host at an address) that both places came through to,
// and in what they differ.
//
// Another certificate or version is another machine behind the address (anycast, a load balancer),
// or a change between the scans. STARTTLS that is missing from one place alone, at operators that
// have nothing to do with each other, is taken out on the way: by something near that place.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_SERVERS_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_SERVERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/diff/facts.h"
#include "tools/diff/place.h"

namespace mxsweep::tools {

enum class ServerDifference : uint8_t {
  kNone,
  kNoTls,        // encrypts with one place alone
  kCertificate,  // with both, and another certificate; perhaps another version, too
  kVersion,      // with both, in another version of TLS
};
// "no_tls", "certificate", "version".
std::string_view ServerDifferenceWord(ServerDifference difference);

struct ServerByPlace {
  std::string_view host, address, provider;
  uint16_t port = 0;
  ServerDifference difference = ServerDifference::kNone;
  ByPlace<Dialogue> dialogues;
  ByPlace<Version> versions;
  ByPlace<std::string_view> greeters;  // what they call themselves; empty: not known
  PlaceOfTwo lacks = PlaceOfTwo::kA;   // with kNoTls: the place that has no TLS there
};

// What one place meets under one name or with one certificate, and the other place otherwise.
struct Interception {
  bool is_certificate = false;
  std::string name;  // of a name
  uint64_t servers = 0;
  uint64_t operators = 0;  // Unrelated
};

// Of one place, of servers that are known to encrypt with the other one, and that answered here.
struct PlaceTls {
  uint64_t compared = 0;
  uint64_t operators = 0;  // of them, Unrelated
  // Here they …
  uint64_t no_starttls = 0;
  uint64_t starttls_refused = 0;
  uint64_t handshake_fails = 0;
  uint64_t masked = 0;  // of no_starttls: with X's for keywords, as firewalls leave them
  uint64_t operators_without = 0;
  bool is_stripped = false;                 // by something on the way, near this place
  std::vector<Interception> interceptions;  // most first

  uint64_t without() const { return no_starttls + starttls_refused + handshake_fails; }
};

// Servers of one operator that answer both places.
struct ServerGroup {
  std::string provider;  // empty: not known
  uint64_t servers = 0;
  ByPlace<uint64_t> without_tls;  // with the one place, and not with the other
  uint64_t certificate = 0;
  uint64_t version = 0;

  uint64_t differ() const { return without_tls.a + without_tls.b + certificate + version; }
};

struct SameServers {
  uint64_t both_answer = 0;
  uint64_t both_encrypt = 0;
  // Of these: another certificate; else another version.
  uint64_t certificate = 0;
  uint64_t version = 0;
  ByPlace<PlaceTls> places;
  std::vector<ServerGroup> providers;  // those that differ, most first
};

using TakeServerByPlace = absl::FunctionRef<absl::Status(const ServerByPlace&)>;

// `take` is told of each server that differs.
absl::Status CompareSameServers(const ScanFacts& a, const ScanFacts& b, TakeServerByPlace take,
                                SameServers* servers);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_SERVERS_H_
