// The report on a domain: verdicts, findings, advice.
#include "scanner/posture/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/scanner/posture/made_up_checks.h"
#include "tests/scanner/posture/reported.h"

namespace mxsweep::scanner {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Leaf;
using testing::MadeUpDomain;
using ::testing::Not;
using testing::Reported;
using testing::Server;

TEST(CheckReport, CallsADomainWithDaneSafe) {
  const Reported report(testing::Perfect());
  EXPECT_EQ(report->verdict, Verdict::kSafe);
  EXPECT_EQ(report->todo, "nothing");
  EXPECT_TRUE(report->passed);
  EXPECT_EQ(report.whole().exit_code(), 0);
  EXPECT_THAT(report->findings, IsEmpty());
}

TEST(CheckReport, ADomainWithoutARowHasNotPassed) {
  const CheckReport report =
      BuildCheckReport({{"example.org", "example.org"}}, ScanRows(), testing::World());
  EXPECT_THAT(report.domains, IsEmpty());
  EXPECT_THAT(report.without_row, ElementsAre("example.org"));
  EXPECT_EQ(report.exit_code(), 1);
}

TEST(CheckReport, OffersDaneWhereTheZonesAreSigned) {
  MadeUpDomain domain = testing::Plain();
  const std::string record = "_25._tcp.mx.example.org. IN TLSA 3 1 1 " + *Leaf(domain).spki_sha256;
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnprotected);
  EXPECT_TRUE(report->passed);
  ASSERT_NE(report.Find("dane_possible"), nullptr);
  EXPECT_THAT(report.Find("dane_possible")->records, ElementsAre(record));
}

TEST(CheckReport, ComputesTheRecordThatHealsAMismatch) {
  MadeUpDomain domain = testing::Plain();
  testing::AddTlsa(domain, std::string(64, 'f'), "mismatch");
  testing::Host(domain).tlsa_base_domain = "real.example.org";
  const std::string hash = *Leaf(domain).spki_sha256;
  CheckWorld world = testing::World();
  world.port = 2525;
  const Reported report(std::move(domain), world);
  EXPECT_EQ(report->verdict, Verdict::kRefused);
  EXPECT_EQ(report.whole().exit_code(), 1);
  ASSERT_NE(report.Find("dane_mismatch"), nullptr);
  EXPECT_THAT(report.Find("dane_mismatch")->records,
              ElementsAre("_2525._tcp.real.example.org. IN TLSA 3 1 1 " + hash));
  EXPECT_EQ(report->todo, report.Find("dane_mismatch")->fix);
}

// RFC 7671 §9: of a usage and selector the strongest digest alone counts, so that beside a stale
// 3 1 2 no 3 1 1 heals anything.
TEST(CheckReport, DoesNotAdviseARecordThatAStrongerDigestOutdoes) {
  const std::string sha512(128, 'f');
  MadeUpDomain domain = testing::Plain();
  testing::AddTlsa(domain, "", "mismatch");
  testing::Host(domain).tlsa = {{3, 1, 2, sha512, true}};
  const std::string hash = *Leaf(domain).spki_sha256;
  const Reported stale(domain);
  ASSERT_NE(stale.Find("dane_mismatch"), nullptr);
  EXPECT_THAT(stale.Find("dane_mismatch")->fix, HasSubstr("take the TLSA records 3 1 2 away"));
  EXPECT_THAT(stale.Find("dane_mismatch")->records,
              ElementsAre("_25._tcp.mx.example.org. IN TLSA 3 1 1 " + hash));
  // The right one is there, and is passed over.
  testing::Host(domain).tlsa->push_back({3, 1, 1, hash, true});
  const Reported outdone(domain);
  EXPECT_THAT(outdone.Find("dane_mismatch")->fix, HasSubstr("take the TLSA records 3 1 2 away"));
  EXPECT_THAT(outdone.Find("dane_mismatch")->records, IsEmpty());
  // One that cannot be used outdoes nothing.
  testing::Host(domain).tlsa = {{3, 1, 2, sha512, false}};
  const Reported unusable(domain);
  EXPECT_THAT(unusable.Find("dane_mismatch")->fix, Not(HasSubstr("away")));
}

// RFC 7671 §5.2: with usage 2 the server's own key may change, the issuer's may not.
TEST(CheckReport, TellsAChangeOfIssuerFromAChangeOfKey) {
  MadeUpDomain domain = testing::Dane();
  testing::Host(domain).dane_rollover_ready = false;
  testing::Host(domain).tlsa = {{2, 1, 1, std::string(64, 'a'), true}};
  const Reported one(domain);
  ASSERT_NE(one.Find("dane_rollover"), nullptr);
  EXPECT_THAT(one.Find("dane_rollover")->title, HasSubstr("change of issuer"));
  testing::Host(domain).tlsa->push_back({2, 1, 1, std::string(64, 'b'), true});
  EXPECT_EQ(Reported(domain).Find("dane_rollover"), nullptr);
  testing::Host(domain).tlsa = {{3, 1, 1, std::string(64, 'a'), true}};
  EXPECT_THAT(Reported(domain).Find("dane_rollover")->title, HasSubstr("change of key"));
}

// RFC 7672 §3.1.2: the anchor has to be in the chain that is sent.
TEST(CheckReport, SaysThatAnAnchorHasToBeSent) {
  MadeUpDomain domain = testing::Plain();
  testing::AddTlsa(domain, "", "mismatch");
  testing::Host(domain).tlsa = {{2, 1, 1, std::string(64, 'a'), true}};
  EXPECT_THAT(Reported(domain).Find("dane_mismatch")->advice, HasSubstr("has to send"));
}

TEST(CheckReport, KnowsThatAnExpiredCertificateDoesNotHurtDane) {  // RFC 7672 §3.1.1
  MadeUpDomain domain = testing::Dane();
  testing::Expire(domain);
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnverified);
  const Finding* finding = report.Find("certificate_expired");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::kWarning);
  EXPECT_THAT(finding->not_this, HasSubstr("does not hurt DANE"));
}

TEST(CheckReport, ButSaysNoSuchThingOfATrustAnchor) {  // RFC 7672 §3.1.2
  MadeUpDomain domain = testing::Dane();
  testing::Expire(domain);
  Server(domain).dane_matched_record = "2 1 1 " + std::string(64, 'b');
  const Reported report(std::move(domain));
  EXPECT_EQ(report.Find("certificate_expired")->severity, Severity::kBad);
  EXPECT_THAT(report.Find("certificate_expired")->not_this, Not(HasSubstr("DANE")));
}

TEST(CheckReport, DoesNotTakeATlsKeyForADkimKey) {
  MadeUpDomain domain = testing::Plain();
  testing::Shorten(domain);
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnverified);
  EXPECT_FALSE(report->passed);
  ASSERT_NE(report.Find("weak_key"), nullptr);
  EXPECT_THAT(report.Find("weak_key")->not_this, HasSubstr("nothing to do with DKIM"));
}

TEST(CheckReport, NamesTheMissingIntermediate) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).pkix_status = "incomplete";
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnverified);
  EXPECT_EQ(report->todo, "add the missing intermediate: CN=Some Authority R3,O=Some Authority");
}

TEST(CheckReport, WarnsBeforeACertificateExpires) {
  const std::pair<int, bool> cases[] = {{80, false}, {22, false}, {20, true}, {1, true}};
  for (const auto& [days, warned] : cases) {
    MadeUpDomain domain = testing::Plain();
    Server(domain).not_after = MadeUpDomain::Now() + absl::Hours(24 * days);
    const Reported report(std::move(domain));
    EXPECT_EQ(report.Find("certificate_expires_soon") != nullptr, warned) << days;
    EXPECT_TRUE(report->passed);
    EXPECT_EQ(report->todo.starts_with("renew before 2027-"), warned) << report->todo;
  }
}

TEST(CheckReport, ConcludesNothingFromSilence) {
  for (const char* outcome : {"connect_timeout", "unreachable", "greeting_timeout", "tls_timeout",
                              "greeting_5xx", "throttled_421", "local_error"}) {
    MadeUpDomain domain = testing::Plain();
    testing::Silence(domain, outcome, "connect");
    const Reported report(std::move(domain));
    EXPECT_EQ(report->verdict, Verdict::kUnknown) << outcome;
    EXPECT_FALSE(report->passed);
    for (const SenderReport& sender : report->senders) {
      EXPECT_EQ(sender.decision.action, SenderAction::kUnknown) << outcome;
    }
    for (const Finding& finding : report->findings) EXPECT_NE(finding.id, "no_starttls");
  }
}

TEST(CheckReport, SuspectsTheOwnNetworkWhereNothingAnswers) {
  MadeUpDomain domain = testing::Plain();
  testing::Silence(domain, "connect_timeout", "connect");
  const Reported report(std::move(domain));
  EXPECT_THAT(report.Find("connect_timeout")->advice, HasSubstr("block outgoing connections"));
}

TEST(CheckReport, SaysNothingOfDaneWithoutAValidatingResolver) {
  CheckWorld world = testing::World();
  world.resolver_validates = false;
  world.resolver = "It does not.";
  const Reported report(testing::Plain(), world);
  EXPECT_EQ(report->verdict, Verdict::kUnknown);
  EXPECT_FALSE(report->passed);
  EXPECT_EQ(report.Find("dane_possible"), nullptr);
  EXPECT_THAT(report.Find("resolver_does_not_validate")->why, HasSubstr("It does not."));
}

TEST(CheckReport, CallsAnEnforcedPolicySafe) {  // RFC 8461 §5
  MadeUpDomain domain = testing::Plain();
  testing::AddPolicy(domain, "enforce");
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kSafe);
  EXPECT_THAT(report->headline, HasSubstr("MTA-STS"));
}

// RFC 8461 §3.2: max_age "typically be in the range of weeks or greater".
TEST(CheckReport, WarnsOfAPolicyThatIsSoonForgotten) {
  const auto severity = [](const char* mode, uint32_t max_age_s) {
    MadeUpDomain domain = testing::Plain();
    testing::AddPolicy(domain, mode);
    domain.domain().mta_sts_max_age = max_age_s;
    const Reported report(std::move(domain));
    const Finding* finding = report.Find("mta_sts_short_max_age");
    return finding == nullptr ? Severity::kGood : finding->severity;
  };
  EXPECT_EQ(severity("enforce", 0), Severity::kWarning);
  EXPECT_EQ(severity("enforce", 3600), Severity::kWarning);
  EXPECT_EQ(severity("enforce", 86400), Severity::kNote);
  EXPECT_EQ(severity("enforce", 604800), Severity::kGood);
  EXPECT_EQ(severity("testing", 0), Severity::kGood);
}

TEST(CheckReport, RefusesMailToAHostThatThePolicyDoesNotName) {  // RFC 8461 §4.1
  MadeUpDomain domain = testing::Plain();
  testing::AddPolicy(domain, "enforce");
  domain.domain().mta_sts_unmatched_mx = {"mx.example.org"};
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kRefused);
  EXPECT_EQ(report.Find("mta_sts_host_not_listed")->severity, Severity::kBad);
}

TEST(CheckReport, DoesNotTakeAPolicyInTestingForProtection) {
  MadeUpDomain domain = testing::Plain();
  testing::AddPolicy(domain, "testing");
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnprotected);
  EXPECT_NE(report.Find("mta_sts_not_enforced"), nullptr);
}

TEST(CheckReport, HoldsNothingAgainstADomainWhosePolicyNobodyAskedFor) {
  MadeUpDomain off = testing::Plain();
  off.domain().mta_sts_status.reset();
  EXPECT_TRUE(Reported(off)->passed);
  MadeUpDomain record_only = testing::Plain();
  record_only.domain().mta_sts_status = "valid";
  EXPECT_TRUE(Reported(record_only)->passed);
  MadeUpDomain failed = testing::Plain();
  failed.domain().mta_sts_status = "lookup_error";
  EXPECT_FALSE(Reported(failed)->passed);
  EXPECT_EQ(Reported(failed)->verdict, Verdict::kUnknown);
}

TEST(CheckReport, SaysOnceWhatHoldsForSeveralServers) {
  MadeUpDomain domain;
  for (const char* host : {"a.example.org", "b.example.org"}) {
    domain.AddHost(10, host);
    domain.AddServer("no_starttls", "ehlo");
    domain.AddServer("no_starttls", "ehlo");
  }
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kExposed);
  ASSERT_EQ(report->findings.size(), 1u);
  EXPECT_EQ(report->findings[0].places.size(), 4u);
  EXPECT_THAT(report->why, HasSubstr("a.example.org and 1 more: "));
}

TEST(CheckReport, PutsTheWorstFirst) {
  const Reported report(testing::Mixed());
  ASSERT_GE(report->findings.size(), 2u);
  for (size_t i = 1; i < report->findings.size(); ++i) {
    EXPECT_GE(report->findings[i - 1].severity, report->findings[i].severity);
  }
  EXPECT_THAT(report->findings[0].title, HasSubstr("firewall takes STARTTLS out"));
}

TEST(CheckReport, PassesADomainThatTakesNoMail) {  // RFC 7505
  const Reported report(testing::WithMxStatus("null_mx"));
  EXPECT_EQ(report->verdict, Verdict::kNoMail);
  EXPECT_TRUE(report->passed);
}

TEST(CheckReport, FailsADomainThatCannotGetAny) {
  for (const char* status : {"nxdomain", "no_mail", "bogus"}) {
    const Reported report(testing::WithMxStatus(status));
    EXPECT_EQ(report->verdict, Verdict::kUndeliverable) << status;
    EXPECT_FALSE(report->passed);
  }
  EXPECT_EQ(Reported(testing::WithMxStatus("servfail"))->verdict, Verdict::kUnknown);
}

// The levels' rules on certificates end nothing where nobody verifies.
TEST(CheckReport, TellsOldVersionsAndWeakSessionsFromWeakCertificates) {
  MadeUpDomain domain = testing::Plain();
  testing::Age(domain);
  const Reported old(domain);
  EXPECT_EQ(old->verdict, Verdict::kExposed);
  EXPECT_NE(old.Find("old_tls"), nullptr);
  EXPECT_EQ(old.Find("low_security_level"), nullptr);  // it is the version: said once
  EXPECT_EQ(old.Find("weak_key"), nullptr);

  domain = testing::Plain();
  testing::SetCertificateLevel(Server(domain), 0, "certificate 1 signature: SHA-1 hash");
  const Reported weak(domain);
  EXPECT_EQ(weak->verdict, Verdict::kUnverified);
  ASSERT_NE(weak.Find("low_certificate_level"), nullptr);
  EXPECT_THAT(weak.Find("low_certificate_level")->fix, HasSubstr("signed over SHA-256"));
  EXPECT_EQ(weak.Find("low_security_level"), nullptr);

  domain = testing::Plain();
  testing::Shorten(domain);
  Server(domain).tls_version = "TLSv1.1";
  const Reported both(domain);
  EXPECT_NE(both.Find("old_tls"), nullptr);
  EXPECT_NE(both.Find("weak_key"), nullptr);
}

TEST(CheckReport, DoesNotAskForStrongKeysWhereAKeyCannotBeRead) {
  MadeUpDomain domain = testing::Plain();
  testing::SetCertificateLevel(Server(domain), 0, "leaf key: unknown 0 bits");
  EXPECT_THAT(Reported(domain).Find("low_certificate_level")->fix,
              AllOf(HasSubstr("of a common kind"), Not(HasSubstr("strong"))));
}

TEST(CheckReport, TellsAServerThatDoesNotKnowRfc5746) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).tls_version = "TLSv1.2";
  Server(domain).secure_renegotiation = false;
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kExposed);
  ASSERT_NE(report.Find("no_renegotiation_info"), nullptr);
  EXPECT_FALSE(report->passed);
}

TEST(CheckReport, TellsACertificateThatEndsTheHandshakeOfOpenSsl) {
  MadeUpDomain domain = testing::Dane();
  Server(domain).pkix_status = "malformed";
  Server(domain).pkix_error = "leaf cannot be parsed";
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kRefused);
  ASSERT_NE(report.Find("certificate_not_parsed"), nullptr);
  EXPECT_EQ(report.Find("certificate_not_parsed")->severity, Severity::kBad);
}

TEST(CheckReport, TellsAMaskedGreeting) {
  for (const char* greeting : {"220 ******", "220"}) {
    MadeUpDomain domain = testing::Plain();
    Server(domain).greeting = greeting;
    const Reported report(std::move(domain));
    EXPECT_EQ(report->verdict, Verdict::kExposed) << greeting;
    ASSERT_NE(report.Find("masked_greeting"), nullptr);
    EXPECT_EQ(report->todo, report.Find("masked_greeting")->fix);
  }
}

TEST(CheckReport, TellsAServerThatTurnsAwayWithinTls) {
  const std::pair<const char*, const char*> cases[] = {{"refused", "refused_within_tls"},
                                                       {"throttled_421", "refused_within_tls"},
                                                       {"closed", "closed_within_tls"},
                                                       {"timeout", "no_answer_within_tls"},
                                                       {"not_smtp", "no_answer_within_tls"}};
  for (const auto& [word, id] : cases) {
    MadeUpDomain domain = testing::Dane();
    Server(domain).after_tls = word;
    Server(domain).after_tls_code = word == std::string("throttled_421") ? 421 : 550;
    const Reported report(std::move(domain));
    EXPECT_EQ(report->verdict, Verdict::kUnknown) << word;
    EXPECT_FALSE(report->passed);
    EXPECT_NE(report.Find(id), nullptr) << word;
    for (const SenderReport& sender : report->senders) {
      EXPECT_NE(sender.decision.action, SenderAction::kEncrypted) << sender.sender->word;
    }
  }
  const Reported both(testing::TurnedAwayWithinTls());
  EXPECT_NE(both.Find("client_certificate_wanted"), nullptr);
  EXPECT_NE(both.Find("refused_within_tls"), nullptr);
  MadeUpDomain helo = testing::Plain();
  Server(helo).after_tls = "helo";
  EXPECT_TRUE(Reported(helo)->passed);
}

TEST(CheckReport, TellsWhoBouncesWhoDefersAndWhoFallsBackToClear) {
  MadeUpDomain domain = testing::Plain();
  testing::Silence(domain, "tls_alert", "handshake");
  EXPECT_THAT(Reported(domain).Find("handshake_failed")->why,
              AllOf(HasSubstr("In clear at a later attempt: Postfix at may."),
                    HasSubstr("In clear at once: Exim with GnuTLS, Exim with OpenSSL."),
                    HasSubstr("Kept, and tried again for days: Postfix at encrypt, Stalwart."),
                    HasSubstr("Returned at once: Go, Java, Python.")));
  testing::Silence(domain, "starttls_refused", "starttls");
  Server(domain).starttls_code = 454;
  EXPECT_THAT(Reported(domain).Find("starttls_refused")->why,
              HasSubstr("tried again for days: Postfix at encrypt."));
  Server(domain).starttls_code = 554;
  EXPECT_THAT(Reported(domain).Find("starttls_refused")->why,
              HasSubstr("Returned at once: Postfix at encrypt, Go, Java, Python."));
}

TEST(CheckReport, BlamesNobodyForAHandshakeThatMayFailForUsAlone) {
  for (const char* word :
       {"no_common_cipher", "no_common_version", "client_hello", "session_id_echoed", "key_usage",
        "leaf_key", "certificate_not_parsed", "signature_algorithm", "group"}) {
    MadeUpDomain domain = testing::Plain();
    testing::Silence(domain, "tls_alert", "handshake");
    Server(domain).may_be_ours = word;
    const Reported report(std::move(domain));
    EXPECT_EQ(report.Find("handshake_failed"), nullptr);
    const Finding* finding = report.Find("handshake_failed_for_us");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->severity, Severity::kUnknown);
    EXPECT_THAT(finding->why, AllOf(HasSubstr("What becomes of mail is not known"),
                                    Not(HasSubstr("Returned at once")),
                                    Not(HasSubstr("our TLS may lack what it wants"))))
        << "each word has its own explanation: " << word;
    EXPECT_EQ(report->verdict, Verdict::kUnknown);
  }
}

TEST(CheckReport, TellsWhatAClientHelloLikeOpenSslsMet) {
  MadeUpDomain domain = testing::Plain();
  testing::Silence(domain, "tls_alert", "handshake");
  Server(domain).may_be_ours = "no_common_cipher";
  Server(domain).follow_up = "server_hello";
  Server(domain).follow_up_tls_version = "TLSv1.2";
  Server(domain).follow_up_cipher = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384";
  Server(domain).follow_up_group = "DH 1024 bits";
  Server(domain).follow_up_session_level = 1;
  Server(domain).follow_up_session_level_limit = "key exchange: DH 1024 bits";
  EXPECT_THAT(Reported(domain).Find("handshake_failed_for_us")->why,
              HasSubstr("answered with TLSv1.2, TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, DH 1024 bits: "
                        "senders with it get on up to security level 1 (key exchange: DH 1024 "
                        "bits); what others meet is not known."));
  Server(domain).follow_up = "alert";
  Server(domain).follow_up_alert = "insufficient_security";
  EXPECT_THAT(Reported(domain).Find("handshake_failed_for_us")->why,
              HasSubstr("met the alert \"insufficient_security\", too"));
}

TEST(CheckReport, TellsAChainThatIsNotKnown) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).pkix_status.reset();
  Server(domain).pkix_error = "issuer: a key on brainpoolP256r1";
  const Reported report(std::move(domain));
  const auto& facts = report->hosts.front().endpoints.front().facts;
  const auto trust = std::ranges::find(facts, "trust", &Fact::id);
  ASSERT_NE(trust, facts.end());
  EXPECT_EQ(trust->severity, Severity::kUnknown);
  EXPECT_EQ(trust->text, "not known: issuer: a key on brainpoolP256r1");
}

TEST(CheckReport, TellsAReplyWithSeveralCodes) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).reply_codes = "ehlo 220 250";
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnprotected);
  ASSERT_NE(report.Find("reply_codes_differ"), nullptr);
  EXPECT_THAT(report.Find("reply_codes_differ")->why, HasSubstr("code: ehlo 220 250."));
}

TEST(CheckReport, TellsWhatServersShowWithoutAServerName) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).server_name = Server(domain).host;
  Server(domain).without_server_name = "same";
  EXPECT_EQ(Reported(domain)->verdict, Verdict::kUnprotected);
  Server(domain).without_server_name = "invalid";
  Server(domain).without_server_name_detail = "self_signed: the leaf is its own issuer";
  {
    const Reported report(domain);
    EXPECT_EQ(report->verdict, Verdict::kUnverified);
    const Finding* finding = report.Find("other_certificate");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->severity, Severity::kWarning);
    EXPECT_THAT(finding->why, HasSubstr("(self_signed: the leaf is its own issuer)"));
  }
  Server(domain).without_server_name = "failed";
  {
    const Reported report(domain);
    EXPECT_EQ(report->verdict, Verdict::kExposed);
    EXPECT_NE(report.Find("server_name_wanted"), nullptr);
  }
}

// What one connection saw is not all there is to say of an address.
TEST(CheckReport, TellsOfAServerThatStartsTlsAtTimes) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).without_server_name_detail = "closed_early: closed by the server";
  EXPECT_EQ(Reported(domain).Find("starttls_at_times"), nullptr);
  for (const char* second : {"no_starttls", "starttls_refused: 454 not now"}) {
    Server(domain).without_server_name_detail = second;
    const Reported report(domain);
    const Finding* finding = report.Find("starttls_at_times");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->severity, Severity::kWarning);
    EXPECT_THAT(finding->why, HasSubstr(second));
  }
}

// RFC 3207 §4.2: not in the answer to EHLO within TLS.
TEST(CheckReport, TellsOfStartTlsWithinTls) {
  MadeUpDomain domain = testing::Plain();
  EXPECT_EQ(Reported(domain).Find("starttls_within_tls"), nullptr);
  Server(domain).ehlo_after_tls = {{"SIZE 1000", "STARTTLS"}};
  const Reported report(std::move(domain));
  ASSERT_NE(report.Find("starttls_within_tls"), nullptr);
  EXPECT_EQ(report.Find("starttls_within_tls")->severity, Severity::kNote);
  EXPECT_TRUE(report->passed);
}

TEST(CheckReport, TellsThatTheReplyToEhloEndsTooEarly) {
  MadeUpDomain domain = testing::Plain();
  testing::Silence(domain, "no_starttls", "ehlo");
  Server(domain).error_detail = "the reply to EHLO ends before \"250 STARTTLS\"";
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kExposed);
  ASSERT_NE(report.Find("no_starttls"), nullptr);
  EXPECT_THAT(report.Find("no_starttls")->title, HasSubstr("ends its reply to EHLO"));
  EXPECT_THAT(report.Find("no_starttls")->why, HasSubstr("before \"250 STARTTLS\""));
}

TEST(CheckReport, QuotesWhatAServerSaysBehindItsAlert) {
  MadeUpDomain domain = testing::Plain();
  testing::Silence(domain, "tls_alert", "handshake");
  Server(domain).alert_received = "handshake_failure";
  Server(domain).error_detail = "alert handshake_failure, and in clear: \"454 no key\"";
  const Reported report(std::move(domain));
  ASSERT_NE(report.Find("handshake_failed"), nullptr);
  EXPECT_THAT(report.Find("handshake_failed")->why,
              HasSubstr("\"handshake_failure\", and in clear: \"454 no key\"."));
}

TEST(CheckReport, TellsAnOddConsentToStartTls) {
  MadeUpDomain domain = testing::Plain();
  Server(domain).starttls_code = 250;
  const Reported report(std::move(domain));
  EXPECT_TRUE(report->passed);
  ASSERT_NE(report.Find("starttls_code"), nullptr);
  EXPECT_THAT(report.Find("starttls_code")->title, HasSubstr("250"));
}

// Records are of a name, and a sender may meet any of its addresses.
TEST(CheckReport, PublishesARecordForTheKeyOfEachAddress) {
  const Reported report(testing::TwoKeys());
  ASSERT_NE(report.Find("dane_mismatch"), nullptr);
  const Finding& finding = *report.Find("dane_mismatch");
  EXPECT_EQ(finding.records.size(), 2u);
  EXPECT_THAT(finding.advice, HasSubstr("different keys"));
  EXPECT_THAT(finding.fix, HasSubstr("at every address"));

  MadeUpDomain domain = testing::Plain();
  domain.AddLeaf(domain.AddGoodServer());
  const Reported possible(std::move(domain));
  EXPECT_EQ(possible.Find("dane_possible")->records.size(), 2u);
}

// RFC 7672 §3.1.2: with usage 2 the chain is verified up to the anchor. Where only the leaf is at
// fault, another record would break what works.
TEST(CheckReport, LeavesTheRecordAloneWhereOnlyTheLeafIsAtFault) {
  for (const char* result : {"certificate-expired", "certificate-host-mismatch"}) {
    MadeUpDomain domain = testing::Plain();
    testing::AddTlsa(domain, std::string(64, 'f'), "mismatch");
    Server(domain).rpt_result = result;
    const Reported report(std::move(domain));
    EXPECT_EQ(report.Find("dane_mismatch"), nullptr);
    ASSERT_NE(report.Find("dane_leaf_not_valid"), nullptr) << result;
    EXPECT_TRUE(report.Find("dane_leaf_not_valid")->records.empty());
    EXPECT_THAT(report.Find("dane_leaf_not_valid")->fix, HasSubstr("certificate"));
    EXPECT_THAT(report.Find("dane_leaf_not_valid")->not_this, HasSubstr("record is not at fault"));
  }
}

TEST(CheckReport, AcquitsACertificateOnlyWhereItIsValid) {
  MadeUpDomain domain = testing::Plain();
  testing::AddTlsa(domain, std::string(64, 'f'), "mismatch");
  EXPECT_THAT(Reported(domain).Find("dane_mismatch")->not_this, HasSubstr("is not at fault"));
  testing::Expire(domain);
  EXPECT_THAT(Reported(domain).Find("dane_mismatch")->not_this, Not(HasSubstr("not at fault")));
}

TEST(CheckReport, SaysWhatIsWrongWithMxNames) {
  const Reported report(testing::OddNames());
  std::vector<std::string> titles;
  for (const Finding& finding : report->findings) {
    if (finding.id.starts_with("mx_")) titles.push_back(finding.title);
    EXPECT_THAT(finding.why, AllOf(Not(HasSubstr("not_a_host_name")), Not(HasSubstr("ip_lit"))));
  }
  EXPECT_THAT(titles, ElementsAre(HasSubstr("an address"), HasSubstr("blank"),
                                  HasSubstr("underscore"), HasSubstr("domain twice")));
}

// Of a family that is left out, or after a stop.
TEST(CheckReport, SaysThatAHostWasNotAsked) {
  MadeUpDomain domain("example.org");
  domain.AddHost(10, "mx.example.org").addresses = {"2001:db8::1"};
  const Reported report(std::move(domain));
  EXPECT_EQ(report->verdict, Verdict::kUnknown);
  ASSERT_NE(report.Find("not_asked"), nullptr);
  EXPECT_EQ(report.Find("not_asked")->severity, Severity::kUnknown);
}

TEST(CheckReport, RemarksThatANullMxHasPreferenceZero) {  // RFC 7505 §3
  MadeUpDomain domain = testing::WithMxStatus("null_mx");
  domain.domain().mx = {{10, "."}};
  const Reported report(domain);
  EXPECT_EQ(report->verdict, Verdict::kNoMail);
  EXPECT_THAT(report.Find("null_mx")->why, HasSubstr("preference is 10"));
  domain.domain().mx = {{0, "."}};
  EXPECT_THAT(Reported(domain).Find("null_mx")->why, Not(HasSubstr("preference is")));
}

}  // namespace
}  // namespace mxsweep::scanner
