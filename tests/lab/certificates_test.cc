#include "tools/lab/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <set>

#include "tests/lab/lab_fixture.h"
#include "tools/lab/tlsa.h"

namespace mxsweep::lab {
namespace {

bssl::UniquePtr<X509> Parse(const std::string& der) {
  const auto* at = reinterpret_cast<const uint8_t*>(der.data());
  return bssl::UniquePtr<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

// X509_V_OK, or what BoringSSL's own verifier says of the chain and the host's name.
int Verify(CertificateStore& store, const Chain& chain, const std::string& name) {
  const std::string pem = store.RootsPem();
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bssl::UniquePtr<X509_STORE> trusted(X509_STORE_new());
  while (bssl::UniquePtr<X509> root{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(trusted.get(), root.get());
  }
  ERR_clear_error();
  bssl::UniquePtr<STACK_OF(X509)> others(sk_X509_new_null());
  for (const auto& certificate : chain.certificates) {
    if (auto parsed = Parse(certificate->der)) sk_X509_push(others.get(), parsed.release());
  }
  bssl::UniquePtr<X509_STORE_CTX> ctx(X509_STORE_CTX_new());
  X509* leaf = sk_X509_value(others.get(), 0);
  X509_STORE_CTX_init(ctx.get(), trusted.get(), leaf, others.get());
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx.get()), name.data(), name.size());
  X509_STORE_CTX_set_purpose(ctx.get(), X509_PURPOSE_SSL_SERVER);
  const int ok = X509_verify_cert(ctx.get());
  const int error = ok == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx.get());
  sk_X509_pop_free(others.release(), X509_free);
  return error;
}

struct Expectation {
  const char* posture;
  int error;
};

class CertificatePostures : public testing::TestWithParam<Expectation> {};

TEST_P(CertificatePostures, AreWhatTheyAreCalled) {
  TestLab& lab = SharedLab();
  const uint32_t host = lab.HostOf(GetParam().posture);
  const auto chain = lab.store.ChainOf(host);
  EXPECT_EQ(Verify(lab.store, *chain, lab.world.HostName(host)), GetParam().error)
      << X509_verify_cert_error_string(Verify(lab.store, *chain, lab.world.HostName(host)));
}

INSTANTIATE_TEST_SUITE_P(
    All, CertificatePostures,
    testing::Values(
        Expectation{"cert-valid", X509_V_OK}, Expectation{"cert-valid-rsa-issuer", X509_V_OK},
        Expectation{"cert-valid-with-root", X509_V_OK}, Expectation{"cert-wildcard", X509_V_OK},
        Expectation{"cert-wrong-name", X509_V_ERR_HOSTNAME_MISMATCH},
        Expectation{"cert-self-signed", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
        Expectation{"cert-expired", X509_V_ERR_CERT_HAS_EXPIRED},
        Expectation{"cert-not-yet-valid", X509_V_ERR_CERT_NOT_YET_VALID},
        Expectation{"cert-missing-intermediate", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        Expectation{"cert-unknown-issuer", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
        Expectation{"cert-client-purpose", X509_V_ERR_INVALID_PURPOSE},
        Expectation{"cert-extra-certificate", X509_V_OK},
        Expectation{"cert-unreadable-extra", X509_V_OK}, Expectation{"cert-dual", X509_V_OK},
        Expectation{"key-p384", X509_V_OK}, Expectation{"key-ed25519", X509_V_OK},
        Expectation{"key-rsa1024", X509_V_OK}, Expectation{"key-rsa2048", X509_V_OK},
        Expectation{"key-rsa3072", X509_V_OK}, Expectation{"key-rsa4096", X509_V_OK}),
    [](const testing::TestParamInfo<Expectation>& param) {
      std::string name = param.param.posture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(Certificates, HaveTheSameBytesInEveryRun) {
  TestLab again(1, 200);
  for (const char* name : {"cert-valid", "cert-valid-rsa-issuer", "cert-self-signed", "key-p384",
                           "key-ed25519", "key-rsa2048", "cert-sha1-signed"}) {
    EXPECT_EQ(SharedLab().store.ChainOf(SharedLab().HostOf(name))->certificates[0]->der,
              again.store.ChainOf(again.HostOf(name))->certificates[0]->der)
        << name;
  }
}

TEST(Certificates, EndInWhatIsNoneWhereTheExtraOneIsUnreadable) {
  TestLab& lab = SharedLab();
  const auto chain = lab.store.ChainOf(lab.HostOf("cert-unreadable-extra"));
  ASSERT_EQ(chain->certificates.size(), 3u);
  EXPECT_TRUE(Parse(chain->certificates[1]->der));
  EXPECT_FALSE(Parse(chain->certificates[2]->der));
  ERR_clear_error();
}

TEST(Certificates, AreTwoForOneNameWhereTheyAreDual) {
  TestLab& lab = SharedLab();
  const uint32_t host = lab.HostOf("cert-dual");
  const auto chain = lab.store.ChainOf(host);
  ASSERT_TRUE(chain->for_rsa);
  EXPECT_EQ(FactsOf(chain->certificates[0]->key->kind).type, "ec");
  EXPECT_EQ(FactsOf(chain->for_rsa->certificates[0]->key->kind).type, "rsa");
  EXPECT_EQ(Verify(lab.store, *chain->for_rsa, lab.world.HostName(host)), X509_V_OK);
}

TEST(Certificates, HaveAnotherKeyAtTheSecondAddressOfAHostWhoseKeysDiffer) {
  TestLab& lab = SharedLab();
  const uint32_t host = lab.HostOf("domain-keys-differ");
  const std::vector<uint32_t> addresses = lab.world.AddressesOf(host);
  ASSERT_EQ(addresses.size(), 2u);
  std::set<std::string> keys;
  for (const uint32_t address : addresses) {
    const auto chain = lab.store.ChainOf(host, lab.world.addresses()[address].variant);
    EXPECT_EQ(Verify(lab.store, *chain, lab.world.HostName(host)), X509_V_OK);
    keys.insert(chain->certificates[0]->key->spki);
  }
  EXPECT_EQ(keys.size(), 2u);
}

TEST(Certificates, OfSha1PostureAreSignedOverSha1) {
  TestLab& lab = SharedLab();
  const auto leaf = Parse(lab.store.ChainOf(lab.HostOf("cert-sha1-signed"))->certificates[0]->der);
  EXPECT_EQ(X509_get_signature_nid(leaf.get()), NID_sha1WithRSAEncryption);
}

TEST(Certificates, WithCommonNameOnlyHaveNoOtherName) {
  TestLab& lab = SharedLab();
  const auto chain = lab.store.ChainOf(lab.HostOf("cert-common-name-only"));
  const auto leaf = Parse(chain->certificates[0]->der);
  EXPECT_EQ(X509_get_ext_by_NID(leaf.get(), NID_subject_alt_name, -1), -1);
  EXPECT_EQ(chain->certificates[0]->subject_cn, "mx1.cert-common-name-only.lab");
}

TEST(KeyPool, DerivesTheKeysThatItWouldRead) {
  const std::string file = testing::TempDir() + "/mxsweep-lab-derived-keys";
  std::remove(file.c_str());
  const absl::StatusOr<KeyPool> derived = KeyPool::Create(file);
  const absl::StatusOr<KeyPool> read = KeyPool::Create(file);
  ASSERT_TRUE(derived.ok() && read.ok());
  for (const KeyKind kind : {KeyKind::kRsa1024, KeyKind::kRsa4096, KeyKind::kP256}) {
    EXPECT_EQ(derived->Get(kind, 0).spki, read->Get(kind, 0).spki);
    EXPECT_EQ(derived->Get(kind, 0).spki, TestKeys().Get(kind, 0).spki);
    EXPECT_EQ(static_cast<uint32_t>(EVP_PKEY_bits(read->Get(kind, 0).private_key.get())),
              FactsOf(kind).bits);
  }
  std::remove(file.c_str());
}

TEST(Tlsa, RecordsAreThoseOfTheLeaf) {
  TestLab& lab = SharedLab();
  const uint32_t host = lab.HostOf("perfect");
  const Certificate& leaf = *lab.store.ChainOf(host)->certificates[0];
  const std::vector<Tlsa> records = TlsaOf(lab.world, lab.store, host);
  ASSERT_EQ(records.size(), 1u);
  // Independently of the lab's own parts: the key out of the certificate.
  uint8_t* spki = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(Parse(leaf.der).get()), &spki);
  ASSERT_GT(size, 0);
  EXPECT_EQ(records[0].data, Sha256({reinterpret_cast<char*>(spki), static_cast<size_t>(size)}));
  OPENSSL_free(spki);
}

TEST(Tlsa, AgilityTrapHasARecordThatMatchesAndAStrongerOneThatDoesNot) {
  TestLab& lab = SharedLab();
  const uint32_t host = lab.HostOf("dane-agility-trap");
  const std::vector<Tlsa> records = TlsaOf(lab.world, lab.store, host);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].data, Sha256(lab.store.ChainOf(host)->certificates[0]->key->spki));
  EXPECT_EQ(records[1].matching_type, 2);
  EXPECT_EQ(records[1].data.size(), 64u);
}

}  // namespace
}  // namespace mxsweep::lab
