#include "tools/explain/lines/line_source.h"

#include <cstring>
#include <span>
#include <vector>

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxLineBytes = 64 << 10;
constexpr size_t kBufferBytes = 256 << 10;
static_assert(kBufferBytes > 2 * kMaxLineBytes);

}  // namespace

absl::Status ForEachLine(scanner::InputSource& source,
                         absl::FunctionRef<void(std::string_view line, uint64_t number)> take) {
  std::vector<uint8_t> buffer(kBufferBytes);
  size_t kept = 0;        // bytes of an unfinished line at the buffer's front
  bool skipping = false;  // the rest of a line that was too long
  uint64_t number = 0;
  const auto give = [&](const char* begin, size_t bytes) {
    if (bytes > 0 && begin[bytes - 1] == '\r') --bytes;
    take(std::string_view(begin, bytes), ++number);
  };
  while (true) {
    const absl::StatusOr<size_t> got = source.Read(std::span(buffer).subspan(kept));
    if (!got.ok() || *got == 0) {
      if (kept > 0 && !skipping) give(reinterpret_cast<const char*>(buffer.data()), kept);
      return got.status();
    }
    const char* begin = reinterpret_cast<const char*>(buffer.data());
    const char* const end = begin + kept + *got;
    const char* search = begin + kept;
    while (const void* found = std::memchr(search, '\n', static_cast<size_t>(end - search))) {
      const char* const line_end = static_cast<const char*>(found);
      if (!skipping) give(begin, static_cast<size_t>(line_end - begin));
      skipping = false;
      begin = search = line_end + 1;
    }
    kept = skipping ? 0 : static_cast<size_t>(end - begin);
    if (kept > kMaxLineBytes) {
      give(begin, kMaxLineBytes);
      skipping = true;
      kept = 0;
    }
    std::memmove(buffer.data(), begin, kept);
  }
}

}  // namespace mxsweep::tools
