#include "scanner/scan_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;

ScanOptions Valid() {
  ScanOptions options;
  options.output_dir = "out";
  return options;
}

TEST(ScanOptions, DefaultsAreValidOnceThereIsAnOutput) {
  EXPECT_FALSE(ScanOptions().Validate().ok());
  EXPECT_TRUE(Valid().Validate().ok()) << Valid().Validate();
}

TEST(ScanOptions, PortFollowsTheTlsMode) {
  ScanOptions options;
  EXPECT_EQ(options.EffectivePort(), 25);
  options.tls_mode = TlsMode::kImplicit;
  EXPECT_EQ(options.EffectivePort(), 465);
  options.port = 2525;
  EXPECT_EQ(options.EffectivePort(), 2525);
}

TEST(ScanOptions, SparesResolversOfOthersUnlessToldOtherwise) {
  ScanOptions options;
  EXPECT_EQ(options.DnsRate(/*loopback=*/false), 500);
  EXPECT_EQ(options.DnsRate(/*loopback=*/true), 0);
  options.dns_rate_per_s = 0;
  EXPECT_EQ(options.DnsRate(/*loopback=*/false), 0);
  // What is said is said of all.
  options.dns_rate_per_s = 20;
  EXPECT_EQ(options.DnsRate(/*loopback=*/false), 20);
  EXPECT_EQ(options.DnsRate(/*loopback=*/true), 20);
}

TEST(ScanOptions, NamesTheFlagThatIsWrong) {
  struct Case {
    std::function<void(ScanOptions&)> spoil;
    std::string flag;
  };
  const Case cases[] = {
      {[](ScanOptions& o) { o.output_dir.clear(); }, "--output"},
      {[](ScanOptions& o) { o.targets_path.clear(); }, "list of targets"},
      {[](ScanOptions& o) { o.ehlo_name = "localhost"; }, "--ehlo-name localhost"},
      {[](ScanOptions& o) { o.connect_timeout_ms = 0; }, "--connect-timeout"},
      {[](ScanOptions& o) { o.greeting_timeout_ms = kMaxTimeoutMs + 1; }, "--greeting-timeout"},
      {[](ScanOptions& o) { o.command_timeout_ms = -1; }, "--command-timeout"},
      {[](ScanOptions& o) { o.handshake_timeout_ms = 0; }, "--handshake-timeout"},
      {[](ScanOptions& o) { o.quit_timeout_ms = 0; }, "--quit-timeout"},
      {[](ScanOptions& o) { o.dns_timeout_ms = 0; }, "--dns-timeout"},
      {[](ScanOptions& o) { o.retries = 11; }, "--retries"},
      {[](ScanOptions& o) { o.retry_delay_ms = -1; }, "--retry-delay"},
      {[](ScanOptions& o) { o.rate_per_s = -1; }, "--rate"},
      {[](ScanOptions& o) { o.rate_per_s = std::numeric_limits<double>::quiet_NaN(); }, "--rate"},
      {[](ScanOptions& o) { o.concurrency = 0; }, "--concurrency"},
      {[](ScanOptions& o) { o.dns_concurrency = 0; }, "--dns-concurrency"},
      {[](ScanOptions& o) { o.dns_concurrency = 3, o.workers = 4; }, "--dns-concurrency"},
      {[](ScanOptions& o) { o.dns_rate_per_s = -1; }, "--dns-rate"},
      {[](ScanOptions& o) { o.per_address_concurrency = 0; }, "--per-address-concurrency"},
      {[](ScanOptions& o) { o.per_address_interval_ms = -1; }, "--per-address-interval"},
      {[](ScanOptions& o) { o.workers = 257; }, "--workers"},
      {[](ScanOptions& o) { o.workers = 8, o.concurrency = 4; }, "at least --workers"},
      {[](ScanOptions& o) { o.epoch_seconds = 0; }, "--epoch"},
      {[](ScanOptions& o) { o.epoch_rows = 0; }, "--epoch-rows"},
      {[](ScanOptions& o) { o.use_ipv4 = o.use_ipv6 = false; }, "--ipv4-only and --ipv6-only"},
      {[](ScanOptions& o) {
         o.use_ipv6 = false;
         o.source_addresses = {*dns::IpAddress::Parse("2001:db8::1")};
       },
       "--source-address"},
      {[](ScanOptions& o) {
         o.use_ipv4 = false;
         o.source_addresses = {*dns::IpAddress::Parse("192.0.2.1")};
       },
       "--source-address"},
      {[](ScanOptions& o) {
         o.resolvers = {{*dns::IpAddress::Parse("127.0.0.1"), 0}};
       },
       "--resolver"},
  };
  for (const Case& c : cases) {
    ScanOptions options = Valid();
    c.spoil(options);
    const absl::Status status = options.Validate();
    EXPECT_FALSE(status.ok()) << c.flag;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.flag));
  }
}

TEST(Duration, IsReadWithItsUnit) {
  EXPECT_EQ(*ParseDurationMs("500ms"), 500);
  EXPECT_EQ(*ParseDurationMs("2s"), 2'000);
  EXPECT_EQ(*ParseDurationMs("1m"), 60'000);
  EXPECT_EQ(*ParseDurationMs("1.5m"), 90'000);
  EXPECT_EQ(*ParseDurationMs("1h30m"), 5'400'000);
  EXPECT_EQ(*ParseDurationMs("0"), 0);
}

TEST(Duration, IsRefusedWhereItsMeaningIsNotClear) {
  for (const char* text : {"", "5", "5 s", "s", "-1s", "1d", "inf", "10us", "500000000h", "1s x"}) {
    EXPECT_FALSE(ParseDurationMs(text).ok()) << text;
  }
}

TEST(Duration, IsWrittenSoThatItCanBeReadBack) {
  for (int64_t ms : {0, 1, 500, 1'000, 90'000, 5'400'000, 1'234'567}) {
    EXPECT_EQ(*ParseDurationMs(FormatDurationMs(ms)), ms);
  }
  EXPECT_EQ(FormatDurationMs(45'000), "45s");
}

TEST(WorkersFor, IsOneForEachCore) {
  EXPECT_EQ(WorkersFor(10'000, 1, 1 << 20), 1u);
  EXPECT_EQ(WorkersFor(10'000, 8, 1 << 20), 8u);
  EXPECT_EQ(WorkersFor(10'000, 0, 1 << 20), 1u);  // the system does not say
}

TEST(WorkersFor, IsMoreWhereTheConnectionsNeedMoreDescriptorTables) {
  EXPECT_EQ(WorkersFor(18'000, 1, 20'000), 1u);
  EXPECT_EQ(WorkersFor(18'001, 1, 20'000), 2u);
  EXPECT_EQ(WorkersFor(80'000, 2, 20'000), 5u);
  EXPECT_EQ(WorkersFor(80'000, 16, 20'000), 16u);
}

TEST(WorkersFor, StaysWithinWhatIsSensible) {
  EXPECT_EQ(WorkersFor(1, 64, 1024), 1u);  // one connection is nothing to share
  EXPECT_EQ(WorkersFor(kMaxConcurrency, 4, 1024), kMaxWorkers);
  EXPECT_EQ(WorkersFor(100, 4, 0), 100u);
  EXPECT_EQ(WorkersFor(0, 4, 1024), 1u);
  EXPECT_EQ(WorkersFor(10'000, 4, ~uint64_t{0}), 4u);  // "unlimited"
}

}  // namespace
}  // namespace mxsweep::scanner
