#include "tests/end_to_end/truth.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace mxsweep::end_to_end {
namespace {

constexpr int kMaxShown = 25;

struct TableResult {
  size_t rows = 0;
  size_t cells = 0;
  std::vector<std::string> differences;
  std::set<std::string> open_columns;  // of which the truth says nothing in any row
};

// What the truth leaves open: times, volumes, sentences, and what a table says of another.
const std::map<std::string, std::set<std::string>> kOpenColumns = {
    // Which of several names at a dead address is asked, and which is told what the others met, is
    // chance.
    {"domains",
     {"elapsed_us", "error_detail", "inferred_endpoint_count", "input_line", "input_name",
      "started_at"}},
    {"mx_hosts", {"elapsed_us", "error_detail", "started_at", "summary"}},
    {"endpoints",
     {"bytes_in", "bytes_out", "certificate_level_limit", "connect_us", "dane_detail",
      "dane_record_results", "elapsed_us", "error_detail", "greeting_us", "handshake_us",
      "inferred", "inferred_from_at", "session_level_limit", "started_at", "starttls_us",
      "summary"}},
    {"certificates", {"first_seen"}}};

// Hosts without an address because a look-up fails: that answers for them for five minutes, and a
// domain that names one later has it looked up again (docs/outcomes.md).
std::set<std::string> HostsAskedAgain(const Lab& lab) {
  const std::set<std::string> passing = {"servfail", "timeout"};
  std::set<std::string> hosts;
  for (const json& row : JsonLines(lab.state("truth/mx_hosts.ndjson"))) {
    if (passing.contains(row.at("address_status"))) hosts.insert(row.at("host"));
  }
  return hosts;
}

// Every cell that the truth holds must be in the table, and every row of the table in the truth.
TableResult Compare(const std::string& scan, const Lab& lab, const std::string& table,
                    const std::vector<std::string>& key_columns, const std::set<std::string>& but,
                    const std::set<std::string>& asked_again) {
  TableResult result;
  std::map<std::string, json> found;
  for (json& row : Rows(scan, table)) {
    const std::string key = KeyOf(row, key_columns);
    const auto [there, is_new] = found.try_emplace(key, row);
    if (is_new) continue;
    if (table != "mx_hosts" || !asked_again.contains(row.at("host"))) {
      result.differences.push_back(table + " " + key + ": twice");
    }
    // The latest supersedes the others.
    if (there->second.at("started_at") < row.at("started_at")) there->second = std::move(row);
  }
  result.rows = found.size();
  if (!found.empty()) {
    for (const auto& [column, value] : found.begin()->second.items()) {
      result.open_columns.insert(column);
    }
  }
  for (const json& truth : JsonLines(lab.state("truth/" + table + ".ndjson"))) {
    const std::string key = KeyOf(truth, key_columns);
    const auto row = found.find(key);
    if (row == found.end()) {
      result.differences.push_back(table + " " + key + ": missing");
      continue;
    }
    for (const auto& [column, value] : truth.items()) {
      ++result.cells;
      result.open_columns.erase(column);
      if (but.contains(column)) continue;
      if (!row->second.contains(column) || row->second[column] != value) {
        result.differences.push_back(absl::StrCat(table, " ", key, ": ", column, " is ",
                                                  row->second.value(column, json()).dump(),
                                                  ", in truth ", value.dump()));
      }
    }
    found.erase(row);
  }
  for (const auto& [key, row] : found) {
    result.differences.push_back(table + " " + key + ": not in the truth");
  }
  return result;
}

}  // namespace

std::string KeyOf(const json& row, const std::vector<std::string>& columns) {
  std::string key;
  for (const std::string& column : columns) {
    absl::StrAppend(&key, key.empty() ? "" : " ", row.at(column).get<std::string>());
  }
  return key;
}

void ExpectTruth(const std::string& scan, const Lab& lab, const std::set<std::string>& but,
                 bool failures_may_be_forgotten) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> tables = {
      {"domains", {"domain"}},
      {"mx_hosts", {"host"}},
      {"endpoints", {"host", "address"}},
      {"certificates", {"sha256"}}};
  const std::set<std::string> asked_again =
      failures_may_be_forgotten ? HostsAskedAgain(lab) : std::set<std::string>();
  for (const auto& [table, key] : tables) {
    const TableResult result = Compare(scan, lab, table, key, but, asked_again);
    std::printf("%s: %zu rows, %zu cells compared, %zu differ\n", table.c_str(), result.rows,
                result.cells, result.differences.size());
    EXPECT_GT(result.cells, result.rows);
    EXPECT_EQ(result.open_columns, kOpenColumns.at(table)) << table;
    EXPECT_TRUE(result.differences.empty());
    for (size_t i = 0; i < result.differences.size() && i < kMaxShown; ++i) {
      ADD_FAILURE() << result.differences[i];
    }
  }
}

}  // namespace mxsweep::end_to_end
