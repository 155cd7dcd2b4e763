// The load server as a child process, and scans of its addresses.
#ifndef MXSWEEP_BENCH_LOAD_BENCH_H_
#define MXSWEEP_BENCH_LOAD_BENCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load_server.h"
#include "bench/measured_process.h"
#include "bench/scan_run.h"

namespace mxsweep::bench {

class LoadBench {
 public:
  struct Options {
    std::string mxsweep = MXSWEEP_PROGRAM;
    std::string load_server = MXSWEEP_LOAD_SERVER_PROGRAM;
    uint16_t port = 2925;
    int processes = 1;
    uint32_t dead_bit = 0;
    std::vector<Flight> flights;
  };
  // Starts the servers, which live as long as the object; files are made in `folder`, which must
  // exist.
  static absl::StatusOr<LoadBench> Start(const Options& options, const std::string& folder);

  struct Targets {
    int live = 20000;        // addresses that answer, each with a name
    int dead = 0;            // and that do not, spread among them; needs Options.dead_bit
    bool own_names = false;  // the names differ, so that each has a leaf of its own
  };
  // Writes the list, one target a line, and returns its path.
  absl::StatusOr<std::string> WriteTargets(const Targets& targets, bool with_names) const;

  // kNone: no TLS at all. kRefused: STARTTLS is offered, and refused when it comes.
  enum class Leaves { kShared, kOwn, kNone, kRefused };
  // A scan of the targets in that file as fast as it goes; `more` are further flags.
  std::vector<std::string> ScanCommand(const std::string& targets_file, const std::string& output,
                                       int concurrency, int workers,
                                       const std::vector<std::string>& more = {},
                                       Leaves leaves = Leaves::kShared) const;

  LoadCounters* counters() { return counters_.operator->(); }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  // The root of the servers' chain, PEM.
  std::string trust_store() const { return path("ca.pem"); }
  uint16_t smtp_port() const { return options_.port; }
  uint16_t bare_port() const { return static_cast<uint16_t>(options_.port + 1); }
  double ServerCpuSeconds() const { return process_.CpuSeconds(); }

 private:
  LoadBench(Options options, std::string folder, LoadCountersFile counters,
            MeasuredProcess process);

  Options options_;
  std::string folder_;
  LoadCountersFile counters_;
  MeasuredProcess process_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_LOAD_BENCH_H_
