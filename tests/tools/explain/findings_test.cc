// What is said of a whole input: counts by cause and domain, times, text and JSON.
#include "tools/explain/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "nlohmann/json.hpp"
#include "scanner/targets/input_source.h"
#include "tools/check/paragraph.h"
#include "tools/explain/input.h"
#include "tools/explain/ledger.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1795863600;  // 2026-11-28 11:00:00 UTC

struct Said {
  std::string text;
  json data;
};

Said ExplainAll(const std::vector<std::string>& inputs, size_t shown = 10) {
  Ledger ledger;
  Findings findings;
  for (const std::string& input : inputs) {
    const absl::Status status = ReadInput(scanner::FromString(input), kNow, &ledger, &findings);
    EXPECT_TRUE(status.ok()) << status;
  }
  findings.groups = ledger.Sorted();
  return {RenderFindings(findings, 80, shown), json::parse(RenderFindingsJson(findings))};
}

Said Explain(const std::string& input, size_t shown = 10) { return ExplainAll({input}, shown); }

std::string Failure(const std::string& time, int process, const std::string& domain) {
  const std::string head = time + " mx1 postfix/smtp[" + std::to_string(process) + "]: ";
  return head + "SSL_connect error to mx." + domain + "[192.0.2.1]:25: -1\n" + head +
         "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:ssl/statem/"
         "statem_clnt.c:2086:\n" +
         head + "4Xk1: to=<a@" + domain + ">, relay=mx." + domain +
         "[192.0.2.1]:25, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)\n";
}

std::string Log() {
  return "Nov 24 00:00:00 mx1 postfix/qmgr[1]: 4Xk0: removed\n" +
         Failure("Nov 24 14:00:00", 1, "example.test") +
         Failure("Nov 25 14:00:00", 2, "other.test") +
         Failure("Nov 26 14:00:00", 3, "example.test") +
         "Nov 28 00:00:00 mx1 postfix/qmgr[1]: 4Xk9: removed\n";
}

std::string Gzip(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Of a reply that stands alone nobody knows which side is ours.
TEST(Explain, TellsAReplyThatStandsAloneBySenderAndReceiver) {
  const Said sender = Explain("530 Must issue a STARTTLS command first\n");
  EXPECT_THAT(sender.text, HasSubstr("   refused by   the receiving server: theirs, if we"));
  EXPECT_THAT(sender.text, HasSubstr("\n   sender       The client must use STARTTLS"));
  EXPECT_THAT(sender.text, HasSubstr("\n   receiver     Level encrypt demands it"));
  EXPECT_LT(sender.text.find("   sender "), sender.text.find("   receiver "));
  EXPECT_THAT(sender.text, Not(HasSubstr("our side")));
  const json& cause = sender.data["causes"][0];
  EXPECT_EQ(cause["refused_by"], "receiving_server");
  EXPECT_EQ(cause["owners"], (json{"sending_client", "receiving_server"}));
  EXPECT_EQ(cause["our_role"], nullptr);

  const Said receiver = Explain("454 4.7.0 TLS not available\n");
  EXPECT_THAT(receiver.text, HasSubstr("\n   receiver     Look into the server's own log"));
  EXPECT_THAT(receiver.text, Not(HasSubstr("   sender ")));
  EXPECT_EQ(receiver.data["causes"][0]["owners"], json::array({"receiving_server"}));
}

TEST(Explain, CountsByCauseAndDomain) {
  const Said said = Explain(Log());
  ASSERT_EQ(said.data["causes"].size(), 1u);
  const json& cause = said.data["causes"][0];
  EXPECT_EQ(cause["cause"], "dh_key_too_small");
  EXPECT_EQ(cause["kind"], "refused");
  EXPECT_EQ(cause["refused_by"], "us_as_client");
  EXPECT_EQ(cause["owners"], json::parse(R"(["theirs", "ours"])"));
  EXPECT_EQ(cause["count"], 3);
  ASSERT_EQ(cause["with"].size(), 2u);
  EXPECT_EQ(cause["with"][0]["name"], "example.test");
  EXPECT_EQ(cause["with"][0]["count"], 2);
  EXPECT_EQ(cause["with"][0]["first"], "2026-11-24T14:00:00Z");
  EXPECT_EQ(cause["with"][0]["last"], "2026-11-26T14:00:00Z");
  EXPECT_EQ(cause["with"][0]["example_line"], 3);
  EXPECT_EQ(cause["with"][1]["name"], "other.test");
  EXPECT_EQ(cause["timeline"].size(), 3u);
  EXPECT_EQ(said.data["lines"], 11);
}

TEST(Explain, SaysSinceWhenInPlainWords) {
  const Said said = Explain(Log());
  EXPECT_THAT(said.text, HasSubstr("the server's Diffie-Hellman group is too small for us"));
  EXPECT_THAT(said.text,
              HasSubstr("3 times, since Tue 2026-11-24 14:00, last Thu 2026-11-26 14:00"));
  EXPECT_THAT(said.text, HasSubstr("(not before,\n   in a log from Tue 2026-11-24 00:00 on)"));
  EXPECT_THAT(said.text, HasSubstr("refused by   us, as the client"));
  EXPECT_THAT(said.text, HasSubstr("their side   Use a 2048-bit group"));
  EXPECT_THAT(said.text, HasSubstr("not a DKIM key"));
  EXPECT_THAT(said.text, HasSubstr("example.test            2"));
}

TEST(Explain, KeepsTo80Columns) {
  std::string input = Log();
  input +=
      "SSL routines::no shared cipher\n454 4.7.0 TLS not available due to local problem\n"
      "535 5.7.8 Authentication credentials invalid\nremote error: tls: handshake failure\n";
  std::istringstream lines(Explain(input).text);
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_LE(ColumnsOf(line), 80u) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
  EXPECT_GT(count, 40u);
}

TEST(Explain, ALogWithoutTroubleSaysSo) {
  const Said said = Explain("Nov 24 00:00:00 mx1 postfix/qmgr[1]: 4Xk0: removed\n");
  EXPECT_THAT(said.text, HasSubstr("No trouble with TLS."));
  EXPECT_TRUE(said.data["causes"].empty());
  EXPECT_THAT(Explain("").text, HasSubstr("No trouble with TLS."));
}

TEST(Explain, WhatIsNoTlsIsToldApart) {
  const Said said = Explain("535 5.7.8 Authentication credentials invalid\n");
  EXPECT_THAT(said.text, HasSubstr("No trouble with TLS."));
  EXPECT_THAT(said.text, HasSubstr("Not TLS, though often taken for it"));
  EXPECT_EQ(said.data["causes"][0]["kind"], "not_tls");
}

TEST(Explain, ReadsPackedLogs) {
  const std::string packed = Gzip(Log());
  EXPECT_EQ(Explain(packed).data["causes"][0]["count"], 3);
}

TEST(Explain, ReadsReportsPlainPackedAndInMail) {
  const std::string report =
      R"({"organization-name":"X","date-range":{"start-datetime":"2026-11-27T00:00:00Z"},)"
      R"("report-id":"r@x","policies":[)"
      R"({"policy":{"policy-type":"sts","policy-domain":"example.org"},)"
      R"("summary":{"total-successful-session-count":1000,"total-failure-session-count":4},)"
      R"("failure-details":[{"result-type":"certificate-expired","failed-session-count":4,)"
      R"("receiving-mx-hostname":"mx.example.org"}]}]})";
  std::string base64;
  absl::Base64Escape(Gzip(report), &base64);
  const std::string mail =
      "From: tls@example.test\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\n\n"
      "--b\nContent-Type: text/plain\n\nA TLS report, of certificate trouble: dh key too "
      "small\n--b\n"
      "Content-Type: application/tlsrpt+gzip; name=x.json.gz\nContent-Transfer-Encoding: "
      "base64\n\n" +
      base64 + "\n--b--\n";
  for (const std::string& input : {report, Gzip(report), mail}) {
    const Said said = Explain(input);
    EXPECT_EQ(said.data["tls_reports"]["reports"], 1) << input.substr(0, 40);
    const json& causes = said.data["causes"];
    ASSERT_GE(causes.size(), 1u) << input.substr(0, 40);
    EXPECT_EQ(causes[0]["cause"], "certificate_expired");
    EXPECT_EQ(causes[0]["count"], 4);
    EXPECT_EQ(causes[0]["refused_by"], "sending_client");
    EXPECT_EQ(causes[0]["owners"], json::parse(R"(["ours"])"));
    EXPECT_EQ(causes[0]["with"][0]["name"], "example.org");
    EXPECT_EQ(causes[0]["first"], "2026-11-27T00:00:00Z");
    EXPECT_THAT(said.text, HasSubstr("1 TLS report: of 1,004 sessions 4 failed"));
    EXPECT_THAT(said.text, Not(HasSubstr("given before")));
  }
  // All three are one report.
  const Said said = ExplainAll({report, Gzip(report), mail});
  EXPECT_EQ(said.data["inputs"], 3);
  EXPECT_EQ(said.data["tls_reports"]["reports"], 1);
  EXPECT_EQ(said.data["tls_reports"]["given_again"], 2);
  EXPECT_EQ(said.data["tls_reports"]["failed_sessions"], 4);
  EXPECT_EQ(said.data["causes"][0]["count"], 4);
  EXPECT_THAT(said.text, HasSubstr("1 TLS report: of 1,004 sessions 4 failed\n"
                                   "2 TLS reports were given before: left out, so that each "
                                   "counts once.\n"));
}

// "cat reports/*.json | mxsweep explain", and a list of reports.
TEST(Explain, ReadsSeveralReportsInOneInput) {
  const auto report = [](const std::string& id) {
    return R"({"organization-name":"X","date-range":{"start-datetime":"2026-11-27T00:00:00Z"},)"
           R"("report-id":")" +
           id + R"(","policies":[{"policy":{"policy-type":"sts","policy-domain":"example.org"},)" +
           R"("summary":{"total-failure-session-count":4}}]})";
  };
  for (const std::string& input : {report("1") + report("2"), report("1") + "\n" + report("2"),
                                   "[" + report("1") + ",\n" + report("2") + "]\n"}) {
    const Said said = Explain(input);
    EXPECT_EQ(said.data["tls_reports"]["reports"], 2) << input;
    EXPECT_EQ(said.data["tls_reports"]["failed_sessions"], 8) << input;
  }
}

TEST(Explain, SaysWhichReportsItCannotRead) {
  const std::string head =
      "From: tls@example.test\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\n\n"
      "--b\nContent-Type: text/plain\n\nA TLS report.\n--b\n";
  for (const std::string part :
       {"Content-Type: application/tlsrpt+json\n\n{\"policies\":\n--b--\n",
        "Content-Type: application/zip; name=x.json.zip\n\nPK\x03\x04......\n--b--\n",
        "Content-Type: application/octet-stream\n\nnothing\n--b--\n"}) {
    const Said said = Explain(head + part);
    EXPECT_EQ(said.data["tls_reports"]["reports"], 0) << part;
    EXPECT_EQ(said.data["tls_reports"]["not_read"], 1) << part;
    EXPECT_THAT(said.text, HasSubstr("1 attachment of mail is said to be a TLS report")) << part;
  }
}

TEST(Explain, SaysWhichReportsMayCountTwice) {
  const std::string report =
      R"({"organization-name":"X","date-range":{"start-datetime":"2026-11-27T00:00:00Z"},)"
      R"("report-id":"r@x","policies":[{"policy":{"policy-domain":"example.org"},)"
      R"("summary":{"total-successful-session-count":1000}}]})";
  std::string corrected = report, unidentified = report;
  corrected.replace(corrected.find("1000"), 4, "1001");
  unidentified.replace(unidentified.find("r@x"), 3, "");
  const Said said = ExplainAll({report, corrected, unidentified, unidentified});
  EXPECT_EQ(said.data["tls_reports"]["reports"], 4);
  EXPECT_EQ(said.data["tls_reports"]["other_contents"], 1);
  EXPECT_EQ(said.data["tls_reports"]["unidentified"], 2);
  EXPECT_THAT(said.text, HasSubstr("4 TLS reports: of 4,001 sessions 0 failed"));
  EXPECT_THAT(said.text, HasSubstr("1 TLS report has the id, reporter, days and domains"));
  EXPECT_THAT(said.text, HasSubstr("2 TLS reports have no id, no reporter or no days"));
}

TEST(Explain, LinesOfAnyLengthAndEndAreRead) {
  const Said said = Explain(std::string(300'000, 'a') + "\r\ndh key too small\r\n" +
                            std::string(70'000, 'b') + "\nee key too small");
  EXPECT_EQ(said.data["lines"], 4);
  EXPECT_EQ(said.data["causes"].size(), 2u);
}

TEST(Explain, MemoryIsBoundedHoweverManyDomains) {
  std::string input;
  for (int i = 0; i < 25'000; ++i) {
    input +=
        "postfix/smtp[1]: 4Xk1: to=<a@d" + std::to_string(i) +
        ".test>, relay=none, status=deferred (TLS is required, but was not offered by host x)\n";
  }
  const Said said = Explain(input);
  const json& cause = said.data["causes"][0];
  EXPECT_EQ(cause["count"], 25'000);
  EXPECT_EQ(cause["with"].size(), 20'000u);
  EXPECT_EQ(cause["count_without_name"], 5'000);
  EXPECT_THAT(said.text, HasSubstr("and 24,990 with others"));
}

TEST(Explain, ShowsOnlyPrintableCharacters) {
  const Said said = Explain("dh key too small \x1b[2J\xff\xe2\x80\xae reversed\n");
  EXPECT_THAT(said.text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(said.text, Not(HasSubstr("\xe2\x80\xae")));
}

// What iconv (glibc) makes of `text` in that encoding.
std::string Iconv(const std::string& text, const std::string& encoding) {
  const std::string file = ::testing::TempDir() + "explain_iconv";
  std::ofstream(file, std::ios::binary) << text;
  FILE* const pipe = popen(("iconv -f UTF-8 -t " + encoding + " " + file).c_str(), "r");
  std::string converted;
  for (int c = std::getc(pipe); c != EOF; c = std::getc(pipe)) {
    converted.push_back(static_cast<char>(c));
  }
  EXPECT_EQ(pclose(pipe), 0);
  return converted;
}

TEST(Explain, ReadsUtf16InBothOrders) {
  const std::string log = "Nov 24 00:00:00 mx1 exim[2]: J\xc3\xb6rg \xf0\x9f\x93\xa7\n" + Log();
  const std::string plain = Explain(log).text;
  EXPECT_THAT(plain, HasSubstr("3 times"));
  EXPECT_EQ(Explain("\xff\xfe" + Iconv(log, "UTF-16LE")).text, plain);
  EXPECT_EQ(Explain("\xfe\xff" + Iconv(log, "UTF-16BE")).text, plain);
  EXPECT_EQ(Explain(std::string("\xff\xfe\x3d\xd8\n\0d", 7)).data["lines"], 2)
      << "half of a pair, and half of a unit";
}

// Tests run in the project's root.
TEST(Explain, TheReadmeShowsWhatIsPrinted) {
  std::ostringstream readme;
  readme << std::ifstream("README.md").rdbuf();
  const std::string page = readme.str();
  const std::string command = "' | mxsweep explain\n";
  const size_t begin = page.find(command);
  ASSERT_NE(begin, std::string::npos);
  const size_t input = page.rfind("$ echo '", begin) + 8;
  const size_t output = begin + command.size();
  EXPECT_EQ(page.substr(output, page.find("```", output) - output),
            Explain(page.substr(input, begin - input) + "\n").text);
}

TEST(Timeline, WidensItsBinsWhereThereAreTooMany) {
  Timeline timeline;
  for (int64_t hour = 0; hour < 1000; ++hour) timeline.Add(kNow + hour * 3600, 2);
  EXPECT_LE(timeline.bins().size(), 96u);
  uint64_t sum = 0;
  for (const auto& [begin, count] : timeline.bins()) {
    sum += count;
    EXPECT_EQ(begin % timeline.bin_seconds(), 0);
  }
  EXPECT_EQ(sum, 2000u);
}

}  // namespace
}  // namespace mxsweep::tools
