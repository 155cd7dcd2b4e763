#include "tools/explain/lines/envelope.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// A clock that is ahead by as much is forgiven before a time is taken for last year's.
constexpr int64_t kForgivenSeconds = 86'400;
// RFC 1035 §2.3.4.
constexpr size_t kMaxNameBytes = 253;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// Reads `digits` digits at `at`; -1 if they are none.
int Number(std::string_view text, size_t at, size_t digits) {
  int value = 0;
  if (at + digits > text.size() || !ParseDigits(text.substr(at, digits), &value)) return -1;
  return value;
}

int64_t Seconds(int year, int month, int day, int hour, int minute, int second) {
  const absl::CivilSecond civil(year, month, day, hour, minute, second);
  return absl::ToUnixSeconds(absl::FromCivil(civil, absl::UTCTimeZone()));
}

// "2026-11-28T10:00:00.123+01:00" or with a blank: how many bytes it takes, 0 if it is none.
size_t ReadIsoTime(std::string_view text, int64_t* time_s) {
  const int year = Number(text, 0, 4);
  const int month = Number(text, 5, 2);
  const int day = Number(text, 8, 2);
  const int hour = Number(text, 11, 2);
  const int minute = Number(text, 14, 2);
  const int second = Number(text, 17, 2);
  if (year < 1970 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0 ||
      text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':') {
    return 0;
  }
  *time_s = Seconds(year, month, day, hour, minute, second);
  size_t at = 19;
  if (at < text.size() && (text[at] == '.' || text[at] == ',') && at + 1 < text.size() &&
      IsDigit(text[at + 1])) {
    ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
  }
  if (at < text.size() && text[at] == 'Z') return at + 1;
  size_t zone = at;
  if (zone < text.size() && text[zone] == ' ') ++zone;
  if (zone < text.size() && (text[zone] == '+' || text[zone] == '-')) {
    const int hours = Number(text, zone + 1, 2);
    const bool colon = zone + 3 < text.size() && text[zone + 3] == ':';
    const int minutes = Number(text, zone + (colon ? 4 : 3), 2);
    if (hours >= 0 && minutes >= 0) {
      *time_s -= (text[zone] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
      return zone + (colon ? 6 : 5);
    }
  }
  return at;
}

// "Nov 28 10:00:00" (RFC 3164 §4.1.2).
size_t ReadSyslogTime(std::string_view text, int64_t now_s, int64_t* time_s) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() < 15 || text[3] != ' ' || text[6] != ' ' || text[9] != ':' || text[12] != ':') {
    return 0;
  }
  const auto month = std::ranges::find(kMonths, text.substr(0, 3));
  const int day = text[4] == ' ' ? Number(text, 5, 1) : Number(text, 4, 2);
  const int hour = Number(text, 7, 2);
  const int minute = Number(text, 10, 2);
  const int second = Number(text, 13, 2);
  if (month == kMonths.end() || day < 1 || hour < 0 || minute < 0 || second < 0) return 0;
  const int month_number = static_cast<int>(month - kMonths.begin()) + 1;
  const absl::CivilSecond now =
      absl::ToCivilSecond(absl::FromUnixSeconds(now_s), absl::UTCTimeZone());
  int year = static_cast<int>(now.year());
  if (Seconds(year, month_number, day, hour, minute, second) > now_s + kForgivenSeconds) --year;
  *time_s = Seconds(year, month_number, day, hour, minute, second);
  return 15;
}

// Docker's "mail-1  | " in front of a container's line; takes it away.
void TakeContainer(std::string_view* text) {
  constexpr size_t kMaxContainerBytes = 64;
  const size_t end = text->substr(0, kMaxContainerBytes).find("| ");
  if (end == std::string_view::npos || end == 0) return;
  const std::string_view name = TrimText(text->substr(0, end));
  if (name.empty() || !std::ranges::all_of(name, [](char c) {
        return IsAlnum(c) || c == '-' || c == '_' || c == '.';
      })) {
    return;
  }
  text->remove_prefix(end + 2);
}

std::string_view Token(std::string_view* text) {
  text->remove_prefix(std::min(text->find_first_not_of(' '), text->size()));
  const size_t end = std::min(text->find(' '), text->size());
  const std::string_view token = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return token;
}

// "postfix/smtp[811]:" at the front; takes it away.
bool TakeProgram(std::string_view* text, Envelope* envelope) {
  const size_t end = text->find_first_of(" ");
  const std::string_view word = text->substr(0, end);
  if (word.size() < 2 || word.back() != ':') return false;
  std::string_view name = word.substr(0, word.size() - 1);
  if (name.ends_with(']')) {
    const size_t open = name.rfind('[');
    if (open == std::string_view::npos || open == 0) return false;
    const std::string_view process = name.substr(open + 1, name.size() - open - 2);
    if (process.empty() || !std::ranges::all_of(process, IsDigit)) return false;
    envelope->process = process;
    name = name.substr(0, open);
  } else if (!envelope->time_s.has_value()) {
    // Without time and process it is a word like any other ("warning:").
    return false;
  }
  if (!std::ranges::all_of(name, [](char c) {
        return IsAlnum(c) || c == '/' || c == '-' || c == '_' || c == '.' || c == '(' || c == ')';
      })) {
    return false;
  }
  envelope->program = name;
  *text = end == std::string_view::npos ? std::string_view() : text->substr(end + 1);
  return true;
}

// Postfix "4Xk1:", Sendmail "xAS9a1b2:": letters and digits, then a colon.
bool TakeQueueId(std::string_view* text, Envelope* envelope) {
  const size_t colon = text->find(": ");
  if (colon == std::string_view::npos || colon < 4 || colon > 20) return false;
  const std::string_view id = text->substr(0, colon);
  if (!std::ranges::all_of(id, IsAlnum) || !std::ranges::any_of(id, IsDigit)) return false;
  envelope->id = id;
  text->remove_prefix(colon + 2);
  return true;
}

// Exim: "1tGabc-0001Xy-2f == ann@…", OpenSMTPD: "5f01c2d3e4a5b6c7 mta …".
void TakeLeadingId(std::string_view* text, Envelope* envelope) {
  std::string_view rest = *text;
  const std::string_view id = Token(&rest);
  if (id.size() < 4 || id.size() > 40) return;
  const bool exim_id = std::ranges::all_of(id, [](char c) { return IsAlnum(c) || c == '-'; }) &&
                       std::ranges::any_of(id, IsDigit);
  const bool session = id.size() == 16 && std::ranges::all_of(id, [](char c) {
                         return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                       });
  static constexpr std::string_view kAfterId[] = {"==", "**",  "=>",   "->",  "H=",  "Completed",
                                                  "<=", "mta", "smtp", "TLS", "DANE"};
  const bool known_next = std::ranges::any_of(
      kAfterId, [rest](std::string_view word) { return rest.starts_with(word); });
  if (!session && !(exim_id && known_next)) return;
  envelope->id = id;
  *text = rest;
}

// Exchange's logs are CSV: "time,connector,session,sequence,local,remote,event,data,context".
void TakeCsv(std::string_view line, Envelope* envelope) {
  std::vector<std::string_view> fields;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= line.size() && fields.size() < 8; ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i == line.size() || (line[i] == ',' && !quoted)) {
      fields.push_back(line.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (fields.size() < 6) return;
  // A session's number is sixteen hexadecimal digits ("08DE2B…").
  if (fields[2].size() == 16 && std::ranges::all_of(fields[2], [](char c) {
        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
      })) {
    envelope->id = fields[2];
  }
}

bool IsNameChar(char c) { return IsAlnum(c) || c == '.' || c == '-' || c == '_'; }

bool IsAddress(std::string_view text) {
  if (text.size() < 3 || text.size() > 45) return false;
  const bool dots = text.find('.') != std::string_view::npos;
  const bool colons = text.find(':') != std::string_view::npos;
  if (!dots && !colons) return false;
  return std::ranges::all_of(text, [colons](char c) {
    return IsDigit(c) || c == '.' ||
           (colons && (c == ':' || absl::ascii_isxdigit(static_cast<unsigned char>(c))));
  });
}

std::string LowerName(std::string_view name) {
  while (name.ends_with('.')) name.remove_suffix(1);
  std::string lower(name.substr(0, kMaxNameBytes));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); });
  return lower;
}

// A name with a dot that is no address.
bool IsHostName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes + 1 &&
         name.find('.') != std::string_view::npos && !IsAddress(name) &&
         std::ranges::all_of(name, IsNameChar);
}

// The domain of the address that begins at `at`: "<a@example.test>" or "a@example.test".
std::string DomainAt(std::string_view text, size_t at) {
  const size_t end =
      std::min(text.find_first_of(" >,;\t\"", at + (text[at] == '<' ? 1 : 0)), text.size());
  const std::string_view address = text.substr(at, end - at);
  const size_t sign = address.rfind('@');
  if (sign == std::string_view::npos) return {};
  const std::string_view domain = address.substr(sign + 1);
  return IsHostName(domain) ? LowerName(domain) : std::string();
}

// The name behind the first of `marks` that one stands behind.
std::string NameBehind(std::string_view text, std::initializer_list<std::string_view> marks) {
  for (const std::string_view mark : marks) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos || (at > 0 && IsAlnum(mark[0]) && IsAlnum(text[at - 1]))) {
      continue;
    }
    size_t end = at + mark.size();
    while (end < text.size() && IsNameChar(text[end])) ++end;
    const std::string_view name = text.substr(at + mark.size(), end - at - mark.size());
    if (IsHostName(name)) return LowerName(name);
  }
  return {};
}

std::string FindRecipientDomain(std::string_view text) {
  for (const std::string_view mark : {" == ", " ** ", "to=<", "to=", "to remote ", "rcpt=<",
                                      "Final-Recipient: rfc822;", "; to <"}) {
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      // "proto=", "orig_to=" are others.
      if (mark.starts_with("to") && at > 0 && (IsAlnum(text[at - 1]) || text[at - 1] == '_'))
        continue;
      size_t begin = at + mark.size();
      if (mark.ends_with('<')) --begin;
      begin = std::min(text.find_first_not_of(' ', begin), text.size());
      if (begin >= text.size()) continue;
      std::string domain = DomainAt(text, begin);
      if (!domain.empty()) return domain;
    }
  }
  for (const std::string_view mark : {"== ", "** "}) {
    if (text.starts_with(mark) && text.size() > 3) return DomainAt(text, 3);
  }
  // What Postfix tells of a session that it reports (RFC 8460), its next hop, and Stalwart's
  // fields.
  return NameBehind(text, {", domain=", "domain = \"", "domain=\"", "next-hop destination \""});
}

// "mx.example.test[192.0.2.1]" and Exim's "mx.example.test [192.0.2.1]".
void FindHostAndAddress(std::string_view text, Remote* remote) {
  for (size_t open = text.find('['); open != std::string_view::npos;
       open = text.find('[', open + 1)) {
    const size_t close = text.find(']', open);
    if (close == std::string_view::npos) return;
    std::string_view inside = text.substr(open + 1, close - open - 1);
    if (inside.starts_with("IPv6:")) inside.remove_prefix(5);
    if (!IsAddress(inside)) continue;
    remote->address = std::string(inside);
    size_t end = open;
    while (end > 0 && text[end - 1] == ' ') --end;
    size_t begin = end;
    while (begin > 0 && IsNameChar(text[begin - 1])) --begin;
    const std::string_view name = text.substr(begin, end - begin);
    if (IsHostName(name)) remote->host = LowerName(name);
    return;
  }
}

}  // namespace

Envelope ParseEnvelope(std::string_view line, int64_t now_s) {
  Envelope envelope;
  std::string_view text = line;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TakeContainer(&text);
  if (text.starts_with('<')) {
    // "<22>" or, in RFC 5424, "<22>1 ".
    const size_t close = text.find('>');
    if (close != std::string_view::npos && close <= 4) {
      text.remove_prefix(close + 1);
      if (text.starts_with("1 ")) text.remove_prefix(2);
    }
  }
  int64_t time_s = 0;
  size_t taken = ReadIsoTime(text, &time_s);
  if (taken == 0) taken = ReadSyslogTime(text, now_s, &time_s);
  if (taken > 0) {
    envelope.time_s = time_s;
    text.remove_prefix(taken);
    if (text.starts_with(',')) {
      TakeCsv(line, &envelope);
      envelope.text = text.substr(1);
      return envelope;
    }
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!TakeProgram(&text, &envelope) && taken > 0) {
    std::string_view rest = text;
    const std::string_view machine = Token(&rest);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (TakeProgram(&rest, &envelope)) {
      envelope.machine = machine;
      text = rest;
    } else {
      // RFC 5424: host, program, process, message id, "-", text.
      std::string_view fields = text;
      const std::string_view host = Token(&fields);
      const std::string_view program = Token(&fields);
      const std::string_view process = Token(&fields);
      if (!process.empty() && std::ranges::all_of(process, IsDigit) &&
          program.find('/') != std::string_view::npos) {
        envelope.machine = host;
        envelope.program = program;
        envelope.process = process;
        Token(&fields);
        if (fields.starts_with("- ")) fields.remove_prefix(2);
        text = fields;
      } else if (text.starts_with('[')) {
        // Exim with log_selector = +pid.
        const size_t close = text.find("] ");
        if (close != std::string_view::npos && close < 12) text.remove_prefix(close + 2);
      }
    }
  }
  if (!envelope.program.empty()) TakeQueueId(&text, &envelope);
  if (envelope.id.empty()) TakeLeadingId(&text, &envelope);
  envelope.text = text;
  return envelope;
}

Remote FindRemote(std::string_view text) {
  Remote remote;
  remote.domain = FindRecipientDomain(text);
  FindHostAndAddress(text, &remote);
  if (remote.host.empty()) {
    remote.host = NameBehind(
        text, {"{FQDN=", "relay=", "H=", "hostname = \"", "mx=\"", "error from '", "authenticate '",
               "ResolvedAddress { name: \"", "host=", "lookup error for ", "host "});
  }
  if (remote.address.empty()) {
    const size_t at = text.find("{IP=");
    if (at != std::string_view::npos) {
      const std::string_view rest = text.substr(at + 4);
      const std::string_view address = rest.substr(0, rest.find('}'));
      if (IsAddress(address)) remote.address = std::string(address);
    }
  }
  return remote;
}

}  // namespace mxsweep::tools
