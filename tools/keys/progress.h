#ifndef MXSWEEP_TOOLS_KEYS_PROGRESS_H_
#define MXSWEEP_TOOLS_KEYS_PROGRESS_H_

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace mxsweep::tools {

// "comparing moduli: 42 %, 3m10s, 4m30s to go", without a line end. `fraction` is 0 to 1; before
// there is anything to go by nothing is said of what is to go.
std::string RenderStage(std::string_view stage, double fraction, double elapsed_s);

// Says on a stream how far each stage of a long run is: on a terminal in one line that is written
// anew, else in a line now and then, and how long each took. What is done within two seconds is
// never spoken of.
// Thread-safe.
class StageProgress {
 public:
  // Borrows the stream.
  StageProgress(std::FILE* stream, bool is_terminal, bool quiet)
      : stream_(stream), is_terminal_(is_terminal), quiet_(quiet) {}
  ~StageProgress() { End(); }

  void Begin(std::string_view stage);
  // Of the stage, 0 to 1.
  void Update(double fraction);
  void End();

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* stream_;
  const bool is_terminal_;
  const bool quiet_;
  std::mutex mutex_;
  std::string stage_;
  Clock::time_point begun_;
  double last_shown_s_ = 0;
  bool line_is_open_ = false;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_PROGRESS_H_
