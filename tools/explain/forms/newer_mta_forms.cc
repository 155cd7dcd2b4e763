// Stalwart, mox and KumoMTA as senders. What the libraries under them say, rustls and Go, is read
// in the tables of libraries.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kForms[] = {
    // Stalwart
    {"tls error from *starttls not advertised", "starttls_not_offered", kRefused, kCause, kLogger,
     kClient, kAny, kPlain, "TLS is required here, and the server does not offer it",
     "Our strategy for this destination, or a policy of theirs, demands TLS, and the server's EHLO "
     "reply has no STARTTLS.",
     "If theirs does offer it elsewhere, look for a middlebox on our way that takes STARTTLS out.",
     "Offer STARTTLS at every server behind the name.",
     "Not a rejection by them: they never refused the mail."},
    {"starttls was not advertised by host", "no_starttls", kClear, kHint, kNobody, kClient, kAny,
     kPlain, "the server does not offer STARTTLS",
     "The server's EHLO reply has no STARTTLS: where nothing demands TLS, the mail goes in clear.",
     "If it is said of servers everywhere, look for a middlebox on our way that takes STARTTLS "
     "out.",
     "Offer STARTTLS at every server behind the name.", "Not a failed handshake: none was tried."},
    {"dane failed to authenticate*bogus", "dnssec_invalid", kRefused, kCause, kLogger, kClient,
     kAny, kOursFirst, "the DNS answer does not pass our DNSSEC check",
     "Stalwart validates by itself: a zone that is signed came without signatures, or with wrong "
     "ones.",
     "If it is said of many domains, our resolver takes the signatures away: use one that hands "
     "them on (DNSSEC, EDNS).",
     "Repair DS records and signatures of the zone.", "Not the certificate."},
    {"dane failed to authenticate*no tlsa|dane failed to authenticate*not found",
     "tlsa_not_published", kRefused, kCause, kLogger, kClient, kAny, kOursFirst,
     "DANE is demanded here, and the host has no TLSA records",
     "Our strategy demands DANE of a destination that does not do it.",
     "Demand DANE (\"require\") only where it is known to be there.",
     "Publish TLSA records, in a signed zone.", "Not the certificate."},
    {"dane failed to authenticate", "tlsa_mismatch", kRefused, kHint, kLogger, kClient, kAny,
     kPlain, "the check by DANE failed", "What the server shows does not fit its TLSA records.", "",
     "Publish the TLSA record of the live key.", "Not a CA problem."},
    {"tls error from *handshake failed", "handshake_failed", kRefused, kSummary, kUnknown, kClient,
     kAny, kPlain, "the TLS handshake failed", "The text behind it, which is rustls', says why.",
     "Read the text behind it.", "", "Not a rejection of the address."},
    // mox
    {"starttls: got *, expected 220", "starttls_refused", kRefused, kCause, kOther, kClient, kAny,
     kPlain, "the server offers STARTTLS and refuses it",
     "The server answered STARTTLS with an error: its own TLS does not start, or something between "
     "us answers in its place.",
     "If well-known servers do so, look for a middlebox on our way.",
     "Make the server's key and certificate load.", "Not a rejection of the address."},
    // KumoMTA
    {"tls handshake with resolvedaddress *tls handshake eof", "peer_closed", kRefused, kHint,
     kOther, kClient, kAny, kPlain, "the other side closed without a word",
     "The server ended the connection within the handshake: it, or what stands before it, does "
     "not like our ClientHello.",
     "Try without post-quantum groups, and with the other TLS library (tls_prefer_openssl).",
     "Look into its log.", "Not a certificate problem."},
    {"tls handshake with resolvedaddress *failed", "handshake_failed", kRefused, kSummary, kUnknown,
     kClient, kAny, kPlain, "the TLS handshake failed", "The text behind it says why.",
     "Read the text behind it.", "", "Not a rejection of the address."},
};

}  // namespace

std::span<const Form> NewerMtaForms() { return kForms; }

}  // namespace mxsweep::tools
