// Text for a terminal: what strangers wrote made harmless, and paragraphs. Pure functions.
#ifndef MXSWEEP_TOOLS_CHECK_PARAGRAPH_H_
#define MXSWEEP_TOOLS_CHECK_PARAGRAPH_H_

#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::tools {

// `text` (UTF-8 or not) with everything that a terminal could take for a command (control
// characters of ASCII and of Unicode's second block, and what turns the direction of writing) and
// bytes that are no UTF-8 replaced by '?'.
std::string Printable(std::string_view text);

// Characters of `text`, counted as one column each.
size_t ColumnsOf(std::string_view text);

// `text` with blanks behind it up to `columns`; one blank if it is as long or longer.
std::string PadTo(std::string_view text, size_t columns);

// The words of `text` in lines of at most `columns`; a longer word has a line of its own.
std::vector<std::string> WrapText(std::string_view text, size_t columns);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CHECK_PARAGRAPH_H_
