// Lines of one delivery are one trouble, among the lines of others.
#include "tools/explain/lines/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNow = 1795863600;

std::vector<Trouble> Read(const std::vector<std::string>& lines) {
  std::vector<Trouble> troubles;
  LogReader reader(kNow, [&](Trouble trouble) { troubles.push_back(std::move(trouble)); });
  uint64_t number = 0;
  for (const std::string& line : lines) reader.Add(line, ++number);
  reader.Finish();
  return troubles;
}

std::string Smtp(int process, std::string_view text) {
  return "Nov 28 10:00:00 mx1 postfix/smtp[" + std::to_string(process) + "]: " + std::string(text);
}

constexpr char kConnect1[] = "SSL_connect error to mx.example.test[192.0.2.1]:25: -1";
constexpr char kDh[] =
    "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:ssl/statem/"
    "statem_clnt.c:2086:";
constexpr char kDeferred1[] =
    "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, delay=1, dsn=4.7.5, "
    "status=deferred (Cannot start TLS: handshake failure)";

TEST(LogReader, JoinsCauseAndDeliveryOfOneProcess) {
  const std::vector<Trouble> troubles =
      Read({Smtp(811, kConnect1), Smtp(811, kDh), Smtp(811, kDeferred1)});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  EXPECT_EQ(troubles[0].cause.side, Side::kUsAsClient);
  EXPECT_EQ(troubles[0].remote.domain, "example.test");
  EXPECT_EQ(troubles[0].remote.host, "mx.example.test");
  EXPECT_EQ(troubles[0].remote.address, "192.0.2.1");
  EXPECT_EQ(troubles[0].line_number, 2u);
}

constexpr char kTrackingFields[] =
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,"
    "connector-id,source,event-id,internal-message-id,message-id,recipient-address,"
    "recipient-status,total-bytes,message-subject,sender-address";

// A subject is a stranger's text: it is no trouble, and outweighs none.
TEST(LogReader, ReadsWhatExchangesMessageTrackingSaysByItsColumns) {
  const std::vector<Trouble> troubles = Read(
      {"#Software: Microsoft Exchange Server", kTrackingFields,
       "2026-11-20T14:01:02.003Z,10.0.0.5,EX01,192.0.2.25,MX1.example.net,\"08DE1;x;0\",Internet,"
       "SMTP,DEFER,1,<a@corp.example>,bob@Example.NET,\"{LED=450 4.7.320 Certificate validation "
       "failed [Message=SubjectMismatch]};{FQDN=mx1.example.net};{IP=192.0.2.25}\",5523,"
       "\"Hello, TLS handshake failed?\",alice@corp.example",
       "2026-11-20T14:02:02.003Z,10.0.0.5,EX01,192.0.2.26,mx.other.example,\"08DE2\",Internet,SMTP,"
       "SEND,2,<b@corp.example>,carol@other.example,250 2.1.5 OK,5523,dh key too small,"
       "alice@corp.example"});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].remote.domain, "example.net");
  EXPECT_EQ(troubles[0].remote.host, "mx1.example.net");
  EXPECT_EQ(troubles[0].remote.address, "192.0.2.25");
  EXPECT_EQ(troubles[0].line_number, 3u);
  EXPECT_EQ(troubles[0].cause.id,
            Read({"{LED=450 4.7.320 Certificate validation failed [Message=SubjectMismatch]}"})[0]
                .cause.id);
}

TEST(LogReader, ReadsExchangesProtocolLogByItsColumns) {
  const std::vector<Trouble> troubles = Read(
      {"\xef\xbb\xbf#Software: Microsoft Exchange Server",
       "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,"
       "remote-endpoint,event,data,context",
       "2026-11-28T10:00:00.000Z,Outbound,08DE2B3C4D5E6F70,12,10.0.0.1:5,[2001:db8::1]:25,*,,"
       "TLS negotiation failed with error SocketError",
       "2026-11-28T10:00:01.000Z,dh key too small,08DE2B3C4D5E6F71,2,10.0.0.1:6,192.0.2.1:25,<,"
       "250 mx.example.test,"});
  ASSERT_THAT(troubles, SizeIs(1)) << "the name of a connector is none";
  EXPECT_EQ(troubles[0].remote.address, "2001:db8::1");
}

TEST(LogReader, KeepsProcessesApart) {
  const std::vector<Trouble> troubles =
      Read({Smtp(811, kConnect1), Smtp(812, "SSL_connect error to mx.other.test[192.0.2.2]:25: -1"),
            Smtp(812,
                 "warning: TLS library problem: error:0A000102:SSL routines::unsupported protocol:"
                 "ssl/statem/statem_clnt.c:1:"),
            Smtp(811, kDh), Smtp(811, kDeferred1),
            Smtp(812,
                 "4Xk2: to=<b@other.test>, relay=mx.other.test[192.0.2.2]:25, dsn=4.7.5, "
                 "status=deferred (Cannot start TLS: handshake failure)")});
  ASSERT_THAT(troubles, SizeIs(2));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  EXPECT_EQ(troubles[0].remote.domain, "example.test");
  EXPECT_EQ(troubles[1].cause.id, "unsupported_protocol");
  EXPECT_EQ(troubles[1].remote.domain, "other.test");
}

TEST(LogReader, ASecondServerOfTheSameProcessIsAnotherTrouble) {
  const std::vector<Trouble> troubles =
      Read({Smtp(811, kConnect1), Smtp(811, kDh),
            Smtp(811, "SSL_connect error to mx2.example.test[192.0.2.9]:25: -1"),
            Smtp(811,
                 "warning: TLS library problem: error:0A00042E:SSL routines::tlsv1 alert protocol "
                 "version:ssl/record/rec_layer_s3.c:1:SSL alert number 70:"),
            Smtp(811,
                 "4Xk1: to=<a@example.test>, relay=mx2.example.test[192.0.2.9]:25, "
                 "status=deferred (Cannot start TLS: handshake failure)")});
  ASSERT_THAT(troubles, SizeIs(2));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  EXPECT_EQ(troubles[1].cause.id, "alert_protocol_version");
  EXPECT_EQ(troubles[1].cause.side, Side::kThemAsServer);
  EXPECT_EQ(troubles[1].remote.domain, "example.test");
}

TEST(LogReader, AVerificationThatFailedIsTheCauseOfTheRefusalThatFollows) {
  const std::string verify =
      "server certificate verification failed for mx.example.test[192.0.2.1]:25: num=62:hostname "
      "mismatch";
  std::vector<Trouble> troubles = Read(
      {Smtp(811, verify), Smtp(811,
                               "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, "
                               "dsn=4.7.5, status=deferred (Server certificate not verified)")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "name_mismatch");
  EXPECT_EQ(troubles[0].cause.kind, TroubleKind::kRefused);
  EXPECT_EQ(troubles[0].cause.side, Side::kUsAsClient);
  // At level may the same is a note.
  troubles = Read(
      {Smtp(811, verify),
       Smtp(811,
            "Untrusted TLS connection established to mx.example.test[192.0.2.1]:25: TLSv1.3")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.kind, TroubleKind::kNote);
  EXPECT_EQ(troubles[0].cause.side, Side::kNobody);
}

TEST(LogReader, AServersLinesNameTheClient) {
  const auto smtpd = [](std::string_view text) {
    return "Nov 28 10:00:00 mx1 postfix/smtpd[9]: " + std::string(text);
  };
  const std::vector<Trouble> troubles = Read(
      {smtpd("SSL_accept error from out.example.test[192.0.2.3]: -1"),
       smtpd(
           "warning: TLS library problem: error:0A000418:SSL routines::tlsv1 alert unknown ca:ssl/"
           "record/rec_layer_s3.c:1586:SSL alert number 48:"),
       smtpd("lost connection after STARTTLS from out.example.test[192.0.2.3]"),
       smtpd("disconnect from out.example.test[192.0.2.3] ehlo=1 starttls=0/1 commands=1/2")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "alert_unknown_ca");
  EXPECT_EQ(troubles[0].cause.side, Side::kThemAsClient);
  EXPECT_EQ(troubles[0].remote.host, "out.example.test");
}

TEST(LogReader, SendmailsDeliveryIsFoundByItsProcess) {
  const std::vector<Trouble> troubles =
      Read({"Nov 28 10:00:00 mx1 sm-mta[77]: STARTTLS=client, error: connect failed=-1, reason=dh "
            "key too "
            "small, SSL_error=1, errno=0, retry=-1",
            "Nov 28 10:00:00 mx1 sm-mta[77]: 5ASA0xyz001234: to=<a@example.test>, delay=00:00:01, "
            "mailer=esmtp, relay=mx.example.test. [192.0.2.1], dsn=4.0.0, stat=Deferred"});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  EXPECT_EQ(troubles[0].remote.domain, "example.test");
  EXPECT_EQ(troubles[0].remote.host, "mx.example.test");
}

// Postfix 3.10 and later says beside the failure what it reports to the domain (RFC 8460).
TEST(LogReader, WhatPostfixReportsToTheDomainIsTheSameTrouble) {
  const auto reported = [](const std::string& type) {
    return Smtp(811,
                "TLSRPT: status=failure, domain=example.test, receiving_mx="
                "mx.example.test[192.0.2.1], failure_type=" +
                    type);
  };
  std::vector<Trouble> troubles =
      Read({reported("starttls_not_supported"),
            Smtp(811,
                 "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, dsn=4.7.4, "
                 "status=deferred (TLS is required, but was not offered by host "
                 "mx.example.test[192.0.2.1])")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "starttls_not_offered");
  EXPECT_EQ(troubles[0].cause.side, Side::kUsAsClient);
  troubles = Read({Smtp(811, kConnect1), Smtp(811, kDh),
                   reported("validation_failure, failure_reason=tls-handshake-failure"),
                   Smtp(811, kDeferred1)});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  // Alone, as at level may, where the mail goes in clear.
  troubles = Read({reported("certificate_expired")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "certificate_expired");
  EXPECT_EQ(troubles[0].remote.domain, "example.test");
  EXPECT_EQ(troubles[0].remote.host, "mx.example.test");
  EXPECT_THAT(Read({Smtp(811,
                         "TLSRPT: status=success, domain=example.test, receiving_mx="
                         "mx.example.test[192.0.2.1]")}),
              IsEmpty());
}

TEST(LogReader, QmailTellsTheRecipientWhenADeliveryBegins) {
  const std::vector<Trouble> troubles =
      Read({"starting delivery 12: msg 345 to remote a@example.test",
            "starting delivery 13: msg 346 to remote a@other.test",
            "delivery 12: deferral: "
            "TLS_connect_failed:_error:0A00018A:SSL_routines::dh_key_too_small/"});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].cause.id, "dh_key_too_small");
  EXPECT_EQ(troubles[0].remote.domain, "example.test");
}

TEST(LogReader, CountsWhatRsyslogSumsUp) {
  const std::vector<Trouble> troubles =
      Read({Smtp(811, "SSL_connect error to mx.example.test[192.0.2.1]:25: lost connection"),
            Smtp(811,
                 "message repeated 4 times: [ SSL_connect error to "
                 "mx.example.test[192.0.2.1]:25: lost connection]")});
  ASSERT_THAT(troubles, SizeIs(2));
  EXPECT_EQ(troubles[0].count, 1u);
  EXPECT_EQ(troubles[1].count, 4u);
  EXPECT_EQ(troubles[1].cause.id, "peer_closed");
  EXPECT_EQ(troubles[1].remote.host, "mx.example.test");
}

// Exim with log_selector = +subject.
TEST(LogReader, ASubjectInEximsLogIsNoTrouble) {
  EXPECT_THAT(Read({"2026-11-28 10:00:00 1tGabc-0001Xy-2f <= ann@example.test H=mx.example.test "
                    "[192.0.2.1] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 S=900 T=\"Re: Cannot "
                    "start TLS: handshake failure\" for bob@example.org"}),
              IsEmpty());
}

TEST(LogReader, LeavesOrdinaryLinesAlone) {
  EXPECT_THAT(Read({Smtp(811,
                         "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, "
                         "status=sent (250 2.0.0 Ok)"),
                    Smtp(811,
                         "Trusted TLS connection established to mx.example.test[192.0.2.1]:25: "
                         "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"),
                    Smtp(811,
                         "4Xk2: to=<a@example.test>, relay=none, status=deferred (Host or domain "
                         "name not found)"),
                    std::string(70000, 'x'), std::string("\0\xff\x1b[31m", 7), ""}),
              IsEmpty());
}

TEST(LogReader, HostileBytesStayText) {
  const std::vector<Trouble> troubles = Read(
      {std::string("\x1b[31mTLS library problem: \xff dh key too small\x07 to=<a@\x1b.test>")});
  ASSERT_THAT(troubles, SizeIs(1));
  EXPECT_EQ(troubles[0].line.find('\x1b'), std::string::npos);
  EXPECT_EQ(troubles[0].line.find('\x07'), std::string::npos);
  EXPECT_EQ(troubles[0].remote.domain, "");
}

// However many processes have begun and never end.
TEST(LogReader, WhatIsOpenIsBounded) {
  size_t count = 0;
  LogReader reader(kNow, [&](const Trouble&) { ++count; });
  for (int process = 0; process < 10'000; ++process) reader.Add(Smtp(process, kDh), 1);
  EXPECT_GT(count, 5'000u);
  reader.Finish();
  EXPECT_EQ(count, 10'000u);
}

}  // namespace
}  // namespace mxsweep::tools
