#include "tools/plan/table_text.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "scanner/base/text.h"

namespace mxsweep::plan {

std::string NumberText(double value) {
  if (std::abs(value) < 1'000) return absl::StrFormat("%g", value);
  const std::string digits = absl::StrFormat("%.0f", value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string Millions(double value) { return absl::StrFormat("%.1f million", value / 1e6); }

std::string Hours(double seconds) { return absl::StrFormat("%.1f", seconds / 3'600); }

Table::Table(std::initializer_list<std::string_view> heads) {
  std::string rule = "|";
  text_ = "|";
  for (const std::string_view head : heads) {
    AppendText(&text_, head.empty() ? "" : " ", head, " |");
    rule += " --- |";
  }
  AppendText(&text_, "\n", rule, "\n");
}

void Table::Row(std::initializer_list<std::string> cells) {
  text_ += "|";
  for (const std::string& cell : cells) AppendText(&text_, cell.empty() ? "" : " ", cell, " |");
  text_ += "\n";
}

}  // namespace mxsweep::plan
