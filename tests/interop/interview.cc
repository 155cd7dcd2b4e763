#include "tests/interop/interview.h"

#include <optional>
#include <utility>

#include "absl/time/time.h"

namespace mxsweep::interop {
namespace {

// On two cores; more only wait, most of them for gnutls-cli's ten seconds without STARTTLS.
constexpr size_t kAtOnce = 6;
constexpr absl::Duration kTimeToAnswer = absl::Seconds(40);

// Which question of a case a command puts.
enum class Question { kPosttlsFinger, kOpenssl, kOpensslDane, kGnutls };

struct Outputs {
  std::vector<std::string> posttls_finger, openssl_dane;
  std::optional<CommandResult> openssl, gnutls;
};

// The commands, and whom they are about.
class Questions {
 public:
  Questions(const Network& network, const std::vector<ReferenceTarget>& targets)
      : network_(network), trust_store_(network.TrustStore()), targets_(targets) {
    // The slow ones first: gnutls-cli waits long for a STARTTLS that is not there.
    for (size_t i = 0; i < targets.size(); ++i) AddGnutls(i);
    for (size_t i = 0; i < targets.size(); ++i) {
      AddPosttlsFinger(i);
      AddOpenssl(i);
    }
  }

  std::vector<Outputs> Ask() const {
    const std::vector<CommandResult> results = RunCommands(commands_, kAtOnce, kTimeToAnswer);
    std::vector<Outputs> outputs(targets_.size());
    for (size_t i = 0; i < results.size(); ++i) {
      Outputs& of_case = outputs[about_[i].first];
      switch (about_[i].second) {
        case Question::kPosttlsFinger:
          of_case.posttls_finger.push_back(results[i].output);
          break;
        case Question::kOpenssl:
          of_case.openssl = results[i];
          break;
        case Question::kOpensslDane:
          of_case.openssl_dane.push_back(results[i].output);
          break;
        case Question::kGnutls:
          of_case.gnutls = results[i];
          break;
      }
    }
    return outputs;
  }

 private:
  void Add(size_t index, Question question, Command command) {
    commands_.push_back(std::move(command));
    about_.emplace_back(index, question);
  }

  void AddPosttlsFinger(size_t index) {
    for (const char* level : kPosttlsLevels) {
      Add(index, Question::kPosttlsFinger,
          AskPosttlsFinger(MXSWEEP_INTEROP_SERVERS, network_.PostfixFolder(), trust_store_,
                           targets_[index], level));
    }
  }

  // It is asked about hosts, and not about who they take mail for.
  void AddGnutls(size_t index) {
    const ReferenceTarget& target = targets_[index];
    if (target.names.mx_host.empty() || target.test_case->placement == Placement::kStaleDomain) {
      return;
    }
    Add(index, Question::kGnutls, AskGnutls(trust_store_, target));
  }

  // It is told addresses and records, and has no opinion where the look-ups decide.
  void AddOpenssl(size_t index) {
    const ReferenceTarget& target = targets_[index];
    if (!HostIsFound(*target.test_case)) return;
    Add(index, Question::kOpenssl, AskOpenssl(trust_store_, target));
    if (!RecordsAreSecure(*target.test_case)) return;
    for (const std::string& identifier : OpensslIdentifiers(target)) {
      Add(index, Question::kOpensslDane, AskOpensslDane(trust_store_, target, identifier));
    }
  }

  const Network& network_;
  const std::string trust_store_;
  const std::vector<ReferenceTarget>& targets_;
  std::vector<Command> commands_;
  std::vector<std::pair<size_t, Question>> about_;
};

}  // namespace

absl::StatusOr<std::vector<std::map<Reference, Answers>>> Interview(
    Network& network, const std::vector<ReferenceTarget>& targets) {
  const std::vector<Outputs> outputs = Questions(network, targets).Ask();
  std::vector<std::map<Reference, Answers>> answers(targets.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    answers[i][Reference::kPosttlsFinger] = ReadPosttlsFinger(outputs[i].posttls_finger);
    if (outputs[i].gnutls) answers[i][Reference::kGnutls] = ReadGnutls(outputs[i].gnutls->output);
    if (!outputs[i].openssl) continue;
    auto read =
        ReadOpenssl(network.s_client(), targets[i], *outputs[i].openssl, outputs[i].openssl_dane);
    if (!read.ok()) return read.status();
    answers[i][Reference::kOpenssl] = *std::move(read);
  }
  return answers;
}

}  // namespace mxsweep::interop
