// Deliveries and failures of all inputs, counted by time and by whom they were had with.
#ifndef MXSWEEP_TOOLS_DASHBOARD_TALLY_H_
#define MXSWEEP_TOOLS_DASHBOARD_TALLY_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tools/dashboard/causes.h"
#include "tools/dashboard/silence.h"
#include "tools/explain/input.h"
#include "tools/explain/ledger.h"

namespace mxsweep::tools {

// What was handed over within one bucket of time.
struct Bucket {
  int64_t begin_s = 0;
  uint64_t encrypted = 0, clear = 0;
  uint64_t not_told = 0;  // the log does not say which

  Split split() const { return {encrypted, clear}; }
};

// One flow over time: buckets of one length from the first delivery to the last, gaps included.
struct FlowSeries {
  int64_t bucket_seconds = 0;
  std::vector<Bucket> buckets;

  Bucket Total() const;  // begin_s is of no meaning
};

// Memory is bounded: places beyond the first 20,000 are counted as one without a name, causes as in
// Ledger, and where there are too many counts, time is divided less finely.
class Tally : public InputSink {
 public:
  Tally();

  // InputSink.
  void Take(const Trouble& trouble) override;
  bool wants_deliveries() const override { return true; }
  void Take(const Delivery& delivery) override;
  void EndInput() { silence_.EndInput(); }
  // No more inputs. Of what follows all REQUIRE it.
  void Finish();

  FlowSeries SeriesOf(Flow flow) const;
  // By place, within [was_s, is_s) and [is_s, end_s), at bounds of buckets.
  std::vector<PlaceCounts> CountsOf(Flow flow, int64_t was_s, int64_t is_s, int64_t end_s) const;
  // By the numbers that PlaceCounts has.
  const Cause& CauseOf(size_t number) const { return causes_[number]; }

  // Where logs do not tell, and how much each writer's logs told at all.
  const std::vector<DarkStretch>& dark() const { return dark_; }
  std::vector<const CauseGroup*> groups() { return ledger_.Sorted(); }
  uint64_t without_time() const { return without_time_; }

 private:
  struct Cell {
    uint64_t encrypted = 0, clear = 0, not_told = 0;
    std::optional<int64_t> first_clear_s;
  };
  struct Key {
    uint32_t of = 0;  // place, or name
    uint32_t cause = 0;
    int64_t bucket = 0;  // begin

    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.of, key.cause, key.bucket);
    }
  };
  struct FlowCounts {
    int64_t bucket_seconds = 0;
    Span span;
    absl::flat_hash_map<Key, Cell> cells;         // by place
    absl::flat_hash_map<Key, uint64_t> failures;  // by name and cause
  };
  struct PlaceName {
    uint32_t name = 0;
    uint32_t provider = 0;
  };

  uint32_t NumberOf(std::string_view name);
  uint32_t ProviderOf(const Remote& remote, std::string_view name);
  uint32_t PlaceOf(Flow flow, const Remote& remote);
  std::string NameOf(Flow flow, const Remote& remote) const;
  void Count(Flow flow, uint32_t place, std::optional<int64_t> time_s, Encryption encryption,
             bool is_known, uint64_t count);
  void CountFailure(Flow flow, const Trouble& trouble);
  void Widen(FlowCounts* counts) const;
  FlowCounts& At(Flow flow) { return flows_[static_cast<size_t>(flow)]; }
  const FlowCounts& At(Flow flow) const { return flows_[static_cast<size_t>(flow)]; }

  std::array<FlowCounts, kFlows> flows_;
  Ledger ledger_;
  SilenceJudge silence_;
  std::vector<DarkStretch> dark_;
  bool has_exchange_protocol_ = false;
  uint64_t without_time_ = 0;
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, uint32_t> number_of_name_;
  std::vector<PlaceName> places_;
  absl::flat_hash_map<uint64_t, uint32_t> place_of_names_;
  absl::flat_hash_map<std::string, std::string> registrable_;
  std::vector<Cause> causes_;
  std::map<std::string, uint32_t> number_of_cause_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_TALLY_H_
