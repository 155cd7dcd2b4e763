// The hybrid of run-length encoding and bit packing that Parquet uses for levels and for dictionary
// indices. Values of a fixed width in bits, in runs:
//
//   varint count << 1,      the value in ceil(width / 8) bytes, little-endian        (repeated)
//   varint groups << 1 | 1, groups × width bytes: 8 values a group, least bit first  (bit-packed)
//
// The last bit-packed group is filled up with zeros; how many values there are is said elsewhere.
#ifndef MXSWEEP_OUTPUT_PARQUET_RLE_BIT_PACKING_H_
#define MXSWEEP_OUTPUT_PARQUET_RLE_BIT_PACKING_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "output/parquet/runs.h"

namespace mxsweep::output {

// Bits needed for values up to `max_value`; 0 for 0.
int BitWidth(uint64_t max_value);

// Appends the encoded values. REQUIRES: each fits in `bit_width` (0 to 32) bits.
void EncodeRleBitPacked(std::span<const uint32_t> values, int bit_width, std::string& out);
// The same bytes for the same values. REQUIRES: neighbouring runs differ in their values.
void EncodeRleBitPacked(std::span<const ValueRun> runs, int bit_width, std::string& out);

// Fills `values` from hostile bytes. False when they end too early or the width is over 32.
bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint8_t> values);
bool DecodeRleBitPacked(std::string_view bytes, int bit_width, std::span<uint32_t> values);

// Bools as PLAIN stores them: one bit each, least bit first.
void EncodeBits(std::span<const uint8_t> values, std::string& out);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_RLE_BIT_PACKING_H_
