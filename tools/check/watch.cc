#include "tools/check/watch.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "tools/check/changes.h"

namespace mxsweep::tools {
namespace {

// What comes through the pipe: one of these, then the report for machines, this again, and the one
// for people; or the words of an error.
constexpr char kReports = 'R';
constexpr char kTrouble = 'E';
constexpr char kBetween = '\0';

std::string Packed(const absl::StatusOr<ReportPair>& reports) {
  if (!reports.ok()) return JoinText(std::string(1, kTrouble), MessageOf(reports.status()));
  return JoinText(std::string(1, kReports), reports->json, std::string(1, kBetween), reports->text);
}

absl::StatusOr<ReportPair> Unpacked(const std::string& text) {
  const size_t between = text.find(kBetween);
  if (text.empty()) return absl::InternalError("the check ended without a word");
  if (text.front() == kTrouble || between == std::string::npos) {
    return absl::UnavailableError(text.substr(1));
  }
  return ReportPair{.text = text.substr(between + 1), .json = text.substr(1, between - 1)};
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

std::string ReadAll(int fd) {
  std::string all;
  char bytes[64 * 1024];
  for (;;) {
    const ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;
    all.append(bytes, static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<ReportPair> InChildProcess(const std::function<absl::StatusOr<ReportPair>()>& ask) {
  int ends[2];
  if (pipe(ends) != 0) return absl::ErrnoToStatus(errno, "pipe");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    close(ends[0]);
    WriteAll(ends[1], Packed(ask()));
    _exit(0);
  }
  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return Unpacked(text);
}

std::string WatchPrinter::Next(const ReportPair& reports, absl::Time now) {
  const auto report = nlohmann::json::parse(reports.json, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> changes;
  const bool first = !before_.has_value();
  if (!first) changes = TellChanges(*before_, report);
  before_ = report;
  if (!first && changes.empty()) return "";
  const std::string at = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  if (json_) {
    return JoinText(nlohmann::json({{"at", at}, {"changes", changes}, {"report", report}}).dump(),
                    "\n");
  }
  if (first) return reports.text;
  std::string text = JoinText("\n", at, ": changed\n");
  for (const std::string& change : changes) AppendText(&text, "  ", change, "\n");
  return JoinText(text, "\n", reports.text);
}

}  // namespace mxsweep::tools
