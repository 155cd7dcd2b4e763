#include "tools/explain/input.h"

#include <string>
#include <string_view>
#include <utility>

#include "tools/explain/lines/envelope.h"
#include "tools/explain/lines/line_source.h"
#include "tools/explain/lines/log_reader.h"

namespace mxsweep::tools {
namespace {

// At the front of a log so many lines are looked at for the time at which it begins.
constexpr uint64_t kMaxFirstLines = 100;
// The time stands at the front of a line.
constexpr size_t kTimeBytes = 64;

}  // namespace

absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, Ledger* ledger,
                       Findings* findings) {
  absl::StatusOr<std::unique_ptr<scanner::InputSource>> plain =
      scanner::Decompress(std::move(source));
  if (!plain.ok()) return plain.status();
  LogReader log(now_s, [ledger](const Trouble& trouble) { ledger->Add(trouble); });
  const auto note_time = [&](std::string_view line) {
    const Envelope envelope = ParseEnvelope(line, now_s);
    if (envelope.time_s.has_value()) findings->span.Include(*envelope.time_s);
    return envelope.time_s.has_value();
  };
  bool begun = false;
  std::string last;
  const absl::Status status = ForEachLine(**plain, [&](std::string_view line, uint64_t number) {
    ++findings->lines;
    if (!begun && number <= kMaxFirstLines) begun = note_time(line);
    if (!line.empty()) last.assign(line.substr(0, kTimeBytes));
    log.Add(line, number);
  });
  log.Finish();
  note_time(last);
  ++findings->inputs;
  return status;
}

}  // namespace mxsweep::tools
