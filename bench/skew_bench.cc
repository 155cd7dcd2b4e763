// mxsweep_skew_bench: what a crowd at a few addresses costs the rest of a list. A list of the lab's
// mix `internet` is scanned with the default politeness, by turns without the names that wait for
// others and with them; the clock stops when the last of those that wait for nobody has its row.
// See docs/performance.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "bench/row_stream.h"
#include "bench/scan_run.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{10};
constexpr int kPolicyPort = 8743;
constexpr double kMostPatience = 3;  // times what it takes without the crowd
// Of the stall: so many names at an address that accepts and says nothing, then a good one.
constexpr char kStallMix[] = "happy,crowd.none=0,crowd.parked_silent=1";
constexpr char kGoodName[] = "plain.lab";
constexpr double kStallReachS = 2;

struct Settings {
  std::string mxsweep = MXSWEEP_PROGRAM;
  std::string lab = MXSWEEP_LAB_PROGRAM;
  int domains = 100'000;
  int seed = 1;
  double rate = 500;
  int interval_ms = 1000;
  int silent_names = 3000;
  double patience_s = 30;  // for what may never come
  bool to_end = false;
  bool crowd_first = false;
  std::vector<std::string> flags;
};

// Names of a list and what a scan finds behind them.
struct List {
  absl::flat_hash_map<std::string, std::string> class_of;
  std::vector<std::string> uncrowded;
};

List ReadList(const LabProcess& lab) {
  List list;
  std::ifstream classes(lab.folder() + "/classes.csv");
  std::string line;
  std::getline(classes, line);  // the head
  while (std::getline(classes, line)) {
    const size_t comma = line.find(',');
    list.class_of.emplace(line.substr(0, comma), line.substr(comma + 1));
  }
  std::ifstream uncrowded(lab.folder() + "/uncrowded.txt");
  while (std::getline(uncrowded, line)) list.uncrowded.push_back(line);
  return list;
}

// The list's names, those that wait for others in front of those that do not: no order is worse
// for a scan that keeps to it.
absl::Status WriteCrowdFirst(const LabProcess& lab, const List& list, const std::string& path) {
  const absl::flat_hash_set<std::string> uncrowded(list.uncrowded.begin(), list.uncrowded.end());
  std::ifstream all(lab.domains_file());
  std::ofstream file(path);
  for (std::string name; std::getline(all, name);) {
    if (!uncrowded.contains(name)) file << name << "\n";
  }
  for (const std::string& name : list.uncrowded) file << name << "\n";
  file.close();
  return file ? absl::OkStatus() : absl::InternalError("cannot write " + path);
}

struct RunResult {
  absl::flat_hash_map<std::string, double> done_s;  // by domain: when its row came
  bool complete = false;                            // of all that were waited for
  double seconds = 0;                               // until then, or until it was given up
  double cpu_s = 0;
  double rss_bytes = 0;
};

std::vector<std::string> Command(const Settings& settings, const LabProcess& lab,
                                 const std::string& targets, int port) {
  // Time-outs are short, or the tail of a list without a crowd would be nothing but them.
  std::vector<std::string> command = {settings.mxsweep,
                                      "scan",
                                      targets,
                                      "--format",
                                      "ndjson",
                                      "--progress",
                                      "none",
                                      "--resolver",
                                      lab.resolver(),
                                      "--trust-store",
                                      lab.trust_store(),
                                      "--blocklist",
                                      lab.folder() + "/blocklist.txt",
                                      "--port",
                                      JoinText(port),
                                      "--allow-special",
                                      "--ehlo-name",
                                      "scanner.example.org",
                                      "--mta-sts",
                                      "full",
                                      "--mta-sts-port",
                                      JoinText(kPolicyPort),
                                      "--rate",
                                      absl::StrFormat("%g", settings.rate),
                                      "--per-address-interval",
                                      JoinText(settings.interval_ms, "ms"),
                                      "--dns-timeout",
                                      "2s",
                                      "--connect-timeout",
                                      "2s",
                                      "--greeting-timeout",
                                      "3s",
                                      "--command-timeout",
                                      "2s",
                                      "--handshake-timeout",
                                      "2s",
                                      "--mta-sts-timeout",
                                      "5s",
                                      "--retry-delay",
                                      "1s",
                                      "--throttle-backoff",
                                      "1s"};
  command.insert(command.end(), settings.flags.begin(), settings.flags.end());
  return command;
}

// Runs the scan until each of `awaited` has its row, or that takes longer than `patience_s`; with
// --to-end until it ends by itself.
absl::StatusOr<RunResult> Run(const Settings& settings, const std::vector<std::string>& command,
                              const std::vector<std::string>& awaited, double patience_s,
                              const std::string& log) {
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, log);
  if (!process.ok()) return process.status();
  const auto start = Clock::now();
  RunResult result;
  RowStream rows(log);
  absl::flat_hash_map<std::string, bool> open;
  for (const std::string& name : awaited) open.emplace(name, true);
  while (true) {
    const bool ended = process->HasEnded();  // before the last look at what it wrote
    const double now_s = std::chrono::duration<double>(Clock::now() - start).count();
    rows.ForEachNew("domains", [&](std::string_view row) {
      const std::string domain(TextField(row, "domain"));
      if (!result.done_s.emplace(domain, now_s).second) return;
      if (open.erase(domain) > 0 && open.empty()) {
        result.complete = true;
        result.seconds = now_s;
      }
    });
    result.cpu_s = std::max(result.cpu_s, process->CpuSeconds());
    result.rss_bytes = std::max(result.rss_bytes, static_cast<double>(process->RssBytes()));
    if (!result.complete) result.seconds = now_s;
    if (ended) break;
    if (!settings.to_end && (result.complete || now_s > patience_s)) break;
    std::this_thread::sleep_for(kLook);
  }
  if (!process->HasEnded()) {
    process->Kill();
  } else if (!result.complete) {
    return absl::InternalError(absl::StrFormat("the scan ended without %d of the rows:\n%s",
                                               open.size(), rows.OtherText()));
  }
  return result;
}

void PrintRow(const std::string& name, const std::string& figure, const std::string& reach = "",
              const std::string& ratio = "") {
  std::printf("%-52s%10s%10s%8s\n", name.c_str(), figure.c_str(), reach.c_str(), ratio.c_str());
  std::fflush(stdout);
}

// A figure that was not reached within the patience is at least so much.
std::string AtLeast(const RunResult& run, const std::string& text) {
  return run.complete ? text : "> " + text;
}

void PrintClasses(const List& list, const RunResult& run) {
  absl::flat_hash_map<std::string, std::vector<double>> done;
  absl::flat_hash_map<std::string, size_t> all;
  for (const auto& [name, kind] : list.class_of) {
    ++all[kind];
    const auto found = run.done_s.find(name);
    done[kind].push_back(found == run.done_s.end() ? INFINITY : found->second);
  }
  std::vector<std::string> kinds;
  for (const auto& [kind, names] : all) kinds.push_back(kind);
  std::sort(kinds.begin(), kinds.end(),
            [&](const auto& a, const auto& b) { return all[a] > all[b]; });
  std::printf("\n%-24s%10s%12s%12s%12s%12s\n", "when they were done, s", "names", "done", "half",
              "nine of ten", "all");
  for (const std::string& kind : kinds) {
    std::vector<double>& at = done[kind];
    std::sort(at.begin(), at.end());
    const auto finished =
        std::count_if(at.begin(), at.end(), [](double s) { return s < INFINITY; });
    const auto when = [&](size_t index) {
      return at[index] < INFINITY ? absl::StrFormat("%.1f", at[index]) : std::string("-");
    };
    std::printf("%-24s%10s%12s%12s%12s%12s\n", kind.c_str(),
                Count(static_cast<double>(at.size())).c_str(),
                Count(static_cast<double>(finished)).c_str(), when((at.size() - 1) / 2).c_str(),
                when((at.size() - 1) * 9 / 10).c_str(), when(at.size() - 1).c_str());
  }
}

absl::Status MeasureSkew(const Settings& settings, const TemporaryFolder& folder) {
  const LabOptions options = {.program = settings.lab,
                              .mix = "internet",
                              .domains = settings.domains,
                              .seed = settings.seed,
                              .smtp_port = 2745,
                              .https_port = kPolicyPort,
                              .folder = folder.path("lab")};
  const absl::StatusOr<LabProcess> lab = LabProcess::Start(options);
  if (!lab.ok()) return lab.status();
  const List list = ReadList(*lab);
  PrintRow("names on the list", Count(static_cast<double>(list.class_of.size())));
  PrintRow("  of them with no crowd", Count(static_cast<double>(list.uncrowded.size())));
  Settings to_their_end = settings;
  to_their_end.to_end = false;
  const auto without =
      Run(to_their_end, Command(settings, *lab, lab->folder() + "/uncrowded.txt", 2745),
          list.uncrowded, INFINITY, folder.path("without.ndjson"));
  if (!without.ok()) return without.status();
  PrintRow("seconds until those are done, without the others", Figure(without->seconds));
  PrintRow("  CPU seconds until then", Figure(without->cpu_s));
  std::string targets = lab->domains_file();
  if (settings.crowd_first) {
    targets = folder.path("crowd-first.txt");
    const absl::Status written = WriteCrowdFirst(*lab, list, targets);
    if (!written.ok()) return written;
  }
  const double patience_s = kMostPatience * without->seconds + settings.patience_s / 3;
  const auto with = Run(settings, Command(settings, *lab, targets, 2745), list.uncrowded,
                        patience_s, folder.path("with.ndjson"));
  if (!with.ok()) return with.status();
  const double ratio = with->seconds / without->seconds;
  PrintRow("  with them; against without", AtLeast(*with, Figure(with->seconds)), "<= 1.20",
           AtLeast(*with, absl::StrFormat("%.2f", ratio)));
  const auto done =
      std::count_if(list.uncrowded.begin(), list.uncrowded.end(), [&](const std::string& name) {
        const auto found = with->done_s.find(name);
        return found != with->done_s.end() && found->second <= 1.2 * without->seconds;
      });
  PrintRow("  % of them done by 1.2 times without",
           Figure(100.0 * static_cast<double>(done) / static_cast<double>(list.uncrowded.size())));
  PrintRow("  CPU seconds until then", Figure(with->cpu_s));
  PrintRow("  most RSS, MiB", Figure(with->rss_bytes / 1024 / 1024));
  PrintClasses(list, *with);
  return absl::OkStatus();
}

// Names at an address that accepts and says nothing, and behind them one that is good.
absl::Status MeasureStall(const Settings& settings, const TemporaryFolder& folder) {
  const LabOptions options = {.program = settings.lab,
                              .mix = kStallMix,
                              .domains = settings.silent_names,
                              .seed = settings.seed,
                              .smtp_port = 2746,
                              .https_port = kPolicyPort,
                              .fixed = "named",
                              .folder = folder.path("stall")};
  const absl::StatusOr<LabProcess> lab = LabProcess::Start(options);
  if (!lab.ok()) return lab.status();
  const std::string targets = folder.path("stall.txt");
  {
    std::ofstream file(targets);
    for (int i = 0; i < settings.silent_names; ++i) file << "d" << i << ".lab\n";
    file << kGoodName << "\n";
  }
  Settings narrow = settings;
  narrow.to_end = false;
  narrow.flags.insert(narrow.flags.end(), {"--concurrency", "100"});
  const auto run = Run(narrow, Command(narrow, *lab, targets, 2746), {kGoodName},
                       settings.patience_s, folder.path("stall.ndjson"));
  if (!run.ok()) return run.status();
  PrintRow(JoinText("\n", Count(settings.silent_names),
                    " names at a silent address, then a good one: s"),
           AtLeast(*run, Figure(run->seconds)), "<= 2",
           AtLeast(*run, absl::StrFormat("%.2f", run->seconds / kStallReachS)));
  return absl::OkStatus();
}

int Main(const Settings& settings) {
  const TemporaryFolder folder;
  std::printf("%-52s%10s%10s%8s\n", "", "figure", "reach", "ratio");
  absl::Status status = MeasureSkew(settings, folder);
  if (status.ok()) status = MeasureStall(settings, folder);
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_skew_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::Settings settings;
  CLI::App app("Measures what a crowd costs the rest of a list");
  app.option_defaults()->always_capture_default();
  app.add_option("--domains", settings.domains, "of the list")->check(CLI::Range(100, 5'000'000));
  app.add_option("--seed", settings.seed, "of the lab");
  app.add_option("--rate", settings.rate, "connections a second");
  app.add_option("--interval", settings.interval_ms,
                 "milliseconds between connections to an address");
  app.add_option("--silent-names", settings.silent_names, "of the stall")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--patience", settings.patience_s, "seconds to wait for what may never come");
  app.add_flag("--to-end", settings.to_end,
               "let the scan with the crowd run until it ends, and tell when each class was done");
  app.add_flag("--crowd-first", settings.crowd_first,
               "the list begins with the names that wait for others");
  app.add_option("--flag", settings.flags, "one more argument of the scans; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--mxsweep", settings.mxsweep, "the program to measure");
  app.add_option("--lab", settings.lab, "the program that plays the servers");
  CLI11_PARSE(app, argc, argv);
  return mxsweep::bench::Main(settings);
}
