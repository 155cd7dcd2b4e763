#include "tools/check/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/scanner/posture/reported.h"

namespace mxsweep::tools {
namespace {

using scanner::testing::Leaf;
using scanner::testing::MadeUpDomain;
using scanner::testing::Reported;
using scanner::testing::Server;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CheckText, SaysInThreeLinesWhetherMailIsSafeAndWhatToDo) {
  MadeUpDomain domain = scanner::testing::Plain();
  scanner::testing::Silence(domain, "no_starttls", "ehlo");
  const Reported report(std::move(domain));
  const std::string text = RenderCheckText(report.whole(), {});
  size_t end = 0;
  for (int i = 0; i < 3; ++i) end = text.find('\n', end) + 1;
  EXPECT_THAT(text.substr(0, end),
              AllOf(HasSubstr("example.org: NOT SAFE"), HasSubstr("sent in clear"),
                    HasSubstr("to do  switch TLS on"), HasSubstr("STARTTLS")));
}

TEST(CheckText, TellsASenderThatIsNearlyAnotherOnlyWhereTheyPart) {
  const Reported plain(scanner::testing::Plain());
  EXPECT_THAT(RenderCheckText(plain.whole(), {}), Not(HasSubstr("Debian 12")));
  MadeUpDomain domain = scanner::testing::Plain();
  Server(domain).tls_version = "TLSv1";
  Server(domain).group.reset();  // static RSA
  Server(domain).session_level = 0;
  Server(domain).session_level_openssl_3_0 = 2;
  const Reported old(std::move(domain));
  EXPECT_THAT(RenderCheckText(old.whole(), {}),
              HasSubstr("delivers encrypted  Debian 12 verified"));
}

TEST(CheckText, LetsNoServerWriteToTheTerminal) {
  MadeUpDomain domain = scanner::testing::Plain();
  Leaf(domain).issuer =
      "CN=\033]0;gotcha\007\xc2\x9b"
      "2J";
  Server(domain).pkix_error = "\033[31m";
  Server(domain).pkix_status = "untrusted";
  const Reported report(std::move(domain));
  const std::string text = RenderCheckText(report.whole(), {});
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
}

}  // namespace
}  // namespace mxsweep::tools
