// A scan of a random world that is killed, stopped and refused its disk again and again, and gone
// on with until it is complete; and what must be true of it at each of these moments.
#ifndef MXSWEEP_TESTS_SIMULATION_CRASHING_SCAN_H_
#define MXSWEEP_TESTS_SIMULATION_CRASHING_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scanner/record/recorder.h"
#include "tests/output/memory_files.h"

namespace mxsweep::scanner::simulation {

// What is left of a scenario: so one that fails is made smaller.
struct Trim {
  size_t events = SIZE_MAX;   // runs that end before the scan does
  size_t targets = SIZE_MAX;  // of the list
  size_t hosts = SIZE_MAX;    // that domains name
  bool calm = false;          // no outage of ours, no suspended machine, the list stays

  friend bool operator==(const Trim&, const Trim&) = default;
};

struct CrashReport {
  std::vector<std::string> failures;  // of expectations
  std::string story;                  // what happened, a line for each run
  uint64_t runs = 0;
  uint64_t crashes = 0;
  uint64_t other_ends = 0;  // stops and disks that failed
  uint64_t sessions = 0;    // connections that reached a server
  size_t events = 0;        // of the scenario, as trimmed
  size_t targets = 0;
  size_t hosts = 0;
};

// All committed rows of kScanDirectory, epoch by epoch, those first that others rest on. What
// cannot be read is a failure of the test.
std::vector<Row> ReadCommittedRows(output::MemoryFiles* files);

// The same for the same seed and trim, every time.
CrashReport ScanThroughCrashes(uint64_t seed, const Trim& trim = {});

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_CRASHING_SCAN_H_
