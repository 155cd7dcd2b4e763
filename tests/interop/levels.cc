#include "tests/interop/levels.h"

#include <regex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace mxsweep::interop {
namespace {

constexpr size_t kAtOnce = 4;
constexpr absl::Duration kTimeToConnect = absl::Seconds(40);

std::string TextOrEmpty(const nlohmann::json& row, const char* column) {
  const auto value = row.find(column);
  return value != row.end() && value->is_string() ? value->get<std::string>() : "";
}

// -1: there is none.
int NumberIn(const nlohmann::json& row, const char* column) {
  const auto value = row.find(column);
  return value != row.end() && value->is_number() ? value->get<int>() : -1;
}

}  // namespace

Session SessionOf(const nlohmann::json& endpoint) {
  const int key_bits = NumberIn(endpoint, "leaf_key_bits");
  const bool is_ec = TextOrEmpty(endpoint, "leaf_key_type") == "ec";
  return {.version = TextOrEmpty(endpoint, "tls_version"),
          .cipher = TextOrEmpty(endpoint, "cipher"),
          .group = TextOrEmpty(endpoint, "group"),
          .signature_algorithm = TextOrEmpty(endpoint, "signature_algorithm"),
          .key_curve = is_ec ? absl::StrCat("P-", key_bits) : ""};
}

LevelAnswers ForetoldLevels(const nlohmann::json& endpoint, const OpensslProgram& program) {
  const int session =
      NumberIn(endpoint, program.has_rules_of_3_0 ? "session_level_openssl_3_0" : "session_level");
  const int certificate = NumberIn(endpoint, "certificate_level");
  const std::string pkix = TextOrEmpty(endpoint, "pkix_status");
  // SHA-1 is a matter of the level.
  const bool leads_to_anchor = pkix == "valid" || pkix == "weak_signature";
  LevelAnswers answers;
  for (int level = 0; level <= kHighestLevel; ++level) {
    const auto at = static_cast<size_t>(level);
    answers.unverified[at] = level <= session;
    answers.verified[at] = level <= session && level <= certificate && leads_to_anchor;
    answers.too_weak[at] = level <= session && level > certificate;
  }
  return answers;
}

absl::StatusOr<std::vector<LevelAnswers>> AskLevels(const SClient& s_client,
                                                    const std::vector<LevelQuestion>& questions) {
  std::vector<LevelAnswers> answers(questions.size());
  struct Asked {
    LevelAnswers* answers;
    bool verifies;
    size_t level;
  };
  std::vector<Command> commands;
  std::vector<Asked> asked;
  for (size_t i = 0; i < questions.size(); ++i) {
    for (const bool verifies : {false, true}) {
      for (int level = 0; level <= kHighestLevel; ++level) {
        auto command = s_client.ConnectAtLevel(
            questions[i].target, questions[i].session,
            {.program = questions[i].program, .level = level, .verifies = verifies});
        if (!command.ok()) return command.status();
        commands.push_back(*std::move(command));
        asked.push_back({&answers[i], verifies, static_cast<size_t>(level)});
      }
    }
  }
  const std::vector<CommandResult> results = RunCommands(commands, kAtOnce, kTimeToConnect);
  // X509_V_ERR_EE_KEY_TOO_SMALL, _CA_KEY_TOO_SMALL, _CA_MD_TOO_WEAK.
  const std::regex too_weak("verify error:num=(66|67|68):");
  for (size_t i = 0; i < results.size(); ++i) {
    const auto& [of, verifies, level] = asked[i];
    const bool completed = SClient::Completed(results[i]);
    (verifies ? of->verified : of->unverified)[level] = completed;
    if (!verifies) {
      of->too_weak[level] = completed && std::regex_search(results[i].output, too_weak);
    }
  }
  return answers;
}

std::string LevelsOf(const LevelAnswers::ByLevel& completed) {
  std::string text;
  for (size_t level = 0; level < completed.size(); ++level) {
    if (completed[level]) absl::StrAppend(&text, text.empty() ? "" : " ", level);
  }
  return text.empty() ? "-" : text;
}

}  // namespace mxsweep::interop
