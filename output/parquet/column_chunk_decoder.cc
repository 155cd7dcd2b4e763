#include "output/parquet/column_chunk_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "output/parquet/rle_bit_packing.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

// A vector that grows has up to twice the room that it fills.
constexpr uint64_t kGrowth = 2;

class ChunkDecoder {
 public:
  ChunkDecoder(const LeafSpec& leaf, const ColumnChunkMetadata& metadata, std::string_view bytes,
               const ReaderLimits& limits, MemoryBudget& budget)
      : leaf_(leaf), metadata_(metadata), rest_(bytes), limits_(limits), budget_(budget) {}

  absl::StatusOr<DecodedColumn> Decode(uint64_t row_count) {
    const auto expected = static_cast<uint64_t>(metadata_.value_count);
    if (metadata_.value_count < 0 || expected > limits_.chunk_values) {
      return Damaged("too many values");
    }
    if (metadata_.dictionary_page_offset) {
      if (absl::Status status = ReadDictionaryPage(); !status.ok()) return status;
    }
    while (column_.entry_count < expected) {
      if (absl::Status status = ReadDataPage(expected - column_.entry_count); !status.ok()) {
        return status;
      }
    }
    if (!rest_.empty()) return Damaged("bytes after the last page");
    if (absl::Status status = CheckLevels(row_count); !status.ok()) return status;
    return std::move(column_);
  }

 private:
  absl::Status Damaged(std::string_view what) const {
    std::string path;
    for (const std::string& name : leaf_.path) AppendText(&path, path.empty() ? "" : ".", name);
    return absl::DataLossError(JoinText("column ", path, ": ", what));
  }

  absl::Status TooMuchMemory() const { return Damaged("the row group takes too much memory"); }

  // Takes the next page off rest_; its uncompressed content lives in column_.pages.
  absl::StatusOr<PageHeader> NextPage(std::string_view& content) {
    size_t header_bytes = 0;
    auto header = ParsePageHeader(rest_, header_bytes);
    if (!header.ok()) return header.status();
    rest_.remove_prefix(header_bytes);
    const auto compressed_bytes = static_cast<size_t>(header->compressed_bytes);
    const auto uncompressed_bytes = static_cast<size_t>(header->uncompressed_bytes);
    if (compressed_bytes > rest_.size()) return Damaged("a page ends beyond the chunk");
    if (uncompressed_bytes > limits_.page_bytes) return Damaged("a page is too large");
    const std::string_view compressed = rest_.substr(0, compressed_bytes);
    rest_.remove_prefix(compressed_bytes);
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(compressed.data()),
                           static_cast<uInt>(compressed.size()));
    if (static_cast<uint32_t>(crc) != header->crc) return Damaged("a page has a wrong checksum");
    if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != uncompressed_bytes) {
      return Damaged("a page has a wrong size");
    }
    if (!budget_.Take(uncompressed_bytes)) return TooMuchMemory();
    std::string& page = column_.pages.emplace_back(uncompressed_bytes, '\0');
    const size_t got =
        ZSTD_decompress(page.data(), page.size(), compressed.data(), compressed.size());
    if (ZSTD_isError(got) || got != uncompressed_bytes) {
      return Damaged("a page cannot be decompressed");
    }
    content = page;
    return header;
  }

  absl::Status ReadDictionaryPage() {
    std::string_view content;
    const auto header = NextPage(content);
    if (!header.ok()) return header.status();
    const auto count = static_cast<uint64_t>(header->value_count);
    if (!budget_.Take(count * ValueBytes())) return TooMuchMemory();
    if (header->type != PageType::kDictionary || header->encoding != Encoding::kPlain ||
        leaf_.physical == PhysicalType::kBoolean || count > limits_.chunk_values ||
        !ReadPlain(content, count, dictionary_integers_, dictionary_strings_) || !content.empty()) {
      return Damaged("malformed dictionary page");
    }
    DropUnusedPage();
    return absl::OkStatus();
  }

  absl::Status ReadDataPage(uint64_t max_entries) {
    std::string_view content;
    const auto header = NextPage(content);
    if (!header.ok()) return header.status();
    const auto entries = static_cast<uint64_t>(header->value_count);
    if (header->type != PageType::kData || entries == 0 || entries > max_entries) {
      return Damaged("malformed data page");
    }
    size_t values = entries;
    const uint64_t levels = (leaf_.max_repetition > 0 ? 1 : 0) + (leaf_.max_definition > 0 ? 1 : 0);
    if (!budget_.Take(entries * levels * kGrowth)) return TooMuchMemory();
    if (!ReadLevels(content, leaf_.max_repetition, entries, column_.repetitions) ||
        !ReadLevels(content, leaf_.max_definition, entries, column_.definitions)) {
      return Damaged("malformed levels");
    }
    if (leaf_.max_definition > 0) {
      values = static_cast<size_t>(
          std::count(column_.definitions.end() - static_cast<ptrdiff_t>(entries),
                     column_.definitions.end(), leaf_.max_definition));
    }
    const bool indices = header->encoding == Encoding::kRleDictionary;
    if (!budget_.Take(values * (ValueBytes() + (indices ? sizeof(uint32_t) : 0)))) {
      return TooMuchMemory();
    }
    const bool ok =
        indices ? ReadIndices(content, values)
                : ReadPlain(content, values, column_.integers, column_.strings) && content.empty();
    if (!ok) return Damaged("malformed values");
    column_.entry_count += entries;
    // Indices point at the dictionary, integers are copied.
    if (indices) {
      DropPage();
    } else {
      DropUnusedPage();
    }
    return absl::OkStatus();
  }

  // Only strings point into the page they came from.
  void DropUnusedPage() {
    if (leaf_.physical != PhysicalType::kByteArray) DropPage();
  }
  void DropPage() {
    budget_.Return(column_.pages.back().size());
    column_.pages.pop_back();
  }

  uint64_t ValueBytes() const {
    const bool bytes = leaf_.physical == PhysicalType::kByteArray;
    return kGrowth * (bytes ? sizeof(std::string_view) : sizeof(uint64_t));
  }

  static bool ReadLevels(std::string_view& content, uint8_t max_level, size_t count,
                         std::vector<uint8_t>& levels) {
    if (max_level == 0) return true;
    uint32_t length = 0;
    if (content.size() < sizeof(length)) return false;
    std::memcpy(&length, content.data(), sizeof(length));
    content.remove_prefix(sizeof(length));
    if (length > content.size()) return false;
    const size_t start = levels.size();
    levels.resize(start + count);
    const std::span<uint8_t> added(levels.data() + start, count);
    if (!DecodeRleBitPacked(content.substr(0, length), BitWidth(max_level), added)) return false;
    content.remove_prefix(length);
    return std::all_of(added.begin(), added.end(),
                       [&](uint8_t level) { return level <= max_level; });
  }

  bool ReadIndices(std::string_view content, size_t count) {
    if (content.empty()) return false;
    const int width = static_cast<uint8_t>(content[0]);
    indices_.resize(count);
    if (!DecodeRleBitPacked(content.substr(1), width, std::span(indices_))) return false;
    const bool bytes = leaf_.physical == PhysicalType::kByteArray;
    const size_t size = bytes ? dictionary_strings_.size() : dictionary_integers_.size();
    for (const uint32_t index : indices_) {
      if (index >= size) return false;
      if (bytes) {
        column_.strings.push_back(dictionary_strings_[index]);
      } else {
        column_.integers.push_back(dictionary_integers_[index]);
      }
    }
    return true;
  }

  // Takes `count` PLAIN values off `content`.
  bool ReadPlain(std::string_view& content, size_t count, std::vector<uint64_t>& integers,
                 std::vector<std::string_view>& strings) const {
    switch (leaf_.physical) {
      case PhysicalType::kBoolean:
        return ReadPlainBits(content, count, integers);
      case PhysicalType::kInt32:
        return ReadPlainIntegers<uint32_t>(content, count, integers);
      case PhysicalType::kInt64:
        return ReadPlainIntegers<uint64_t>(content, count, integers);
      case PhysicalType::kByteArray:
        return ReadPlainStrings(content, count, strings);
    }
    return false;
  }

  static bool ReadPlainBits(std::string_view& content, size_t count,
                            std::vector<uint64_t>& integers) {
    if ((count + 7) / 8 > content.size()) return false;
    for (size_t i = 0; i < count; ++i) {
      integers.push_back((static_cast<uint8_t>(content[i / 8]) >> (i % 8)) & 1);
    }
    content.remove_prefix((count + 7) / 8);
    return true;
  }

  template <typename T>
  static bool ReadPlainIntegers(std::string_view& content, size_t count,
                                std::vector<uint64_t>& integers) {
    if (count > content.size() / sizeof(T)) return false;
    for (size_t i = 0; i < count; ++i) {
      T value;
      std::memcpy(&value, content.data() + i * sizeof(T), sizeof(T));
      integers.push_back(value);
    }
    content.remove_prefix(count * sizeof(T));
    return true;
  }

  static bool ReadPlainStrings(std::string_view& content, size_t count,
                               std::vector<std::string_view>& strings) {
    for (size_t i = 0; i < count; ++i) {
      uint32_t length = 0;
      if (content.size() < sizeof(length)) return false;
      std::memcpy(&length, content.data(), sizeof(length));
      content.remove_prefix(sizeof(length));
      if (length > content.size()) return false;
      strings.push_back(content.substr(0, length));
      content.remove_prefix(length);
    }
    return true;
  }

  // Every row begins somewhere, and only a list element continues one.
  absl::Status CheckLevels(uint64_t row_count) const {
    uint64_t rows = column_.entry_count;
    if (leaf_.max_repetition > 0) {
      const auto& repetitions = column_.repetitions;
      rows = static_cast<uint64_t>(std::count(repetitions.begin(), repetitions.end(), 0));
      if (!repetitions.empty() && repetitions[0] != 0) return Damaged("it begins inside a row");
    }
    if (rows != row_count) return Damaged("its rows are not those of the row group");
    return absl::OkStatus();
  }

  const LeafSpec& leaf_;
  const ColumnChunkMetadata& metadata_;
  std::string_view rest_;
  const ReaderLimits& limits_;
  MemoryBudget& budget_;
  std::vector<uint64_t> dictionary_integers_;
  std::vector<std::string_view> dictionary_strings_;
  std::vector<uint32_t> indices_;
  DecodedColumn column_;
};

}  // namespace

absl::StatusOr<DecodedColumn> DecodeColumnChunk(const LeafSpec& leaf,
                                                const ColumnChunkMetadata& metadata,
                                                uint64_t row_count, std::string_view bytes,
                                                const ReaderLimits& limits, MemoryBudget& budget) {
  return ChunkDecoder(leaf, metadata, bytes, limits, budget).Decode(row_count);
}

}  // namespace mxsweep::output
