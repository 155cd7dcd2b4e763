// Each word of docs/outcomes.md for pkix_status, and their order (RFC 5280 §6).
#include "tls/pki/pkix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tls/pki/x509_path.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using testing::Handles;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using testing::TestCertificate;
using testing::TestKey;
using testing::TestPki;

std::shared_ptr<const TrustStore> StoreOf(const std::string& pem) {
  absl::StatusOr<std::shared_ptr<const TrustStore>> store = TrustStore::FromPem(pem);
  EXPECT_TRUE(store.ok()) << store.status();
  return *store;
}

PkixVerdict Judge(const TestCertificate& root, const std::vector<DerHandle>& chain,
                  int64_t time_s = kNow) {
  PkixVerifier verifier(StoreOf(root.pem()));
  return verifier.Judge(chain, time_s);
}

#define EXPECT_STATUS(verdict, expected) \
  EXPECT_EQ(PkixStatusName((verdict).status), PkixStatusName(expected)) << (verdict).error

TEST(Pkix, ChainToAnAnchorIsValidAndHasNoSentence) {
  const TestPki pki = MakePki();
  const PkixVerdict verdict = Judge(pki.root, pki.Chain());
  EXPECT_STATUS(verdict, PkixStatus::kValid);
  EXPECT_THAT(verdict.error, IsEmpty());
  EXPECT_STATUS(Judge(pki.root, pki.ChainWithRoot()), PkixStatus::kValid);
}

TEST(Pkix, OrderAndExtrasInTheChainDoNotMatter) {
  const TestPki pki = MakePki();
  const TestCertificate stranger = MakeSelfSigned(CaSpec("Stranger"), TestKey(KeyKind::kP256, 9));
  EXPECT_STATUS(Judge(pki.root, Handles(pki.leaf, stranger, pki.root, pki.intermediate)),
                PkixStatus::kValid);
}

TEST(Pkix, MissingIntermediateIsIncomplete) {
  const TestPki pki = MakePki();
  const PkixVerdict verdict = Judge(pki.root, Handles(pki.leaf));
  EXPECT_STATUS(verdict, PkixStatus::kIncomplete);
  EXPECT_THAT(verdict.error, HasSubstr("leaf (CN=mx.example.org): its issuer"));
}

TEST(Pkix, IntermediateInTheStoreIsAnAnchor) {
  const TestPki pki = MakePki();
  EXPECT_STATUS(Judge(pki.intermediate, Handles(pki.leaf)), PkixStatus::kValid);
}

TEST(Pkix, ChainToAForeignRootIsUntrusted) {
  const TestPki pki = MakePki();
  const TestCertificate other = MakeSelfSigned(CaSpec("Other Root"), TestKey(KeyKind::kP256, 7));
  EXPECT_STATUS(Judge(other, pki.Chain()), PkixStatus::kUntrusted);
  EXPECT_STATUS(Judge(other, pki.ChainWithRoot()), PkixStatus::kUntrusted);
}

TEST(Pkix, ForgedSignatureIsUntrusted) {
  const TestPki pki = MakePki();
  // Same names and key identifiers absent, another key.
  const TestCertificate forged_ca = MakeSelfSigned(
      [] {
        CertificateSpec s = CaSpec("Test Root");
        s.key_identifiers = false;
        return s;
      }(),
      TestKey(KeyKind::kP256, 8));
  const TestCertificate leaf =
      MakeSigned({.key_identifiers = false}, TestKey(KeyKind::kP256), forged_ca);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf)), PkixStatus::kUntrusted);
}

TEST(Pkix, SelfSignedLeafIsSelfSigned) {
  const TestPki pki = MakePki();
  for (const char* usage : {"", "digitalSignature", "keyCertSign"}) {
    for (bool is_ca : {false, true}) {
      const TestCertificate leaf =
          MakeSelfSigned({.is_ca = is_ca, .key_usage = usage}, TestKey(KeyKind::kP256));
      const PkixVerdict verdict = Judge(pki.root, Handles(leaf));
      EXPECT_STATUS(verdict, PkixStatus::kSelfSigned);
      EXPECT_THAT(verdict.error, HasSubstr("self-signed"));
    }
  }
}

TEST(Pkix, SelfSignedLeafInTheStoreIsValid) {
  const TestCertificate leaf = MakeSelfSigned({}, TestKey(KeyKind::kP256));
  EXPECT_STATUS(Judge(leaf, Handles(leaf)), PkixStatus::kValid);
}

TEST(Pkix, DatesOfTheLeafCount) {
  EXPECT_STATUS(Judge(MakePki().root, MakePki({.not_after = kNow - kDay}).Chain()),
                PkixStatus::kExpired);
  EXPECT_STATUS(Judge(MakePki().root, MakePki({.not_before = kNow + kDay}).Chain()),
                PkixStatus::kNotYetValid);
}

TEST(Pkix, DatesOfTheIntermediateCount) {
  const TestPki pki = MakePki();
  CertificateSpec old = CaSpec("Old Intermediate");
  old.not_after = kNow - kDay;
  const TestCertificate intermediate = MakeSigned(old, TestKey(KeyKind::kP256, 3), pki.root);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), intermediate);
  const PkixVerdict verdict = Judge(pki.root, Handles(leaf, intermediate));
  EXPECT_STATUS(verdict, PkixStatus::kExpired);
  EXPECT_THAT(verdict.error, HasSubstr("certificate 1 (CN=Old Intermediate)"));
}

struct ConstraintCase {
  const char* what;
  CertificateSpec intermediate;
  CertificateSpec leaf;
};

TEST(Pkix, WhatACertificateMayNotDoIsAConstraint) {
  const TestPki pki = MakePki();
  std::vector<ConstraintCase> cases;
  cases.push_back({"not a CA", {.common_name = "I", .subject_alt_names = ""}, {}});
  cases.push_back(
      {"unknown critical extension", CaSpec("I"), {.critical_extension_oid = "1.2.3.4.5"}});
  cases.push_back({"extended key usage", CaSpec("I"), {.extended_key_usage = "clientAuth"}});
  CertificateSpec constrained = CaSpec("I");
  constrained.name_constraints = "critical,permitted;DNS:example.net";
  cases.push_back({"name constraints", constrained, {}});
  for (const ConstraintCase& c : cases) {
    const TestCertificate intermediate =
        MakeSigned(c.intermediate, TestKey(KeyKind::kP256, 4), pki.root);
    const TestCertificate leaf = MakeSigned(c.leaf, TestKey(KeyKind::kP256), intermediate);
    const PkixVerdict verdict = Judge(pki.root, Handles(leaf, intermediate));
    EXPECT_STATUS(verdict, PkixStatus::kConstraint) << c.what;
  }
}

TEST(Pkix, PathLengthIsAConstraint) {
  CertificateSpec limited = CaSpec("Limited");
  limited.path_length = 0;
  const TestPki pki = MakePki();
  const TestCertificate first = MakeSigned(limited, TestKey(KeyKind::kP256, 3), pki.root);
  const TestCertificate second = MakeSigned(CaSpec("Second"), TestKey(KeyKind::kP256, 4), first);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), second);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, second, first)), PkixStatus::kConstraint);
}

TEST(Pkix, NameConstraintsThatPermitAreKept) {
  CertificateSpec constrained = CaSpec("I");
  constrained.name_constraints = "critical,permitted;DNS:example.org";
  const TestPki pki = MakePki();
  const TestCertificate intermediate =
      MakeSigned(constrained, TestKey(KeyKind::kP256, 4), pki.root);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), intermediate);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, intermediate)), PkixStatus::kValid);
}

TEST(Pkix, Md5AndSha1BelowTheAnchorAreWeak) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  for (const EVP_MD* digest : {EVP_md5(), EVP_sha1()}) {
    const TestCertificate leaf = MakeSigned({.digest = digest}, TestKey(KeyKind::kP256), root);
    const PkixVerdict verdict = Judge(root, Handles(leaf));
    EXPECT_STATUS(verdict, PkixStatus::kWeakSignature);
    EXPECT_THAT(verdict.error, HasSubstr("signed with "));
    // The root, sent along, changes nothing.
    EXPECT_STATUS(Judge(root, Handles(leaf, root)), PkixStatus::kWeakSignature);
  }
}

TEST(Pkix, Sha1OnTheAnchorItselfDoesNotMatter) {
  CertificateSpec spec = CaSpec("SHA-1 Root");
  spec.digest = EVP_sha1();
  const TestCertificate root = MakeSelfSigned(spec, TestKey(KeyKind::kRsa2048, 1));
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), root);
  EXPECT_STATUS(Judge(root, Handles(leaf, root)), PkixStatus::kValid);
}

TEST(Pkix, RsaUnder1024BitsIsWeak) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  const PkixVerdict verdict = Judge(root, Handles(MakeSigned({}, TestKey(KeyKind::kRsa512), root)));
  EXPECT_STATUS(verdict, PkixStatus::kWeakSignature);
  EXPECT_THAT(verdict.error, HasSubstr("RSA key of 512 bits"));
  EXPECT_STATUS(Judge(root, Handles(MakeSigned({}, TestKey(KeyKind::kRsa1024), root))),
                PkixStatus::kValid);
}

TEST(Pkix, WhatCannotBeParsedIsMalformed) {
  const TestPki pki = MakePki();
  const std::vector<uint8_t> junk = {0x30, 0x03, 0x02, 0x01, 0x00};
  EXPECT_STATUS(Judge(pki.root, {DerHandle::Copy(junk)}), PkixStatus::kMalformed);
  const PkixVerdict verdict =
      Judge(pki.root, {pki.leaf.handle(), pki.intermediate.handle(), DerHandle::Copy(junk)});
  EXPECT_STATUS(verdict, PkixStatus::kMalformed);
  EXPECT_THAT(verdict.error, HasSubstr("certificate 2"));
}

// docs/outcomes.md: malformed, self_signed, incomplete, untrusted, constraint, weak_signature,
// expired, not_yet_valid.
TEST(Pkix, WhatMoreTimeWouldNotHealComesFirst) {
  const TestPki pki = MakePki();
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  CertificateSpec all_wrong{
      .not_after = kNow - kDay, .extended_key_usage = "clientAuth", .digest = EVP_sha1()};
  EXPECT_STATUS(Judge(pki.root, Handles(MakeSelfSigned(all_wrong, TestKey(KeyKind::kRsa2048)))),
                PkixStatus::kSelfSigned);
  const TestCertificate leaf = MakeSigned(all_wrong, TestKey(KeyKind::kP256), root);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf)), PkixStatus::kIncomplete);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, root)), PkixStatus::kUntrusted);
  EXPECT_STATUS(Judge(root, Handles(leaf)), PkixStatus::kConstraint);
  all_wrong.extended_key_usage = "";
  EXPECT_STATUS(Judge(root, Handles(MakeSigned(all_wrong, TestKey(KeyKind::kP256), root))),
                PkixStatus::kWeakSignature);
  all_wrong.digest = nullptr;
  EXPECT_STATUS(Judge(root, Handles(MakeSigned(all_wrong, TestKey(KeyKind::kP256), root))),
                PkixStatus::kExpired);
}

// --- RFC 5280 §6.1, rule by rule ---

struct PathCase {
  const char* what;
  CertificateSpec intermediate = CaSpec("I");
  CertificateSpec leaf;
  PkixStatus expected = PkixStatus::kConstraint;
};

PkixVerdict JudgeCase(const PathCase& c) {
  const TestPki pki = MakePki();
  const TestCertificate intermediate =
      MakeSigned(c.intermediate, TestKey(KeyKind::kP256, 4), pki.root);
  const TestCertificate leaf = MakeSigned(c.leaf, TestKey(KeyKind::kP256), intermediate);
  return Judge(pki.root, Handles(leaf, intermediate));
}

CertificateSpec WithUsage(CertificateSpec spec, const std::string& usage) {
  spec.key_usage = usage;
  return spec;
}

CertificateSpec WithPurpose(CertificateSpec spec, const std::string& purpose) {
  spec.extended_key_usage = purpose;
  return spec;
}

CertificateSpec WithNameConstraints(const std::string& constraints) {
  CertificateSpec spec = CaSpec("I");
  spec.name_constraints = "critical," + constraints;
  return spec;
}

// RFC 5280 §6.1.4 (n), §4.2.1.3.
TEST(Pkix, IssuerWithoutKeyCertSignIsAConstraintAndNotMissing) {
  const PkixVerdict verdict = JudgeCase(
      {"no keyCertSign", WithUsage(CaSpec("I"), "critical,digitalSignature,cRLSign"), {}});
  EXPECT_STATUS(verdict, PkixStatus::kConstraint);
  EXPECT_THAT(verdict.error, HasSubstr("certificate 1 (CN=I): its key usage"));
  // Higher up, too.
  CertificateSpec usage = WithUsage(CaSpec("First"), "critical,cRLSign");
  const TestPki pki = MakePki();
  const TestCertificate first = MakeSigned(usage, TestKey(KeyKind::kP256, 5), pki.root);
  const TestCertificate second = MakeSigned(CaSpec("Second"), TestKey(KeyKind::kP256, 6), first);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), second);
  const PkixVerdict higher = Judge(pki.root, Handles(leaf, second, first));
  EXPECT_STATUS(higher, PkixStatus::kConstraint);
  EXPECT_THAT(higher.error, HasSubstr("certificate 2 (CN=First)"));
}

// RFC 5280 §4.2.1.3: what a TLS server's key must be allowed to do. §4.2.1.12: its purpose. As
// OpenSSL, and so Postfix: anyExtendedKeyUsage alone is not enough (the RFC leaves that open), and
// an issuer's purposes limit those of what it signs.
TEST(Pkix, UsageAndPurposeMustFitATlsServer) {
  const std::vector<PathCase> cases = {
      {"no extensions at all", CaSpec("I"), {}, PkixStatus::kValid},
      {"signing", CaSpec("I"), WithUsage({}, "critical,digitalSignature"), PkixStatus::kValid},
      {"encipherment", CaSpec("I"), WithUsage({}, "critical,keyEncipherment"), PkixStatus::kValid},
      {"no TLS", CaSpec("I"), WithUsage({}, "critical,nonRepudiation")},
      {"server", CaSpec("I"), WithPurpose({}, "serverAuth"), PkixStatus::kValid},
      {"both", CaSpec("I"), WithPurpose({}, "clientAuth,serverAuth"), PkixStatus::kValid},
      {"client only", CaSpec("I"), WithPurpose({}, "clientAuth")},
      {"any", CaSpec("I"), WithPurpose({}, "anyExtendedKeyUsage")},
      {"any and server", CaSpec("I"), WithPurpose({}, "anyExtendedKeyUsage,serverAuth"),
       PkixStatus::kValid},
      {"mail", CaSpec("I"), WithPurpose({}, "emailProtection")},
      {"issuer for servers", WithPurpose(CaSpec("I"), "serverAuth"), {}, PkixStatus::kValid},
      {"issuer for mail", WithPurpose(CaSpec("I"), "emailProtection"), {}},
  };
  for (const PathCase& c : cases) EXPECT_STATUS(JudgeCase(c), c.expected) << c.what;
}

// RFC 5280 §4.2.1.10, §6.1.4 (g).
TEST(Pkix, NameConstraintsOfDnsNames) {
  const auto leaf = [](const std::string& names) {
    return CertificateSpec{.subject_alt_names = names};
  };
  const std::vector<PathCase> cases = {
      {"permitted itself", WithNameConstraints("permitted;DNS:example.org"),
       leaf("DNS:example.org"), PkixStatus::kValid},
      {"permitted below", WithNameConstraints("permitted;DNS:example.org"),
       leaf("DNS:a.mx.example.org"), PkixStatus::kValid},
      {"wildcard below", WithNameConstraints("permitted;DNS:example.org"),
       leaf("DNS:*.example.org"), PkixStatus::kValid},
      {"letter case", WithNameConstraints("permitted;DNS:EXAMPLE.org"), leaf("DNS:mx.example.ORG"),
       PkixStatus::kValid},
      {"one of two", WithNameConstraints("permitted;DNS:example.org"),
       leaf("DNS:mx.example.org,DNS:mx.example.net")},
      {"not a label's end", WithNameConstraints("permitted;DNS:example.org"),
       leaf("DNS:mx.badexample.org")},
      {"either of two", WithNameConstraints("permitted;DNS:example.net,permitted;DNS:example.org"),
       leaf("DNS:mx.example.org"), PkixStatus::kValid},
      {"excluded", WithNameConstraints("excluded;DNS:example.org"), leaf("DNS:mx.example.org")},
      {"excluded elsewhere", WithNameConstraints("excluded;DNS:example.net"),
       leaf("DNS:mx.example.org"), PkixStatus::kValid},
      {"excluded within permitted",
       WithNameConstraints("permitted;DNS:example.org,excluded;DNS:mx.example.org"),
       leaf("DNS:mx.example.org")},
      {"of addresses only", WithNameConstraints("permitted;IP:192.0.2.0/255.255.255.0"),
       leaf("DNS:mx.example.org"), PkixStatus::kValid},
  };
  for (const PathCase& c : cases) EXPECT_STATUS(JudgeCase(c), c.expected) << c.what;
}

// RFC 5280 §6.1.4 (l), (m): self-issued certificates do not count, others do.
TEST(Pkix, PathLengthAllowsWhatItSays) {
  CertificateSpec limited = CaSpec("Limited");
  limited.path_length = 1;
  const TestPki pki = MakePki();
  const TestCertificate first = MakeSigned(limited, TestKey(KeyKind::kP256, 3), pki.root);
  const TestCertificate second = MakeSigned(CaSpec("Second"), TestKey(KeyKind::kP256, 4), first);
  const TestCertificate third = MakeSigned(CaSpec("Third"), TestKey(KeyKind::kP256, 5), second);
  const TestCertificate below_second = MakeSigned({}, TestKey(KeyKind::kP256), second);
  const TestCertificate below_third = MakeSigned({}, TestKey(KeyKind::kP256), third);
  EXPECT_STATUS(Judge(pki.root, Handles(below_second, second, first)), PkixStatus::kValid);
  EXPECT_STATUS(Judge(pki.root, Handles(below_third, third, second, first)),
                PkixStatus::kConstraint);
}

// RFC 5280 §4.2: a critical extension that is not understood must not be passed over; any other
// may.
TEST(Pkix, UnknownCriticalExtensionsCountAnywhereInThePath) {
  CertificateSpec strange = CaSpec("I");
  strange.critical_extension_oid = "1.2.3.4.5";
  EXPECT_STATUS(JudgeCase({"issuer", strange, {}}), PkixStatus::kConstraint);
  EXPECT_STATUS(JudgeCase({"leaf", CaSpec("I"), {.critical_extension_oid = "1.2.3.4.5"}}),
                PkixStatus::kConstraint);
  // RFC 7633 §4.1: the TLS feature extension is not critical.
  EXPECT_STATUS(JudgeCase({"must-staple", CaSpec("I"), {.must_staple = true}, PkixStatus::kValid}),
                PkixStatus::kValid);
}

// RFC 5280 §6.1.4 (k): a certificate of version 1 says nothing of being a CA.
TEST(Pkix, IssuerOfVersion1IsAConstraint) {
  CertificateSpec old{.common_name = "I",
                      .subject_alt_names = "",
                      .basic_constraints = false,
                      .key_identifiers = false,
                      .version = 0};
  EXPECT_STATUS(JudgeCase({"version 1", old, {.key_identifiers = false}}), PkixStatus::kConstraint);
}

// RFC 5280 §4.1.1.2: what the signature says of its algorithm outside must stand inside, too.
TEST(Pkix, AnAlgorithmThatStandsOnlyOutsideIsUntrusted) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), root);
  EXPECT_STATUS(Judge(root, Handles(leaf)), PkixStatus::kValid);
  // Inside it says SHA-384 now, outside SHA-256, by which it is signed.
  const std::vector<uint8_t> der = testing::ResignWithInnerAlgorithm(leaf, root.key(), 0x0c);
  EXPECT_STATUS(Judge(root, {DerHandle::Copy(der)}), PkixStatus::kUntrusted);
}

// RFC 5280 §6.1.3 (a)(2), and which certificate it is.
TEST(Pkix, SaysWhichCertificateIsOutsideItsDates) {
  const auto outside = [](CertificateSpec spec, int64_t from, int64_t until) {
    spec.not_before = from;
    spec.not_after = until;
    return spec;
  };
  const int64_t before = kNow - 9 * kDay;
  const int64_t after = kNow + 9 * kDay;
  const CertificateSpec ca = CaSpec("I");
  const PkixVerdict leaf = JudgeCase({"", ca, outside({}, before, kNow - kDay)});
  EXPECT_STATUS(leaf, PkixStatus::kExpired);
  EXPECT_THAT(leaf.error, HasSubstr("leaf (CN=mx.example.org)"));
  const PkixVerdict issuer = JudgeCase({"", outside(ca, before, kNow - kDay), {}});
  EXPECT_STATUS(issuer, PkixStatus::kExpired);
  EXPECT_THAT(issuer.error, HasSubstr("certificate 1 (CN=I)"));
  const PkixVerdict future = JudgeCase({"", outside(ca, kNow + kDay, after), {}});
  EXPECT_STATUS(future, PkixStatus::kNotYetValid);
  EXPECT_THAT(future.error, HasSubstr("certificate 1 (CN=I)"));
  // Both: what more time would not heal comes first.
  EXPECT_STATUS(JudgeCase({"", outside(ca, before, kNow - kDay), outside({}, kNow + kDay, after)}),
                PkixStatus::kExpired);
  // The last second counts.
  EXPECT_STATUS(JudgeCase({"", ca, outside({}, before, kNow + 1)}), PkixStatus::kValid);
}

TEST(Pkix, AnExpiredAnchorIsExpired) {
  CertificateSpec old = CaSpec("Old Root");
  old.not_after = kNow - kDay;
  const TestCertificate root = MakeSelfSigned(old, TestKey(KeyKind::kP256, 1));
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), root);
  EXPECT_STATUS(Judge(root, Handles(leaf, root)), PkixStatus::kExpired);
}

TEST(Pkix, WeaknessOfAnIntermediateCounts) {
  const TestCertificate root = MakeSelfSigned(CaSpec("RSA Root"), TestKey(KeyKind::kRsa2048, 1));
  CertificateSpec md5 = CaSpec("I");
  md5.digest = EVP_md5();
  const TestCertificate over_md5 = MakeSigned(md5, TestKey(KeyKind::kP256, 4), root);
  const PkixVerdict signature =
      Judge(root, Handles(MakeSigned({}, TestKey(KeyKind::kP256), over_md5), over_md5));
  EXPECT_STATUS(signature, PkixStatus::kWeakSignature);
  EXPECT_THAT(signature.error, HasSubstr("certificate 1 (CN=I): signed with md5"));
  const TestCertificate small = MakeSigned(CaSpec("Small"), TestKey(KeyKind::kRsa512, 4), root);
  const PkixVerdict key =
      Judge(root, Handles(MakeSigned({}, TestKey(KeyKind::kP256), small), small));
  EXPECT_STATUS(key, PkixStatus::kWeakSignature);
  EXPECT_THAT(key.error, HasSubstr("certificate 1 (CN=Small): RSA key of 512 bits"));
}

// --- Chains as servers send them ---

TEST(Pkix, DuplicatesInTheChainDoNotMatter) {
  const TestPki pki = MakePki();
  EXPECT_STATUS(Judge(pki.root, Handles(pki.leaf, pki.leaf, pki.intermediate, pki.intermediate,
                                        pki.leaf, pki.intermediate)),
                PkixStatus::kValid);
  EXPECT_STATUS(Judge(pki.root, Handles(pki.leaf, pki.leaf)), PkixStatus::kIncomplete);
}

// RFC 5246 §7.4.2, RFC 8446 §4.4.2: the server's own certificate comes first.
TEST(Pkix, TheFirstCertificateIsTheLeafWhateverFollows) {
  const TestPki pki = MakePki({.not_after = kNow - kDay});
  EXPECT_STATUS(Judge(pki.root, Handles(pki.leaf, pki.intermediate)), PkixStatus::kExpired);
  // A CA in the leaf's place is judged like any other leaf.
  EXPECT_STATUS(Judge(pki.root, Handles(pki.intermediate, pki.leaf)), PkixStatus::kConstraint);
}

// An intermediate CA that several others have signed, as when one root takes over from another: one
// valid path is enough, in whichever order the certificates come.
TEST(Pkix, OneValidPathOfACrossSignedChainIsEnough) {
  const TestPki pki = MakePki();
  const TestCertificate other = MakeSelfSigned(CaSpec("Other Root"), TestKey(KeyKind::kP256, 7));
  EVP_PKEY* key = TestKey(KeyKind::kP256, 4);
  CertificateSpec expired = CaSpec("I");
  expired.not_after = kNow - kDay;
  CertificateSpec limited = CaSpec("I");
  limited.name_constraints = "critical,permitted;DNS:example.net";
  const TestCertificate good = MakeSigned(CaSpec("I"), key, pki.root);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), good);
  const TestCertificate by_other = MakeSigned(CaSpec("I"), key, other);
  const TestCertificate too_old = MakeSigned(expired, key, pki.root);
  const TestCertificate too_narrow = MakeSigned(limited, key, pki.root);
  for (const TestCertificate* bad : {&by_other, &too_old, &too_narrow}) {
    const PkixVerdict first = Judge(pki.root, Handles(leaf, *bad, good));
    EXPECT_STATUS(first, PkixStatus::kValid);
    EXPECT_THAT(first.error, IsEmpty());
    EXPECT_THAT(first.path, ::testing::ElementsAre(0, 2));
    EXPECT_STATUS(Judge(pki.root, Handles(leaf, good, *bad)), PkixStatus::kValid);
    EXPECT_NE(Judge(pki.root, Handles(leaf, *bad)).status, PkixStatus::kValid);
  }
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, by_other, too_old, too_narrow, good)),
                PkixStatus::kValid);
  // None is valid: the one that fails latest is told.
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, by_other, too_old)), PkixStatus::kExpired);
}

// The same one step higher, as with a root that an older one has signed.
TEST(Pkix, ACrossSignedRootIsFoundInTheStoreFirst) {
  const TestPki pki = MakePki();
  CertificateSpec spec = CaSpec("Old Root");
  spec.not_after = kNow - kDay;
  const TestCertificate old_root = MakeSelfSigned(spec, TestKey(KeyKind::kP256, 7));
  const TestCertificate cross =
      MakeSigned(CaSpec("Test Root"), TestKey(KeyKind::kP256, 1), old_root);
  EXPECT_STATUS(Judge(pki.root, Handles(pki.leaf, pki.intermediate, cross)), PkixStatus::kValid);
}

// Two CAs that have signed each other lead nowhere, and no further than that.
TEST(Pkix, LoopsEnd) {
  const TestPki pki = MakePki();
  const TestCertificate a = MakeSelfSigned(CaSpec("A"), TestKey(KeyKind::kP256, 5));
  const TestCertificate b = MakeSelfSigned(CaSpec("B"), TestKey(KeyKind::kP256, 6));
  const TestCertificate a_by_b = MakeSigned(CaSpec("A"), TestKey(KeyKind::kP256, 5), b);
  const TestCertificate b_by_a = MakeSigned(CaSpec("B"), TestKey(KeyKind::kP256, 6), a);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), a);
  EXPECT_STATUS(Judge(pki.root, Handles(leaf, a_by_b, b_by_a)), PkixStatus::kUntrusted);
}

// A chain of `length` certificates below the root.
std::vector<DerHandle> LongChain(const TestCertificate& root, int length) {
  std::vector<TestCertificate> chain;
  for (int i = 1; i < length; ++i) {
    chain.push_back(MakeSigned(CaSpec("CA " + std::to_string(i)), TestKey(KeyKind::kP256, i % 2),
                               chain.empty() ? root : chain.back()));
  }
  chain.push_back(MakeSigned({}, TestKey(KeyKind::kP256, 5), chain.empty() ? root : chain.back()));
  std::vector<DerHandle> handles;
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) handles.push_back(it->handle());
  return handles;
}

TEST(Pkix, VeryLongChainsAreNotFollowedToTheirEnd) {
  const TestCertificate root = MakeSelfSigned(CaSpec("Test Root"), TestKey(KeyKind::kP256, 9));
  EXPECT_STATUS(Judge(root, LongChain(root, 2)), PkixStatus::kValid);
  EXPECT_STATUS(Judge(root, LongChain(root, 16)), PkixStatus::kValid);
  const PkixVerdict verdict = Judge(root, LongChain(root, 30));
  EXPECT_STATUS(verdict, PkixStatus::kUntrusted);
  EXPECT_EQ(verdict.error, "no trust anchor within 16 certificates");
}

TEST(Pkix, TellsThePathThatItFound) {
  const TestPki pki = MakePki();
  const TestCertificate stranger = MakeSelfSigned(CaSpec("Stranger"), TestKey(KeyKind::kP256, 9));
  EXPECT_THAT(Judge(pki.root, Handles(pki.leaf, stranger, pki.root, pki.intermediate)).path,
              ::testing::ElementsAre(0, 3));
  EXPECT_THAT(Judge(pki.root, Handles(pki.leaf)).path, ::testing::ElementsAre(0));
}

// --- What is remembered ---

TEST(PkixVerifier, VerifiesAChainOnceUntilADatePasses) {
  const TestPki pki = MakePki();
  PkixVerifier verifier(StoreOf(pki.root.pem()));
  const std::vector<DerHandle> chain = pki.Chain();
  for (int hour = 0; hour < 48; ++hour) {
    EXPECT_STATUS(verifier.Judge(chain, kNow + hour * 3600), PkixStatus::kValid);
  }
  EXPECT_EQ(verifier.verifications(), 1u);
  EXPECT_STATUS(verifier.Judge(chain, kNow + 61 * kDay), PkixStatus::kExpired);
  EXPECT_STATUS(verifier.Judge(chain, kNow + 62 * kDay), PkixStatus::kExpired);
  EXPECT_EQ(verifier.verifications(), 2u);
}

TEST(PkixVerifier, TellsChainsOfTheSameLeafApart) {
  const TestPki pki = MakePki();
  PkixVerifier verifier(StoreOf(pki.root.pem()));
  EXPECT_STATUS(verifier.Judge(Handles(pki.leaf), kNow), PkixStatus::kIncomplete);
  EXPECT_STATUS(verifier.Judge(pki.Chain(), kNow), PkixStatus::kValid);
}

TEST(PkixVerifier, MayBeAskedByManyThreads) {
  const TestPki pki = MakePki();
  PkixVerifier verifier(StoreOf(pki.root.pem()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const std::vector<DerHandle> chain = pki.Chain();
      for (int i = 0; i < 50; ++i) EXPECT_STATUS(verifier.Judge(chain, kNow), PkixStatus::kValid);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(verifier.verifications(), 4u);
}

TEST(PkixVerifier, RemembersNoMoreChainsThanItMay) {
  const TestPki pki = MakePki();
  const TestPki other = MakePki();
  std::vector<std::vector<DerHandle>> chains;
  for (int i = 0; i < 64; ++i) {
    // The six bits of i, as certificates that have nothing to do with the leaf.
    std::vector<DerHandle> chain = pki.Chain();
    for (int bit = 1; bit < 64; bit *= 2) {
      chain.push_back(Handles((i & bit) != 0 ? other.leaf : other.root).front());
    }
    chains.push_back(std::move(chain));
  }
  PkixVerifier forgetful(StoreOf(pki.root.pem()), 16);  // one or two of a shard: 32 at most
  PkixVerifier verifier(StoreOf(pki.root.pem()));
  for (int round = 0; round < 2; ++round) {
    for (const auto& chain : chains) {
      EXPECT_STATUS(forgetful.Judge(chain, kNow), PkixStatus::kValid);
      EXPECT_STATUS(verifier.Judge(chain, kNow), PkixStatus::kValid);
    }
  }
  EXPECT_EQ(verifier.verifications(), 64u);
  EXPECT_GE(forgetful.verifications(), 64u + 32u);
  EXPECT_LE(forgetful.verifications(), 128u);
}

// --- The store ---

TEST(TrustStore, HashDoesNotDependOnOrderNorComments) {
  const TestPki pki = MakePki();
  const auto one =
      StoreOf("# A comment\n" + pki.root.pem() + "\ntext between\n" + pki.intermediate.pem());
  const auto two = StoreOf(pki.intermediate.pem() + pki.root.pem() + pki.root.pem());
  EXPECT_EQ(one->count(), 2u);
  EXPECT_EQ(two->count(), 2u);
  EXPECT_EQ(one->hash(), two->hash());
  EXPECT_NE(one->hash(), StoreOf(pki.root.pem())->hash());
}

TEST(TrustStore, LoadsAFileOrAFolder) {
  const TestPki pki = MakePki();
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "mxsweep_trust_store";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "a.pem") << pki.root.pem();
  std::ofstream(folder / "b.pem") << pki.intermediate.pem();
  std::ofstream(folder / "README") << "no certificate here\n";
  const auto whole = TrustStore::Load(folder.string());
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ((*whole)->count(), 2u);
  const auto single = TrustStore::Load((folder / "a.pem").string());
  ASSERT_TRUE(single.ok()) << single.status();
  EXPECT_EQ((*single)->count(), 1u);
  EXPECT_EQ(TrustStore::Load((folder / "README").string()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TrustStore::Load((folder / "none").string()).status().code(),
            absl::StatusCode::kNotFound);
  std::filesystem::remove_all(folder);
}

TEST(TrustStore, RefusesABrokenCertificateInsteadOfTrustingLess) {
  const TestPki pki = MakePki();
  std::string broken = pki.root.pem();
  broken.replace(broken.find("MII"), 3, "MIA");
  EXPECT_FALSE(TrustStore::FromPem(pki.intermediate.pem() + broken).ok());
  EXPECT_FALSE(TrustStore::FromPem("").ok());
}

// OpenSSL takes server gated cryptography for serverAuth (X509_PURPOSE_SSL_SERVER: XKU_SSL_SERVER |
// XKU_SGC).
TEST(Pkix, ServerGatedPurposesAreForServers) {
  for (const char* purpose : {"2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3"}) {
    const TestPki pki = MakePki({.extended_key_usage = purpose});
    EXPECT_STATUS(Judge(pki.root, pki.Chain()), PkixStatus::kValid);
  }
  const TestPki no_usage =
      MakePki({.key_usage = "keyCertSign", .extended_key_usage = "2.16.840.1.113730.4.1"});
  EXPECT_STATUS(Judge(no_usage.root, no_usage.Chain()), PkixStatus::kConstraint);
  const TestPki mail = MakePki({.extended_key_usage = "emailProtection"});
  EXPECT_STATUS(Judge(mail.root, mail.Chain()), PkixStatus::kConstraint);
}

TEST(TrustStore, ADanglingLinkInAFolderIsPassedOver) {
  const TestPki pki = MakePki();
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("mxsweep_links_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "root.pem") << pki.root.pem();
  // Whichever of them the folder lists last.
  for (int i = 0; i < 20; ++i) {
    std::filesystem::create_symlink("nowhere", folder / ("link" + std::to_string(i)));
  }
  const auto store = TrustStore::Load(folder.string());
  EXPECT_TRUE(store.ok()) << store.status();
  std::filesystem::remove_all(folder);
}

// A key of 16384 bits that nobody has the private half of.
bssl::UniquePtr<EVP_PKEY> HugeKey() {
  std::vector<uint8_t> modulus(16384 / 8, 0xff);
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> n(BN_bin2bn(modulus.data(), modulus.size(), nullptr));
  bssl::UniquePtr<BIGNUM> e(BN_new());
  EXPECT_TRUE(BN_set_word(e.get(), 65537) &&
              RSA_set0_key(rsa.get(), n.release(), e.release(), nullptr));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EXPECT_TRUE(EVP_PKEY_set1_RSA(key.get(), rsa.get()));
  return key;
}

// A signature by such a key costs what sixty ordinary ones do.
TEST(ForEachPath, EndsWhenItHasDoneEnoughWork) {
  const bssl::UniquePtr<EVP_PKEY> huge = HugeKey();
  const TestCertificate root = MakeSelfSigned(CaSpec("Root"), TestKey(KeyKind::kP256, 50));
  const auto paths_tried = [&](EVP_PKEY* ca_key) {
    CertificateSpec ca_spec = CaSpec("CA");
    ca_spec.key_identifiers = false;
    const TestCertificate issuer = MakeSigned(ca_spec, TestKey(KeyKind::kP256, 51), root);
    CertificateSpec leaf_spec;
    leaf_spec.key_identifiers = false;
    std::vector<DerHandle> chain = {
        MakeSigned(leaf_spec, TestKey(KeyKind::kP256, 52), issuer).handle()};
    for (int64_t serial = 1; serial <= 10; ++serial) {
      ca_spec.serial = serial;
      chain.push_back(MakeSigned(ca_spec, ca_key, root).handle());
    }
    const ParsedChain parsed(chain);
    const bssl::UniquePtr<X509_STORE> anchors(X509_STORE_new());
    EXPECT_TRUE(X509_STORE_add_cert(anchors.get(), root.x509()));
    size_t tried = 0;
    ForEachPath(parsed, anchors.get(), kNow, [&tried](const Path&) {
      ++tried;
      return false;
    });
    return tried;
  };
  EXPECT_EQ(paths_tried(TestKey(KeyKind::kRsa2048, 53)), kMaxPaths);
  EXPECT_EQ(paths_tried(huge.get()), 2u);
}

}  // namespace
}  // namespace mxsweep::tls
