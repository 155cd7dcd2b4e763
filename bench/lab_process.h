// The lab (tools/lab) as a process of its own, whose cost is not the scanner's. Thread-compatible.
#ifndef MXSWEEP_BENCH_LAB_PROCESS_H_
#define MXSWEEP_BENCH_LAB_PROCESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bench/measured_process.h"

namespace mxsweep::bench {

// A folder for the files of a run, removed with all it holds.
class TemporaryFolder {
 public:
  // Ends the program, with a message, where none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// All of it; empty where it cannot be read.
std::string FileText(const std::string& path);

struct LabOptions {
  std::string program;  // mxsweep-lab
  std::string mix;      // as `mxsweep-lab serve --mix` takes it
  int domains = 0;
  int seed = 1;
  int smtp_port = 2725;
  int https_port = 0;          // of policy hosts; 0: none
  std::string fixed = "none";  // zones beside the drawn ones, as --fixed takes it
  std::string folder;          // for its files; made if missing
};

// Runs for as long as this object lives.
class LabProcess {
 public:
  // Returns when it answers. Unavailable, with what it said, if it does not.
  static absl::StatusOr<LabProcess> Start(const LabOptions& options);

  const std::string& folder() const { return folder_; }
  std::string domains_file() const { return folder_ + "/domains.txt"; }
  std::string trust_store() const { return folder_ + "/ca.pem"; }
  // "127.0.0.1:PORT".
  const std::string& resolver() const { return resolver_; }
  // All its threads, since it was started.
  double CpuSeconds() const { return process_.CpuSeconds(); }

 private:
  LabProcess(MeasuredProcess process, std::string folder, std::string resolver)
      : process_(std::move(process)), folder_(std::move(folder)), resolver_(std::move(resolver)) {}

  MeasuredProcess process_;
  std::string folder_;
  std::string resolver_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_LAB_PROCESS_H_
