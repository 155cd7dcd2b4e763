// Feeds a hostile server's bytes to the reply parser, whole and in pieces: both must say the same,
// and what a reply becomes in a row must be fit for one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "scanner/smtp/reply.h"

namespace mxsweep::scanner {
namespace {

using State = SmtpReplyParser::State;

void CheckRowText(const std::string& text, size_t max_bytes) {
  MXSWEEP_CHECK(text.size() <= max_bytes);
  MXSWEEP_CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\n') || c == 0x7f;
  }));
  // What is clean stays as it is.
  std::string one_line = text;
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  MXSWEEP_CHECK(SanitizeText(one_line, max_bytes) == one_line);
}

void CheckReply(const SmtpReply& reply) {
  MXSWEEP_CHECK(reply.code >= 200 && reply.code <= 599);
  MXSWEEP_CHECK(reply.first_code >= 200 && reply.first_code <= 599);
  MXSWEEP_CHECK(reply.codes_differ || reply.first_code == reply.code);
  MXSWEEP_CHECK(!reply.lines.empty() && reply.lines.size() <= kMaxReplyLines);
  MXSWEEP_CHECK(reply.wire_bytes <= kMaxReplyBytes);
  for (size_t max_bytes : {size_t{0}, size_t{7}, kMaxRowTextBytes}) {
    CheckRowText(ReplyRowText(reply, max_bytes), max_bytes);
  }
  const EhloKeywords ehlo = ParseEhloKeywords(reply);
  MXSWEEP_CHECK(ehlo.keywords.size() <= kMaxEhloKeywords);
  for (const std::string& keyword : ehlo.keywords) CheckRowText(keyword, kMaxEhloKeywordBytes);
}

// All replies in `bytes`, fed `step` bytes at a time, as text.
std::string Dialogue(std::span<const uint8_t> bytes, size_t step) {
  SmtpReplyParser parser;
  std::string said;
  while (!bytes.empty()) {
    const auto piece = bytes.subspan(0, std::min(step, bytes.size()));
    const SmtpReplyParser::Result result = parser.Feed(piece);
    MXSWEEP_CHECK(result.consumed > 0 && result.consumed <= piece.size());
    MXSWEEP_CHECK(result.state != State::kNeedMore || result.consumed == piece.size());
    bytes = bytes.subspan(result.consumed);
    if (result.state == State::kError) {
      MXSWEEP_CHECK(!parser.error().ok());
      CheckRowText(parser.PartialText(), kMaxRowTextBytes);
      return said + "error";
    }
    if (result.state == State::kComplete) {
      const SmtpReply reply = parser.TakeReply();
      CheckReply(reply);
      MXSWEEP_CHECK(!parser.in_reply());
      said += ReplyRowText(reply, kMaxReplyBytes) + "\n";
    }
  }
  CheckRowText(parser.PartialText(), kMaxRowTextBytes);
  return said;
}

}  // namespace
}  // namespace mxsweep::scanner

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::scanner::Dialogue;
  const std::span<const uint8_t> bytes(data, size);
  const std::string whole = Dialogue(bytes, std::max<size_t>(size, 1));
  for (size_t step : {1, 2, 7}) MXSWEEP_CHECK(Dialogue(bytes, step) == whole);
  return 0;
}
