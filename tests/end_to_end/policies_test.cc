// MTA-STS and TLS reporting: how far a scan looks, and how politely (that it finds what is there is
// the truth test's).
#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

const char* const kDomains[] = {"sts-enforce.lab",      "sts-testing.lab",
                                "sts-mode-none.lab",    "sts-wildcard.lab",
                                "sts-chunked.lab",      "sts-duplicates.lab",
                                "sts-record-alias.lab", "sts-enforce-first-mx.lab",
                                "tlsrpt-both.lab",      "sts-enforce-mx-mismatch.lab"};
constexpr uint64_t kWithPolicy = 9;
constexpr uint64_t kPolicyServers = 4;  // of the lab

class PoliciesTest : public testing::Test {
 protected:
  PoliciesTest() : lab_(folder_, {"--seed", "3", "--domains", "0"}) {
    std::ofstream list(folder_.path("list"));
    for (const char* domain : kDomains) list << domain << "\n";
  }

  // The rows of `domains` after a scan of the list.
  std::vector<json> Scan(const Arguments& more) {
    Arguments arguments = {"-o", scan()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = Mxsweep(lab_.ScanArguments(folder_.path("list"), arguments));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::vector<json> rows = Rows(scan(), "domains");
    EXPECT_EQ(rows.size(), std::size(kDomains));
    return rows;
  }
  std::string scan() const { return folder_.path("scan"); }

  // Requests that policy hosts saw. Ends the lab.
  uint64_t Requests() {
    uint64_t requests = 0;
    const json report = lab_.Stop();
    for (const auto& [address, counts] : report.at("policy_hosts").items()) {
      requests += counts.at("requests").get<uint64_t>();
    }
    for (const auto& [kind, count] : report.at("violations").items()) EXPECT_EQ(count, 0) << kind;
    return requests;
  }

  TemporaryFolder folder_;
  Lab lab_;
};

TEST_F(PoliciesTest, AreLeftAloneIfNobodyAsksForThem) {
  for (const json& row : Scan({"--mta-sts", "off"})) {
    for (const char* column : {"mta_sts_status", "mta_sts_policy_status", "mta_sts_sender",
                               "mta_sts_error", "tlsrpt_status", "tlsrpt_rua"}) {
      EXPECT_TRUE(row.at(column).is_null()) << row["domain"] << " " << column;
    }
  }
  EXPECT_EQ(Requests(), 0u);
}

TEST_F(PoliciesTest, AreKnownByTheirRecordsAlone) {
  uint64_t valid = 0;
  for (const json& row : Scan({"--mta-sts", "record"})) {
    valid += row.at("mta_sts_status") == "valid";
    EXPECT_TRUE(row.at("mta_sts_policy_status").is_null());
    // Without the policy nobody knows what a sender would do; without a record, everybody does.
    EXPECT_EQ(row.at("mta_sts_sender").is_null(), row.at("mta_sts_status") == "valid");
    EXPECT_EQ(row.at("tlsrpt_status"), row["domain"] == "tlsrpt-both.lab" ? "valid" : "none");
  }
  EXPECT_EQ(valid, kWithPolicy);
  EXPECT_EQ(Requests(), 0u);
}

TEST_F(PoliciesTest, AreFetchedOnceAndNotInAHurry) {
  // Nine policies on four servers: one of these serves at least three.
  const absl::Time start = absl::Now();
  uint64_t valid = 0;
  for (const json& row : Scan({"--per-address-interval", "1500ms"})) {
    valid += row.at("mta_sts_policy_status") == "valid";
  }
  const uint64_t most = (kWithPolicy + kPolicyServers - 1) / kPolicyServers;
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(1500) * static_cast<int64_t>(most - 1));
  EXPECT_EQ(valid, kWithPolicy);
  std::ifstream in(scan() + "/scan.json");
  const json counts = json::parse(in).at("counts");
  EXPECT_EQ(counts.at("mta_sts_policy_statuses").at("valid"), kWithPolicy);
  EXPECT_EQ(counts.at("mta_sts_senders").at("refuse"), 1);
  EXPECT_EQ(counts.at("tlsrpt_statuses").at("valid"), 1);
  EXPECT_EQ(counts.at("rpt_results").at("success"), std::size(kDomains));
  EXPECT_EQ(Requests(), kWithPolicy);
}

TEST_F(PoliciesTest, AreNotFetchedFromAddressesOnTheBlocklist) {
  const std::string blocklist = folder_.path("blocklist");
  std::ofstream(blocklist) << "127.64.0.0/10\n";
  for (const json& row : Scan({"--blocklist", blocklist})) {
    if (row.at("mta_sts_status") != "valid") continue;
    EXPECT_EQ(row.at("mta_sts_policy_status"), "blocked") << row["domain"];
    EXPECT_TRUE(row.at("mta_sts_rpt_result").is_null()) << "nobody's failure but ours";
    EXPECT_EQ(row.at("mta_sts_sender"), "unknown");
  }
  EXPECT_EQ(Requests(), 0u);
}

}  // namespace
}  // namespace mxsweep::end_to_end
