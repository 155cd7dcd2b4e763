// `mxsweep explain` as a user runs it: files, standard input, and --check against the lab's
// servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

using ::testing::HasSubstr;

class ExplainTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_.path(name);
    EXPECT_TRUE(interop::WriteFile(path, content).ok());
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(ExplainTest, ReadsFilesAndSaysWhatCouldNotBeRead) {
  const std::string log =
      Write("mail.log", "Nov 28 10:00:00 mx1 postfix/smtp[1]: dh key too small\n");
  CommandResult result = Mxsweep({"explain", log});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("refused by   us, as the client"));
  result = Mxsweep({"explain", log, log + ".none", "--json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("dh_key_too_small"));
  EXPECT_EQ(Mxsweep({"explain", "--no-such-flag"}).exit_code, 2);
}

// The lab's server at no-starttls.lab has no STARTTLS, the one at dane-mismatch.lab has, and a TLSA
// record that does not fit.
TEST_F(ExplainTest, CheckSaysWhetherTheTroubleIsStillThere) {
  const Lab lab(folder_, {"--seed", "1", "--domains", "10", "--fixed", "named"});
  const auto deferred = [](const std::string& process, const std::string& domain,
                           const std::string& why) {
    return "Nov 28 10:00:00 mx1 postfix/smtp[" + process + "]: 4Xk1: to=<a@" + domain +
           ">, relay=mx1." + domain + "[127.0.0.1]:25, dsn=4.7.5, status=deferred (" + why + ")\n";
  };
  const std::string none = "TLS is required, but was not offered by host x";
  const std::string log = Write(
      "mail.log",
      deferred("1", "no-starttls.lab", none) + deferred("2", "dane-mismatch.lab", none) +
          "Nov 28 10:00:00 mx1 postfix/smtp[3]: certificate verification failed for "
          "mx1.dane-mismatch.lab[127.0.0.1]:25: not trusted by local or TLSA policy\n" +
          deferred("3", "dane-mismatch.lab", "Server certificate not verified") +
          deferred("4", "dane-mismatch.lab", "TLS is required, but our TLS engine is unavailable"));
  const CommandResult result = Mxsweep(
      {"explain", log, "--check", "--json", "--resolver", lab.resolver(), "--port",
       std::to_string(Lab::kSmtpPort), "--trust-store", lab.state("ca.pem"), "--allow-special",
       "--ehlo-name", "scanner.example.org", "--mta-sts-port", std::to_string(Lab::kHttpsPort)});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  const json said = json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(said.is_discarded()) << result.output;
  std::map<std::pair<std::string, std::string>, std::string> states;
  for (const json& each : said["checked"]) states[{each["domain"], each["cause"]}] = each["state"];
  EXPECT_EQ(states.size(), 4u) << result.output;
  EXPECT_EQ((states[{"no-starttls.lab", "starttls_not_offered"}]), "still_there");
  EXPECT_EQ((states[{"dane-mismatch.lab", "starttls_not_offered"}]), "not_seen_now");
  EXPECT_EQ((states[{"dane-mismatch.lab", "tlsa_mismatch"}]), "still_there");
  EXPECT_EQ((states[{"dane-mismatch.lab", "own_tls_unavailable"}]), "not_judged");
}

}  // namespace
}  // namespace mxsweep::end_to_end
