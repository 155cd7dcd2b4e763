#include "bench/peer.h"

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {

std::vector<std::string> PeerCommand(
    const std::string& text, const std::vector<std::pair<std::string, std::string>>& values) {
  return {"/bin/sh", "-c", JoinText("exec ", absl::StrReplaceAll(text, values))};
}

std::string PeerName(const std::string& text) {
  std::string program;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    program = std::filesystem::path(std::string(word)).filename().string();
    if (program != "env" && !absl::StrContains(word, '=')) break;
  }
  return JoinText("peer ", program.substr(0, 16));
}

absl::StatusOr<double> PeerCpuSeconds(const std::vector<std::string>& command,
                                      const std::string& log) {
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, log);
  if (!process.ok()) return process.status();
  const MeasuredProcess::Usage usage = process->Wait();
  if (usage.exit_code != 0) {
    return absl::InternalError(JoinText(command.back(), " failed:\n", FileText(log)));
  }
  return usage.user_s + usage.system_s;
}

}  // namespace mxsweep::bench
