// What our own Unbound is told, and how what it says is told.
#include "scanner/resolver/unbound_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The value of an option that is there once; -1 if it is not a number, or not there once.
int64_t NumberOf(const UnboundConfig& config, const std::string& option) {
  int64_t value = -1;
  int times = 0;
  for (const absl::string_view line : absl::StrSplit(config.text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (absl::StripAsciiWhitespace(parts.first) != option) continue;
    ++times;
    if (!absl::SimpleAtoi(parts.second, &value)) value = -1;
  }
  return times == 1 ? value : -1;
}

TEST(UnboundConfig, StaysWithinTheDescriptorsThatThereAre) {
  for (const uint64_t descriptors : {256u, 1024u, 20'000u, 1'000'000u}) {
    for (const uint32_t threads : {1u, 2u, 16u}) {
      for (const uint32_t questions : {1u, 2'000u, 100'000u}) {
        SCOPED_TRACE(absl::StrCat(descriptors, " ", threads, " ", questions));
        const UnboundConfig config = MakeUnboundConfig(
            {.threads = threads, .questions = questions, .descriptors = descriptors});
        const int64_t ports = NumberOf(config, "outgoing-range");
        const int64_t tcp =
            NumberOf(config, "outgoing-num-tcp") + NumberOf(config, "incoming-num-tcp");
        EXPECT_GE(ports, 16);
        EXPECT_GE(tcp, 2);
        // With 256 of them and 16 threads there is no way: then it says so itself.
        if (descriptors >= 1024 || threads <= 2) {
          EXPECT_LE(threads * (ports + tcp), static_cast<int64_t>(descriptors));
        }
        // What is put to it at once, it can hold, even where one thread gets it all.
        EXPECT_GE(config.max_questions, 1u);
        EXPECT_LE(config.max_questions, questions);
        EXPECT_GE(NumberOf(config, "num-queries-per-thread"), 2 * config.max_questions);
      }
    }
  }
}

TEST(UnboundThreads, AreOneForTwoCoresWhereEachHasPortsAndMemory) {
  constexpr uint64_t kGiB = uint64_t{1} << 30;
  EXPECT_EQ(UnboundThreads(1, 20'000, 8 * kGiB), 1u);
  EXPECT_EQ(UnboundThreads(2, 20'000, 8 * kGiB), 1u);
  EXPECT_EQ(UnboundThreads(3, 20'000, 8 * kGiB), 2u);
  EXPECT_EQ(UnboundThreads(16, 20'000, 8 * kGiB), 8u);
  EXPECT_EQ(UnboundThreads(64, 1'000'000, 256 * kGiB), 16u);
  // The limits of a bare login, of a container with little memory, of nothing at all.
  EXPECT_EQ(UnboundThreads(16, 1'024, 8 * kGiB), 1u);
  EXPECT_EQ(UnboundThreads(16, 4'096, 8 * kGiB), 6u);
  EXPECT_EQ(UnboundThreads(16, 20'000, kGiB / 2), 2u);
  EXPECT_EQ(UnboundThreads(0, 0, 0), 1u);
}

// However many there are, each has what it needs: a socket for each of its questions at once, and
// no thread that the others' questions could fill.
TEST(UnboundThreads, LeaveEachAThreadItsPorts) {
  for (const uint32_t cores : {1u, 2u, 8u, 128u}) {
    for (const uint64_t descriptors : {1'024u, 4'096u, 20'000u, 1'000'000u}) {
      const uint32_t threads = UnboundThreads(cores, descriptors, uint64_t{64} << 30);
      const UnboundConfig config =
          MakeUnboundConfig({.threads = threads, .questions = 2'000, .descriptors = descriptors});
      EXPECT_GE(NumberOf(config, "outgoing-range"), 512) << cores << " " << descriptors;
      EXPECT_EQ(NumberOf(config, "num-threads"), threads);
      EXPECT_GE(config.max_questions, 1'000u);
    }
  }
}

TEST(UnboundConfig, RemembersAsManyNameServersAsMemoryHolds) {
  for (const uint64_t megabytes : {512u, 4'096u, 65'536u}) {
    const UnboundConfig config = MakeUnboundConfig({.memory_bytes = megabytes << 20});
    const int64_t hosts = NumberOf(config, "infra-cache-numhosts");
    EXPECT_LE(300 * hosts, static_cast<int64_t>(megabytes << 20) / 50) << megabytes;
    EXPECT_GE(hosts, 10'000);
  }
}

TEST(UnboundConfig, TakesAllQuestionsOfADefaultScan) {
  const UnboundConfig config =
      MakeUnboundConfig({.threads = 2, .questions = 2'000, .descriptors = 20'000});
  EXPECT_EQ(config.max_questions, 2'000u);
  EXPECT_EQ(NumberOf(config, "outgoing-range"), 2'048);
}

TEST(UnboundConfig, TakesNoMoreMemoryThanASmallMachineHas) {
  const auto cache_megabytes = [](uint64_t memory_bytes) {
    const UnboundConfig config = MakeUnboundConfig({.memory_bytes = memory_bytes});
    int64_t sum = 0;
    for (const absl::string_view line : absl::StrSplit(config.text, '\n')) {
      if (!absl::StrContains(line, "-cache-size: ")) continue;
      int64_t value = 0;
      EXPECT_TRUE(
          absl::SimpleAtoi(absl::StripSuffix(std::pair<absl::string_view, absl::string_view>(
                                                 absl::StrSplit(line, absl::MaxSplits(": ", 1)))
                                                 .second,
                                             "m"),
                           &value))
          << line;
      sum += value;
    }
    return sum;
  };
  EXPECT_LE(cache_megabytes(uint64_t{512} << 20), 64);
  EXPECT_GE(cache_megabytes(uint64_t{64} << 30), 1024);
  EXPECT_LE(cache_megabytes(uint64_t{1} << 40), 2048);
}

TEST(UnboundConfig, ValidatesAndServesNothingStale) {
  const UnboundConfig config =
      MakeUnboundConfig({.port = 5300, .trust_anchor_file = kRootTrustAnchorFile});
  EXPECT_THAT(config.text, HasSubstr("module-config: \"validator iterator\""));
  EXPECT_THAT(config.text, HasSubstr("trust-anchor-file: \"/usr/share/dns/root.key\""));
  EXPECT_THAT(config.text, HasSubstr("serve-expired: no"));
  EXPECT_THAT(config.text, HasSubstr("interface: 127.0.0.1\n  port: 5300"));
  EXPECT_THAT(config.text, HasSubstr("discard-timeout: 0"));
  EXPECT_THAT(MakeUnboundConfig({.recent_options = false}).text, Not(HasSubstr("discard-timeout")));
}

// What that saves is counted by bench/recursion_load (the test mxsweep_recursion_bench).
TEST(UnboundConfig, AsksOthersForNoMoreThanNeeded) {
  const UnboundConfig config = MakeUnboundConfig({});
  for (const char* line : {"qname-minimisation: no\n", "target-fetch-policy: \"0 0 0 0 0\"\n",
                           "harden-referral-path: no\n", "prefetch: no\n", "prefetch-key: no\n",
                           "trust-anchor-signaling: no\n", "root-key-sentinel: no\n",
                           "harden-below-nxdomain: yes\n", "aggressive-nsec: yes\n"}) {
    EXPECT_THAT(config.text, HasSubstr(line));
  }
}

TEST(UnboundConfig, PutsTheUsersLinesLastSoThatTheyOverride) {
  const std::string include = "server:\n  module-config: \"iterator\"\n";
  const UnboundConfig config = MakeUnboundConfig({.include_text = include});
  EXPECT_TRUE(absl::EndsWith(config.text, include));
  const auto lines = std::vector<std::string>(absl::StrSplit(config.text, '\n'));
  EXPECT_EQ(lines[config.include_line - 1], "server:");
  EXPECT_EQ(lines[config.include_line], "  module-config: \"iterator\"");
}

TEST(GivesTrustAnchor, FindsOptionsAndPassesOverComments) {
  for (const char* text :
       {"trust-anchor: \". DS 1 8 2 AA\"\n", "server:\n\ttrust-anchor-file: \"/x\"\n",
        "server: auto-trust-anchor-file: /x", "a: b\r\n  trusted-keys-file: x\r\n"}) {
    EXPECT_TRUE(GivesTrustAnchor(text)) << text;
  }
  for (const char* text :
       {"", "server:\n  verbosity: 1\n", "# trust-anchor: x\n", "server: # trust-anchor-file: x\n",
        "  trust-anchor-signaling: yes\n", "no-trust-anchor: x\n"}) {
    EXPECT_FALSE(GivesTrustAnchor(text)) << text;
  }
}

TEST(TellUnboundLog, SpeaksOfTheUsersFileAndItsLines) {
  const std::string log =
      "/dev/stdin:42: error: unknown keyword 'no-such-thing'\n"
      "/dev/stdin:3: error: x\n"
      "read /dev/stdin failed: 3 errors in configuration file\n"
      "[1795326239] unbound[23084:0] fatal error: Could not read config file: /dev/stdin.\n\n";
  EXPECT_EQ(
      TellUnboundLog(log, 40, "private.conf", 1000),
      "private.conf:3: error: unknown keyword 'no-such-thing'; generated configuration:3: "
      "error: x; read private.conf failed: 3 errors in configuration file; fatal error: Could "
      "not read config file: private.conf.");
  EXPECT_EQ(TellUnboundLog("[1] unbound[2:0] error: can't bind socket: Address already in use\n", 1,
                           "", 1000),
            "error: can't bind socket: Address already in use");
}

// Found by unbound_text_fuzz: the log went to the terminal as it was.
TEST(TellUnboundLog, HoldsNothingThatATerminalObeys) {
  EXPECT_EQ(TellUnboundLog("error: \x1b[2J \u009b \u202e \xff\n", 1, "", 100),
            "error: ?[2J ? ? \xef\xbf\xbd");
}

TEST(TellUnboundLog, KeepsTheLastLinesOfALongOne) {
  std::string log;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&log, "[1] unbound[2:0] info: line ", i, "\n");
  const std::string text = TellUnboundLog(log, 1, "", 50);
  EXPECT_LE(text.size(), 50u);
  EXPECT_TRUE(absl::EndsWith(text, "info: line 99"));
  EXPECT_EQ(TellUnboundLog("", 1, "", 50), "");
  EXPECT_EQ(TellUnboundLog(std::string(500, 'x'), 1, "", 50).size(), 50u);
}

}  // namespace
}  // namespace mxsweep::scanner
