// Sendmail, OpenSMTPD, qmail with its TLS patches, Haraka, and what other MTAs write likewise.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kSendmail[] = {
    {"starttls=client*verify=fail|starttls=client*verify=no|starttls=client*verify=not|starttls="
     "client*verify=none|starttls=client*verify=temp",
     "unauthenticated_tls", kNote, kSummary, kNobody, kClient, kAny, kPlain,
     "encrypted, but not authenticated",
     "TLS is up; verify= says what came of the certificate: FAIL not verified, NO none was sent, "
     "NOT none was asked for, NONE no STARTTLS was done.",
     "Set confCACERT, if you want verification.", "", "Not a failure."},
    {"starttls=server*verify=fail", "unauthenticated_tls_in", kNote, kSummary, kNobody, kServer,
     kAny, kPlain, "encrypted; the client's certificate is not trusted",
     "TLS is up; the client showed a certificate that we do not know. Nobody needs one to send "
     "mail.",
     "", "", "Not a failure."},
    {"starttls=client, error: connect failed|starttls=client*connect failed", "handshake_failed",
     kRefused, kSummary, kUnknown, kClient, kAny, kPlain, "the TLS handshake failed",
     "Our handshake ended; reason= is OpenSSL's text and says why.", "Read reason=.", "",
     "SSL_error is not the cause; reason is."},
    {"starttls=server, error: accept failed|starttls=server*accept failed", "handshake_failed",
     kRefused, kSummary, kUnknown, kServer, kAny, kPlain, "the TLS handshake failed",
     "A client's handshake with our server ended; reason= says why.", "Read reason=.", "",
     "Not \"relaying denied\"."},
    {"starttls=server*reason=unexpected eof|starttls=server*accept failed*ssl_error=5*errno=0",
     "client_left", kRefused, kHint, kClientLeft, kServer, kAny, kPlain,
     "the client left during the handshake",
     "The client closed without a word: a scanner, or a silent refusal of our certificate or DH "
     "group.",
     "If it is a real sender: check certificate, chain and DH parameters of this server.", "",
     "Not a crash of ours."},
    {"tls handshake failed", "handshake_failed", kRefused, kSummary, kUnknown, kAny, kAny, kPlain,
     "the TLS handshake failed",
     "A summary; the STARTTLS= line of the same process, or the line before, says why.",
     "Look at the line before it.", "", "Not a rejection of the address."},
    {"dane check failed", "tlsa_mismatch", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "the check by DANE failed",
     "The server shows what no TLSA record fits, or offers no STARTTLS although it has TLSA "
     "records.",
     "", "Publish the TLSA record of the live key; offer STARTTLS.", "Not a CA problem."},
    {"dane configured in dns but no starttls available", "dane_without_starttls", kRefused, kCause,
     kLogger, kClient, kAny, kPlain, "TLSA records, and no STARTTLS",
     "The DNS promises TLS by TLSA records and the server does not offer it.", "",
     "Offer STARTTLS, or take the TLSA records out; look for a middlebox that strips it.",
     "Not optional: TLSA records commit the server to TLS (RFC 7672 section 2.2)."},
    {"encryption too weak", "encryption_too_weak", kRefused, kCause, kLogger, kAny, kAny,
     kOursFirst, "fewer bits of encryption than our access map demands",
     "TLS_Srv or TLS_Clt in the access map demands so many bits (ENCR:112), and the session has "
     "fewer; 0 is none at all.",
     "Check the ENCR entry of the access map.", "Offer TLS with modern suites.",
     "Not the peer's refusal."},
    {"other side does not support starttls", "starttls_not_offered", kRefused, kCause, kLogger,
     kClient, kAny, kOursFirst, "TLS is required here, and the other side does not do it",
     "The access map (VERIFY, ENCR) demands TLS.", "Check the access map's entry for that host.",
     "Offer STARTTLS, or use it.", "Not a rejection by the peer."},
    {"server not authenticated|authentication required, give verify|not listed in sans|alternative "
     "name * not",
     "certificate_not_verified", kRefused, kHint, kLogger, kAny, kAny, kNeedsContext,
     "the certificate did not pass our check", "The access map demands a verified certificate.",
     "Check the access map (VERIFY).", "Valid certificate with the host's name.", "Not SMTP AUTH."},
    {"tls not available after start|tls not available right now|tls currently not "
     "available|454 4.3.3 tls not available|tls not available: ",
     "server_tls_unavailable", kRefused, kCause, kReplier, kAny, kAny, kPlain,
     "the server's own TLS does not work",
     "The server offers STARTTLS and cannot do it: its set-up failed at start.",
     "Look for STARTTLS=server, error: at start; repair key, certificate, rights.", "",
     "Not the client's fault."},
    {"starttls=*ssl_ctx_use_|starttls=*ssl_use_|starttls=*check_private_key|starttls=*unsafe: "
     "|starttls=*cannot read dh|starttls=*load verify locs|starttls=*pem_read|starttls=*error: "
     "ssl_ctx|starttls=*init=0|starttls=*cipher_list",
     "own_key_not_loaded", kRefused, kCause, kOwnSetup, kAny, kAny, kPlain,
     "our own key, certificate or TLS setting does not load",
     "Sendmail cannot set up its own side of TLS.",
     "Check the file that the line names, its rights (not group-readable keys), and that key and "
     "certificate belong together.",
     "", "Not the peer's doing."},
    {"sts lookup temp fail", "sts_lookup_error", kRefused, kCause, kLogger, kClient, kAny,
     kOursFirst, "the MTA-STS policy could not be looked up", "The look-up failed for now.",
     "Check the socket map of MTA-STS.", "Keep the policy host reachable.", "Not the certificate."},
    // OpenSMTPD
    {"tls required but not supported by remote host", "starttls_not_offered", kRefused, kCause,
     kLogger, kClient, kAny, kPlain, "TLS is required here, and the server does not offer it",
     "Our relay action says tls, and the server's EHLO reply has no STARTTLS.",
     "Take tls from the action, if it need not be.", "Offer STARTTLS.",
     "Not a bounce by the peer."},
    {"opportunistic tls failed, downgrading to plain|downgrading to plain", "downgraded", kClear,
     kHint, kNobody, kClient, kAny, kPlain, "TLS failed, and the mail went in clear",
     "The session was opened again without TLS.",
     "Look at the lines before it for the cause; demand TLS where you need it.",
     "Make the server's TLS work.", "Not a success: it went unencrypted."},
    {"cert-check result=\"unverified\"", "unauthenticated_tls", kNote, kSummary, kNobody, kAny,
     kAny, kPlain, "encrypted, but not authenticated",
     "TLS is up; the certificate was not verified.", "", "", "Not a failure."},
    {"reason=tls-connect-failed|reason=tls-failure|closing reason=tls", "handshake_failed",
     kRefused, kSummary, kUnknown, kClient, kAny, kPlain, "the TLS handshake failed",
     "OpenSMTPD's session ended at TLS.", "Look at the io-error line before it.", "",
     "Not a rejection of the address."},
    {"starttls rejected", "starttls_refused", kRefused, kCause, kOther, kClient, kAny, kPlain,
     "the server offers STARTTLS and refuses it", "The server answered STARTTLS with an error.", "",
     "Make the server's key and certificate load.", "Not greylisting."},
    {"reason=\"io-error: |reason=tls-accept-failed|tls-accept-failed", "handshake_failed", kRefused,
     kSummary, kUnknown, kServer, kAny, kNeedsContext, "the TLS handshake failed",
     "A client's session with our server ended in TLS; the library's text says why, or our own "
     "set-up is at fault.",
     "Read the text; check pki lines of smtpd.conf.", "", "Not a disk error."},
    {"not present in server certificate", "name_mismatch", kRefused, kCause, kLogger, kClient, kAny,
     kPlain, "the certificate is for another name",
     "The server's certificate does not hold the name that we look for.", "",
     "A certificate whose SAN holds the MX host's name.", "Not a DNS fault."},
    {"server certificate verification failed: |peer certificate verification failed",
     "certificate_not_verified", kRefused, kHint, kLogger, kAny, kAny, kPlain,
     "the certificate did not pass verification", "Verification is demanded (tls verify).",
     "Check the CA file, and whether verify is meant.", "Complete chain, right name, valid dates.",
     "Not the key's size."},
    // qmail
    {"tls connect failed", "handshake_failed", kRefused, kSummary, kUnknown, kClient, kAny, kPlain,
     "the TLS handshake failed",
     "qmail-remote's handshake ended; OpenSSL's text behind it says why. It is tried again later.",
     "Read the text behind it.", "", "Not a bounce: the message stays in the queue."},
    {"tls not available: connect failed|tls unable to|tls found no", "certificate_not_verified",
     kRefused, kHint, kLogger, kClient, kAny, kPlain, "the check of the server's TLS failed",
     "qmail-remote demands TLS for this host (a file in control/tlshosts).",
     "Check the file in control/tlshosts.", "Valid certificate with the host's name.",
     "Not a bounce."},
    {"tls missing certificate", "server_key_not_loaded", kRefused, kCause, kReplier, kAny, kServer,
     kPlain, "the server cannot read its own certificate file",
     "qmail-smtpd could not open control/servercert.pem; OpenSSL's text says why (rights, missing "
     "file).",
     "Let qmail-smtpd's user read the certificate and key file.", "", "Not a client certificate."},
    {"tls missing certificate", "server_key_not_loaded", kRefused, kCause, kReplier, kClient, kAny,
     kPlain, "the server cannot read its own certificate file",
     "The receiving server could not open its own certificate file; OpenSSL's text says why "
     "(rights, missing file). Seen inside bounces of Gmail and others.",
     "Let the server's user read its certificate and key file (qmail: control/servercert.pem).", "",
     "Not a client certificate."},
    {"tls init failed|tls unable to set|tls no private key", "server_tls_unavailable", kRefused,
     kCause, kReplier, kAny, kAny, kPlain, "the server's own TLS does not work",
     "The server's TLS set-up failed.", "Check key, certificate and suites of the server.", "",
     "Not the client's fault."},
    // Haraka
    {"host failed tls verification required by configuration|failed tls verification",
     "certificate_not_verified", kRefused, kHint, kLogger, kClient, kAny, kPlain,
     "the server's certificate did not pass our check",
     "Our force_tls_hosts demands a valid certificate.", "Check force_tls_hosts.",
     "Complete chain, right name, valid dates.", "Not a spam verdict."},
    {"as non-tls for", "downgraded", kClear, kHint, kNobody, kClient, kAny, kPlain,
     "TLS failed, and the next mails go in clear",
     "Haraka remembers the host as one without TLS for a day.",
     "Look for the cause in the lines before it; delete the mark (Redis) when it is repaired.",
     "Make the server's TLS work.", "Not solved: it goes unencrypted."},
    // Any
    {"falling back to plaintext|falling back to plain text|fallback to plaintext|fall back to "
     "cleartext|falling back to cleartext|retrying without tls|delivering unencrypted",
     "downgraded", kClear, kHint, kNobody, kClient, kAny, kPlain,
     "TLS failed, and the mail went in clear", "The sender tried again without TLS.",
     "Look at the lines before it for the cause.", "Make the server's TLS work.",
     "Not a success: it went unencrypted."},
};

}  // namespace

std::span<const Form> OtherMtaForms() { return kSendmail; }

}  // namespace mxsweep::tools
