#include "tests/interop/matrix_cases.h"

#include "tests/interop/matrix_names.h"

namespace mxsweep::interop {
namespace {

constexpr char kOldCiphers[] = "tls_medium_cipherlist=ALL:@SECLEVEL=0";

constexpr MatrixServer kServers[] = {
    // Versions, ciphers, groups.
    {"tls10", Software::kPostfix, "rsa1024",
     "smtpd_tls_protocols=TLSv1;tls_medium_cipherlist=ALL:@SECLEVEL=0"},
    {"tls11", Software::kPostfix, "rsa2048",
     "smtpd_tls_protocols=TLSv1.1;tls_medium_cipherlist=ALL:@SECLEVEL=0"},
    {"tls12", Software::kPostfix, "rsa2048", "smtpd_tls_protocols=TLSv1.2"},
    {"tls13", Software::kPostfix, "p256", "smtpd_tls_protocols=TLSv1.3"},
    {"any", Software::kPostfix, "p256"},
    {"static-rsa", Software::kPostfix, "rsa2048",
     "smtpd_tls_protocols=TLSv1.2;tls_medium_cipherlist=AES256-GCM-SHA384"},
    {"chacha", Software::kPostfix, "rsa2048",
     "smtpd_tls_protocols=TLSv1.2;tls_medium_cipherlist=ECDHE-RSA-CHACHA20-POLY1305"},
    {"cbc", Software::kPostfix, "rsa2048",
     "smtpd_tls_protocols=TLSv1.2;tls_medium_cipherlist=ECDHE-RSA-AES128-SHA"},
    {"dhe-only", Software::kPostfix, "rsa2048",
     "smtpd_tls_protocols=TLSv1.2;tls_medium_cipherlist=DHE-RSA-AES128-GCM-SHA256"},
    {"p384-group", Software::kPostfix, "p256", "tls_eecdh_auto_curves=secp384r1"},
    {"asks-client", Software::kPostfix, "p256", "smtpd_tls_ask_ccert=yes"},
    // Keys.
    {"rsa1024", Software::kPostfix, "rsa1024", kOldCiphers},
    {"rsa4096", Software::kPostfix, "rsa4096"},
    {"p384", Software::kPostfix, "p384"},
    {"ed25519", Software::kPostfix, "ed25519"},
    {"dual", Software::kPostfix, "rsa2048,p256"},
    // Certificates.
    {"expired", Software::kPostfix, "expired"},
    {"future", Software::kPostfix, "future"},
    {"selfsigned", Software::kPostfix, "selfsigned"},
    {"othername", Software::kPostfix, "othername"},
    {"nexthop", Software::kPostfix, "nexthop"},
    {"bare", Software::kPostfix, "bare"},
    {"untrusted", Software::kPostfix, "untrusted"},
    {"rooted", Software::kPostfix, "rooted"},
    {"disordered", Software::kPostfix, "disordered"},
    {"crowded", Software::kPostfix, "crowded"},
    {"lapsed", Software::kPostfix, "lapsed-leaf"},
    {"bygone", Software::kPostfix, "bygone-leaf"},
    {"pretender", Software::kPostfix, "pretender-leaf"},
    {"narrow", Software::kPostfix, "narrow-leaf"},
    {"sha1", Software::kPostfix, "sha1", kOldCiphers},
    {"cn-only", Software::kPostfix, "cn-only"},
    {"deep-wildcard", Software::kPostfix, "deep-wildcard"},
    {"by-name", Software::kPostfix, "othername", "tls_server_sni_maps=texthash:$sni_map"},
    // No TLS.
    {"clear", Software::kPostfix, ""},
    {"refuses", Software::kPostfix, "p256", "smtpd_tls_CAfile=/missing"},
    // GnuTLS at the other end.
    {"exim-rsa", Software::kExim, "rsa2048", "NORMAL"},
    {"exim-tls12", Software::kExim, "rsa4096", "NORMAL:-VERS-TLS1.3"},
    {"exim-tls10", Software::kExim, "rsa2048",
     "NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT:%VERIFY_ALLOW_SIGN_WITH_SHA1"},
    {"exim-p384", Software::kExim, "p384", "NORMAL"},
    {"exim-ed25519", Software::kExim, "ed25519", "NORMAL"},
    {"exim-expired", Software::kExim, "expired", "NORMAL"},
    {"exim-selfsigned", Software::kExim, "selfsigned", "NORMAL"},
    {"exim-clear", Software::kExim, "", "NORMAL"},
    {"exim-refuses", Software::kExim, kMissingFile, "NORMAL"},
    {"exim-rejects", Software::kExim, "p256", "reject"},
    // OpenSMTPD.
    {"opensmtpd-rsa", Software::kOpenSmtpd, "rsa2048"},
    {"opensmtpd-p256", Software::kOpenSmtpd, "p256"},
    {"opensmtpd-clear", Software::kOpenSmtpd, ""},
    {"old-opensmtpd", Software::kOldOpenSmtpd, "rsa2048"},
    {"old-opensmtpd-clear", Software::kOldOpenSmtpd, ""},
};

constexpr MatrixCase kCases[] = {
    // What is negotiated. No DANE.
    {"tls10", "tls10", "", "TLSv1", "valid", "none", "none"},
    {"tls11", "tls11", "", "TLSv1.1", "valid", "none", "none"},
    {"tls12", "tls12", "", "TLSv1.2", "valid", "none", "none"},
    {"tls13", "tls13", "", "TLSv1.3", "valid", "none", "none"},
    {"static-rsa", "static-rsa", "", "TLSv1.2", "valid", "none", "none"},
    {"chacha", "chacha", "", "TLSv1.2", "valid", "none", "none"},
    {"cbc", "cbc", "", "TLSv1.2", "valid", "none", "none"},
    {"dhe-only", "dhe-only", "", "tls_alert", "-", "none", "none"},
    {"p384-group", "p384-group", "", "TLSv1.3", "valid", "none", "none"},
    {"asks-client", "asks-client", "", "TLSv1.3", "valid", "none", "none"},
    {"rsa1024", "rsa1024", "", "TLSv1.3", "valid", "none", "none"},
    {"rsa4096", "rsa4096", "", "TLSv1.3", "valid", "none", "none"},
    {"p384", "p384", "", "TLSv1.3", "valid", "none", "none"},
    {"ed25519", "ed25519", "", "TLSv1.3", "valid", "none", "none"},
    {"dual", "dual", "", "TLSv1.3", "valid", "none", "none"},
    {"exim-rsa", "exim-rsa", "", "TLSv1.3", "valid", "none", "none"},
    {"exim-tls12", "exim-tls12", "", "TLSv1.2", "valid", "none", "none"},
    {"exim-tls10", "exim-tls10", "", "TLSv1", "valid", "none", "none"},
    {"exim-p384", "exim-p384", "", "TLSv1.3", "valid", "none", "none"},
    {"exim-ed25519", "exim-ed25519", "", "TLSv1.3", "valid", "none", "none"},
    {"opensmtpd-rsa", "opensmtpd-rsa", "", "TLSv1.3", "valid", "none", "none"},
    {"opensmtpd-p256", "opensmtpd-p256", "", "TLSv1.3", "valid", "none", "none"},

    // What is not.
    {"clear", "clear", "", "no_starttls", "-", "none", "none"},
    {"refuses", "refuses", "", "starttls_refused", "-", "none", "none"},
    {"exim-clear", "exim-clear", "", "no_starttls", "-", "none", "none"},
    {"exim-refuses", "exim-refuses", "", "starttls_refused", "-", "none", "none"},
    {"exim-rejects", "exim-rejects", "", "greeting_5xx", "-", "none", "none"},
    {"opensmtpd-clear", "opensmtpd-clear", "", "no_starttls", "-", "none", "none"},
    {"old-opensmtpd", "old-opensmtpd", "", "tls_alert", "-", "none", "none"},
    {"old-opensmtpd-clear", "old-opensmtpd-clear", "", "no_starttls", "-", "none", "none"},

    // Certificates. No DANE.
    {"expired", "expired", "", "TLSv1.3", "expired", "none", "none"},
    {"future", "future", "", "TLSv1.3", "not_yet_valid", "none", "none"},
    {"selfsigned", "selfsigned", "", "TLSv1.3", "self_signed", "none", "none"},
    {"othername", "othername", "", "TLSv1.3", "name", "none", "none"},
    {"bare", "bare", "", "TLSv1.3", "incomplete", "none", "none"},
    {"untrusted", "untrusted", "", "TLSv1.3", "untrusted", "none", "none"},
    {"rooted", "rooted", "", "TLSv1.3", "valid", "none", "none"},
    {"disordered", "disordered", "", "TLSv1.3", "valid", "none", "none"},
    {"crowded", "crowded", "", "TLSv1.3", "valid", "none", "none"},
    {"lapsed", "lapsed", "", "TLSv1.3", "expired", "none", "none"},
    {"pretender", "pretender", "", "TLSv1.3", "constraint", "none", "none"},
    {"narrow", "narrow", "", "TLSv1.3", "constraint", "none", "none"},
    {"sha1", "sha1", "", "TLSv1.3", "weak_signature", "none", "none"},
    {"cn-only", "cn-only", "", "TLSv1.3", "valid", "none", "none"},
    {"deep-wildcard", "deep-wildcard", "", "TLSv1.3", "name", "none", "none"},
    {"by-name", "by-name", "", "TLSv1.3", "valid", "none", "none"},
    {"exim-expired", "exim-expired", "", "TLSv1.3", "expired", "none", "none"},
    {"exim-selfsigned", "exim-selfsigned", "", "TLSv1.3", "self_signed", "none", "none"},

    // Usage 3.
    {"ee-key-sha256", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-key-sha512", "any", "3 1 2 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-key-full", "any", "3 1 0 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-cert-sha256", "any", "3 0 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-cert-sha512", "any", "3 0 2 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-cert-full", "any", "3 0 0 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-tls12", "tls12", "3 1 1 rsa2048", "TLSv1.2", "valid", "match", "full"},
    {"ee-exim", "exim-rsa", "3 1 1 rsa2048", "TLSv1.3", "valid", "match", "full"},
    {"ee-opensmtpd", "opensmtpd-p256", "3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-mismatch", "any", "3 1 1 stray", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ee-of-issuer", "any", "3 0 1 intermediate", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ee-rollover", "any", "3 1 1 stray; 3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-expired", "expired", "3 1 1 expired", "TLSv1.3", "expired", "match", "full"},
    {"ee-future", "future", "3 1 1 future", "TLSv1.3", "not_yet_valid", "match", "full"},
    {"ee-othername", "othername", "3 1 1 othername", "TLSv1.3", "name", "match", "full"},
    {"ee-selfsigned", "selfsigned", "3 0 1 selfsigned", "TLSv1.3", "self_signed", "match", "full"},
    {"ee-bare", "bare", "3 1 1 bare", "TLSv1.3", "incomplete", "match", "full"},
    {"ee-by-name", "by-name", "3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"ee-dual-one", "dual", "3 1 1 rsa2048", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ee-dual-both", "dual", "3 1 1 rsa2048; 3 1 1 p256", "TLSv1.3", "valid", "match", "full"},

    // Usage 2.
    {"ta-root", "rooted", "2 0 1 root", "TLSv1.3", "valid", "match", "full"},
    {"ta-root-not-sent", "any", "2 0 1 root", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ta-cert", "any", "2 0 1 intermediate", "TLSv1.3", "valid", "match", "full"},
    {"ta-key", "any", "2 1 1 intermediate", "TLSv1.3", "valid", "match", "full"},
    {"ta-key-sha512", "any", "2 1 2 intermediate", "TLSv1.3", "valid", "match", "full"},
    {"ta-full-not-sent", "any", "2 0 0 root", "TLSv1.3", "valid", "match", "full"},
    {"ta-bare-key", "any", "2 1 0 root", "TLSv1.3", "valid", "match", "full"},
    {"ta-bare-key-sent", "any", "2 1 0 intermediate", "TLSv1.3", "valid", "match", "full"},
    {"ta-full-stranger", "any", "2 0 0 stranger", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ta-untrusted", "untrusted", "2 0 1 stranger", "TLSv1.3", "untrusted", "match", "full"},
    {"ta-of-leaf", "any", "2 0 1 p256", "TLSv1.3", "valid", "mismatch", "broken"},
    {"ta-expired", "expired", "2 0 1 intermediate", "TLSv1.3", "expired", "mismatch", "broken"},
    {"ta-lapsed", "lapsed", "2 0 1 lapsed", "TLSv1.3", "expired", "match", "full"},
    {"ta-lapsed-below", "lapsed", "2 1 0 root", "TLSv1.3", "expired", "mismatch", "broken"},
    {"ta-bygone", "bygone", "2 0 1 bygone", "TLSv1.3", "untrusted", "mismatch", "broken"},
    {"ta-pretender", "pretender", "2 0 1 pretender", "TLSv1.3", "constraint", "mismatch", "broken"},
    {"ta-narrow", "narrow", "2 0 1 narrow", "TLSv1.3", "constraint", "mismatch", "broken"},
    {"ta-othername", "othername", "2 0 1 intermediate", "TLSv1.3", "name", "mismatch", "broken"},
    {"ta-nexthop", "nexthop", "2 0 1 intermediate", "TLSv1.3", "name", "mismatch", "full"},
    {"ta-cn-only", "cn-only", "2 0 1 intermediate", "TLSv1.3", "name", "mismatch", "broken"},
    {"ta-disordered", "disordered", "2 0 1 root", "TLSv1.3", "valid", "match", "full"},

    // Several records.
    {"agile-wrong", "any", "3 1 1 p256; 3 1 2 stray", "TLSv1.3", "valid", "mismatch", "broken"},
    {"agile-right", "any", "3 1 1 stray; 3 1 2 p256", "TLSv1.3", "valid", "match", "full"},
    {"agile-full", "any", "3 1 0 p256; 3 1 2 stray", "TLSv1.3", "valid", "match", "full"},
    {"agile-selectors", "any", "3 0 2 stray; 3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"agile-short", "any", "3 1 1 p256; 3 1 2 #00ff", "TLSv1.3", "valid", "match", "full"},
    {"mixed-usages", "any", "2 0 1 stranger; 3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"mixed-usable", "any", "1 1 1 stray; 3 1 1 p256", "TLSv1.3", "valid", "match", "full"},
    {"mixed-useless", "any", "1 1 1 p256; 3 1 1 stray", "TLSv1.3", "valid", "mismatch", "broken"},
    {"useless-usage-1", "any", "1 1 1 p256", "TLSv1.3", "valid", "unusable", "partial"},
    {"useless-usage-0", "any", "0 0 1 intermediate", "TLSv1.3", "valid", "unusable", "partial"},
    {"useless-usage-9", "any", "9 1 1 p256", "TLSv1.3", "valid", "unusable", "partial"},
    {"useless-selector", "any", "3 7 1 p256", "TLSv1.3", "valid", "unusable", "partial"},
    {"useless-type", "any", "3 1 9 #00ff", "TLSv1.3", "valid", "unusable", "partial"},
    {"useless-length", "any", "3 1 1 #00ff", "TLSv1.3", "valid", "unusable", "partial"},

    // Records, and no TLS.
    {"promised-clear", "clear", "3 1 1 p256", "no_starttls", "-", "no_starttls", "broken"},
    {"promised-refuses", "refuses", "3 1 1 p256", "starttls_refused", "-", "no_starttls", "broken"},
    {"promised-failing", "old-opensmtpd", "3 1 1 rsa2048", "tls_alert", "-", "tls_failed",
     "broken"},
    {"useless-clear", "clear", "1 1 1 p256", "no_starttls", "-", "no_starttls", "broken"},

    // What the zones make of it.
    {"hashed", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full", Placement::kHashed},
    {"hashed-none", "any", "", "TLSv1.3", "valid", "none", "none", Placement::kHashed},
    {"optional", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "optional",
     Placement::kUnsignedDomain},
    {"optional-mismatch", "any", "3 1 1 stray", "TLSv1.3", "valid", "mismatch", "optional",
     Placement::kUnsignedDomain},
    {"unsigned-host", "any", "3 1 1 p256", "TLSv1.3", "valid", "insecure", "none",
     Placement::kUnsignedHost},
    {"alias", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full", Placement::kAlias},
    {"alias-own", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full",
     Placement::kAliasOwnRecords},
    {"alias-to-unsigned", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full",
     Placement::kAliasToUnsigned},
    {"unsigned-alias", "any", "3 1 1 p256", "TLSv1.3", "valid", "insecure", "none",
     Placement::kUnsignedAlias},
    {"tlsa-alias", "any", "3 1 1 p256", "TLSv1.3", "valid", "match", "full", Placement::kTlsaAlias},
    {"tlsa-unsigned", "any", "3 1 1 stray", "TLSv1.3", "valid", "insecure", "none",
     Placement::kUnsignedTlsa},
    {"tlsa-lame", "any", "3 1 1 p256", "TLSv1.3", "valid", "lookup_error", "broken",
     Placement::kLameTlsa},
    {"tlsa-tampered", "any", "3 1 1 p256", "TLSv1.3", "valid", "lookup_error", "broken",
     Placement::kTamperedTlsa},
    {"tlsa-stripped", "any", "3 1 1 p256", "TLSv1.3", "valid", "lookup_error", "broken",
     Placement::kStrippedTlsa},
    {"stale-host", "any", "3 1 1 p256", "no_address", "-", "-", "unknown", Placement::kStaleHost},
    {"severed-host", "any", "3 1 1 p256", "no_address", "-", "-", "unknown",
     Placement::kSeveredHost},
    {"stale-domain", "any", "3 1 1 p256", "bogus", "-", "-", "unknown", Placement::kStaleDomain},
    {"nullmx", "any", "", "null_mx", "-", "-", "-", Placement::kNullMx},
    {"missing", "any", "", "nxdomain", "-", "-", "-", Placement::kMissingDomain},
};

constexpr Reference kPosttls = Reference::kPosttlsFinger;
constexpr Reference kOpenssl = Reference::kOpenssl;
constexpr Reference kGnutls = Reference::kGnutls;

constexpr ExplainedDifference kDifferences[] = {
    {"dhe-only", kPosttls, Aspect::kTls, "TLSv1.2", "dhe"},
    {"dhe-only", kGnutls, Aspect::kTls, "TLSv1.2", "dhe"},
    {"dual", kGnutls, Aspect::kTls, "TLSv1.3", "rsa-first"},
    {"ee-dual-one", kGnutls, Aspect::kTls, "TLSv1.3", "rsa-first"},
    {"ee-dual-one", kGnutls, Aspect::kDane, "match", "rsa-first"},
    {"ee-dual-both", kGnutls, Aspect::kTls, "TLSv1.3", "rsa-first"},
    {"sha1", kOpenssl, Aspect::kPkix, "valid", "sha1"},
    {"sha1", kGnutls, Aspect::kPkix, "valid", "sha1"},
    {"mixed-useless", kOpenssl, Aspect::kDane, "match", "pkix-usages"},
    {"mixed-useless", kGnutls, Aspect::kDane, "match", "pkix-usages"},
    {"useless-usage-1", kOpenssl, Aspect::kDane, "match", "pkix-usages"},
    {"useless-usage-1", kGnutls, Aspect::kDane, "match", "pkix-usages"},
    {"useless-usage-0", kOpenssl, Aspect::kDane, "match", "pkix-usages"},
    {"useless-usage-0", kGnutls, Aspect::kDane, "match", "pkix-usages"},
    {"useless-type", kGnutls, Aspect::kDane, "mismatch", "gnutls-unusable"},
    {"useless-length", kGnutls, Aspect::kDane, "mismatch", "gnutls-unusable"},
    {"agile-wrong", kGnutls, Aspect::kDane, "match", "gnutls-agility"},
    {"ta-othername", kGnutls, Aspect::kDane, "match", "gnutls-names"},
    {"ta-cn-only", kGnutls, Aspect::kDane, "match", "gnutls-names"},
    {"ta-nexthop", kGnutls, Aspect::kDane, "match", "gnutls-names"},
    {"ta-root-not-sent", kGnutls, Aspect::kDane, "match", "gnutls-anchor"},
    {"ta-lapsed", kGnutls, Aspect::kDane, "mismatch", "gnutls-anchor-dates"},
    {"tlsa-lame", kGnutls, Aspect::kDane, "none", "gnutls-look-up"},
    {"alias", kGnutls, Aspect::kDane, "none", "gnutls-alias"},
    {"ta-nexthop", kPosttls, Aspect::kDane, "match", "next-hop"},
    {"optional-mismatch", kPosttls, Aspect::kDomain, "broken", "insecure-mx"},
    {"ta-nexthop", kOpenssl, Aspect::kDane, "match", "next-hop"},
};

constexpr Explanation kExplanations[] = {
    {"dhe",
     "RFC 9325 §4.1: BoringSSL has no finite-field Diffie-Hellman, so that a server with no other "
     "key exchange is out of its reach; mxsweep says tls_alert, and never that there is no TLS."},
    {"rsa-first",
     "RFC 8446 §4.2.3: which of two certificates a server shows follows the client's order of "
     "signature algorithms; GnuTLS puts RSA first, BoringSSL and OpenSSL put ECDSA first."},
    {"sha1",
     "RFC 8446 §4.4.2.4: a chain that needs a SHA-1 signature should be refused. OpenSSL at its "
     "default level and posttls-finger do so, but these two are asked at the lowest of levels."},
    {"pkix-usages",
     "RFC 7672 §3.1.3: usages 0 and 1 are not for SMTP. The general tools use them all the same; "
     "posttls-finger does not."},
    {"gnutls-unusable",
     "RFC 7672 §2.2: records that are all unusable ask for TLS without authentication. GnuTLS "
     "knows of no such case, and calls them a mismatch."},
    {"gnutls-agility",
     "RFC 7671 §9: only the strongest digest counts. GnuTLS takes any record that fits."},
    {"gnutls-names",
     "RFC 7672 §3.1.2: usage 2 asks for the name. GnuTLS leaves names to its other verdict."},
    {"gnutls-anchor",
     "RFC 7671 §5.2.2: an anchor known by its digest must be sent. GnuTLS takes it from its own "
     "trust store, which no other sender needs to have."},
    {"gnutls-anchor-dates",
     "RFC 5280 §6.1: an anchor is no part of the path, and its dates do not count. GnuTLS minds "
     "them."},
    {"gnutls-look-up",
     "RFC 7672 §2.1.2: a look-up that failed is not an answer without records. gnutls-cli does not "
     "tell them apart here."},
    {"gnutls-alias",
     "RFC 7672 §2.2.2: records are first looked for at the end of a secure alias. gnutls-cli asks "
     "for those of the name given."},
    {"insecure-mx",
     "RFC 7672 §2.2.1: with an insecure MX record DANE proves nothing of the domain, and it is up "
     "to the sender. Postfix refuses all the same; mxsweep says optional."},
    {"next-hop",
     "RFC 7672 §3.2.2: the next-hop domain is a reference identifier, too. A row of endpoints is "
     "for all domains and judged by the base domain alone; the domain's verdict is exact."},
};

}  // namespace

std::vector<LeafRequest> MatrixLeaves() {
  const std::vector<std::string> names = WildcardsOfHosts();
  const std::vector<std::string> nothing;
  return {
      {.name = "rsa1024", .key = "RSA-1024", .hosts = names},
      {.name = "rsa2048", .key = "RSA-2048", .hosts = names},
      {.name = "rsa4096", .key = "RSA-4096", .hosts = names},
      {.name = "p256", .hosts = names},
      {.name = "p384", .key = "P-384", .hosts = names},
      {.name = "ed25519", .key = "Ed25519", .hosts = names},
      {.name = "expired", .hosts = names, .validity = Validity::kPast},
      {.name = "future", .hosts = names, .validity = Validity::kFuture},
      {.name = "selfsigned", .hosts = names, .issuer = kItself},
      {.name = "othername", .hosts = {"mail.elsewhere.example"}},
      {.name = "nexthop", .hosts = {"ta-nexthop.to.example"}},
      {.name = "bare", .hosts = names, .sent_with = nothing},
      {.name = "untrusted", .hosts = names, .issuer = kUntrustedRoot},
      {.name = "rooted", .hosts = names, .sent_with = {{kIntermediate, "root"}}},
      {.name = "disordered", .hosts = names, .sent_with = {{"root", kIntermediate}}},
      {.name = "crowded", .hosts = names, .sent_with = {{kUntrustedRoot, kIntermediate}}},
      {.name = "lapsed-leaf", .hosts = names, .issuer = kExpiredIntermediate},
      {.name = "bygone-leaf", .hosts = names, .issuer = kExpiredRoot},
      {.name = "pretender-leaf", .hosts = names, .issuer = kNoAuthority},
      {.name = "narrow-leaf", .hosts = names, .issuer = kConstrainedAuthority},
      {.name = "sha1", .key = "RSA-2048", .hosts = names, .digest = "sha1"},
      {.name = "cn-only", .hosts = {"cn-only.mx.example"}, .common_name_only = true},
      {.name = "deep-wildcard", .hosts = {"*.example"}},
      {.name = "stray", .hosts = names},  // no server shows it
  };
}

std::span<const MatrixServer> MatrixServers() { return kServers; }
std::span<const MatrixCase> MatrixCases() { return kCases; }
std::span<const ExplainedDifference> ExplainedDifferences() { return kDifferences; }
std::span<const Explanation> Explanations() { return kExplanations; }

}  // namespace mxsweep::interop
