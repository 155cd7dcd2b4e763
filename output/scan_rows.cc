#include "output/scan_rows.h"

#include <optional>

#include "output/parquet/reader.h"
#include "output/tables/schema.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::output {

template <typename Row>
absl::Status ForEachRow(const ScanDirectory& scan, const std::vector<std::string>& columns,
                        absl::FunctionRef<absl::Status(const Row&)> take) {
  constexpr TableId kTable = Table<Row>::kId;
  const TableSchema& schema = SchemaOf(kTable);
  std::vector<bool> wanted(schema.columns.size());
  for (const std::string& column : columns) {
    const std::optional<size_t> index = schema.FindColumn(column);
    MXSWEEP_CHECK(index.has_value());
    wanted[*index] = true;
  }
  for (const PartInfo& part : scan.parts()) {
    if (part.table != kTable) continue;
    absl::Status status;
    auto file = OpenPart(*PosixFileSystem(), scan.directory(), part);
    if (!file.ok()) return file.status();
    const auto reader = ParquetReader::Open(*std::move(file), kTable);
    status = reader.status();
    for (size_t group = 0; status.ok() && group < reader->row_group_count(); ++group) {
      absl::Status taken;
      status = reader->ReadRowGroup(group, wanted, [&](const Row& row) {
        taken = take(row);
        return taken.ok();
      });
      status.Update(taken);
    }
    if (!status.ok()) {
      return absl::Status(status.code(),
                          JoinText(scan.PathOf(part), ": ", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

template absl::Status ForEachRow(const ScanDirectory&, const std::vector<std::string>&,
                                 absl::FunctionRef<absl::Status(const DomainRow&)>);
template absl::Status ForEachRow(const ScanDirectory&, const std::vector<std::string>&,
                                 absl::FunctionRef<absl::Status(const MxHostRow&)>);
template absl::Status ForEachRow(const ScanDirectory&, const std::vector<std::string>&,
                                 absl::FunctionRef<absl::Status(const EndpointRow&)>);
template absl::Status ForEachRow(const ScanDirectory&, const std::vector<std::string>&,
                                 absl::FunctionRef<absl::Status(const ProbeRow&)>);
template absl::Status ForEachRow(const ScanDirectory&, const std::vector<std::string>&,
                                 absl::FunctionRef<absl::Status(const CertificateRow&)>);

}  // namespace mxsweep::output
