#include "output/parquet/page_cutter.h"

#include <algorithm>
#include <variant>

namespace mxsweep::output {
namespace {

// Two lengths, a width, the headers of the last runs.
constexpr size_t kLevelLengths = 64;

}  // namespace

PageCutter::PageCutter(const ColumnBuffer& buffer, const ParquetOptions& options)
    : buffer_(buffer),
      options_(options),
      definitions_(buffer.definitions()),
      repetitions_(buffer.repetitions()),
      entries_left_(buffer.entry_count()) {}

PageCutter::Size PageCutter::Measure(size_t rows) const {
  Size size;
  if (buffer_.leaf().max_repetition == 0) {
    size.rows = size.entries = std::min(rows, entries_left_);
  } else {
    // Repetition level 0 begins a row; what follows at another level is the same row's.
    RunCursor ahead = repetitions_;
    while (!ahead.at_end() && (size.rows < rows || ahead.Rest().value != 0)) {
      ValueRun run = ahead.Rest();
      if (run.value == 0) {
        run.count = static_cast<uint32_t>(std::min<size_t>(run.count, rows - size.rows));
        size.rows += run.count;
      }
      size.entries += run.count;
      ahead.Skip(run.count);
    }
  }
  size.values = size.entries;
  const uint8_t max_definition = buffer_.leaf().max_definition;
  if (max_definition > 0) {
    size.page_bytes += size.entries;
    RunCursor(definitions_).Pass(size.entries, [&](ValueRun run) {
      if (run.value != max_definition) size.values -= run.count;
    });
  }
  size.page_bytes +=
      kLevelLengths +
      std::visit([&](const auto& values) { return values.PageBytes(next_value_, size.values); },
                 buffer_.values());
  return size;
}

PageExtent PageCutter::Next() {
  Size size = Measure(options_.page_rows);
  if (size.page_bytes > options_.page_bytes) {
    // The most rows that fit are at least `fits`, or one, and fewer than `too_many`.
    size_t fits = 1;
    size_t too_many = size.rows;
    while (too_many - fits > 1) {
      const size_t middle = fits + (too_many - fits) / 2;
      (Measure(middle).page_bytes > options_.page_bytes ? too_many : fits) = middle;
    }
    size = Measure(fits);
  }
  PageExtent page{.first_value = next_value_,
                  .first_row = next_row_,
                  .entries = size.entries,
                  .values = size.values,
                  .rows = size.rows};
  if (buffer_.leaf().max_definition > 0) {
    definitions_.Pass(size.entries, [&](ValueRun run) { page.definitions.push_back(run); });
  }
  if (buffer_.leaf().max_repetition > 0) {
    repetitions_.Pass(size.entries, [&](ValueRun run) { page.repetitions.push_back(run); });
  }
  entries_left_ -= size.entries;
  next_value_ += size.values;
  next_row_ += size.rows;
  return page;
}

}  // namespace mxsweep::output
