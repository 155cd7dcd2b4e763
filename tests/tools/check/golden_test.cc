// What the program says of made-up domains, held against files of tests/tools/check/golden. To
// write them anew: MXSWEEP_WRITE_GOLDEN=1 build/…/check_tests, from the root of the source tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/scanner/posture/made_up_checks.h"
#include "tools/check/json.h"
#include "tools/check/paragraph.h"
#include "tools/check/text.h"

namespace mxsweep::tools {
namespace {

using scanner::testing::AllChecks;
using scanner::testing::Check;

void ExpectGolden(const std::string& file, const std::string& content) {
  const std::string path = "tests/tools/check/golden/" + file;
  if (std::getenv("MXSWEEP_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << content;
    return;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in.is_open()) << path;
  const std::string golden(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(content, golden) << path;
}

class CheckGolden : public ::testing::TestWithParam<Check> {
 protected:
  CheckGolden() : rows_(GetParam().Rows()) {}
  scanner::CheckReport Report() const {
    return scanner::BuildCheckReport(GetParam().Asked(), rows_, GetParam().world);
  }

  scanner::ScanRows rows_;
};

TEST_P(CheckGolden, TextStaysAsItWasRead) {
  ExpectGolden(GetParam().name + ".txt", RenderCheckText(Report(), {}));
}

TEST_P(CheckGolden, JsonStaysAsItWasPromised) {
  ExpectGolden(GetParam().name + ".json", RenderCheckJson(Report()));
}

TEST_P(CheckGolden, TextFitsTheTerminal) {
  for (const size_t columns : {60, 80, 100}) {
    const std::string text = RenderCheckText(Report(), {.columns = columns});
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      ASSERT_NE(end, std::string::npos);
      const std::string line = text.substr(begin, end - begin);
      begin = end + 1;
      // The data of a record cannot be broken, nor the name of a cipher.
      if (line.find_first_not_of(' ') == line.find_last_of(' ') + 1) continue;
      if (line.ends_with(" )") || line.ends_with("(")) continue;
      EXPECT_LE(ColumnsOf(line), columns) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST_P(CheckGolden, ColoursAddNothingButColours) {
  std::string coloured = RenderCheckText(Report(), {.colour = true});
  EXPECT_NE(coloured.find("\033["), std::string::npos);
  std::string plain;
  for (size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033') {
      i = coloured.find('m', i);
    } else {
      plain += coloured[i];
    }
  }
  EXPECT_EQ(plain, RenderCheckText(Report(), {}));
}

TEST_P(CheckGolden, JsonSaysWhatTheExitCodeSays) {
  const scanner::CheckReport report = Report();
  const auto json = nlohmann::json::parse(RenderCheckJson(report));
  EXPECT_EQ(json["exit_code"], report.exit_code());
  bool passed = true;
  for (const auto& domain : json["domains"]) passed = passed && domain["passed"].get<bool>();
  EXPECT_EQ(report.exit_code(), passed ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(MadeUp, CheckGolden, ::testing::ValuesIn(AllChecks()),
                         [](const auto& check) { return check.param.name; });

}  // namespace
}  // namespace mxsweep::tools
