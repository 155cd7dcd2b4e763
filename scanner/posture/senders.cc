#include "scanner/posture/senders.h"

#include <algorithm>
#include <array>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// Sources.
constexpr char kTried[] = "tried with Postfix 3.7.11";
constexpr char kTlsClient[] = "Postfix 3.7.0 to 3.11.6, tls_client.c";
constexpr char kPostconf[] = "postconf(5)";
constexpr char kSmtpProto[] = "Postfix 3.11, smtp_proto.c";
constexpr char kOpenSsl3[] = "OpenSSL 3.0, CHANGES";
constexpr char kLevels[] = "SSL_CTX_set_security_level(3)";
constexpr char kExim[] = "Exim 4.99.1, source";
constexpr char kEximTried[] = "tried with Exim 4.96 (GnuTLS)";
constexpr char kStalwart[] = "Stalwart 0.16.18, source";
constexpr char kGoTls[] = "Go, crypto/tls";
constexpr char kGoSmtp[] = "Go, net/smtp";
constexpr char kGoTried[] = "tried with Go 1.19";
constexpr char kJavaTried[] = "tried with Jakarta Mail 2.0.0 (now Angus) on JDK 17";
constexpr char kPythonTried[] = "tried with Python 3.11.7";
constexpr char kCallerChooses[] = "the caller chooses the host";
constexpr char kNeither[] = "it knows neither DANE nor MTA-STS";
constexpr char kAngus[] = "Angus Mail, SMTPTransport.java";
constexpr char kJdk[] = "JDK 25.0.4, java.security";
constexpr char kRfc8461[] = "RFC 8461";
constexpr char kAssumed[] = "as Postfix at may";
constexpr char kNone[] = "it has none";
constexpr char kNotFound[] = "not found";
// As OpenSSL is built unless told otherwise; that of RHEL is told otherwise.
constexpr char kNoWeakCiphers[] = "OpenSSL since 1.1.0, no-weak-ssl-ciphers; tried with 3.0.19";

// What Postfix does at every level.
constexpr Sender Postfix() {
  return {
      .library = {TlsLibrary::kOpenSsl, "INSTALL"},
      .level = {0, kTlsClient},
      .authenticated_level = {1, kTlsClient},
      .min_version = {TlsVersion::kTls10, "postconf(5), smtp_tls_protocols"},
      .min_rsa_bits = {0, "level 0 has no floor; 1024 tried with Postfix 3.7.11"},
      .offers_dhe = {true, kPostconf},
      .offers_static_rsa = {true, kTried},
      .offers_cbc = {true, kTried},
      .offers_3des = {false, kNoWeakCiphers},
      .needs_rfc5746 = {true, kTried},
      .parses_strictly = {true, kTried},
      .server_name = {ServerName::kWithDane, "postconf(5), smtp_tls_servername"},
      .demand = {Demand::kNothing, kPostconf},
      .takes_common_name = {true, "Postfix 3.11, tls_verify.c"},
      // Postfix itself does not ask; RFC 8461 §4.2 lets a sender do so, and the worst is told.
      .heeds_revocation = {true, "RFC 8461, section 4.2: a sender may"},
      .dane = {false, kPostconf},
      .mta_sts = {false, "a policy plugin only"},
      .no_starttls = {Then::kRefuses, kTried},
      .starttls_4xx = {Then::kRefuses, kTried},
      .starttls_5xx = {Then::kReturns, kTried},
      .must_5xx = {Then::kReturns, kTried},
      .dane_unusable = {Then::kGoesOn, "postconf(5), smtp_tls_security_level: as encrypt"},
      .handshake_fails = {Then::kRefuses, kTried},
      .bad_certificate = {Then::kRefuses, kTried},
      .takes_any_2xx = {true, kTried},
      .takes_last_code = {true, kTried},
      .helo_at_mask = {true, kTried},
      .drops_injected = {true, kTried},
      .null_mx_with_others = {Then::kReturns, kTried},
      .ip_literal = {true, "Postfix 3.11, smtp_addr.c"},
      .helo_in_tls = {true, kTried},
      .tls_4xx = {Then::kDefers, kTried},
      .tls_5xx = {Then::kReturns, kTried},
      .tls_closed = {Then::kDefers, kTried},
  };
}

constexpr Sender PostfixMay() {
  Sender sender = Postfix();
  sender.word = "opportunistic";
  sender.label = "opportunistic TLS";
  sender.name = "Postfix at may";
  sender.like = "Postfix, smtp_tls_security_level = may";
  sender.is_kind = sender.counts = true;
  sender.no_starttls = {Then::kInClear, kTried};
  sender.starttls_4xx = sender.starttls_5xx = {Then::kInClear, kTried};
  // Once the message is as old as minimal_backoff_time, 300 seconds by default.
  sender.handshake_fails = sender.tls_closed = {Then::kLaterInClear, kTried};
  return sender;
}

constexpr Sender PostfixEncrypt() {
  Sender sender = Postfix();
  sender.word = "encrypt";
  sender.label = "mandatory TLS";
  sender.name = "Postfix at encrypt";
  sender.like = "Postfix, smtp_tls_security_level = encrypt";
  sender.is_kind = true;
  return sender;
}

constexpr Sender PostfixVerify() {
  Sender sender = Postfix();
  sender.word = "verified";
  sender.label = "verified TLS";
  sender.like = "Postfix, smtp_tls_security_level = verify";
  sender.is_kind = sender.counts = true;
  sender.demand = {Demand::kValid, kTried};
  return sender;
}

// Where a host has no usable TLSA records, the cells of `may` apply (RFC 7672 §2.2).
constexpr Sender PostfixDane() {
  Sender sender = PostfixMay();
  sender.name = "";
  sender.word = "dane";
  sender.label = "DANE";
  sender.like = "Postfix, smtp_tls_security_level = dane";
  sender.dane = {true, kTried};
  return sender;
}

// As Postfix with a policy service that asks for "secure" where a policy is in mode enforce.
constexpr Sender MtaSts() {
  Sender sender = PostfixMay();
  sender.name = "";
  sender.word = "mta_sts";
  sender.label = "MTA-STS";
  sender.like = "Postfix with an MTA-STS policy service";
  sender.server_name = {ServerName::kAlways, kRfc8461};
  sender.mta_sts = {true, kRfc8461};
  return sender;
}

constexpr Sender OpenSslAtLevel(int level) {
  Sender sender = PostfixMay();
  sender.name = "";
  sender.level = sender.authenticated_level = {level, kLevels};
  sender.min_version = {TlsVersion::kTls12, "OpenSSL 3.1, commit 7bf2e4d7f0"};
  sender.needs_rfc5746 = {true, kOpenSsl3};
  for (Cell<Then>* cell :
       {&sender.no_starttls, &sender.starttls_4xx, &sender.starttls_5xx, &sender.must_5xx,
        &sender.dane_unusable, &sender.handshake_fails, &sender.bad_certificate, &sender.tls_4xx,
        &sender.tls_5xx, &sender.tls_closed, &sender.null_mx_with_others}) {
    cell->source = kAssumed;
  }
  for (Cell<bool>* cell :
       {&sender.takes_any_2xx, &sender.takes_last_code, &sender.helo_at_mask,
        &sender.drops_injected, &sender.ip_literal, &sender.helo_in_tls, &sender.dane,
        &sender.mta_sts, &sender.offers_dhe, &sender.offers_static_rsa, &sender.offers_cbc}) {
    cell->source = kAssumed;
  }
  return sender;
}

constexpr Sender Level2() {
  Sender sender = OpenSslAtLevel(2);
  sender.word = "level2";
  sender.label = "OpenSSL level 2";
  sender.like = "opportunistic, OpenSSL at security level 2, certificates not looked at";
  return sender;
}

constexpr Sender Level2Verified() {
  Sender sender = OpenSslAtLevel(2);
  sender.word = "level2_verified";
  sender.label = "level 2, verified";
  sender.like = "OpenSSL at security level 2, and a valid certificate is demanded";
  sender.demand = {Demand::kValid, kLevels};
  sender.no_starttls = sender.starttls_4xx = sender.handshake_fails =
      sender.bad_certificate = {Then::kRefuses, "as Postfix at verify"};
  sender.starttls_5xx = {Then::kReturns, "as Postfix at verify"};
  sender.tls_closed = {Then::kDefers, "as Postfix at verify"};
  return sender;
}

constexpr Sender Level3() {
  Sender sender = OpenSslAtLevel(3);
  sender.word = "level3";
  sender.label = "OpenSSL level 3";
  sender.like = "opportunistic, OpenSSL at security level 3, certificates not looked at";
  sender.counts = false;
  return sender;
}

// Debian 12 has OpenSSL 3.0, whose levels bar TLS 1.0 and 1.1 by their handshake signatures only.
constexpr char kDebian12[] = "Debian 12, package libssl3";
constexpr char kOpenSsl30Tried[] = "tried with OpenSSL 3.0.19";

constexpr Sender VerifiedWithOpenSsl30() {
  Sender sender = PostfixVerify();
  sender.word = "verified_openssl_3_0";
  sender.variant_of = "verified";
  sender.label = "Debian 12 verified";
  sender.like = "Postfix 3.7, smtp_tls_security_level = verify, with OpenSSL 3.0";
  sender.is_kind = sender.counts = false;
  sender.library = {TlsLibrary::kOpenSsl30, kDebian12};
  return sender;
}

constexpr Sender Level2WithOpenSsl30() {
  Sender sender = Level2();
  sender.word = "level2_openssl_3_0";
  sender.variant_of = "level2";
  sender.label = "Debian 12 level 2";
  sender.like = "opportunistic, OpenSSL 3.0 at security level 2, certificates not looked at";
  sender.is_kind = sender.counts = false;
  sender.library = {TlsLibrary::kOpenSsl30, kDebian12};
  sender.level = sender.authenticated_level = {2, "the library's default there, tried"};
  sender.min_version = {TlsVersion::kTls10, kOpenSsl30Tried};
  return sender;
}

constexpr Sender Exim() {
  return {
      .demand = {Demand::kNothing, "tls_try_verify_hosts: tried and logged only"},
      .takes_common_name = {std::nullopt, "it demands no certificate"},
      .heeds_revocation = {false, "it demands no certificate"},
      .dane = {true, "hosts_try_dane"},
      .mta_sts = {false, kExim},
      .no_starttls = {Then::kInClear, kEximTried},
      .starttls_4xx = {Then::kInClear, kEximTried},
      .starttls_5xx = {Then::kInClear, kEximTried},
      .must_5xx = {Then::kRefuses, "TLSA records force TLS"},
      .handshake_fails = {Then::kInClear, kEximTried},
      .bad_certificate = {std::nullopt, "it demands none"},
      .takes_any_2xx = {true, kEximTried},
      // The first line's code counts, and only lines that repeat it.
      .takes_last_code = {false, kEximTried},
      .helo_at_mask = {false, kEximTried},
      .drops_injected = {false, kEximTried},
      .null_mx_with_others = {Then::kGoesOn, kEximTried},
      .ip_literal = {false, "allow_mx_to_ip"},
      .helo_in_tls = {false, kEximTried},
      .tls_4xx = {Then::kGoesOn, kEximTried},
      .tls_5xx = {Then::kGoesOn, kEximTried},
  };
}

constexpr Sender EximGnuTls() {
  Sender sender = Exim();
  sender.word = "exim_gnutls";
  sender.label = "Exim with GnuTLS";
  sender.name = sender.label;
  sender.like = "Exim 4.96 to 4.99 built with GnuTLS, as Debian does";
  sender.library = {TlsLibrary::kGnuTls, "Debian package exim4-daemon-light"};
  sender.level = sender.authenticated_level = {std::nullopt, kNone};
  sender.min_version = {TlsVersion::kTls10, kEximTried};
  sender.min_rsa_bits = {0, "the certificate is not verified"};
  sender.offers_dhe = {true, "GnuTLS, priority NORMAL"};
  sender.offers_static_rsa = {true, kEximTried};
  sender.offers_cbc = {true, "GnuTLS 3.7.9, priority NORMAL"};
  sender.offers_3des = {false, "GnuTLS 3.7.9, priority NORMAL"};
  sender.needs_rfc5746 = {false, kEximTried};
  sender.parses_strictly = {std::nullopt, "tried: some faults end it, others do not"};
  sender.server_name = {ServerName::kWithDane, kExim};
  // A reset that comes before the EHLO is sent defers only.
  sender.tls_closed = {Then::kInClear, kEximTried};
  sender.dane_unusable = {Then::kGoesOn, kExim};
  return sender;
}

constexpr Sender EximOpenSsl() {
  Sender sender = Exim();
  sender.word = "exim_openssl";
  sender.label = "Exim with OpenSSL";
  sender.name = sender.label;
  sender.like = "Exim 4.97 to 4.99 built with OpenSSL, at the library's level";
  sender.library = {TlsLibrary::kOpenSsl, "INSTALL"};
  sender.level = sender.authenticated_level = {2, "OpenSSL from 3.2 on, and Debian's"};
  sender.min_version = {TlsVersion::kTls12, "OpenSSL 3.1, commit 7bf2e4d7f0"};
  sender.min_rsa_bits = {0, "the certificate is not verified"};
  sender.offers_dhe = {true, "OpenSSL, default cipher list"};
  sender.offers_static_rsa = {true, "OpenSSL, default cipher list"};
  sender.offers_cbc = {true, "OpenSSL, default cipher list"};
  sender.offers_3des = {false, kNoWeakCiphers};
  sender.needs_rfc5746 = {true, kOpenSsl3};
  sender.parses_strictly = {true, "OpenSSL, tried with 3.0"};
  sender.server_name = {ServerName::kWithDane, kExim};
  sender.tls_closed = {Then::kDefers, kExim};
  sender.dane_unusable = {Then::kRefuses, kExim};
  return sender;
}

constexpr Sender Stalwart() {
  return {
      .word = "stalwart",
      .label = "Stalwart",
      .name = "Stalwart",
      .like = "Stalwart 0.16 with its default TLS strategies",
      .library = {TlsLibrary::kRustls, kStalwart},
      .level = {std::nullopt, kNone},
      .authenticated_level = {std::nullopt, kNone},
      .min_version = {TlsVersion::kTls12, "rustls"},
      .min_rsa_bits = {1025, "rustls issue 234: 1024 is refused, verified or not"},
      .offers_dhe = {false, "rustls"},
      .offers_static_rsa = {false, "rustls"},
      .offers_cbc = {false, "rustls issue 381"},
      .offers_3des = {false, "rustls"},
      .needs_rfc5746 = {std::nullopt, kNotFound},
      .parses_strictly = {std::nullopt, kNotFound},
      .server_name = {ServerName::kAlways, kStalwart},
      .demand = {Demand::kValid, "at the first attempt"},
      .takes_common_name = {false, "rustls"},
      .heeds_revocation = {std::nullopt, kNotFound},
      .dane = {true, kStalwart},
      .mta_sts = {true, kStalwart},
      .no_starttls = {Then::kInClear, kStalwart},
      .starttls_4xx = {Then::kInClear, kStalwart},
      .starttls_5xx = {Then::kInClear, kStalwart},
      .must_5xx = {Then::kRefuses, kStalwart},
      .dane_unusable = {Then::kGoesOn, kStalwart},
      .handshake_fails = {Then::kDefers, kStalwart},
      .bad_certificate = {Then::kLaterEncrypted, "after a TLS error: strategy invalid-tls"},
      .takes_any_2xx = {std::nullopt, kNotFound},
      .takes_last_code = {std::nullopt, kNotFound},
      .helo_at_mask = {std::nullopt, kNotFound},
      .drops_injected = {std::nullopt, kNotFound},
      .null_mx_with_others = {std::nullopt, "only with preference 0"},
      .ip_literal = {std::nullopt, kNotFound},
      .helo_in_tls = {std::nullopt, kNotFound},
      .tls_4xx = {std::nullopt, kNotFound},
      .tls_5xx = {std::nullopt, kNotFound},
      .tls_closed = {std::nullopt, kNotFound},
  };
}

// Libraries hand trouble back to the program that calls them: "returns" is an error there.
constexpr Sender Go() {
  return {
      .word = "go",
      .label = "Go net/smtp",
      .name = "Go",
      .like = "smtp.SendMail of a program built with Go 1.24 or later",
      .library = {TlsLibrary::kGo, kGoTls},
      .level = {std::nullopt, kNone},
      .authenticated_level = {std::nullopt, kNone},
      .min_version = {TlsVersion::kTls12, kGoTried},
      .min_rsa_bits = {1024, "Go issue 68762"},
      .offers_dhe = {false, kGoTls},
      .offers_static_rsa = {false, "Go 1.22, doc/godebug.md"},
      .offers_cbc = {true, kGoTls},
      .offers_3des = {false, "Go 1.23, doc/godebug.md"},
      .needs_rfc5746 = {false, "Go, handshake_client.go"},
      .parses_strictly = {std::nullopt, kNotFound},
      .server_name = {ServerName::kAlways, kGoTried},
      .demand = {Demand::kValid, kGoTried},
      .takes_common_name = {false, kGoTried},
      .heeds_revocation = {false, kGoTls},
      .dane = {false, kGoSmtp},
      .mta_sts = {false, kGoSmtp},
      .no_starttls = {Then::kInClear, kGoTried},
      .starttls_4xx = {Then::kReturns, kGoTried},
      .starttls_5xx = {Then::kReturns, kGoTried},
      .must_5xx = {std::nullopt, kNeither},
      .dane_unusable = {std::nullopt, kNeither},
      .handshake_fails = {Then::kReturns, kGoTried},
      .bad_certificate = {Then::kReturns, kGoTried},
      .takes_any_2xx = {false, kGoTried},
      .takes_last_code = {false,
                          "tried with Go 1.19, which waits for a last line with the first code"},
      .helo_at_mask = {false, kGoTried},
      .drops_injected = {true, kGoTried},
      .null_mx_with_others = {std::nullopt, kCallerChooses},
      .ip_literal = {std::nullopt, kCallerChooses},
      .helo_in_tls = {false, kGoTried},
      .tls_4xx = {Then::kReturns, kGoTried},
      .tls_5xx = {Then::kReturns, kGoTried},
      .tls_closed = {Then::kReturns, kGoTried},
  };
}

constexpr Sender Java() {
  return {
      .word = "java",
      .label = "Java",
      .name = "Java",
      .like = "Angus Mail with mail.smtp.starttls.enable, on JDK 21 or 25 as it comes",
      .library = {TlsLibrary::kJava, kJdk},
      .level = {std::nullopt, kNone},
      .authenticated_level = {std::nullopt, kNone},
      .min_version = {TlsVersion::kTls12, kJdk},
      .min_rsa_bits = {1024, "jdk.certpath.disabledAlgorithms"},
      .offers_dhe = {true, kJdk},
      .offers_static_rsa = {false, kJdk},
      .offers_cbc = {true, kJdk},
      .offers_3des = {false, kJdk},
      .needs_rfc5746 = {std::nullopt, kNotFound},
      .parses_strictly = {std::nullopt, kNotFound},
      .server_name = {ServerName::kAlways, kJavaTried},
      .demand = {Demand::kValid, kJavaTried},
      .takes_common_name = {true, kJavaTried},
      .heeds_revocation = {false, "com.sun.net.ssl.checkRevocation is off"},
      .dane = {false, kAngus},
      .mta_sts = {false, kAngus},
      .no_starttls = {Then::kInClear, kJavaTried},
      .starttls_4xx = {Then::kReturns, kJavaTried},
      .starttls_5xx = {Then::kReturns, kJavaTried},
      .must_5xx = {std::nullopt, kNeither},
      .dane_unusable = {std::nullopt, kNeither},
      .handshake_fails = {Then::kReturns, kJavaTried},
      .bad_certificate = {Then::kReturns, kJavaTried},
      .takes_any_2xx = {false, kJavaTried},
      .takes_last_code = {false, kJavaTried},
      .helo_at_mask = {false, kJavaTried},
      .drops_injected = {true, kJavaTried},
      .null_mx_with_others = {std::nullopt, kCallerChooses},
      .ip_literal = {std::nullopt, kCallerChooses},
      .helo_in_tls = {false, "tried with Jakarta Mail 2.0.0: a refused second EHLO is ignored"},
      .tls_4xx = {Then::kGoesOn, kJavaTried},
      .tls_5xx = {Then::kGoesOn, kJavaTried},
      .tls_closed = {Then::kReturns, kJavaTried},
  };
}

constexpr Sender Python() {
  return {
      .word = "python",
      .label = "Python smtplib",
      .name = "Python",
      .like = "smtplib with starttls() as it comes, Python 3.10 or later",
      .library = {TlsLibrary::kOpenSsl, "Python, module ssl"},
      .level = {2, "Python issue 43998"},
      .authenticated_level = {2, "Python issue 43998"},
      .min_version = {TlsVersion::kTls12, kPythonTried},
      .min_rsa_bits = {0, "the certificate is not verified; 1024 tried with Python 3.11.7"},
      .offers_dhe = {true, "Python 3.10, _ssl.c"},
      .offers_static_rsa = {false, kPythonTried},
      .offers_cbc = {std::nullopt, "Python 3.10, _ssl.c: no SHA-1; in Debian's build, yes"},
      .offers_3des = {false, "Python 3.10, _ssl.c"},
      .needs_rfc5746 = {true, kOpenSsl3},
      .parses_strictly = {true, "OpenSSL, tried with 3.0"},
      .server_name = {ServerName::kAlways, kPythonTried},
      .demand = {Demand::kNothing, kPythonTried},
      .takes_common_name = {std::nullopt, "it demands no certificate"},
      .heeds_revocation = {false, "it demands no certificate"},
      .dane = {false, "Python, smtplib.py"},
      .mta_sts = {false, "Python, smtplib.py"},
      .no_starttls = {Then::kReturns, kPythonTried},
      .starttls_4xx = {Then::kReturns, kPythonTried},
      .starttls_5xx = {Then::kReturns, kPythonTried},
      .must_5xx = {std::nullopt, kNeither},
      .dane_unusable = {std::nullopt, kNeither},
      .handshake_fails = {Then::kReturns, kPythonTried},
      .bad_certificate = {std::nullopt, "it demands none"},
      .takes_any_2xx = {false, kPythonTried},
      .takes_last_code = {true, kPythonTried},
      .helo_at_mask = {false, kPythonTried},
      .drops_injected = {true, kPythonTried},
      .null_mx_with_others = {std::nullopt, kCallerChooses},
      .ip_literal = {std::nullopt, kCallerChooses},
      .helo_in_tls = {true, kPythonTried},
      .tls_4xx = {Then::kReturns, kPythonTried},
      .tls_5xx = {Then::kReturns, kPythonTried},
      .tls_closed = {Then::kReturns, kPythonTried},
  };
}

constexpr std::array kSenders = {PostfixMay(),
                                 PostfixEncrypt(),
                                 PostfixVerify(),
                                 PostfixDane(),
                                 MtaSts(),
                                 Level2(),
                                 Level2Verified(),
                                 Level3(),
                                 VerifiedWithOpenSsl30(),
                                 Level2WithOpenSsl30(),
                                 EximGnuTls(),
                                 EximOpenSsl(),
                                 Stalwart(),
                                 Go(),
                                 Java(),
                                 Python()};

}  // namespace

std::span<const Sender> Senders() { return kSenders; }

const Sender& SenderOf(std::string_view word) {
  const auto found = std::ranges::find(kSenders, word, &Sender::word);
  MXSWEEP_CHECK(found != kSenders.end());
  return *found;
}

std::string_view CellWord(TlsLibrary library) {
  switch (library) {
    case TlsLibrary::kOpenSsl:
      return "OpenSSL 3.1 and later";
    case TlsLibrary::kOpenSsl30:
      return "OpenSSL 3.0";
    case TlsLibrary::kGnuTls:
      return "GnuTLS";
    case TlsLibrary::kRustls:
      return "rustls";
    case TlsLibrary::kGo:
      return "Go";
    case TlsLibrary::kJava:
      return "Java";
  }
  return "";
}

std::string_view CellWord(TlsVersion version) {
  switch (version) {
    case TlsVersion::kTls10:
      return "TLSv1";
    case TlsVersion::kTls11:
      return "TLSv1.1";
    case TlsVersion::kTls12:
      return "TLSv1.2";
    case TlsVersion::kTls13:
      return "TLSv1.3";
  }
  return "";
}

std::string_view CellWord(Then then) {
  switch (then) {
    case Then::kGoesOn:
      return "goes on";
    case Then::kInClear:
      return "in clear at once";
    case Then::kLaterInClear:
      return "next server, later in clear";
    case Then::kLaterEncrypted:
      return "next server, later encrypted all the same";
    case Then::kDefers:
      return "next server, else defers";
    case Then::kRefuses:
      return "next server, else refuses";
    case Then::kReturns:
      return "returns at once";
  }
  return "";
}

std::string_view CellWord(Demand demand) {
  return demand == Demand::kValid ? "valid, with the host's name" : "nothing";
}

std::string_view CellWord(ServerName server_name) {
  switch (server_name) {
    case ServerName::kNever:
      return "never";
    case ServerName::kWithDane:
      return "with DANE";
    case ServerName::kAlways:
      return "always";
  }
  return "";
}

}  // namespace mxsweep::scanner
