// A leaf whose issuers are known must be judged as if they were not: the oracle is a verifier that
// has seen nothing yet.
#include "tls/pki/known_issuers.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tls/pki/pkix.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using testing::TestCertificate;
using testing::TestKey;

EVP_PKEY* Key(int index) { return TestKey(KeyKind::kP256, index); }

// Root, upper and lower intermediate; leaves are the lower one's.
struct Authority {
  explicit Authority(const CertificateSpec& root_spec = CaSpec("Root"),
                     const CertificateSpec& upper_spec = CaSpec("Upper"),
                     const CertificateSpec& lower_spec = CaSpec("Lower"))
      : root(MakeSelfSigned(root_spec, Key(1))),
        upper(MakeSigned(upper_spec, Key(2), root)),
        lower(MakeSigned(lower_spec, Key(3), upper)) {}

  TestCertificate Leaf(const CertificateSpec& spec, EVP_PKEY* key = Key(4)) const {
    return MakeSigned(spec, key, lower);
  }
  std::vector<DerHandle> Chain(const TestCertificate& leaf) const {
    return {leaf.handle(), lower.handle(), upper.handle()};
  }

  TestCertificate root;
  TestCertificate upper;
  TestCertificate lower;
};

CertificateSpec Named(const std::string& name, int64_t serial = 99) {
  CertificateSpec spec;
  spec.common_name = name;
  spec.subject_alt_names = "DNS:" + name;
  spec.serial = serial;
  return spec;
}

std::shared_ptr<const TrustStore> StoreOf(const TestCertificate& root) {
  return *TrustStore::FromPem(root.pem());
}

// Judges `chain` by a verifier that knows the issuers from another leaf, and by one that does not.
// Returns whether the leaf alone was verified by the first.
bool JudgedAlike(const Authority& authority, const std::vector<DerHandle>& chain,
                 int64_t time_s = kNow) {
  PkixVerifier knows(StoreOf(authority.root));
  const TestCertificate first = authority.Leaf(Named("first.example.org", 7));
  knows.Judge(authority.Chain(first), kNow);
  PkixVerifier fresh(StoreOf(authority.root));
  const PkixVerdict expected = fresh.Judge(chain, time_s);
  const PkixVerdict verdict = knows.Judge(chain, time_s);
  EXPECT_EQ(PkixStatusName(verdict.status), PkixStatusName(expected.status)) << verdict.error;
  EXPECT_EQ(verdict.error, expected.error);
  EXPECT_EQ(verdict.path, expected.path);
  EXPECT_EQ(verdict.certificate_level.has_value(), expected.certificate_level.has_value());
  if (verdict.certificate_level && expected.certificate_level) {
    EXPECT_EQ(verdict.certificate_level->level, expected.certificate_level->level);
    EXPECT_EQ(verdict.certificate_level->limited, expected.certificate_level->limited);
  }
  EXPECT_EQ(fresh.leaf_verifications(), 0u);
  return knows.leaf_verifications() == 1;
}

PkixStatus StatusOf(const Authority& authority, const std::vector<DerHandle>& chain,
                    int64_t time_s = kNow) {
  return PkixVerifier(StoreOf(authority.root)).Judge(chain, time_s).status;
}

TEST(KnownIssuers, VerifyTheNextLeafByItself) {
  const Authority authority;
  EXPECT_TRUE(JudgedAlike(authority, authority.Chain(authority.Leaf(Named("mx2.example.org")))));
  EXPECT_TRUE(JudgedAlike(authority, authority.Chain(authority.Leaf(Named("mx3.example.org"),
                                                                    TestKey(KeyKind::kRsa2048)))));
  // With the root sent along, the candidates are others, and so are the issuers.
  const TestCertificate leaf = authority.Leaf(Named("mx4.example.org"));
  std::vector<DerHandle> with_root = authority.Chain(leaf);
  with_root.push_back(authority.root.handle());
  EXPECT_FALSE(JudgedAlike(authority, with_root));
}

TEST(KnownIssuers, LeaveToTheWholeChainWhatIsWrongWithALeaf) {
  const Authority authority;
  std::vector<std::pair<PkixStatus, CertificateSpec>> cases;
  const auto add = [&](PkixStatus status) -> CertificateSpec& {
    return cases.emplace_back(status, Named("wrong.example.org")).second;
  };
  add(PkixStatus::kExpired).not_after = kNow - kDay;
  add(PkixStatus::kNotYetValid).not_before = kNow + kDay;
  add(PkixStatus::kConstraint).extended_key_usage = "clientAuth";
  add(PkixStatus::kConstraint).critical_extension_oid = "1.2.3.4.5";
  add(PkixStatus::kWeakSignature).digest = EVP_sha1();
  for (const auto& [status, spec] : cases) {
    const std::vector<DerHandle> chain = authority.Chain(authority.Leaf(spec));
    EXPECT_EQ(StatusOf(authority, chain), status);
    EXPECT_FALSE(JudgedAlike(authority, chain));
  }
  const std::vector<DerHandle> weak =
      authority.Chain(authority.Leaf(Named("weak.example.org"), TestKey(KeyKind::kRsa512)));
  EXPECT_EQ(StatusOf(authority, weak), PkixStatus::kWeakSignature);
  EXPECT_FALSE(JudgedAlike(authority, weak));
}

TEST(KnownIssuers, AreNotBelievedOfALeafThatTheyDidNotSign) {
  const Authority authority;
  // Names and key identifiers of the true issuer, and another's signature.
  const TestCertificate impostor = MakeSigned(CaSpec("Lower"), Key(9), authority.upper);
  CertificateSpec spec = Named("forged.example.org");
  spec.tweak = [&](X509* certificate) {
    const int at = X509_get_ext_by_NID(certificate, NID_authority_key_identifier, -1);
    bssl::UniquePtr<X509_EXTENSION> forged(X509_delete_ext(certificate, at));
    const TestCertificate honest = authority.Leaf(Named("honest.example.org"));
    const int from = X509_get_ext_by_NID(honest.x509(), NID_authority_key_identifier, -1);
    X509_add_ext(certificate, X509_get_ext(honest.x509(), from), -1);
  };
  const TestCertificate leaf = MakeSigned(spec, Key(4), impostor);
  EXPECT_EQ(StatusOf(authority, authority.Chain(leaf)), PkixStatus::kUntrusted);
  EXPECT_FALSE(JudgedAlike(authority, authority.Chain(leaf)));
}

TEST(KnownIssuers, KeepTheirConstraintsOnNames) {
  CertificateSpec lower = CaSpec("Lower");
  lower.name_constraints = "permitted;DNS:example.org";
  const Authority issuer_constrains(CaSpec("Root"), CaSpec("Upper"), lower);
  const auto chain = [](const Authority& authority, const std::string& name) {
    return authority.Chain(authority.Leaf(Named(name)));
  };
  EXPECT_TRUE(JudgedAlike(issuer_constrains, chain(issuer_constrains, "mx.example.org")));
  EXPECT_EQ(StatusOf(issuer_constrains, chain(issuer_constrains, "mx.example.net")),
            PkixStatus::kConstraint);
  EXPECT_FALSE(JudgedAlike(issuer_constrains, chain(issuer_constrains, "mx.example.net")));

  // Those of whoever is above the issuer are not seen with the leaf alone.
  CertificateSpec upper = CaSpec("Upper");
  upper.name_constraints = "permitted;DNS:example.org";
  CertificateSpec root = CaSpec("Root");
  root.name_constraints = "permitted;DNS:example.org";
  for (const Authority& authority : {Authority(CaSpec("Root"), upper), Authority(root)}) {
    EXPECT_FALSE(JudgedAlike(authority, chain(authority, "mx.example.org")));
    EXPECT_EQ(StatusOf(authority, chain(authority, "mx.example.net")), PkixStatus::kConstraint);
    EXPECT_FALSE(JudgedAlike(authority, chain(authority, "mx.example.net")));
  }
}

TEST(KnownIssuers, AreForgottenWhenADateOfTheirsPasses) {
  CertificateSpec upper = CaSpec("Upper");
  upper.not_after = kNow + 3 * kDay;
  const Authority authority(CaSpec("Root"), upper);
  CertificateSpec spec = Named("mx2.example.org");
  const std::vector<DerHandle> chain = authority.Chain(authority.Leaf(spec));
  EXPECT_TRUE(JudgedAlike(authority, chain, kNow + 2 * kDay));
  EXPECT_EQ(StatusOf(authority, chain, kNow + 4 * kDay), PkixStatus::kExpired);
  EXPECT_FALSE(JudgedAlike(authority, chain, kNow + 4 * kDay));
  // What was found out about the leaf ends with them, too.
  PkixVerifier verifier(StoreOf(authority.root));
  verifier.Judge(authority.Chain(authority.Leaf(Named("first.example.org", 7))), kNow);
  EXPECT_EQ(verifier.Judge(chain, kNow).status, PkixStatus::kValid);
  EXPECT_EQ(verifier.Judge(chain, kNow + 4 * kDay).status, PkixStatus::kExpired);
}

TEST(KnownIssuers, AreOnlyThoseOfTheSameNameAndKeyIdentifier) {
  const Authority authority;
  // A namesake of the issuer with another key is sent along: which of the two it is, the leaf says.
  const TestCertificate namesake = MakeSigned(CaSpec("Lower"), Key(8), authority.upper);
  const auto chain = [&](const TestCertificate& leaf) {
    return std::vector<DerHandle>{leaf.handle(), authority.lower.handle(), namesake.handle(),
                                  authority.upper.handle()};
  };
  PkixVerifier verifier(StoreOf(authority.root));
  EXPECT_EQ(verifier.Judge(chain(authority.Leaf(Named("one.example.org", 1))), kNow).path,
            (std::vector<uint8_t>{0, 1, 3}));
  const TestCertificate other = MakeSigned(Named("two.example.org", 2), Key(4), namesake);
  EXPECT_EQ(verifier.Judge(chain(other), kNow).path, (std::vector<uint8_t>{0, 2, 3}));
  EXPECT_EQ(verifier.leaf_verifications(), 0u);
  const auto key_of = [](const TestCertificate& leaf) {
    return KnownIssuers::KeyOf(CutCertificate(leaf.handle().der()), std::vector<Sha256>(1));
  };
  CertificateSpec without = Named("three.example.org", 3);
  without.key_identifiers = false;
  const auto key = key_of(authority.Leaf(Named("one.example.org", 1)));
  EXPECT_EQ(key, key_of(authority.Leaf(Named("four.example.org", 4))));
  EXPECT_NE(key, key_of(other));
  EXPECT_NE(key, key_of(authority.Leaf(without)));
}

TEST(KnownIssuers, SayNothingOfLeavesThatDependOnThem) {
  // Constraints on policies, which those above would have to meet (RFC 5280 §4.2.1.11).
  const Authority authority;
  CertificateSpec spec = Named("policies.example.org");
  spec.tweak = [](X509* certificate) {
    bssl::UniquePtr<ASN1_OBJECT> oid(OBJ_txt2obj("2.5.29.36", 1));
    bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
    const uint8_t kRequireExplicitPolicy[] = {0x30, 0x03, 0x80, 0x01, 0x00};
    ASN1_OCTET_STRING_set(value.get(), kRequireExplicitPolicy, sizeof(kRequireExplicitPolicy));
    bssl::UniquePtr<X509_EXTENSION> extension(
        X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, value.get()));
    X509_add_ext(certificate, extension.get(), -1);
  };
  EXPECT_FALSE(JudgedAlike(authority, authority.Chain(authority.Leaf(spec))));
  // A leaf that bears its issuer's name is not counted by path lengths (§6.1.4).
  EXPECT_FALSE(JudgedAlike(authority, authority.Chain(authority.Leaf(Named("Lower")))));
}

TEST(KnownIssuers, MayBeAskedByManyThreads) {
  const Authority authority;
  PkixVerifier verifier(StoreOf(authority.root));
  std::vector<TestCertificate> leaves;
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(authority.Leaf(Named("mx" + std::to_string(i) + ".example.org", 100 + i)));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = static_cast<size_t>(t); i < leaves.size(); i += 4) {
        EXPECT_EQ(verifier.Judge(authority.Chain(leaves[i]), kNow).status, PkixStatus::kValid);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(verifier.verifications(), 40u);
  EXPECT_GE(verifier.leaf_verifications(), 36u);  // the others came before the first was known
}

}  // namespace
}  // namespace mxsweep::tls
