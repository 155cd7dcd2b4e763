#include "scanner/work/recent_certificates.h"

#include <gtest/gtest.h>
#include <openssl/pool.h>

#include <memory>
#include <string>
#include <vector>

namespace mxsweep::scanner {
namespace {

std::vector<uint8_t> Bytes(const std::string& text) { return {text.begin(), text.end()}; }

TEST(RecentCertificates, KnowEqualOnesOfAPoolByTheirBuffer) {
  const bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool(CRYPTO_BUFFER_POOL_new());
  const tls::DerHandle shown = tls::DerHandle::Pooled(Bytes("one"), pool.get());
  const auto one = std::make_shared<const tls::Certificate>();
  const auto other = std::make_shared<const tls::Certificate>();
  RecentCertificates recent;
  EXPECT_EQ(recent.Find(shown), nullptr);
  recent.Keep(shown, one);
  EXPECT_EQ(recent.Find(shown), one);
  EXPECT_EQ(recent.Find(tls::DerHandle::Pooled(Bytes("one"), pool.get())), one);
  EXPECT_EQ(recent.Find(tls::DerHandle::Pooled(Bytes("two"), pool.get())), nullptr);
  recent.Keep(shown, other);
  EXPECT_EQ(recent.Find(shown), other);
}

// A buffer whose last handle is gone may be the memory of another certificate next.
TEST(RecentCertificates, KeepTheirBuffersAlive) {
  const bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool(CRYPTO_BUFFER_POOL_new());
  const auto one = std::make_shared<const tls::Certificate>();
  RecentCertificates recent;
  const void* buffer;
  {
    const tls::DerHandle shown = tls::DerHandle::Pooled(Bytes("one"), pool.get());
    buffer = shown.identity();
    recent.Keep(shown, one);
  }
  const tls::DerHandle again = tls::DerHandle::Pooled(Bytes("one"), pool.get());
  EXPECT_EQ(again.identity(), buffer);
  EXPECT_EQ(recent.Find(again), one);
}

TEST(RecentCertificates, ForgetSomeAndConfuseNoneWhereThereAreMany) {
  const bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool(CRYPTO_BUFFER_POOL_new());
  constexpr size_t kMany = 5000;
  std::vector<tls::CertificateRef> certificates;
  std::vector<tls::DerHandle> shown;
  RecentCertificates recent;
  for (size_t i = 0; i < kMany; ++i) {
    shown.push_back(tls::DerHandle::Pooled(Bytes(std::to_string(i)), pool.get()));
    certificates.push_back(std::make_shared<const tls::Certificate>());
    recent.Keep(shown.back(), certificates[i]);
    EXPECT_EQ(recent.Find(shown.back()), certificates[i]);
  }
  size_t known = 0;
  for (size_t i = 0; i < kMany; ++i) {
    const tls::CertificateRef found = recent.Find(shown[i]);
    EXPECT_TRUE(found == nullptr || found == certificates[i]);
    known += found != nullptr;
  }
  EXPECT_GT(known, 200u);  // of 512 places
  EXPECT_LE(known, 512u);
}

}  // namespace
}  // namespace mxsweep::scanner
