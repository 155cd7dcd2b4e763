// mxsweep_reach_bench: how near mxsweep comes to what cannot be undercut, and how far it is from
// others: a table, each figure with what was to be reached, its floor or peer taken
// in the same run, and the ratio. See docs/performance.md.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "bench/dns_load.h"
#include "bench/extrapolation.h"
#include "bench/floor.h"
#include "bench/instructions.h"
#include "bench/load_bench.h"
#include "bench/parquet_figures.h"
#include "bench/peer.h"
#include "bench/recursion_load.h"
#include "bench/scan_run.h"
#include "bench/table_memory.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr double kKiB = 1024;
// The bit that dead addresses have and the others have not: 127.80.0.0 becomes 127.208.0.0.
constexpr uint32_t kDeadBit = 0x00800000;
constexpr double kDeadShare = 0.25;  // of the live ones: a fifth of all
constexpr int kPeerRounds = 3;       // they are slow
constexpr seconds kOpenPatience{180};
// Each worker has its share of --concurrency and of the addresses; the latter by chance.
constexpr int kRoomForChance = 100;
constexpr int kCountedConcurrency = 100;  // under valgrind

struct Settings {
  LoadBench::Options servers;
  std::string lab = MXSWEEP_LAB_PROGRAM;
  std::string self;
  int endpoints = 4000;
  int concurrency = 1000;
  int rounds = 10;
  int sessions = 80000;
  int names = 100000;
  int recursion_names = 20000;
  int rows = 300000;
  int finished = 1000000;
  int counted = 300;  // endpoints whose instructions are counted
  std::vector<std::string> peers;
  DnsPeers dns_peers;
  std::vector<std::string> only;

  bool Wants(const std::string& part) const {
    return only.empty() || std::find(only.begin(), only.end(), part) != only.end();
  }
};

// What later parts need of earlier ones.
using Found = MeasuredCosts;

void PrintHead() { std::printf("%-48s%10s%12s%10s\n", "", "figure", "reach", "ratio"); }

// `reach` and `ratio` are empty for a figure to compare with.
void PrintRow(const std::string& name, const std::string& figure, const std::string& reach = "",
              std::optional<double> ratio = std::nullopt) {
  std::printf("%-48s%10s%12s%10s\n", name.c_str(), figure.c_str(), reach.c_str(),
              ratio ? absl::StrFormat("%.2f", *ratio).c_str() : "");
  std::fflush(stdout);
}

// With --retries 0, an address that drops SYNs is given up after three seconds.
std::vector<std::string> DeadFlags() { return {"--connect-timeout", "3s", "--retries", "0"}; }

// The end of a scan of which `live` endpoints must be tls_ok.
absl::StatusOr<ScanCost> WaitForLive(MeasuredProcess* process, const std::string& output,
                                     int live) {
  absl::StatusOr<ScanCost> cost = WaitForScan(process, output);
  if (cost.ok() && cost->tls_ok != live) {
    return absl::InternalError(
        absl::StrFormat("of %d endpoints, %.0f were tls_ok", live, cost->tls_ok));
  }
  return cost;
}

// A scan of the targets in that file.
absl::StatusOr<ScanCost> ScanLoad(const LoadBench& bench, const std::string& targets, int live,
                                  int concurrency, int workers,
                                  LoadBench::Leaves leaves = LoadBench::Leaves::kShared) {
  const std::string output = bench.path("results");
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(
      bench.ScanCommand(targets, output, concurrency, workers, {}, leaves), output + ".log");
  if (!process.ok()) return process.status();
  return WaitForLive(&*process, output, live);
}

double Least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

// The lists of one load, as they are given to us and to others.
struct TargetLists {
  std::string named;      // an address and a name
  std::string addresses;  // no names
};

absl::StatusOr<TargetLists> WriteLists(const LoadBench& bench, const LoadBench::Targets& targets) {
  absl::StatusOr<std::string> named = bench.WriteTargets(targets, true);
  if (!named.ok()) return named.status();
  absl::StatusOr<std::string> addresses = bench.WriteTargets(targets, false);
  if (!addresses.ok()) return addresses.status();
  return TargetLists{*std::move(named), *std::move(addresses)};
}

std::vector<std::string> PeerOverLoad(const LoadBench& bench, const std::string& peer,
                                      const TargetLists& lists, int concurrency) {
  return PeerCommand(peer, {{"{targets}", lists.addresses},
                            {"{named_targets}", lists.named},
                            {"{port}", JoinText(bench.smtp_port())},
                            {"{trust_store}", bench.trust_store()},
                            {"{concurrency}", JoinText(concurrency)}});
}

// Has the least been come near twice? Virtual machines are quick or slow for seconds at a time.
bool IsSettled(std::vector<double> values) {
  constexpr double kNear = 1.03;
  if (values.size() < 2) return false;
  std::partial_sort(values.begin(), values.begin() + 2, values.end());
  return values[1] <= values[0] * kNear;
}

// Whether another of so many rounds, or three times as many at most, is called for.
bool WantsRound(int done, int rounds, const std::vector<const std::vector<double>*>& figures) {
  const bool settled = std::all_of(figures.begin(), figures.end(),
                                   [](const auto* values) { return IsSettled(*values); });
  return done < (settled ? rounds : 3 * rounds);
}

// CPU of an endpoint, against a floor and peers that take turns with it. Of several rounds the
// least is told: what else the machine does only ever adds.
absl::Status MeasureEndpoint(const Settings& settings, const LoadBench& bench, Found* found) {
  const int n = settings.endpoints;
  const absl::StatusOr<TargetLists> lists = WriteLists(bench, {.live = n});
  if (!lists.ok()) return lists.status();
  std::vector<double> handshake_us, bare_us, one_us, user_us, two_us;
  std::vector<std::vector<double>> peers_us(settings.peers.size());
  const std::vector<const std::vector<double>*> all = {&handshake_us, &bare_us, &one_us, &two_us};
  for (int round = 0; WantsRound(round, settings.rounds, all); ++round) {
    const int handshakes = std::max(n / 4, 1);
    handshake_us.push_back(HandshakeFloorCpuSeconds(handshakes) * 1e6 / handshakes);
    const absl::StatusOr<double> bare =
        BareSessionsCpuSeconds({.port = bench.bare_port(),
                                .flights = settings.servers.flights,
                                .sessions = n,
                                .concurrency = settings.concurrency});
    if (!bare.ok()) return bare.status();
    bare_us.push_back(*bare * 1e6 / n);
    const absl::StatusOr<ScanCost> one = ScanLoad(bench, lists->named, n, settings.concurrency, 1);
    if (!one.ok()) return one.status();
    one_us.push_back(one->cpu_s() * 1e6 / n);
    user_us.push_back(one->usage.user_s * 1e6 / n);
    const absl::StatusOr<ScanCost> two = ScanLoad(bench, lists->named, n, settings.concurrency, 2);
    if (!two.ok()) return two.status();
    two_us.push_back(two->cpu_s() * 1e6 / n);
    for (size_t i = 0; i < settings.peers.size() && round < kPeerRounds; ++i) {
      const absl::StatusOr<double> peer =
          PeerCpuSeconds(PeerOverLoad(bench, settings.peers[i], *lists, settings.concurrency),
                         bench.path("peer.log"));
      if (!peer.ok()) return peer.status();
      peers_us[i].push_back(*peer * 1e6 / n);
    }
  }
  const double floor_us = Least(handshake_us) + Least(bare_us);
  found->endpoint_us = Least(one_us);
  PrintRow("floor: TLS 1.3 handshake in memory, CPU us", Figure(Least(handshake_us)));
  PrintRow("floor: bare io_uring session, CPU us", Figure(Least(bare_us)));
  PrintRow("CPU us of an endpoint; against both floors", Figure(Least(one_us)), "<= 1.25",
           Least(one_us) / floor_us);
  PrintRow("  in user space; against the handshake", Figure(Least(user_us)), "",
           Least(user_us) / Least(handshake_us));
  PrintRow("  with two workers; against one", Figure(Least(two_us)), "<= 1.05",
           Least(two_us) / Least(one_us));
  for (size_t i = 0; i < peers_us.size(); ++i) {
    PrintRow(JoinText(PeerName(settings.peers[i]), ", CPU us; ours against it"),
             Figure(Least(peers_us[i])), "", Least(one_us) / Least(peers_us[i]));
  }
  return absl::OkStatus();
}

// The same where each endpoint shows a leaf that nobody has seen: its certificate is read, its
// chain verified, and both have rows.
absl::Status MeasureOwnLeaf(const Settings& settings, const LoadBench& bench, Found* found) {
  const int n = settings.endpoints;
  const absl::StatusOr<std::string> targets =
      bench.WriteTargets({.live = n, .own_names = true}, true);
  if (!targets.ok()) return targets.status();
  std::vector<double> handshake_us, bare_us, chain_us, one_us;
  const std::vector<const std::vector<double>*> all = {&handshake_us, &bare_us, &chain_us, &one_us};
  // The first finds servers that have yet to make their certificates, and is not counted.
  const auto first = ScanLoad(bench, *targets, n, settings.concurrency, 1, LoadBench::Leaves::kOwn);
  if (!first.ok()) return first.status();
  for (int round = 0; WantsRound(round, settings.rounds, all); ++round) {
    const int some = std::max(n / 4, 1);
    handshake_us.push_back(HandshakeFloorCpuSeconds(some) * 1e6 / some);
    chain_us.push_back(ChainVerificationCpuSeconds(some) * 1e6 / some);
    const absl::StatusOr<double> bare =
        BareSessionsCpuSeconds({.port = bench.bare_port(),
                                .flights = settings.servers.flights,
                                .sessions = n,
                                .concurrency = settings.concurrency});
    if (!bare.ok()) return bare.status();
    bare_us.push_back(*bare * 1e6 / n);
    const auto one = ScanLoad(bench, *targets, n, settings.concurrency, 1, LoadBench::Leaves::kOwn);
    if (!one.ok()) return one.status();
    one_us.push_back(one->cpu_s() * 1e6 / n);
  }
  found->own_leaf_us = Least(one_us);
  PrintRow("floor: a chain verified by BoringSSL, CPU us", Figure(Least(chain_us)));
  PrintRow("CPU us, a leaf of its own; against all three", Figure(Least(one_us)), "<= 1.20",
           Least(one_us) / (Least(handshake_us) + Least(bare_us) + Least(chain_us)));
  return absl::OkStatus();
}

// What scans of connections without a handshake cost, and with probes.
struct ProbeCosts {
  std::vector<double> clear_us, refused_us, plain_us, probed_us;
  double probes = 0;  // of an endpoint

  double probe_us() const { return (Least(probed_us) - Least(plain_us)) / probes; }
  std::vector<const std::vector<double>*> all() const {
    return {&clear_us, &refused_us, &plain_us, &probed_us};
  }
};

// `rate`: connections begun in a second; 0: as fast as it goes.
absl::StatusOr<ProbeCosts> CostsOfProbes(const Settings& settings, const LoadBench& bench, int rate,
                                         int rounds) {
  constexpr int kProbesEach = 14;  // about so many connections of --probe all
  const int n = settings.endpoints;
  const int many = n * kProbesEach;
  const absl::StatusOr<std::string> few_targets = bench.WriteTargets({.live = n}, true);
  if (!few_targets.ok()) return few_targets.status();
  const absl::StatusOr<std::string> many_targets = bench.WriteTargets({.live = many}, true);
  if (!many_targets.ok()) return many_targets.status();
  const auto scan = [&](const std::string& targets, LoadBench::Leaves leaves,
                        const std::vector<std::string>& more = {}) {
    std::vector<std::string> command =
        bench.ScanCommand(targets, bench.path("results"), settings.concurrency, 1, more, leaves);
    *std::next(std::ranges::find(command, "--rate")) = JoinText(rate);
    return RunScan(command, bench.path("results"));
  };
  ProbeCosts costs;
  for (int round = 0; WantsRound(round, rounds, costs.all()); ++round) {
    const absl::StatusOr<ScanCost> clear = scan(*many_targets, LoadBench::Leaves::kNone);
    if (!clear.ok()) return clear.status();
    const absl::StatusOr<ScanCost> refused = scan(*many_targets, LoadBench::Leaves::kRefused);
    if (!refused.ok()) return refused.status();
    const absl::StatusOr<ScanCost> plain = scan(*few_targets, LoadBench::Leaves::kShared);
    if (!plain.ok()) return plain.status();
    const absl::StatusOr<ScanCost> probed =
        scan(*few_targets, LoadBench::Leaves::kShared, {"--probe", "all"});
    if (!probed.ok()) return probed.status();
    if (clear->tls_ok > 0 || refused->tls_ok > 0 || probed->tls_ok != n || probed->probes < n) {
      return absl::InternalError("the scans did not meet the servers that they were to meet");
    }
    costs.probes = probed->probes / n;
    costs.clear_us.push_back(clear->cpu_s() * 1e6 / many);
    costs.refused_us.push_back(refused->cpu_s() * 1e6 / many);
    costs.plain_us.push_back(plain->cpu_s() * 1e6 / n);
    costs.probed_us.push_back(probed->cpu_s() * 1e6 / n);
  }
  return costs;
}

// What a connection of --probe costs: against ones that end without TLS, and have a row likewise.
// One says greeting, EHLO and QUIT; the other as much as a probe's connection does: greeting, EHLO,
// STARTTLS, which is refused, and QUIT. Both are of about as many connections as the scan with
// probes: what a connection costs the kernel grows with how many there were of late.
// The reach is of scans at the same pace. As fast as it goes, the load server, which makes a key
// exchange for each probe and none for the others, lets fewer answers come together, and each
// turn of the loop serves fewer.
absl::Status MeasureProbes(const Settings& settings, const LoadBench& bench) {
  constexpr int kPace = 8000;
  const auto paced = CostsOfProbes(settings, bench, kPace, std::min(settings.rounds, 3));
  if (!paced.ok()) return paced.status();
  PrintRow("at 8,000 connections a second, CPU us of SMTP", Figure(Least(paced->clear_us)));
  PrintRow("  of SMTP up to STARTTLS's answer", Figure(Least(paced->refused_us)));
  PrintRow("  of a probe's connection; against the former", Figure(paced->probe_us()), "",
           paced->probe_us() / Least(paced->clear_us));
  PrintRow("  against the latter, which says as much", "", "<= 1.15",
           paced->probe_us() / Least(paced->refused_us));
  const auto fastest = CostsOfProbes(settings, bench, /*rate=*/0, settings.rounds);
  if (!fastest.ok()) return fastest.status();
  PrintRow("as fast as it goes, CPU us of SMTP", Figure(Least(fastest->clear_us)));
  PrintRow("  of SMTP up to STARTTLS's answer", Figure(Least(fastest->refused_us)));
  PrintRow("  of a probe's connection; against the former", Figure(fastest->probe_us()), "",
           fastest->probe_us() / Least(fastest->clear_us));
  PrintRow("  against the latter", "", "", fastest->probe_us() / Least(fastest->refused_us));
  PrintRow("connections of --probe all at such a server", Figure(fastest->probes));
  return absl::OkStatus();
}

std::string CountedOutput(const LoadBench& bench) { return bench.path("counted"); }

// User-space instructions of a live endpoint, by valgrind: the difference between a longer and a
// shorter list, so that start and end do not count. Nothing where there is no valgrind.
// `dead_share`: dead addresses for each live one.
using CommandFor = std::function<std::vector<std::string>(const TargetLists& lists)>;
absl::StatusOr<std::optional<double>> EndpointInstructions(const Settings& settings,
                                                           const LoadBench& bench,
                                                           double dead_share,
                                                           const CommandFor& command_for,
                                                           bool own_names = false) {
  double counts[2];
  for (const int i : {0, 1}) {
    const int live = settings.counted * (1 + 2 * i);
    const absl::StatusOr<TargetLists> lists = WriteLists(
        bench, {.live = live, .dead = static_cast<int>(live * dead_share), .own_names = own_names});
    if (!lists.ok()) return lists.status();
    const absl::StatusOr<std::optional<double>> count =
        CountInstructions(command_for(*lists), bench.path("callgrind"), /*from_start=*/true);
    std::filesystem::remove_all(CountedOutput(bench));
    if (!count.ok() || !*count) return count;
    counts[i] = **count;
  }
  return (counts[1] - counts[0]) / (2 * settings.counted);
}

absl::StatusOr<std::optional<double>> OurInstructions(const Settings& settings,
                                                      const LoadBench& bench, int workers,
                                                      double dead_share) {
  return EndpointInstructions(settings, bench, dead_share, [&](const TargetLists& lists) {
    return bench.ScanCommand(lists.named, CountedOutput(bench), kCountedConcurrency, workers,
                             DeadFlags());
  });
}

// Of the program's own floors, such as --handshakes N.
absl::StatusOr<std::optional<double>> FloorInstructions(const Settings& settings,
                                                        const LoadBench& bench,
                                                        const std::string& flag) {
  const auto count = CountInstructions({settings.self, flag, JoinText(settings.counted)},
                                       bench.path("callgrind"), /*from_start=*/false);
  if (!count.ok() || !*count) return count;
  return **count / settings.counted;
}

// A bare session's, by the difference of two runs.
absl::StatusOr<std::optional<double>> BareInstructions(const Settings& settings,
                                                       const LoadBench& bench) {
  double counts[2];
  for (const int i : {0, 1}) {
    std::vector<std::string> command = {settings.self, "--bare-sessions",
                                        JoinText(settings.counted * (1 + 2 * i)), "--port",
                                        JoinText(bench.bare_port())};
    // The server's, to the byte: signatures differ in length from one handshake to the next.
    for (const Flight& flight : settings.servers.flights) {
      command.push_back("--flight");
      command.push_back(FlightText(flight));
    }
    const auto count = CountInstructions(command, bench.path("callgrind"), /*from_start=*/true);
    if (!count.ok() || !*count) return count;
    counts[i] = **count;
  }
  return (counts[1] - counts[0]) / (2 * settings.counted);
}

absl::Status CountOwnLeaf(const Settings& settings, const LoadBench& bench) {
  const auto handshake = FloorInstructions(settings, bench, "--handshakes");
  if (!handshake.ok()) return handshake.status();
  if (!*handshake) {
    PrintRow("user instructions with a leaf of its own", "no valgrind");
    return absl::OkStatus();
  }
  const auto chain = FloorInstructions(settings, bench, "--chain-verifications");
  if (!chain.ok()) return chain.status();
  const auto bare = BareInstructions(settings, bench);
  if (!bare.ok()) return bare.status();
  const auto own = EndpointInstructions(
      settings, bench, /*dead_share=*/0,
      [&](const TargetLists& lists) {
        return bench.ScanCommand(lists.named, CountedOutput(bench), kCountedConcurrency, 1,
                                 DeadFlags(), LoadBench::Leaves::kOwn);
      },
      /*own_names=*/true);
  if (!own.ok()) return own.status();
  PrintRow("floor: a chain verified, thousand instructions", Figure(**chain / 1e3));
  PrintRow("floor: bare session, thousand instructions", Figure(**bare / 1e3));
  PrintRow("thousand instructions, a leaf of its own", Figure(**own / 1e3), "<= 1.20",
           **own / (**handshake + **bare + **chain));
  return absl::OkStatus();
}

absl::Status CountEndpoint(const Settings& settings, const LoadBench& bench) {
  const auto handshakes = CountInstructions(
      {settings.self, "--handshakes", JoinText(settings.counted)}, bench.path("callgrind"),
      /*from_start=*/false);
  if (!handshakes.ok()) return handshakes.status();
  if (!*handshakes) {
    PrintRow("user instructions of an endpoint", "no valgrind");
    return absl::OkStatus();
  }
  const auto one = OurInstructions(settings, bench, 1, /*dead_share=*/0);
  if (!one.ok()) return one.status();
  const auto two = OurInstructions(settings, bench, 2, /*dead_share=*/0);
  if (!two.ok()) return two.status();
  const auto mixed = OurInstructions(settings, bench, 1, kDeadShare);
  if (!mixed.ok()) return mixed.status();
  const double handshake = **handshakes / settings.counted;
  PrintRow("floor: handshake, thousand user instructions", Figure(handshake / 1e3));
  PrintRow("thousand user instructions of an endpoint", Figure(**one / 1e3), "<= 1.20",
           **one / handshake);
  PrintRow("  with two workers; against one", Figure(**two / 1e3), "<= 1.05", **two / **one);
  PrintRow("  with a fifth dead; against none", Figure(**mixed / 1e3), "<= 1.05", **mixed / **one);
  for (const std::string& peer : settings.peers) {
    const auto count =
        EndpointInstructions(settings, bench, /*dead_share=*/0, [&](const TargetLists& lists) {
          return PeerOverLoad(bench, peer, lists, kCountedConcurrency);
        });
    if (!count.ok()) return count.status();
    PrintRow(JoinText(PeerName(peer), ", thousand; ours against it"), Figure(**count / 1e3), "",
             **one / **count);
  }
  return absl::OkStatus();
}

// A scan of which so many sessions are held open at `where`, none of them done.
absl::StatusOr<MeasuredProcess> HoldOpen(LoadBench* bench, Hold where, int sessions, int workers,
                                         const std::string& output) {
  const absl::StatusOr<std::string> targets = bench->WriteTargets({.live = sessions}, true);
  if (!targets.ok()) return targets.status();
  bench->counters()->hold = static_cast<uint32_t>(where);
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(
      bench->ScanCommand(*targets, output, sessions + sessions / 10 + kRoomForChance, workers,
                         {"--greeting-timeout", "10m", "--command-timeout", "10m",
                          "--handshake-timeout", "10m", "--retries", "0"}),
      output + ".log");
  if (!process.ok()) return process.status();
  const auto end = steady_clock::now() + kOpenPatience;
  while (bench->counters()->held < static_cast<uint64_t>(sessions)) {
    if (process->HasEnded() || steady_clock::now() > end) {
      return absl::DeadlineExceededError(absl::StrFormat("%d of %d sessions were open at once:\n%s",
                                                         bench->counters()->held.load(), sessions,
                                                         FileText(output + ".log")));
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  std::this_thread::sleep_for(milliseconds(300));
  return process;
}

void LetGo(LoadBench* bench) { bench->counters()->hold = static_cast<uint32_t>(Hold::kNowhere); }

// Resident memory of one more session that is held there.
absl::StatusOr<double> SessionBytes(const Settings& settings, LoadBench* bench, Hold where) {
  const int counts[] = {settings.concurrency, settings.concurrency * 5};
  double rss[2];
  for (const int i : {0, 1}) {
    const std::string output = bench->path("held");
    absl::StatusOr<MeasuredProcess> process = HoldOpen(bench, where, counts[i], 1, output);
    if (!process.ok()) return process.status();
    rss[i] = static_cast<double>(process->RssBytes());
    process->Kill();
    LetGo(bench);
    while (bench->counters()->held > 0) std::this_thread::sleep_for(milliseconds(10));
    std::filesystem::remove_all(output);
  }
  return (rss[1] - rss[0]) / (counts[1] - counts[0]);
}

absl::Status MeasureSessionMemory(const Settings& settings, LoadBench* bench, Found* found) {
  const struct {
    Hold where;
    const char* name;
    double reach_kib;
  } rows[] = {
      {Hold::kGreeting, "KiB resident of a session before its greeting", 2},
      {Hold::kClientHello, "  in its handshake", 16},
      {Hold::kEhlo, "  within TLS", 16},
  };
  for (const auto& row : rows) {
    const absl::StatusOr<double> bytes = SessionBytes(settings, bench, row.where);
    if (!bytes.ok()) return bytes.status();
    if (row.where == Hold::kGreeting) found->session_bytes = *bytes;
    PrintRow(row.name, Figure(*bytes / kKiB), absl::StrFormat("<= %.0f", row.reach_kib),
             *bytes / kKiB / row.reach_kib);
  }
  return absl::OkStatus();
}

// So many sessions open at once in one process, all of which then come to their end.
absl::Status MeasureSessions(const Settings& settings, const std::string& folder) {
  LoadBench::Options servers = settings.servers;
  servers.port = static_cast<uint16_t>(servers.port + 10);
  servers.processes = settings.sessions / 16000 + 1;
  std::filesystem::create_directories(folder);
  absl::StatusOr<LoadBench> bench = LoadBench::Start(servers, folder);
  if (!bench.ok()) return bench.status();
  const std::string output = bench->path("held");
  absl::StatusOr<MeasuredProcess> process =
      HoldOpen(&*bench, Hold::kGreeting, settings.sessions, /*workers=*/0, output);
  if (!process.ok()) return process.status();
  const auto held = static_cast<double>(bench->counters()->held.load());
  LetGo(&*bench);
  const absl::StatusOr<ScanCost> cost = WaitForScan(&*process, output);
  if (!cost.ok()) return cost.status();
  PrintRow("sessions open at once, in one process", Count(held), Count(settings.sessions),
           held / settings.sessions);
  PrintRow("  of them completed", Count(cost->tls_ok), Count(settings.sessions),
           cost->tls_ok / settings.sessions);
  PrintRow("  peak RSS, MiB", Count(static_cast<double>(cost->usage.peak_rss_bytes) / kKiB / kKiB));
  return absl::OkStatus();
}

struct LiveScan {
  double cpu_s;   // all of it
  double live_s;  // until the last live server had its QUIT
};

// A scan of live servers and dead ones, with room for all of them at once.
absl::StatusOr<LiveScan> ScanWithDead(LoadBench* bench, const std::string& targets, int live) {
  constexpr int kRoom = 20000;
  const std::string output = bench->path("results");
  const uint64_t before = bench->counters()->completed;
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(
      bench->ScanCommand(targets, output, kRoom, /*workers=*/1, DeadFlags()), output + ".log");
  if (!process.ok()) return process.status();
  const auto start = steady_clock::now();
  while (bench->counters()->completed - before < static_cast<uint64_t>(live) &&
         !process->HasEnded()) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  const std::chrono::duration<double> live_s = steady_clock::now() - start;
  const absl::StatusOr<ScanCost> cost = WaitForLive(&*process, output, live);
  if (!cost.ok()) return cost.status();
  return LiveScan{cost->cpu_s(), live_s.count()};
}

// The same live servers with and without a fifth that never answers a SYN, by turns.
absl::Status MeasureDead(const Settings& settings, LoadBench* bench, Found* found) {
  const int live = settings.endpoints;
  const auto alone = bench->WriteTargets({.live = live}, true);
  if (!alone.ok()) return alone.status();
  const auto mixed =
      bench->WriteTargets({.live = live, .dead = static_cast<int>(live * kDeadShare)}, true);
  if (!mixed.ok()) return mixed.status();
  std::vector<double> alone_us, mixed_us, alone_s, mixed_s;
  const int rounds = std::max(settings.rounds / 2, 1);
  for (int round = 0; WantsRound(round, rounds, {&alone_us, &mixed_us, &alone_s, &mixed_s});
       ++round) {
    const absl::StatusOr<LiveScan> without = ScanWithDead(bench, *alone, live);
    if (!without.ok()) return without.status();
    const absl::StatusOr<LiveScan> with = ScanWithDead(bench, *mixed, live);
    if (!with.ok()) return with.status();
    alone_us.push_back(without->cpu_s * 1e6 / live);
    mixed_us.push_back(with->cpu_s * 1e6 / live);
    alone_s.push_back(without->live_s);
    mixed_s.push_back(with->live_s);
  }
  found->dead_us = (Least(mixed_us) - Least(alone_us)) / kDeadShare;
  PrintRow("a fifth dead: CPU us of a live one; against none", Figure(Least(mixed_us)), "<= 1.05",
           Least(mixed_us) / Least(alone_us));
  PrintRow("  seconds until the last live one is done", Figure(Least(mixed_s)), "<= 1.05",
           Least(mixed_s) / Least(alone_s));
  return absl::OkStatus();
}

absl::Status MeasureDns(const Settings& settings, Found* found) {
  const DnsLoadOptions options = {.lab = settings.lab,
                                  .mxsweep = settings.servers.mxsweep,
                                  .names = settings.names,
                                  .outstanding = std::min(settings.names, 20000),
                                  .peers = settings.dns_peers};
  const absl::StatusOr<DnsLoadFigures> load = MeasureDnsLoad(options);
  if (!load.ok()) return load.status();
  PrintRow(JoinText("DNS answers/s of a core, ", Count(options.outstanding), " outstanding"),
           Count(load->AnswersPerCpuSecond()), ">= 50,000", load->AnswersPerCpuSecond() / 50000);
  PrintRow("  longest gap without an answer, ms", Figure(load->longest_gap_s * 1e3));
  PrintRow("  look-ups without an answer", Count(static_cast<double>(load->errors)), "0");
  const struct {
    DnsScanKind kind;
    const char* name;
    const char* reach;
  } scans[] = {
      {DnsScanKind::kNullMx, "CPU us of a name, MX only; against zdns", "<= 0.125"},
      {DnsScanKind::kSharedHosts, "  MX and addresses, shared hosts; against zdns", "<= 0.125"},
      // zdns asks two questions here and writes one row in place of three.
      {DnsScanKind::kOwnHosts, "  the same, a host for each (3.25 questions)", ""},
  };
  for (const auto& [kind, name, reach] : scans) {
    const absl::StatusOr<DnsScanFigures> scan = MeasureDnsScan(options, kind);
    if (!scan.ok()) return scan.status();
    if (kind == DnsScanKind::kNullMx) found->mx_name_us = scan->CpuUsPerName();
    PrintRow(name, Figure(scan->CpuUsPerName()), reach,
             scan->CpuUsPerName() / scan->peer_us_per_name);
    if (scan->peer_measured) PrintRow("    zdns, over the same", Figure(scan->peer_us_per_name));
  }
  return absl::OkStatus();
}

// The least of several scans, as with endpoints; the questions are those of the last one.
absl::Status MeasureNamesFromTheRoot(const Settings& settings, Found* found) {
  const RecursionOptions options = {.mxsweep = settings.servers.mxsweep,
                                    .names = settings.recursion_names};
  std::vector<double> name_us;
  RecursionFigures figures;
  const int rounds = std::max(settings.rounds / 3, 1);
  for (int round = 0; WantsRound(round, rounds, {&name_us}); ++round) {
    const absl::StatusOr<RecursionFigures> scan = MeasureRecursion(options);
    if (absl::IsUnavailable(scan.status())) {
      PrintRow("CPU ms of a name with recursion", "no port 53");
      return absl::OkStatus();
    }
    if (!scan.ok()) return scan.status();
    figures = *scan;
    name_us.push_back(scan->CpuMsPerName() * 1e3);
  }
  found->recursion_name_us = Least(name_us);
  const auto row = [](const char* name, double figure, double reach) {
    PrintRow(name, Figure(figure), absl::StrFormat("<= %.2f", reach), figure / reach);
  };
  row("CPU ms of a name with recursion, with Unbound", Least(name_us) / 1e3, 0.30);
  row("  questions a name to the domains' servers", figures.ToDomainsPerName(), 5.5);
  row("  to those above", figures.AbovePerName(), 1.1);
  return absl::OkStatus();
}

absl::Status MeasureRows(const Settings& settings, Found* found) {
  double best = 0;
  ParquetFigures figures;
  for (int round = 0; round < settings.rounds; ++round) {
    const absl::StatusOr<ParquetFigures> once = MeasureParquet(static_cast<size_t>(settings.rows));
    if (!once.ok()) return once.status();
    if (once->rows_per_cpu_second > best) figures = *once;
    best = std::max(best, once->rows_per_cpu_second);
  }
  PrintRow("Parquet: endpoint rows/s of a core", Count(figures.rows_per_cpu_second), ">= 300,000",
           figures.rows_per_cpu_second / 300000);
  PrintRow("  bytes of a row", Figure(figures.bytes_per_row), "<= 60", figures.bytes_per_row / 60);
  found->row_us = figures.cpu_us_per_row;
  if (found->endpoint_us > 0) {
    const double share = figures.cpu_us_per_row / found->endpoint_us;
    PrintRow("  % of an endpoint's CPU", Figure(100 * share), "<= 3", share / 0.03);
  }
  return absl::OkStatus();
}

absl::Status MeasureTables(const Settings& settings, Found* found) {
  const TableBytes bytes = MeasureTableBytes(static_cast<size_t>(settings.finished));
  found->name_bytes = bytes.per_name;
  found->host_bytes = bytes.per_host;
  PrintRow("bytes kept of a name seen", Figure(bytes.per_name), "<= 16", bytes.per_name / 16);
  PrintRow("  of a finished MX host", Figure(bytes.per_host), "<= 64", bytes.per_host / 64);
  PrintRow("  of a finished address", Figure(bytes.per_address), "<= 32", bytes.per_address / 32);
  PrintRow("  of an endpoint, host and domain that wait in a crowd", Figure(bytes.per_parked),
           "<= 128", bytes.per_parked / 128);
  PrintRow("  with its host's place, of a million, MB", Figure(bytes.per_parked + bytes.per_host),
           "<= 160", (bytes.per_parked + bytes.per_host) / 160);
  PrintRow("  of a distinct certificate", Figure(bytes.per_certificate), "<= 32",
           bytes.per_certificate / 32);
  return absl::OkStatus();
}

// The bytes of a session on the wire, with its headers, without loss.
double WireBytes(const std::vector<Flight>& flights) {
  constexpr double kHeaderBytes = 54;  // of Ethernet, IPv4 and TCP
  double bytes = 0;
  // Three handshake and three closing segments, and a segment and its acknowledgement for each
  // flight either way.
  int segments = 6;
  for (const Flight& flight : flights) {
    bytes += flight.client_bytes + flight.server_bytes;
    segments += 2 * (flight.client_bytes > 0) + 2 * (flight.server_bytes > 0);
  }
  return bytes + kHeaderBytes * segments;
}

absl::Status PrintExtrapolation(const Found& found) {
  const absl::StatusOr<ListShape> shape = InternetShape();
  if (!shape.ok()) return shape.status();
  std::printf("\n%-50s%10s  %s\n", "extrapolated to a list of the Internet's names", "figure",
              "from");
  for (const ExtrapolatedLine& line : Extrapolate(found, *shape)) {
    std::printf("%-50s%10s  %s\n", line.what.c_str(), Figure(line.figure).c_str(),
                line.source.c_str());
  }
  return absl::OkStatus();
}

int Run(Settings settings) {
  const TemporaryFolder folder;
  settings.servers.flights = SessionFlights();
  settings.servers.dead_bit = kDeadBit;
  absl::StatusOr<LoadBench> bench = LoadBench::Start(settings.servers, folder.path("."));
  absl::Status status = bench.status();
  Found found;
  const std::pair<const char*, std::function<absl::Status()>> parts[] = {
      {"endpoint", [&] { return MeasureEndpoint(settings, *bench, &found); }},
      {"instructions", [&] { return CountEndpoint(settings, *bench); }},
      {"own-leaf", [&] { return MeasureOwnLeaf(settings, *bench, &found); }},
      {"own-leaf-instructions", [&] { return CountOwnLeaf(settings, *bench); }},
      {"probes", [&] { return MeasureProbes(settings, *bench); }},
      {"sessions", [&] { return MeasureSessions(settings, folder.path("many")); }},
      {"memory", [&] { return MeasureSessionMemory(settings, &*bench, &found); }},
      {"dead", [&] { return MeasureDead(settings, &*bench, &found); }},
      {"dns", [&] { return MeasureDns(settings, &found); }},
      {"recursion", [&] { return MeasureNamesFromTheRoot(settings, &found); }},
      {"tables", [&] { return MeasureTables(settings, &found); }},
      {"parquet", [&] { return MeasureRows(settings, &found); }},
  };
  if (status.ok()) PrintHead();
  for (const auto& [name, measure] : parts) {
    if (status.ok() && settings.Wants(name)) status = measure();
  }
  if (status.ok() && settings.only.empty()) {
    found.wire_bytes = WireBytes(settings.servers.flights);
    status = PrintExtrapolation(found);
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_reach_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::Settings settings;
  settings.self = argv[0];
  int handshakes = 0, chain_verifications = 0;
  mxsweep::bench::BareSessionOptions bare{.sessions = 0, .concurrency = 100};
  CLI::App app("Measures what is to be reached");
  app.option_defaults()->always_capture_default();
  app.add_option("--endpoints", settings.endpoints, "of the load")->check(CLI::Range(10, 60'000));
  app.add_option("--concurrency", settings.concurrency, "of the load")->check(CLI::Range(5, 4'000));
  app.add_option("--rounds", settings.rounds,
                 "of which the best counts; up to three times as many, until it has been met twice")
      ->check(CLI::Range(1, 100));
  app.add_option("--sessions", settings.sessions, "open at once")->check(CLI::Range(10, 200'000));
  app.add_option("--names", settings.names, "looked up")->check(CLI::Range(100, 10'000'000));
  app.add_option("--recursion-names", settings.recursion_names, "looked up from the root down")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--rows", settings.rows, "written")->check(CLI::Range(10, 10'000'000));
  app.add_option("--finished", settings.finished, "names, hosts and addresses remembered")
      ->check(CLI::Range(100, 100'000'000));
  app.add_option("--counted", settings.counted, "endpoints whose instructions are counted")
      ->check(CLI::Range(10, 10'000));
  app.add_option("--peer", settings.peers,
                 "command of another scanner, with {targets} or {named_targets}, {port}, "
                 "{trust_store}, {concurrency}; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  mxsweep::bench::AddDnsPeers(&app, &settings.dns_peers);
  app.add_option("--only", settings.only,
                 "of endpoint, instructions, own-leaf, own-leaf-instructions, probes, sessions, "
                 "memory, dead, dns, recursion, tables, parquet");
  app.add_option("--mxsweep", settings.servers.mxsweep, "the program to measure");
  app.add_option("--lab", settings.lab, "the program that answers DNS");
  app.add_option("--handshakes", handshakes, "so many handshakes in memory, and nothing else");
  app.add_option("--chain-verifications", chain_verifications, "likewise");
  app.add_option("--bare-sessions", bare.sessions, "likewise; with the server at --port");
  app.add_option("--port", bare.port, "of a bare exchange");
  std::vector<std::string> flights;
  app.add_option("--flight", flights, "CLIENT_BYTES:SERVER_BYTES of it; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI11_PARSE(app, argc, argv);
  if (chain_verifications > 0) {
    std::printf("%.1f us\n", mxsweep::bench::ChainVerificationCpuSeconds(chain_verifications) *
                                 1e6 / chain_verifications);
    return 0;
  }
  if (bare.sessions > 0 && !flights.empty()) {
    for (const std::string& text : flights) {
      bare.flights.push_back(mxsweep::bench::ParseFlight(text).value());
    }
    return mxsweep::bench::BareSessionsCpuSeconds(bare).ok() ? 0 : 1;
  }
  if (handshakes > 0) {
    std::printf("%.1f us\n",
                mxsweep::bench::HandshakeFloorCpuSeconds(handshakes) * 1e6 / handshakes);
    return 0;
  }
  return mxsweep::bench::Run(std::move(settings));
}
