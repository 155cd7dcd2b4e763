#include "tools/explain/lines/mail_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/explain/lines/mime.h"
#include "tools/explain/lines/tls_report.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxHeaderBytes = 16 << 10;
// Parts within parts: a report in a forwarded report.
constexpr size_t kMaxBoundaries = 8;
// Text of a bounce that has no report for programs.
constexpr size_t kMaxTextBytes = 64 << 10;
// Still in base64; unpacked reports have a limit of their own.
constexpr size_t kMaxAttachmentBytes = 24 << 20;
constexpr size_t kMaxShownBytes = 400;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  return lower;
}

// "Status" of "Status: 5.7.5", in lower case, and what is behind the colon.
std::pair<std::string, std::string_view> SplitField(std::string_view field) {
  const size_t colon = field.find(':');
  if (colon == std::string_view::npos) return {};
  return {Lower(TrimText(field.substr(0, colon))), TrimText(field.substr(colon + 1))};
}

// A field's name before its colon, in lower case; empty where a line begins with none. Behind a
// time's colon stands a digit, behind a field's a blank or nothing (RFC 5322 §2.2).
std::string FieldName(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  if (colon + 1 < line.size() && line[colon + 1] != ' ' && line[colon + 1] != '\t') return {};
  const std::string_view name = line.substr(0, colon);
  const bool is_name = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
  return is_name ? Lower(name) : std::string();
}

// Does only mail have this field?
bool IsMailField(std::string_view name) {
  static constexpr std::string_view kFields[] = {"return-path",
                                                 "received",
                                                 "received-spf",
                                                 "delivered-to",
                                                 "from",
                                                 "to",
                                                 "date",
                                                 "subject",
                                                 "mime-version",
                                                 "content-type",
                                                 "message-id",
                                                 "reporting-mta",
                                                 "x-original-to",
                                                 "final-recipient",
                                                 "arc-seal",
                                                 "authentication-results",
                                                 "dkim-signature",
                                                 "auto-submitted",
                                                 "tls-report-domain",
                                                 "tls-report-submitter",
                                                 "x-failed-recipients"};
  return std::ranges::find(kFields, name) != std::end(kFields);
}

// May a part of this type be a report? Reporters and what passes their mail on label it as they
// like: what it holds decides.
bool MayBeReport(std::string_view type) {
  static constexpr std::string_view kOthers[] = {
      "multipart/", "message/", "image/", "audio/", "video/", "font/", "text/rfc822-headers"};
  return std::ranges::none_of(kOthers,
                              [type](std::string_view other) { return type.starts_with(other); });
}

bool IsText(std::string_view type) {
  return type.empty() || type == "text/plain" || type == "text/html";
}

// "a@example.test" of "rfc822; a@example.test" and "mx.example.test" of "dns; mx.example.test".
std::string_view BehindType(std::string_view value) {
  const size_t semicolon = value.find(';');
  return TrimText(semicolon == std::string_view::npos ? value : value.substr(semicolon + 1));
}

}  // namespace

std::optional<int64_t> ParseMailDate(std::string_view text) {
  text = TrimText(text.substr(0, text.find('(')));
  absl::Time time;
  std::string error;
  for (const char* format : {"%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z"}) {
    if (absl::ParseTime(format, ToAbsl(text), &time, &error)) return absl::ToUnixSeconds(time);
  }
  return std::nullopt;
}

bool LooksLikeMail(std::string_view start) {
  if (start.starts_with("From ")) return true;
  // The first fields may be anybody's; among them is one that only mail has.
  for (bool is_first = true; !start.empty(); is_first = false) {
    const size_t end = std::min(start.find('\n'), start.size());
    std::string_view line = start.substr(0, end);
    start.remove_prefix(std::min(end + 1, start.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_first && (line.starts_with(' ') || line.starts_with('\t'))) continue;
    const std::string name = FieldName(line);
    if (name.empty()) return false;
    if (IsMailField(name)) return true;
  }
  return false;
}

void MailReader::StartMessage() {
  in_headers_ = top_ = true;
  date_s_.reset();
  boundaries_.clear();
  type_.clear();
  encoding_ = Encoding::kNone;
  is_report_ = is_report_mail_ = had_status_ = false;
  nested_above_.reset();
  text_.clear();
}

void MailReader::Add(std::string_view line, uint64_t number) {
  if (last_was_blank_ && line.starts_with("From ")) {
    EndMessage();
    StartMessage();
    last_was_blank_ = false;
    return;
  }
  last_was_blank_ = line.empty();
  if (IsBoundary(line)) return;
  if (!in_headers_) {
    AddBody(line, number);
    return;
  }
  // A file that holds the report alone, as mail programs save it.
  if (top_ && header_.empty() && type_.empty() && Lower(line.substr(0, 14)) == "reporting-mta:") {
    in_headers_ = false;
    body_ = Body::kDeliveryStatus;
    had_status_ = true;
    AddBody(line, number);
    return;
  }
  AddHeader(line);
}

void MailReader::AddHeader(std::string_view line) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    if (header_.size() < kMaxHeaderBytes) {
      AppendText(&header_, " ", TrimText(line.substr(0, kMaxHeaderBytes)));
    }
    return;
  }
  EndHeader();
  if (line.empty()) {
    EndHeaders();
    return;
  }
  header_ = line.substr(0, kMaxHeaderBytes);
}

void MailReader::EndHeader() {
  const auto [name, value] = SplitField(header_);
  const std::string lower = Lower(value);
  if (name == "content-type") {
    type_ = TrimText(std::string_view(lower).substr(0, lower.find(';')));
    const std::string boundary = MimeParameter(value, "boundary");
    if (type_.starts_with("multipart/") && !boundary.empty() &&
        boundaries_.size() < kMaxBoundaries) {
      boundaries_.push_back(boundary);
    }
    is_report_mail_ |= Lower(MimeParameter(value, "report-type")) == "tlsrpt";
  }
  if (name == "content-type" || name == "content-disposition") {
    is_report_ |= lower.find("tlsrpt") != std::string::npos ||
                  Lower(MimeParameter(value, "name")).find(".json") != std::string::npos ||
                  Lower(MimeParameter(value, "filename")).find(".json") != std::string::npos;
  }
  if (name == "content-transfer-encoding") {
    const std::string_view word = std::string_view(lower).substr(0, lower.find_first_of(" \t(;"));
    encoding_ = word == "base64"             ? Encoding::kBase64
                : word == "quoted-printable" ? Encoding::kQuotedPrintable
                                             : Encoding::kNone;
  }
  if (name == "date" && top_) date_s_ = ParseMailDate(value);
  header_.clear();
}

void MailReader::EndHeaders() {
  in_headers_ = top_ = false;
  is_report_ &= !type_.starts_with("multipart/");
  if (type_ == "message/delivery-status" || type_ == "message/global-delivery-status") {
    body_ = Body::kDeliveryStatus;
    had_status_ = true;
  } else if ((type_ == "message/rfc822" || type_ == "message/global") && !had_status_) {
    // Mail that was forwarded. Behind a delivery report it is what was not delivered.
    if (!nested_above_.has_value()) nested_above_ = boundaries_.size();
    in_headers_ = true;
    type_.clear();
    encoding_ = Encoding::kNone;
    is_report_ = false;
  } else if (IsText(type_)) {
    body_ = Body::kText;
  } else if (MayBeReport(type_)) {
    body_ = Body::kAttachment;
  } else {
    body_ = Body::kOther;
  }
}

// RFC 2046 §5.1.1: "--" and the boundary begin a part; with "--" behind it, they end the last one.
bool MailReader::IsBoundary(std::string_view line) {
  if (!line.starts_with("--")) return false;
  const std::string_view rest = TrimText(line.substr(2));
  for (size_t i = boundaries_.size(); i-- > 0;) {
    const bool ends = rest.size() == boundaries_[i].size() + 2 && rest.ends_with("--");
    if (!rest.starts_with(boundaries_[i]) || (rest.size() != boundaries_[i].size() && !ends)) {
      continue;
    }
    EndPart();
    if (nested_above_.has_value() && i < *nested_above_) nested_above_.reset();
    boundaries_.resize(ends ? i : i + 1);
    in_headers_ = !ends;
    body_ = Body::kOther;
    return true;
  }
  return false;
}

void MailReader::AddBody(std::string_view line, uint64_t number) {
  switch (body_) {
    case Body::kOther:
      return;
    case Body::kText:
    case Body::kAttachment:
      AddContent(line);
      return;
    case Body::kDeliveryStatus:
      AddField(line, number);
      return;
  }
}

void MailReader::AddContent(std::string_view line) {
  // Text is read as far as a bounce needs it; a report in it begins with a brace.
  const bool is_prose = body_ == Body::kText && encoding_ == Encoding::kNone && !content_.empty() &&
                        !content_.starts_with('{');
  if (content_.size() + line.size() > (is_prose ? kMaxTextBytes : kMaxAttachmentBytes)) {
    too_large_ = true;
    return;
  }
  content_ += line;
  if (encoding_ != Encoding::kBase64) content_ += '\n';
}

void MailReader::AddField(std::string_view line, uint64_t number) {
  if (line.starts_with(' ') || line.starts_with('\t')) {
    if (field_.size() < kMaxHeaderBytes) {
      AppendText(&field_, " ", TrimText(line.substr(0, kMaxHeaderBytes)));
    }
    return;
  }
  EndField();
  if (line.empty()) {
    EndRecipient();
    return;
  }
  field_ = line.substr(0, kMaxHeaderBytes);
  field_line_ = number;
}

void MailReader::EndField() {
  const auto [name, value] = SplitField(field_);
  if (name == "final-recipient" || (name == "original-recipient" && recipient_.empty())) {
    recipient_ = BehindType(value);
  } else if (name == "status") {
    status_ = value.substr(0, value.find_first_of(" ("));
  } else if (name == "remote-mta") {
    remote_ = BehindType(value);
  } else if (name == "diagnostic-code") {
    diagnostic_ = value;
    diagnostic_line_ = field_line_;
  } else if (name == "last-attempt-date" || (name == "arrival-date" && !attempt_s_.has_value())) {
    attempt_s_ = ParseMailDate(value);
  }
  field_.clear();
}

// RFC 3464 §2.3.6: of type smtp the text is what the remote server said; else it is the reporter's
// own.
void MailReader::EndRecipient() {
  if (recipient_.empty() && diagnostic_.empty()) return;
  const std::string type =
      Lower(TrimText(std::string_view(diagnostic_).substr(0, diagnostic_.find(';'))));
  const std::string text = type == "smtp"
                               ? JoinText("Diagnostic-Code: smtp; ", BehindType(diagnostic_))
                               : std::string(BehindType(diagnostic_));
  std::optional<Cause> cause = Classify(text, "bounce/smtp");
  if (!cause.has_value() && !status_.empty()) {
    cause = Classify(JoinText(status_, " ", text), "bounce/smtp");
  }
  if (cause.has_value()) {
    Trouble trouble;
    trouble.cause = *std::move(cause);
    trouble.remote = FindRemote(JoinText("to=<", recipient_, "> relay=", remote_, " ", text));
    trouble.time_s = attempt_s_.has_value() ? attempt_s_ : date_s_;
    trouble.line_number = diagnostic_line_;
    trouble.line = SanitizeText(JoinText(status_, " ", diagnostic_), kMaxShownBytes);
    take_(std::move(trouble));
  }
  recipient_.clear();
  status_.clear();
  remote_.clear();
  diagnostic_.clear();
}

void MailReader::EndPart() {
  EndHeader();
  if (body_ == Body::kDeliveryStatus) {
    EndField();
    EndRecipient();
  }
  if (body_ == Body::kText || body_ == Body::kAttachment) EndContent();
  content_.clear();
  too_large_ = is_report_ = false;
  encoding_ = Encoding::kNone;
  type_.clear();
  body_ = Body::kOther;
}

void MailReader::EndContent() {
  const bool is_text = body_ == Body::kText;
  const bool is_labelled = is_report_ || (is_report_mail_ && !is_text);
  std::string bytes;
  bool is_whole = is_text || !too_large_;
  if (encoding_ == Encoding::kBase64) {
    is_whole &= DecodeMimeBase64(content_, &bytes);
  } else if (encoding_ == Encoding::kQuotedPrintable) {
    bytes = DecodeQuotedPrintable(content_);
  } else {
    bytes = std::move(content_);
  }
  if (!is_whole) bytes.clear();
  if (bytes.empty() && !is_labelled) return;
  if (!is_text || is_labelled || LooksLikeTlsReport(bytes)) {
    take_attachment_({std::move(bytes), is_labelled});
  } else if (!nested_above_.has_value() && text_.size() < kMaxTextBytes) {
    AppendText(&text_, std::string_view(bytes).substr(0, kMaxTextBytes - text_.size()), "\n");
  }
}

void MailReader::EndMessage() {
  EndPart();
  // A bounce of the old kind: its words alone, of which the strongest cause counts.
  if (!had_status_ && !text_.empty()) {
    std::optional<Trouble> best;
    for (size_t at = 0; at < text_.size();) {
      const size_t end = std::min(text_.find('\n', at), text_.size());
      const std::string_view line = std::string_view(text_).substr(at, end - at);
      at = end + 1;
      std::optional<Cause> cause = Classify(line, "bounce/smtp");
      if (!cause.has_value() || !cause->known) continue;
      if (best.has_value() && best->cause.strength >= cause->strength) continue;
      best.emplace();
      best->cause = *std::move(cause);
      best->line = SanitizeText(line, kMaxShownBytes);
      best->remote = FindRemote(line);
      best->time_s = date_s_;
    }
    if (best.has_value()) take_(*std::move(best));
  }
  had_status_ = false;
  attempt_s_.reset();
  text_.clear();
}

}  // namespace mxsweep::tools
