#include "tools/survey/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kFlushBytes = 1u << 20;

}  // namespace

std::string NewFile::hidden() const {
  return JoinText(folder_, "/.", name_, ".", getpid(), ".tmp");
}

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Create(const std::string& path,
                                                         output::FileSystem* files) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return InvalidArgument(JoinText("\"", path, "\" names no file"));
  }
  std::unique_ptr<NewFile> made(new NewFile(*files, folder, name));
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    made->through_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (made->through_ >= 0) return made;
    return absl::ErrnoToStatus(errno, JoinText("cannot write ", path));
  }
  files->Remove(made->hidden()).IgnoreError();
  auto file = files->Create(made->hidden());
  if (!file.ok()) return file.status();
  made->file_ = *std::move(file);
  return made;
}

NewFile::~NewFile() {
  if (through_ >= 0) close(through_);
  if (!finished_ && file_ != nullptr) {
    file_.reset();
    files_.Remove(hidden()).IgnoreError();
  }
}

absl::Status NewFile::Append(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() < kFlushBytes) return absl::OkStatus();
  if (through_ >= 0) return WriteThrough();
  absl::Status status = file_->Append(buffer_);
  buffer_.clear();
  return status;
}

absl::Status NewFile::WriteThrough() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = write(through_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, JoinText("cannot write to ", name_));
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status NewFile::Finish() {
  if (through_ >= 0) return WriteThrough();
  absl::Status status = file_->Append(buffer_);
  if (status.ok()) status = file_->Sync();
  if (status.ok()) status = file_->Close();
  if (status.ok()) status = files_.Rename(hidden(), JoinText(folder_, "/", name_));
  if (!status.ok()) return status;
  finished_ = true;
  return files_.SyncDirectory(folder_);
}

absl::Status WriteWholeFile(const std::string& path, std::string_view text) {
  auto file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Append(text);
  return status.ok() ? (*file)->Finish() : status;
}

}  // namespace mxsweep::tools
