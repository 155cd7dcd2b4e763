// The world as another place meets it: names and draws stay, so that two labs of one seed are one
// world.
#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {
namespace {

// From 127.64.0.1 to 127.80.0.1: another network, whichever it is.
constexpr uint32_t kElsewhere = 0x00100000;

}  // namespace

absl::Status World::SeeZoneFrom(std::string_view how, uint32_t zone) {
  const Zone& seen = zones_[zone];
  for (uint32_t h = seen.first_host; h < seen.first_host + seen.host_count; ++h) {
    const Host& host = hosts_[h];
    for (uint32_t a = host.first_address; a < host.first_address + host.address_count; ++a) {
      Address& address = addresses_[a];
      if (how == "refused") {
        address.behaviour = Behaviour::kConnectRefused;
      } else if (how == "timeout") {
        address.behaviour = Behaviour::kConnectTimeout;
      } else if (how == "554") {
        address.behaviour = Behaviour::kGreeting554;
      } else if (how == "geo") {
        address.ip ^= kElsewhere;
      } else {
        return InvalidArgument(JoinText("--place: no \"", how, "\""));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status World::SeeFrom(std::string_view place) {
  for (size_t at = 0; at < place.size();) {
    const size_t comma = std::min(place.find(',', at), place.size());
    const std::string_view word = place.substr(at, comma - at);
    at = comma + 1;
    const size_t equals = std::min(word.find('='), word.size());
    const std::string_view how = word.substr(0, equals);
    const std::string_view what = word.substr(std::min(equals + 1, word.size()));
    if (how == "relay") {
      uint32_t every = 0;
      if (!ParseDigits(what, &every) || every == 0) return InvalidArgument("--place: relay=N");
      for (uint32_t a = 0; a < addresses_.size(); a += every) {
        if (addresses_[a].behaviour != Behaviour::kNormal) continue;
        addresses_[a].behaviour = Behaviour::kNoStarttls;
        addresses_[a].relayed = true;
      }
      continue;
    }
    const uint32_t zone = FindZone(what);
    if (zone == kNothing) return InvalidArgument(JoinText("--place: no zone \"", what, "\""));
    if (absl::Status status = SeeZoneFrom(how, zone); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace mxsweep::lab
