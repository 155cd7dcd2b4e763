// One lab world scanned from two places, of which the second one meets blocking, geo-DNS and
// something on the way: what is told is held against the truth of both labs.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

constexpr char kWorld[] =
    "internet,crowd.pool=0,crowd.shared_host=0,crowd.parked_refusing=0,crowd.parked_dropping=0,"
    "crowd.parked_silent=0,crowd.hostile_wide=0,crowd.hostile_names=0,domain.own=40,"
    "domain.timeout=0,behaviour.connect_timeout=0.3";

class PlacesTest : public ::testing::Test {
 protected:
  // By address: the outcomes that a scan must find there.
  using Truth = std::map<std::string, std::set<std::string>>;

  Truth Scan(const std::string& vantage, const Arguments& place) {
    TemporaryFolder lab_folder;
    Arguments arguments = {"--seed", "11", "--domains", "250", "--fixed", "none", "--mix", kWorld};
    arguments.insert(arguments.end(), place.begin(), place.end());
    Lab lab(lab_folder, arguments);
    const CommandResult scanned = Mxsweep(lab.ScanArguments(
        lab.state("domains.txt"), {"-o", folder_.path(vantage), "--vantage", vantage, "--mta-sts",
                                   "off", "--connect-timeout", "1s"}));
    EXPECT_EQ(scanned.exit_code, 0) << scanned.output;
    Truth truth;
    for (const json& row : JsonLines(lab.state("truth/endpoints.ndjson"))) {
      truth[row.at("address")].insert(row.at("outcome").get<std::string>());
    }
    return truth;
  }

  // The provider that an MX host is of.
  static std::string ProviderOf(const std::string& host) { return host.substr(host.find('.') + 1); }

  // Of an operator in a list of groups; null.
  static json GroupOf(const json& groups, const std::string& key, const std::string& name) {
    for (const json& group : groups) {
      if (group.at(key) == name) return group;
    }
    return nullptr;
  }

  // The addresses that answer one place, and from the other end so.
  static std::set<std::string> Fail(const Truth& there, const Truth& here,
                                    const std::string& outcome) {
    static const std::set<std::string> kAnswers = {"tls_ok", "no_starttls", "starttls_refused",
                                                   "tls_alert"};
    std::set<std::string> failed;
    for (const auto& [address, outcomes] : here) {
      const auto other = there.find(address);
      if (other == there.end() || outcomes != std::set<std::string>{outcome}) continue;
      const bool answers = std::ranges::any_of(
          other->second, [](const std::string& word) { return kAnswers.contains(word); });
      if (answers) failed.insert(address);
    }
    return failed;
  }

  TemporaryFolder folder_;
};

TEST_F(PlacesTest, TellsBlockingGeoDnsAndTheWayThereApart) {
  const Truth home = Scan("home", {});
  const Truth away = Scan("away", {"--place",
                                   "refused=provider2,timeout=provider3,554=provider4,"
                                   "geo=provider1,relay=3"});
  const CommandResult result =
      Mxsweep({"diff", folder_.path("home"), folder_.path("away"), "--json", "--top", "100"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const json report = json::parse(result.output);
  ASSERT_EQ(report.at("by"), "place");

  // Three providers block, each in its way, and nobody else is said to.
  const json& from_away = report.at("addresses").at("from").at("b");
  const std::map<std::string, std::pair<std::string, std::string>> kBlocking = {
      {"provider2.lab", {"connect_refused", "connect_refused"}},
      {"provider3.lab", {"connect_timeout", "no_reply"}},
      {"provider4.lab", {"greeting_5xx", "rejected"}}};
  EXPECT_EQ(from_away.at("blocked").size(), kBlocking.size()) << from_away.at("blocked").dump(1);
  for (const auto& [provider, words] : kBlocking) {
    const auto& [outcome, word] = words;
    const json group = GroupOf(from_away.at("blocked"), "name", provider);
    ASSERT_FALSE(group.is_null()) << provider;
    EXPECT_EQ(group.at("how"), word);
    const std::set<std::string> expected = Fail(home, away, outcome);
    EXPECT_GE(expected.size(), 3u);
    EXPECT_EQ(std::set<std::string>(group.at("addresses").begin(), group.at("addresses").end()),
              expected);
    EXPECT_EQ(from_away.at("failed").at(word), expected.size());
  }
  EXPECT_EQ(report.at("addresses").at("from").at("a").at("blocked"), json::array());
  EXPECT_EQ(from_away.at("ipv4").at("state"), "works");

  // The largest provider's hosts have other addresses, and nobody else's.
  const json& hosts = report.at("mx_hosts");
  EXPECT_GT(hosts.at("by_place"), 0);
  for (const json& host : hosts.at("hosts")) {
    EXPECT_EQ(ProviderOf(host.at("host")), "provider1.lab");
    EXPECT_EQ(host.at("answer"), "other_networks");
    EXPECT_EQ(host.at("only").at("a")[0].get<std::string>().substr(0, 7), "127.64.");
    EXPECT_EQ(host.at("only").at("b")[0].get<std::string>().substr(0, 7), "127.80.");
  }
  EXPECT_EQ(hosts.at("hosts").size(), hosts.at("by_place"));

  // STARTTLS is missing where the relay stands, and it names itself.
  const json& way = report.at("servers").at("from").at("b");
  EXPECT_TRUE(way.at("is_stripped")) << way.dump(1);
  size_t relayed = 0;
  for (const json& server : report.at("servers").at("without_tls")) {
    const std::string address = server.at("address");
    EXPECT_EQ(away.at(address), std::set<std::string>{"no_starttls"}) << address;
    EXPECT_NE(home.at(address), std::set<std::string>{"no_starttls"}) << address;
    ++relayed;
  }
  EXPECT_GT(relayed, 10u);
  EXPECT_EQ(relayed, way.at("no_starttls"));
  ASSERT_GE(way.at("interceptions").size(), 1u);
  EXPECT_EQ(way.at("interceptions")[0].at("name"), "relay.isp.lab");
  const json& way_home = report.at("servers").at("from").at("a");
  EXPECT_FALSE(way_home.at("is_stripped"));
  EXPECT_EQ(way_home.at("interceptions"), json::array());
  EXPECT_EQ(way_home.at("no_starttls"), 0);
}

}  // namespace
}  // namespace mxsweep::end_to_end
