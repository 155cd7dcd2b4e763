// Time, program, process, id and the other side of a line, in the forms of each log.
#include "tools/explain/lines/envelope.h"

#include <gtest/gtest.h>

namespace mxsweep::tools {
namespace {

// 2026-11-28 10:00:00 UTC, as `date -ud "2026-11-28 10:00:00" +%s` has it.
constexpr int64_t kTen = 1795860000;
constexpr int64_t kNow = kTen + 3600;

Envelope Parse(std::string_view line) { return ParseEnvelope(line, kNow); }

TEST(ParseEnvelope, ReadsSyslogOfPostfix) {
  const Envelope envelope =
      Parse("Nov 28 10:00:00 mx1 postfix/smtp[811]: 4Xk1zz: to=<a@example.test>, relay=none");
  EXPECT_EQ(envelope.time_s, kTen);
  EXPECT_EQ(envelope.machine, "mx1");
  EXPECT_EQ(envelope.program, "postfix/smtp");
  EXPECT_EQ(envelope.process, "811");
  EXPECT_EQ(envelope.id, "4Xk1zz");
  EXPECT_EQ(envelope.text, "to=<a@example.test>, relay=none");
}

TEST(ParseEnvelope, TakesAMonthAheadForLastYears) {
  EXPECT_EQ(Parse("Dec 28 10:00:00 mx1 postfix/smtp[811]: x").time_s,
            kTen - (365 - 30) * int64_t{86400});
}

TEST(ParseEnvelope, ReadsRfc3339WithZone) {
  for (const char* line : {"2026-11-28T11:00:00.123456+01:00 mx1 postfix/smtpd[9]: connect",
                           "2026-11-28T10:00:00Z mx1 postfix/smtpd[9]: connect",
                           "2026-11-28 11:00:00 +0100 mx1 postfix/smtpd[9]: connect"}) {
    const Envelope envelope = Parse(line);
    EXPECT_EQ(envelope.time_s, kTen) << line;
    EXPECT_EQ(envelope.program, "postfix/smtpd") << line;
    EXPECT_EQ(envelope.text, "connect") << line;
  }
}

TEST(ParseEnvelope, ReadsRfc5424) {
  const Envelope envelope =
      Parse("<22>1 2026-11-28T10:00:00Z mx1 postfix/smtp 811 - - 4Xk1: Cannot start TLS");
  EXPECT_EQ(envelope.time_s, kTen);
  EXPECT_EQ(envelope.program, "postfix/smtp");
  EXPECT_EQ(envelope.process, "811");
}

TEST(ParseEnvelope, ReadsEximsMainLog) {
  const Envelope envelope = Parse(
      "2026-11-28 10:00:00 1tGabc-0001Xy-2f == a@example.test R=dnslookup T=remote_smtp defer "
      "(-37)");
  EXPECT_EQ(envelope.time_s, kTen);
  EXPECT_EQ(envelope.id, "1tGabc-0001Xy-2f");
  EXPECT_EQ(envelope.program, "");
}

TEST(ParseEnvelope, ReadsASessionOfExchange) {
  const Envelope envelope = Parse(
      "2026-11-28T10:00:00.000Z,Outbound,08DE2B3C4D5E6F70,12,10.0.0.1:5,192.0.2.1:25,*,,TLS "
      "negotiation failed with error SocketError");
  EXPECT_EQ(envelope.time_s, kTen);
  EXPECT_EQ(envelope.id, "08DE2B3C4D5E6F70");
}

// "docker compose logs", and an image's own level in the host's place (docker-postfix).
TEST(ParseEnvelope, ReadsWhatContainersPutInFront) {
  const std::string line = "Nov 28 10:00:00 mx1 postfix/smtp[811]: 4Xk1b2: to=<a@example.test>";
  const Envelope compose = ParseEnvelope("mail-1  | " + line, 1795863600);
  EXPECT_EQ(compose.program, "postfix/smtp");
  EXPECT_EQ(compose.process, "811");
  EXPECT_EQ(compose.machine, "mx1");
  EXPECT_EQ(compose.id, "4Xk1b2");
  EXPECT_EQ(compose.time_s, ParseEnvelope(line, 1795863600).time_s);
  const Envelope level =
      ParseEnvelope("2026-11-28T10:00:00.638599+01:00 INFO    postfix/smtp[422]: x", 0);
  EXPECT_EQ(level.program, "postfix/smtp");
  EXPECT_EQ(level.process, "422");
  EXPECT_EQ(ParseEnvelope("a b | c", 0).text, "a b | c");
}

TEST(ParseEnvelope, TakesABareStringAsText) {
  for (const char* line :
       {"dh key too small", "warning: TLS library problem: x",
        "error:0A00018A:SSL routines::dh key too small", "", ":", "[1]:", "<22>"}) {
    const Envelope envelope = Parse(line);
    EXPECT_FALSE(envelope.time_s.has_value()) << line;
    EXPECT_EQ(envelope.program, "") << line;
  }
  EXPECT_EQ(Parse("warning: x").text, "warning: x");
}

TEST(FindRemote, KnowsRecipientHostAndAddress) {
  Remote remote = FindRemote(
      "to=<a@Example.TEST>, orig_to=<x@other.test>, "
      "relay=mx.example.test[192.0.2.1]:25, delay=1");
  EXPECT_EQ(remote.domain, "example.test");
  EXPECT_EQ(remote.host, "mx.example.test");
  EXPECT_EQ(remote.address, "192.0.2.1");
  remote = FindRemote("SSL_accept error from unknown[2001:db8::1]: -1");
  EXPECT_EQ(remote.domain, "");
  EXPECT_EQ(remote.host, "");
  EXPECT_EQ(remote.address, "2001:db8::1");
  remote =
      FindRemote("== ann@example.test R=d T=remote_smtp defer (-37) H=mx.example.test [192.0.2.1]");
  EXPECT_EQ(remote.domain, "example.test");
  EXPECT_EQ(remote.host, "mx.example.test");
  EXPECT_EQ(remote.address, "192.0.2.1");
  remote = FindRemote("[{LED=450 4.7.320 x [Message=y]};{FQDN=mx.example.test};{IP=192.0.2.1}]");
  EXPECT_EQ(remote.host, "mx.example.test");
  EXPECT_EQ(remote.address, "192.0.2.1");
  remote = FindRemote("domain = \"Example.test\", hostname = \"mx.example.test\", elapsed = 636ms");
  EXPECT_EQ(remote.domain, "example.test");
  EXPECT_EQ(remote.host, "mx.example.test");
  EXPECT_EQ(FindRemote("TLS error from 'mx.example.test': Handshake failed").host,
            "mx.example.test");
  EXPECT_EQ(FindRemote("ResolvedAddress { name: \"mx.example.test.\", addr: 192.0.2.2 }:25").host,
            "mx.example.test");
  EXPECT_EQ(FindRemote("smtp_tls_policy_maps, next-hop destination \"example.test\": x").domain,
            "example.test");
  remote = FindRemote("to=<no domain, relay=none, to=<@>, H= [");
  EXPECT_EQ(remote.domain, "");
  EXPECT_EQ(remote.host, "");
}

TEST(FindRemote, KnowsTheFieldsOfStalwart) {
  const Remote older = FindRemote(
      R"(attempt{domain="example.test" attempt_number=0}: event="failed" mx="mx.example.test")");
  EXPECT_EQ(older.domain, "example.test");
  EXPECT_EQ(older.host, "mx.example.test");
  const Remote newer =
      FindRemote(R"(queueId = 1, domain = "Example.test", hostname = "mx.example.test", elapsed)");
  EXPECT_EQ(newer.domain, "example.test");
  EXPECT_EQ(newer.host, "mx.example.test");
  EXPECT_EQ(FindRemote("(TLS error from 'mx.example.test': x)").host, "mx.example.test");
  EXPECT_EQ(FindRemote("subdomain=\"no.test\"").domain, "");
}

}  // namespace
}  // namespace mxsweep::tools
