#include "output/column_chunk_encoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "output/bloom_filter.h"
#include "output/bounds.h"
#include "output/rle_bit_packing.h"
#include "output/text.h"

namespace mxsweep::output {

class ColumnChunkEncoder::Zstd {
 public:
  explicit Zstd(int level) : level_(level), context_(ZSTD_createCCtx()) {}
  ~Zstd() { ZSTD_freeCCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  // The result is valid until the next call.
  absl::StatusOr<std::string_view> Compress(std::string_view bytes) {
    out_.resize(std::max(out_.size(), ZSTD_compressBound(bytes.size())));
    const size_t size =
        ZSTD_compressCCtx(context_, out_.data(), out_.size(), bytes.data(), bytes.size(), level_);
    if (ZSTD_isError(size)) {
      return absl::InternalError(JoinText("zstd: ", ZSTD_getErrorName(size)));
    }
    return std::string_view(out_).substr(0, size);
  }

 private:
  int level_;
  ZSTD_CCtx* context_;
  std::string out_;
};

namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie");

template <typename T>
void AppendLittleEndian(T value, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void AppendLevels(std::span<const uint8_t> levels, uint8_t max_level, std::string& out) {
  const size_t start = out.size();
  out.append(4, '\0');
  EncodeRleBitPacked(levels, BitWidth(max_level), out);
  const auto length = static_cast<uint32_t>(out.size() - start - 4);
  std::memcpy(out.data() + start, &length, 4);
}

// Orders integers by their logical type: timestamps are signed, all others are not.
struct Order {
  bool is_signed;
  bool Less(uint64_t a, uint64_t b) const {
    return is_signed ? static_cast<int64_t>(a) < static_cast<int64_t>(b) : a < b;
  }
  bool Less(std::string_view a, std::string_view b) const { return a < b; }
};

template <typename T>
struct Range {
  T min;
  T max;
};

// Encodes one chunk whose values are of type T.
template <typename T, typename Compressor>
class ChunkEncoder {
 public:
  ChunkEncoder(const ColumnBuffer& buffer, const ValueStore<T>& values,
               const ParquetOptions& options, Compressor& zstd, int64_t file_offset)
      : buffer_(buffer),
        leaf_(buffer.leaf()),
        values_(values),
        // A dictionary of nothing would be a page that some readers trip over.
        dictionary_(values.uses_dictionary() && values.size() > 0),
        options_(options),
        zstd_(zstd),
        file_offset_(file_offset),
        order_{leaf_.logical == LogicalType::kTimestampMicros},
        entry_count_(buffer.entry_count()) {
    if (dictionary_) page_of_entry_.resize(values.entries().size(), 0);
  }

  absl::StatusOr<EncodedChunk> Encode() {
    ColumnChunkMetadata& chunk = result_.metadata;
    chunk.physical = leaf_.physical;
    chunk.dictionary = dictionary_;
    chunk.path = leaf_.path;
    chunk.value_count = static_cast<int64_t>(entry_count_);
    chunk.statistics.null_count = chunk.value_count - static_cast<int64_t>(values_.size());
    if (dictionary_) {
      if (absl::Status status = AddDictionaryPage(); !status.ok()) return status;
    }
    chunk.data_page_offset = Position();
    while (next_entry_ < entry_count_) {
      if (absl::Status status = AddDataPage(); !status.ok()) return status;
    }
    chunk.compressed_bytes = static_cast<int64_t>(result_.bytes.size());
    chunk.data_page_count = static_cast<int32_t>(result_.pages.size());
    if (leaf_.min_max) AddStatistics();
    if (leaf_.bloom_filter && values_.size() > 0) AddBloomFilter();
    return std::move(result_);
  }

 private:
  // A page: entries and values from the next ones on, of whole rows.
  struct Extent {
    size_t entries = 0;
    size_t values = 0;
    size_t rows = 0;
  };

  int64_t Position() const { return file_offset_ + static_cast<int64_t>(result_.bytes.size()); }

  size_t ValueBytes(size_t i) const { return dictionary_ ? 4 : values_.PlainBytes(values_[i]); }

  // The row that begins at the given entry and value, and its size in the page (at most).
  size_t MeasureRow(size_t entry, size_t value, Extent& row) const {
    const auto definitions = buffer_.definitions();
    const auto repetitions = buffer_.repetitions();
    size_t bytes = 0;
    do {
      if (definitions.empty() || definitions[entry + row.entries] == leaf_.max_definition) {
        bytes += ValueBytes(value + row.values);
        ++row.values;
      }
      ++row.entries;
      bytes += definitions.empty() ? 0 : 1;
    } while (!repetitions.empty() && entry + row.entries < entry_count_ &&
             repetitions[entry + row.entries] != 0);
    row.rows = 1;
    return bytes;
  }

  // Two lengths, a width, the headers of the last runs.
  static constexpr size_t kLevelLengths = 64;

  // A full page of a column without lists whose values are so small that only rows count.
  bool OnlyRowsCount() const {
    if (leaf_.max_repetition > 0) return false;
    if (!dictionary_ && leaf_.physical == PhysicalType::kByteArray) return false;
    constexpr size_t kMostBytes = sizeof(uint64_t) + 1;
    return options_.page_rows * kMostBytes + kLevelLengths <= options_.page_bytes;
  }

  Extent MeasurePage() const {
    if (OnlyRowsCount()) {
      const size_t rows = std::min<size_t>(options_.page_rows, entry_count_ - next_entry_);
      size_t values = rows;
      if (leaf_.max_definition > 0) {
        const auto definitions = buffer_.definitions().subspan(next_entry_, rows);
        values = static_cast<size_t>(
            std::count(definitions.begin(), definitions.end(), leaf_.max_definition));
      }
      return {.entries = rows, .values = values, .rows = rows};
    }
    Extent page;
    size_t page_bytes = kLevelLengths;
    while (next_entry_ + page.entries < entry_count_ && page.rows < options_.page_rows) {
      Extent row;
      page_bytes += MeasureRow(next_entry_ + page.entries, next_value_ + page.values, row);
      if (page.rows > 0 && page_bytes > options_.page_bytes) break;
      page.entries += row.entries;
      page.values += row.values;
      page.rows += 1;
    }
    return page;
  }

  absl::Status AddDictionaryPage() {
    scratch_.clear();
    const Sequence<T>& entries = values_.entries();
    for (size_t i = 0; i < entries.size(); ++i) AppendPlain(entries[i]);
    result_.metadata.dictionary_page_offset = Position();
    return AddPage({.type = PageType::kDictionary,
                    .value_count = static_cast<int32_t>(entries.size()),
                    .encoding = Encoding::kPlain});
  }

  absl::Status AddDataPage() {
    const Extent page = MeasurePage();
    scratch_.clear();
    if (leaf_.max_repetition > 0) {
      AppendLevels(buffer_.repetitions().subspan(next_entry_, page.entries), leaf_.max_repetition,
                   scratch_);
    }
    if (leaf_.max_definition > 0) {
      AppendLevels(buffer_.definitions().subspan(next_entry_, page.entries), leaf_.max_definition,
                   scratch_);
    }
    AppendValues(page);
    PageIndexEntry entry{.offset = Position(),
                         .first_row = next_row_,
                         .null_count = static_cast<int64_t>(page.entries - page.values),
                         .all_null = page.values == 0};
    absl::Status status =
        AddPage({.type = PageType::kData,
                 .value_count = static_cast<int32_t>(page.entries),
                 .encoding = dictionary_ ? Encoding::kRleDictionary : Encoding::kPlain});
    if (!status.ok()) return status;
    entry.bytes = static_cast<int32_t>(Position() - entry.offset);
    if (leaf_.min_max && page.values > 0) AddBounds(PageRange(page), entry);
    result_.pages.push_back(std::move(entry));
    next_entry_ += page.entries;
    next_value_ += page.values;
    next_row_ += static_cast<int64_t>(page.rows);
    return absl::OkStatus();
  }

  void AppendPlain(uint64_t value) {
    if (leaf_.physical == PhysicalType::kInt32) {
      AppendLittleEndian(static_cast<uint32_t>(value), scratch_);
    } else {
      AppendLittleEndian(value, scratch_);
    }
  }
  void AppendPlain(std::string_view value) {
    AppendLittleEndian(static_cast<uint32_t>(value.size()), scratch_);
    scratch_.append(value);
  }

  void AppendValues(const Extent& page) {
    if (dictionary_) {
      const int width = std::max(1, BitWidth(values_.entries().size() - 1));
      scratch_.push_back(static_cast<char>(width));
      EncodeRleBitPacked(values_.indices().subspan(next_value_, page.values), width, scratch_);
      return;
    }
    if (leaf_.physical == PhysicalType::kBoolean) {
      std::vector<uint8_t> bits(page.values);
      for (size_t i = 0; i < page.values; ++i) bits[i] = values_[next_value_ + i] == T{} ? 0 : 1;
      EncodeBits(bits, scratch_);
      return;
    }
    for (size_t i = 0; i < page.values; ++i) AppendPlain(values_[next_value_ + i]);
  }

  // Compresses scratch_ and appends header and content.
  absl::Status AddPage(PageHeader header) {
    const absl::StatusOr<std::string_view> compressed = zstd_.Compress(scratch_);
    if (!compressed.ok()) return compressed.status();
    header.uncompressed_bytes = static_cast<int32_t>(scratch_.size());
    header.compressed_bytes = static_cast<int32_t>(compressed->size());
    header.crc = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(compressed->data()),
                                             static_cast<uInt>(compressed->size())));
    const std::string header_bytes = SerializePageHeader(header);
    result_.bytes.append(header_bytes);
    result_.bytes.append(*compressed);
    result_.metadata.uncompressed_bytes +=
        static_cast<int64_t>(header_bytes.size() + scratch_.size());
    return absl::OkStatus();
  }

  // Least and greatest value of the page, each dictionary entry looked at once.
  Range<T> PageRange(const Extent& page) {
    Range<T> range{values_[next_value_], values_[next_value_]};
    const auto widen = [&](T value) {
      if (order_.Less(value, range.min)) range.min = value;
      if (order_.Less(range.max, value)) range.max = value;
    };
    const auto page_number = static_cast<uint32_t>(result_.pages.size() + 1);
    for (size_t i = next_value_; i < next_value_ + page.values; ++i) {
      if (dictionary_) {
        uint32_t& seen = page_of_entry_[values_.indices()[i]];
        if (seen == page_number) continue;
        seen = page_number;
      }
      widen(values_[i]);
    }
    return range;
  }

  // The bounds of a page for the column index, and what is needed of them for the whole chunk.
  void AddBounds(const Range<T>& range, PageIndexEntry& entry) {
    entry.min_value = Lower(range.min).value;
    entry.max_value = Upper(range.max).value;
    if (!range_) range_ = range;
    if (order_.Less(range.min, range_->min)) range_->min = range.min;
    if (order_.Less(range_->max, range.max)) range_->max = range.max;
    if (last_page_) {
      ascending_ &=
          !order_.Less(range.min, last_page_->min) && !order_.Less(range.max, last_page_->max);
      descending_ &=
          !order_.Less(last_page_->min, range.min) && !order_.Less(last_page_->max, range.max);
    }
    last_page_ = range;
  }

  Bound Lower(std::string_view value) const { return LowerBound(value, kMaxBoundBytes); }
  Bound Upper(std::string_view value) const { return UpperBound(value, kMaxBoundBytes); }
  Bound Lower(uint64_t value) const { return {PlainInteger(value)}; }
  Bound Upper(uint64_t value) const { return {PlainInteger(value)}; }

  std::string PlainInteger(uint64_t value) const {
    const size_t bytes = leaf_.physical == PhysicalType::kBoolean ? 1
                         : leaf_.physical == PhysicalType::kInt32 ? 4
                                                                  : 8;
    std::string plain;
    AppendLittleEndian(value, plain);
    plain.resize(bytes);
    return plain;
  }

  void AddStatistics() {
    result_.has_column_index = true;
    // Truncation keeps the order, so what holds for the values holds for their bounds.
    if (ascending_) {
      result_.order = BoundaryOrder::kAscending;
    } else if (descending_) {
      result_.order = BoundaryOrder::kDescending;
    }
    if (!range_) return;
    const Bound lower = Lower(range_->min);
    const Bound upper = Upper(range_->max);
    Statistics& statistics = result_.metadata.statistics;
    statistics.min_value = lower.value;
    statistics.min_exact = lower.exact;
    statistics.max_value = upper.value;
    statistics.max_exact = upper.exact;
  }

  void AddBloomFilter() {
    if constexpr (std::is_same_v<T, std::string_view>) {
      std::vector<uint64_t> hashes;
      if (dictionary_) {
        for (size_t i = 0; i < values_.entries().size(); ++i) {
          hashes.push_back(BloomFilter::Hash(values_.entries()[i]));
        }
      } else {
        for (size_t i = 0; i < values_.size(); ++i) hashes.push_back(BloomFilter::Hash(values_[i]));
        std::sort(hashes.begin(), hashes.end());
        hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
      }
      BloomFilter filter(hashes.size());
      for (const uint64_t hash : hashes) filter.Insert(hash);
      result_.bloom_filter = filter.Serialize();
    }
  }

  const ColumnBuffer& buffer_;
  const LeafSpec& leaf_;
  const ValueStore<T>& values_;
  const bool dictionary_;
  const ParquetOptions& options_;
  Compressor& zstd_;
  const int64_t file_offset_;
  const Order order_;
  const size_t entry_count_;

  EncodedChunk result_;
  std::string scratch_;
  std::vector<uint32_t> page_of_entry_;
  size_t next_entry_ = 0;
  size_t next_value_ = 0;
  int64_t next_row_ = 0;
  std::optional<Range<T>> range_;
  std::optional<Range<T>> last_page_;
  bool ascending_ = true;
  bool descending_ = true;
};

}  // namespace

ColumnChunkEncoder::ColumnChunkEncoder(const ParquetOptions& options)
    : options_(options), zstd_(std::make_unique<Zstd>(options.zstd_level)) {}

ColumnChunkEncoder::~ColumnChunkEncoder() = default;

absl::StatusOr<EncodedChunk> ColumnChunkEncoder::Encode(const ColumnBuffer& buffer,
                                                        int64_t file_offset) {
  return std::visit(
      [&]<typename T>(const ValueStore<T>& values) {
        return ChunkEncoder<T, Zstd>(buffer, values, options_, *zstd_, file_offset).Encode();
      },
      buffer.values());
}

}  // namespace mxsweep::output
