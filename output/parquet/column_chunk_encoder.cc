#include "output/parquet/column_chunk_encoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "output/parquet/bloom_filter.h"
#include "output/parquet/bounds.h"
#include "output/parquet/page_cutter.h"
#include "output/parquet/rle_bit_packing.h"
#include "scanner/base/text.h"

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

void AppendLevels(std::span<const ValueRun> levels, uint8_t max_level, std::string& out) {
  const size_t start = out.size();
  out.append(4, '\0');
  EncodeRleBitPacked(levels, BitWidth(max_level), out);
  const auto length = static_cast<uint32_t>(out.size() - start - 4);
  std::memcpy(out.data() + start, &length, 4);
}

// How many of the hashes are distinct, to about a percent: linear counting (Whang and others,
// 1990), in four times as many bits as there are hashes. Sorting them would take most of the time
// that a column of strings takes.
size_t EstimateDistinct(std::span<const uint64_t> hashes) {
  const size_t bits = std::bit_ceil(std::max<size_t>(hashes.size() * 4, 4096));
  std::vector<uint64_t> words(bits / 64);
  for (const uint64_t hash : hashes) words[hash / 64 % words.size()] |= uint64_t{1} << hash % 64;
  size_t ones = 0;
  for (const uint64_t word : words) ones += static_cast<size_t>(std::popcount(word));
  const auto total = static_cast<double>(bits);
  return static_cast<size_t>(std::ceil(-total * std::log1p(-static_cast<double>(ones) / total)));
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
        order_{leaf_.logical == LogicalType::kTimestampMicros} {
    if (dictionary_) page_of_entry_.resize(values.entries().size(), 0);
  }

  absl::StatusOr<EncodedChunk> Encode() {
    ColumnChunkMetadata& chunk = result_.metadata;
    chunk.physical = leaf_.physical;
    chunk.dictionary = dictionary_;
    chunk.path = leaf_.path;
    chunk.value_count = static_cast<int64_t>(buffer_.entry_count());
    chunk.statistics.null_count = chunk.value_count - static_cast<int64_t>(values_.size());
    if (dictionary_) {
      if (absl::Status status = AddDictionaryPage(); !status.ok()) return status;
    }
    chunk.data_page_offset = Position();
    for (PageCutter pages(buffer_, options_); !pages.at_end();) {
      if (absl::Status status = AddDataPage(pages.Next()); !status.ok()) return status;
    }
    chunk.compressed_bytes = static_cast<int64_t>(result_.bytes.size());
    chunk.data_page_count = static_cast<int32_t>(result_.pages.size());
    if (leaf_.min_max) AddStatistics();
    if (leaf_.bloom_filter && values_.size() > 0) AddBloomFilter();
    return std::move(result_);
  }

 private:
  int64_t Position() const { return file_offset_ + static_cast<int64_t>(result_.bytes.size()); }

  absl::Status AddDictionaryPage() {
    scratch_.clear();
    const Sequence<T>& entries = values_.entries();
    AppendPlain(entries, 0, entries.size());
    result_.metadata.dictionary_page_offset = Position();
    return AddPage({.type = PageType::kDictionary,
                    .value_count = static_cast<int32_t>(entries.size()),
                    .encoding = Encoding::kPlain});
  }

  absl::Status AddDataPage(const PageExtent& page) {
    scratch_.clear();
    if (leaf_.max_repetition > 0) AppendLevels(page.repetitions, leaf_.max_repetition, scratch_);
    if (leaf_.max_definition > 0) AppendLevels(page.definitions, leaf_.max_definition, scratch_);
    AppendValues(page);
    PageIndexEntry entry{.offset = Position(),
                         .first_row = static_cast<int64_t>(page.first_row),
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
    return absl::OkStatus();
  }

  // Room for so many bytes more in scratch_.
  char* Extend(size_t bytes) {
    const size_t start = scratch_.size();
    scratch_.resize(start + bytes);
    return scratch_.data() + start;
  }

  void AppendPlain(const Sequence<T>& values, size_t first, size_t count) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      char* at = Extend(count * sizeof(uint32_t) + values.TextBytes(first, count));
      for (size_t i = first; i < first + count; ++i) {
        const std::string_view value = values[i];
        const auto length = static_cast<uint32_t>(value.size());
        std::memcpy(at, &length, sizeof(length));
        std::memcpy(at + sizeof(length), value.data(), value.size());
        at += sizeof(length) + value.size();
      }
    } else if (leaf_.physical == PhysicalType::kInt32) {
      AppendNarrowed<uint32_t>(values, first, count);
    } else {
      AppendNarrowed<uint64_t>(values, first, count);
    }
  }

  template <typename Stored>
  void AppendNarrowed(const Sequence<uint64_t>& values, size_t first, size_t count) {
    char* at = Extend(count * sizeof(Stored));
    for (size_t i = first; i < first + count; ++i, at += sizeof(Stored)) {
      const auto stored = static_cast<Stored>(values[i]);
      std::memcpy(at, &stored, sizeof(stored));
    }
  }

  void AppendValues(const PageExtent& page) {
    if (dictionary_) {
      const int width = std::max(1, BitWidth(values_.entries().size() - 1));
      scratch_.push_back(static_cast<char>(width));
      EncodeRleBitPacked(values_.indices().subspan(page.first_value, page.values), width, scratch_);
    } else if (leaf_.physical == PhysicalType::kBoolean) {
      std::vector<uint8_t> bits(page.values);
      for (size_t i = 0; i < page.values; ++i)
        bits[i] = values_[page.first_value + i] == T{} ? 0 : 1;
      EncodeBits(bits, scratch_);
    } else if (page.values > 0) {  // else there may be a dictionary, of nothing
      AppendPlain(values_.plain(), page.first_value, page.values);
    }
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
  Range<T> PageRange(const PageExtent& page) {
    const size_t first = page.first_value;
    Range<T> range{values_[first], values_[first]};
    const auto widen = [&](T value) {
      if (order_.Less(value, range.min)) range.min = value;
      if (order_.Less(range.max, value)) range.max = value;
    };
    if (!dictionary_) {
      for (size_t i = first; i < first + page.values; ++i) widen(values_.plain()[i]);
      return range;
    }
    const auto page_number = static_cast<uint32_t>(result_.pages.size() + 1);
    for (const uint32_t index : values_.indices().subspan(first, page.values)) {
      uint32_t& seen = page_of_entry_[index];
      if (seen == page_number) continue;
      seen = page_number;
      widen(values_.entries()[index]);
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
      }
      BloomFilter filter(dictionary_ ? hashes.size() : EstimateDistinct(hashes));
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

  EncodedChunk result_;
  std::string scratch_;
  std::vector<uint32_t> page_of_entry_;
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
