// Postures stand for rows: what every sender does with them is what it does with the rows.
#include "tools/survey/postures.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "output/scan_directory.h"
#include "scanner/posture/requirements.h"
#include "tests/output/random_rows.h"

namespace mxsweep::tools {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;
using scanner::DomainRows;
using scanner::MailVerdict;
using scanner::ScanRows;

// Rows in which every column that is a word has one of the words that it can have, so that every
// branch of a decision is met; the rest is anything at all.
class Worlds {
 public:
  explicit Worlds(uint64_t seed) : rows_(seed), random_(seed) { rows_.set_huge_every(0); }

  ScanRows Make(size_t hosts, size_t domains) {
    ScanRows all;
    for (size_t i = 0; i < hosts; ++i) {
      const std::string name = "mx" + std::to_string(i) + ".example";
      if (Below(2) == 0) {
        AddPlainHost(name, &all);
        continue;
      }
      // Some were asked twice, some are known from domains alone.
      for (size_t times = Below(4) == 0 ? 2 : Below(12) != 0; times > 0; --times) {
        all.hosts.push_back(Host(name));
      }
      for (const char* address : {"192.0.2.1", "192.0.2.2", "2001:db8::1"}) {
        for (size_t times = Below(3); times > 0; --times) {
          all.endpoints.push_back(Endpoint(name, address));
        }
      }
    }
    for (size_t i = 0; i < domains; ++i) {
      all.domains.push_back(Domain("d" + std::to_string(i) + ".example", hosts));
    }
    return all;
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  std::string Word(std::initializer_list<const char*> words) {
    return *(words.begin() + Below(words.size()));
  }
  void Maybe(std::optional<std::string>* value, std::initializer_list<const char*> words) {
    value->reset();
    if (Below(6) != 0) *value = Word(words);
  }

  // Of one server that was asked, and about which less is odd.
  void AddPlainHost(const std::string& name, ScanRows* all) {
    MxHostRow& host = all->hosts.emplace_back(Host(name));
    host.is_valid_name = true;
    host.address_status = host.ipv4_status = "ok";
    host.ipv6_status = "nodata";
    host.addresses = {"192.0.2.1"};
    EndpointRow& row = all->endpoints.emplace_back(Endpoint(name, "192.0.2.1"));
    for (auto* odd : {&row.may_be_ours, &row.reply_codes, &row.offer, &row.offered_as,
                      &row.without_server_name, &row.pkix_error, &row.greeting}) {
      odd->reset();
    }
    if (row.starttls_code) row.starttls_code = 220;
    row.secure_renegotiation = true;
    row.after_tls = "ok";
    row.after_tls_code = 250;
  }

  MxHostRow Host(const std::string& name) {
    MxHostRow row = rows_.Next<MxHostRow>();
    row.host = name;
    row.started_at = absl::FromUnixSeconds(1'800'000'000 + static_cast<int64_t>(Below(3)));
    row.is_valid_name = Below(8) != 0;
    Maybe(&row.name_problem, {"ip_literal", "blank"});
    Maybe(&row.address_status,
          {"ok", "ok", "nodata", "nxdomain", "servfail", "bogus", "local_error"});
    Maybe(&row.ipv4_status, {"ok", "nodata", "servfail"});
    Maybe(&row.ipv6_status, {"ok", "nodata", "local_error"});
    Maybe(&row.tlsa_status,
          {"none", "insecure", "secure", "secure", "lookup_error", "local_error"});
    row.addresses.reset();
    if (Below(5) != 0) row.addresses = {"192.0.2.1"};
    if (row.addresses && Below(2) == 0) row.addresses->push_back("192.0.2.2");
    return row;
  }

  EndpointRow Endpoint(const std::string& host, const std::string& address) {
    EndpointRow row = rows_.Next<EndpointRow>();
    row.host = host;
    row.address = address;
    row.started_at = absl::FromUnixSeconds(1'800'000'000 + static_cast<int64_t>(Below(3)));
    row.outcome = Word({"tls_ok", "tls_ok", "tls_ok", "tls_ok", "no_starttls", "starttls_refused",
                        "tls_alert", "connect_refused", "connect_timeout", "blocked", "reset"});
    row.stage = Word({"done", "handshake", "ehlo_after_tls"});
    Maybe(&row.greeting, {"mx.example ESMTP", "****2**0", "220"});
    row.starttls_code.reset();
    if (Below(2) == 0) row.starttls_code = Below(2) == 0 ? 220 : 200 + Below(399);
    row.injected_plaintext_bytes = Below(8) == 0 ? Below(99) : 0;
    Maybe(&row.after_tls, {"ok", "ok", "ok", "helo", "refused", "closed", "timeout"});
    row.after_tls_code = 200 + Below(399);
    row.reply_codes.reset();
    if (Below(8) == 0) {
      row.reply_codes = Word({"starttls 454 220", "starttls 220 250", "starttls 250 220",
                              "greeting 220 554", "ehlo 250 251", "ehlo_after_tls 550 250",
                              "ehlo_after_tls 250 451", "starttls 221 220", "nonsense"});
    }
    Maybe(&row.server_name, {"mx.example"});
    Maybe(&row.offer, {"usual", "usual", "tls12", "no_server_name"});
    Maybe(&row.offered_as, {"everything", "everything", "postfix", "openssl"});
    Maybe(&row.without_server_name, {"same", "same", "valid", "invalid", "failed", "not_known"});
    Maybe(&row.tls_version, {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "TLSv1.3"});
    Maybe(&row.group, {"X25519", "X25519MLKEM768"});
    row.secure_renegotiation = Below(9) != 0;
    Maybe(&row.leaf_key_type, {"rsa", "ec", "rsa_pss"});
    row.leaf_key_bits = 512u << Below(4);
    row.session_level = Below(5);
    row.session_level_openssl_3_0 = Below(5);
    row.certificate_level = Below(5);
    Maybe(&row.certificate_level_limit, {"leaf key: rsa 1024 bits", "signature: sha1"});
    if (Below(4) == 0) row.may_be_ours.reset();
    Maybe(&row.pkix_status, {"valid", "valid", "valid", "expired", "malformed", "not_known"});
    Maybe(&row.pkix_error, {"the leaf cannot be parsed: no DER", "something else"});
    Maybe(&row.name_match, {"san", "san", "cn", "none"});
    Maybe(&row.revocation_status, {"good", "revoked"});
    Maybe(&row.dane_status, {"none", "match", "match", "mismatch", "unusable", "no_starttls"});
    Maybe(&row.dane_matched_record, {"2 1 1 aa", "3 1 1 bb"});
    Maybe(&row.follow_up, {"server_hello", "alert"});
    Maybe(&row.follow_up_tls_version, {"TLSv1", "TLSv1.2"});
    Maybe(&row.follow_up_cipher,
          {"TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DH_anon_WITH_RC4_128_MD5"});
    row.follow_up_session_level = Below(4);
    if (row.shown_certificates && !row.shown_certificates->empty()) {
      output::ShownCertificate& shown = row.shown_certificates->back();
      shown.probe = "follow_up";
      shown.pkix_status = Word({"valid", "expired", "not_known"});
      shown.name_match = Word({"san", "none"});
      shown.dane_status = Word({"match", "mismatch", "not_known"});
      shown.certificate_level = Word({"0", "2", "not_known"});
    }
    return row;
  }

  DomainRow Domain(const std::string& name, size_t hosts) {
    DomainRow row = rows_.Next<DomainRow>();
    row.domain = name;
    row.mx_status =
        Word({"mx", "mx", "mx", "mx", "mx", "implicit", "null_mx", "nxdomain", "servfail"});
    Maybe(&row.mx_dnssec, {"secure", "insecure", "bogus"});
    row.null_mx_with_others = Below(9) == 0;
    Maybe(&row.dane_status, {"none", "full", "partial", "broken", "optional"});
    Maybe(&row.mta_sts_status, {"none", "none", "valid", "valid", "lookup_error"});
    Maybe(&row.mta_sts_mode, {"enforce", "enforce", "testing", "none"});
    Maybe(&row.mta_sts_rpt_result, {"sts-policy-invalid"});
    row.mx.reset();
    row.mta_sts_unmatched_mx.reset();
    if (Below(16) == 0) return row;
    row.mx.emplace();
    for (size_t i = Below(4); i > 0; --i) {
      // Of some, no row has the name.
      const std::string host = "mx" + std::to_string(Below(hosts + 2)) + ".example";
      row.mx->push_back({static_cast<uint16_t>(Below(2) * 10), host});
      if (Below(6) == 0) row.mta_sts_unmatched_mx = {host};
    }
    return row;
  }

  output::RandomRows rows_;
  std::mt19937_64 random_;
};

std::string WriteScan(const ScanRows& rows, const std::string& path) {
  std::filesystem::remove_all(path);
  auto writer = output::ScanWriter::Create(path, {}, {.scan_id = "test"});
  EXPECT_TRUE(writer.ok()) << writer.status();
  for (const EndpointRow& row : rows.endpoints) EXPECT_TRUE((*writer)->Add(EndpointRow(row)).ok());
  for (const MxHostRow& row : rows.hosts) EXPECT_TRUE((*writer)->Add(MxHostRow(row)).ok());
  for (const DomainRow& row : rows.domains) EXPECT_TRUE((*writer)->Add(DomainRow(row)).ok());
  EXPECT_TRUE((*writer)->Finish(output::ScanState::kComplete, {}).ok());
  return path;
}

// A decision in words, but for whose doing of several it is: servers that are tried at the same
// time come in another order.
std::string Words(const MailVerdict& verdict) { return std::string(MailFateWord(verdict.fate)); }

TEST(ScanPosturesTest, EverySenderDoesWithThemWhatItDoesWithRows) {
  const std::vector<scanner::Requirement> requirements = scanner::UsualRequirements();
  std::map<std::string, size_t> met;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const ScanRows rows = Worlds(seed).Make(60, 300);
    const std::string path =
        WriteScan(rows, ::testing::TempDir() + "mxsweep_postures_" + std::to_string(seed));
    const auto scan = output::ScanDirectory::Open(path);
    ASSERT_TRUE(scan.ok()) << scan.status();
    const auto postures = ScanPostures::Read(*scan);
    ASSERT_TRUE(postures.ok()) << postures.status();
    std::map<std::string, std::vector<std::string>> by_key;
    for (const DomainRow& domain : rows.domains) {
      const DomainRows whole = scanner::GatherDomain(domain, rows);
      const DomainRows gathered = postures->Gather(domain);
      std::vector<std::string> all;
      for (const scanner::Requirement& requirement : requirements) {
        for (const bool dnssec_known : {true, false}) {
          const MailVerdict verdict = JudgeMail(requirement, gathered, {dnssec_known});
          EXPECT_EQ(Words(verdict), Words(JudgeMail(requirement, whole, {dnssec_known})))
              << requirement.word << " of " << domain.domain << " with seed " << seed;
          all.push_back(Words(verdict));
          ++met[requirement.word + " " + Words(verdict)];
        }
      }
      // Domains with the same key have the same decisions.
      const auto [found, is_new] = by_key.try_emplace(postures->KeyOf(gathered), all);
      EXPECT_EQ(found->second, all) << domain.domain;
    }
    std::filesystem::remove_all(path);
  }
  // Nothing of this is empty.
  for (const char* word : {"tls fine", "tls lost", "tls unknown", "verified fine", "verified lost",
                           "dane lost", "mta-sts lost", "sender:level2 fine", "tls not_asked",
                           "session3 lost", "fs fine", "sender:python lost"}) {
    EXPECT_GT(met[word], 5u) << word;
  }
}

TEST(ScanPosturesTest, AreFewWhereServersAreAlike) {
  ScanRows rows;
  for (int i = 0; i < 500; ++i) {
    const std::string name = "mx" + std::to_string(i) + ".example";
    MxHostRow& host = rows.hosts.emplace_back();
    host.host = name;
    host.addresses = {"192.0.2." + std::to_string(i % 250)};
    EndpointRow& row = rows.endpoints.emplace_back();
    row.host = name;
    row.address = host.addresses->front();
    row.outcome = "tls_ok";
    row.stage = "done";
    row.greeting = "220 a greeting of number " + std::to_string(i);
    row.pkix_error = "an issuer of number " + std::to_string(i);
    row.after_tls_code = 250 + i % 40;
    row.dane_matched_record = "3 1 1 " + std::to_string(i);
  }
  const std::string path = WriteScan(rows, ::testing::TempDir() + "mxsweep_postures_alike");
  const auto scan = output::ScanDirectory::Open(path);
  ASSERT_TRUE(scan.ok()) << scan.status();
  const auto postures = ScanPostures::Read(*scan);
  ASSERT_TRUE(postures.ok()) << postures.status();
  EXPECT_EQ(postures->hosts(), 500u);
  EXPECT_EQ(postures->endpoints(), 500u);
  EXPECT_EQ(postures->postures(), 2u);
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace mxsweep::tools
