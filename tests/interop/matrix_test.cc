// The matrix: what mxsweep says of every case, held against the table and against what the
// references say, one line per case.
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/interview.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/matrix_names.h"
#include "tests/interop/matrix_verdict.h"

namespace mxsweep::interop {
namespace {

constexpr int kLeastCases = 60;

constexpr Reference kReferences[] = {Reference::kPosttlsFinger, Reference::kOpenssl,
                                     Reference::kGnutls};
constexpr Aspect kAspects[] = {Aspect::kTls, Aspect::kPkix, Aspect::kDane, Aspect::kDomain};

const char* NameOf(Reference reference) {
  switch (reference) {
    case Reference::kPosttlsFinger:
      return "posttls-finger";
    case Reference::kOpenssl:
      return "openssl s_client";
    case Reference::kGnutls:
      break;
  }
  return "gnutls-cli";
}

const char* NameOf(Aspect aspect) {
  switch (aspect) {
    case Aspect::kTls:
      return "tls";
    case Aspect::kPkix:
      return "pkix";
    case Aspect::kDane:
      return "dane";
    case Aspect::kDomain:
      break;
  }
  return "domain";
}

struct Case {
  ReferenceTarget target;
  Verdict verdict;
  std::map<Reference, Answers> answers;
};

class MatrixTest : public InteropTest {
 protected:
  // All cases with all answers, asked for once.
  static const std::vector<Case>& cases() {
    static const std::vector<Case>* const judged = new std::vector<Case>(Judge());
    return *judged;
  }

 private:
  static std::vector<ReferenceTarget> Targets();
  static std::vector<Case> Judge();
};

// Of all cases whose server could be fetched.
std::vector<ReferenceTarget> MatrixTest::Targets() {
  std::map<std::string, Software> software;
  for (const MatrixServer& server : MatrixServers()) software[server.name] = server.software;
  std::vector<ReferenceTarget> targets;
  for (const MatrixCase& test_case : MatrixCases()) {
    if (!network().HasServer(software.at(test_case.server))) continue;
    targets.push_back({.test_case = &test_case,
                       .names = NamesOf(test_case),
                       .address = network().matrix_addresses().at(test_case.server),
                       .tlsa = network().matrix_tlsa().at(test_case.name)});
  }
  return targets;
}

std::vector<Case> MatrixTest::Judge() {
  const std::vector<ReferenceTarget> targets = Targets();
  auto answers = Interview(network(), targets);
  EXPECT_TRUE(answers.ok()) << answers.status();
  if (!answers.ok()) return {};
  std::vector<Case> cases;
  for (size_t i = 0; i < targets.size(); ++i) {
    auto verdict = VerdictOn(network().scan(), targets[i]);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    if (!verdict.ok()) continue;
    cases.push_back({targets[i], *std::move(verdict), std::move((*answers)[i])});
  }
  return cases;
}

TEST_F(MatrixTest, HasTheVerdictsOfTheTable) {
  for (const Case& one : cases()) {
    const MatrixCase& expected = *one.target.test_case;
    SCOPED_TRACE(absl::StrCat(expected.name, "\n", one.verdict.endpoint.dump()));
    EXPECT_EQ(one.verdict.tls, expected.tls);
    EXPECT_EQ(one.verdict.pkix, expected.pkix);
    EXPECT_EQ(one.verdict.dane, expected.dane);
    EXPECT_EQ(one.verdict.domain_dane, expected.domain_dane);
  }
}

// The comparison of all cases with all references.
struct Comparison {
  int references_asked = 0, agreements = 0, explained = 0;
  std::vector<std::string> unexplained, needless;
  std::map<std::string, std::vector<std::string>> explanations;  // cases by the key of the reason
};

const ExplainedDifference* FindDifference(const char* name, Reference reference, Aspect aspect) {
  for (const ExplainedDifference& difference : ExplainedDifferences()) {
    if (difference.name == std::string(name) && difference.reference == reference &&
        difference.aspect == aspect) {
      return &difference;
    }
  }
  return nullptr;
}

// Of one reference, one character: all is agreed on, explained, not explained.
char CompareWith(const MatrixCase& test_case, Reference reference, const Answers& expected,
                 const Answers& answers, Comparison& sum) {
  char mark = '=';
  ++sum.references_asked;
  for (const Aspect aspect : kAspects) {
    const std::string &ours = expected.of(aspect), &theirs = answers.of(aspect);
    const ExplainedDifference* const difference = FindDifference(test_case.name, reference, aspect);
    if (ours.empty() || theirs.empty()) {
      EXPECT_EQ(difference, nullptr) << test_case.name << ": not asked";
      continue;
    }
    const std::string where =
        absl::StrCat(test_case.name, ": ", NameOf(reference), " on ", NameOf(aspect));
    if (ours == theirs) {
      ++sum.agreements;
      if (difference != nullptr) sum.needless.push_back(where);
    } else if (difference != nullptr && absl::StartsWith(theirs, difference->says)) {
      ++sum.explained;
      if (mark == '=') mark = 'e';
      sum.explanations[difference->why].push_back(where + ": " + difference->says);
    } else {
      mark = '!';
      sum.unexplained.push_back(
          absl::StrCat(where, ": ", theirs, ", mxsweep: ", ours, "\n", answers.transcript));
    }
  }
  return mark;
}

// Prints at most 80 columns a line.
void PrintWrapped(const std::string& text) {
  size_t column = 0;
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  for (const std::string& word : words) {
    if (column > 0 && column + 1 + word.size() > 79) {
      std::printf("\n");
      column = 0;
    }
    std::printf("%s%s", column > 0 ? " " : "", word.c_str());
    column += word.size() + (column > 0 ? 1 : 0);
  }
  std::printf("\n");
}

void PrintLine(const Case& one, const std::string& marks) {
  const Verdict& verdict = one.verdict;
  std::printf("%-20s%-17s%-15s%-13s%-9s%s\n", one.target.test_case->name, verdict.tls.c_str(),
              verdict.pkix.c_str(), verdict.dane.c_str(), verdict.domain_dane.c_str(),
              marks.c_str());
}

void PrintExplanations(Comparison& sum) {
  for (const Explanation& explanation : Explanations()) {
    const std::vector<std::string>& met = sum.explanations[explanation.key];
    EXPECT_FALSE(met.empty()) << "not needed: " << explanation.key;
    PrintWrapped(explanation.text);
    for (const std::string& where : met) std::printf("  %s\n", where.c_str());
  }
}

TEST_F(MatrixTest, HasNoUnexplainedDifferenceFromTheReferences) {
  Comparison sum;
  std::printf("%-20s%-17s%-15s%-13s%-9s%s\n", "case", "tls", "pkix", "dane", "domain", "P O G");
  for (const Case& one : cases()) {
    std::string marks;
    for (const Reference reference : kReferences) {
      const auto answers = one.answers.find(reference);
      const char mark = answers == one.answers.end()
                            ? '.'
                            : CompareWith(*one.target.test_case, reference,
                                          Expected(one.verdict, reference), answers->second, sum);
      absl::StrAppend(&marks, marks.empty() ? "" : " ", std::string(1, mark));
    }
    PrintLine(one, marks);
  }
  std::printf(
      "\nP posttls-finger, O openssl s_client, G gnutls-cli:\n"
      "= agrees, e differs and is explained, ! differs, . has no say\n\n");
  PrintExplanations(sum);
  std::printf(
      "\ncases: %zu, references asked: %d\nagreements: %d, explained: %d, unexplained: %zu\n",
      cases().size(), sum.references_asked, sum.agreements, sum.explained, sum.unexplained.size());
  std::fflush(stdout);
  EXPECT_GE(static_cast<int>(cases().size()), kLeastCases);
  EXPECT_TRUE(sum.unexplained.empty()) << absl::StrJoin(sum.unexplained, "\n");
  EXPECT_THAT(sum.needless, testing::IsEmpty()) << "explained, and no difference any more";
}

}  // namespace
}  // namespace mxsweep::interop
