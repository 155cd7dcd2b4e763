#include "scanner/smtp/reply.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kCodeDigits = 3;

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

std::string StartTlsBehind(std::string_view behind) {
  while (!behind.empty()) {
    const size_t end = std::min(behind.find('\n'), behind.size());
    const std::string_view line =
        FromAbsl(absl::StripAsciiWhitespace(ToAbsl(behind.substr(0, end))));
    std::string_view keyword = line;
    const size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
    if (digits == kCodeDigits) keyword.remove_prefix(std::min(line.size(), kCodeDigits + 1));
    keyword = keyword.substr(0, keyword.find_first_of(" \t"));
    if (absl::EqualsIgnoreCase(ToAbsl(keyword), "STARTTLS")) {
      return SanitizeText(line, kMaxErrorExcerptBytes);
    }
    behind.remove_prefix(std::min(end + 1, behind.size()));
  }
  return "";
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
  if (reply_.lines.empty()) reply_.first_code = code;
  reply_.codes_differ = reply_.codes_differ || code != reply_.first_code;
  reply_.code = code;
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
