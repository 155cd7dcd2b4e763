// Compressed streams: gzip, zstd, xz and bzip2.
#ifndef MXSWEEP_SCANNER_TARGETS_UNPACK_H_
#define MXSWEEP_SCANNER_TARGETS_UNPACK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "scanner/targets/input_source.h"

namespace mxsweep::scanner {

enum class Packing : uint8_t { kNone, kGzip, kZstd, kXz, kBzip2 };

// How many bytes of a stream PackingOf wants to see.
inline constexpr size_t kPackingSignatureBytes = 10;
// What a stream is packed with, by its first bytes (fewer where it is shorter).
Packing PackingOf(std::string_view start);

// What `packed` holds, unpacked: any number of members, frames or streams, one behind the other.
// Memory does not grow with the stream: it is the window that the packing program chose (zstd:
// 128 MiB at most; xz: 64 MiB at its highest level, 4 GiB at most). Errors of Read:
// DataLoss where the data is damaged, ends early, or is followed by something else. What came
// before is given out first: with gzip every byte, with the others up to a block of 128 KiB less.
std::unique_ptr<InputSource> Unpack(Packing packing, std::unique_ptr<InputSource> packed);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_UNPACK_H_
