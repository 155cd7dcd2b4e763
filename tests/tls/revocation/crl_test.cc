// Certificate revocation lists (RFC 5280 §5 and §6.3).
#include "tls/revocation/crl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tls/pki/openssl_ca.h"
#include "tests/tls/revocation/revocation_factory.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using testing::CrlEntrySpec;
using testing::CrlSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakeCrl;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::TestCertificate;
using testing::TestKey;
using testing::TestPki;

#define EXPECT_CRL(verdict, expected) \
  EXPECT_EQ(CrlStatusName((verdict).status), CrlStatusName(expected)) << (verdict).detail

CrlQuestion QuestionAbout(const TestCertificate& certificate) {
  const std::vector<uint8_t> der = certificate.der();
  return QuestionOf(CutCertificate(der));
}

CrlVerdict Judge(const TestPki& pki, const std::vector<uint8_t>& crl, int64_t time_s = kNow) {
  return RevocationList::Read(crl, pki.intermediate.der()).Judge(QuestionAbout(pki.leaf), time_s);
}

CrlVerdict Judge(const TestPki& pki, const CrlSpec& spec, int64_t time_s = kNow) {
  return Judge(pki, MakeCrl(pki.intermediate, spec), time_s);
}

TEST(Crl, WithoutTheSerialIsGoodAndWithItRevoked) {
  const TestPki pki = MakePki();
  const CrlVerdict good = Judge(pki, CrlSpec{});
  EXPECT_CRL(good, CrlStatus::kGood);
  EXPECT_THAT(good.detail, IsEmpty());
  EXPECT_CRL(Judge(pki, CrlSpec{.entries = {{.serial = 4710}, {.serial = 4712}}}),
             CrlStatus::kGood);
  const CrlVerdict revoked = Judge(
      pki, CrlSpec{.entries = {{.serial = 1}, {.serial = 4711, .reason = 4}, {.serial = 9999}}});
  EXPECT_CRL(revoked, CrlStatus::kRevoked);
  EXPECT_EQ(revoked.detail, "revoked 2026-01-14T12:00:00Z, superseded");
  ASSERT_TRUE(revoked.revocation);
  EXPECT_EQ(revoked.revocation->at_s, kNow - kDay);
}

// RFC 5280 §5.3.1.
TEST(Crl, OnHoldIsRevokedAndTakenOffIsNot) {
  const TestPki pki = MakePki();
  EXPECT_CRL(Judge(pki, CrlSpec{.entries = {{.serial = 4711, .reason = 6}}}), CrlStatus::kRevoked);
  EXPECT_CRL(Judge(pki, CrlSpec{.entries = {{.serial = 4711, .reason = 8}}}), CrlStatus::kGood);
}

// The contents of a DER INTEGER: positive, as short as can be.
std::vector<uint8_t> SerialBytes(uint32_t serial) {
  std::vector<uint8_t> bytes;
  for (uint32_t rest = serial; rest > 0; rest >>= 8) {
    bytes.insert(bytes.begin(), static_cast<uint8_t>(rest));
  }
  if ((bytes.front() & 0x80) != 0) bytes.insert(bytes.begin(), 0);
  return bytes;
}

TEST(Crl, FindsEachOfManySerials) {
  const TestPki pki = MakePki();
  CrlSpec spec;
  for (int64_t serial = 2; serial <= 40000; serial += 2) spec.entries.push_back({.serial = serial});
  const RevocationList list =
      RevocationList::Read(MakeCrl(pki.intermediate, spec), pki.intermediate.der());
  EXPECT_EQ(list.entries(), 20000u);
  for (uint32_t serial = 1; serial <= 40000; ++serial) {
    const CrlVerdict verdict = list.Judge({.serial = SerialBytes(serial)}, kNow);
    EXPECT_CRL(verdict, serial % 2 == 0 ? CrlStatus::kRevoked : CrlStatus::kGood) << serial;
  }
}

// RFC 5280 §6.3.3 (a).
TEST(Crl, CountsBetweenThisUpdateAndNextUpdate) {
  const TestPki pki = MakePki();
  const CrlSpec spec{.this_update = kNow, .next_update = kNow + kDay};
  EXPECT_CRL(Judge(pki, spec, kNow - 301), CrlStatus::kNotYetValid);
  EXPECT_CRL(Judge(pki, spec, kNow), CrlStatus::kGood);
  EXPECT_CRL(Judge(pki, spec, kNow + kDay), CrlStatus::kGood);
  const CrlVerdict expired = Judge(pki, spec, kNow + 2 * kDay);
  EXPECT_CRL(expired, CrlStatus::kExpired);
  EXPECT_THAT(expired.detail, HasSubstr("nextUpdate 2026-01-16"));
  const CrlSpec endless{.this_update = kNow, .next_update = std::nullopt};
  EXPECT_CRL(Judge(pki, endless, kNow + 9 * kDay), CrlStatus::kGood);
  EXPECT_CRL(Judge(pki, endless, kNow + 11 * kDay), CrlStatus::kExpired);
}

// RFC 5280 §6.3.3 (b), (f), (g).
TEST(Crl, MustBeTheIssuersOwn) {
  const TestPki pki = MakePki();
  EXPECT_CRL(Judge(pki, CrlSpec{.break_signature = true}), CrlStatus::kBadSignature);
  EXPECT_CRL(Judge(pki, MakeCrl(pki.root)), CrlStatus::kBadSignature);
  const TestCertificate namesake =
      MakeSelfSigned(CaSpec("Test Intermediate"), TestKey(KeyKind::kP256, 9));
  EXPECT_CRL(Judge(pki, MakeCrl(namesake)), CrlStatus::kBadSignature);
  CertificateSpec no_crl_sign = CaSpec("Test Intermediate");
  no_crl_sign.key_usage = "critical,keyCertSign";
  const TestCertificate issuer = MakeSelfSigned(no_crl_sign, TestKey(KeyKind::kP256, 2));
  const CrlVerdict verdict =
      RevocationList::Read(MakeCrl(issuer), issuer.der()).Judge(QuestionAbout(pki.leaf), kNow);
  EXPECT_CRL(verdict, CrlStatus::kBadSignature);
  EXPECT_THAT(verdict.detail, HasSubstr("key usage"));
}

TEST(Crl, OverMd5IsABadSignature) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  const auto judge = [&root](const EVP_MD* digest) {
    return RevocationList::Read(MakeCrl(root, {.digest = digest}), root.der())
        .Judge(QuestionAbout(root), kNow);
  };
  EXPECT_CRL(judge(EVP_md5()), CrlStatus::kBadSignature);
  EXPECT_CRL(judge(EVP_sha1()), CrlStatus::kGood);
  EXPECT_CRL(judge(EVP_sha256()), CrlStatus::kGood);
}

// RFC 5280 §5.2.4, §5.2.5: what is not the whole truth about its issuer's certificates is not used.
TEST(Crl, DeltaIndirectAndPartialListsAreNotUsed) {
  const TestPki pki = MakePki();
  EXPECT_CRL(Judge(pki, CrlSpec{.delta = true}), CrlStatus::kUnsupported);
  EXPECT_CRL(Judge(pki, CrlSpec{.indirect = true}), CrlStatus::kUnsupported);
  EXPECT_CRL(Judge(pki, CrlSpec{.only_some_reasons = true}), CrlStatus::kUnsupported);
  EXPECT_CRL(Judge(pki, CrlSpec{.attribute_certificates_only = true}), CrlStatus::kUnsupported);
  // RFC 5280 §5.2, §5.3: critical extensions must be understood.
  EXPECT_CRL(Judge(pki, CrlSpec{.critical_extension_oid = "1.2.3.4"}), CrlStatus::kUnsupported);
  EXPECT_CRL(Judge(pki, CrlSpec{.entries = {{.serial = 5, .critical_extension_oid = "2.5.29.29"}}}),
             CrlStatus::kUnsupported);
}

TEST(Crl, OfOneKindOfCertificateDoesNotCoverTheOther) {
  const TestPki pki = MakePki();
  EXPECT_CRL(Judge(pki, CrlSpec{.user_certificates_only = true}), CrlStatus::kGood);
  EXPECT_CRL(Judge(pki, CrlSpec{.ca_certificates_only = true}), CrlStatus::kNotCovered);
  const auto of_ca = [&pki](const CrlSpec& spec) {
    return RevocationList::Read(MakeCrl(pki.root, spec), pki.root.der())
        .Judge(QuestionAbout(pki.intermediate), kNow);
  };
  EXPECT_CRL(of_ca({.user_certificates_only = true}), CrlStatus::kNotCovered);
  EXPECT_CRL(of_ca({.ca_certificates_only = true}), CrlStatus::kGood);
}

// RFC 5280 §6.3.3 (b)(2)(i): one shard of an issuer's lists must not stand in for another.
TEST(Crl, MustBeTheOneThatTheCertificateNames) {
  const TestPki pki =
      MakePki({.crl_distribution_points = "URI:ldap://x.example/c,URI:http://crl.example/2.crl"});
  EXPECT_CRL(Judge(pki, CrlSpec{.distribution_point_uri = "http://crl.example/2.crl"}),
             CrlStatus::kGood);
  EXPECT_CRL(Judge(pki, CrlSpec{.distribution_point_uri = "ldap://x.example/c"}), CrlStatus::kGood);
  EXPECT_CRL(Judge(pki, CrlSpec{.distribution_point_uri = "http://crl.example/1.crl"}),
             CrlStatus::kNotCovered);
}

TEST(Crl, CutAnywhereIsMalformedAndChangedAnywhereNeverGood) {
  const TestPki pki = MakePki();
  const std::vector<uint8_t> whole =
      MakeCrl(pki.intermediate, {.entries = {{.serial = 4711, .reason = 1}}});
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(length));
    EXPECT_CRL(Judge(pki, cut), CrlStatus::kMalformed) << length;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<uint8_t> changed = whole;
    changed[i] ^= 0x01;
    EXPECT_NE(Judge(pki, changed).status, CrlStatus::kGood) << "byte " << i;
    EXPECT_NE(Judge(pki, changed).status, CrlStatus::kRevoked) << "byte " << i;
  }
}

// --- What certificates say ---

std::vector<std::string> UrlsOf(const std::string& points) {
  const TestCertificate leaf =
      MakeSelfSigned({.crl_distribution_points = points}, TestKey(KeyKind::kP256));
  const std::vector<uint8_t> der = leaf.der();
  return ReadRevocationSources(CutCertificate(der)).crl_urls;
}

// RFC 5280 §4.2.1.13.
TEST(RevocationSources, AreTheHttpUrlsOfTheDistributionPoints) {
  EXPECT_THAT(UrlsOf(""), IsEmpty());
  EXPECT_THAT(UrlsOf("URI:http://a.example/1.crl"), ElementsAre("http://a.example/1.crl"));
  EXPECT_THAT(UrlsOf("URI:HTTP://a.example/1.crl,URI:http://b.example/2"),
              ElementsAre("HTTP://a.example/1.crl", "http://b.example/2"));
  EXPECT_THAT(UrlsOf("URI:http://a.example/1.crl,URI:http://a.example/1.crl"),
              ElementsAre("http://a.example/1.crl"));
  EXPECT_THAT(UrlsOf("URI:https://a.example/1.crl,URI:ldap://b.example/2,URI:file:///etc/passwd"),
              IsEmpty());
  EXPECT_THAT(UrlsOf("URI:http://a.example/x y"), IsEmpty());
  EXPECT_THAT(UrlsOf("URI:http://"), IsEmpty());
  EXPECT_THAT(UrlsOf("DNS:a.example"), IsEmpty());
}

TEST(RevocationSources, AreCapped) {
  std::string many;
  for (int i = 0; i < 30; ++i) {
    many += (many.empty() ? "" : ",") + std::string("URI:http://a.example/") + std::to_string(i);
  }
  EXPECT_EQ(UrlsOf(many).size(), kMaxCrlUrls);
  const std::string base = "http://a.example/";
  EXPECT_EQ(UrlsOf("URI:" + base + std::string(kMaxCrlUrlBytes - base.size(), 'x')).size(), 1u);
  EXPECT_THAT(UrlsOf("URI:" + base + std::string(kMaxCrlUrlBytes - base.size() + 1, 'x')),
              IsEmpty());
}

// RFC 7633 §4.
TEST(RevocationSources, MustStapleIsTheTlsFeatureStatusRequest) {
  for (bool asked : {false, true}) {
    const std::vector<uint8_t> der =
        MakeSelfSigned({.must_staple = asked}, TestKey(KeyKind::kP256)).der();
    EXPECT_EQ(ReadRevocationSources(CutCertificate(der)).ocsp_must_staple, asked);
  }
}

// --- As OpenSSL makes them ---

TEST(Crl, AgreesWithOpenSsl) {
  ASSERT_TRUE(testing::OpensslCa::Available()) << "no openssl: tools/setup test installs it";
  const testing::OpensslCa ca;
  const int64_t now_s = testing::WallNow();
  const auto judge = [&](const std::string& options, const TestCertificate& certificate,
                         int64_t time_s) {
    return RevocationList::Read(ca.Crl(options), ca.issuer().der())
        .Judge(QuestionAbout(certificate), time_s);
  };
  EXPECT_CRL(judge("-crldays 2", ca.good(), now_s), CrlStatus::kGood);
  const CrlVerdict revoked = judge("-crldays 2", ca.revoked(), now_s);
  EXPECT_CRL(revoked, CrlStatus::kRevoked);
  EXPECT_EQ(revoked.detail, "revoked 2026-01-01T08:00:00Z, keyCompromise");
  EXPECT_CRL(judge("-crldays 2", ca.good(), now_s + 3 * kDay), CrlStatus::kExpired);
  EXPECT_CRL(judge("-crldays 2 -crlexts shard", ca.good(), now_s), CrlStatus::kNotCovered);
  EXPECT_CRL(judge("-crldays 2 -crlexts delta", ca.good(), now_s), CrlStatus::kUnsupported);
}

}  // namespace
}  // namespace mxsweep::tls
