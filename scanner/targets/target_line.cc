#include "scanner/targets/target_line.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr int kFeistelRounds = 6;

std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool IsInteger(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Takes a quoted field, of which `*line` begins with the opening quote, off the front; false if it
// is not closed. What stands between the closing quote and the comma is dropped.
bool TakeQuoted(std::string_view* line, std::string* field) {
  line->remove_prefix(1);
  while (true) {
    const size_t quote = line->find('"');
    if (quote == std::string_view::npos) return false;
    field->append(line->substr(0, quote));
    line->remove_prefix(quote + 1);
    if (line->empty() || line->front() != '"') break;
    *field += '"';  // two quotes stand for one
    line->remove_prefix(1);
  }
  line->remove_prefix(std::min(line->find(','), line->size()));
  return true;
}

// The finaliser of MurmurHash3, as a mixing function.
uint64_t Mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

}  // namespace

std::optional<std::vector<std::string>> SplitCsv(std::string_view line) {
  std::vector<std::string> fields;
  while (fields.size() < kMaxCsvFields) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    std::string& field = fields.emplace_back();
    if (!line.empty() && line.front() == '"') {
      if (!TakeQuoted(&line, &field)) return std::nullopt;
      field = std::string(TrimBlanks(field));
    } else {
      const size_t comma = std::min(line.find(','), line.size());
      field = std::string(TrimBlanks(line.substr(0, comma)));
      line.remove_prefix(comma);
    }
    if (line.empty()) break;
    line.remove_prefix(1);
  }
  return fields;
}

std::string_view StripLine(std::string_view line) {
  for (size_t hash = line.find('#'); hash != std::string_view::npos;
       hash = line.find('#', hash + 1)) {
    if (hash == 0 || kBlanks.find(line[hash - 1]) != std::string_view::npos) {
      line = line.substr(0, hash);
      break;
    }
  }
  return TrimBlanks(line);
}

std::optional<size_t> FindColumn(const std::vector<std::string>& fields,
                                 std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (absl::AsciiStrToLower(fields[i]) == name) return i;
    }
  }
  return std::nullopt;
}

size_t TargetColumn(const std::vector<std::string>& fields) {
  MXSWEEP_CHECK(!fields.empty());
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!IsInteger(fields[i])) return i;
  }
  return fields.size() - 1;
}

IndexShuffle::IndexShuffle(uint64_t size, uint64_t seed)
    : size_(size),
      seed_(seed),
      half_bits_(std::max(1, (static_cast<int>(std::bit_width(size > 0 ? size - 1 : 0)) + 1) / 2)) {
}

uint64_t IndexShuffle::At(uint64_t index) const {
  MXSWEEP_CHECK(index < size_);
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  // The network permutes at most four times as many numbers as there are: the walk is short.
  do {
    uint64_t left = index >> half_bits_;
    uint64_t right = index & mask;
    for (uint64_t round = 0; round < kFeistelRounds; ++round) {
      const uint64_t mixed = Mix(seed_ ^ Mix(right + (round << 58)));
      left = std::exchange(right, (left ^ mixed) & mask);
    }
    index = left << half_bits_ | right;
  } while (index >= size_);
  return index;
}

}  // namespace mxsweep::scanner
