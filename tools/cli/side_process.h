#ifndef MXSWEEP_TOOLS_CLI_SIDE_PROCESS_H_
#define MXSWEEP_TOOLS_CLI_SIDE_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace mxsweep::tools {

// A small process that is told how things stand, a line at a time, and does with it what a scan has
// given up the right to do (docs/security.md): write a file elsewhere, or answer connections. A
// hole in the scan's parsers then leads to nothing but lines of text in a pipe.
//
// It ends with this object, or with the process that made it.
class SideProcess {
 public:
  // Before there are threads: it is a fork. In it, `begin` is called once, whose error is returned
  // from here, and then `on_line` with the newest line whenever there is one. `name` is what ps
  // shows.
  static absl::StatusOr<std::unique_ptr<SideProcess>> Start(
      const std::string& name, std::function<absl::Status()> begin,
      std::function<void(std::string_view)> on_line);
  // Waits until it has dealt with the last line.
  ~SideProcess();
  SideProcess(const SideProcess&) = delete;
  SideProcess& operator=(const SideProcess&) = delete;

  // `line` is without its end; one longer than kMaxLineBytes is left out. Never waits: so is a line
  // for which the pipe has no room, since the next one is newer. False: the process is gone.
  bool Tell(std::string_view line);
  static constexpr size_t kMaxLineBytes = 4'000;

 private:
  SideProcess(int pipe, pid_t process) : pipe_(pipe), process_(process) {}

  int pipe_;
  pid_t process_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_SIDE_PROCESS_H_
