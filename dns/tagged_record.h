// The grammar that TXT records of MTA-STS and TLS reporting share (RFC 8461 §3.1, RFC 8460 §3): a
// version, then fields "name=value", divided by semicolons with blanks around them.
#ifndef MXSWEEP_DNS_TAGGED_RECORD_H_
#define MXSWEEP_DNS_TAGGED_RECORD_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/mta_sts.h"

namespace mxsweep::dns {

// Which of a name's TXT records counts.
struct RecordChoice {
  PolicyRecordStatus status = PolicyRecordStatus::kNone;  // kNone, kValid, kInvalid or kMultiple
  std::string_view fields;  // kValid: what follows the version and its semicolon. Borrows.
  std::string detail;       // of kInvalid and kMultiple
};

// `version` is "v=STSv1" or "v=TLSRPTv1". A lone text need but follow the grammar, with blanks
// before its semicolon or not; of several, those that do not begin with `version` and ";" are
// discarded, and exactly one must be left. Where none is, but one was meant (in quotation marks,
// behind a blank or a byte order mark, in another case, misspelt), it is kInvalid, and `detail`
// shows it.
RecordChoice ChooseRecord(std::span<const std::string> texts, std::string_view version);

struct TaggedField {
  std::string_view name;
  std::string_view value;
};

// Cuts `fields` at semicolons into names and values. InvalidArgument with a sentence: no "=", a
// name that is none, an empty field other than the last. Values are not looked at. Borrows.
absl::StatusOr<std::vector<TaggedField>> SplitFields(std::string_view fields);

// May `value` stand behind the name of an extension? Printable, without "=", ";" and blanks.
bool IsExtensionValue(std::string_view value);

// Blanks and tabs off either end.
std::string_view TrimBlanks(std::string_view text);
// Letters and digits, ASCII.
bool IsAlphanumeric(std::string_view text);
// The name of an extension: up to 32 letters, digits, "_", "-", "."; the first a letter or digit.
bool IsExtensionName(std::string_view text);
// `text` for a sentence: in quotes, at most 40 bytes, what is not printable ASCII as "?".
std::string Quoted(std::string_view text);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_TAGGED_RECORD_H_
