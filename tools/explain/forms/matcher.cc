#include "tools/explain/forms/matcher.h"

#include <algorithm>
#include <deque>

#include "absl/strings/ascii.h"
#include "scanner/base/check.h"

namespace mxsweep::tools {
namespace {

// More of a piece would make the automaton larger and not more exact.
constexpr size_t kAnchorBytes = 12;

// Words without which nothing is trouble of TLS, and the ends of deliveries.
constexpr std::string_view kWords[] = {"tls",
                                       "ssl",
                                       "x509",
                                       "alert",
                                       "status=deferred",
                                       "status=bounced",
                                       "stat=deferred",
                                       "diagnostic-code",
                                       "starting delivery",
                                       "certificate"};

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    if (end != 0 && !text.empty()) parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// A piece that begins or ends with a digit is a whole number there: "5.7.27" is not in "15.7.270"
// nor in the address 5.7.27.9.
bool IsWhole(std::string_view line, size_t at, std::string_view piece) {
  if (IsDigit(piece.front()) && at > 0 && (IsDigit(line[at - 1]) || line[at - 1] == '.')) {
    return false;
  }
  const size_t end = at + piece.size();
  if (!IsDigit(piece.back()) || end >= line.size()) return true;
  return !IsDigit(line[end]) &&
         !(line[end] == '.' && end + 1 < line.size() && IsDigit(line[end + 1]));
}

size_t FindPiece(std::string_view line, std::string_view piece, size_t from) {
  for (size_t at = line.find(piece, from); at != std::string_view::npos;
       at = line.find(piece, at + 1)) {
    if (IsWhole(line, at, piece)) return at;
  }
  return std::string_view::npos;
}

}  // namespace

bool Holds(std::string_view line, const Pattern& pattern, size_t* position) {
  size_t from = 0;
  for (const std::string_view piece : pattern.pieces) {
    const size_t at = FindPiece(line, piece, from);
    if (at == std::string_view::npos) return false;
    if (piece.data() == pattern.pieces.front().data()) *position = at;
    from = at + piece.size();
  }
  return std::ranges::none_of(pattern.forbidden, [line](std::string_view word) {
    return line.find(word) != std::string_view::npos;
  });
}

const Matcher& Matcher::Instance() {
  static const Matcher* const matcher = new Matcher;
  return *matcher;
}

Matcher::Matcher() {
  const std::span<const Form> tables[] = {
      PostfixForms(),  EximForms(),    OtherMtaForms(), NewerMtaForms(), MicrosoftForms(),
      ProviderForms(), OpensslForms(), VerifyForms(),   LibraryForms(),  ReportForms()};
  for (const std::span<const Form> table : tables) {
    for (const Form& form : table) {
      for (const std::string_view alternative : Split(form.patterns, '|')) {
        const std::vector<std::string_view> parts = Split(alternative, '!');
        Pattern pattern;
        pattern.form = &form;
        pattern.pieces = Split(parts.front(), '*');
        pattern.forbidden.assign(parts.begin() + 1, parts.end());
        for (const std::string_view piece : pattern.pieces) pattern.length += piece.size();
        patterns_.push_back(std::move(pattern));
      }
    }
  }
  next_.assign(kClasses, kNone);
  first_anchor_.assign(1, kNone);
  for (uint32_t i = 0; i < patterns_.size(); ++i) {
    const auto longest = std::ranges::max_element(
        patterns_[i].pieces, {}, [](std::string_view piece) { return piece.size(); });
    Add(longest->substr(0, kAnchorBytes), i);
  }
  for (const std::string_view word : kWords) Add(word, kNone);
  Link();
}

uint8_t Matcher::ClassOf(char c) {
  uint8_t& known = class_of_[static_cast<uint8_t>(c)];
  if (known == 0) {
    known = classes_++;
    MXSWEEP_CHECK(classes_ <= kClasses);
    class_of_[static_cast<uint8_t>(absl::ascii_toupper(static_cast<unsigned char>(c)))] = known;
  }
  return known;
}

void Matcher::Add(std::string_view anchor, uint32_t pattern) {
  uint32_t state = 0;
  for (const char c : anchor) {
    const size_t edge = state * kClasses + ClassOf(c);
    if (next_[edge] == kNone) {
      next_[edge] = static_cast<uint32_t>(first_anchor_.size());
      first_anchor_.push_back(kNone);
      next_.resize(next_.size() + kClasses, kNone);
    }
    state = next_[edge];
  }
  anchors_.emplace_back(pattern, first_anchor_[state]);
  first_anchor_[state] = static_cast<uint32_t>(anchors_.size() - 1);
}

// Breadth first, so that a state's fall-back is complete before the state is.
void Matcher::Link() {
  std::vector<uint32_t> fallback(first_anchor_.size(), 0);
  std::deque<uint32_t> queue;
  for (uint32_t c = 0; c < kClasses; ++c) {
    if (next_[c] == kNone) {
      next_[c] = 0;
    } else {
      queue.push_back(next_[c]);
    }
  }
  while (!queue.empty()) {
    const uint32_t state = queue.front();
    queue.pop_front();
    const uint32_t back = fallback[state];
    // The anchors that end here as well are those of the fall-back: one list behind the other.
    if (first_anchor_[state] == kNone) {
      first_anchor_[state] = first_anchor_[back];
    } else {
      uint32_t last = first_anchor_[state];
      while (anchors_[last].second != kNone) last = anchors_[last].second;
      anchors_[last].second = first_anchor_[back];
    }
    for (uint32_t c = 0; c < kClasses; ++c) {
      uint32_t& edge = next_[state * kClasses + c];
      const uint32_t other = next_[back * kClasses + c];
      if (edge == kNone) {
        edge = other;
      } else {
        fallback[edge] = other;
        queue.push_back(edge);
      }
    }
  }
}

void Matcher::FindAll(std::string_view line, std::vector<Match>* matches) const {
  matches->clear();
  uint32_t state = 0;
  for (const char c : line) {
    state = next_[state * kClasses + class_of_[static_cast<uint8_t>(c)]];
    for (uint32_t anchor = first_anchor_[state]; anchor != kNone;
         anchor = anchors_[anchor].second) {
      const uint32_t index = anchors_[anchor].first;
      if (index == kNone) continue;
      const Pattern& pattern = patterns_[index];
      if (std::ranges::find(*matches, &pattern, &Match::pattern) != matches->end()) continue;
      size_t position = 0;
      if (Holds(line, pattern, &position)) matches->push_back({&pattern, position});
    }
  }
}

}  // namespace mxsweep::tools
