// Finds which of many known forms a line may hold, in one pass over its bytes.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FORMS_MATCHER_H_
#define MXSWEEP_TOOLS_EXPLAIN_FORMS_MATCHER_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/forms/form.h"

namespace mxsweep::tools {

// One alternative of a form's patterns.
struct Pattern {
  const Form* form = nullptr;
  std::vector<std::string_view> pieces;     // in this order in the line
  std::vector<std::string_view> forbidden;  // nowhere in it
  size_t length = 0;                        // of all pieces: the longest is the most exact
};

struct Match {
  const Pattern* pattern = nullptr;
  size_t position = 0;  // of its first piece
};

// The automaton of Aho and Corasick over an anchor of each pattern (the beginning of its longest
// piece), letters in lower case. Immutable; one for the program.
class Matcher {
 public:
  // All forms, and the words that alone make a line worth a look.
  static const Matcher& Instance();

  // False for a line that holds no anchor: nothing of it is known. No copy is made.
  bool IsOfInterest(std::string_view line) const {
    uint32_t state = 0;
    for (const char c : line) {
      state = next_[state * kClasses + class_of_[static_cast<uint8_t>(c)]];
      if (first_anchor_[state] != kNone) return true;
    }
    return false;
  }

  // Every pattern that `line` holds. REQUIRES: lower case, with a blank at its end.
  void FindAll(std::string_view line, std::vector<Match>* matches) const;

 private:
  // Letters, digits, and what else stands in anchors; all other bytes are one class.
  static constexpr uint32_t kClasses = 64;
  static constexpr uint32_t kNone = UINT32_MAX;

  Matcher();
  void Add(std::string_view anchor, uint32_t pattern);
  uint8_t ClassOf(char c);
  void Link();

  std::array<uint8_t, 256> class_of_{};
  uint8_t classes_ = 1;
  std::vector<uint32_t> next_;
  std::vector<uint32_t> first_anchor_;                  // by state: the head of its list, or kNone
  std::vector<std::pair<uint32_t, uint32_t>> anchors_;  // pattern (kNone: a word), next of the list
  std::vector<Pattern> patterns_;
};

// Does `line` hold the pieces in their order, and nothing forbidden? `position` is the first one's.
bool Holds(std::string_view line, const Pattern& pattern, size_t* position);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FORMS_MATCHER_H_
