#ifndef MXSWEEP_SCANNER_SCAN_RECORD_H_
#define MXSWEEP_SCANNER_SCAN_RECORD_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "dns/resolver.h"
#include "nlohmann/json.hpp"
#include "scanner/record/scan_summary.h"
#include "scanner/sandbox/sandbox.h"
#include "scanner/scan_options.h"
#include "scanner/targets/list_mark.h"
#include "tls/pki/trust_store.h"

namespace mxsweep::scanner {

// What scan.json says of a scan, beyond what the output room adds: with what options it was run, on
// what its verdicts rest, and what came of it.
struct ScanRecord {
  // Of our own Unbound, where there is one.
  struct OwnUnbound {
    std::string program;
    std::string version;
    uint32_t threads = 0;
  };

  const ScanOptions* options = nullptr;
  std::string ehlo_name;
  const tls::TrustStore* trust_store = nullptr;
  dns::ResolverState resolver;
  bool resolver_asked = false;  // a scan of addresses needs no DNS
  std::optional<OwnUnbound> own_unbound;
  std::optional<SandboxState> sandbox;  // nothing: not wanted
  absl::Time started_at;
  // Outages of our own (pace/outage_watch.h) that are over.
  struct Outage {
    std::string_view of;  // "connections", "resolvers"
    absl::Time began;     // the last answer before it
    absl::Time ended;     // the first after it
    uint64_t done_again = 0;
    bool sure = true;
  };
  std::vector<Outage> outages;
  std::optional<ListMark> list;  // once it has been read
  nlohmann::json earlier_runs;   // the "runs" of scan.json so far; null: this is the first
};

// The options as scan.json has them.
nlohmann::json DescribeOptions(const ScanOptions& options, const std::string& ehlo_name);
// The "runs" of a scan.json that is taken up again: where the last one was killed, it says so, and
// when it committed last.
nlohmann::json RunsSoFar(const nlohmann::json& scan, std::optional<absl::Time> committed_at);

// What the user is to know of the resolver before the scan starts: a line that says what it is and
// whether it validates, and, where it does not, a warning that shouts.
std::string TellResolver(const ScanRecord& record);

// What of the sandbox is not in force, and why; empty: nothing.
std::string TellSandbox(const SandboxState& sandbox);

// Why a scan cannot begin where no resolver answers, and what else could be asked, for the user.
std::string TellNoResolver(const ScanRecord& record);

// At the start.
nlohmann::json DescribeScan(const ScanRecord& record);
// At the end: the same, and `summary`. `state`: "complete", "stopped", "failed"; `error`: why it
// failed, else empty.
nlohmann::json DescribeFinishedScan(const ScanRecord& record, const ScanSummary& summary,
                                    absl::Time finished_at, std::string_view state,
                                    const std::string& error);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SCAN_RECORD_H_
