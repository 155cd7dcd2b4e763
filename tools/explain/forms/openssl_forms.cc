// OpenSSL's reasons, wherever they stand: Postfix, Exim, Sendmail, qmail, Python, Node.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr std::string_view kNotDkim = "Not a DKIM key: that one is in the DNS and signs messages.";

constexpr Form kForms[] = {
    {"ee key too small", "own_certificate_key_too_small", kRefused, kCause, kOwnSetup, kAny, kAny,
     kPlain, "OUR certificate's key is too small for our own security level",
     "OpenSSL refuses to load or use our own certificate: its RSA key is under what the level "
     "demands (level 1: 1024 bits, level 2: 2048).",
     "Have a certificate issued with RSA 2048 or ECDSA P-256; or lower our level (not advised).",
     "", "Not the peer's key (that would be num=66), and not a DKIM key."},
    {"dh key too small", "own_dh_too_small", kRefused, kCause, kLogger, kServer, kServer, kPlain,
     "OUR Diffie-Hellman parameters are too small for our own security level",
     "Our server's dhparam group is under what the level demands (level 1: 1024 bits, level 2: "
     "2048).",
     "Use 2048-bit parameters (ffdhe2048), or none and ECDHE alone.", "",
     "Not the client's fault, and not a DKIM key."},
    {"dh key too small|bad dh value|dh_key_too_small", "dh_key_too_small", kRefused, kCause,
     kLogger, kClient, kAny, kPlain, "the server's Diffie-Hellman group is too small for us",
     "The server chose finite-field Diffie-Hellman with a prime under what our level demands "
     "(level 1: 1024 bits, level 2: 2048).",
     "Exclude DHE for that destination (Postfix: smtp_tls_exclude_ciphers = kEDH, DHE), so that "
     "ECDHE or RSA is used; or lower the level for it.",
     "Use a 2048-bit group (ffdhe2048), or offer ECDHE.",
     "Not the server's RSA key or certificate, and not a DKIM key."},
    {"ca key too small", "own_ca_key_too_small", kRefused, kCause, kOwnSetup, kAny, kAny, kPlain,
     "an issuer's key in OUR chain is too small for our own security level",
     "OpenSSL refuses to use our own chain.",
     "Have the certificate issued by an authority with "
     "RSA 2048 or more, and replace the chain file.",
     "", "Not the peer's certificate."},
    {"ca md too weak|ee md too weak", "own_chain_digest_too_weak", kRefused, kCause, kOwnSetup,
     kAny, kAny, kPlain, "OUR chain is signed with SHA-1 or MD5",
     "OpenSSL refuses to use our own certificate: its signature's digest is too weak for the "
     "level.",
     "Have it issued anew with SHA-256.", "", "Not the peer's certificate."},
    {"wrong signature type|bad signature type", "wrong_signature_type", kRefused, kCause, kLogger,
     kAny, kAny, kPlain, "the other side signed with a scheme that we forbid",
     "Mostly SHA-1 in TLS 1.2, or a scheme that does not fit its key.",
     "Allow the scheme again (SignatureAlgorithms), if it must be.",
     "Update the TLS library; sign with SHA-256.", "Not a bad certificate."},
    {"no suitable signature algorithm|no shared signature algorithms", "no_signature_algorithm",
     kRefused, kCause, kLogger, kServer, kAny, kOursFirst, "no signature scheme in common",
     "Our server's key and list allow none of the schemes that the client takes.",
     "Check the signature algorithms setting, and the kind of our key (RSA-PSS, Ed25519, RSA "
     "too short for it).",
     "Offer SHA-256 schemes for RSA and ECDSA.", "Not the cipher."},
    {"legacy sigalg disallowed or unsupported", "legacy_signature", kRefused, kCause, kLogger, kAny,
     kAny, kPlain, "the other side speaks TLS 1.0 or 1.1, whose SHA-1 signatures we forbid",
     "TLS below 1.2 signs with SHA-1 and MD5, which our security level forbids; we send alert 80 "
     "(internal error).",
     "Lower the level to 0 for it (DEFAULT@SECLEVEL=0), if it must be.",
     "Upgrade to TLS 1.2 or newer.", "Not an expired certificate."},
    {"unsupported protocol|unsupported ssl version|wrong ssl version|version too low|unknown ssl "
     "version",
     "unsupported_protocol", kRefused, kCause, kLogger, kAny, kAny, kPlain,
     "the other side speaks only TLS versions that we do not",
     "Its newest version is under our lowest (TLS 1.0 or 1.1, where we begin at 1.2).",
     "Lower MinProtocol (Postfix: smtp_tls_protocols), if it must be.",
     "Upgrade to TLS 1.2 or newer.", "Not an alert: we refused."},
    {"version too high|no protocols available", "own_tls_setting", kRefused, kCause, kOwnSetup,
     kAny, kAny, kNeedsContext, "our own settings leave no TLS version",
     "Lowest and highest version, or the list of protocols, exclude each other.",
     "Check the protocol settings.", "", "Not the peer's doing."},
    {"no shared cipher", "no_shared_cipher", kRefused, kCause, kLogger, kServer, kAny, kOursFirst,
     "client and server have no cipher suite in common",
     "Often our own key is not loaded, or it is ECDSA only and the client wants RSA.",
     "Check that the certificate and key are loaded; add an RSA certificate; widen the suites.",
     "Offer modern suites.", "Not an ancient client by default."},
    {"no shared groups|no suitable key share|no suitable groups|missing supported groups "
     "extension|wrong curve|unsupported elliptic curve|ecdh required",
     "no_shared_group", kRefused, kCause, kLogger, kAny, kAny, kPlain,
     "no key-exchange group in common",
     "The groups (curves) that one side allows are not those of the other.",
     "Allow X25519 and P-256.", "Allow X25519 and P-256.", "Not the certificate's key."},
    {"no ciphers available|no cipher match|library has no ciphers", "own_tls_setting", kRefused,
     kCause, kOwnSetup, kAny, kAny, kPlain, "our own settings leave no cipher suite",
     "The cipher list is empty or does not fit the versions or the security level.",
     "Correct the cipher list.", "", "Not the peer's doing."},
    {"wrong version number|unknown protocol|bad protocol version number", "not_tls", kRefused,
     kCause, kLogger, kAny, kAny, kOursFirst, "what came back is no TLS",
     "Where a TLS record should begin, something else came: ports 465 and 587 mixed up (TLS at "
     "once or STARTTLS), or text of a proxy or of the server.",
     "Check port and mode: 465 TLS at once, 25 and 587 STARTTLS.",
     "Look for a proxy that answers in clear.", "Not the TLS version."},
    {"http request|https proxy request", "http_request", kRefused, kCause, kLogger, kServer, kAny,
     kNeedsContext, "a browser spoke HTTP to the TLS port",
     "Somebody opened the mail port in a browser, or a scanner did.", "", "", "Not an attack."},
    // No error in OpenSSL's queue: SSL_get_error(3), SSL_ERROR_SYSCALL.
    {"error:00000000:lib(0)", "peer_closed", kRefused, kHint, kOther, kAny, kAny, kPlain,
     "the connection ended, and TLS knows no error",
     "It was closed or reset in the middle of TLS, by the other side or by something on the way.",
     "Look for a firewall on our way.", "Look into its log.", "Not the certificate."},
    {"unexpected eof while reading", "peer_closed", kRefused, kHint, kOther, kAny, kAny, kPlain,
     "the other side closed without a word",
     "It ended the connection without TLS's notice: scanners do, and so does who silently refuses "
     "a certificate or a Diffie-Hellman group.",
     "If it happens with real senders: check our certificate, chain and DH parameters.",
     "Look into its log.", "Not a bug of ours."},
    {"unsafe legacy renegotiation disabled", "no_renegotiation_info", kRefused, kCause, kLogger,
     kClient, kAny, kPlain, "the server lacks secure renegotiation (RFC 5746)",
     "OpenSSL 3 refuses servers that do not know RFC 5746 of 2010.",
     "Allow it for that host (UnsafeLegacyServerConnect), if it must be.",
     "Update the server's TLS library, or switch the firewall's inspection off.",
     "Not the certificate."},
    {"bad ecpoint|illegal point compression|bad ecc cert", "bad_ecpoint", kRefused, kCause, kLogger,
     kAny, kAny, kPlain, "the other side sent a bad point of a curve",
     "Its key share is not on the curve: a faulty implementation.", "", "Update its TLS library.",
     "Not a curve of ours."},
    {"certificate verify failed", "certificate_not_verified", kRefused, kHint, kLogger, kAny, kAny,
     kPlain, "the certificate did not pass verification",
     "We demand a verified certificate; text or line beside it says what failed.",
     "Check our CA file.", "Complete chain, right name, valid dates.",
     "Not the key's size by itself."},
    {"peer did not return a certificate", "client_certificate", kRefused, kCause, kLogger, kServer,
     kAny, kOursFirst, "our server demands a client certificate and got none",
     "It is set to require one.", "Do not require one on a public MX.",
     "Present one, where that is agreed.", "Not the server's certificate."},
    {"no certificate set|no certificate assigned|no private key assigned|missing rsa signing "
     "cert|missing ecdsa signing cert|missing signing cert|missing rsa certificate",
     "own_key_not_loaded", kRefused, kCause, kOwnSetup, kAny, kAny, kPlain,
     "no certificate or key is loaded at our side",
     "Our program has no certificate that it could show.", "Load certificate and key.", "",
     "Not the peer's doing."},
    {"missing tmp dh key|missing tmp ecdh key|unable to find ecdh parameters", "own_dh_params",
     kRefused, kCause, kOwnSetup, kServer, kAny, kPlain,
     "our server has no parameters for the key exchange",
     "A Diffie-Hellman suite was chosen and no parameters are loaded.",
     "Load DH parameters, or use ECDHE.", "", "Not the client's doing."},
    {"key values mismatch|private key mismatch|key type mismatch", "own_key_mismatch", kRefused,
     kCause, kOwnSetup, kAny, kAny, kPlain, "our key does not belong to our certificate",
     "The two files are of different keys, or a renewal replaced only one.",
     "Install key and certificate of the same pair; mind their order in the file.", "",
     "Not the peer's doing."},
    {"no start line|bad base64 decode|bad end line|pem lib|bad decrypt|problems getting "
     "password|unsupported:crypto/|bad password read|decoder routines",
     "own_key_not_loaded", kRefused, kHint, kOwnSetup, kAny, kAny, kNeedsContext,
     "a key or certificate file of ours cannot be read",
     "The file is not PEM, is encrypted, or is damaged.",
     "Check the file: PEM, without a pass phrase, complete.", "", "Not the peer's doing."},
    {"fopen:no such file|fopen:permission denied|system library:fopen|system "
     "library::no such file|system library::permission denied|bio routines::no such file|system "
     "lib",
     "own_key_not_loaded", kRefused, kHint, kOwnSetup, kAny, kAny, kNeedsContext,
     "a key or certificate file of ours cannot be opened",
     "It is not there, or our program may not read it.", "Check path and rights.", "",
     "Not the peer's doing."},
    {"bad signature|block type is not 01|data too large for modulus|bad rsa decrypt|wrong "
     "signature "
     "length|first octet invalid|last octet invalid|padding check failed",
     "bad_signature", kRefused, kCause, kLogger, kAny, kAny, kNeedsContext,
     "the other side's signature does not verify",
     "Its key does not belong to its certificate, or its TLS is faulty.", "",
     "Install key and certificate of the same pair; update the TLS library.",
     "Not a DKIM signature."},
    {"decryption failed or bad record mac|bad record mac|digest check failed|block cipher pad is "
     "wrong|decryption failed",
     "bad_record", kRefused, kCause, kLogger, kAny, kAny, kNeedsContext,
     "a record from the other side is damaged",
     "A proxy or firewall changes the stream, or an implementation is faulty.",
     "Look for inspection on our way.", "Look for inspection, update the TLS library.",
     "Not a wrong password."},
    {"unexpected message|unexpected record|ccs received early|wrong cipher returned|unknown cipher "
     "returned|excessive message size|length mismatch|bad length|bad extension|unsolicited "
     "extension|parse tlsext|bad packet length|record too small|packet length too long|invalid "
     "ccs message|bad key share|bad hrr version|cipher code wrong length|length too short|length "
     "too "
     "long|data between ccs and finished|not on record boundary|fragmented client hello|decode "
     "error|bad digest length|bad handshake state|encrypted length too long",
     "unexpected_message", kRefused, kHint, kLogger, kAny, kAny, kNeedsContext,
     "the other side's message is not what TLS allows here",
     "A faulty implementation, a proxy or firewall that changes the stream, or text in between.",
     "Look for inspection on our way.", "Update the TLS library; look for inspection.",
     "Not the certificate."},
    {"inappropriate fallback", "inappropriate_fallback", kRefused, kCause, kLogger, kServer, kAny,
     kPlain, "the client came back with an older version than it could",
     "It was refused before, and tried again lower (RFC 7507).", "Find why its first try failed.",
     "Do not fall back.", "Not an attack by default."},
    {"read timeout expired", "handshake_timeout", kRefused, kHint, kUnknown, kAny, kAny, kPlain,
     "the TLS handshake timed out", "No answer came in time.", "Look at MTU and firewalls.",
     "Look at load and firewalls.", "Not a certificate problem."},
    {"no application protocol", "no_application_protocol", kRefused, kCause, kLogger, kServer, kAny,
     kPlain, "no application protocol (ALPN) in common",
     "The client asked for protocols that our server does not have.", "",
     "Do not send ALPN for "
     "SMTP.",
     "Not the certificate."},
    {"dane tlsa|context not dane enabled|dane not enabled|error setting tlsa base domain",
     "tlsa_unusable_record", kRefused, kHint, kLogger, kClient, kAny, kNeedsContext,
     "a TLSA record cannot be used", "OpenSSL does not take its usage, type or data.",
     "Check how our program loads TLSA records.", "Publish 3 1 1.", "Not a bad certificate."},
    {"internal error|malloc failure|library bug", "internal_error", kRefused, kHint, kLogger, kAny,
     kAny, kNeedsContext, "our TLS library reports an internal error",
     "The library could not go on; the line beside it may say why.",
     "Look at the lines beside it, "
     "and at memory.",
     "", "Not the peer's alert."},
    {"ssl3 alert write:fatal", "alert_sent", kRefused, kHint, kLogger, kAny, kAny, kPlain,
     "we sent a fatal alert",
     "Our side ended the handshake and told the other one so by this "
     "alert.",
     "Look at the lines beside it for the cause.", "", "Not received from the peer."},
    {"ssl routines", "openssl_other", kRefused, kSummary, kUnknown, kAny, kAny, kPlain,
     "an error of OpenSSL", "", "", "", kNotDkim},
};

}  // namespace

std::span<const Form> OpensslForms() { return kForms; }

}  // namespace mxsweep::tools
