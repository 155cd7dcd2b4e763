// Scans that benchmarks run: the real program as a child process, its figures, its files.
#ifndef MXSWEEP_BENCH_SCAN_RUN_H_
#define MXSWEEP_BENCH_SCAN_RUN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"

namespace mxsweep::bench {

// A finished scan.
struct ScanCost {
  MeasuredProcess::Usage usage;
  double domains = 0;
  double endpoints = 0;
  double tls_ok = 0;
  double probes = 0;
  double endpoint_table_bytes = 0;
  double output_bytes = 0;

  double cpu_s() const { return usage.user_s + usage.system_s; }
};

// A scan of loopback as fast as it goes.
struct FastScan {
  std::string mxsweep;  // the program
  std::string targets;
  std::string output;
  uint16_t port = 0;
  std::string trust_store;
  int concurrency = 0;
};
// Its command; more flags may follow.
std::vector<std::string> FastScanCommand(const FastScan& scan);

// Runs `command`, a scan whose --output is `output`, and removes its results. A scan that fails is
// an error with what it printed.
absl::StatusOr<ScanCost> RunScan(const std::vector<std::string>& command,
                                 const std::string& output);

// The same of a scan that was started already.
absl::StatusOr<ScanCost> WaitForScan(MeasuredProcess* process, const std::string& output);

// "1,234,567".
std::string Count(double value);
// Three digits or more: "1,234", "12.3", "1.23".
std::string Figure(double value);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_SCAN_RUN_H_
