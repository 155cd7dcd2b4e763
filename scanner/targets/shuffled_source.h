#ifndef MXSWEEP_SCANNER_TARGETS_SHUFFLED_SOURCE_H_
#define MXSWEEP_SCANNER_TARGETS_SHUFFLED_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "scanner/base/boxed.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {

// Takes targets from another source in a random order, out of a window of so many at a time: a list
// that is sorted by provider would ask one provider after the other. The order follows from the
// seed and the list alone, unless the list trickles: what has come is then given out, and not kept
// waiting for more.
//
// Memory: the window's targets, 56 bytes each and what their names take beyond 15 characters.
// Thread-compatible. Reading blocks.
class ShuffledSource final : public TargetSource {
 public:
  // Borrows `source`. `window` 1: its own order.
  ShuffledSource(TargetSource* source, size_t window, uint64_t seed);

  bool Next(Target* target) override;
  // What lies behind the targets given out; those of the window count by their number.
  uint64_t bytes_read() const override;
  bool ready() const override { return !window_.empty() || source_->ready(); }

 private:
  // A target as it waits: most are a name and a line.
  struct Rest {
    Target::Kind kind = Target::Kind::kDomain;
    dns::IpAddress address;
    std::shared_ptr<const ResolvedHost> resolved;
    std::string raw;
    std::string problem;
  };
  struct Waiting {
    std::string name;
    uint64_t input_line = 0;
    uint64_t number = 0;
    Boxed<Rest> rest;  // of what is no domain, or has more
  };

  void Put(Target* target);
  void Take(size_t index, Target* target);
  uint64_t Random(uint64_t bound);

  TargetSource* source_;
  const size_t most_;
  uint64_t random_;
  bool ended_ = false;
  std::deque<Waiting> window_;
  Target read_;
  uint64_t given_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_SHUFFLED_SOURCE_H_
