// What scans say beside logs: the share of domains with TLS, why it fell, and what became of the
// domains that a log's fall is named after.
#ifndef MXSWEEP_TOOLS_DASHBOARD_SCANS_H_
#define MXSWEEP_TOOLS_DASHBOARD_SCANS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/diff/bridge.h"
#include "tools/diff/comparison.h"
#include "tools/trend/series.h"

namespace mxsweep::tools {

// From one scan to the next the share of domains with TLS went down (as `trend` has it).
struct ScanFall {
  size_t scan = 0;  // the later one, in Trend::scans
  SeriesChange change;
  std::vector<Step> steps;  // lost and gained, by cause; they add up to the change
  struct Provider {
    std::string name;  // empty: not known
    uint64_t lost = 0, gained = 0;
  };
  std::vector<Provider> providers;  // those with any, most lost first
};

// Scans by time, and what they say of some domains.
class Scans {
 public:
  // `domains`: of which it is kept what each scan says. kInvalidArgument for no directory.
  static absl::StatusOr<Scans> Read(const std::vector<std::string>& directories,
                                    const std::set<std::string>& domains);

  const Trend& trend() const { return trend_; }
  // Of domains of which some server encrypts.
  const Series& share() const;
  const std::vector<ScanFall>& falls() const { return falls_; }
  // When a scan began; nothing where scan.json does not say.
  std::optional<int64_t> TimeOf(size_t scan) const { return times_[scan]; }
  // The later one of the two neighbours that surround a time.
  std::optional<size_t> Around(int64_t time_s) const;
  // A phrase: what became of a domain from the scan before to `scan`.
  std::string SaidOf(const std::string& domain, size_t scan) const;

 private:
  class Observer;

  Trend trend_;
  std::vector<std::optional<int64_t>> times_;
  std::vector<ScanFall> falls_;
  std::map<std::pair<std::string, size_t>, Answer> answers_;     // domain, scan
  std::map<std::pair<std::string, size_t>, MainCause> changes_;  // domain, later scan
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_SCANS_H_
