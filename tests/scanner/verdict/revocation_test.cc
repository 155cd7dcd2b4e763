// The words of docs/outcomes.md for revocation_status, and which source decides.
#include "scanner/verdict/revocation.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "scanner/record/rows.h"
#include "scanner/verdict/verdicts.h"
#include "tests/tls/revocation/revocation_factory.h"

namespace mxsweep::scanner {
namespace {

using tls::CrlStatus;
using tls::OcspStatus;
using enum RevocationStatus;

constexpr RevocationStatus kAll[] = {kNotAsked, kGood,       kRevoked, kUnknown,
                                     kNoSource, kExpiredCrl, kBadCrl,  kFetchFailed};

std::optional<tls::OcspVerdict> Staple(OcspStatus status) {
  return tls::OcspVerdict{.status = status, .detail = status == OcspStatus::kGood ? "" : "so"};
}

EndpointRevocation Judge(const std::optional<tls::OcspVerdict>& ocsp,
                         const std::vector<RevocationStatus>& path) {
  std::vector<CertificateRevocation> lists;
  for (const RevocationStatus status : path) {
    lists.push_back({status, status == kGood || status == kNotAsked ? "" : "because"});
  }
  return JudgeEndpointRevocation(ocsp, lists);
}

void Expect(const EndpointRevocation& verdict, RevocationStatus status, RevocationSource source) {
  EXPECT_EQ(RevocationStatusName(verdict.status), RevocationStatusName(status)) << verdict.detail;
  EXPECT_EQ(RevocationSourceName(verdict.source), RevocationSourceName(source)) << verdict.detail;
}

TEST(EndpointRevocation, OfNobodyAskedIsNull) {
  const EndpointRevocation verdict = Judge(std::nullopt, {});
  Expect(verdict, kNotAsked, RevocationSource::kNone);
  EXPECT_EQ(RevocationStatusName(verdict.status), "");
  EXPECT_EQ(verdict.detail, "");
}

TEST(EndpointRevocation, IsTheStapledResponsesWhereListsAreNotAsked) {
  Expect(Judge(Staple(OcspStatus::kGood), {}), kGood, RevocationSource::kOcspStaple);
  const EndpointRevocation revoked = Judge(Staple(OcspStatus::kRevoked), {});
  Expect(revoked, kRevoked, RevocationSource::kOcspStaple);
  EXPECT_EQ(revoked.detail, "leaf: so");
  for (OcspStatus status :
       {OcspStatus::kMalformed, OcspStatus::kResponderError, OcspStatus::kNotForThisCertificate,
        OcspStatus::kIssuerUnknown, OcspStatus::kBadSignature, OcspStatus::kNotYetValid,
        OcspStatus::kExpired, OcspStatus::kUnknown}) {
    const EndpointRevocation verdict = Judge(Staple(status), {});
    Expect(verdict, kUnknown, RevocationSource::kOcspStaple);
    EXPECT_EQ(verdict.detail, "stapled response " + std::string(OcspStatusName(status)) + ": so");
  }
}

TEST(EndpointRevocation, IsRevokedWhereAnybodySaysSo) {
  Expect(Judge(Staple(OcspStatus::kRevoked), {kGood, kGood}), kRevoked,
         RevocationSource::kOcspStaple);
  Expect(Judge(Staple(OcspStatus::kGood), {kRevoked, kGood}), kRevoked, RevocationSource::kCrl);
  const EndpointRevocation issuer = Judge(std::nullopt, {kGood, kRevoked});
  Expect(issuer, kRevoked, RevocationSource::kCrl);
  EXPECT_EQ(issuer.detail, "certificate 1: because");
  for (const RevocationStatus other : kAll) {
    Expect(Judge(std::nullopt, {other, kRevoked}), kRevoked, RevocationSource::kCrl);
  }
}

TEST(EndpointRevocation, IsGoodWhereNobodyDoubtsIt) {
  Expect(Judge(std::nullopt, {kGood}), kGood, RevocationSource::kCrl);
  Expect(Judge(std::nullopt, {kGood, kGood}), kGood, RevocationSource::kCrl);
  Expect(Judge(std::nullopt, {kGood, kNoSource}), kGood, RevocationSource::kCrl);
  // The stapled response is as good as a list, for the leaf; and no better for its issuer.
  for (const RevocationStatus leaf : kAll) {
    if (leaf == kRevoked) continue;
    Expect(Judge(Staple(OcspStatus::kGood), {leaf, kGood}), kGood, RevocationSource::kOcspStaple);
  }
  const EndpointRevocation doubted = Judge(Staple(OcspStatus::kGood), {kGood, kFetchFailed});
  Expect(doubted, kFetchFailed, RevocationSource::kCrl);
  EXPECT_EQ(doubted.detail, "certificate 1: because");
}

TEST(EndpointRevocation, OtherwiseSaysWhyItIsNotKnown) {
  for (const RevocationStatus leaf : {kUnknown, kExpiredCrl, kBadCrl, kFetchFailed}) {
    const EndpointRevocation verdict = Judge(std::nullopt, {leaf, kGood});
    Expect(verdict, leaf, RevocationSource::kCrl);
    EXPECT_EQ(verdict.detail, "leaf: because");
    // A broken stapled response changes nothing about it.
    Expect(Judge(Staple(OcspStatus::kExpired), {leaf}), leaf, RevocationSource::kCrl);
  }
  Expect(Judge(std::nullopt, {kNoSource}), kNoSource, RevocationSource::kNone);
  Expect(Judge(Staple(OcspStatus::kExpired), {kNoSource}), kUnknown, RevocationSource::kOcspStaple);
  Expect(Judge(std::nullopt, {kNotAsked}), kNotAsked, RevocationSource::kNone);
}

TEST(Revocation, SaysWhatAListIsGoodFor) {
  const auto word = [](CrlStatus status) {
    return FromCrl({.status = status, .detail = "so"}).status;
  };
  EXPECT_EQ(word(CrlStatus::kGood), kGood);
  EXPECT_EQ(word(CrlStatus::kRevoked), kRevoked);
  EXPECT_EQ(word(CrlStatus::kNotCovered), kUnknown);
  EXPECT_EQ(word(CrlStatus::kUnsupported), kUnknown);
  EXPECT_EQ(word(CrlStatus::kNotYetValid), kExpiredCrl);
  EXPECT_EQ(word(CrlStatus::kExpired), kExpiredCrl);
  EXPECT_EQ(word(CrlStatus::kBadSignature), kBadCrl);
  EXPECT_EQ(word(CrlStatus::kMalformed), kBadCrl);
}

// --- From facts to rows ---

const absl::Time kStart = absl::FromUnixSeconds(tls::testing::kNow);

EndpointFacts Shown(const std::vector<tls::DerHandle>& chain, std::vector<uint8_t> staple) {
  EndpointFacts facts;
  facts.outcome = Outcome::kTlsOk;
  facts.stage = Stage::kDone;
  facts.started_at = kStart;
  facts.handshake.emplace();
  facts.handshake->chain = chain;
  facts.handshake->ocsp_stapled = !staple.empty();
  facts.handshake->ocsp_response = std::move(staple);
  return facts;
}

output::EndpointRow RowOf(const tls::testing::TestPki& pki, const EndpointFacts& facts) {
  tls::PkixVerifier pkix(tls::TrustStore::FromPem(pki.root.pem()).value());
  tls::CertificateTable table;
  std::vector<tls::CertificateRef> chain;
  for (const tls::DerHandle& der : facts.handshake->chain) {
    chain.push_back(table.Intern(der.der()).certificate);
  }
  const HostContext host{.host = "mx.example.org"};
  const EndpointVerdicts verdicts = JudgeEndpoint(host, facts, chain, &pkix);
  return MakeEndpointRow(host, dns::IpAddress::Parse("192.0.2.7").value(), 25, facts, verdicts, 1,
                         table);
}

TEST(EndpointRow, WithoutAStapledResponseSaysNothingOfRevocation) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  const output::EndpointRow row = RowOf(pki, Shown(pki.Chain(), {}));
  EXPECT_EQ(row.ocsp_stapled, false);
  EXPECT_FALSE(row.ocsp_status);
  EXPECT_FALSE(row.revocation_status);
  EXPECT_FALSE(row.revocation_source);
  EXPECT_FALSE(row.revocation_detail);
}

// RFC 6066 §8: the response is the leaf's, wherever its issuer stands.
TEST(EndpointRow, TellsWhatTheStapledResponseIsWorth) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  const std::vector<uint8_t> good = tls::testing::MakeOcspResponse(pki.leaf, pki.intermediate);
  for (const auto& chain : {pki.Chain(), pki.ChainWithRoot(),
                            tls::testing::Handles(pki.leaf, pki.root, pki.intermediate)}) {
    const output::EndpointRow row = RowOf(pki, Shown(chain, good));
    EXPECT_EQ(row.ocsp_status, "good");
    EXPECT_EQ(row.revocation_status, "good");
    EXPECT_EQ(row.revocation_source, "ocsp_staple");
    EXPECT_FALSE(row.revocation_detail);
  }
  const output::EndpointRow alone = RowOf(pki, Shown(tls::testing::Handles(pki.leaf), good));
  EXPECT_EQ(alone.ocsp_status, "issuer_unknown");
  EXPECT_EQ(alone.revocation_status, "unknown");
  const std::vector<uint8_t> revoked = tls::testing::MakeOcspResponse(
      pki.leaf, pki.intermediate,
      {.says = tls::testing::SaidStatus::kRevoked, .reason = uint8_t{1}});
  const output::EndpointRow row = RowOf(pki, Shown(pki.Chain(), revoked));
  EXPECT_EQ(row.ocsp_status, "revoked");
  EXPECT_EQ(row.revocation_status, "revoked");
  EXPECT_EQ(row.revocation_detail, "leaf: revoked 2026-01-14T12:00:00Z, keyCompromise");
}

// The issuer may be an anchor that nobody sends.
TEST(EndpointRow, FindsTheIssuerOfAResponseInTheTrustStore) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  const tls::testing::TestCertificate leaf = tls::testing::MakeSigned(
      {}, tls::testing::TestKey(tls::testing::KeyKind::kP256, 5), pki.root);
  const EndpointFacts facts =
      Shown(tls::testing::Handles(leaf), tls::testing::MakeOcspResponse(leaf, pki.root));
  EXPECT_EQ(RowOf(pki, facts).ocsp_status, "good");
}

TEST(CertificateRow, TellsWhereItsRevocationIsToBeFoundAndWhatWasSaid) {
  const std::vector<uint8_t> der =
      tls::testing::MakePki(
          {.crl_distribution_points = "URI:http://crl.example/1.crl", .must_staple = true})
          .leaf.der();
  const tls::CertificateFacts facts = tls::ParseCertificateFacts(der);
  const output::CertificateRow unasked = MakeCertificateRow(facts, der, kStart);
  EXPECT_EQ(unasked.crl_urls, std::vector<std::string>{"http://crl.example/1.crl"});
  EXPECT_EQ(unasked.ocsp_must_staple, true);
  EXPECT_FALSE(unasked.revocation_status);
  EXPECT_FALSE(unasked.revocation_detail);
  const output::CertificateRow asked =
      MakeCertificateRow(facts, der, kStart, {kRevoked, "revoked yesterday"});
  EXPECT_EQ(asked.revocation_status, "revoked");
  EXPECT_EQ(asked.revocation_detail, "revoked yesterday");
}

struct UrlCase {
  const char* url;
  const char* host;
  uint16_t port;
  const char* target;
};

TEST(CrlUrl, IsReadAsHostPortAndTarget) {
  const UrlCase cases[] = {
      {"http://crl.example/1.crl", "crl.example", 80, "/1.crl"},
      {"HTTP://CRL.Example/A.crl", "crl.example", 80, "/A.crl"},
      {"http://crl.example", "crl.example", 80, "/"},
      {"http://crl.example?x=1", "crl.example", 80, "/?x=1"},
      {"http://crl.example:8080/a?b=c#d", "crl.example", 8080, "/a?b=c"},
      {"http://crl.example:/a", "crl.example", 80, "/a"},
      {"http://192.0.2.7/a", "192.0.2.7", 80, "/a"},
      {"http://[2001:db8::1]:81/a", "2001:db8::1", 81, "/a"},
  };
  for (const UrlCase& c : cases) {
    const std::optional<HttpRequest> request = CrlRequest(c.url);
    ASSERT_TRUE(request) << c.url;
    EXPECT_FALSE(request->tls);
    EXPECT_EQ(request->host, c.host) << c.url;
    EXPECT_EQ(request->port, c.port) << c.url;
    EXPECT_EQ(request->target, c.target) << c.url;
    EXPECT_EQ(request->max_body_bytes, tls::kMaxCrlBytes);
  }
}

TEST(CrlUrl, ThatNamesNoHostIsNotAskedFor) {
  for (const char* url :
       {"http://", "http:///a", "http://user@crl.example/a", "http://crl.example:0/",
        "http://crl.example:65536/", "http://crl.example:8x/", "http://[2001:db8::1/",
        "http://[crl.example]/", "http://[::1]x/", "http://localhost/", "http://a..example/",
        "http://crl_example:80:80/", "http://%63rl.example/"}) {
    EXPECT_FALSE(CrlRequest(url)) << url;
  }
}

}  // namespace
}  // namespace mxsweep::scanner
