// Reads mail: what a delivery report says of the mail that was not delivered (RFC 3464), and what
// it has attached.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_MAIL_READER_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_MAIL_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "tools/explain/lines/trouble.h"

namespace mxsweep::tools {

// Does an input that begins like this hold mail (a message, or an mbox), and no log?
bool LooksLikeMail(std::string_view start);

// Line by line, for any number of messages (mbox, RFC 4155). Of a message only what is needed is
// kept: the fields of a delivery report, some text for those that have none, and attachments that
// may be TLS reports, each up to a limit.
class MailReader {
 public:
  using Take = absl::AnyInvocable<void(Trouble)>;
  // An attachment, or a text, that may be a TLS report (RFC 8460 §3, §5.3).
  struct Attachment {
    std::string bytes;         // decoded; empty where it cannot be, or is too large
    bool is_labelled = false;  // its type or name, or the message's, says that it is a report
  };
  using TakeAttachment = absl::AnyInvocable<void(Attachment)>;

  MailReader(Take take, TakeAttachment take_attachment)
      : take_(std::move(take)), take_attachment_(std::move(take_attachment)) {}

  void Add(std::string_view line, uint64_t number);
  void Finish() { EndMessage(); }

 private:
  enum class Body : uint8_t { kOther, kText, kDeliveryStatus, kAttachment };
  enum class Encoding : uint8_t { kNone, kBase64, kQuotedPrintable };

  void StartMessage();
  void EndMessage();
  void AddHeader(std::string_view line);
  void EndHeader();
  void EndHeaders();
  void EndPart();
  bool IsBoundary(std::string_view line);
  void AddBody(std::string_view line, uint64_t number);
  void AddContent(std::string_view line);
  void EndContent();
  void AddField(std::string_view line, uint64_t number);
  void EndField();
  void EndRecipient();

  Take take_;
  TakeAttachment take_attachment_;

  bool in_headers_ = true;
  bool top_ = true;  // the headers are the message's, not a part's
  bool last_was_blank_ = true;
  std::string header_;  // unfolded so far
  std::optional<int64_t> date_s_;
  std::vector<std::string> boundaries_;
  // In forwarded mail: how many boundaries are around it.
  std::optional<size_t> nested_above_;
  bool is_report_mail_ = false;  // the message's type says that it brings a TLS report
  // Of the part that is read.
  std::string type_;
  Encoding encoding_ = Encoding::kNone;
  bool is_report_ = false;
  Body body_ = Body::kOther;
  std::string content_;  // not yet decoded
  bool too_large_ = false;
  // Of the delivery report.
  std::string field_;
  uint64_t field_line_ = 0;
  std::string recipient_, status_, remote_, diagnostic_;
  uint64_t diagnostic_line_ = 0;
  std::optional<int64_t> attempt_s_;
  bool had_status_ = false;  // a delivery report was in the message
  std::string text_;         // for a message without one
};

// "Sat, 28 Nov 2026 10:00:00 +0100" (RFC 5322 §3.3).
std::optional<int64_t> ParseMailDate(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_MAIL_READER_H_
