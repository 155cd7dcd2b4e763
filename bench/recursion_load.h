// What a name costs where it has to be looked for from the root down: the real scanner and its own
// Unbound over bench/name_tree.h. Only DNS: no address is connected to.
#ifndef MXSWEEP_BENCH_RECURSION_LOAD_H_
#define MXSWEEP_BENCH_RECURSION_LOAD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bench/name_tree.h"

namespace mxsweep::bench {

struct RecursionOptions {
  std::string mxsweep;  // the program
  int names = 20000;
  bool is_signed = true;  // the tree: NameTree::Start
  // Lines of unbound.conf behind all others, to try what they change.
  std::string unbound_lines;
};

// One scan.
struct RecursionFigures {
  int names = 0;
  double wall_s = 0;
  // Of scanner and Unbound, start and end included.
  double user_s = 0;
  double system_s = 0;
  std::optional<double> user_instructions;  // where the machine counts them
  NameTree::Counts questions;

  double CpuMsPerName() const { return (user_s + system_s) * 1e3 / names; }
  double ToDomainsPerName() const { return static_cast<double>(questions.domains) / names; }
  double AbovePerName() const { return static_cast<double>(questions.above) / names; }
};

// Unavailable where port 53 of 127.53.0.0/16 is not to be had. A scan that does not find what is in
// the tree is an error.
absl::StatusOr<RecursionFigures> MeasureRecursion(const RecursionOptions& options);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_RECURSION_LOAD_H_
