// Thrift's compact protocol, as much of it as Parquet's metadata needs. Bytes in, bytes out.
//
// A varint is little-endian base 128, the top bit says that more follows; zigzag maps 0, -1, 1, -2
// … to 0, 1, 2, 3 …. A struct is a sequence of fields ended by a zero byte. A field:
//
//   1 byte   (id - previous id) << 4 | type, where that difference is 1 to 15
//   or       type, then the id as zigzag varint
//   value    bool: none, the type says it (1 true, 2 false); i8: one byte; i16, i32, i64: zigzag
//            varint; binary: varint length, bytes; list: see below; struct: fields
//
// A list is one byte, size << 4 | element type (size 15: the true size follows as varint), then the
// elements; a bool in a list is one byte, 1 or 2.
#ifndef MXSWEEP_OUTPUT_PARQUET_THRIFT_COMPACT_H_
#define MXSWEEP_OUTPUT_PARQUET_THRIFT_COMPACT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::output {

enum class ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

// Appends one struct (and what is inside it) to a string. Fields must be written by rising id.
class ThriftWriter {
 public:
  explicit ThriftWriter(std::string& out) : out_(out) {}

  void Bool(int16_t id, bool value) { Header(id, value ? ThriftType::kTrue : ThriftType::kFalse); }
  void Byte(int16_t id, int8_t value);
  void I16(int16_t id, int16_t value);
  void I32(int16_t id, int32_t value);
  void I64(int16_t id, int64_t value);
  void Binary(int16_t id, std::string_view value);

  // A field that is a struct; End() closes it.
  void Begin(int16_t id);
  void End();
  // A field that is a list; its elements follow through the Element calls. BeginElement() opens a
  // struct element, End() closes it.
  void List(int16_t id, ThriftType element, size_t size);
  void I32Element(int32_t value);
  void I64Element(int64_t value);
  void BoolElement(bool value);
  void BinaryElement(std::string_view value);
  void BeginElement();

  // Ends the outermost struct. Nothing may follow.
  void Finish() { out_.push_back(0); }

 private:
  void Header(int16_t id, ThriftType type);
  void Varint(uint64_t value);

  std::string& out_;
  int16_t last_id_ = 0;
  std::vector<int16_t> outer_ids_;
};

// Reads one struct from hostile bytes. After the first malformed byte, ok() is false and everything
// that is read is zero or empty; nothing is allocated that the input does not fill.
class ThriftReader {
 public:
  struct Field {
    int16_t id = 0;
    ThriftType type = ThriftType::kStop;
  };

  // Borrows `bytes`.
  explicit ThriftReader(std::string_view bytes) : bytes_(bytes) {}

  // Calls `read(field)` for each field of the struct that begins here, up to and with its end. A
  // field that `read` leaves alone (returns false for) is skipped.
  template <typename Read>
  void Struct(Read&& read);

  // The value of the field just announced; it must have the fitting type, else the input is
  // malformed.
  bool Bool(Field field);
  int8_t Byte(Field field);
  int16_t I16(Field field);
  int32_t I32(Field field);
  int64_t I64(Field field);
  std::string_view Binary(Field field);

  // Calls `read(element)` for each element of the list; it must consume it. More than `max_size`
  // elements are malformed.
  template <typename Read>
  void List(Field field, size_t max_size, Read&& read);
  bool BoolElement(Field element);

  bool ok() const { return ok_; }
  // Bytes read so far.
  size_t position() const { return position_; }
  // Marks the input as malformed.
  void Fail() {
    ok_ = false;
    position_ = bytes_.size();
  }

 private:
  static constexpr int kMaxDepth = 16;

  uint8_t Next();
  uint64_t Varint();
  int64_t Zigzag();
  int64_t Integer(Field field, ThriftType type, int64_t low, int64_t high);
  Field NextField(int16_t last_id);
  // The element type and the size of the list that begins here.
  Field ListHeader(size_t max_size, size_t& size);
  void Skip(Field field);
  void SkipElement(ThriftType type);

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
  int depth_ = 0;
};

template <typename Read>
void ThriftReader::Struct(Read&& read) {
  if (++depth_ > kMaxDepth) Fail();
  int16_t last_id = 0;
  while (ok_) {
    const Field field = NextField(last_id);
    if (field.type == ThriftType::kStop) break;
    last_id = field.id;
    if (!read(field)) Skip(field);
  }
  --depth_;
}

template <typename Read>
void ThriftReader::List(Field field, size_t max_size, Read&& read) {
  if (field.type != ThriftType::kList) return Fail();
  size_t size = 0;
  const Field element = ListHeader(max_size, size);
  for (size_t i = 0; i < size && ok_; ++i) read(element);
}

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_THRIFT_COMPACT_H_
