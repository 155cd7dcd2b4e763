#ifndef MXSWEEP_OUTPUT_SCAN_ROWS_H_
#define MXSWEEP_OUTPUT_SCAN_ROWS_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

// All of the table's, for ForEachRow.
template <typename Row>
std::vector<std::string> AllColumns() {
  std::vector<std::string> names;
  Table<Row>::VisitColumns([&](const auto& column) { names.emplace_back(column.name); });
  return names;
}

// Calls `take` for each committed row of a scan's table, in the order of commit; only `columns` are
// filled. Memory: one row group of those columns. Stops at the first error, which names the part.
// REQUIRES: the table has such columns.
template <typename Row>
absl::Status ForEachRow(const ScanDirectory& scan, const std::vector<std::string>& columns,
                        absl::FunctionRef<absl::Status(const Row&)> take);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_SCAN_ROWS_H_
