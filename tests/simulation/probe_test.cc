// Whole scans with probes in virtual time: they are as polite as all else, what they say is true of
// the simulated server, and a row that they did not settle says nothing.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/simulated_scan.h"
#include "tls/session/client_profile.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::CertificateRow;
using output::EndpointRow;
using output::ProbeRow;

void ExpectClean(const ScanResult& result) {
  EXPECT_TRUE(result.ended);
  for (const std::string& complaint : result.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(result.connections_left_open, 0u);
  EXPECT_TRUE(result.status.ok()) << result.status;
}

// Each probe's row comes before its endpoint's and behind its certificates'.
void ExpectInOrder(const ScanResult& result) {
  std::set<std::string> certificates, finished;
  std::map<std::string, uint32_t> probes;
  for (const Row& row : result.rows) {
    if (const auto* certificate = std::get_if<CertificateRow>(&row)) {
      certificates.insert(certificate->sha256);
    } else if (const auto* probe = std::get_if<ProbeRow>(&row)) {
      EXPECT_FALSE(finished.contains(probe->address));
      ++probes[probe->address];
      for (const std::string& sha256 : probe->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256)) << probe->probe;
      }
    } else if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      finished.insert(endpoint->address);
      EXPECT_EQ(endpoint->probe_count, probes[endpoint->address]) << endpoint->address;
    }
  }
}

// What a simulated server takes of them in TLS 1.3: MeetClient says which groups it has.
std::vector<std::string> PostQuantumGroups() {
  if (!tls::HasPostQuantum()) return {};
  return {"X25519MLKEM768"};
}

// The simulated server is BoringSSL's: TLS 1.0 to 1.3, one RSA certificate, no finite-field DHE, no
// RC4, NULL, anonymous or EXPORT suites, of ML-KEM what ServerScript gives it.
TEST(Probes, SayOfASimulatedServerWhatItIs) {
  World world = World::Uniform(Manner::kGood, 12);
  for (size_t i = 0; i < world.hosts.size(); i += 2) {
    world.servers.at(world.hosts[i].addresses[0]).script.manners = {Manner::kTls12};
  }
  for (const size_t workers : {1, 2}) {
    ScanSettings settings;
    settings.workers = workers;
    settings.surveys = tls::SurveySet::All();
    const ScanResult result = Scan(world, settings);
    ExpectClean(result);
    ExpectInOrder(result);
    ASSERT_EQ(result.All<EndpointRow>().size(), 12u);
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      const bool tls12 = world.servers.at(row->address).script.manners.front() == Manner::kTls12;
      SCOPED_TRACE(row->address);
      EXPECT_EQ(row->outcome, "tls_ok");
      EXPECT_GT(row->probe_count, 5u);
      EXPECT_LE(row->probe_count,
                static_cast<uint32_t>(tls::MostConnections(tls::SurveySet::All())));
      EXPECT_EQ(row->max_version_accepted, tls12 ? "TLSv1.2" : "TLSv1.3");
      EXPECT_EQ(row->min_version_accepted, "TLSv1");
      EXPECT_EQ(row->accepts_sslv3, false);
      EXPECT_EQ(row->accepts_rc4, false);
      EXPECT_EQ(row->accepts_null, false);
      EXPECT_EQ(row->accepts_anonymous, false);
      EXPECT_EQ(row->accepts_export, false);
      EXPECT_EQ(row->accepts_dhe, false);
      EXPECT_EQ(row->accepts_static_rsa, true);
      EXPECT_EQ(row->static_rsa_only, false);
      EXPECT_EQ(row->fallback_scsv, true);
      EXPECT_EQ(row->has_rsa_certificate, true);
      EXPECT_EQ(row->has_ecdsa_certificate, false);
      EXPECT_EQ(row->accepts_no_server_name, true);
      EXPECT_EQ(row->pq_groups, tls12 ? std::vector<std::string>() : PostQuantumGroups());
      EXPECT_FALSE(row->dhe_bits.has_value());
      EXPECT_FALSE(row->follow_up.has_value());
    }
  }
}

// Who lets nobody in tells nothing: every column is null, and none is false.
TEST(Probes, KnowNothingOfAServerThatStopsAnswering) {
  World world = World::Uniform(Manner::kGood, 4);
  const Manner later[] = {Manner::kThrottled, Manner::kSilent, Manner::kResetsInHandshake,
                          Manner::kSilentInHandshake};
  for (size_t i = 0; i < 4; ++i) {
    world.servers.at(world.hosts[i].addresses[0]).script.manners = {Manner::kGood, later[i]};
  }
  ScanSettings settings;
  settings.surveys = tls::SurveySet::All();
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectInOrder(result);
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    SCOPED_TRACE(row->address);
    EXPECT_EQ(row->outcome, "tls_ok");
    EXPECT_LE(row->probe_count, 3u);
    EXPECT_FALSE(row->min_version_accepted.has_value());
    EXPECT_FALSE(row->accepts_sslv3.has_value());
    EXPECT_FALSE(row->accepts_rc4.has_value());
    EXPECT_FALSE(row->accepts_export.has_value());
    EXPECT_FALSE(row->accepts_dhe.has_value());
    EXPECT_FALSE(row->has_ecdsa_certificate.has_value());
    EXPECT_FALSE(row->pq_groups.has_value());
    EXPECT_FALSE(row->mldsa.has_value());
  }
}

// A handshake that failed perhaps for our own ClientHello is followed up, unasked, by one probe.
TEST(Probes, FollowUpWhatMayBeOurs) {
  World world = World::Uniform(Manner::kAlertInHandshake, 3);
  const uint32_t attempts = 1 + ExpectedOf(Manner::kAlertInHandshake).further_offers;
  std::vector<Manner>& manners = world.servers.at(world.hosts[1].addresses[0]).script.manners;
  manners.assign(attempts, Manner::kAlertInHandshake);
  manners.push_back(Manner::kTls12);
  ScanSettings settings;
  settings.retries = 0;
  const ScanResult result = Scan(world, settings);
  ExpectClean(result);
  ExpectInOrder(result);
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    SCOPED_TRACE(row->address);
    EXPECT_EQ(row->outcome, "tls_alert");
    EXPECT_EQ(row->probe_count, 1u);
    EXPECT_EQ(row->attempts, attempts);
    if (row->host != world.hosts[1].name) {
      EXPECT_EQ(row->follow_up, "alert");
      EXPECT_EQ(row->follow_up_alert, "handshake_failure");
      EXPECT_FALSE(row->follow_up_session_level.has_value());
      continue;
    }
    EXPECT_EQ(row->follow_up, "server_hello");
    EXPECT_EQ(row->follow_up_tls_version, "TLSv1.2");
    EXPECT_TRUE(row->follow_up_cipher->starts_with("TLS_ECDHE_RSA_")) << *row->follow_up_cipher;
    EXPECT_TRUE(row->follow_up_session_level.has_value());
    ASSERT_TRUE(row->shown_certificates && row->shown_certificates->size() == 1);
    EXPECT_EQ(row->shown_certificates->front().probe, "follow_up");
    EXPECT_EQ(row->shown_certificates->front().pkix_status, "valid");
    EXPECT_EQ(row->shown_certificates->front().name_match, "san");
    EXPECT_FALSE(row->accepts_rc4.has_value());
  }
}

// Without anybody asking, a server that gets on with us is asked nothing more.
TEST(Probes, AreNoneByDefault) {
  const ScanResult result = Scan(World::Uniform(Manner::kGood, 5), {});
  ExpectClean(result);
  EXPECT_TRUE(result.All<ProbeRow>().empty());
  for (const EndpointRow* row : result.All<EndpointRow>()) EXPECT_EQ(row->probe_count, 0u);
}

// They come with revocation lists, crowds and stops as anything else does.
TEST(Probes, MayBeStopped) {
  for (int64_t second = 1; second < 30; second += 4) {
    ScanSettings settings;
    settings.workers = 2;
    settings.surveys = tls::SurveySet::All();
    settings.drain_at_ns = second * kSecond;
    const ScanResult result = Scan(World::Uniform(Manner::kGood, 6), settings);
    ExpectClean(result);
    ExpectInOrder(result);
  }
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
