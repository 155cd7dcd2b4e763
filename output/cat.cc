#include "output/cat.h"

#include <utility>

#include "output/parquet/reader.h"
#include "output/scan_directory.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr size_t kFlushBytes = 64u << 10;

// Writes rows until the limit is reached or there is an error.
class RowPrinter {
 public:
  RowPrinter(const RowFormatter& formatter, const CatOptions& options,
             absl::FunctionRef<absl::Status(std::string_view)> write)
      : formatter_(formatter), limit_(options.limit), write_(write) {
    formatter.AppendHeader(buffer_);
  }

  // False when no more rows are wanted.
  template <typename Row>
  bool Print(const Row& row) {
    if (done()) return false;
    formatter_.AppendRow(row, buffer_);
    ++printed_;
    if (buffer_.size() >= kFlushBytes) Flush();
    return !done();
  }

  void Flush() {
    if (status_.ok()) status_ = write_(buffer_);
    buffer_.clear();
  }

  bool done() const { return !status_.ok() || (limit_ && printed_ >= *limit_); }
  const absl::Status& status() const { return status_; }

 private:
  const RowFormatter& formatter_;
  const std::optional<uint64_t> limit_;
  const absl::FunctionRef<absl::Status(std::string_view)> write_;
  absl::Status status_;
  std::string buffer_;
  uint64_t printed_ = 0;
};

template <typename Row>
absl::Status PrintPart(const ParquetReader& reader, const std::vector<bool>& columns,
                       RowPrinter& printer) {
  for (size_t group = 0; group < reader.row_group_count() && !printer.done(); ++group) {
    absl::Status status =
        reader.ReadRowGroup(group, columns, [&](const Row& row) { return printer.Print(row); });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PrintPart(const ParquetReader& reader, const RowFormatter& formatter,
                       RowPrinter& printer) {
  const std::vector<bool>& columns = formatter.shown();
  switch (formatter.table()) {
    case TableId::kDomains:
      return PrintPart<DomainRow>(reader, columns, printer);
    case TableId::kMxHosts:
      return PrintPart<MxHostRow>(reader, columns, printer);
    case TableId::kEndpoints:
      return PrintPart<EndpointRow>(reader, columns, printer);
    case TableId::kProbes:
      return PrintPart<ProbeRow>(reader, columns, printer);
    case TableId::kCertificates:
      return PrintPart<CertificateRow>(reader, columns, printer);
    case TableId::kWeakKeys:
      break;  // of no scan
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Cat(const std::string& directory, const CatOptions& options,
                 absl::FunctionRef<absl::Status(std::string_view)> write, FileSystem* files) {
  const auto table = TableFromName(options.table);
  if (!table.ok()) return table.status();
  const auto formatter = RowFormatter::Create(*table, options.format, options.columns);
  if (!formatter.ok()) return formatter.status();
  const auto scan = ScanDirectory::Open(directory, files);
  if (!scan.ok()) return scan.status();

  RowPrinter printer(*formatter, options, write);
  for (const PartInfo& part : scan->parts()) {
    if (part.table != *table) continue;
    if (printer.done()) break;
    auto file = OpenPart(*files, directory, part);
    if (!file.ok()) return file.status();
    const auto reader = ParquetReader::Open(*std::move(file), *table);
    absl::Status status = reader.ok() ? PrintPart(*reader, *formatter, printer) : reader.status();
    if (!status.ok()) {
      return absl::Status(status.code(),
                          JoinText(scan->PathOf(part), ": ", std::string(status.message())));
    }
  }
  printer.Flush();
  return printer.status();
}

}  // namespace mxsweep::output
