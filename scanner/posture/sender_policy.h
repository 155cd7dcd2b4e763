// What a sender would do with mail for a domain, as a pure function of what a scan found: the rows
// of the domain, its MX hosts and their endpoints.
//
// A sender tries MX hosts by preference, and hosts of equal preference and the addresses of a host
// in any order (RFC 5321 §5.1). At each it either hands the mail over (which ends the matter) or
// goes on to the next. Where nobody took the mail, what is left depends on why. The senders behave
// as Postfix's TLS levels do, which are the common reading of the standards: "may", "verify",
// "dane", and MTA-STS by RFC 8461 §5.
#ifndef MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_
#define MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/posture/domain_rows.h"

namespace mxsweep::scanner {

enum class SenderProfile : uint8_t {
  kOpportunistic,  // TLS where it is offered, certificates not looked at, in clear otherwise
  kVerified,       // insists on a trusted, unexpired certificate for the MX host's name
  kDane,           // RFC 7672; opportunistic where a host has no TLSA records
  kMtaSts,         // RFC 8461; opportunistic where there is no policy in mode enforce
  kLevel2,         // opportunistic, with OpenSSL at security level 2 (Debian's default)
  kLevel3,         // the same at level 3
};
inline constexpr std::array kSenderProfiles = {
    SenderProfile::kOpportunistic, SenderProfile::kVerified, SenderProfile::kDane,
    SenderProfile::kMtaSts,        SenderProfile::kLevel2,   SenderProfile::kLevel3};

// From the best to the worst, and then what cannot be told.
enum class SenderAction : uint8_t {
  kEncrypted,
  kInClear,
  kDefer,   // nobody takes the mail now; it stays in the queue and is tried again, for days
  kRefuse,  // the sender does not hand it over, since a rule of its own is broken; it stays in the
            // queue likewise, and comes back after days if nothing is repaired
  kReturn,  // comes back at once
  kUnknown,
};

// Why. The word of each is in SenderReasonWord.
enum class SenderReason : uint8_t {
  // Handed over.
  kTls,           // encrypted; nobody asked for the certificate
  kVerified,      // valid chain and name
  kDaneMatch,     // a TLSA record matches
  kDaneUnusable,  // TLSA records, none usable: encrypted, not authenticated (RFC 7672 §2.2)
  kStsVerified,   // the host and its certificate are what the policy demands
  kNoStartTls,
  kStartTlsRefused,
  // Not handed over there.
  kHandshakeFailed,
  kLevelTooLow,  // a key, signature or version below the sender's OpenSSL security level
  kCertificate,  // chain not valid: endpoints.pkix_status
  kRevoked,      // senders that insist on a valid certificate may ask (RFC 8461 §4.2)
  kName,         // the certificate is for another name
  kDaneMismatch,
  kDaneNoStartTls,
  kDaneHandshakeFailed,
  kTlsaLookupError,
  kStsHost,       // the policy does not name the MX host
  kNotListening,  // connection refused
  kNoSmtp,        // what answers does not speak SMTP
  kBadHost,       // the MX host has no address, or is no host name
  // Cannot be told.
  kNoAnswer,    // time-outs, broken connections
  kTurnedAway,  // 4xx or 5xx before STARTTLS, perhaps because of our address
  kNotTried,    // we did not or could not ask
  kHostLookupError,
  kMxLookupError,
  kDnssecUnknown,  // the resolver does not validate
  kStsUnknown,     // the policy could not be looked up, or was not asked for
  // Of the domain.
  kMxBogus,
  kNoDomain,
  kNoMail,  // neither MX nor address
  kNullMx,
};

// What is known beside the rows.
struct SenderWorld {
  // The resolver validates DNSSEC and is believed: otherwise nothing can be said about DANE.
  bool dnssec_known = true;
};

struct SenderDecision {
  SenderAction action = SenderAction::kUnknown;  // the worst that can happen
  SenderAction best = SenderAction::kUnknown;    // other than `action`: chance decides
  SenderReason reason = SenderReason::kNotTried;
  // The server's identity is proven, whichever of the servers gets the mail.
  bool authenticated = false;
  // A server that is tried no later than the one that decides could not be judged.
  bool incomplete = false;
  // Whose doing it is; empty where it is the domain's.
  std::string host;
  std::string address;  // empty: the host's
};

// Never fails: what is unknown is kUnknown.
SenderDecision DecideSender(SenderProfile profile, const DomainRows& domain,
                            const SenderWorld& world);

// endpoints.dane_status as it is for mail to this domain: a mismatch of which the domain's own
// verdict says that it is none (its name is a reference identifier, too: RFC 7672 §3.2.2) is
// "match". Empty: null. Valid as long as the rows.
std::string_view DaneStatusFor(const output::DomainRow& domain,
                               const output::EndpointRow& endpoint);

// "opportunistic", "verified", "dane", "mta_sts", "level2", "level3".
std::string_view SenderProfileWord(SenderProfile profile);
// "encrypted", "in_clear", "defer", "refuse", "return", "unknown".
std::string_view SenderActionWord(SenderAction action);
// "tls", "no_starttls", "dane_mismatch" …: those of docs/check.md.
std::string_view SenderReasonWord(SenderReason reason);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_
