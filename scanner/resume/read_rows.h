#ifndef MXSWEEP_SCANNER_RESUME_READ_ROWS_H_
#define MXSWEEP_SCANNER_RESUME_READ_ROWS_H_

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "output/parquet/reader.h"
#include "output/scan_directory.h"
#include "output/tables/schema.h"

namespace mxsweep::scanner {

// Calls `visit` for each committed row of a table, in the order of commit, with these columns
// filled. Memory: those columns of a row group.
template <typename Row>
absl::Status ReadRows(const output::ScanDirectory& directory,
                      std::initializer_list<std::string_view> columns,
                      absl::FunctionRef<void(const Row&)> visit, output::FileSystem& files) {
  constexpr output::TableId kTable = output::Table<Row>::kId;
  std::vector<bool> chosen;
  output::Table<Row>::VisitColumns([&](const auto& column) {
    chosen.push_back(std::ranges::find(columns, column.name) != columns.end());
  });
  for (const output::PartInfo& part : directory.parts()) {
    if (part.table != kTable || part.rows == 0) continue;
    auto file = output::OpenPart(files, directory.directory(), part);
    if (!file.ok()) return file.status();
    const auto reader = output::ParquetReader::Open(*std::move(file), kTable);
    if (!reader.ok()) return reader.status();
    for (size_t group = 0; group < reader->row_group_count(); ++group) {
      absl::Status status = reader->ReadRowGroup(group, chosen, [&](const Row& row) {
        visit(row);
        return true;
      });
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESUME_READ_ROWS_H_
