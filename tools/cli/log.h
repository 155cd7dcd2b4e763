#ifndef MXSWEEP_TOOLS_CLI_LOG_H_
#define MXSWEEP_TOOLS_CLI_LOG_H_

#include <functional>
#include <memory>
#include <string_view>

#include "scanner/log_level.h"

namespace spdlog {
class logger;
}

namespace mxsweep::tools {

// Lines for whoever runs the program, on standard error. As they are: whoever keeps them (a
// terminal, systemd's journal) has a clock. With LogLevel::kDebug each has its time and level in
// front, since then it matters which came when. Thread-compatible.
class Log {
 public:
  // What matters less than `least` is left out. `make_room` is called before each line: a progress
  // line may have to be taken away.
  Log(scanner::LogLevel least, std::function<void()> make_room);
  ~Log();

  void Say(scanner::LogLevel level, std::string_view line);

 private:
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_LOG_H_
