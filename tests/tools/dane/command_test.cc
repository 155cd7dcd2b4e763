// `mxsweep dane`: exit codes, and what it says of the rules of RFC 7672.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/interop/child_process.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tls/pki/certificate.h"

namespace mxsweep::tools {
namespace {

using interop::Arguments;
using interop::CommandResult;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Tlsa(int usage, int selector, const tls::testing::TestCertificate& certificate) {
  const std::vector<uint8_t> data = selector == 0 ? certificate.der() : certificate.spki();
  return std::to_string(usage) + " " + std::to_string(selector) + " 1 " +
         tls::HexLower(tls::HashSha256(data));
}

class DaneCommandTest : public ::testing::Test {
 protected:
  DaneCommandTest() {
    std::string pattern = ::testing::TempDir() + "mxsweep_dane_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    chain_ = Write("chain.pem", "leaf, then its issuers\n" + pki_.leaf.pem() + "between\n" +
                                    pki_.intermediate.pem() + pki_.root.pem() + "end\n");
  }
  ~DaneCommandTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(interop::WriteFile(path, content).ok());
    return path;
  }

  // With the chain, the name and the time of the test's certificates, unless `more` has others.
  CommandResult Dane(const Arguments& more, const std::string& name = "mx.example.org",
                     const std::string& at = std::to_string(tls::testing::kNow)) {
    Arguments arguments = {MXSWEEP_PROGRAM, "dane", "--chain", chain_, "--name", name, "--at", at};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return interop::RunCommand(arguments);
  }

  json DaneJson(Arguments more, const std::string& name = "mx.example.org") {
    more.push_back("--json");
    const CommandResult result = Dane(more, name);
    json answer = json::parse(result.output, nullptr, /*allow_exceptions=*/false);
    EXPECT_FALSE(answer.is_discarded()) << result.output;
    return answer;
  }

  tls::testing::TestPki pki_ = tls::testing::MakePki();
  tls::testing::TestCertificate other_ =
      tls::testing::MakeSelfSigned({}, tls::testing::TestKey(tls::testing::KeyKind::kP256, 20));
  std::string folder_;
  std::string chain_;
};

TEST_F(DaneCommandTest, ExitsWithZeroOnAMatchAndSaysWhere) {
  const CommandResult leaf = Dane({"--tlsa", Tlsa(3, 1, pki_.leaf)});
  EXPECT_EQ(leaf.exit_code, 0) << leaf.output;
  EXPECT_THAT(leaf.output, HasSubstr("match: 3 1 1 "));
  EXPECT_THAT(leaf.output, HasSubstr("depth 0, CN=mx.example.org"));
  const CommandResult root = Dane({"--tlsa", Tlsa(2, 0, pki_.root)});
  EXPECT_EQ(root.exit_code, 0) << root.output;
  EXPECT_THAT(root.output, HasSubstr("depth 2, CN=Test Root"));
}

TEST_F(DaneCommandTest, ExitsWithOneWithoutAMatchAndSaysWhyForEachRecord) {
  const CommandResult result =
      Dane({"--tlsa", Tlsa(3, 1, other_), "--tlsa", Tlsa(2, 0, other_), "--tlsa", "1 1 1 00"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("mismatch"));
  EXPECT_THAT(result.output, HasSubstr("not the leaf's public key"));
  EXPECT_THAT(result.output, HasSubstr("no certificate above the leaf matches"));
  EXPECT_THAT(result.output, HasSubstr("usages 0 and 1 are not for SMTP"));
  const CommandResult unusable = Dane({"--tlsa", "1 1 1 00"});
  EXPECT_EQ(unusable.exit_code, 1);
  EXPECT_THAT(unusable.output, HasSubstr("unusable: "));
}

TEST_F(DaneCommandTest, ExitsWithTwoOnWrongUsage) {
  const std::string good = Tlsa(3, 1, pki_.leaf);
  const std::string junk = Write("junk", "no certificate\n");
  const Arguments program = {MXSWEEP_PROGRAM, "dane"};
  const Arguments cases[] = {
      {},
      {"--chain", chain_, "--name", "mx.example.org"},
      {"--chain", chain_, "--tlsa", good},
      {"--name", "mx.example.org", "--tlsa", good},
      {"--chain", chain_, "--name", "mx.example.org", "--tlsa", "3 1 1"},
      {"--chain", chain_, "--name", "mx.example.org", "--tlsa", ""},
      {"--chain", chain_, "--name", "-", "--tlsa", good},
      {"--chain", chain_, "--name", "mx.example.org", "--tlsa", good, "--next-hop", "a..b"},
      {"--chain", chain_, "--name", "mx.example.org", "--tlsa", good, "--at", "yesterday"},
      {"--chain", junk, "--name", "mx.example.org", "--tlsa", good},
      {"--chain", folder_ + "/missing", "--name", "mx.example.org", "--tlsa", good},
      {"--chain", chain_, "--name", "mx.example.org", "--tlsa", good, "--no-such-flag"},
  };
  for (const Arguments& more : cases) {
    Arguments arguments = program;
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = interop::RunCommand(arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(more) << result.output;
  }
}

// RFC 7672 §3.2.2
TEST_F(DaneCommandTest, TakesTheNextHopForAReferenceUnlessTheMxAnswerIsInsecure) {
  const Arguments anchor = {"--tlsa", Tlsa(2, 0, pki_.root)};
  const auto run = [&](Arguments more) {
    more.insert(more.begin(), anchor.begin(), anchor.end());
    return Dane(more, "mx.example.net").exit_code;
  };
  EXPECT_EQ(run({}), 1);
  EXPECT_EQ(run({"--next-hop", "mx.example.org"}), 0);
  EXPECT_EQ(run({"--next-hop", "alias.example", "--next-hop", "MX.Example.ORG."}), 0);
  EXPECT_EQ(run({"--next-hop", "mx.example.org", "--mx-insecure"}), 1);
  Arguments other_name = anchor;
  other_name.insert(other_name.end(), {"--next-hop", "example.com"});
  const json answer = DaneJson(other_name, "mx.example.net");
  EXPECT_EQ(answer["verdict"], "mismatch");
  EXPECT_EQ(answer["rpt_result"], "certificate-host-mismatch");
  EXPECT_THAT(answer["reference_names"], ElementsAre("mx.example.net", "example.com"));
}

TEST_F(DaneCommandTest, JudgesForTheTimeThatIsGiven) {
  const std::string anchor = Tlsa(2, 0, pki_.root);
  EXPECT_EQ(Dane({"--tlsa", anchor}, "mx.example.org", "2026-01-15T12:00:00Z").exit_code, 0);
  EXPECT_EQ(Dane({"--tlsa", anchor}, "mx.example.org", "2026-01-15T13:00:00+01:00").exit_code, 0);
  const CommandResult later = Dane({"--tlsa", anchor}, "mx.example.org", "2027-01-15T12:00:00Z");
  EXPECT_EQ(later.exit_code, 1);
  EXPECT_THAT(later.output, HasSubstr("certificate-expired"));
  // Usage 3 knows no time (RFC 7671 §5.1).
  EXPECT_EQ(
      Dane({"--tlsa", Tlsa(3, 1, pki_.leaf)}, "mx.example.org", "2027-01-15T12:00:00Z").exit_code,
      0);
}

TEST_F(DaneCommandTest, TellsMachinesEverything) {
  const json answer = DaneJson({"--tlsa", Tlsa(3, 1, other_), "--tlsa", Tlsa(2, 0, pki_.root),
                                "--tlsa", Tlsa(3, 0, pki_.leaf)});
  EXPECT_EQ(answer["verdict"], "match");
  EXPECT_EQ(answer["rpt_result"], "success");
  EXPECT_EQ(answer["matched_record"], 1);
  EXPECT_EQ(answer["matched_depth"], 2);
  ASSERT_EQ(answer["records"].size(), 3u);
  EXPECT_EQ(answer["records"][0]["result"], "not the leaf's public key");
  EXPECT_TRUE(answer["records"][0]["depth"].is_null());
  EXPECT_EQ(answer["records"][1]["result"], "match");
  EXPECT_EQ(answer["records"][2]["depth"], 0);
  ASSERT_EQ(answer["certificates"].size(), 3u);
  EXPECT_EQ(answer["certificates"][0]["subject"], "CN=mx.example.org");
  EXPECT_EQ(answer["certificates"][0]["sha256"], tls::HexLower(tls::HashSha256(pki_.leaf.der())));
  EXPECT_EQ(answer["at"], "2026-01-15T12:00:00Z");
}

// As in "$(dig +short TLSA …)".
TEST_F(DaneCommandTest, TakesSeveralRecordsFromOneArgumentAndTheChainFromStandardInput) {
  const json answer = DaneJson({"--tlsa", Tlsa(3, 1, other_) + "\n" + Tlsa(3, 1, pki_.leaf)});
  EXPECT_EQ(answer["matched_record"], 1);
  const CommandResult piped = interop::RunCommand(
      {"/bin/sh", "-c",
       "exec " MXSWEEP_PROGRAM " dane --chain - --name mx.example.org --tlsa '" +
           Tlsa(3, 1, pki_.leaf) + "' < '" + chain_ + "'"});
  EXPECT_EQ(piped.exit_code, 0) << piped.output;
}

TEST_F(DaneCommandTest, IsSafeForATerminalWhateverTheCertificateSays) {
  const tls::testing::TestCertificate leaf =
      tls::testing::MakeSelfSigned({.common_name = "a\x1b[31mred", .subject_alt_names = ""},
                                   tls::testing::TestKey(tls::testing::KeyKind::kP256));
  chain_ = Write("evil.pem", leaf.pem());
  for (const char* format : {"--mx-insecure", "--json"}) {
    const CommandResult result = Dane({"--tlsa", Tlsa(2, 1, pki_.root), format});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.output, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace mxsweep::tools
