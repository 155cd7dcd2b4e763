// A scan in little memory, so that two of them can be laid side by side: of each domain, MX host
// and server what a comparison asks about, as small numbers in place of words.
//
// Memory: some 60 bytes a domain and its name, 100 a host and its name, 80 a server and its
// address; by place, besides, a host's addresses and a server's name of itself. What is no known
// word is kNotKnown: it never counts as a change.
#ifndef MXSWEEP_TOOLS_DIFF_FACTS_H_
#define MXSWEEP_TOOLS_DIFF_FACTS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"

namespace mxsweep::tools {

// How the dialogue with a server ended, as far as TLS is concerned: endpoints.outcome and stage.
enum class Dialogue : uint8_t {
  kEncrypts,
  kNoStartTls,
  kStartTlsRefused,
  kHandshakeFails,
  kMayBeOurs,     // likewise, but perhaps only for our client
  kNotListening,  // connection refused
  kNoSmtp,        // what answers does not speak SMTP
  kSilent,        // time-outs, and connections that broke before STARTTLS was answered
  kTurnedAway,    // 421, 4xx and 5xx before STARTTLS: perhaps because of our address
  kNotAsked,      // blocked, crowded, no route
  kOurTrouble,    // local_*
};

// How far one came with a server, whatever it has of TLS: what tells who lets whom in. Of several
// rows of one address the least counts.
enum class Ending : uint8_t {
  kAnswers,  // SMTP, as far as the reply to EHLO
  // Before that, by the other side or the way there.
  kRefused,      // connection refused
  kNoReply,      // no answer to the connection
  kUnreachable,  // the network said so
  kBrokenOff,    // closed or reset
  kSilent,       // connected, and then no greeting, or no reply to EHLO, in time
  kRejected,     // a greeting of 5xx
  kDeferred,     // 421, or a greeting of 4xx
  kEhloRefused,
  kNoSmtp,
  // By us.
  kNoRoute,
  kNotAsked,
  kOurTrouble,
  kNotKnown,  // no row, or a word that is not known
};
inline constexpr size_t kEndings = static_cast<size_t>(Ending::kNotKnown) + 1;
// Is it the other side, or the way there?
inline bool IsFailure(Ending ending) {
  return ending >= Ending::kRefused && ending <= Ending::kNoSmtp;
}

enum class Trust : uint8_t {
  kNotKnown,
  kTrusted,  // valid chain, the host's name, not revoked
  kExpired,
  kRevoked,
  kUntrusted,  // any other trouble of the chain
  kWrongName,
};

enum class KeyKind : uint8_t { kNotKnown, kRsa, kEc, kEdwards };

// Names are those of endpoints.tls_version; a later one is newer.
enum class Version : uint8_t { kNotKnown, kSsl3, kTls10, kTls11, kTls12, kTls13 };

// What the look-up of a host's addresses, or those of one family, came to.
enum class Lookup : uint8_t { kNotMade, kFound, kNone, kFailed };

enum class MailState : uint8_t {
  kTakesMail,
  kNxdomain,
  kNullMx,
  kNoMail,
  kInvalidName,
  kLookupFailed,
  kOurTrouble
};

enum class DaneState : uint8_t { kNotKnown, kNone, kFull, kPartial, kBroken, kOptional };

// The MTA-STS record, and the policy where it was fetched.
enum class StsState : uint8_t {
  kNotKnown,
  kNotAsked,
  kNone,
  kValid,
  kBroken,   // a record that does not count, or a policy that cannot be had or used
  kModeNone  // a policy that is withdrawn in good order (RFC 8461 §8.3)
};

struct Server {
  uint32_t host = 0;
  uint32_t text = 0;       // where its address stands; grows with its place among the rows
  uint64_t address = 0;    // hash of address and port
  int64_t started_us = 0;  // of several rows of one server, the latest counts
  uint64_t leaf = 0;       // hash of its certificate; 0: none seen
  uint32_t key_bits = 0;
  uint32_t greeter = 0;  // in ScanFacts::greeters; only by place
  uint16_t port = 0;
  KeyKind key = KeyKind::kNotKnown;
  Dialogue dialogue = Dialogue::kSilent;
  Trust trust = Trust::kNotKnown;
  Version version = Version::kNotKnown;
  Ending ending = Ending::kNotKnown;
  bool is_ipv6 = false;
  bool masks_keywords = false;  // its reply to EHLO has keywords of X's; only by place
  bool inferred = false;
  // TLS 1.3 failed with ours, and an older version did not.
  bool older_for_us = false;
};

struct Host {
  static constexpr int64_t kNoRow = INT64_MIN;

  std::string name;
  uint32_t provider = 0;  // in ScanFacts::providers
  uint32_t first_server = 0;
  uint32_t server_count = 0;
  int64_t started_us = kNoRow;  // of its row
  Lookup addresses = Lookup::kNotMade;
  Lookup ipv4 = Lookup::kNotMade;
  Lookup ipv6 = Lookup::kNotMade;
  bool has_unasked_addresses = false;
};

struct Domain {
  uint64_t name_offset = 0;
  uint32_t first_mx = 0;  // in ScanFacts::mx, by preference
  uint16_t name_bytes = 0;
  uint16_t mx_count = 0;
  MailState mail = MailState::kLookupFailed;
  DaneState dane = DaneState::kNotKnown;
  StsState sts = StsState::kNotKnown;
  bool has_unknown_servers = false;  // domains.unknown_endpoint_count
};

// Immutable once read.
class ScanFacts {
 public:
  enum class Detail : uint8_t { kUsual, kByPlace };
  static absl::StatusOr<ScanFacts> Read(const output::ScanDirectory& scan,
                                        Detail detail = Detail::kUsual);

  static constexpr uint32_t kNone = UINT32_MAX;

  // By name, so that two scans can be merged.
  const std::vector<Domain>& domains() const { return domains_; }
  const std::vector<Host>& hosts() const { return hosts_; }
  // By host and address; of each the latest row.
  const std::vector<Server>& servers() const { return servers_; }
  bool validates() const { return validates_; }

  std::string_view NameOf(const Domain& domain) const {
    return std::string_view(names_).substr(domain.name_offset, domain.name_bytes);
  }
  // Its MX hosts, by preference.
  std::span<const uint32_t> MxOf(const Domain& domain) const {
    return std::span(mx_).subspan(domain.first_mx, domain.mx_count);
  }
  std::span<const Server> ServersOf(uint32_t host) const {
    return std::span(servers_).subspan(hosts_[host].first_server, hosts_[host].server_count);
  }
  // kNone where the scan does not know the host.
  uint32_t FindHost(std::string_view name) const;
  const Server* FindServer(uint32_t host, uint64_t address) const;
  // As text, as the scan has it.
  std::string_view AddressOf(const Server& server) const { return addresses_.data() + server.text; }
  // By place: what the look-up of a host gave, as text, in order.
  const std::vector<std::string>& AddressesOf(uint32_t host) const { return host_addresses_[host]; }
  // By place: what servers call themselves, the first word of their greeting (RFC 5321 §4.2); the
  // first is empty, of those that are not known.
  const std::vector<std::string>& greeters() const { return greeters_; }
  // Registrable domains of MX hosts; the first is empty, of those that are not known.
  const std::vector<std::string>& providers() const { return providers_; }
  // Of the most preferred MX host, in providers().
  uint32_t ProviderOf(const Domain& domain) const;

 private:
  ScanFacts() = default;
  uint32_t HostNumber(std::string_view name);
  absl::Status ReadHosts(const output::ScanDirectory& scan, Detail detail);
  absl::Status ReadServers(const output::ScanDirectory& scan, Detail detail);
  absl::Status ReadDomains(const output::ScanDirectory& scan);
  void SettleServers();
  void SettleDomains();

  absl::flat_hash_map<std::string, uint32_t> host_numbers_;
  std::vector<Host> hosts_;
  std::vector<Server> servers_;
  std::vector<Domain> domains_;
  std::vector<uint32_t> mx_;
  std::string names_;
  std::string addresses_;  // each with a NUL behind it
  std::vector<std::string> providers_ = {""};
  std::vector<std::vector<std::string>> host_addresses_;
  std::vector<std::string> greeters_ = {""};
  bool validates_ = false;
};

// Pure functions of a row: what is remembered of it.
Dialogue DialogueOf(const output::EndpointRow& row);
Ending EndingOf(const output::EndpointRow& row);
// Does a keyword consist of X's? So firewalls write over what they take out ("XXXXXXXA" for
// STARTTLS: Cisco's inspection of ESMTP).
bool MasksKeywords(const output::EndpointRow& row);
// Of "mx.example.org ESMTP ready", "mx.example.org"; empty where there is no greeting.
std::string_view GreeterOf(const output::EndpointRow& row);
Trust TrustOf(const output::EndpointRow& row);
Version VersionOf(const output::EndpointRow& row);
MailState MailStateOf(const output::DomainRow& row);
DaneState DaneStateOf(const output::DomainRow& row);
StsState StsStateOf(const output::DomainRow& row);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_FACTS_H_
