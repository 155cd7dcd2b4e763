#include "tools/lab/truth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "nlohmann/json.hpp"
#include "tests/lab/lab_fixture.h"

namespace mxsweep::lab {
namespace {

using nlohmann::json;

std::string Print(TestLab& lab, std::string_view table) {
  std::ostringstream out;
  EXPECT_TRUE(PrintTruth(lab.world, lab.store, 2525, table, out).ok());
  return out.str();
}

std::map<std::string, json> Rows(std::string_view table, const std::string& key) {
  std::map<std::string, json> rows;
  std::istringstream text(Print(SharedLab(), table));
  for (std::string line; std::getline(text, line);) {
    json row = json::parse(line);
    std::string name = row[key];
    if (table == "endpoints") name += " " + row["address"].get<std::string>();
    EXPECT_TRUE(rows.emplace(name, row).second) << "twice: " << name;
  }
  return rows;
}

json EndpointOf(const std::string& zone) {
  static const auto* const rows = new std::map<std::string, json>(Rows("endpoints", "host"));
  return rows->at("mx1." + zone + ".lab " +
                  SharedLab().world.AddressText(SharedLab().AddressOf(zone)));
}

json DomainOf(const std::string& zone) {
  static const auto* const rows = new std::map<std::string, json>(Rows("domains", "domain"));
  return rows->at(zone + ".lab");
}

TEST(Truth, HasTheSameBytesForTheSameSeed) {
  TestLab again(1, 200);
  TestLab other(2, 200);
  for (const char* table :
       {"domains", "mx_hosts", "endpoints", "certificates", "surveys", "weak_keys"}) {
    const std::string text = Print(SharedLab(), table);
    EXPECT_EQ(text, Print(again, table)) << table;
    EXPECT_NE(text, Print(other, table)) << table;
    EXPECT_FALSE(text.empty());
  }
}

TEST(Truth, SaysWhatSendersMakeOfPolicies) {
  const auto sender = [](const std::string& posture) {
    return DomainOf("sts-" + posture)["mta_sts_sender"];
  };
  EXPECT_EQ(sender("enforce"), "deliver");
  EXPECT_EQ(sender("wildcard"), "deliver");
  EXPECT_EQ(sender("first-address-refuses"), "deliver");
  EXPECT_EQ(sender("enforce-mx-mismatch"), "refuse");
  EXPECT_EQ(sender("testing-mx-mismatch"), "report");
  EXPECT_EQ(sender("mode-none"), "none");
  EXPECT_EQ(sender("record-multiple"), "none");
  EXPECT_EQ(sender("record-timeout"), "unknown");
  EXPECT_EQ(sender("redirect"), "report");
  const json expired = DomainOf("sts-cert-expired");
  EXPECT_EQ(expired["mta_sts_policy_status"], "webpki_invalid");
  EXPECT_EQ(expired["mta_sts_rpt_result"], "sts-webpki-invalid");
  EXPECT_EQ(DomainOf("sts-enforce")["mta_sts_mx"], json({"mx1.sts-enforce.lab"}));
  EXPECT_EQ(DomainOf("sts-enforce-mx-mismatch")["mta_sts_unmatched_mx"],
            json({"mx1.sts-enforce-mx-mismatch.lab"}));
  EXPECT_EQ(DomainOf("tlsrpt-both")["tlsrpt_rua"],
            "mailto:tls-reports@tlsrpt-both.lab,https://reports.tlsrpt-both.lab/v1");
  EXPECT_TRUE(DomainOf("null-mx")["mta_sts_status"].is_null());
  EXPECT_EQ(DomainOf("perfect")["mta_sts_sender"], "deliver");
  EXPECT_EQ(DomainOf("plain")["mta_sts_status"], "none");
}

TEST(Truth, JoinsItsTables) {
  const auto hosts = Rows("mx_hosts", "host");
  const auto certificates = Rows("certificates", "sha256");
  std::set<std::string> shown;
  size_t endpoints = 0;
  size_t followed = 0;
  for (const auto& [name, row] : Rows("endpoints", "host")) {
    ++endpoints;
    followed += row["follow_up"] == "server_hello" ? 1 : 0;
    ASSERT_TRUE(hosts.contains(row["host"])) << name;
    EXPECT_THAT(hosts.at(row["host"])["addresses"].get<std::vector<std::string>>(),
                testing::Contains(row["address"].get<std::string>()));
    if (row["chain_sha256"].is_null()) continue;
    for (const std::string hash : row["chain_sha256"]) {
      EXPECT_TRUE(certificates.contains(hash));
      shown.insert(hash);
    }
  }
  // Beside them, those that only a follow-up is shown: the leaves of servers with finite-field DHE
  // alone, whose issuers others have, too.
  EXPECT_GT(followed, 3u);
  EXPECT_EQ(certificates.size(), shown.size() + followed);
  EXPECT_GT(endpoints, 150u);
}

TEST(Truth, KnowsEveryOutcomeOfEveryBehaviour) {
  EXPECT_EQ(EndpointOf("perfect")["rpt_result"], "success");
  EXPECT_EQ(EndpointOf("no-starttls")["outcome"], "no_starttls");
  EXPECT_EQ(EndpointOf("throttled")["attempts"], 2);
  EXPECT_EQ(EndpointOf("tarpit")["stage"], "greeting");
  EXPECT_EQ(EndpointOf("greylisting")["attempts"], 2);
  EXPECT_EQ(EndpointOf("injection")["injected_plaintext_bytes"], 33);
  EXPECT_EQ(EndpointOf("behaviour-tls-garbage")["alert_sent"], "protocol_version");
  EXPECT_EQ(EndpointOf("behaviour-eight-bit")["greeting"],
            "220 mx1.behaviour-eight-bit.lab ESMTP Gr\uFFFD\uFFFD Gott");
  EXPECT_EQ(EndpointOf("behaviour-ehlo-differs")["requiretls"], true);
  EXPECT_EQ(EndpointOf("behaviour-ehlo-after-tls-421")["after_tls"], "throttled_421");
  EXPECT_EQ(EndpointOf("behaviour-ehlo-after-tls-refused")["after_tls_code"], 550);
  EXPECT_EQ(EndpointOf("behaviour-ehlo-after-tls-helo")["after_tls"], "helo");
  EXPECT_EQ(EndpointOf("behaviour-ehlo-after-tls-close")["after_tls"], "closed");
  EXPECT_EQ(EndpointOf("behaviour-blocked")["stage"], "gate");
  EXPECT_EQ(EndpointOf("tls-dhe-only")["alert_received"], "handshake_failure");
}

TEST(Truth, NegotiatesWhatEachTlsPostureSays) {
  EXPECT_EQ(EndpointOf("tls-tls10-only")["tls_version"], "TLSv1");
  EXPECT_EQ(EndpointOf("tls-tls10-only")["session_level"], 0);
  EXPECT_EQ(EndpointOf("tls-tls12-static-rsa")["cipher"], "TLS_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(EndpointOf("tls-tls12-static-rsa")["group"], nullptr);
  EXPECT_EQ(EndpointOf("tls-tls13-p521")["group"], "P-521");
  EXPECT_EQ(EndpointOf("tls-tls10-static-rsa-3des")["cipher_bits"], 112);
  EXPECT_EQ(EndpointOf("weak-key")["certificate_level"], 1);
  EXPECT_EQ(EndpointOf("key-ed25519")["signature_algorithm"], "ed25519");
  EXPECT_EQ(EndpointOf("key-rsa4096")["leaf_key_bits"], 4096);
}

TEST(Truth, JudgesDaneByTheRules) {
  const std::map<std::string, std::string> expected = {
      {"dane-none", "none"},
      {"dane-match-3-1-1", "match"},
      {"dane-match-3-0-0", "match"},
      {"dane-match-2-0-1", "match"},
      {"dane-match-2-1-1", "match"},
      {"dane-match-2-0-0", "match"},
      {"dane-match-2-1-0", "match"},
      {"dane-rollover-anchor", "match"},
      {"dane-match-beside-unusable", "match"},
      {"dane-mismatch", "mismatch"},
      {"dane-mismatch-2-1-1", "mismatch"},
      {"dane-agility-trap", "mismatch"},
      {"dane-unusable-pkix", "unusable"},
      {"dane-unusable-length", "unusable"},
      {"dane-servfail", "lookup_error"},
      {"dane-insecure-answer", "insecure"},
      {"dane-no-starttls", "no_starttls"},
      {"dane-tls-failed", "tls_failed"},
      {"dane-self-signed", "match"},
      {"dane-expired-anchor", "mismatch"},
      {"dane-wrong-name-anchor", "mismatch"},
      {"dane-expired-root", "mismatch"},
      {"dane-not-yet-valid-anchor", "mismatch"},
      {"dane-client-purpose", "match"},
      {"dane-client-purpose-anchor", "mismatch"},
      {"dane-dual", "match"},
      {"dane-dual-other", "mismatch"},
      {"dane-keys-differ", "match"},  // at the first address
      {"dane-keys-differ-anchor", "match"},
      {"dane-no-aaaa", "match"},
      {"dane-aaaa-insecure", "match"},
  };
  for (const auto& [zone, status] : expected) {
    EXPECT_EQ(EndpointOf(zone)["dane_status"], status) << zone;
  }
  EXPECT_EQ(EndpointOf("dane-expired-anchor")["rpt_result"], "certificate-expired");
  EXPECT_EQ(EndpointOf("dane-wrong-name-anchor")["rpt_result"], "certificate-host-mismatch");
  EXPECT_EQ(EndpointOf("dane-mismatch")["rpt_result"], "validation-failure");
}

TEST(Truth, TellsOfACrowdWhatDoesNotDependOnWhoIsAskedFirst) {
  const absl::StatusOr<World> world =
      World::Create({.domains = 400,
                     .fixed = FixedZones::kNone,
                     .mix = "internet,crowd.hostile_wide=1,crowd.hostile_names=1"});
  ASSERT_TRUE(world.ok());
  CertificateStore store(*world, TestKeys());
  const auto rows = [&](std::string_view table) {
    std::ostringstream out;
    EXPECT_TRUE(PrintTruth(*world, store, 2525, table, out).ok());
    std::vector<json> all;
    std::istringstream text(out.str());
    for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
    return all;
  };
  std::map<std::string, json> domains;
  for (const json& row : rows("domains")) domains[row["domain"]] = row;
  std::map<std::string, std::vector<json>> endpoints;
  for (const json& row : rows("endpoints")) endpoints[row["host"]].push_back(row);
  std::map<Crowd, size_t> seen;
  for (const uint32_t zone : world->Domains()) {
    const Crowd crowd = world->zones()[zone].crowd;
    ++seen[crowd];
    const json& row = domains.at(world->ZoneName(zone));
    if (IsHostile(crowd)) {
      EXPECT_EQ(row["mx"].size(), 256u);
      EXPECT_FALSE(row.contains("diagnosis"));
      EXPECT_FALSE(endpoints.contains(world->HostName(world->zones()[zone].first_host)));
    } else if (IsParked(crowd)) {
      EXPECT_EQ(row["mx_status"], "implicit");
      EXPECT_EQ(row["diagnosis"], "unreachable");
      for (const json& endpoint : endpoints.at(row["domain"])) {
        EXPECT_EQ(endpoint["outcome"], crowd == Crowd::kParkedRefusing   ? "connect_refused"
                                       : crowd == Crowd::kParkedDropping ? "connect_timeout"
                                                                         : "greeting_timeout");
        EXPECT_FALSE(endpoint.contains("attempts"));
        EXPECT_FALSE(endpoint.contains("stage"));
      }
    } else if (crowd == Crowd::kPool) {
      const std::vector<json>& both = endpoints.at(row["mx"][0]["host"]);
      EXPECT_EQ(both.size(), 2u);
      for (const json& endpoint : both) {
        EXPECT_EQ(endpoint["provider"], "pool1.lab");
        EXPECT_EQ(endpoint["name_match"], "san");
        EXPECT_EQ(endpoint["pkix_status"], "valid");
      }
    }
  }
  for (size_t crowd = 0; crowd < static_cast<size_t>(Crowd::kCount); ++crowd) {
    EXPECT_GT(seen[static_cast<Crowd>(crowd)], 0u) << KeyOf(Subject::kCrowd, crowd);
  }
}

TEST(Truth, DiagnosesDomains) {
  const std::map<std::string, std::string> expected = {
      {"perfect", "ok"},
      {"nxdomain", "nxdomain"},
      {"servfail", "dns_error"},
      {"bogus", "dnssec_bogus"},
      {"null-mx", "null_mx"},
      {"no-mail", "no_mail"},
      {"domain-mx-no-address", "mx_unresolvable"},
      {"domain-mx-host-servfail", "dns_error"},
      {"dane-mismatch", "dane_broken"},
      {"refused", "unreachable"},
      {"throttled", "throttled"},
      {"no-starttls", "no_starttls"},
      {"starttls-refused", "tls_broken"},
      {"weak-key", "weak_keys"},
      {"expired", "untrusted_certificate"},
      {"dane-self-signed", "ok"},
      {"rejecting", "smtp_failed"},
      {"tls-tls10-static-rsa-3des", "old_tls"},
      {"behaviour-blocked", "not_asked_blocked"},
      {"domain-mx-host-no-a", "dns_error"},
      {"domain-mx-host-no-aaaa", "ok"},
      {"dane-keys-differ", "dane_broken"},
      {"dane-keys-differ-anchor", "ok"},
  };
  for (const auto& [zone, word] : expected) EXPECT_EQ(DomainOf(zone)["diagnosis"], word) << zone;
  EXPECT_EQ(DomainOf("perfect")["dane_status"], "full");
  EXPECT_EQ(DomainOf("dual-stack")["endpoint_count"], 2);
  EXPECT_EQ(DomainOf("domain-mx-no-address")["endpoint_count"], 0);
  EXPECT_TRUE(DomainOf("domain-mx-host-servfail")["endpoint_count"].is_null());
  EXPECT_EQ(DomainOf("domain-mx-host-servfail")["unknown_endpoint_count"], 1);
}

}  // namespace
}  // namespace mxsweep::lab
