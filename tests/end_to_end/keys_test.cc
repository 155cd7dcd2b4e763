// Weak keys of a scan of the lab, against how the lab made them.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/end_to_end/lab.h"

namespace mxsweep::end_to_end {
namespace {

std::map<std::string, json> ByColumn(const std::vector<json>& rows, const std::string& column) {
  std::map<std::string, json> map;
  for (const json& row : rows) {
    EXPECT_TRUE(map.emplace(row.at(column), row).second) << "twice: " << row.at(column);
  }
  return map;
}

// Words and hashes have an order, lists of who is concerned have none.
json Comparable(const std::string& column, json value) {
  const std::set<std::string> lists = {"certificate_sha256", "providers", "domains", "endpoints",
                                       "shared_prime_spki_sha256"};
  if (lists.contains(column) && value.is_array()) std::sort(value.begin(), value.end());
  return value;
}

TEST(Keys, FindsWhatTheLabPlanted) {
  TemporaryFolder folder;
  Lab lab(folder,
          {"--seed", "13", "--domains", "1200", "--fixed", "none", "--mix",
           "tls-only,tls.dhe_only=2,tls.dhe_own_prime=2,tls.dhe_composite=2,"
           "key.rsa_close_primes=3,key.rsa_roca=3,key.rsa_shared_prime=5,key.rsa_shared_modulus=4,"
           "key.rsa_pattern=3,key.rsa1024=3,key.rsa_small_factor=5,key.rsa_bad_exponent=6,cert."
           "sha1_signed=3"});
  const std::string scan = folder.path("scan");
  const CommandResult scanned = Mxsweep(lab.ScanArguments(lab.state("domains.txt"), {"-o", scan}));
  ASSERT_EQ(scanned.exit_code, 0) << scanned.output;

  // What the scan itself says of each certificate.
  const auto certificates = ByColumn(Rows(scan, "certificates"), "sha256");
  size_t weak = 0;
  for (const json& truth : JsonLines(lab.state("truth/certificates.ndjson"))) {
    const auto row = certificates.find(truth.at("sha256"));
    ASSERT_NE(row, certificates.end()) << truth.dump();
    if (!truth.contains("weak_key")) continue;
    EXPECT_EQ(row->second.at("weak_key"), truth.at("weak_key")) << row->second.at("subject");
    weak += truth.at("weak_key").is_null() ? 0 : 1;
  }
  EXPECT_GT(weak, 40u);

  // What all of them together show.
  const std::string table = folder.path("weak_keys.parquet");
  const CommandResult told = Mxsweep({"keys", scan, "--quiet", "--output", table, "--json"});
  ASSERT_EQ(told.exit_code, 0) << told.output;
  std::vector<json> rows;
  for (size_t at = 0, end; (end = told.output.find('\n', at)) != std::string::npos; at = end + 1) {
    rows.push_back(json::parse(told.output.substr(at, end - at)));
  }
  const auto found = ByColumn(rows, "spki_sha256");
  const auto planted = ByColumn(JsonLines(lab.state("truth/weak_keys.ndjson")), "spki_sha256");
  std::set<std::string> words;
  for (const auto& [key, truth] : planted) {
    ASSERT_TRUE(found.contains(key)) << truth.dump();
    for (const auto& [column, value] : truth.items()) {
      EXPECT_EQ(Comparable(column, found.at(key).at(column)), Comparable(column, value))
          << key << " " << column << " " << truth.at("weaknesses");
    }
    for (const json& word : truth.at("weaknesses")) words.insert(word);
  }
  for (const auto& [key, row] : found) EXPECT_TRUE(planted.contains(key)) << row.dump();
  EXPECT_EQ(words,
            (std::set<std::string>{"absurd_exponent", "dh_composite", "dh_not_safe", "dh_short",
                                   "even_exponent", "fermat", "low_entropy", "repeating_pattern",
                                   "roca", "rsa_short", "sha1_signature", "shared_key",
                                   "shared_modulus", "shared_prime", "small_exponent",
                                   "small_factor", "small_private_exponent"}));
}

}  // namespace
}  // namespace mxsweep::end_to_end
