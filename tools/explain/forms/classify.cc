#include "tools/explain/forms/classify.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/explain/forms/alert.h"
#include "tools/explain/forms/matcher.h"

namespace mxsweep::tools {
namespace {

// Of a text that is not known, as much is told.
constexpr size_t kMaxUnknownBytes = 120;
// In OpenSSL a received alert is the reason 1000 and its number.
constexpr int kFirstAlertReason = 1000;
constexpr int kLastAlertReason = kFirstAlertReason + 255;
// How far the word for TLS and the word for trouble may be apart in a form that is not known.
constexpr size_t kMaxWordDistance = 48;

constexpr std::string_view kNotOthers =
    "Not DKIM, SPF, DMARC or a spam verdict: the message itself was not looked at.";

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <size_t kCount>
bool ContainsAny(std::string_view text, const std::string_view (&parts)[kCount]) {
  return std::ranges::any_of(parts, [text](std::string_view part) { return Contains(text, part); });
}

// --- The role of a line ---

constexpr std::string_view kClientWords[] = {"ssl_connect",      "statem_clnt",
                                             "starttls=client",  "connect failed",
                                             "tls_process_ske",  "tls_process_server",
                                             "get_server_",      "get_key_exchange",
                                             "server_hello:",    "st_connect",
                                             "posttls-finger",   "cannot start tls",
                                             "tls session: ",    "tls_process_cert_status",
                                             "smtp send",        "sendconnector",
                                             " gsmtp",           "tls_process_certificate_request",
                                             "smtp::outbound",   "delivery.start-tls",
                                             "tls error from '", "tls_process_key_exchange"};
constexpr std::string_view kServerWords[] = {"ssl_accept",
                                             "statem_srvr",
                                             "starttls=server",
                                             "accept failed",
                                             "tls_process_client",
                                             "tls_process_cke",
                                             "get_client_",
                                             "tls_post_process_client",
                                             "tls_early_post_process_client",
                                             "client_hello:",
                                             "st_accept",
                                             "on connection from",
                                             "tls-accept",
                                             "choose_sigalg",
                                             "smtp receive",
                                             "receiveconnector",
                                             "tls_choose",
                                             "final_key_share:no suitable",
                                             "client application are supported by the server",
                                             "smtp protocol error in",
                                             "smtp syntax error in",
                                             "noqueue: reject",
                                             "smtp protocol synchronization"};

constexpr std::string_view kQuotes[] = {" said: ",
                                        "<<< ",
                                        "remote host said",
                                        "remote_host_said",
                                        "remote server said",
                                        "remote server responded",
                                        "response from the remote server",
                                        "the response was",
                                        "server replied",
                                        "diagnostic-code: smtp",
                                        "error from remote mail server",
                                        "remote end said",
                                        "the error that the other server returned was",
                                        "response: \""};

TlsRole RoleOfProgram(std::string_view program, std::string_view line) {
  if (program.ends_with("/smtp") || program.ends_with("/lmtp") || program == "qmail-remote" ||
      program.ends_with("posttls-finger")) {
    return TlsRole::kClient;
  }
  if (program.ends_with("/smtpd") || program.ends_with("/postscreen") || program == "qmail-smtpd") {
    return TlsRole::kServer;
  }
  // OpenSMTPD has one name for both.
  if (Contains(line, " mta ") || line.starts_with("mta ")) return TlsRole::kClient;
  if (program == "smtpd" && (Contains(line, " smtp ") || line.starts_with("smtp "))) {
    return TlsRole::kServer;
  }
  return TlsRole::kUnknown;
}

// "== ann@example.org", "** ann@…": Exim's deliveries; "deferral:": qmail's.
bool IsDeliveryOfOurs(std::string_view line) {
  static constexpr std::string_view kMarks[] = {
      " == ", " ** ", " t=remote_smtp", "deferral: ", "[outbound]", " to=<", "led=", "defer (-"};
  return ContainsAny(line, kMarks) || line.starts_with("== ") || line.starts_with("** ");
}

// --- OpenSSL's errors ---

struct OpensslError {
  bool ssl_library = false;
  int reason = 0;
  size_t position = 0;
};

// The error of "error:0A00018A:SSL routines::dh key too small": the last three digits are the
// reason in every version; the library is 0A since 3.0 and 14 before.
std::optional<OpensslError> FindOpensslError(std::string_view line) {
  for (size_t at = line.find("error:"); at != std::string_view::npos;
       at = line.find("error:", at + 1)) {
    const std::string_view code = line.substr(at + 6, 8);
    if (code.size() < 8 || !std::ranges::all_of(code, [](char c) {
          return absl::ascii_isxdigit(static_cast<unsigned char>(c));
        })) {
      continue;
    }
    OpensslError error{code.starts_with("0a") || code.starts_with("14"), 0, at};
    for (const char c : code.substr(5)) {
      error.reason = error.reason * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return error;
  }
  return std::nullopt;
}

std::string_view TextOfReason(int reason) {
  const auto codes = ReasonCodes();
  const auto found = std::ranges::find(codes, reason, &ReasonCode::reason);
  return found == codes.end() ? std::string_view() : found->text;
}

// --- From a form to a cause ---

// Whose words a line's are is asked of few lines only, and takes longer than all the rest.
class Facts {
 public:
  // `line`, `text`: in lower case, and borrowed, as is `program`.
  Facts(std::string_view line, std::string_view program)
      : text(line), line_(line), program_(program) {}
  // The same line, in other words.
  Facts InWords(std::string_view words) const {
    Facts other = *this;
    other.text = words;
    return other;
  }

  const LineRole& line() const {
    if (!role_.has_value()) role_ = RoleOfLine(line_, program_);
    return *role_;
  }
  void set_role(TlsRole role) {
    LineRole changed = line();
    changed.role = role;
    role_ = changed;
  }

  std::string_view text;

 private:
  std::string_view line_, program_;
  mutable std::optional<LineRole> role_;
};

bool IsQuoted(const Facts& facts, size_t position) {
  return facts.line().role != TlsRole::kServer && position >= facts.line().quoted_from;
}

Side SideOf(Who who, TlsRole role, bool quoted) {
  const auto by_role = [role](Side client, Side server, Side unknown) {
    return role == TlsRole::kClient ? client : role == TlsRole::kServer ? server : unknown;
  };
  switch (who) {
    case Who::kUnknown:
      return Side::kUnknown;
    case Who::kNobody:
      return Side::kNobody;
    case Who::kSender:
      return Side::kSender;
    case Who::kLogger:
      if (quoted) return Side::kThemAsServer;
      return by_role(Side::kUsAsClient, Side::kUsAsServer, Side::kUs);
    case Who::kLoggerIfHeld:
      return quoted ? Side::kThemAsServer : Side::kUsIfVerifying;
    case Who::kOther:
      if (quoted) return Side::kUsAsClient;
      return by_role(Side::kThemAsServer, Side::kThemAsClient, Side::kPeer);
    case Who::kClientLeft:
      return quoted ? Side::kUsAsClient : Side::kThemAsClient;
    case Who::kReplier:
      if (quoted) return Side::kThemAsServer;
      return by_role(Side::kThemAsServer, Side::kUsAsServer, Side::kReceivingServer);
    case Who::kOwnSetup:
      return quoted ? Side::kThemAsServer : Side::kOurSetup;
  }
  return Side::kUnknown;
}

struct Owners {
  Owner ours = Owner::kOurs;
  Owner theirs = Owner::kTheirs;
};

void SetOwners(bool ours_first, const Owners& owners, Cause* cause) {
  if (!cause->theirs.empty()) cause->owners.push_back(owners.theirs);
  if (!cause->ours.empty()) {
    cause->owners.insert(ours_first ? cause->owners.begin() : cause->owners.end(), owners.ours);
  }
}

Owners OwnersBy(const Form& form, Side side) {
  if (side == Side::kReceivingServer) return {Owner::kSenders, Owner::kReceivers};
  if ((form.flags & kReceiver) != 0) return {Owner::kOurs, Owner::kReceivers};
  return {};
}

// What our own server replied is a setting of ours before all.
bool OursFirst(const Form& form, Side side) {
  if (form.who != Who::kReplier) return (form.flags & kOursFirst) != 0;
  return side == Side::kUsAsServer || (form.flags & kSenderFirst) != 0;
}

Cause CauseOf(const Form& form, const Facts& facts, size_t position) {
  Cause cause;
  cause.id = form.id;
  cause.kind = form.kind;
  cause.strength = form.strength;
  cause.title = form.title;
  cause.means = form.means;
  cause.ours = form.ours;
  cause.theirs = form.theirs;
  cause.not_this = form.not_this;
  // A sender's report of its own is what its code says, whoever repeats it.
  const bool reported = form.who == Who::kSender || (form.flags & kReceiver) != 0;
  const bool quoted = !reported && IsQuoted(facts, position);
  // In what a peer is quoted with, the words' role is the peer's.
  const TlsRole words = quoted ? TlsRole::kUnknown : form.role;
  cause.role = facts.line().role != TlsRole::kUnknown ? facts.line().role : words;
  cause.side = SideOf(form.who, cause.role, quoted);
  // A form of one role says that this role has no TLS to offer or to use.
  if (cause.side == Side::kOurSetup && form.role != TlsRole::kUnknown) {
    cause.side = SideOf(Who::kLogger, cause.role, quoted);
  }
  // Of what is checked only where somebody demands it: logged by the way, or the end of it?
  if (form.who == Who::kLoggerIfHeld && form.kind == TroubleKind::kRefused) {
    static constexpr std::string_view kByTheWay[] = {"certificate verification failed for",
                                                     "ssl verify error", "verify error:"};
    if (ContainsAny(facts.text, kByTheWay)) {
      cause.kind = TroubleKind::kNote;
    } else {
      cause.side = SideOf(Who::kLogger, cause.role, quoted);
    }
  }
  const bool replied = form.who == Who::kReplier && cause.side != Side::kUsAsServer;
  if (replied || (quoted && form.who != Who::kReplier && form.who != Who::kNobody)) {
    std::swap(cause.ours, cause.theirs);
  }
  // Summaries say where to look, which makes nobody the owner.
  if (form.strength != Strength::kSummary) {
    SetOwners(OursFirst(form, cause.side), OwnersBy(form, cause.side), &cause);
  }
  return cause;
}

Cause CauseOfAlert(const AlertHit& hit, const Facts& facts) {
  const AlertForm* alert = AlertOfNumber(hit.number);
  const bool quoted = IsQuoted(facts, hit.position);
  Cause cause;
  cause.strength = Strength::kCause;
  cause.role = facts.line().role;
  // Only servers send these two.
  if (cause.role == TlsRole::kUnknown && (hit.number == 116 || hit.number == 112)) {
    cause.role = hit.sent ? TlsRole::kServer : TlsRole::kClient;
  }
  cause.side = SideOf(hit.sent ? Who::kLogger : Who::kOther, cause.role, quoted);
  const std::string_view whose = hit.sent ? "our side sent" : "the other side sent";
  if (alert == nullptr) {
    cause.id = "alert_unknown";
    cause.known = false;
    cause.title = hit.number < 0
                      ? JoinText(whose, " an alert that is not known here")
                      : JoinText(whose, " alert ", hit.number, ", which is not known here");
    cause.means = "An alert ends a handshake; whoever received it was refused.";
    cause.not_this = kNotOthers;
    return cause;
  }
  cause.id = hit.sent ? JoinText("sent_", alert->id) : std::string(alert->id);
  std::string name(alert->id.substr(6));
  cause.title = JoinText(whose, " alert ", alert->number, " (", name, ")");
  if (hit.sent) {
    cause.means = JoinText(
        "Our own program ended the handshake and told the other side so. The reason is a rule or "
        "a fault of ours; for the other side it means: ",
        alert->means);
    cause.ours = "Look for the cause beside it in our own log.";
    cause.not_this = "Not received: this alert was generated here.";
  } else {
    cause.means = alert->means;
    cause.ours = alert->receiver;
    cause.theirs = alert->sender;
    cause.not_this = alert->not_this;
  }
  if (quoted) std::swap(cause.ours, cause.theirs);
  // What is theirs alone: a fault, or a name that they lack.
  const bool theirs_first = alert->number == 80 || alert->number == 112;
  SetOwners(quoted ? theirs_first : !theirs_first, Owners(), &cause);
  return cause;
}

Cause UnknownCause(std::string_view id, Who who, const Facts& facts, size_t position,
                   std::string_view text) {
  Cause cause;
  cause.id = id;
  cause.known = false;
  cause.strength = Strength::kHint;
  cause.role = facts.line().role;
  cause.side = SideOf(who, cause.role, IsQuoted(facts, position));
  cause.title = JoinText("not known: \"", SanitizeText(TrimText(text), kMaxUnknownBytes), "\"");
  cause.means =
      who == Who::kUnknown
          ? "This form is not known here. It is about TLS; who refused is not told by it."
          : "This form is not known here. By the rule that holds for all, who received an alert "
            "was "
            "refused by the other side; without one the program that wrote the line refused.";
  cause.not_this = kNotOthers;
  return cause;
}

// --- Forms that are not known ---

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsWordChar(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// "tls" as a word of its own: not in X=TLS1.3, tls_out, TLSv1.3.
size_t FindWord(std::string_view line, std::string_view word, size_t from) {
  for (size_t at = line.find(word, from); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordChar(line[at - 1])) && (end >= line.size() || !IsWordChar(line[end]))) {
      return at;
    }
  }
  return std::string_view::npos;
}

bool SpeaksOfTlsTrouble(std::string_view line, size_t* position) {
  static constexpr std::string_view kElse[] = {"dkim",
                                               "spf=",
                                               "spf:",
                                               "dmarc",
                                               "auth failed",
                                               "authentication fail",
                                               "sasl",
                                               "connection established",
                                               "status=sent",
                                               "user unknown",
                                               "no auth attempts",
                                               "password",
                                               "version=tls",
                                               "greylist",
                                               "disconnect from",
                                               "blocked using",
                                               "http/1."};
  if (ContainsAny(line, kElse)) return false;
  static constexpr std::string_view kTrouble[] = {
      "error",       "fail",      "refus",         "reject",      "denied",      "unable",
      "cannot",      "could not", "can't",         "invalid",     "not trusted", "untrusted",
      "unsupported", "mismatch",  "not available", "unavailable", "not support", "required",
      "aborted",     "expired",   "insecure",      "too weak",    "too small",   "too short",
      "disallowed",  "forbidden", "not allowed",   "closed",      "timed out"};
  for (const std::string_view word : {"tls", "ssl", "starttls", "x509", "x.509"}) {
    for (size_t at = FindWord(line, word, 0); at != std::string_view::npos;
         at = FindWord(line, word, at + 1)) {
      const size_t from = at > kMaxWordDistance ? at - kMaxWordDistance : 0;
      if (ContainsAny(line.substr(from, at - from + kMaxWordDistance), kTrouble)) {
        *position = at;
        return true;
      }
    }
  }
  return false;
}

// The name of a Java exception and what follows it.
bool IsLibraryError(std::string_view line, size_t* position) {
  static constexpr std::string_view kMarks[] = {"javax.net.ssl.ssl",
                                                "sslhandshakeexception",
                                                "sslexception",
                                                "remote error: tls",
                                                "x509: ",
                                                "[ssl: ",
                                                "sslerror",
                                                "ssl_error_",
                                                "gnutls_e_",
                                                "sec_e_",
                                                "certificateexception",
                                                "certpathvalidatorexception",
                                                "crypto/tls",
                                                "error:0a0",
                                                "error:14"};
  for (const std::string_view mark : kMarks) {
    const size_t at = line.find(mark);
    if (at == std::string_view::npos) continue;
    *position = at;
    return true;
  }
  return false;
}

std::optional<Cause> ClassifyUnknown(const Facts& facts) {
  size_t position = 0;
  if (IsLibraryError(facts.text, &position)) {
    const Who who =
        facts.text.substr(position).starts_with("remote error") ? Who::kOther : Who::kLogger;
    return UnknownCause("not_known", who, facts, position, facts.text.substr(position));
  }
  if (SpeaksOfTlsTrouble(facts.text, &position)) {
    const size_t from = position > kMaxWordDistance ? position - kMaxWordDistance : 0;
    return UnknownCause("not_known", Who::kUnknown, facts, position, facts.text.substr(from));
  }
  return std::nullopt;
}

// --- The best of what a line holds ---

bool HasContext(std::string_view line) {
  static constexpr std::string_view kContext[] = {
      "ssl", "tls", "error:0", "error:1", "x509", "certificate", "certificat", "_ssl.c", "gnutls"};
  return ContainsAny(line, kContext);
}

// A reply's code (RFC 5321 §4.2) of refusal is in `text`: at its begin, or behind what ends a
// phrase
// ("said: 550 "), so that no other number counts.
bool HasReplyCode(std::string_view text) {
  for (size_t at = text.find_first_of("45"); at != std::string_view::npos;
       at = text.find_first_of("45", at + 1)) {
    const std::string_view word = text.substr(at, 4);
    if (word.size() < 4 || !IsDigit(word[1]) || !IsDigit(word[2])) continue;
    if (word[3] != ' ' && word[3] != '-') continue;
    const size_t before = at == 0 ? std::string_view::npos : text.find_last_not_of(' ', at - 1);
    if (before == std::string_view::npos || Contains(":;<([=\"'", text.substr(before, 1))) {
      return true;
    }
  }
  return false;
}

bool Counts(const Match& match, const Facts& facts) {
  const Form& form = *match.pattern->form;
  if (form.only_as != TlsRole::kUnknown && form.only_as != facts.line().role) return false;
  const bool has_context = (form.flags & kNeedsContext) == 0 || HasContext(facts.text);
  const bool has_code =
      (form.flags & kInReply) == 0 || HasReplyCode(facts.text.substr(0, match.position));
  if (has_context && has_code) return true;
  // The whole text, as somebody asks about it.
  return TrimText(facts.text).size() == match.pattern->length;
}

// A form that holds in this role only is more exact than one that holds in any.
auto Rank(const Match& match) {
  const Form& form = *match.pattern->form;
  return std::tuple(form.strength, form.only_as != TlsRole::kUnknown, match.pattern->length);
}

const Match* Best(const std::vector<Match>& matches, const Facts& facts) {
  const Match* best = nullptr;
  for (const Match& match : matches) {
    if (!Counts(match, facts)) continue;
    if (best == nullptr || Rank(*best) < Rank(match)) best = &match;
  }
  return best;
}

// Which the reason of an OpenSSL error is of, where the line has no text for it, or one that is
// none of ours.
std::optional<Cause> ClassifyReason(const OpensslError& error, const Facts& facts) {
  if (!error.ssl_library) {
    return UnknownCause("openssl_other", Who::kLogger, facts, error.position,
                        facts.text.substr(error.position));
  }
  if (error.reason >= kFirstAlertReason && error.reason <= kLastAlertReason) {
    return CauseOfAlert({error.reason - kFirstAlertReason, false, error.position}, facts);
  }
  const std::string text = JoinText("ssl routines ", TextOfReason(error.reason), " ");
  std::vector<Match> matches;
  Matcher::Instance().FindAll(text, &matches);
  const Facts reason = facts.InWords(text);
  const Match* best = Best(matches, reason);
  if (best != nullptr && best->pattern->form->strength > Strength::kSummary) {
    return CauseOf(*best->pattern->form, facts, error.position);
  }
  return UnknownCause("openssl_other", Who::kLogger, facts, error.position,
                      facts.text.substr(error.position));
}

// Programs that look at messages, not at connections: their keys and signatures are DKIM's, and
// what they quote is strangers' headers.
bool IsOfMessages(std::string_view program) {
  static constexpr std::string_view kPrograms[] = {
      "opendkim", "dkim",    "dmarc",    "spf",   "rspamd",  "spamd",  "amavis",
      "clamd",    "clamav",  "/cleanup", "/qmgr", "/pickup", "/anvil", "/trivial-rewrite",
      "/local",   "/virtual"};
  return ContainsAny(program, kPrograms);
}

std::string Lowered(std::string_view text, bool with_blanks) {
  std::string low;
  low.reserve(text.size() + 1);
  for (const char c : text) {
    low += with_blanks && c == '_'
               ? ' '
               : static_cast<char>(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  low += ' ';
  return low;
}

// Python's "[SSL: DH_KEY_TOO_SMALL]" and qmail's "TLS_connect_failed:_error" have '_' for blanks.
bool HasUnderscoredText(std::string_view low) {
  return Contains(low, "[ssl: ") || Contains(low, "deferral: ") || Contains(low, "failure: ") ||
         (!Contains(TrimText(low), " ") && Contains(low, "_"));
}

// The role that the summaries of a line tell ("Error initiating TLS"), where nothing else does.
void TakeRoleOfSummaries(const std::vector<Match>& matches, Facts* facts) {
  for (const Match& match : matches) {
    const Form& form = *match.pattern->form;
    if (form.strength == Strength::kSummary && form.role != TlsRole::kUnknown &&
        facts->line().role == TlsRole::kUnknown && Counts(match, *facts) &&
        match.position < facts->line().quoted_from) {
      facts->set_role(form.role);
      return;
    }
  }
}

std::optional<Cause> ClassifyText(Facts facts) {
  std::vector<Match> matches;
  Matcher::Instance().FindAll(facts.text, &matches);
  TakeRoleOfSummaries(matches, &facts);
  const Match* best = Best(matches, facts);
  const std::optional<AlertHit> alert = FindAlert(facts.text);
  const bool is_tls_line = HasContext(facts.text) || Contains(facts.text, "schannel") ||
                           Contains(facts.text, "fatal alert");
  const Strength found = best == nullptr ? Strength::kSummary : best->pattern->form->strength;
  // An alert that was received is the cause; what else the line says is about it.
  if (alert.has_value() && is_tls_line &&
      (best == nullptr || found < Strength::kCause || best->pattern->form->who != Who::kOther)) {
    return CauseOfAlert(*alert, facts);
  }
  const std::optional<OpensslError> error = FindOpensslError(facts.text);
  if (error.has_value() && found < Strength::kHint) return ClassifyReason(*error, facts);
  if (best != nullptr && best->pattern->form->id != "openssl_other") {
    return CauseOf(*best->pattern->form, facts, best->position);
  }
  return ClassifyUnknown(facts);
}

}  // namespace

std::string_view SideWord(Side side) {
  static constexpr std::array<std::string_view, 12> kWords = {"unknown",        "us_as_client",
                                                              "them_as_server", "them_as_client",
                                                              "us_as_server",   "us",
                                                              "peer",           "our_setup",
                                                              "nobody",         "us_if_verifying",
                                                              "sending_client", "receiving_server"};
  return kWords[static_cast<size_t>(side)];
}

std::string_view SideText(Side side) {
  static constexpr std::array<std::string_view, 12> kTexts = {
      "not told by this line",
      "us, as the client: our own program ended it",
      "them, as the server",
      "them, as the client",
      "us, as the server: our own program ended it",
      "us: our own program ended it (client or server is not told)",
      "the other side (client or server is not told)",
      "nobody: our own setup does not work",
      "nobody",
      "nobody at an opportunistic level; us, where we demand a verified certificate",
      "the sending client, as it reports",
      "the receiving server: theirs, if we were told so; ours, if our server said it"};
  return kTexts[static_cast<size_t>(side)];
}

std::string_view OwnerWord(Owner owner) {
  static constexpr std::array<std::string_view, 4> kWords = {"ours", "theirs", "receiving_server",
                                                             "sending_client"};
  return kWords[static_cast<size_t>(owner)];
}

std::string_view KindWord(TroubleKind kind) {
  static constexpr std::array<std::string_view, 4> kWords = {"refused", "in_clear", "note",
                                                             "not_tls"};
  return kWords[static_cast<size_t>(kind)];
}

LineRole RoleOfLine(std::string_view line, std::string_view program) {
  LineRole role;
  role.role = RoleOfProgram(program, line);
  if (role.role == TlsRole::kUnknown) {
    const bool client = ContainsAny(line, kClientWords);
    const bool server = ContainsAny(line, kServerWords);
    if (client != server) role.role = client ? TlsRole::kClient : TlsRole::kServer;
  }
  if (role.role == TlsRole::kUnknown && IsDeliveryOfOurs(line)) role.role = TlsRole::kClient;
  // Momentum's own words, though it writes them as a reply.
  if (Contains(line, "[internal]")) {
    role.role = TlsRole::kClient;
    return role;
  }
  for (const std::string_view quote : kQuotes) {
    role.quoted_from = std::min(role.quoted_from, line.find(quote));
  }
  return role;
}

std::optional<Cause> Classify(std::string_view text, std::string_view program) {
  if (IsOfMessages(program)) return std::nullopt;
  const std::string low = Lowered(text, false);
  const Facts facts(low, program);
  std::optional<Cause> cause = ClassifyText(facts);
  if (HasUnderscoredText(low) &&
      (!cause.has_value() || !cause->known || cause->strength < Strength::kCause)) {
    const std::string spaced = Lowered(text, true);
    std::optional<Cause> second = ClassifyText(facts.InWords(spaced));
    if (second.has_value() && second->known &&
        (!cause.has_value() || !cause->known || second->strength > cause->strength)) {
      cause = std::move(second);
    }
  }
  return cause;
}

}  // namespace mxsweep::tools
