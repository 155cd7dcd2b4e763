#include "tools/explain/lines/log_reader.h"

#include <utility>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/explain/forms/matcher.h"

namespace mxsweep::tools {
namespace {

// Deliveries that are open at once: a busy host has some hundred processes.
constexpr size_t kMaxOpen = 4096;
// qmail's numbers of deliveries are those under way.
constexpr size_t kMaxNumbers = 4096;
// Of a line, as much is shown.
constexpr size_t kMaxShownBytes = 400;
// Lines of one delivery are not further apart: time-outs of SMTP are shorter.
constexpr int64_t kMaxGapSeconds = 900;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// After this line nothing more comes of the delivery.
bool Ends(std::string_view text) {
  for (const std::string_view mark :
       {", status=", "stat=", " == ", " ** ", "lost connection after", "disconnect from",
        "TLS connection established", "mta disconnected", "smtp disconnected", "Reason: [{LED="}) {
    if (Contains(text, mark)) return true;
  }
  return text.starts_with("== ") || text.starts_with("** ");
}

// A new handshake of the same process begins.
bool Opens(std::string_view text) {
  for (const std::string_view mark :
       {"SSL_connect error", "SSL_accept error", "STARTTLS=client, error", "STARTTLS=server, error",
        "setting up TLS connection"}) {
    if (Contains(text, mark)) return true;
  }
  return false;
}

// What lines belong together by; empty: the line stands alone.
std::string KeyOf(const Envelope& envelope) {
  if (!envelope.process.empty()) {
    // OpenSMTPD's processes are for all sessions.
    const bool by_session = envelope.id.size() == 16 && envelope.program == "smtpd";
    return JoinText(envelope.machine, " ", envelope.program, " ",
                    by_session ? envelope.id : envelope.process);
  }
  return std::string(envelope.id);
}

// "12" of "delivery 12: deferral: …".
std::string NumberBehind(std::string_view text, std::string_view word) {
  const size_t at = text.find(word);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + word.size());
  return std::string(rest.substr(0, rest.find_first_not_of("0123456789")));
}

// rsyslog's "message repeated 4 times: [ … ]" stands for four more lines like the one before: takes
// the frame away, and is how many.
uint64_t TakeRepetition(std::string_view* text) {
  constexpr std::string_view kFrame = "message repeated ";
  if (!text->starts_with(kFrame)) return 1;
  const std::string number = NumberBehind(*text, kFrame);
  const size_t open = text->find(" times: [");
  uint64_t times = 0;
  if (open != kFrame.size() + number.size() || !ParseDigits(number, &times) || times == 0) return 1;
  *text = TrimText(text->substr(open + 9));
  if (text->ends_with(']')) text->remove_suffix(1);
  return times;
}

// Exim's line of a message that came in ends with its subject, if the log has it (log_selector): a
// stranger's text.
std::string_view WithoutSubject(std::string_view text) {
  if (!text.starts_with("<= ")) return text;
  return text.substr(0, text.find(" T=\""));
}

void FillIn(const Remote& more, Remote* remote) {
  if (remote->domain.empty()) remote->domain = more.domain;
  if (remote->host.empty()) remote->host = more.host;
  if (remote->address.empty()) remote->address = more.address;
}

// What two lines of one delivery tell together: the stronger cause, and whether it was fatal, which
// the weaker one may tell ("Server certificate not verified").
Cause Together(Cause first, Cause second) {
  const bool second_wins =
      second.strength > first.strength ||
      (second.strength == first.strength && first.kind == TroubleKind::kNote &&
       second.kind == TroubleKind::kRefused && first.side != Side::kUsIfVerifying);
  // A verification that failed by the way is the cause of the refusal that follows.
  const bool explains = first.side == Side::kUsIfVerifying &&
                        second.kind == TroubleKind::kRefused && first.strength == Strength::kCause;
  Cause& winner = second_wins && !explains ? second : first;
  const Cause& other = second_wins && !explains ? first : second;
  if (winner.side == Side::kUsIfVerifying) {
    if (other.kind == TroubleKind::kRefused) {
      winner.kind = TroubleKind::kRefused;
      winner.side = other.side == Side::kUnknown ? Side::kUs : other.side;
    } else if (other.side == Side::kNobody) {
      winner.side = Side::kNobody;
    }
  }
  // Mail that went in clear is worse than what is told of the handshake before.
  if (other.kind == TroubleKind::kClear && winner.kind == TroubleKind::kRefused) {
    winner.kind = TroubleKind::kClear;
  }
  if (winner.role == TlsRole::kUnknown) winner.role = other.role;
  return std::move(winner);
}

}  // namespace

LogReader::~LogReader() = default;

void LogReader::NoteRecipient(const Envelope& envelope) {
  const std::string number = NumberBehind(envelope.text, "starting delivery ");
  if (number.empty()) return;
  if (domain_of_number_.size() >= kMaxNumbers) domain_of_number_.clear();
  domain_of_number_[number] = FindRemote(envelope.text).domain;
}

void LogReader::Close(OpenList::iterator open) {
  by_key_.erase(open->key);
  Trouble trouble = std::move(open->trouble);
  open_.erase(open);
  take_(std::move(trouble));
}

void LogReader::Merge(const std::string& key, Trouble trouble, bool opens) {
  auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    Open& open = *found->second;
    const Remote& known = open.trouble.remote;
    const bool elsewhere = !known.address.empty() && !trouble.remote.address.empty() &&
                           known.address != trouble.remote.address;
    const bool later = open.last_s.has_value() && trouble.time_s.has_value() &&
                       *trouble.time_s - *open.last_s > kMaxGapSeconds;
    if (elsewhere || later || (opens && open.began)) {
      Close(found->second);
      found = by_key_.end();
    }
  }
  if (found == by_key_.end()) {
    if (open_.size() >= kMaxOpen) Close(open_.begin());
    open_.push_back({key, std::move(trouble), false, std::nullopt});
    const auto last = std::prev(open_.end());
    last->last_s = last->trouble.time_s;
    last->began = opens || last->trouble.cause.strength > Strength::kSummary;
    by_key_[key] = last;
    return;
  }
  open_.splice(open_.end(), open_, found->second);
  Open& open = *found->second;
  Trouble& first = open.trouble;
  if (trouble.time_s.has_value()) open.last_s = trouble.time_s;
  open.began = true;
  if (!first.time_s.has_value()) first.time_s = trouble.time_s;
  const bool stronger = trouble.cause.strength > first.cause.strength;
  first.cause = Together(std::move(first.cause), std::move(trouble.cause));
  if (stronger) {
    first.line = std::move(trouble.line);
    first.line_number = trouble.line_number;
  }
  FillIn(trouble.remote, &first.remote);
}

void LogReader::Add(std::string_view line, uint64_t number) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.starts_with('#') && exchange_.TakeHeader(line)) return;
  if (!Matcher::Instance().IsOfInterest(line)) return;
  Envelope envelope = ParseEnvelope(line, now_s_);
  const std::optional<ExchangeRow> row = exchange_.ReadRow(line);
  if (row) envelope.text = row->text;
  const uint64_t times = TakeRepetition(&envelope.text);
  envelope.text = WithoutSubject(envelope.text);
  NoteRecipient(envelope);
  const std::string key = KeyOf(envelope);
  std::optional<Cause> cause = Classify(envelope.text, envelope.program);
  const bool ends = Ends(envelope.text);
  if (!cause.has_value()) {
    // Perhaps the end of a delivery whose cause was told before.
    const auto found = key.empty() ? by_key_.end() : by_key_.find(key);
    if (!ends || found == by_key_.end()) return;
    const Remote remote = FindRemote(envelope.text);
    const Remote& known = found->second->trouble.remote;
    // Another server's: this process went on to it after the failure.
    if (known.address.empty() || remote.address.empty() || known.address == remote.address) {
      FillIn(remote, &found->second->trouble.remote);
    }
    Close(found->second);
    return;
  }
  Trouble trouble;
  trouble.cause = *std::move(cause);
  trouble.remote = FindRemote(envelope.text);
  if (row) FillIn(row->remote, &trouble.remote);
  // Whom a server's lines name behind to= are its own recipients.
  if (trouble.cause.role == TlsRole::kServer) trouble.remote.domain.clear();
  const std::string delivery = NumberBehind(envelope.text, "delivery ");
  if (trouble.remote.domain.empty() && !delivery.empty()) {
    const auto known = domain_of_number_.find(delivery);
    if (known != domain_of_number_.end()) trouble.remote.domain = known->second;
  }
  trouble.count = times;
  trouble.time_s = envelope.time_s;
  trouble.line_number = number;
  trouble.line = SanitizeText(line, kMaxShownBytes);
  if (key.empty()) {
    take_(std::move(trouble));
    return;
  }
  Merge(key, std::move(trouble), Opens(envelope.text));
  if (ends) Close(by_key_.find(key)->second);
}

void LogReader::Finish() {
  while (!open_.empty()) Close(open_.begin());
}

}  // namespace mxsweep::tools
