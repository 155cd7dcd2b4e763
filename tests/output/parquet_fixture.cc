// parquet_fixture: a synthetic scan directory for the tests with independent readers.
//
//   parquet_fixture DIR             writes the directory: every table several row groups and pages
//   parquet_fixture --cat DIR TABLE [csv]   prints a table as `mxsweep cat` does
//   parquet_fixture --columns-md    prints docs/columns.md
//   parquet_fixture --corpus tests/corpus   makes the seeds of the fuzz targets anew
#include <iostream>
#include <string>
#include <string_view>

#include "output/cat.h"
#include "output/column_docs.h"
#include "output/parquet/reader.h"
#include "output/parquet/writer.h"
#include "output/scan_directory.h"
#include "tests/output/random_rows.h"

namespace mxsweep::output {
namespace {

constexpr uint64_t kSeed = 20260131;
constexpr int kEpochs = 2;
constexpr uint32_t kRowsPerEpoch = 5'000;

int Fail(const absl::Status& status) {
  std::cerr << "parquet_fixture: " << status.message() << "\n";
  return 1;
}

// Sorted where a scan would be clustered, so that row groups can be told apart by their statistics.
std::string SortedName(int epoch, uint32_t i) {
  std::string number = std::to_string(epoch * kRowsPerEpoch + i);
  return "host" + std::string(6 - number.size(), '0') + number + ".example";
}

absl::Status AddRows(int epoch, RandomRows& rows, ScanWriter& writer) {
  for (uint32_t i = 0; i < kRowsPerEpoch; ++i) {
    const std::string name = SortedName(epoch, i);
    auto certificate = rows.Next<CertificateRow>();
    certificate.sha256 = name;
    auto endpoint = rows.Next<EndpointRow>();
    endpoint.host = name;
    auto probe = rows.Next<ProbeRow>();
    probe.host = name;
    auto host = rows.Next<MxHostRow>();
    host.host = name;
    auto domain = rows.Next<DomainRow>();
    domain.domain = name;
    absl::Status status = writer.Add(std::move(certificate));
    if (status.ok()) status = writer.Add(std::move(probe));
    if (status.ok()) status = writer.Add(std::move(endpoint));
    if (status.ok()) status = writer.Add(std::move(host));
    if (status.ok()) status = writer.Add(std::move(domain));
    if (!status.ok()) return status;
  }
  return writer.CommitEpoch();
}

int Write(const std::string& directory) {
  ScanWriterOptions options;
  options.scan_id = "fixture";
  // Small, so that little data has many row groups, pages and abandoned dictionaries.
  options.parquet.row_group_rows = 1'500;
  options.parquet.page_rows = 400;
  options.parquet.page_bytes = 64u << 10;
  options.parquet.dictionary_bytes = 16u << 10;
  auto writer = ScanWriter::Create(directory, {{"purpose", "fixture"}}, options);
  if (!writer.ok()) return Fail(writer.status());
  RandomRows rows(kSeed);
  rows.set_huge_every(2'000);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    if (absl::Status status = AddRows(epoch, rows, **writer); !status.ok()) return Fail(status);
  }
  absl::Status status = (*writer)->Finish(ScanState::kComplete, {{"purpose", "fixture"}});
  return status.ok() ? 0 : Fail(status);
}

absl::Status WriteSeed(const std::string& path, std::string_view bytes) {
  return WriteFileAtomically(*PosixFileSystem(), path, bytes);
}

// A small file of the table, and its pieces one by one.
template <typename Row>
absl::Status WriteSeeds(const std::string& corpus) {
  FileSystem& files = *PosixFileSystem();
  const std::string name(Table<Row>::kName);
  const std::string path = corpus + "/parquet_file/" + name + ".parquet";
  files.Remove(path).IgnoreError();
  auto stream = files.Create(path);
  if (!stream.ok()) return stream.status();
  ParquetWriter writer(SchemaOf(Table<Row>::kId), {}, *std::move(stream));
  RandomRows rows(kSeed);
  absl::Status status;
  for (int i = 0; i < 4 && status.ok(); ++i) status = writer.Add(rows.Next<Row>());
  if (status.ok()) status = writer.Finish();
  if (!status.ok()) return status;

  auto file = files.Open(path);
  if (!file.ok()) return file.status();
  const auto reader = ParquetReader::Open(*std::move(file), Table<Row>::kId);
  const auto bytes = ReadWholeFile(files, path, 1u << 20);
  if (!reader.ok() || !bytes.ok()) return reader.status();
  const ColumnChunkMetadata& chunk = reader->metadata().row_groups[0].columns[0];
  const auto piece = [&](const char* what, int64_t offset, int64_t size) {
    const auto part = bytes->substr(static_cast<size_t>(offset), static_cast<size_t>(size));
    status.Update(WriteSeed(corpus + "/parquet_thrift/" + name + "_" + what, part));
  };
  piece("page", chunk.start_offset(), chunk.compressed_bytes);
  piece("bloom", *chunk.bloom_filter_offset, chunk.bloom_filter_bytes);
  piece("column_index", *chunk.column_index_offset, chunk.column_index_bytes);
  piece("offset_index", *chunk.offset_index_offset, chunk.offset_index_bytes);
  status.Update(WriteSeed(corpus + "/parquet_thrift/" + name + "_footer",
                          SerializeFileMetadata(reader->metadata())));
  return status;
}

int WriteCorpus(const std::string& corpus) {
  absl::Status status;
  VisitTables(
      [&]<typename Row>(std::type_identity<Row>) { status.Update(WriteSeeds<Row>(corpus)); });
  return status.ok() ? 0 : Fail(status);
}

int Print(const std::string& directory, const std::string& table, bool csv) {
  CatOptions options;
  options.table = table;
  options.format = csv ? RowFormat::kCsv : RowFormat::kNdjson;
  absl::Status status = Cat(directory, options, [](std::string_view text) {
    std::cout << text;
    return std::cout ? absl::OkStatus() : absl::InternalError("cannot write");
  });
  return status.ok() ? 0 : Fail(status);
}

}  // namespace
}  // namespace mxsweep::output

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (argc == 2 && first == "--columns-md") {
    std::cout << mxsweep::output::ColumnDocs();
    return 0;
  }
  if ((argc == 4 || argc == 5) && first == "--cat") {
    return mxsweep::output::Print(argv[2], argv[3], argc == 5);
  }
  if (argc == 3 && first == "--corpus") return mxsweep::output::WriteCorpus(argv[2]);
  if (argc == 2 && !first.starts_with("-")) return mxsweep::output::Write(argv[1]);
  std::cerr << "usage: parquet_fixture DIR | --cat DIR TABLE [csv] | --columns-md | --corpus DIR\n";
  return 2;
}
