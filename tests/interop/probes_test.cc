// tls/probe against OpenSSL 3.5, which has groups with ML-KEM and ML-DSA certificates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "tests/interop/openssl_program.h"
#include "tests/tls/probe/real_server.h"
#include "tls/probe/probe_findings.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using testing::RealServer;
using ::testing::UnorderedElementsAreArray;

// With the words of its command joined for a shell; empty where it could not be fetched.
std::string Openssl35() {
  const auto programs = interop::OpensslPrograms(MXSWEEP_INTEROP_SERVERS);
  if (!programs.ok()) return "";
  for (const interop::OpensslProgram& program : *programs) {
    if (absl::StartsWith(program.version, "3.5.")) return absl::StrJoin(program.command, " ");
  }
  return "";
}

class Openssl35Probes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (openssl_.empty()) GTEST_SKIP() << "no OpenSSL 3.5 (see fetch_servers)";
  }

  ProbeFindings Pq(const std::string& options) {
    const RealServer server(RealServer::Program::kOpenssl, options, openssl_);
    const OrdinaryHandshake ordinary = {.reached_tls = true,
                                        .completed = true,
                                        .version = kTls13,
                                        .suite = 0x1302,
                                        .group = 29,
                                        .had_server_name = true,
                                        .leaf_key = SuiteKey::kRsa};
    SurveySet pq;
    pq.Add(Survey::kPq);
    const std::vector<ProbeResult> done = server.Run(pq, ordinary);
    connections_ = done.size();
    for (const ProbeResult& result : done) {
      // OpenSSL has checked our key of ML-KEM and encapsulated for it, or it would have asked
      // again.
      if (result.probe.kind == ProbeKind::kHybridPreferred) {
        EXPECT_EQ(result.flight.kind, FlightKind::kServerHello);
      }
      words_ += ProbeWord(result.probe) + ":" + std::string(FlightWord(result.flight)) + " ";
    }
    return Conclude(ordinary, done);
  }

  const std::string openssl_ = Openssl35();
  size_t connections_ = 0;
  std::string words_;
};

TEST_F(Openssl35Probes, FindTheGroupOfItsDefaults) {
  const ProbeFindings found = Pq("-cert CERT -key KEY");
  EXPECT_THAT(found.pq_groups, Optional(ElementsAre(0x11ec))) << words_;
  EXPECT_EQ(found.pq_preferred, 0x11ec);
  EXPECT_EQ(found.mldsa, false);
  EXPECT_EQ(connections_, 3u) << words_;
}

TEST_F(Openssl35Probes, FindEveryGroupItIsToldToTake) {
  const ProbeFindings found =
      Pq("-cert CERT -key KEY -groups "
         "X25519:SecP256r1MLKEM768:SecP384r1MLKEM1024:MLKEM512:MLKEM768:MLKEM1024");
  EXPECT_THAT(found.pq_groups,
              Optional(UnorderedElementsAreArray({0x11eb, 0x11ed, 0x0200, 0x0201, 0x0202})))
      << words_;
  EXPECT_EQ(found.pq_preferred, 29);
}

TEST_F(Openssl35Probes, FindNoneWhereThereIsNone) {
  const ProbeFindings found = Pq("-cert CERT -key KEY -groups P-256:X25519");
  EXPECT_THAT(found.pq_groups, Optional(IsEmpty())) << words_;
  EXPECT_EQ(found.mldsa, false);
}

TEST_F(Openssl35Probes, FindAnMlDsaCertificate) {
  for (const char* algorithm : {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}) {
    const testing::TemporaryFolder folder;
    const std::string files = "-key " + folder.Path("key") + " -cert " + folder.Path("cert");
    ASSERT_EQ(std::system(("OPENSSL_CONF=/dev/null " + openssl_ + " req -x509 -newkey " +
                           algorithm + " -nodes -subj /CN=mx.example.org -keyout " +
                           folder.Path("key") + " -out " + folder.Path("cert") + " 2>/dev/null")
                              .c_str()),
              0);
    EXPECT_EQ(Pq(files).mldsa, true) << algorithm << " " << words_;
    // Beside an RSA certificate, too.
    EXPECT_EQ(
        Pq("-cert CERT -key KEY -dcert " + folder.Path("cert") + " -dkey " + folder.Path("key"))
            .mldsa,
        true)
        << algorithm << " " << words_;
  }
}

TEST_F(Openssl35Probes, FindWhatItHasOfOldVersions) {
  const RealServer server(RealServer::Program::kOpenssl,
                          "-cert CERT -key KEY -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0", openssl_);
  const OrdinaryHandshake ordinary = {.reached_tls = true,
                                      .completed = true,
                                      .version = kTls13,
                                      .suite = 0x1302,
                                      .had_server_name = true,
                                      .leaf_key = SuiteKey::kRsa};
  const std::vector<ProbeResult> done = server.Run(SurveySet::All(), ordinary);
  const ProbeFindings found = Conclude(ordinary, done);
  EXPECT_EQ(found.min_version_accepted, kTls10);
  EXPECT_EQ(found.accepts_null, true);
  EXPECT_EQ(found.accepts_anonymous, true);
  EXPECT_EQ(found.accepts_export, false);
  EXPECT_EQ(found.downgrade_sentinel, true);
  EXPECT_EQ(found.fallback_scsv, true);
}

}  // namespace
}  // namespace mxsweep::tls
