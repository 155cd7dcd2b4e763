#include "tools/explain/forms/alert.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// No name of an alert is longer.
constexpr size_t kMaxNameBytes = 72;

// Letters of the name that `text` begins with: up to what ends it.
std::string LettersOf(std::string_view text) {
  std::string letters;
  for (const char c : text.substr(0, kMaxNameBytes)) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c))) {
      letters += c;
    } else if (c != ' ' && c != '_' && c != '-' && c != '/' && c != '\'') {
      break;
    }
  }
  return letters;
}

// The number of the longest name that `letters` begins with.
int NumberOfName(std::string_view letters) {
  int number = -1;
  size_t longest = 0;
  for (const AlertForm& alert : AlertForms()) {
    for (std::string_view names = alert.names; !names.empty();) {
      const size_t end = std::min(names.find('|'), names.size());
      const std::string_view name = names.substr(0, end);
      names.remove_prefix(std::min(end + 1, names.size()));
      if (name.size() > longest && letters.starts_with(name)) {
        longest = name.size();
        number = alert.number;
      }
    }
  }
  return number;
}

// "40" of ": 40." or of " number 40"; -1 where no number comes next.
int NumberAfter(std::string_view text) {
  size_t at = text.find_first_not_of(" :=([_");
  for (const std::string_view word : {"number", "code", "is", ":", "=", "#"}) {
    if (at != std::string_view::npos && text.substr(at).starts_with(word)) {
      at = text.find_first_not_of(" :=([_#", at + word.size());
    }
  }
  if (at == std::string_view::npos) return -1;
  const size_t end = std::min(text.find_first_not_of("0123456789", at), text.size());
  int number = 0;
  if (end - at > 3 || !ParseDigits(text.substr(at, end - at), &number)) return -1;
  return number > 255 ? -1 : number;
}

std::string_view After(std::string_view line, std::string_view words) {
  const size_t at = line.find(words);
  return at == std::string_view::npos ? std::string_view() : line.substr(at + words.size());
}

// Windows: "A fatal alert was received … fatal alert code is 40", "fatal alert was generated: 10".
std::optional<AlertHit> SchannelAlert(std::string_view line) {
  const bool received = line.find("alert was received") != std::string_view::npos ||
                        line.find("36887") != std::string_view::npos;
  const bool generated = line.find("alert was generated") != std::string_view::npos ||
                         line.find("36888") != std::string_view::npos;
  if (received == generated || line.find("alert") == std::string_view::npos) return std::nullopt;
  AlertHit hit{-1, generated, line.find("alert")};
  for (const std::string_view words : {"code is", "alert was received:", "alert was generated:"}) {
    const std::string_view rest = After(line, words);
    if (!rest.empty() && hit.number < 0) hit.number = NumberAfter(rest);
  }
  return hit;
}

// Words that say that the name of an alert they received comes next, or that it has none.
constexpr std::string_view kReceived[] = {
    "alert has been received", "rxd alert",      "received fatal alert", "received alert",
    "remote error: tls",       "alert received", "alert read:fatal",     "alert read: fatal"};

// Names that OpenSSL writes without the word: "tlsv1 unrecognized name".
constexpr std::string_view kWithoutWord[] = {
    "unrecognized name", "unsupported extension", "certificate unobtainable",
    "bad certificate status response", "bad certificate hash value"};

std::optional<AlertHit> NamedAfter(std::string_view line, std::string_view words) {
  const size_t at = line.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + words.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" .:(\"'_"), rest.size()));
  return AlertHit{NumberOfName(LettersOf(rest)), false, at};
}

}  // namespace

const AlertForm* AlertOfNumber(int number) {
  const auto alerts = AlertForms();
  const auto found = std::ranges::find(alerts, number, &AlertForm::number);
  return found == alerts.end() ? nullptr : &*found;
}

std::optional<AlertHit> FindAlert(std::string_view line) {
  if (const std::optional<AlertHit> hit = SchannelAlert(line)) return hit;
  std::optional<AlertHit> best;
  const auto take = [&best](const AlertHit& hit) {
    if (!best.has_value() || (best->number < 0 && hit.number >= 0)) best = hit;
  };
  for (const std::string_view words : kReceived) {
    if (const std::optional<AlertHit> hit = NamedAfter(line, words)) take(*hit);
  }
  for (const std::string_view name : kWithoutWord) {
    for (const std::string_view version : {"tlsv1 ", "tlsv13 "}) {
      if (const std::optional<AlertHit> hit = NamedAfter(line, JoinText(version, name))) {
        take({NumberOfName(LettersOf(name)), false, hit->position});
      }
    }
  }
  // Whatever has the word before a name or a number.
  for (size_t at = line.find("alert"); at != std::string_view::npos;
       at = line.find("alert", at + 1)) {
    std::string_view rest = line.substr(at + 5);
    const bool sent = rest.starts_with(" write:fatal") || line.substr(0, at).ends_with("sent ") ||
                      line.substr(0, at).ends_with("sends ") ||
                      line.substr(0, at).ends_with("sent fatal ") ||
                      line.substr(0, at).ends_with("sending fatal ");
    if (rest.starts_with(" write:fatal:")) rest.remove_prefix(13);
    int number = NumberAfter(rest);
    if (number == 0) return std::nullopt;
    if (number < 0) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" :(\"'_"), rest.size()));
      number = NumberOfName(LettersOf(rest));
    }
    if (number >= 0) {
      take({number, sent, at});
    } else if (line.substr(0, at).ends_with("sslv3 ") || line.substr(0, at).ends_with("tlsv1 ") ||
               line.substr(0, at).ends_with("tlsv13 ") ||
               line.substr(0, at).ends_with("ssl/tls ")) {
      take({-1, sent, at});
    }
  }
  if (best.has_value() && best->number < 0 &&
      (line.find("close notify") != std::string_view::npos ||
       line.find("close_notify") != std::string_view::npos)) {
    return std::nullopt;
  }
  return best;
}

}  // namespace mxsweep::tools
