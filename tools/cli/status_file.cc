#include "tools/cli/status_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// 0, or an errno value.
int ReplaceFile(const std::string& path, std::string_view line) {
  const std::string next = path + ".new";
  std::FILE* file = std::fopen(next.c_str(), "we");
  if (file == nullptr) return errno;
  const std::string text = JoinText(line, "\n");
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  if (!whole || !closed) return errno != 0 ? errno : EIO;
  return std::rename(next.c_str(), path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SideProcess>> StartStatusFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return InvalidArgument(JoinText("--status-file ", path, " is there, and is no file"));
  }
  return SideProcess::Start(
      "mxsweep-status",
      [path] {
        const int error = ReplaceFile(path, "{}");
        if (error == 0) return absl::OkStatus();
        return InvalidArgument(
            JoinText("--status-file ", path, " can't be written: ", std::strerror(error)));
      },
      // A full disk may have room again later.
      [path](std::string_view line) { ReplaceFile(path, line); });
}

}  // namespace mxsweep::tools
