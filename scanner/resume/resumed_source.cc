#include "scanner/resume/resumed_source.h"

namespace mxsweep::scanner {

bool ResumedSource::Next(Target* target) {
  while (source_->Next(target)) {
    const bool done = names_ ? names_->Contains(KeyOf(*target)) : done_.Contains(target->number);
    if (!done) return true;
    skipped_.fetch_add(1, std::memory_order_relaxed);
  }
  return false;
}

}  // namespace mxsweep::scanner
