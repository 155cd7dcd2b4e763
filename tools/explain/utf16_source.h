#ifndef MXSWEEP_TOOLS_EXPLAIN_UTF16_SOURCE_H_
#define MXSWEEP_TOOLS_EXPLAIN_UTF16_SOURCE_H_

#include <memory>
#include <string_view>

#include "scanner/targets/input_source.h"

namespace mxsweep::tools {

// The byte order mark of UTF-16 stands at the front (RFC 2781 §3.2): what PowerShell's Out-File and
// the Windows event viewer write.
bool IsUtf16(std::string_view start);

// `source` in UTF-8, without its mark. REQUIRES: it begins as IsUtf16 says. Half of a pair of
// surrogates, and an odd byte at the end, become U+FFFD.
std::unique_ptr<scanner::InputSource> FromUtf16(std::unique_ptr<scanner::InputSource> source);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_UTF16_SOURCE_H_
