// Troubles counted by cause and by whom they were had with, over time.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LEDGER_H_
#define MXSWEEP_TOOLS_EXPLAIN_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/explain/lines/trouble.h"

namespace mxsweep::tools {

// Begin of the bin that a time is in: a multiple of the bin's length since 1970.
int64_t BinOf(int64_t time_s, int64_t bin_seconds);

// How often something was, hour by hour; where there are too many hours, by two, four … hours.
class Timeline {
 public:
  void Add(int64_t time_s, uint64_t count);
  int64_t bin_seconds() const { return bin_seconds_; }
  // Begin of a bin (a multiple of its length since 1970) to what was in it.
  const std::map<int64_t, uint64_t>& bins() const { return bins_; }

 private:
  int64_t bin_seconds_ = 3600;
  std::map<int64_t, uint64_t> bins_;
};

struct Span {
  std::optional<int64_t> first_s;
  std::optional<int64_t> last_s;
  void Include(int64_t time_s);
};

// One remote domain (or host, or address, where no domain is told) with one cause.
struct Place {
  std::string name;        // empty: not told
  bool is_domain = false;  // of recipients, so that it can be checked
  uint64_t count = 0;
  Span span;
  std::vector<std::string> hosts;  // the first few, "mx.example.test [192.0.2.1]"
  std::string line;                // an example
  uint64_t line_number = 0;
};

struct CauseGroup {
  Cause cause;
  uint64_t count = 0;
  Span span;
  Timeline timeline;
  std::vector<Place> places;  // the most frequent first, once sorted
  uint64_t left_out = 0;      // troubles of places that are not kept one by one
};

// Memory is bounded: whatever is beyond the first places and causes is counted without a name.
class Ledger {
 public:
  void Add(const Trouble& trouble);
  // The most frequent cause of each kind first: refusals, then what went in clear, then notes.
  std::vector<const CauseGroup*> Sorted();
  uint64_t count(TroubleKind kind) const;

 private:
  struct Indexed {
    CauseGroup group;
    std::unordered_map<std::string, size_t> place_of_name;
  };

  std::map<std::string, Indexed> causes_;
  size_t places_ = 0;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LEDGER_H_
