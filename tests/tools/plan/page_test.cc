// docs/fleet.md is what the plan says, and what a user may ask of it.
#include "tools/plan/page.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/plan/inputs.h"

namespace mxsweep::plan {
namespace {

using ::testing::HasSubstr;

TEST(SetInput, TakesNumbersForWhatThereIs) {
  Inputs inputs;
  ASSERT_TRUE(SetInput("rate=500", &inputs).ok());
  EXPECT_EQ(inputs.rate, 500);
  ASSERT_TRUE(SetInput("domains=1e6", &inputs).ok());
  EXPECT_EQ(inputs.domains, 1e6);
  for (const char* wrong : {"speed=1", "rate", "rate=", "rate=fast", "rate=-1", "rate=inf",
                            "nodes=0", "own_share=1.5", "=3", ""}) {
    EXPECT_FALSE(SetInput(wrong, &inputs).ok()) << wrong;
  }
  EXPECT_THAT(std::string(SetInput("nodes=0", &inputs).message()), HasSubstr("1 or more"));
}

TEST(AllInputs, AreEachOnceAndTheDefaultsGoTogether) {
  std::set<std::string> names;
  for (const Input& input : AllInputs()) {
    EXPECT_TRUE(names.insert(input.name).second) << input.name;
    EXPECT_GE(Inputs().*input.value, input.least) << input.name;
  }
  // Every member has its row.
  EXPECT_EQ(names.size() * sizeof(double), sizeof(Inputs));
  EXPECT_TRUE(Validate(Inputs()).ok());
}

TEST(Validate, RefusesWhatCannotBe) {
  Inputs shares;
  shares.parked_share = 0.5;
  EXPECT_FALSE(Validate(shares).ok());
  Inputs few;
  few.addresses = 1e9;
  EXPECT_THAT(std::string(Validate(few).message()), HasSubstr("change addresses"));
  Inputs pools;
  pools.pool_addresses = 10;
  EXPECT_FALSE(Validate(pools).ok());
}

TEST(WithTables, DrawsThePlacesAnewAndLeavesTheRest) {
  const std::string page = "before\n<!-- plan: inputs -->\nold\n<!-- /plan -->\nafter\n";
  const auto drawn = WithTables(page, Inputs());
  ASSERT_TRUE(drawn.ok());
  EXPECT_EQ(*drawn,
            "before\n<!-- plan: inputs -->\n" + InputsTable(Inputs()) + "<!-- /plan -->\nafter\n");
  EXPECT_FALSE(WithTables("no place", Inputs()).ok());
  EXPECT_FALSE(WithTables("<!-- plan: inputs -->\n", Inputs()).ok());
  EXPECT_FALSE(WithTables("<!-- plan: weather -->\n<!-- /plan -->", Inputs()).ok());
}

// Tests run in the project's root.
TEST(FleetPage, HasTheTablesOfThePlan) {
  std::ostringstream committed;
  committed << std::ifstream("docs/fleet.md").rdbuf();
  for (const char* table : {"inputs", "arithmetic", "schedule", "bear"}) {
    EXPECT_THAT(committed.str(), HasSubstr("<!-- plan: " + std::string(table) + " -->\n"));
  }
  const auto drawn = WithTables(committed.str(), Inputs());
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_EQ(committed.str(), *drawn) << "run: fleet_plan --write docs/fleet.md";
}

}  // namespace
}  // namespace mxsweep::plan
