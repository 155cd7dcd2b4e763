// The world of the lab: every zone, MX host and address, drawn from the seed.
//
// A zone is a name directly under "lab": fixed ones ("perfect.lab", and one for every posture, such
// as "dane-agility-trap.lab"), providers ("provider7.lab") and drawn domains ("d123.lab"). Its MX
// hosts are mx1.ZONE, mx2.ZONE …; where an MX host is an alias, the canonical name is real1.ZONE
// (secure) or LABEL.unsigned.lab (insecure); in a pool they are named for the domain,
// d123-lab.pool1.lab. Addresses go from the network's base on, in a skewed mix four to a /24; the
// last one is ::1.
//
// Names are not stored: they are parsed into numbers and built from them, so that a million domains
// take some 70 MB.
//
// Thread-safety: immutable after Create; shared by all threads and, through fork, all processes.
#ifndef MXSWEEP_TOOLS_LAB_WORLD_H_
#define MXSWEEP_TOOLS_LAB_WORLD_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/lab/postures.h"

namespace mxsweep::lab {

inline constexpr uint32_t kNothing = 0xffffffff;  // no such zone, host or address

enum class FixedZones : uint8_t { kNone, kNamed, kAll };

struct WorldOptions {
  uint64_t seed = 1;
  uint32_t domains = 1000;
  uint32_t network = 0x7f100000;  // 127.16.0.0, host order
  FixedZones fixed = FixedZones::kAll;
  std::string mix = "default";
  std::string place;  // from where it is looked at; empty: from where nothing is in the way
};

struct Zone {
  DomainPosture posture = DomainPosture::kOwn;
  bool secure = false;  // signed, and AD is set on its answers
  uint16_t host_count = 0;
  uint8_t provider_host_count = 0;      // of `provider`, the first ones, as its MX hosts
  std::optional<StsPosture> sts;        // null: no MTA-STS record
  std::optional<TlsRptPosture> tlsrpt;  // null: no TLS reporting record
  Crowd crowd = Crowd::kNone;
  uint32_t first_host = kNothing;
  uint32_t provider = kNothing;  // a zone
};

struct Host {
  uint32_t zone = kNothing;
  uint16_t number = 1;  // of mx<number>; 0: the zone's own name (implicit MX)
  HostNaming naming = HostNaming::kPlain;
  DanePosture dane = DanePosture::kNone;
  KeyKind key = KeyKind::kP256;
  uint8_t key_index = 0;
  CertPosture cert = CertPosture::kValid;
  uint8_t address_count = 0;  // IPv4
  bool has_v6 = false;        // ::1
  uint32_t first_address = kNothing;
  // The host whose certificate is shown for this name: itself, or the provider's.
  uint32_t cert_owner = kNothing;
};

// A server.
struct Address {
  uint32_t owner =
      kNothing;     // the host that names itself there, and whose certificate is the default
  uint32_t ip = 0;  // host order; 0: ::1
  Behaviour behaviour = Behaviour::kNormal;
  TlsPosture tls = TlsPosture::kModern;
  uint8_t flavour = 0;          // which EHLO keywords and texts
  uint16_t greet_delay_ms = 0;  // before --delay-scale
  uint8_t variant = 0;          // which of the owner's keys it has (CertificateStore::ChainOf)
  bool relayed = false;         // something else answers on the way: kRelayName
};

// What calls itself so at every address that it stands before.
inline constexpr char kRelayName[] = "relay.isp.lab";

// Policy hosts (mta-sts.ZONE) share a few addresses behind those of the mail servers: so many
// servers, one address where nobody listens, and one that drops every SYN.
inline constexpr uint32_t kPolicyServers = 4;
inline constexpr uint32_t kPolicyRefusing = 4;
inline constexpr uint32_t kPolicyDropping = 5;
inline constexpr uint32_t kPolicyAddresses = 6;

// What a name under "lab" stands for.
enum class NameRole : uint8_t {
  kUnknown,     // no such name
  kRoot,        // "." or "lab"
  kApex,        // a zone
  kHost,        // mx<k>.ZONE
  kReal,        // real<k>.ZONE, the canonical name of an alias
  kUnsigned,    // LABEL.unsigned.lab, likewise
  kMtaSts,      // _mta-sts.ZONE
  kTlsRpt,      // _smtp._tls.ZONE
  kPolicyHost,  // mta-sts.ZONE
};

struct ParsedName {
  NameRole role = NameRole::kUnknown;
  bool tlsa = false;  // it was _PORT._tcp.NAME, the rest is about NAME
  uint32_t zone = kNothing;
  uint32_t host =
      kNothing;  // for kHost, kReal, kUnsigned, and kApex where the zone has such a host
};

struct MxRecord {
  uint16_t preference = 0;
  std::string host;  // empty: the root, null MX
  uint32_t host_index = kNothing;
};

class World {
 public:
  static absl::StatusOr<World> Create(const WorldOptions& options);

  const WorldOptions& options() const { return options_; }
  const std::vector<Zone>& zones() const { return zones_; }
  const std::vector<Host>& hosts() const { return hosts_; }
  const std::vector<Address>& addresses() const { return addresses_; }
  // The number of the server at ::1.
  uint32_t v6_address() const { return static_cast<uint32_t>(addresses_.size() - 1); }

  // The zones that a scan is given: fixed and drawn ones, in this order, without the providers.
  std::vector<uint32_t> Domains() const;

  // "d123.lab", without a trailing dot.
  std::string ZoneName(uint32_t zone) const;
  std::string HostName(uint32_t host) const;
  // The end of the host's CNAME chain; its own name where it is no alias.
  std::string CanonicalName(uint32_t host) const;
  // "127.16.0.1" or "::1".
  std::string AddressText(uint32_t address) const;
  // Of the policy host `number` of the above, in host order.
  uint32_t PolicyAddress(uint32_t number) const { return first_policy_ip_ + number; }
  // Of mta-sts.ZONE, in host order, in wire order. REQUIRES: the zone has a record.
  std::vector<uint32_t> PolicyAddressesOf(uint32_t zone) const;

  // `name` in lower case, without a trailing dot.
  ParsedName Parse(std::string_view name) const;
  // The zone's MX records in wire order; without an implicit one.
  std::vector<MxRecord> MxOf(uint32_t zone) const;
  // The host's addresses, IPv4 first, in wire order.
  std::vector<uint32_t> AddressesOf(uint32_t host) const;
  // The host whose certificate a server shows to a client that asks for `server_name` (empty:
  // none).
  uint32_t CertificateOwner(uint32_t address, std::string_view server_name) const;
  // The answer for the host's addresses is authentic.
  bool AddressSecure(uint32_t host) const;

 private:
  explicit World(WorldOptions options, Mix mix) : options_(std::move(options)), mix_(mix) {}

  void AddFixedZones();
  void AddPostureZones();
  void AddProviders();
  // crowds.cc.
  void AddCrowdPlaces();
  void AddCrowdPlace(Crowd crowd, const char* label, uint32_t addresses, Behaviour behaviour);
  void AddCrowdHosts(uint32_t zone, Draw& draw);
  void AddHostileHosts(uint32_t zone, Draw& draw);

  // place.cc: what another place meets, "refused=provider1,geo=provider2,relay=3".
  absl::Status SeeFrom(std::string_view place);
  absl::Status SeeZoneFrom(std::string_view how, uint32_t zone);

  void AddDomains();
  uint32_t AddZone(DomainPosture posture, bool secure);
  // Everything that follows from the zone's posture, drawn but for what is given.
  void AddHosts(uint32_t zone, Draw& draw);
  Host& AddHost(uint32_t zone, uint16_t number, Draw& draw);
  void AddAddresses(Host& host, uint32_t host_index, uint8_t count, Draw& draw);
  // The next free address, in host order; in a skewed mix only so many lie in one /24.
  uint32_t TakeIp();
  // The next addresses begin another /24, where as many as that lie side by side.
  void BeginPrefix(uint32_t side_by_side);
  void MakeVanity(Host& host, Draw& draw);
  void MakeKeysDiffer(Host& host);
  void MakeCompatible(Host& host, TlsPosture tls) const;
  // Draws what the zone has of MTA-STS and TLS reporting.
  void AddPolicies(uint32_t zone, bool mta_sts, bool tlsrpt, uint64_t index);
  void DrawProvider(uint32_t zone, uint8_t most_hosts, Draw& draw);
  uint32_t FindZone(std::string_view label) const;

  WorldOptions options_;
  Mix mix_;
  std::vector<Zone> zones_;
  std::vector<Host> hosts_;
  std::vector<Address> addresses_;
  std::vector<std::string> fixed_names_;  // first label, by zone
  absl::flat_hash_map<std::string, uint32_t> fixed_by_name_;
  uint32_t first_provider_ = 0;
  uint32_t first_domain_ = 0;
  std::vector<double> provider_weights_;  // cumulative

  // Where a crowd is: addresses side by side, and the host that they belong to.
  struct CrowdPlace {
    uint32_t host = kNothing;
    uint32_t first_address = kNothing;
    uint32_t addresses = 0;
  };
  std::array<CrowdPlace, static_cast<size_t>(Crowd::kCount)> crowd_places_;
  uint32_t pool_zone_ = kNothing;
  uint32_t first_crowd_zone_ = 0;  // of those between providers and domains
  std::vector<std::string> crowd_zone_names_;

  uint32_t next_ip_ = 0;
  uint32_t prefix_room_ = 0;  // addresses that may still be taken in this /24
  uint32_t servers_in_prefix_ = 0;
  uint32_t first_policy_ip_ = 0;
};

// "127.16.0.1", of an address in host order.
std::string AddressText(uint32_t address);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_WORLD_H_
