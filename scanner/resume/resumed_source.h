#ifndef MXSWEEP_SCANNER_RESUME_RESUMED_SOURCE_H_
#define MXSWEEP_SCANNER_RESUME_RESUMED_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "scanner/base/number_set.h"
#include "scanner/targets/name_set.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {

// The targets of a list that earlier runs have not done. Next is for one thread, skipped() for any.
class ResumedSource final : public TargetSource {
 public:
  // Borrows `source`. By number, where the list is the same; else by name (KeyOf).
  ResumedSource(TargetSource* source, NumberSet done) : source_(source), done_(std::move(done)) {}
  ResumedSource(TargetSource* source, NameSet done) : source_(source), names_(std::move(done)) {}

  bool Next(Target* target) override;
  uint64_t bytes_read() const override { return source_->bytes_read(); }
  bool ready() const override { return source_->ready(); }

  // Targets that were passed over.
  uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }

 private:
  TargetSource* source_;
  NumberSet done_;
  std::optional<NameSet> names_;
  std::atomic<uint64_t> skipped_{0};
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_RESUMED_SOURCE_H_
