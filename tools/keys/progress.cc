#include "tools/keys/progress.h"

#include <algorithm>

#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr double kFirstAfterS = 2;
constexpr double kTerminalIntervalS = 0.2;
constexpr double kLineIntervalS = 10;
constexpr double kLeastFraction = 0.005;

std::string Duration(double seconds) {
  return absl::FormatDuration(absl::Seconds(static_cast<int64_t>(seconds)));
}

}  // namespace

std::string RenderStage(std::string_view stage, double fraction, double elapsed_s) {
  fraction = std::clamp(fraction, 0.0, 1.0);
  std::string line =
      JoinText(stage, ": ", static_cast<int>(fraction * 100), " %, ", Duration(elapsed_s));
  if (fraction >= kLeastFraction && fraction < 1) {
    AppendText(&line, ", ", Duration(elapsed_s * (1 - fraction) / fraction), " to go");
  }
  return line;
}

void StageProgress::Begin(std::string_view stage) {
  End();
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  begun_ = Clock::now();
  last_shown_s_ = 0;
}

void StageProgress::Update(double fraction) {
  const std::lock_guard lock(mutex_);
  if (quiet_ || stage_.empty()) return;
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - begun_).count();
  const double interval_s = is_terminal_ ? kTerminalIntervalS : kLineIntervalS;
  if (elapsed_s < kFirstAfterS || elapsed_s - last_shown_s_ < interval_s) return;
  last_shown_s_ = elapsed_s;
  const std::string line = RenderStage(stage_, fraction, elapsed_s);
  std::fprintf(stream_, is_terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stream_);
  line_is_open_ = is_terminal_;
}

void StageProgress::End() {
  const std::lock_guard lock(mutex_);
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - begun_).count();
  if (!quiet_ && !stage_.empty() && elapsed_s >= kFirstAfterS) {
    std::fprintf(stream_, "%s%s: %.1f s\n", line_is_open_ ? "\r\033[K" : "", stage_.c_str(),
                 elapsed_s);
    std::fflush(stream_);
  }
  line_is_open_ = false;
  stage_.clear();
}

}  // namespace mxsweep::tools
