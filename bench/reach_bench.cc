// mxsweep_reach_bench: how near mxsweep comes to what cannot be undercut, and how far it is from
// others: a table of 80 columns, each figure with what was to be reached, its floor or peer taken
// in the same run, and the ratio. See docs/performance.md.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "bench/floor.h"
#include "bench/load_bench.h"
#include "bench/scan_run.h"

namespace mxsweep::bench {
namespace {

struct Settings {
  LoadBench::Options servers;
  int endpoints = 20000;
  int concurrency = 1000;
  int rounds = 3;
  int sessions = 80000;
  std::vector<std::string> peers;
  std::string only;
};

void PrintHead() { std::printf("%-44s%10s%14s%8s\n", "", "figure", "reach", "ratio"); }

// `reach` and `ratio` empty: a figure to compare with.
void PrintRow(const std::string& name, const std::string& figure, const std::string& reach = "",
              std::optional<double> ratio = std::nullopt) {
  std::printf("%-44s%10s%14s%8s\n", name.c_str(), figure.c_str(), reach.c_str(),
              ratio ? absl::StrFormat("%.2f", *ratio).c_str() : "");
  std::fflush(stdout);
}

// What a scan of `endpoints` live servers costs, all of them with tls_ok.
absl::StatusOr<ScanCost> ScanLoad(const LoadBench& bench, const std::string& targets, int endpoints,
                                  int concurrency, int workers,
                                  const std::vector<std::string>& more = {}) {
  const std::string output = bench.path("results");
  absl::StatusOr<ScanCost> cost =
      RunScan(bench.ScanCommand(targets, output, concurrency, workers, more), output);
  if (cost.ok() && cost->tls_ok < endpoints) {
    return absl::InternalError(
        absl::StrFormat("of %d endpoints, %.0f were tls_ok", endpoints, cost->tls_ok));
  }
  return cost;
}

// CPU of an endpoint, against the floor taken between the scans.
absl::Status MeasureEndpoint(const Settings& settings, const LoadBench& bench) {
  const absl::StatusOr<std::string> targets =
      bench.WriteTargets({.live = settings.endpoints}, true);
  if (!targets.ok()) return targets.status();
  const double n = settings.endpoints;
  std::vector<double> handshake_us, bare_us, endpoint_us, user_us, two_us, ratios, growths;
  for (int round = 0; round < settings.rounds; ++round) {
    handshake_us.push_back(HandshakeFloorCpuSeconds(settings.endpoints / 10) * 1e7 / n);
    const absl::StatusOr<double> bare =
        BareSessionsCpuSeconds({.port = bench.bare_port(),
                                .flights = settings.servers.flights,
                                .sessions = settings.endpoints,
                                .concurrency = settings.concurrency});
    if (!bare.ok()) return bare.status();
    bare_us.push_back(*bare * 1e6 / n);
    const absl::StatusOr<ScanCost> one =
        ScanLoad(bench, *targets, settings.endpoints, settings.concurrency, 1);
    if (!one.ok()) return one.status();
    const absl::StatusOr<ScanCost> two =
        ScanLoad(bench, *targets, settings.endpoints, settings.concurrency, 2);
    if (!two.ok()) return two.status();
    endpoint_us.push_back(one->cpu_s() * 1e6 / n);
    user_us.push_back(one->usage.user_s * 1e6 / n);
    two_us.push_back(two->cpu_s() * 1e6 / n);
    ratios.push_back(endpoint_us.back() / (handshake_us.back() + bare_us.back()));
    growths.push_back(two_us.back() / endpoint_us.back());
  }
  PrintRow("floor: handshake in memory, us", Figure(Median(handshake_us)));
  PrintRow("floor: bare session on a ring, us", Figure(Median(bare_us)));
  PrintRow("CPU of an endpoint, us; against the floor", Figure(Median(endpoint_us)), "<= 1.25",
           Median(ratios));
  PrintRow("  in user space, us; against the handshake", Figure(Median(user_us)), "",
           Median(user_us) / Median(handshake_us));
  PrintRow("  with two workers, us; against one", Figure(Median(two_us)), "<= 1.05",
           Median(growths));
  return absl::OkStatus();
}

absl::StatusOr<MeasuredProcess> HoldOpen(const Settings& settings, LoadBench* bench, Hold where,
                                         int sessions, const std::string& output) {
  const absl::StatusOr<std::string> targets = bench->WriteTargets({.live = sessions}, true);
  if (!targets.ok()) return targets.status();
  bench->counters()->hold = static_cast<uint32_t>(where);
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(
      bench->ScanCommand(*targets, output, sessions, (sessions + 19999) / 20000,
                         {"--greeting-timeout", "10m", "--command-timeout", "10m",
                          "--handshake-timeout", "10m", "--retries", "0"}),
      output + ".log");
  if (!process.ok()) return process.status();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
  while (bench->counters()->held < static_cast<uint64_t>(sessions)) {
    if (process->HasEnded() || std::chrono::steady_clock::now() > end) {
      return absl::DeadlineExceededError(absl::StrFormat("%d of %d sessions were open at once:\n%s",
                                                         bench->counters()->held.load(), sessions,
                                                         FileText(output + ".log")));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  (void)settings;
  return process;
}

// Resident memory of one more session that is held there.
absl::StatusOr<double> SessionBytes(const Settings& settings, LoadBench* bench, Hold where) {
  const int counts[] = {settings.concurrency, settings.concurrency * 5};
  double rss[2];
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<MeasuredProcess> process =
        HoldOpen(settings, bench, where, counts[i], bench->path(absl::StrCat("held", i)));
    if (!process.ok()) return process.status();
    rss[i] = static_cast<double>(process->RssBytes());
    process->Kill();
    bench->counters()->hold = 0;
    while (bench->counters()->held > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::filesystem::remove_all(bench->path(absl::StrCat("held", i)));
  }
  return (rss[1] - rss[0]) / (counts[1] - counts[0]);
}

absl::Status MeasureSessionMemory(const Settings& settings, LoadBench* bench) {
  const struct {
    Hold where;
    const char* name;
    const char* reach;
    double reach_kib;
  } rows[] = {
      {Hold::kGreeting, "RSS of a session awaiting its greeting, KiB", "<= 2", 2},
      {Hold::kClientHello, "  in its handshake, KiB", "<= 16", 16},
      {Hold::kEhlo, "  within TLS, KiB", "<= 16", 16},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<double> bytes = SessionBytes(settings, bench, row.where);
    if (!bytes.ok()) return bytes.status();
    PrintRow(row.name, Figure(*bytes / 1024), row.reach, *bytes / 1024 / row.reach_kib);
  }
  return absl::OkStatus();
}

int Run(Settings settings) {
  const TemporaryFolder folder;
  settings.servers.flights = SessionFlights();
  absl::StatusOr<LoadBench> bench = LoadBench::Start(settings.servers, folder.path("."));
  absl::Status status = bench.status();
  PrintHead();
  const auto wanted = [&](const char* part) {
    return settings.only.empty() || settings.only == part;
  };
  if (status.ok() && wanted("endpoint")) status = MeasureEndpoint(settings, *bench);
  if (status.ok() && wanted("memory")) status = MeasureSessionMemory(settings, &*bench);
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_reach_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::Settings settings;
  int handshakes = 0;
  CLI::App app("Measures what is to be reached");
  app.option_defaults()->always_capture_default();
  app.add_option("--endpoints", settings.endpoints, "of the load")->check(CLI::Range(10, 60'000));
  app.add_option("--concurrency", settings.concurrency)->check(CLI::Range(5, 20'000));
  app.add_option("--rounds", settings.rounds)->check(CLI::Range(1, 100));
  app.add_option("--only", settings.only, "one part: endpoint, memory");
  app.add_option("--mxsweep", settings.servers.mxsweep, "the program to measure");
  app.add_option("--handshakes", handshakes, "so many handshakes in memory, and nothing else");
  CLI11_PARSE(app, argc, argv);
  if (handshakes > 0) {
    std::printf("%.1f us\n",
                mxsweep::bench::HandshakeFloorCpuSeconds(handshakes) * 1e6 / handshakes);
    return 0;
  }
  return mxsweep::bench::Run(std::move(settings));
}
