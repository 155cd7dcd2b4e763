// Whole scans with --revocation in virtual time: lists are fetched once each, by rules as polite as
// those for mail servers, and no row comes before the rows it rests on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/simulated_scan.h"
#include "tests/tls/revocation/revocation_factory.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::CertificateRow;
using output::EndpointRow;
using tls::testing::CertificateSpec;
using tls::testing::CrlSpec;
using tls::testing::kDay;
using tls::testing::KeyKind;
using tls::testing::kNow;
using tls::testing::MakeCrl;
using tls::testing::TestCertificate;
using tls::testing::TestKey;

constexpr char kWeb[] = "5.10.0.1";
constexpr char kOtherWeb[] = "5.10.0.2";

std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

// A world whose servers show certificates with revocation lists: mx0, mx1, … in the order of Add.
class Revocations {
 public:
  Revocations() {
    world_.hosts.push_back({.name = "crl.sim.example", .addresses = {kWeb}, .tlsa = ""});
    world_.hosts.push_back({.name = "other.sim.example", .addresses = {kOtherWeb}, .tlsa = ""});
    world_.webs[kWeb];
    world_.webs[kOtherWeb];
  }

  // A list of the simulation's intermediate CA.
  void AddList(const std::string& target, const CrlSpec& spec, const char* at = kWeb) {
    world_.webs[at].documents[target] = Text(MakeCrl(SimulatedPki().intermediate, spec));
  }
  WebScript& web(const char* at = kWeb) { return world_.webs[at]; }

  // A mail server whose certificate names the lists at `points` ("URI:…"); "" for none.
  void Add(int64_t serial, const std::string& points, const TestCertificate* issuer = nullptr) {
    const bool stranger = issuer != nullptr;
    if (!stranger) issuer = &SimulatedPki().intermediate;
    CertificateSpec spec{.common_name = "mx.sim.example",
                         .subject_alt_names = "DNS:*.sim.example",
                         .crl_distribution_points = points,
                         .serial = serial};
    const TestCertificate& leaf = certificates_.emplace_back(
        tls::testing::MakeSigned(spec, TestKey(KeyKind::kRsa2048), *issuer));
    AddServer({&leaf, issuer});
  }

  void AddServer(std::vector<const TestCertificate*> chain) {
    const std::string n = std::to_string(count_++);
    const std::string address = "5.9.0." + std::to_string(count_);
    ServerScript script;
    script.chain = &chains_.emplace_back(std::move(chain));
    world_.servers[address] = {script};
    world_.hosts.push_back({.name = "mx" + n + ".sim.example", .addresses = {address}, .tlsa = ""});
    world_.domains.push_back(
        {.name = "d" + n + ".example", .mx_status = "mx", .hosts = {world_.hosts.back().name}});
    Target target;
    target.kind = Target::Kind::kDomain;
    target.name = world_.domains.back().name;
    target.input_line = world_.targets.size() + 1;
    world_.targets.push_back(std::move(target));
  }

  ScanResult Scan(size_t workers, std::optional<int64_t> drain_at_ns = std::nullopt,
                  uint32_t max_parked_fetches = 65'536) const {
    ScanSettings settings;
    settings.max_parked_fetches = max_parked_fetches;
    settings.workers = workers;
    settings.revocation = true;
    settings.gate.per_address_interval_ns = 2 * kSecond;
    settings.drain_at_ns = drain_at_ns;
    return simulation::Scan(world_, settings);
  }

 private:
  World world_;
  std::deque<TestCertificate> certificates_;
  std::deque<std::vector<const TestCertificate*>> chains_;
  size_t count_ = 0;
};

void ExpectClean(const ScanResult& result) {
  EXPECT_TRUE(result.ended);
  for (const std::string& complaint : result.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(result.connections_left_open, 0u);
  EXPECT_EQ(result.questions_left, 0u);
  EXPECT_TRUE(result.status.ok()) << result.status;
}

// Each certificate once, and before the first endpoint that names it.
void ExpectWhole(const ScanResult& result) {
  std::set<std::string> certificates;
  for (const Row& row : result.rows) {
    if (const auto* certificate = std::get_if<CertificateRow>(&row)) {
      EXPECT_TRUE(certificates.insert(certificate->sha256).second);
    } else if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      for (const std::string& sha256 :
           endpoint->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256)) << endpoint->host;
      }
    }
  }
}

const EndpointRow& Endpoint(const ScanResult& result, const std::string& host) {
  static const EndpointRow kNone;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    if (row->host == host + ".sim.example") return *row;
  }
  ADD_FAILURE() << "no row of " << host;
  return kNone;
}

const CertificateRow& Leaf(const ScanResult& result, const std::string& host) {
  static const CertificateRow kNone;
  const auto& chain = Endpoint(result, host).chain_sha256;
  for (const CertificateRow* row : result.All<CertificateRow>()) {
    if (chain && row->sha256 == chain->front()) return *row;
  }
  ADD_FAILURE() << "no certificate of " << host;
  return kNone;
}

TEST(RevocationScan, TellsOfEachEndpointAndCertificateWhatItsListSays) {
  Revocations world;
  const CrlSpec list{.entries = {{.serial = 102, .reason = 1}}};
  world.AddList("/1.crl", list);
  world.AddList("/2.crl", list, kOtherWeb);
  world.AddList("/old.crl", {.next_update = kNow - kDay});
  world.AddList("/forged.crl", {.break_signature = true});
  world.AddList("/partial.crl", {.only_some_reasons = true});
  world.web().documents["/junk.crl"] = "<html>";
  const std::string base = "URI:http://crl.sim.example";
  world.Add(100, base + "/1.crl");                                             // mx0
  world.Add(102, base + "/1.crl");                                             // mx1
  world.Add(103, base + "/old.crl");                                           // mx2
  world.Add(104, base + "/forged.crl");                                        // mx3
  world.Add(105, base + "/partial.crl");                                       // mx4
  world.Add(106, base + "/junk.crl");                                          // mx5
  world.Add(107, base + "/none.crl");                                          // mx6
  world.Add(108, "");                                                          // mx7
  world.Add(102, base + "/none.crl," + "URI:http://other.sim.example/2.crl");  // mx8
  world.Add(109, "URI:http://nowhere.sim.example/1.crl");                      // mx9
  for (size_t workers : {1, 3}) {
    const ScanResult result = world.Scan(workers);
    ExpectClean(result);
    ExpectWhole(result);
    const std::map<std::string, std::pair<std::string, std::string>> expected = {
        {"mx0", {"good", "crl"}},         {"mx1", {"revoked", "crl"}},
        {"mx2", {"expired_crl", "crl"}},  {"mx3", {"bad_crl", "crl"}},
        {"mx4", {"unknown", "crl"}},      {"mx5", {"bad_crl", "crl"}},
        {"mx6", {"fetch_failed", "crl"}}, {"mx7", {"no_source", ""}},
        {"mx8", {"revoked", "crl"}},      {"mx9", {"fetch_failed", "crl"}}};
    for (const auto& [host, words] : expected) {
      const EndpointRow& row = Endpoint(result, host);
      EXPECT_EQ(row.pkix_status, "valid") << host;
      EXPECT_EQ(row.revocation_status, words.first) << host << row.revocation_detail.value_or("");
      EXPECT_EQ(row.revocation_source.value_or(""), words.second) << host;
      EXPECT_EQ(Leaf(result, host).revocation_status, words.first) << host;
      EXPECT_EQ(row.revocation_detail.has_value(), words.first != "good") << host;
    }
    EXPECT_EQ(Endpoint(result, "mx1").revocation_detail,
              "leaf: revoked 2026-01-14T12:00:00Z, keyCompromise");
    EXPECT_EQ(Leaf(result, "mx1").revocation_detail, "revoked 2026-01-14T12:00:00Z, keyCompromise");
    // The intermediate names no list: nothing is said of it, and nothing held against it.
    for (const CertificateRow* row : result.All<CertificateRow>()) {
      if (!row->is_ca.value_or(false)) continue;
      EXPECT_EQ(row->revocation_status, "no_source");
    }
  }
}

TEST(RevocationScan, FetchesEachListOnceForAllWhoName) {
  Revocations world;
  world.AddList("/1.crl", {.entries = {{.serial = 207}}});
  world.AddList("/2.crl", {});
  for (int64_t serial = 200; serial < 240; ++serial) {
    world.Add(serial, serial % 2 == 0 ? "URI:http://crl.sim.example/2.crl"
                                      : "URI:http://crl.sim.example/1.crl");
  }
  for (size_t workers : {1, 2, 4}) {
    const ScanResult result = world.Scan(workers);
    ExpectClean(result);
    ExpectWhole(result);
    const std::map<std::string, uint32_t> once = {{"5.10.0.1/1.crl", 1}, {"5.10.0.1/2.crl", 1}};
    EXPECT_EQ(result.documents_asked, once);
    size_t revoked = 0;
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      revoked += row->revocation_status == "revoked";
    }
    EXPECT_EQ(revoked, 1u);
    EXPECT_EQ(Endpoint(result, "mx7").revocation_status, "revoked");
  }
}

// A crowd of documents takes no more memory than is meant for it: what is not asked for is not
// known.
TEST(RevocationScan, KeepsAFewOfACrowdOfLists) {
  Revocations world;
  for (int64_t serial = 300; serial < 340; ++serial) {
    const std::string list = "/" + std::to_string(serial) + ".crl";
    world.AddList(list, {});
    world.Add(serial, "URI:http://crl.sim.example" + list);
  }
  const ScanResult result = world.Scan(1, std::nullopt, 10);
  ExpectClean(result);
  ExpectWhole(result);
  std::map<std::string, int> words;
  for (const EndpointRow* row : result.All<EndpointRow>()) {
    ++words[row->revocation_status.value_or("")];
    if (row->revocation_status == "good") continue;
    EXPECT_THAT(row->revocation_detail.value_or(""), testing::HasSubstr("too many wait"));
  }
  EXPECT_EQ(words["good"] + words["fetch_failed"], 40);
  EXPECT_GE(words["good"], 11);
  EXPECT_GE(words["fetch_failed"], 10);
  EXPECT_EQ(result.documents_asked.size(), static_cast<size_t>(words["good"]));
}

// Whoever can make a certificate could make us connect to anybody.
TEST(RevocationScan, AStrangersCertificateMakesUsConnectToNobody) {
  Revocations world;
  const TestCertificate stranger =
      tls::testing::MakeSelfSigned(tls::testing::CaSpec("Stranger"), TestKey(KeyKind::kRsa2048, 9));
  world.Add(300, "URI:http://crl.sim.example/1.crl", &stranger);
  const TestCertificate self_signed = tls::testing::MakeSelfSigned(
      {.crl_distribution_points = "URI:http://crl.sim.example/1.crl"}, TestKey(KeyKind::kRsa2048));
  world.AddServer({&self_signed});
  const ScanResult result = world.Scan(2);
  ExpectClean(result);
  ExpectWhole(result);
  EXPECT_TRUE(result.documents_asked.empty());
  EXPECT_EQ(Endpoint(result, "mx0").pkix_status, "untrusted");
  EXPECT_FALSE(Endpoint(result, "mx0").revocation_status);
  EXPECT_FALSE(Endpoint(result, "mx1").revocation_status);
  EXPECT_FALSE(Leaf(result, "mx0").revocation_status);
}

// A chain that leads nowhere may show a certificate whose row still waits for its list elsewhere.
TEST(RevocationScan, NoRowComesBeforeTheRowsItRestsOn) {
  Revocations world;
  world.web().reply_delay_ns = 20 * kSecond;
  world.AddList("/slow.crl", {});
  const TestCertificate leaf =
      tls::testing::MakeSigned({.subject_alt_names = "DNS:*.sim.example",
                                .crl_distribution_points = "URI:http://crl.sim.example/slow.crl",
                                .serial = 400},
                               TestKey(KeyKind::kRsa2048), SimulatedPki().intermediate);
  for (int i = 0; i < 6; ++i) {
    if (i % 2 == 0) {
      world.AddServer({&leaf, &SimulatedPki().intermediate});
    } else {
      world.AddServer({&leaf});  // incomplete: no list is asked
    }
  }
  for (size_t workers : {1, 3}) {
    const ScanResult result = world.Scan(workers);
    ExpectClean(result);
    ExpectWhole(result);
    EXPECT_EQ(Endpoint(result, "mx0").revocation_status, "good");
    EXPECT_EQ(Endpoint(result, "mx1").pkix_status, "incomplete");
    EXPECT_FALSE(Endpoint(result, "mx1").revocation_status);
  }
}

// Stopped at any moment: what is written is whole, and what is not known is null.
TEST(RevocationScan, StoppedWhileListsAreUnderWayWritesWholeRows) {
  Revocations world;
  world.web().reply_delay_ns = 3 * kSecond;
  for (int i = 0; i < 12; ++i) {
    const std::string target = "/" + std::to_string(i) + ".crl";
    world.AddList(target, {});
    world.Add(500 + i, "URI:http://crl.sim.example" + target);
  }
  size_t unknown = 0;
  for (int64_t second = 1; second <= 40; second += 3) {
    const ScanResult result = world.Scan(2, second * kSecond);
    ExpectClean(result);
    ExpectWhole(result);
    for (const EndpointRow* row : result.All<EndpointRow>()) {
      if (!row->chain_sha256) continue;
      EXPECT_EQ(row->revocation_status.value_or("good"), "good");
      unknown += !row->revocation_status;
    }
  }
  EXPECT_GT(unknown, 0u);
}

}  // namespace
}  // namespace mxsweep::scanner::simulation
