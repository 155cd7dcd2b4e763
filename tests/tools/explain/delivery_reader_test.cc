// What was handed over, out and in, and whether it was encrypted, by each program's lines.
#include "tools/explain/lines/delivery_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNow = 1795863600;  // 2026-11-28 11:00:00 UTC

std::vector<Delivery> Read(const std::vector<std::string>& lines,
                           uint64_t* without_time = nullptr) {
  std::vector<Delivery> deliveries;
  DeliveryReader reader(kNow,
                        [&](Delivery delivery) { deliveries.push_back(std::move(delivery)); });
  for (const std::string& line : lines) reader.Add(line);
  reader.Finish();
  if (without_time != nullptr) *without_time = reader.lines_without_time();
  return deliveries;
}

// "out encrypted example.test mx.example.test 192.0.2.1 x1".
std::string TextOf(const Delivery& delivery) {
  const char* const how = delivery.encryption == Encryption::kEncrypted ? "encrypted"
                          : delivery.encryption == Encryption::kClear   ? "clear"
                                                                        : "not_seen";
  const Remote& remote = delivery.remote;
  return std::string(FlowWord(delivery.flow)) + " " + how + " " + remote.domain + "|" +
         remote.host + "|" + remote.address + " x" + std::to_string(delivery.count);
}

std::vector<std::string> Texts(const std::vector<std::string>& lines) {
  std::vector<std::string> texts;
  for (const Delivery& delivery : Read(lines)) texts.push_back(TextOf(delivery));
  return texts;
}

std::string Postfix(const std::string& program, int process, std::string_view text) {
  return "Nov 28 10:00:00 mx1 postfix/" + program + "[" + std::to_string(process) +
         "]: " + std::string(text);
}

std::string Established(std::string_view kind, std::string_view peer) {
  return std::string(kind) + " TLS connection established to " + std::string(peer) +
         ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
         "server-signature RSA-PSS (2048 bits) server-digest SHA256";
}

std::string Sent(std::string_view id, std::string_view to, std::string_view relay,
                 std::string_view more = "") {
  return std::string(id) + ": to=<" + std::string(to) + ">, relay=" + std::string(relay) +
         ", delay=0.5, delays=0.1/0/0.2/0.2, " + std::string(more) +
         "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Xk2)";
}

constexpr char kPeer[] = "mx.example.test[192.0.2.1]:25";
constexpr char kOther[] = "mx.other.test[192.0.2.2]:25";

TEST(DeliveryReader, TakesPostfixsDeliveriesBehindALineOfTlsForEncrypted) {
  EXPECT_THAT(Texts({Postfix("smtp", 1, Established("Verified", kPeer)),
                     Postfix("smtp", 1, Sent("4Xk1", "a@Example.test", kPeer)),
                     Postfix("smtp", 1, Sent("4Xk1", "b@example.test", kPeer)),
                     Postfix("smtp", 2, Sent("4Xk5", "a@other.test", kOther))}),
              ElementsAre("outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                          "outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                          "outbound not_seen other.test|mx.other.test|192.0.2.2 x1"));
}

// The process that encrypted to a server goes to it again, for another message, without.
TEST(DeliveryReader, TakesALineOfTlsOfPostfixForOneMessageAndOneServer) {
  for (const char* kind : {"Trusted", "Untrusted", "Anonymous", "Verified"}) {
    EXPECT_THAT(Texts({Postfix("smtp", 1, Established(kind, kPeer)),
                       Postfix("smtp", 1, Sent("4Xk1", "a@example.test", kPeer)),
                       Postfix("smtp", 1, Sent("4Xk2", "a@example.test", kPeer)),
                       Postfix("smtp", 1, Established(kind, kPeer)),
                       Postfix("smtp", 1, Sent("4Xk3", "a@other.test", kOther))}),
                ElementsAre("outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                            "outbound not_seen example.test|mx.example.test|192.0.2.1 x1",
                            "outbound not_seen other.test|mx.other.test|192.0.2.2 x1"));
  }
}

// The message that TLS was for was deferred; the next one of the same process goes in clear.
TEST(DeliveryReader, EndsASessionOfPostfixWithItsMessageWhateverBecameOfIt) {
  EXPECT_THAT(Texts({Postfix("smtp", 1, Established("Trusted", kPeer)),
                     Postfix("smtp", 1,
                             "4Xk1: to=<a@example.test>, relay=mx.example.test[192.0.2.1]:25, "
                             "delay=1, dsn=4.2.0, status=deferred (450 later, please)"),
                     Postfix("smtp", 1, Sent("4Xk2", "a@example.test", kPeer))}),
              ElementsAre("outbound not_seen example.test|mx.example.test|192.0.2.1 x1"));
}

TEST(DeliveryReader, ReadsPostfixsReusedSessionsAndItsFeatureStatus) {
  EXPECT_THAT(
      Texts({Postfix("smtp", 1,
                     "Untrusted TLS connection reused to mx.example.test[2001:db8::1]:25: TLSv1.3 "
                     "with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"),
             Postfix("smtp", 1,
                     "4Xk1: to=<a@example.test>, relay=mx.example.test[2001:db8::1]:25, "
                     "conn_use=2, delay=0.5, delays=0/0/0/0, dsn=2.0.0, status=sent (250 Ok)"),
             Postfix("smtp", 2, Sent("4Xk2", "a@x.test", kPeer, "tls=dane, ")),
             Postfix("smtp", 2, Sent("4Xk3", "a@x.test", kPeer, "tls=may:none, ")),
             Postfix("smtp", 2, Sent("4Xk4", "a@x.test", kPeer, "tls=none, ")),
             Postfix("smtp", 2, Sent("4Xk5", "a@x.test", kPeer, "tls=may, "))}),
      ElementsAre("outbound encrypted example.test|mx.example.test|2001:db8::1 x1",
                  "outbound encrypted x.test|mx.example.test|192.0.2.1 x1",
                  "outbound clear x.test|mx.example.test|192.0.2.1 x1",
                  "outbound clear x.test|mx.example.test|192.0.2.1 x1",
                  "outbound not_seen x.test|mx.example.test|192.0.2.1 x1"));
}

TEST(DeliveryReader, CountsNothingThatIsNoDeliveryToAnotherServer) {
  EXPECT_THAT(
      Texts({Postfix("smtp", 1, Sent("4Xk1", "a@x.test", "127.0.0.1[127.0.0.1]:10024")),
             Postfix("lmtp", 1, Sent("4Xk1", "a@x.test", "mail.x.test[private/dovecot-lmtp]")),
             Postfix("local", 1, Sent("4Xk1", "a@x.test", "local")),
             Postfix("smtp", 1,
                     "4Xk1: to=<a@x.test>, relay=mx.x.test[192.0.2.1]:25, delay=1, dsn=4.7.5, "
                     "status=deferred (Cannot start TLS: handshake failure, status=sent (x))")}),
      IsEmpty());
}

std::vector<std::string> Session(int process, const std::string& program, bool tls,
                                 std::string_view client_more, std::string_view counters) {
  const std::string peer = "mail.sender.test[192.0.2.9]";
  std::vector<std::string> lines = {Postfix(program, process, "connect from " + peer)};
  if (tls) {
    lines.push_back(Postfix(program, process,
                            "Anonymous TLS connection established from " + peer +
                                ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"));
  }
  lines.push_back(Postfix(program, process, "4Xk1: client=" + peer + std::string(client_more)));
  lines.push_back(Postfix(program, process, "disconnect from " + peer + std::string(counters)));
  return lines;
}

TEST(DeliveryReader, ReadsPostfixsReceptionsWithAndWithoutLinesOfTls) {
  const std::string in = "mail.sender.test|192.0.2.9 x1";
  EXPECT_THAT(Texts(Session(1, "smtpd", true, "", "")), ElementsAre("inbound encrypted |" + in));
  EXPECT_THAT(Texts(Session(1, "smtpd", false, "", "")), ElementsAre("inbound not_seen |" + in));
  std::vector<std::string> filtered = Session(1, "smtpd", true, "", "");
  filtered[2] = Postfix("smtpd", 1, "NOQUEUE: client=mail.sender.test[192.0.2.9]");
  EXPECT_THAT(Texts(filtered), ElementsAre("inbound encrypted |" + in));
  // The commands of a session tell, whatever smtpd_tls_loglevel is.
  EXPECT_THAT(Texts(Session(1, "smtpd", false, "",
                            " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7")),
              ElementsAre("inbound encrypted |" + in));
  EXPECT_THAT(
      Texts(Session(1, "smtpd", false, "", " ehlo=1 mail=1 rcpt=1 bdat=1 quit=1 commands=5")),
      ElementsAre("inbound clear |" + in));
  EXPECT_THAT(Texts(Session(1, "smtpd", false, "",
                            " ehlo=1 starttls=0/1 mail=1 rcpt=1 data=1 quit=1 commands=5/6")),
              ElementsAre("inbound clear |" + in));
}

TEST(DeliveryReader, CountsNoReceptionThatCameToNothingOrOfUsers) {
  EXPECT_THAT(Texts(Session(1, "smtpd", true, "",
                            " ehlo=2 starttls=1 mail=1 rcpt=1 data=0/1 rset=1 commands=6/7")),
              IsEmpty());
  EXPECT_THAT(Texts(Session(1, "smtpd", true, ", sasl_method=PLAIN, sasl_username=ann", "")),
              IsEmpty());
  EXPECT_THAT(Texts(Session(1, "submission/smtpd", true, "", "")), IsEmpty());
  EXPECT_THAT(Texts({Postfix("smtpd", 1, "4Xk1: client=localhost[127.0.0.1]"),
                     Postfix("smtpd", 1, "disconnect from localhost[127.0.0.1]")}),
              IsEmpty());
}

TEST(DeliveryReader, HandsOutSessionsOfPostfixThatAreOpenAtTheEnd) {
  std::vector<std::string> lines = Session(1, "smtpd", true, "", "");
  lines.pop_back();
  lines.push_back(Postfix("smtpd", 1, "4Xk2: client=mail.sender.test[192.0.2.9]"));
  EXPECT_THAT(Texts(lines), ElementsAre("inbound encrypted |mail.sender.test|192.0.2.9 x2"));
}

TEST(DeliveryReader, ReadsExim) {
  const std::string at = "2026-11-28 10:00:00 1tGabc-0001Xy-2f ";
  EXPECT_THAT(
      Texts({at + "=> ann@Example.test R=dnslookup T=remote_smtp H=mx.example.test [192.0.2.1] "
                  "X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no "
                  "C=\"250 2.0.0 Ok: queued as 4X\"",
             at + "-> bob@example.test R=dnslookup T=remote_smtp H=mx.example.test [192.0.2.1]:25 "
                  "X=TLS1.2:ECDHE:256 CV=yes C=\"250 ok\"",
             at + "=> carl@other.test R=dnslookup T=remote_smtp H=mx.other.test [192.0.2.2] "
                  "C=\"250 X=TLS1.3 H=x [192.0.2.3] is what I say\"",
             at + "=> dora <dora@here.test> R=local_user T=mail_spool",
             at + "<= eve@sender.test H=mail.sender.test (helo.test) [192.0.2.9] P=esmtps "
                  "X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no S=1234 id=x@y",
             at + "<= eve@sender.test H=(helo.test) [192.0.2.9] P=esmtp S=1234 T=\" P=esmtps \"",
             at + "<= user@here.test H=(laptop) [192.0.2.7] P=esmtpsa X=TLS1.3:x:256 A=plain:user "
                  "S=1",
             at + "<= user@here.test U=user P=local S=1", at + "Completed"}),
      ElementsAre("outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                  "outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                  "outbound not_seen other.test|mx.other.test|192.0.2.2 x1",
                  "inbound encrypted |mail.sender.test|192.0.2.9 x1",
                  "inbound clear ||192.0.2.9 x1"));
}

TEST(DeliveryReader, ReadsSendmail) {
  const auto line = [](int process, const std::string& text) {
    return "Nov 28 10:00:00 a sm-mta[" + std::to_string(process) + "]: " + text;
  };
  EXPECT_THAT(
      Texts({line(1,
                  "STARTTLS=client, relay=mx.example.test., version=TLSv1.3, verify=FAIL, "
                  "cipher=TLS_AES_256_GCM_SHA384, bits=256/256"),
             line(1,
                  "xAS9a1b2000001: to=<a@example.test>,<b@two.test>, ctladdr=<c@here.test> "
                  "(1/1), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120353, "
                  "relay=mx.example.test. [192.0.2.1], dsn=2.0.0, stat=Sent (Ok: queued)"),
             line(1,
                  "xAS9a1b2000002: to=<a@other.test>, delay=00:00:01, mailer=esmtp, "
                  "relay=mx.other.test. [192.0.2.2], dsn=2.0.0, stat=Sent (ok, relay=x)"),
             line(1, "xAS9a1b2000003: to=c, delay=00:00:01, mailer=local, dsn=2.0.0, stat=Sent"),
             line(2,
                  "STARTTLS=server, relay=mail.sender.test [192.0.2.9], version=TLSv1.2, "
                  "verify=NOT, cipher=ECDHE-RSA-AES256-GCM-SHA384, bits=256/256"),
             line(2,
                  "xAS9a1b2000004: from=<x@sender.test>, size=408, class=0, nrcpts=1, "
                  "msgid=<1@y>, proto=ESMTP, daemon=MTA, relay=mail.sender.test [192.0.2.9]"),
             line(3,
                  "xAS9a1b2000005: from=<x@sender.test>, size=408, class=0, nrcpts=1, "
                  "msgid=<1@y>, proto=ESMTPS, daemon=MTA-v4, relay=mail.sender.test [192.0.2.9]"),
             line(4,
                  "xAS9a1b2000006: from=<x@sender.test>, size=408, class=0, nrcpts=1, "
                  "msgid=<1@y>, proto=ESMTP, daemon=MTA, relay=mail.sender.test [192.0.2.9]"),
             line(5, "AUTH=server, relay=dsl.test [192.0.2.7], authid=u, mech=PLAIN, bits=0"),
             line(5,
                  "xAS9a1b2000007: from=<u@here.test>, size=408, class=0, nrcpts=1, msgid=<1@y>, "
                  "proto=ESMTPS, daemon=MTA, relay=dsl.test [192.0.2.7]"),
             line(6,
                  "xAS9a1b2000008: from=<u@here.test>, size=408, class=0, nrcpts=1, msgid=<1@y>, "
                  "proto=ESMTPSA, daemon=MSA, relay=dsl.test [192.0.2.7]")}),
      ElementsAre("outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                  "outbound encrypted two.test|mx.example.test|192.0.2.1 x1",
                  "outbound not_seen other.test|mx.other.test|192.0.2.2 x1",
                  "inbound encrypted |mail.sender.test|192.0.2.9 x1",
                  "inbound encrypted |mail.sender.test|192.0.2.9 x1",
                  "inbound not_seen |mail.sender.test|192.0.2.9 x1"));
}

TEST(DeliveryReader, ReadsOpenSmtpd) {
  const auto line = [](const std::string& text) {
    return "Jul  6 06:01:46 ams-1 smtpd[75295]: " + text;
  };
  EXPECT_THAT(
      Texts({line("5df87c9ffd0e785d mta connecting address=smtp://192.0.2.1:25 "
                  "host=mx.example.test"),
             line("5df87c9ffd0e785d mta connected"),
             line("5df87c9ffd0e785d mta tls ciphers=TLSv1.2:ECDHE-RSA-CHACHA20-POLY1305:256"),
             line("5df87c9ffd0e785d mta delivery evpid=f6e94209918f7e7b from=<g@here.test> "
                  "to=<a@example.test> rcpt=<-> source=\"192.0.2.7\" "
                  "relay=\"192.0.2.1 (mx.example.test)\" delay=2s result=\"Ok\" "
                  "stat=\"250 2.0.0 OK\""),
             line("5df87ca0fd0e785d mta connected"),
             line("5df87ca0fd0e785d mta delivery evpid=f6e94209918f7e7c from=<g@here.test> "
                  "to=<a@other.test> rcpt=<-> source=\"192.0.2.7\" "
                  "relay=\"192.0.2.2 (mx.other.test)\" delay=2s result=\"Ok\" stat=\"250 OK\""),
             line("5df87ca0fd0e785d mta delivery evpid=f6e94209918f7e7d from=<g@here.test> "
                  "to=<b@other.test> rcpt=<-> source=\"192.0.2.7\" "
                  "relay=\"192.0.2.2 (mx.other.test)\" delay=2s result=\"TempFail\" stat=\"421\""),
             line("5df87c972116a049 smtp connected address=192.0.2.9 host=mail.sender.test"),
             line("5df87c972116a049 smtp tls ciphers=TLSv1.3:TLS_AES_256_GCM_SHA384:256"),
             line("5df87c972116a049 smtp message msgid=3d4c4a42 size=319 nrcpt=1 proto=ESMTP"),
             line("5df87c972116a049 smtp disconnected reason=quit"),
             line("5df87c972116a04a smtp connected address=192.0.2.8 host=<unknown>"),
             line("5df87c972116a04a smtp message msgid=3d4c4a43 size=319 nrcpt=1 proto=ESMTP"),
             line("5df87c972116a04b smtp connected address=192.0.2.7 host=dsl.test"),
             line("5df87c972116a04b smtp authentication user=ann result=ok"),
             line("5df87c972116a04b smtp message msgid=3d4c4a44 size=319 nrcpt=1 proto=ESMTP")}),
      ElementsAre("outbound encrypted example.test|mx.example.test|192.0.2.1 x1",
                  "outbound clear other.test|mx.other.test|192.0.2.2 x1",
                  "inbound encrypted |mail.sender.test|192.0.2.9 x1",
                  "inbound clear ||192.0.2.8 x1"));
}

constexpr char kProtocolFields[] =
    "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,"
    "event,data,context";
constexpr char kNegotiated[] =
    "\"TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm "
    "CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA1 with strength 160 bits and "
    "key exchange algorithm CALG_ECDHE with strength 256 bits\"";

std::string Row(const std::string& session, const std::string& remote, const std::string& event,
                const std::string& data, const std::string& context = "") {
  return "2026-11-28T10:00:00.000Z,Connector," + session + ",1,10.0.0.1:5," + remote + "," + event +
         "," + data + "," + context;
}

TEST(DeliveryReader, ReadsExchangesSendLogs) {
  const std::string one = "08DE2B3C4D5E6F70", two = "08DE2B3C4D5E6F71", out = "192.0.2.1:25";
  EXPECT_THAT(
      Texts({"#Software: Microsoft Exchange Server", "#Log-type: SMTP Send Protocol Log",
             kProtocolFields, Row(one, out, "+", ""), Row(one, out, "<", "220 mx ESMTP"),
             Row(one, out, ">", "EHLO ex.corp.test"), Row(one, out, "<", "250-mx Hello"),
             Row(one, out, "<", "250 STARTTLS"), Row(one, out, ">", "STARTTLS"),
             Row(one, out, "<", "220 go"), Row(one, out, "*", "", kNegotiated),
             Row(one, out, ">", "EHLO ex.corp.test"), Row(one, out, "<", "250 PIPELINING"),
             Row(one, out, ">", "MAIL FROM:<s@corp.test>"),
             Row(one, out, ">", "RCPT TO:<a@Example.test>"),
             Row(one, out, ">", "RCPT TO:<b@two.test> NOTIFY=FAILURE"),
             Row(one, out, "<", "250 2.1.0 ok"), Row(one, out, "<", "250 2.1.5 ok"),
             Row(one, out, "<", "250 2.1.5 ok"), Row(one, out, ">", "DATA"),
             Row(one, out, "<", "354 go"), Row(one, out, "<", "250 2.0.0 queued"),
             Row(one, out, ">", "QUIT"), Row(one, out, "<", "221 bye"),
             Row(one, out, "-", "", "Local"),
             // Chunks, whose replies come behind those of what was sent before.
             Row(two, out, "+", ""), Row(two, out, "<", "220 mx"), Row(two, out, ">", "EHLO x"),
             Row(two, out, "<", "250 CHUNKING"), Row(two, out, ">", "MAIL FROM:<s@corp.test>"),
             Row(two, out, ">", "RCPT TO:<a@other.test>"), Row(two, out, ">", "BDAT 77 LAST"),
             Row(two, out, "<", "250 2.1.0 ok"), Row(two, out, "<", "250 2.1.5 ok"),
             Row(two, out, "<", "452 4.3.1 no room"), Row(two, out, ">", "BDAT 77 LAST"),
             Row(two, out, "<", "250 2.6.0 queued")}),
      ElementsAre("outbound encrypted example.test||192.0.2.1 x1",
                  "outbound encrypted two.test||192.0.2.1 x1",
                  "outbound clear other.test||192.0.2.1 x1"));
}

TEST(DeliveryReader, ReadsExchangesReceiveLogs) {
  const std::string one = "08DE2B3C4D5E6F70", two = "08DE2B3C4D5E6F71", in = "192.0.2.9:5000";
  EXPECT_THAT(
      Texts(
          {"#Log-type: SMTP Receive Protocol Log", kProtocolFields, Row(one, in, "+", ""),
           Row(one, in, ">", "220 ex"), Row(one, in, "<", "EHLO Mail.sender.test"),
           Row(one, in, ">", "250 ex Hello"), Row(one, in, "<", "STARTTLS"),
           Row(one, in, ">", "220 go"), Row(one, in, "*", "", kNegotiated),
           Row(one, in, "<", "MAIL FROM:<x@sender.test>"), Row(one, in, ">", "250 2.1.0 ok"),
           Row(one, in, "<", "RCPT TO:<a@corp.test>"), Row(one, in, ">", "250 2.1.5 ok"),
           Row(one, in, "<", "BDAT 2048 LAST"),
           Row(one, in, ">",
               "\"250 2.6.0 <m@x> [InternalId=1, Hostname=ex] Queued mail for delivery\""),
           Row(one, in, "<", "QUIT"), Row(one, in, ">", "221 bye"), Row(one, in, "-", "", "Local"),
           // A user.
           Row(two, in, "+", ""), Row(two, in, "<", "EHLO laptop"), Row(two, in, ">", "250 Hello"),
           Row(two, in, "<", "AUTH LOGIN"), Row(two, in, ">", "235 ok"),
           Row(two, in, "<", "MAIL FROM:<u@corp.test>"), Row(two, in, ">", "250 ok"),
           Row(two, in, "<", "RCPT TO:<a@corp.test>"), Row(two, in, ">", "250 ok"),
           Row(two, in, "<", "DATA"), Row(two, in, ">", "354 go"), Row(two, in, ">", "250 ok")}),
      ElementsAre("inbound encrypted |mail.sender.test|192.0.2.9 x1"));
}

// Message tracking knows of deliveries, and not whether they were encrypted.
TEST(DeliveryReader, CannotTellByExchangesMessageTracking) {
  EXPECT_THAT(
      Texts({"#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,"
             "source-context,connector-id,source,event-id,recipient-address,recipient-status",
             "2026-11-20T14:02:02.003Z,10.0.0.5,EX01,192.0.2.26,mx.other.test,\"08DE2\",Internet,"
             "SMTP,SEND,carol@other.test,250 2.1.5 OK",
             "2026-11-20T14:02:03.003Z,192.0.2.9,mail.sender.test,10.0.0.5,EX01,\"08DE3\",In,SMTP,"
             "RECEIVE,ann@corp.test,",
             "2026-11-20T14:02:04.003Z,10.0.0.5,EX01,10.0.0.6,EX02,\"08DE4\",In,STOREDRIVER,"
             "DELIVER,ann@corp.test,"}),
      ElementsAre("outbound not_seen other.test|mx.other.test|192.0.2.26 x1",
                  "inbound not_seen |mail.sender.test|192.0.2.9 x1"));
}

TEST(DeliveryReader, CountsLinesThatCannotBePutInTime) {
  uint64_t without_time = 0;
  const auto deliveries = Read({"", "    continued", "\x01\x02\xff", "# a comment",
                                Postfix("smtp", 1, Sent("4Xk1", "a@x.test", kPeer))},
                               &without_time);
  EXPECT_THAT(deliveries, SizeIs(1));
  EXPECT_EQ(without_time, 2u);
  ASSERT_TRUE(deliveries[0].time_s.has_value());
  EXPECT_EQ(*deliveries[0].time_s, 1795860000);
  EXPECT_EQ(deliveries[0].machine, "mx1");
}

}  // namespace
}  // namespace mxsweep::tools
