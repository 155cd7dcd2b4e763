// What large providers say, replies that demand TLS in general, and enhanced status codes.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kForms[] = {
    {"tls required for rcpt domain", "tls_demanded", kRefused, kCause, kReplier, kClient, kAny,
     kPlain, "the recipient's administrator demands TLS",
     "Gmail's administrator of that domain has set TLS as required (\"secure transport\").", "",
     "Switch STARTTLS on in the sending server.", "Not the reputation of the address."},
    {"wasn't sent over a tls connection|was not sent over a tls connection|4.7.29*tls|5.7.29*tls",
     "bulk_in_clear", kRefused, kCause, kReplier, kClient, kAny, kPlain,
     "the provider refuses mail that came in clear",
     "Gmail demands TLS of bulk senders; this message came without.", "",
     "Switch STARTTLS on at each of the sending machines (pools, relays).",
     "Not ARC, which IANA lists under X.7.29, and not DMARC."},
    {"must issue a starttls command first|must issue starttls|starttls first", "tls_demanded",
     kRefused, kCause, kReplier, kAny, kAny, kSenderFirst, "the server demands STARTTLS first",
     "The server takes no mail (or no AUTH) before TLS.",
     "Level encrypt demands it of every client; a public MX uses may (RFC 3207 section 4).",
     "The client must use STARTTLS (switch TLS on in the sending server, relay or mail program).",
     "Not an AUTH failure, and not the password."},
    {"no commands allowed to pipeline after starttls", "pipelining_after_starttls", kRefused,
     kCause, kReplier, kClient, kAny, kPlain, "commands came behind STARTTLS in one go",
     "Bytes behind STARTTLS before the handshake could be an injection; the server refuses them.",
     "", "Repair the client, or the proxy in between.", "Not the TLS version."},
    {"tls negotiation failed, the certificate doesn't match the host|certificate doesn't match the "
     "host",
     "name_mismatch", kRefused, kCause, kSender, kAny, kAny, kPlain,
     "Gmail, as the client, does not accept the server's certificate",
     "Gmail's \"send mail as\" connects to the mail server that you gave it, and its certificate "
     "is "
     "self-signed or does not name that host.",
     "A certificate of a public authority whose SAN holds the host's name that Gmail uses.", "",
     "Not Gmail's certificate."},
    {"[tss", "yahoo_reputation", kNotTls, kCause, kReplier, kClient, kAny, kPlain,
     "Yahoo defers by reputation (TSS04)",
     "TSS codes are complaints and volume; no text of Yahoo about TLS is known.", "",
     "See senders.yahooinc.com; send less and cleaner.", "Not TLS, although the code is 4.7.0."},
    {"this route requires encryption|requires encryption (tls)|requires encryption (",
     "tls_demanded", kRefused, kCause, kReplier, kClient, kAny, kPlain,
     "the route's policy demands TLS",
     "Mimecast's policy for that domain (or the server's) takes mail over TLS only.", "",
     "Switch STARTTLS on in the sending server.", "Not a wrong address."},
    {"requires tls version|tls version 1.2 or greater|tls version 1.3 or greater|requires tls 1.2",
     "version_refused_by_server", kRefused, kCause, kReplier, kClient, kAny, kPlain,
     "the route's policy demands a newer TLS version",
     "The client's version is below what the policy demands.", "",
     "Speak TLS 1.2 or newer when sending.", "Not a wrong address."},
    {"high-strength ciphers|high strength ciphers|stronger cipher", "encryption_too_weak", kRefused,
     kCause, kReplier, kClient, kAny, kPlain, "the route's policy demands stronger suites",
     "The negotiated suite is weaker than the policy allows.", "",
     "Offer suites with AES-GCM or ChaCha20 and 128 bits or more.", "Not a wrong address."},
    {"tls required but not supported", "starttls_not_offered", kRefused, kCause, kLogger, kClient,
     kAny, kPlain, "TLS is demanded here, and the recipient's server does not have it",
     "Enforced TLS (SendGrid) is on: the server offers no TLS, an old version only, or a bad "
     "certificate.",
     "Switch Enforced TLS off, if mail may go in clear.",
     "Offer STARTTLS with TLS 1.1 or newer and a valid certificate.", "Not a bad address."},
    {"\"tls\": false|\"tls\":false|tls: false", "sent_in_clear", kClear, kHint, kNobody, kClient,
     kAny, kPlain, "the message went in clear", "Mailgun says of the delivery that it had no TLS.",
     "Set require-tls, if it must not happen.", "Offer STARTTLS.", "Not an error."},
    {"\"certificate-verified\": false|\"certificate-verified\":false|certificate-verified: false",
     "unauthenticated_tls", kNote, kHint, kNobody, kClient, kAny, kPlain,
     "encrypted, but the certificate was not verified",
     "Mailgun says so of the delivery; it is the default.",
     "Leave skip-verification off, if you want it verified.", "", "Not an error."},
    {"message expired*failed to establish connection|421 4.4.1 failed to establish connection",
     "ses_not_established", kRefused, kHint, kUnknown, kClient, kAny, kPlain,
     "no connection came about until the message expired",
     "One cause of several: Amazon SES with TlsPolicy Require and a server without working TLS.",
     "Look at the configuration set's TlsPolicy.", "Offer STARTTLS with TLS 1.2.",
     "Not always the network."},
    {"icid * tls failed|dcid * tls failed", "handshake_failed", kRefused, kSummary, kUnknown, kAny,
     kAny, kPlain, "the TLS handshake failed",
     "Cisco ESA: ICID is an incoming connection, DCID an outgoing one. In mode preferred the mail "
     "may go on in clear.",
     "Look at the same ICID or DCID for the cause.", "", "Not dropped."},
    {"starttls not supported|starttls not implemented|starttls not recognized|starttls is not "
     "supported|unrecognized command starttls|command unrecognized: starttls|command unrecognized: "
     "\"starttls|unrecognized command: starttls|invalid command: starttls|unknown command: "
     "starttls|starttls not available|starttls disabled",
     "starttls_not_known", kRefused, kCause, kReplier, kAny, kAny, kPlain,
     "the server does not know STARTTLS, or has it switched off",
     "The server answered STARTTLS as a command that it does not know.",
     "Switch TLS on in the server; look for a middlebox that overwrites STARTTLS.",
     "Use STARTTLS only where it is offered.", "Not a failed handshake: it never began."},
    {"tls is required|starttls required|starttls is required|requires starttls|requires "
     "tls|require "
     "tls|tls required|encryption required|encryption is required|encryption needed|must use "
     "tls|must use starttls|use starttls|tls encryption|only accepts encrypted|secure connection "
     "required",
     "tls_demanded", kRefused, kHint, kReplier, kAny, kAny, kNeedsContext | kSenderFirst,
     "the server demands TLS", "The server takes mail over TLS only.",
     "It is the server's policy; lift it there, if it is not meant.",
     "Use STARTTLS when sending to it.", "Not a spam verdict."},
    // Replies of any server, in words of its operator's.
    {"tls version too old|tls version is too old|outdated tls|tls version * not supported|tls "
     "version not supported|tls version not allowed|tls version * not allowed|unsupported tls "
     "version|tls 1.0 is not|tls 1.1 is not|tlsv1.0 is not|tlsv1.1 is not|tlsv1 is not|tls 1.0 is "
     "no longer|tls 1.1 is no longer|tlsv1.0 is no longer|tlsv1.1 is no longer|tlsv1 is no "
     "longer|minimum tls version|at least tls|requires tlsv|tls 1.2 or "
     "higher|tls 1.2 or newer|tls 1.2 or later|tls 1.2 or above|tls 1.3 or higher|tls 1.3 or newer",
     "version_refused_by_server", kRefused, kCause, kReplier, kAny, kAny, kSenderFirst | kInReply,
     "the server demands a newer TLS version",
     "The session's version is below what the server takes mail with.", "",
     "Speak TLS 1.2 or newer when sending.", "Not the certificate, and not the password."},
    {"weak cipher|cipher too weak|cipher is too weak|ciphers too weak|cipher suite * not "
     "allowed|cipher not allowed|cipher * not accepted|insecure cipher",
     "encryption_too_weak", kRefused, kCause, kReplier, kAny, kAny, kSenderFirst | kInReply,
     "the server demands a stronger cipher suite",
     "The suite that was negotiated is weaker than the server allows. It chose it among those that "
     "the client offered.",
     "", "Offer suites with AES-GCM or ChaCha20 and 128 bits or more.", "Not the certificate."},
    {"unencrypted connection|unencrypted session|plaintext connection|plaintext session|plain text "
     "connection|plain text session|cleartext connection|cleartext session|non-tls "
     "connection|insecure connection|unsecured connection|sent without tls|sent without "
     "encryption|not using tls|does not use tls|your server does not support tls|your mail server "
     "does not support tls|sending server does not support tls",
     "tls_demanded", kRefused, kCause, kReplier, kAny, kAny, kSenderFirst | kInReply,
     "the server demands TLS", "The server takes mail over TLS only; this session had none.",
     "It is the server's policy; lift it there, if it is not meant.",
     "Use STARTTLS when sending to it.", "Not a spam verdict."},
    {"client certificate required|client certificate is required|client certificate verification "
     "failed|client certificate has expired|client certificate expired|client certificate "
     "invalid|invalid client certificate|requires a client certificate|requires client certificate",
     "client_certificate", kRefused, kCause, kReplier, kAny, kAny, kSenderFirst | kInReply,
     "the server demands a client certificate that it accepts",
     "The server asks the client for a certificate and got none, or one that it does not accept.",
     "Ask for no client certificates on a public server, or trust the client's issuer.",
     "Present a client certificate that the server accepts, where that is agreed.",
     "Not the sender's DKIM key."},
    // Enhanced status codes by their words (IANA).
    {"encryption required for requested authentication|encryption required for * "
     "authentication|5.7.11|4.7.11",
     "auth_needs_tls", kRefused, kCause, kReplier, kAny, kAny, kPlain,
     "this way of logging in needs TLS (X.7.11)",
     "The server allows the AUTH mechanism only within TLS.", "",
     "Switch TLS on in the mail program or relay.", "Not a policy of the MTA about mail."},
    {"5.7.10 |4.7.10 |x.7.10|status: 5.7.10|dsn=5.7.10", "tls_demanded", kRefused, kCause, kReplier,
     kAny, kAny, kPlain, "encryption is needed (X.7.10)",
     "The server demands TLS before anything else (523). Postfix uses the same code for "
     "REQUIRETLS.",
     "", "Use STARTTLS when sending to it.", "Not a weak cipher."},
    {"requiretls support required|5.7.30|4.7.30|x.7.30|support requiretls|requiretls extension",
     "requiretls", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "REQUIRETLS is demanded for this message (X.7.30)",
     "The message may go only to servers that know REQUIRETLS (RFC 8689); the next one does not.",
     "Send without REQUIRETLS, or by another way.", "Offer REQUIRETLS.",
     "Not plain STARTTLS, and not its absence."},
    {"null mx|5.7.27|4.7.27|x.7.27", "null_mx", kNotTls, kCause, kNobody, kAny, kAny, kPlain,
     "a null MX (RFC 7505), not TLS",
     "X.7.27: the sender's domain has a null MX; 5.1.10: the recipient's has one.",
     "Send from a domain that takes mail.", "", "Not TLS, although the code is X.7."},
    {"arc validation failure|5.7.29|4.7.29|x.7.29", "arc_failure", kNotTls, kHint, kNobody, kAny,
     kAny, kPlain, "X.7.29 is ARC by IANA's list, no TLS by Gmail's",
     "IANA has it for a failed ARC validation; Gmail for bulk mail that came without TLS. Without "
     "the word TLS in the text it is ARC.",
     "", "", "Not both: the text decides."},
    {"authentication credentials invalid|authentication mechanism is too weak|5.7.8 |4.7.8 |5.7.9 "
     "|4.7.9 |x.7.8|x.7.9",
     "smtp_auth", kNotTls, kCause, kNobody, kAny, kAny, kPlain, "SMTP AUTH (X.7.8, X.7.9), not TLS",
     "User name, password or mechanism was refused.", "Check the credentials.", "",
     "Not TLS, although the code is X.7."},
    {"unrecognized authentication type", "smtp_auth", kNotTls, kCause, kNobody, kAny, kAny, kPlain,
     "SMTP AUTH, not TLS", "The server does not know the AUTH mechanism (Exchange: 504 5.7.4).",
     "Offer AUTH where it is needed.", "", "Not TLS, although the code is 5.7.4."},
    {"security conversion required|x.7.3|security conversion", "status_7_3", kRefused, kHint,
     kReplier, kAny, kAny, kSenderFirst, "a security conversion is needed and not possible (X.7.3)",
     "The message would have to change from secure to clear or back. Exchange says 451 5.7.3 where "
     "STARTTLS is required.",
     "Offer STARTTLS.", "Use STARTTLS when sending to it.", "Not a ban by policy."},
    {"security features not supported|x.7.4", "status_7_4", kRefused, kHint, kUnknown, kAny, kAny,
     kReceiver, "security features are not supported (X.7.4)",
     "A security feature that is demanded is missing; Postfix uses 4.7.4 where a server offers no "
     "STARTTLS.",
     "", "Offer STARTTLS.", "Not the kind of AUTH."},
    {"cryptographic failure|x.7.5", "status_7_5", kRefused, kHint, kUnknown, kAny, kAny, kPlain,
     "a cryptographic failure (X.7.5)",
     "TLSA records, the handshake or MTA-STS failed; the text beside the code says which.", "", "",
     "Not DKIM's cryptography."},
    {"454 tls|tls temporarily unavailable|tls not available due to temporary|tls not available",
     "server_tls_unavailable", kRefused, kHint, kReplier, kAny, kAny, kPlain,
     "the server's TLS is not available for now (454)",
     "The server offers STARTTLS and cannot do it now (RFC 3207 section 4).",
     "Look into the server's own log: key, certificate.", "", "Not greylisting, and not AUTH."},
};

}  // namespace

std::span<const Form> ProviderForms() { return kForms; }

}  // namespace mxsweep::tools
