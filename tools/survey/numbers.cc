#include "tools/survey/numbers.h"

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxCellBytes = 1024;

}  // namespace

std::string Grouped(uint64_t number) {
  std::string text = JoinText(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string ShareText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  std::string text =
      absl::StrFormat("%.2f", 100 * static_cast<double>(part) / static_cast<double>(whole));
  if (text == "100.00" && part < whole) text = ">99.99";
  if (text == "0.00" && part > 0) text = "<0.01";
  return text + " %";
}

std::string CsvCell(std::string_view text) {
  std::string cell = SanitizeText(text, kMaxCellBytes);
  constexpr std::string_view kFormula = "=+-@";
  if (!cell.empty() && kFormula.find(cell.front()) != kFormula.npos) cell.insert(0, "'");
  if (cell.find_first_of("\",") == cell.npos) return cell;
  for (size_t at = cell.find('"'); at != cell.npos; at = cell.find('"', at + 2)) {
    cell.insert(at, "\"");
  }
  return JoinText("\"", cell, "\"");
}

}  // namespace mxsweep::tools
