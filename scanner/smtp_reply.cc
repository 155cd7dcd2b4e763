#include "scanner/smtp_reply.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "scanner/check.h"
#include "scanner/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kCodeDigits = 3;
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Length of the well-formed UTF-8 character that `text` (not empty) begins with, or 0 (Unicode 15,
// table 3-7).
size_t Utf8Length(std::string_view text) {
  const uint8_t lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  const uint8_t second = static_cast<uint8_t>(text[1]);
  if (lead == 0xE0 && second < 0xA0) return 0;  // overlong
  if (lead == 0xED && second > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && second < 0x90) return 0;  // overlong
  if (lead == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
  return length;
}

// C0, DEL and C1: what a terminal would obey.
bool IsControl(std::string_view character) {
  const uint8_t first = static_cast<uint8_t>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
}

// How many characters of printable ASCII `text` begins with.
size_t PlainPrefix(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c == 0x7F; });
  return static_cast<size_t>(end - text.begin());
}

bool IsSeparator(char c) { return c == ' ' || c == '\t' || c == '-'; }

// What is wrong with the beginning of a line, complete or not; null if nothing yet.
const char* PrefixProblem(std::string_view line) {
  for (size_t i = 0; i < std::min(line.size(), kCodeDigits); ++i) {
    if (!absl::ascii_isdigit(line[i])) return "not an SMTP reply";
  }
  if (!line.empty() && (line[0] < '2' || line[0] > '5')) return "reply code out of range";
  if (line.size() > kCodeDigits && !IsSeparator(line[kCodeDigits]) && line[kCodeDigits] != '\r') {
    return "not an SMTP reply";
  }
  return nullptr;
}

std::string Quoted(std::string_view bytes) {
  return JoinText("\"", SanitizeText(bytes, kMaxErrorExcerptBytes), "\"");
}

}  // namespace

std::string SanitizeText(std::string_view bytes, size_t max_bytes) {
  std::string text;
  while (!bytes.empty()) {
    // What servers say is plain ASCII nearly always: it is taken in one piece.
    const size_t plain = PlainPrefix(bytes.substr(0, max_bytes - text.size()));
    text.append(bytes.substr(0, plain));
    bytes.remove_prefix(plain);
    if (bytes.empty()) break;
    const size_t length = Utf8Length(bytes);
    std::string_view character = length == 0 ? kReplacementCharacter : bytes.substr(0, length);
    if (IsControl(character)) character = "?";
    if (text.size() + character.size() > max_bytes) break;
    text.append(character);
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

std::string ReplyRowText(const SmtpReply& reply, size_t max_bytes) {
  std::string text = JoinText(reply.code);
  for (size_t i = 0; i < reply.lines.size() && text.size() < max_bytes; ++i) {
    if (i > 0 || !reply.lines[i].empty()) text += i == 0 ? ' ' : '\n';
    text += SanitizeText(reply.lines[i], max_bytes - std::min(max_bytes, text.size()));
  }
  if (text.size() > max_bytes) text.resize(max_bytes);
  return text;
}

bool EhloKeywords::Has(std::string_view keyword) const {
  return std::any_of(keywords.begin(), keywords.end(), [keyword](const std::string& line) {
    return std::string_view(line).substr(0, line.find(' ')) == keyword;
  });
}

EhloKeywords ParseEhloKeywords(const SmtpReply& reply) {
  EhloKeywords result;
  for (size_t i = 0; i < reply.lines.size(); ++i) {
    const std::string_view line = TrimText(reply.lines[i]);
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    if (i == 0) {
      result.server_name = SanitizeText(word, kMaxEhloKeywordBytes);
      continue;
    }
    if (line.empty()) continue;
    const std::string_view parameters = TrimText(line.substr(word.size()));
    // The old form "AUTH=LOGIN" keeps the case of its parameters.
    const std::string_view name = word.substr(0, word.find('='));
    std::string keyword(word);
    for (char& c : std::span(keyword).first(name.size())) c = absl::ascii_toupper(c);
    if (keyword == "STARTTLS") result.starttls = true;
    if (keyword == "REQUIRETLS") result.requiretls = true;
    uint64_t size_limit = 0;
    if (keyword == "SIZE" && ParseDigits(parameters, &size_limit)) {
      result.size_limit = size_limit;
    }
    if (result.keywords.size() == kMaxEhloKeywords) continue;
    if (!parameters.empty()) AppendText(&keyword, " ", parameters);
    result.keywords.push_back(SanitizeText(keyword, kMaxEhloKeywordBytes));
  }
  return result;
}

SmtpReplyParser::Result SmtpReplyParser::Feed(std::span<const uint8_t> bytes) {
  MXSWEEP_CHECK(state_ != State::kComplete);
  if (state_ == State::kError) return {state_, 0};
  const std::string_view input(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  size_t consumed = 0;
  while (consumed < input.size()) {
    const std::string_view rest = input.substr(consumed);
    const size_t newline = rest.find('\n');
    const bool whole = newline != std::string_view::npos;
    const std::string_view piece = rest.substr(0, whole ? newline + 1 : rest.size());
    consumed += piece.size();
    if (line_.size() + piece.size() > kMaxReplyLineBytes) {
      line_.append(piece.substr(0, kMaxReplyLineBytes - line_.size()));
      return {Fail(absl::ResourceExhaustedError(
                  JoinText("reply line longer than ", kMaxReplyLineBytes, " bytes"))),
              consumed};
    }
    if (reply_.wire_bytes + line_.size() + piece.size() > kMaxReplyBytes) {
      return {Fail(absl::ResourceExhaustedError(
                  JoinText("reply longer than ", kMaxReplyBytes, " bytes"))),
              consumed};
    }
    // A line that came in one piece, the usual case, is not copied.
    if (!whole || !line_.empty()) line_.append(piece);
    const std::string_view line = line_.empty() ? piece : std::string_view(line_);
    if (const char* problem =
            PrefixProblem(line.substr(0, whole ? line.size() - 1 : line.size()))) {
      return {Fail(absl::InvalidArgumentError(
                  JoinText(problem, ": ", Quoted(line.substr(0, line.find_first_of("\r\n")))))),
              consumed};
    }
    if (whole && EndLine(line) != State::kNeedMore) break;
  }
  return {state_, consumed};
}

SmtpReplyParser::State SmtpReplyParser::EndLine(std::string_view line) {
  const size_t wire_bytes = line.size();
  line.remove_suffix(1);
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const char separator = line.size() > kCodeDigits ? line[kCodeDigits] : ' ';
  if (line.size() < kCodeDigits || !IsSeparator(separator)) {
    return Fail(absl::InvalidArgumentError(JoinText("not an SMTP reply: ", Quoted(line))));
  }
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (reply_.lines.empty()) {
    reply_.code = code;
  } else if (code != reply_.code) {
    return Fail(absl::InvalidArgumentError(
        JoinText("reply code changes from ", reply_.code, " within a reply: ", Quoted(line))));
  }
  if (reply_.lines.size() == kMaxReplyLines) {
    return Fail(
        absl::ResourceExhaustedError(JoinText("reply of more than ", kMaxReplyLines, " lines")));
  }
  const std::string_view text = line.substr(std::min(line.size(), kCodeDigits + 1));
  reply_.lines.emplace_back(text);
  reply_.wire_bytes += wire_bytes;
  line_ = std::string();
  state_ = separator == '-' ? State::kNeedMore : State::kComplete;
  return state_;
}

SmtpReplyParser::State SmtpReplyParser::Fail(absl::Status error) {
  error_ = std::move(error);
  state_ = State::kError;
  return state_;
}

SmtpReply SmtpReplyParser::TakeReply() {
  MXSWEEP_CHECK(state_ == State::kComplete);
  state_ = State::kNeedMore;
  return std::exchange(reply_, SmtpReply{});
}

std::string SmtpReplyParser::PartialText(size_t max_bytes) const {
  std::string text;
  if (!reply_.lines.empty()) text = ReplyRowText(reply_, max_bytes);
  if (line_.empty()) return text;
  if (!text.empty() && text.size() < max_bytes) text += '\n';
  const std::string_view line = FromAbsl(absl::StripTrailingAsciiWhitespace(line_));
  return text + SanitizeText(line, max_bytes - std::min(max_bytes, text.size()));
}

}  // namespace mxsweep::scanner
