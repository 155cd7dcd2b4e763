// The Parquet writer and reader together, and what the writer promises of its files. That others
// read them is tested in tests/parquet_readers.
#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "output/parquet/bloom_filter.h"
#include "output/parquet/reader.h"
#include "output/parquet/writer.h"
#include "tests/output/memory_files.h"
#include "tests/output/random_rows.h"

namespace mxsweep::output {
namespace {

using ::testing::HasSubstr;

// Small enough that a few hundred rows have several row groups, pages and given-up dictionaries.
ParquetOptions SmallOptions() {
  ParquetOptions options;
  options.row_group_rows = 150;
  options.page_rows = 40;
  options.page_bytes = 4096;
  options.dictionary_bytes = 2048;
  return options;
}

template <typename Row>
std::string WriteFile(const std::vector<Row>& rows, const ParquetOptions& options) {
  MemoryFiles files;
  ParquetWriter writer(SchemaOf(Table<Row>::kId), options, *files.Create("d/f"));
  for (const Row& row : rows) EXPECT_TRUE(writer.Add(row).ok());
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_EQ(writer.file_bytes(), files.Content("d/f").size());
  return files.Content("d/f");
}

template <typename Row>
std::vector<Row> RandomTable(uint64_t seed, int count, uint32_t huge_every = 300) {
  RandomRows random(seed);
  random.set_huge_every(huge_every);
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) rows.push_back(random.Next<Row>());
  return rows;
}

template <typename Row>
absl::StatusOr<std::vector<Row>> ReadFile(const std::string& bytes) {
  auto reader = ParquetReader::Open(FileFromBytes(bytes), Table<Row>::kId);
  if (!reader.ok()) return reader.status();
  std::vector<Row> rows;
  for (size_t group = 0; group < reader->row_group_count(); ++group) {
    absl::Status status = reader->ReadRowGroup(group, {}, [&](const Row& row) {
      rows.push_back(row);
      return true;
    });
    if (!status.ok()) return status;
  }
  return rows;
}

template <typename Row>
class ParquetRoundTrip : public ::testing::Test {};
using Rows =
    ::testing::Types<DomainRow, MxHostRow, EndpointRow, ProbeRow, CertificateRow, WeakKeyRow>;
TYPED_TEST_SUITE(ParquetRoundTrip, Rows);

TYPED_TEST(ParquetRoundTrip, RandomRowsComeBackAsTheyWere) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const auto rows = RandomTable<TypeParam>(seed, 500);
    const auto read = ReadFile<TypeParam>(WriteFile(rows, SmallOptions()));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ((*read)[i], Sanitized(rows[i])) << i;
  }
}

TYPED_TEST(ParquetRoundTrip, OneRowGroupOfDefaultSizeComesBackToo) {
  const auto rows = RandomTable<TypeParam>(9, 30'000, 0);
  const std::string file = WriteFile(rows, {});
  const auto reader = ParquetReader::Open(FileFromBytes(file), Table<TypeParam>::kId);
  ASSERT_TRUE(reader.ok());
  EXPECT_LE(reader->row_group_count(), 2u);
  const auto read = ReadFile<TypeParam>(file);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ((*read)[i], Sanitized(rows[i])) << i;
}

TYPED_TEST(ParquetRoundTrip, NoRowsMakeAFileWithColumnsAndNoRowGroup) {
  const std::string file = WriteFile(std::vector<TypeParam>(), {});
  const auto reader = ParquetReader::Open(FileFromBytes(file), Table<TypeParam>::kId);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->row_group_count(), 0u);
  EXPECT_EQ(reader->metadata().schema, SchemaOf(Table<TypeParam>::kId).elements);
}

TYPED_TEST(ParquetRoundTrip, RowsOfDefaultsOnlyComeBack) {
  const std::vector<TypeParam> rows(200);
  TypeParam expected;
  const auto read = ReadFile<TypeParam>(WriteFile(rows, SmallOptions()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(*read, ::testing::SizeIs(200));
  EXPECT_THAT(*read, ::testing::Each(expected));
}

TYPED_TEST(ParquetRoundTrip, FileOfAnotherTableIsRefused) {
  const std::string file = WriteFile(RandomTable<TypeParam>(1, 3), {});
  const TableId other =
      Table<TypeParam>::kId == TableId::kDomains ? TableId::kCertificates : TableId::kDomains;
  const auto reader = ParquetReader::Open(FileFromBytes(file), other);
  EXPECT_EQ(reader.status().code(), absl::StatusCode::kFailedPrecondition);
}

// Every page is covered by a CRC, and what is not (headers, footer) is held against limits.
TYPED_TEST(ParquetRoundTrip, FlippedBitIsAnErrorOrHarmlessAndNeverACrash) {
  const auto rows = RandomTable<TypeParam>(4, 60, 0);
  const std::string file = WriteFile(rows, SmallOptions());
  std::mt19937_64 random(1);
  int errors = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string damaged = file;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << (random() % 8));
    const auto read = ReadFile<TypeParam>(damaged);
    if (!read.ok()) {
      ++errors;
      continue;
    }
    // A name of the schema that changed is a column of another version, which is no error. But for
    // that, only indexes, Bloom filters and statistics may change unseen.
    const auto reader = ParquetReader::Open(FileFromBytes(damaged), Table<TypeParam>::kId);
    if (reader->metadata().schema != SchemaOf(Table<TypeParam>::kId).elements) continue;
    ASSERT_EQ(read->size(), rows.size());
    for (size_t r = 0; r < rows.size(); ++r) ASSERT_EQ((*read)[r], Sanitized(rows[r]));
  }
  EXPECT_GT(errors, 500);
}

TYPED_TEST(ParquetRoundTrip, FileCutShortIsRefused) {
  const std::string file = WriteFile(RandomTable<TypeParam>(4, 20, 0), SmallOptions());
  for (size_t length = 0; length < file.size(); length += 1 + length / 50) {
    EXPECT_FALSE(ReadFile<TypeParam>(file.substr(0, length)).ok()) << length;
  }
}

TEST(ParquetWriter, RowGroupsAndPagesKeepTheirLimits) {
  const auto rows = RandomTable<EndpointRow>(2, 1'000);
  const ParquetOptions options = SmallOptions();
  const std::string file = WriteFile(rows, options);
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kEndpoints);
  ASSERT_TRUE(reader.ok());
  ASSERT_EQ(reader->row_group_count(), 7u);
  for (size_t group = 0; group < 7; ++group) {
    const RowGroupMetadata& metadata = reader->metadata().row_groups[group];
    EXPECT_EQ(metadata.row_count, group < 6 ? 150 : 100);
    for (size_t leaf = 0; leaf < metadata.columns.size(); ++leaf) {
      const auto pages = reader->ReadPageIndex(group, leaf);
      ASSERT_TRUE(pages.ok());
      ASSERT_GE(pages->size(), 3u);
      for (size_t i = 0; i < pages->size(); ++i) {
        const PageIndexEntry& page = (*pages)[i];
        const int64_t next = i + 1 < pages->size() ? (*pages)[i + 1].first_row : metadata.row_count;
        EXPECT_LE(next - page.first_row, 40);
        size_t header_bytes = 0;
        const auto header = ParsePageHeader(
            std::string_view(file).substr(static_cast<size_t>(page.offset)), header_bytes);
        ASSERT_TRUE(header.ok());
        EXPECT_EQ(static_cast<size_t>(page.bytes),
                  header_bytes + static_cast<size_t>(header->compressed_bytes));
        // One row may be larger than a page.
        if (next - page.first_row > 1) {
          EXPECT_LE(header->uncompressed_bytes, 4096);
        }
      }
    }
  }
}

TEST(ParquetWriter, PagesAreAsFullAsTheirLimitAllows) {
  ParquetOptions options;
  options.page_bytes = 4096;
  std::vector<EndpointRow> rows(100);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].host = std::string(97, 'h') + std::to_string(100 + i);
    rows[i].ehlo_keywords = std::vector<std::string>(i < 50 ? 1 : 100, "SIZE");
  }
  const std::string file = WriteFile(rows, options);
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kEndpoints);
  ASSERT_TRUE(reader.ok());
  const TableSchema& schema = SchemaOf(TableId::kEndpoints);
  const auto first_rows = [&](std::string_view column) {
    std::vector<int64_t> first;
    const auto pages =
        reader->ReadPageIndex(0, schema.columns[*schema.FindColumn(column)].first_leaf);
    for (const PageIndexEntry& page : pages.value()) first.push_back(page.first_row);
    return first;
  };
  // 64 bytes for what every page has; a length of 4 and 100 bytes for each host.
  EXPECT_THAT(first_rows("host"), ::testing::ElementsAre(0, 38, 76));
  // A byte of levels and 4 of index for each keyword: 50 short lists and 7 long ones, then 8 each.
  EXPECT_THAT(first_rows("ehlo_keywords"), ::testing::ElementsAre(0, 57, 65, 73, 81, 89, 97));
  EXPECT_EQ(*ReadFile<EndpointRow>(file), rows);
}

TEST(ParquetWriter, RowGroupIsCutWhenItTakesTooMuchMemory) {
  ParquetOptions options;
  options.row_group_bytes = 8u << 20;
  std::vector<CertificateRow> rows(40);
  std::mt19937_64 random(1);
  for (CertificateRow& row : rows) {
    row.der.bytes.resize(1u << 20);
    for (char& c : row.der.bytes) c = static_cast<char>(random());
  }
  const std::string file = WriteFile(rows, options);
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kCertificates);
  ASSERT_TRUE(reader.ok());
  EXPECT_GE(reader->row_group_count(), 3u);
}

TEST(ParquetWriter, RowBeyondTheLimitIsRefusedAndTheRestIsWritten) {
  MemoryFiles files;
  ParquetWriter writer(SchemaOf(TableId::kCertificates), {}, *files.Create("d/f"));
  CertificateRow row{.sha256 = "a"};
  EXPECT_TRUE(writer.Add(row).ok());
  row.der.bytes.resize(kMaxRowBytes + 1);
  EXPECT_EQ(writer.Add(row).code(), absl::StatusCode::kInvalidArgument);
  row.der.bytes.resize(10);
  EXPECT_TRUE(writer.Add(row).ok());
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_THAT(*ReadFile<CertificateRow>(files.Content("d/f")), ::testing::SizeIs(2));
}

// One column of one row group, by name.
const ColumnChunkMetadata& Chunk(const ParquetReader& reader, std::string_view name,
                                 size_t group = 0) {
  const auto& columns = reader.metadata().row_groups[group].columns;
  return *std::find_if(columns.begin(), columns.end(),
                       [&](const auto& column) { return column.path[0] == name; });
}

TEST(ParquetWriter, ChunkIsDictionaryWhereThatPaysAndWhollyPlainWhereNot) {
  std::vector<EndpointRow> rows(10'000);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].host = "host" + std::to_string(i);          // all distinct: given up early
    rows[i].outcome = i % 2 == 0 ? "tls_ok" : "reset";  // two values
    rows[i].stage = "done";                             // one value
    rows[i].error_detail = std::string(300, static_cast<char>('a' + i % 26)) +
                           std::to_string(i / 2);  // a dictionary that grows over the limit
  }
  const std::string file = WriteFile(rows, {});
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kEndpoints);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(Chunk(*reader, "host").dictionary);
  EXPECT_TRUE(Chunk(*reader, "outcome").dictionary);
  EXPECT_TRUE(Chunk(*reader, "stage").dictionary);
  EXPECT_FALSE(Chunk(*reader, "error_detail").dictionary);
  EXPECT_FALSE(Chunk(*reader, "greeting").dictionary);  // nothing but nulls
  EXPECT_LT(Chunk(*reader, "stage").compressed_bytes, 200);
  EXPECT_EQ(*ReadFile<EndpointRow>(file), rows);
}

TEST(ParquetWriter, StatisticsAreTheLeastAndTheGreatestByTheOrderOfTheType) {
  std::vector<EndpointRow> rows(3);
  rows[0].bytes_in = UINT64_MAX;
  rows[1].bytes_in = 1;
  rows[0].started_at = absl::FromUnixMicros(-5);
  rows[1].started_at = absl::FromUnixMicros(7);
  rows[0].host = "b";
  rows[1].host = std::string(100, 'z');
  rows[2].host = "a";
  rows[1].helo_used = false;
  const auto file = WriteFile(rows, {});
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kEndpoints);
  ASSERT_TRUE(reader.ok());
  const auto plain = [](int64_t value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  EXPECT_EQ(Chunk(*reader, "bytes_in").statistics.min_value, plain(0));
  EXPECT_EQ(Chunk(*reader, "bytes_in").statistics.max_value, plain(-1));  // all bits set
  EXPECT_EQ(Chunk(*reader, "started_at").statistics.min_value, plain(-5));
  EXPECT_EQ(Chunk(*reader, "started_at").statistics.max_value, plain(7));
  const Statistics& host = Chunk(*reader, "host").statistics;
  EXPECT_EQ(host.min_value, "a");
  EXPECT_TRUE(host.min_exact);
  EXPECT_EQ(host.max_value, std::string(63, 'z') + "{");
  EXPECT_FALSE(host.max_exact);
  EXPECT_EQ(Chunk(*reader, "helo_used").statistics.null_count, 2);
  EXPECT_EQ(Chunk(*reader, "helo_used").statistics.max_value, std::string(1, '\0'));
  EXPECT_EQ(Chunk(*reader, "greeting").statistics.null_count, 3);
  EXPECT_FALSE(Chunk(*reader, "greeting").statistics.min_value.has_value());
}

TEST(ParquetWriter, PageIndexSaysWhatEachPageHolds) {
  std::vector<DomainRow> rows(120);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].input_line = i;
    if (i >= 40 && i < 80) rows[i].host_count = static_cast<uint32_t>(i);  // the second page only
  }
  const auto file = WriteFile(rows, SmallOptions());
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kDomains);
  ASSERT_TRUE(reader.ok());
  const TableSchema& schema = SchemaOf(TableId::kDomains);
  const auto lines =
      reader->ReadPageIndex(0, schema.columns[*schema.FindColumn("input_line")].first_leaf);
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 3u);
  uint64_t least = 0;
  std::memcpy(&least, (*lines)[1].min_value.data(), sizeof(least));
  EXPECT_EQ(least, 40u);
  EXPECT_EQ((*lines)[2].first_row, 80);
  const auto counts =
      reader->ReadPageIndex(0, schema.columns[*schema.FindColumn("host_count")].first_leaf);
  ASSERT_TRUE(counts.ok());
  EXPECT_TRUE((*counts)[0].all_null);
  EXPECT_FALSE((*counts)[1].all_null);
  EXPECT_EQ((*counts)[0].null_count, 40);
  EXPECT_EQ((*counts)[1].null_count, 0);
}

TEST(ParquetWriter, BloomFilterHoldsEveryValueAndFewOthers) {
  std::vector<DomainRow> rows(5'000);
  for (size_t i = 0; i < rows.size(); ++i) rows[i].domain = std::to_string(i) + ".example";
  const auto file = WriteFile(rows, {});
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kDomains);
  ASSERT_TRUE(reader.ok());
  const auto filter = reader->ReadBloomFilter(0, 0);
  ASSERT_TRUE(filter.ok()) << filter.status();
  int wrong = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_TRUE(filter->MayContain(BloomFilter::Hash(rows[i].domain)));
    wrong += filter->MayContain(BloomFilter::Hash(std::to_string(i) + ".absent")) ? 1 : 0;
  }
  EXPECT_LT(wrong, 150);  // 3 %, where 1 % is aimed at
  EXPECT_FALSE(reader->ReadBloomFilter(0, 1).ok());
}

// Arrow (BlockSplitBloomFilter::Init) and Velox refuse a number of bytes that is no power of two.
TEST(ParquetWriter, BloomFilterHasAPowerOfTwoOfBlocks) {
  for (const size_t values : {0, 1, 24, 25, 100, 3'000, 5'000, 122'880, 10'000'000}) {
    const BloomFilter filter(values);
    EXPECT_TRUE(std::has_single_bit(filter.block_count())) << values;
    // At most twice what 1 % of false positives need, some 9.7 bits a value.
    EXPECT_LE(static_cast<double>(filter.block_count()) * 256,
              std::max(256.0, 2 * 9.7 * static_cast<double>(values) + 512))
        << values;
  }
}

TEST(ParquetReader, ReadsOnlyTheChosenColumns) {
  const auto rows = RandomTable<EndpointRow>(6, 100);
  const std::string file = WriteFile(rows, SmallOptions());
  const auto reader = ParquetReader::Open(FileFromBytes(file), TableId::kEndpoints);
  ASSERT_TRUE(reader.ok());
  const TableSchema& schema = SchemaOf(TableId::kEndpoints);
  std::vector<bool> columns(schema.columns.size(), false);
  columns[*schema.FindColumn("ehlo_keywords")] = true;
  std::vector<EndpointRow> read;
  ASSERT_TRUE(reader
                  ->ReadRowGroup(0, columns,
                                 [&](const EndpointRow& row) {
                                   read.push_back(row);
                                   return true;
                                 })
                  .ok());
  ASSERT_EQ(read.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(read[i].ehlo_keywords, Sanitized(rows[i]).ehlo_keywords);
    EXPECT_EQ(read[i].host, "");
  }
}

TEST(ParquetReader, ColumnMissingInAnOlderFileIsNull) {
  // The same rows under a schema that has no `provider` yet: its name is another one there.
  const auto rows = RandomTable<MxHostRow>(8, 50);
  std::string file = WriteFile(rows, {});
  for (size_t at = 0; (at = file.find("provider", at)) != file.npos;)
    file.replace(at, 8, "previder");
  const auto read = ReadFile<MxHostRow>(file);
  ASSERT_TRUE(read.ok()) << read.status();
  for (size_t i = 0; i < rows.size(); ++i) {
    MxHostRow expected = Sanitized(rows[i]);
    expected.provider.reset();
    EXPECT_EQ((*read)[i], expected);
  }
}

TEST(ParquetReader, WrongChecksumIsNamedWithItsColumn) {
  const std::string good = WriteFile(RandomTable<DomainRow>(3, 50, 0), {});
  const auto reader = ParquetReader::Open(FileFromBytes(good), TableId::kDomains);
  ASSERT_TRUE(reader.ok());
  const ColumnChunkMetadata& chunk = Chunk(*reader, "diagnosis");
  std::string damaged = good;
  damaged[static_cast<size_t>(chunk.start_offset() + chunk.compressed_bytes - 1)] ^= 1;
  const auto read = ReadFile<DomainRow>(damaged);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("diagnosis"));
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("checksum"));
}

// The row group read with so much memory: its rows, or the error.
template <typename Row>
absl::StatusOr<size_t> ReadWithin(const std::string& file, uint64_t memory_bytes,
                                  const std::vector<bool>& columns = {}) {
  auto reader =
      ParquetReader::Open(FileFromBytes(file), Table<Row>::kId, {.memory_bytes = memory_bytes});
  if (!reader.ok()) return reader.status();
  size_t rows = 0;
  absl::Status status = reader->ReadRowGroup(0, columns, [&](const Row&) {
    ++rows;
    return true;
  });
  if (!status.ok()) return status;
  return rows;
}

TEST(ParquetReader, ColumnsThatFitOneByOneShareOneBudget) {
  constexpr uint64_t kBudget = 24u << 20;
  const std::string file = WriteFile(RandomTable<EndpointRow>(6, 20'000, 0), {});
  const size_t count = SchemaOf(TableId::kEndpoints).columns.size();
  for (size_t c = 0; c < count; ++c) {
    std::vector<bool> columns(count, false);
    columns[c] = true;
    EXPECT_TRUE(ReadWithin<EndpointRow>(file, kBudget, columns).ok()) << c;
  }
  const auto all = ReadWithin<EndpointRow>(file, kBudget);
  EXPECT_EQ(all.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(all.status().message()), HasSubstr("memory"));
  EXPECT_TRUE(ReadWithin<EndpointRow>(file, ReaderLimits().memory_bytes).ok());
}

TEST(ParquetReader, NullsInARunOfTwoBytesTakeTheirMemoryFromTheBudget) {
  // Some 200 bytes a column in the file, 100,000 levels each in memory.
  const std::string file = WriteFile(std::vector<EndpointRow>(100'000), {});
  EXPECT_LT(file.size(), 60'000u);
  EXPECT_EQ(ReadWithin<EndpointRow>(file, 4u << 20).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*ReadWithin<EndpointRow>(file, ReaderLimits().memory_bytes), 100'000u);
}

TEST(ParquetReader, ARowOfManyCopiesOfOneTextTakesThemFromTheBudget) {
  EndpointRow row;
  row.ehlo_keywords.emplace(300, std::string(100'000, 'x'));
  ParquetOptions options;
  const std::string file = WriteFile(std::vector<EndpointRow>{row}, options);
  EXPECT_LT(file.size(), 60'000u);
  EXPECT_EQ(ReadWithin<EndpointRow>(file, 16u << 20).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*ReadWithin<EndpointRow>(file, ReaderLimits().memory_bytes), 1u);
}

TEST(ParquetReader, TheFooterTakesItsMemoryFromTheBudget) {
  ParquetOptions options;
  options.row_group_rows = 1;
  const std::string file = WriteFile(std::vector<DomainRow>(50), options);
  const auto read = ReadWithin<DomainRow>(file, 1u << 20);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("footer"));
}

}  // namespace
}  // namespace mxsweep::output
