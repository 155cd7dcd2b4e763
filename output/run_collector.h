#ifndef MXSWEEP_OUTPUT_RUN_COLLECTOR_H_
#define MXSWEEP_OUTPUT_RUN_COLLECTOR_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "output/scan_directory.h"

namespace mxsweep::output {

// Numbers that come in any order and lie near each other, told in runs. Memory: 512 bytes for 4,096
// numbers of which one was added, and some 60 bytes. Thread-compatible.
class RunCollector {
 public:
  void Add(uint64_t number) { chunks_[number / kNumbers].set(number % kNumbers); }
  bool empty() const { return chunks_.empty(); }
  void clear() { chunks_.clear(); }

  // Ascending, apart.
  std::vector<NumberRun> Runs() const {
    std::vector<NumberRun> runs;
    for (const auto& [chunk, numbers] : chunks_) {
      for (size_t i = 0; i < kNumbers; ++i) {
        if (!numbers[i]) continue;
        const uint64_t number = chunk * kNumbers + i;
        if (!runs.empty() && number == runs.back().first + runs.back().count) {
          ++runs.back().count;
        } else {
          runs.push_back({number, 1});
        }
      }
    }
    return runs;
  }

 private:
  static constexpr size_t kNumbers = 4096;
  std::map<uint64_t, std::bitset<kNumbers>> chunks_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_RUN_COLLECTOR_H_
