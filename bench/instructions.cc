#include "bench/instructions.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"

namespace mxsweep::bench {
namespace {

constexpr char kValgrind[] = "/usr/bin/valgrind";

}  // namespace

absl::StatusOr<std::optional<double>> CountInstructions(const std::vector<std::string>& command,
                                                        const std::string& file, bool from_start) {
  if (access(kValgrind, X_OK) != 0) return std::nullopt;
  std::vector<std::string> arguments = {"/usr/bin/env",
                                        "LD_PRELOAD=" MXSWEEP_CALLGRIND_RING_LIBRARY,
                                        kValgrind,
                                        "--tool=callgrind",
                                        "--trace-children=yes",
                                        "--callgrind-out-file=" + file};
  if (!from_start) arguments.push_back("--collect-atstart=no");
  arguments.insert(arguments.end(), command.begin(), command.end());
  const std::string log = file + ".log";
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(arguments, log);
  if (!process.ok()) return process.status();
  if (process->Wait().exit_code != 0) {
    return absl::InternalError(absl::StrCat("callgrind failed:\n", FileText(log)));
  }
  std::ifstream counts(file);
  std::optional<double> total;
  for (std::string word; counts >> word;) {
    if (word == "totals:" && counts >> word) total = std::atof(word.c_str());
  }
  counts.close();
  std::filesystem::remove(file);
  std::filesystem::remove(log);
  if (!total) return absl::InternalError("callgrind wrote no total");
  return total;
}

}  // namespace mxsweep::bench
