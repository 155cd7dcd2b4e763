// Exim, with OpenSSL and with GnuTLS.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kForms[] = {
    {"(-37)*tls session|tls session: (ssl_connect)|tls session: (gnutls_handshake)|tls session:",
     "handshake_failed", kRefused, kSummary, kUnknown, kClient, kAny, kPlain,
     "the TLS handshake failed",
     "Exim's -37 means that TLS failed; the library's text behind it says why.",
     "Read the text behind it.", "", "Not the recipient's fault: the address was never tried."},
    {"tls session: *connection reset by peer|tls session: *closed by peer|tls session: "
     "*non-properly "
     "terminated",
     "peer_closed", kRefused, kHint, kOther, kClient, kAny, kPlain,
     "the server closed during the handshake",
     "The server ended the connection and did not say why: a crash, a firewall that inspects SMTP, "
     "or a silent refusal of what we offer.",
     "", "Look into the server's log; look for a firewall that inspects SMTP.",
     "Not a certificate problem of theirs."},
    {"tls session: *timed out|tls session: *timeout", "handshake_timeout", kRefused, kHint,
     kUnknown, kClient, kAny, kPlain, "the TLS handshake timed out",
     "The handshake began and no answer came in time.",
     "Look at the MTU and at large ClientHellos.", "Look at load and firewalls.",
     "Not a certificate problem."},
    {"tls session is required, but the server did not offer tls support|tls session is required, "
     "but the server did not offer",
     "starttls_not_offered", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "TLS is required here, and the server does not offer it",
     "Our hosts_require_tls, or DANE, demands TLS and the server's EHLO reply has no STARTTLS.",
     "Take the host out of hosts_require_tls, if it need not have TLS.", "Offer STARTTLS.",
     "Not a bounce by the peer."},
    {"tls session is required, but an attempt to start tls failed", "starttls_refused", kRefused,
     kHint, kUnknown, kClient, kAny, kPlain, "STARTTLS was offered, and it failed",
     "The server offers STARTTLS; it refused the command, or the handshake failed. The lines "
     "before say which.",
     "Look at the lines before it.", "Make the server's TLS work.", "Not absent TLS."},
    {"tlsa lookup defer|tlsa lookup fail", "tlsa_lookup_error", kRefused, kCause, kLogger, kClient,
     kAny, kPlain, "the TLSA records could not be looked up",
     "The DNS failed, or DNSSEC says bogus; a DANE sender keeps the mail.",
     "Check our validating resolver.", "Repair the zone and the answers to TLSA queries.",
     "Not the certificate."},
    {"lookup not dnssec", "no_dane_there", kRefused, kCause, kLogger, kClient, kAny, kOursFirst,
     "DANE is demanded for a host that is not signed",
     "Our hosts_require_dane names a host whose zone is not signed with DNSSEC.",
     "Take it out of hosts_require_dane.", "Sign the zone.", "Not a stale TLSA record."},
    {"no usable tlsa records|tlsa record problem: none usable", "tlsa_unusable", kRefused, kCause,
     kLogger, kClient, kAny, kPlain, "none of the TLSA records can be used",
     "The records have usage 0 or 1 only, which do not count for SMTP.", "", "Publish 3 1 1.",
     "Not an empty DNS answer."},
    {"dane attempt failed|dane verification failed|tlsa record problem|dane error: "
     "tlsa|dane-required|dane error",
     "tlsa_mismatch", kRefused, kHint, kLogger, kClient, kAny, kPlain, "the check by DANE failed",
     "No TLSA record fits what the server shows, or the look-up failed.", "",
     "Publish the TLSA record of the live key.", "Not a CA problem."},
    // Behind the host of a delivery of ours (tls_error of both builds); a server's names the
    // client.
    {"h=*] tls error on connection (", "handshake_failed", kRefused, kSummary, kUnknown, kClient,
     kAny, kPlain, "the TLS handshake failed",
     "Our handshake with the server ended; the text behind it says why.",
     "Read the text behind it.", "", "Not the recipient's fault."},
    {"tls error on connection*(recv): the tls connection was non-properly terminated|tls error on "
     "connection*(send): the tls connection was non-properly terminated",
     "closed_without_notify", kNote, kHint, kNobody, kAny, kAny, kPlain,
     "the other side ended TLS without saying so",
     "The handshake had succeeded; at the end of the session the connection was closed without "
     "TLS's own notice (close_notify). Many servers do so after QUIT.",
     "Nothing, where the mail was delivered: look for its line.", "",
     "Not a failed handshake, and not a refusal."},
    {"tls error on connection from", "handshake_failed", kRefused, kSummary, kUnknown, kServer,
     kAny, kPlain, "the TLS handshake failed",
     "A client's handshake with our server ended; the text behind it says why.",
     "Read the text behind it.", "", "Not an attack by itself."},
    {"tls error on connection to", "handshake_failed", kRefused, kSummary, kUnknown, kClient, kAny,
     kPlain, "the TLS handshake failed", "Our handshake ended; the text behind it says why.",
     "Read the text behind it.", "", "Not the recipient's fault."},
    {"ssl_accept: tcp connection closed by peer|tls client disconnected cleanly", "client_left",
     kRefused, kHint, kClientLeft, kServer, kAny, kPlain, "the client left during the handshake",
     "The client closed without a word: a scanner, or a silent refusal of our certificate or DH "
     "group.",
     "If it is a real sender: check certificate, chain and DH parameters of this server.", "",
     "Not a crash of ours."},
    {"ssl verify error", "certificate_not_verified", kNote, kHint, kLoggerIfHeld, kAny, kAny,
     kPlain, "the certificate did not pass verification",
     "Exim writes it down and goes on, unless tls_verify_hosts (or DANE) demands verification.", "",
     "Check chain, name and dates of the certificate.", "Not a failed delivery."},
    {"certificate verification failed): certificate invalid|(certificate verification "
     "failed)|certificate name mismatch|certificate invalid",
     "certificate_not_verified", kRefused, kHint, kLogger, kAny, kAny, kNeedsContext,
     "the certificate did not pass verification",
     "tls_verify_hosts demands a valid certificate, and chain or name is not.",
     "Loosen tls_verify_hosts, if it need not be.",
     "Complete chain, and the host's name in the "
     "SAN.",
     "Not the key's size."},
    {"certificate not supplied|no certificate received from peer", "client_certificate", kRefused,
     kCause, kLogger, kAny, kAny, kNeedsContext, "no certificate was shown",
     "Verification is demanded and the other side showed no certificate.",
     "Loosen tls_verify_hosts.", "Present a certificate.", "Not an untrusted one."},
    {"certificate status not received|status is out-of-date|server certificate has unknown status",
     "ocsp_missing", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "a stapled OCSP response is demanded and missing",
     "hosts_require_ocsp demands proof that the certificate is not revoked.",
     "Loosen hosts_require_ocsp.", "Staple a fresh OCSP response.", "Not a revoked certificate."},
    {"server certificate revoked|certificate revoked", "certificate_revoked", kRefused, kCause,
     kLogger, kAny, kAny, kNeedsContext, "the certificate is revoked",
     "Its issuer has withdrawn it.", "", "Have a new certificate issued, with a new key.",
     "Not expiry."},
    {"starttls command used when not advertised", "starttls_not_advertised", kRefused, kCause,
     kReplier, kAny, kAny, kPlain, "STARTTLS was used where the server does not offer it",
     "The server does not advertise TLS to this host (tls_advertise_hosts).",
     "Set tls_advertise_hosts = *, and a certificate.", "Use STARTTLS only where it is offered.",
     "Not a bad client by default."},
    {"tls currently unavailable", "server_tls_unavailable", kRefused, kCause, kReplier, kAny, kAny,
     kPlain, "the server's own TLS does not work",
     "The server offers STARTTLS and cannot do it: its own set-up failed.",
     "Look for the TLS error in the main log; repair key, certificate, rights.", "",
     "Not the client's fault."},
    {"cert/key setup|ssl_ctx_use_certificate|ssl_ctx_use_privatekey|ssl_ctx_load_verify|expansion "
     "of "
     "tls_certificate failed|expansion of tls_privatekey failed|could not read "
     "tls_dhparams|tls_require_ciphers|gnutls_priority_set|d-h param setting|failed to expand "
     "tls_|openssl_options parsing failed",
     "own_key_not_loaded", kRefused, kCause, kOwnSetup, kAny, kAny, kOursFirst,
     "our own key, certificate or TLS setting does not load",
     "Exim cannot set up its own side of TLS.",
     "Check the file, its rights (Exim's user must read it) and the option that the line names.",
     "", "Not the peer's doing."},
    {"(ssl_accept)", "handshake_failed", kRefused, kSummary, kUnknown, kServer, kAny, kPlain,
     "the TLS handshake failed", "A client's handshake with our server ended.",
     "Read the text behind it.", "", "Not an attack by itself."},
};

}  // namespace

std::span<const Form> EximForms() { return kForms; }

}  // namespace mxsweep::tools
