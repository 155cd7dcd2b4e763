// A hostile server's bytes to the HTTP reader, whole and in pieces: both must say the same, and
// nothing may grow over its cap.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "scanner/base/check.h"
#include "scanner/http/response.h"

namespace mxsweep::scanner {
namespace {

using State = HttpResponseReader::State;

constexpr size_t kMaxBody = 2000;

std::string Read(std::span<const uint8_t> bytes, size_t step) {
  HttpResponseReader reader(kMaxBody);
  State state = State::kNeedMore;
  while (!bytes.empty() && state == State::kNeedMore) {
    const auto piece = bytes.subspan(0, std::min(step, bytes.size()));
    state = reader.Feed(piece);
    bytes = bytes.subspan(piece.size());
  }
  if (state == State::kNeedMore) state = reader.End();
  MXSWEEP_CHECK(reader.body().size() <= kMaxBody);
  MXSWEEP_CHECK(reader.content_type().value_or("").size() <= kMaxHttpValueBytes);
  MXSWEEP_CHECK(reader.location().value_or("").size() <= kMaxHttpValueBytes);
  MXSWEEP_CHECK(state != State::kComplete || reader.status() == 200);
  MXSWEEP_CHECK(state != State::kNot200 || (reader.status() && reader.status() != 200));
  const bool wrong = state == State::kMalformed || state == State::kTooLarge;
  MXSWEEP_CHECK(wrong != reader.error().empty());
  std::string said = std::to_string(static_cast<int>(state));
  if (state == State::kComplete) said += reader.content_type().value_or("-") + reader.body();
  if (state == State::kNot200) said += reader.location().value_or("-");
  return said;
}

}  // namespace
}  // namespace mxsweep::scanner

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::scanner::Read;
  const std::span<const uint8_t> bytes(data, size);
  // What is over a cap may be found out a piece earlier or later: only short inputs are compared.
  const std::string whole = Read(bytes, std::max<size_t>(size, 1));
  for (size_t step : {1, 2, 7}) {
    const std::string pieces = Read(bytes, step);
    MXSWEEP_CHECK(size > mxsweep::scanner::kMaxHttpHeaderBytes || pieces == whole);
  }
  return 0;
}
