// What is suggested of made-up domains, held against files of tests/tools/check/golden (see
// golden_test.cc), and never what is not known to be missing.
#include "tools/check/suggest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "dns/mta_sts.h"
#include "tests/scanner/posture/made_up_checks.h"

namespace mxsweep::tools {
namespace {

using scanner::testing::AllChecks;
using scanner::testing::Check;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Check& Find(const std::string& name) {
  static const std::vector<Check> checks = AllChecks();
  for (const Check& check : checks) {
    if (check.name == name) return check;
  }
  ADD_FAILURE() << "no made-up check " << name;
  return checks.front();
}

std::string Zone(const Check& check) {
  const scanner::ScanRows rows = check.Rows();
  const auto report = scanner::BuildCheckReport(check.Asked(), rows, check.world);
  return SuggestZone(report, rows, check.world);
}

std::string Policy(const Check& check, std::string* why) {
  const scanner::ScanRows rows = check.Rows();
  const auto report = scanner::BuildCheckReport(check.Asked(), rows, check.world);
  return SuggestPolicy(report.domains.front(), why);
}

// Lines that are no comments.
std::vector<std::string> Records(const std::string& zone) {
  std::vector<std::string> records;
  std::istringstream lines(zone);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != ';') records.push_back(line);
  }
  return records;
}

class SuggestGolden : public ::testing::TestWithParam<Check> {};

TEST_P(SuggestGolden, ZoneStaysAsItWasRead) {
  const std::string path = "tests/tools/check/golden/" + GetParam().name + ".zone";
  const std::string zone = Zone(GetParam());
  if (std::getenv("MXSWEEP_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << zone;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in.is_open()) << path;
  EXPECT_EQ(zone, std::string(std::istreambuf_iterator<char>(in), {})) << path;
}

TEST_P(SuggestGolden, EveryLineIsARecordOrACommentOfEightyColumns) {
  std::istringstream lines(Zone(GetParam()));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line.front() == ';') {
      EXPECT_LE(line.size(), 80u) << line;
    } else {
      EXPECT_THAT(line, HasSubstr(". IN T")) << line;
    }
  }
}

TEST_P(SuggestGolden, APolicyIsOneThatSendersCanRead) {
  std::string why;
  const std::string policy = Policy(GetParam(), &why);
  if (policy.empty()) {
    EXPECT_THAT(why, Not(IsEmpty()));
    return;
  }
  const auto parsed = dns::ParseStsPolicy(policy);
  EXPECT_TRUE(parsed.ok()) << parsed.status() << "\n" << policy;
}

INSTANTIATE_TEST_SUITE_P(MadeUp, SuggestGolden, ::testing::ValuesIn(AllChecks()),
                         [](const auto& check) { return check.param.name; });

TEST(Suggest, APerfectDomainLacksNothing) {
  EXPECT_THAT(Records(Zone(Find("perfect"))), IsEmpty());
  std::string why;
  EXPECT_EQ(Policy(Find("perfect"), &why), "");
  EXPECT_THAT(why, HasSubstr("names every MX host"));
}

size_t TlsaCount(const std::string& zone) {
  size_t count = 0;
  for (const std::string& record : Records(zone)) {
    count += record.find("IN TLSA 3 1 1 ") != std::string::npos;
  }
  return count;
}

TEST(Suggest, EachKeyThatWasSeenAndIsNotPublishedHasARecord) {
  const Check& check = Find("two_keys");
  scanner::ScanRows rows = check.Rows();
  const auto suggest = [&] {
    return SuggestZone(scanner::BuildCheckReport(check.Asked(), rows, check.world), rows,
                       check.world);
  };
  EXPECT_EQ(TlsaCount(suggest()), 1u);  // one is there already
  rows.hosts.front().tlsa->clear();
  EXPECT_EQ(TlsaCount(suggest()), 2u);
}

// RFC 7671 §9.
TEST(Suggest, WhatAStrongerDigestOutdoesIsNotPublishedYet) {
  const Check& check = Find("dane_mismatch");
  scanner::ScanRows rows = check.Rows();
  const auto suggest = [&] {
    return SuggestZone(scanner::BuildCheckReport(check.Asked(), rows, check.world), rows,
                       check.world);
  };
  ASSERT_EQ(TlsaCount(suggest()), 1u);
  const std::string key = *rows.certificates.front().spki_sha256;
  rows.hosts.front().tlsa = {{3, 1, 1, key, true}, {3, 1, 2, std::string(128, 'f'), true}};
  EXPECT_EQ(TlsaCount(suggest()), 1u);
  EXPECT_THAT(suggest(), HasSubstr("3 1 2 away"));
  // A record that matches, of whatever kind, leaves nothing to publish.
  rows.endpoints.front().dane_status = "match";
  EXPECT_EQ(TlsaCount(suggest()), 0u);
}

TEST(Suggest, WhereDnssecIsAbsentOrNotKnownThereIsNoTlsaRecord) {
  for (const char* name : {"unsigned", "blind_resolver"}) {
    EXPECT_THAT(Zone(Find(name)), Not(HasSubstr("IN TLSA"))) << name;
    EXPECT_THAT(Zone(Find(name)), HasSubstr("no TLSA record of")) << name;
  }
}

TEST(Suggest, APolicyThatLacksAHostKeepsItsModeAndAge) {
  std::string why;
  const std::string policy = Policy(Find("mta_sts_other_host"), &why);
  EXPECT_THAT(policy, testing::StartsWith("version: STSv1\r\nmode: "));
  EXPECT_THAT(policy, testing::EndsWith("\r\n"));
  const scanner::ScanRows rows = Find("mta_sts_other_host").Rows();
  for (const std::string& host : *rows.domains.front().mta_sts_unmatched_mx) {
    EXPECT_THAT(policy, HasSubstr("\r\nmx: " + host + "\r\n"));
  }
  EXPECT_THAT(policy, HasSubstr("mode: " + *rows.domains.front().mta_sts_mode + "\r\n"));
}

TEST(Suggest, ANewPolicyIsInModeTestingAndSaysWhatWouldFail) {
  std::string why;
  const std::string policy = Policy(Find("expired"), &why);
  EXPECT_THAT(policy, HasSubstr("mode: testing\r\n"));
  EXPECT_THAT(why, HasSubstr("would stop in mode enforce"));
}

}  // namespace
}  // namespace mxsweep::tools
