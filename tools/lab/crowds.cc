// The part of World that many names share: pools, shared hosts, parking services, hostile zones.
#include "tools/lab/crowds.h"

#include <algorithm>
#include <limits>

#include "tools/lab/sts_postures.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {
namespace {

constexpr uint32_t kNamesOfPoolAddress = 250;  // on average
constexpr uint32_t kMinPoolAddresses = 4;
constexpr uint8_t kAddressesOfPoolHost = 2;
constexpr uint32_t kDomainsPerSharedHost = 100'000;
constexpr uint32_t kParkingAddresses = 2;
constexpr double kFirstParkingShare = 2.0 / 3;
constexpr double kSharedHostWithOwnCertificate = 0.3;
// As many MX records as a name may sensibly have been seen with, and more addresses than a message
// of 512 bytes holds.
constexpr uint16_t kHostileHosts = 256;
constexpr uint8_t kHostileAddressesOfHost = 128;
constexpr uint32_t kAddressesInPrefix = 254;

}  // namespace

void World::AddCrowdPlace(Crowd crowd, const char* label, uint32_t addresses, Behaviour behaviour) {
  const uint32_t zone = AddZone(DomainPosture::kOwn, /*secure=*/false);
  crowd_zone_names_.emplace_back(label);
  fixed_by_name_.emplace(label, zone);
  CrowdPlace& place = crowd_places_[static_cast<size_t>(crowd)];
  place = {.host = static_cast<uint32_t>(hosts_.size()),
           .first_address = static_cast<uint32_t>(addresses_.size()),
           .addresses = addresses};
  zones_[zone].first_host = place.host;
  zones_[zone].host_count = 1;
  // Nothing of it is drawn: these are the same in every lab.
  Host& host = hosts_.emplace_back();
  host.zone = zone;
  host.cert_owner = place.host;
  host.first_address = place.first_address;
  host.address_count =
      static_cast<uint8_t>(std::min<uint32_t>(addresses, std::numeric_limits<uint8_t>::max()));
  if (crowd == Crowd::kPool) {
    host.cert = CertPosture::kWildcard;
    pool_zone_ = zone;
  }
  BeginPrefix(kAddressesInPrefix);
  for (uint32_t i = 0; i < addresses; ++i) {
    addresses_.push_back({.owner = place.host, .ip = TakeIp(), .behaviour = behaviour});
  }
}

void World::AddCrowdPlaces() {
  first_crowd_zone_ = static_cast<uint32_t>(zones_.size());
  const uint32_t domains = options_.domains;
  const uint32_t most = std::numeric_limits<uint8_t>::max();
  const uint32_t pool_names = domains / 100 * 6;
  AddCrowdPlace(Crowd::kPool, "pool1",
                std::clamp(pool_names / kNamesOfPoolAddress, kMinPoolAddresses, most),
                Behaviour::kNormal);
  AddCrowdPlace(Crowd::kSharedHost, "shared1",
                std::clamp(domains / kDomainsPerSharedHost, uint32_t{1}, most), Behaviour::kNormal);
  AddCrowdPlace(Crowd::kParkedRefusing, "parking1", kParkingAddresses, Behaviour::kConnectRefused);
  AddCrowdPlace(Crowd::kParkedDropping, "parking2", kParkingAddresses, Behaviour::kConnectTimeout);
  AddCrowdPlace(Crowd::kParkedSilent, "parking3", 1, Behaviour::kSilentGreeting);
  // All zones of the first kind share what would else be millions.
  AddCrowdPlace(Crowd::kHostileWide, "hostile1", uint32_t{kHostileHosts} * kHostileAddressesOfHost,
                Behaviour::kConnectRefused);
  AddCrowdPlace(Crowd::kHostileNames, "hostile2", 1, Behaviour::kSilentGreeting);
  first_domain_ = static_cast<uint32_t>(zones_.size());
}

void World::AddCrowdHosts(uint32_t zone, Draw& draw) {
  const Crowd crowd = zones_[zone].crowd;
  zones_[zone].first_host = static_cast<uint32_t>(hosts_.size());
  if (crowd == Crowd::kHostileWide || crowd == Crowd::kHostileNames) {
    return AddHostileHosts(zone, draw);
  }
  zones_[zone].host_count = 1;
  const bool implicit = zones_[zone].posture == DomainPosture::kImplicit;
  Host& host = AddHost(zone, implicit ? 0 : 1, draw);
  const CrowdPlace& place = crowd_places_[static_cast<size_t>(crowd)];
  host.address_count = 1;
  host.cert_owner = place.host;
  if (crowd == Crowd::kPool) {
    host.naming = HostNaming::kPool;
    host.address_count = kAddressesOfPoolHost;
    host.first_address = place.first_address + draw.Below(place.addresses - 1);
  } else if (crowd == Crowd::kSharedHost) {
    host.first_address = place.first_address + draw.Below(place.addresses);
    if (draw.Chance(kSharedHostWithOwnCertificate)) {
      host.cert_owner = static_cast<uint32_t>(hosts_.size() - 1);
    }
    MakeCompatible(host, addresses_[host.first_address].tls);
  } else {
    const bool second = place.addresses > 1 && !draw.Chance(kFirstParkingShare);
    host.first_address = place.first_address + (second ? 1 : 0);
  }
}

void World::AddHostileHosts(uint32_t zone, Draw& draw) {
  const bool wide = zones_[zone].crowd == Crowd::kHostileWide;
  const CrowdPlace place = crowd_places_[static_cast<size_t>(zones_[zone].crowd)];
  zones_[zone].host_count = kHostileHosts;
  for (uint16_t i = 0; i < kHostileHosts; ++i) {
    Host& host = AddHost(zone, static_cast<uint16_t>(i + 1), draw);
    host.cert_owner = place.host;
    host.address_count = wide ? kHostileAddressesOfHost : 1;
    host.first_address = place.first_address + (wide ? uint32_t{i} * kHostileAddressesOfHost : 0);
  }
}

std::string_view ListClassOf(const World& world, uint32_t zone_index) {
  const Zone& zone = world.zones()[zone_index];
  if (zone.crowd != Crowd::kNone) return KeyOf(Subject::kCrowd, static_cast<size_t>(zone.crowd));
  if (StsStatusOf(zone.sts) == "valid") return "policy_host";
  if (zone.posture == DomainPosture::kProvider) return "provider";
  return zone.host_count > 0 ? "own" : "no_host";
}

bool IsCrowded(const World& world, uint32_t zone) {
  return world.zones()[zone].crowd != Crowd::kNone || ListClassOf(world, zone) == "policy_host";
}

}  // namespace mxsweep::lab
