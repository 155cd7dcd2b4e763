// The other kinds of target, of output and of TLS.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

class TargetsTest : public testing::Test {
 protected:
  TargetsTest()
      : lab_(folder_, {"--seed", "3", "--domains", "60", "--mix", "happy", "--fixed", "none",
                       "--tls-port", std::to_string(Lab::kTlsPort)}) {
    truth_ = JsonLines(lab_.state("truth/endpoints.ndjson"));
  }

  std::string WriteList(const std::string& name, const std::vector<std::string>& lines) {
    const std::string path = folder_.path(name);
    std::ofstream out(path);
    for (const std::string& line : lines) out << line << "\n";
    return path;
  }

  TemporaryFolder folder_;
  Lab lab_;
  std::vector<json> truth_;
};

TEST_F(TargetsTest, HostsSkipTheMxStep) {
  std::set<std::string> hosts;
  for (const json& row : truth_) hosts.insert(row["host"]);
  std::vector<std::string> lines(hosts.begin(), hosts.end());
  lines.push_back("not a host");
  const std::string scan = folder_.path("scan");
  const CommandResult result =
      Mxsweep(lab_.ScanArguments(WriteList("hosts", lines), {"-o", scan, "--targets", "hosts"}));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(Rows(scan, "mx_hosts").size(), hosts.size());
  EXPECT_EQ(Rows(scan, "endpoints").size(), truth_.size());
  const std::vector<json> domains = Rows(scan, "domains");
  ASSERT_EQ(domains.size(), 1u);  // the line that names no host
  EXPECT_EQ(domains[0]["mx_status"], "invalid_name");
  EXPECT_EQ(domains[0]["input_line"], lines.size());
  EXPECT_EQ(domains[0]["domain"], "not a host");
}

TEST_F(TargetsTest, AddressesSkipDnsAndUseTheNameGivenForSniAndVerdicts) {
  const json& truth = truth_.front();
  const std::string address = truth["address"];
  const std::string host = truth["host"];
  const std::string scan = folder_.path("scan");
  const CommandResult result = Mxsweep(
      lab_.ScanArguments(WriteList("addresses", {address + "," + host, "127.64.255.254/31"}),
                         {"-o", scan, "--targets", "addresses"}));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::vector<json> rows = Rows(scan, "endpoints");
  ASSERT_EQ(rows.size(), 3u);
  for (const json& row : rows) {
    if (row["address"] == address) {
      EXPECT_EQ(row["outcome"], "tls_ok");
      EXPECT_EQ(row["server_name"], host);
      EXPECT_EQ(row["name_match"], "san");
      EXPECT_EQ(row["pkix_status"], "valid");
      EXPECT_TRUE(row["dane_status"].is_null());  // nobody looked
    } else {
      EXPECT_EQ(row["outcome"], "connect_refused");
      EXPECT_EQ(row["host"], "");
    }
  }
}

TEST_F(TargetsTest, ImplicitTlsShakesHandsFirst) {
  const std::string scan = folder_.path("scan");
  const CommandResult result = Mxsweep(lab_.ScanArguments(
      lab_.state("domains.txt"),
      {"-o", scan, "--tls", "implicit", "--port", std::to_string(Lab::kTlsPort)}));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::vector<json> rows = Rows(scan, "endpoints");
  EXPECT_EQ(rows.size(), truth_.size());
  for (const json& row : rows) {
    EXPECT_EQ(row["outcome"], "tls_ok") << row.dump();
    EXPECT_EQ(row["stage"], "done") << row.dump();
    EXPECT_EQ(row["port"], Lab::kTlsPort);
    EXPECT_EQ(row["greeting_code"], 220);
    EXPECT_TRUE(row["starttls_code"].is_null());
  }
}

TEST_F(TargetsTest, NdjsonStreamsRowsOfEveryTableToStandardOutputAndNothingElse) {
  const CommandResult result =
      Mxsweep(lab_.ScanArguments(lab_.state("domains.txt"), {"--format", "ndjson"}));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  std::istringstream in(result.output);
  std::map<std::string, size_t> rows;
  for (std::string line; std::getline(in, line);) {
    const json row = json::parse(line, nullptr, /*allow_exceptions=*/false);
    // The resolver's line is on standard error, which this harness captures as well.
    if (row.is_discarded()) continue;
    ++rows[row["table"]];
    if (row["table"] == "endpoints") {
      EXPECT_EQ(row["outcome"], "tls_ok");
    }
  }
  for (const char* table : {"domains", "mx_hosts", "endpoints", "certificates"}) {
    const std::string truth = lab_.state(std::string("truth/") + table + ".ndjson");
    EXPECT_EQ(rows[table], JsonLines(truth).size()) << table;
  }
}

TEST_F(TargetsTest, BlockedAddressesAreRowsAndAreNotConnectedTo) {
  const std::string blocklist = WriteList("blocked", {"127.64.0.0/10 # the whole lab", "::1"});
  const std::string scan = folder_.path("scan");
  const CommandResult result = Mxsweep(
      lab_.ScanArguments(lab_.state("domains.txt"), {"-o", scan, "--blocklist", blocklist}));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const std::vector<json> rows = Rows(scan, "endpoints");
  EXPECT_EQ(rows.size(), truth_.size());
  for (const json& row : rows) {
    EXPECT_EQ(row["outcome"], "blocked");
    EXPECT_EQ(row["attempts"], 0);
    EXPECT_TRUE(row["rpt_result"].is_null());
  }
  EXPECT_EQ(lab_.Stop().at("connections"), 0);
}

TEST_F(TargetsTest, WithoutAllowSpecialNothingOnLoopbackIsConnectedTo) {
  Arguments arguments = lab_.ScanArguments(lab_.state("domains.txt"), {"-o", folder_.path("scan")});
  arguments.erase(std::find(arguments.begin(), arguments.end(), "--allow-special"));
  ASSERT_EQ(Mxsweep(arguments).exit_code, 0);
  for (const json& row : Rows(folder_.path("scan"), "endpoints")) {
    EXPECT_EQ(row["outcome"], "blocked");
    EXPECT_EQ(row["error_detail"], "special_purpose");
  }
  EXPECT_EQ(lab_.Stop().at("connections"), 0);
}

}  // namespace
}  // namespace mxsweep::end_to_end
