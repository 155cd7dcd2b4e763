#include "tools/cli/scan_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>

namespace mxsweep::tools {
namespace {

using scanner::ScanOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The options that `arguments` (without the program's name) give; sets *error to what is printed if
// they are wrong.
ScanOptions Parse(const std::string& arguments, std::string* error = nullptr) {
  CLI::App app;
  ScanOptions options;
  RegisterScanFlags(app, options);
  try {
    app.parse(arguments);
    EXPECT_EQ(error, nullptr) << "no error: " << arguments;
  } catch (const CLI::ParseError& e) {
    EXPECT_NE(error, nullptr) << e.what();
    if (error != nullptr) *error = e.what();
  }
  return options;
}

TEST(ScanFlags, LeaveTheDefaultsWhereNothingIsSaid) {
  const ScanOptions options = Parse("-o out");
  const ScanOptions defaults;
  EXPECT_EQ(options.targets_path, "-");
  EXPECT_EQ(options.output_dir, "out");
  EXPECT_EQ(options.port, defaults.port);
  EXPECT_EQ(options.greeting_timeout_ms, defaults.greeting_timeout_ms);
  EXPECT_EQ(options.rate_per_s, defaults.rate_per_s);
  EXPECT_EQ(options.epoch_seconds, defaults.epoch_seconds);
  EXPECT_EQ(options.progress, defaults.progress);
  EXPECT_TRUE(options.use_ipv4 && options.use_ipv6);
  EXPECT_TRUE(options.Validate().ok());
  // For the program it is the default; who calls RunScan keeps his rights.
  EXPECT_TRUE(options.sandbox);
  EXPECT_FALSE(defaults.sandbox);
  EXPECT_FALSE(Parse("-o out --no-sandbox").sandbox);
}

TEST(ScanFlags, SetEveryOption) {
  ScanOptions options = Parse(
      "list.csv --output out --targets hosts --format ndjson --epoch 2m --epoch-rows 7 "
      "--progress json --resolver 127.0.0.1:5353 --resolver ::1 --trust-ad --dns-timeout 3s "
      "--dns-concurrency 9 --dns-rate 2.5 --tls implicit --port 4650 --ehlo-name scan.example.org "
      "--source-address 192.0.2.1 --source-address 192.0.2.2 -4 --trust-store ca.pem "
      "--connect-timeout 1s --greeting-timeout 2s --command-timeout 3s --handshake-timeout 4s "
      "--quit-timeout 500ms --retries 3 --retry-delay 1m --rate 12.5 --concurrency 77 "
      "--per-address-concurrency 2 --per-address-interval 0 --blocklist a --blocklist b "
      "--allowlist c --allow-special --workers 4 --seed 42 --offer postfix");
  EXPECT_EQ(options.targets_path, "list.csv");
  EXPECT_EQ(options.offer, tls::ClientProfile::kPostfix);
  EXPECT_EQ(options.output_dir, "out");
  EXPECT_EQ(options.targets_kind, scanner::TargetsKind::kHosts);
  EXPECT_EQ(options.format, scanner::OutputFormat::kNdjson);
  EXPECT_EQ(options.epoch_seconds, 120);
  EXPECT_EQ(options.epoch_rows, 7u);
  EXPECT_EQ(options.progress, scanner::ProgressMode::kJson);
  ASSERT_EQ(options.resolvers.size(), 2u);
  EXPECT_EQ(options.resolvers[0].port, 5353);
  EXPECT_EQ(options.resolvers[1].address.ToString(), "::1");
  EXPECT_TRUE(options.trust_ad);
  EXPECT_EQ(options.dns_timeout_ms, 3'000);
  EXPECT_EQ(options.dns_concurrency, 9u);
  EXPECT_EQ(options.dns_rate_per_s, 2.5);
  EXPECT_EQ(options.tls_mode, scanner::TlsMode::kImplicit);
  EXPECT_EQ(options.port, 4650);
  EXPECT_EQ(options.ehlo_name, "scan.example.org");
  ASSERT_EQ(options.source_addresses.size(), 2u);
  EXPECT_EQ(options.source_addresses[1].ToString(), "192.0.2.2");
  EXPECT_TRUE(options.use_ipv4);
  EXPECT_FALSE(options.use_ipv6);
  EXPECT_EQ(options.trust_store, "ca.pem");
  EXPECT_EQ(options.connect_timeout_ms, 1'000);
  EXPECT_EQ(options.greeting_timeout_ms, 2'000);
  EXPECT_EQ(options.command_timeout_ms, 3'000);
  EXPECT_EQ(options.handshake_timeout_ms, 4'000);
  EXPECT_EQ(options.quit_timeout_ms, 500);
  EXPECT_EQ(options.retries, 3u);
  EXPECT_EQ(options.retry_delay_ms, 60'000);
  EXPECT_EQ(options.rate_per_s, 12.5);
  EXPECT_EQ(options.concurrency, 77u);
  EXPECT_EQ(options.per_address_concurrency, 2u);
  EXPECT_EQ(options.per_address_interval_ms, 0);
  EXPECT_THAT(options.blocklist_paths, ElementsAre("a", "b"));
  EXPECT_THAT(options.allowlist_paths, ElementsAre("c"));
  EXPECT_TRUE(options.allow_special);
  EXPECT_EQ(options.workers, 4u);
  EXPECT_EQ(options.seed, 42u);
  // What would be ignored is refused.
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("--format ndjson"));
  options.output_dir.clear();
  EXPECT_TRUE(options.Validate().ok()) << options.Validate();
}

TEST(ScanFlags, TakeUnboundForAResolverOfOurOwn) {
  const ScanOptions own = Parse("-o out --resolver unbound --unbound-config-include tree.conf");
  EXPECT_TRUE(own.own_unbound);
  EXPECT_TRUE(own.resolvers.empty());
  EXPECT_EQ(own.unbound_config_include, "tree.conf");
  EXPECT_TRUE(own.Validate().ok()) << own.Validate();
  EXPECT_FALSE(Parse("-o out --resolver ::1").own_unbound);
  // One or the other, and no file for an Unbound that is not ours.
  EXPECT_FALSE(Parse("-o out --resolver unbound --resolver ::1").Validate().ok());
  EXPECT_FALSE(Parse("-o out --resolver ::1 --unbound-config-include x").Validate().ok());
}

TEST(ScanFlags, DoNotSwallowTheListBehindARepeatableFlag) {
  const ScanOptions options = Parse("-o out --resolver 127.0.0.1 list.txt");
  EXPECT_EQ(options.targets_path, "list.txt");
  EXPECT_EQ(options.resolvers.size(), 1u);
}

TEST(ScanFlags, LeaveAMissingOutputToValidate) {
  const absl::Status status = Parse("list.txt").Validate();
  EXPECT_THAT(std::string(status.message()), HasSubstr("--output"));
}

TEST(ScanFlags, SayWhatIsWrongWithAValue) {
  const std::pair<std::string, std::string> cases[] = {
      {"-o out --connect-timeout 5", "\"5\" is not a length of time"},
      {"-o out --tls sometimes", "none of starttls|implicit"},
      {"-o out --resolver dns.example.org", "is not an address"},
      {"-o out --source-address x", "is not an address"},
      {"-o out --ehlo-name localhost", "fully qualified"},
      {"-o out --port 70000", "--port"},
      {"-o out --workers many", "--workers"},
      {"-o out --no-such-flag", "--no-such-flag"},
  };
  for (const auto& [arguments, message] : cases) {
    std::string error;
    Parse(arguments, &error);
    EXPECT_THAT(error, HasSubstr(message)) << arguments;
  }
}

TEST(ScanFlags, HelpFitsEightyColumnsAndShowsExamplesAndDefaults) {
  CLI::App app("Scan", "mxsweep scan");
  ScanOptions options;
  RegisterScanFlags(app, options);
  const std::string help = app.help();
  std::istringstream lines(help);
  std::string line;
  while (std::getline(lines, line)) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_THAT(help, HasSubstr("Examples:"));
  EXPECT_THAT(help, HasSubstr("Politeness:"));
  EXPECT_THAT(help, HasSubstr("TIME=45s"));
}

TEST(CheckFlags, AreTheScansForOneDomain) {
  CLI::App app("Check", "mxsweep check");
  ScanOptions options = CheckDefaults();
  EXPECT_TRUE(options.Validate().ok()) << options.Validate();
  RegisterCheckFlags(app, options);
  app.parse(
      "--resolver 127.0.0.1:5353 --trust-ad --port 2525 --ehlo-name scan.example.org -4 "
      "--connect-timeout 1s --retries 2 --retry-delay 1s --trust-store ca.pem --allow-special "
      "--source-address 192.0.2.1");
  EXPECT_EQ(options.resolvers.size(), 1u);
  EXPECT_EQ(options.port, 2525);
  EXPECT_EQ(options.retries, 2u);
  EXPECT_TRUE(options.allow_special);
  EXPECT_TRUE(options.Validate().ok()) << options.Validate();
  for (const char* flag : {"--rate", "--output", "--targets", "--tls", "--workers", "targets"}) {
    EXPECT_EQ(app.get_option_no_throw(flag), nullptr) << flag;
  }
  std::istringstream lines(app.help());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(CheckFlags, TryAgainSoonSinceAPersonWaits) {
  const ScanOptions scan;
  const ScanOptions check = CheckDefaults();
  EXPECT_LT(check.retry_delay_ms, scan.retry_delay_ms);
  EXPECT_EQ(check.greeting_timeout_ms, scan.greeting_timeout_ms);  // servers are no faster for it
  EXPECT_EQ(check.retries, scan.retries);
}

}  // namespace
}  // namespace mxsweep::tools
