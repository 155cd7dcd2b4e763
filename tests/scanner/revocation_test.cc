// The words of docs/outcomes.md for revocation_status, and which source decides.
#include "scanner/revocation.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

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
