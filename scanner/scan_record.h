#ifndef MXSWEEP_SCANNER_SCAN_RECORD_H_
#define MXSWEEP_SCANNER_SCAN_RECORD_H_

#include <string>

#include "absl/time/time.h"
#include "dns/resolver.h"
#include "nlohmann/json.hpp"
#include "scanner/progress.h"
#include "scanner/scan_options.h"
#include "tls/trust_store.h"

namespace mxsweep::scanner {

// What scan.json says of a scan, beyond what the output room adds: with what options it was run, on
// what its verdicts rest, and what came of it.
struct ScanRecord {
  const ScanOptions* options = nullptr;
  std::string ehlo_name;
  const tls::TrustStore* trust_store = nullptr;
  dns::ResolverState resolver;
  bool resolver_asked = false;  // a scan of addresses needs no DNS
  absl::Time started_at;
};

// At the start.
nlohmann::json DescribeScan(const ScanRecord& record);
// At the end: the same, and `summary`. `error`: why it failed; empty: it did not.
nlohmann::json DescribeFinishedScan(const ScanRecord& record, const ScanSummary& summary,
                                    absl::Time finished_at, const std::string& error);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SCAN_RECORD_H_
