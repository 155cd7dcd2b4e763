#include "tls/probe/suites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <regex>
#include <string>

namespace mxsweep::tls {
namespace {

std::string OutputOf(const char* command) {
  FILE* const from = popen(command, "r");
  std::string text;
  char buffer[4096];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof(buffer), from)) > 0) text.append(buffer, got);
  pclose(from);
  return text;
}

std::string Replaced(std::string text, const char* what, const char* with) {
  return std::regex_replace(text, std::regex(what), with);
}

bool IsOffered(const std::string& name) {
  return !std::regex_search(name, std::regex("PSK|SRP|GOST|KRB5"));
}

// "0x13,0x02 - TLS_AES_256_GCM_SHA384 …"
TEST(Suites, HaveTheNamesThatOpensslGivesThem) {
  const std::string list =
      OutputOf("openssl ciphers -V -stdname ALL:COMPLEMENTOFALL:@SECLEVEL=0 2>/dev/null");
  if (list.empty()) GTEST_SKIP() << "no openssl program";
  const std::regex row("0x(..),0x(..) - (\\S+)");
  int seen = 0;
  for (auto it = std::sregex_iterator(list.begin(), list.end(), row); it != std::sregex_iterator();
       ++it) {
    const std::string name = (*it)[3];
    if (!IsOffered(name)) continue;
    const int wire = std::stoi((*it)[1].str() + (*it)[2].str(), nullptr, 16);
    EXPECT_EQ(SuiteName(static_cast<uint16_t>(wire)), name);
    ++seen;
  }
  EXPECT_GT(seen, 80);
}

// GnuTLS knows RC4 and Camellia-GCM suites that OpenSSL does not; it writes names in its own way:
// "TLS_DH_ANON_ARCFOUR_128_MD5   0x00, 0x18".
TEST(Suites, AreThoseOfGnutls) {
  const std::string list = OutputOf("gnutls-cli -l 2>/dev/null");
  if (list.empty()) GTEST_SKIP() << "no gnutls-cli program";
  const std::regex row("(TLS_\\S+)\\s+0x(..), 0x(..)");
  int seen = 0;
  for (auto it = std::sregex_iterator(list.begin(), list.end(), row); it != std::sregex_iterator();
       ++it) {
    std::string name = Replaced(Replaced((*it)[1], "ARCFOUR", "RC4"), "ANON", "anon");
    name = Replaced(Replaced(name, "SHA1$", "SHA"), "POLY1305$", "POLY1305_SHA256");
    if (!IsOffered(name)) continue;
    const int wire = std::stoi((*it)[2].str() + (*it)[3].str(), nullptr, 16);
    EXPECT_EQ(Replaced(SuiteName(static_cast<uint16_t>(wire)), "_WITH", ""), name);
    ++seen;
  }
  EXPECT_GT(seen, 90);
}

TEST(Suites, SayWhatTheyAre) {
  const Suite& export_rsa = *FindSuite(0x0003);  // RFC 2246 §A.5
  EXPECT_TRUE(export_rsa.is_export);
  EXPECT_FALSE(export_rsa.is_rc4);
  EXPECT_EQ(export_rsa.key_exchange, KeyExchange::kRsa);
  const Suite& anonymous = *FindSuite(0x0018);
  EXPECT_TRUE(anonymous.anonymous());
  EXPECT_TRUE(anonymous.is_rc4);
  EXPECT_TRUE(anonymous.forward_secret());
  const Suite& null = *FindSuite(0x003b);  // RFC 5246: TLS_RSA_WITH_NULL_SHA256
  EXPECT_TRUE(null.is_null);
  EXPECT_TRUE(null.needs_tls12);
  EXPECT_FALSE(null.forward_secret());
  const Suite& fixed = *FindSuite(0xc004);  // RFC 8422: ECDH with the certificate's key
  EXPECT_EQ(fixed.key_exchange, KeyExchange::kStaticDh);
  EXPECT_FALSE(fixed.forward_secret());
  const Suite& usual = *FindSuite(0xc02b);
  EXPECT_EQ(usual.key, SuiteKey::kEcdsa);
  EXPECT_TRUE(FindSuite(0x0009)->is_des);
  EXPECT_FALSE(FindSuite(0x0008)->is_des);  // of 40 bits, for export
  EXPECT_TRUE(FindSuite(0x000a)->is_3des);
  EXPECT_FALSE(FindSuite(0x000a)->is_des);
}

TEST(Suites, ThatNobodyKnowsHaveANumber) {
  EXPECT_EQ(FindSuite(0x8888), nullptr);
  EXPECT_EQ(SuiteName(0x8888), "0x8888");
}

TEST(Suites, ComeWithTheGoodOnesFirst) {
  const auto all = SuitesThat([](const Suite& suite) { return suite.key == SuiteKey::kRsa; });
  EXPECT_EQ(FindSuite(all.front())->key_exchange, KeyExchange::kEcdhe);
  EXPECT_TRUE(FindSuite(all.front())->needs_tls12);
  EXPECT_TRUE(FindSuite(all.back())->is_null);
}

}  // namespace
}  // namespace mxsweep::tls
