// What a client of a security level does with a server, as the scan's columns have it, beside what
// OpenSSL does: at every level, with and without verification, by the rules of 3.0 and of later
// ones.
#include "tests/interop/levels.h"

#include <cstdio>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/matrix_names.h"

namespace mxsweep::interop {
namespace {

constexpr size_t kLeastServers = 35;

struct LevelCase {
  std::string server;
  Row row;
  LevelQuestion question;
};

class LevelsTest : public InteropTest {
 protected:
  // Every server with which a handshake was made, by one of its hosts.
  static std::vector<LevelCase> Cases(const std::vector<OpensslProgram>& programs) {
    std::vector<std::pair<std::string, std::string>> hosts;
    for (const MatrixCase& one : MatrixCases()) {
      if (one.placement != Placement::kSigned) continue;
      hosts.emplace_back(one.server, NamesOf(one).mx_host);
    }
    for (const MailHost& host : network().hosts()) hosts.emplace_back(host.name, host.name);
    std::vector<LevelCase> cases;
    std::set<std::string> seen;
    for (const auto& [name, host] : hosts) {
      const std::vector<Row> rows = RowsWhere(network().scan().endpoints, "host", host);
      if (rows.size() != 1 || Text(rows.front(), "outcome") != "tls_ok") continue;
      const Row& row = rows.front();
      if (!seen.insert(Text(row, "address")).second) continue;
      for (const OpensslProgram& program : programs) {
        cases.push_back({.server = name,
                         .row = row,
                         .question = {.target = {.address = Text(row, "address"),
                                                 .host = host,
                                                 .trust_store = network().TrustStore()},
                                      .session = SessionOf(row),
                                      .program = program}});
      }
    }
    return cases;
  }
};

TEST_F(LevelsTest, AreThoseAtWhichOpensslCompletesTheHandshake) {
  const auto programs = OpensslPrograms(MXSWEEP_INTEROP_SERVERS);
  ASSERT_TRUE(programs.ok()) << programs.status();
  const std::vector<LevelCase> cases = Cases(*programs);
  std::vector<LevelQuestion> questions;
  for (const LevelCase& one : cases) questions.push_back(one.question);
  const auto answers = AskLevels(network().s_client(), questions);
  ASSERT_TRUE(answers.ok()) << answers.status();

  int agreements = 0;
  std::vector<std::string> differences;
  std::printf("%-20s%-9s%-14s%-14s%-14s%s\n", "levels at", "openssl", "unverified", "foretold",
              "verified", "foretold");
  for (size_t i = 0; i < cases.size(); ++i) {
    const LevelCase& one = cases[i];
    const LevelAnswers foretold = ForetoldLevels(one.row, one.question.program);
    const LevelAnswers& seen = (*answers)[i];
    std::string line = absl::StrCat(one.server, " ", one.question.program.version);
    std::printf("%-20s%-9s%-14s%-14s%-14s%s\n", one.server.c_str(),
                one.question.program.version.c_str(), LevelsOf(seen.unverified).c_str(),
                LevelsOf(foretold.unverified).c_str(), LevelsOf(seen.verified).c_str(),
                LevelsOf(foretold.verified).c_str());
    if (seen.too_weak != foretold.too_weak) {
      differences.push_back(
          absl::StrCat(line, " finds certificates too weak at ", LevelsOf(seen.too_weak),
                       ", foretold: ", LevelsOf(foretold.too_weak), "\n", one.row.dump()));
    }
    for (const bool verifies : {false, true}) {
      for (size_t level = 0; level <= kHighestLevel; ++level) {
        if (seen.of(verifies)[level] == foretold.of(verifies)[level]) {
          ++agreements;
        } else {
          differences.push_back(absl::StrCat(
              line, verifies ? " verified" : " unverified", " at level ", level, ": ",
              seen.of(verifies)[level] ? "completed" : "failed", "\n", one.row.dump()));
        }
      }
    }
  }
  std::printf("servers: %zu, programs: %zu, agreements: %d, differences: %zu\n",
              cases.size() / programs->size(), programs->size(), agreements, differences.size());
  std::fflush(stdout);
  EXPECT_GE(cases.size() / programs->size(), kLeastServers);
  EXPECT_TRUE(differences.empty()) << absl::StrJoin(differences, "\n");
}

// What has nothing in common with our client's offer is met by OpenSSL, and foretold by the
// follow-up.
TEST_F(LevelsTest, AreForetoldByTheFollowUpOfServersThatAreOutOfOurReach) {
  const auto programs = OpensslPrograms(MXSWEEP_INTEROP_SERVERS);
  ASSERT_TRUE(programs.ok()) << programs.status();
  struct Meant {
    const char* server;
    const char* levels;  // by the bits of its prime
  };
  for (const Meant& meant : {Meant{"dhe-1024", "0 1"}, Meant{"dhe-only", "0 1 2"}}) {
    SCOPED_TRACE(meant.server);
    const std::string host = absl::StrCat(meant.server, ".mx.example");
    const Row row = OnlyRow(network().scan().endpoints, "host", host);
    EXPECT_EQ(Text(row, "outcome"), "tls_alert");
    EXPECT_EQ(Text(row, "may_be_ours"), "no_common_cipher");
    EXPECT_EQ(Text(row, "session_level"), "null");
    EXPECT_EQ(Text(row, "certificate_level"), "null");
    EXPECT_EQ(Text(row, "follow_up"), "server_hello");
    EXPECT_EQ(Text(row, "follow_up_tls_version"), "TLSv1.2");
    EXPECT_EQ(Text(row, "follow_up_session_level"),
              std::string(1, std::string(meant.levels).back()));
    std::vector<LevelQuestion> questions;
    for (const OpensslProgram& program : *programs) {
      questions.push_back({.target = {.address = Text(row, "address"),
                                      .host = host,
                                      .trust_store = network().TrustStore()},
                           .session = {.version = "TLSv1.2",
                                       .cipher = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
                                       .group = "",
                                       .signature_algorithm = "",
                                       .key_curve = ""},
                           .program = program});
    }
    const auto answers = AskLevels(network().s_client(), questions);
    ASSERT_TRUE(answers.ok()) << answers.status();
    for (const LevelAnswers& one : *answers) EXPECT_EQ(LevelsOf(one.unverified), meant.levels);
  }
}

}  // namespace
}  // namespace mxsweep::interop
