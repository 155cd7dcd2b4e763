#include "tls/pki/certificate_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/heap_use.h"

namespace mxsweep::tls {
namespace {

using testing::KeyKind;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::TestKey;

TEST(CertificateTable, CallsACertificateFirstSeenOnce) {
  CertificateTable table;
  const testing::TestPki pki = MakePki();
  const CertificateTable::Interned first = table.Intern(pki.leaf.der());
  ASSERT_TRUE(first.first_seen);
  ASSERT_NE(first.facts, nullptr);
  EXPECT_EQ(first.facts->subject, "CN=mx.example.org");
  const CertificateTable::Interned second = table.Intern(pki.leaf.der());
  EXPECT_FALSE(second.first_seen);
  EXPECT_EQ(second.facts, nullptr);
  EXPECT_EQ(second.certificate, first.certificate);
  EXPECT_EQ(table.size(), 1u);
}

TEST(CertificateTable, KeepsWhatVerdictsNeed) {
  CertificateTable table;
  const Certificate& certificate =
      *table
           .Intern(MakeSelfSigned({.is_ca = true, .digest = EVP_sha1()}, TestKey(KeyKind::kRsa1024))
                       .der())
           .certificate;
  EXPECT_EQ(certificate.key_type, KeyType::kRsa);
  EXPECT_EQ(certificate.key_bits, 1024u);
  EXPECT_EQ(certificate.signature_digest, SignatureDigest::kSha1);
  EXPECT_EQ(table.SignatureAlgorithmName(certificate), "sha1WithRSAEncryption");
  EXPECT_EQ(certificate.weak_keys, static_cast<uint16_t>(WeakKey::kRsaShort));
  EXPECT_EQ(certificate.not_after, testing::kNow + 60 * testing::kDay);
  EXPECT_TRUE(certificate.is_ca);
  EXPECT_TRUE(certificate.self_signed);
  EXPECT_FALSE(certificate.malformed);
}

TEST(CertificateTable, KeepsWhatIsNoCertificateToo) {
  CertificateTable table;
  const std::vector<uint8_t> junk = {1, 2, 3};
  const CertificateTable::Interned interned = table.Intern(junk);
  EXPECT_TRUE(interned.first_seen);
  EXPECT_TRUE(interned.certificate->malformed);
  EXPECT_EQ(interned.certificate->sha256, HashSha256(junk));
  EXPECT_EQ(table.SignatureAlgorithmName(*interned.certificate), "");
}

// Distinct for the table, though nothing a parser likes.
std::vector<uint8_t> FakeDer(uint32_t number) {
  std::vector<uint8_t> der(8);
  std::memcpy(der.data(), &number, sizeof(number));
  return der;
}

TEST(CertificateTable, IsFirstSeenForExactlyOneOfManyThreads) {
  constexpr uint32_t kCertificates = 2000;
  CertificateTable table;
  std::atomic<uint32_t> first_seen = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint32_t i = 0; i < kCertificates; ++i)
        first_seen += table.Intern(FakeDer(i)).first_seen;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first_seen, kCertificates);
  EXPECT_EQ(table.size(), kCertificates);
}

// What is forgotten is read again, and never called first seen again.
TEST(CertificateTable, ReadsAForgottenCertificateAnew) {
  CertificateTable table;
  const testing::TestPki pki = MakePki();
  const CertificateRef first = table.Intern(pki.leaf.der()).certificate;
  for (uint32_t i = 0; i < 8 * CertificateTable::kRemembered; ++i) table.Intern(FakeDer(i));
  const CertificateTable::Interned again = table.Intern(pki.leaf.der());
  EXPECT_NE(again.certificate, first);
  EXPECT_FALSE(again.first_seen);
  EXPECT_EQ(again.facts, nullptr);
  EXPECT_EQ(again.certificate->sha256, first->sha256);
  EXPECT_EQ(again.certificate->key_bits, first->key_bits);
  EXPECT_EQ(table.SignatureAlgorithmName(*again.certificate), table.SignatureAlgorithmName(*first));
}

TEST(CertificateTable, CostsTheBytesItsHeaderStates) {
  if (!testing::HeapUseIsCounted()) GTEST_SKIP() << "another allocator";
  constexpr uint32_t kCertificates = 200000;
  CertificateTable table;
  const size_t before = testing::HeapBytesInUse();
  for (uint32_t i = 0; i < kCertificates; ++i) table.Intern(FakeDer(i));
  const size_t full = testing::HeapBytesInUse();
  for (uint32_t i = kCertificates; i < 2 * kCertificates; ++i) table.Intern(FakeDer(i));
  const double each =
      (static_cast<double>(testing::HeapBytesInUse()) - static_cast<double>(full)) / kCertificates;
  RecordProperty("bytes_remembered", std::to_string(full - before));
  RecordProperty("bytes_per_certificate", std::to_string(each));
  EXPECT_LT(full - before, 20u << 20);
  EXPECT_LT(each, 32.0);
}

}  // namespace
}  // namespace mxsweep::tls
