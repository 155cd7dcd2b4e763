#include "bench/dns_load.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "bench/peer.h"
#include "dns/cares_resolver.h"
#include "dns/mx_plan.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "scanner/engine/uring_loop.h"

namespace mxsweep::bench {
namespace {

constexpr char kNullMxMix[] = "happy,domain.provider=0,domain.own=0,domain.null_mx=1";
// An address each where nobody listens, so that the lab needs no sockets for them; and next to no
// TLSA records, since the certificates behind them take the lab minutes.
constexpr char kSharedHostsMix[] =
    "happy,behaviour.normal=0,behaviour.connect_refused=1,dane.none=1e9";
constexpr char kOwnHostsMix[] =
    "happy,domain.provider=0,behaviour.normal=0,behaviour.connect_refused=1,dane.none=1e9";

const char* MixFor(DnsScanKind kind) {
  switch (kind) {
    case DnsScanKind::kNullMx:
      return kNullMxMix;
    case DnsScanKind::kSharedHosts:
      return kSharedHostsMix;
    case DnsScanKind::kOwnHosts:
      return kOwnHostsMix;
  }
  return kNullMxMix;
}

// CPU time for a name, in microseconds.
constexpr double kZdnsMxUs = 230;
constexpr double kZdnsMxAndAddressUs = 310;

absl::Status MeasurePeer(const DnsLoadOptions& options, const LabProcess& lab,
                         const TemporaryFolder& folder, DnsScanKind kind, DnsScanFigures* figures) {
  const bool mx_only = kind == DnsScanKind::kNullMx;
  const std::string& peer = mx_only ? options.peers.mx : options.peers.mx_addresses;
  figures->peer_us_per_name = mx_only ? kZdnsMxUs : kZdnsMxAndAddressUs;
  if (peer.empty()) return absl::OkStatus();
  const absl::StatusOr<double> cpu_s = PeerCpuSeconds(
      PeerCommand(peer, {{"{names}", lab.domains_file()}, {"{resolver}", lab.resolver()}}),
      folder.path("peer.log"));
  if (!cpu_s.ok()) return cpu_s.status();
  figures->peer_measured = true;
  figures->peer_us_per_name = *cpu_s * 1e6 / options.names;
  return absl::OkStatus();
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

absl::StatusOr<LabProcess> StartLab(const DnsLoadOptions& options, const char* mix,
                                    const TemporaryFolder& folder) {
  return LabProcess::Start(
      {.program = options.lab, .mix = mix, .domains = options.names, .folder = folder.path("lab")});
}

// Keeps so many questions open until all names have been asked for. Belongs to the loop's thread.
class Load {
 public:
  Load(const DnsLoadOptions& options, scanner::UringLoop* loop, dns::CaresResolver* resolver)
      : options_(options), loop_(loop), resolver_(resolver) {}

  DnsLoadFigures Run() {
    rusage before{};
    getrusage(RUSAGE_THREAD, &before);
    const int64_t started_ns = loop_->real_now_ns();
    last_answer_ns_ = started_ns;
    loop_->SetIterationHook([this] {
      Look();
      return 0u;
    });
    loop_->Post([this] {
      for (int i = 0; i < options_.outstanding; ++i) AskNext();
    });
    loop_->Run();
    rusage after{};
    getrusage(RUSAGE_THREAD, &after);
    figures_.wall_s = static_cast<double>(loop_->real_now_ns() - started_ns) / 1e9;
    figures_.user_s = Seconds(after.ru_utime) - Seconds(before.ru_utime);
    figures_.system_s = Seconds(after.ru_stime) - Seconds(before.ru_stime);
    figures_.queries_sent = resolver_->counters().queries_sent;
    return figures_;
  }

 private:
  void AskNext() {
    if (asked_ == options_.names) return;
    resolver_->Query(JoinText("d", asked_++, ".lab"), dns::RrType::kMx,
                     [this](const dns::Response& response) {
                       ++(dns::IsAnswer(response.status) ? figures_.answers : figures_.errors);
                       AskNext();
                     });
  }

  // Once an iteration, after answers have been handled.
  void Look() {
    const uint64_t done = figures_.answers + figures_.errors;
    if (done == done_) return;
    done_ = done;
    const int64_t now_ns = loop_->real_now_ns();
    figures_.longest_gap_s =
        std::max(figures_.longest_gap_s, static_cast<double>(now_ns - last_answer_ns_) / 1e9);
    last_answer_ns_ = now_ns;
    if (done == static_cast<uint64_t>(options_.names)) loop_->Stop();
  }

  const DnsLoadOptions& options_;
  scanner::UringLoop* loop_;
  dns::CaresResolver* resolver_;
  int asked_ = 0;
  uint64_t done_ = 0;
  int64_t last_answer_ns_ = 0;
  DnsLoadFigures figures_;
};

// On a thread of its own: a ring belongs to one, and so does the CPU time.
absl::StatusOr<DnsLoadFigures> RunLoad(const DnsLoadOptions& options,
                                       const dns::ServerAddress& server) {
  absl::StatusOr<std::unique_ptr<scanner::UringLoop>> loop = scanner::UringLoop::Create({});
  if (!loop.ok()) return loop.status();
  dns::ResolverOptions resolver_options;
  resolver_options.servers = {server};
  resolver_options.max_open = static_cast<size_t>(options.outstanding);
  auto resolver = dns::CaresResolver::Create((*loop)->dns_loop(), resolver_options);
  if (!resolver.ok()) return resolver.status();
  return Load(options, loop->get(), resolver->get()).Run();
}

std::vector<std::string> ScanCommand(const DnsLoadOptions& options, const LabProcess& lab,
                                     const std::string& output) {
  // The lab's addresses are of 127.0.0.0/8, which is not scanned unless --allow-special is given.
  return {options.mxsweep,
          "scan",
          lab.domains_file(),
          "--output",
          output,
          "--resolver",
          lab.resolver(),
          "--trust-store",
          lab.trust_store(),
          "--ehlo-name",
          "scanner.example",
          "--rate",
          "0",
          "--mta-sts",
          "off",
          "--workers",
          "1",
          "--progress",
          "none"};
}

// What scan.json counts, against what there is to find.
bool IsAsExpected(const nlohmann::json& counts, int names, DnsScanKind kind) {
  const auto of = [&counts](const char* group, const char* word) {
    return counts.value(group, nlohmann::json::object()).value(word, 0);
  };
  if (kind == DnsScanKind::kNullMx) return of("diagnoses", "null_mx") == names;
  const int blocked = of("outcomes", "blocked");
  const int least = kind == DnsScanKind::kOwnHosts ? names : 1;
  return counts.value("domains", 0) == names && blocked == counts.value("endpoints", 0) &&
         blocked >= least;
}

}  // namespace

void AddDnsPeers(CLI::App* app, DnsPeers* peers) {
  app->add_option("--mx-peer", peers->mx,
                  "command that looks the MX of {names} up at {resolver}, as zdns does");
  app->add_option("--mx-addresses-peer", peers->mx_addresses,
                  "the same with the IPv4 addresses of the MX hosts");
}

absl::StatusOr<DnsLoadFigures> MeasureDnsLoad(const DnsLoadOptions& options) {
  const TemporaryFolder folder;
  const absl::StatusOr<LabProcess> lab = StartLab(options, kNullMxMix, folder);
  if (!lab.ok()) return lab.status();
  const absl::StatusOr<dns::ServerAddress> server = dns::ParseServerAddress(lab->resolver());
  if (!server.ok()) return server.status();
  const double server_before_s = lab->CpuSeconds();
  absl::StatusOr<DnsLoadFigures> figures = absl::InternalError("the load did not run");
  std::thread([&] { figures = RunLoad(options, *server); }).join();
  if (figures.ok()) figures->server_s = lab->CpuSeconds() - server_before_s;
  return figures;
}

absl::StatusOr<DnsScanFigures> MeasureDnsScan(const DnsLoadOptions& options, DnsScanKind kind) {
  const TemporaryFolder folder;
  const auto lab = StartLab(options, MixFor(kind), folder);
  if (!lab.ok()) return lab.status();
  const std::string output = folder.path("results");
  const std::string log = folder.path("scan.log");
  auto process = MeasuredProcess::Start(ScanCommand(options, *lab, output), log);
  if (!process.ok()) return process.status();
  const MeasuredProcess::Usage usage = process->Wait();
  if (usage.exit_code != 0) return absl::InternalError("the scan failed:\n" + FileText(log));

  const auto record = nlohmann::json::parse(FileText(output + "/scan.json"), nullptr, false);
  const auto counts = record.value("counts", nlohmann::json::object());
  if (!IsAsExpected(counts, options.names, kind)) {
    return absl::InternalError("not every name ended as it should: " + counts.dump());
  }
  DnsScanFigures figures{.names = static_cast<uint64_t>(options.names),
                         .wall_s = usage.wall_s,
                         .user_s = usage.user_s,
                         .system_s = usage.system_s};
  if (absl::Status status = MeasurePeer(options, *lab, folder, kind, &figures); !status.ok()) {
    return status;
  }
  return figures;
}

}  // namespace mxsweep::bench
