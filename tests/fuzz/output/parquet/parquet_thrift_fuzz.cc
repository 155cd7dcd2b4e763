// Everything of a Parquet file that is Thrift or levels, from hostile bytes, without the file
// around it: footer, page header, page index, Bloom filter, RLE runs. What parses must survive
// being written and parsed again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "output/manifest.h"
#include "output/parquet/bloom_filter.h"
#include "output/parquet/metadata.h"
#include "output/parquet/rle_bit_packing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::output;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto metadata = ParseFileMetadata(bytes); metadata.ok()) {
    const auto again = ParseFileMetadata(SerializeFileMetadata(*metadata));
    if (again.ok() && again->row_groups.size() != metadata->row_groups.size()) std::abort();
  }
  size_t header_bytes = 0;
  if (const auto header = ParsePageHeader(bytes, header_bytes); header.ok()) {
    if (header_bytes > size) std::abort();
    const auto again = ParsePageHeader(SerializePageHeader(*header), header_bytes);
    if (!again.ok() || again->crc != header->crc) std::abort();
  }
  ParsePageIndex(bytes, {}).status().IgnoreError();
  ParsePageIndex(bytes, bytes).status().IgnoreError();
  ParsePageIndex(bytes.substr(0, size / 2), bytes.substr(size / 2)).status().IgnoreError();
  BloomFilter::Parse(bytes).status().IgnoreError();
  ParseManifest(bytes).status().IgnoreError();
  if (size > 1) {
    std::vector<uint32_t> values(data[0]);
    DecodeRleBitPacked(bytes.substr(2), data[1] % 40, std::span(values));
    std::vector<uint8_t> levels(data[0]);
    DecodeRleBitPacked(bytes.substr(2), data[1] % 10, std::span(levels));
  }
  return 0;
}
