#include "tools/lab/smtp_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lab/lab_fixture.h"

namespace mxsweep::lab {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SmtpSessionTest : public testing::Test {
 protected:
  SmtpSession Open(const std::string& zone, uint32_t visit = 1) {
    return SmtpSession(SharedLab().world, SharedLab().AddressOf(zone), visit, report_);
  }
  uint64_t Violations(Violation violation) const {
    return report_.violations[static_cast<size_t>(violation)];
  }
  uint64_t AllViolations() const {
    uint64_t sum = 0;
    for (const uint64_t count : report_.violations) sum += count;
    return sum;
  }

  Report report_;
};

TEST_F(SmtpSessionTest, LetsAPoliteClientThroughWithoutComplaint) {
  SmtpSession session = Open("plain");
  EXPECT_THAT(session.Greet().send, StartsWith("220 mx1.plain.lab ESMTP"));
  EXPECT_THAT(session.Command("EHLO scanner.example.org", false).send, HasSubstr("STARTTLS\r\n"));
  const Step starttls = session.Command("STARTTLS", false);
  EXPECT_THAT(starttls.send, StartsWith("220 "));
  EXPECT_EQ(starttls.next, Next::kHandshake);
  EXPECT_EQ(session.ClientHello().next, Next::kHandshake);
  EXPECT_EQ(session.Secured().next, Next::kListen);
  EXPECT_THAT(session.Command("EHLO scanner.example.org", false).send, Not(HasSubstr("STARTTLS")));
  const Step quit = session.Command("QUIT", false);
  EXPECT_THAT(quit.send, StartsWith("221 "));
  EXPECT_EQ(quit.next, Next::kClose);
  session.ClientClosed();
  EXPECT_EQ(AllViolations(), 0u);
  EXPECT_EQ(report_.quits, 1u);
}

TEST_F(SmtpSessionTest, CountsWhatAScannerMustNotDo) {
  SmtpSession session = Open("plain");
  session.Greet();
  session.Command("EHLO mx1.plain.lab", false);
  EXPECT_EQ(Violations(Violation::kEhloWithTargetName), 1u);
  session.Command("NOOP", true);
  EXPECT_EQ(Violations(Violation::kPipelined), 1u);
  session.Command("VRFY postmaster", false);
  EXPECT_EQ(Violations(Violation::kMailCommand), 1u);
  session.ClientClosed();
  EXPECT_EQ(Violations(Violation::kNoQuit), 1u);
  SmtpSession second = Open("plain");
  second.Greet();
  second.Command("STARTTLS", true);
  EXPECT_EQ(Violations(Violation::kDataWithStarttls), 1u);
}

TEST_F(SmtpSessionTest, PunishesWhoTalksBeforeTheGreeting) {
  SmtpSession session = Open("postscreen");
  EXPECT_GT(session.GreetDelayMs(), 0u);
  const Step step = session.TalkedTooEarly();
  EXPECT_THAT(step.send, StartsWith("554 "));
  EXPECT_EQ(step.next, Next::kClose);
  EXPECT_EQ(Violations(Violation::kTalkedBeforeGreeting), 1u);
}

TEST_F(SmtpSessionTest, Accepts421OnlyWithQuitOrSilence) {
  SmtpSession session = Open("throttled");
  EXPECT_EQ(session.Greet().next, Next::kClose);
  session.Command("QUIT", false);
  EXPECT_EQ(AllViolations(), 0u);
  session.Command("EHLO scanner.example.org", false);
  EXPECT_EQ(Violations(Violation::kCommandAfter421), 1u);
}

TEST_F(SmtpSessionTest, IsBusyAtTheFirstVisitOnly) {
  EXPECT_THAT(Open("greylisting", 1).Greet().send, StartsWith("421 "));
  EXPECT_THAT(Open("greylisting", 2).Greet().send, StartsWith("220 "));
}

TEST_F(SmtpSessionTest, OffersHeloOnly) {
  SmtpSession session = Open("behaviour-helo-only");
  session.Greet();
  EXPECT_THAT(session.Command("EHLO scanner.example.org", false).send, StartsWith("502 "));
  EXPECT_THAT(session.Command("HELO scanner.example.org", false).send, StartsWith("250 "));
}

TEST_F(SmtpSessionTest, TurnsAwayWithinTlsWhomItWelcomedBefore) {
  const auto within_tls = [this](const std::string& zone) {
    SmtpSession session = Open(zone);
    session.Greet();
    EXPECT_THAT(session.Command("EHLO scanner.example.org", false).send, HasSubstr("STARTTLS"));
    EXPECT_EQ(session.Command("STARTTLS", false).next, Next::kHandshake);
    EXPECT_EQ(session.Secured().next, Next::kListen);
    return session;
  };
  const std::string ehlo = "EHLO scanner.example.org", helo = "HELO scanner.example.org";
  SmtpSession shut = within_tls("behaviour-ehlo-after-tls-421");
  const Step step = shut.Command(ehlo, false);
  EXPECT_THAT(step.send, StartsWith("421 "));
  EXPECT_EQ(step.next, Next::kClose);
  shut.Command(helo, false);
  EXPECT_EQ(Violations(Violation::kCommandAfter421), 1u);
  SmtpSession refusing = within_tls("behaviour-ehlo-after-tls-refused");
  EXPECT_THAT(refusing.Command(ehlo, false).send, StartsWith("550 "));
  EXPECT_THAT(refusing.Command(helo, false).send, StartsWith("550 "));
  SmtpSession old = within_tls("behaviour-ehlo-after-tls-helo");
  EXPECT_THAT(old.Command(ehlo, false).send, StartsWith("502 "));
  EXPECT_THAT(old.Command(helo, false).send, StartsWith("250 "));
  const Step end = within_tls("behaviour-ehlo-after-tls-close").Command(ehlo, false);
  EXPECT_EQ(end.send, "");
  EXPECT_EQ(end.next, Next::kClose);
}

TEST_F(SmtpSessionTest, ComplainsOfWhoDisregardsTheBlocklist) {
  Open("behaviour-blocked").Greet();
  EXPECT_EQ(Violations(Violation::kBlockedConnection), 1u);
}

TEST_F(SmtpSessionTest, MisbehavesInItsManner) {
  EXPECT_EQ(Open("behaviour-silent-greeting").Greet().next, Next::kSilence);
  EXPECT_EQ(Open("behaviour-reset-greeting").Greet().next, Next::kReset);
  EXPECT_EQ(Open("behaviour-endless-greeting").Greet().next, Next::kRepeat);
  EXPECT_THAT(Open("behaviour-bare-lf").Greet().send, Not(HasSubstr("\r")));
  EXPECT_THAT(Open("behaviour-multi-line-greeting").Greet().send, StartsWith("220-"));
  EXPECT_EQ(Open("behaviour-stutter").PieceBytes(), 1u);
  SmtpSession injecting = Open("injection");
  injecting.Greet();
  EXPECT_THAT(injecting.Command("STARTTLS", false).send, HasSubstr("\r\n250 2.0.0 injected"));
  const Step alert = Open("behaviour-alert-protocol-version").ClientHello();
  EXPECT_EQ(alert.send, std::string("\x15\x03\x03\x00\x02\x02\x46", 7));
}

}  // namespace
}  // namespace mxsweep::lab
