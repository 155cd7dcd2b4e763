#ifndef MXSWEEP_SCANNER_SMTP_REPLY_H_
#define MXSWEEP_SCANNER_SMTP_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace mxsweep::scanner {

// What a server may make us hold. RFC 5321 §4.5.3.1.5 allows reply lines of 512 octets; real
// servers send longer ones, and a tarpit sends lines without end.
inline constexpr size_t kMaxReplyLineBytes = 4096;
inline constexpr size_t kMaxReplyBytes = 64 * 1024;
inline constexpr size_t kMaxReplyLines = 512;
// How much of a reply goes into a row, and how much of an offending line into an error's text.
inline constexpr size_t kMaxRowTextBytes = 1024;
inline constexpr size_t kMaxErrorExcerptBytes = 80;
// How many EHLO keyword lines are kept, and how much of each.
inline constexpr size_t kMaxEhloKeywords = 128;
inline constexpr size_t kMaxEhloKeywordBytes = 512;

// One complete reply (RFC 5321 §4.2). A value.
struct SmtpReply {
  // 200..599. Where lines have different codes (RFC 5321 §4.2.1 forbids it), the last line's, as
  // most senders have it, and `codes_differ`; Exim and Angus Mail take the first line's.
  int code = 0;
  int first_code = 0;
  bool codes_differ = false;
  // The text of each line behind code and separator, without the line's end; bytes as they came. An
  // enhanced code (RFC 3463) is the beginning of it.
  std::vector<std::string> lines;
  size_t wire_bytes = 0;  // with line ends

  bool positive() const { return code / 100 == 2; }
  bool transient_negative() const { return code / 100 == 4; }
  bool permanent_negative() const { return code / 100 == 5; }
};

// The text that goes into a row: "220 first line\nsecond line", valid UTF-8 without control
// characters (each is replaced by '?', each byte that is not UTF-8 by U+FFFD), at most `max_bytes`.
std::string ReplyRowText(const SmtpReply& reply, size_t max_bytes = kMaxRowTextBytes);

// What the server said in its answer to EHLO (RFC 5321 §4.1.1.1).
struct EhloKeywords {
  std::string server_name;  // first word of the first line, sanitised; may be empty
  // One for each line but the first: keyword in upper case, then parameters as they came;
  // sanitised.
  std::vector<std::string> keywords;
  bool starttls = false;
  bool requiretls = false;
  // SIZE's parameter (RFC 1870 §3); nothing where SIZE is missing, or has no number.
  std::optional<uint64_t> size_limit;

  // Is `keyword` (upper case) among them as a whole word? STARTTLS is not XSTARTTLS.
  bool Has(std::string_view keyword) const;
};
EhloKeywords ParseEhloKeywords(const SmtpReply& reply);

// The line in `behind`, what came behind the last line of an EHLO reply, that would have offered
// STARTTLS: "250 STARTTLS", "STARTTLS"; sanitised. Empty: there is none. To no sender it is part of
// the reply, which a line without hyphen ends (RFC 5321 §4.2.1).
std::string StartTlsBehind(std::string_view behind);

// Reads replies from a byte stream, however it is split; sans-IO. Feed it what was received until
// it says kComplete; take the reply; feed it on from where it stopped.
//
// Accepted beyond the letter of RFC 5321 §4.2, since servers do it and senders accept it: a bare
// LF, several CRs before the LF, "250" without separator, a tab as separator, any bytes (8-bit,
// NUL) in the text, long lines up to the caps above, lines with different codes (§4.2.1 forbids
// them; SmtpReply keeps the first and the last). Refused: a line that does not begin with a code
// from 200 to 599, any other character behind the code, and whatever passes a cap.
//
// Thread-compatible. An idle parser owns no heap memory.
class SmtpReplyParser {
 public:
  enum class State : uint8_t {
    kNeedMore,  // everything was consumed, the reply is not complete
    kComplete,  // TakeReply() gives it
    kError,     // error() says why; the parser stays in this state
  };
  struct Result {
    State state = State::kNeedMore;
    // Bytes of the input that belong to this reply. With kComplete, what lies behind them was sent
    // without waiting for us: behind the 220 to STARTTLS that is injected plaintext (RFC 3207
    // §4.2). With kError: the bytes up to and including the line that is wrong.
    size_t consumed = 0;
  };

  // REQUIRES: the last reply was taken.
  Result Feed(std::span<const uint8_t> bytes);

  // The complete reply; the parser is then ready for the next one. REQUIRES: state() == kComplete.
  SmtpReply TakeReply();
  // The same, left where it is; it may be moved from. REQUIRES: state() == kComplete.
  SmtpReply& reply() { return reply_; }

  State state() const { return state_; }
  // InvalidArgument (not an SMTP reply) or ResourceExhausted (over a cap), in words that may go
  // into a row's error_detail.
  const absl::Status& error() const { return error_; }
  // Has a part of a reply been received, and not yet all? Tells "closed in mid-reply" from
  // "closed".
  bool in_reply() const {
    return state_ != State::kComplete && (!line_.empty() || reply_.wire_bytes > 0);
  }
  // What has come of an incomplete or faulty reply, for rows and messages; sanitised.
  std::string PartialText(size_t max_bytes = kMaxRowTextBytes) const;

 private:
  State EndLine(std::string_view line);
  State Fail(absl::Status error);

  State state_ = State::kNeedMore;
  std::string line_;  // the incomplete line
  SmtpReply reply_;   // the lines that are complete
  absl::Status error_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_REPLY_H_
