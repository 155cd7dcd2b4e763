// The frame of every page that the program writes: one HTML file that needs nothing else and asks
// nobody. Tables are for whoever has no scripts; charts are drawn from the same numbers by Chart.js
// within the page. Its Content-Security-Policy lets nothing in but its own script and style, by
// their hashes.
#ifndef MXSWEEP_TOOLS_PAGE_PAGE_BUILDER_H_
#define MXSWEEP_TOOLS_PAGE_PAGE_BUILDER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {

// What a number is to be shown as.
enum class Tone : uint8_t { kNeutral, kGood, kFair, kBad, kUnknown };
// "neutral", "good", "fair", "bad", "unknown": the names of page.css and page.js.
std::string_view ToneWord(Tone tone);

// Collects a page from top to bottom. Text is HTML, unless it is said that it is escaped here.
class PageBuilder {
 public:
  // Of the place where charts and sections are appended to.
  std::string& main() { return main_; }

  // A section, with an entry in the page's list of them. Neither is escaped.
  void OpenSection(std::string_view id, std::string_view title);
  void CloseSection();

  // A large number with what it is above and what it is of below it; all are escaped. They stand
  // between OpenFigures and CloseFigures.
  void OpenFigures();
  void AddFigure(std::string_view what, std::string_view value, std::string_view of);
  void CloseFigures();

  // HTML above numbers, or above text.
  struct Heading {
    Heading(const char* above, bool text = false) : html(above), is_text(text) {}
    std::string_view html;
    bool is_text;
  };
  // Opens a table; `caption` is escaped. CloseTable ends it.
  void OpenTable(std::string_view caption, std::initializer_list<Heading> headings);
  void CloseTable();

  // A chart by Chart.js; page.js says what a chart is. `spoken` is for who does not see it, and is
  // escaped. `id` is the page's own.
  void AddChart(std::string_view id, std::string_view spoken, nlohmann::json chart);

  // The whole page. `heading` and `line`, which stands below it, are HTML; the title is escaped.
  std::string Finish(std::string_view title, std::string_view heading, std::string_view line) const;

 private:
  std::string main_;
  std::string nav_;
  nlohmann::json charts_ = nlohmann::json::array();
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_PAGE_PAGE_BUILDER_H_
