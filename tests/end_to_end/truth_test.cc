// A scan of the lab, cell by cell against what the lab says is true.
#include "tests/end_to_end/truth.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"
#include "tls/session/client_profile.h"

namespace mxsweep::end_to_end {
namespace {

// Each policy is asked for once; the lab complains of parallel connections by itself.
void ExpectPoliteToPolicyHosts(const std::string& scan, const json& report) {
  uint64_t fetched = 0;
  for (const json& row : Rows(scan, "domains")) {
    fetched += row["mta_sts_policy_status"].is_null() ? 0 : 1;
  }
  uint64_t requests = 0;
  for (const auto& [address, counts] : report.at("policy_hosts").items()) {
    requests += counts.at("requests").get<uint64_t>();
  }
  EXPECT_GT(requests, 30u);
  EXPECT_LE(requests, fetched);
}

// No endpoint is asked more often than its row says, and the lab has no reason to complain.
void ExpectPolite(const std::string& scan, const json& report) {
  ASSERT_TRUE(report.is_object());
  for (const auto& [kind, count] : report.at("violations").items()) {
    EXPECT_EQ(count, 0) << kind << ": " << report["violation_examples"].dump();
  }
  std::map<std::string, uint64_t> attempts;
  for (const json& row : Rows(scan, "endpoints")) {
    attempts[row["address"]] +=
        row["attempts"].get<uint64_t>() + row["probe_count"].get<uint64_t>();
  }
  size_t compared = 0;
  uint64_t unaccounted = 0;
  for (const auto& [address, counts] : report.at("addresses").items()) {
    const auto connections = counts.at("connections").get<uint64_t>();
    EXPECT_LE(counts.at("most_open"), 1) << address;
    // Those that never reach the listener (refused, dropped) are counted by the scanner alone.
    unaccounted += connections - std::min(connections, attempts[address]);
    ++compared;
  }
  // Where nobody answers any more, who answered before may be asked whether he still does.
  EXPECT_LE(unaccounted, 4u);
  EXPECT_GT(compared, 100u);
  ExpectPoliteToPolicyHosts(scan, report);
}

// Of one server name: the usual offer, one without the hybrid group where there is one, one without
// TLS 1.3, and the follow-up.
const char* MostHandshakes() { return tls::HasPostQuantum() ? "4" : "3"; }

TEST(Scan, FindsEveryFieldOfTwoThousandDomainsAsTheyAre) {
  TemporaryFolder folder;
  Lab lab(folder, {"--seed", "7", "--domains", "2000", "--max-handshakes", MostHandshakes()});
  const std::string scan = folder.path("scan");
  const CommandResult result =
      Mxsweep(lab.ScanArguments(lab.state("domains.txt"), Lab::WithPatience({"-o", scan})));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectTruth(scan, lab);
  ExpectPolite(scan, lab.Stop());
}

TEST(Scan, FindsTheSameWithOneWorkerAsWithFour) {
  for (const char* workers : {"1", "4"}) {
    // A lab for each: some of its servers remember who has called before.
    TemporaryFolder folder;
    Lab lab(folder, {"--seed", "9", "--domains", "300", "--fixed", "named", "--mix", "tls-only"});
    const std::string scan = folder.path(std::string("scan") + workers);
    const CommandResult result = Mxsweep(lab.ScanArguments(
        lab.state("domains.txt"), Lab::WithPatience({"-o", scan, "--workers", workers})));
    ASSERT_EQ(result.exit_code, 0) << result.output;
    ExpectTruth(scan, lab);
  }
}

// The columns of `endpoints` that probes fill, and a second handshake without a server name.
// Yardsticks judge by them, and are held against the standards' own words (yardsticks_test).
const std::set<std::string> kProbeColumns = {"follow_up",
                                             "follow_up_tls_version",
                                             "follow_up_cipher",
                                             "follow_up_group",
                                             "follow_up_alert",
                                             "follow_up_session_level",
                                             "follow_up_session_level_limit",
                                             "follow_up_session_level_openssl_3_0",
                                             "min_version_accepted",
                                             "max_version_accepted",
                                             "accepts_sslv3",
                                             "accepts_rc4",
                                             "accepts_3des",
                                             "accepts_null",
                                             "accepts_anonymous",
                                             "accepts_export_rsa",
                                             "accepts_export_dhe",
                                             "accepts_export",
                                             "accepts_static_rsa",
                                             "static_rsa_only",
                                             "fallback_scsv",
                                             "downgrade_sentinel",
                                             "accepts_dhe",
                                             "dhe_bits",
                                             "dhe_prime",
                                             "dhe_generator",
                                             "dhe_prime_kind",
                                             "dhe_public_value_repeats",
                                             "has_rsa_certificate",
                                             "has_ecdsa_certificate",
                                             "accepts_no_server_name",
                                             "pq_groups",
                                             "pq_groups_unknown",
                                             "pq_preferred",
                                             "mldsa",
                                             "probe_count",
                                             "without_server_name"};

// Each certificate that a probe was shown is the one that the server has for such a client, with
// that one's verdicts, and none that is certain to be shown is missing.
void ExpectShown(const json& row, const json& certificates, const std::set<std::string>& known,
                 std::map<std::string, size_t>* seen) {
  const std::string key = KeyOf(row, {"host", "address"});
  std::set<std::string> shown_to;
  const json& list = row.at("shown_certificates");
  for (const json& shown : list.is_null() ? json::array() : list) {
    const std::string to = shown.at("probe") == "no_server_name" ? "no_server_name"
                           : shown.at("key_type") == "rsa"       ? "rsa"
                                                                 : "ecdsa";
    shown_to.insert(to);
    EXPECT_TRUE(known.contains(shown.at("leaf_sha256").get<std::string>())) << key;
    const auto truth = std::ranges::find_if(
        certificates, [&to](const json& certificate) { return certificate.at("to") == to; });
    if (truth == certificates.end()) {
      ADD_FAILURE() << key << ": nobody is shown " << shown.dump();
      continue;
    }
    for (const auto& [column, value] : shown.items()) {
      if (column == "probe") continue;
      EXPECT_EQ(value, truth->at(column)) << key << " " << to << " " << column;
      ++(*seen)[to + " " + column + " " + value.dump()];
    }
  }
  for (const json& certificate : certificates) {
    if (!certificate.at("certain").get<bool>()) continue;
    EXPECT_TRUE(shown_to.contains(certificate.at("to").get<std::string>()))
        << key << " " << certificate.dump();
  }
}

// What probes say of each server is how its TLS was set up.
TEST(Scan, FindsWithProbesHowEachServerIsSetUp) {
  TemporaryFolder folder;
  Lab lab(
      folder,
      {"--seed", "11", "--domains", "1500", "--fixed", "none", "--max-handshakes", "100", "--mix",
       "tls-only,tls.dhe_only=3,tls.dhe_own_prime=3,tls.dhe_composite=3,tls.ssl3_only=3,"
       "tls.rc4_only=3,tls.export_only=3,tls.null_only=3,tls.hybrid_last=3,"
       "tls.hybrid_several=3,tls.mlkem_alone=3,tls.hybrid_draft=3,tls.mldsa=3,tls.tls10_static_rsa_"
       "3des=2,"
       "cert.dual=6,cert.other_without_name=6,behaviour.require_sni=2,"
       "behaviour.no_starttls=2,behaviour.greeting_554=2,behaviour.connect_refused=2,"
       "behaviour.alert_handshake_failure=3,behaviour.alert_protocol_version=3"});
  const std::string scan = folder.path("scan");
  const CommandResult result = Mxsweep(
      lab.ScanArguments(lab.state("domains.txt"),
                        Lab::WithPatience({"-o", scan, "--probe", "all", "--without-sni"})));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  std::map<std::string, json> found;
  for (json& row : Rows(scan, "endpoints")) found.emplace(KeyOf(row, {"host", "address"}), row);
  std::set<std::string> certificates;
  for (const json& row : Rows(scan, "certificates")) certificates.insert(row.at("sha256"));
  std::map<std::string, size_t> seen;
  std::set<std::string> columns;
  size_t cells = 0;
  for (const json& truth : JsonLines(lab.state("truth/surveys.ndjson"))) {
    const std::string key = KeyOf(truth, {"host", "address"});
    ASSERT_TRUE(found.contains(key)) << key;
    const json& row = found.at(key);
    for (const auto& [column, value] : truth.items()) {
      if (column == "certificates") {
        ExpectShown(row, value, certificates, &seen);
        continue;
      }
      ++cells;
      EXPECT_EQ(row.at(column), value) << key << " " << column;
      ++seen[column + " " + value.dump()];
      if (!value.is_null()) columns.insert(column);
    }
    if (!truth.contains("probe_count")) {
      EXPECT_GE(row["probe_count"], 5) << key;
    }
    EXPECT_LE(row["probe_count"], 33) << key;
  }
  EXPECT_GT(cells, 10'000u);
  columns.erase("host");
  columns.erase("address");
  EXPECT_EQ(columns, kProbeColumns);
  // The world has some of everything.
  for (const char* some :
       {"min_version_accepted \"TLSv1\"",
        "min_version_accepted \"TLSv1.3\"",
        "max_version_accepted \"TLSv1.1\"",
        "max_version_accepted \"TLSv1.2\"",
        "accepts_3des true",
        "static_rsa_only true",
        "has_ecdsa_certificate false",
        "has_rsa_certificate false",
        "accepts_no_server_name true",
        "accepts_no_server_name false",
        "fallback_scsv true",
        "fallback_scsv false",
        "downgrade_sentinel true",
        "downgrade_sentinel false",
        "min_version_accepted \"SSLv3\"",
        "accepts_rc4 true",
        "accepts_export_rsa true",
        "accepts_export_dhe true",
        "accepts_null true",
        "follow_up \"server_hello\"",
        "follow_up \"alert\"",
        "follow_up_alert \"protocol_version\"",
        "min_version_accepted null",
        "accepts_rc4 null",
        "probe_count 0",
        "dhe_prime \"rfc2409_1024\"",
        "dhe_prime_kind \"safe\"",
        "dhe_prime_kind \"prime\"",
        "dhe_prime_kind \"composite\"",
        "dhe_public_value_repeats true",
        "dhe_public_value_repeats false",
        "pq_groups [\"X25519MLKEM768\"]",
        "pq_groups [\"X25519MLKEM768\",\"SecP256r1MLKEM768\",\"SecP384r1MLKEM1024\"]",
        "pq_groups [\"MLKEM1024\",\"MLKEM768\"]",
        "pq_groups [\"X25519Kyber768Draft00\"]",
        "pq_groups []",
        "pq_preferred \"X25519MLKEM768\"",
        "pq_preferred \"X25519\"",
        "pq_preferred \"P-521\"",
        "mldsa true",
        "without_server_name \"same\"",
        "without_server_name \"invalid\"",
        "without_server_name \"failed\"",
        "mldsa false",
        "rsa pkix_status \"valid\"",
        "ecdsa pkix_status \"valid\"",
        "no_server_name name_match \"none\"",
        "no_server_name pkix_status \"self_signed\"",
        "no_server_name dane_status \"mismatch\"",
        "no_server_name dane_status \"match\""}) {
    EXPECT_GT(seen[some], 0u) << some;
  }
  // Each probe is a row, and the lab saw as many connections.
  std::map<std::string, uint64_t> probes;
  for (const json& row : Rows(scan, "probes")) ++probes[KeyOf(row, {"host", "address"})];
  for (const auto& [key, row] : found) EXPECT_EQ(row["probe_count"], probes[key]) << key;
  for (const auto& [kind, count] : lab.Stop().at("violations").items()) {
    EXPECT_EQ(count, 0) << kind;
  }
}

// Hostile zones apart, of which the scanner chooses what it asks.
TEST(Scan, FindsTheCrowdsOfTheInternetAsTheyAre) {
  TemporaryFolder folder;
  Lab lab(folder, {"--seed", "5", "--domains", "600", "--fixed", "none", "--mix",
                   "internet,crowd.parked_dropping=1.5,crowd.parked_silent=0.7,"
                   "crowd.hostile_wide=0,crowd.hostile_names=0"});
  const std::string scan = folder.path("scan");
  const CommandResult result =
      Mxsweep(lab.ScanArguments(lab.state("domains.txt"), Lab::WithPatience({"-o", scan})));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectTruth(scan, lab);
}

}  // namespace
}  // namespace mxsweep::end_to_end
