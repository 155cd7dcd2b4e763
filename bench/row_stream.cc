#include "bench/row_stream.h"

#include <vector>

#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kMaxOtherText = 1 << 16;

}  // namespace

void RowStream::ForEachNew(std::string_view table,
                           const std::function<void(std::string_view)>& call) {
  if (!file_.is_open()) file_.open(path_, std::ios::binary);
  if (!file_.is_open()) return;
  const std::string start = JoinText("{\"table\":\"", table, "\"");
  std::vector<char> buffer(kReadBytes);
  while (true) {
    file_.clear();  // The end, where it was before, may have moved on.
    file_.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto got = static_cast<size_t>(file_.gcount());
    if (got == 0) return;
    rest_.append(buffer.data(), got);
    size_t at = 0;
    for (size_t end; (end = rest_.find('\n', at)) != rest_.npos; at = end + 1) {
      const std::string_view line(rest_.data() + at, end - at);
      if (line.starts_with(start)) {
        call(line);
      } else if (!line.starts_with("{\"table\":") && other_.size() < kMaxOtherText) {
        AppendText(&other_, line, "\n");
      }
    }
    rest_.erase(0, at);
  }
}

std::string_view TextField(std::string_view row, std::string_view column) {
  const std::string key = JoinText("\"", column, "\":\"");
  const size_t at = row.find(key);
  if (at == row.npos) return "";
  const size_t start = at + key.size();
  return row.substr(start, row.find('"', start) - start);
}

}  // namespace mxsweep::bench
