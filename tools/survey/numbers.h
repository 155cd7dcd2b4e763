// Numbers for people: counts, shares, times.
#ifndef MXSWEEP_TOOLS_SURVEY_NUMBERS_H_
#define MXSWEEP_TOOLS_SURVEY_NUMBERS_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace mxsweep::tools {

// "1,234,567".
std::string Grouped(uint64_t number);
// "12.34 %"; "-" of nothing. Never "100.00 %" of less
// than all (">99.99 %"), nor "0.00 %" of more than none ("<0.01 %").
std::string ShareText(uint64_t part, uint64_t whole);

// A cell of CSV (RFC 4180) that a spreadsheet takes for text: quoted where it has to be, an
// apostrophe before =, +, - and @, and what is no printable text as SanitizeText has it.
std::string CsvCell(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SURVEY_NUMBERS_H_
