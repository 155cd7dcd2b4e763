#include "tools/cli/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"

namespace mxsweep::tools {
namespace {

absl::Status ErrorOfOutput(int error) {
  const std::string message = JoinText("cannot write to standard output: ", std::strerror(error));
  switch (error) {
    case EPIPE:
      return absl::UnavailableError(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::InternalError(message);
  }
}

// False, and nothing said, where nobody was there to read.
bool Complain(const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status)) return false;
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return true;
}

}  // namespace

void OpenStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free descriptor is this one. It is opened the wrong way round: whoever uses it is
    // told so.
    const int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != fd) close(opened);
  }
}

absl::Status WriteStandardOutput(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrorOfOutput(errno);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

int Print(std::string_view text, int exit_code) {
  return Complain(WriteStandardOutput(text)) ? kExitFailed : exit_code;
}

int CloseStandardOutput(int exit_code) {
  if (std::fclose(stdout) == 0) return exit_code;
  return Complain(ErrorOfOutput(errno)) && exit_code == kExitDone ? kExitFailed : exit_code;
}

}  // namespace mxsweep::tools
