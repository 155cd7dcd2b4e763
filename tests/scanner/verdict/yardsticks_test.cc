// The yardsticks against their documents: the lists here are copied out of them, name by name, and
// know nothing of how the rules are written.
//
// NIST: SP 800-52r2, §3.3.1.1 and §3.3.1.2. Mozilla: guidelines/5.7.json, `iana` and
// `ciphersuites`. NCSC-NL: v2.1, appendix C (and footnotes on CCM and Camellia); 2025-05, appendix
// B.
#include "scanner/verdict/yardsticks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scanner/verdict/yardstick_rules.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Level = YardstickLevel;
using Names = std::set<std::string_view>;

const Names kNistSuites = {
    // §3.3.1.1.1
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    // §3.3.1.1.2
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CCM", "TLS_DHE_RSA_WITH_AES_256_CCM",
    "TLS_DHE_RSA_WITH_AES_128_CCM_8", "TLS_DHE_RSA_WITH_AES_256_CCM_8",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    // §3.3.1.1.3
    "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384",
    "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
    "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
    // §3.3.1.1.4
    "TLS_DH_DSS_WITH_AES_128_GCM_SHA256", "TLS_DH_DSS_WITH_AES_256_GCM_SHA384",
    "TLS_DH_DSS_WITH_AES_128_CBC_SHA256", "TLS_DH_DSS_WITH_AES_256_CBC_SHA256",
    "TLS_DH_DSS_WITH_AES_128_CBC_SHA", "TLS_DH_DSS_WITH_AES_256_CBC_SHA",
    "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", "TLS_DH_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_DH_RSA_WITH_AES_128_CBC_SHA256", "TLS_DH_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_DH_RSA_WITH_AES_128_CBC_SHA", "TLS_DH_RSA_WITH_AES_256_CBC_SHA",
    // §3.3.1.1.5
    "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA",
    // §3.3.1.2
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256"};

const Names kMozillaModern = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                              "TLS_CHACHA20_POLY1305_SHA256"};

const Names kMozillaIntermediate = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                    "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                                    "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
                                    "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                    "TLS_AES_128_GCM_SHA256",
                                    "TLS_AES_256_GCM_SHA384",
                                    "TLS_CHACHA20_POLY1305_SHA256"};

const Names kMozillaOld = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                           "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                           "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                           "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                           "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                           "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                           "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
                           "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
                           "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                           "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
                           "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
                           "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                           "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                           "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
                           "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
                           "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                           "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                           "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
                           "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
                           "TLS_RSA_WITH_AES_128_GCM_SHA256",
                           "TLS_RSA_WITH_AES_256_GCM_SHA384",
                           "TLS_RSA_WITH_AES_128_CBC_SHA256",
                           "TLS_RSA_WITH_AES_256_CBC_SHA256",
                           "TLS_RSA_WITH_AES_128_CBC_SHA",
                           "TLS_RSA_WITH_AES_256_CBC_SHA",
                           "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
                           "TLS_AES_128_GCM_SHA256",
                           "TLS_AES_256_GCM_SHA384",
                           "TLS_CHACHA20_POLY1305_SHA256"};

const std::map<std::string_view, Level> kNcsc2021Suites = {
    {"TLS_AES_256_GCM_SHA384", Level::kGood},
    {"TLS_CHACHA20_POLY1305_SHA256", Level::kGood},
    {"TLS_AES_128_GCM_SHA256", Level::kGood},
    {"TLS_AES_128_CCM_SHA256", Level::kGood},
    {"TLS_AES_128_CCM_8_SHA256", Level::kInsufficient},
    // Sufficient there since they are TLS 1.2's, whose level is told of the version.
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Level::kGood},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Level::kGood},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Level::kGood},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Level::kGood},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Level::kGood},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Level::kGood},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_256_CBC_SHA", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", Level::kSufficient},
    {"TLS_DHE_RSA_WITH_AES_128_CBC_SHA", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_256_CBC_SHA256", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", Level::kPhaseOut},
    {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", Level::kPhaseOut},
    {"TLS_RSA_WITH_RC4_128_SHA", Level::kInsufficient},
    {"TLS_RSA_WITH_NULL_SHA256", Level::kInsufficient},
    {"TLS_RSA_WITH_DES_CBC_SHA", Level::kInsufficient},
    {"TLS_RSA_EXPORT_WITH_RC4_40_MD5", Level::kInsufficient},
    {"TLS_DH_anon_WITH_AES_128_GCM_SHA256", Level::kInsufficient},
    {"TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Level::kInsufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", Level::kInsufficient}};

// Whatever is not among them is insufficient.
const std::map<std::string_view, Level> kNcsc2025Suites = {
    {"TLS_AES_256_GCM_SHA384", Level::kGood},
    {"TLS_CHACHA20_POLY1305_SHA256", Level::kGood},
    {"TLS_AES_128_GCM_SHA256", Level::kSufficient},
    {"TLS_AES_128_CCM_SHA256", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CCM", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CCM", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Level::kSufficient},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Level::kSufficient},
    {"TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_ARIA_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_ARIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_ARIA_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_ARIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_ARIA_256_CBC_SHA384", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_ARIA_128_CBC_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_256_CCM", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_128_CCM", Level::kPhaseOut},
    {"TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", Level::kPhaseOut}};

constexpr uint16_t kAes256Gcm13 = 0x1302;
constexpr uint16_t kEcdheRsaAes128Gcm = 0xc02f;

// Nothing is known but the suite.
YardstickFacts Chose(uint16_t suite) {
  YardstickFacts facts;
  facts.suites = {suite};
  return facts;
}

YardstickFacts Accepts(uint16_t version) {
  YardstickFacts facts = Chose(version == tls::kTls13 ? kAes256Gcm13 : kEcdheRsaAes128Gcm);
  facts.accepts_version[version - tls::kSsl3] = true;
  return facts;
}

YardstickFacts Shows(const YardstickCertificate& certificate) {
  YardstickFacts facts = Chose(kAes256Gcm13);
  facts.certificates = {certificate};
  return facts;
}

YardstickVerdict Judge(Yardstick yardstick, const YardstickFacts& facts) {
  const std::optional<YardstickVerdicts> verdicts = JudgeYardsticks(facts);
  return verdicts ? verdicts->of(yardstick) : YardstickVerdict{{"not told"}, Level::kInsufficient};
}

std::vector<std::string> Reasons(Yardstick yardstick, const YardstickFacts& facts) {
  return Judge(yardstick, facts).reasons;
}

std::vector<uint16_t> AllSuites() {
  return tls::SuitesThat([](const tls::Suite&) { return true; });
}

bool IsTls13(uint16_t suite) { return suite >> 8 == 0x13; }

TEST(Yardsticks, AllowTheSuitesThatTheirDocumentsListAndNoOthers) {
  ASSERT_GT(AllSuites().size(), 180u);
  size_t listed = 0;
  for (const uint16_t suite : AllSuites()) {
    const std::string name = tls::SuiteName(suite);
    const struct {
      Yardstick yardstick;
      const Names& names;
      std::string section;
    } table[] = {
        {Yardstick::kNistSp80052r2, kNistSuites, "§3.3.1: "},
        {Yardstick::kMozillaModern, kMozillaModern,
         IsTls13(suite) ? "ciphersuites: " : "ciphers: "},
        {Yardstick::kMozillaIntermediate, kMozillaIntermediate,
         IsTls13(suite) ? "ciphersuites: " : "ciphers: "},
        {Yardstick::kMozillaOld, kMozillaOld, IsTls13(suite) ? "ciphersuites: " : "ciphers: "}};
    for (const auto& [yardstick, names, section] : table) {
      const std::vector<std::string> reasons = Reasons(yardstick, Chose(suite));
      if (names.count(name) != 0) {
        EXPECT_THAT(reasons, IsEmpty()) << name;
        ++listed;
      } else {
        EXPECT_THAT(reasons, ElementsAre(section + name));
      }
    }
  }
  EXPECT_EQ(listed, kNistSuites.size() + kMozillaModern.size() + kMozillaIntermediate.size() +
                        kMozillaOld.size());
}

TEST(NcscNl2021, GradesSuitesByAppendixC) {
  for (const uint16_t suite : AllSuites()) {
    const std::string name = tls::SuiteName(suite);
    const auto listed = kNcsc2021Suites.find(name);
    if (listed == kNcsc2021Suites.end()) continue;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, Chose(suite)).at_most, listed->second) << name;
  }
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2021, Chose(0x000a)),
              ElementsAre("B2-1 phase_out: TLS_RSA_WITH_3DES_EDE_CBC_SHA"));
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2021, Chose(0x0005)),
              ElementsAre("B2-1 insufficient: TLS_RSA_WITH_RC4_128_SHA"));
}

TEST(NcscNl2025, GradesSuitesByAppendixB) {
  size_t found = 0;
  for (const uint16_t suite : AllSuites()) {
    const std::string name = tls::SuiteName(suite);
    const auto listed = kNcsc2025Suites.find(name);
    const bool is_listed = listed != kNcsc2025Suites.end();
    found += is_listed ? 1 : 0;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, Chose(suite)).at_most,
              is_listed ? listed->second : Level::kInsufficient)
        << name;
  }
  EXPECT_EQ(found, kNcsc2025Suites.size());
}

TEST(Yardsticks, JudgeVersionsByTheirTables) {
  const struct {
    uint16_t version;
    const char* nist;  // §3.1
    Level ncsc_2021;   // B1-1, table 1
    Level ncsc_2025;   // §3.3.1
    bool modern, intermediate, old;
  } table[] = {
      {tls::kSsl3, "§3.1: SSLv3 accepted", Level::kInsufficient, Level::kInsufficient, false, false,
       false},
      {tls::kTls10, "§3.1: TLSv1 accepted, which government-only servers shall not",
       Level::kPhaseOut, Level::kInsufficient, false, false, true},
      {tls::kTls11, nullptr, Level::kPhaseOut, Level::kInsufficient, false, false, true},
      {tls::kTls12, nullptr, Level::kSufficient, Level::kSufficient, false, true, true},
      {tls::kTls13, nullptr, Level::kGood, Level::kGood, true, true, true},
  };
  for (const auto& c : table) {
    const YardstickFacts facts = Accepts(c.version);
    const std::string name = tls::VersionName(c.version);
    const std::vector<std::string> nist = Reasons(Yardstick::kNistSp80052r2, facts);
    if (c.nist != nullptr) {
      EXPECT_THAT(nist, ElementsAre(c.nist));
    } else {
      EXPECT_THAT(nist, IsEmpty()) << name;
    }
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, facts).at_most, c.ncsc_2021) << name;
    const Level suite = c.version == tls::kTls13 ? Level::kGood : Level::kSufficient;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, facts).at_most, std::min(suite, c.ncsc_2025)) << name;
    const std::string reason = "tls_versions: " + name + " accepted";
    const auto mozilla = [&](Yardstick profile, bool is_allowed) {
      const std::vector<std::string> reasons = Reasons(profile, facts);
      if (is_allowed) {
        EXPECT_THAT(reasons, Not(Contains(HasSubstr("tls_versions")))) << name;
      } else {
        EXPECT_THAT(reasons, Contains(reason));
      }
    };
    mozilla(Yardstick::kMozillaModern, c.modern);
    mozilla(Yardstick::kMozillaIntermediate, c.intermediate);
    mozilla(Yardstick::kMozillaOld, c.old);
  }
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2021, Accepts(tls::kTls11)),
              ElementsAre("B1-1 phase_out: TLSv1.1 accepted"));
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, Accepts(tls::kTls11)),
              ElementsAre("§3.3.1 insufficient: TLSv1.1 accepted"));
}

// §3.1: "shall support TLS 1.3 by January 1, 2024"; TLS 1.2 may be missing where 1.3 is there.
TEST(NistSp80052r2, WantsTls13AndForgivesAMissingTls12BesideIt) {
  YardstickFacts facts = Accepts(tls::kTls12);
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());  // nobody asked
  facts.accepts_version[4] = false;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), ElementsAre("§3.1: TLSv1.3 not accepted"));
  facts.accepts_version[3] = false;
  EXPECT_THAT(
      Reasons(Yardstick::kNistSp80052r2, facts),
      ElementsAre("§3.1: neither TLSv1.2 nor TLSv1.3 accepted", "§3.1: TLSv1.3 not accepted"));
  facts = Accepts(tls::kTls13);
  facts.accepts_version[3] = false;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());
}

TEST(Yardsticks, JudgeKeysByTheirTables) {
  using tls::KeyType;
  const struct {
    KeyType type;
    uint32_t bits;
    const char* nist;  // §3.2.1: 112 bits of security
    Level ncsc_2021;   // tables 8 and 9
    Level ncsc_2025;   // §3.3.2.1
    const char* modern;
    const char* intermediate;
  } table[] = {
      {KeyType::kRsa, 1024, "§3.2.1: rsa key of 1024 bits", Level::kInsufficient,
       Level::kInsufficient, "certificate_types: rsa", "rsa_key_size: 1024 bits"},
      {KeyType::kRsa, 2047, "§3.2.1: rsa key of 2047 bits", Level::kInsufficient,
       Level::kInsufficient, "certificate_types: rsa", "rsa_key_size: 2047 bits"},
      {KeyType::kRsa, 2048, nullptr, Level::kSufficient, Level::kPhaseOut, "certificate_types: rsa",
       nullptr},
      {KeyType::kRsa, 3071, nullptr, Level::kSufficient, Level::kPhaseOut, "certificate_types: rsa",
       nullptr},
      {KeyType::kRsa, 3072, nullptr, Level::kGood, Level::kSufficient, "certificate_types: rsa",
       nullptr},
      {KeyType::kRsa, 4096, nullptr, Level::kGood, Level::kSufficient, "certificate_types: rsa",
       nullptr},
      {KeyType::kEc, 192, "§3.2.1: ec key of 192 bits", Level::kInsufficient, Level::kInsufficient,
       "certificate_curves: a curve of 192 bits", "certificate_curves: a curve of 192 bits"},
      {KeyType::kEc, 224, nullptr, Level::kPhaseOut, Level::kPhaseOut,
       "certificate_curves: a curve of 224 bits", "certificate_curves: a curve of 224 bits"},
      {KeyType::kEc, 256, nullptr, Level::kGood, Level::kSufficient, nullptr, nullptr},
      {KeyType::kEc, 384, nullptr, Level::kGood, Level::kSufficient, nullptr, nullptr},
      {KeyType::kEc, 512, nullptr, Level::kInsufficient, Level::kSufficient,
       "certificate_curves: a curve of 512 bits", "certificate_curves: a curve of 512 bits"},
      {KeyType::kEc, 521, nullptr, Level::kInsufficient, Level::kSufficient,
       "certificate_curves: a curve of 521 bits", "certificate_curves: a curve of 521 bits"},
      // Both: "Insufficient: other curves".
      {KeyType::kEc, 239, nullptr, Level::kInsufficient, Level::kInsufficient,
       "certificate_curves: a curve of 239 bits", "certificate_curves: a curve of 239 bits"},
      {KeyType::kEd25519, 255, nullptr, Level::kGood, Level::kSufficient,
       "certificate_types: ed25519", "certificate_types: ed25519"},
      // What is not known says nothing.
      {KeyType::kUnknown, 0, nullptr, Level::kGood, Level::kGood, nullptr, nullptr},
      {KeyType::kRsa, 0, nullptr, Level::kGood, Level::kGood, "certificate_types: rsa", nullptr},
      {KeyType::kEc, 0, nullptr, Level::kGood, Level::kGood, nullptr, nullptr},
  };
  for (const auto& c : table) {
    const std::string what = std::string(tls::KeyTypeName(c.type)) + " " + std::to_string(c.bits);
    const YardstickFacts facts = Shows({.key_type = c.type, .key_bits = c.bits});
    const auto expect = [&](Yardstick yardstick, const char* reason) {
      if (reason == nullptr) {
        EXPECT_THAT(Reasons(yardstick, facts), IsEmpty()) << what;
      } else {
        EXPECT_THAT(Reasons(yardstick, facts), ElementsAre(reason)) << what;
      }
    };
    expect(Yardstick::kNistSp80052r2, c.nist);
    expect(Yardstick::kMozillaModern, c.modern);
    expect(Yardstick::kMozillaIntermediate, c.intermediate);
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, facts).at_most, c.ncsc_2021) << what;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, facts).at_most, c.ncsc_2025) << what;
  }
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, Shows({.key_type = KeyType::kRsa, .key_bits = 2048})),
              ElementsAre("§3.3.2.1 phase_out: rsa key of 2048 bits"));
  // §3.3.2: "Insufficient: DSS".
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, Shows({.key_type = KeyType::kDsa, .key_bits = 3072})),
              ElementsAre("§3.3.2 insufficient: dsa key"));
}

TEST(Yardsticks, JudgeTheHashesOfCertificates) {
  using tls::SignatureDigest;
  const struct {
    SignatureDigest digest;
    const char* nist;  // §3.2.1: 112 bits of security
    Level ncsc_2021;   // B3-2, table 3
    Level ncsc_2025;   // §3.3.5
  } table[] = {
      {SignatureDigest::kMd5, "§3.2.1: certificate signed over MD5 or older", Level::kInsufficient,
       Level::kInsufficient},
      {SignatureDigest::kSha1, "§3.2.1: certificate signed over SHA-1", Level::kInsufficient,
       Level::kInsufficient},
      {SignatureDigest::kSha224, nullptr, Level::kGood, Level::kPhaseOut},
      {SignatureDigest::kSha256, nullptr, Level::kGood, Level::kGood},
      {SignatureDigest::kSha512, nullptr, Level::kGood, Level::kGood},
      {SignatureDigest::kNone, nullptr, Level::kGood, Level::kGood},
      {SignatureDigest::kUnknown, nullptr, Level::kGood, Level::kGood},
  };
  for (const auto& c : table) {
    const YardstickFacts facts = Shows({.signature_digest = c.digest, .path_digest = c.digest});
    if (c.nist == nullptr) {
      EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());
    } else {
      EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), ElementsAre(c.nist));
    }
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, facts).at_most, c.ncsc_2021);
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, facts).at_most, c.ncsc_2025);
  }
}

// 5.7.json: certificate_signatures.
TEST(Mozilla, JudgesTheAlgorithmACertificateIsSignedBy) {
  const struct {
    tls::KeyType key;
    const char* algorithm;
    bool modern, intermediate, old;
  } table[] = {
      {tls::KeyType::kEc, "ecdsa-with-SHA256", true, true, true},
      {tls::KeyType::kEc, "ecdsa-with-SHA384", true, true, true},
      {tls::KeyType::kEc, "ecdsa-with-SHA512", true, true, true},
      {tls::KeyType::kEc, "sha256WithRSAEncryption", false, true, true},
      {tls::KeyType::kEc, "ecdsa-with-SHA1", false, false, true},  // old speaks of RSA alone
      {tls::KeyType::kRsa, "sha256WithRSAEncryption", false, true, true},
      {tls::KeyType::kRsa, "sha384WithRSAEncryption", false, false, false},
      {tls::KeyType::kRsa, "sha1WithRSAEncryption", false, false, false},
      {tls::KeyType::kRsa, "", true, true, true},  // not known
  };
  for (const auto& c : table) {
    const YardstickFacts facts = Shows({.key_type = c.key, .signature_algorithm = c.algorithm});
    const std::string reason = std::string("certificate_signatures: ") + c.algorithm;
    const auto expect = [&](Yardstick profile, bool is_allowed) {
      if (is_allowed) {
        EXPECT_THAT(Reasons(profile, facts), Not(Contains(HasSubstr("certificate_signatures"))));
      } else {
        EXPECT_THAT(Reasons(profile, facts), Contains(reason));
      }
    };
    expect(Yardstick::kMozillaModern, c.modern);
    expect(Yardstick::kMozillaIntermediate, c.intermediate);
    expect(Yardstick::kMozillaOld, c.old);
  }
}

// 5.7.json: maximum_certificate_lifespan. RFC 5280 §4.1.2.5: both ends are within it.
TEST(Mozilla, JudgesTheLifespanOfACertificate) {
  constexpr int64_t kDay = 86400;
  const auto reasons = [](Yardstick profile, int64_t seconds) {
    return Reasons(profile, Shows({.not_before = 1'000'000, .not_after = 1'000'000 + seconds}));
  };
  EXPECT_THAT(reasons(Yardstick::kMozillaModern, 90 * kDay - 1), IsEmpty());
  EXPECT_THAT(reasons(Yardstick::kMozillaModern, 90 * kDay), IsEmpty());
  EXPECT_THAT(reasons(Yardstick::kMozillaModern, 91 * kDay),
              ElementsAre("maximum_certificate_lifespan: over 90 days"));
  for (const Yardstick profile : {Yardstick::kMozillaIntermediate, Yardstick::kMozillaOld}) {
    EXPECT_THAT(reasons(profile, 366 * kDay), IsEmpty());
    EXPECT_THAT(reasons(profile, 367 * kDay),
                ElementsAre("maximum_certificate_lifespan: over 366 days"));
  }
  EXPECT_THAT(Reasons(Yardstick::kMozillaModern, Shows({.not_after = 4'000'000'000})), IsEmpty());
}

TEST(Yardsticks, JudgeTheGroupsOfKeyExchange) {
  const struct {
    uint16_t group;
    std::optional<Level> ncsc_2021;  // table 9; nothing: not named
    std::optional<Level> ncsc_2025;  // §3.3.3
    bool mozilla;                    // tls_curves
  } table[] = {
      {19, Level::kInsufficient, Level::kInsufficient, false},  // P-192: "other curves"
      {21, Level::kPhaseOut, Level::kPhaseOut, false},          // P-224
      {22, Level::kInsufficient, Level::kInsufficient, false},  // secp256k1
      {23, Level::kGood, Level::kSufficient, true},             // P-256
      {24, Level::kGood, Level::kSufficient, true},             // P-384
      {25, Level::kInsufficient, Level::kSufficient, false},    // P-521
      {26, Level::kInsufficient, Level::kSufficient, false},    // brainpoolP256r1
      {33, Level::kInsufficient, Level::kSufficient, false},    // brainpoolP512r1 in TLS 1.3
      {29, Level::kGood, Level::kSufficient, true},             // X25519
      {30, Level::kGood, Level::kSufficient, false},            // X448
      {256, Level::kPhaseOut, Level::kInsufficient, false},     // ffdhe2048
      {257, Level::kSufficient, Level::kPhaseOut, false},       // ffdhe3072
      {4588, std::nullopt, Level::kGood, true},                 // X25519MLKEM768
      {25497, std::nullopt, std::nullopt, false},               // X25519Kyber768Draft00
  };
  for (const auto& c : table) {
    YardstickFacts facts = Chose(kAes256Gcm13);
    facts.groups = {c.group};
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, facts).at_most, c.ncsc_2021.value_or(Level::kGood))
        << c.group;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, facts).at_most, c.ncsc_2025.value_or(Level::kGood))
        << c.group;
    for (const Yardstick profile :
         {Yardstick::kMozillaModern, Yardstick::kMozillaIntermediate, Yardstick::kMozillaOld}) {
      EXPECT_EQ(Reasons(profile, facts).empty(), c.mozilla) << c.group;
    }
    EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty()) << c.group;
  }
}

TEST(Yardsticks, JudgeFiniteFieldGroups) {
  const struct {
    const char* prime;
    uint32_t bits;
    bool nist, intermediate, old;
    Level ncsc_2021;  // B6-1, table 10
    Level ncsc_2025;  // §3.3.3.1
  } table[] = {
      {"sha256:00", 512, false, false, false, Level::kInsufficient, Level::kInsufficient},
      {"postfix_1024", 1024, false, false, true, Level::kInsufficient, Level::kInsufficient},
      {"sha256:01", 2047, false, false, true, Level::kInsufficient, Level::kInsufficient},
      {"rfc3526_2048", 2048, true, true, true, Level::kInsufficient, Level::kInsufficient},
      {"ffdhe2048", 2048, true, true, true, Level::kPhaseOut, Level::kInsufficient},
      {"ffdhe3072", 3072, true, true, true, Level::kSufficient, Level::kPhaseOut},
      {"ffdhe8192", 8192, true, true, true, Level::kSufficient, Level::kPhaseOut},
  };
  for (const auto& c : table) {
    YardstickFacts facts = Chose(kAes256Gcm13);
    facts.dhe_prime = c.prime;
    facts.dhe_bits = c.bits;
    EXPECT_EQ(Reasons(Yardstick::kNistSp80052r2, facts).empty(), c.nist) << c.prime;
    EXPECT_EQ(Reasons(Yardstick::kMozillaIntermediate, facts).empty(), c.intermediate) << c.prime;
    EXPECT_EQ(Reasons(Yardstick::kMozillaOld, facts).empty(), c.old) << c.prime;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2021, facts).at_most, c.ncsc_2021) << c.prime;
    EXPECT_EQ(Judge(Yardstick::kNcscNl2025, facts).at_most, c.ncsc_2025) << c.prime;
  }
}

// §3.4.1.1, §3.4.1.3, §3.4.2.1.
TEST(NistSp80052r2, WantsItsExtensionsInTls12AndBefore) {
  YardstickFacts facts = Accepts(tls::kTls12);
  facts.secure_renegotiation = true;
  facts.extended_master_secret = true;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());
  facts.secure_renegotiation = false;
  facts.extended_master_secret = false;
  EXPECT_THAT(
      Reasons(Yardstick::kNistSp80052r2, facts),
      ElementsAre("§3.4.1.1: no renegotiation indication", "§3.4.1.3: no extended master secret"));

  facts = Accepts(tls::kTls11);
  facts.fallback_scsv = false;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());  // it may have TLS 1.3
  facts.accepts_version[4] = false;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts),
              Contains("§3.4.2.1: TLS_FALLBACK_SCSV not heeded"));
  facts.accepts_version[4] = true;
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts), IsEmpty());
}

// §3.3.5, in TLS 1.2.
TEST(NcscNl2025, JudgesTheHashOfTheHandshakesSignature) {
  YardstickFacts facts = Accepts(tls::kTls12);
  facts.signature_scheme = 0x0201;  // rsa_pkcs1_sha1
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, facts),
              ElementsAre("§3.3.5 insufficient: handshake signature over SHA-1"));
  facts.signature_scheme = 0x0303;  // ecdsa_sha224
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, facts),
              ElementsAre("§3.3.5 phase_out: handshake signature over SHA-224"));
  for (const uint16_t scheme : {0x0401, 0x0503, 0x0601, 0x0804, 0x0807}) {
    facts.signature_scheme = scheme;
    EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, facts), IsEmpty()) << scheme;
  }
}

// Its suites are for ECDSA, too, so that an ECDSA certificate harms nobody beside an RSA one.
TEST(Mozilla, OldWantsAnRsaCertificateToBeThere) {
  YardstickFacts facts = Shows({.key_type = tls::KeyType::kEc, .key_bits = 256});
  EXPECT_THAT(Reasons(Yardstick::kMozillaOld, facts), IsEmpty());  // nobody asked
  facts.has_rsa_certificate = true;
  EXPECT_THAT(Reasons(Yardstick::kMozillaOld, facts), IsEmpty());
  facts.has_rsa_certificate = false;
  EXPECT_THAT(Reasons(Yardstick::kMozillaOld, facts),
              ElementsAre("certificate_types: no RSA certificate"));
}

TEST(Yardsticks, SayAFaultOfTwoCertificatesOnce) {
  YardstickFacts facts = Shows({.key_type = tls::KeyType::kRsa, .key_bits = 1024});
  facts.certificates.push_back(facts.certificates.front());
  facts.certificates.push_back({.key_type = tls::KeyType::kRsa, .key_bits = 512});
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, facts),
              ElementsAre("§3.2.1: rsa key of 1024 bits", "§3.2.1: rsa key of 512 bits"));
}

// Each rule finds something of a server with all that is bad, and nothing where nothing is known.
TEST(Yardsticks, HaveNoRuleThatCannotFailAndNoneThatGuesses) {
  YardstickFacts worst;
  worst.accepts_version = {true, true, true, false, false};
  worst.suites = {0x0005, 0x1305, 0xc013};
  worst.groups = {21, 30};
  worst.extended_master_secret = false;
  worst.secure_renegotiation = false;
  worst.signature_scheme = 0x0201;
  worst.dhe_bits = 512;
  worst.dhe_prime = "sha256:00";
  worst.fallback_scsv = false;
  worst.has_rsa_certificate = false;
  worst.certificates = {{.key_type = tls::KeyType::kRsa,
                         .key_bits = 1024,
                         .signature_digest = tls::SignatureDigest::kSha1,
                         .signature_algorithm = "sha1WithRSAEncryption",
                         .path_digest = tls::SignatureDigest::kSha1,
                         .not_before = 1,
                         .not_after = 1'000'000'000},
                        {.key_type = tls::KeyType::kEc, .key_bits = 192},
                        {.key_type = tls::KeyType::kDsa, .key_bits = 1024}};
  std::vector<const GradedSuite*> worst_suites;
  for (const uint16_t suite : worst.suites) worst_suites.push_back(&GradeSuite(suite));
  const YardstickFacts nothing;
  for (const YardstickDocument& document : YardstickDocuments()) {
    EXPECT_FALSE(document.rules.empty());
    for (const YardstickRule& rule : document.rules) {
      YardstickVerdict bad;
      YardstickFindings bad_findings(document, worst_suites, &bad);
      YardstickVerdict unknown;
      YardstickFindings unknown_findings(document, {}, &unknown);
      bad_findings.BeginRule(rule.section);
      rule.judge(worst, &bad_findings);
      // TLS 1.3's CCM_8 is the one that Mozilla leaves out.
      EXPECT_FALSE(bad.reasons.empty()) << document.column << " " << rule.section;
      rule.judge(nothing, &unknown_findings);
      EXPECT_THAT(unknown.reasons, IsEmpty()) << document.column << " " << rule.section;
      EXPECT_EQ(unknown.at_most, Level::kGood) << document.column << " " << rule.section;
      EXPECT_FALSE(rule.demand.empty() || rule.seen_by.empty() || rule.section.empty());
    }
  }
}

tls::CertificateRef MadeUp(tls::KeyType type, uint32_t bits, tls::SignatureDigest digest,
                           bool self_signed = false) {
  auto certificate = std::make_shared<tls::Certificate>();
  certificate->key_type = type;
  certificate->key_bits = bits;
  certificate->signature_digest = digest;
  certificate->self_signed = self_signed;
  certificate->not_before = 1'700'000'000;
  certificate->not_after = 1'700'000'000 + 90 * 86400;
  return certificate;
}

EndpointFacts Handshake(uint16_t version, uint16_t suite, uint16_t group) {
  EndpointFacts facts;
  facts.outcome = Outcome::kTlsOk;
  tls::HandshakeFacts& shown = facts.handshake.emplace();
  shown.outcome = tls::HandshakeOutcome::kOk;
  shown.version_wire = version;
  shown.cipher_wire = suite;
  shown.group_wire = group;
  shown.extended_master_secret = true;
  shown.secure_renegotiation = true;
  return facts;
}

TEST(YardstickFacts, OfAnEndpointWithoutAServerHelloSayNothing) {
  const tls::CertificateTable table;
  EndpointFacts facts;
  facts.outcome = Outcome::kConnectRefused;
  EXPECT_FALSE(JudgeYardsticks(YardstickFactsOf(facts, {}, nullptr, table)));
  facts.handshake.emplace();  // an alert in place of a ServerHello
  EXPECT_FALSE(JudgeYardsticks(YardstickFactsOf(facts, {}, nullptr, table)));
  const ProbeVerdicts unanswered{.probe_count = 2};
  EXPECT_FALSE(JudgeYardsticks(YardstickFactsOf(facts, {}, &unanswered, table)));
}

// One session in TLS 1.3, and all of it is as good as can be: no reason, and no pass either.
TEST(YardstickFacts, OfOneSessionLeaveOpenWhatItDoesNotShow) {
  const tls::CertificateTable table;
  const EndpointFacts facts = Handshake(tls::kTls13, kAes256Gcm13, 24);
  EndpointVerdicts verdicts;
  verdicts.chain = {MadeUp(tls::KeyType::kEc, 256, tls::SignatureDigest::kSha256)};
  const std::optional<YardstickVerdicts> found =
      JudgeYardsticks(YardstickFactsOf(facts, verdicts, nullptr, table));
  ASSERT_TRUE(found);
  for (const YardstickVerdict& verdict : found->verdicts) {
    EXPECT_THAT(verdict.reasons, IsEmpty());
  }
  EXPECT_EQ(found->of(Yardstick::kNcscNl2021).at_most, Level::kGood);
  EXPECT_EQ(found->of(Yardstick::kNcscNl2025).at_most, Level::kSufficient);
  EXPECT_THAT(found->unseen, ElementsAre("versions", "weak_suites", "export_suites", "dhe",
                                         "certificates", "tls12_extensions"));
}

TEST(YardstickFacts, KnowThatTls13IsRefusedOnlyWhereItWasOffered) {
  const tls::CertificateTable table;
  EndpointFacts facts = Handshake(tls::kTls12, kEcdheRsaAes128Gcm, 29);
  YardstickFacts known = YardstickFactsOf(facts, {}, nullptr, table);
  EXPECT_EQ(known.accepts(tls::kTls13), false);
  EXPECT_EQ(known.accepts(tls::kTls12), true);
  EXPECT_EQ(known.accepts(tls::kTls11), std::nullopt);
  EXPECT_EQ(known.extended_master_secret, true);
  EXPECT_THAT(JudgeYardsticks(known)->unseen,
              ElementsAre("versions", "weak_suites", "export_suites", "dhe", "certificates",
                          "fallback_scsv"));
  facts.other_offer.emplace().word = "tls12";
  known = YardstickFactsOf(facts, {}, nullptr, table);
  EXPECT_EQ(known.accepts(tls::kTls13), std::nullopt);
  EXPECT_THAT(JudgeYardsticks(known)->of(Yardstick::kNistSp80052r2).reasons, IsEmpty());
}

// TLS 1.3 has both built in: it says nothing of the server's TLS 1.2.
TEST(YardstickFacts, TakeNoExtensionOfTls12FromTls13) {
  const tls::CertificateTable table;
  const YardstickFacts known =
      YardstickFactsOf(Handshake(tls::kTls13, kAes256Gcm13, 29), {}, nullptr, table);
  EXPECT_EQ(known.extended_master_secret, std::nullopt);
  EXPECT_EQ(known.secure_renegotiation, std::nullopt);
}

// Before TLS 1.2 the hash of the signature is the version's (RFC 4346 §7.4.3), and told with it.
TEST(YardstickFacts, TakeTheHandshakesSignatureFromTls12Alone) {
  const tls::CertificateTable table;
  for (const uint16_t version : {tls::kTls11, tls::kTls12}) {
    EndpointFacts facts = Handshake(version, 0xc013, 29);
    facts.handshake->signature_algorithm_wire = 0x0203;  // ecdsa_sha1
    const YardstickFacts known = YardstickFactsOf(facts, {}, nullptr, table);
    EXPECT_EQ(known.signature_scheme.has_value(), version == tls::kTls12);
  }
}

// RFC 5280 §6.1: nobody relies on the signature of a certificate that is its own issuer, nor on
// what was sent beside the path.
TEST(YardstickFacts, CountTheSignaturesOfThePathAlone) {
  const tls::CertificateTable table;
  const EndpointFacts facts = Handshake(tls::kTls13, kAes256Gcm13, 29);
  const tls::CertificateRef leaf = MadeUp(tls::KeyType::kEc, 256, tls::SignatureDigest::kSha256);
  const tls::CertificateRef old = MadeUp(tls::KeyType::kRsa, 4096, tls::SignatureDigest::kSha1);
  const tls::CertificateRef root =
      MadeUp(tls::KeyType::kRsa, 4096, tls::SignatureDigest::kSha1, /*self_signed=*/true);
  EndpointVerdicts verdicts;
  verdicts.chain = {leaf, old, root};
  verdicts.pkix.emplace().path = {0, 2};
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, YardstickFactsOf(facts, verdicts, nullptr, table)),
              IsEmpty());
  verdicts.pkix->path = {0, 1};
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2025, YardstickFactsOf(facts, verdicts, nullptr, table)),
              ElementsAre("§3.3.5 insufficient: certificate signature over SHA-1"));
  verdicts.pkix->path = {};
  verdicts.chain = {old};
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2021, YardstickFactsOf(facts, verdicts, nullptr, table)),
              ElementsAre("B3-2 insufficient: certificate signature over SHA-1"));
  verdicts.chain = {root};
  EXPECT_THAT(Reasons(Yardstick::kNcscNl2021, YardstickFactsOf(facts, verdicts, nullptr, table)),
              IsEmpty());
}

TEST(YardstickFacts, TakeInWhatProbesFound) {
  const tls::CertificateTable table;
  const EndpointFacts facts = Handshake(tls::kTls13, kAes256Gcm13, 29);
  EndpointVerdicts verdicts;
  verdicts.chain = {MadeUp(tls::KeyType::kEc, 256, tls::SignatureDigest::kSha256)};
  ProbeVerdicts probes;
  probes.probe_count = 20;
  tls::ProbeFindings& found = probes.findings;
  found.accepts_version = {false, true, true, true, true};
  found.accepted_suites = {kAes256Gcm13, 0x0005, 0x0033};
  found.accepts_rc4 = true;
  found.accepts_3des = found.accepts_null = found.accepts_anonymous = false;
  found.accepts_static_rsa = true;
  found.accepts_export = false;
  found.accepts_dhe = true;
  found.dhe_bits = 1024;
  found.dhe_prime = "postfix_1024";
  found.fallback_scsv = false;
  found.has_rsa_certificate = true;
  found.has_ecdsa_certificate = true;
  probes.shown.push_back({});
  probes.shown.back().verdicts.chain = {
      MadeUp(tls::KeyType::kRsa, 1024, tls::SignatureDigest::kSha256)};
  const std::optional<YardstickVerdicts> judged =
      JudgeYardsticks(YardstickFactsOf(facts, verdicts, &probes, table));
  ASSERT_TRUE(judged);
  EXPECT_THAT(judged->of(Yardstick::kNistSp80052r2).reasons,
              ElementsAre("§3.1: TLSv1 accepted, which government-only servers shall not",
                          "§3.2.1: rsa key of 1024 bits", "§3.3.1: TLS_RSA_WITH_RC4_128_SHA",
                          "§3.4.2.2: DHE with 1024 bits"));
  EXPECT_EQ(judged->of(Yardstick::kNcscNl2025).at_most, Level::kInsufficient);
  EXPECT_THAT(judged->unseen, ElementsAre("tls12_extensions"));

  // A server of TLS 1.3 only has no extensions of TLS 1.2, nor anything else to be asked about.
  found.accepts_version = {false, false, false, false, true};
  EXPECT_THAT(JudgeYardsticks(YardstickFactsOf(facts, verdicts, &probes, table))->unseen,
              IsEmpty());
}

// The follow-up tells where the handshake did not.
TEST(YardstickFacts, GoByTheFollowUpWhereTheHandshakeFailed) {
  const tls::CertificateTable table;
  EndpointFacts facts;
  facts.outcome = Outcome::kTlsAlert;
  facts.handshake.emplace();
  ProbeVerdicts probes;
  probes.findings.accepts_version[3] = true;
  probes.findings.accepts_version[4] = false;
  probes.findings.accepted_suites = {0x009e};
  probes.findings.dhe_bits = 1024;
  const YardstickFacts known = YardstickFactsOf(facts, {}, &probes, table);
  EXPECT_THAT(Reasons(Yardstick::kNistSp80052r2, known),
              ElementsAre("§3.1: TLSv1.3 not accepted", "§3.4.2.2: DHE with 1024 bits"));
  EXPECT_THAT(JudgeYardsticks(known)->unseen, Contains("certificates"));
}

TEST(YardstickDocs, CommittedFileIsWhatTheRulesSay) {
  const std::string path = "docs/yardsticks.md";
  if (std::getenv("MXSWEEP_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << YardstickDocs();
    return;
  }
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), YardstickDocs());
}

}  // namespace
}  // namespace mxsweep::scanner
