// Who refused, and whose key or setting it is, form by form. The facts are those of the programs'
// sources and manuals (Postfix 3.12, Exim, Sendmail, OpenSMTPD, OpenSSL 3.0, GnuTLS, OpenJDK, Go,
// Microsoft's and Google's pages), collected by hand; none of them was taken from our own tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/forms/classify.h"

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;

// "smtp" and "smtpd" stand for postfix/smtp and postfix/smtpd.
std::string Program(std::string_view name) {
  if (name.starts_with('=')) return std::string(name.substr(1));
  if (name == "smtp" || name == "smtpd" || name == "tlsproxy")
    return "postfix/" + std::string(name);
  return std::string(name);
}

// The sides by the letters of the collection: CU us as client, ST they as server, CT they as
// client, SU us as server; "-" nobody, "?" not told; "-/us" nobody unless we verify; "sender" the
// sending client as it reports.
std::string Letters(Side side) {
  switch (side) {
    case Side::kUnknown:
      return "?";
    case Side::kUsAsClient:
      return "CU";
    case Side::kThemAsServer:
      return "ST";
    case Side::kThemAsClient:
      return "CT";
    case Side::kUsAsServer:
      return "SU";
    case Side::kUs:
      return "us";
    case Side::kPeer:
      return "peer";
    case Side::kOurSetup:
      return "U";
    case Side::kNobody:
      return "-";
    case Side::kUsIfVerifying:
      return "-/us";
    case Side::kSender:
      return "sender";
    case Side::kReceivingServer:
      return "server";
  }
  return "";
}

// "P U": theirs first, then ours; "R": the receiving server's, "S": the sending client's.
std::string Owners(const Cause& cause) {
  std::string text;
  for (const Owner owner : cause.owners) {
    if (!text.empty()) text += ' ';
    text += "UPRS"[static_cast<size_t>(owner)];
  }
  return text;
}

struct Row {
  const char* program;
  const char* line;
  const char* side;
  const char* owners;  // the first one counts, where the rest is not named
  TroubleKind kind = TroubleKind::kRefused;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.line);
    const std::optional<Cause> cause = Classify(row.line, Program(row.program));
    if (!cause.has_value()) {
      ADD_FAILURE() << "not taken for trouble";
      continue;
    }
    EXPECT_TRUE(cause->known) << cause->title;
    EXPECT_EQ(Letters(cause->side), row.side) << cause->id;
    const std::string owners = Owners(*cause);
    EXPECT_TRUE(owners == row.owners || owners.starts_with(std::string(row.owners) + " "))
        << cause->id << ": " << owners << ", not " << row.owners;
    EXPECT_EQ(cause->kind, row.kind) << cause->id;
    EXPECT_FALSE(cause->title.empty());
    EXPECT_THAT(cause->not_this, HasSubstr("ot ")) << cause->id;
  }
}

constexpr auto kNote = TroubleKind::kNote;
constexpr auto kClear = TroubleKind::kClear;
constexpr auto kNotTls = TroubleKind::kNotTls;

TEST(Forms, Postfix) {
  Check({
      {"smtp",
       "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, dsn=4.7.5, status=deferred "
       "(Cannot start TLS: handshake failure)",
       "?", ""},
      {"smtp", "SSL_connect error to mx.example.test[192.0.2.1]:25: -1", "?", ""},
      {"smtp", "TLS is required, but was not offered by host mx.example.test[192.0.2.1]", "CU",
       "P"},
      {"smtp",
       "TLS is required, but host mx.example.test[192.0.2.1] refused to start TLS: 454 4.7.0 "
       "TLS not available due to local problem",
       "ST", "P"},
      {"smtp", "TLS is required, but our TLS engine is unavailable", "CU", "U"},
      // smtp_tls_policy.c: said of a policy that cannot be looked up or read; TLS has not begun.
      {"smtp",
       "warning: smtp_tls_policy_maps, next-hop destination \"example.test\": invalid attribute "
       "name: \"servername\"",
       "CU", "U"},
      {"smtp",
       "warning: TLS policy lookup for example.test/mx.example.test: client TLS configuration "
       "problem",
       "CU", "U"},
      {"smtp", "Server certificate not verified", "CU", "P"},
      {"smtp", "Server certificate not trusted", "CU", "P"},
      {"smtp",
       "certificate verification failed for mx.example.test[192.0.2.1]:25: untrusted issuer /CN=X",
       "-/us", "P", kNote},
      {"smtp",
       "certificate verification failed for mx.example.test[192.0.2.1]:25: not trusted by local or "
       "TLSA policy",
       "CU", "P"},
      {"smtp",
       "server certificate verification failed for mx.example.test[192.0.2.1]:25: certificate has "
       "expired",
       "-/us", "P", kNote},
      {"smtp",
       "server certificate verification failed for mx.example.test[192.0.2.1]:25: num=62:hostname "
       "mismatch",
       "-/us", "P", kNote},
      {"smtp",
       "server certificate verification failed for mx.example.test[192.0.2.1]:25: num=66:EE "
       "certificate key too weak",
       "-/us", "P", kNote},
      {"smtp",
       "server certificate verification failed for mx.example.test[192.0.2.1]:25: num=67:CA "
       "certificate key too weak",
       "-/us", "P", kNote},
      {"smtp",
       "server certificate verification failed for mx.example.test[192.0.2.1]:25: num=68:CA "
       "signature digest algorithm too weak",
       "-/us", "P", kNote},
      {"smtp",
       "Untrusted TLS connection established to mx.example.test[192.0.2.1]:25: TLSv1.3 with cipher "
       "TLS_AES_256_GCM_SHA384 (256/256 bits)",
       "-", "", kNote},
      {"smtp", "TLSA lookup error for mx.example.test:25", "CU", "P"},
      {"smtp", "non DNSSEC destination", "CU", "U"},
      {"smtp", "no TLSA records found", "CU", "U"},
      {"smtp",
       "mx.example.test[192.0.2.1]:25: all TLSA records unusable, fallback to unauthenticated TLS",
       "-", "P", kNote},
      {"smtp", "unsupported TLSA certificate usage 0 in RR", "-", "P", kNote},
      {"smtp", "dane configured with dnssec lookups disabled", "CU", "U"},
      {"smtp",
       "Sender requested REQUIRETLS, but TLS service was not offered by host "
       "mx.example.test[192.0.2.1]",
       "CU", "P"},
      {"smtp", "SMTPS wrappermode (TCP port 465) requires setting \"smtp_tls_wrappermode = yes\"",
       "CU", "U"},
      {"smtpd", "lost connection after STARTTLS from unknown[192.0.2.1]", "CT", "U"},
      {"smtpd", "530 5.7.0 Must issue a STARTTLS command first", "SU", "U"},
      {"smtpd",
       "NOQUEUE: reject: MAIL from unknown[192.0.2.1]: 450 4.7.1 Session encryption is "
       "required",
       "SU", "U"},
      {"smtpd", "421 4.7.1 mx.example.test Error: Client certificate not trusted", "SU", "U"},
      {"smtpd", "421 4.7.1 mx.example.test Error: No client certificate presented", "SU", "U"},
      {"smtpd", "454 4.7.0 TLS not available due to local problem", "SU", "U"},
      {"smtpd", "454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.1]", "SU", "U"},
      {"tlsproxy", "TLS handshake failed for service=smtpd peer=[192.0.2.1]:4711", "?", ""},
  });
}

TEST(Forms, PostfixsOwnPolicyIsNotItsOwnCertificate) {
  const auto id = [](std::string_view line) {
    const std::optional<Cause> cause = Classify(line, "postfix/smtp");
    return cause ? cause->id : "";
  };
  EXPECT_EQ(id("4Xk1: to=<a@example.test>, relay=none, dsn=4.7.5, status=deferred (client TLS "
               "configuration problem)"),
            "own_tls_policy");
  EXPECT_EQ(id("TLS is required, but our TLS engine is unavailable"), "own_tls_unavailable");
}

TEST(Forms, StalwartMoxKumoMta) {
  Check({
      {"", "TLS error from 'mx.example.test': STARTTLS not advertised by host.", "CU", "P"},
      {"",
       "context=\"tls\" event=\"unavailable\" mx=\"mx.example.test\" reason=\"STARTTLS was not "
       "advertised by host\"",
       "-", "P", kClear},
      // It validates by itself: said of every signed domain where the resolver drops signatures.
      {"", "DANE failed to authenticate: Bogus MX records were found", "CU", "U"},
      {"", "DANE failed to authenticate 'mx.example.test': No TLSA records were found", "CU", "U"},
      {"",
       "TLS error from 'mx.example.test': Handshake failed: received fatal alert: "
       "HandshakeFailure",
       "ST", "U"},
      {"",
       "TLS error from 'mx.example.test': Handshake failed: invalid peer certificate: "
       "UnknownIssuer",
       "CU", "P"},
      {"",
       "l=debug m=\"queue deliverhost result\" err=\"tls error: STARTTLS: got 502, expected 220, "
       "permanent: 502 5.5.1 Error: command not implemented\" host=mx.example.test",
       "ST", "P"},
      {"",
       "KumoMTA internal: failed to connect to any candidate hosts: TLS handshake with "
       "ResolvedAddress { name: \"mx.example.test.\", addr: 192.0.2.2 }:25 failed: tls handshake "
       "eof",
       "ST", "P"},
  });
}

// SSL_get_error(3), SSL_ERROR_SYSCALL: an empty queue of errors is the end of the connection.
TEST(Forms, OpensslWithoutAnErrorMeansThatTheConnectionEnded) {
  Check({
      {"",
       "TLS error on connection to mx.example.test [192.0.2.1] (SSL_connect): "
       "error:00000000:lib(0):func(0):reason(0)",
       "ST", "P"},
      {"",
       "TLS error on connection from mail.example.test [192.0.2.1] (SSL_accept): "
       "error:00000000:lib(0)::reason(0)",
       "CT", "P"},
  });
}

// The names are those of Postfix's source (src/tls/tlsrpt_wrapper.c).
TEST(Forms, WhatPostfixReportsToTheDomain) {
  const std::string head =
      "TLSRPT: status=failure, domain=example.test, receiving_mx=mx.example.test[192.0.2.1], "
      "failure_type=";
  struct Type {
    const char* name;
    const char* owners;
  };
  for (const Type& type : std::vector<Type>{{"starttls_not_supported", "P"},
                                            {"certificate_host_mismatch", "P"},
                                            {"certificate_not_trusted", "P"},
                                            {"certificate_expired", "P"},
                                            {"sts_policy_fetch_error", "P"},
                                            {"sts_policy_invalid", "P"},
                                            {"sts_webpki_invalid", "P"},
                                            {"tlsa_invalid", "P"},
                                            {"dnssec_invalid", "P"},
                                            {"dane_required", "U"}}) {
    const std::string line = head + type.name;
    Check({{"smtp", line.c_str(), "CU", type.owners}});
  }
  const std::string line = head + "validation_failure, failure_reason=tls-handshake-failure";
  Check({{"smtp", line.c_str(), "?", ""}});
}

TEST(Forms, WhatAPeerIsQuotedWithIsThePeers) {
  Check({
      {"smtp",
       "4Xk1: host mx.example.test[192.0.2.1] said: 454 4.7.0 TLS not available due to local "
       "problem (in reply to STARTTLS command)",
       "ST", "P"},
      {"smtp",
       "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, status=bounced (host "
       "mx.example.test[192.0.2.1] said: 530 5.7.0 Must issue a STARTTLS command first (in reply "
       "to MAIL FROM command))",
       "ST", "U"},
      {"sm-mta",
       "x1: to=<a@example.test>, relay=mx.example.test. [192.0.2.1], dsn=4.3.3, stat=Deferred: 454 "
       "4.3.3 TLS not available after start",
       "ST", "P"},
      {"smtp",
       "4Xk1: host mx.example.test[192.0.2.1] said: 454 TLS missing certificate: "
       "error:0200100D:system library:fopen:Permission denied (#4.3.0)",
       "ST", "P"},
  });
}

TEST(Forms, Exim) {
  Check({
      {"",
       "1abc == a@example.test R=dnslookup T=remote_smtp defer (-37) H=mx.example.test "
       "[192.0.2.1]: TLS session: (SSL_connect): error:0A00018A:SSL routines::dh key too small",
       "CU", "P"},
      {"",
       "1abc == a@example.test R=dnslookup T=remote_smtp defer (-37) H=mx.example.test "
       "[192.0.2.1]: TLS session: (SSL_connect): ",
       "?", ""},
      {"",
       "1abc H=mx.example.test [192.0.2.1] TLS session: (gnutls_handshake): The Diffie-Hellman "
       "prime sent by the server is not acceptable (not long enough).",
       "CU", "P"},
      {"",
       "1abc H=mx.example.test [192.0.2.1]: TLS session: (gnutls_handshake): rxd alert: "
       "Certificate is bad",
       "ST", "U"},
      {"",
       "TLS error on connection from (h) [192.0.2.1] (gnutls_handshake): rxd alert: Certificate "
       "is bad",
       "CT", "U"},
      {"",
       "1abc == a@example.test R=r T=remote_smtp defer (-38) H=mx.example.test [192.0.2.1]: a "
       "TLS session is required, but the server did not offer TLS support",
       "CU", "P"},
      {"", "a TLS session is required, but an attempt to start TLS failed", "?", "P"},
      {"", "1abc H=mx.example.test [192.0.2.1]: DANE error: tlsa lookup DEFER", "CU", "P"},
      {"", "DANE error: mx.example.test lookup not DNSSEC", "CU", "U"},
      {"", "DANE error: No usable TLSA records", "CU", "P"},
      {"", "TLSA record problem: none usable", "CU", "P"},
      {"",
       "TLS error on connection from (h) [192.0.2.1] (SSL_accept): error:0A000412:SSL "
       "routines::sslv3 alert bad certificate",
       "CT", "U"},
      {"",
       "TLS error on connection from (h) [192.0.2.1] (SSL_accept): error:0A0000C1:SSL "
       "routines::no shared cipher",
       "SU", "U"},
      {"", "TLS error on connection from (h) [192.0.2.1] SSL_accept: TCP connection closed by peer",
       "CT", "U"},
      {"", "[192.0.2.1] SSL verify error: depth=0 error=self-signed certificate cert=/CN=x", "-/us",
       "P", kNote},
      {"", "TLS session: (certificate verification failed): certificate invalid", "CU", "P"},
      {"", "503 STARTTLS command used when not advertised", "server", "R"},
      {"", "454 TLS currently unavailable", "server", "R"},
      {"",
       "SMTP protocol error in \"STARTTLS\" H=(h) [192.0.2.1] STARTTLS command used when not "
       "advertised",
       "SU", "U"},
  });
}

// Exim logs both roles in nearly the same words (src/tls.c): the host of a delivery in front, or
// the client behind "from".
TEST(Forms, EximAsClientAndAsServer) {
  Check({
      {"",
       "H=mx.example.test [192.0.2.1] TLS error on connection (gnutls_handshake): The TLS "
       "connection was non-properly terminated.",
       "ST", "P"},
      {"",
       "TLS error on connection from c.example.test [192.0.2.1] (gnutls_handshake): The TLS "
       "connection was non-properly terminated.",
       "CT", "P"},
      {"",
       "H=mx.example.test [192.0.2.1] TLS error on connection (recv): The TLS connection was "
       "non-properly terminated.",
       "-", "U", kNote},
      {"",
       "TLS error on connection from c.example.test [192.0.2.1] (recv): The TLS connection was "
       "non-properly terminated.",
       "-", "U", kNote},
  });
}

TEST(Forms, SendmailOpensmtpdQmailHaraka) {
  Check({
      {"sm-mta",
       "STARTTLS=client, relay=mx.example.test., version=TLSv1.3, verify=FAIL, "
       "cipher=TLS_AES_256_GCM_SHA384, bits=256/256",
       "-", "", kNote},
      {"sm-mta", "STARTTLS=client, error: connect failed=-1, reason=dh key too small, SSL_error=1",
       "CU", "P"},
      {"sm-mta",
       "STARTTLS=client, error: connect failed=-1, reason=sslv3 alert handshake failure, "
       "SSL_error=1, errno=0, retry=-1",
       "ST", "U"},
      {"sm-mta",
       "STARTTLS=server, error: accept failed=-1, reason=no shared cipher, SSL_error=1, errno=0, "
       "retry=-1, relay=mx.example.test [192.0.2.1]",
       "SU", "U"},
      {"sm-mta",
       "STARTTLS=server, error: accept failed=-1, reason=tlsv1 alert unknown ca, SSL_error=1, "
       "errno=0, retry=-1, relay=mx.example.test [192.0.2.1]",
       "CT", "U"},
      {"sm-mta", "x1: to=<a@example.test>, stat=Deferred: 454 4.7.0 DANE check failed.", "CU", "P"},
      {"sm-mta",
       "STARTTLS=client, relay=mx.example.test., warning=DANE configured in DNS but no STARTTLS "
       "available",
       "CU", "P"},
      {"sm-mta", "STARTTLS=client: encryption too weak 0 less than 112", "CU", "U"},
      {"sm-mta", "other side does not support STARTTLS", "CU", "U"},
      {"sm-mta", "STARTTLS=server: 454 4.3.3 TLS not available after start", "SU", "U"},
      {"=smtpd", "5f01 mta error reason=TLS required but not supported by remote host", "CU", "P"},
      {"OpenSMTPD", "5f01 mta opportunistic TLS failed, downgrading to plain", "-", "P", kClear},
      {"OpenSMTPD", "5f01 mta cert-check result=\"unverified\"", "-", "", kNote},
      {"OpenSMTPD",
       "5f01 smtp disconnected reason=\"io-error: handshake failed: error:1404B412:SSL "
       "routines:ST_CONNECT:sslv3 alert bad certificate\"",
       "ST", "U"},
      {"OpenSMTPD", "mta name 'mx.example.test' not present in server certificate", "CU", "P"},
      {"qmail-remote",
       "ZTLS connect failed: error:0A000102:SSL routines::unsupported protocol; connecting to "
       "192.0.2.1",
       "CU", "P"},
      {"",
       "delivery 4: deferral: TLS_connect_failed:_error:1417110A:SSL_routines:tls_process_ske_"
       "dhe:dh_key_too_small/",
       "CU", "P"},
      {"",
       "454 TLS missing certificate: error:0200100D:system library:fopen:Permission denied "
       "(#4.3.0)",
       "ST", "P"},
      {"", "[outbound] Host failed TLS verification required by configuration.", "CU", "P"},
      {"", "TLS connection failed. Marking mx.example.test as non-TLS for 86400 seconds", "-", "P",
       kClear},
  });
}

// Their own words, whatever they look like (the form of Broadcom's article 416007).
TEST(Forms, MomentumStalwartMoxMaddy) {
  Check({
      {"", "451 4.7.6 [internal] STARTTLS required but not advertised", "CU", "P"},
      {"=bounce/smtp",
       "Diagnostic-Code: smtp; 451 4.7.6 [internal] STARTTLS required but not advertised", "CU",
       "P"},
      {"", "451 4.4.2 [internal] Connection died while negotiating STARTTLS (TLS)", "ST", "P"},
      {"", "454 4.7.5 [internal] TLS handshake failed: certificate verify failed", "CU", "P"},
      {"",
       "INFO delivery{id=1}:attempt{domain=\"example.test\"}: smtp::outbound::delivery: "
       "context=\"tls\" event=\"failed\" mx=\"mx.example.test\" error=I/O error: tls handshake eof",
       "ST", "P"},
      {"=bounce/smtp",
       "<a@example.test> (TLS error from 'mx.example.test': I/O error: tls handshake eof)", "ST",
       "P"},
      {"", "(TLS error from 'mx.example.test': STARTTLS not advertised by host.)", "CU", "P"},
      {"",
       "(TLS error from 'mx.example.test': Handshake failed: received fatal alert: "
       "HandshakeFailure)",
       "ST", "U"},
      {"",
       "INFO STARTTLS error (delivery.start-tls-error) queueId = 1, domain = \"example.test\", "
       "hostname = \"mx.example.test\", details = I/O Error, reason = tls handshake eof",
       "ST", "P"},
      {"",
       "l=error m=\"permanent failure\" err=\"tls error: STARTTLS: got 502, expected 220, "
       "permanent: "
       "502 5.5.1 Error: command not implemented\" pkg=queue",
       "ST", "P"},
      {"", "\"reason\":\"TLS it not available or unauthenticated but required\"", "CU", "P"},
  });
}

TEST(Forms, ExchangeAndSchannel) {
  Check({
      {"",
       "Reason: [{LED=450 4.7.320 Certificate validation failed [Message=SubjectMismatch]};{FQDN="
       "mx.example.test};{IP=192.0.2.1}]",
       "sender", "R"},
      {"",
       "450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is required to "
       "send "
       "mail]",
       "ST", "R"},
      {"", "450 4.4.318 Connection was closed abruptly", "ST", "R"},
      {"", "450 4.7.321 starttls-not-supported: Destination mail server must support TLS", "sender",
       "R"},
      {"", "5.7.321 starttls-not-supported", "sender", "R"},
      {"", "4.7.323 tlsa-invalid: The domain failed DANE validation", "sender", "R"},
      {"", "5.7.324 dnssec-invalid", "sender", "R"},
      {"", "4.7.325 certificate-host-mismatch", "sender", "R"},
      {"", "5.7.5 Remote certificate failed MTA-STS validation. Reason: UntrustedRoot", "sender",
       "R"},
      {"", "5.4.8 MX hosts of example.test failed MTA-STS validation", "sender", "R"},
      {"", "454 4.7.5 Certificate validation failure, Reason:UntrustedRoot", "CU", "P"},
      {"", "TLS negotiation failed with error NoCredentials", "CU", "U"},
      {"", "TLS negotiation failed with error SocketError", "?", "P"},
      {"", "421 4.7.66 TLS 1.0 and 1.1 are not supported", "ST", "U"},
      {"",
       "Schannel 36874 An TLS 1.2 connection request was received from a remote client "
       "application, but none of the cipher suites supported by the client application are "
       "supported by the server.",
       "SU", "U"},
      {"",
       "Schannel 36887 A fatal alert was received from the remote endpoint. The TLS protocol "
       "defined fatal alert code is 40.",
       "peer", "U"},
      {"",
       "Schannel 36888 A fatal alert was generated and sent to the remote endpoint. The TLS "
       "protocol defined fatal error code is 70.",
       "us", "U"},
      {"",
       "Schannel 36882 The certificate received from the remote server was issued by an "
       "untrusted certificate authority.",
       "CU", "P"},
      {"", "Schannel 36881 The certificate received from the remote server has expired.", "CU",
       "P"},
      {"",
       "Schannel 36884 The certificate received from the remote server does not contain the "
       "expected name.",
       "CU", "P"},
  });
}

TEST(Forms, Providers) {
  Check({
      {"", "421 4.7.0 TLS required for RCPT domain, closing connection.", "ST", "U"},
      {"",
       "550-5.7.29 Your email has been blocked because this message wasn't sent over a TLS "
       "connection.",
       "ST", "U"},
      {"", "421-4.7.29 rate limited since this message wasn't sent over a TLS connection", "ST",
       "U"},
      {"", "530 5.7.0 Must issue a STARTTLS command first. a1-20020a gsmtp", "ST", "U"},
      {"", "SMTP protocol violation, no commands allowed to pipeline after STARTTLS", "ST", "U"},
      {"", "TLS Negotiation failed, the certificate doesn't match the host., code: 0", "sender",
       "U"},
      {"", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "ST", "U", kNotTls},
      {"", "553 This route requires encryption (TLS)", "ST", "U"},
      {"", "553 This route requires TLS version 1.2 or greater", "ST", "U"},
      {"", "553 This route requires high-strength ciphers", "ST", "U"},
      {"", "TLS required but not supported", "CU", "P"},
      {"", "\"tls\": false", "-", "P", kClear},
      {"", "\"certificate-verified\": false", "-", "U", kNote},
      {"",
       "550 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.1 Failed to "
       "establish connection>",
       "?", "P"},
      {"", "Info: ICID 9 TLS failed", "?", ""},
  });
}

TEST(Forms, StatusCodes) {
  Check({
      {"", "530 5.7.3 Security conversion required but not possible", "server", "S"},
      {"", "504 5.7.4 Security features not supported", "?", "R"},
      {"", "554 5.7.5 Cryptographic failure", "?", ""},
      {"", "535 5.7.8 Authentication credentials invalid", "-", "U", kNotTls},
      {"", "534 5.7.9 Authentication mechanism is too weak", "-", "U", kNotTls},
      {"", "523 5.7.10 Encryption Needed", "server", "S"},
      {"", "538 5.7.11 Encryption required for requested authentication mechanism", "server", "S"},
      {"", "550 5.7.27 Sender address has null MX", "-", "U", kNotTls},
      {"", "550 5.7.29 ARC validation failure", "-", "", kNotTls},
      {"", "550 5.7.30 REQUIRETLS support required", "CU", "P"},
      {"", "454 TLS temporarily unavailable", "server", "R"},
  });
}

// Every library of SSL's reasons, in both forms of the number, by text and without one.
TEST(Forms, Openssl) {
  Check({
      {"smtp",
       "warning: TLS library problem: error:0A00018F:SSL routines::ee key too small:ssl/"
       "ssl_rsa.c:221:",
       "U", "U"},
      {"smtp",
       "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:ssl/statem/"
       "statem_clnt.c:2086:",
       "CU", "P"},
      {"", "error:141A318A:SSL routines:tls_process_ske_dhe:dh key too small", "CU", "P"},
      {"", "error:0A00018A:lib(20)::reason(394)", "CU", "P"},
      {"", "error:0A00018A:SSL routines::dh key too small:ssl/statem/statem_srvr.c:2400:", "SU",
       "U"},
      {"", "error:0A00018D:SSL routines::ca key too small", "U", "U"},
      {"", "error:0A00018E:SSL routines::ca md too weak", "U", "U"},
      {"smtp", "error:0A000172:SSL routines::wrong signature type", "CU", "P"},
      {"smtpd", "error:0A000076:SSL routines::no suitable signature algorithm", "SU", "U"},
      {"", "error:0A00014D:SSL routines::legacy sigalg disallowed or unsupported", "us", "P"},
      {"smtp", "error:0A000102:SSL routines::unsupported protocol:ssl/statem/statem_clnt.c:1", "CU",
       "P"},
      {"smtpd", "error:0A000102:SSL routines::unsupported protocol", "SU", "P"},
      {"smtpd", "error:0A0000C1:SSL routines::no shared cipher", "SU", "U"},
      {"", "error:0A00010B:SSL routines::wrong version number", "us", "U"},
      {"", "error:0A00009C:SSL routines::http request", "SU", ""},
      {"", "error:0A000126:SSL routines::unexpected eof while reading", "peer", "P"},
      {"", "error:0A000152:SSL routines::unsafe legacy renegotiation disabled", "CU", "P"},
      {"", "error:0A000132:SSL routines::bad ecpoint", "us", "P"},
      {"", "error:0A000410:SSL routines::sslv3 alert handshake failure", "peer", "U"},
      {"", "error:0A00042E:SSL routines::tlsv1 alert protocol version", "peer", "U"},
      {"", "error:0A00042F:SSL routines::tlsv1 alert insufficient security", "peer", "U"},
      {"", "error:0A000438:SSL routines::tlsv1 alert internal error", "peer", "P"},
      {"", "error:0A000418:SSL routines::tlsv1 alert unknown ca", "peer", "U"},
      {"", "error:0A000416:SSL routines::sslv3 alert certificate unknown", "peer", "U"},
      {"", "error:0A000412:SSL routines::sslv3 alert bad certificate", "peer", "U"},
      {"", "error:0A00041B:SSL routines::tlsv1 alert decrypt error", "peer", "U"},
      {"", "error:0A000458:SSL routines::tlsv1 unrecognized name", "ST", "P"},
      {"", "error:0A00045C:SSL routines::tlsv13 alert certificate required", "ST", "U"},
      {"", "error:0A000410:lib(20)::reason(1040)", "peer", "U"},
      {"", "error:0A000410:SSL routines::ssl/tls alert handshake failure:SSL alert number 40",
       "peer", "U"},
      // Alone, as somebody asks about it.
      {"", "dh key too small", "CU", "P"},
      {"", "ee key too small", "U", "U"},
      {"", "no shared cipher", "SU", "U"},
      {"", "http request", "SU", ""},
  });
}

TEST(Forms, OtherLibraries) {
  Check({
      {"", "A TLS fatal alert has been received: Insufficient security", "peer", "U"},
      {"", "Could not negotiate a supported cipher suite.", "us", "U"},
      {"", "A packet with illegal or unsupported version was received.", "us", "P"},
      {"", "An algorithm that is not enabled was negotiated.", "us", "P"},
      {"",
       "javax.net.ssl.SSLHandshakeException: DH ServerKeyExchange does not comply to algorithm "
       "constraints",
       "CU", "P"},
      {"",
       "Algorithm constraints check failed on keysize limits: RSA 512 bit key used with "
       "certificate: CN=mx.example.test",
       "CU", "P"},
      {"",
       "Algorithm constraints check failed on keysize limits. RSA 512bit key used with "
       "certificate: CN=mx.example.test",
       "CU", "P"},
      {"",
       "sun.security.validator.ValidatorException: PKIX path building failed: "
       "sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid "
       "certification path to requested target",
       "CU", "P"},
      {"",
       "The server selected protocol version TLS10 is not accepted by client preferences [TLS13, "
       "TLS12]",
       "CU", "P"},
      {"", "No appropriate protocol (protocol is disabled or cipher suites are inappropriate)", "U",
       "U"},
      {"", "STARTTLS is required but host does not support STARTTLS", "CU", "P"},
      {"", "tls: server selected unsupported protocol version 301", "CU", "P"},
      {"", "remote error: tls: handshake failure", "peer", "P"},
      {"", "tls: failed to verify certificate: x509: certificate signed by unknown authority", "CU",
       "P"},
      {"", "x509: certificate is valid for a.example.test, not mx.example.test", "CU", "P"},
      {"", "x509: certificate relies on legacy Common Name field, use SANs instead", "CU", "P"},
      {"", "crypto/rsa: 512-bit keys are insecure", "us", "P"},
      {"", "tls: first record does not look like a TLS handshake", "us", "U"},
      {"", "tls: no cipher suite supported by both client and server", "SU", "U"},
      {"", "[SSL: DH_KEY_TOO_SMALL] dh key too small (_ssl.c:1006)", "CU", "P"},
      {"", "STARTTLS extension not supported by server.", "CU", "P"},
      {"", "Error initiating TLS - 140735:error:0A000102:SSL routines::unsupported protocol", "CU",
       "P"},
      {"", "Server does not support REQUIRETLS extension (RFC 8689)", "CU", "P"},
      {"", "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure (_ssl.c:1006)",
       "peer", "U"},
      {"", "Received fatal alert: handshake_failure", "peer", "U"},
      {"", "received fatal alert: HandshakeFailure", "peer", "U"},
      {"", "remote error: tls: unknown certificate authority", "peer", "U"},
      {"", "SSL3 alert read:fatal:unknown CA", "peer", "U"},
  });
}

// Go 1.23, doc/godebug.md: x509negativeserial.
TEST(Forms, WhatGoDoesNotParse) {
  Check({{"", "tls: failed to parse certificate from server: x509: negative serial number", "CU",
          "P"}});
}

// Forms of the same families that no table has by name: the rules decide.
TEST(Forms, DotNet) {
  Check({
      {"",
       "System.Security.Authentication.AuthenticationException: The remote certificate is invalid "
       "according to the validation procedure.",
       "CU", "P"},
      {"", "An error occurred while attempting to establish an SSL or TLS connection.", "?", ""},
  });
}

TEST(Forms, WhatIsNotKnownIsJudgedByTheRules) {
  const auto unknown = [](std::string_view line, std::string_view program) {
    const std::optional<Cause> cause = Classify(line, Program(program));
    EXPECT_TRUE(cause.has_value()) << line;
    if (!cause.has_value()) return std::string();
    EXPECT_FALSE(cause->known) << line << ": " << cause->id;
    EXPECT_THAT(cause->title, HasSubstr("not known"));
    return Letters(cause->side);
  };
  EXPECT_EQ(
      unknown("warning: TLS library problem: error:0A000999:SSL routines::brand new reason:ssl/"
              "statem/statem_clnt.c:1:",
              "smtp"),
      "CU");
  EXPECT_EQ(unknown("error:0A0004A0:SSL routines::reason(1184):SSL alert number 184", "smtpd"),
            "CT");
  EXPECT_EQ(unknown("remote error: tls: a word of next year", ""), "peer");
  EXPECT_EQ(unknown("javax.net.ssl.SSLHandshakeException: something unheard of", ""), "us");
  EXPECT_EQ(unknown("warning: strange TLS failure of the third kind", ""), "?");
}

TEST(Forms, LinesThatAreNoTroubleOfTlsAreLeftAlone) {
  for (const char* line : {
           "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, delay=1, dsn=2.0.0, "
           "status=sent (250 2.0.0 Ok: queued as 4Xk2)",
           "Trusted TLS connection established to mx.example.test[192.0.2.1]:25: TLSv1.3 with "
           "cipher "
           "TLS_AES_256_GCM_SHA384 (256/256 bits)",
           "Verified TLS connection established to mx.example.test[192.0.2.1]:25: TLSv1.3",
           "Anonymous TLS connection established from unknown[192.0.2.1]: TLSv1.3 with cipher "
           "TLS_AES_256_GCM_SHA384",
           "STARTTLS=client, relay=mx.example.test., version=TLSv1.3, verify=OK, "
           "cipher=TLS_AES_256_GCM_SHA384, bits=256/256",
           "4Xk1: to=<a@example.test>, dsn=5.1.1, status=bounced (host mx.example.test[192.0.2.1] "
           "said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
           "disconnect from unknown[5.7.27.9] ehlo=1 starttls=1 mail=1 rcpt=1 data=1 quit=1",
           "1abc => a@example.test R=dnslookup T=remote_smtp H=mx.example.test [192.0.2.1] "
           "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C=\"250 OK\"",
           "H=mx.example.test [192.0.2.1] X=TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256 CV=no "
           "F=<a@example.test> rejected RCPT <b@example.test>: relay not permitted",
           "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<a>, method=PLAIN, "
           "rip=192.0.2.1, TLS, session=<x>",
           "opendkim: 4Xk1: mx.example.test [192.0.2.1]: key data is not secure: key too small",
           "SSL3 alert read:warning:close notify",
           "GET /tls/error.html HTTP/1.1 404",
           "connect from unknown[192.0.2.1]",
       }) {
    const std::optional<Cause> cause = Classify(line, "");
    EXPECT_FALSE(cause.has_value()) << line << ": " << cause->id << " " << cause->title;
  }
}

// Signatures and sizes of DKIM keys are told in OpenSSL's words, too; headers are anybody's words.
TEST(Forms, ProgramsThatLookAtMessagesAreLeftAlone) {
  const auto says = [](std::string_view program, std::string_view line) {
    return Classify(line, program).has_value();
  };
  const char* const dkim =
      "s=sel d=example.test SSL error:04091068:rsa routines:int_rsa_verify:bad signature";
  EXPECT_FALSE(says("opendkim", dkim));
  EXPECT_TRUE(says("postfix/smtp",
                   "warning: TLS library problem: error:04091068:rsa "
                   "routines:int_rsa_verify:bad signature:crypto/rsa/rsa_ossl.c:1:"));
  EXPECT_FALSE(says("postfix/cleanup",
                    "4Xk1: warning: header Subject: Your SSL certificate has expired "
                    "from local; from=<a@b.test>"));
  EXPECT_FALSE(says("postfix/qmgr", "4Xk1: from=<tls-reports@ssl-error.test>, size=1, nrcpt=1"));
  EXPECT_FALSE(says("postfix/smtpd", "unknown[192.0.2.1]: TLS cipher list \"aNULL:-aNULL:HIGH\""));
}

}  // namespace
}  // namespace mxsweep::tools
