// Verdicts on domains, against docs/outcomes.md.
#include "scanner/verdict/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scanner/verdict/verdicts.h"
#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner {
namespace {

dns::MxAnswer Mx(dns::MxStatus status = dns::MxStatus::kMx,
                 dns::DnssecState dnssec = dns::DnssecState::kSecure) {
  dns::MxAnswer mx;
  mx.status = status;
  mx.dnssec = dnssec;
  mx.records = {{10, "mx.example.org"}};
  return mx;
}

SmtpReply Reply(int code) {
  SmtpReply reply;
  reply.code = code;
  reply.lines = {"text"};
  return reply;
}

EhloKeywords Keywords(bool starttls) {
  EhloKeywords keywords;
  keywords.starttls = starttls;
  return keywords;
}

struct Ending {
  EndpointFacts facts;
  EndpointVerdicts verdicts;
};

Ending TlsOk(int level = 2, uint16_t version = 0x0304, bool verified = true,
             EndpointDane dane = EndpointDane::kNone) {
  Ending e;
  e.facts.outcome = Outcome::kTlsOk;
  e.facts.stage = Stage::kDone;
  e.facts.greeting = Reply(220);
  e.facts.ehlo = Keywords(true);
  e.facts.handshake.emplace().version_wire = version;
  e.verdicts.session_level = tls::SecurityLevel{5, ""};
  e.verdicts.certificate_level = tls::SecurityLevel{level, ""};
  e.verdicts.pkix =
      tls::PkixVerdict{verified ? tls::PkixStatus::kValid : tls::PkixStatus::kExpired, ""};
  e.verdicts.name_match = tls::NameMatch::kSan;
  e.verdicts.dane = dane;
  return e;
}

Ending EndedAt(Outcome outcome, Stage stage, int greeting = 0, bool transient = false) {
  Ending e;
  e.facts.outcome = outcome;
  e.facts.stage = stage;
  if (greeting != 0) e.facts.greeting = Reply(greeting);
  e.facts.transient_refusal = transient;
  if (stage >= Stage::kStartTls) e.facts.ehlo = Keywords(true);
  if (outcome == Outcome::kNoStartTls) e.facts.ehlo = Keywords(false);
  if (stage == Stage::kHandshake) e.facts.handshake.emplace();
  e.verdicts.dane = EndpointDane::kNone;
  return e;
}

Summary Of(const std::vector<Ending>& endings) {
  Summary summary;
  for (const Ending& e : endings) summary.Merge(SummarizeEndpoint(e.facts, e.verdicts));
  return summary;
}

std::string Diagnosis(const std::vector<Ending>& endings) {
  return std::string(Diagnose(Mx(), Of(endings)));
}

TEST(Summary, MergesInAnyOrderToTheSame) {
  std::vector<Ending> endings = {TlsOk(3, 0x0303), TlsOk(1, 0x0301, false),
                                 EndedAt(Outcome::kNoStartTls, Stage::kEhlo, 220),
                                 EndedAt(Outcome::kThrottled421, Stage::kGreeting, 421)};
  const Summary summary = Of(endings);
  EXPECT_EQ(summary.endpoints, 4);
  EXPECT_EQ(summary.starttls, 2);
  EXPECT_EQ(summary.completed, 2);
  EXPECT_EQ(summary.verified, 1);
  EXPECT_EQ(summary.min_version, 1);
  EXPECT_EQ(summary.max_version, 3);
  EXPECT_EQ(summary.weakest_certificate_level, 1);
  for (int i = 0; i < 4; ++i) {
    std::rotate(endings.begin(), endings.begin() + 1, endings.end());
    EXPECT_EQ(Of(endings).flags, summary.flags);
    EXPECT_EQ(Of(endings).min_version, summary.min_version);
    EXPECT_EQ(Of(endings).weakest_certificate_level, summary.weakest_certificate_level);
  }
}

TEST(Summary, CountsStopAtTheirLargestValue) {
  Summary many;
  many.endpoints = many.starttls = many.completed = many.verified = 0xfffe;
  many.unknown = 0xfe;
  many.Merge(many);
  EXPECT_EQ(many.unknown, 0xff);
  EXPECT_EQ(many.endpoints, 0xffff);
  EXPECT_EQ(many.starttls, 0xffff);
  EXPECT_EQ(many.completed, 0xffff);
  EXPECT_EQ(many.verified, 0xffff);
}

TEST(Diagnose, SaysWhatTheDnsSaysFirst) {
  const Summary nothing;
  const std::pair<dns::MxStatus, const char*> table[] = {
      {dns::MxStatus::kInvalidName, "invalid_name"}, {dns::MxStatus::kNxDomain, "nxdomain"},
      {dns::MxStatus::kServfail, "dns_error"},       {dns::MxStatus::kTimeout, "dns_error"},
      {dns::MxStatus::kBogus, "dnssec_bogus"},       {dns::MxStatus::kNullMx, "null_mx"},
      {dns::MxStatus::kNoMail, "no_mail"},           {dns::MxStatus::kLocalError, "local_error"},
      {dns::MxStatus::kMx, "mx_unresolvable"},       {dns::MxStatus::kImplicit, "mx_unresolvable"},
  };
  for (const auto& [status, word] : table) EXPECT_EQ(Diagnose(Mx(status), nothing), word);
}

TEST(Diagnose, SaysTheOneThingMostWorthKnowing) {
  const Ending ok = TlsOk();
  const Ending plain = EndedAt(Outcome::kNoStartTls, Stage::kEhlo, 220);
  const Ending refused = EndedAt(Outcome::kStartTlsRefused, Stage::kStartTls, 220);
  const Ending alert = EndedAt(Outcome::kTlsAlert, Stage::kHandshake, 220);
  const Ending dead = EndedAt(Outcome::kConnectTimeout, Stage::kConnect);
  const Ending silent = EndedAt(Outcome::kGreetingTimeout, Stage::kGreeting);
  const Ending throttled = EndedAt(Outcome::kThrottled421, Stage::kGreeting, 421, true);
  const Ending later = EndedAt(Outcome::kGreeting4xx, Stage::kGreeting, 450, true);
  const Ending ehlo_later = EndedAt(Outcome::kEhloRefused, Stage::kEhlo, 220, true);
  const Ending never = EndedAt(Outcome::kGreeting5xx, Stage::kGreeting, 554);
  const Ending mute = EndedAt(Outcome::kCommandTimeout, Stage::kEhlo, 220);
  const Ending mismatch = TlsOk(2, 0x0304, true, EndpointDane::kMismatch);

  EXPECT_EQ(Diagnosis({ok}), "ok");
  EXPECT_EQ(Diagnosis({ok, dead}), "ok");
  EXPECT_EQ(Diagnosis({ok, throttled}), "ok");
  EXPECT_EQ(Diagnosis({mismatch, plain}), "dane_broken");
  EXPECT_EQ(Diagnosis({dead}), "unreachable");
  EXPECT_EQ(Diagnosis({dead, silent}), "unreachable");
  EXPECT_EQ(Diagnosis({dead, throttled}), "throttled");
  EXPECT_EQ(Diagnosis({later}), "throttled");
  EXPECT_EQ(Diagnosis({ehlo_later}), "throttled");
  EXPECT_EQ(Diagnosis({never}), "smtp_failed");
  EXPECT_EQ(Diagnosis({never, dead}), "smtp_failed");
  EXPECT_EQ(Diagnosis({mute}), "smtp_failed");
  EXPECT_EQ(Diagnosis({mute, throttled}), "smtp_failed");
  EXPECT_EQ(Diagnosis({plain}), "no_starttls");
  EXPECT_EQ(Diagnosis({plain, dead}), "no_starttls");
  EXPECT_EQ(Diagnosis({alert}), "tls_broken");
  EXPECT_EQ(Diagnosis({alert, plain}), "tls_broken");
  EXPECT_EQ(Diagnosis({refused}), "tls_broken");
  EXPECT_EQ(Diagnosis({ok, plain}), "mixed_starttls");
  EXPECT_EQ(Diagnosis({ok, refused}), "mixed_starttls");
  EXPECT_EQ(Diagnosis({ok, TlsOk(1)}), "weak_keys");
  EXPECT_EQ(Diagnosis({ok, TlsOk(2, 0x0302)}), "old_tls");
  Ending old = TlsOk(2, 0x0301);
  old.verdicts.session_level = tls::SecurityLevel{0, "version: TLSv1"};
  EXPECT_EQ(Diagnosis({ok, old}), "old_tls");
  Ending sha1 = TlsOk(2, 0x0303);
  sha1.verdicts.session_level = tls::SecurityLevel{0, "handshake signature: rsa_pkcs1_sha1"};
  EXPECT_EQ(Diagnosis({ok, sha1}), "weak_session");
  EXPECT_EQ(Diagnosis({ok, TlsOk(2, 0x0304, false)}), "untrusted_certificate");
}

TEST(Diagnose, AMatchOfDaneNeedsNoAuthority) {
  Summary summary = Of({TlsOk(2, 0x0304, /*verified=*/false, EndpointDane::kMatch)});
  summary.flags |= Summary::kDaneSecure;
  EXPECT_EQ(DomainDaneStatus(Mx(), summary), "full");
  EXPECT_EQ(Diagnose(Mx(), summary), "ok");
  // Not where the MX answer itself is unsigned: whoever can forge it chooses the host.
  EXPECT_EQ(Diagnose(Mx(dns::MxStatus::kMx, dns::DnssecState::kInsecure), summary),
            "untrusted_certificate");
}

TEST(Diagnose, OurOwnTroubleIsNotTheServers) {
  const Ending none_left = EndedAt(Outcome::kLocalNoDescriptors, Stage::kConnect);
  const Ending dead = EndedAt(Outcome::kConnectRefused, Stage::kConnect);
  EXPECT_EQ(Diagnosis({none_left}), "local_error");
  EXPECT_EQ(Diagnosis({none_left, dead}), "unreachable");
  EXPECT_EQ(Diagnosis({none_left, TlsOk()}), "ok");
  dns::HostAnswer not_asked;
  not_asked.address_status = dns::LookupStatus::kLocalError;
  EXPECT_EQ(Diagnose(Mx(), SummarizeHost(not_asked)), "local_error");
}

Summary HostOf(std::optional<dns::LookupStatus> both, std::optional<dns::LookupStatus> a,
               std::optional<dns::LookupStatus> aaaa) {
  dns::HostAnswer answer;
  answer.address_status = both;
  answer.a_status = a;
  answer.aaaa_status = aaaa;
  return SummarizeHost(answer);
}

// What could not be looked up is not absent.
TEST(Diagnose, AHostThatCouldNotBeLookedUpIsNotUnresolvable) {
  using enum dns::LookupStatus;
  const std::pair<dns::LookupStatus, const char*> table[] = {
      {kServfail, "dns_error"},     {kTimeout, "dns_error"},        {kBogus, "dnssec_bogus"},
      {kLocalError, "local_error"}, {kNxDomain, "mx_unresolvable"}, {kNoData, "mx_unresolvable"},
  };
  const Summary gone = HostOf(kNxDomain, kNxDomain, kNxDomain);
  for (const auto& [status, word] : table) {
    const bool known = status == kNxDomain || status == kNoData;
    Summary host = HostOf(status, status, kNoData);
    EXPECT_EQ(Diagnose(Mx(), host), word);
    EXPECT_EQ(host.unknown, known ? 0 : 1) << word;
    // It does not become absent beside one that is.
    host.Merge(gone);
    EXPECT_EQ(Diagnose(Mx(), host), word);
  }
  // A name that is no host name is known well enough.
  EXPECT_EQ(Diagnose(Mx(), HostOf(std::nullopt, std::nullopt, std::nullopt)), "mx_unresolvable");
}

TEST(Diagnose, TellsThatPartOfTheEndpointsIsNotKnown) {
  using enum dns::LookupStatus;
  for (const auto status : {kServfail, kTimeout, kBogus, kLocalError}) {
    Summary half = HostOf(kOk, kOk, status);
    EXPECT_EQ(half.unknown, 1);
    const Ending ok = TlsOk();
    half.Merge(SummarizeEndpoint(ok.facts, ok.verdicts));
    EXPECT_EQ(half.unknown, 1);
    EXPECT_EQ(Diagnose(Mx(), half), "ok");
  }
  EXPECT_EQ(HostOf(kOk, kOk, kNoData).unknown, 0);
  EXPECT_EQ(HostOf(kOk, kNxDomain, kOk).unknown, 0);
}

// Options, lists and routes of ours are not the servers' doing.
TEST(Diagnose, WhatWasNotAskedIsNotUnreachable) {
  const Ending blocked = EndedAt(Outcome::kBlocked, Stage::kGate);
  const Ending no_route = EndedAt(Outcome::kNotAskedNoRoute, Stage::kGate);
  const Ending dead = EndedAt(Outcome::kConnectTimeout, Stage::kConnect);
  EXPECT_EQ(Diagnosis({blocked}), "not_asked_blocked");
  EXPECT_EQ(Diagnosis({no_route}), "not_asked_no_route");
  EXPECT_EQ(Diagnosis({no_route, blocked}), "not_asked_blocked");
  EXPECT_EQ(Diagnose(Mx(), SummarizeUnusedFamily(1)), "not_asked_family");
  EXPECT_EQ(Diagnosis({blocked, TlsOk()}), "ok");
  EXPECT_EQ(Diagnosis({blocked, dead}), "unreachable");
  EXPECT_EQ(Of({blocked, no_route, dead, TlsOk()}).unknown, 2);
  EXPECT_EQ(Of({EndedAt(Outcome::kLocalNoRoute, Stage::kConnect), dead}).unknown, 1);
  EXPECT_EQ(SummarizeUnusedFamily(0).unknown, 0);
  EXPECT_EQ(Diagnose(Mx(), SummarizeUnusedFamily(0)), "mx_unresolvable");
  // Whoever is not asked has not failed DANE.
  Summary secure = Of({EndedAt(Outcome::kBlocked, Stage::kGate)});
  secure.flags |= Summary::kDaneSecure | Summary::kDaneUnjudged;
  EXPECT_EQ(DomainDaneStatus(Mx(), secure), "unknown");
  EXPECT_EQ(Diagnose(Mx(), secure), "not_asked_blocked");
}

Summary Hosts(const std::vector<std::optional<dns::TlsaStatus>>& statuses,
              dns::LookupStatus addresses = dns::LookupStatus::kOk) {
  Summary summary;
  for (const auto& status : statuses) {
    dns::HostAnswer answer;
    answer.address_status = addresses;
    answer.tlsa_status = status;
    summary.Merge(SummarizeHost(answer));
  }
  return summary;
}

std::string Dane(Summary hosts, const std::vector<EndpointDane>& endpoints,
                 dns::DnssecState mx = dns::DnssecState::kSecure,
                 dns::MxStatus status = dns::MxStatus::kMx) {
  for (const EndpointDane dane : endpoints) {
    const Ending e = TlsOk(2, 0x0304, true, dane);
    hosts.Merge(SummarizeEndpoint(e.facts, e.verdicts));
  }
  return std::string(DomainDaneStatus(Mx(status, mx), hosts));
}

// RFC 7672 §2.2: what commits a sender; §2.2.1: an insecure MX answer makes it optional.
TEST(DomainDaneStatus, FollowsTheTable) {
  using enum dns::TlsaStatus;
  using E = EndpointDane;
  EXPECT_EQ(Dane(Hosts({kNone}), {E::kNone}), "none");
  EXPECT_EQ(Dane(Hosts({kInsecure, kNone}), {E::kInsecure, E::kNone}), "none");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kMatch}), "full");
  EXPECT_EQ(Dane(Hosts({kSecure, kSecure}), {E::kMatch, E::kUnknown}), "full");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kUnknown}), "unknown");
  EXPECT_EQ(Dane(Hosts({kSecure, kNone}), {E::kMatch, E::kNone}), "partial");
  EXPECT_EQ(Dane(Hosts({kSecure, kInsecure}), {E::kMatch, E::kInsecure}), "partial");
  // Of one host: the records do not count for an address that came insecurely.
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kMatch, E::kInsecure}), "partial");
  for (const E broken : {E::kMismatch, E::kNoStartTls, E::kTlsFailed, E::kLookupError}) {
    EXPECT_EQ(Dane(Hosts({kSecure, kNone}), {E::kMatch, broken}), "broken");
  }
  EXPECT_EQ(Dane(Hosts({kLookupError}), {}), "broken");
}

// RFC 7672 §2.2: records that cannot be used demand encryption, and authenticate nobody.
TEST(DomainDaneStatus, IsPartialWhereAHostsRecordsAreAllUnusable) {
  using enum dns::TlsaStatus;
  using E = EndpointDane;
  EXPECT_EQ(Dane(Hosts({kSecure, kSecure}), {E::kMatch, E::kUnusable}), "partial");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kUnusable}), "partial");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kUnusable, E::kUnknown}), "partial");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kUnusable, E::kNoStartTls}), "broken");
}

// RFC 7672 §2.2.1
TEST(DomainDaneStatus, IsOptionalWhereTheMxAnswerIsInsecureWhateverTheHostsDo) {
  using enum dns::TlsaStatus;
  using E = EndpointDane;
  const auto insecure = dns::DnssecState::kInsecure;
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kMatch}, insecure), "optional");
  EXPECT_EQ(Dane(Hosts({kSecure, kNone}), {E::kMatch, E::kNone}, insecure), "optional");
  EXPECT_EQ(Dane(Hosts({kSecure}), {E::kUnknown}, insecure), "optional");
  EXPECT_EQ(Dane(Hosts({kNone}), {E::kNone}, insecure), "none");
  // There may be records or not.
  EXPECT_EQ(Dane(Hosts({kLookupError}), {E::kLookupError}, insecure), "unknown");
  for (const E broken : {E::kMismatch, E::kNoStartTls, E::kTlsFailed}) {
    Summary summary = Hosts({kSecure});
    const Ending e = TlsOk(2, 0x0304, true, broken);
    summary.Merge(SummarizeEndpoint(e.facts, e.verdicts));
    const dns::MxAnswer mx = Mx(dns::MxStatus::kMx, insecure);
    EXPECT_EQ(DomainDaneStatus(mx, summary), "optional");
    // Senders that use DANE all the same refuse it, and that is worth knowing.
    EXPECT_EQ(Diagnose(mx, summary), "dane_broken");
  }
}

TEST(DomainDaneStatus, IsNotNoneWhereAHostCouldNotBeLookedUp) {
  using enum dns::TlsaStatus;
  for (const auto failure : {dns::LookupStatus::kServfail, dns::LookupStatus::kTimeout,
                             dns::LookupStatus::kLocalError}) {
    Summary hosts = Hosts({kNone});
    hosts.Merge(Hosts({std::nullopt}, failure));
    EXPECT_EQ(Dane(hosts, {EndpointDane::kNone}), "unknown");
  }
  // Our own failure to ask for the records is nobody's fault.
  EXPECT_EQ(Dane(Hosts({kLocalError}), {EndpointDane::kUnknown}), "unknown");
  EXPECT_EQ(Dane(Hosts({kSecure, kLocalError}), {EndpointDane::kMatch}), "partial");
  EXPECT_TRUE(Hosts({kLocalError}).has(Summary::kLocalTrouble));
}

// An endpoint whose path leads to the record's anchor, under a leaf for `names`.
Findings Misnamed(const std::string& names) {
  Ending e = TlsOk(2, 0x0304, true, EndpointDane::kMismatch);
  e.verdicts.dane_verdict.emplace().failure = tls::DaneFailure::kHostMismatch;
  e.facts.handshake->chain = {
      tls::testing::MakePki({.common_name = "x", .subject_alt_names = names}).leaf.handle()};
  Findings findings = SummarizeEndpoint(e.facts, e.verdicts);
  findings.flags |= Summary::kDaneSecure;
  return findings;
}

std::string DaneFor(const std::string& domain, const dns::MxAnswer& mx, Findings findings) {
  SettleDaneNames(domain, mx, &findings);
  EXPECT_FALSE(findings.has(Summary::kDaneMisnamed));
  return std::string(DomainDaneStatus(mx, findings));
}

// RFC 7672 §3.2.2
TEST(SettleDaneNames, TakesTheNextHopAndItsExpansionForReferencesOfASecureMxAnswer) {
  const Findings host = Misnamed("DNS:customer.example,DNS:*.hosted.example");
  EXPECT_TRUE(host.has(Summary::kDaneMisnamed));
  EXPECT_FALSE(host.has(Summary::kDaneBroken));
  EXPECT_EQ(DaneFor("customer.example", Mx(), host), "full");
  EXPECT_EQ(DaneFor("a.hosted.example", Mx(), host), "full");
  EXPECT_EQ(DaneFor("other.example", Mx(), host), "broken");
  EXPECT_EQ(DaneFor("a.b.hosted.example", Mx(), host), "broken");
  dns::MxAnswer alias = Mx();
  alias.next_hop_cname = "customer.example";
  EXPECT_EQ(DaneFor("other.example", alias, host), "full");
  // Anybody could have forged an insecure one: the MX host's name alone counts.
  dns::MxAnswer insecure = Mx(dns::MxStatus::kMx, dns::DnssecState::kInsecure);
  Findings settled = host;
  SettleDaneNames("customer.example", insecure, &settled);
  EXPECT_TRUE(settled.has(Summary::kDaneBroken));
  EXPECT_FALSE(settled.has(Summary::kDaneMatch));
}

TEST(SettleDaneNames, DemandsThatEveryLeafFits) {
  Findings both = Misnamed("DNS:customer.example");
  both.Merge(Misnamed("DNS:customer.example,DNS:other.example"));
  both.Merge(Misnamed("DNS:customer.example"));
  ASSERT_NE(both.misnamed, nullptr);
  EXPECT_EQ(both.misnamed->size(), 2u);
  EXPECT_EQ(DaneFor("customer.example", Mx(), both), "full");
  EXPECT_EQ(DaneFor("other.example", Mx(), both), "broken");
  const Ending mismatch = TlsOk(2, 0x0304, true, EndpointDane::kMismatch);
  both.Merge(SummarizeEndpoint(mismatch.facts, mismatch.verdicts));
  EXPECT_EQ(DaneFor("customer.example", Mx(), both), "broken");
}

TEST(SettleDaneNames, HoldsNoMoreNamesThanItsCaps) {
  Findings many;
  for (size_t i = 0; i <= kMaxMisnamedLeaves; ++i) {
    EXPECT_FALSE(many.has(Summary::kDaneForgotten));
    many.Merge(Misnamed("DNS:customer.example,DNS:n" + std::to_string(i) + ".example"));
  }
  EXPECT_EQ(many.misnamed->size(), kMaxMisnamedLeaves);
  // The leaf that was not kept may fit, or not.
  EXPECT_EQ(DaneFor("customer.example", Mx(), many), "unknown");
  // One that was kept does not.
  EXPECT_EQ(DaneFor("n1.example", Mx(), many), "broken");
  std::string names = "DNS:customer.example";
  for (int i = 0; i < 300; ++i) {
    names += ",DNS:a-name-that-takes-space-" + std::to_string(i) + ".customer.example";
  }
  const Findings endless = Misnamed(names);
  EXPECT_EQ(endless.misnamed, nullptr);
  EXPECT_EQ(DaneFor("customer.example", Mx(), endless), "unknown");
  // Lists that the host table had no room for.
  Findings forgotten = Misnamed("DNS:customer.example");
  forgotten.misnamed.reset();
  EXPECT_EQ(DaneFor("customer.example", Mx(), forgotten), "unknown");
  // Where the MX host's name alone is a reference, no other name helps.
  const dns::MxAnswer insecure = Mx(dns::MxStatus::kMx, dns::DnssecState::kInsecure);
  for (Findings findings : {forgotten, endless}) {
    SettleDaneNames("customer.example", insecure, &findings);
    EXPECT_TRUE(findings.has(Summary::kDaneBroken));
    EXPECT_FALSE(findings.has(Summary::kDaneMisnamed));
  }
}

// RFC 7672 §2.1.2: a sender defers.
TEST(DomainDaneStatus, IsUnknownWhereTheAnswerCannotBeBelievedAndNullWithoutMail) {
  using enum dns::TlsaStatus;
  using S = dns::MxStatus;
  for (const S status : {S::kServfail, S::kTimeout, S::kBogus, S::kLocalError}) {
    EXPECT_EQ(Dane({}, {}, dns::DnssecState::kError, status), "unknown");
  }
  EXPECT_EQ(Dane(Hosts({kSecure}), {EndpointDane::kMatch}, dns::DnssecState::kBogus), "unknown");
  EXPECT_EQ(Dane(Hosts({std::nullopt}, dns::LookupStatus::kServfail), {}), "unknown");
  EXPECT_EQ(Dane(Hosts({std::nullopt}, dns::LookupStatus::kNxDomain), {}), "unknown");
  for (const S status : {S::kNullMx, S::kNoMail, S::kNxDomain, S::kInvalidName}) {
    EXPECT_EQ(Dane({}, {}, dns::DnssecState::kSecure, status), "");
  }
}

// A chain that only we cannot judge is neither trusted nor untrusted (docs/outcomes.md: not known).
TEST(DomainPkixStatus, IsNotKnownWhereAChainIsNot) {
  const Ending valid = TlsOk();
  const Ending expired = TlsOk(2, 0x0304, false);
  Ending not_known = TlsOk();
  not_known.verdicts.pkix->status = tls::PkixStatus::kNotKnown;
  EXPECT_EQ(DomainPkixStatus(Of({not_known})), "");
  EXPECT_EQ(DomainPkixStatus(Of({valid, not_known})), "");
  EXPECT_EQ(DomainPkixStatus(Of({expired, not_known})), "");
  EXPECT_EQ(DomainPkixStatus(Of({valid, expired, not_known})), "partial");
  EXPECT_EQ(Diagnosis({valid, not_known}), "certificate_not_known");
  EXPECT_EQ(Diagnosis({expired, not_known}), "untrusted_certificate");
  EXPECT_FALSE(Of({not_known}).has(Summary::kStsFailed));
  EXPECT_FALSE(Of({not_known}).has(Summary::kStsPassed));
  // A name that is wrong is wrong whatever the chain.
  not_known.verdicts.name_match = tls::NameMatch::kNone;
  EXPECT_EQ(DomainPkixStatus(Of({not_known})), "invalid");
  EXPECT_TRUE(Of({not_known}).has(Summary::kStsFailed));
}

TEST(DomainPkixStatus, IsAboutCompletedHandshakesOnly) {
  EXPECT_EQ(DomainPkixStatus(Of({EndedAt(Outcome::kTlsAlert, Stage::kHandshake, 220)})), "");
  EXPECT_EQ(DomainPkixStatus(Of({TlsOk(), EndedAt(Outcome::kNoStartTls, Stage::kEhlo, 220)})),
            "valid");
  EXPECT_EQ(DomainPkixStatus(Of({TlsOk(), TlsOk(2, 0x0304, false)})), "partial");
  EXPECT_EQ(DomainPkixStatus(Of({TlsOk(2, 0x0304, false)})), "invalid");
  Ending other_name = TlsOk();
  other_name.verdicts.name_match = tls::NameMatch::kNone;
  EXPECT_EQ(DomainPkixStatus(Of({other_name})), "invalid");
}

}  // namespace
}  // namespace mxsweep::scanner
