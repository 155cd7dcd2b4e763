// What becomes of mail for made-up domains if a sender required this or that. What is right follows
// from how each domain is made.
#include "scanner/posture/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/scanner/posture/made_up_domain.h"

namespace mxsweep::scanner {

static void PrintTo(MailFate fate, std::ostream* out) { *out << MailFateWord(fate); }
static void PrintTo(SenderReason reason, std::ostream* out) { *out << SenderReasonWord(reason); }

namespace {

using output::EndpointRow;
using output::MxHostRow;
using testing::MadeUpDomain;
using enum MailFate;
using Reason = SenderReason;

MailVerdict Judge(std::string_view word, MadeUpDomain& domain, bool dnssec_known = true) {
  const auto requirement = ParseRequirement(word);
  EXPECT_TRUE(requirement.ok()) << requirement.status();
  return JudgeMail(*requirement, domain.Gather(), {.dnssec_known = dnssec_known});
}

// A domain of one server, made by `change` from a good one, and a requirement that it is to meet.
struct OneServer {
  std::string name;
  std::function<void(EndpointRow&)> change;
  std::string word;
  MailFate fate;
  Reason reason;
};

void PrintTo(const OneServer& server, std::ostream* out) {
  *out << server.name << ", " << server.word;
}

std::function<void(EndpointRow&)> Fails(const std::string& outcome, const std::string& stage) {
  return [=](EndpointRow& row) {
    row = EndpointRow{.host = row.host, .address = row.address, .outcome = outcome, .stage = stage};
  };
}

std::function<void(EndpointRow&)> Version(const std::string& version, int session_level) {
  return [=](EndpointRow& row) {
    row.tls_version = version;
    testing::SetSessionLevel(row, session_level);
  };
}

// TLS 1.2 with RSA key exchange; `only` is what a probe said.
std::function<void(EndpointRow&)> StaticRsa(std::optional<bool> only) {
  return [=](EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.cipher = "TLS_RSA_WITH_AES_128_GCM_SHA256";
    row.group.reset();
    row.session_level = 2;
    row.static_rsa_only = only;
  };
}

std::function<void(EndpointRow&)> PostQuantum(std::string group,
                                              std::optional<std::vector<std::string>> accepted,
                                              std::vector<std::string> unknown = {}) {
  return [=](EndpointRow& row) {
    row.group = group;
    row.offered_post_quantum = true;
    row.pq_groups = accepted;
    if (accepted) row.pq_groups_unknown = unknown;
  };
}

std::function<void(EndpointRow&)> Rsa(uint32_t bits) {
  return [=](EndpointRow& row) {
    row.leaf_key_type = "rsa";
    row.leaf_key_bits = bits;
    testing::SetCertificateLevel(row, bits >= 3072 ? 3 : bits >= 2048 ? 2 : 1);
  };
}

std::vector<OneServer> Servers() {
  const auto good = [](EndpointRow&) {};
  const auto handshake = Fails("tls_alert", "handshake");
  return {
      {"good", good, "tls", kFine, Reason::kTls},
      {"no STARTTLS", Fails("no_starttls", "ehlo"), "tls", kLost, Reason::kNoStartTls},
      {"no STARTTLS", Fails("no_starttls", "ehlo"), "fs", kLost, Reason::kNoStartTls},
      {"no STARTTLS", Fails("no_starttls", "ehlo"), "dane", kFine, Reason::kNoStartTls},
      {"no STARTTLS", Fails("no_starttls", "ehlo"), "sender:opportunistic", kFine,
       Reason::kNoStartTls},
      {"no STARTTLS", Fails("no_starttls", "ehlo"), "encrypt", kLost, Reason::kNoStartTls},
      {"alert", handshake, "tls", kLost, Reason::kHandshakeFailed},
      {"alert", handshake, "verified", kLost, Reason::kHandshakeFailed},
      {"alert, perhaps ours",
       [handshake](EndpointRow& row) {
         handshake(row);
         row.may_be_ours = "no_common_cipher";
       },
       "tls", kUnknown, Reason::kMayBeOurs},
      {"alert, perhaps ours",
       [handshake](EndpointRow& row) {
         handshake(row);
         row.may_be_ours = "no_common_cipher";
       },
       "dane", kFine, Reason::kHandshakeFailed},
      // What did not answer is not known, and what nobody gets mail to is nobody's loss.
      {"silent", Fails("connect_timeout", "connect"), "tls", kUnknown, Reason::kNoAnswer},
      {"turns us away", Fails("greeting_5xx", "greeting"), "tls", kUnknown, Reason::kTurnedAway},
      {"throttles", Fails("throttled_421", "greeting"), "verified", kUnknown, Reason::kTurnedAway},
      {"not asked", Fails("not_asked_no_route", "gate"), "tls", kUnknown, Reason::kNotTried},
      {"not listening", Fails("connect_refused", "connect"), "tls", kLostAnyway,
       Reason::kNotListening},
      {"not listening", Fails("connect_refused", "connect"), "sender:opportunistic", kLostAnyway,
       Reason::kNotListening},

      {"TLS 1.3", good, "tls1.3", kFine, Reason::kTls},
      {"TLS 1.2", Version("TLSv1.2", 2), "tls1.3", kLost, Reason::kVersionTooOld},
      {"TLS 1.2", Version("TLSv1.2", 2), "tls1.2", kFine, Reason::kTls},
      {"TLS 1.0", Version("TLSv1", 0), "tls1.2", kLost, Reason::kVersionTooOld},
      {"TLS 1.1", Version("TLSv1.1", 0), "tls", kFine, Reason::kTls},
      {"TLS 1.3 failed for us",
       [](EndpointRow& row) {
         row.tls_version = "TLSv1.2";
         row.offer = "tls12";
       },
       "tls1.3", kUnknown, Reason::kOtherOffer},

      {"RSA 2048", Rsa(2048), "rsa2048", kFine, Reason::kTls},
      {"RSA 2047", Rsa(2047), "rsa2048", kLost, Reason::kCertificateTooWeak},
      {"RSA 1024", Rsa(1024), "tls", kFine, Reason::kTls},
      {"ECDSA", good, "rsa4096", kFine, Reason::kTls},
      {"key unknown", [](EndpointRow& row) { row.leaf_key_type.reset(); }, "rsa2048", kUnknown,
       Reason::kCertificateUnknown},

      {"session of level 3", good, "session3", kFine, Reason::kTls},
      {"TLS 1.0", Version("TLSv1", 0), "session1", kLost, Reason::kLevelTooLow},
      // Its cipher is of level 3; whether it has a stronger one was not asked.
      {"session of level 3", good, "session4", kUnknown, Reason::kOtherOffer},
      {"certificate of level 1", Rsa(1024), "certificate2", kLost, Reason::kCertificateTooWeak},
      {"certificate of level 2", Rsa(2048), "certificate2", kFine, Reason::kTls},
      {"level unknown", [](EndpointRow& row) { row.certificate_level.reset(); }, "certificate1",
       kUnknown, Reason::kCertificateUnknown},
      // A level is not trust.
      {"self-signed", [](EndpointRow& row) { row.pkix_status = "self_signed"; }, "certificate2",
       kFine, Reason::kTls},

      {"valid", good, "verified", kFine, Reason::kVerified},
      {"expired", [](EndpointRow& row) { row.pkix_status = "expired"; }, "verified", kLost,
       Reason::kCertificate},
      {"other name", [](EndpointRow& row) { row.name_match = "none"; }, "verified", kLost,
       Reason::kName},
      {"not known to be valid", [](EndpointRow& row) { row.pkix_status.reset(); }, "verified",
       kUnknown, Reason::kCertificateUnknown},
      {"revoked", [](EndpointRow& row) { row.revocation_status = "revoked"; }, "verified", kUnknown,
       Reason::kSenderUnknown},

      {"ECDHE", Version("TLSv1.2", 2), "fs", kFine, Reason::kTls},
      {"static RSA", StaticRsa(std::nullopt), "fs", kUnknown, Reason::kOtherOffer},
      {"static RSA only", StaticRsa(true), "fs", kLost, Reason::kNoForwardSecrecy},
      {"static RSA by choice", StaticRsa(false), "fs", kFine, Reason::kTls},

      {"X25519MLKEM768", PostQuantum("X25519MLKEM768", std::nullopt), "pq", kFine, Reason::kTls},
      {"X25519", PostQuantum("X25519", std::nullopt), "pq", kUnknown, Reason::kOtherOffer},
      {"X25519, probed", PostQuantum("X25519", std::vector<std::string>{}), "pq", kLost,
       Reason::kNoPostQuantum},
      {"X25519 by choice", PostQuantum("X25519", std::vector<std::string>{"SecP256r1MLKEM768"}),
       "pq", kFine, Reason::kTls},
      {"X25519, probed in part",
       PostQuantum("X25519", std::vector<std::string>{}, {"SecP384r1MLKEM1024"}), "pq", kUnknown,
       Reason::kOtherOffer},
      {"TLS 1.2 has no such groups", Version("TLSv1.2", 2), "pq", kLost, Reason::kNoPostQuantum},

      // All of one server.
      {"TLS 1.2, expired",
       [](EndpointRow& row) {
         row.tls_version = "TLSv1.2";
         row.pkix_status = "expired";
       },
       "tls1.2+verified", kLost, Reason::kCertificate},
      {"good", good, "tls1.3+rsa2048+fs+verified", kFine, Reason::kVerified},

      {"closes within TLS", [](EndpointRow& row) { row.after_tls = "closed"; }, "tls", kLost,
       Reason::kClosedWithinTls},
      {"turns us away within TLS",
       [](EndpointRow& row) {
         row.after_tls = "refused";
         row.after_tls_code = 554;
       },
       "tls", kUnknown, Reason::kRefusedWithinTls},
      // Some say HELO to it, others EHLO.
      {"masks its greeting", [](EndpointRow& row) { row.greeting = "****2**0**"; }, "tls", kUnknown,
       Reason::kSenderUnknown},
      {"masks its greeting", [](EndpointRow& row) { row.greeting = "****2**0**"; }, "dane", kFine,
       Reason::kTls},
      // Chance decides nothing here: Postfix at encrypt returns at once.
      {"554 to STARTTLS",
       [](EndpointRow& row) {
         Fails("starttls_refused", "starttls")(row);
         row.starttls_code = 554;
       },
       "encrypt", kLost, Reason::kStartTlsRefused},
  };
}

class OneServerTest : public ::testing::TestWithParam<OneServer> {};

TEST_P(OneServerTest, HasItsFate) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  GetParam().change(domain.AddGoodServer());
  const MailVerdict verdict = Judge(GetParam().word, domain);
  EXPECT_EQ(verdict.fate, GetParam().fate);
  EXPECT_EQ(verdict.reason, GetParam().reason);
  if (verdict.fate == kLost) {
    EXPECT_EQ(verdict.host, "mx.example.org");
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, OneServerTest, ::testing::ValuesIn(Servers()));

TEST(RequirementTest, IsMetByWhicheverServerTakesTheMail) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx1.example.org");
  domain.AddServer("no_starttls", "ehlo");
  domain.AddHost(20, "mx2.example.org");
  domain.AddGoodServer();
  EXPECT_EQ(Judge("tls", domain).fate, kFine);
  EXPECT_EQ(Judge("verified", domain).fate, kFine);
  // The backup may or may not be as demanded: nobody can tell.
  domain.rows().endpoints.back().pkix_status.reset();
  EXPECT_EQ(Judge("verified", domain).fate, kUnknown);
  domain.rows().endpoints.back().pkix_status = "expired";
  EXPECT_EQ(Judge("verified", domain).fate, kLost);
}

TEST(RequirementTest, IsNotKnownWhereAServerWasNotAsked) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("no_starttls", "ehlo");
  EXPECT_EQ(Judge("tls", domain).fate, kLost);
  domain.rows().hosts.back().addresses->push_back("2001:db8::1");
  EXPECT_EQ(Judge("tls", domain).fate, kUnknown);
}

TEST(RequirementTest, IsNotAskedOfDomainsWithoutMail) {
  for (const char* status : {"null_mx", "nxdomain", "no_mail", "invalid_name"}) {
    MadeUpDomain domain;
    domain.domain().mx_status = status;
    EXPECT_EQ(Judge("tls", domain).fate, kNotAsked) << status;
    EXPECT_EQ(Judge("sender:python", domain).fate, kNotAsked) << status;
  }
}

TEST(RequirementTest, IsNotKnownWhereTheMxLookUpFailed) {
  for (const char* status : {"servfail", "timeout", "local_error", "bogus"}) {
    MadeUpDomain domain;
    domain.domain().mx_status = status;
    domain.domain().mx.reset();
    EXPECT_EQ(Judge("tls", domain).fate, kUnknown) << status;
  }
}

TEST(RequirementTest, HostsWithoutAddressAreNobodysLoss) {
  MadeUpDomain domain;
  MxHostRow& host = domain.AddHost(10, "mx.example.org");
  host.address_status = "nxdomain";
  host.addresses.reset();
  EXPECT_EQ(Judge("tls", domain).fate, kLostAnyway);
}

// A host with secure TLSA records, and what they come to.
void AddDaneHost(MadeUpDomain& domain, const std::string& status) {
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  EndpointRow& row = domain.AddGoodServer();
  row.dane_status = status;
  if (status == "match") row.dane_matched_record = "3 1 1 00";
}

TEST(RequirementTest, DaneCountsWhereItIsPublished) {
  MadeUpDomain without;
  without.AddHost(10, "mx.example.org");
  without.AddGoodServer().pkix_status = "self_signed";
  EXPECT_EQ(Judge("dane", without).fate, kFine);
  EXPECT_EQ(Judge("tls1.3+dane", without).fate, kFine);
  EXPECT_EQ(Judge("dane", without, /*dnssec_known=*/false).fate, kUnknown);

  MadeUpDomain match;
  AddDaneHost(match, "match");
  EXPECT_EQ(Judge("dane", match).fate, kFine);
  EXPECT_EQ(Judge("dane", match).reason, Reason::kDaneMatch);

  MadeUpDomain mismatch;
  AddDaneHost(mismatch, "mismatch");
  EXPECT_EQ(Judge("dane", mismatch).fate, kLost);
  EXPECT_EQ(Judge("tls", mismatch).fate, kFine);
  // Where the MX answer is not signed, the standard leaves it to the sender; Postfix has chosen.
  mismatch.domain().mx_dnssec = "insecure";
  mismatch.domain().dane_status = "optional";
  EXPECT_EQ(Judge("dane", mismatch).fate, kUnknown);
  EXPECT_EQ(Judge("sender:dane", mismatch).fate, kLost);
}

TEST(RequirementTest, DaneIsNotKnownWhereTheHandshakeFailedPerhapsForUs) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  domain.AddServer("tls_alert", "handshake").may_be_ours = "no_common_cipher";
  EXPECT_EQ(Judge("dane", domain).fate, kUnknown);
}

TEST(RequirementTest, DaneIsNotKnownOfAHostThatWasNotAskedForRecords) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status.reset();
  domain.AddGoodServer();
  EXPECT_EQ(Judge("dane", domain).fate, kUnknown);
}

TEST(RequirementTest, MtaStsCountsWhereItIsEnforced) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer().pkix_status = "expired";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kUnknown) << "nobody looked it up";
  domain.domain().mta_sts_status = "none";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kFine);
  domain.domain().mta_sts_status = "valid";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kUnknown) << "the policy was not fetched";
  domain.domain().mta_sts_mode = "testing";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kFine);
  domain.domain().mta_sts_mode = "enforce";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kLost);
  domain.rows().endpoints.back().pkix_status = "valid";
  EXPECT_EQ(Judge("mta-sts", domain).fate, kFine);
  domain.domain().mta_sts_unmatched_mx = {"mx.example.org"};
  EXPECT_EQ(Judge("mta-sts", domain).reason, Reason::kStsHost);
}

TEST(ParseRequirementTest, TakesEveryWordOfItsOwn) {
  std::set<std::string> words;
  for (const Requirement& requirement : UsualRequirements()) {
    const auto parsed = ParseRequirement(requirement.word);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->label, requirement.label);
    EXPECT_TRUE(words.insert(requirement.word).second) << requirement.word;
  }
  for (const char* word : {"tls", "tls1.2", "tls1.3", "rsa2048", "session2", "certificate2",
                           "verified", "dane", "mta-sts", "fs", "pq", "sender:java"}) {
    EXPECT_TRUE(words.contains(word)) << word;
  }
}

TEST(ParseRequirementTest, RefusesWhatIsNoneAndSaysWhatThereIs) {
  for (const char* word :
       {"", "tsl", "tls1.4", "rsa", "rsa0", "rsa99999", "session6", "session", "certificate0",
        "tls+", "+tls", "tls++fs", "sender:", "sender:tls", "tls+sender:java", "rsa-2048", "TLS"}) {
    const auto requirement = ParseRequirement(word);
    EXPECT_TRUE(absl::IsInvalidArgument(requirement.status())) << word;
    EXPECT_THAT(std::string(requirement.status().message()), ::testing::HasSubstr("tls1.2"));
    EXPECT_THAT(std::string(requirement.status().message()),
                ::testing::HasSubstr("sender:opportunistic"));
  }
}

}  // namespace
}  // namespace mxsweep::scanner
