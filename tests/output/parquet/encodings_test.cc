// Thrift compact protocol, runs and the RLE/bit-packing hybrid, equality, UTF-8 and bounds of
// strings.
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "output/parquet/bounds.h"
#include "output/parquet/rle_bit_packing.h"
#include "output/parquet/runs.h"
#include "output/parquet/sequence.h"
#include "output/parquet/thrift_compact.h"
#include "scanner/base/utf8.h"

namespace mxsweep::output {
namespace {

using ::testing::ElementsAre;
using Field = ThriftReader::Field;

std::string Bytes(std::initializer_list<int> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

TEST(ThriftWriter, WritesTheBytesOfTheSpecification) {
  std::string out;
  ThriftWriter writer(out);
  writer.I32(1, -1);        // delta 1, i32, zigzag 1
  writer.Bool(3, true);     // delta 2, the type is the value
  writer.Binary(20, "ab");  // delta 17 does not fit: type, then the id
  writer.List(21, ThriftType::kI32, 2);
  writer.I32Element(150);  // zigzag 300
  writer.I32Element(0);
  writer.Begin(22);
  writer.Bool(1, false);
  writer.End();
  writer.I64(23, 1);  // the ids go on where the outer struct was
  writer.Finish();
  EXPECT_EQ(out, Bytes({0x15, 0x01, 0x21, 0x08, 0x28, 0x02, 'a', 'b', 0x19, 0x25, 0xac, 0x02, 0x00,
                        0x1c, 0x12, 0x00, 0x16, 0x02, 0x00}));
}

TEST(ThriftReader, SkipsEveryKindOfFieldItDoesNotKnow) {
  std::string out;
  ThriftWriter writer(out);
  writer.Bool(1, true);
  writer.Byte(2, -5);
  writer.I16(3, -300);
  writer.I64(4, INT64_MIN);
  writer.Binary(5, std::string(300, 'x'));
  writer.List(6, ThriftType::kStruct, 20);
  for (int i = 0; i < 20; ++i) {
    writer.BeginElement();
    writer.I32(1, i);
    writer.End();
  }
  writer.List(7, ThriftType::kTrue, 2);
  writer.BoolElement(true);
  writer.BoolElement(false);
  writer.I32(8, 42);
  writer.Finish();
  int32_t last = 0;
  ThriftReader reader(out);
  reader.Struct([&](Field field) {
    if (field.id != 8) return false;
    last = reader.I32(field);
    return true;
  });
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.position(), out.size());
  EXPECT_EQ(last, 42);
}

TEST(ThriftReader, ReadsBackExtremes) {
  std::string out;
  ThriftWriter writer(out);
  writer.I64(1, INT64_MIN);
  writer.I64(2, INT64_MAX);
  writer.I32(3, INT32_MIN);
  writer.I16(4, INT16_MAX);
  writer.Byte(5, -128);
  writer.Finish();
  std::vector<int64_t> values;
  ThriftReader reader(out);
  reader.Struct([&](Field field) {
    if (field.id <= 2) values.push_back(reader.I64(field));
    if (field.id == 3) values.push_back(reader.I32(field));
    if (field.id == 4) values.push_back(reader.I16(field));
    if (field.id == 5) values.push_back(reader.Byte(field));
    return true;
  });
  EXPECT_TRUE(reader.ok());
  EXPECT_THAT(values, ElementsAre(INT64_MIN, INT64_MAX, INT32_MIN, INT16_MAX, -128));
}

bool SkipsAll(const std::string& bytes) {
  ThriftReader reader(bytes);
  reader.Struct([](Field) { return false; });
  return reader.ok();
}

TEST(ThriftReader, RefusesWhatIsCutShortOrTooDeepOrTooLong) {
  EXPECT_FALSE(SkipsAll(""));
  EXPECT_FALSE(SkipsAll(Bytes({0x18, 0x05, 'a'})));            // binary longer than the input
  EXPECT_FALSE(SkipsAll(Bytes({0x19, 0xf5, 0xff, 0xff, 3})));  // list longer than the input
  EXPECT_FALSE(SkipsAll(std::string(100, '\x1c')));            // structs in structs without end
  EXPECT_FALSE(SkipsAll(Bytes({0x1b, 0x00})));                 // a map
  EXPECT_FALSE(SkipsAll(Bytes({0x15}) + std::string(11, '\xff')));  // varint without end
}

std::string Encode(const std::vector<uint32_t>& values, int bit_width) {
  std::string out;
  EncodeRleBitPacked(values, bit_width, out);
  return out;
}

TEST(RleBitPacking, WritesTheExamplesOfTheSpecification) {
  // Encodings.md: the numbers 0 to 7 with bit width 3 are 10001000 11000110 11111010.
  EXPECT_EQ(Encode({0, 1, 2, 3, 4, 5, 6, 7}, 3), Bytes({0x03, 0x88, 0xc6, 0xfa}));
  EXPECT_EQ(Encode(std::vector<uint32_t>(100, 300), 9), Bytes({0xc8, 0x01, 0x2c, 0x01}));
}

TEST(RleBitPacking, RunThatStartsInsideAGroupFillsItFirst) {
  std::vector<uint32_t> values = {1, 0, 1};
  values.insert(values.end(), 20, 1);
  const std::string bytes = Encode(values, 1);
  // One group 1,0,1,1,1,1,1,1, then 15 times 1.
  EXPECT_EQ(bytes, Bytes({0x03, 0xfd, 0x1e, 0x01}));
}

TEST(RleBitPacking, RoundTripsRandomRunsOfEveryWidth) {
  std::mt19937 random(7);
  for (int bit_width = 0; bit_width <= 32; ++bit_width) {
    const uint64_t mask = (uint64_t{1} << bit_width) - 1;
    std::vector<uint32_t> values;
    while (values.size() < 70'000) {
      const auto value = static_cast<uint32_t>(random() & mask);
      values.insert(values.end(), 1 + (random() % 4 == 0 ? random() % 40 : 0), value);
    }
    const std::string bytes = Encode(values, bit_width);
    std::vector<uint32_t> decoded(values.size());
    ASSERT_TRUE(DecodeRleBitPacked(bytes, bit_width, std::span(decoded))) << bit_width;
    EXPECT_EQ(decoded, values) << bit_width;
  }
}

TEST(RleBitPacking, RunsGiveTheSameBytesAsTheirValues) {
  std::mt19937 random(8);
  for (int bit_width = 0; bit_width <= 32; ++bit_width) {
    const uint64_t mask = (uint64_t{1} << bit_width) - 1;
    Runs runs;
    std::vector<uint32_t> values;
    while (values.size() < 150'000) {
      const auto value = static_cast<uint32_t>(random() & mask);
      // Mostly short runs, so that a packed one gets longer than its header can say.
      const uint32_t count = 1 + random() % (values.size() < 80'000 ? 7 : 40);
      for (uint32_t i = 0; i < count; ++i) {
        runs.Append(value);
        values.push_back(value);
      }
    }
    runs.Settle();
    ASSERT_EQ(runs.size(), values.size());
    std::string bytes;
    EncodeRleBitPacked(runs.runs(), bit_width, bytes);
    EXPECT_EQ(bytes, Encode(values, bit_width)) << bit_width;
  }
}

TEST(Runs, KeepWhatWasAppendedBeforeAndAfterSettling) {
  Runs runs;
  runs.Append(0);
  runs.Append(0);
  runs.Append(3);
  EXPECT_EQ(runs.size(), 3u);
  runs.Settle();
  runs.Settle();
  EXPECT_THAT(runs.runs(), ElementsAre(ValueRun{0, 2}, ValueRun{3, 1}));
  runs.Append(5);
  runs.Settle();
  EXPECT_THAT(runs.runs(), ElementsAre(ValueRun{0, 2}, ValueRun{3, 1}, ValueRun{5, 1}));
  runs.Clear();
  EXPECT_EQ(runs.size(), 0u);
  runs.Append(3);
  runs.Settle();
  EXPECT_THAT(runs.runs(), ElementsAre(ValueRun{3, 1}));
}

TEST(Runs, CursorPassesAnyNumberOfValues) {
  const std::vector<ValueRun> runs = {{1, 5}, {0, 1}, {2, 4}};
  RunCursor cursor(runs);
  std::vector<ValueRun> passed;
  const auto take = [&](ValueRun run) { passed.push_back(run); };
  cursor.Pass(3, take);
  EXPECT_EQ(cursor.Rest(), (ValueRun{1, 2}));
  cursor.Pass(0, take);
  cursor.Pass(6, take);
  EXPECT_FALSE(cursor.at_end());
  cursor.Pass(1, take);
  EXPECT_TRUE(cursor.at_end());
  EXPECT_THAT(passed, ElementsAre(ValueRun{1, 3}, ValueRun{1, 2}, ValueRun{0, 1}, ValueRun{2, 3},
                                  ValueRun{2, 1}));
}

TEST(SameValue, ComparesTextOfAnyLengthToTheLastByte) {
  for (size_t size = 0; size <= 70; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(SameValue(text, std::string(size, 'x'))) << size;
    EXPECT_FALSE(SameValue(text, text + "x")) << size;
    for (size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'y';
      EXPECT_FALSE(SameValue(text, other)) << size << " at " << at;
    }
  }
}

TEST(RleBitPacking, RefusesTooFewBytesAndValuesBeyondTheWidth) {
  std::vector<uint32_t> values(8);
  EXPECT_FALSE(DecodeRleBitPacked("", 3, std::span(values)));
  EXPECT_FALSE(DecodeRleBitPacked(Bytes({0x03, 0x88, 0xc6}), 3, std::span(values)));
  EXPECT_FALSE(DecodeRleBitPacked(Bytes({0x10, 0x08}), 3, std::span(values)));  // 8 times 8
  EXPECT_FALSE(DecodeRleBitPacked(Bytes({0x10}), 3, std::span(values)));
  EXPECT_FALSE(DecodeRleBitPacked(std::string(20, '\0'), 33, std::span(values)));
}

TEST(Utf8, ReplacesEachMaximalSubpart) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(SanitizeUtf8("abc"), "abc");
  EXPECT_EQ(SanitizeUtf8("a\xff"), "a" + bad);
  EXPECT_EQ(SanitizeUtf8("\xc0\x80"), bad + bad);                      // overlong
  EXPECT_EQ(SanitizeUtf8("\xed\xa0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(SanitizeUtf8("\xf4\x90\x80\x80"), bad + bad + bad + bad);  // over U+10FFFF
  EXPECT_EQ(SanitizeUtf8("\xe2\x82"), bad);                            // one cut-off sequence
  EXPECT_EQ(SanitizeUtf8("\xf0\x9f\x98z"), bad + "z");
  EXPECT_EQ(SanitizeUtf8("\xe2\x82\xac\xf0\x9f\x98\x80"), "€😀");
}

TEST(Utf8, WhatIsSanitizedIsValid) {
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string junk(random() % 12, '\0');
    for (char& c : junk) c = static_cast<char>(random());
    const std::string clean = SanitizeUtf8(junk);
    EXPECT_TRUE(IsValidUtf8(clean));
    if (IsValidUtf8(junk)) {
      EXPECT_EQ(clean, junk);
    }
  }
}

TEST(Bounds, ShortValuesAreKeptExactly) {
  EXPECT_EQ(LowerBound("abc", 3), (Bound{"abc", true}));
  EXPECT_EQ(UpperBound("abc", 3), (Bound{"abc", true}));
}

TEST(Bounds, LongValuesAreCutAndTheUpperBoundIsRaised) {
  EXPECT_EQ(LowerBound("abcd", 3), (Bound{"abc", false}));
  EXPECT_EQ(UpperBound("abcd", 3), (Bound{"abd", false}));
}

TEST(Bounds, CutFallsBetweenCodePoints) {
  EXPECT_EQ(LowerBound("a€b", 3), (Bound{"a", false}));
  EXPECT_EQ(UpperBound("a€b", 3), (Bound{"b", false}));
  EXPECT_EQ(UpperBound("a\x7fz", 2), (Bound{"a\xc2\x80", false}));            // grows to two bytes
  EXPECT_EQ(UpperBound("\xed\x9f\xbfz", 3), (Bound{"\xee\x80\x80", false}));  // skips surrogates
}

TEST(Bounds, GreatestCodePointsCannotBeRaised) {
  const std::string greatest = "\xf4\x8f\xbf\xbf";
  EXPECT_EQ(UpperBound("a" + greatest + "z", 5), (Bound{"b", false}));
  EXPECT_EQ(UpperBound(greatest + greatest + "z", 8), (Bound{greatest + greatest + "z", true}));
}

TEST(Bounds, HoldForRandomText) {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    while (text.size() < random() % 30) {
      const char32_t code_points[] = {0x7f,   0x80,   0x7ff,    0x800, 0xd7ff,
                                      0xe000, 0xffff, 0x10ffff, 'a'};
      AppendCodePoint(code_points[random() % std::size(code_points)], text);
    }
    const Bound lower = LowerBound(text, 8);
    const Bound upper = UpperBound(text, 8);
    EXPECT_LE(lower.value, text);
    EXPECT_GE(upper.value, text);
    EXPECT_TRUE(IsValidUtf8(lower.value) && IsValidUtf8(upper.value));
    EXPECT_EQ(lower.exact, lower.value == text);
    EXPECT_EQ(upper.exact, upper.value == text);
  }
}

}  // namespace
}  // namespace mxsweep::output
