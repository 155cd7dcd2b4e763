// mxsweep_recursion_bench: what a name costs with recursion. See recursion_load.h.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "bench/recursion_load.h"

namespace mxsweep::bench {
namespace {

// What is to be reached, in docs/performance.md. Questions that are asked again, since a busy
// machine was late, are left out: a test runs there.
constexpr double kMostToDomains = 5.5;
constexpr double kMostAbove = 1.1;

bool AsksTooMuch(const RecursionFigures& figures) {
  const NameTree::Counts& questions = figures.questions;
  return static_cast<double>(questions.domains - questions.domains_again) >
             kMostToDomains * figures.names ||
         static_cast<double>(questions.above - questions.above_again) > kMostAbove * figures.names;
}

int Run(const RecursionOptions& options, int runs, bool check) {
  std::printf("%d names of a tree of delegations, scanner and Unbound\n", options.names);
  std::printf("%-44s%12s%12s%12s\n", "", "CPU ms/name", "to domains", "above");
  const auto again = [](uint64_t questions, const RecursionFigures& figures) {
    return static_cast<double>(questions) / figures.names;
  };
  double least_ms = 0;
  for (int run = 0; run < runs; ++run) {
    const absl::StatusOr<RecursionFigures> figures = MeasureRecursion(options);
    if (!figures.ok()) {
      std::fprintf(stderr, "mxsweep_recursion_bench: %s\n",
                   std::string(figures.status().message()).c_str());
      return 1;
    }
    const double ms = figures->CpuMsPerName();
    least_ms = run == 0 ? ms : std::min(least_ms, ms);
    char what[64];
    std::snprintf(what, sizeof(what), "run %d: %.0f names/s, %.0f %% in the kernel", run + 1,
                  figures->names / figures->wall_s,
                  100 * figures->system_s / (figures->user_s + figures->system_s));
    std::printf("%-44s%12.3f%12.2f%12.2f\n", what, ms, figures->ToDomainsPerName(),
                figures->AbovePerName());
    std::printf("%-56s%12.2f%12.2f\n", "  of these, asked again",
                again(figures->questions.domains_again, *figures),
                again(figures->questions.above_again, *figures));
    std::fflush(stdout);
    if (check && AsksTooMuch(*figures)) {
      std::fprintf(stderr, "mxsweep_recursion_bench: more questions than %.1f and %.1f a name\n",
                   kMostToDomains, kMostAbove);
      return 1;
    }
  }
  std::printf("%-44s%12.3f\n", "least", least_ms);
  return 0;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) {
  mxsweep::bench::RecursionOptions options{.mxsweep = MXSWEEP_PROGRAM};
  int runs = 3;
  bool check = false;
  CLI::App app("Measures a scan's DNS with recursion");
  app.option_defaults()->always_capture_default();
  app.add_option("--names", options.names, "of the tree")->check(CLI::Range(1, 1'000'000));
  app.add_flag("!--unsigned", options.is_signed, "no zone of the tree is signed, but the root");
  app.add_option("--runs", runs, "of which each is told")->check(CLI::Range(1, 1'000));
  app.add_option("--unbound-lines", options.unbound_lines,
                 "lines of unbound.conf, to try what they change");
  app.add_option("--mxsweep", options.mxsweep, "the program to measure");
  app.add_flag("--check", check, "fail where more is asked than there is to reach");
  CLI11_PARSE(app, argc, argv);
  return mxsweep::bench::Run(options, runs, check);
}
