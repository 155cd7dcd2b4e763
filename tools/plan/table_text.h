// Tables in Markdown, and numbers in them.
#ifndef MXSWEEP_TOOLS_PLAN_TABLE_TEXT_H_
#define MXSWEEP_TOOLS_PLAN_TABLE_TEXT_H_

#include <initializer_list>
#include <string>
#include <string_view>

namespace mxsweep::plan {

// "2,000", "0.135", "1.02".
std::string NumberText(double value);
// "36.0 million".
std::string Millions(double value);
// "12.8" of seconds.
std::string Hours(double seconds);

class Table {
 public:
  explicit Table(std::initializer_list<std::string_view> heads);
  void Row(std::initializer_list<std::string> cells);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_TABLE_TEXT_H_
