#include "tools/cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tools/cli/scan_flags.h"

namespace mxsweep::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Words = std::vector<std::string>;

// The program with `scan` and a further command.
class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    CLI::App app("", "mxsweep");
    scanner::ScanOptions options;
    RegisterScanFlags(*app.add_subcommand("scan", ""), options);
    app.add_subcommand("report", "")->add_option("-o,--output")->type_name("FILE");
    tree_ = DescribeCommands(app);
  }

  std::string File(const std::string& text) {
    const std::string path = testing::TempDir() + "/settings.toml";
    std::ofstream(path) << text;
    return path;
  }

  absl::StatusOr<EffectiveWords> Effective(const Words& words, const Words& environment = {}) {
    return WithSettings(words, environment, tree_);
  }

  std::string ErrorOf(const std::string& text) {
    return std::string(ParseSettingsFile(text, "f.toml", tree_).status().message());
  }

  CommandTree tree_;
};

TEST_F(SettingsTest, TheCommandLineGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  const std::string file = File(
      "# of all nights\n"
      "[scan]\n"
      "rate = 1\n"
      "concurrency = 11\n"
      "retries = 111   # once more\n");
  const Words environment = {"HOME=/", "MXSWEEP_SCAN_RATE=2", "MXSWEEP_SCAN_CONCURRENCY=22",
                             "MXSWEEP_CONFIG=" + file};
  const auto effective = Effective({"scan", "list", "--rate", "3"}, environment);
  ASSERT_TRUE(effective.ok()) << effective.status();
  EXPECT_THAT(effective->words,
              ElementsAre("scan", "--concurrency=22", "--retries=111", "list", "--rate", "3"));
  EXPECT_EQ(effective->origins.at("--concurrency"), "MXSWEEP_SCAN_CONCURRENCY");
  EXPECT_EQ(effective->origins.at("--retries"), file + " line 5");
}

TEST_F(SettingsTest, AFileIsNamedOnTheCommandLineBeforeOrBehindTheCommand) {
  const std::string file = File("[scan]\nrate = 7\n");
  EXPECT_THAT(Effective({"--config", file, "scan"})->words, ElementsAre("scan", "--rate=7"));
  EXPECT_THAT(Effective({"scan", "--config=" + file})->words, ElementsAre("scan", "--rate=7"));
  EXPECT_THAT(Effective({"scan", "--config", file}, {"MXSWEEP_CONFIG=/nowhere"})->words,
              ElementsAre("scan", "--rate=7"));
  const auto missing = Effective({"scan", "--config", "/nowhere/f.toml"});
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/nowhere/f.toml can't be read"));
}

TEST_F(SettingsTest, EveryKindOfValueIsTaken) {
  const auto effective = Effective({"scan", "--config",
                                    File("[scan]\n"
                                         "resolver = [\"192.0.2.53\",  # a\n"
                                         "            # both of them\n"
                                         "            \"2001:db8::53\"]\n"
                                         "trust-ad = true\n"
                                         "revocation = false\n"
                                         "connect-timeout = \"5s\"\n"
                                         "rate = 12.5\n"
                                         "output = 'a b'\n")});
  ASSERT_TRUE(effective.ok()) << effective.status();
  EXPECT_THAT(
      effective->words,
      UnorderedElementsAre("scan", "--resolver=192.0.2.53", "--resolver=2001:db8::53", "--trust-ad",
                           "--connect-timeout=5s", "--rate=12.5", "--output=a b"));
}

TEST_F(SettingsTest, VariablesOfRepeatableFlagsAndSwitchesAreRead) {
  const auto effective = Effective(
      {"scan"}, {"MXSWEEP_SCAN_RESOLVER=192.0.2.1, 192.0.2.2", "MXSWEEP_SCAN_TRUST_AD=yes",
                 "MXSWEEP_SCAN_REVOCATION=0", "MXSWEEP_SCAN_IPV4_ONLY=1"});
  ASSERT_TRUE(effective.ok()) << effective.status();
  EXPECT_THAT(effective->words,
              UnorderedElementsAre("scan", "--resolver=192.0.2.1", "--resolver=192.0.2.2",
                                   "--trust-ad", "--ipv4-only"));
}

TEST_F(SettingsTest, WhatIsUnknownIsAnErrorThatNamesTheLine) {
  EXPECT_EQ(ErrorOf("[scan]\n\n  rat = 5\n"), "f.toml line 3: \"rat\" is no flag of mxsweep scan");
  EXPECT_EQ(ErrorOf("[scam]\nrate = 5\n"), "f.toml line 1: [scam] is no command of mxsweep");
  // Of a command that is not run as well.
  EXPECT_EQ(ErrorOf("[report]\nrate = 5\n"),
            "f.toml line 2: \"rate\" is no flag of mxsweep report");
  EXPECT_EQ(ErrorOf("rate = 5\n"),
            "f.toml line 1: \"rate\" stands before any table, such as [scan]");
  EXPECT_THAT(ErrorOf("[scan]\nrate 5\n"), HasSubstr("line 2: \"rate 5\" is neither a table"));
  EXPECT_EQ(ErrorOf("[scan]\nrate = 5\nrate = 6\n"), "f.toml line 3: \"rate\" is set twice");
  EXPECT_EQ(ErrorOf("[scan]\nrate = [5, 6]\n"), "f.toml line 2: \"rate\" takes one value");
  EXPECT_EQ(ErrorOf("[scan]\ntrust-ad = maybe\n"),
            "f.toml line 2: \"maybe\" is neither true nor false");
  EXPECT_EQ(ErrorOf("[scan]\nhelp = true\n"), "f.toml line 2: \"help\" is no flag of mxsweep scan");
  EXPECT_THAT(ErrorOf("[scan]\nresolver = [\"192.0.2.1\",\n \"192.0.2.2\"]\nrat = 1\n"),
              HasSubstr("line 4"));
  // CLI11 would cut it off there, without a word.
  EXPECT_THAT(ErrorOf("[scan]\noutput = \"a#b\"\n"), HasSubstr("line 2: a # within a string"));
  const auto variable = Effective({"scan"}, {"MXSWEEP_SCAN_RAT=5"});
  EXPECT_THAT(std::string(variable.status().message()),
              HasSubstr("MXSWEEP_SCAN_RAT names no flag of mxsweep scan"));
  EXPECT_TRUE(Effective({"report"}, {"MXSWEEP_SCAN_RAT=5", "MXSWEEP_OTHER=1"}).ok());
}

TEST_F(SettingsTest, WhatTheCommandLineExcludesIsLeftOut) {
  const std::string file = File("[scan]\noutput = \"usual\"\nrate = 5\n");
  EXPECT_THAT(Effective({"scan", "--config", file, "--resume", "old"})->words,
              ElementsAre("scan", "--rate=5", "--resume", "old"));
  EXPECT_THAT(Effective({"scan", "--config", file, "-onew"})->words,
              ElementsAre("scan", "--rate=5", "-onew"));
}

TEST_F(SettingsTest, WordsBehindTwoDashesAreNoFlags) {
  const std::string file = File("[scan]\nrate = 5\n");
  EXPECT_THAT(Effective({"--config", file, "scan", "--", "--rate=9"})->words,
              ElementsAre("scan", "--rate=5", "--", "--rate=9"));
  EXPECT_THAT(Effective({"--version"})->words, ElementsAre("--version"));
}

TEST(CommandTree, TellsOfEveryFlagWhatItTakes) {
  CLI::App app("Surveys.", "mxsweep");
  scanner::ScanOptions options;
  RegisterScanFlags(*app.add_subcommand("scan", "Scans"), options);
  const CommandTree tree = DescribeCommands(app);
  const Command* scan = tree.FindCommand("scan");
  ASSERT_NE(scan, nullptr);
  EXPECT_EQ(scan->FindFlag("output")->letter, "o");
  EXPECT_EQ(scan->FindFlag("output")->takes, CommandFlag::Takes::kFolder);
  EXPECT_EQ(scan->FindFlag("blocklist")->takes, CommandFlag::Takes::kFile);
  EXPECT_TRUE(scan->FindFlag("blocklist")->repeatable);
  EXPECT_FALSE(scan->FindFlag("rate")->repeatable);
  EXPECT_THAT(scan->FindFlag("progress")->words,
              ElementsAre("auto", "bar", "plain", "json", "none"));
  EXPECT_EQ(scan->FindFlag("trust-ad")->takes, CommandFlag::Takes::kNothing);
  EXPECT_EQ(scan->FindFlag("no-such-flag"), nullptr);
  EXPECT_EQ(scan->FindFlag("port")->type, "N");
  ASSERT_EQ(scan->positionals.size(), 1u);
  EXPECT_EQ(scan->positionals[0].name, "targets");
  // Every flag that help shows is there.
  std::istringstream help(app.get_subcommand("scan")->help());
  size_t shown = 0;
  for (std::string line; std::getline(help, line);) {
    const size_t at = line.find("--");
    if (!line.starts_with("  -") || at == std::string::npos) continue;
    const std::string name = line.substr(at + 2, line.find_first_of(" =,", at) - at - 2);
    EXPECT_NE(scan->FindFlag(name), nullptr) << name;
    ++shown;
  }
  EXPECT_EQ(shown, scan->flags.size());
}

}  // namespace
}  // namespace mxsweep::tools
