// mxsweep_scan_bench: what a whole scan costs. Starts the lab, scans it with the real program, and
// prints a table of 80 columns: speed and CPU time of the scanner alone (the lab's are not
// counted), its memory, its output, and what an open session adds to its memory.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "bench/scan_run.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kSmtpPort = 2725;
constexpr milliseconds kLook{100};
// How long sessions may take to be open, all of them, and how long the scanner must then have done
// nothing until it is taken to rest.
constexpr seconds kOpenPatience{60};
constexpr seconds kRest{1};
constexpr double kRestCpuShare = 0.05;
// The happy Internet without the name servers that never answer: a time-out of DNS would be the
// length of the whole scan.
constexpr char kMix[] = "happy,dane.timeout=0,dane.servfail=0";
// A server for each domain, and all of them fall silent at one point.
constexpr char kSilentMix[] =
    "happy,domain.provider=0,dane.timeout=0,dane.servfail=0,behaviour.normal=0";

struct Settings {
  std::string mxsweep = MXSWEEP_PROGRAM;
  std::string lab = MXSWEEP_LAB_PROGRAM;
  int domains = 5000;
  int concurrency = 1000;
  int runs = 3;
  int seed = 1;
};

absl::StatusOr<LabProcess> StartLab(const Settings& settings, const std::string& mix, int domains,
                                    const std::string& folder) {
  return LabProcess::Start({.program = settings.lab,
                            .mix = mix,
                            .domains = domains,
                            .seed = settings.seed,
                            .smtp_port = kSmtpPort,
                            .folder = folder});
}

std::vector<std::string> ScanCommand(const Settings& settings, const LabProcess& lab,
                                     const std::string& targets, const std::string& output) {
  std::vector<std::string> command = FastScanCommand({.mxsweep = settings.mxsweep,
                                                      .targets = targets,
                                                      .output = output,
                                                      .port = kSmtpPort,
                                                      .trust_store = lab.trust_store(),
                                                      .concurrency = settings.concurrency});
  command.insert(command.end(), {"--resolver", lab.resolver()});
  return command;
}

absl::StatusOr<ScanCost> Scan(const Settings& settings, const LabProcess& lab,
                              const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::string output = folder + "/results";
  absl::StatusOr<ScanCost> cost =
      RunScan(ScanCommand(settings, lab, lab.domains_file(), output), output);
  // Figures of scans that went wrong are of something else.
  if (cost.ok() && (cost->endpoints < 1 || cost->tls_ok < 0.99 * cost->endpoints)) {
    return absl::InternalError(absl::StrFormat("of %.0f endpoints of a happy lab, %.0f were tls_ok",
                                               cost->endpoints, cost->tls_ok));
  }
  return cost;
}

// Connections of the scan that are established, by the kernel's table.
int OpenSessions() {
  const std::string port = absl::StrFormat(":%04X", kSmtpPort);
  std::ifstream table("/proc/net/tcp");
  int open = 0;
  for (std::string line; std::getline(table, line);) {
    // "12: LOCAL:PORT REMOTE:PORT STATE …", in hexadecimal digits; 01 is ESTABLISHED.
    std::istringstream words(line);
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    if (state == "01" && remote.ends_with(port)) ++open;
  }
  return open;
}

struct Rest {
  int sessions = 0;
  double rss_bytes = 0;
};

// Starts a scan of the first `sessions` domains of a lab of silent servers, waits until all of
// their sessions are open and nothing happens any more, and looks at its memory.
absl::StatusOr<Rest> HoldOpen(const Settings& settings, const LabProcess& lab, int sessions,
                              const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::ifstream all(lab.domains_file());
  std::ofstream some(folder + "/targets.txt");
  std::string line;
  for (int i = 0; i < sessions && std::getline(all, line); ++i) some << line << "\n";
  some.close();

  std::vector<std::string> command =
      ScanCommand(settings, lab, folder + "/targets.txt", folder + "/results");
  // One worker: several would share the concurrency out evenly, and the addresses by hash.
  for (const char* more : {"--greeting-timeout", "10m", "--command-timeout", "10m", "--retries",
                           "0", "--workers", "1"}) {
    command.push_back(more);
  }
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, folder + "/scan.log");
  if (!process.ok()) return process.status();

  Rest rest;
  double cpu_s = 0;
  auto since = steady_clock::now();
  for (const auto end = since + kOpenPatience; steady_clock::now() < end && !process->HasEnded();) {
    std::this_thread::sleep_for(kLook);
    const double now_cpu_s = process->CpuSeconds();
    if (rest.sessions < sessions || now_cpu_s - cpu_s > kRestCpuShare) {
      rest.sessions = OpenSessions();
      cpu_s = now_cpu_s;
      since = steady_clock::now();
    } else if (steady_clock::now() - since >= kRest) {
      rest.rss_bytes = static_cast<double>(process->RssBytes());
      process->Kill();  // An orderly end would wait for the servers.
      return rest;
    }
  }
  return absl::DeadlineExceededError(absl::StrFormat("%d of %d sessions were open at once:\n%s",
                                                     rest.sessions, sessions,
                                                     FileText(folder + "/scan.log")));
}

// Resident memory that one more session takes while its server is silent as `behaviour` says: the
// difference between many and few.
absl::StatusOr<double> SessionBytes(const Settings& settings, const std::string& behaviour,
                                    const TemporaryFolder& folder) {
  const int many = settings.concurrency;
  const int few = many / 5;
  const std::string mix = JoinText(kSilentMix, ",behaviour.", behaviour, "=1");
  absl::StatusOr<LabProcess> lab = StartLab(settings, mix, many, folder.path("lab-" + behaviour));
  if (!lab.ok()) return lab.status();
  const auto small = HoldOpen(settings, *lab, few, folder.path(behaviour + "-few"));
  if (!small.ok()) return small.status();
  const auto large = HoldOpen(settings, *lab, many, folder.path(behaviour + "-many"));
  if (!large.ok()) return large.status();
  return (large->rss_bytes - small->rss_bytes) / (large->sessions - small->sessions);
}

// The median of the runs, and where there are several the least and the most.
void PrintRow(const std::string& name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::printf("%-44s%12s", name.c_str(), Figure(values[values.size() / 2]).c_str());
  if (values.size() > 1) {
    std::printf("%12s%12s", Figure(values.front()).c_str(), Figure(values.back()).c_str());
  }
  std::printf("\n");
}

template <typename Measure>
void PrintRow(const std::string& name, const std::vector<ScanCost>& runs, Measure measure) {
  std::vector<double> values;
  for (const ScanCost& run : runs) values.push_back(measure(run));
  PrintRow(name, std::move(values));
}

void PrintScans(const Settings& settings, const std::vector<ScanCost>& runs) {
  constexpr double kMiB = 1024 * 1024;
  std::printf("%-44s%12s%12s%12s\n",
              absl::StrFormat("scan of %s domains, %s endpoints", Count(settings.domains),
                              Count(runs[0].endpoints))
                  .c_str(),
              runs.size() > 1 ? "median" : "", runs.size() > 1 ? "least" : "",
              runs.size() > 1 ? "most" : "");
  using Run = const ScanCost&;
  PrintRow("endpoints a second", runs, [](Run r) { return r.endpoints / r.usage.wall_s; });
  PrintRow("domains a second", runs, [&](Run r) { return settings.domains / r.usage.wall_s; });
  PrintRow("CPU ms per endpoint", runs,
           [](Run r) { return (r.usage.user_s + r.usage.system_s) * 1e3 / r.endpoints; });
  PrintRow("  in user space", runs, [](Run r) { return r.usage.user_s * 1e3 / r.endpoints; });
  PrintRow("  in the kernel", runs, [](Run r) { return r.usage.system_s * 1e3 / r.endpoints; });
  const bool counted = std::all_of(runs.begin(), runs.end(),
                                   [](Run r) { return r.usage.user_instructions.has_value(); });
  if (counted) {
    PrintRow("user instructions per endpoint, thousands", runs, [](Run r) {
      return static_cast<double>(*r.usage.user_instructions) / 1e3 / r.endpoints;
    });
  } else {
    std::printf("%-44s%12s\n", "user instructions per endpoint", "no counter");
  }
  PrintRow("peak RSS, MiB", runs,
           [](Run r) { return static_cast<double>(r.usage.peak_rss_bytes) / kMiB; });
  PrintRow("bytes of the endpoints table per row", runs,
           [](Run r) { return r.endpoint_table_bytes / r.endpoints; });
  PrintRow("bytes of all tables per endpoint", runs,
           [](Run r) { return r.output_bytes / r.endpoints; });
}

absl::Status RunScans(const Settings& settings, const TemporaryFolder& folder) {
  absl::StatusOr<LabProcess> lab = StartLab(settings, kMix, settings.domains, folder.path("lab"));
  if (!lab.ok()) return lab.status();
  std::vector<ScanCost> runs;
  // The first scan finds a lab that has yet to make its certificates, and is not counted.
  for (int i = 0; i <= settings.runs; ++i) {
    const absl::StatusOr<ScanCost> cost = Scan(settings, *lab, folder.path(JoinText("scan", i)));
    if (!cost.ok()) return cost.status();
    if (i > 0) runs.push_back(*cost);
  }
  PrintScans(settings, runs);
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status RunSessions(const Settings& settings, const TemporaryFolder& folder) {
  std::printf("\nRSS of one of %s sessions open at once, KiB\n",
              Count(settings.concurrency).c_str());
  const std::pair<const char*, const char*> kinds[] = {
      {"silent_greeting", "waiting for the greeting"},
      {"stuck_after_tls", "encrypted, waiting for the reply to EHLO"},
  };
  for (const auto& [behaviour, name] : kinds) {
    const absl::StatusOr<double> bytes = SessionBytes(settings, behaviour, folder);
    if (!bytes.ok()) return bytes.status();
    PrintRow(JoinText("  ", name), {*bytes / 1024});
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

int Run(const Settings& settings) {
  const TemporaryFolder folder;
  absl::Status status = RunScans(settings, folder);
  if (status.ok()) status = RunSessions(settings, folder);
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_scan_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::Settings settings;
  CLI::App app("Measures whole scans of the lab");
  app.option_defaults()->always_capture_default();
  app.add_option("--domains", settings.domains, "domains of the lab")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--concurrency", settings.concurrency,
                 "connections open at once, and sessions held open for their memory")
      ->check(CLI::Range(5, 100'000));
  app.add_option("--runs", settings.runs, "scans, after one that is not counted")
      ->check(CLI::Range(1, 1000));
  app.add_option("--seed", settings.seed, "of the lab");
  app.add_option("--mxsweep", settings.mxsweep, "the program to measure");
  app.add_option("--lab", settings.lab, "the program that plays the servers");
  CLI11_PARSE(app, argc, argv);
  return mxsweep::bench::Run(settings);
}
