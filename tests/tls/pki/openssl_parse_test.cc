// What OpenSSL cannot parse, with the openssl program as the witness of every case.
#include "tls/pki/openssl_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/base.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/pki/openssl_ca.h"
#include "tls/pki/pkix.h"

namespace mxsweep::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KeyKind;
using testing::kNow;
using testing::MakeSelfSigned;
using testing::TestKey;

using Der = std::vector<uint8_t>;

Der Certificate(const std::string& name = "mx.example.org") {
  return MakeSelfSigned({.common_name = name}, TestKey(KeyKind::kP256, 41)).der();
}

// `der` with the bytes `from` replaced by `to` everywhere. REQUIRES: as many, and they are there.
Der With(Der der, const std::string& from, const std::string& to) {
  size_t replaced = 0;
  for (auto at = der.begin();; ++replaced) {
    at = std::search(at, der.end(), from.begin(), from.end(),
                     [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); });
    if (at == der.end()) break;
    std::copy(to.begin(), to.end(), at);
  }
  EXPECT_GT(replaced, 0u);
  return der;
}

bool OpensslParses(const Der& der) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("mxsweep_parse_" + std::to_string(getpid()));
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(der.data()), static_cast<std::streamsize>(der.size()));
  const std::string command =
      "openssl x509 -inform DER -noout -in '" + path.string() + "' >/dev/null 2>&1";
  const bool parses = std::system(command.c_str()) == 0;
  std::filesystem::remove(path);
  return parses;
}

// The serial number 4711 is 12 67.
constexpr char kSerial[] = "\x02\x02\x12\x67";

TEST(OpenSslParseTrouble, IsWhatTheOpensslProgramRefuses) {
  ASSERT_TRUE(testing::OpensslCa::Available()) << "no openssl program to ask";
  const struct {
    Der der;
    const char* trouble;
  } cases[] = {
      {Certificate(), ""},
      {With(Certificate(), kSerial, {"\x02\x02\x00\x67", 4}), "needless zero"},
      {With(Certificate(), kSerial, {"\x02\x02\x00\x97", 4}), ""},
      {With(Certificate(), kSerial, {"\x02\x02\xff\x97", 4}), "needless sign"},
      {With(Certificate(), kSerial, {"\x02\x02\xff\x67", 4}), ""},
      {With(Certificate(), kSerial, {"\x02\x02\xff\x80", 4}), "needless sign"},
      {With(Certificate(), {"\x0c\x0emx.", 5}, {"\x0c\x0em\xff.", 5}), "no text of its type"},
      {With(Certificate(), {"\x0c\x0emx.", 5}, {"\x14\x0em\xff.", 5}), ""},  // T61String
      {With(Certificate(), {"\x0c\x0emx.", 5}, {"\x1e\x0emx.", 5}), ""},     // BMPString
      {With(Certificate("odd"), {"\x0c\x03odd", 5}, {"\x1e\x03odd", 5}), "no text of its type"},
      {With(Certificate("abcd"), {"\x0c\x04\x61\x62", 4}, {"\x1e\x04\xd8\x00", 4}),
       "no text of its type"},  // a lone surrogate
      {With(Certificate("abcd"), {"\x0c\x04", 2}, {"\x1c\x04", 2}), "no text of its type"},
      {With(Certificate("abcd"), {"\x0c\x04\x61\x62", 4}, {"\x1c\x04\x00\x00", 4}), ""},
      {Der{0x30, 0x03, 0x02, 0x01, 0x01}, "cannot read"},
      {Der{}, "not a DER"},
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    const std::string trouble = OpenSslParseTrouble(cases[i].der);
    EXPECT_EQ(trouble.empty(), OpensslParses(cases[i].der)) << i << ": " << trouble;
    if (*cases[i].trouble == '\0') {
      EXPECT_THAT(trouble, IsEmpty()) << i;
    } else {
      EXPECT_THAT(trouble, HasSubstr(cases[i].trouble)) << i;
    }
  }
}

PkixVerdict Judge(const testing::TestPki& pki, const std::vector<DerHandle>& chain) {
  PkixVerifier verifier(TrustStore::FromPem(pki.root.pem()).value());
  return verifier.Judge(chain, kNow);
}

TEST(Pkix, IsMalformedWhereOpenSslEndsTheHandshakeThoughNobodyNeedsTheCertificate) {
  const testing::TestPki pki = testing::MakePki();
  std::vector<DerHandle> chain = pki.Chain();
  chain.push_back(
      DerHandle::Copy(With(Certificate(), kSerial, std::string("\x02\x02\x00\x67", 4))));
  const PkixVerdict verdict = Judge(pki, chain);
  EXPECT_EQ(verdict.status, PkixStatus::kMalformed);
  EXPECT_EQ(verdict.error,
            "certificate 2 cannot be parsed: the serial number has a needless zero byte");
}

// X.509 version 2 with extensions: BoringSSL refuses it, OpenSSL does not.
TEST(Pkix, PassesOverAnUnneededCertificateThatOnlyBoringSslCannotParse) {
  const testing::TestPki pki = testing::MakePki();
  const Der odd = With(Certificate(), {"\xa0\x03\x02\x01\x02", 5}, {"\xa0\x03\x02\x01\x01", 5});
  EXPECT_THAT(OpenSslParseTrouble(odd), IsEmpty());
  std::vector<DerHandle> chain = pki.Chain();
  chain.push_back(DerHandle::Copy(odd));
  EXPECT_EQ(Judge(pki, chain).status, PkixStatus::kValid) << Judge(pki, chain).error;
}

TEST(Pkix, IsNotKnownWhereOnlyBoringSslCannotParseWhatIsNeeded) {
  const testing::TestPki pki = testing::MakePki();
  const std::string v3("\xa0\x03\x02\x01\x02", 5);
  const std::string v2("\xa0\x03\x02\x01\x01", 5);
  const DerHandle leaf = DerHandle::Copy(With(pki.leaf.der(), v3, v2));
  const PkixVerdict by_leaf = Judge(pki, {leaf, pki.intermediate.handle()});
  EXPECT_EQ(by_leaf.status, PkixStatus::kNotKnown);
  // The reason is in BoringSSL's words: of 2022, and of later.
  const std::string reason =
      BORINGSSL_API_VERSION < 33 ? "INVALID_FIELD_FOR_VERSION" : "DECODE_ERROR";
  EXPECT_THAT(by_leaf.error, HasSubstr("leaf cannot be parsed here: " + reason));
  const DerHandle issuer = DerHandle::Copy(With(pki.intermediate.der(), v3, v2));
  const PkixVerdict by_issuer = Judge(pki, {pki.leaf.handle(), issuer});
  EXPECT_EQ(by_issuer.status, PkixStatus::kNotKnown);
  EXPECT_THAT(by_issuer.error, HasSubstr("certificate 1 cannot be parsed here"));
}

}  // namespace
}  // namespace mxsweep::tls
