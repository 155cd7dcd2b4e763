#include "scanner/progress.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "scanner/base/text.h"
#include "scanner/record/scan_summary.h"
#include "scanner/time_left.h"

namespace mxsweep::scanner {
namespace {

constexpr std::pair<std::string_view, ProgressMode> kModeWords[] = {
    {"auto", ProgressMode::kAuto}, {"bar", ProgressMode::kBar},   {"plain", ProgressMode::kPlain},
    {"json", ProgressMode::kJson}, {"none", ProgressMode::kNone},
};

constexpr int kMinBarColumns = 8;
constexpr int kMaxBarColumns = 24;
constexpr int kBarMargin = 3;  // brackets and a space
constexpr int kMinColumnsForBar = 60;
// A lag that the user should know of.
constexpr double kNotableLagMs = 25;

constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kReset = "\x1b[0m";

// A part of the line. What comes first is most worth showing.
struct Segment {
  std::string text;
  std::string_view colour;
};

// The share done, if the total is known: 0 to 1.
std::optional<double> DoneShare(const ProgressSnapshot& snapshot) {
  if (!snapshot.targets_total.has_value()) return std::nullopt;
  if (*snapshot.targets_total == 0) return 1;
  return std::min(1.0, static_cast<double>(snapshot.targets_done) /
                           static_cast<double>(*snapshot.targets_total));
}

std::string FormatPercent(double share) {
  return absl::StrFormat("%.0f%%", std::floor(share * 100));
}

std::string FormatRate(double per_s) {
  if (!(per_s > 0)) return "0/s";
  if (per_s < 10) return absl::StrFormat("%.1f/s", per_s);
  return JoinText(FormatCount(static_cast<uint64_t>(std::min(per_s, 1e15))), "/s");
}

std::string TargetsText(const ProgressSnapshot& snapshot) {
  std::string text = FormatCount(snapshot.targets_done);
  if (snapshot.targets_total.has_value()) {
    AppendText(&text, snapshot.total_is_estimate ? "/~" : "/",
               FormatCount(*snapshot.targets_total));
  }
  return text;
}

std::string TlsShareText(const ProgressSnapshot& snapshot) {
  return absl::StrFormat("TLS %.1f%%", 100.0 * static_cast<double>(snapshot.tls_ok) /
                                           static_cast<double>(snapshot.endpoints_done));
}

std::vector<Segment> BarSegments(const ProgressSnapshot& snapshot) {
  std::vector<Segment> segments;
  if (snapshot.state != ProgressState::kRunning) {
    segments.push_back({std::string(ProgressStateWord(snapshot.state)), kYellow});
  }
  if (const auto share = DoneShare(snapshot)) segments.push_back({FormatPercent(*share), {}});
  segments.push_back({TargetsText(snapshot), {}});
  segments.push_back({FormatRate(snapshot.targets_per_s), {}});
  if (snapshot.time_left) {
    segments.push_back({JoinText("ETA ", FormatTimeLeft(*snapshot.time_left)), {}});
  } else {
    segments.push_back({FormatDuration(snapshot.elapsed_s), {}});
  }
  segments.push_back({JoinText(FormatCount(snapshot.in_flight), " open"), {}});
  if (snapshot.patience_left_s) {
    segments.push_back({JoinText(FormatCount(snapshot.waiting), " wait for ",
                                 FormatCount(snapshot.waiting_addresses), " addresses, ",
                                 FormatDuration(*snapshot.patience_left_s), " more at most"),
                        kYellow});
  }
  if (snapshot.lag_ms >= kNotableLagMs) {
    segments.push_back({absl::StrFormat("lag %.0f ms", snapshot.lag_ms), kYellow});
  }
  if (snapshot.endpoints_done > 0) segments.push_back({TlsShareText(snapshot), {}});
  if (snapshot.throttled > 0) {
    segments.push_back({JoinText(FormatCount(snapshot.throttled), " throttled"), kYellow});
  }
  return segments;
}

std::string Coloured(std::string_view text, std::string_view colour, bool use) {
  if (!use || colour.empty()) return std::string(text);
  return JoinText(colour, text, kReset);
}

}  // namespace

absl::StatusOr<ProgressMode> ParseProgressMode(std::string_view word) {
  std::string words;
  for (const auto& [known, mode] : kModeWords) {
    if (known == word) return mode;
    AppendText(&words, words.empty() ? "" : ", ", known);
  }
  return absl::InvalidArgumentError(JoinText("\"", word, "\" is none of ", words));
}

std::string_view ProgressModeWord(ProgressMode mode) {
  for (const auto& [word, known] : kModeWords) {
    if (known == mode) return word;
  }
  return "";
}

std::string_view ProgressStateWord(ProgressState state) {
  switch (state) {
    case ProgressState::kRunning:
      return "running";
    case ProgressState::kStopping:
      return "stopping";
    case ProgressState::kComplete:
      return "complete";
    case ProgressState::kStopped:
      return "stopped";
    case ProgressState::kFailed:
      return "failed";
  }
  return "";
}

std::string RenderBar(const ProgressSnapshot& snapshot, int columns, bool colour) {
  const std::optional<double> share = DoneShare(snapshot);
  // On a line of usual width the least important figures make room for the bar.
  const bool reserve = share.has_value() && columns >= kMinColumnsForBar;
  const int text_columns = reserve ? columns - kMinBarColumns - kBarMargin : columns;
  std::string line;
  int used = 0;
  for (const Segment& segment : BarSegments(snapshot)) {
    const int width = static_cast<int>(segment.text.size()) + (used > 0 ? 2 : 0);
    if (used + width > text_columns) break;
    AppendText(&line, used > 0 ? "  " : "", Coloured(segment.text, segment.colour, colour));
    used += width;
  }
  const int bar_columns = std::min(kMaxBarColumns, columns - used - kBarMargin);
  if (!share.has_value() || bar_columns < kMinBarColumns) return line;
  const int filled = static_cast<int>(std::floor(*share * bar_columns));
  const std::string done(static_cast<size_t>(filled), '=');
  const std::string left(static_cast<size_t>(bar_columns - filled), ' ');
  return JoinText("[", Coloured(done, kGreen, colour && filled > 0), left, "] ", line);
}

std::string RenderPlain(const ProgressSnapshot& snapshot) {
  std::string line = JoinText(FormatDuration(snapshot.elapsed_s), ": ", TargetsText(snapshot), " ",
                              TargetsWord(snapshot.targets));
  if (const auto share = DoneShare(snapshot)) {
    AppendText(&line, " (", FormatPercent(*share), ")");
  }
  AppendText(&line, ", ", FormatRate(snapshot.targets_per_s), ", ");
  if (snapshot.targets == TargetsKind::kDomains) {
    AppendText(&line, FormatCount(snapshot.hosts_done), " hosts, ");
  }
  AppendText(&line, FormatCount(snapshot.endpoints_done), " endpoints");
  if (snapshot.endpoints_done > 0) AppendText(&line, ", ", TlsShareText(snapshot));
  AppendText(&line, ", ", FormatCount(snapshot.in_flight), " open, ", FormatCount(snapshot.queued),
             " queued");
  if (snapshot.waiting > 0) {
    AppendText(&line, " (", FormatCount(snapshot.waiting), " for ",
               FormatCount(snapshot.waiting_addresses), " busy addresses",
               snapshot.largest_crowds.empty() ? "" : ": ", snapshot.largest_crowds, ")");
  }
  if (snapshot.patience_left_s) {
    AppendText(&line, ", only crowds are left: ", FormatDuration(*snapshot.patience_left_s),
               " more at most");
  }
  if (snapshot.retries > 0) AppendText(&line, ", ", FormatCount(snapshot.retries), " retries");
  if (snapshot.throttled > 0) {
    AppendText(&line, ", ", FormatCount(snapshot.throttled), " throttled");
  }
  if (snapshot.lag_ms >= kNotableLagMs) {
    AppendText(&line, absl::StrFormat(", lag %.0f ms", snapshot.lag_ms));
  }
  if (snapshot.time_left) AppendText(&line, ", ETA ", FormatTimeLeft(*snapshot.time_left));
  if (snapshot.state != ProgressState::kRunning) {
    AppendText(&line, ", ", ProgressStateWord(snapshot.state));
  }
  return line;
}

std::string RenderJson(const ProgressSnapshot& snapshot) {
  nlohmann::ordered_json object;
  object["at"] = absl::FormatTime(absl::RFC3339_sec, snapshot.at, absl::UTCTimeZone());
  object["state"] = ProgressStateWord(snapshot.state);
  object["elapsed_s"] = snapshot.elapsed_s;
  object["targets"] = TargetsWord(snapshot.targets);
  object["targets_done"] = snapshot.targets_done;
  object["targets_started"] = snapshot.targets_started;
  object["targets_total"] = nullptr;
  if (snapshot.targets_total.has_value()) object["targets_total"] = *snapshot.targets_total;
  object["total_is_estimate"] = snapshot.total_is_estimate;
  object["hosts_done"] = snapshot.hosts_done;
  object["endpoints_done"] = snapshot.endpoints_done;
  object["tls_ok"] = snapshot.tls_ok;
  object["in_flight"] = snapshot.in_flight;
  object["queued"] = snapshot.queued;
  object["waiting"] = snapshot.waiting;
  object["waiting_addresses"] = snapshot.waiting_addresses;
  object["largest_crowd"] = snapshot.largest_crowd;
  object["patience_left_s"] = nullptr;
  if (snapshot.patience_left_s) object["patience_left_s"] = *snapshot.patience_left_s;
  object["targets_per_s"] = snapshot.targets_per_s;
  object["connections_per_s"] = snapshot.connections_per_s;
  object["lag_ms"] = snapshot.lag_ms;
  object["retries"] = snapshot.retries;
  object["throttled"] = snapshot.throttled;
  object["rows_committed"] = snapshot.rows_committed;
  object["eta_at_least_s"] = nullptr;
  object["eta_at_most_s"] = nullptr;
  if (snapshot.time_left) {
    object["eta_at_least_s"] = snapshot.time_left->at_least_s;
    if (snapshot.time_left->at_most_s) object["eta_at_most_s"] = *snapshot.time_left->at_most_s;
  }
  return object.dump();
}

ProgressWriter::ProgressWriter(std::FILE* stream, const Options& options)
    : stream_(stream), options_(options) {
  if (options_.mode == ProgressMode::kAuto) {
    options_.mode = options_.is_terminal ? ProgressMode::kBar : ProgressMode::kPlain;
  }
}

double ProgressWriter::interval_s() const {
  switch (options_.mode) {
    case ProgressMode::kNone:
      return 0;
    case ProgressMode::kBar:
      return options_.bar_interval_s;
    case ProgressMode::kJson:
      return options_.json_interval_s;
    default:
      return options_.line_interval_s;
  }
}

void ProgressWriter::Update(const ProgressSnapshot& snapshot) {
  if (options_.mode == ProgressMode::kNone) return;
  if (shown_ && snapshot.elapsed_s < last_shown_s_ + interval_s()) return;
  Show(snapshot);
}

void ProgressWriter::Finish(const ProgressSnapshot& snapshot) {
  if (options_.mode == ProgressMode::kNone) return;
  Show(snapshot);
  if (bar_on_screen_) std::fputc('\n', stream_);
  bar_on_screen_ = false;
  std::fflush(stream_);
}

void ProgressWriter::Tell(const ProgressSnapshot& snapshot) {
  Clear();
  const std::string line =
      options_.mode == ProgressMode::kJson ? RenderJson(snapshot) : RenderPlain(snapshot);
  std::fprintf(stream_, "%s\n", line.c_str());
  std::fflush(stream_);
}

void ProgressWriter::Clear() {
  if (!bar_on_screen_) return;
  std::fprintf(stream_, "\r%*s\r", options_.columns - 1, "");
  std::fflush(stream_);
  bar_on_screen_ = false;
}

void ProgressWriter::Show(const ProgressSnapshot& snapshot) {
  shown_ = true;
  last_shown_s_ = snapshot.elapsed_s;
  if (options_.mode != ProgressMode::kBar) {
    std::string line =
        options_.mode == ProgressMode::kJson ? RenderJson(snapshot) : RenderPlain(snapshot);
    if (line == last_line_) return;
    last_line_ = std::move(line);
    std::fprintf(stream_, "%s\n", last_line_.c_str());
    std::fflush(stream_);
    return;
  }
  // The last column stays free: writing into it makes some terminals wrap.
  const int columns = std::max(1, options_.columns - 1);
  const bool colour = options_.colour && options_.is_terminal;
  const std::string visible = RenderBar(snapshot, columns, false);
  const std::string line = colour ? RenderBar(snapshot, columns, true) : visible;
  // Blanks wipe out what is left of a longer line before.
  std::fprintf(stream_, "\r%s%*s", line.c_str(), columns - static_cast<int>(visible.size()), "");
  std::fflush(stream_);
  bar_on_screen_ = true;
}

}  // namespace mxsweep::scanner
