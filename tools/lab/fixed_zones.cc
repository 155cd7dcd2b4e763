#include "tools/lab/fixed_zones.h"

namespace mxsweep::lab {
namespace {

using enum DomainPosture;
using B = Behaviour;
using C = CertPosture;
using D = DanePosture;
using K = KeyKind;
using T = TlsPosture;

// The zone with ::1 comes first of those that have it: its host is the server's own.
constexpr FixedZone kNamed[] = {
    {"perfect", "DNSSEC, DANE 3 1 1, TLS 1.3, valid certificate, MTA-STS enforced, TLS reporting",
     kOwn, true, D::kMatch311, B::kNormal, C::kValid, K::kP256, T::kModern, true, false,
     StsPosture::kEnforce, TlsRptPosture::kMailto},
    {"plain", "STARTTLS with a valid certificate, no DNSSEC"},
    {"dane-anchor", "DANE 2 1 1", kOwn, true, D::kMatch211},
    {"dane-rollover", "DANE, two keys published", kOwn, true, D::kRolloverKeys},
    {"dane-mismatch", "DANE record of an old key", kOwn, true, D::kMismatch311},
    {"dane-unusable", "DANE records, all unusable", kOwn, true, D::kUnusablePkix},
    {"dane-lookup-error", "SERVFAIL for TLSA", kOwn, true, D::kServfail},
    {"dane-no-starttls", "DANE, but no STARTTLS", kOwn, true, D::kMatch311, B::kNoStarttls},
    {"dane-tls-failed", "DANE, and the handshake fails", kOwn, true, D::kMatch311, B::kTlsGarbage},
    {"dane-expired-anchor", "DANE 2 1 1 with an expired leaf", kOwn, true, D::kMatch211, B::kNormal,
     C::kExpired},
    {"dane-wrong-name-anchor", "DANE 2 1 1 with a leaf for another name", kOwn, true, D::kMatch211,
     B::kNormal, C::kWrongName},
    {"dane-self-signed", "DANE 3 1 1 with a self-signed certificate: a match", kOwn, true,
     D::kMatch311, B::kNormal, C::kSelfSigned},
    {"expired", "expired certificate", kOwn, false, D::kNone, B::kNormal, C::kExpired},
    {"self-signed", "self-signed certificate", kOwn, false, D::kNone, B::kNormal, C::kSelfSigned},
    {"wrong-name", "certificate for another name", kOwn, false, D::kNone, B::kNormal,
     C::kWrongName},
    {"incomplete-chain", "the intermediate is missing", kOwn, false, D::kNone, B::kNormal,
     C::kMissingIntermediate},
    {"unknown-ca", "an authority nobody knows", kOwn, false, D::kNone, B::kNormal,
     C::kUnknownIssuer},
    {"sha1", "certificate signed over SHA-1", kOwn, false, D::kNone, B::kNormal, C::kSha1Signed,
     K::kRsa2048},
    {"weak-key", "RSA 1024", kOwn, false, D::kNone, B::kNormal, C::kValid, K::kRsa1024},
    {"old-tls", "TLS 1.0 at most", kOwn, false, D::kNone, B::kNormal, C::kValid, K::kRsa2048,
     T::kTls10Only},
    {"static-rsa", "no forward secrecy", kOwn, false, D::kNone, B::kNormal, C::kValid, K::kRsa2048,
     T::kTls12StaticRsa},
    {"no-starttls", "STARTTLS is not offered", kOwn, false, D::kNone, B::kNoStarttls},
    {"starttls-refused", "STARTTLS is offered and refused", kOwn, false, D::kNone, B::kStarttls454},
    {"throttled", "421 at every connection", kOwn, false, D::kNone, B::kGreeting421},
    {"rejecting", "554 greeting", kOwn, false, D::kNone, B::kGreeting554},
    {"greylisting", "421 at the first connection only", kOwn, false, D::kNone, B::kFirst421},
    {"tarpit", "accepts and says nothing", kOwn, false, D::kNone, B::kSilentGreeting},
    {"slow", "greets late", kOwn, false, D::kNone, B::kGreetDelay},
    {"postscreen", "greets late, and punishes who talks early", kOwn, false, D::kNone,
     B::kEarlySilence},
    {"injection", "plaintext after the 220 to STARTTLS", kOwn, false, D::kNone,
     B::kInjectedPlaintext},
    {"refused", "nobody listens", kOwn, false, D::kNone, B::kConnectRefused},
    {"unreachable", "drops every SYN", kOwn, false, D::kNone, B::kConnectTimeout},
    {"ipv6", "::1 alone", kOwn, true, D::kMatch311, B::kNormal, C::kValid, K::kP256, T::kModern,
     false, true},
    {"dual-stack", "IPv4 and ::1", kOwn, false, D::kNone, B::kNormal, C::kValid, K::kP256,
     T::kModern, true, true},
    {"implicit", "no MX, but an address", kImplicit},
    {"null-mx", "null MX", kNullMx},
    {"no-mail", "neither MX nor address", kNoMail},
    {"nxdomain", "does not exist", kNxdomain},
    {"servfail", "SERVFAIL", kServfail},
    {"bogus", "fails DNSSEC validation", kBogus, true},
    {"dane-expired-root", "DANE 2 0 0 of a root that is not sent, with an expired leaf", kOwn, true,
     D::kMatch200, B::kNormal, C::kExpired},
    {"dane-not-yet-valid-anchor", "DANE 2 0 1 with a leaf that is not valid yet", kOwn, true,
     D::kMatch201, B::kNormal, C::kNotYetValid},
    {"dane-client-purpose", "DANE 3 1 1 with a certificate for clients: a match", kOwn, true,
     D::kMatch311, B::kNormal, C::kClientPurpose},
    {"dane-client-purpose-anchor", "DANE 2 1 1 with a certificate for clients", kOwn, true,
     D::kMatch211, B::kNormal, C::kClientPurpose},
    {"dane-dual", "DANE 3 1 1 of the ECDSA one of two certificates", kOwn, true, D::kMatch311,
     B::kNormal, C::kDual},
    {"dane-dual-other", "DANE 3 1 1 of the RSA one of two certificates", kOwn, true,
     D::kOtherCertificate, B::kNormal, C::kDual},
    {"dane-keys-differ", "DANE 3 1 1 of the key at the first of two addresses", kKeysDiffer, true,
     D::kMatch311},
    {"dane-keys-differ-anchor", "DANE 2 1 1, and two addresses with different keys", kKeysDiffer,
     true, D::kMatch211},
    {"dane-no-aaaa", "DANE 3 1 1, SERVFAIL for AAAA", kMxHostNoAaaa, true, D::kMatch311},
    {"dane-aaaa-insecure", "DANE 3 1 1, and a denial of AAAA that is not signed",
     kMxHostAaaaInsecure, true, D::kMatch311},
    {"dane-dhe-only", "DANE 3 1 1, and no suite in common", kOwn, true, D::kMatch311, B::kNormal,
     C::kValid, K::kRsa2048, T::kDheOnly},
    {"dane-refused-after-tls", "DANE 3 1 1, and EHLO is refused inside TLS", kOwn, true,
     D::kMatch311, B::kEhloAfterTlsRefused},
    {"dane-blocked", "DANE 3 1 1, and the address is on the blocklist", kOwn, true, D::kMatch311,
     B::kBlocked},
    {"shared-prime", "an RSA key with a prime in common with that of shared-prime-too", kOwn, false,
     D::kNone, B::kNormal, C::kValid, K::kRsaSharedPrime},
    {"shared-prime-too", "likewise", kOwn, false, D::kNone, B::kNormal, C::kValid,
     K::kRsaSharedPrime, T::kModern, true, false, std::nullopt, std::nullopt, 1},
    {"other-without-name", "DANE 3 1 1, and a self-signed certificate without a server name", kOwn,
     true, D::kMatch311, B::kNormal, C::kOtherWithoutName},
};

}  // namespace

std::span<const FixedZone> NamedZones() { return kNamed; }

}  // namespace mxsweep::lab
