// What a sender would do with mail for a domain, as a pure function of what a scan found (the rows
// of the domain, its MX hosts and their endpoints) and of what is known of the sender (senders.h).
//
// A sender tries MX hosts by preference, and hosts of equal preference and the addresses of a host
// in any order (RFC 5321 §5.1). At each it either hands the mail over (which ends the matter), or
// returns it, or goes on to the next. Where nobody took the mail, what is left depends on why.
#ifndef MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_
#define MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/posture/domain_rows.h"
#include "scanner/posture/senders.h"

namespace mxsweep::scanner {

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
  kTlsOnRetry,    // not at the first attempt, which insists on a valid certificate
  kNoStartTls,
  kStartTlsRefused,
  kMaskedGreeting,  // the sender says HELO to it, and never hears of STARTTLS
  // Not handed over there.
  kHandshakeFailed,
  kVersionTooOld,        // older than the sender's TLS library speaks
  kLevelTooLow,          // the session is below the sender's OpenSSL security level
  kCertificateTooWeak,   // a key or signature of the certificates is, and the sender verifies them
  kNoRenegotiationInfo,  // the server does not know RFC 5746
  kCertificateUnparsed,  // its TLS library cannot parse a certificate, and ends the handshake
  kServerNameRefused,    // the server ends the handshake with who sends a server name
  kServerNameWanted,     // … with who sends none
  kNoForwardSecrecy,     // it takes nothing but RSA key exchange, which was ruled out
  kNoPostQuantum,        // it takes no group with ML-KEM, and nothing else would do
  kInjected,             // clear text behind the answer to STARTTLS
  kClosedWithinTls,      // the server hangs up on the EHLO within TLS
  kCertificate,          // chain not valid: endpoints.pkix_status
  kRevoked,              // senders that insist on a valid certificate may ask (RFC 8461 §4.2)
  kName,                 // the certificate is for another name
  kOtherCertificate,     // who sends no server name is shown another one, which is not valid
  kDaneMismatch,
  kDaneNoStartTls,
  kDaneHandshakeFailed,
  kTlsaLookupError,
  kStsHost,       // the policy does not name the MX host
  kNotListening,  // connection refused
  kNoSmtp,        // what answers does not speak SMTP
  kBadHost,       // the MX host has no address, or is no host name
  // Cannot be told.
  kNoAnswer,            // time-outs, broken connections
  kTurnedAway,          // 4xx or 5xx before STARTTLS, perhaps because of our address
  kRefusedWithinTls,    // the same within TLS
  kMayBeOurs,           // the handshake failed, perhaps for what our own client lacks
  kCertificateUnknown,  // we could not read or verify what the server shows
  kOtherOffer,          // the sender offers else than we did: the server may choose otherwise
  kReplyCodes,          // a reply whose lines have different codes, which it reads otherwise
  kServerNameUnknown,   // it sends no server name, and what it is shown was not seen
  kIpLiteral,           // the MX record names an address, which we do not ask
  kSenderUnknown,       // what this sender does there is not known
  kNotTried,            // we did not or could not ask
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

// What is demanded of a session beyond the sender's row in the table. Nothing, as it comes. A
// server where it is not so is one where the handshake fails. What a server would choose if less
// were offered to it is not known, unless probes asked (docs/policy.md).
struct SessionDemands {
  TlsVersion min_version = TlsVersion::kTls10;
  uint32_t min_rsa_bits = 0;  // of the certificate's key, where it is RSA
  int session_level = 0;      // OpenSSL's security level, by the rules of 3.1 and later
  int certificate_level = 0;  // of the certificate's path, whether or not it is trusted
  bool forward_secrecy = false;
  bool post_quantum = false;  // key exchange with ML-KEM
  // Of a sender that demands nothing: only whether the mail is handed over is asked, not how. So it
  // does not matter why a handshake failed.
  bool either_way = false;

  friend bool operator==(const SessionDemands&, const SessionDemands&) = default;
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
  // With kRefusedWithinTls: what the sender does if the server treats it as it treated us.
  SenderAction likewise = SenderAction::kUnknown;
  // A server that is tried no later than the one that decides could not be judged.
  bool incomplete = false;
  // Whose doing it is; empty where it is the domain's.
  std::string host;
  std::string address;  // empty: the host's
};

// Never fails: what is unknown is kUnknown.
SenderDecision DecideSender(const Sender& sender, const DomainRows& domain,
                            const SenderWorld& world, const SessionDemands& demands = {});

// Might TLSA records of a host, or a policy of the domain, demand TLS of this sender?
bool MayBeBound(const Sender& sender, const DomainRows& domain);

// endpoints.dane_status as it is for mail to this domain: a mismatch of which the domain's own
// verdict says that it is none (its name is a reference identifier, too: RFC 7672 §3.2.2) is
// "match". Empty: null. Valid as long as the rows.
std::string_view DaneStatusFor(const output::DomainRow& domain,
                               const output::EndpointRow& endpoint);

// Is it a greeting of nothing but 2, 0, stars and blanks, as firewalls write? Postfix then says
// HELO (smtp_pix_workarounds). `greeting`: endpoints.greeting.
bool IsMaskedGreeting(std::string_view greeting);
// Did the server complete a handshake, and then not take mail: endpoints.after_tls?
bool FailsWithinTls(const output::EndpointRow& row);

// "encrypted", "in_clear", "defer", "refuse", "return", "unknown".
std::string_view SenderActionWord(SenderAction action);
// "tls", "no_starttls", "dane_mismatch" …: those of docs/check.md.
std::string_view SenderReasonWord(SenderReason reason);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_SENDER_POLICY_H_
