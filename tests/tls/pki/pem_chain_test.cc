#include "tls/pki/pem_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::tls {
namespace {

using ::testing::HasSubstr;
using testing::MakePki;
using testing::TestPki;

std::string ErrorOf(const std::string& text) {
  const auto chain = ReadPemChain(text);
  return chain.ok() ? "" : std::string(chain.status().message());
}

TEST(PemChain, ReadsCertificatesInOrderAndPassesOverTextAndOtherBlocks) {
  const TestPki pki = MakePki();
  const std::string text =
      "Certificate chain\n 0 s:CN = mx.example.org\n   i:CN = I\n" + pki.leaf.pem() +
      "\n 1 s:CN = I\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC "
      "PARAMETERS-----\n" +
      pki.intermediate.pem() + pki.root.pem() + "---\nServer certificate\n";
  const auto chain = ReadPemChain(text);
  ASSERT_TRUE(chain.ok()) << chain.status();
  const std::vector<DerHandle> expected = pki.ChainWithRoot();
  ASSERT_EQ(chain->size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal((*chain)[i].der(), expected[i].der())) << i;
  }
}

TEST(PemChain, ReadsCarriageReturnsToo) {
  const TestPki pki = MakePki();
  std::string text;
  for (const char c : pki.leaf.pem()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto chain = ReadPemChain(text);
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->size(), 1u);
}

TEST(PemChain, SaysWhatIsWrong) {
  const TestPki pki = MakePki();
  EXPECT_THAT(ErrorOf(""), HasSubstr("no certificate"));
  EXPECT_THAT(ErrorOf("just text\n"), HasSubstr("no certificate"));
  std::string cut = pki.leaf.pem() + pki.intermediate.pem();
  cut.resize(cut.size() - 60);
  EXPECT_THAT(ErrorOf(cut), HasSubstr("after certificate 1 is damaged"));
  std::string many;
  for (size_t i = 0; i <= kMaxPemCertificates; ++i) many += pki.leaf.pem();
  EXPECT_THAT(ErrorOf(many), HasSubstr("more than 100"));
}

}  // namespace
}  // namespace mxsweep::tls
