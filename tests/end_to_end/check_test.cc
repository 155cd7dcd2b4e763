// `mxsweep check` on fixed domains of the lab.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    lab_ = new Lab(*folder_, {"--seed", "1", "--domains", "10", "--fixed", "named"});
  }
  static void TearDownTestSuite() {
    delete lab_;
    delete folder_;
  }

  // `mxsweep check` in the lab, on `domains` and with `more` flags.
  static CommandResult Check(const Arguments& domains, const Arguments& more = {}) {
    Arguments arguments = {"check",
                           "--resolver",
                           lab_->resolver(),
                           "--port",
                           std::to_string(Lab::kSmtpPort),
                           "--trust-store",
                           lab_->state("ca.pem"),
                           "--allow-special",
                           "--ehlo-name",
                           "scanner.example.org",
                           "--retry-delay",
                           "100ms",
                           "--mta-sts-port",
                           std::to_string(Lab::kHttpsPort)};
    for (const char* flag :
         {"--connect-timeout", "--greeting-timeout", "--command-timeout", "--dns-timeout"}) {
      arguments.push_back(flag);
      arguments.push_back("2s");
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), domains.begin(), domains.end());
    return Mxsweep(arguments);
  }

  // What --json says of one domain.
  static json Explain(const std::string& domain, int exit_code) {
    const CommandResult result = Check({domain}, {"--json"});
    EXPECT_EQ(result.exit_code, exit_code) << result.output;
    const json report = json::parse(result.output, nullptr, /*allow_exceptions=*/false);
    EXPECT_FALSE(report.is_discarded()) << result.output;
    EXPECT_EQ(report["exit_code"], exit_code);
    return report["domains"].at(0);
  }

  static std::string Action(const json& domain, const std::string& sender) {
    for (const json& each : domain["senders"]) {
      if (each["sender"] == sender) return each["action"];
    }
    return "missing";
  }

  static const json* Find(const json& domain, const std::string& id) {
    const auto found = std::ranges::find_if(
        domain["findings"], [&id](const json& finding) { return finding["id"] == id; });
    return found == domain["findings"].end() ? nullptr : &*found;
  }

  static TemporaryFolder* folder_;
  static Lab* lab_;
};

TemporaryFolder* CheckTest::folder_ = nullptr;
Lab* CheckTest::lab_ = nullptr;

TEST_F(CheckTest, FindsThePerfectDomainSafe) {
  const json domain = Explain("perfect.lab", 0);
  EXPECT_EQ(domain["verdict"], "safe");
  EXPECT_EQ(domain["to_do"], "nothing");
  for (const char* sender : {"opportunistic", "verified", "dane", "mta_sts", "level2", "level3"}) {
    EXPECT_EQ(Action(domain, sender), "encrypted") << sender;
  }
  EXPECT_EQ(domain["hosts"][0]["endpoints"][0]["dane_status"], "match");
  EXPECT_EQ(domain["mta_sts_mode"], "enforce");
  EXPECT_EQ(domain["tlsrpt_status"], "valid");
}

TEST_F(CheckTest, GivesTheRecordThatHealsADaneMismatch) {
  const json domain = Explain("dane-mismatch.lab", 1);
  EXPECT_EQ(domain["verdict"], "refused");
  EXPECT_EQ(Action(domain, "dane"), "refuse");
  EXPECT_EQ(Action(domain, "opportunistic"), "encrypted");
  EXPECT_EQ(Action(domain, "verified"), "encrypted");
  const json* finding = Find(domain, "dane_mismatch");
  ASSERT_NE(finding, nullptr);
  const std::string spki = domain["hosts"][0]["endpoints"][0]["certificate"]["spki_sha256"];
  EXPECT_EQ((*finding)["records"], json({"_" + std::to_string(Lab::kSmtpPort) +
                                         "._tcp.mx1.dane-mismatch.lab. IN TLSA 3 1 1 " + spki}));
}

TEST_F(CheckTest, SeesAnExpiredCertificate) {
  const json domain = Explain("expired.lab", 1);
  EXPECT_EQ(domain["verdict"], "unverified");
  EXPECT_EQ(Action(domain, "verified"), "refuse");
  EXPECT_EQ(Action(domain, "opportunistic"), "encrypted");
  EXPECT_NE(Find(domain, "certificate_expired"), nullptr);
}

TEST_F(CheckTest, SeesAShortKey) {
  const json domain = Explain("weak-key.lab", 1);
  EXPECT_EQ(domain["verdict"], "unverified");
  EXPECT_EQ(Action(domain, "opportunistic"), "encrypted");
  // OpenSSL's level ends no handshake for a certificate that nobody verifies.
  EXPECT_EQ(Action(domain, "level2"), "encrypted");
  EXPECT_EQ(Action(domain, "level2_verified"), "refuse");
  const json* finding = Find(domain, "weak_key");
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT((*finding)["not"].get<std::string>(), HasSubstr("DKIM"));
}

TEST_F(CheckTest, SeesThatStartTlsIsMissing) {
  const json domain = Explain("no-starttls.lab", 1);
  EXPECT_EQ(domain["verdict"], "exposed");
  EXPECT_EQ(Action(domain, "opportunistic"), "in_clear");
  EXPECT_EQ(Action(domain, "verified"), "refuse");
  EXPECT_NE(Find(domain, "no_starttls"), nullptr);
}

TEST_F(CheckTest, LeavesMtaStsAloneWhereItIsToldTo) {
  const CommandResult result = Check({"plain.lab"}, {"--json", "--mta-sts", "off"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  const json report = json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(report["domains"][0]["mta_sts_status"].is_null());
  EXPECT_EQ(Action(report["domains"][0], "mta_sts"), "unknown");
}

TEST_F(CheckTest, NeverTakesSilenceForAbsence) {
  for (const char* name : {"unreachable.lab", "tarpit.lab", "rejecting.lab", "servfail.lab"}) {
    const json domain = Explain(name, 1);
    EXPECT_EQ(domain["verdict"], "unknown") << name;
    EXPECT_EQ(Action(domain, "opportunistic"), "unknown") << name;
  }
}

TEST_F(CheckTest, KnowsWhatTakesNoMail) {
  EXPECT_EQ(Explain("null-mx.lab", 0)["verdict"], "no_mail");
  EXPECT_EQ(Explain("nxdomain.lab", 1)["verdict"], "undeliverable");
  EXPECT_EQ(Explain("no-mail.lab", 1)["verdict"], "undeliverable");
  EXPECT_EQ(Explain("refused.lab", 1)["verdict"], "undeliverable");
  EXPECT_EQ(Explain("bogus.lab", 1)["verdict"], "undeliverable");
}

TEST_F(CheckTest, ExplainsSeveralDomainsAndSumsThemUp) {
  const CommandResult result =
      Check({"Perfect.LAB.", "ann@no-starttls.lab", "https://null-mx.lab/", "perfect.lab"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("perfect.lab: SAFE"), HasSubstr("no-starttls.lab: NOT"),
                    HasSubstr("null-mx.lab: NO MAIL"), Not(HasSubstr("\033"))));
  // Once explained, once in the overview, however often it was named.
  size_t times = 0;
  for (size_t at = 0; (at = result.output.find("SAFE  ", at)) != std::string::npos; ++at) ++times;
  EXPECT_EQ(times, 2u) << result.output;  // SAFE and NOT SAFE
}

TEST_F(CheckTest, RefusesWhatIsNoDomain) {
  for (const char* word : {"192.0.2.1", "localhost", "two words"}) {
    const CommandResult result = Check({word});
    EXPECT_EQ(result.exit_code, 2) << result.output;
    EXPECT_THAT(result.output, HasSubstr("is no mail domain"));
  }
  EXPECT_EQ(Mxsweep({"check"}).exit_code, 2);
  EXPECT_EQ(Check({"perfect.lab"}, {"--rate", "7"}).exit_code, 2);  // a flag of scan
}

TEST_F(CheckTest, FailsWhereNoResolverAnswers) {
  const CommandResult result =
      Mxsweep({"check", "perfect.lab", "--resolver", "127.0.0.1:9", "--dns-timeout", "500ms"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("No resolver answers"));
}

// OpenSSL fetches the certificate and hashes its key: the record that is suggested is that.
TEST_F(CheckTest, SuggestsTheRecordOfTheKeyThatIsShown) {
  const CommandResult suggested = Check({"dane-mismatch.lab"}, {"--suggest", "zone"});
  EXPECT_EQ(suggested.exit_code, 1);  // as without: what is wrong is still so
  const json report = Explain("dane-mismatch.lab", 1);
  const std::string address = report["hosts"][0]["endpoints"][0]["address"];
  const CommandResult key =
      interop::RunCommand({"sh", "-c",
                           "openssl s_client -starttls smtp -connect " + address + ":" +
                               std::to_string(Lab::kSmtpPort) +
                               " -servername mx1.dane-mismatch.lab </dev/null 2>/dev/null | "
                               "openssl x509 -pubkey -noout |"
                               " openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1"},
                          {}, absl::Seconds(20));
  const std::string hash = key.output.substr(0, key.output.find('\n'));
  ASSERT_EQ(hash.size(), 64u) << key.output;
  EXPECT_THAT(suggested.output,
              HasSubstr("_2825._tcp.mx1.dane-mismatch.lab. IN TLSA 3 1 1 " + hash + "\n"));
  // NSD takes it for a zone.
  const std::string zone = folder_->path("zone");
  std::ofstream(zone)
      << "$TTL 300\n@ IN SOA ns hostmaster 1 2 3 4 5\n@ IN NS ns\nns IN A 192.0.2.1\n"
      << suggested.output;
  const CommandResult checked = interop::RunCommand(
      {"/usr/sbin/nsd-checkzone", "dane-mismatch.lab", zone}, {}, absl::Seconds(20));
  EXPECT_EQ(checked.exit_code, 0) << checked.output << suggested.output;
}

TEST_F(CheckTest, SuggestsNothingToWhoLacksNothing) {
  const CommandResult suggested = Check({"perfect.lab"}, {"--suggest", "zone"});
  EXPECT_EQ(suggested.exit_code, 0);
  EXPECT_THAT(suggested.output, Not(HasSubstr(" IN T"))) << suggested.output;
  const CommandResult policy = Check({"perfect.lab"}, {"--suggest", "policy"});
  EXPECT_EQ(policy.exit_code, 0);
  EXPECT_THAT(policy.output, Not(HasSubstr("version: STSv1")));
}

TEST_F(CheckTest, WatchesPolitelyAndPrintsOnceWhatDoesNotChange) {
  EXPECT_EQ(Check({"perfect.lab"}, {"--watch", "10ms"}).exit_code, 2);
  const std::string output = folder_->path("watched");
  const CommandResult watched = interop::RunCommand({"timeout",
                                                     "--signal=KILL",
                                                     "12",
                                                     "sh",
                                                     "-c",
                                                     "exec \"$@\" >" + output + " 2>&1",
                                                     "sh",
                                                     MXSWEEP_PROGRAM,
                                                     "check",
                                                     "perfect.lab",
                                                     "--watch",
                                                     "1s",
                                                     "--json",
                                                     "--resolver",
                                                     lab_->resolver(),
                                                     "--port",
                                                     std::to_string(Lab::kSmtpPort),
                                                     "--trust-store",
                                                     lab_->state("ca.pem"),
                                                     "--allow-special",
                                                     "--ehlo-name",
                                                     "scanner.example.org",
                                                     "--mta-sts-port",
                                                     std::to_string(Lab::kHttpsPort)},
                                                    {}, absl::Seconds(30));
  // Rounds there were several: each needs rights that the one before gave up.
  const std::vector<json> lines = JsonLines(output);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["report"]["domains"][0]["verdict"], "safe");
  EXPECT_EQ(lines[0]["changes"], json::array());
}

TEST_F(CheckTest, TheDoctorAsksTheResolverAndTheServerThatIsNamed) {
  const std::string address = Explain("perfect.lab", 0)["hosts"][0]["endpoints"][0]["address"];
  const CommandResult examined = Mxsweep(
      {"doctor", "--json", "--resolver", lab_->resolver(), "--dns-timeout", "2s", "--smtp",
       address + ":" + std::to_string(Lab::kSmtpPort), "--ehlo-name", "scanner.example.org"});
  const json report = json::parse(examined.output, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(report.is_object()) << examined.output;
  EXPECT_EQ(report["exit_code"], examined.exit_code);
  std::map<std::string, std::string> health;
  for (const json& check : report["checks"]) health[check["id"]] = check["health"];
  EXPECT_EQ(health["resolver"], "ok") << examined.output;
  EXPECT_EQ(health["port_25"], "ok") << examined.output;
  EXPECT_EQ(health["io_uring"], "ok") << examined.output;
  const CommandResult wrong = Mxsweep({"doctor", "--ehlo-name", "localhost"});
  EXPECT_EQ(wrong.exit_code, 2);
}

}  // namespace
}  // namespace mxsweep::end_to_end
