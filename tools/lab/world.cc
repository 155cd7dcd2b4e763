#include "tools/lab/world.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/fixed_zones.h"
#include "tools/lab/old_tls.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

// Purposes of draws; a number is never used for two things.
enum Purpose : uint32_t {
  kForFixed = 1,
  kForProvider = 2,
  kForDomain = 3,
  kForPolicies = 4,
  kForCrowds = 5
};

constexpr double kSecureShare = 0.25;        // of drawn zones
constexpr double kInsecureTlsaShare = 0.02;  // TLSA records in unsigned zones, to no avail
constexpr double kMtaStsShare = 0.04;
constexpr double kTlsRptShare = 0.05;
constexpr double kVanityWithOwnCertificate = 0.3;
constexpr uint32_t kDomainsPerProvider = 400;
constexpr uint32_t kMinProviders = 8;
constexpr uint32_t kHealthyProviders = 10;  // the largest are never broken, or they would drown all
constexpr double kZipfExponent = 1.05;
// Then the five largest have four of five domains with a provider, a third of the list.
constexpr double kSkewedZipfExponent = 1.7;
constexpr uint32_t kSkewedGiants = 5;
constexpr uint8_t kGiantHosts = 5;
constexpr uint8_t kGiantAddressesOfHost = 12;
constexpr double kSkewedMtaStsShare = 0.007;
constexpr uint32_t kServersInPrefix = 4;
constexpr uint32_t kMaxAddresses = 1 << 20;

// Of the first label of an MX host in the pool.
constexpr std::string_view kPoolLabelEnd = "-lab";

// "12" of "mx12" for the prefix "mx"; only as this lab would write it.
std::optional<uint32_t> NumberAfter(std::string_view prefix, std::string_view label) {
  if (!ConsumePrefix(label, prefix) || label.empty() || label.size() > 9 ||
      (label[0] == '0' && label.size() > 1)) {
    return std::nullopt;
  }
  uint32_t value = 0;
  for (const char c : label) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + static_cast<uint32_t>(c - '0');
  }
  return value;
}

std::string Dashed(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

HostNaming NamingFor(DomainPosture posture) {
  switch (posture) {
    case DomainPosture::kMxNoAddress:
      return HostNaming::kNoAddress;
    case DomainPosture::kMxHostNxdomain:
      return HostNaming::kNxdomain;
    case DomainPosture::kMxHostServfail:
      return HostNaming::kServfail;
    case DomainPosture::kMxHostTimeout:
      return HostNaming::kTimeout;
    case DomainPosture::kMxHostNoA:
      return HostNaming::kNoA;
    case DomainPosture::kMxHostNoAaaa:
      return HostNaming::kNoAaaa;
    case DomainPosture::kMxHostSlowAaaa:
      return HostNaming::kSlowAaaa;
    case DomainPosture::kMxHostAaaaInsecure:
      return HostNaming::kAaaaInsecure;
    case DomainPosture::kMxCnameSecure:
      return HostNaming::kCnameSecure;
    case DomainPosture::kMxCnameInsecure:
      return HostNaming::kCnameInsecure;
    default:
      return HostNaming::kPlain;
  }
}

DomainPosture PostureOf(Crowd crowd) {
  switch (crowd) {
    case Crowd::kParkedRefusing:
    case Crowd::kParkedDropping:
    case Crowd::kParkedSilent:
      return DomainPosture::kImplicit;
    default:
      return DomainPosture::kOwn;
  }
}

bool HasAddress(HostNaming naming) {
  switch (naming) {
    case HostNaming::kNoAddress:
    case HostNaming::kNxdomain:
    case HostNaming::kServfail:
    case HostNaming::kTimeout:
    case HostNaming::kNoA:
      return false;
    default:
      return true;
  }
}

uint8_t PoolSize(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256:
      return 64;
    case KeyKind::kRsa2048:
      return 3;
    case KeyKind::kRsaSharedPrime:
    case KeyKind::kRsaBadExponent:
      return 3;
    case KeyKind::kRsa3072:
    case KeyKind::kRsa4096:
    case KeyKind::kRsaClosePrimes:
    case KeyKind::kRsaRoca:
    case KeyKind::kRsaPattern:
      return 1;
    default:
      return 2;
  }
}

bool IsRsa(KeyKind kind) { return kind >= KeyKind::kRsa1024 && kind <= KeyKind::kRsa4096; }

}  // namespace

absl::StatusOr<World> World::Create(const WorldOptions& options) {
  absl::StatusOr<Mix> mix = Mix::Parse(options.mix);
  if (!mix.ok()) return mix.status();
  if (options.domains > 50'000'000)
    return absl::InvalidArgumentError("--domains: at most 50 million");
  World world(options, *std::move(mix));
  world.next_ip_ = options.network + 1;
  world.servers_in_prefix_ = kServersInPrefix;
  world.AddFixedZones();
  world.AddProviders();
  if (world.mix_.HasCrowds()) world.AddCrowdPlaces();
  world.AddDomains();
  if (absl::Status status = world.SeeFrom(options.place); !status.ok()) return status;
  // ::1, last; its owner is the first host that has it.
  Address v6;
  for (uint32_t i = 0; i < world.hosts_.size() && v6.owner == kNothing; ++i) {
    if (world.hosts_[i].has_v6) v6.owner = i;
  }
  if (v6.owner == kNothing) v6.behaviour = Behaviour::kConnectRefused;
  world.addresses_.push_back(v6);
  world.first_policy_ip_ = world.next_ip_ + 1;
  const uint64_t last = uint64_t{world.next_ip_} + kPolicyAddresses;
  if (world.addresses_.size() > kMaxAddresses) {
    return absl::InvalidArgumentError("too many servers: at most 1,048,576 addresses");
  }
  if ((options.network >> 24) != 127 || (last >> 24) != 127 || last == 0x7fffffff) {
    return absl::InvalidArgumentError("--network: the servers must fit into 127.0.0.0/8");
  }
  return world;
}

uint32_t World::AddZone(DomainPosture posture, bool secure) {
  zones_.push_back({.posture = posture, .secure = secure});
  return static_cast<uint32_t>(zones_.size() - 1);
}

void World::AddFixedZones() {
  if (options_.fixed == FixedZones::kNone) return;
  std::vector<std::pair<std::string, FixedZone>> all;
  for (const FixedZone& zone : NamedZones()) all.emplace_back(zone.label, zone);
  if (options_.fixed == FixedZones::kAll) {
    const std::span<const PostureTable> tables = PostureTables();
    for (size_t s = 0; s < tables.size(); ++s) {
      for (size_t i = 0; i < tables[s].rows.size(); ++i) {
        FixedZone zone;
        const auto subject = static_cast<Subject>(s);
        if (subject == Subject::kCrowd) continue;  // too many for every lab
        if (subject == Subject::kDomain) {
          zone.posture = static_cast<DomainPosture>(i);
          zone.secure = true;
        } else if (subject == Subject::kDane) {
          zone.dane = static_cast<DanePosture>(i);
          zone.secure = true;
        } else if (subject == Subject::kTls) {
          zone.tls = static_cast<TlsPosture>(i);
        } else if (subject == Subject::kKey) {
          zone.key = static_cast<KeyKind>(i);
          if (SignsNothing(zone.key)) zone.tls = TlsPosture::kDheOnly;
        } else if (subject == Subject::kCert) {
          zone.cert = static_cast<CertPosture>(i);
        } else if (subject == Subject::kSts) {
          zone.sts = static_cast<StsPosture>(i);
        } else if (subject == Subject::kTlsRpt) {
          zone.tlsrpt = static_cast<TlsRptPosture>(i);
        } else {
          zone.behaviour = static_cast<Behaviour>(i);
        }
        all.emplace_back(JoinText(tables[s].subject, "-", Dashed(tables[s].rows[i].key)), zone);
      }
    }
  }
  // Provider-hosted fixed zones need a provider: the first one, made below. Zone numbers are known.
  first_provider_ = static_cast<uint32_t>(all.size());
  for (const auto& [label, fixed] : all) {
    const uint32_t zone = AddZone(fixed.posture, fixed.secure);
    zones_[zone].sts = fixed.sts;
    zones_[zone].tlsrpt = fixed.tlsrpt;
    if (fixed_by_name_.emplace(label, zone).second) {
      fixed_names_.push_back(label);
    } else {  // A posture's zone whose name a named zone has already ("dane-…").
      fixed_names_.push_back(label + "-2");
      fixed_by_name_.emplace(fixed_names_.back(), zone);
    }
  }
  AddProviders();
  for (uint32_t zone = 0; zone < all.size(); ++zone) {
    const FixedZone& fixed = all[zone].second;
    Draw draw(0, kForFixed, zone);
    AddHosts(zone, draw);
    for (uint32_t h = zones_[zone].first_host; h != kNothing && h < hosts_.size(); ++h) {
      Host& host = hosts_[h];
      host.dane = fixed.dane;
      if (host.cert_owner != h) continue;
      host.key = fixed.key;
      host.key_index = fixed.key_index;
      host.cert = fixed.cert;
      host.has_v6 = fixed.has_v6;
      for (uint32_t a = host.first_address; a < host.first_address + host.address_count; ++a) {
        addresses_[a].behaviour = fixed.behaviour;
        addresses_[a].tls = fixed.tls;
        addresses_[a].greet_delay_ms = 500;
      }
      if (!fixed.has_v4) host.address_count = 0;
      MakeCompatible(host, fixed.tls);
    }
  }
}

void World::AddProviders() {
  if (!provider_weights_.empty()) return;
  first_provider_ = static_cast<uint32_t>(zones_.size());
  const uint32_t count = std::max(kMinProviders, options_.domains / kDomainsPerProvider);
  double sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const double exponent = mix_.skewed() ? kSkewedZipfExponent : kZipfExponent;
    provider_weights_.push_back(sum += 1.0 / std::pow(i + 1, exponent));
    const bool giant = mix_.skewed() && i < kSkewedGiants;
    Draw draw(options_.seed, kForProvider, i);
    const uint32_t zone = AddZone(DomainPosture::kOwnSeveral, draw.Chance(kSecureShare));
    zones_[zone].first_host = static_cast<uint32_t>(hosts_.size());
    uint8_t host_count = static_cast<uint8_t>(1 + draw.Below(i < kHealthyProviders ? 6 : 3));
    if (giant) host_count = kGiantHosts;
    for (uint8_t h = 1; h <= host_count; ++h) {
      const uint32_t index = static_cast<uint32_t>(hosts_.size());
      // The machines of one host are neighbours, those of another are elsewhere.
      if (mix_.skewed()) BeginPrefix(kGiantAddressesOfHost);
      Host& host = AddHost(zone, h, draw);
      const auto address_count = static_cast<uint8_t>(1 + draw.Below(3));
      AddAddresses(host, index, giant ? kGiantAddressesOfHost : address_count, draw);
      for (uint32_t a = host.first_address; a < addresses_.size(); ++a) {
        // Which of the names at a shared address comes first would be chance.
        if (addresses_[a].behaviour == Behaviour::kFirst421) {
          addresses_[a].behaviour = Behaviour::kNormal;
        }
      }
      if (i >= kHealthyProviders) continue;
      host.cert = host.cert == CertPosture::kValidRsaIssuer ? host.cert : CertPosture::kValid;
      for (uint32_t a = host.first_address; a < addresses_.size(); ++a) {
        addresses_[a].behaviour = Behaviour::kNormal;
      }
    }
    zones_[zone].host_count = host_count;
  }
  first_domain_ = static_cast<uint32_t>(zones_.size());
}

void World::AddDomains() {
  zones_.reserve(zones_.size() + options_.domains);
  const double mta_sts_share = mix_.skewed() ? kSkewedMtaStsShare : kMtaStsShare;
  if (mix_.skewed()) BeginPrefix(kServersInPrefix);
  for (uint32_t i = 0; i < options_.domains; ++i) {
    Draw draw(options_.seed, kForDomain, i);
    auto posture = mix_.Pick<DomainPosture>(Subject::kDomain, draw);
    // A stream of its own, so that the other mixes' worlds know nothing of it.
    Draw crowd_draw(options_.seed, kForCrowds, i);
    const auto crowd = mix_.Pick<Crowd>(Subject::kCrowd, crowd_draw);
    if (crowd != Crowd::kNone) posture = PostureOf(crowd);
    // Only a signed zone can be bogus.
    const bool secure = draw.Chance(kSecureShare) || posture == DomainPosture::kBogus;
    const uint32_t zone = AddZone(posture, secure);
    const bool mta_sts = draw.Chance(mta_sts_share);
    AddPolicies(zone, mta_sts, draw.Chance(kTlsRptShare), i);
    if (crowd == Crowd::kNone) {
      AddHosts(zone, draw);
    } else {
      zones_[zone].crowd = crowd;
      AddCrowdHosts(zone, draw);
    }
  }
}

// A stream of its own: what is drawn here changes nothing else.
void World::AddPolicies(uint32_t zone, bool mta_sts, bool tlsrpt, uint64_t index) {
  Draw draw(options_.seed, kForPolicies, index);
  const auto sts_posture = mix_.Pick<StsPosture>(Subject::kSts, draw);
  const auto tlsrpt_posture = mix_.Pick<TlsRptPosture>(Subject::kTlsRpt, draw);
  if (mta_sts) zones_[zone].sts = sts_posture;
  if (tlsrpt) zones_[zone].tlsrpt = tlsrpt_posture;
}

void World::DrawProvider(uint32_t zone, uint8_t most_hosts, Draw& draw) {
  const double at = draw.Unit() * provider_weights_.back();
  const size_t index =
      std::min<size_t>(std::upper_bound(provider_weights_.begin(), provider_weights_.end(), at) -
                           provider_weights_.begin(),
                       provider_weights_.size() - 1);
  zones_[zone].provider = first_provider_ + static_cast<uint32_t>(index);
  zones_[zone].provider_host_count = static_cast<uint8_t>(
      std::min<uint16_t>(most_hosts, zones_[zones_[zone].provider].host_count));
}

void World::AddHosts(uint32_t zone, Draw& draw) {
  const DomainPosture posture = zones_[zone].posture;
  uint8_t count = 0;
  switch (posture) {
    case DomainPosture::kProvider:
      DrawProvider(zone, static_cast<uint8_t>(1 + draw.Below(3)), draw);
      return;
    case DomainPosture::kNullMx:
    case DomainPosture::kNoMail:
    case DomainPosture::kNxdomain:
    case DomainPosture::kServfail:
    case DomainPosture::kBogus:
    case DomainPosture::kTimeout:
    case DomainPosture::kMxIpLiteral:
    case DomainPosture::kMxSingleLabel:
    case DomainPosture::kMxNotAHostName:
      return;
    case DomainPosture::kOwnSeveral:
      count = static_cast<uint8_t>(2 + draw.Below(2));
      break;
    case DomainPosture::kTruncated:
      count = 3;
      break;
    case DomainPosture::kOwnWithBackup:
    case DomainPosture::kVanity:
      DrawProvider(zone, 1, draw);
      [[fallthrough]];
    default:
      count = 1;
  }
  zones_[zone].first_host = static_cast<uint32_t>(hosts_.size());
  zones_[zone].host_count = count;
  for (uint8_t h = 1; h <= count; ++h) {
    const uint32_t index = static_cast<uint32_t>(hosts_.size());
    Host& host = AddHost(zone, posture == DomainPosture::kImplicit ? 0 : h, draw);
    host.naming = NamingFor(posture);
    if (posture == DomainPosture::kVanity) {
      MakeVanity(host, draw);
    } else if (HasAddress(host.naming)) {
      const bool several = posture == DomainPosture::kOwnSeveral && draw.Chance(0.4);
      const bool keys_differ = posture == DomainPosture::kKeysDiffer;
      AddAddresses(host, index, several || keys_differ ? 2 : 1, draw);
      if (keys_differ) MakeKeysDiffer(host);
    }
  }
}

Host& World::AddHost(uint32_t zone, uint16_t number, Draw& draw) {
  Host& host = hosts_.emplace_back();
  host.zone = zone;
  host.number = number;
  host.cert_owner = static_cast<uint32_t>(hosts_.size() - 1);
  const auto dane = mix_.Pick<DanePosture>(Subject::kDane, draw);
  const bool useless = draw.Chance(kInsecureTlsaShare);
  host.dane = zones_[zone].secure ? dane : useless ? DanePosture::kMatch311 : DanePosture::kNone;
  host.key = mix_.Pick<KeyKind>(Subject::kKey, draw);
  host.cert = mix_.Pick<CertPosture>(Subject::kCert, draw);
  host.key_index = static_cast<uint8_t>(draw.Below(PoolSize(host.key)));
  return host;
}

void World::AddAddresses(Host& host, uint32_t host_index, uint8_t count, Draw& draw) {
  host.first_address = static_cast<uint32_t>(addresses_.size());
  host.address_count = count;
  // The machines of one host are set up alike, but each has its own troubles.
  auto tls = mix_.Pick<TlsPosture>(Subject::kTls, draw);
  if (SignsNothing(host.key) && OldTlsOf(tls) == nullptr) tls = TlsPosture::kDheOnly;
  const uint8_t flavour = static_cast<uint8_t>(draw.Below(4));
  for (uint8_t i = 0; i < count; ++i) {
    Address& address = addresses_.emplace_back();
    address.owner = host_index;
    address.ip = TakeIp();
    address.behaviour = mix_.Pick<Behaviour>(Subject::kBehaviour, draw);
    address.tls = tls;
    address.flavour = flavour;
    address.greet_delay_ms = static_cast<uint16_t>(200 + draw.Below(1800));
  }
  MakeCompatible(host, tls);
}

uint32_t World::TakeIp() {
  if (mix_.skewed()) {
    if (prefix_room_ == 0) BeginPrefix(servers_in_prefix_);
    --prefix_room_;
  }
  return next_ip_++;
}

void World::BeginPrefix(uint32_t side_by_side) {
  next_ip_ = (next_ip_ | 0xff) + 2;  // not the one that ends in 0
  servers_in_prefix_ = prefix_room_ = side_by_side;
}

void World::MakeKeysDiffer(Host& host) {
  // There is but one key of some kinds.
  if (PoolSize(host.key) < 2) host.key = KeyKind::kRsa2048;
  for (uint8_t i = 0; i < host.address_count; ++i) addresses_[host.first_address + i].variant = i;
}

void World::MakeVanity(Host& host, Draw& draw) {
  const Host& provided = hosts_[zones_[zones_[host.zone].provider].first_host];
  host.first_address = provided.first_address;
  host.address_count = 1;
  if (draw.Chance(kVanityWithOwnCertificate)) {
    MakeCompatible(host, addresses_[host.first_address].tls);
  } else {
    host.cert_owner = provided.cert_owner;
  }
}

void World::MakeCompatible(Host& host, TlsPosture tls) const {
  const bool needs_rsa = tls == TlsPosture::kTls12StaticRsa ||
                         tls == TlsPosture::kTls10StaticRsa3Des || OldTlsOf(tls) != nullptr;
  const bool old = tls == TlsPosture::kTls10Only || tls == TlsPosture::kTls11Only ||
                   tls == TlsPosture::kTls12Sha1Signature;
  // Of two keys the first is an ECDSA key, and the server can choose.
  const bool has_choice = !needs_rsa && (host.key == KeyKind::kP256 || host.key == KeyKind::kP384);
  if (host.cert == CertPosture::kDual && !has_choice) host.cert = CertPosture::kValid;
  if (SignsNothing(host.key) && host.cert == CertPosture::kSelfSigned) {
    host.cert = CertPosture::kValid;
  }
  if ((needs_rsa && !IsRsa(host.key)) || (old && host.key == KeyKind::kEd25519) ||
      (SignsNothing(host.key) && OldTlsOf(tls) == nullptr)) {
    host.key = KeyKind::kRsa2048;
    host.key_index %= PoolSize(host.key);
  }
}

std::vector<uint32_t> World::Domains() const {
  std::vector<uint32_t> all;
  all.reserve(zones_.size());
  for (uint32_t zone = 0; zone < zones_.size(); ++zone) {
    if (zone < first_provider_ || zone >= first_domain_) all.push_back(zone);
  }
  return all;
}

std::string World::ZoneName(uint32_t zone) const {
  if (zone >= first_domain_) return JoinText("d", zone - first_domain_, ".lab");
  if (zone >= first_crowd_zone_ && first_crowd_zone_ > 0) {
    return JoinText(crowd_zone_names_[zone - first_crowd_zone_], ".lab");
  }
  if (zone >= first_provider_) return JoinText("provider", zone - first_provider_ + 1, ".lab");
  return JoinText(fixed_names_[zone], ".lab");
}

std::string World::HostName(uint32_t host) const {
  const Host& h = hosts_[host];
  if (h.naming == HostNaming::kPool) {
    return JoinText("d", h.zone - first_domain_, kPoolLabelEnd, ".", ZoneName(pool_zone_));
  }
  return h.number == 0 ? ZoneName(h.zone) : JoinText("mx", h.number, ".", ZoneName(h.zone));
}

std::string World::CanonicalName(uint32_t host) const {
  const Host& h = hosts_[host];
  const std::string zone = ZoneName(h.zone);
  if (h.naming == HostNaming::kCnameSecure) return JoinText("real", h.number, ".", zone);
  if (h.naming == HostNaming::kCnameInsecure) {
    return JoinText(zone.substr(0, zone.find('.')), ".unsigned.lab");
  }
  return HostName(host);
}

std::string World::AddressText(uint32_t address) const {
  if (address == v6_address()) return "::1";
  return lab::AddressText(addresses_[address].ip);
}

std::vector<uint32_t> World::PolicyAddressesOf(uint32_t zone) const {
  // Of the Internet's, most are with one service; the shares of the others are alike.
  const bool crowded = mix_.skewed() && zone % 8 < 6;
  const uint32_t server = PolicyAddress(crowded ? 0 : zone % kPolicyServers);
  switch (zones_[zone].sts.value()) {
    case StsPosture::kFirstAddressRefuses:
      return {PolicyAddress(kPolicyRefusing), server};
    case StsPosture::kConnectRefused:
      return {PolicyAddress(kPolicyRefusing)};
    case StsPosture::kConnectTimeout:
      return {PolicyAddress(kPolicyDropping)};
    default:
      return {server};
  }
}

uint32_t World::FindZone(std::string_view label) const {
  if (const std::optional<uint32_t> i = NumberAfter("d", label)) {
    return *i < options_.domains ? first_domain_ + *i : kNothing;
  }
  if (const std::optional<uint32_t> i = NumberAfter("provider", label)) {
    return *i >= 1 && *i <= provider_weights_.size() ? first_provider_ + *i - 1 : kNothing;
  }
  const auto found = fixed_by_name_.find(std::string(label));
  return found == fixed_by_name_.end() ? kNothing : found->second;
}

ParsedName World::Parse(std::string_view name) const {
  ParsedName parsed;
  if (name.empty() || name == "lab") return {.role = NameRole::kRoot};
  if (!ConsumeSuffix(name, ".lab")) return parsed;
  const size_t dot = name.rfind('.');
  const std::string_view zone_label = name.substr(dot == name.npos ? 0 : dot + 1);
  std::string_view rest = dot == name.npos ? std::string_view() : name.substr(0, dot);

  // _PORT._tcp in front of what remains.
  if (rest.starts_with("_")) {
    const size_t end = rest.find('.');
    const std::string_view after = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    if (NumberAfter("_", rest.substr(0, end)) && (after == "_tcp" || after.starts_with("_tcp."))) {
      parsed.tlsa = true;
      rest = after.size() > 5 ? after.substr(5) : std::string_view();
    }
  }
  if (zone_label == "unsigned") {
    parsed.zone = FindZone(rest);
    if (parsed.zone == kNothing || zones_[parsed.zone].posture != DomainPosture::kMxCnameInsecure) {
      return {.tlsa = parsed.tlsa};
    }
    parsed.role = NameRole::kUnsigned;
    parsed.host = zones_[parsed.zone].first_host;
    return parsed;
  }
  parsed.zone = FindZone(zone_label);
  if (parsed.zone == kNothing) return {.tlsa = parsed.tlsa};
  if (parsed.zone == pool_zone_ && ConsumeSuffix(rest, kPoolLabelEnd)) {
    const uint32_t domain = FindZone(rest);
    if (domain == kNothing || zones_[domain].crowd != Crowd::kPool) return {.tlsa = parsed.tlsa};
    return {.role = NameRole::kHost,
            .tlsa = parsed.tlsa,
            .zone = domain,
            .host = zones_[domain].first_host};
  }
  const Zone& zone = zones_[parsed.zone];
  if (rest.empty()) {
    parsed.role = NameRole::kApex;
    if (zone.posture == DomainPosture::kImplicit) parsed.host = zone.first_host;
  } else if (rest == "_mta-sts") {
    parsed.role = NameRole::kMtaSts;
  } else if (rest == "_smtp._tls") {
    parsed.role = NameRole::kTlsRpt;
  } else if (rest == "mta-sts") {
    parsed.role = NameRole::kPolicyHost;
  } else if (const std::optional<uint32_t> k = NumberAfter("mx", rest)) {
    if (*k < 1 || *k > zone.host_count || zone.posture == DomainPosture::kImplicit ||
        zone.crowd == Crowd::kPool) {
      return parsed;
    }
    parsed.role = NameRole::kHost;
    parsed.host = zone.first_host + *k - 1;
  } else if (const std::optional<uint32_t> r = NumberAfter("real", rest)) {
    if (*r < 1 || *r > zone.host_count || zone.posture != DomainPosture::kMxCnameSecure) {
      return parsed;
    }
    parsed.role = NameRole::kReal;
    parsed.host = zone.first_host + *r - 1;
  }
  return parsed;
}

std::vector<MxRecord> World::MxOf(uint32_t zone_index) const {
  const Zone& zone = zones_[zone_index];
  std::vector<MxRecord> all;
  switch (zone.posture) {
    case DomainPosture::kNullMx:
      return {{.preference = 0}};
    case DomainPosture::kMxIpLiteral:
      return {{10, AddressText(0)}};
    case DomainPosture::kMxSingleLabel:
      return {{10, "mail"}};
    case DomainPosture::kMxNotAHostName:
      return {{10, JoinText("-mx1.", ZoneName(zone_index))}};
    case DomainPosture::kImplicit:
    case DomainPosture::kNoMail:
      return {};
    case DomainPosture::kNullMxBeside:
      all.push_back({.preference = 0});
      break;
    case DomainPosture::kServfail:
    case DomainPosture::kTimeout:
    case DomainPosture::kNxdomain:
      return {};
    case DomainPosture::kBogus:
      return {{10, JoinText("mx1.", ZoneName(zone_index))}};
    default:
      break;
  }
  uint16_t preference = 10;
  for (uint32_t h = 0; h < zone.host_count; ++h, preference += 10) {
    all.push_back({preference, HostName(zone.first_host + h), zone.first_host + h});
  }
  if (zone.posture == DomainPosture::kVanity) return all;
  for (uint8_t h = 0; h < zone.provider_host_count; ++h, preference += 10) {
    const uint32_t host = zones_[zone.provider].first_host + h;
    all.push_back({preference, HostName(host), host});
  }
  // Servers rotate their answers: start somewhere, the same place every time.
  std::rotate(all.begin(), all.begin() + zone_index % all.size(), all.end());
  return all;
}

std::vector<uint32_t> World::AddressesOf(uint32_t host_index) const {
  const Host& host = hosts_[host_index];
  std::vector<uint32_t> all;
  for (uint32_t i = 0; i < host.address_count; ++i) all.push_back(host.first_address + i);
  if (host.has_v6) all.push_back(v6_address());
  return all;
}

uint32_t World::CertificateOwner(uint32_t address, std::string_view server_name) const {
  const std::string lower = ToLower(server_name);
  const ParsedName parsed = server_name.empty() ? ParsedName{} : Parse(lower);
  if (parsed.host != kNothing && !parsed.tlsa) {
    const std::vector<uint32_t> own = AddressesOf(parsed.host);
    if (std::find(own.begin(), own.end(), address) != own.end()) {
      return hosts_[parsed.host].cert_owner;
    }
  }
  return hosts_[addresses_[address].owner].cert_owner;
}

bool World::AddressSecure(uint32_t host_index) const {
  const Host& host = hosts_[host_index];
  return zones_[host.zone].secure && host.naming != HostNaming::kCnameInsecure;
}

std::string AddressText(uint32_t address) {
  return JoinText(address >> 24, ".", (address >> 16) & 255, ".", (address >> 8) & 255, ".",
                  address & 255);
}

}  // namespace mxsweep::lab
