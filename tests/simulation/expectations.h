// What must be true of the rows of any scan of a simulated world.
#ifndef MXSWEEP_TESTS_SIMULATION_EXPECTATIONS_H_
#define MXSWEEP_TESTS_SIMULATION_EXPECTATIONS_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "scanner/record/recorder.h"
#include "tests/simulation/simulated_scan.h"
#include "tests/simulation/simulated_world.h"

namespace mxsweep::scanner::simulation {

// Times in which our own network was out: what was found then is no server's fault, and need not be
// true.
struct Excuses {
  // Look-ups may have failed: what they came to is the truth or an error.
  bool lookups_fail = false;
  // A run may have been stopped before a revocation list came.
  bool stopped = false;
  std::vector<std::pair<absl::Time, absl::Time>> outages;

  template <typename T>
  bool Excuse(const T& row) const {
    const absl::Time ended = row.started_at + absl::Microseconds(row.elapsed_us);
    return std::ranges::any_of(outages, [&](const auto& outage) {
      return row.started_at < outage.second && ended >= outage.first;
    });
  }
};

const WorldHost* FindHost(const World& world, const std::string& name);

// Nobody was treated impolitely, and nothing is left behind.
void ExpectClean(const ScanResult& result);

// Answers 421 at some point.
bool Throttles(Manner manner);

// Nobody was met, for reasons of ours: it may be asked again.
bool MetNobody(const output::EndpointRow& row);

// Every row stands behind the rows it rests on, once.
void ExpectWhole(const World& world, const std::vector<Row>& rows, const Excuses& excuses = {});

// An endpoint's row says what its server is.
void ExpectTrue(const World& world, const ScanSettings& settings, const output::EndpointRow& row,
                const Excuses& excuses = {});

// A certificate's row says what its revocation list is.
void ExpectTrue(const World& world, const ScanSettings& settings, const output::CertificateRow& row,
                const Excuses& excuses);

// A domain's row says what its MX records and its policy are.
void ExpectTrue(const World& world, const ScanSettings& settings, const output::DomainRow& row,
                const Excuses& excuses);

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_EXPECTATIONS_H_
