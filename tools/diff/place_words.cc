#include "tools/diff/place_words.h"

#include "scanner/base/text.h"
#include "tools/diff/measures.h"

namespace mxsweep::tools {
namespace {

struct EndingRow {
  std::string_view word, title;
};

// In the order of Ending.
constexpr EndingRow kEndingRows[kEndings] = {
    {"answers", "answer"},
    {"connect_refused", "refuse the connection"},
    {"no_reply", "do not answer the connection"},
    {"unreachable", "the network says: unreachable"},
    {"broken_off", "close or reset the connection"},
    {"silent", "say nothing in time"},
    {"rejected", "greet with 5xx"},
    {"deferred", "put off (421, 4xx)"},
    {"ehlo_refused", "refuse EHLO"},
    {"no_smtp", "speak no SMTP"},
    {"no_route", "no route from there"},
    {"not_asked", "not asked"},
    {"our_trouble", "our own trouble"},
    {"not_known", "fail in several ways"},
};

constexpr std::string_view kDialogueWords[] = {"encrypts",        "no_starttls", "starttls_refused",
                                               "handshake_fails", "may_be_ours", "not_listening",
                                               "no_smtp",         "silent",      "turned_away",
                                               "not_asked",       "our_trouble"};
static_assert(std::size(kDialogueWords) == static_cast<size_t>(Dialogue::kOurTrouble) + 1);

constexpr std::string_view kVersionWords[] = {"",        "SSLv3",   "TLSv1",
                                              "TLSv1.1", "TLSv1.2", "TLSv1.3"};
static_assert(std::size(kVersionWords) == static_cast<size_t>(Version::kTls13) + 1);

}  // namespace

std::string_view EndingWord(Ending ending) { return kEndingRows[static_cast<size_t>(ending)].word; }
std::string_view EndingTitle(Ending ending) {
  return kEndingRows[static_cast<size_t>(ending)].title;
}

std::string_view DialogueWord(Dialogue dialogue) {
  return kDialogueWords[static_cast<size_t>(dialogue)];
}

std::string_view VersionWord(Version version) {
  return kVersionWords[static_cast<size_t>(version)];
}

std::string NameAnswerTitle(NameAnswer answer, std::string_view alone) {
  switch (answer) {
    case NameAnswer::kSame:
      return "the same addresses";
    case NameAnswer::kOtherNetworks:
      return "addresses of other networks";
    case NameAnswer::kSameNetworks:
      return "other addresses of the same networks";
    case NameAnswer::kOneFamily:
      return JoinText("IPv4 or IPv6 from ", alone, " alone");
    case NameAnswer::kOneAlone:
      return JoinText("addresses from ", alone, " alone");
    case NameAnswer::kNotKnown:
      return "not known: a look-up failed, or was not made";
  }
  return "";
}

std::string DomainCauseTitle(const DomainCause& cause, const ByPlace<std::string>& names) {
  const std::string& name = names[cause.place];
  switch (cause.difference) {
    case DomainDifference::kInOneList:
      return JoinText("in the list of ", name, " alone");
    case DomainDifference::kMail:
      return JoinText("takes mail as ", name, " is told, and not otherwise");
    case DomainDifference::kMx:
      return "other MX hosts";
    case DomainDifference::kReached:
      return JoinText("servers answer ", name, " alone");
    case DomainDifference::kTls:
      return JoinText("TLS with ", name, " alone");
    case DomainDifference::kPosture:
      return JoinText(WordsOf(cause.measure).name, " with ", name, " alone");
    case DomainDifference::kAddresses:
      return "other addresses of MX hosts, and nothing else";
    case DomainDifference::kNotKnownOf:
      return JoinText("something is not known from ", name);
    case DomainDifference::kNotKnown:
      return "not known from either";
    case DomainDifference::kSame:
      return "the same";
  }
  return "";
}

}  // namespace mxsweep::tools
