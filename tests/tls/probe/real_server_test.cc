// Surveys of servers of other libraries: what they are configured for is what must be found.
#include "tests/tls/probe/real_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/dh.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tls/probe/probe_findings.h"
#include "tls/probe/suites.h"
#include "tls/session/facts.h"

namespace mxsweep::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;
using testing::RealServer;
using testing::TestCertificate;

constexpr RealServer::Program kOpenssl = RealServer::Program::kOpenssl;
constexpr RealServer::Program kGnutls = RealServer::Program::kGnutls;

SurveySet Only(Survey survey) {
  SurveySet set;
  set.Add(survey);
  return set;
}

std::string Words(const std::vector<ProbeResult>& done) {
  std::string words;
  for (const ProbeResult& result : done) {
    words += ProbeWord(result.probe) + ": " + std::string(FlightWord(result.flight));
    if (result.flight.suite) words += " " + SuiteName(*result.flight.suite);
    if (result.flight.version) words += " " + VersionName(*result.flight.version);
    if (result.flight.alert) words += " alert " + std::to_string(result.flight.alert->code);
    words += " " + result.flight.detail + "\n";
  }
  return words;
}

std::vector<uint8_t> LeafOf(const ProbeResult& result) {
  const std::span<const uint8_t> der = result.flight.chain.at(0).der();
  return {der.begin(), der.end()};
}

// What our BoringSSL handshake would have found of a server of TLS 1.3 with an RSA certificate.
OrdinaryHandshake Tls13() {
  return {.reached_tls = true,
          .completed = true,
          .version = kTls13,
          .suite = 0x1302,
          .group = 29,
          .had_server_name = true,
          .leaf_key = SuiteKey::kRsa};
}
OrdinaryHandshake Tls12() {
  OrdinaryHandshake ordinary = Tls13();
  ordinary.version = kTls12;
  ordinary.suite = 0xc030;
  return ordinary;
}
OrdinaryHandshake Failed() {
  return {.reached_tls = true, .may_be_ours = "no_common_cipher", .had_server_name = true};
}

struct Found {
  std::vector<ProbeResult> done;
  ProbeFindings findings;
};

Found SurveyOf(RealServer::Program program, const std::string& options, SurveySet surveys,
               const OrdinaryHandshake& ordinary) {
  const RealServer server(program, options);
  Found found = {.done = server.Run(surveys, ordinary)};
  found.findings = Conclude(ordinary, found.done);
  SCOPED_TRACE(Words(found.done));
  EXPECT_THAT(static_cast<int>(found.done.size()), Le(MostConnections(surveys) + 1));
  return found;
}

TEST(RealServers, OfTls13AndTls12HaveNothingOld) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const Found found = SurveyOf(kOpenssl, "-cert CERT -key KEY -cipher DEFAULT:@SECLEVEL=2",
                               Only(Survey::kLegacy), Tls13());
  SCOPED_TRACE(Words(found.done));
  const ProbeFindings& f = found.findings;
  EXPECT_EQ(f.min_version_accepted, kTls12);
  EXPECT_EQ(f.max_version_accepted, kTls13);
  EXPECT_EQ(f.accepts_sslv3, false);
  EXPECT_EQ(f.accepts_rc4, false);
  EXPECT_EQ(f.accepts_3des, false);
  EXPECT_EQ(f.accepts_null, false);
  EXPECT_EQ(f.accepts_anonymous, false);
  EXPECT_EQ(f.accepts_static_rsa, true);
  EXPECT_EQ(f.static_rsa_only, false);
  EXPECT_EQ(f.fallback_scsv, true);
  EXPECT_EQ(f.downgrade_sentinel, true);
  EXPECT_THAT(found.done.size(), Le(6u));
}

TEST(RealServers, AtLevel0AcceptWhatTheyAreToldTo) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const Found found =
      SurveyOf(kOpenssl, "-cert CERT -key KEY -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0",
               Only(Survey::kLegacy), Tls13());
  SCOPED_TRACE(Words(found.done));
  const ProbeFindings& f = found.findings;
  EXPECT_EQ(f.min_version_accepted, kTls10);
  EXPECT_EQ(f.accepts_sslv3, false);
  EXPECT_EQ(f.accepts_rc4, false);  // Debian builds it without
  EXPECT_EQ(f.accepts_null, true);
  EXPECT_EQ(f.accepts_anonymous, true);
  EXPECT_EQ(f.accepts_static_rsa, true);
  EXPECT_EQ(f.downgrade_sentinel, true);
}

TEST(RealServers, WithStaticRsaOnlyAreToldApart) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  OrdinaryHandshake ordinary = Tls12();
  ordinary.suite = 0x009d;
  const Found found = SurveyOf(kOpenssl, "-cert CERT -key KEY -tls1_2 -cipher AES256-GCM-SHA384",
                               Only(Survey::kLegacy), ordinary);
  SCOPED_TRACE(Words(found.done));
  EXPECT_EQ(found.findings.static_rsa_only, true);
  EXPECT_EQ(found.findings.accepts_forward_secret, false);
  EXPECT_EQ(found.findings.min_version_accepted, kTls12);
  EXPECT_EQ(found.findings.max_version_accepted, kTls12);
  EXPECT_EQ(found.findings.fallback_scsv, std::nullopt);  // there is nothing to fall back to
}

TEST(RealServers, ShowTheirDhPrime) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const struct {
    const char* group;
    const char* name;
    uint32_t bits;
  } cases[] = {{"modp_1536", "rfc3526_1536", 1536},
               {"modp_2048", "rfc3526_2048", 2048},
               {"ffdhe3072", "ffdhe3072", 3072},
               {"dh_2048_256", "rfc5114_2048_256", 2048}};
  for (const auto& [group, name, bits] : cases) {
    const testing::TemporaryFolder folder;
    const std::string pem = folder.Path("dh.pem");
    const std::string make =
        "openssl genpkey -genparam -algorithm DH -pkeyopt group:" + std::string(group) + " -out " +
        pem;
    ASSERT_EQ(std::system(make.c_str()), 0);
    const Found found =
        SurveyOf(kOpenssl, "-cert CERT -key KEY -tls1_2 -cipher DHE:@SECLEVEL=0 -dhparam " + pem,
                 Only(Survey::kDhe), Failed());
    SCOPED_TRACE(Words(found.done));
    EXPECT_EQ(found.findings.dhe_prime, name);
    EXPECT_EQ(found.findings.dhe_bits, bits);
    EXPECT_EQ(found.findings.dhe_public_value_repeats, false);
    EXPECT_EQ(found.findings.accepts_dhe, true);
    EXPECT_EQ(found.findings.follow_up_outcome, "server_hello");
    EXPECT_EQ(found.findings.follow_up_version, kTls12);
  }
}

// PEM of PKCS #3: SEQUENCE of p and 2.
std::string DhParamsPem(const std::string& hex) {
  BIGNUM* p = nullptr;
  BIGNUM* g = nullptr;
  const bssl::UniquePtr<DH> params(DH_new());
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t length = 0;
  if (!BN_hex2bn(&p, hex.c_str()) || !BN_dec2bn(&g, "2") ||
      !DH_set0_pqg(params.get(), p, nullptr, g) ||
      !PEM_write_bio_DHparams(memory.get(), params.get()) ||
      !BIO_mem_contents(memory.get(), &text, &length)) {
    std::abort();
  }
  return std::string(reinterpret_cast<const char*>(text), length);
}

// The numbers that old software has built in, in the hands of a server.
TEST(RealServers, ShowThePrimesOfOldSoftware) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  std::ifstream file("tests/tls/probe/builtin_primes.txt");
  std::string line;
  int tried = 0;
  while (std::getline(file, line)) {
    const size_t space = line.find(' ');
    const std::string name = line.substr(0, space);
    if (name != "postfix_2.2_512" && name != "postfix_2.2_1024" && name != "exim_4.87_3" &&
        name != "ironport_1024") {
      continue;
    }
    ++tried;
    const testing::TemporaryFolder folder;
    const std::string pem = folder.Write("dh.pem", DhParamsPem(line.substr(space + 1)));
    // OpenSSL takes no 512 bits, whatever its level.
    const bool of_gnutls = name == "postfix_2.2_512";
    if (of_gnutls && !RealServer::Available(kGnutls)) continue;
    const RealServer server(
        of_gnutls ? kGnutls : kOpenssl,
        of_gnutls ? "--x509certfile CERT --x509keyfile KEY --priority "
                    "NORMAL:-VERS-TLS1.3:-KX-ALL:+DHE-RSA --dhparams " +
                        pem
                  : "-cert CERT -key KEY -no_tls1_3 -cipher DHE:@SECLEVEL=0 -dhparam " + pem);
    const std::vector<ProbeResult> done = server.Run(Only(Survey::kDhe), Tls12());
    SCOPED_TRACE(Words(done));
    const ProbeFindings f = Conclude(Tls12(), done);
    EXPECT_EQ(f.dhe_prime, name);
    EXPECT_EQ(f.dhe_prime_kind, "safe");
    EXPECT_EQ(f.dhe_generator, "2");
  }
  EXPECT_EQ(tried, 4);  // of the file
}

// BoringSSL has no finite-field groups: such a server ends its handshake with an alert.
TEST(RealServers, OfTls13WithFiniteFieldGroupsOnlyAreSeenByTheFollowUp) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const Found found =
      SurveyOf(kOpenssl, "-cert CERT -key KEY -tls1_3 -groups ffdhe3072", {}, Failed());
  SCOPED_TRACE(Words(found.done));
  EXPECT_EQ(found.done.size(), 1u);
  EXPECT_EQ(found.findings.follow_up_outcome, "hello_retry_request");
  EXPECT_EQ(found.findings.follow_up_version, kTls13);
  EXPECT_EQ(found.findings.follow_up_group, 257);
}

TEST(RealServers, AreReadTheSameInSingleBytes) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const RealServer server(kOpenssl, "-cert CERT -key KEY -tls1_2 -cipher DHE");
  const std::string hello = WriteClientHello(HelloOf({ProbeKind::kDhe}, "mx.example.org", {}));
  const ServerFlight whole = server.Ask(hello);
  const ServerFlight bytes = server.Ask(hello, 1);
  EXPECT_EQ(bytes.end, FlightEnd::kComplete);
  EXPECT_EQ(bytes.suite, whole.suite);
  EXPECT_EQ(bytes.bytes_in, whole.bytes_in);
  EXPECT_EQ(bytes.key_exchange->dh_p, whole.key_exchange->dh_p);
  ASSERT_EQ(bytes.chain.size(), 1u);
  EXPECT_EQ(bytes.chain[0].der().size(), server.rsa().der().size());
}

TEST(RealServers, WithTwoCertificatesShowBoth) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const RealServer server(kOpenssl, "-cert CERT -key KEY -dcert EC_CERT -dkey EC_KEY");
  for (const SuiteKey key : {SuiteKey::kRsa, SuiteKey::kEcdsa, SuiteKey::kNone}) {
    OrdinaryHandshake ordinary = Tls12();
    ordinary.leaf_key = key;
    const std::vector<ProbeResult> done = server.Run(Only(Survey::kCerts), ordinary);
    SCOPED_TRACE(Words(done));
    const ProbeFindings f = Conclude(ordinary, done);
    EXPECT_EQ(f.has_rsa_certificate, true);
    EXPECT_EQ(f.has_ecdsa_certificate, true);
    // What the ordinary handshake has shown is not asked again.
    EXPECT_EQ(f.rsa_chain_result.has_value(), key != SuiteKey::kRsa);
    EXPECT_EQ(f.ecdsa_chain_result.has_value(), key != SuiteKey::kEcdsa);
    if (f.rsa_chain_result) {
      EXPECT_EQ(LeafOf(done[*f.rsa_chain_result]), server.rsa().der());
    }
    if (f.ecdsa_chain_result) {
      EXPECT_EQ(LeafOf(done[*f.ecdsa_chain_result]), server.ecdsa().der());
    }
    EXPECT_TRUE(f.no_server_name_chain_result.has_value());
  }
}

TEST(RealServers, OfTls13OnlyKeepTheirCertificatesToThemselves) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const Found found =
      SurveyOf(kOpenssl, "-cert CERT -key KEY -tls1_3", Only(Survey::kCerts), Tls13());
  SCOPED_TRACE(Words(found.done));
  EXPECT_EQ(found.findings.has_ecdsa_certificate, std::nullopt);
  EXPECT_EQ(found.findings.no_server_name_chain_result, std::nullopt);
}

TEST(RealServers, WithoutMlKemRefuseAllItsGroupsInOneConnection) {
  if (!RealServer::Available(kOpenssl)) GTEST_SKIP() << "no openssl program";
  const Found found = SurveyOf(kOpenssl, "-cert CERT -key KEY", Only(Survey::kPq), Tls13());
  SCOPED_TRACE(Words(found.done));
  EXPECT_THAT(found.findings.pq_groups, ::testing::Optional(IsEmpty()));
  EXPECT_EQ(found.findings.pq_preferred, 29);
  EXPECT_EQ(found.findings.mldsa, false);
  EXPECT_EQ(found.done.size(), 3u);
}

TEST(RealServers, OfGnutlsAreReadToo) {
  if (!RealServer::Available(kGnutls)) GTEST_SKIP() << "no gnutls-serv program";
  const Found found = SurveyOf(
      kGnutls,
      "--x509certfile CERT --x509keyfile KEY --x509certfile EC_CERT --x509keyfile EC_KEY "
      "--priority NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+ARCFOUR-128:+3DES-CBC:+ANON-ECDH:+DHE-RSA:"
      "+MD5:+VERS-SSL3.0",
      SurveySet::All(), Tls13());
  SCOPED_TRACE(Words(found.done));
  const ProbeFindings& f = found.findings;
  EXPECT_EQ(f.min_version_accepted, kTls10);
  EXPECT_EQ(f.max_version_accepted, kTls13);
  EXPECT_EQ(f.accepts_rc4, true);
  EXPECT_EQ(f.accepts_3des, true);
  EXPECT_EQ(f.accepts_null, false);
  EXPECT_EQ(f.accepts_export, false);
  EXPECT_EQ(f.has_rsa_certificate, true);
  EXPECT_EQ(f.has_ecdsa_certificate, true);
  EXPECT_EQ(f.downgrade_sentinel, true);
  EXPECT_THAT(f.pq_groups, ::testing::Optional(IsEmpty()));
}

}  // namespace
}  // namespace mxsweep::tls
