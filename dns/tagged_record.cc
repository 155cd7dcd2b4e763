#include "dns/tagged_record.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

constexpr size_t kMaxQuotedBytes = 40;
constexpr size_t kMaxExtensionNameLength = 32;

}  // namespace

std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsAlphanumeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_isalnum(c); });
}

bool IsExtensionName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxExtensionNameLength &&
         absl::ascii_isalnum(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

bool IsExtensionValue(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '=' && c != ';';
  });
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kMaxQuotedBytes)) quoted += c >= ' ' && c < 0x7f ? c : '?';
  quoted += text.size() > kMaxQuotedBytes ? "...\"" : "\"";
  return quoted;
}

namespace {

// Did somebody mean `text` for a record of `version` ("v=STSv1")? Whatever stands around and
// between its letters and digits, and in any case.
bool IsMeantFor(std::string_view text, std::string_view version) {
  if (absl::StartsWithIgnoreCase(ToAbsl(text), "v=spf1")) return false;
  std::string squeezed;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) squeezed += absl::ascii_tolower(c);
  }
  // "sts" of "v=STSv1".
  const std::string_view word = version.substr(2, version.rfind('v') - 2);
  const std::string name = absl::AsciiStrToLower(ToAbsl(word));
  return absl::StrContains(squeezed, name + "v") || squeezed.starts_with("v" + name) ||
         squeezed.starts_with(name);
}

// Why a text that was meant is none.
std::string WhyDiscarded(std::string_view text, std::string_view version) {
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const auto says = [text](absl::string_view what) { return JoinText(what, ": ", Quoted(text)); };
  if (text.starts_with(kByteOrderMark)) return says("a byte order mark before the record");
  if (text.starts_with('"') || text.starts_with('\'')) {
    return says("quotation marks belong to the text of the record");
  }
  if (text.starts_with(' ') || text.starts_with('\t')) return says("a blank before the record");
  if (!text.starts_with(version) && absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(version))) {
    return says(JoinText("the version is written \"", ToAbsl(version), "\""));
  }
  return says(JoinText("does not begin with \"", ToAbsl(version), ";\""));
}

RecordChoice Discarded(std::string_view text, std::string_view version) {
  return {.status = PolicyRecordStatus::kInvalid, .detail = WhyDiscarded(text, version)};
}

// RFC 8461 §3.1, RFC 8460 §3: nothing is discarded where there is but one record, and the grammar
// lets blanks stand before a semicolon.
RecordChoice TakeLoneRecord(std::string_view text, std::string_view version) {
  if (!text.starts_with(version)) {
    return IsMeantFor(text, version) ? Discarded(text, version) : RecordChoice();
  }
  std::string_view rest = text.substr(version.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (!rest.starts_with(';')) return Discarded(text, version);
  return {.status = PolicyRecordStatus::kValid, .fields = rest.substr(1), .detail = ""};
}

}  // namespace

RecordChoice ChooseRecord(std::span<const std::string> texts, std::string_view version) {
  if (texts.size() == 1) return TakeLoneRecord(texts.front(), version);
  const std::string prefix = JoinText(ToAbsl(version), ";");
  RecordChoice choice;
  size_t kept = 0;
  const std::string* meant = nullptr;
  for (const std::string& text : texts) {
    if (text.starts_with(prefix)) {
      ++kept;
      choice.fields = std::string_view(text).substr(prefix.size());
    } else if (IsMeantFor(text, version)) {
      meant = &text;
    }
  }
  if (kept == 1) {
    choice.status = PolicyRecordStatus::kValid;
  } else if (kept > 1) {
    choice.status = PolicyRecordStatus::kMultiple;
    choice.detail = JoinText(kept, " records begin with \"", prefix, "\"; only one may");
  } else if (meant != nullptr) {
    return Discarded(*meant, version);
  }
  return choice;
}

absl::StatusOr<std::vector<TaggedField>> SplitFields(std::string_view fields) {
  std::vector<TaggedField> all;
  while (true) {
    const size_t end = fields.find(';');
    const bool last = end == std::string_view::npos;
    const std::string_view whole = fields.substr(0, end);
    // Blanks may stand around a semicolon, and nowhere else: not at the very end.
    const std::string_view field = TrimBlanks(whole);
    if (last && field.empty()) return all;
    if (field.empty())
      return absl::InvalidArgumentError("two semicolons with nothing between them");
    if (last && (whole.ends_with(' ') || whole.ends_with('\t'))) {
      return absl::InvalidArgumentError("a blank at the end");
    }
    const size_t equals = field.find('=');
    const std::string_view name = field.substr(0, equals);
    if (equals == std::string_view::npos || !IsExtensionName(name)) {
      return absl::InvalidArgumentError(JoinText("not a field \"name=value\": ", Quoted(field)));
    }
    all.push_back({name, field.substr(equals + 1)});
    if (last) return all;
    fields.remove_prefix(end + 1);
  }
}

}  // namespace mxsweep::dns
