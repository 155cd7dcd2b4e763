// Text into HTML, where some of the text is strangers'.
#ifndef MXSWEEP_TOOLS_PAGE_HTML_H_
#define MXSWEEP_TOOLS_PAGE_HTML_H_

#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace mxsweep::tools {

// `text` as it is to be seen, between tags and in quoted attributes: made printable and shortened
// (SanitizeText), with & < > " ' escaped.
std::string Escaped(std::string_view text);

// JSON that may stand in a <script>: no <, > or & as such, nor the line ends that JavaScript has
// and JSON has not.
std::string ScriptJson(const nlohmann::json& json);

// "'sha256-…'", by which a Content-Security-Policy allows an inline script or style.
std::string CspHash(std::string_view content);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_PAGE_HTML_H_
