// Deliveries of which a log has no line of TLS: were they in clear, or does the log not tell?
//
// A log that never has such a line does not tell. One that has may have stopped: its setting was
// changed. So a log's deliveries without TLS are looked at in runs, from one line of TLS to the
// next. Where in a run come, one after the other, five providers that are encrypted at other times
// (or all there are, for an hour or longer), it is not known whether the log fell silent or all
// encryption stopped. Shorter runs were in clear.
#ifndef MXSWEEP_TOOLS_DASHBOARD_SILENCE_H_
#define MXSWEEP_TOOLS_DASHBOARD_SILENCE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "tools/explain/ledger.h"
#include "tools/explain/lines/delivery.h"

namespace mxsweep::tools {

// Whose log it is.
struct LogKey {
  LogWriter writer = LogWriter::kPostfixClient;
  Flow flow = Flow::kOutbound;
  std::string machine;

  friend auto operator<=>(const LogKey&, const LogKey&) = default;
};

// A delivery without a line of TLS.
struct SilentDelivery {
  Flow flow = Flow::kOutbound;
  uint32_t place = 0;     // the caller's
  uint32_t provider = 0;  // likewise
  std::optional<int64_t> time_s;
  uint64_t count = 1;
};

// Deliveries of which a log does not tell.
struct DarkStretch {
  LogKey log;
  bool always = false;  // the log never has a line of TLS
  Span span;
  uint64_t count = 0;
};

class SilenceJudge {
 public:
  // Told of each delivery whether it was in clear; else it is not known. Those of one hour and
  // place are one, of the first one's time.
  using Settle =
      absl::AnyInvocable<void(const LogKey& log, const SilentDelivery& delivery, bool is_clear)>;

  explicit SilenceJudge(Settle settle) : settle_(std::move(settle)) {}

  // In the order of the log: an encrypted delivery, and one of which it says nothing.
  void AddEncrypted(const LogKey& log, uint32_t provider);
  void AddSilent(const LogKey& log, const SilentDelivery& delivery);
  // An input ends: what comes next is of another time.
  void EndInput();
  // Settles what is left. Memory until then: the runs that may be dark.
  std::vector<DarkStretch> Finish();

 private:
  static constexpr size_t kProvidersOfDark = 5;
  static constexpr int64_t kSecondsOfDark = 3600;

  struct Run {
    absl::flat_hash_map<std::pair<uint32_t, int64_t>, SilentDelivery> deliveries;  // place, hour
    Span span;

    bool is_long() const;
  };
  struct Log {
    std::set<uint32_t> encrypted;  // providers
    Run run;
    std::vector<Run> held;
  };
  // Whether the deliveries may turn out to be of a log that does not tell.
  static bool MayBeDark(const Log& log, const Run& run);
  static bool IsDark(const Log& log, const Run& run);
  void EndRun(const LogKey& key, Log* log);

  Settle settle_;
  std::map<LogKey, Log> logs_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_SILENCE_H_
