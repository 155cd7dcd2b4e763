// `mxsweep report`, as a user runs it, on scans whose truth is known from how they are made. What
// the tables hold is compared with DuckDB's counts by tests/parquet_readers, and what a browser
// makes of the page by tests/tools/page/open_in_chromium.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"

namespace mxsweep::tools {
namespace {

using interop::CommandResult;
using output::EndpointRow;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kEvil;
using testing::MadeUpDomain;
using testing::MadeUpScan;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class ReportCommandTest : public testing::CommandTest {
 protected:
  ReportCommandTest() : CommandTest("report") {}

  // label → count.
  std::map<std::string, std::string> Numbers(const std::string& name) const {
    std::map<std::string, std::string> numbers;
    std::istringstream lines(Read("numbers/" + name + ".csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      const size_t comma = line.find(',');
      numbers[line.substr(0, comma)] = line.substr(comma + 1);
    }
    return numbers;
  }

  // The page of the scan; its numbers are in numbers/.
  std::string PageOf(const std::string& scan, std::vector<std::string> words = {}) {
    for (const std::string& word :
         {scan, std::string("-o"), Path("report.html"), std::string("--csv"), Path("numbers")}) {
      words.push_back(word);
    }
    const CommandResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return Read("report.html");
  }

  // 24 domains at servers of five kinds.
  std::string MakeScan(bool validates = true) {
    MadeUpScan scan(Path("scan"), validates);
    scan.Add("good", 10, [](MadeUpDomain& domain) {
      domain.AddHost(10, "mx.good.example").provider = "good.example";
      EndpointRow& row = domain.AddGoodServer();
      row.group = "X25519MLKEM768";
      row.handshake_us = 1500;
      domain.AddLeaf(row).is_ca = false;
      domain.domain().dane_status = "full";
    });
    scan.Add("old", 4, [](MadeUpDomain& domain) {
      domain.AddHost(10, "mx.old.example").provider = "old.example";
      EndpointRow& row = domain.AddGoodServer();
      row.tls_version = "TLSv1";
      row.group.reset();
      row.pkix_status = "expired";
      row.not_after = row.started_at - absl::Hours(1);
      row.session_level = 0;
    });
    scan.Add(
        "clear", 5,
        [](MadeUpDomain& domain) {
          domain.AddHost(10, "mx.clear.example").provider = "clear.example";
          domain.AddServer("no_starttls", "ehlo");
        },
        /*shared_host=*/true);
    scan.Add("silent", 2, [](MadeUpDomain& domain) {
      domain.AddHost(10, "mx.silent.example");
      domain.AddServer("connect_timeout", "connect");
    });
    scan.Add("null", 3, [](MadeUpDomain& domain) { domain.domain().mx_status = "null_mx"; });
    return scan.Finish();
  }
};

TEST_F(ReportCommandTest, CountsWhatIsKnownFromHowTheScanIsMade) {
  PageOf(MakeScan());
  EXPECT_EQ(Numbers("totals")["domains"], "24");
  EXPECT_EQ(Numbers("totals")["servers"], "17");
  EXPECT_EQ(Numbers("server_starttls"),
            (std::map<std::string, std::string>{
                {"offered", "14,17"}, {"not offered", "1,17"}, {"not known", "2,17"}}));
  EXPECT_EQ(Numbers("server_tls"),
            (std::map<std::string, std::string>{
                {"encrypts", "14,17"}, {"no STARTTLS", "1,17"}, {"not known", "2,17"}}));
  EXPECT_EQ(Numbers("server_tls_version"),
            (std::map<std::string, std::string>{{"TLSv1.3", "10,14"}, {"TLSv1", "4,14"}}));
  EXPECT_EQ(Numbers("server_group"),
            (std::map<std::string, std::string>{{"X25519MLKEM768", "10,14"},
                                                {"RSA key exchange", "4,14"}}));
  EXPECT_EQ(
      Numbers("server_post_quantum"),
      (std::map<std::string, std::string>{{"negotiated", "10,14"}, {"no: no TLS 1.3", "4,14"}}));
  EXPECT_EQ(Numbers("server_trust"),
            (std::map<std::string, std::string>{{"trusted for this name", "10,14"},
                                                {"not trusted: expired", "4,14"}}));
  EXPECT_EQ(Numbers("server_expiry"),
            (std::map<std::string, std::string>{{"expired", "4,14"}, {"within 90 days", "10,14"}}));
  EXPECT_EQ(Numbers("domain_mx_status"),
            (std::map<std::string, std::string>{{"mx", "21,24"}, {"null_mx", "3,24"}}));
  EXPECT_EQ(Numbers("domain_dane_status"),
            (std::map<std::string, std::string>{{"full", "10,21"}, {"not known", "11,21"}}));
  EXPECT_EQ(Numbers("timings")["handshake_us"], "10,17,1500,1500,1500");
  EXPECT_EQ(Numbers("policy")["tls"], "5,2,14,0,3");
  EXPECT_EQ(Numbers("policy")["verified"], "9,2,10,0,3");
  EXPECT_EQ(Numbers("hosts"),
            (std::map<std::string, std::string>{{"mx.clear.example", "no_starttls,5"}}));
}

TEST_F(ReportCommandTest, GroupsByProviderOrByTld) {
  PageOf(MakeScan());
  // TLS and verified: lost, unknown, fine, lost anyway; DANE, MTA-STS.
  EXPECT_EQ(Numbers("groups"),
            (std::map<std::string, std::string>{{"good.example", "10,0,0,10,0,0,0,10,0,10,0"},
                                                {"clear.example", "5,5,0,0,0,5,0,0,0,0,0"},
                                                {"old.example", "4,0,0,4,0,4,0,0,0,0,0"},
                                                {"", "2,0,2,0,0,0,2,0,0,0,0"}}));
  const std::string page = PageOf(Path("scan"), {"--by", "tld"});
  EXPECT_EQ(Numbers("groups"),
            (std::map<std::string, std::string>{{"example", "21,5,2,14,0,9,2,10,0,10,0"}}));
  EXPECT_THAT(page, HasSubstr("Top-level domains"));
}

TEST_F(ReportCommandTest, ShowsTheTablesWithoutScripts) {
  const std::string page = PageOf(MakeScan());
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">TLSv1.3</th><td>10</td><td>71.43 %</td>"));
  EXPECT_THAT(page, HasSubstr("<caption>14 servers that completed a handshake</caption>"));
  EXPECT_THAT(page, HasSubstr("2 of 17 servers (11.76 %) did not answer in time"));
  EXPECT_THAT(page, HasSubstr("role=\"img\" aria-label=\"Bar chart: TLS version."));
  EXPECT_THAT(page, Not(HasSubstr("did not validate DNSSEC")));
}

TEST_F(ReportCommandTest, SaysWhatTheScanCouldNotSee) {
  EXPECT_THAT(PageOf(MakeScan(/*validates=*/false)), HasSubstr("did not validate DNSSEC"));
}

// What may have been chance is no outage, as in the scan's own summary.
TEST_F(ReportCommandTest, CountsOutagesThatTheScanIsSureOf) {
  const auto page_with = [this](const nlohmann::json& outages) {
    MadeUpScan scan(Path("scan"));
    scan.scan()["outages"] = outages;
    return PageOf(scan.Finish());
  };
  const nlohmann::json sure = {{"of", "connections"}, {"sure", true}};
  const nlohmann::json unsure = {{"of", "resolvers"}, {"sure", false}};
  EXPECT_THAT(page_with({sure, unsure, sure}),
              HasSubstr("The scan noticed 2 outages of our own network; what failed meanwhile"));
  EXPECT_THAT(page_with({unsure}), Not(HasSubstr("of our own network")));
}

TEST_F(ReportCommandTest, NeedsNothingButItself) {
  const std::string page = PageOf(MakeScan());
  ExpectOwnPage(page);
  // Chart.js within it says whose it is.
  EXPECT_THAT(page, HasSubstr("Chart.js Contributors"));
}

TEST_F(ReportCommandTest, KeepsStrangersTextText) {
  MadeUpScan scan(Path("scan"));
  scan.Add("evil", 1, [](MadeUpDomain& domain) {
    domain.AddHost(10, kEvil).provider = kEvil;
    EndpointRow& row = domain.AddGoodServer();
    row.cipher = kEvil;
    row.rpt_result = kEvil;
    domain.AddLeaf(row).issuer = kEvil;
    domain.domain().diagnosis = kEvil;
  });
  scan.Add(
      "lost", 1,
      [](MadeUpDomain& domain) {
        domain.AddHost(10, kEvil);
        domain.AddServer("no_starttls", "ehlo");
      },
      /*shared_host=*/true);
  scan.scan()["version"] = kEvil;
  scan.scan()["options"] = {{kEvil, kEvil}};
  scan.scan()["resolver"]["detail"] = kEvil;
  const std::string page = PageOf(scan.Finish());
  ExpectOwnPage(page);
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(2)&gt;&quot;&#39;&amp;"));
  // Three scripts: the numbers, and Chart.js with what draws by it.
  size_t scripts = 0;
  for (size_t at = page.find("</script>"); at != page.npos; at = page.find("</script>", at + 1)) {
    ++scripts;
  }
  EXPECT_EQ(scripts, 2u);
}

TEST_F(ReportCommandTest, ShowsSoManyOfLongListsAndKeepsTheRestInTheNumbers) {
  MadeUpScan scan(Path("scan"));
  for (int i = 0; i < 9; ++i) {
    scan.Add("d" + std::to_string(i), i + 1, [i](MadeUpDomain& domain) {
      domain.AddHost(10, "mx" + std::to_string(i) + ".example");
      domain.AddGoodServer().cipher = "CIPHER_" + std::to_string(i);
    });
  }
  const std::string page = PageOf(scan.Finish(), {"--top", "3"});
  EXPECT_EQ(Numbers("server_cipher").size(), 9u);
  EXPECT_THAT(page, AllOf(HasSubstr(">CIPHER_6<"), Not(HasSubstr(">CIPHER_5<")),
                          HasSubstr("<th scope=\"row\">(6 others)</th><td>21</td>")));
}

TEST_F(ReportCommandTest, CountsTheLatestRowOfAServerThatWasAskedAgain) {
  MadeUpScan scan(Path("scan"));
  for (int hour = 0; hour < 3; ++hour) {
    EndpointRow row{.host = "mx.example", .address = "192.0.2.1"};
    row.outcome = hour == 1 ? "tls_ok" : "local_error";
    row.stage = "done";
    row.started_at = MadeUpDomain::Now() + absl::Hours(hour == 1 ? 5 : hour);
    ASSERT_TRUE(scan.writer().Add(std::move(row)).ok());
  }
  PageOf(scan.Finish());
  EXPECT_EQ(Numbers("server_outcome"), (std::map<std::string, std::string>{{"tls_ok", "1,1"}}));
}

TEST_F(ReportCommandTest, SaysNothingOfStartTlsWhereTlsComesFirst) {
  MadeUpScan scan(Path("scan"));
  scan.scan()["options"] = {{"tls", "implicit"}};
  scan.Add("good", 1, [](MadeUpDomain& domain) {
    domain.AddHost(10, "mx.example");
    domain.AddGoodServer();
  });
  EXPECT_THAT(PageOf(scan.Finish()),
              AllOf(Not(HasSubstr("STARTTLS offered")), HasSubstr("id=\"server_tls\"")));
  EXPECT_FALSE(std::filesystem::exists(Path("numbers/server_starttls.csv")));
}

TEST_F(ReportCommandTest, MakesAPageOfAScanWithoutRows) {
  MadeUpScan scan(Path("scan"));
  EXPECT_THAT(PageOf(scan.Finish()), HasSubstr("</html>"));
}

TEST_F(ReportCommandTest, WritesToStandardOutput) {
  const CommandResult result = Run({MakeScan(), "-o", "-"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, ::testing::StartsWith("<!DOCTYPE html>"));
}

// "-o /dev/stdout", "-o /dev/null" as root: no file takes a device's place, or a pipe's.
TEST_F(ReportCommandTest, WritesToAPipeAndLeavesItThere) {
  const std::string scan = MakeScan();
  const std::string page = PageOf(scan);
  const std::string pipe = Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string through;
  std::thread reader([&] {
    std::stringstream text;
    text << std::ifstream(pipe).rdbuf();
    through = text.str();
  });
  EXPECT_EQ(Run({scan, "-o", pipe}).exit_code, 0);
  reader.join();
  EXPECT_EQ(through, page);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(ReportCommandTest, RefusesWrongUsage) {
  const std::string scan = MakeScan();
  EXPECT_EQ(Run({scan}).exit_code, 2);
  EXPECT_EQ(Run({scan, "-o", Path("r.html"), "--top", "0"}).exit_code, 2);
  EXPECT_EQ(Run({scan, "-o", Path("r.html"), "--by", "colour"}).exit_code, 2);
  EXPECT_EQ(Run({Path("nowhere"), "-o", Path("r.html")}).exit_code, 1);
  EXPECT_EQ(Run({scan, "-o", Path("nowhere/r.html")}).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(Path("r.html")));
}

}  // namespace
}  // namespace mxsweep::tools
