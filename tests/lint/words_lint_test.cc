// The words that the columns' texts and docs/outcomes.md list are those that the code writes. Both
// are read: the texts from the schema, the words from the functions (or arrays) that have them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "output/tables/schema.h"
#include "output/tables/tables.h"

namespace mxsweep {
namespace {

using Words = std::set<std::string>;

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Where words are written: a file, and how a function or an array in it begins.
struct Source {
  const char* file;
  const char* begin;
};

const char* const kWord = "[A-Za-z0-9][A-Za-z0-9_.+-]*";

// Quoted words of `code` from `begin` to the end of what begins there, but for those that something
// is compared with.
Words WordsInCode(const std::string& code, const std::string& begin) {
  const size_t from = code.find(begin);
  if (from == std::string::npos) return {};
  const bool is_array =
      begin.find("[]") != std::string::npos || begin.find(" = ") != std::string::npos;
  const size_t to = code.find(is_array ? "};" : "\n}", from + begin.size());
  const std::string body = code.substr(from, to == std::string::npos ? to : to - from);
  static const std::regex kQuoted("(== )?\"(" + std::string(kWord) + ")\"");
  Words words;
  for (std::sregex_iterator i(body.begin(), body.end(), kQuoted), end; i != end; ++i) {
    if (!(*i)[1].matched) words.insert((*i)[2]);
  }
  return words;
}

Words WordsOf(const std::vector<Source>& sources) {
  Words words;
  for (const Source& source : sources) {
    const Words more = WordsInCode(ReadFile(source.file), source.begin);
    EXPECT_FALSE(more.empty()) << source.file << " has no words at " << source.begin;
    words.insert(more.begin(), more.end());
  }
  return words;
}

struct Listed {
  Words words;
  bool open = false;  // it ends in an ellipsis: not all are told
};

// The list of a text: behind its first colon, up to a semicolon, remarks in brackets left out.
Listed ListIn(std::string text) {
  text = std::regex_replace(text, std::regex("\\([^)]*\\)"), "");
  const size_t colon = text.find(": ");
  if (colon != std::string::npos) text.erase(0, colon + 2);
  text.erase(std::min(text.find(';'), text.size()));
  Listed listed;
  listed.open = text.find("…") != std::string::npos;
  text = std::regex_replace(text, std::regex("…|: "), ", ");
  static const std::regex kPiece("(?:^|, | or )\\s*(" + std::string(kWord) + ")\\s*(?=,|$| or )");
  for (std::sregex_iterator i(text.begin(), text.end(), kPiece), end; i != end; ++i) {
    listed.words.insert((*i)[1]);
  }
  return listed;
}

struct ColumnWords {
  output::TableId table;
  std::vector<const char*> columns;
  std::vector<Source> sources;
  Words never_written;  // words of the sources that the column does not get
};

constexpr const char* kFacts = "dns/facts.h";
constexpr const char* kVerdicts = "scanner/verdict/verdicts.cc";
constexpr Source kDnssec = {kFacts, "Word(DnssecState state)"};

std::vector<ColumnWords> AllColumns() {
  using enum output::TableId;
  return {
      {kDomains, {"mx_status"}, {{kFacts, "Word(MxStatus status)"}}},
      {kDomains, {"mx_dnssec"}, {kDnssec}},
      {kDomains, {"dane_status"}, {{"scanner/verdict/summary.cc", "DomainDaneStatus("}}},
      {kDomains, {"pkix_status"}, {{"scanner/verdict/summary.cc", "DomainPkixStatus("}}},
      {kDomains, {"mta_sts_status"}, {{"dns/mta_sts.h", "Word(PolicyRecordStatus status)"}}},
      {kDomains, {"mta_sts_mode"}, {{"dns/mta_sts.h", "Word(StsMode mode)"}}},
      {kDomains,
       {"mta_sts_policy_status"},
       {{"scanner/verdict/mta_sts.cc", "constexpr std::string_view kValid"},
        {"scanner/http/fetch.cc", "FetchOutcomeName(FetchOutcome outcome)"}}},
      {kDomains,
       {"mta_sts_sender"},
       {{"scanner/verdict/mta_sts.cc", "SenderUnder("},
        {"scanner/verdict/mta_sts.cc", "void DomainPolicies::Judge("}}},
      {kMxHosts, {"name_problem"}, {{kFacts, "Word(MxHostKind kind)"}}, {"valid"}},
      {kMxHosts, {"address_status"}, {{kFacts, "Word(LookupStatus status)"}}},
      {kMxHosts, {"address_dnssec"}, {kDnssec}},
      {kMxHosts, {"tlsa_status"}, {{kFacts, "Word(TlsaStatus status)"}}},
      {kEndpoints, {"after_tls"}, {{"scanner/smtp/outcome.cc", "AfterTlsName("}}},
      {kEndpoints, {"offer"}, {{"scanner/work/attempts.cc", "OfferWord(const Offer& offer, "}}},
      {kEndpoints, {"offered_as"}, {{"tls/session/client_profile.cc", "ClientProfileWord("}}},
      {kEndpoints, {"may_be_ours"}, {{"tls/session/offers.cc", "MayBeOurs("}}},
      {kEndpoints, {"without_server_name"}, {{kVerdicts, "void JudgeWithoutServerName("}}},
      {kEndpoints,
       {"tls_version", "min_version_accepted"},
       {{"tls/session/version.cc", "kVersions[]"}}},
      {kEndpoints, {"group"}, {{"tls/session/facts.cc", "kGroups[]"}}},
      {kEndpoints, {"name_match"}, {{"tls/pki/name_match.cc", "NameMatchName("}}},
      {kEndpoints,
       {"revocation_source"},
       {{"scanner/verdict/revocation.cc", "RevocationSourceName("}}},
      {kEndpoints, {"dane_status"}, {{kVerdicts, "EndpointDaneName(EndpointDane status)"}}},
      {kEndpoints, {"follow_up"}, {{"tls/probe/server_flight.cc", "FlightWord("}}},
      {kEndpoints,
       {"ncsc_nl_2021_at_most"},
       {{"scanner/verdict/yardsticks.cc", "YardstickLevelName("}}},
      {kEndpoints, {"yardsticks_unseen"}, {{"scanner/verdict/yardsticks.cc", "kUnseenWords = "}}},
      {kEndpoints, {"dhe_prime_kind"}, {{"tls/probe/dh_prime.cc", "PrimeKindName("}}},
      {kProbes, {"outcome"}, {{"tls/probe/server_flight.cc", "FlightWord("}}},
      {kProbes, {"downgrade_sentinel"}, {{"scanner/record/rows.cc", "SentinelWord("}}},
      {kCertificates, {"key_type"}, {{"tls/pki/public_key.cc", "KeyTypeName("}}, {"unknown"}},
      {kCertificates,
       {"weak_key"},
       {{"tls/keys/key_checks.cc", "kNames[kKeyWeaknesses] = "},
        {"tls/pki/certificate.cc", "kWeakKeyNames[]"}},
       {"dh_short", "dh_composite", "dh_not_safe"}},
  };
}

TEST(WordsLint, FindsWordsInCodeAndLists) {
  const std::string code =
      "constexpr W kNames[] = {\n    {1, \"one\"}};\nstring_view Name(K kind) {\n  if (k == "
      "\"not\") "
      "return x ? \"a_1\" : \"b-2\";\n  return \"a sentence\";\n}\nint Other() { return \"other\"; "
      "}";
  EXPECT_EQ(WordsInCode(code, "Name(K kind)"), (Words{"a_1", "b-2"}));
  EXPECT_EQ(WordsInCode(code, "kNames[]"), Words{"one"});
  EXPECT_EQ(WordsInCode(code, "Missing("), Words());
  EXPECT_EQ(ListIn("what came (of it): ok (there is one), none or x_1; null: a, b").words,
            (Words{"ok", "none", "x_1"}));
  EXPECT_EQ(ListIn("none, some_thing, a phrase of four").words, (Words{"none", "some_thing"}));
  EXPECT_EQ(ListIn("offered: usual, or without that: tls12").words, (Words{"usual", "tls12"}));
  EXPECT_FALSE(ListIn("a, b").open);
  EXPECT_TRUE(ListIn("version: TLSv1.3, TLSv1.2 …").open);
  EXPECT_EQ(ListIn("version: TLSv1.3, TLSv1.2 …").words, (Words{"TLSv1.3", "TLSv1.2"}));
}

TEST(WordsLint, ColumnsListWhatTheCodeWrites) {
  for (const ColumnWords& each : AllColumns()) {
    Words written = WordsOf(each.sources);
    for (const std::string& word : each.never_written) {
      EXPECT_EQ(written.erase(word), 1u) << word << " is not in the code";
    }
    const output::TableSchema& schema = output::SchemaOf(each.table);
    for (const char* name : each.columns) {
      SCOPED_TRACE(schema.name + "." + name);
      const std::optional<size_t> column = schema.FindColumn(name);
      ASSERT_TRUE(column.has_value());
      const Listed listed = ListIn(std::string(schema.columns[*column].description));
      EXPECT_FALSE(listed.words.empty());
      if (listed.open) {
        EXPECT_TRUE(std::ranges::includes(written, listed.words))
            << ::testing::PrintToString(listed.words);
      } else {
        EXPECT_EQ(listed.words, written);
      }
    }
  }
}

// weak_keys.weaknesses has the words of certificates.weak_key, which it does not repeat, and more.
TEST(WordsLint, WeakKeysListTheirWordsInTwoColumns) {
  Words listed;
  for (const auto& [table, name] : {std::pair(output::TableId::kCertificates, "weak_key"),
                                    std::pair(output::TableId::kWeakKeys, "weaknesses")}) {
    const output::TableSchema& schema = output::SchemaOf(table);
    const Words more =
        ListIn(std::string(schema.columns[*schema.FindColumn(name)].description)).words;
    for (const std::string& word : more) EXPECT_TRUE(listed.insert(word).second) << word;
  }
  EXPECT_EQ(listed, WordsOf({{"tls/keys/key_checks.cc", "kNames[kKeyWeaknesses] = "},
                             {"tools/keys/key_set.cc", "kFurtherNames = "}}));
}

// Columns whose texts list nothing.
TEST(WordsLint, TheOutcomesPageHasEveryWord) {
  const std::string page = ReadFile("docs/outcomes.md");
  size_t found = 0;
  for (const Source& source : std::vector<Source>{
           {"scanner/smtp/outcome.cc", "OutcomeName(Outcome outcome)"},
           {"scanner/smtp/outcome.cc", "StageName(Stage stage)"},
           {"scanner/smtp/outcome.cc", "AfterTlsName("},
           {"scanner/verdict/summary.cc", "Diagnose("},
           {"scanner/verdict/summary.cc", "DiagnoseUnasked("},
           {"scanner/verdict/summary.cc", "DomainDaneStatus("},
           {"scanner/verdict/revocation.cc", "RevocationStatusName("},
           {"scanner/http/fetch.cc", "FetchOutcomeName(FetchOutcome outcome)"},
           {"tls/pki/pkix.cc", "PkixStatusName(PkixStatus status)"},
           {"tls/revocation/ocsp.cc", "OcspStatusName(OcspStatus status) {"},
           {"tls/session/offers.cc", "MayBeOurs("},
           {"scanner/verdict/mta_sts.cc", "SenderUnder("},
           {kFacts, "Word(MxHostKind kind)"},
           {kFacts, "Word(MxStatus status)"},
           {"dns/mta_sts.h", "Word(PolicyRecordStatus status)"},
       }) {
    for (const std::string& word : WordsOf({source})) {
      if (word == "cancelled") continue;  // a domain of which a stop took the policy has no row
      ++found;
      EXPECT_NE(page.find("`" + word + "`"), std::string::npos)
          << word << " of " << source.file << ": " << source.begin;
    }
  }
  EXPECT_GT(found, 100u);
}

}  // namespace
}  // namespace mxsweep
