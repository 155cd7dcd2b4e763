// Whether a trouble is still there: never "gone" where nobody could look.
#include "tools/explain/still.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;

scanner::DomainReport Report(const std::vector<std::string>& findings,
                             scanner::Verdict verdict = scanner::Verdict::kUnprotected) {
  scanner::DomainReport report;
  report.verdict = verdict;
  report.headline = "the headline";
  for (const std::string& id : findings) {
    scanner::Finding finding;
    finding.id = id;
    finding.title = "title of " + id;
    report.findings.push_back(finding);
  }
  return report;
}

TEST(JudgeStillThere, TheSameFindingIsTheSameTrouble) {
  std::string now;
  EXPECT_EQ(
      JudgeStillThere("certificate_expired", Report({"mta_sts_none", "certificate_expired"}), &now),
      StillThere::kYes);
  EXPECT_EQ(now, "title of certificate_expired");
  EXPECT_EQ(JudgeStillThere("starttls_not_offered", Report({"no_starttls"}), &now),
            StillThere::kYes);
  EXPECT_EQ(JudgeStillThere("tlsa_mismatch", Report({"dane_mismatch"}), &now), StillThere::kYes);
}

TEST(JudgeStillThere, AnotherFindingIsNot) {
  std::string now;
  EXPECT_EQ(JudgeStillThere("certificate_expired",
                            Report({"no_starttls_elsewhere", "mta_sts_none"}), &now),
            StillThere::kNo);
  EXPECT_EQ(now, "the headline");
}

TEST(JudgeStillThere, WhereNobodyCouldLookItIsNotKnown) {
  std::string now;
  for (const char* id : {"no_answer", "connect_timeout", "turned_away", "mx_lookup_error"}) {
    EXPECT_EQ(JudgeStillThere("certificate_expired", Report({id}), &now), StillThere::kNotKnown)
        << id;
  }
  EXPECT_EQ(JudgeStillThere("certificate_expired", Report({}, scanner::Verdict::kUnknown), &now),
            StillThere::kNotKnown);
  // Without a validating resolver DANE is not judged, anything else is.
  EXPECT_EQ(JudgeStillThere("tlsa_mismatch", Report({"resolver_does_not_validate"}), &now),
            StillThere::kNotKnown);
  EXPECT_EQ(JudgeStillThere("name_mismatch", Report({"resolver_does_not_validate"}), &now),
            StillThere::kNo);
}

TEST(JudgeStillThere, WhatACheckCannotShowIsNotJudged) {
  std::string now;
  EXPECT_EQ(JudgeStillThere("own_key_not_loaded", Report({}), &now), StillThere::kNotJudged);
  EXPECT_EQ(JudgeStillThere("tls_rate", Report({}), &now), StillThere::kNotJudged);
}

TEST(DomainsToCheck, TakesRecipientsWithTroubleByFrequency) {
  CauseGroup refused;
  refused.places = {{.name = "a.test", .is_domain = true, .count = 1},
                    {.name = "b.test", .is_domain = true, .count = 5},
                    {.name = "mx.c.test", .is_domain = false, .count = 9}};
  CauseGroup note;
  note.cause.kind = TroubleKind::kNote;
  note.places = {{.name = "d.test", .is_domain = true, .count = 99}};
  CauseGroup other;
  other.places = {{.name = "a.test", .is_domain = true, .count = 7}};
  const std::vector<const CauseGroup*> groups = {&refused, &note, &other};
  EXPECT_THAT(DomainsToCheck(groups, 10), ElementsAre("a.test", "b.test"));
  EXPECT_THAT(DomainsToCheck(groups, 1), ElementsAre("a.test"));
}

}  // namespace
}  // namespace mxsweep::tools
