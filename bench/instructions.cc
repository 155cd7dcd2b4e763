#include "bench/instructions.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr char kValgrind[] = "/usr/bin/valgrind";

// For the environment: what BoringSSL and OpenSSL may use of the extensions that CPUID tells of in
// EBX for leaf 7 (Intel SDM, volume 2A, "CPUID"), of those that valgrind 3.19 executes.
std::vector<std::string> ProcessorExtensions() {
#if defined(__x86_64__)
  constexpr unsigned kExecuted = bit_BMI | bit_AVX2 | bit_BMI2 | bit_ADX;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
    return {absl::StrFormat("OPENSSL_ia32cap=:0x%x", ebx & kExecuted)};
  }
#endif
  return {};
}

}  // namespace

absl::StatusOr<std::optional<double>> CountInstructions(const std::vector<std::string>& command,
                                                        const std::string& file, bool from_start) {
  if (access(kValgrind, X_OK) != 0) return std::nullopt;
  std::vector<std::string> arguments = {"/usr/bin/env",
                                        "LD_PRELOAD=" MXSWEEP_CALLGRIND_RING_LIBRARY};
  for (const std::string& variable : ProcessorExtensions()) arguments.push_back(variable);
  arguments.insert(arguments.end(), {kValgrind, "--tool=callgrind", "--trace-children=yes",
                                     "--callgrind-out-file=" + file});
  if (!from_start) arguments.push_back("--collect-atstart=no");
  arguments.insert(arguments.end(), command.begin(), command.end());
  const std::string log = file + ".log";
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(arguments, log);
  if (!process.ok()) return process.status();
  if (process->Wait().exit_code != 0) {
    return absl::InternalError(JoinText("callgrind failed:\n", FileText(log)));
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
