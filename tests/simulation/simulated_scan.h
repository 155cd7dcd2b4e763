// A whole scan of a simulated world in one thread and in virtual time: the feeder, the recorder,
// and workers with a loop each, whose messages to each other come late by chance.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_SCAN_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_SCAN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "output/scan_directory.h"
#include "scanner/pace/gate.h"
#include "scanner/pace/outage_watch.h"
#include "scanner/progress.h"
#include "scanner/record/recorder.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/work/target_feeder.h"
#include "tests/output/memory_files.h"
#include "tests/simulation/simulated_world.h"

namespace mxsweep::scanner::simulation {

inline constexpr char kScanDirectory[] = "/scan";

// One run of a scan that writes to a directory, which it goes on with where it holds a scan. What
// stays from run to run is the caller's: the disk, and the network with all that it has seen.
struct DirectoryRun {
  output::MemoryFiles* files = nullptr;
  ServerNetwork* network = nullptr;
  std::string list;  // its text; World::targets is not read
  TargetsKind kind = TargetsKind::kDomains;
  output::ScanWriterOptions writer;
  size_t shuffle_window = 1;
  // When it begins, and how long the machine has been suspended before.
  int64_t began_ns = kSecond;
  int64_t slept_ns = 0;
  // It is killed at this virtual time, or behind this step of the disk.
  std::optional<int64_t> crash_at_ns;
  std::optional<uint64_t> crash_at_step;
  // Virtual times at which the machine is suspended, and for how long.
  std::vector<std::pair<int64_t, int64_t>> suspensions;
  // Virtual time from which on little is free on the disk.
  std::optional<int64_t> low_disk_at_ns;
  std::function<void()> after_step;  // for checks; may be null
};

// What becomes of questions on their way to the resolver and back, and of the resolver. All but
// lies: which packets are believed is decided below dns::Resolver.
struct ResolverFaults {
  // Of a hundred queries; each question has four, and ends as a time-out if all are lost.
  uint32_t lost_percent = 0;
  // Of a hundred answers: asked for again over TCP, which the resolver takes three times in four.
  uint32_t truncated_percent = 0;
  int64_t most_delay_ns = 0;  // that is added
  // No answer comes from and until these virtual times.
  std::vector<std::pair<int64_t, int64_t>> dead;
  // Virtual time at which our own resolver has died for good (dns::CaresResolver::Abandon).
  std::optional<int64_t> abandoned_at_ns;
};

struct ScanSettings {
  uint64_t seed = 1;
  size_t workers = 1;
  uint32_t retries = 1;
  Gate::Options gate;  // of each worker
  uint32_t admissions = 64;
  uint32_t slots = 1'000;
  TargetFeeder::Options feeder;
  int64_t patience_ns = 3'600 * kSecond;  // --patience
  bool infer = true;
  uint32_t max_hosts = 20;
  uint32_t max_addresses = 64;
  uint32_t max_parked_fetches = 65'536;
  // Outages of ours are looked for: then who answered before may be asked once more.
  bool watch_outages = true;
  // Our own network is out, from and until these virtual times.
  std::vector<std::pair<int64_t, int64_t>> outages;
  ResolverFaults resolver;
  bool implicit_tls = false;
  bool revocation = false;                     // --revocation
  MtaStsLevel mta_sts = MtaStsLevel::kRecord;  // --mta-sts
  bool also_without_server_name = false;
  tls::ClientProfile offer = tls::ClientProfile::kEverything;  // --offer
  tls::SurveySet surveys;                                      // --probe
  bool use_ipv4 = true;
  bool use_ipv6 = true;
  bool has_ipv6_route = true;  // of this machine
  // So many TLSA records more at each host that has some; none of them matches.
  uint32_t more_tlsa = 0;
  // Virtual time from which on hosts have WorldHost::later_tlsa.
  std::optional<int64_t> later_tlsa_at_ns;
  // Virtual time at which the scan is told to stop; nothing: never.
  std::optional<int64_t> drain_at_ns;
  // The sink refuses this row and all after it; nothing: none.
  std::optional<size_t> fail_at_row;
  // What the main thread sees every half second; may be null.
  std::function<void(const ProgressSnapshot&)> on_watch;
  // Rows go to a directory. Null: to ScanResult::rows.
  const DirectoryRun* directory = nullptr;

  // Everything drawn from the seed.
  static ScanSettings Random(uint64_t seed);
};

struct ScanResult {
  // The list was read, or given up, and every target that was started is done, within a virtual
  // day.
  bool ended = false;
  size_t targets_started = 0;
  uint64_t targets_told = 0;      // TargetResults
  std::set<uint64_t> lines_told;  // of them; a line twice is complained of
  std::vector<Row> rows;          // in the order in which they were written
  std::string text;               // the same as NDJSON
  absl::Status status;            // of the recorder
  std::vector<std::string> complaints;
  // With DirectoryRun. The scan was killed; what is on the disk then is to be taken from AfterKill
  // or AfterPowerCut of these, which is the disk at that moment.
  bool crashed = false;
  std::shared_ptr<output::MemoryFiles> at_crash;
  uint64_t epochs = 0;  // committed, by all runs
  bool complete = false;
  int64_t ended_ns = 0;
  int64_t slept_ns = 0;
  uint64_t waiting_left = 0;  // targets and hosts that are kept at the end
  uint32_t connections_left_open = 0;
  size_t questions_left = 0;
  int64_t took_ns = 0;
  absl::Time began;  // on the clock of the rows
  std::vector<OutageWatch::Outage> outages;
  std::map<std::string, uint32_t> connections;  // by address, that reached it
  uint64_t most_waiting_records = 0;            // targets and hosts that were kept at once
  uint64_t most_waiting_bytes = 0;              // of them
  uint64_t hosts_asked_twice = 0;               // but for those whose look-ups fail
  // How often each document was asked for: "address/target".
  std::map<std::string, uint32_t> documents_asked;

  template <typename T>
  std::vector<const T*> All() const {
    std::vector<const T*> found;
    for (const Row& row : rows) {
      if (const T* typed = std::get_if<T>(&row)) found.push_back(typed);
    }
    return found;
  }
};

// Ends the program where a task or a stream is left behind.
ScanResult Scan(const World& world, const ScanSettings& settings);

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_SCAN_H_
