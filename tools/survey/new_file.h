#ifndef MXSWEEP_TOOLS_SURVEY_NEW_FILE_H_
#define MXSWEEP_TOOLS_SURVEY_NEW_FILE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/files/file_system.h"

namespace mxsweep::tools {

// A file that is there whole or not at all: written beside its place under a hidden name, and put
// there by Finish. What is not finished is removed. What is there and no file (/dev/stdout, a pipe)
// is written to as it is.
class NewFile {
 public:
  // Errors as of FileSystem::Create; kInvalidArgument where the path ends in no name.
  static absl::StatusOr<std::unique_ptr<NewFile>> Create(
      const std::string& path, output::FileSystem* files = output::PosixFileSystem());
  ~NewFile();

  // Buffers; so an error may come later.
  absl::Status Append(std::string_view text);
  // Replaces what is at the path.
  absl::Status Finish();

 private:
  NewFile(output::FileSystem& files, std::string folder, std::string name)
      : files_(files), folder_(std::move(folder)), name_(std::move(name)) {}
  std::string hidden() const;
  absl::Status WriteThrough();

  output::FileSystem& files_;
  std::string folder_;
  std::string name_;
  std::unique_ptr<output::WritableFile> file_;
  int through_ = -1;  // what is no file
  std::string buffer_;
  bool finished_ = false;
};

// Writes all of a file, or leaves what is there.
absl::Status WriteWholeFile(const std::string& path, std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SURVEY_NEW_FILE_H_
