// Stapled OCSP responses (RFC 6960; RFC 6066 §8): each word of docs/outcomes.md for ocsp_status.
#include "tls/revocation/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tls/pki/openssl_ca.h"
#include "tests/tls/revocation/revocation_factory.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakeOcspResponse;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using testing::OcspSpec;
using testing::SaidStatus;
using testing::TestCertificate;
using testing::TestKey;
using testing::TestPki;

#define EXPECT_OCSP(verdict, expected) \
  EXPECT_EQ(OcspStatusName((verdict).status), OcspStatusName(expected)) << (verdict).detail

OcspVerdict Judge(const TestPki& pki, const std::vector<uint8_t>& response, int64_t time_s = kNow) {
  return JudgeOcspResponse(response, pki.leaf.der(), pki.intermediate.der(), time_s);
}

OcspVerdict Judge(const TestPki& pki, const OcspSpec& spec, int64_t time_s = kNow) {
  return Judge(pki, MakeOcspResponse(pki.leaf, pki.intermediate, spec), time_s);
}

CertificateSpec ResponderSpec() {
  CertificateSpec spec;
  spec.common_name = "OCSP Responder";
  spec.subject_alt_names = "";
  spec.extended_key_usage = "OCSPSigning";
  return spec;
}

TEST(Ocsp, TellsWhatTheResponderSays) {
  const TestPki pki = MakePki();
  const OcspVerdict good = Judge(pki, OcspSpec{});
  EXPECT_OCSP(good, OcspStatus::kGood);
  EXPECT_THAT(good.detail, IsEmpty());
  ASSERT_TRUE(good.window);
  EXPECT_EQ(good.window->this_update_s, kNow - 3600);
  EXPECT_EQ(good.window->next_update_s, kNow + 3 * kDay);

  const OcspVerdict revoked = Judge(pki, OcspSpec{.says = SaidStatus::kRevoked, .reason = 1});
  EXPECT_OCSP(revoked, OcspStatus::kRevoked);
  EXPECT_EQ(revoked.detail, "revoked 2026-01-14T12:00:00Z, keyCompromise");
  ASSERT_TRUE(revoked.revocation);
  EXPECT_EQ(revoked.revocation->at_s, kNow - kDay);
  EXPECT_EQ(revoked.revocation->reason, 1);
  EXPECT_EQ(Judge(pki, OcspSpec{.says = SaidStatus::kRevoked}).detail,
            "revoked 2026-01-14T12:00:00Z");

  EXPECT_OCSP(Judge(pki, OcspSpec{.says = SaidStatus::kUnknown}), OcspStatus::kUnknown);
}

// RFC 6960 §4.1.1: the CertID may be made with any hash that both sides know.
TEST(Ocsp, KnowsTheCertificateByAnyUsualHash) {
  const TestPki pki = MakePki();
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    EXPECT_OCSP(Judge(pki, OcspSpec{.id_digest = digest}), OcspStatus::kGood);
  }
  EXPECT_OCSP(Judge(pki, OcspSpec{.id_digest = EVP_md5()}), OcspStatus::kNotForThisCertificate);
}

// RFC 6960 §3.2, 1: the certificate in the response is the one in question.
TEST(Ocsp, OfAnotherCertificateSaysNothing) {
  const TestPki pki = MakePki();
  const TestPki other = MakePki({.serial = 4712});
  const std::vector<uint8_t> response = MakeOcspResponse(other.leaf, other.intermediate);
  EXPECT_OCSP(Judge(other, response), OcspStatus::kGood);
  EXPECT_OCSP(Judge(pki, response), OcspStatus::kNotForThisCertificate);
  // The same serial number of another issuer, of the same name or not.
  const TestCertificate namesake =
      MakeSelfSigned(CaSpec("Test Intermediate"), TestKey(KeyKind::kP256, 9));
  const TestCertificate stranger = MakeSelfSigned(CaSpec("Else"), TestKey(KeyKind::kP256, 9));
  for (const TestCertificate* issuer : {&namesake, &stranger}) {
    const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), *issuer);
    EXPECT_OCSP(Judge(pki, MakeOcspResponse(leaf, *issuer)), OcspStatus::kNotForThisCertificate);
  }
}

TEST(Ocsp, FindsTheCertificateAmongOthers) {
  const TestPki pki = MakePki();
  EXPECT_OCSP(Judge(pki, OcspSpec{.others_before = 5}), OcspStatus::kGood);
  const int cap = static_cast<int>(kMaxOcspSingleResponses);
  EXPECT_OCSP(Judge(pki, OcspSpec{.others_before = cap - 1}), OcspStatus::kGood);
  EXPECT_OCSP(Judge(pki, OcspSpec{.others_before = cap}), OcspStatus::kNotForThisCertificate);
}

// RFC 6960 §3.2, 5 and 6; §4.2.2.1.
TEST(Ocsp, CountsBetweenThisUpdateAndNextUpdate) {
  const TestPki pki = MakePki();
  const OcspSpec spec{.this_update = kNow, .next_update = kNow + kDay};
  EXPECT_OCSP(Judge(pki, spec, kNow - 301), OcspStatus::kNotYetValid);
  EXPECT_OCSP(Judge(pki, spec, kNow - 300), OcspStatus::kGood);
  EXPECT_OCSP(Judge(pki, spec, kNow + kDay + 300), OcspStatus::kGood);
  const OcspVerdict expired = Judge(pki, spec, kNow + kDay + 301);
  EXPECT_OCSP(expired, OcspStatus::kExpired);
  EXPECT_EQ(expired.detail, "nextUpdate 2026-01-16T12:00:00Z; says good");
  const OcspVerdict was_revoked =
      Judge(pki, OcspSpec{.says = SaidStatus::kRevoked, .next_update = kNow - kDay / 2});
  EXPECT_OCSP(was_revoked, OcspStatus::kExpired);
  EXPECT_THAT(was_revoked.detail, HasSubstr("says revoked"));
}

TEST(Ocsp, WithoutNextUpdateCountsForTenDays) {
  const TestPki pki = MakePki();
  const OcspSpec spec{.this_update = kNow, .next_update = std::nullopt};
  EXPECT_OCSP(Judge(pki, spec, kNow + 10 * kDay), OcspStatus::kGood);
  EXPECT_OCSP(Judge(pki, spec, kNow + 11 * kDay), OcspStatus::kExpired);
}

// RFC 6960 §4.2.2.2: signed by the issuer, named by key or by name, or by whom it delegated.
TEST(Ocsp, IsSignedByTheIssuerOrItsDelegate) {
  const TestPki pki = MakePki();
  EXPECT_OCSP(Judge(pki, OcspSpec{.responder_by_key = true}), OcspStatus::kGood);
  const TestCertificate responder =
      MakeSigned(ResponderSpec(), TestKey(KeyKind::kRsa2048, 5), pki.intermediate);
  for (bool by_key : {false, true}) {
    EXPECT_OCSP(Judge(pki, OcspSpec{.responder = &responder, .responder_by_key = by_key}),
                OcspStatus::kGood);
  }
  const TestCertificate ed25519 =
      MakeSigned(ResponderSpec(), TestKey(KeyKind::kEd25519, 5), pki.intermediate);
  EXPECT_OCSP(Judge(pki, OcspSpec{.responder = &ed25519}), OcspStatus::kGood);
}

TEST(Ocsp, SignedByAnybodyElseIsABadSignature) {
  const TestPki pki = MakePki();
  const auto expect_bad = [&pki](const OcspSpec& spec, const char* why) {
    const OcspVerdict verdict = Judge(pki, spec);
    EXPECT_OCSP(verdict, OcspStatus::kBadSignature);
    EXPECT_THAT(verdict.detail, HasSubstr(why));
  };
  expect_bad({.break_signature = true}, "issuer's signature does not verify");
  const auto responder = [](const CertificateSpec& spec, const TestCertificate& issuer) {
    return MakeSigned(spec, TestKey(KeyKind::kP256, 5), issuer);
  };
  const TestCertificate delegate = responder(ResponderSpec(), pki.intermediate);
  expect_bad({.responder = &delegate, .break_signature = true}, "responder's signature");
  expect_bad({.responder = &delegate, .send_responder = false}, "neither the issuer nor");
  // Delegated by the root, not by the issuer of the leaf.
  const TestCertificate of_the_root = responder(ResponderSpec(), pki.root);
  expect_bad({.responder = &of_the_root}, "not from the certificate's issuer");
  // Another leaf of the same issuer, which may sign for TLS only.
  CertificateSpec spec = ResponderSpec();
  spec.extended_key_usage = "serverAuth";
  const TestCertificate server = responder(spec, pki.intermediate);
  expect_bad({.responder = &server}, "not for OCSP signing");
  spec.extended_key_usage = "";
  const TestCertificate without_purpose = responder(spec, pki.intermediate);
  expect_bad({.responder = &without_purpose}, "not for OCSP signing");
  spec = ResponderSpec();
  spec.not_after = kNow - kDay;
  const TestCertificate expired = responder(spec, pki.intermediate);
  expect_bad({.responder = &expired}, "outside its dates");
  // Its name is the issuer's, its key is not.
  spec = ResponderSpec();
  spec.common_name = "Test Intermediate";
  const TestCertificate namesake = responder(spec, pki.intermediate);
  expect_bad({.responder = &namesake}, "issuer's signature does not verify");
}

TEST(Ocsp, OverMd5IsABadSignature) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), root);
  const auto judge = [&](const EVP_MD* digest) {
    return JudgeOcspResponse(MakeOcspResponse(leaf, root, {.digest = digest}), leaf.der(),
                             root.der(), kNow);
  };
  EXPECT_OCSP(judge(EVP_md5()), OcspStatus::kBadSignature);
  EXPECT_OCSP(judge(EVP_sha1()), OcspStatus::kGood);
  EXPECT_OCSP(judge(EVP_sha256()), OcspStatus::kGood);
}

TEST(Ocsp, WithoutTheIssuerCannotBeVerified) {
  const TestPki pki = MakePki();
  const auto judge = [&pki](const TestCertificate& leaf) {
    return JudgeOcspResponse(MakeOcspResponse(pki.leaf, pki.intermediate), leaf.der(), {}, kNow);
  };
  EXPECT_OCSP(judge(pki.leaf), OcspStatus::kIssuerUnknown);
  EXPECT_OCSP(judge(MakePki({.serial = 1}).leaf), OcspStatus::kNotForThisCertificate);
}

// RFC 6960 §2.3.
TEST(Ocsp, TellsTheRespondersOwnTrouble) {
  const TestPki pki = MakePki();
  const OcspVerdict later = Judge(pki, OcspSpec{.response_status = 3});
  EXPECT_OCSP(later, OcspStatus::kResponderError);
  EXPECT_THAT(later.detail, HasSubstr("tryLater"));
  for (uint8_t status : {1, 2, 5, 6}) {
    EXPECT_OCSP(Judge(pki, OcspSpec{.response_status = status}), OcspStatus::kResponderError);
  }
  for (uint8_t status : {4, 7, 255}) {
    EXPECT_OCSP(Judge(pki, OcspSpec{.response_status = status}), OcspStatus::kMalformed);
  }
}

// RFC 6960 §4.4.
TEST(Ocsp, WithACriticalExtensionIsNotUsed) {
  EXPECT_OCSP(Judge(MakePki(), OcspSpec{.critical_extension_oid = "1.2.3.4"}),
              OcspStatus::kMalformed);
}

TEST(Ocsp, CutAnywhereIsMalformedAndChangedAnywhereNeverGood) {
  const TestPki pki = MakePki();
  const std::vector<uint8_t> whole = MakeOcspResponse(pki.leaf, pki.intermediate);
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(length));
    EXPECT_OCSP(Judge(pki, cut), OcspStatus::kMalformed) << length;
  }
  std::vector<uint8_t> longer = whole;
  longer.push_back(0);
  EXPECT_OCSP(Judge(pki, longer), OcspStatus::kMalformed);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<uint8_t> changed = whole;
    changed[i] ^= 0x01;
    EXPECT_NE(Judge(pki, changed).status, OcspStatus::kGood) << "byte " << i;
  }
}

// --- As OpenSSL makes them ---

TEST(Ocsp, AgreesWithOpenSsl) {
  ASSERT_TRUE(testing::OpensslCa::Available()) << "no openssl: tools/setup test installs it";
  const testing::OpensslCa ca;
  const int64_t now_s = testing::WallNow();
  const auto judge = [&](const TestCertificate& leaf, const std::string& options) {
    return JudgeOcspResponse(ca.OcspResponse(leaf, options), leaf.der(), ca.issuer().der(), now_s);
  };
  EXPECT_OCSP(judge(ca.good(), "-ndays 2"), OcspStatus::kGood);
  EXPECT_OCSP(judge(ca.good(), "-ndays 2 -resp_key_id -rmd sha384"), OcspStatus::kGood);
  EXPECT_OCSP(judge(ca.good(), "-ndays 2 -resp_no_certs"), OcspStatus::kGood);
  const OcspVerdict revoked = judge(ca.revoked(), "-ndays 2");
  EXPECT_OCSP(revoked, OcspStatus::kRevoked);
  EXPECT_EQ(revoked.detail, "revoked 2026-01-01T08:00:00Z, keyCompromise");
  EXPECT_OCSP(judge(ca.unlisted(), "-ndays 2"), OcspStatus::kUnknown);
  EXPECT_OCSP(JudgeOcspResponse(ca.OcspResponse(ca.good(), "-ndays 2"), ca.good().der(),
                                ca.issuer().der(), now_s + 3 * kDay),
              OcspStatus::kExpired);
  // Signed by a delegate.
  EXPECT_OCSP(judge(ca.good(), "-ndays 2 " + ca.DelegateOptions()), OcspStatus::kGood);
}

}  // namespace
}  // namespace mxsweep::tls
