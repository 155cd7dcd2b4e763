// What is compared: questions that have yes or no for an answer, of a domain or of a server, and
// the reason where the answer is no or cannot be told.
//
// Of a domain, "yes" is that some server is so (a sender that insists goes on to the next MX host),
// and "no" that every server was asked and none is. In between it is not known: one server that did
// not answer makes no domain lose or gain anything.
#ifndef MXSWEEP_TOOLS_DIFF_MEASURES_H_
#define MXSWEEP_TOOLS_DIFF_MEASURES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tools/diff/facts.h"

namespace mxsweep::tools {

// In the order in which a domain's main cause is looked for.
enum class Measure : uint8_t { kTls, kTrusted, kDane, kMtaSts, kTls12, kTls13, kKey };
inline constexpr size_t kMeasures = 7;

struct MeasureWords {
  std::string_view word;     // "tls"
  std::string_view name;     // "TLS": what is lost or gained
  std::string_view domains;  // of domains: "some server encrypts"
  std::string_view servers;  // of servers: "encrypt"; empty: it is not asked of servers
};
const MeasureWords& WordsOf(Measure measure);

enum class Unit : uint8_t { kDomains, kServers };
// "domains", "servers".
std::string_view UnitWord(Unit unit);
// "some server encrypts": what stands behind "domains of which" and "servers that".
std::string_view LabelOf(Unit unit, Measure measure);

// A reason; by its group it belongs to one kind of answer or change. Within a group, the first that
// applies is told.
enum class Why : uint8_t {
  kNothing,
  // Of "no".
  kNoStartTls,
  kStartTlsRefused,
  kHandshakeFails,
  kExpired,
  kRevoked,
  kWrongName,
  kUntrusted,
  kOldVersion,
  kWeakKey,
  kDaneBroken,
  kDanePartial,
  kDaneNone,
  kDaneOptional,
  kStsBroken,
  kStsModeNone,
  kStsNone,
  // Of a change from yes to no or back, where it is not one server that changed.
  kServerStopped,
  kAddressChanged,
  kMxChanged,
  kMxMoved,
  // Not counted, and that is known.
  kNotInList,
  kNxdomain,
  kNullMx,
  kNoMail,
  kInvalidName,
  kNoServer,
  kNotNamed,
  kHostGone,
  kAddressGone,
  kNotListening,
  kNoSmtp,
  // Not known.
  kOurTrouble,
  kNotAsked,
  kLookupFailed,
  kTurnedAway,
  kSilent,
  kMayBeOurs,
  kNotJudged,
};
inline constexpr size_t kWhys = static_cast<size_t>(Why::kNotJudged) + 1;

enum class Direction : uint8_t { kLost, kGained, kNeither };
// "lost", "gained"; empty of neither.
std::string_view DirectionWord(Direction direction);

inline bool IsNotKnown(Why why) { return why >= Why::kOurTrouble; }

// Can only a server be so, and no domain?
inline bool IsOfServersOnly(Why why) { return why >= Why::kNotNamed && why <= Why::kNoSmtp; }

enum class Answer : uint8_t { kYes, kNo, kNotCounted };

struct State {
  Answer answer = Answer::kNotCounted;
  Why why = Why::kNothing;

  bool is_counted() const { return answer != Answer::kNotCounted; }
  bool is_known() const { return is_counted() || !IsNotKnown(why); }
  friend bool operator==(const State&, const State&) = default;
};

// REQUIRES: the measure is asked of servers.
State ServerStateOf(Measure measure, const Server& server);
State DomainStateOf(Measure measure, const ScanFacts& facts, const Domain& domain);

// "starttls_withdrawn": the word for a change with this reason. The same both ways only where it
// is no state of one server.
std::string_view ChangeWord(Why why, Direction direction);
// "STARTTLS is no longer offered": the same for people.
std::string_view ChangeTitle(Why why, Direction direction);
// "silent", "nxdomain" …: why something is not counted.
std::string_view WhyWord(Why why);
std::string_view WhyTitle(Why why);

// Bits of strength of a key (NIST SP 800-57 part 1, table 2); 0: not known.
uint32_t StrengthOf(const Server& server);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_MEASURES_H_
