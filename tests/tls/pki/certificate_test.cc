#include "tls/pki/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/mem.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using ::testing::Not;
using testing::TestCertificate;
using testing::TestKey;

CertificateFacts FactsOf(const TestCertificate& certificate) {
  return ParseCertificateFacts(certificate.der());
}

// DER written by hand, for what no library makes.
class Der {
 public:
  using Body = std::function<void(CBB*)>;
  static std::vector<uint8_t> Write(const Body& body) {
    bssl::ScopedCBB cbb;
    uint8_t* out = nullptr;
    size_t length = 0;
    CBB_init(cbb.get(), 256);
    body(cbb.get());
    EXPECT_TRUE(CBB_finish(cbb.get(), &out, &length));
    std::vector<uint8_t> bytes(out, out + length);
    OPENSSL_free(out);
    return bytes;
  }
  static void Add(CBB* to, unsigned tag, const Body& body) {
    CBB child;
    CBB_add_asn1(to, &child, tag);
    body(&child);
    CBB_flush(to);
  }
  static void AddText(CBB* to, unsigned tag, const std::string& text) {
    Add(to, tag, [&](CBB* b) {
      CBB_add_bytes(b, reinterpret_cast<const uint8_t*>(text.data()), text.size());
    });
  }
  static void AddOid(CBB* to, const char* oid) {
    Add(to, CBS_ASN1_OBJECT, [&](CBB* b) { CBB_add_asn1_oid_from_text(b, oid, std::strlen(oid)); });
  }
};

struct RawCertificate {
  std::string not_before = "250101000000Z";
  std::string not_after = "270101000000Z";
  unsigned time_tag = CBS_ASN1_UTCTIME;
  std::string serial = "\x01";
  std::function<void(CBB*)> spki = [](CBB* b) {
    Der::Add(b, CBS_ASN1_SEQUENCE, [](CBB* a) { Der::AddOid(a, "1.3.101.112"); });
    Der::AddText(b, CBS_ASN1_BITSTRING, std::string(33, '\0'));
  };
  const char* signature_oid = "1.2.840.113549.1.1.11";

  std::vector<uint8_t> Write() const {
    return Der::Write([this](CBB* out) {
      Der::Add(out, CBS_ASN1_SEQUENCE, [this](CBB* certificate) {
        Der::Add(certificate, CBS_ASN1_SEQUENCE, [this](CBB* tbs) { WriteTbs(tbs); });
        Der::Add(certificate, CBS_ASN1_SEQUENCE, [this](CBB* b) { Der::AddOid(b, signature_oid); });
        Der::AddText(certificate, CBS_ASN1_BITSTRING, std::string(5, '\0'));
      });
    });
  }

 private:
  static void WriteName(CBB* to) {
    Der::Add(to, CBS_ASN1_SEQUENCE, [](CBB* name) {
      Der::Add(name, CBS_ASN1_SET, [](CBB* rdn) {
        Der::Add(rdn, CBS_ASN1_SEQUENCE, [](CBB* attribute) {
          Der::AddOid(attribute, "2.5.4.3");
          Der::AddText(attribute, CBS_ASN1_UTF8STRING, "raw");
        });
      });
    });
  }
  void WriteTbs(CBB* tbs) const {
    Der::AddText(tbs, CBS_ASN1_INTEGER, serial);
    Der::Add(tbs, CBS_ASN1_SEQUENCE, [this](CBB* b) { Der::AddOid(b, signature_oid); });
    WriteName(tbs);
    Der::Add(tbs, CBS_ASN1_SEQUENCE, [this](CBB* b) {
      Der::AddText(b, time_tag, not_before);
      Der::AddText(b, time_tag, not_after);
    });
    WriteName(tbs);
    Der::Add(tbs, CBS_ASN1_SEQUENCE, spki);
  }
};

TEST(CertificateFacts, ReadEveryColumn) {
  CertificateSpec spec;
  spec.common_name = "mx.example.org";
  spec.subject_alt_names =
      "DNS:mx.example.org,DNS:*.example.net,IP:192.0.2.1,IP:2001:db8::1,email:postmaster@example."
      "org,"
      "URI:https://example.org/,RID:1.2.3.4";
  spec.serial = 0xabcdef;
  const testing::TestPki pki = MakePki(spec);
  const CertificateFacts facts = FactsOf(pki.leaf);
  EXPECT_EQ(facts.error, "");
  EXPECT_EQ(facts.sha256, HashSha256(pki.leaf.der()));
  EXPECT_EQ(facts.spki_sha256, HashSha256(pki.leaf.spki()));
  EXPECT_EQ(facts.subject, "CN=mx.example.org");
  EXPECT_EQ(facts.issuer, "CN=Test Intermediate");
  EXPECT_THAT(
      facts.subject_alt_names,
      ElementsAre("dns:mx.example.org", "dns:*.example.net", "ip:192.0.2.1", "ip:2001:db8::1",
                  "email:postmaster@example.org", "uri:https://example.org/", "rid:1.2.3.4"));
  EXPECT_EQ(facts.serial, "abcdef");
  EXPECT_EQ(facts.not_before, kNow - 30 * kDay);
  EXPECT_EQ(facts.not_after, kNow + 60 * kDay);
  EXPECT_EQ(facts.key_type, "ec");
  EXPECT_EQ(facts.key_bits, 256u);
  EXPECT_EQ(facts.curve, "P-256");
  EXPECT_FALSE(facts.rsa_exponent.has_value());
  EXPECT_EQ(facts.signature_algorithm, "ecdsa-with-SHA256");
  EXPECT_FALSE(facts.is_ca);
  EXPECT_FALSE(facts.self_signed);
  EXPECT_THAT(facts.WeakKeyNames(), IsEmpty());
}

TEST(CertificateFacts, TellCaAndSelfSigned) {
  const testing::TestPki pki = MakePki();
  EXPECT_TRUE(FactsOf(pki.root).is_ca);
  EXPECT_TRUE(FactsOf(pki.root).self_signed);
  EXPECT_TRUE(FactsOf(pki.intermediate).is_ca);
  EXPECT_FALSE(FactsOf(pki.intermediate).self_signed);
}

TEST(CertificateFacts, EqualNamesAloneAreNotSelfSigned) {
  const TestCertificate ca = MakeSelfSigned(CaSpec("Same"), TestKey(KeyKind::kP256, 1));
  const TestCertificate leaf = MakeSigned({.common_name = "Same"}, TestKey(KeyKind::kP256, 2), ca);
  EXPECT_EQ(FactsOf(leaf).subject, FactsOf(leaf).issuer);
  EXPECT_FALSE(FactsOf(leaf).self_signed);
}

struct KeyCase {
  KeyKind kind;
  const char* type;
  uint32_t bits;
  const char* curve;
  const char* exponent;
};

TEST(CertificateFacts, NameEveryKindOfKey) {
  const KeyCase cases[] = {{KeyKind::kRsa512, "rsa", 512, nullptr, "65537"},
                           {KeyKind::kRsa1024, "rsa", 1024, nullptr, "65537"},
                           {KeyKind::kRsa2048, "rsa", 2048, nullptr, "65537"},
                           {KeyKind::kRsa2048Exponent3, "rsa", 2048, nullptr, "3"},
                           {KeyKind::kRsa3072, "rsa", 3072, nullptr, "65537"},
                           {KeyKind::kRsa4096, "rsa", 4096, nullptr, "65537"},
                           {KeyKind::kP224, "ec", 224, "P-224", nullptr},
                           {KeyKind::kP384, "ec", 384, "P-384", nullptr},
                           {KeyKind::kP521, "ec", 521, "P-521", nullptr},
                           {KeyKind::kEd25519, "ed25519", 255, nullptr, nullptr}};
  for (const KeyCase& c : cases) {
    const CertificateFacts facts = FactsOf(MakeSelfSigned({}, TestKey(c.kind)));
    EXPECT_EQ(facts.key_type, c.type);
    EXPECT_EQ(facts.key_bits, c.bits) << c.type;
    EXPECT_EQ(facts.curve.value_or(""), c.curve != nullptr ? c.curve : "");
    EXPECT_EQ(facts.rsa_exponent.value_or(""), c.exponent != nullptr ? c.exponent : "");
    EXPECT_TRUE(facts.self_signed) << c.type << c.bits;
    EXPECT_EQ(facts.error, "");
  }
}

TEST(CertificateFacts, NameEverySignatureAlgorithm) {
  const TestCertificate rsa = MakeSelfSigned(CaSpec("RSA CA"), TestKey(KeyKind::kRsa2048, 1));
  const TestCertificate ec = MakeSelfSigned(CaSpec("EC CA"), TestKey(KeyKind::kP256, 1));
  const TestCertificate ed = MakeSelfSigned(CaSpec("Ed CA"), TestKey(KeyKind::kEd25519, 1));
  const auto name = [](const TestCertificate& issuer, const EVP_MD* digest, bool pss = false) {
    return FactsOf(MakeSigned({.digest = digest, .rsa_pss = pss}, TestKey(KeyKind::kP256), issuer))
        .signature_algorithm.value_or("");
  };
  EXPECT_EQ(name(rsa, EVP_md5()), "md5WithRSAEncryption");
  EXPECT_EQ(name(rsa, EVP_sha1()), "sha1WithRSAEncryption");
  EXPECT_EQ(name(rsa, EVP_sha256()), "sha256WithRSAEncryption");
  EXPECT_EQ(name(rsa, EVP_sha384()), "sha384WithRSAEncryption");
  EXPECT_EQ(name(rsa, EVP_sha512()), "sha512WithRSAEncryption");
  EXPECT_EQ(name(rsa, EVP_sha256(), true), "rsassaPss-sha256");
  EXPECT_EQ(name(rsa, EVP_sha512(), true), "rsassaPss-sha512");
  EXPECT_EQ(name(ec, EVP_sha1()), "ecdsa-with-SHA1");
  EXPECT_EQ(name(ec, EVP_sha384()), "ecdsa-with-SHA384");
  EXPECT_EQ(name(ed, nullptr), "ED25519");
}

TEST(CertificateFacts, ListWhatIsWeak) {
  const TestCertificate ca = MakeSelfSigned(CaSpec("CA"), TestKey(KeyKind::kRsa2048, 1));
  const auto weak = [&ca](KeyKind key, const EVP_MD* digest) {
    return FactsOf(MakeSigned({.digest = digest}, TestKey(key), ca)).WeakKeyNames();
  };
  EXPECT_THAT(weak(KeyKind::kRsa2048, nullptr), IsEmpty());
  EXPECT_THAT(weak(KeyKind::kRsa1024, nullptr), ElementsAre("rsa_short"));
  EXPECT_THAT(weak(KeyKind::kRsa2048Exponent3, nullptr), ElementsAre("small_exponent"));
  EXPECT_THAT(weak(KeyKind::kRsa512, EVP_md5()), ElementsAre("rsa_short", "md5_signature"));
  EXPECT_THAT(weak(KeyKind::kP256, EVP_sha1()), ElementsAre("sha1_signature"));
}

TEST(CertificateFacts, DoNotBlameTheSignatureOfASelfSignedCertificate) {
  const CertificateFacts facts =
      FactsOf(MakeSelfSigned({.digest = EVP_sha1()}, TestKey(KeyKind::kRsa2048)));
  EXPECT_THAT(facts.WeakKeyNames(), IsEmpty());
  EXPECT_EQ(facts.signature_digest, SignatureDigest::kSha1);
}

// RFC 5280 §4.1.2.5: two digits of year up to 2049, four from then on.
TEST(CertificateFacts, ReadDatesOfEveryCentury) {
  struct Case {
    unsigned tag;
    const char* text;
    int64_t seconds;
  };
  const Case cases[] = {{CBS_ASN1_UTCTIME, "491231235959Z", 2524607999},
                        {CBS_ASN1_UTCTIME, "500101000000Z", -631152000},
                        {CBS_ASN1_UTCTIME, "691231235959Z", -1},
                        {CBS_ASN1_UTCTIME, "700101000000Z", 0},
                        {CBS_ASN1_UTCTIME, "2601151200Z", 1768478400},
                        {CBS_ASN1_UTCTIME, "260115120000+0100", 1768474800},
                        {CBS_ASN1_GENERALIZEDTIME, "20500101000000Z", 2524608000},
                        {CBS_ASN1_GENERALIZEDTIME, "99991231235959Z", 253402300799},
                        {CBS_ASN1_GENERALIZEDTIME, "19500101000000Z", -631152000},
                        {CBS_ASN1_GENERALIZEDTIME, "20240229000000Z", 1709164800}};
  for (const Case& c : cases) {
    RawCertificate raw{.not_before = c.text, .not_after = c.text, .time_tag = c.tag};
    const CertificateFacts facts = ParseCertificateFacts(raw.Write());
    EXPECT_EQ(facts.not_before, c.seconds) << c.text;
    EXPECT_EQ(facts.not_after, c.seconds) << c.text;
  }
}

TEST(CertificateFacts, ImpossibleDatesAreNullAndAnError) {
  for (const char* text :
       {"250230000000Z", "251301000000Z", "250101240000Z", "25010100000Z", "", "Z", "2501010000"}) {
    const CertificateFacts facts = ParseCertificateFacts(RawCertificate{.not_after = text}.Write());
    EXPECT_FALSE(facts.not_after.has_value()) << text;
    EXPECT_TRUE(facts.not_before.has_value());
    EXPECT_THAT(facts.error, HasSubstr("dates"));
    EXPECT_EQ(facts.subject, "CN=raw");
  }
}

TEST(CertificateFacts, WriteSerialsAsNumbers) {
  const std::pair<std::string, std::string> cases[] = {
      {std::string("\0\xff", 2), "ff"},
      {std::string("\0", 1), "00"},
      {"\x7f", "7f"},
      {"\xff", "-01"},
      {std::string("\x80\0", 2), "-8000"},
      {std::string(20, '\x11'), std::string(40, '1')}};
  for (const auto& [contents, text] : cases) {
    EXPECT_EQ(ParseCertificateFacts(RawCertificate{.serial = contents}.Write()).serial, text);
  }
}

void WriteRsaKey(CBB* spki, const std::string& modulus, const std::string& exponent) {
  Der::Add(spki, CBS_ASN1_SEQUENCE, [](CBB* a) { Der::AddOid(a, "1.2.840.113549.1.1.1"); });
  Der::Add(spki, CBS_ASN1_BITSTRING, [&](CBB* bits) {
    CBB_add_u8(bits, 0);
    Der::Add(bits, CBS_ASN1_SEQUENCE, [&](CBB* key) {
      Der::AddText(key, CBS_ASN1_INTEGER, modulus);
      Der::AddText(key, CBS_ASN1_INTEGER, exponent);
    });
  });
}

// BoringSSL refuses these keys; OpenSSL senders meet them.
TEST(CertificateFacts, ReadRsaKeysWithOddExponents) {
  const std::string modulus = std::string("\0", 1) + std::string(256, '\xc1');
  const std::pair<std::string, std::string> cases[] = {
      {"\x01", "1"},
      {"\x04", "4"},
      {std::string("\x01\0\0\0\0\x0f", 6), "1099511627791"},
      {std::string(9, '\x11'), "0x111111111111111111"}};
  for (const auto& [exponent, text] : cases) {
    RawCertificate raw;
    raw.spki = [&modulus, e = exponent](CBB* b) { WriteRsaKey(b, modulus, e); };
    const CertificateFacts facts = ParseCertificateFacts(raw.Write());
    EXPECT_EQ(facts.key_type, "rsa");
    EXPECT_EQ(facts.key_bits, 2048u);
    EXPECT_EQ(facts.rsa_exponent, text);
    EXPECT_EQ(facts.error, "");
  }
}

TEST(CertificateFacts, ReadDsaKeys) {
  RawCertificate raw{.signature_oid = "1.2.840.10040.4.3"};
  raw.spki = [](CBB* b) {
    Der::Add(b, CBS_ASN1_SEQUENCE, [](CBB* a) {
      Der::AddOid(a, "1.2.840.10040.4.1");
      Der::Add(a, CBS_ASN1_SEQUENCE, [](CBB* p) {
        Der::AddText(p, CBS_ASN1_INTEGER, std::string("\0", 1) + std::string(128, '\xd1'));
        Der::AddText(p, CBS_ASN1_INTEGER, std::string(20, '\x71'));
        Der::AddText(p, CBS_ASN1_INTEGER, "\x02");
      });
    });
    Der::AddText(b, CBS_ASN1_BITSTRING, std::string("\0\x02\x01\x05", 4));
  };
  const CertificateFacts facts = ParseCertificateFacts(raw.Write());
  EXPECT_EQ(facts.key_type, "dsa");
  EXPECT_EQ(facts.key_bits, 1024u);
  EXPECT_EQ(facts.signature_algorithm, "dsaWithSHA1");
}

TEST(CertificateFacts, NameCurvesThatBoringSslLacks) {
  const std::tuple<const char*, const char*, uint32_t> cases[] = {
      {"1.3.132.0.10", "secp256k1", 256},
      {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512},
      {"1.2.3.4.5", "1.2.3.4.5", 0}};
  for (const auto& [oid, name, bits] : cases) {
    RawCertificate raw;
    raw.spki = [oid = oid](CBB* b) {
      Der::Add(b, CBS_ASN1_SEQUENCE, [oid](CBB* a) {
        Der::AddOid(a, "1.2.840.10045.2.1");
        Der::AddOid(a, oid);
      });
      Der::AddText(b, CBS_ASN1_BITSTRING, std::string("\0\x04", 2) + std::string(64, 'x'));
    };
    const CertificateFacts facts = ParseCertificateFacts(raw.Write());
    EXPECT_EQ(facts.key_type, "ec");
    EXPECT_EQ(facts.curve, name);
    EXPECT_EQ(facts.key_bits.value_or(0), bits);
    EXPECT_EQ(facts.error, "");
  }
}

TEST(CertificateFacts, NameUnknownAlgorithmsByTheirOid) {
  RawCertificate raw{.signature_oid = "1.2.3.4"};
  raw.spki = [](CBB* b) {
    Der::Add(b, CBS_ASN1_SEQUENCE, [](CBB* a) { Der::AddOid(a, "1.2.3.5"); });
    Der::AddText(b, CBS_ASN1_BITSTRING, std::string("\0\x04", 2));
  };
  const CertificateFacts facts = ParseCertificateFacts(raw.Write());
  EXPECT_EQ(facts.key_type, "1.2.3.5");
  EXPECT_EQ(facts.signature_algorithm, "1.2.3.4");
  EXPECT_EQ(facts.key_kind, KeyType::kUnknown);
}

TEST(CertificateFacts, WriteNamesInUtf8AndEscapeWhatTheRfcWantsEscaped) {
  CertificateSpec spec;
  spec.common_name = "M\xc3\xbcller, S\xc3\xb6hne + Co";
  EXPECT_EQ(FactsOf(MakeSelfSigned(spec, TestKey(KeyKind::kP256))).subject,
            "CN=M\xc3\xbcller\\, S\xc3\xb6hne \\+ Co");
}

// RFC 4514 §2.4: any byte may be escaped by its two digits.
TEST(CertificateFacts, EscapeInNamesWhatATerminalObeys) {
  CertificateSpec spec;
  spec.common_name = "gro.elpmaxe\u202e \u009b2J\u2066\u061c\u00a0\u05d0";
  EXPECT_EQ(FactsOf(MakeSelfSigned(spec, TestKey(KeyKind::kP256))).subject,
            "CN=gro.elpmaxe\\E2\\80\\AE \\C2\\9B2J\\E2\\81\\A6\\D8\\9C\u00a0\u05d0");
}

TEST(CertificateFacts, EmptySubjectIsEmptyAndNotNull) {
  CertificateSpec spec;
  spec.common_name = "";
  EXPECT_EQ(FactsOf(MakeSelfSigned(spec, TestKey(KeyKind::kP256))).subject, "");
}

TEST(CertificateFacts, EveryTruncationIsAnErrorAndKeepsWhatWasRead) {
  const std::vector<uint8_t> der = MakePki().leaf.der();
  for (size_t length = 0; length < der.size(); ++length) {
    const CertificateFacts facts = ParseCertificateFacts(std::span(der).first(length));
    EXPECT_THAT(facts.error, Not(IsEmpty())) << length;
    EXPECT_EQ(facts.sha256, HashSha256(std::span(der).first(length)));
  }
}

TEST(CertificateFacts, TrailingBytesAreAnErrorThatCostsNothingElse) {
  std::vector<uint8_t> der = MakePki().leaf.der();
  der.push_back(0);
  const CertificateFacts facts = ParseCertificateFacts(der);
  EXPECT_EQ(facts.error, "bytes after the certificate");
  EXPECT_EQ(facts.subject, "CN=mx.example.org");
  EXPECT_EQ(facts.key_bits, 256u);
}

TEST(CertificateFacts, AnyFlippedByteIsSurvived) {
  const std::vector<uint8_t> der = MakePki().leaf.der();
  for (size_t i = 0; i < der.size(); ++i) {
    std::vector<uint8_t> broken = der;
    broken[i] ^= 0x81;
    EXPECT_NE(ParseCertificateFacts(broken).sha256, HashSha256(der));
  }
}

}  // namespace
}  // namespace mxsweep::tls
