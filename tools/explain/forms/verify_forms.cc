// Why a certificate did not verify: X.509 errors of OpenSSL, as Postfix (num=...), Exim, Python and
// Node write them.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr std::string_view kNotKey = "Not the key's size.";

constexpr Form kForms[] = {
    {"num=62:|hostname mismatch, certificate is not valid for|hostname mismatch|host name "
     "mismatch|err_tls_cert_altname_invalid|does not match certificate's "
     "altnames|err_cert_common_name",
     "name_mismatch", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the certificate is for another name",
     "The names in the certificate (SAN) are not the one that was looked for. Fatal only where "
     "names are verified.",
     "Check the name or match list that we look for.",
     "A certificate whose SAN holds the MX host's name.", "Not a DNS fault."},
    {"num=64:|ip address mismatch", "name_mismatch", kRefused, kCause, kLoggerIfHeld, kClient, kAny,
     kPlain, "the certificate does not hold the address",
     "We looked for an IP address in the certificate. Fatal only where names are verified.",
     "Use the host's name.", "A certificate whose SAN holds it.", "Not a DNS fault."},
    {"num=66:|ee certificate key too weak|ee_key_too_small_verify", "peer_certificate_key_too_weak",
     kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the other side's certificate has a key too small for our level",
     "Its RSA key is under what our security level demands (level 2: 2048 bits). Fatal only where "
     "certificates are verified.",
     "Lower the level for it, if it must be.",
     "Have a certificate issued with RSA 2048 or ECDSA P-256.",
     "Not our own key (that would be \"ee key too small\"), and not a DKIM key."},
    {"num=67:|ca certificate key too weak", "peer_ca_key_too_weak", kRefused, kCause, kLoggerIfHeld,
     kClient, kAny, kPlain, "an issuer in the other side's chain has a key too small for our level",
     "Fatal only where certificates are verified.", "Lower the level for it, if it must be.",
     "Use an authority with RSA 2048 or more.", "Not our own chain."},
    {"num=68:|ca signature digest algorithm too weak", "peer_digest_too_weak", kRefused, kCause,
     kLoggerIfHeld, kClient, kAny, kPlain, "the other side's chain is signed with SHA-1 or MD5",
     "Fatal only where certificates are verified.", "Lower the level for it, if it must be.",
     "Have the certificate issued anew with SHA-256.", "Not our own chain."},
    {"num=65:|no matching dane tlsa records", "tlsa_mismatch", kRefused, kCause, kLogger, kClient,
     kAny, kPlain, "no TLSA record fits the server's certificate",
     "The key or certificate changed and the TLSA record did not.", "",
     "Publish the TLSA record of the live key.", "Not a CA problem."},
    {"num=10:|certificate has expired|cert_has_expired", "certificate_expired", kRefused, kCause,
     kLoggerIfHeld, kClient, kAny, kPlain, "the certificate has expired",
     "A certificate of the chain is past its end. Fatal only where certificates are verified.",
     "Check our own clock, too.", "Renew the certificate and reload the server.",
     "Not our clock by default."},
    {"num=9:|certificate is not yet valid|cert_not_yet_valid", "certificate_not_yet_valid",
     kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain, "the certificate is not yet valid",
     "It begins in the future. Fatal only where certificates are verified.",
     "Check our clock first.", "Check its date of issue.", "Not expiry."},
    {"num=18:|self-signed certificate|self signed certificate|depth_zero_self_signed_cert",
     "self_signed", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the certificate is self-signed",
     "Nobody vouches for it. Fatal only where certificates are verified.",
     "Trust or pin it, if you know it.",
     "Use a certificate of a known authority, or publish a TLSA record.", "Not expiry."},
    {"num=19:|certificate in certificate chain|self_signed_cert_in_chain", "untrusted_issuer",
     kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the chain ends at an authority that is not trusted here",
     "A private authority, or an inspecting proxy. Fatal only where certificates are verified.",
     "Trust the authority, if you know it; look for a proxy.",
     "Use a certificate of a known authority.", "Not expiry."},
    {"num=20:|num=2:|unable to get local issuer certificate|unable to get issuer "
     "certificate|unable_to_get_issuer_cert|num=27:|certificate not trusted",
     "untrusted_issuer", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the certificate's issuer is not trusted here",
     "The chain does not lead to an authority that we know: the other side does not send its "
     "intermediates, or our CA file is missing. Fatal only where certificates are verified.",
     "Check our CA file.", "Send the intermediate certificates along.", kNotKey},
    {"num=21:|unable to verify the first certificate|unable_to_verify_leaf_signature",
     "untrusted_issuer", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the other side sends its certificate without the intermediates",
     "With one certificate alone no authority can be found. Fatal only where certificates are "
     "verified.",
     "Check our CA file.", "Send the intermediate certificates along.", kNotKey},
    {"num=7:|certificate signature failure", "certificate_signature", kRefused, kCause,
     kLoggerIfHeld, kClient, kAny, kPlain, "a signature in the chain does not verify",
     "The chain is put together from certificates that do not belong together, or a digest is "
     "not allowed.",
     "", "Put the chain together anew.", kNotKey},
    {"num=23:|certificate revoked|cert_revoked|certificate has been revoked", "certificate_revoked",
     kRefused, kCause, kLoggerIfHeld, kClient, kAny, kNeedsContext, "the certificate is revoked",
     "Its issuer has withdrawn it.", "", "Have a new certificate issued, with a new key.",
     "Not expiry."},
    {"num=3:|num=12:|unable to get certificate crl|crl has expired|crl is not yet valid",
     "crl_missing", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kOursFirst,
     "a revocation list is missing or too old",
     "We demand revocation lists and do not have a fresh one.",
     "Fetch the lists, or do not demand "
     "them.",
     "", "Not a revoked certificate."},
    {"num=22:|certificate chain too long|cert_chain_too_long", "chain_too_long", kRefused, kCause,
     kLoggerIfHeld, kClient, kAny, kOursFirst, "the certificate chain is longer than our limit", "",
     "Raise the depth of verification.", "Send no needless certificates.",
     "Not an untrusted issuer."},
    {"num=24:|invalid ca certificate|num=25:|path length constraint "
     "exceeded|num=32:|num=47:|num=48:|"
     "permitted subtree violation|excluded subtree violation|key usage does not include "
     "certificate "
     "signing|basic constraints of ca cert|missing authority key identifier",
     "invalid_ca", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "an issuer in the chain may not issue this certificate",
     "It is no CA certificate, or its constraints forbid this one.", "",
     "Have the certificate issued by a proper authority.", "Not expiry."},
    {"num=26:|unsupported certificate purpose|unsuitable certificate purpose|invalid purpose",
     "certificate_purpose", kRefused, kCause, kLoggerIfHeld, kClient, kAny, kPlain,
     "the certificate is not made for this use",
     "Its key usage does not allow it for a TLS server (or client).", "",
     "Have it issued with the right key usage.", kNotKey},
};

}  // namespace

std::span<const Form> VerifyForms() { return kForms; }

}  // namespace mxsweep::tools
