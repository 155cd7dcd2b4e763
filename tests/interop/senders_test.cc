// What `mxsweep check` foretells of Postfix at `may`, `verify` and `dane`, beside what Postfix's
// own client does with the same domains.
#include "tests/interop/senders.h"

#include <cstdio>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/matrix_names.h"

namespace mxsweep::interop {
namespace {

constexpr size_t kAtOnce = 6;
constexpr absl::Duration kTimeToAnswer = absl::Seconds(40);
constexpr int kLeastAgreements = 500;

class SendersTest : public InteropTest {
 protected:
  // The cases whose server could be fetched.
  static std::vector<const MatrixCase*> Cases() {
    std::map<std::string, Software> software;
    for (const MatrixServer& server : MatrixServers()) software[server.name] = server.software;
    std::vector<const MatrixCase*> cases;
    for (const MatrixCase& one : MatrixCases()) {
      if (network().HasServer(software.at(one.server))) cases.push_back(&one);
    }
    return cases;
  }

  static std::vector<WhatSendersDid> AskSenders(const std::vector<const MatrixCase*>& cases) {
    std::vector<WhatSendersDid> did(cases.size());
    std::vector<Command> commands;
    std::vector<std::string*> outputs;
    for (size_t i = 0; i < cases.size(); ++i) {
      for (const auto& [level, output] : {std::pair{"may", &did[i].may},
                                          {"encrypt", &did[i].encrypt},
                                          {"verify", &did[i].verify},
                                          {"dane", &did[i].dane},
                                          {"dane-only", &did[i].dane_only}}) {
        commands.push_back(AskSender(MXSWEEP_INTEROP_SERVERS, network().PostfixFolder(),
                                     network().TrustStore(), level, NamesOf(*cases[i]).domain));
        outputs.push_back(output);
      }
    }
    const std::vector<CommandResult> results = RunCommands(commands, kAtOnce, kTimeToAnswer);
    for (size_t i = 0; i < results.size(); ++i) *outputs[i] = results[i].output;
    return did;
  }
};

// Where they rightly differ.
struct ExplainedSender {
  const char* name;   // of the case
  const char* level;  // "": all of them
  const char* does;
  const char* foretold;
  const char* why;  // key of kReasons
};

constexpr ExplainedSender kExplained[] = {
    {"exim-rejects", "", "kept", "unknown", "turned-away"},
};

struct Reason {
  const char* key;
  const char* text;
};

constexpr Reason kReasons[] = {
    {"turned-away",
     "RFC 5321 §3.1: a server may greet with 554, and says by it nothing about whom else it turns "
     "away; posttls-finger is at the same address as mxsweep."},
};

const ExplainedSender* ExplanationOf(const MatrixCase& test_case, const PostfixSender& postfix) {
  for (const ExplainedSender& one : kExplained) {
    const bool is_level = one.level[0] == '\0' || one.level == std::string(postfix.level);
    if (is_level && one.name == std::string(test_case.name)) return &one;
  }
  return nullptr;
}

TEST_F(SendersTest, DoWhatCheckForetells) {
  const std::vector<const MatrixCase*> cases = Cases();
  std::vector<std::string> domains;
  for (const MatrixCase* one : cases) domains.push_back(NamesOf(*one).domain);
  const auto foretold = ForetellSenders(domains, kUnboundAddress, network().TrustStore());
  ASSERT_TRUE(foretold.ok()) << foretold.status();
  const std::vector<WhatSendersDid> did = AskSenders(cases);

  int agreements = 0, explained = 0;
  std::vector<std::string> unexplained, needless;
  std::set<std::string> reasons;
  std::printf("%-20s%-8s%-18s%s\n", "senders", "level", "does", "foretold");
  for (size_t i = 0; i < cases.size(); ++i) {
    for (const PostfixSender& postfix : kPostfixSenders) {
      const auto& sender = foretold->at(domains[i]).at(postfix.sender);
      const std::string ours = WhatIsForetold(sender);
      const std::string theirs = did[i].At(postfix.level);
      const ExplainedSender* const explanation = ExplanationOf(*cases[i], postfix);
      const std::string where = absl::StrCat(cases[i]->name, " at ", postfix.level);
      char mark = '=';
      if (ours == theirs) {
        ++agreements;
        if (explanation != nullptr) needless.push_back(where);
      } else if (explanation != nullptr && theirs == explanation->does &&
                 ours == explanation->foretold) {
        mark = 'e';
        ++explained;
        reasons.insert(explanation->why);
      } else {
        mark = '!';
        unexplained.push_back(absl::StrCat(where, ": ", theirs, ", foretold: ", ours, "\n",
                                           sender.dump(), "\n", did[i].may, did[i].verify,
                                           did[i].dane, did[i].dane_only));
      }
      std::printf("%-20s%-8s%-18s%-18s%c %s\n", cases[i]->name, postfix.level, theirs.c_str(),
                  ours.c_str(), mark, sender.value("reason", "").c_str());
    }
  }
  for (const Reason& reason : kReasons) {
    EXPECT_TRUE(reasons.contains(reason.key)) << "not needed: " << reason.key;
    std::printf("%s\n", reason.text);
  }
  std::printf("senders: %zu, domains: %zu, agreements: %d, explained: %d, unexplained: %zu\n",
              std::size(kPostfixSenders), cases.size(), agreements, explained, unexplained.size());
  std::fflush(stdout);
  EXPECT_GE(agreements, kLeastAgreements);
  EXPECT_TRUE(unexplained.empty()) << absl::StrJoin(unexplained, "\n");
  EXPECT_THAT(needless, testing::IsEmpty()) << "explained, and no difference any more";
}

}  // namespace
}  // namespace mxsweep::interop
