// Postfix: smtp, smtpd, tlsproxy, and the TLS library below them.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr std::string_view kNotCause =
    "Not the cause, and not the end of it: at level may Postfix sends mail older than "
    "minimal_backoff_time in clear, so that \"sent later\" may mean unencrypted.";

constexpr Form kForms[] = {
    {"cannot start tls: handshake failure", "handshake_failed", kRefused, kSummary, kUnknown,
     kClient, kAny, kPlain, "the TLS handshake failed",
     "STARTTLS was accepted and the handshake then failed. This line is a summary; the cause is in "
     "a line before it of the same process.",
     "Look at the lines before it (TLS library problem, SSL_connect error).", "", kNotCause},
    {"ssl_connect error to ", "handshake_failed", kRefused, kSummary, kUnknown, kClient, kAny,
     kPlain, "the TLS handshake failed",
     "Our client's handshake ended. The library's lines that follow say why and who ended it.",
     "Look at the lines that follow (TLS library problem).", "",
     "Not our fault by default: the library's lines decide that."},
    {"ssl_connect error to *lost connection|ssl_connect error to *connection reset", "peer_closed",
     kRefused, kHint, kOther, kClient, kAny, kPlain, "the server closed during the handshake",
     "The server ended the connection within the handshake and did not say why: a crash, a "
     "firewall that inspects SMTP, or a silent refusal of what we offer.",
     "", "Look into the server's log of that moment; look for a firewall that inspects SMTP.",
     "Not a certificate problem of theirs: nothing was judged yet."},
    {"ssl_connect error to *timed out", "handshake_timeout", kRefused, kHint, kUnknown, kClient,
     kAny, kPlain, "the TLS handshake timed out",
     "The handshake began and no answer came in time: packets that are lost on the way (large "
     "ClientHello, MTU), a firewall, or an overloaded server.",
     "Try with a smaller ClientHello (without post-quantum groups), and look at the MTU.",
     "Look at load and at firewalls in front of the server.", "Not a certificate problem."},
    {"ssl_accept error from ", "handshake_failed", kRefused, kSummary, kUnknown, kServer, kAny,
     kPlain, "the TLS handshake failed",
     "A client's handshake with our server ended. The library's lines that follow say why and who "
     "ended it.",
     "Look at the lines that follow (TLS library problem).", "",
     "Not an attack by itself, and not a spam verdict."},
    {"ssl_accept error from *lost connection|ssl_accept error from *connection reset",
     "client_left", kRefused, kHint, kClientLeft, kServer, kAny, kPlain,
     "the client left during the handshake",
     "The client closed the connection within the handshake without an alert: a scanner, or a "
     "client that silently refuses our certificate or our Diffie-Hellman group.",
     "If it is a real sender: check certificate, chain and DH parameters of this server.", "",
     "Not a network fault by default."},
    {"tls library problem: ", "library_problem", kRefused, kSummary, kUnknown, kAny, kAny, kPlain,
     "the TLS library reported a problem",
     "The line carries an error of OpenSSL; its text decides what it means.", "", "",
     "Not a Postfix bug."},
    {"tls is required, but was not offered by host|required, but was not offered by host",
     "starttls_not_offered", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "TLS is required here, and the server does not offer it",
     "Our own security level demands TLS and the server's EHLO reply has no STARTTLS, so we kept "
     "the mail.",
     "If theirs does offer it elsewhere, look for a middlebox on our way that takes STARTTLS out; "
     "or lower the level for this destination (smtp_tls_policy_maps).",
     "Offer STARTTLS.", "Not a rejection by them: they never refused the mail."},
    {"required, but host * refused to start tls|tls is required, but host * refused",
     "starttls_refused", kRefused, kCause, kOther, kClient, kAny, kPlain,
     "the server offers STARTTLS and refuses it",
     "The server answered STARTTLS with an error: mostly it cannot load its own key or "
     "certificate.",
     "", "Make the server's key and certificate load (file rights, paths, expired reload).",
     "Not greylisting and not a block, though the reply is a 4xx."},
    {"smtp_tls_policy_maps, next-hop destination|smtp_tls_per_site, ", "own_tls_policy", kRefused,
     kCause, kOwnSetup, kClient, kAny, kPlain, "our own TLS policy for this destination is no good",
     "What our policy table, or the program for MTA-STS or DANE behind it, says of the destination "
     "cannot be looked up or is no policy that this Postfix knows: the line says which.",
     "Repair the table, or the program behind it (\"postmap -q DOMAIN TABLE\" shows what it says); "
     "an attribute that is not known wants a newer Postfix.",
     "", "Not the peer's doing: it was never asked."},
    // The summary of those, and of the same at the levels themselves.
    {"client tls configuration problem", "own_tls_policy", kRefused, kHint, kOwnSetup, kClient,
     kAny, kPlain, "our own TLS policy for this destination is no good",
     "The policy that our tables or settings give for the destination cannot be used: the warning "
     "before it says why.",
     "Look for the warning of smtp_tls_policy_maps before it.", "",
     "Not the peer's doing: it was never asked. Nor our certificate: TLS has not begun."},
    {"tls is required, but our tls engine is unavailable|tls is required, but unavailable",
     "own_tls_unavailable", kRefused, kCause, kOwnSetup, kClient, kAny, kPlain,
     "our own TLS client did not start",
     "Our own certificate, key, CA files or settings failed to load, or our policy table (a policy "
     "service) gave no usable answer, so no mail that needs TLS can go out.",
     "Look for the warning before it, or at the start of the smtp or tlsproxy process; repair "
     "file, path, rights, or the table.",
     "", "Not the peer's doing: it was never asked."},
    {"server certificate not verified|server certificate not trusted", "certificate_not_verified",
     kRefused, kHint, kLogger, kClient, kAny, kPlain,
     "the server's certificate did not pass our check",
     "Our level (verify, secure, dane, or an MTA-STS map) demands a certificate that fits, and "
     "name, chain or TLSA record does not. The line before says which.",
     "Check the match list of our policy for this destination, and the CA file.",
     "Certificate with the MX host's name, complete chain, TLSA record of the live key.",
     "Not expiry alone: name, issuer and TLSA are the usual causes."},
    {"certificate verification failed for *untrusted issuer|untrusted issuer", "untrusted_issuer",
     kNote, kCause, kLoggerIfHeld, kAny, kAny, kNeedsContext,
     "the certificate's issuer is not trusted here",
     "The chain does not lead to an authority that we know: the other side does not send its "
     "intermediate certificate, or we have no CA file. Fatal only from level verify up.",
     "Set smtp_tls_CAfile or smtp_tls_CApath.", "Send the intermediate certificates along.",
     "Not what makes a handshake fail at level may."},
    {"not trusted by local or tlsa policy", "tlsa_mismatch", kRefused, kCause, kLogger, kClient,
     kAny, kPlain, "no TLSA record or local anchor fits the certificate",
     "The server's key or certificate changed and its TLSA record did not, or our own trust anchor "
     "for it is stale.",
     "If it is a local trust anchor or fingerprint of ours: renew it.",
     "Publish the TLSA record of the live key (3 1 1), before the key is changed.",
     "Not a CA problem: with DANE no authority is asked."},
    {"certificate verification failed for *certificate has expired|certificate verification failed "
     "for *has expired",
     "certificate_expired", kNote, kCause, kLoggerIfHeld, kAny, kAny, kPlain,
     "the certificate has expired",
     "A certificate of the chain is past its end (with the word CA in front it is an issuer's). "
     "Fatal only where the certificate is verified.",
     "Check our own clock, too.", "Renew the certificate and reload the server.",
     "Not our clock by default."},
    {"certificate verification failed for *not yet valid", "certificate_not_yet_valid", kNote,
     kCause, kLoggerIfHeld, kAny, kAny, kPlain, "the certificate is not yet valid",
     "The certificate begins in the future.", "Check our clock first.",
     "Check the date of issue and the clock of the machine that issued it.", "Not expiry."},
    {"certificate verification failed for *self-signed certificate|certificate verification failed "
     "for *self signed certificate",
     "self_signed", kNote, kCause, kLoggerIfHeld, kAny, kAny, kPlain,
     "the certificate is self-signed",
     "Nobody vouches for the certificate. Fatal only where certificates are verified.",
     "Pin it by fingerprint if you demand verification and know it.",
     "Use a certificate of a known authority, or publish a TLSA record.", "Not expiry."},
    {"certificate verification failed for *not designated for use", "certificate_purpose", kNote,
     kCause, kLoggerIfHeld, kAny, kAny, kPlain, "the certificate is not made for this use",
     "Its extended key usage does not allow it for a TLS server (or client).", "",
     "Have it issued with the right key usage.", "Not the key's size."},
    {"certificate verification failed for *chain longer than limit", "chain_too_long", kNote,
     kCause, kLoggerIfHeld, kAny, kAny, kOursFirst,
     "the certificate chain is longer than our limit",
     "More issuers than smtp_tls_scert_verifydepth (or smtpd_tls_ccert_verifydepth) allows.",
     "Raise the depth.", "Send no needless certificates.", "Not an untrusted issuer."},
    {"certificate verification failed for *external policy failure", "policy_failure", kRefused,
     kCause, kLogger, kClient, kAny, kPlain, "an MTA-STS policy forbids this server",
     "The policy service says that this MX host or policy does not stand (STS).",
     "Check the policy "
     "plugin's log.",
     "List the MX host in the policy file, and keep the policy reachable.", "Not the certificate."},
    {"certificate verification failed for", "certificate_not_verified", kNote, kHint, kLoggerIfHeld,
     kAny, kAny, kPlain, "the certificate did not pass verification",
     "The text behind it says why. Fatal only from level verify up.",
     "Check CA file and match list.", "Check chain, name and dates of the certificate.",
     "Not what makes a handshake fail at level may."},
    {"peer certificate has no subject cn|commonname in certificate does not match|certificate peer "
     "name verification failed",
     "name_mismatch", kNote, kCause, kLoggerIfHeld, kAny, kAny, kPlain,
     "the certificate is for another name",
     "The names in the certificate are not the one we look for. Fatal only where names are "
     "verified.",
     "Check the match list of our policy.", "A certificate whose SAN holds the MX host's name.",
     "Not a DNS fault."},
    {"untrusted tls connection established to", "unauthenticated_tls", kNote, kSummary, kNobody,
     kClient, kAny, kPlain, "encrypted, but not authenticated",
     "TLS is up; the certificate was not verified. That is normal at level may. The tail of the "
     "line has version, cipher and the bits of key exchange and server signature.",
     "Nothing, unless you want verification (level verify, dane, MTA-STS).", "", "Not a failure."},
    {"untrusted tls connection established from", "unauthenticated_tls_in", kNote, kSummary,
     kNobody, kServer, kAny, kPlain, "encrypted; the client's certificate is not trusted",
     "TLS is up; the client showed a certificate that we do not know. Nobody needs one to send "
     "mail.",
     "", "", "Not a failure."},
    {"tlsa lookup error for|dane tlsa lookup problem|dnssec status lookup error",
     "tlsa_lookup_error", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "the TLSA records could not be looked up",
     "The DNS failed, or DNSSEC says bogus, so a DANE sender keeps the mail rather than send it "
     "unprotected (RFC 7672 section 2.1.1).",
     "Check our validating resolver.",
     "Repair the zone: DS, signatures, name servers that answer "
     "TLSA queries wrongly.",
     "Not the certificate: it was never seen."},
    {"non dnssec destination|no tlsa records found", "no_dane_there", kRefused, kCause, kLogger,
     kClient, kAny, kPlain, "dane-only is set for a site without DANE",
     "Our policy demands DANE and the destination's zone is not signed or has no TLSA record.",
     "Use dane, not dane-only, for it.", "", "Not the peer's fault: nobody must have DANE."},
    {"all tlsa records unusable*fallback", "tlsa_unusable", kNote, kCause, kNobody, kClient, kAny,
     kPlain, "all TLSA records are unusable, TLS goes on unauthenticated",
     "The records have certificate usage 0 or 1, or bad data: for SMTP they do not count (RFC 7672 "
     "section 3.1.3).",
     "", "Publish 3 1 1 records.", "Not a hard failure: mail goes, encrypted."},
    {"all tlsa records unusable|all fingerprints unusable|all trust anchors unusable",
     "tlsa_unusable", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "none of the records or fingerprints can be used",
     "What our level needs to check the server by is unusable: usage 0 or 1, unknown digest, bad "
     "data.",
     "Check our own fingerprints or anchors, if it is those.", "Publish 3 1 1 records.",
     "Not a wrong certificate."},
    {"unsupported tlsa certificate usage|unsupported certificate usage|unsupported tlsa "
     "selector|unsupported selector|unsupported tlsa matching type|unsupported matching "
     "type|truncated tlsa|malformed tlsa",
     "tlsa_unusable_record", kNote, kCause, kNobody, kClient, kAny, kPlain,
     "a TLSA record cannot be used",
     "Its usage, selector or matching type is none that SMTP senders use, or its data is bad; it "
     "is passed over.",
     "", "Publish 3 1 1.", "Not a bad certificate."},
    {"dnssec lookups disabled", "own_dnssec_off", kRefused, kCause, kOwnSetup, kClient, kAny,
     kPlain, "our own Postfix does not ask for DNSSEC",
     "A DANE level is set while DNSSEC look-ups are off.",
     "Set smtp_dns_support_level = dnssec, with a validating resolver.", "", "Not the peer's DNS."},
    {"sender requested requiretls", "requiretls", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "the sender of this message demanded REQUIRETLS",
     "The message may go only over verified TLS to servers that know REQUIRETLS (RFC 8689), and "
     "the next server is not such a one.",
     "Check the TLS level for this destination; or send without REQUIRETLS.",
     "Offer TLS with a valid certificate, and REQUIRETLS.", "Not a policy of the peer."},
    {"smtps wrappermode (tcp port 465) requires setting|smtps wrappermode", "wrappermode", kRefused,
     kCause, kOwnSetup, kClient, kAny, kPlain, "port 465 needs TLS from the first byte",
     "We connect to port 465 and wait for a greeting in clear.",
     "Set smtp_tls_wrappermode = yes (and level encrypt), or use port 587.", "",
     "Not a time-out of theirs."},
    {"lost connection after starttls", "client_left", kRefused, kHint, kClientLeft, kServer, kAny,
     kPlain, "the client left after STARTTLS",
     "Alone it is a scanner, or a client that silently refuses our certificate or our "
     "Diffie-Hellman group.",
     "If it is a real sender: check certificate, chain and DH parameters of this server.", "",
     "Not a network fault by default."},
    {"timeout after starttls|timed out after starttls", "handshake_timeout", kRefused, kHint,
     kClientLeft, kServer, kAny, kPlain, "the client fell silent after STARTTLS",
     "No handshake came, or it stopped half-way: a scanner, a firewall, or large packets that are "
     "lost.",
     "If it is a real sender: look at MTU and firewalls.", "", "Not a certificate problem."},
    {"lost connection with * while * starttls|conversation with * timed out * "
     "starttls|conversation with * starttls|connection died while negotiating starttls",
     "lost_at_starttls", kRefused, kHint, kOther, kClient, kAny, kPlain,
     "the server was lost at STARTTLS",
     "The server closed, or fell silent, when we asked for TLS: a broken TLS set-up, or a firewall "
     "in front of it.",
     "", "Look into the server's log; look for a firewall that inspects SMTP.",
     "Not a certificate problem: none was seen."},
    {"session encryption is required", "encryption_required", kRefused, kCause, kReplier, kAny,
     kAny, kSenderFirst, "the server takes mail from this client over TLS only",
     "A restriction of the server (reject_plaintext_session) refuses sessions in clear.",
     "reject_plaintext_session demands it; lift it on the server, if it is not meant.",
     "Use STARTTLS when sending to it (Postfix: smtp_tls_security_level = may).",
     "Not a spam block."},
    {"client certificate not trusted|no client certificate presented", "client_certificate",
     kRefused, kCause, kReplier, kAny, kAny, kSenderFirst,
     "the server demands a client certificate that it trusts",
     "The server asks every client for a certificate and got none, or one it does not know.",
     "Switch smtpd_tls_req_ccert off on a public server, or trust the client's issuer.",
     "Present a client certificate, where that is agreed.", "Not the sender's DKIM key."},
    {"tls not available due to local problem", "server_tls_unavailable", kRefused, kCause, kReplier,
     kAny, kAny, kPlain, "the server's own TLS does not work",
     "The server offers STARTTLS and cannot do it: key or certificate did not load, or its "
     "tlsproxy is down.",
     "Look for the warning when smtpd started; repair key, certificate, rights.", "",
     "Not the client's fault."},
    {"too many new tls sessions from", "tls_rate", kRefused, kCause, kReplier, kAny, kAny, kPlain,
     "too many new TLS sessions from one client",
     "The server limits new TLS sessions per client (smtpd_client_new_tls_session_rate_limit).",
     "Raise the limit for that client.", "Reuse connections or sessions, send more slowly.",
     "Not a TLS fault."},
    {"tls handshake failed for service=", "handshake_failed", kRefused, kSummary, kUnknown, kAny,
     kAny, kPlain, "the TLS handshake failed",
     "tlsproxy says only that it failed; lines nearby say why.", "Read the lines nearby.", "",
     "Not a bug of tlsproxy."},
    {"disabling tls support|tls support disabled|cannot load certif* authority data|cannot get * "
     "certificate from file|cannot get * private key from file|private key in * does not match "
     "public key|error loading private key|error loading certificate chain|error loading "
     "certificate (pem|error loading chain from|no private key found in|no pem data in|no certs "
     "for key|error loading private keys and certificates|does not match next certificate|error "
     "opening chain file",
     "own_key_not_loaded", kRefused, kCause, kOwnSetup, kAny, kAny, kPlain,
     "our own key, certificate or CA file does not load",
     "Postfix goes on without TLS (or with less of it) until this is repaired.",
     "Check path, rights, order in the chain file (key first), and that key and certificate belong "
     "together.",
     "", "Not the peer's doing."},
    {"dh parameters from file|dh parameter file", "own_dh_params", kNote, kCause, kOwnSetup,
     kServer, kAny, kPlain, "our DH parameter file does not load",
     "Postfix goes on with compiled-in parameters.",
     "Repair or remove smtpd_tls_dh1024_param_file.", "", "Not the client's doing."},
    // What Postfix 3.10 and later reports to the domain (RFC 8460), beside the line of the failure.
    {"tlsrpt: status=failure*failure_type=starttls_not_supported", "starttls_not_offered", kRefused,
     kHint, kLogger, kClient, kAny, kPlain, "the server does not offer STARTTLS",
     "Its EHLO reply has no STARTTLS, or it refused the command. Postfix reports it to the domain.",
     "", "Offer STARTTLS.", "Not a rejection by them, and not a failed handshake."},
    {"tlsrpt: status=failure*failure_type=certificate_host_mismatch", "name_mismatch", kRefused,
     kHint, kLogger, kClient, kAny, kPlain, "the certificate is for another name",
     "The names in the certificate are not the one we look for.",
     "Check the match list of our policy.", "A certificate whose SAN holds the MX host's name.",
     "Not a DNS fault."},
    {"tlsrpt: status=failure*failure_type=certificate_not_trusted", "untrusted_issuer", kRefused,
     kHint, kLogger, kClient, kAny, kPlain, "the certificate's issuer is not trusted here",
     "The chain does not lead to an authority that we know.",
     "Set smtp_tls_CAfile or smtp_tls_CApath.", "Send the intermediate certificates along.",
     "Not what makes a handshake fail at level may."},
    {"tlsrpt: status=failure*failure_type=certificate_expired", "certificate_expired", kRefused,
     kHint, kLogger, kClient, kAny, kPlain, "the certificate has expired",
     "A certificate of the chain is past its end.", "Check our own clock, too.",
     "Renew the certificate and reload the server.", "Not our clock by default."},
    {"tlsrpt: status=failure*failure_type=tlsa_invalid", "tlsa_mismatch", kRefused, kHint, kLogger,
     kClient, kAny, kPlain, "no TLSA record fits the server's key",
     "The server's key or certificate changed and its TLSA record did not.", "",
     "Publish the TLSA record of the live key (3 1 1), before the key is changed.",
     "Not a CA problem: with DANE no authority is asked."},
    {"tlsrpt: status=failure*failure_type=dnssec_invalid", "tlsa_lookup_error", kRefused, kHint,
     kLogger, kClient, kAny, kPlain, "the TLSA records could not be looked up",
     "The DNS failed, or DNSSEC says bogus.", "Check our validating resolver.",
     "Repair the zone: DS, signatures, name servers that answer TLSA queries wrongly.",
     "Not the certificate: it was never seen."},
    {"tlsrpt: status=failure*failure_type=dane_required", "no_dane_there", kRefused, kHint, kLogger,
     kClient, kAny, kPlain, "dane-only is set for a site without DANE",
     "Our policy demands DANE and the destination's zone is not signed or has no TLSA record.",
     "Use dane, not dane-only, for it.", "", "Not the peer's fault: nobody must have DANE."},
    {"tlsrpt: status=failure*failure_type=sts_policy|tlsrpt: "
     "status=failure*failure_type=sts_webpki",
     "policy_failure", kRefused, kHint, kLogger, kClient, kAny, kPlain,
     "the domain's MTA-STS policy cannot be used",
     "The policy could not be fetched, is not valid, or its web host's certificate is not.", "",
     "Make https://mta-sts.DOMAIN/.well-known/mta-sts.txt answer, with a valid certificate.",
     "Not the MX's certificate."},
    {"tlsrpt: status=failure*failure_type=validation_failure", "handshake_failed", kRefused,
     kSummary, kUnknown, kClient, kAny, kPlain, "the TLS handshake failed",
     "Postfix reports a failure without a type of its own to the domain; the cause is in a line "
     "beside it.",
     "Look at the lines before it (TLS library problem, SSL_connect error).", "",
     "Not our fault by default: the library's lines decide that."},
    {"policy_maps, next-hop destination*: invalid|policy_maps*invalid attribute", "own_tls_setting",
     kRefused, kCause, kOwnSetup, kClient, kAny, kPlain, "a TLS setting of ours is not understood",
     "An entry of smtp_tls_policy_maps has something that this version of Postfix does not know: "
     "a policy service of ours that is newer than it, say.",
     "Correct the entry, the service's settings, or update Postfix.", "", "Not the peer's doing."},
    {"invalid tls protocol list|invalid cipher grade|error setting cipher grade|invalid tls "
     "security "
     "level|unknown tls policy|policy table lookup error|key exchange "
     "groups|invalid "
     "security level",
     "own_tls_setting", kRefused, kCause, kOwnSetup, kAny, kAny, kNeedsContext,
     "a TLS setting of ours is not understood", "A parameter or a line of a policy table is wrong.",
     "Correct the parameter that the line names.", "", "Not the peer's doing."},
    {"tls sni * not matched", "sni_not_matched", kNote, kCause, kNobody, kServer, kAny, kPlain,
     "the client asked for a name that our server has no certificate for",
     "The default chain is used.", "Add the name to tls_server_sni_maps, if it is ours.", "",
     "Not a failure."},
    {"tls already active|starttls received after tls started", "starttls_twice", kRefused, kCause,
     kReplier, kAny, kAny, kPlain, "STARTTLS came within TLS",
     "The client asked for TLS again in a session that has it.", "",
     "Repair the client or the proxy in between.", "Not a certificate problem."},
    {"does not match sts mx pattern", "sts_mx_not_listed", kRefused, kCause, kLogger, kClient, kAny,
     kPlain, "the MX host is not in the domain's MTA-STS policy",
     "The policy in force lists other MX hosts, so this one must not be used.", "",
     "List the MX host in the policy file and change the policy's id.", "Not an MX that is down."},
    {"improper command pipelining after starttls", "pipelining_after_starttls", kRefused, kCause,
     kLogger, kServer, kAny, kPlain, "the client sent commands behind STARTTLS in one go",
     "Bytes behind STARTTLS before the handshake are thrown away or refused: it could be an "
     "injection (CVE-2011-0411).",
     "", "Repair the client or the proxy in between.", "Not a TLS version problem."},
};

}  // namespace

std::span<const Form> PostfixForms() { return kForms; }

}  // namespace mxsweep::tools
