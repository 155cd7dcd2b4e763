// The servers behind a list, drawn as unevenly as names are spread over them, and each probe
// shard's part of them.
#ifndef MXSWEEP_TOOLS_PLAN_INTERNET_H_
#define MXSWEEP_TOOLS_PLAN_INTERNET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/plan/inputs.h"
#include "tools/plan/job_time.h"

namespace mxsweep::plan {

// A /24, whose addresses belong to one shard.
struct Network {
  double connections = 0;  // of all its addresses
  // Crowds of it that take longer than kLeastCrowdS at the limits: those of its addresses, or
  // itself where its own limit takes longer than any of them.
  uint32_t first_crowd = 0;
  uint32_t crowds = 0;
};

// How many addresses have to bear how many connections in one run: up to 1, 2, 10, 100, 1,000,
// 10,000, and more.
inline constexpr std::array<double, 6> kBearLimits = {1, 2, 10, 100, 1'000, 10'000};

struct Internet {
  std::vector<Network> networks;
  std::vector<Crowd> crowds;
  double live_addresses = 0;
  double dead_addresses = 0;  // of own servers
  double connections = 0;     // wanted: live ones, and two of each dead address
  double concluded = 0;       // endpoints of a dead address that are told without a connection
  double tried_again = 0;     // of the connections
  std::array<double, kBearLimits.size() + 1> bear{};  // addresses
  double most = 0;                                    // connections that one address has to bear
};

// Crowds that take less are done long before any job is, and count among the free.
inline constexpr double kLeastCrowdS = 120;

// The exponent a for which drawing floor(u^(-1/a)) names for an address, at most `most`, comes to
// `mean` on average: P(K >= k) = k^-a, so the mean is the sum of these up to `most`.
double SkewFor(double mean, double most);

// From inputs.seed.
Internet DrawInternet(const Inputs& inputs);

// Of each of so many shards, and of each worker of its job, the networks that a seeded draw gives
// it, as a hash would.
std::vector<std::vector<ProbeWork>> ShareOut(const Internet& internet, const Inputs& inputs,
                                             size_t shards);

// The work of a shard of a list that was resolved in earnest, all of whose servers live.
// `connections[i]`: of each address of network i.
ProbeWork WorkOf(const std::vector<std::vector<double>>& connections, const Inputs& inputs,
                 double least_crowd_s = kLeastCrowdS);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_INTERNET_H_
