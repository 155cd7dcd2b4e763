#include "tools/plan/internet.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "tools/plan/random.h"

namespace mxsweep::plan {
namespace {

constexpr double kRememberS = 300;     // scanner/work/address_memory.h: kRememberNs
constexpr double kFailuresInARow = 2;  // and how often an address fails until it is told of

// What the limits make of a network: appends its crowds.
double AddCrowds(std::span<const double> addresses, const Inputs& inputs, double dwell_s,
                 double least_crowd_s, std::vector<Crowd>* crowds) {
  const double cap = AddressCap(inputs);
  double sum = 0, longest_s = 0;
  for (const double connections : addresses) {
    sum += connections;
    longest_s = std::max(longest_s, connections / cap);
  }
  const double network_s = sum / NetworkCap(inputs, static_cast<double>(addresses.size()), dwell_s);
  if (network_s > longest_s) {
    if (network_s > least_crowd_s) {
      crowds->push_back({.connections = sum,
                         .least_s = network_s,
                         .of_network = true,
                         .addresses = static_cast<double>(addresses.size())});
    }
    return sum;
  }
  for (const double connections : addresses) {
    if (connections / cap <= least_crowd_s) continue;
    crowds->push_back({.connections = connections, .least_s = connections / cap});
  }
  return sum;
}

class Drawing {
 public:
  explicit Drawing(const Inputs& inputs)
      : inputs_(inputs), random_(static_cast<uint64_t>(inputs.seed)) {}

  Internet Draw() {
    AddPool();
    AddProviders();
    AddOwn();
    return std::move(internet_);
  }

 private:
  void Bear(double connections) {
    size_t i = 0;
    while (i < kBearLimits.size() && connections > kBearLimits[i]) ++i;
    internet_.bear[i] += 1;
    internet_.most = std::max(internet_.most, connections);
  }

  void AddNetwork(std::span<const double> addresses, double dwell_s) {
    if (addresses.empty()) return;
    Network network{.first_crowd = static_cast<uint32_t>(internet_.crowds.size())};
    network.connections = AddCrowds(addresses, inputs_, dwell_s, kLeastCrowdS, &internet_.crowds);
    network.crowds = static_cast<uint32_t>(internet_.crowds.size()) - network.first_crowd;
    internet_.networks.push_back(network);
    internet_.connections += network.connections;
    for (const double connections : addresses) Bear(connections);
  }

  void AddPool() {
    const double endpoints = inputs_.domains * inputs_.pool_share * inputs_.endpoints_of_pool_name;
    if (endpoints <= 0) return;
    const auto networks = static_cast<size_t>(inputs_.pool_networks);
    const size_t each = std::max<size_t>(static_cast<size_t>(inputs_.pool_addresses) / networks, 1);
    const std::vector<double> addresses(
        each, endpoints / static_cast<double>(networks) / static_cast<double>(each));
    for (size_t i = 0; i < networks; ++i) AddNetwork(addresses, inputs_.session_s);
    internet_.live_addresses += static_cast<double>(networks * each);
  }

  // Hosts that many domains name are asked once at each of their addresses.
  void AddProviders() {
    const double each = inputs_.hosting_addresses;
    for (double left = inputs_.provider_endpoints; left >= 1; left -= each) {
      const std::vector<double> addresses(static_cast<size_t>(std::min(left, each)), 1.0);
      AddNetwork(addresses, inputs_.session_s);
      internet_.live_addresses += static_cast<double>(addresses.size());
    }
  }

  void AddOwn() {
    const double count = inputs_.addresses - inputs_.pool_addresses - inputs_.provider_endpoints -
                         inputs_.parked_addresses;
    const double endpoints = inputs_.domains * inputs_.own_share * inputs_.endpoints_of_own_name;
    if (count < 1 || endpoints < count) return;
    const double skew = SkewFor(endpoints / count, inputs_.largest_crowd);
    std::vector<double> addresses;
    double drawn = 0;
    while (drawn < count) {
      const bool hosting =
          random_.Unit() * (inputs_.hosting_share / inputs_.hosting_addresses +
                            (1 - inputs_.hosting_share) / inputs_.other_addresses) <=
          inputs_.hosting_share / inputs_.hosting_addresses;
      const double size =
          std::min(hosting ? inputs_.hosting_addresses : inputs_.other_addresses, count - drawn);
      addresses.clear();
      for (double i = 0; i < size; ++i) addresses.push_back(DrawAddress(skew));
      AddNetwork(addresses, DwellS(inputs_));
      drawn += size;
    }
  }

  // The connections that an address has to bear.
  double DrawAddress(double skew) {
    const double names =
        std::min(std::floor(std::pow(random_.Unit(), -1 / skew)), inputs_.largest_crowd);
    if (random_.Unit() <= inputs_.dead_share) {
      internet_.dead_addresses += 1;
      internet_.concluded += std::max(names - 1, 0.0);
      return kFailuresInARow;  // a name and its further attempt, or two names
    }
    internet_.live_addresses += 1;
    const double again = names * inputs_.tried_again;
    internet_.tried_again += again;
    return names + again;
  }

  const Inputs& inputs_;
  Random random_;
  Internet internet_;
};

}  // namespace

double SkewFor(double mean, double most) {
  double low = 0.01, high = 20;
  for (int i = 0; i < 50; ++i) {
    const double a = (low + high) / 2;
    double sum = 0;
    for (double k = 1; k <= most && sum <= mean; ++k) sum += std::pow(k, -a);
    (sum > mean ? low : high) = a;
  }
  return (low + high) / 2;
}

Internet DrawInternet(const Inputs& inputs) { return Drawing(inputs).Draw(); }

std::vector<std::vector<ProbeWork>> ShareOut(const Internet& internet, const Inputs& inputs,
                                             size_t shards) {
  const auto workers = static_cast<size_t>(inputs.workers);
  std::vector<std::vector<ProbeWork>> works(shards, std::vector<ProbeWork>(workers));
  Random random(static_cast<uint64_t>(inputs.seed) + 1);
  const auto draw = [&]() -> ProbeWork& {
    const uint64_t drawn = random.Below(shards * workers);
    return works[drawn / workers][drawn % workers];
  };
  for (const Network& network : internet.networks) {
    ProbeWork& work = draw();
    work.free += network.connections;
    for (uint32_t i = 0; i < network.crowds; ++i) {
      const Crowd& crowd = internet.crowds[network.first_crowd + i];
      work.free -= crowd.connections;
      work.crowds.push_back(crowd);
    }
  }
  // A parking address is asked by two names whenever what is known of it is forgotten.
  for (double i = 0; i < inputs.parked_addresses; ++i) {
    draw().revisits_per_s += kFailuresInARow / kRememberS;
  }
  for (std::vector<ProbeWork>& shard : works) {
    for (ProbeWork& work : shard) work.free = std::max(work.free, 0.0);
  }
  return works;
}

ProbeWork WorkOf(const std::vector<std::vector<double>>& connections, const Inputs& inputs,
                 double least_crowd_s) {
  ProbeWork work;
  for (const std::vector<double>& addresses : connections) {
    const size_t before = work.crowds.size();
    work.free += AddCrowds(addresses, inputs, inputs.session_s, least_crowd_s, &work.crowds);
    for (size_t i = before; i < work.crowds.size(); ++i) work.free -= work.crowds[i].connections;
  }
  work.free = std::max(work.free, 0.0);
  return work;
}

}  // namespace mxsweep::plan
