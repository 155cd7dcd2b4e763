#include "tools/cli/metrics.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include "scanner/progress.h"

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;

// A port of 127.0.0.1 that was free a moment ago.
uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

// What a scraper reads.
std::string Scrape(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char bytes[4096];
  for (ssize_t got = 0; (got = read(fd, bytes, sizeof(bytes))) > 0;) {
    answer.append(bytes, static_cast<size_t>(got));
  }
  close(fd);
  return answer;
}

TEST(Metrics, SayWhatTheNewestLineSays) {
  const dns::ServerAddress address{*dns::IpAddress::Parse("127.0.0.1"), FreePort()};
  auto side = StartMetrics(address);
  ASSERT_TRUE(side.ok()) << side.status();
  EXPECT_THAT(Scrape(address.port), HasSubstr("mxsweep_targets_done Nan"));
  scanner::ProgressSnapshot now;
  now.targets_done = 1'234;
  now.tls_ok = 99;
  now.time_left = scanner::TimeLeft{.at_least_s = 60};
  now.state = scanner::ProgressState::kStopping;
  ASSERT_TRUE((*side)->Tell(scanner::RenderJson(now)));
  std::string text;
  for (int i = 0; i < 100 && text.find("targets_done 1234") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    text = Scrape(address.port);
  }
  EXPECT_THAT(text, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_targets_done 1234\n"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_endpoints_tls 99\n"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_eta_at_least_seconds 60\n"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_eta_at_most_seconds Nan\n"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_state{state=\"stopping\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nmxsweep_state{state=\"running\"} 0\n"));
}

TEST(Metrics, AnAddressThatIsTakenIsToldOf) {
  const dns::ServerAddress address{*dns::IpAddress::Parse("127.0.0.1"), FreePort()};
  const auto first = StartMetrics(address);
  ASSERT_TRUE(first.ok());
  const auto second = StartMetrics(address);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("--metrics " + address.ToString() + ": nobody can listen there"));
}

TEST(Metrics, EachIsAKeyOfTheProgressObject) {
  const nlohmann::json object = nlohmann::json::parse(scanner::RenderJson({}));
  for (const Metric& metric : Metrics()) {
    EXPECT_TRUE(object.contains(std::string(metric.key))) << metric.key;
  }
  // And none is forgotten, but for words and what has a gauge of its own.
  EXPECT_EQ(Metrics().size() + 5, object.size()) << object;
}

TEST(GrafanaDashboard, UsesMetricsThatThereAre) {
  std::set<std::string> known = {std::string(kStateMetric)};
  for (const Metric& metric : Metrics()) known.emplace(metric.name);
  std::ifstream file("tools/deploy/grafana-dashboard.json");
  const nlohmann::json dashboard = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(dashboard.is_object());
  const std::regex name("mxsweep_[a-z_]+");
  std::set<std::string> used;
  for (const nlohmann::json& panel : dashboard["panels"]) {
    ASSERT_FALSE(panel["targets"].empty()) << panel["title"];
    for (const nlohmann::json& target : panel["targets"]) {
      const std::string expression = target["expr"];
      std::sregex_iterator match(expression.begin(), expression.end(), name);
      ASSERT_NE(match, std::sregex_iterator()) << expression;
      for (; match != std::sregex_iterator(); ++match) used.insert(match->str());
    }
  }
  EXPECT_THAT(used, testing::IsSubsetOf(known));
  EXPECT_GE(used.size(), 12u);
}

}  // namespace
}  // namespace mxsweep::tools
