// Delivery reports (RFC 3464) in the forms of several MTAs, and what is attached to mail.
#include "tools/explain/lines/mail_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Result {
  std::vector<Trouble> troubles;
  std::vector<std::string> attachments;
  size_t labelled = 0;
};

Result Read(const std::string& mail) {
  Result result;
  MailReader reader([&](Trouble trouble) { result.troubles.push_back(std::move(trouble)); },
                    [&](MailReader::Attachment attachment) {
                      if (attachment.is_labelled) ++result.labelled;
                      result.attachments.push_back(std::move(attachment.bytes));
                    });
  std::istringstream lines(mail);
  uint64_t number = 0;
  for (std::string line; std::getline(lines, line);) reader.Add(line, ++number);
  reader.Finish();
  return result;
}

// After RFC 3464 appendix E, with the fields of `status`.
std::string Bounce(const std::string& status) {
  return "Return-Path: <>\n"
         "Date: Sat, 28 Nov 2026 11:00:00 +0100 (CET)\n"
         "From: Mail Delivery System <MAILER-DAEMON@mx1.example.org>\n"
         "Content-Type: multipart/report; report-type=delivery-status;\n"
         "\tboundary=\"4Xk1.1764/mx1\"\n"
         "\n"
         "This is a MIME-encapsulated message.\n"
         "\n"
         "--4Xk1.1764/mx1\n"
         "Content-Type: text/plain; charset=us-ascii\n"
         "\n"
         "I'm sorry: TLS is required, but was not offered by host somebody.test[192.0.2.99]\n"
         "\n"
         "--4Xk1.1764/mx1\n"
         "Content-Type: message/delivery-status\n"
         "\n"
         "Reporting-MTA: dns; mx1.example.org\n"
         "Arrival-Date: Sat, 28 Nov 2026 09:00:00 +0000\n"
         "\n" +
         status +
         "\n"
         "--4Xk1.1764/mx1\n"
         "Content-Type: message/rfc822\n"
         "\n"
         "Subject: dh key too small in the message itself\n"
         "\n"
         "no shared cipher, SSL routines\n"
         "\n"
         "--4Xk1.1764/mx1--\n";
}

TEST(MailReader, TheReportersOwnWordsAreOurs) {
  const Result result =
      Read(Bounce("Final-Recipient: rfc822; ann@Example.TEST\n"
                  "Action: failed\n"
                  "Status: 4.7.4\n"
                  "Diagnostic-Code: X-Postfix; TLS is required, but was not offered by host\n"
                  "    mx.example.test[192.0.2.1]\n"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  const Trouble& trouble = result.troubles[0];
  EXPECT_EQ(trouble.cause.id, "starttls_not_offered");
  EXPECT_EQ(trouble.cause.side, Side::kUsAsClient);
  EXPECT_EQ(trouble.remote.domain, "example.test");
  EXPECT_EQ(trouble.remote.host, "mx.example.test");
  EXPECT_EQ(trouble.time_s, 1795856400);  // date -ud "2026-11-28 09:00" +%s
  EXPECT_EQ(trouble.line_number, 23u);
  EXPECT_THAT(result.attachments, IsEmpty());
}

// RFC 3464 §2.3.6: "smtp" is what the remote MTA said (of whom §2.3.5 tells).
TEST(MailReader, AReplyOfTheRemoteServerIsTheirs) {
  const Result result =
      Read(Bounce("Final-Recipient: rfc822; ann@example.test\n"
                  "Action: failed\n"
                  "Status: 4.3.0\n"
                  "Remote-MTA: dns; mx.example.test\n"
                  "Diagnostic-Code: smtp; 454 TLS missing certificate: error:0200100D:system "
                  "library:fopen:Permission denied (#4.3.0)\n"
                  "Last-Attempt-Date: Sat, 28 Nov 2026 02:00:00 -0800 (PST)\n"
                  "\n"
                  "Final-Recipient: rfc822; bob@other.test\n"
                  "Status: 5.7.0\n"
                  "Diagnostic-Code: smtp; 530 5.7.0 Must issue a STARTTLS command first\n"));
  ASSERT_THAT(result.troubles, SizeIs(2));
  EXPECT_EQ(result.troubles[0].cause.id, "server_key_not_loaded");
  EXPECT_EQ(result.troubles[0].cause.side, Side::kThemAsServer);
  EXPECT_THAT(result.troubles[0].cause.owners, ElementsAre(Owner::kTheirs));
  EXPECT_EQ(result.troubles[0].remote.host, "mx.example.test");
  EXPECT_EQ(result.troubles[0].time_s, 1795860000);  // 10:00 UTC
  EXPECT_EQ(result.troubles[1].cause.id, "tls_demanded");
  EXPECT_EQ(result.troubles[1].cause.side, Side::kThemAsServer);
  EXPECT_EQ(result.troubles[1].cause.owners.front(), Owner::kOurs);
  EXPECT_EQ(result.troubles[1].remote.domain, "other.test");
}

TEST(MailReader, MicrosoftsCodeNamesTheReceivingServer) {
  const Result result = Read(Bounce(
      "Final-Recipient: rfc822;ann@example.test\nAction: failed\nStatus: 5.7.323\n"
      "Diagnostic-Code: smtp;550 5.7.323 tlsa-invalid: The domain failed DANE validation\n"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_EQ(result.troubles[0].cause.id, "tlsa_mismatch");
  EXPECT_EQ(result.troubles[0].cause.side, Side::kSender);
  EXPECT_THAT(result.troubles[0].cause.owners, ElementsAre(Owner::kReceivers));
}

TEST(MailReader, TheStatusAloneTellsLess) {
  const Result result =
      Read(Bounce("Final-Recipient: rfc822; a@example.test\nAction: failed\nStatus: 5.7.10\n"
                  "Diagnostic-Code: smtp; 523 sorry\n"));
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_EQ(result.troubles[0].cause.id, "tls_demanded");
}

TEST(MailReader, BouncesForOtherReasonsAreLeftAlone) {
  EXPECT_THAT(Read(Bounce("Final-Recipient: rfc822; a@example.test\nAction: failed\nStatus: 5.1.1\n"
                          "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"))
                  .troubles,
              IsEmpty());
}

TEST(MailReader, ABounceWithoutAReportIsReadByItsWords) {
  const Result result = Read(
      "From: MAILER-DAEMON@mx1.example.org\nDate: 28 Nov 2026 10:00:00 +0000\n\n"
      "Hi. This is the qmail-send program at mx1.example.org.\n\n<ann@example.test>:\n"
      "TLS connect failed: error:0A000410:SSL routines::sslv3 alert handshake failure\n");
  ASSERT_THAT(result.troubles, SizeIs(1));
  EXPECT_EQ(result.troubles[0].cause.id, "alert_handshake_failure");
  EXPECT_EQ(result.troubles[0].cause.side, Side::kThemAsServer);
  EXPECT_EQ(result.troubles[0].time_s, 1795860000);
}

TEST(MailReader, AnMboxHoldsMany) {
  const std::string bounce = Bounce(
      "Final-Recipient: rfc822; a@example.test\nStatus: 4.7.5\n"
      "Diagnostic-Code: X-Postfix; Server certificate not verified\n");
  EXPECT_THAT(Read("From MAILER-DAEMON Sat Nov 28 10:00:00 2026\n" + bounce +
                   "\nFrom MAILER-DAEMON Sat Nov 28 10:00:01 2026\n" + bounce)
                  .troubles,
              SizeIs(2));
}

TEST(MailReader, AttachmentsAreDecoded) {
  const std::string head =
      "Subject: Report Domain: example.org Submitter: example.test\n"
      "Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=b\n\n--b\n";
  // RFC 4648 §10: "foobar".
  EXPECT_THAT(
      Read(head + "Content-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: BASE64\n"
                  "\nZm9v\nYmFy\n--b--\n")
          .attachments,
      ElementsAre("foobar"));
  EXPECT_THAT(
      Read(head + "Content-Type: application/octet-stream;\n name=\"x.json\"\n\n{}\n--b--\n")
          .attachments,
      ElementsAre("{}\n"));
  EXPECT_THAT(Read(head + "Content-Type: image/png\n\nx\n--b--\n").attachments, IsEmpty());
  // RFC 8460 §5.3: the report may be the message's whole body.
  EXPECT_THAT(Read("Content-Type: application/tlsrpt+json\n\n{\"policies\":[]}\n").attachments,
              ElementsAre("{\"policies\":[]}\n"));
}

// What reporters, gateways and lists make of RFC 8460's two media types.
TEST(MailReader, AReportIsKnownByWhatItHolds) {
  const std::string head =
      "Subject: Report Domain: example.org Submitter: example.test\n"
      "Content-Type: multipart/report; x-boundary=no; report-type=tlsrpt; boundary = b\n\n--b\n";
  const auto part = [&head](const std::string& fields, const std::string& body) {
    return head + "Content-Type: text/plain\n\nThis is a report.\n\n--b\n" + fields + "\n" + body +
           "\n--b--\n";
  };
  // RFC 4648 §10: "foobar".
  for (const std::string fields :
       {"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n",
        "Content-Type: application/x-gzip\nContent-Transfer-Encoding: base64 (RFC 2045)\n",
        "Content-Type: application/zip; name*0=\"x.js\"; name*1=\"on.zip\"\n"
        "Content-Transfer-Encoding: base64\n"}) {
    const Result result = Read(part(fields, "Zm9vYmFy\n"));
    EXPECT_THAT(result.attachments, ElementsAre("foobar")) << fields;
    EXPECT_EQ(result.labelled, 1u) << fields;
  }
  const Result quoted = Read(
      part("Content-Type: application/tlsrpt+json\nContent-Transfer-Encoding: Quoted-Printable\n",
           "{\"policies\":=\n[]=7D"));
  EXPECT_THAT(quoted.attachments, ElementsAre("{\"policies\":[]}\n"));
  // In the text of a mail, or with a list's footer behind it.
  EXPECT_THAT(Read("Subject: x\n\n{\"policies\":[]}\n").attachments,
              ElementsAre("{\"policies\":[]}\n"));
  EXPECT_THAT(Read(part("Content-Type: application/tlsrpt+gzip\n"
                        "Content-Transfer-Encoding: base64\n",
                        "Zm9vYg==\n\n-- \nA list's footer\n"))
                  .attachments,
              ElementsAre("foob"));
}

TEST(MailReader, SaysOfAReportThatCannotBeDecoded) {
  const std::string fields =
      "Content-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n\n";
  const Result result = Read("Subject: x\n" + fields + "Zm9vY\n");
  EXPECT_THAT(result.attachments, ElementsAre(""));
  EXPECT_EQ(result.labelled, 1u);
  // Of what nobody calls a report nothing is told.
  EXPECT_THAT(Read("Subject: x\nContent-Type: application/pdf\n"
                   "Content-Transfer-Encoding: base64\n\nZm9vY\n")
                  .attachments,
              IsEmpty());
}

TEST(MailReader, ReadsForwardedReportsButNotForwardedText) {
  const std::string report =
      "Subject: Report\nContent-Type: multipart/report; report-type=tlsrpt; boundary=i\n\n"
      "--i\nContent-Type: text/plain\n\ndh key too small\n"
      "--i\nContent-Type: application/tlsrpt+json\n\n{}\n--i--\n";
  const std::string forwarded =
      "Subject: Fwd\nContent-Type: multipart/mixed; boundary=o\n\n"
      "--o\nContent-Type: text/plain\n\nSee below.\n"
      "--o\nContent-Type: message/rfc822\n\n" +
      report + "\n--o\nContent-Type: text/plain\n\nno shared cipher, SSL routines\n--o--\n";
  const Result result = Read(forwarded);
  EXPECT_THAT(result.attachments, ElementsAre("{}\n"));
  ASSERT_THAT(result.troubles, SizeIs(1)) << "what stands behind the forwarded mail is ours again";
  EXPECT_EQ(result.troubles[0].cause.id, "no_shared_cipher");
}

TEST(MailReader, TheTextOfABounceIsDecoded) {
  const std::string head = "From: MAILER-DAEMON@mx1.example.org\nContent-Transfer-Encoding: ";
  // printf 'TLS connect failed: error:0A00018A:SSL routines::dh key too small' | base64 -w 60
  const Result base64 =
      Read(head +
           "base64\n\nVExTIGNvbm5lY3QgZmFpbGVkOiBlcnJvcjowQTAwMDE4QTpTU0wgcm91dGlu\n"
           "ZXM6OmRoIGtleSB0b28gc21hbGw=\n");
  ASSERT_THAT(base64.troubles, SizeIs(1));
  EXPECT_EQ(base64.troubles[0].cause.id, "dh_key_too_small");
  const Result quoted = Read(head +
                             "quoted-printable\n\nTLS connect failed: error=3A0A00018A:SSL "
                             "routines::dh key too sm=\nall\n");
  ASSERT_THAT(quoted.troubles, SizeIs(1));
  EXPECT_EQ(quoted.troubles[0].cause.id, "dh_key_too_small");
}

TEST(MailReader, LooksLikeMail) {
  EXPECT_TRUE(LooksLikeMail("Received: from x by y\n"));
  EXPECT_TRUE(LooksLikeMail("From MAILER-DAEMON Sat Nov 28\n"));
  EXPECT_TRUE(LooksLikeMail("Reporting-MTA: dns; x\n"));
  EXPECT_FALSE(LooksLikeMail("Nov 28 10:00:00 mx1 postfix/smtp[1]: x\n"));
  EXPECT_TRUE(LooksLikeMail("X-Spam: no\r\nX-Long: a\r\n b\r\nTo: a@example.org\r\n"));
  EXPECT_TRUE(LooksLikeMail("TLS-Report-Domain: example.org\n"));
  EXPECT_FALSE(LooksLikeMail("X-Spam: no\n\nTo: a@example.org\n")) << "behind the fields";
  EXPECT_FALSE(LooksLikeMail("2026-11-28T10:00:00Z mx1 postfix/smtp[1]: x\nTo: a\n"));
  EXPECT_FALSE(LooksLikeMail("warning: TLS library problem: x\n"));
  EXPECT_FALSE(LooksLikeMail(""));
}

TEST(MailReader, BoundsWhatItKeeps) {
  std::string mail = "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 100; ++i) {
    mail += "--b\nContent-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n";
  }
  mail += "--b\nContent-Type: text/plain\n\n";
  for (int i = 0; i < 20'000; ++i) mail += "nothing of interest here\n";
  EXPECT_THAT(Read(mail).troubles, IsEmpty());
  EXPECT_THAT(Read(std::string(100'000, '\t') + "\n" + std::string(100'000, ':')).troubles,
              IsEmpty());
}

}  // namespace
}  // namespace mxsweep::tools
