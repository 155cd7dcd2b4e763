// Replies of servers with nothing around them: who refused, and which end has to change. By what
// the replies themselves say (RFC 3207 §4, RFC 3463 §3.8, IANA's enhanced status codes, Postfix's,
// Exim's, Sendmail's and Exchange Online's texts), collected by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/forms/classify.h"

namespace mxsweep::tools {
namespace {

std::string Owners(const Cause& cause) {
  std::string text;
  for (const Owner owner : cause.owners) {
    if (!text.empty()) text += ' ';
    text += OwnerWord(owner);
  }
  return text;
}

struct Reply {
  const char* text;
  const char* cause;
  const char* first_to_change;  // the word of an owner
};

// Nobody knows whether a reply that stands alone was ours or theirs: it is told by its sender and
// its receiver.
void CheckBare(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    SCOPED_TRACE(reply.text);
    const std::optional<Cause> cause = Classify(reply.text, "");
    if (!cause.has_value()) {
      ADD_FAILURE() << "not taken for trouble";
      continue;
    }
    EXPECT_TRUE(cause->known) << cause->title;
    EXPECT_EQ(cause->id, reply.cause);
    EXPECT_EQ(cause->kind, TroubleKind::kRefused);
    EXPECT_EQ(SideWord(cause->side), "receiving_server");
    const std::string owners = Owners(*cause);
    EXPECT_TRUE(owners == reply.first_to_change ||
                owners.starts_with(std::string(reply.first_to_change) + " "))
        << owners;
    // Each end that is named is told what to do, and the other one is not.
    EXPECT_EQ(owners.find("sending_client") != std::string::npos, !cause->ours.empty());
    EXPECT_EQ(owners.find("receiving_server") != std::string::npos, !cause->theirs.empty());
    EXPECT_EQ(owners.find("ours"), std::string::npos);
    EXPECT_EQ(owners.find("theirs"), std::string::npos);
  }
}

constexpr const char* kSendingClient = "sending_client";
constexpr const char* kReceivingServer = "receiving_server";

TEST(BareReplies, TheSenderHasToUseTls) {
  CheckBare({
      {"530 Must issue a STARTTLS command first", "tls_demanded", kSendingClient},
      {"530 5.7.0 Must issue a STARTTLS command first", "tls_demanded", kSendingClient},
      {"523 5.7.10 Encryption Needed", "tls_demanded", kSendingClient},
      {"550 5.7.10 TLS required", "tls_demanded", kSendingClient},
      {"550 5.7.1 Recipient requires TLS, but the message was sent in the clear", "tls_demanded",
       kSendingClient},
      {"550 5.7.1 Command rejected: TLS required", "tls_demanded", kSendingClient},
      {"550 5.7.1 Plaintext connections are not accepted", "tls_demanded", kSendingClient},
      {"550 5.7.1 Unencrypted connection refused", "tls_demanded", kSendingClient},
      {"554 5.7.1 Your server does not support TLS", "tls_demanded", kSendingClient},
      {"538 5.7.11 Encryption required for requested authentication mechanism", "auth_needs_tls",
       kSendingClient},
      {"450 4.7.1 Session encryption is required", "encryption_required", kSendingClient},
      {"554 5.7.1 <a@example.test>: Recipient address rejected: Session encryption is required",
       "encryption_required", kSendingClient},
  });
}

TEST(BareReplies, TheSenderHasToUseBetterTls) {
  CheckBare({
      {"554 5.7.1 TLS version too old", "version_refused_by_server", kSendingClient},
      {"554 5.7.1 TLS version not supported", "version_refused_by_server", kSendingClient},
      {"550 5.7.1 TLS 1.0 is not supported", "version_refused_by_server", kSendingClient},
      {"550 5.7.1 TLSv1.0 is no longer accepted, use TLS 1.2", "version_refused_by_server",
       kSendingClient},
      {"550-5.7.1 This server requires at least TLS 1.2", "version_refused_by_server",
       kSendingClient},
      {"554 5.7.1 TLS cipher too weak", "encryption_too_weak", kSendingClient},
      {"550 5.7.1 Weak cipher: the negotiated cipher suite is not allowed", "encryption_too_weak",
       kSendingClient},
      {"421 4.7.1 mx.example.test Error: Client certificate not trusted", "client_certificate",
       kSendingClient},
      {"421 4.7.1 mx.example.test Error: No client certificate presented", "client_certificate",
       kSendingClient},
      {"554 5.7.1 Relay access denied: TLS client certificate required", "client_certificate",
       kSendingClient},
      {"550 5.7.1 Client certificate verification failed", "client_certificate", kSendingClient},
      {"554 5.5.1 Error: TLS already active", "starttls_twice", kSendingClient},
  });
}

TEST(BareReplies, TheReceiverHasToRepairItsTls) {
  CheckBare({
      {"454 4.7.0 TLS not available", "server_tls_unavailable", kReceivingServer},
      {"454 4.7.0 TLS not available due to local problem", "server_tls_unavailable",
       kReceivingServer},
      {"454 TLS not available due to temporary reason", "server_tls_unavailable", kReceivingServer},
      {"454 TLS currently unavailable", "server_tls_unavailable", kReceivingServer},
      {"454 4.3.3 TLS not available: error generating SSL handle", "server_tls_unavailable",
       kReceivingServer},
      {"454 4.7.0 Error: too many new TLS sessions from unknown[192.0.2.1]", "tls_rate",
       kReceivingServer},
      {"503 STARTTLS command used when not advertised", "starttls_not_advertised",
       kReceivingServer},
      {"502 5.5.1 STARTTLS not supported", "starttls_not_known", kReceivingServer},
      {"500 5.5.1 Command unrecognized: \"STARTTLS\"", "starttls_not_known", kReceivingServer},
      {"501 5.5.1 Invalid command: STARTTLS", "starttls_not_known", kReceivingServer},
  });
}

// Large providers are never us: who gets such a reply is the sender.
TEST(BareReplies, OfAProviderAreToldByUsAndThem) {
  for (const char* text :
       {"421 4.7.66 Connection refused. The TLS version in use is not supported",
        "421 4.7.0 TLS required for RCPT domain, closing connection.",
        "550-5.7.29 Your email has been blocked because this message wasn't sent over a TLS "
        "connection."}) {
    SCOPED_TRACE(text);
    const std::optional<Cause> cause = Classify(text, "");
    ASSERT_TRUE(cause.has_value());
    EXPECT_EQ(SideWord(cause->side), "them_as_server");
    EXPECT_EQ(Owners(*cause), "ours");
  }
}

// In a log it is known whose reply it was.
TEST(BareReplies, AreOursOrTheirsWhereALogTellsIt) {
  struct Row {
    const char* program;
    const char* text;
    const char* refused_by;
    const char* first_owner;
  };
  for (const Row& row : {
           Row{"postfix/smtp",
               "4Xk1: host mx.example.test[192.0.2.1] said: 554 5.7.1 TLS version too old (in "
               "reply to MAIL FROM command)",
               "them_as_server", "ours"},
           Row{"postfix/smtpd",
               "NOQUEUE: reject: MAIL from unknown[192.0.2.1]: 554 5.7.1 TLS version too old",
               "us_as_server", "theirs"},
           Row{"postfix/smtp",
               "4Xk1: host mx.example.test[192.0.2.1] said: 503 STARTTLS command used when not "
               "advertised (in reply to STARTTLS command)",
               "them_as_server", "theirs"},
           Row{"postfix/smtp",
               "4Xk1: host mx.example.test[192.0.2.1] said: 550 5.7.1 TLS required (in reply to "
               "MAIL FROM command)",
               "them_as_server", "ours"},
           Row{"postfix/smtpd",
               "NOQUEUE: reject: MAIL from unknown[192.0.2.1]: 450 4.7.1 Session encryption is "
               "required",
               "us_as_server", "ours"},
           Row{"postfix/smtpd", "502 5.5.1 STARTTLS not supported", "us_as_server", "ours"},
       }) {
    SCOPED_TRACE(row.text);
    const std::optional<Cause> cause = Classify(row.text, row.program);
    ASSERT_TRUE(cause.has_value());
    EXPECT_EQ(SideWord(cause->side), row.refused_by);
    EXPECT_TRUE(Owners(*cause).starts_with(row.first_owner)) << Owners(*cause);
  }
}

// X.7.4 is what a sender reports of a server without STARTTLS (Postfix): no reply tells who
// refused.
TEST(BareReplies, SecurityFeaturesThatAreMissingAreTheReceivers) {
  const std::optional<Cause> cause = Classify("550 5.7.4 Security features not supported", "");
  ASSERT_TRUE(cause.has_value());
  EXPECT_EQ(SideWord(cause->side), "unknown");
  EXPECT_EQ(Owners(*cause), "receiving_server");
}

TEST(BareReplies, AboutMessagesAreLeftAlone) {
  for (const char* text :
       {"450 4.7.26 Service does not accept messages sent over IPv6 unless they pass either SPF "
        "or DKIM validation",
        "550 5.7.26 This mail has been blocked because the sender is unauthenticated",
        "550 5.7.20 No passing DKIM signature found", "550 5.7.1 Message content rejected",
        "454 4.7.0 Temporary lookup failure", "502 5.5.2 Error: command not recognized"}) {
    EXPECT_FALSE(Classify(text, "").has_value()) << text;
  }
}

// The words of a reply in a line that is none.
TEST(BareReplies, AreRepliesOnlyBehindACode) {
  for (const char* text : {"policy daemon: plaintext connection from [192.0.2.1] closed",
                           "config: minimum tls version is set", "took 550 ms, weak cipher list"}) {
    const std::optional<Cause> cause = Classify(text, "");
    EXPECT_TRUE(!cause.has_value() || SideWord(cause->side) != "receiving_server") << text;
  }
}

}  // namespace
}  // namespace mxsweep::tools
