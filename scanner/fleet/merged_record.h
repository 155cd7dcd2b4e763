// What scan.json says of a scan that was put together from a fleet's shards.
#ifndef MXSWEEP_SCANNER_FLEET_MERGED_RECORD_H_
#define MXSWEEP_SCANNER_FLEET_MERGED_RECORD_H_

#include <cstddef>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "scanner/record/scan_summary.h"
#include "scanner/verdict/domain_findings.h"

namespace mxsweep::scanner {

using Shards = std::vector<output::ScanDirectory>;

// Those of one scan that would have done what both halves did.
nlohmann::json MergedOptions(const output::ScanDirectory& resolve,
                             const output::ScanDirectory& probe);
// Of such options, or those of a shard.
AddressChoice AddressChoiceOf(const nlohmann::json& options);
size_t MostHostsOf(const nlohmann::json& options);

// The same for the same shards.
std::string MergedScanId(const Shards& resolve, const Shards& probe);

// At the start, and at the end: with counts and outages. "shards" has a line for each.
nlohmann::json DescribeMerged(const Shards& resolve, const Shards& probe,
                              const nlohmann::json& options);
nlohmann::json DescribeMergedEnd(const Shards& resolve, const Shards& probe,
                                 const nlohmann::json& options, const ScanSummary& summary);

// What the shards counted of the list: lines, duplicates, invalid ones.
void SumListCounts(const Shards& resolve, ScanSummary* summary);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_MERGED_RECORD_H_
