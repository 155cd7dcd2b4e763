// What a running scan shows on stderr. Pure text: no clock, no
// terminal queries; what is needed is passed in.
#ifndef MXSWEEP_SCANNER_PROGRESS_H_
#define MXSWEEP_SCANNER_PROGRESS_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {

enum class ProgressMode : uint8_t {
  kAuto,   // kBar on a terminal, kPlain otherwise
  kBar,    // one line that is rewritten
  kPlain,  // a line every few seconds
  kJson,   // an object a line
  kNone,
};
// "auto", "bar", "plain", "json", "none". The error names what is allowed.
absl::StatusOr<ProgressMode> ParseProgressMode(std::string_view word);
std::string_view ProgressModeWord(ProgressMode mode);

// How long a scan still takes: between these, as far as can be told (scanner/time_left).
struct TimeLeft {
  double at_least_s = 0;
  std::optional<double> at_most_s;  // nothing: nobody knows
};

// Where a scan is between its start and its end.
enum class ProgressState : uint8_t {
  kRunning,
  kStopping,  // no target is started any more: what is under way is finished
  // It has ended; these are told once.
  kComplete,
  kStopped,
  kFailed,
};
std::string_view ProgressStateWord(ProgressState state);

// The state of a scan at one moment. Totals are since the start.
struct ProgressSnapshot {
  absl::Time at;  // by the clock on the wall
  double elapsed_s = 0;
  TargetsKind targets = TargetsKind::kDomains;  // what is counted as targets
  uint64_t targets_done = 0;
  uint64_t targets_started = 0;
  // How many there are: known once the list was read to its end, else estimated from the share of
  // the file that was read, else nothing.
  std::optional<uint64_t> targets_total;
  bool total_is_estimate = false;
  uint64_t hosts_done = 0;
  uint64_t endpoints_done = 0;
  uint64_t in_flight = 0;                 // open connections and those being opened
  uint64_t queued = 0;                    // waiting at the gate
  uint64_t waiting = 0;                   // of those, in a crowd: for an address that is busy
  uint64_t waiting_addresses = 0;         // for so many
  uint64_t largest_crowd = 0;             // the most that wait for one address
  std::string largest_crowds;             // the largest: "192.0.2.7 (9,000), 192.0.2.8 (400)"
  std::optional<double> patience_left_s;  // only crowds are left: the scan goes on as long as that
  // Endpoints with outcome tls_ok.
  uint64_t tls_ok = 0;
  // Recent rates.
  double targets_per_s = 0;
  double connections_per_s = 0;
  double lag_ms = 0;  // event loop, worst worker, recent
  uint64_t retries = 0;
  uint64_t throttled = 0;  // 421 answers
  uint64_t rows_committed = 0;
  std::optional<TimeLeft> time_left;  // nothing: too little is known
  ProgressState state = ProgressState::kRunning;
};

// One line without line end: at most `columns` characters, whatever the figures.
std::string RenderBar(const ProgressSnapshot& snapshot, int columns, bool colour);
std::string RenderPlain(const ProgressSnapshot& snapshot);
// The keys of docs/operating.md; null: not known.
std::string RenderJson(const ProgressSnapshot& snapshot);

// Writes snapshots to a stream in one of the modes. Thread-compatible.
class ProgressWriter {
 public:
  struct Options {
    ProgressMode mode = ProgressMode::kAuto;
    bool is_terminal = false;  // of the stream
    bool colour = true;        // if it is a terminal (NO_COLOR is for the caller to heed)
    int columns = 80;
    double bar_interval_s = 0.2;
    double line_interval_s = 5;  // kPlain
    double json_interval_s = 1;
  };

  // Borrows `stream`, which must outlive the writer; never closes it.
  ProgressWriter(std::FILE* stream, const Options& options);

  // Shows `snapshot` if enough of its elapsed_s has passed since the last one shown. Call as often
  // as you like.
  void Update(const ProgressSnapshot& snapshot);
  // Shows the last one in any case (but no line twice), and ends the line.
  void Finish(const ProgressSnapshot& snapshot);
  // Shows `snapshot` now, as a line of its own, because somebody asked: in modes kBar and kNone as
  // kPlain would.
  void Tell(const ProgressSnapshot& snapshot);
  // Removes the bar, so that something else can be printed on this line; it comes back with the
  // next Update.
  void Clear();

  ProgressMode mode() const { return options_.mode; }
  // How often Update has something to do, in seconds; 0: never.
  double interval_s() const;

 private:
  void Show(const ProgressSnapshot& snapshot);

  std::FILE* stream_;
  Options options_;
  bool shown_ = false;
  bool bar_on_screen_ = false;
  double last_shown_s_ = 0;
  std::string last_line_;  // not of kBar
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PROGRESS_H_
