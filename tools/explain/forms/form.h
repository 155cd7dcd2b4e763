// What a known form of TLS trouble is, and what there is to say about it: plain data.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FORMS_FORM_H_
#define MXSWEEP_TOOLS_EXPLAIN_FORMS_FORM_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace mxsweep::tools {

// Whether the program that wrote the line was the TLS client (it sent mail) or the server.
enum class TlsRole : uint8_t { kUnknown, kClient, kServer };

enum class TroubleKind : uint8_t {
  kRefused,  // no TLS, and so no mail or mail in clear later
  kClear,    // mail went, or will go, in clear
  kNote,     // nothing was refused
  kNotTls,   // often taken for a matter of TLS, and none
};

// Who ended it, as the form itself tells it. kLogger, kOther and kReplier become a side with the
// role of the line.
enum class Who : uint8_t {
  kUnknown,       // this line does not tell
  kLogger,        // whoever wrote the line
  kOther,         // its peer: an alert was received
  kReplier,       // the server whose SMTP reply this is
  kClientLeft,    // the client of a server that wrote the line
  kOwnSetup,      // nobody: the writer's own files or settings do not load
  kLoggerIfHeld,  // nobody, unless the writer demands a verified certificate
  kSender,        // the sending client, as it reports it to others
  kNobody,
};

// A form's strength: a summary says only that TLS failed, a hint something of the cause, a cause
// what it was. Of the lines of one delivery the strongest is told.
enum class Strength : uint8_t { kSummary, kHint, kCause };

enum FormFlags : uint8_t {
  kPlain = 0,
  kOursFirst = 1,     // of two sides that can change something, ours is the likelier
  kNeedsContext = 2,  // words that stand in other lines, too: counts only beside TLS or SSL
  kReceiver = 4,      // `theirs` is the receiving server's, whoever reads this
  kSenderFirst = 8,   // of a server's reply: who sends has to change, rather than the server
  kInReply = 16,      // words of anybody's: counts only behind the code of an SMTP reply
};

// One cause, or one way of saying it. Texts are sentences, written for whoever's program wrote the
// line: `ours` is to be changed by its operator, `theirs` by the operator of the other side.
struct Form {
  // Lower case; '*' stands for anything, alternatives are separated by '|', and what follows a '!'
  // must not be in the line. A piece that begins or ends with a digit is a whole number there.
  std::string_view patterns;
  std::string_view id;  // a word that stays
  TroubleKind kind = TroubleKind::kRefused;
  Strength strength = Strength::kCause;
  Who who = Who::kUnknown;
  TlsRole role = TlsRole::kUnknown;     // what the words themselves say of the role
  TlsRole only_as = TlsRole::kUnknown;  // counts only where the line's role is this one
  uint8_t flags = kPlain;
  std::string_view title;
  std::string_view means;
  std::string_view ours;
  std::string_view theirs;
  std::string_view not_this;
};

// An alert (RFC 8446 §6): the side that received it was refused.
struct AlertForm {
  int number = 0;
  std::string_view id;     // "alert_handshake_failure"
  std::string_view names;  // letters only, lower case, as libraries spell them; separated by '|'
  std::string_view means;
  std::string_view receiver;  // to change by the side that received it
  std::string_view sender;    // by the side that sent it
  std::string_view not_this;
};

// A reason of OpenSSL's library of SSL, by its number: the last three hexadecimal digits.
struct ReasonCode {
  int reason = 0;
  std::string_view text;
};

// The tables, one for each family.
std::span<const Form> PostfixForms();
std::span<const Form> EximForms();
std::span<const Form> OtherMtaForms();
std::span<const Form> NewerMtaForms();
std::span<const Form> MicrosoftForms();
std::span<const Form> ProviderForms();
std::span<const Form> OpensslForms();
std::span<const Form> VerifyForms();
std::span<const Form> LibraryForms();
std::span<const Form> ReportForms();
std::span<const AlertForm> AlertForms();
std::span<const ReasonCode> ReasonCodes();

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FORMS_FORM_H_
