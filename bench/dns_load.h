// What DNS costs under load: the real resolver on the real event loop, and whole scans that do
// nothing but DNS, against the lab's resolver in a process of its own.
#ifndef MXSWEEP_BENCH_DNS_LOAD_H_
#define MXSWEEP_BENCH_DNS_LOAD_H_

#include <cstdint>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"

namespace mxsweep::bench {

// zdns over the lab's names, in which `{names}` stands for the file and `{resolver}` for the
// server's address and port. Without a command, what it took on the same kind of machine in July
// 2026 (issue "Fast and wide") is compared with.
struct DnsPeers {
  std::string mx;            // looks the MX up
  std::string mx_addresses;  // and the IPv4 addresses of what it says
};
void AddDnsPeers(CLI::App* app, DnsPeers* peers);

struct DnsLoadOptions {
  std::string lab;      // the program mxsweep-lab
  std::string mxsweep;  // the program mxsweep; only for MeasureDnsScan
  int names = 200'000;
  int outstanding = 20'000;  // look-ups open at once; only for MeasureDnsLoad
  DnsPeers peers;            // only for MeasureDnsScan
};

struct DnsLoadFigures {
  uint64_t answers = 0;
  uint64_t errors = 0;        // look-ups that ended without an answer of the DNS
  uint64_t queries_sent = 0;  // attempts, second ones included
  double wall_s = 0;
  // Of the thread that asked.
  double user_s = 0;
  double system_s = 0;
  // The longest time in which no answer came although look-ups were open.
  double longest_gap_s = 0;
  double server_s = 0;  // CPU time of the lab meanwhile

  double AnswersPerCpuSecond() const { return static_cast<double>(answers) / (user_s + system_s); }
  double CpuUsPerAnswer() const { return 1e6 / AnswersPerCpuSecond(); }
};

// Asks for the MX of `names` names with `outstanding` questions open, in one thread. Takes as long
// as that takes, and a second for the lab.
absl::StatusOr<DnsLoadFigures> MeasureDnsLoad(const DnsLoadOptions& options);

enum class DnsScanKind : uint8_t {
  kNullMx,  // MX says that there is no mail: one question and the domain's row
  // MX hosts with addresses that must not be scanned: MX, A, AAAA (and TLSA where the zone is
  // signed); rows of domains, hosts and endpoints.
  kSharedHosts,  // as the lab's mix has it: three of four domains are with some provider
  kOwnHosts,     // each name has a host and an address of its own
};

struct DnsScanFigures {
  uint64_t names = 0;
  double wall_s = 0;
  // Of the whole program, start and end included.
  double user_s = 0;
  double system_s = 0;

  bool peer_measured = false;  // over the same lab, right after the scan
  double peer_us_per_name = 0;

  double CpuUsPerName() const { return (user_s + system_s) * 1e6 / static_cast<double>(names); }
};

// Runs `mxsweep scan` over `names` names, with one worker and otherwise its own defaults, but
// without MTA-STS, which the peer does not ask for. An error if not every name ended as its kind
// says.
absl::StatusOr<DnsScanFigures> MeasureDnsScan(const DnsLoadOptions& options, DnsScanKind kind);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_DNS_LOAD_H_
