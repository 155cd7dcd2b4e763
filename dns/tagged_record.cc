#include "dns/tagged_record.h"

#include <algorithm>

#include "absl/strings/ascii.h"
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

RecordChoice ChooseRecord(std::span<const std::string> texts, std::string_view version) {
  const std::string prefix = JoinText(ToAbsl(version), ";");
  RecordChoice choice;
  size_t kept = 0;
  const std::string* meant = nullptr;
  for (const std::string& text : texts) {
    if (text.starts_with(prefix)) {
      ++kept;
      choice.fields = std::string_view(text).substr(prefix.size());
    } else if (text.starts_with(version)) {
      meant = &text;
    }
  }
  if (kept == 1) {
    choice.status = PolicyRecordStatus::kValid;
  } else if (kept > 1) {
    choice.status = PolicyRecordStatus::kMultiple;
    choice.detail = JoinText(kept, " records begin with \"", prefix, "\"; only one may");
  } else if (meant != nullptr) {
    choice.status = PolicyRecordStatus::kInvalid;
    choice.detail = JoinText("does not begin with \"", prefix, "\": ", Quoted(*meant));
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
