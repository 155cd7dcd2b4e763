// A whole Parquet file from hostile bytes, read as each of the tables. A corpus file is a small
// file of the writer's; CRCs are checked first, so most mutations of pages end there: the second
// half of the target gives the bytes to the decoder with the checksum made right.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "output/parquet/column_chunk_decoder.h"
#include "output/parquet/metadata.h"
#include "output/parquet/reader.h"

namespace mxsweep::output {
namespace {

constexpr ReaderLimits kLimits{
    .memory_bytes = 32u << 20, .page_bytes = 1u << 20, .chunk_values = 1u << 16};

template <typename Row>
void ReadAs(std::string_view bytes) {
  auto reader = ParquetReader::Open(FileFromBytes(bytes), Table<Row>::kId, kLimits);
  if (!reader.ok()) return;
  for (size_t group = 0; group < reader->row_group_count() && group < 4; ++group) {
    reader->ReadRowGroup(group, {}, [](const Row&) { return true; }).IgnoreError();
    for (size_t leaf = 0; leaf < reader->metadata().row_groups[group].columns.size(); ++leaf) {
      reader->ReadPageIndex(group, leaf).status().IgnoreError();
      reader->ReadBloomFilter(group, leaf).status().IgnoreError();
    }
  }
}

// The bytes as the one data page of a leaf of a table, in the encoding that the first byte chooses.
void DecodeAsPage(std::string_view bytes) {
  if (bytes.size() < 4) return;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const TableSchema& schema = SchemaOf(static_cast<TableId>(byte(0) % 4));
  const LeafSpec& leaf = schema.leaves[byte(1) % schema.leaves.size()];
  const int32_t count = byte(2);
  const std::string_view content = bytes.substr(3);
  // A zstd frame of one raw block: header with a 4-byte content size, block header, content.
  std::string frame("\x28\xb5\x2f\xfd\xa0", 5);
  const auto append = [&](uint32_t value, int width) {
    for (int i = 0; i < width; ++i) frame.push_back(static_cast<char>(value >> (8 * i)));
  };
  if (content.size() > 100'000) return;
  append(static_cast<uint32_t>(content.size()), 4);
  append(static_cast<uint32_t>(content.size()) << 3 | 1, 3);
  frame.append(content);
  PageHeader header{
      .uncompressed_bytes = static_cast<int32_t>(content.size()),
      .compressed_bytes = static_cast<int32_t>(frame.size()),
      .crc = static_cast<uint32_t>(
          crc32(0, reinterpret_cast<const Bytef*>(frame.data()), static_cast<uInt>(frame.size()))),
      .value_count = count};
  const ColumnChunkMetadata metadata{.physical = leaf.physical, .value_count = count};
  const std::string chunk = SerializePageHeader(header) + frame;
  MemoryBudget budget(kLimits.memory_bytes);
  DecodeColumnChunk(leaf, metadata, byte(2), chunk, kLimits, budget).status().IgnoreError();
}

}  // namespace
}  // namespace mxsweep::output

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::output;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAs<DomainRow>(bytes);
  ReadAs<MxHostRow>(bytes);
  ReadAs<EndpointRow>(bytes);
  ReadAs<ProbeRow>(bytes);
  ReadAs<CertificateRow>(bytes);
  ReadAs<WeakKeyRow>(bytes);
  DecodeAsPage(bytes);
  return 0;
}
