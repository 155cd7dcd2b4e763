// What senders do, case by case: the decision follows from the rows alone.
#include "scanner/posture/sender_policy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <tuple>

#include "scanner/posture/sender_docs.h"
#include "scanner/posture/strength.h"
#include "tests/scanner/posture/made_up_domain.h"

namespace mxsweep::scanner {

void PrintTo(SenderAction action, std::ostream* out) { *out << SenderActionWord(action); }
void PrintTo(SenderReason reason, std::ostream* out) { *out << SenderReasonWord(reason); }

namespace {

using testing::MadeUpDomain;
using enum SenderAction;
using Reason = SenderReason;

constexpr std::string_view kOpportunistic = "opportunistic";
constexpr std::string_view kVerified = "verified";
constexpr std::string_view kDane = "dane";
constexpr std::string_view kMtaSts = "mta_sts";
constexpr std::string_view kLevel2 = "level2";
constexpr std::string_view kLevel3 = "level3";

SenderDecision Decide(std::string_view word, MadeUpDomain& domain, bool dnssec_known = true) {
  return DecideSender(SenderOf(word), domain.Gather(), {.dnssec_known = dnssec_known});
}

// One server, made by `change` from a good one, and what each kind of sender makes of it.
struct OneServer {
  std::string name;
  std::function<void(output::MxHostRow&, output::EndpointRow&)> change;
  std::pair<SenderAction, Reason> opportunistic;
  std::pair<SenderAction, Reason> verified;
  std::pair<SenderAction, Reason> dane;
  std::pair<SenderAction, Reason> mta_sts;  // with a policy in mode enforce that names the host
  std::pair<SenderAction, Reason> level2;
  std::pair<SenderAction, Reason> level3;
};

void Fail(output::EndpointRow& row, const std::string& outcome, const std::string& stage) {
  row = output::EndpointRow{.host = row.host,
                            .address = row.address,
                            .outcome = outcome,
                            .stage = stage,
                            .dane_status = row.dane_status};
}

OneServer Everybody(std::string name, SenderAction action, Reason reason, std::string outcome,
                    std::string stage) {
  const std::pair all{action, reason};
  return {
      std::move(name),
      [outcome, stage](output::MxHostRow&, output::EndpointRow& row) { Fail(row, outcome, stage); },
      all,
      all,
      all,
      all,
      all,
      all};
}

// Servers with which no TLS comes about, whoever asks.
std::vector<OneServer> ServersWithoutTls() {
  return {
      Everybody("refused", kDefer, Reason::kNotListening, "connect_refused", "connect"),
      Everybody("no smtp", kDefer, Reason::kNoSmtp, "smtp_protocol_error", "greeting"),
      Everybody("554", kUnknown, Reason::kTurnedAway, "greeting_5xx", "greeting"),
      Everybody("450", kUnknown, Reason::kTurnedAway, "greeting_4xx", "greeting"),
      Everybody("421", kUnknown, Reason::kTurnedAway, "throttled_421", "ehlo"),
      Everybody("no ehlo", kUnknown, Reason::kTurnedAway, "ehlo_refused", "ehlo"),
      Everybody("no syn-ack", kUnknown, Reason::kNoAnswer, "connect_timeout", "connect"),
      Everybody("no route there", kUnknown, Reason::kNoAnswer, "unreachable", "connect"),
      Everybody("silent", kUnknown, Reason::kNoAnswer, "greeting_timeout", "greeting"),
      Everybody("silent later", kUnknown, Reason::kNoAnswer, "command_timeout", "starttls"),
      Everybody("slow handshake", kUnknown, Reason::kNoAnswer, "tls_timeout", "handshake"),
      Everybody("hangs up", kUnknown, Reason::kNoAnswer, "closed_early", "greeting"),
      Everybody("reset", kUnknown, Reason::kNoAnswer, "reset", "ehlo"),
      Everybody("blocked by us", kUnknown, Reason::kNotTried, "blocked", "gate"),
      Everybody("no IPv6 here", kUnknown, Reason::kNotTried, "local_no_route", "connect"),
      Everybody("no memory here", kUnknown, Reason::kNotTried, "local_error", "connect"),
  };
}

constexpr std::pair kTlsOk{kEncrypted, Reason::kTls};
constexpr std::pair kClearNone{kInClear, Reason::kNoStartTls};
constexpr std::pair kClearRefused{kInClear, Reason::kStartTlsRefused};
constexpr std::pair kClearFailed{kInClear, Reason::kHandshakeFailed};
constexpr std::pair kClearLevel{kInClear, Reason::kLevelTooLow};
constexpr std::pair kVerifiedOk{kEncrypted, Reason::kVerified};
constexpr std::pair kStsOk{kEncrypted, Reason::kStsVerified};

std::pair<SenderAction, Reason> Refuse(Reason reason) { return {kRefuse, reason}; }

std::vector<OneServer> ServersWithTrouble() {
  const auto pkix = [](const char* status) {
    return [status](output::MxHostRow&, output::EndpointRow& row) { row.pkix_status = status; };
  };
  const auto fail = [](const char* outcome, const char* stage) {
    return [outcome, stage](output::MxHostRow&, output::EndpointRow& row) {
      Fail(row, outcome, stage);
    };
  };
  const auto level = [](int value) {
    return [value](output::MxHostRow&, output::EndpointRow& row) {
      testing::SetSessionLevel(row, value);
    };
  };
  const auto bad_chain = Refuse(Reason::kCertificate);
  std::vector<OneServer> cases = {
      {"good", [](auto&, auto&) {}, kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
      {"no STARTTLS", fail("no_starttls", "ehlo"), kClearNone, Refuse(Reason::kNoStartTls),
       kClearNone, Refuse(Reason::kNoStartTls), kClearNone, kClearNone},
      {"454", fail("starttls_refused", "starttls"), kClearRefused, Refuse(Reason::kStartTlsRefused),
       kClearRefused, Refuse(Reason::kStartTlsRefused), kClearRefused, kClearRefused},
      {"alert", fail("tls_alert", "handshake"), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, Refuse(Reason::kHandshakeFailed), kClearFailed, kClearFailed},
      {"garbage", fail("tls_protocol_error", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"closed in the handshake", fail("closed_early", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"reset in the handshake", fail("reset", "handshake"), kClearFailed,
       Refuse(Reason::kHandshakeFailed), kClearFailed, Refuse(Reason::kHandshakeFailed),
       kClearFailed, kClearFailed},
      {"other name", [](auto&, output::EndpointRow& row) { row.name_match = "none"; }, kTlsOk,
       Refuse(Reason::kName), kTlsOk, Refuse(Reason::kName), kTlsOk, kTlsOk},
      {"revoked", [](auto&, output::EndpointRow& row) { row.revocation_status = "revoked"; },
       kTlsOk, Refuse(Reason::kRevoked), kTlsOk, Refuse(Reason::kRevoked), kTlsOk, kTlsOk},
      {"revocation unknown",
       [](auto&, output::EndpointRow& row) { row.revocation_status = "unknown"; }, kTlsOk,
       kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
      // RFC 8461 §4.2: SAN only.
      {"common name", [](auto&, output::EndpointRow& row) { row.name_match = "cn"; }, kTlsOk,
       kVerifiedOk, kTlsOk, Refuse(Reason::kName), kTlsOk, kTlsOk},
      // Postfix's client asks for level 1 where it must authenticate (tls_client.c).
      {"level 0", level(0), kTlsOk, Refuse(Reason::kLevelTooLow), kTlsOk,
       Refuse(Reason::kLevelTooLow), kClearLevel, kClearLevel},
      {"level 1", level(1), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kClearLevel, kClearLevel},
      {"level 2", level(2), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kClearLevel},
      {"level 5", level(5), kTlsOk, kVerifiedOk, kTlsOk, kStsOk, kTlsOk, kTlsOk},
  };
  for (const char* status : {"expired", "not_yet_valid", "self_signed", "untrusted", "incomplete",
                             "constraint", "weak_signature", "malformed"}) {
    cases.push_back({status, pkix(status), kTlsOk, bad_chain, kTlsOk, bad_chain, kTlsOk, kTlsOk});
  }
  return cases;
}

void EnforceSts(MadeUpDomain& domain) {
  domain.domain().mta_sts_status = "valid";
  domain.domain().mta_sts_policy_status = "valid";
  domain.domain().mta_sts_mode = "enforce";
  domain.domain().mta_sts_unmatched_mx.emplace();
}

TEST(SenderPolicy, DecidesForEveryProfileAndEveryKindOfServer) {
  std::vector<OneServer> cases = ServersWithoutTls();
  for (OneServer& each : ServersWithTrouble()) cases.push_back(std::move(each));
  for (const OneServer& each : cases) {
    SCOPED_TRACE(each.name);
    MadeUpDomain domain;
    output::MxHostRow& host = domain.AddHost(10, "mx.example.org");
    each.change(host, domain.AddGoodServer());
    EnforceSts(domain);
    const std::pair<std::string_view, std::pair<SenderAction, Reason>> expected[] = {
        {kOpportunistic, each.opportunistic},
        {kVerified, each.verified},
        {kDane, each.dane},
        {kMtaSts, each.mta_sts},
        {kLevel2, each.level2},
        {kLevel3, each.level3}};
    for (const auto& [word, action_and_reason] : expected) {
      SCOPED_TRACE(word);
      const SenderDecision decision = Decide(word, domain);
      EXPECT_EQ(decision.action, action_and_reason.first);
      EXPECT_EQ(decision.best, action_and_reason.first);
      EXPECT_EQ(decision.reason, action_and_reason.second);
      EXPECT_EQ(decision.host, "mx.example.org");
      EXPECT_EQ(decision.address, "192.0.2.1");
      EXPECT_EQ(decision.incomplete, decision.action == kUnknown);
    }
  }
}

// One server with something about it, a sender, and what is known to come of it. Where a Postfix is
// named, 3.7.11 was seen to do so against servers made for the purpose.
struct Trial {
  std::string name;
  std::function<void(output::EndpointRow&)> change;
  std::string_view sender;
  std::pair<SenderAction, Reason> expected;
  bool final = false;  // a second server, which is good, gets nothing
};

void Greet(output::EndpointRow& row, const std::string& text) { row.greeting = text; }

std::vector<Trial> TrialsWithPostfix() {
  const auto version = [](const char* text) {
    return [text](output::EndpointRow& row) {
      row.tls_version = text;
      testing::SetSessionLevel(row, 0);
    };
  };
  const auto refused = [](uint16_t code) {
    return [code](output::EndpointRow& row) {
      Fail(row, "starttls_refused", "starttls");
      row.starttls_code = code;
    };
  };
  const auto masked = [](output::EndpointRow& row) { Greet(row, "220 ****** ***0200*****"); };
  const auto bare = [](output::EndpointRow& row) { Greet(row, "220"); };
  const auto weak_key = [](output::EndpointRow& row) {
    row.leaf_key_type = "rsa";
    row.leaf_key_bits = 1024;
    testing::SetCertificateLevel(row, 1);
  };
  const auto no_rfc5746 = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.secure_renegotiation = false;
  };
  const auto injects = [](output::EndpointRow& row) { row.injected_plaintext_bytes = 14; };
  const auto says_250 = [](output::EndpointRow& row) { row.starttls_code = 250; };
  return {
      {"454", refused(454), "opportunistic", {kInClear, Reason::kStartTlsRefused}, true},
      {"454", refused(454), "encrypt", {kRefuse, Reason::kStartTlsRefused}},
      {"454", refused(454), "verified", {kRefuse, Reason::kStartTlsRefused}},
      {"554", refused(554), "opportunistic", {kInClear, Reason::kStartTlsRefused}, true},
      {"554", refused(554), "encrypt", {kReturn, Reason::kStartTlsRefused}, true},
      {"554", refused(554), "verified", {kReturn, Reason::kStartTlsRefused}, true},
      {"250 to STARTTLS", says_250, "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"250 to STARTTLS", says_250, "verified", {kEncrypted, Reason::kVerified}, true},
      {"masked", masked, "opportunistic", {kInClear, Reason::kMaskedGreeting}, true},
      {"masked", masked, "encrypt", {kRefuse, Reason::kMaskedGreeting}},
      {"masked", masked, "verified", {kRefuse, Reason::kMaskedGreeting}},
      {"bare 220", bare, "opportunistic", {kInClear, Reason::kMaskedGreeting}, true},
      {"bare 220", bare, "verified", {kRefuse, Reason::kMaskedGreeting}},
      {"TLS 1.0", version("TLSv1"), "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"TLS 1.0", version("TLSv1"), "encrypt", {kEncrypted, Reason::kTls}, true},
      {"TLS 1.0", version("TLSv1"), "verified", {kRefuse, Reason::kLevelTooLow}},
      {"RSA 1024", weak_key, "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"RSA 1024", weak_key, "encrypt", {kEncrypted, Reason::kTls}, true},
      {"RSA 1024", weak_key, "verified", {kEncrypted, Reason::kVerified}, true},
      {"no RFC 5746", no_rfc5746, "opportunistic", {kInClear, Reason::kNoRenegotiationInfo}},
      {"no RFC 5746", no_rfc5746, "encrypt", {kRefuse, Reason::kNoRenegotiationInfo}},
      {"no RFC 5746", no_rfc5746, "verified", {kRefuse, Reason::kNoRenegotiationInfo}},
      {"injects", injects, "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"injects", injects, "verified", {kEncrypted, Reason::kVerified}, true},
  };
}

// What is known of the others: the sources are in docs/senders.md.
std::vector<Trial> TrialsWithOthers() {
  const auto old = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.1";
    testing::SetSessionLevel(row, 0);
  };
  const auto level1_key = [](output::EndpointRow& row) {
    row.leaf_key_type = "rsa";
    row.leaf_key_bits = 1024;
    testing::SetCertificateLevel(row, 1);
  };
  const auto alert = [](output::EndpointRow& row) { Fail(row, "tls_alert", "handshake"); };
  const auto expired = [](output::EndpointRow& row) { row.pkix_status = "expired"; };
  const auto no_rfc5746 = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.secure_renegotiation = false;
  };
  const auto static_rsa = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.cipher = "TLS_RSA_WITH_AES_128_GCM_SHA256";
    row.group.reset();
    testing::SetSessionLevel(row, 2);
  };
  // What rustls never had, and Python's own build leaves out (issue 43998). What an OpenSSL that is
  // built as it comes has, `openssl ciphers ALL:COMPLEMENTOFALL:@SECLEVEL=0` lists: no 3DES.
  const auto cbc = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.cipher = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA";
    testing::SetSessionLevel(row, 2);
  };
  const auto triple_des = [](output::EndpointRow& row) {
    row.tls_version = "TLSv1.2";
    row.cipher = "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA";
    testing::SetSessionLevel(row, 1);
  };
  const auto says_250 = [](output::EndpointRow& row) { row.starttls_code = 250; };
  const auto masked = [](output::EndpointRow& row) { Greet(row, "220 ********"); };
  const auto common_name = [](output::EndpointRow& row) { row.name_match = "cn"; };
  const auto unparsable = [](output::EndpointRow& row) {
    row.pkix_status = "malformed";
    row.pkix_error = "leaf cannot be parsed";
  };
  return {
      {"not DER", unparsable, "opportunistic", {kInClear, Reason::kCertificateUnparsed}},
      {"not DER", unparsable, "verified", {kRefuse, Reason::kCertificateUnparsed}},
      {"not DER", unparsable, "level2", {kInClear, Reason::kCertificateUnparsed}},
      {"not DER", unparsable, "exim_openssl", {kInClear, Reason::kCertificateUnparsed}, true},
      {"not DER", unparsable, "exim_gnutls", {kUnknown, Reason::kSenderUnknown}},
      // A level's rules on certificates end nothing where nobody verifies.
      {"RSA 1024", level1_key, "level2", {kEncrypted, Reason::kTls}, true},
      {"RSA 1024", level1_key, "level2_verified", {kRefuse, Reason::kCertificateTooWeak}},
      {"RSA 1024", level1_key, "level3", {kEncrypted, Reason::kTls}, true},
      {"RSA 1024", level1_key, "exim_openssl", {kEncrypted, Reason::kTls}, true},
      {"RSA 1024", level1_key, "stalwart", {kDefer, Reason::kCertificateTooWeak}},
      {"TLS 1.1", old, "level2", {kInClear, Reason::kVersionTooOld}},
      {"TLS 1.1", old, "level2_verified", {kRefuse, Reason::kVersionTooOld}},
      {"TLS 1.1", old, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"TLS 1.1", old, "exim_openssl", {kInClear, Reason::kVersionTooOld}, true},
      {"TLS 1.1", old, "stalwart", {kDefer, Reason::kVersionTooOld}},
      {"TLS 1.1", old, "go", {kReturn, Reason::kVersionTooOld}, true},
      {"TLS 1.1", old, "java", {kReturn, Reason::kVersionTooOld}, true},
      {"alert", alert, "exim_gnutls", {kInClear, Reason::kHandshakeFailed}, true},
      {"alert", alert, "exim_openssl", {kInClear, Reason::kHandshakeFailed}, true},
      {"alert", alert, "stalwart", {kDefer, Reason::kHandshakeFailed}},
      {"alert", alert, "go", {kReturn, Reason::kHandshakeFailed}, true},
      {"expired", expired, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"expired", expired, "stalwart", {kEncrypted, Reason::kTlsOnRetry}},
      {"expired", expired, "go", {kReturn, Reason::kCertificate}, true},
      {"no RFC 5746", no_rfc5746, "level2", {kInClear, Reason::kNoRenegotiationInfo}},
      {"no RFC 5746", no_rfc5746, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"no RFC 5746", no_rfc5746, "exim_openssl", {kInClear, Reason::kNoRenegotiationInfo}, true},
      {"no RFC 5746", no_rfc5746, "go", {kEncrypted, Reason::kVerified}, true},
      {"no RFC 5746", no_rfc5746, "stalwart", {kUnknown, Reason::kSenderUnknown}},
      {"no RFC 5746", no_rfc5746, "java", {kUnknown, Reason::kSenderUnknown}},
      {"static RSA", static_rsa, "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"static RSA", static_rsa, "go", {kUnknown, Reason::kOtherOffer}},
      {"CBC", cbc, "opportunistic", {kEncrypted, Reason::kTls}, true},
      {"CBC", cbc, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"CBC", cbc, "go", {kEncrypted, Reason::kVerified}, true},
      {"CBC", cbc, "java", {kEncrypted, Reason::kVerified}, true},
      {"CBC", cbc, "stalwart", {kUnknown, Reason::kOtherOffer}},
      {"CBC", cbc, "python", {kUnknown, Reason::kSenderUnknown}},
      {"3DES", triple_des, "opportunistic", {kUnknown, Reason::kOtherOffer}},
      {"3DES", triple_des, "exim_openssl", {kUnknown, Reason::kOtherOffer}},
      {"3DES", triple_des, "exim_gnutls", {kUnknown, Reason::kOtherOffer}},
      {"3DES", triple_des, "go", {kUnknown, Reason::kOtherOffer}},
      {"3DES", triple_des, "java", {kUnknown, Reason::kOtherOffer}},
      {"250 to STARTTLS", says_250, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"250 to STARTTLS", says_250, "go", {kReturn, Reason::kStartTlsRefused}, true},
      {"250 to STARTTLS", says_250, "stalwart", {kUnknown, Reason::kSenderUnknown}},
      {"masked", masked, "exim_gnutls", {kEncrypted, Reason::kTls}, true},
      {"masked", masked, "stalwart", {kUnknown, Reason::kSenderUnknown}},
      {"common name", common_name, "level2_verified", {kEncrypted, Reason::kVerified}, true},
      {"common name", common_name, "go", {kReturn, Reason::kName}, true},
      {"common name", common_name, "java", {kEncrypted, Reason::kVerified}, true},
      {"common name", common_name, "python", {kEncrypted, Reason::kTls}, true},
      {"expired", expired, "python", {kEncrypted, Reason::kTls}, true},
      {"alert", alert, "python", {kReturn, Reason::kHandshakeFailed}, true},
      {"250 to STARTTLS", says_250, "python", {kReturn, Reason::kStartTlsRefused}, true},
      {"250 to STARTTLS", says_250, "java", {kReturn, Reason::kStartTlsRefused}, true},
      {"static RSA", static_rsa, "python", {kUnknown, Reason::kOtherOffer}},
      {"masked", masked, "python", {kEncrypted, Reason::kTls}, true},
      {"masked", masked, "java", {kEncrypted, Reason::kVerified}, true},
  };
}

TEST(SenderPolicy, PredictsWhatEachSenderWasSeenOrIsKnownToDo) {
  std::vector<Trial> trials = TrialsWithPostfix();
  for (Trial& each : TrialsWithOthers()) trials.push_back(std::move(each));
  for (const Trial& each : trials) {
    SCOPED_TRACE(each.name + ": " + std::string(each.sender));
    MadeUpDomain domain;
    domain.domain().mta_sts_status = "none";
    domain.AddHost(10, "mx.example.org");
    each.change(domain.AddGoodServer());
    SenderDecision decision = Decide(each.sender, domain);
    EXPECT_EQ(decision.action, each.expected.first);
    EXPECT_EQ(decision.reason, each.expected.second);
    domain.AddHost(20, "backup.example.org");
    domain.AddGoodServer();
    decision = Decide(each.sender, domain);
    EXPECT_EQ(decision.host, each.final ? "mx.example.org" : "backup.example.org");
    EXPECT_EQ(decision.action, each.final ? each.expected.first : kEncrypted);
  }
}

TEST(SenderPolicy, BindsASenderToTlsWhereTlsaRecordsOrAPolicyDo) {
  const auto change = [](output::EndpointRow& row, const std::string& what) {
    if (what == "554") {
      Fail(row, "starttls_refused", "starttls");
      row.starttls_code = 554;
      row.dane_status = "no_starttls";
    } else if (what == "masked") {
      row.greeting = "220 ****";
    } else if (what == "no RFC 5746") {
      row.tls_version = "TLSv1.2";
      row.secure_renegotiation = false;
    } else if (what == "TLS 1.0") {
      testing::SetSessionLevel(row, 0);
    }
  };
  // Tried with Postfix 3.7.11.
  const std::tuple<std::string, SenderAction, Reason> cases[] = {
      {"nothing", kEncrypted, Reason::kDaneMatch},
      {"554", kReturn, Reason::kDaneNoStartTls},
      {"masked", kRefuse, Reason::kMaskedGreeting},
      {"no RFC 5746", kRefuse, Reason::kNoRenegotiationInfo},
      {"TLS 1.0", kRefuse, Reason::kLevelTooLow},
  };
  for (const auto& [what, action, reason] : cases) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
    output::EndpointRow& row = domain.AddGoodServer();
    row.dane_status = "match";
    row.dane_matched_record = "3 1 1 00";
    change(row, what);
    const SenderDecision decision = Decide(kDane, domain);
    EXPECT_EQ(decision.action, action) << what;
    EXPECT_EQ(decision.reason, reason) << what;
    EXPECT_EQ(decision.authenticated, action == kEncrypted) << what;
  }
  for (const char* what : {"554", "masked", "no RFC 5746", "TLS 1.0"}) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    change(domain.AddGoodServer(), what);
    EnforceSts(domain);
    EXPECT_EQ(Decide(kMtaSts, domain).action, what == std::string("554") ? kReturn : kRefuse)
        << what;
  }
}

// Usage 2 has the chain verified, and so its keys and digests (OpenSSL's auth_level); with usage 3
// nothing counts but the record (RFC 7672 §3.1.1), and for OpenSSL the leaf's key.
TEST(SenderPolicy, HoldsTheChainAgainstTheLevelOnlyWhereAnAnchorMatches) {
  for (const bool anchor : {false, true}) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
    output::EndpointRow& row = domain.AddGoodServer();
    row.dane_status = "match";
    row.dane_matched_record = anchor ? "2 1 1 00" : "3 1 1 00";
    testing::SetCertificateLevel(row, 0, "certificate 1 signature: SHA-1 hash");
    EXPECT_EQ(Decide(kDane, domain).action, anchor ? kRefuse : kEncrypted);
    testing::SetCertificateLevel(row, 0, "leaf key: rsa 512 bits");
    EXPECT_EQ(Decide(kDane, domain).action, kRefuse);
  }
}

struct AfterTlsCase {
  std::string word;
  uint16_t code;
  std::string_view sender;
  SenderAction action;
  Reason reason;
  SenderAction likewise = kUnknown;
};

// A completed handshake is no delivery. What Postfix does was tried with 3.7.11: after 421 and
// other 4xx it defers, after 5xx to EHLO and HELO it returns the mail at once, after a close it
// defers, and at `may` goes in clear once the message is old enough.
TEST(SenderPolicy, DoesNotTakeAHandshakeForADelivery) {
  const AfterTlsCase cases[] = {
      {"ok", 250, "opportunistic", kEncrypted, Reason::kTls},
      {"helo", 250, "opportunistic", kEncrypted, Reason::kTls},
      {"helo", 250, "verified", kEncrypted, Reason::kVerified},
      {"helo", 250, "stalwart", kUnknown, Reason::kSenderUnknown},
      {"throttled_421", 421, "opportunistic", kUnknown, Reason::kRefusedWithinTls, kDefer},
      {"refused", 450, "verified", kUnknown, Reason::kRefusedWithinTls, kDefer},
      {"refused", 550, "opportunistic", kUnknown, Reason::kRefusedWithinTls, kReturn},
      {"refused", 550, "exim_gnutls", kUnknown, Reason::kRefusedWithinTls},
      {"closed", 0, "opportunistic", kUnknown, Reason::kClosedWithinTls},
      {"closed", 0, "encrypt", kDefer, Reason::kClosedWithinTls},
      {"closed", 0, "verified", kDefer, Reason::kClosedWithinTls},
      {"closed", 0, "exim_gnutls", kInClear, Reason::kClosedWithinTls},
      {"closed", 0, "exim_openssl", kDefer, Reason::kClosedWithinTls},
      {"closed", 0, "go", kReturn, Reason::kClosedWithinTls},
      {"timeout", 0, "opportunistic", kUnknown, Reason::kNoAnswer},
      {"not_smtp", 0, "opportunistic", kUnknown, Reason::kNoAnswer},
  };
  for (const AfterTlsCase& each : cases) {
    SCOPED_TRACE(each.word + ": " + std::string(each.sender));
    MadeUpDomain domain;
    domain.domain().mta_sts_status = "none";
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    row.after_tls = each.word;
    if (each.code != 0) row.after_tls_code = each.code;
    const SenderDecision decision = Decide(each.sender, domain);
    EXPECT_EQ(decision.action, each.action);
    EXPECT_EQ(decision.reason, each.reason);
    EXPECT_EQ(decision.likewise, each.likewise);
    EXPECT_EQ(decision.authenticated, each.reason == Reason::kVerified);
  }
}

TEST(SenderPolicy, KeepsMailFromAServerThatHangsUpWithinTlsWhereDaneBinds) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  output::EndpointRow& row = domain.AddGoodServer();
  row.dane_status = "match";
  row.after_tls = "closed";
  for (const char* sender : {"dane", "exim_gnutls"}) {
    domain.domain().mta_sts_status = "none";
    EXPECT_EQ(Decide(sender, domain).action, kDefer) << sender;
    EXPECT_EQ(Decide(sender, domain).reason, Reason::kClosedWithinTls) << sender;
  }
}

// Postfix 3.7.11 takes the last line's code, as we do; Exim 4.96 the first line's, and keywords of
// EHLO in lines with that code only. What Stalwart does is not known.
TEST(SenderPolicy, ReadsAReplyWithSeveralCodesAsEachSenderDoes) {
  constexpr std::pair kUnknownSender{kUnknown, Reason::kSenderUnknown};
  constexpr std::pair kOther{kUnknown, Reason::kReplyCodes};
  struct Case {
    const char* codes;
    std::function<void(output::EndpointRow&)> change;
    std::pair<SenderAction, Reason> postfix, exim, stalwart;
  };
  const auto refuse = [](uint16_t code) {
    return [code](output::EndpointRow& row) {
      Fail(row, "starttls_refused", "starttls");
      row.starttls_code = code;
    };
  };
  const auto nothing = [](output::EndpointRow&) {};
  const auto greeting = [](output::EndpointRow& row) { Fail(row, "greeting_5xx", "greeting"); };
  const auto after = [](const char* word, uint16_t code) {
    return [word, code](output::EndpointRow& row) {
      row.after_tls = word;
      row.after_tls_code = code;
    };
  };
  const std::pair turned_away{kUnknown, Reason::kTurnedAway};
  const Case cases[] = {
      {"greeting 554 220", nothing, kTlsOk, turned_away, kUnknownSender},
      {"greeting 220 554", greeting, turned_away, kOther, kUnknownSender},
      {"greeting 220 221", nothing, kTlsOk, kTlsOk, kVerifiedOk},
      {"ehlo 220 250", nothing, kTlsOk, kOther, kUnknownSender},
      {"starttls 454 220", nothing, kTlsOk, kClearRefused, kUnknownSender},
      {"starttls 220 454", refuse(454), kClearRefused, kOther, kUnknownSender},
      {"starttls 250 220", nothing, kTlsOk, kTlsOk, kUnknownSender},
      {"ehlo_after_tls 550 250",
       nothing,
       kTlsOk,
       {kUnknown, Reason::kRefusedWithinTls},
       kUnknownSender},
      {"ehlo_after_tls 250 550",
       after("refused", 550),
       {kUnknown, Reason::kRefusedWithinTls},
       kTlsOk,
       kUnknownSender},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.codes);
    MadeUpDomain domain;
    domain.domain().mta_sts_status = "none";
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    each.change(row);
    row.reply_codes = each.codes;
    const auto is = [&domain](std::string_view sender) {
      const SenderDecision decision = Decide(sender, domain);
      return std::pair(decision.action, decision.reason);
    };
    EXPECT_EQ(is(kOpportunistic), each.postfix);
    EXPECT_EQ(is("exim_gnutls"), each.exim);
    EXPECT_EQ(is("stalwart"), each.stalwart);
  }
}

// OpenSSL 3.0 completes TLS 1.0 with static RSA at levels 1 and 2, and not with ECDHE, whose
// signature is over MD5 and SHA-1 (tried with 3.0.19); from 3.1 on TLS 1.0 is for level 0.
TEST(SenderPolicy, HoldsASessionAgainstTheRulesOfTheSendersOpenSsl) {
  struct Case {
    int level_3_0;
    std::optional<std::string> group;
    std::pair<SenderAction, Reason> verify, verify_3_0, level2, level2_3_0;
  };
  constexpr std::pair kClearOld{kInClear, Reason::kVersionTooOld};
  const auto low = Refuse(Reason::kLevelTooLow);
  const Case cases[] = {
      {2, std::nullopt, low, kVerifiedOk, kClearOld, kTlsOk},
      {0, "X25519", low, low, kClearOld, kClearLevel},
  };
  for (const Case& each : cases) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    row.tls_version = "TLSv1";
    row.group = each.group;
    row.session_level = 0;
    row.session_level_openssl_3_0 = static_cast<uint8_t>(each.level_3_0);
    const auto is = [&domain](std::string_view sender) {
      const SenderDecision decision = Decide(sender, domain);
      return std::pair(decision.action, decision.reason);
    };
    EXPECT_EQ(is(kVerified), each.verify);
    EXPECT_EQ(is("verified_openssl_3_0"), each.verify_3_0);
    EXPECT_EQ(is(kLevel2), each.level2);
    EXPECT_EQ(is("level2_openssl_3_0"), each.level2_3_0);
  }
}

// Postfix sends no server name unless DANE is in use (postconf(5), smtp_tls_servername): what a
// server shows to who sends one says nothing of it.
TEST(SenderPolicy, JudgesTheCertificateThatASenderWithoutServerNameIsShown) {
  constexpr std::pair kNotSeen{kUnknown, Reason::kServerNameUnknown};
  constexpr std::pair kNotKnown{kUnknown, Reason::kCertificateUnknown};
  constexpr std::pair kClearWanted{kInClear, Reason::kServerNameWanted};
  struct Case {
    const char* word;  // empty: null
    std::pair<SenderAction, Reason> may, verify, level2_verified, go;
  };
  const Case cases[] = {
      {"same", kTlsOk, kVerifiedOk, kVerifiedOk, kVerifiedOk},
      {"valid", kTlsOk, kVerifiedOk, kNotKnown, kVerifiedOk},
      {"invalid", kTlsOk, Refuse(Reason::kOtherCertificate), Refuse(Reason::kOtherCertificate),
       kVerifiedOk},
      {"not_known", kTlsOk, kNotKnown, kNotKnown, kVerifiedOk},
      {"failed", kClearWanted, Refuse(Reason::kServerNameWanted), Refuse(Reason::kServerNameWanted),
       kVerifiedOk},
      {"", kTlsOk, kNotSeen, kNotSeen, kVerifiedOk},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.word);
    MadeUpDomain domain;
    domain.domain().mta_sts_status = "none";
    output::MxHostRow& host = domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    row.server_name = "mx.example.org";
    if (*each.word != '\0') row.without_server_name = each.word;
    const auto is = [&domain](std::string_view sender) {
      const SenderDecision decision = Decide(sender, domain);
      return std::pair(decision.action, decision.reason);
    };
    EXPECT_EQ(is(kOpportunistic), each.may);
    EXPECT_EQ(is(kVerified), each.verify);
    EXPECT_EQ(is("level2_verified"), each.level2_verified);
    EXPECT_EQ(is("go"), each.go) << "it sends the name";
    host.tlsa_status = "secure";
    row.dane_status = "match";
    EXPECT_EQ(is(kDane), std::pair(kEncrypted, Reason::kDaneMatch)) << "and so it does for DANE";
  }
  // Where the name's certificate is the bad one.
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  output::EndpointRow& row = domain.AddGoodServer();
  row.server_name = "mx.example.org";
  row.pkix_status = "expired";
  row.without_server_name = "valid";
  EXPECT_EQ(Decide(kVerified, domain).action, kEncrypted);
  EXPECT_EQ(Decide("go", domain).action, kReturn);
}

// Postfix 3.7.11 returns all mail for such a domain (5.1.0); Exim delivers to the other hosts.
TEST(SenderPolicy, TellsWhatBecomesOfANullMxBesideOthers) {
  MadeUpDomain domain;
  domain.domain().mta_sts_status = "none";
  domain.domain().null_mx_with_others = true;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  EXPECT_EQ(Decide(kOpportunistic, domain).action, kReturn);
  EXPECT_EQ(Decide(kOpportunistic, domain).reason, Reason::kNullMx);
  EXPECT_EQ(Decide("exim_gnutls", domain).action, kEncrypted);
  EXPECT_EQ(Decide("stalwart", domain).action, kUnknown);
}

// Postfix delivers to an address in place of a name (smtp_addr.c); Exim does not (allow_mx_to_ip).
TEST(SenderPolicy, TellsWhoDeliversToAnAddressInPlaceOfAName) {
  MadeUpDomain domain;
  domain.domain().mta_sts_status = "none";
  output::MxHostRow& row = domain.AddHost(10, "192.0.2.1");
  row.address_status.reset();
  row.is_valid_name = false;
  row.name_problem = "ip_literal";
  EXPECT_EQ(Decide(kOpportunistic, domain).action, kUnknown);
  EXPECT_EQ(Decide(kOpportunistic, domain).reason, Reason::kIpLiteral);
  EXPECT_EQ(Decide("exim_gnutls", domain).action, kReturn);
  EXPECT_EQ(Decide("stalwart", domain).reason, Reason::kSenderUnknown);
}

struct DaneCase {
  std::string tlsa_status;
  std::string dane_status;
  SenderAction action;
  Reason reason;
};

// RFC 7672 §2.2: what a DANE sender does at one host.
TEST(SenderPolicy, FollowsTheTlsaRecordsOfAHost) {
  const DaneCase cases[] = {
      {"none", "none", kEncrypted, Reason::kTls},
      {"insecure", "insecure", kEncrypted, Reason::kTls},
      {"lookup_error", "lookup_error", kDefer, Reason::kTlsaLookupError},
      {"local_error", "", kUnknown, Reason::kNotTried},
      {"secure", "match", kEncrypted, Reason::kDaneMatch},
      {"secure", "unusable", kEncrypted, Reason::kDaneUnusable},
      {"secure", "mismatch", kRefuse, Reason::kDaneMismatch},
      {"secure", "no_starttls", kRefuse, Reason::kDaneNoStartTls},
      {"secure", "tls_failed", kRefuse, Reason::kDaneHandshakeFailed},
      {"secure", "", kUnknown, Reason::kNotTried},
      {"", "", kUnknown, Reason::kNotTried},
  };
  for (const DaneCase& each : cases) {
    SCOPED_TRACE(each.tlsa_status + "/" + each.dane_status);
    MadeUpDomain domain;
    output::MxHostRow& host = domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    host.tlsa_status.reset();
    if (!each.tlsa_status.empty()) host.tlsa_status = each.tlsa_status;
    row.dane_status.reset();
    if (!each.dane_status.empty()) row.dane_status = each.dane_status;
    if (each.dane_status == "no_starttls") Fail(row, "no_starttls", "ehlo");
    if (each.dane_status == "tls_failed") Fail(row, "tls_alert", "handshake");
    const SenderDecision decision = Decide(kDane, domain);
    EXPECT_EQ(decision.action, each.action);
    EXPECT_EQ(decision.reason, each.reason);
    EXPECT_EQ(decision.authenticated, each.dane_status == "match");
  }
}

struct StsCase {
  std::string status;      // of the record; empty: null
  std::string rpt_result;  // of the policy; empty: null
  std::string mode;
  SenderAction action;
  Reason reason;
};

// What a sender without a cached policy makes of the domain's, at a server with a bad certificate.
TEST(SenderPolicy, EnforcesAPolicyOnlyWhereThereIsOneInModeEnforce) {  // RFC 8461 §3.3, §5
  const StsCase cases[] = {
      {"", "", "", kUnknown, Reason::kStsUnknown},
      {"none", "", "", kEncrypted, Reason::kTls},
      {"invalid", "", "", kEncrypted, Reason::kTls},
      {"multiple", "", "", kEncrypted, Reason::kTls},
      {"lookup_error", "", "", kUnknown, Reason::kStsUnknown},
      {"local_error", "", "", kUnknown, Reason::kStsUnknown},
      {"valid", "", "", kUnknown, Reason::kStsUnknown},
      {"valid", "sts-policy-fetch-error", "", kEncrypted, Reason::kTls},
      {"valid", "sts-webpki-invalid", "", kEncrypted, Reason::kTls},
      {"valid", "sts-policy-invalid", "", kEncrypted, Reason::kTls},
      {"valid", "", "none", kEncrypted, Reason::kTls},
      {"valid", "", "testing", kEncrypted, Reason::kTls},
      {"valid", "", "enforce", kRefuse, Reason::kCertificate},
  };
  const auto optional = [](const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  };
  for (const StsCase& each : cases) {
    SCOPED_TRACE(each.status + "/" + each.rpt_result + "/" + each.mode);
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    domain.AddGoodServer().pkix_status = "expired";
    domain.domain().mta_sts_status = optional(each.status);
    domain.domain().mta_sts_rpt_result = optional(each.rpt_result);
    domain.domain().mta_sts_mode = optional(each.mode);
    const SenderDecision decision = Decide(kMtaSts, domain);
    EXPECT_EQ(decision.action, each.action);
    EXPECT_EQ(decision.reason, each.reason);
  }
}

TEST(SenderPolicy, DoesNotCareForDatesAndNamesWhereDaneMatches) {  // RFC 7672 §3.1.1
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  output::EndpointRow& row = domain.AddGoodServer();
  row.dane_status = "match";
  row.pkix_status = "expired";
  row.name_match = "none";
  EXPECT_EQ(Decide(kDane, domain).action, kEncrypted);
  EXPECT_EQ(Decide(kVerified, domain).action, kRefuse);
}

TEST(SenderPolicy, BelievesTheDomainWhereItsOwnNameSettlesAMismatch) {  // RFC 7672 §3.2.2
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").tlsa_status = "secure";
  domain.AddGoodServer().dane_status = "mismatch";
  domain.domain().dane_status = "broken";
  EXPECT_EQ(Decide(kDane, domain).action, kRefuse);
  domain.domain().dane_status = "full";
  EXPECT_EQ(Decide(kDane, domain).action, kEncrypted);
  EXPECT_TRUE(Decide(kDane, domain).authenticated);
}

TEST(SenderPolicy, SaysNothingOfDaneWithoutAValidatingResolver) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kDane, domain, /*dnssec_known=*/false);
  EXPECT_EQ(decision.action, kUnknown);
  EXPECT_EQ(decision.reason, Reason::kDnssecUnknown);
  EXPECT_EQ(Decide(kVerified, domain, false).action, kEncrypted);
}

// RFC 8461 §4.1
TEST(SenderPolicy, PassesOverHostsThatTheStsPolicyDoesNotName) {
  MadeUpDomain domain;
  EnforceSts(domain);
  domain.AddHost(10, "other.example.net");
  domain.AddGoodServer();
  domain.domain().mta_sts_unmatched_mx = {"other.example.net"};
  const SenderDecision alone = Decide(kMtaSts, domain);
  EXPECT_EQ(alone.action, kRefuse);
  EXPECT_EQ(alone.reason, Reason::kStsHost);
  domain.AddHost(20, "mx.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kMtaSts, domain);
  EXPECT_EQ(decision.action, kEncrypted);
  EXPECT_EQ(decision.host, "mx.example.org");
}

// What a ClientHello like OpenSSL's met is what senders with OpenSSL meet; of others nothing is
// known. Who completes at which level: OpenSSL's own rules (SSL_CTX_set_security_level(3): a prime
// of 1024 bits up to level 1).
TEST(SenderPolicy, KnowsByTheFollowUpWhatSendersWithOpenSslMeet) {
  const auto decide = [](std::string_view sender, auto change) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddServer("tls_alert", "handshake");
    row.may_be_ours = "no_common_cipher";
    change(row);
    const SenderDecision decision = Decide(sender, domain);
    return std::pair{decision.action, decision.reason};
  };
  const std::pair unknown{kUnknown, Reason::kMayBeOurs};
  const auto dh_1024 = [](output::EndpointRow& row) {
    row.follow_up = "server_hello";
    row.follow_up_tls_version = "TLSv1.2";
    row.follow_up_cipher = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384";
    row.follow_up_group = "DH 1024 bits";
    row.follow_up_session_level = row.follow_up_session_level_openssl_3_0 = 1;
    row.shown_certificates = {{.probe = "follow_up",
                               .pkix_status = "valid",
                               .name_match = "san",
                               .dane_status = "none",
                               .certificate_level = "2"}};
  };
  EXPECT_EQ(decide(kOpportunistic, [](output::EndpointRow&) {}), unknown);
  EXPECT_EQ(decide(kOpportunistic, dh_1024), kTlsOk);
  EXPECT_EQ(decide(kVerified, dh_1024), kVerifiedOk);
  EXPECT_EQ(decide(kLevel2, dh_1024), kClearLevel);
  EXPECT_EQ(decide("exim_gnutls", dh_1024), unknown);
  EXPECT_EQ(decide("go", dh_1024), unknown);
  const auto expired = [&](output::EndpointRow& row) {
    dh_1024(row);
    row.shown_certificates->front().pkix_status = "expired";
  };
  EXPECT_EQ(decide(kOpportunistic, expired), kTlsOk);
  EXPECT_EQ(decide(kVerified, expired), Refuse(Reason::kCertificate));
  const auto unseen = [&](output::EndpointRow& row) {
    dh_1024(row);
    row.shown_certificates.reset();  // TLS 1.3
  };
  EXPECT_EQ(decide(kVerified, unseen), (std::pair{kUnknown, Reason::kCertificateUnknown}));
  const auto anonymous = [&](output::EndpointRow& row) {
    dh_1024(row);
    row.follow_up_cipher = "TLS_DH_anon_WITH_AES_256_GCM_SHA384";
  };
  EXPECT_EQ(decide(kVerified, anonymous), (std::pair{kUnknown, Reason::kOtherOffer}));
  const auto alert = [](output::EndpointRow& row) {
    row.follow_up = "alert";
    row.follow_up_alert = "handshake_failure";
  };
  EXPECT_EQ(decide(kOpportunistic, alert), kClearFailed);
  EXPECT_EQ(decide(kVerified, alert), Refuse(Reason::kHandshakeFailed));
  EXPECT_EQ(decide("exim_gnutls", alert), unknown);
  const auto silent = [](output::EndpointRow& row) { row.follow_up = "timeout"; };
  EXPECT_EQ(decide(kOpportunistic, silent), unknown);
}

TEST(SenderPolicy, GoesOnToTheNextServerWhereOneDoesNotDo) {
  MadeUpDomain domain;
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("tls_alert", "handshake");
  for (const Sender& sender : Senders()) {
    if (!sender.is_kind || sender.word == kMtaSts) continue;
    const SenderDecision decision = Decide(sender.word, domain);
    EXPECT_EQ(decision.action, kEncrypted) << sender.word;
    EXPECT_EQ(decision.host, "backup.example.org");
    EXPECT_FALSE(decision.incomplete);
  }
}

TEST(SenderPolicy, StopsAtTheFirstServerThatTakesTheMailInClear) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("no_starttls", "ehlo");
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.best, kInClear);
  EXPECT_EQ(decision.host, "mx.example.org");
  // Who insists goes on.
  EXPECT_EQ(Decide(kVerified, domain).host, "backup.example.org");
}

TEST(SenderPolicy, TellsTheWorstThatChanceCanBringAmongEqualHosts) {
  for (const bool good_first : {true, false}) {
    MadeUpDomain domain;
    domain.AddHost(10, good_first ? "good.example.org" : "clear.example.org");
    good_first ? domain.AddGoodServer() : domain.AddServer("no_starttls", "ehlo");
    domain.AddHost(10, good_first ? "clear.example.org" : "good.example.org");
    good_first ? domain.AddServer("no_starttls", "ehlo") : domain.AddGoodServer();
    const SenderDecision decision = Decide(kOpportunistic, domain);
    EXPECT_EQ(decision.action, kInClear);
    EXPECT_EQ(decision.best, kEncrypted);
    EXPECT_EQ(decision.host, "clear.example.org");
  }
}

TEST(SenderPolicy, TriesTheAddressesOfAHostInAnyOrder) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  domain.AddServer("starttls_refused", "starttls");
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.best, kEncrypted);
  EXPECT_EQ(decision.address, "192.0.2.2");
}

TEST(SenderPolicy, IsAuthenticatedOnlyWhereEveryServerThatMayGetTheMailIs) {
  MadeUpDomain domain;
  domain.AddHost(10, "a.example.org").tlsa_status = "secure";
  domain.AddGoodServer().dane_status = "match";
  EXPECT_TRUE(Decide(kDane, domain).authenticated);
  domain.AddHost(10, "b.example.org");
  domain.AddGoodServer();
  EXPECT_FALSE(Decide(kDane, domain).authenticated);
}

TEST(SenderPolicy, CountsWhatCouldNotBeJudgedAsUnknownAndNotAsRefused) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer().pkix_status = "expired";
  domain.AddHost(20, "backup.example.org");
  domain.AddServer("connect_timeout", "connect");
  const SenderDecision decision = Decide(kVerified, domain);
  EXPECT_EQ(decision.action, kUnknown);
  EXPECT_EQ(decision.host, "backup.example.org");
  EXPECT_TRUE(decision.incomplete);
}

TEST(SenderPolicy, SaysWhenAServerThatComesBeforeCouldNotBeJudged) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("connect_timeout", "connect");
  domain.AddHost(20, "backup.example.org");
  domain.AddGoodServer();
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kEncrypted);
  EXPECT_TRUE(decision.incomplete);
}

TEST(SenderPolicy, DoesNotHoldALaterServerAgainstTheDecision) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddGoodServer();
  domain.AddHost(20, "backup.example.org");
  domain.AddServer("connect_timeout", "connect");
  EXPECT_FALSE(Decide(kOpportunistic, domain).incomplete);
}

// What failed, or was left out, is not absent: there may be servers that nobody has judged.
TEST(SenderPolicy, DoesNotForgetTheAddressesThatWereNotAsked) {
  using Change = std::function<void(output::MxHostRow&)>;
  const std::tuple<std::string, Change, bool, Reason> cases[] = {
      {"ok", [](auto& host) { host.ipv6_status = "ok"; }, false, Reason::kName},
      {"no AAAA", [](auto& host) { host.ipv6_status = "nodata"; }, false, Reason::kName},
      {"AAAA fails", [](auto& host) { host.ipv6_status = "servfail"; }, true,
       Reason::kHostLookupError},
      {"AAAA bogus", [](auto& host) { host.ipv6_status = "bogus"; }, true,
       Reason::kHostLookupError},
      {"A fails", [](auto& host) { host.ipv4_status = "timeout"; }, true, Reason::kHostLookupError},
      {"ours", [](auto& host) { host.ipv6_status = "local_error"; }, true, Reason::kNotTried},
      {"left out", [](auto& host) { host.addresses->push_back("2001:db8::1"); }, true,
       Reason::kNotTried},
  };
  for (const auto& [name, change, incomplete, reason] : cases) {
    SCOPED_TRACE(name);
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& server = domain.AddGoodServer();
    change(domain.rows().hosts.back());
    EXPECT_EQ(Decide(kVerified, domain).action, kEncrypted);
    EXPECT_EQ(Decide(kVerified, domain).incomplete, incomplete);
    server.name_match = "none";
    const SenderDecision decision = Decide(kVerified, domain);
    EXPECT_EQ(decision.action, incomplete ? kUnknown : kRefuse);
    EXPECT_EQ(decision.reason, reason);
  }
}

TEST(SenderPolicy, FallsBackToClearTextWhereEveryHandshakeFails) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org");
  domain.AddServer("connect_refused", "connect");
  domain.AddServer("tls_alert", "handshake");
  const SenderDecision decision = Decide(kOpportunistic, domain);
  EXPECT_EQ(decision.action, kInClear);
  EXPECT_EQ(decision.reason, Reason::kHandshakeFailed);
  EXPECT_EQ(Decide(kVerified, domain).action, kRefuse);
}

TEST(SenderPolicy, KnowsDomainsThatTakeNoMailOrCannotBeLookedUp) {
  const std::tuple<std::string, SenderAction, Reason> cases[] = {
      {"null_mx", kReturn, Reason::kNullMx},  // RFC 7505 §3
      {"nxdomain", kReturn, Reason::kNoDomain},
      {"no_mail", kReturn, Reason::kNoMail},  // RFC 5321 §5.1
      {"invalid_name", kReturn, Reason::kNoDomain},
      {"bogus", kDefer, Reason::kMxBogus},  // RFC 7672 §2.1.2
      {"servfail", kUnknown, Reason::kMxLookupError},
      {"timeout", kUnknown, Reason::kMxLookupError},
      {"local_error", kUnknown, Reason::kNotTried},
  };
  for (const auto& [status, action, reason] : cases) {
    MadeUpDomain domain;
    domain.domain().mx_status = status;
    for (const Sender& sender : Senders()) {
      const SenderDecision decision = Decide(sender.word, domain);
      EXPECT_EQ(decision.action, action) << status;
      EXPECT_EQ(decision.reason, reason) << status;
      EXPECT_EQ(decision.host, "");
    }
  }
}

TEST(SenderPolicy, KnowsHostsWithoutServers) {
  const std::tuple<std::string, SenderAction, Reason> cases[] = {
      {"nxdomain", kReturn, Reason::kBadHost},
      {"nodata", kReturn, Reason::kBadHost},
      {"bogus", kDefer, Reason::kHostLookupError},
      {"servfail", kUnknown, Reason::kHostLookupError},
      {"timeout", kUnknown, Reason::kHostLookupError},
      {"local_error", kUnknown, Reason::kNotTried},
      {"ok", kUnknown, Reason::kNotTried},  // of a family that is left out
  };
  for (const auto& [status, action, reason] : cases) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org").address_status = status;
    const SenderDecision decision = Decide(kOpportunistic, domain);
    EXPECT_EQ(decision.action, action) << status;
    EXPECT_EQ(decision.reason, reason) << status;
    EXPECT_EQ(decision.host, "mx.example.org");
    EXPECT_EQ(decision.address, "");
  }
  MadeUpDomain literal;
  output::MxHostRow& row = literal.AddHost(10, "192.0.2.1");
  row.address_status.reset();
  row.is_valid_name = false;
  EXPECT_EQ(Decide(kOpportunistic, literal).reason, Reason::kBadHost);
  MadeUpDomain interrupted;
  interrupted.AddHost(10, "mx.example.org");
  interrupted.rows().hosts.clear();
  EXPECT_EQ(Decide(kOpportunistic, interrupted).action, kUnknown);
}

TEST(SenderPolicy, HasAWordOfItsOwnForEachReason) {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Reason::kNullMx); ++i) {
    const std::string_view word = SenderReasonWord(static_cast<Reason>(i));
    EXPECT_FALSE(word.empty()) << i;
    EXPECT_TRUE(words.insert(word).second) << word;
  }
}

// A scan as Postfix sends no server name: what is shown to those who send one was not seen.
TEST(SenderPolicy, OfAScanWithoutServerNamesJudgesOnlyWhoSendsNone) {
  for (const bool as_postfix : {false, true}) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    row.offered_as = as_postfix ? "postfix" : "everything";
    row.server_name = as_postfix ? std::nullopt : std::optional<std::string>("mx.example.org");
    row.without_server_name = as_postfix ? std::nullopt : std::optional<std::string>("same");
    EXPECT_EQ(Decide(kVerified, domain).reason, Reason::kVerified);
    const SenderDecision go = Decide("go", domain);  // always sends one
    EXPECT_EQ(go.reason, as_postfix ? Reason::kOtherOffer : Reason::kVerified);
    EXPECT_EQ(go.action, as_postfix ? kUnknown : kEncrypted);
  }
}

// Nor does a handshake that failed with less than everything say what others meet.
TEST(SenderPolicy, OfAFailedHandshakeWithAnotherOfferNothingIsKnown) {
  for (const char* offered_as : {"everything", "openssl", "postfix"}) {
    MadeUpDomain domain;
    domain.AddHost(10, "mx.example.org");
    output::EndpointRow& row = domain.AddGoodServer();
    Fail(row, "reset", "handshake");
    row.offered_as = offered_as;
    const bool everything = row.offered_as == "everything";
    EXPECT_EQ(Decide(kVerified, domain).reason,
              everything ? Reason::kHandshakeFailed : Reason::kOtherOffer);
    EXPECT_EQ(Decide(kVerified, domain).action == kUnknown, !everything);
  }
}

// What we could not offer, we do not judge; and who sends no name where a name is refused, fares
// better than we did.
TEST(Strength, HeedsWhatARowSaysOfOurOwnOffers) {
  struct Row {
    std::optional<std::string> may_be_ours, offer;
  };
  EXPECT_FALSE(IsMaybeOurs(Row{}));
  EXPECT_TRUE(IsMaybeOurs(Row{.may_be_ours = "no_common_cipher"}));
  EXPECT_FALSE(IsOfferWithoutServerName(Row{}));
  EXPECT_FALSE(IsOfferWithoutServerName(Row{.offer = "usual"}));
  EXPECT_TRUE(IsOfferWithoutServerName(Row{.offer = "no_server_name"}));
}

TEST(Senders, HaveASourceForEveryCell) {
  std::set<std::string_view> words;
  for (const Sender& sender : Senders()) {
    EXPECT_TRUE(words.insert(sender.word).second) << sender.word;
    EXPECT_FALSE(sender.label.empty() || sender.like.empty()) << sender.word;
    EXPECT_LT(sender.label.size(), 19u) << sender.word;  // the column of `check`
    EXPECT_TRUE(sender.is_kind || !sender.counts) << sender.word;
    VisitCells(sender, [&sender](std::string_view name, const auto& cell) {
      EXPECT_FALSE(cell.source.empty()) << sender.word << ": " << name;
    });
  }
}

TEST(Senders, KnowAMaskedGreeting) {
  for (const char* masked : {"220", "220 ", "220 **", "220 ****** ***0200*****", "220 2 0 \t*"}) {
    EXPECT_TRUE(IsMaskedGreeting(masked)) << masked;
  }
  for (const char* plain : {"", "220 mx ESMTP", "220 ***-***", "220 ***\n***", "221 **"}) {
    EXPECT_FALSE(IsMaskedGreeting(plain)) << plain;
  }
}

// Written anew as tests/tools/check/golden is.
TEST(SenderDocs, CommittedFileIsWhatTheTableSays) {
  const std::string path = "docs/senders.md";
  if (std::getenv("MXSWEEP_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << SenderDocs();
    return;
  }
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), SenderDocs());
}

TEST(DomainRows, PutsHostsByPreferenceAndServersByAddress) {
  MadeUpDomain domain;
  domain.AddHost(20, "b.example.org");
  domain.AddGoodServer();
  domain.AddHost(10, "a.example.org");
  domain.AddGoodServer();
  domain.AddGoodServer();
  std::swap(domain.rows().endpoints[1], domain.rows().endpoints[2]);
  const DomainRows rows = domain.Gather();
  ASSERT_EQ(rows.hosts.size(), 2u);
  EXPECT_EQ(rows.hosts[0].name, "a.example.org");
  ASSERT_EQ(rows.hosts[0].endpoints.size(), 2u);
  EXPECT_EQ(rows.hosts[0].endpoints[0]->address, "192.0.2.2");
  EXPECT_EQ(rows.hosts[0].endpoints[1]->address, "192.0.2.3");
  EXPECT_EQ(rows.hosts[1].name, "b.example.org");
  EXPECT_EQ(rows.hosts[1].row->host, "b.example.org");
}

TEST(DomainRows, TakesTheLatestRowsOfAHostThatWasAskedAgain) {
  MadeUpDomain domain;
  domain.AddHost(10, "mx.example.org").address_status = "servfail";
  output::MxHostRow later = domain.rows().hosts.front();
  later.address_status = "ok";
  later.started_at += absl::Minutes(5);
  domain.rows().hosts.insert(domain.rows().hosts.begin(), later);
  output::EndpointRow failed = domain.AddServer("local_error", "connect");
  output::EndpointRow& good = domain.AddGoodServer();
  good.address = failed.address;
  good.started_at += absl::Minutes(5);
  std::swap(domain.rows().endpoints[0], domain.rows().endpoints[1]);
  const DomainRows rows = domain.Gather();
  ASSERT_EQ(rows.hosts.size(), 1u);
  EXPECT_EQ(rows.hosts[0].row->address_status, "ok");
  ASSERT_EQ(rows.hosts[0].endpoints.size(), 1u);
  EXPECT_EQ(rows.hosts[0].endpoints[0]->outcome, "tls_ok");
}

}  // namespace
}  // namespace mxsweep::scanner
