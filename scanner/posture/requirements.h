// "If a sender required this, which domains would not get its mail?" as a pure function of the rows
// of a domain.
//
// A requirement is a sender of the table (senders.h), or one made for the purpose: it tries MX
// hosts as every sender does, demands what is asked for of the server it is at, and goes on to the
// next one where that is missing. So a domain gets its mail if one server is known to be as
// demanded; it is lost if every server is known not to be; and it is not known in between. Where
// senders differ in something that was not asked about (a masked greeting, a server that ends the
// handshake with who sends a server name), it is not known either. docs/policy.md says so for
// users.
#ifndef MXSWEEP_SCANNER_POSTURE_REQUIREMENTS_H_
#define MXSWEEP_SCANNER_POSTURE_REQUIREMENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "scanner/posture/domain_rows.h"
#include "scanner/posture/sender_policy.h"
#include "scanner/posture/senders.h"

namespace mxsweep::scanner {

struct Requirement {
  std::string word;   // as it was asked for: "tls1.2", "rsa2048+verified", "sender:level2"
  std::string label;  // for people: "TLS 1.2 or newer"
  Sender sender;
  SessionDemands demands;
  // Where nothing binds it, it delivers in clear as readily as encrypted.
  bool is_opportunistic = false;
  // The standard leaves it to the sender whether TLSA records count where the MX answer is not
  // signed (RFC 7672 §2.2.1). A sender of the table has made its choice.
  bool dane_may_be_optional = false;
};

// A word of docs/policy.md, or several with '+' between them, which one server has to meet all; or
// the word of a sender of the table, with or without "sender:" before it. kInvalidArgument, with a
// sentence that lists the words, for anything else.
absl::StatusOr<Requirement> ParseRequirement(std::string_view word);

// Of whoever demands nothing, and takes a server as it is: its mail is lost where everybody's is.
Requirement NothingRequired();

// Those that are shown where none is named: each word of docs/policy.md with usual numbers, and
// then the senders of the table.
std::vector<Requirement> UsualRequirements();

// What becomes of mail for a domain.
enum class MailFate : uint8_t {
  kFine,
  kLost,        // certainly, and without the requirement it might be delivered
  kUnknown,     // it cannot be told
  kLostAnyway,  // nobody's mail is delivered as things are: no server listens, no host has an
                // address
  kNotAsked,    // the domain takes no mail, or is none
};
inline constexpr size_t kMailFates = 5;

// "fine", "lost", "unknown", "lost_anyway", "not_asked".
std::string_view MailFateWord(MailFate fate);

struct MailVerdict {
  MailFate fate = MailFate::kUnknown;
  SenderReason reason = SenderReason::kNotTried;
  std::string host;  // whose doing it is; empty where it is the domain's
};

MailVerdict JudgeMail(const Requirement& requirement, const DomainRows& domain,
                      const SenderWorld& world);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_REQUIREMENTS_H_
