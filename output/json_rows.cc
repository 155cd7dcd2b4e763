#include "output/json_rows.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/escaping.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"
#include "scanner/base/utf8.h"

namespace mxsweep::output {
namespace {

void AppendPadded(int64_t value, int width, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  for (auto length = end - digits; length < width; ++length) out.push_back('0');
  out.append(digits, end);
}

// ISO 8601 in UTC. Years beyond four digits are written as they are (ISO 8601 calls it expanded).
void AppendTimestamp(absl::Time time, std::string& out) {
  const absl::TimeZone::CivilInfo civil = absl::UTCTimeZone().At(time);
  const absl::CivilSecond second = civil.cs;
  if (second.year() < 0) out.push_back('-');
  AppendPadded(second.year() < 0 ? -second.year() : second.year(), 4, out);
  const std::pair<char, int> parts[] = {{'-', second.month()},
                                        {'-', second.day()},
                                        {'T', second.hour()},
                                        {':', second.minute()},
                                        {':', second.second()}};
  for (const auto& [separator, value] : parts) {
    out.push_back(separator);
    AppendPadded(value, 2, out);
  }
  out.push_back('.');
  AppendPadded(civil.subsecond / absl::Microseconds(1), 6, out);
  out.push_back('Z');
}

// "\\u202e". REQUIRES: the character has at most three bytes.
void AppendUnicodeEscape(std::string_view character, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  uint32_t code_point = static_cast<uint8_t>(character[0]);
  if (character.size() > 1) code_point &= character.size() == 2 ? 0x1f : 0x0f;
  for (const char c : character.substr(1)) {
    code_point = (code_point << 6) | (static_cast<uint8_t>(c) & 0x3f);
  }
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[(code_point >> shift) & 15]);
}

// Of the characters that a terminal obeys, C0 has to be escaped in JSON; the others are, too, since
// rows are looked at on terminals. REQUIRES: valid UTF-8.
void AppendEscaped(std::string_view text, std::string& out) {
  size_t plain = 0;
  size_t obeyed = FindObeyed(text);
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i != obeyed && c != '"' && c != '\\') continue;
    out.append(text.substr(plain, i - plain));
    plain = i + 1;
    if (i == obeyed) {
      obeyed = FindObeyed(text, i + 1);
      const size_t bytes = Utf8CharacterBytes(text.substr(i));
      plain = i + bytes;
      const size_t named = std::string_view("\n\r\t").find(c);
      if (bytes == 1 && named != std::string_view::npos) {
        out.append({'\\', "nrt"[named]});
      } else {
        AppendUnicodeEscape(text.substr(i, bytes), out);
      }
      i += bytes - 1;
      continue;
    }
    out.append({'\\', c});
  }
  out.append(text.substr(plain));
}

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsList : std::false_type {};
template <typename T>
struct IsList<std::vector<T>> : std::true_type {};

template <typename T>
void AppendJson(const T& value, std::string& out) {
  if constexpr (IsOptional<T>::value) {
    if (value.has_value()) {
      AppendJson(*value, out);
    } else {
      out.append("null");
    }
  } else if constexpr (IsList<T>::value) {
    char separator = '[';
    for (const auto& element : value) {
      out.push_back(separator);
      AppendJson(element, out);
      separator = ',';
    }
    if (separator == '[') out.push_back('[');
    out.push_back(']');
  } else if constexpr (std::is_same_v<T, std::string>) {
    AppendJsonString(value, out);
  } else if constexpr (std::is_same_v<T, Binary>) {
    AppendText(&out, "\"", absl::Base64Escape(value.bytes), "\"");
  } else if constexpr (std::is_same_v<T, bool>) {
    out.append(value ? "true" : "false");
  } else if constexpr (std::is_same_v<T, absl::Time>) {
    out.push_back('"');
    AppendTimestamp(value, out);
    out.push_back('"');
  } else if constexpr (std::is_unsigned_v<T>) {
    AppendText(&out, value);
  } else {
    char separator = '{';
    T::VisitFields([&](const auto& field) {
      out.push_back(separator);
      AppendText(&out, "\"", field.name, "\":");
      AppendJson(value.*field.member, out);
      separator = ',';
    });
    out.push_back('}');
  }
}

// What a spreadsheet reads as the beginning of a formula, or drops before it looks for one.
bool LooksLikeFormula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != text.npos;
}

// What a terminal obeys as JSON writes it, but for the ends of lines and tabs, which are part of
// the format. CSV has no escapes of its own: NDJSON and Parquet tell it from a backslash.
std::string WithoutObeyed(std::string_view text) {
  std::string out;
  size_t plain = 0;
  for (size_t at = FindObeyed(text); at != std::string_view::npos; at = FindObeyed(text, at + 1)) {
    if (std::string_view("\n\r\t").find(text[at]) != std::string_view::npos) continue;
    const size_t bytes = Utf8CharacterBytes(text.substr(at));
    out.append(text.substr(plain, at - plain));
    AppendUnicodeEscape(text.substr(at, bytes), out);
    plain = at + bytes;
  }
  out.append(text.substr(plain));
  return out;
}

void AppendCsvText(std::string_view text, bool formulas, std::string& out) {
  if (!formulas && LooksLikeFormula(text)) {
    return AppendCsvText(JoinText("'", text), /*formulas=*/true, out);
  }
  const bool quote = text.empty() || text.find_first_of("\",\r\n") != text.npos ||
                     text.front() == ' ' || text.back() == ' ';
  if (!quote) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

template <typename T>
void AppendCsv(const T& value, bool formulas, std::string& out) {
  if constexpr (IsOptional<T>::value) {
    if (value.has_value()) AppendCsv(*value, formulas, out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (IsValidUtf8(value) && FindObeyed(value) == std::string::npos) {
      AppendCsvText(value, formulas, out);
    } else {
      AppendCsvText(WithoutObeyed(SanitizeUtf8(value)), formulas, out);
    }
  } else if constexpr (IsList<T>::value) {
    std::string json;
    AppendJson(value, json);
    AppendCsvText(json, formulas, out);
  } else if constexpr (std::is_same_v<T, Binary>) {
    AppendCsvText(absl::Base64Escape(value.bytes), formulas, out);
  } else if constexpr (std::is_same_v<T, absl::Time>) {
    AppendTimestamp(value, out);
  } else {
    AppendJson(value, out);
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out.push_back('"');
  if (IsValidUtf8(text)) {
    AppendEscaped(text, out);
  } else {
    AppendEscaped(SanitizeUtf8(text), out);
  }
  out.push_back('"');
}

absl::StatusOr<RowFormatter> RowFormatter::Create(TableId table, RowFormat format,
                                                  std::span<const std::string> columns) {
  const TableSchema& schema = SchemaOf(table);
  std::vector<bool> shown(schema.columns.size(), columns.empty());
  for (const std::string& name : columns) {
    const auto index = schema.FindColumn(name);
    if (!index) {
      std::string known;
      for (const ColumnSpec& column : schema.columns) {
        AppendText(&known, known.empty() ? "" : ", ", column.name);
      }
      return absl::InvalidArgumentError(
          JoinText("table ", schema.name, " has no column '", name, "'; it has ", known));
    }
    shown[*index] = true;
  }
  return RowFormatter(table, format, std::move(shown));
}

void RowFormatter::AppendHeader(std::string& out) const {
  if (format_ == RowFormat::kNdjson || format_ == RowFormat::kTableNdjson) return;
  const TableSchema& schema = SchemaOf(table_);
  bool first = true;
  for (size_t i = 0; i < shown_.size(); ++i) {
    if (!shown_[i]) continue;
    if (!first) out.push_back(',');
    first = false;
    out.append(schema.columns[i].name);
  }
  out.push_back('\n');
}

template <typename Row>
void RowFormatter::Append(const Row& row, std::string& out) const {
  const bool json = format_ == RowFormat::kNdjson || format_ == RowFormat::kTableNdjson;
  size_t index = 0;
  bool first = true;
  if (json) out.push_back('{');
  if (format_ == RowFormat::kTableNdjson) {
    AppendText(&out, "\"table\":\"", SchemaOf(table_).name, "\"");
    first = false;
  }
  Table<Row>::VisitColumns([&](const auto& column) {
    if (!shown_[index++]) return;
    if (!first) out.push_back(',');
    first = false;
    if (json) {
      AppendText(&out, "\"", column.name, "\":");
      AppendJson(row.*column.member, out);
    } else {
      AppendCsv(row.*column.member, format_ == RowFormat::kCsv, out);
    }
  });
  out.append(json ? "}\n" : "\n");
}

void RowFormatter::AppendRow(const DomainRow& row, std::string& out) const { Append(row, out); }
void RowFormatter::AppendRow(const MxHostRow& row, std::string& out) const { Append(row, out); }
void RowFormatter::AppendRow(const ProbeRow& row, std::string& out) const { Append(row, out); }
void RowFormatter::AppendRow(const EndpointRow& row, std::string& out) const { Append(row, out); }
void RowFormatter::AppendRow(const CertificateRow& row, std::string& out) const {
  Append(row, out);
}
void RowFormatter::AppendRow(const WeakKeyRow& row, std::string& out) const { Append(row, out); }

}  // namespace mxsweep::output
