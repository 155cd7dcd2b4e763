// Programs that the test runs: to their end (RunCommand, RunCommands) or as long as it needs them
// (ChildProcess). Neither needs a shell. Not thread-safe.
#ifndef MXSWEEP_TESTS_INTEROP_CHILD_PROCESS_H_
#define MXSWEEP_TESTS_INTEROP_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace mxsweep::interop {

using Arguments = std::vector<std::string>;

struct ProcessOptions {
  std::string folder = "/";
  std::vector<std::string> environment;  // "NAME=value", added to this process's
};

// A program in the background: leader of a process group, killed with it when this object is
// destroyed, and by the kernel should the test die first.
class ChildProcess {
 public:
  // Standard input is empty, output and errors go to the file `log`. `name` is for messages.
  static absl::StatusOr<ChildProcess> Start(std::string name, const Arguments& arguments,
                                            std::string log, const ProcessOptions& options = {});
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // SIGTERM, and SIGKILL to the group when it has not ended in a while

  // Waits until something listens on TCP `address`:`port`; an error, with the end of the log, if
  // the process ends or the time is over.
  absl::Status AwaitListening(const std::string& address, uint16_t port, absl::Duration timeout);
  std::string LogTail() const;

 private:
  ChildProcess(std::string name, std::string log, pid_t pid);
  bool HasEnded();

  std::string name_;
  std::string log_;
  pid_t pid_;  // -1 once it has ended or was moved from
};

struct CommandResult {
  int exit_code = -1;  // -1: it was killed, by itself or because the time was over
  std::string output;  // standard output and errors
};

CommandResult RunCommand(const Arguments& arguments, const ProcessOptions& options = {},
                         absl::Duration timeout = absl::Seconds(30));

struct Command {
  Arguments arguments;
  ProcessOptions options;
};

// Runs all of them, `at_once` at a time, and returns their results in the same order. Each may take
// as long as `timeout`.
std::vector<CommandResult> RunCommands(const std::vector<Command>& commands, size_t at_once,
                                       absl::Duration timeout);

// Standard output and errors of a command that must succeed; else an error that shows them.
absl::StatusOr<std::string> RunSuccessfully(const Arguments& arguments,
                                            const ProcessOptions& options = {},
                                            absl::Duration timeout = absl::Seconds(30));

absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::Status WriteFile(const std::string& path, const std::string& content);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_CHILD_PROCESS_H_
