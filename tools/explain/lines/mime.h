// Fields and encodings of mail (MIME): parameters, base64, quoted-printable.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_MIME_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_MIME_H_

#include <string>
#include <string_view>

namespace mxsweep::tools {

// The value of the parameter `name` (lower case) of a field's value, without quotation marks, and
// put together where it is in pieces (RFC 2045 §5.1, RFC 2231 §3 and §4); empty where there is
// none. Bytes of another character set stay as they are.
std::string MimeParameter(std::string_view value, std::string_view name);

// What does not belong to the alphabet is passed over, and the padding ends it (RFC 2045 §6.8):
// a mailing list's footer behind it is no harm. False: a character alone is left over.
bool DecodeMimeBase64(std::string_view text, std::string* bytes);

// Lines end in "\n" (RFC 2045 §6.7); what is no code stays as it is.
std::string DecodeQuotedPrintable(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_MIME_H_
