#include "output/parquet/thrift_compact.h"

#include <limits>

namespace mxsweep::output {
namespace {

uint64_t ToZigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

}  // namespace

void ThriftWriter::Varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
  out_.push_back(static_cast<char>(value));
}

void ThriftWriter::Header(int16_t id, ThriftType type) {
  const int delta = id - last_id_;
  if (delta >= 1 && delta <= 15) {
    out_.push_back(static_cast<char>(delta << 4 | static_cast<int>(type)));
  } else {
    out_.push_back(static_cast<char>(type));
    Varint(ToZigzag(id));
  }
  last_id_ = id;
}

void ThriftWriter::Byte(int16_t id, int8_t value) {
  Header(id, ThriftType::kByte);
  out_.push_back(static_cast<char>(value));
}

void ThriftWriter::I16(int16_t id, int16_t value) {
  Header(id, ThriftType::kI16);
  Varint(ToZigzag(value));
}

void ThriftWriter::I32(int16_t id, int32_t value) {
  Header(id, ThriftType::kI32);
  Varint(ToZigzag(value));
}

void ThriftWriter::I64(int16_t id, int64_t value) {
  Header(id, ThriftType::kI64);
  Varint(ToZigzag(value));
}

void ThriftWriter::Binary(int16_t id, std::string_view value) {
  Header(id, ThriftType::kBinary);
  BinaryElement(value);
}

void ThriftWriter::Begin(int16_t id) {
  Header(id, ThriftType::kStruct);
  BeginElement();
}

void ThriftWriter::End() {
  out_.push_back(0);
  last_id_ = outer_ids_.back();
  outer_ids_.pop_back();
}

void ThriftWriter::List(int16_t id, ThriftType element, size_t size) {
  Header(id, ThriftType::kList);
  const int type = static_cast<int>(element);
  if (size < 15) {
    out_.push_back(static_cast<char>(static_cast<int>(size) << 4 | type));
  } else {
    out_.push_back(static_cast<char>(0xf0 | type));
    Varint(size);
  }
}

void ThriftWriter::I32Element(int32_t value) { Varint(ToZigzag(value)); }

void ThriftWriter::I64Element(int64_t value) { Varint(ToZigzag(value)); }

void ThriftWriter::BoolElement(bool value) { out_.push_back(value ? 1 : 2); }

void ThriftWriter::BinaryElement(std::string_view value) {
  Varint(value.size());
  out_.append(value);
}

void ThriftWriter::BeginElement() {
  outer_ids_.push_back(last_id_);
  last_id_ = 0;
}

uint8_t ThriftReader::Next() {
  if (position_ >= bytes_.size()) {
    Fail();
    return 0;
  }
  return static_cast<uint8_t>(bytes_[position_++]);
}

uint64_t ThriftReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Next();
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  Fail();
  return 0;
}

int64_t ThriftReader::Zigzag() {
  const uint64_t value = Varint();
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

ThriftReader::Field ThriftReader::NextField(int16_t last_id) {
  const uint8_t byte = Next();
  if (!ok_ || byte == 0) return {};
  Field field{.type = static_cast<ThriftType>(byte & 15)};
  const int64_t id = byte >> 4 != 0 ? last_id + (byte >> 4) : Zigzag();
  if (!ok_ || id < std::numeric_limits<int16_t>::min() ||
      id > std::numeric_limits<int16_t>::max() || field.type == ThriftType::kStop) {
    Fail();
    return {};
  }
  field.id = static_cast<int16_t>(id);
  return field;
}

bool ThriftReader::Bool(Field field) {
  if (field.type != ThriftType::kTrue && field.type != ThriftType::kFalse) Fail();
  return ok_ && field.type == ThriftType::kTrue;
}

bool ThriftReader::BoolElement(Field element) {
  if (element.type != ThriftType::kTrue && element.type != ThriftType::kFalse) Fail();
  return Next() == 1;
}

int64_t ThriftReader::Integer(Field field, ThriftType type, int64_t low, int64_t high) {
  if (field.type != type) Fail();
  const int64_t value = Zigzag();
  if (value < low || value > high) Fail();
  return ok_ ? value : 0;
}

int8_t ThriftReader::Byte(Field field) {
  if (field.type != ThriftType::kByte) Fail();
  return static_cast<int8_t>(Next());
}

int16_t ThriftReader::I16(Field field) {
  using Limits = std::numeric_limits<int16_t>;
  return static_cast<int16_t>(Integer(field, ThriftType::kI16, Limits::min(), Limits::max()));
}

int32_t ThriftReader::I32(Field field) {
  using Limits = std::numeric_limits<int32_t>;
  return static_cast<int32_t>(Integer(field, ThriftType::kI32, Limits::min(), Limits::max()));
}

int64_t ThriftReader::I64(Field field) {
  using Limits = std::numeric_limits<int64_t>;
  return Integer(field, ThriftType::kI64, Limits::min(), Limits::max());
}

std::string_view ThriftReader::Binary(Field field) {
  if (field.type != ThriftType::kBinary) Fail();
  const uint64_t length = Varint();
  if (!ok_ || length > bytes_.size() - position_) {
    Fail();
    return {};
  }
  const std::string_view value = bytes_.substr(position_, length);
  position_ += length;
  return value;
}

ThriftReader::Field ThriftReader::ListHeader(size_t max_size, size_t& size) {
  const uint8_t byte = Next();
  uint64_t count = byte >> 4;
  if (count == 15) count = Varint();
  // Every element takes at least one byte, so a longer list cannot be whole.
  if (!ok_ || count > max_size || count > bytes_.size() - position_) {
    Fail();
    return {};
  }
  size = count;
  return {.type = static_cast<ThriftType>(byte & 15)};
}

void ThriftReader::Skip(Field field) {
  if (field.type == ThriftType::kTrue || field.type == ThriftType::kFalse) return;
  SkipElement(field.type);
}

void ThriftReader::SkipElement(ThriftType type) {
  switch (type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
    case ThriftType::kByte:
      Next();
      return;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64:
      Varint();
      return;
    case ThriftType::kDouble:
      for (int i = 0; i < 8; ++i) Next();
      return;
    case ThriftType::kBinary:
      Binary({.type = type});
      return;
    case ThriftType::kList:
    case ThriftType::kSet: {
      if (++depth_ > kMaxDepth) Fail();
      size_t size = 0;
      const Field element = ListHeader(bytes_.size(), size);
      for (size_t i = 0; i < size && ok_; ++i) SkipElement(element.type);
      --depth_;
      return;
    }
    case ThriftType::kStruct:
      Struct([](Field) { return false; });
      return;
    default:  // Maps do not occur in Parquet's metadata.
      Fail();
  }
}

}  // namespace mxsweep::output
