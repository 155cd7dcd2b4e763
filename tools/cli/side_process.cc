#include "tools/cli/side_process.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// A pipe takes so much at once or nothing of it.
static_assert(SideProcess::kMaxLineBytes < PIPE_BUF);

struct Pipe {
  int read_end = -1;
  int write_end = -1;

  static absl::StatusOr<Pipe> Make() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
    return Pipe{ends[0], ends[1]};
  }
};

// Some bytes; empty: the other end is closed.
std::string ReadSome(int fd) {
  char bytes[PIPE_BUF];
  ssize_t got = 0;
  do {
    got = read(fd, bytes, sizeof(bytes));
  } while (got < 0 && errno == EINTR);
  return {bytes, got > 0 ? static_cast<size_t>(got) : 0};
}

std::string ReadAll(int fd) {
  std::string all;
  for (std::string some = ReadSome(fd); !some.empty(); some = ReadSome(fd)) all += some;
  return all;
}

// The last whole line of `text`, which is cut down to what comes after it; empty: there is none.
std::string TakeLastLine(std::string* text) {
  const size_t end = text->rfind('\n');
  if (end == std::string::npos) return "";
  const size_t before = end == 0 ? std::string::npos : text->rfind('\n', end - 1);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  std::string line = text->substr(begin, end - begin);
  text->erase(0, end + 1);
  return line;
}

// Of all that this process has inherited, it keeps standard descriptors and these two: another
// side's pipe, held open here, would keep that side from ever seeing its end.
void CloseOthers(int kept, int also_kept) {
  // (By value: of two arguments std::minmax returns references, here to what is gone.)
  const auto [first, second] =
      std::minmax({static_cast<unsigned>(kept), static_cast<unsigned>(also_kept)});
  if (first > STDERR_FILENO + 1) close_range(STDERR_FILENO + 1, first - 1, 0);
  if (second > first + 1) close_range(first + 1, second - 1, 0);
  close_range(second + 1, ~0U, 0);
}

[[noreturn]] void Serve(int lines, const std::function<void(std::string_view)>& on_line) {
  std::string text;
  for (;;) {
    const std::string some = ReadSome(lines);
    if (some.empty()) _exit(0);
    text += some;
    if (const std::string line = TakeLastLine(&text); !line.empty()) on_line(line);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<SideProcess>> SideProcess::Start(
    const std::string& name, std::function<absl::Status()> begin,
    std::function<void(std::string_view)> on_line) {
  const absl::StatusOr<Pipe> lines = Pipe::Make();
  if (!lines.ok()) return lines.status();
  const absl::StatusOr<Pipe> trouble = Pipe::Make();
  if (!trouble.ok()) return trouble.status();
  const pid_t process = fork();
  if (process < 0) return absl::ErrnoToStatus(errno, "fork");
  if (process == 0) {
    CloseOthers(lines->read_end, trouble->write_end);
    // Who stops the scan (Ctrl-C goes to both) wants to read how it ended.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) std::signal(signal, SIG_IGN);
    prctl(PR_SET_NAME, name.c_str());
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (const absl::Status status = begin(); !status.ok()) {
      const std::string message(MessageOf(status));
      _exit(write(trouble->write_end, message.data(), message.size()) < 0 ? 2 : 1);
    }
    close(trouble->write_end);
    Serve(lines->read_end, on_line);
  }
  close(lines->read_end);
  close(trouble->write_end);
  fcntl(lines->write_end, F_SETFL, O_NONBLOCK);
  std::unique_ptr<SideProcess> side(new SideProcess(lines->write_end, process));
  const std::string message = ReadAll(trouble->read_end);
  close(trouble->read_end);
  if (!message.empty()) return InvalidArgument(message);
  return side;
}

SideProcess::~SideProcess() {
  close(pipe_);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool SideProcess::Tell(std::string_view line) {
  if (line.size() > kMaxLineBytes) return true;
  const std::string with_end = JoinText(line, "\n");
  return write(pipe_, with_end.data(), with_end.size()) >= 0 || errno == EAGAIN || errno == EINTR;
}

}  // namespace mxsweep::tools
