// The lab's truth (tools/lab) is what end-to-end tests hold scans against. Where it says more than
// how the lab was made, it is held against OpenSSL here: chains, DANE, and security levels.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/levels.h"
#include "tests/interop/references.h"

namespace mxsweep::interop {
namespace {

constexpr char kLabFolder[] = "/run/lab";
constexpr char kLabNetwork[] = "127.66.0.0";
constexpr absl::Duration kTimeToStart = absl::Seconds(60);

// Their last certificate is none, on which OpenSSL ends the handshake.
constexpr const char* kUnreadable[] = {"mx1.cert-unreadable-extra.lab"};

std::vector<Row> RowsOf(const std::string& table) {
  std::vector<Row> rows;
  std::ifstream lines(absl::StrCat(kLabFolder, "/truth/", table, ".ndjson"));
  for (std::string line; std::getline(lines, line);) rows.push_back(Row::parse(line));
  return rows;
}

// A lab with a zone for every posture, at the port that s_client is told.
class LabTruthTest : public InteropTest {
 protected:
  static void SetUpTestSuite() {
    const std::string ready = absl::StrCat(kLabFolder, ".ready");
    auto started = ChildProcess::Start("lab",
                                       {MXSWEEP_LAB_PROGRAM,
                                        "serve",
                                        "--state",
                                        kLabFolder,
                                        "--truth",
                                        "--domains",
                                        "1",
                                        "--smtp-port",
                                        "25",
                                        "--network",
                                        kLabNetwork,
                                        "--dns-port",
                                        "53",
                                        "--https-port",
                                        "0",
                                        "--max-handshakes",
                                        "1000",
                                        "--delay-scale",
                                        "0",
                                        "--ready-file",
                                        ready},
                                       absl::StrCat(kLabFolder, ".log"));
    ASSERT_TRUE(started.ok()) << started.status();
    lab_ = new ChildProcess(*std::move(started));
    const absl::Time deadline = absl::Now() + kTimeToStart;
    while (!ReadFile(ready).ok() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(50));
    ASSERT_TRUE(ReadFile(ready).ok()) << lab_->LogTail();
  }

  static void TearDownTestSuite() {
    delete lab_;
    lab_ = nullptr;
  }

  static SClientTarget TargetOf(const Row& endpoint) {
    return {.address = Text(endpoint, "address"),
            .host = Text(endpoint, "server_name"),
            .trust_store = absl::StrCat(kLabFolder, "/ca.pem")};
  }

  // Endpoints at which the truth has a handshake, by IPv4. Not those whose behaviour is about SMTP:
  // s_client is no patient reader of replies. Debian's OpenSSL has no 3DES.
  static std::vector<Row> Handshakes() {
    std::vector<Row> rows;
    for (Row& row : RowsOf("endpoints")) {
      const bool is_left_out = absl::StrContains(Text(row, "address"), ":") ||
                               absl::StrContains(Text(row, "host"), ".behaviour-") ||
                               absl::StrContains(Text(row, "host"), ".provider") ||
                               absl::StrContains(Text(row, "cipher"), "3DES");
      // Where the first attempt is turned away, s_client makes no second.
      const bool is_met = Text(row, "outcome") == "tls_ok" && Text(row, "attempts") == "1";
      if (is_met && !is_left_out) {
        rows.push_back(std::move(row));
      }
    }
    return rows;
  }

  static bool IsUnreadable(const Row& row) {
    for (const char* host : kUnreadable) {
      if (Text(row, "host") == host) return true;
    }
    return false;
  }

  static ChildProcess* lab_;
};

ChildProcess* LabTruthTest::lab_ = nullptr;

TEST_F(LabTruthTest, SaysOfChainsAndNamesWhatOpensslSays) {
  std::vector<Row> rows = Handshakes();
  std::vector<Command> commands;
  for (const Row& row : rows) commands.push_back({SClient::ConnectCommand(TargetOf(row)), {}});
  const std::vector<CommandResult> runs = RunCommands(commands, 4, absl::Seconds(40));
  std::map<std::string, int> met;
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(rows[i].dump());
    const auto seen = network().s_client().Read(TargetOf(rows[i]).host, runs[i]);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(seen->finished, !IsUnreadable(rows[i])) << seen->text;
    if (!seen->finished) continue;
    EXPECT_EQ(Text(rows[i], "leaf_key_bits"), absl::StrCat(seen->chain.front().key_bits));
    EXPECT_EQ(Text(rows[i], "name_match") != "none", seen->leaf_names_host);
    // SHA-1 is a matter of the level, and this is the lowest.
    const std::string pkix = Text(rows[i], "pkix_status");
    EXPECT_EQ(pkix == "weak_signature" ? "valid" : pkix, seen->chain_verdict) << seen->text;
    ++met[pkix];
  }
  for (const char* word : {"valid", "expired", "not_yet_valid", "self_signed", "untrusted",
                           "incomplete", "constraint", "weak_signature"}) {
    EXPECT_GT(met[word], 0) << word;
  }
}

TEST_F(LabTruthTest, SaysOfDaneWhatOpensslSays) {
  std::map<std::string, int> met;
  const std::vector<Row> hosts = RowsOf("mx_hosts");
  for (const Row& row : Handshakes()) {
    const Row host = OnlyRow(hosts, "host", Text(row, "host"));
    if (Text(host, "tlsa_status") != "secure" || IsUnreadable(row)) continue;
    std::vector<std::string> tlsa;
    for (const Row& record : host["tlsa"]) {
      // RFC 7672 §3.1.3: usages 0 and 1 are not for SMTP. s_client would use them.
      if (record["usage"] < 2) continue;
      tlsa.push_back(absl::StrCat(Text(record, "usage"), " ", Text(record, "selector"), " ",
                                  Text(record, "matching_type"), " ", Text(record, "data")));
    }
    SCOPED_TRACE(row.dump());
    std::string expected = "unusable";
    if (!tlsa.empty()) {
      SClientTarget target = TargetOf(row);
      target.host = Text(host, "tlsa_base_domain");
      const auto verdict = network().s_client().DaneVerdict(target, tlsa);
      ASSERT_TRUE(verdict.ok()) << verdict.status();
      expected = *verdict;
    }
    EXPECT_EQ(Text(row, "dane_status"), expected) << host;
    ++met[expected];
  }
  EXPECT_GE(met["match"], 15);
  EXPECT_GE(met["mismatch"], 10);
  EXPECT_GE(met["unusable"], 3);
}

// Zones of which posttls-finger cannot say what the truth does.
struct LeftOut {
  const char* zone;
  const char* why;
};
constexpr LeftOut kLeftOut[] = {
    {"dane-keys-differ.lab", "it tries one of two addresses, and one of them fits"},
    {"dane-timeout.lab", "libresolv is patient for longer than the test"},
    {"dane-blocked.lab", "it knows no blocklist"},
    {"dane-refused-after-tls.lab", "it ends with the handshake"},
    {"dane-dhe-only.lab", "the lab plays it up to ServerHelloDone, and posttls-finger goes on"},
};

TEST_F(LabTruthTest, SaysOfDomainsWhatPosttlsFingerFinds) {
  const absl::StatusOr<std::string> own = ReadFile("/etc/resolv.conf");
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_TRUE(WriteFile("/etc/resolv.conf", "nameserver 127.0.0.1\noptions edns0 trust-ad\n").ok());
  std::vector<Row> rows;
  std::vector<Command> commands;
  for (Row& row : RowsOf("domains")) {
    const std::string zone = Text(row, "domain");
    const bool is_left_out = std::any_of(std::begin(kLeftOut), std::end(kLeftOut),
                                         [&](const LeftOut& one) { return zone == one.zone; });
    if (!absl::StartsWith(zone, "dane-") || is_left_out) continue;
    ReferenceTarget target;
    target.names.domain = zone;
    for (const char* level : {"dane-only", "dane"}) {
      commands.push_back(AskPosttlsFinger(MXSWEEP_INTEROP_SERVERS, network().PostfixFolder(),
                                          absl::StrCat(kLabFolder, "/ca.pem"), target, level));
    }
    rows.push_back(std::move(row));
  }
  const std::vector<CommandResult> runs = RunCommands(commands, 6, absl::Seconds(40));
  ASSERT_TRUE(WriteFile("/etc/resolv.conf", *own).ok());
  std::map<std::string, int> met;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string &dane_only = runs[2 * i].output, &dane = runs[2 * i + 1].output;
    EXPECT_EQ(Text(rows[i], "dane_status"), ReadPosttlsFinger({"", "", dane_only, dane}).domain)
        << rows[i] << "\n"
        << dane_only;
    ++met[Text(rows[i], "dane_status")];
  }
  for (const char* word : {"full", "broken", "partial", "none"}) EXPECT_GT(met[word], 0) << word;
}

TEST_F(LabTruthTest, SaysOfLevelsWhatOpensslDoes) {
  const auto programs = OpensslPrograms(MXSWEEP_INTEROP_SERVERS);
  ASSERT_TRUE(programs.ok()) << programs.status();
  std::vector<std::pair<Row, OpensslProgram>> cases;
  std::vector<LevelQuestion> questions;
  for (const Row& row : Handshakes()) {
    const std::string host = Text(row, "host");
    const bool is_about_tls = absl::StrContains(host, ".tls-") ||
                              absl::StrContains(host, ".key-") || absl::StrContains(host, ".cert-");
    if (!is_about_tls || IsUnreadable(row)) continue;
    for (const OpensslProgram& program : *programs) {
      cases.emplace_back(row, program);
      questions.push_back({.target = TargetOf(row), .session = SessionOf(row), .program = program});
    }
  }
  const auto answers = AskLevels(network().s_client(), questions);
  ASSERT_TRUE(answers.ok()) << answers.status();
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [row, program] = cases[i];
    SCOPED_TRACE(absl::StrCat(program.version, " ", row.dump()));
    const LevelAnswers foretold = ForetoldLevels(row, program);
    EXPECT_EQ(LevelsOf((*answers)[i].unverified), LevelsOf(foretold.unverified));
    EXPECT_EQ(LevelsOf((*answers)[i].verified), LevelsOf(foretold.verified));
    EXPECT_EQ(LevelsOf((*answers)[i].too_weak), LevelsOf(foretold.too_weak));
  }
  EXPECT_GE(cases.size(), 35 * programs->size());
}

}  // namespace
}  // namespace mxsweep::interop
