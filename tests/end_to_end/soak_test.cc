// A scan that is kept at it for long: suspended, killed, stopped, refused its disk, its list
// growing, and gone on with each time, while somebody watches what it holds.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "output/scan_directory.h"
#include "tests/end_to_end/lab.h"
#include "tests/end_to_end/running_mxsweep.h"
#include "tests/end_to_end/truth.h"

namespace mxsweep::end_to_end {
namespace {

using std::chrono::milliseconds;

constexpr int kRate = 100;            // connections a second
constexpr int kDomainsASecond = 150;  // about so many at that rate, of this world

// What a process holds.
struct Held {
  double seconds = 0;  // since the soak began
  int run = 0;
  uint64_t resident_kib = 0;
  uint64_t descriptors = 0;
  uint64_t threads = 0;
  uint64_t domains = 0;  // committed
};

uint64_t InStatus(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":"))
      return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10);
  }
  return 0;
}

uint64_t DescriptorsOf(pid_t pid) {
  std::error_code error;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator each("/proc/" + std::to_string(pid) + "/fd", error), end;
       !error && each != end; each.increment(error)) {
    ++count;
  }
  return count;
}

class Soak {
 public:
  explicit Soak(double minutes)
      : seconds_(minutes * 60),
        domains_(static_cast<size_t>(seconds_ * kDomainsASecond)),
        lab_(folder_, {"--seed", "41", "--domains", std::to_string(domains_), "--fixed", "none",
                       "--max-handshakes", "20", "--delay-scale", "0.5", "--mix",
                       "internet,crowd.hostile_wide=0,crowd.hostile_names=0"}),
        scan_(folder_.path("scan")),
        list_(folder_.path("list")) {
    std::ifstream all(lab_.state("domains.txt"));
    for (std::string name; std::getline(all, name);) names_.push_back(name);
  }

  void Run() {
    Give(0.6);
    Follow(Start({}), 0.15, SIGKILL);
    Give(0.7);
    Follow(GoOn({}), 0.3, SIGINT);
    Give(0.8);
    // The disk is full after so many writes, wherever that is; then there is room again.
    EXPECT_EQ(Follow(GoOn({std::string("LD_PRELOAD=") + FAILING_DISK_LIBRARY,
                           "MXSWEEP_DISK_FAILS=write " + std::to_string(ENOSPC) + " 300 " + scan_}),
                     0.45, 0),
              3);
    Give(0.9);
    Follow(GoOn({}), 0.6, SIGTERM);
    Give(1);
    EXPECT_EQ(Follow(GoOn({}), 1e9, 0), 0);
  }

  void Check() {
    Print();
    ExpectTruth(scan_, lab_, {"attempts"}, /*failures_may_be_forgotten=*/Elapsed() > 300);
    uint64_t most_descriptors = 0, first_kib = 0, last_kib = 0;
    const int last_run = held_.back().run;
    double last_began = 0;
    for (const Held& each : held_) {
      most_descriptors = std::max(most_descriptors, each.descriptors);
      if (each.run != last_run) last_began = each.seconds;
    }
    // Of the last run, which is the longest: after its first quarter, and at its end.
    const double settled = last_began + (held_.back().seconds - last_began) / 4;
    for (const Held& each : held_) {
      if (each.run != last_run || each.seconds < settled) continue;
      if (first_kib == 0) first_kib = each.resident_kib;
      last_kib = each.resident_kib;
    }
    std::printf("last run: %.1f MiB after a quarter, %.1f MiB at its end; most descriptors %llu\n",
                static_cast<double>(first_kib) / 1024, static_cast<double>(last_kib) / 1024,
                static_cast<unsigned long long>(most_descriptors));
    EXPECT_LE(most_descriptors, 64u);  // sockets are the ring's own and not among them
    if (!kSanitized) {
      // What a name, its hosts and their addresses leave in memory, and rows on their way.
      const uint64_t may_grow_kib = 10 * 1024 + domains_ * 300 / 1024;
      EXPECT_LE(last_kib, first_kib + may_grow_kib);
    }
  }

 private:
  double Elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  // Writes so much of the list.
  void Give(double share) {
    std::ofstream file(list_);
    const auto count = static_cast<size_t>(share * static_cast<double>(names_.size()));
    for (size_t i = 0; i < count; ++i) file << names_[i] << "\n";
  }

  RunningMxsweep Start(const std::vector<std::string>& environment) {
    return RunningMxsweep(lab_.ScanArguments(list_, {"-o", scan_, "--epoch", "5s", "--rate",
                                                     std::to_string(kRate), "--workers", "2"}),
                          {.environment = environment});
  }
  RunningMxsweep GoOn(const std::vector<std::string>& environment) {
    return RunningMxsweep({"scan", "--resume", scan_, list_, "--progress", "none"},
                          {.environment = environment});
  }

  // Watches a run up to that share of the time, when it is sent `signal` (0: none); in the middle
  // it is suspended. Its exit code; -1: it was killed.
  int Follow(RunningMxsweep scan, double share, int signal) {
    ++runs_;
    const double from = Elapsed();
    const double until = seconds_ * share;
    const double suspend_at = from + std::min(until - from, seconds_ / 3) / 2;
    bool suspended = false;
    std::this_thread::sleep_for(std::chrono::seconds(1));  // it has begun by then
    while (!scan.HasEnded() && Elapsed() < until) {
      if (Elapsed() >= next_look_) {
        next_look_ = Elapsed() + seconds_ / kLooks;
        Look(scan.pid());
      }
      if (!suspended && Elapsed() >= suspend_at) {
        suspended = true;
        scan.Signal(SIGSTOP);
        std::this_thread::sleep_for(std::chrono::seconds(5));  // longer than every timeout
        scan.Signal(SIGCONT);
      }
      std::this_thread::sleep_for(milliseconds(50));
    }
    if (signal == 0) return scan.ExitCodeWithin(std::chrono::minutes(10));
    scan.Signal(signal);
    return scan.Wait().exit_code;
  }

  void Look(pid_t pid) {
    const auto directory = output::ScanDirectory::Open(scan_);
    held_.push_back(
        {Elapsed(), runs_, InStatus(pid, "VmRSS"), DescriptorsOf(pid), InStatus(pid, "Threads"),
         directory.ok() ? directory->rows()[static_cast<size_t>(output::TableId::kDomains)] : 0});
  }

  void Print() const {
    std::printf("%8s %4s %9s %12s %8s %10s\n", "minute", "run", "MiB", "descriptors", "threads",
                "domains");
    for (const Held& each : held_) {
      std::printf("%8.1f %4d %9.1f %12llu %8llu %10llu\n", each.seconds / 60, each.run,
                  static_cast<double>(each.resident_kib) / 1024,
                  static_cast<unsigned long long>(each.descriptors),
                  static_cast<unsigned long long>(each.threads),
                  static_cast<unsigned long long>(each.domains));
    }
  }

  static constexpr int kLooks = 60;

  double seconds_;
  size_t domains_;
  TemporaryFolder folder_;
  Lab lab_;
  std::string scan_, list_;
  std::vector<std::string> names_;
  std::vector<Held> held_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double next_look_ = 0;
  int runs_ = 0;
};

// Longer by MXSWEEP_SOAK_MINUTES.
TEST(Soak, MemoryAndDescriptorsStayFlatWhateverHappensAndTheRowsAreTrue) {
  if (kSanitized) GTEST_SKIP() << "LD_PRELOAD does not go with a sanitizer";
  const char* minutes = std::getenv("MXSWEEP_SOAK_MINUTES");
  Soak soak(minutes == nullptr ? 0.3 : std::atof(minutes));
  soak.Run();
  soak.Check();
}

}  // namespace
}  // namespace mxsweep::end_to_end
