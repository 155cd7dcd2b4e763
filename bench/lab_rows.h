// Made-up rows of `endpoints`, as a scan of a lab meets them: hosts with two addresses, shared
// certificates, a few providers, words from small sets, times that differ.
#ifndef MXSWEEP_BENCH_LAB_ROWS_H_
#define MXSWEEP_BENCH_LAB_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "output/tables/endpoint_row.h"

namespace mxsweep::bench {

// The same seed makes the same rows.
class LabRows {
 public:
  explicit LabRows(uint64_t seed);

  output::EndpointRow Next();
  std::vector<output::EndpointRow> Take(size_t count);

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  std::string Sha256();
  void NewHost();
  void AddTls(output::EndpointRow& row);

  std::mt19937_64 random_;
  uint64_t number_ = 0;
  std::vector<std::string> certificates_;
  std::vector<std::string> intermediates_;
  std::string host_;
  std::string provider_;
  std::string certificate_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_LAB_ROWS_H_
