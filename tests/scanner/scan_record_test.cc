// What is told of the resolver, to the user and in scan.json.
#include "scanner/scan_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

dns::ServerState Server(bool answers, bool validates, bool trusted) {
  return {.server = "192.0.2.53:53",
          .answers = answers,
          .validates = validates,
          .trusted = trusted,
          .error = ""};
}

class ScanRecordTest : public ::testing::Test {
 protected:
  ScanRecordTest() {
    record_.options = &options_;
    record_.trust_store = store_.get();
    record_.resolver_asked = true;
    record_.resolver.answers = true;
    record_.resolver.detail = "What was found.";
  }

  std::string Figures() { return DescribeScan(record_)["resolver"]["dane_figures"]; }

  ScanOptions options_;
  std::shared_ptr<const tls::TrustStore> store_ =
      tls::TrustStore::FromPem(tls::testing::MakePki().root.pem()).value();
  ScanRecord record_;
};

TEST_F(ScanRecordTest, SaysInOneLineThatTheResolverValidates) {
  record_.resolver.validates = true;
  record_.resolver.servers = {Server(true, true, true)};
  EXPECT_EQ(TellResolver(record_), "What was found.");
  EXPECT_EQ(Figures(), "complete");
}

TEST_F(ScanRecordTest, ShoutsWhereNoAnswerWillBeSecure) {
  // It does not validate; or it does, and is not believed.
  for (const bool validates : {false, true}) {
    record_.resolver.servers = {Server(true, validates, !validates)};
    EXPECT_EQ(TellResolver(record_),
              "WARNING: the DANE figures of this scan will be EMPTY. What was found.");
    EXPECT_EQ(Figures(), "empty");
  }
}

TEST_F(ScanRecordTest, ShoutsWhereSomeAnswersWillNotBeSecure) {
  record_.resolver.servers = {Server(true, true, true), Server(true, false, true)};
  EXPECT_THAT(TellResolver(record_), HasSubstr("will be INCOMPLETE"));
  EXPECT_EQ(Figures(), "incomplete");
}

// What servers choose depends on both: what was offered, and what our own library could offer.
TEST_F(ScanRecordTest, SaysWhatIsOfferedAndByWhichLibrary) {
  EXPECT_EQ(DescribeScan(record_)["options"]["offer"], "everything");
  options_.offer = tls::ClientProfile::kOpenssl;
  const nlohmann::json scan = DescribeScan(record_);
  EXPECT_EQ(scan["options"]["offer"], "openssl");
  EXPECT_EQ(scan["boringssl"]["x25519mlkem768"], tls::HasPostQuantum());
  // Debian's, or one whose revision is told.
  EXPECT_THAT(scan["boringssl"]["version"].get<std::string>(),
              ::testing::MatchesRegex("(Debian [0-9].*|upstream [0-9a-f]{40}|checkout .+)"));
}

TEST_F(ScanRecordTest, TellsOurOwnUnboundFromOthers) {
  record_.resolver.validates = true;
  record_.own_unbound = {"/usr/sbin/unbound", "1.17.1", 2};
  options_.own_unbound = true;
  options_.unbound_config_include = "tree.conf";
  EXPECT_THAT(TellResolver(record_), StartsWith("Resolver: our own Unbound 1.17.1. "));
  const nlohmann::json scan = DescribeScan(record_);
  EXPECT_EQ(scan["options"]["resolver"], "unbound");
  EXPECT_EQ(scan["options"]["unbound_config_include"], "tree.conf");
  EXPECT_EQ(scan["resolver"]["own_unbound"]["version"], "1.17.1");
  EXPECT_EQ(scan["resolver"]["own_unbound"]["program"], "/usr/sbin/unbound");
}

TEST_F(ScanRecordTest, NamesTheResolversThatWereGiven) {
  EXPECT_EQ(DescribeScan(record_)["options"]["resolver"], "system");
  EXPECT_TRUE(DescribeScan(record_)["resolver"]["own_unbound"].is_null());
  options_.resolvers = {{dns::IpAddress::Parse("::1").value(), 5353}};
  EXPECT_EQ(DescribeScan(record_)["options"]["resolver"][0], "[::1]:5353");
}

TEST_F(ScanRecordTest, DoesNotClaimToKnowOfAPrivateTreeWithoutARoot) {
  record_.own_unbound = {"/usr/sbin/unbound", "1.17.1", 2};
  record_.resolver.answers = false;
  record_.resolver.servers = {Server(false, false, true)};
  EXPECT_THAT(TellResolver(record_), HasSubstr("not known"));
  EXPECT_EQ(Figures(), "unknown");
  const nlohmann::json resolver = DescribeScan(record_)["resolver"];
  EXPECT_TRUE(resolver["validates"].is_null());
  EXPECT_TRUE(resolver["servers"][0]["validates"].is_null());
}

TEST_F(ScanRecordTest, SaysWhatElseToAskWhereNoResolverAnswers) {
  record_.resolver.answers = false;
  record_.resolver.detail = "No resolver answers.";
  EXPECT_THAT(TellNoResolver(record_), StartsWith("No resolver answers. That is what /etc/resolv"));
  EXPECT_THAT(TellNoResolver(record_), HasSubstr("--resolver unbound"));
  // Who has named one needs no advice where to name one.
  options_.resolvers = {{dns::IpAddress::Parse("::1").value(), 53}};
  EXPECT_EQ(TellNoResolver(record_), "No resolver answers.");
  record_.own_unbound = {"/usr/sbin/unbound", "1.17.1", 2};
  EXPECT_THAT(TellNoResolver(record_), HasSubstr("name servers of the root"));
}

TEST_F(ScanRecordTest, SaysWhatOfTheSandboxIsNotInForce) {
  EXPECT_TRUE(DescribeScan(record_)["sandbox"].is_null());  // not wanted
  record_.sandbox = SandboxState{.landlock_version = 7, .system_calls = true};
  EXPECT_EQ(TellSandbox(*record_.sandbox), "");
  EXPECT_EQ(DescribeScan(record_)["sandbox"].dump(),
            R"({"landlock":7,"seccomp":true,"trouble":null})");
  record_.sandbox = SandboxState{.system_calls = true, .trouble = "no Landlock"};
  EXPECT_EQ(TellSandbox(*record_.sandbox),
            "Note: the sandbox is only partly in force (no Landlock).");
  EXPECT_EQ(DescribeScan(record_)["sandbox"].dump(),
            R"({"landlock":null,"seccomp":true,"trouble":"no Landlock"})");
  record_.sandbox = SandboxState{.trouble = "neither"};
  EXPECT_EQ(TellSandbox(*record_.sandbox), "Note: the sandbox is not in force (neither).");
}

}  // namespace
}  // namespace mxsweep::scanner
