// Exchange Server, Exchange Online, Schannel. In Exchange Online's reports Microsoft is the client:
// what is to be changed is the receiving server's.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kForms[] = {
    {"4.7.320|5.7.320|certificate validation failed [message", "eo_connector_certificate", kRefused,
     kCause, kSender, kClient, kAny, kReceiver,
     "the sender's connector does not accept the server's certificate",
     "Exchange Online, as the sending client, checks name, root and dates of the receiving "
     "server's "
     "certificate for this connector. [Message=...] says which did not fit: SubjectMismatch a "
     "name, CertificateExpired or the like a date, UntrustedRoot a chain.",
     "If the connector is yours: put the name of the certificate into it.",
     "A certificate of a public authority with the name that the connector has, within its dates.",
     "Not an outage of Microsoft."},
    {"starttls is required to send mail", "starttls_hidden", kRefused, kCause, kOther, kClient,
     kAny, kReceiver, "the server demands STARTTLS and does not offer it",
     "The receiving server, mostly an Exchange on premises, hides STARTTLS since its certificate "
     "or chain is bad, or a firewall strips it, and yet demands it (451 5.7.3).",
     "",
     "Bind a valid certificate with its whole chain to the SMTP receive connector; switch SMTP "
     "inspection off.",
     "Not the firewall alone."},
    {"4.4.318|connection was closed abruptly", "peer_closed", kRefused, kHint, kOther, kClient,
     kAny, kReceiver, "the receiving server closed the connection abruptly",
     "A firewall that inspects SMTP, or a crash of the receiving server.", "",
     "Switch SMTP inspection off; look into the server's log.", "Not a spam verdict."},
    {"4.4.317|cannot connect to remote server", "eo_cannot_connect", kRefused, kHint, kOther,
     kClient, kAny, kReceiver, "the sender could not set up the session",
     "The receiving server refused or broke the session; [Message=...] has its words.", "",
     "Look at [Message=...]: certificate, STARTTLS, firewall.", "Not the firewall alone."},
    {"4.7.321|5.7.321|starttls-not-supported", "starttls_not_supported", kRefused, kCause, kSender,
     kClient, kAny, kReceiver, "the sender got no TLS",
     "The server offers no STARTTLS, or (Microsoft) the handshake failed.", "",
     "Offer STARTTLS on every MX host, with TLS 1.2 and a working certificate.",
     "Not only \"no STARTTLS\": a failed handshake has the same code."},
    {"4.7.322|5.7.322|certificate-expired", "certificate_expired", kRefused, kCause, kSender,
     kClient, kAny, kReceiver, "the server's certificate has expired",
     "The sender checked it by DANE or MTA-STS and found it past its end.", "",
     "Renew the certificate and reload the server.", "Not the sender's clock."},
    {"4.7.323|5.7.323|tlsa-invalid", "tlsa_mismatch", kRefused, kCause, kSender, kClient, kAny,
     kReceiver, "no TLSA record fits the server's key",
     "The key or certificate changed and the TLSA record did not; senders use the code as a "
     "catch-all for DANE failures, too.",
     "", "Publish the TLSA record of the live key (3 1 1).", "Not expiry, and not DNSSEC."},
    {"4.7.324|5.7.324|dnssec-invalid", "dnssec_invalid", kRefused, kCause, kSender, kClient, kAny,
     kReceiver, "the zone says it is signed, and DNSSEC fails",
     "DS and keys do not fit, or signatures are past their dates.", "",
     "Repair DS and RRSIG of the zone.", "Not the certificate, and not a TLSA digest."},
    {"4.7.325|5.7.325|certificate-host-mismatch", "name_mismatch", kRefused, kCause, kSender,
     kClient, kAny, kReceiver, "the certificate does not name the MX host",
     "The SAN of the server's certificate lacks the MX host's name.", "",
     "A certificate whose SAN holds the MX host's name.", "Not the name of the web site."},
    {"remote certificate failed mta-sts validation", "sts_certificate", kRefused, kCause, kSender,
     kClient, kAny, kReceiver, "the certificate fails the domain's MTA-STS policy",
     "Chain or SAN of the MX host's certificate is not valid, and the policy demands it.", "",
     "Complete chain of a public authority, SAN with the MX host's name.",
     "Not DKIM, which uses 5.7.x codes, too."},
    {"failed mta-sts validation", "sts_mx_not_listed", kRefused, kCause, kSender, kClient, kAny,
     kReceiver, "the MX hosts are not in the domain's MTA-STS policy",
     "The policy file does not list the MX hosts that the DNS names.", "",
     "List every MX host in the policy file and change the policy's id.",
     "Not MX hosts that are down."},
    {"certificate validation failure", "certificate_not_verified", kRefused, kCause, kLogger,
     kClient, kAny, kPlain, "our own Exchange does not accept the server's certificate",
     "The sending Exchange on premises checked the certificate; Reason: says what failed "
     "(UntrustedRoot: a proxy's certificate, or our list of roots is old).",
     "Renew the list of root certificates; look for a proxy that shows its own certificate.",
     "Certificate of a public authority with its chain.", "Not a code that the peer sent."},
    {"tls negotiation failed with error nocredentials|error nocredentials", "own_key_not_loaded",
     kRefused, kCause, kOwnSetup, kClient, kAny, kPlain,
     "our own certificate has no private key here",
     "Exchange could not use the certificate that is bound to SMTP. The queue shows 421 4.4.1 "
     "Connection timed out.",
     "Import the certificate with its private key, give NETWORK SERVICE the right to read it, bind "
     "it to SMTP again.",
     "", "Not the network, though the queue says time-out."},
    {"tls negotiation failed with error socketerror", "peer_closed", kRefused, kHint, kUnknown,
     kAny, kAny, kPlain, "the connection broke within the handshake",
     "One side, or something between, reset it: no version in common, or a firewall that inspects "
     "TLS.",
     "Check enabled versions and suites (Schannel), and inspection.", "Likewise.",
     "Not a fault of the socket itself."},
    {"tls negotiation failed with error untrustedroot|tls negotiation failed with error "
     "certunknown|tls negotiation failed with error wrongprincipal|tls negotiation failed with "
     "error "
     "certexpired|tls negotiation failed with error targetunknown",
     "certificate_not_verified", kRefused, kHint, kLogger, kAny, kAny, kPlain,
     "the other side's certificate was not accepted",
     "Exchange ended the handshake; the word says what failed: root, name or date.",
     "Check the list of roots, and the name that the connector expects.",
     "Certificate of a public authority with its chain, its name and within its dates.",
     "Not our own certificate."},
    {"tls negotiation failed with error algorithmmismatch|tls negotiation failed with error "
     "illegalmessage|tls negotiation failed with error unsupportedfunction|tls negotiation failed "
     "with error messagealtered|tls negotiation failed with error decryptfailure|tls negotiation "
     "failed with error invalidtoken",
     "no_shared_cipher", kRefused, kHint, kLogger, kAny, kAny, kOursFirst,
     "client and server found nothing in common, or the stream was changed",
     "Schannel could not go on with what the other side sent: no version or suite in common, or a "
     "firewall that inspects TLS.",
     "Check enabled versions and suites (Schannel), and inspection.",
     "Offer TLS 1.2 and modern suites.", "Not the network by default."},
    {"tls negotiation failed with error|tls negotiation failed with status", "handshake_failed",
     kRefused, kSummary, kUnknown, kAny, kAny, kPlain, "the TLS handshake failed",
     "Schannel's name for the error follows.", "Look at the Schannel events of that moment.", "",
     "Not a network fault by default."},
    {"tls 1.0 and 1.1 are not supported|4.7.66|4.7.66*version in use is not supported",
     "version_refused_by_server", kRefused, kCause, kReplier, kClient, kAny, kPlain,
     "the server no longer takes TLS 1.0 and 1.1", "The client that submits mail is too old.", "",
     "Update the client (device, library, .NET) so "
     "that it speaks TLS 1.2.",
     "Not the password."},
    {"tenantinboundattribution|restrictdomainstocertificate", "connector_certificate", kRefused,
     kCause, kReplier, kClient, kAny, kPlain,
     "the recipient's connector wants another client certificate or address",
     "The tenant's inbound connector takes mail for this domain only with a certain certificate, "
     "or "
     "from certain addresses.",
     "Correct the inbound connector.", "Send with the certificate or address that is agreed.",
     "Not SPF."},
    {"tlscertificatename", "own_key_not_loaded", kRefused, kCause, kOwnSetup, kClient, kAny,
     kNeedsContext, "our connector names a certificate that is not there",
     "TlsCertificateName of a send or receive connector fits no installed certificate.",
     "Set TlsCertificateName anew after the renewal.", "", "Not the peer's doing."},
    // Schannel, by the number of the event and by its words.
    {"none of the cipher suites supported by the client application are supported by the "
     "server|schannel*36874|36874*schannel",
     "no_shared_cipher", kRefused, kCause, kLogger, kServer, kAny, kOursFirst,
     "client and server have no cipher suite in common",
     "Our server found none of the client's suites among its own.",
     "Check the list of suites and the kind of our certificate's key (RSA or ECDSA).",
     "Offer modern suites.", "Not the client's fault by default."},
    {"schannel*36871|36871*schannel|while creating a tls client credential|while creating a tls "
     "server credential|while creating an ssl client credential|while creating an ssl server "
     "credential",
     "own_tls_setting", kRefused, kCause, kOwnSetup, kAny, kAny, kPlain,
     "Windows could not set up its own side of TLS",
     "No protocol is enabled, or the key cannot be used (internal error state 10013 and the like).",
     "Check the enabled protocols in the registry, and rights on the private key.", "",
     "Not the peer's doing."},
    {"schannel*36870|36870*schannel|attempting to access the tls server credential private "
     "key|attempting to access the ssl server credential private key",
     "own_key_not_loaded", kRefused, kCause, kOwnSetup, kServer, kAny, kPlain,
     "our own private key cannot be read",
     "Schannel may not read, or does not find, the certificate's private key.",
     "Give the service the right to read it, or import it again.", "", "Not the peer's doing."},
    {"schannel*36882|36882*schannel|issued by an untrusted certificate authority|issued by an "
     "untrusted",
     "untrusted_issuer", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "the server's certificate is of an authority that we do not know",
     "Our Windows ended the handshake.", "Renew the list of roots, if it is a public authority.",
     "Send the whole chain, of a public authority.", "Not our certificate."},
    {"schannel*36881|36881*schannel|certificate received from the remote server has expired|either "
     "expired or is not yet valid",
     "certificate_expired", kRefused, kCause, kLogger, kClient, kAny, kPlain,
     "the server's certificate has expired (or is not yet valid)",
     "Our Windows ended the handshake.", "Check our clock.", "Renew the certificate.",
     "Not our certificate."},
    {"schannel*36884|36884*schannel|does not contain the expected name", "name_mismatch", kRefused,
     kCause, kLogger, kClient, kAny, kPlain, "the server's certificate is for another name",
     "Our Windows ended the handshake.", "Check the host name that we connect to.",
     "A certificate whose SAN holds the host's name.", "Not our certificate."},
    {"schannel*36875|36875*schannel|remote server has requested tls client authentication|remote "
     "server has requested ssl client authentication",
     "client_certificate", kNote, kCause, kNobody, kClient, kAny, kPlain,
     "the server asks for a client certificate and we have none that fits",
     "The session goes on without one; the server may refuse then.",
     "Install a client certificate, if that is agreed.", "", "Not the server's certificate."},
    {"sec_e_untrusted_root|80090325|untrustedroot", "untrusted_issuer", kRefused, kCause, kLogger,
     kAny, kAny, kPlain, "the certificate is of an authority that is not trusted here",
     "Windows ended the handshake.", "Renew the list of roots; look for a proxy.",
     "Send the whole chain, of a public authority.", "Not expiry."},
    {"sec_e_wrong_principal|80090322|subjectmismatch", "name_mismatch", kRefused, kCause, kLogger,
     kAny, kAny, kPlain, "the certificate is for another name", "Windows ended the handshake.",
     "Check the name that we connect to, or that the connector has.",
     "A certificate whose SAN holds the name.", "Not a DNS fault."},
    {"sec_e_cert_expired|80090328", "certificate_expired", kRefused, kCause, kLogger, kAny, kAny,
     kPlain, "the certificate has expired", "Windows ended the handshake.", "Check our clock.",
     "Renew the certificate.", "Not our own certificate."},
    {"sec_e_algorithm_mismatch|80090331", "no_shared_cipher", kRefused, kCause, kLogger, kAny, kAny,
     kPlain, "client and server have no algorithm in common",
     "No version, suite or signature fits both.", "Check enabled protocols and suites.",
     "Offer TLS 1.2 and modern suites.", "Not the certificate's dates."},
    {"sec_e_no_credentials|8009030e", "own_key_not_loaded", kRefused, kCause, kOwnSetup, kAny, kAny,
     kPlain, "our own certificate or key cannot be used", "Windows found no usable credentials.",
     "Import the certificate with its private key.", "", "Not the peer's doing."},
    {"sec_e_illegal_message|80090326", "unexpected_message", kRefused, kHint, kLogger, kAny, kAny,
     kPlain, "the other side's message was not what TLS allows here",
     "Often an alert, or no version in common.", "Check enabled protocols and suites.", "Likewise.",
     "Not the certificate's dates."},
    {"sec_e_invalid_token|80090308", "not_tls", kRefused, kHint, kLogger, kAny, kAny, kPlain,
     "what came is no TLS that we understand", "Plain text, a wrong port, or no version in common.",
     "Check port and protocols.", "Likewise.", "Not the password."},
};

}  // namespace

std::span<const Form> MicrosoftForms() { return kForms; }

}  // namespace mxsweep::tools
