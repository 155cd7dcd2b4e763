#include "bench/extrapolation.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "tools/lab/crowds.h"
#include "tools/lab/world.h"

namespace mxsweep::bench {
namespace {

constexpr double kNames = 300e6;
constexpr double kOpenSessions = 10'000;  // --concurrency
constexpr double kRatePerS = 500;         // --rate
constexpr double kSecondsPerHour = 3600;
constexpr double kMillion = 1e6;
constexpr uint32_t kCountedNames = 100'000;

double Hours(double count, double cpu_us) { return count * cpu_us / 1e6 / kSecondsPerHour; }

// Sums up what a scan of all names would meet, each host once.
class ShapeCounter {
 public:
  explicit ShapeCounter(const lab::World& world) : world_(world) {}

  ListShape Count() {
    for (const uint32_t zone : world_.Domains()) {
      if (lab::IsHostile(world_.zones()[zone].crowd)) continue;
      for (const uint32_t host : HostsOf(zone)) {
        if (seen_.insert(host).second) AddHost(zone, host);
      }
    }
    const auto names = static_cast<double>(world_.Domains().size());
    for (double* sum : {&shape_.hosts, &shape_.own_endpoints, &shape_.shared_endpoints,
                        &shape_.dead_endpoints, &shape_.tried_again}) {
      *sum /= names;
    }
    return shape_;
  }

 private:
  std::vector<uint32_t> HostsOf(uint32_t zone) const {
    const lab::Zone& z = world_.zones()[zone];
    if (z.posture == lab::DomainPosture::kImplicit) return {z.first_host};
    std::vector<uint32_t> hosts;
    for (const lab::MxRecord& mx : world_.MxOf(zone)) {
      if (mx.host_index != lab::kNothing) hosts.push_back(mx.host_index);
    }
    return hosts;
  }

  void AddHost(uint32_t zone, uint32_t host) {
    shape_.hosts += 1;
    const lab::Crowd crowd = world_.zones()[zone].crowd;
    for (const uint32_t address : world_.AddressesOf(host)) {
      if (lab::IsParked(crowd)) {
        shape_.dead_endpoints += 1;
        continue;
      }
      const bool own = crowd == lab::Crowd::kNone && world_.hosts()[host].zone == zone;
      (own ? shape_.own_endpoints : shape_.shared_endpoints) += 1;
      const uint32_t attempts = lab::OutcomeOf(world_.addresses()[address].behaviour).attempts;
      if (attempts > 1) shape_.tried_again += attempts - 1;
    }
  }

  const lab::World& world_;
  ListShape shape_;
  absl::flat_hash_set<uint32_t> seen_;
};

}  // namespace

absl::StatusOr<ListShape> InternetShape() {
  const absl::StatusOr<lab::World> world = lab::World::Create(
      {.domains = kCountedNames, .fixed = lab::FixedZones::kNone, .mix = "internet"});
  if (!world.ok()) return world.status();
  return ShapeCounter(*world).Count();
}

std::vector<ExtrapolatedLine> Extrapolate(const MeasuredCosts& costs, const ListShape& shape) {
  constexpr char kMix[] = "the lab's mix internet";
  const double own = kNames * shape.own_endpoints;
  const double shared = kNames * shape.shared_endpoints;
  const double dead = kNames * shape.dead_endpoints;
  const double again = kNames * shape.tried_again;
  std::vector<ExtrapolatedLine> lines = {
      {"names, millions", kNames / kMillion, "assumed; 390 are known (DomainsProject)"},
      {"MX hosts, millions", kNames * shape.hosts / kMillion, kMix},
      {"(host, address) with a leaf of its own, millions", own / kMillion, kMix},
      {"  in pools, at shared hosts and providers", shared / kMillion, kMix},
      {"  concluded from a dead address", dead / kMillion, kMix},
      {"connections after a first one, millions", again / kMillion, "its servers' outcomes"},
  };
  double sum = 0;
  const auto cpu = [&](const char* what, double count, double us, const char* source) {
    if (us <= 0) return;
    sum += Hours(count, us);
    lines.push_back({what, Hours(count, us), source});
  };
  if (costs.recursion_name_us > 0) {
    cpu("CPU hours of the names, from the root down", kNames, costs.recursion_name_us,
        "CPU ms of a name with recursion");
  } else {
    cpu("CPU hours of the names' MX alone", kNames, costs.mx_name_us, "CPU us of a name");
  }
  cpu("  of endpoints with a leaf of their own", own, costs.own_leaf_us, "the row of that name");
  cpu("  of the others that are asked", shared, costs.endpoint_us, "CPU us of an endpoint");
  cpu("  of what is tried again", again, costs.endpoint_us, "likewise, at the most");
  cpu("  of rows that are concluded", dead, costs.row_us, "Parquet: rows/s");
  lines.push_back({"  in all", sum, "sum of these"});
  const double memory = kNames * costs.name_bytes + kNames * shape.hosts * costs.host_bytes +
                        kOpenSessions * costs.session_bytes;
  if (costs.name_bytes > 0 && costs.session_bytes > 0) {
    lines.push_back({"GiB of names, hosts and 10,000 sessions", memory / 1024 / 1024 / 1024,
                     "bytes kept; KiB of a session"});
  }
  lines.push_back({"GB of the sessions on the wire", (own + shared) * costs.wire_bytes / 1e9,
                   "the load's flights"});
  lines.push_back({"hours at 500 connections a second",
                   (own + shared + again) / kRatePerS / kSecondsPerHour, "the default --rate"});
  return lines;
}

}  // namespace mxsweep::bench
