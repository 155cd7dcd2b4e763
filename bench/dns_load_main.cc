// mxsweep_dns_bench: what DNS costs under load, beside what a peer needs for it. See dns_load.h.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "bench/dns_load.h"

namespace mxsweep::bench {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep_dns_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

int RunLoad(const DnsLoadOptions& options) {
  const absl::StatusOr<DnsLoadFigures> load = MeasureDnsLoad(options);
  if (!load.ok()) return Fail(load.status());
  std::printf("%d names, %d look-ups outstanding, one thread\n", options.names,
              options.outstanding);
  std::printf("%-44s%12.0f\n", "answers a second of CPU time", load->AnswersPerCpuSecond());
  std::printf("%-44s%12.0f\n", "answers a second",
              static_cast<double>(load->answers) / load->wall_s);
  const auto answers = static_cast<double>(load->answers);
  std::printf("%-44s%12.2f\n", "CPU us per answer", load->CpuUsPerAnswer());
  std::printf("%-44s%12.2f\n", "  in user space", load->user_s * 1e6 / answers);
  std::printf("%-44s%12.2f\n", "  in the kernel", load->system_s * 1e6 / answers);
  std::printf("%-44s%12.2f\n", "  of the server, beside that", load->server_s * 1e6 / answers);
  std::printf("%-44s%12.1f\n", "longest time without an answer, ms", load->longest_gap_s * 1e3);
  std::printf("%-44s%12llu\n", "questions sent again",
              static_cast<unsigned long long>(load->queries_sent - load->answers - load->errors));
  std::printf("%-44s%12llu\n", "look-ups without an answer",
              static_cast<unsigned long long>(load->errors));
  std::fflush(stdout);
  if (load->errors == 0) return 0;
  return Fail(absl::InternalError("every look-up has an answer, and not every one was found"));
}

int RunScan(const DnsLoadOptions& options, DnsScanKind kind, const char* what) {
  const absl::StatusOr<DnsScanFigures> scan = MeasureDnsScan(options, kind);
  if (!scan.ok()) return Fail(scan.status());
  const auto names = static_cast<double>(scan->names);
  std::printf("\n%s: a scan of %.0f names\n", what, names);
  std::printf("%-44s%12.2f\n", "CPU us per name", scan->CpuUsPerName());
  std::printf("%-44s%12.2f\n", "  in user space", scan->user_s * 1e6 / names);
  std::printf("%-44s%12.2f\n", "  in the kernel", scan->system_s * 1e6 / names);
  std::printf("%-44s%12.3f\n",
              scan->peer_measured ? "  of what zdns takes, over the same"
                                  : "  of what zdns takes for the same",
              scan->CpuUsPerName() / scan->peer_us_per_name);
  std::printf("%-44s%12.0f\n", "names a second", names / scan->wall_s);
  std::fflush(stdout);
  return 0;
}

int Run(const DnsLoadOptions& options) {
  if (const int code = RunLoad(options); code != 0) return code;
  static constexpr struct {
    DnsScanKind kind;
    const char* what;
  } kScans[] = {
      {DnsScanKind::kNullMx, "null MX"},
      {DnsScanKind::kSharedHosts, "MX and addresses, hosts shared"},
      {DnsScanKind::kOwnHosts, "MX and addresses, a host for each"},
  };
  for (const auto& [kind, what] : kScans) {
    if (const int code = RunScan(options, kind, what); code != 0) return code;
  }
  return 0;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::DnsLoadOptions options{.lab = MXSWEEP_LAB_PROGRAM, .mxsweep = MXSWEEP_PROGRAM};
  CLI::App app("Measures DNS under load");
  app.option_defaults()->always_capture_default();
  app.add_option("--names", options.names, "names to look up")->check(CLI::Range(1, 1'000'000));
  app.add_option("--outstanding", options.outstanding, "look-ups open at once")
      ->check(CLI::Range(1, 50'000));
  app.add_option("--mxsweep", options.mxsweep, "the program to measure");
  app.add_option("--lab", options.lab, "the program that plays the resolver");
  mxsweep::bench::AddDnsPeers(&app, &options.peers);
  CLI11_PARSE(app, argc, argv);
  return mxsweep::bench::Run(options);
}
