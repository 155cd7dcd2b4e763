// Each word of docs/outcomes.md for pkix_status, and their order (RFC 5280 §6).
#include "tls/pkix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/tls/certificate_factory.h"

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

}  // namespace
}  // namespace mxsweep::tls
