// `mxsweep cat`: the committed rows of one table of a scan directory, as NDJSON or CSV.
#ifndef MXSWEEP_OUTPUT_CAT_H_
#define MXSWEEP_OUTPUT_CAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/files/file_system.h"
#include "output/json_rows.h"

namespace mxsweep::output {

struct CatOptions {
  std::string table = "endpoints";  // A table's name.
  RowFormat format = RowFormat::kNdjson;
  std::vector<std::string> columns;  // Empty: all of them.
  std::optional<uint64_t> limit;     // At most so many rows.
};

// Writes the rows in the order in which they were committed. Works on a scan that is still running
// (what is committed so far) and on one that was killed. kInvalidArgument for an unknown table or
// column, kNotFound where there is no scan, kDataLoss for a damaged part, and the first error of
// `write`, which takes the text piece by piece.
absl::Status Cat(const std::string& directory, const CatOptions& options,
                 absl::FunctionRef<absl::Status(std::string_view)> write,
                 FileSystem* files = PosixFileSystem());

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_CAT_H_
