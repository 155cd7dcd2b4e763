// From what was measured here to a list of the Internet's names: what of it the benchmarks measure,
// and what of it is assumed, each line with its source. docs/performance.md explains both.
#ifndef MXSWEEP_BENCH_EXTRAPOLATION_H_
#define MXSWEEP_BENCH_EXTRAPOLATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

// 0 where it was not measured: what would follow from it is left out.
struct MeasuredCosts {
  double endpoint_us = 0;        // CPU, with a chain that is known
  double own_leaf_us = 0;        // the same with a leaf of its own
  double dead_us = 0;            // CPU of an address that does not answer
  double mx_name_us = 0;         // CPU of a name whose MX is asked for at a resolver of others
  double recursion_name_us = 0;  // CPU of all of a name's questions, with our own Unbound
  double row_us = 0;             // CPU of an endpoint's row
  double session_bytes = 0;      // resident, of a session before its greeting
  double name_bytes = 0;         // kept of a name
  double host_bytes = 0;         // of a finished MX host
  double wire_bytes = 0;         // of a session, with headers
};

// What lies behind a name of the list, on average.
struct ListShape {
  double hosts = 0;             // MX hosts by distinct names
  double own_endpoints = 0;     // (host, address) with a certificate of its own
  double shared_endpoints = 0;  // in pools and at shared hosts and providers
  double dead_endpoints = 0;    // parked names, once their address is known for dead
  double tried_again = 0;       // connections after the first of an endpoint
};

// Of the lab's mix `internet`, counted in a world of 100,000 names; hostile zones are left out.
absl::StatusOr<ListShape> InternetShape();

struct ExtrapolatedLine {
  std::string what;
  double figure;
  std::string source;
};
std::vector<ExtrapolatedLine> Extrapolate(const MeasuredCosts& costs, const ListShape& shape);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_EXTRAPOLATION_H_
