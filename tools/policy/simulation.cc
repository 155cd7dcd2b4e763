#include "tools/policy/simulation.h"

#include <utility>

namespace mxsweep::tools {
namespace {

using scanner::MailFate;
using scanner::MailVerdict;

// Some hundred bytes each. Beyond that they are judged anew, which costs time only.
constexpr size_t kMaxKnown = 200'000;

void AddTo(MailCount* count, uint64_t messages) {
  ++count->domains;
  count->messages += messages;
}

}  // namespace

Simulation::Simulation(std::vector<scanner::Requirement> requirements, const ScanPostures* postures,
                       const scanner::SenderWorld& world)
    : requirements_(std::move(requirements)),
      postures_(*postures),
      world_(world),
      counts_(requirements_.size()) {}

std::vector<Simulation::Verdict> Simulation::Judge(const scanner::DomainRows& domain) const {
  std::vector<Verdict> verdicts;
  verdicts.reserve(requirements_.size() + 1);
  for (size_t number = 0; number <= requirements_.size(); ++number) {
    const scanner::Requirement& requirement =
        number < requirements_.size() ? requirements_[number] : nothing_;
    const MailVerdict mail = JudgeMail(requirement, domain, world_);
    Verdict& verdict = verdicts.emplace_back(Verdict{mail.fate, mail.reason});
    if (mail.host.empty()) continue;
    for (size_t i = 0; i < domain.hosts.size(); ++i) {
      if (domain.hosts[i].name != mail.host) continue;
      verdict.host = static_cast<int32_t>(i);
      break;
    }
  }
  return verdicts;
}

void Simulation::Add(const output::DomainRow& row, uint64_t messages,
                     absl::FunctionRef<void(const JudgedMail&)> take) {
  const scanner::DomainRows domain = postures_.Gather(row);
  std::string key = postures_.KeyOf(domain);
  auto found = known_.find(key);
  if (found == known_.end()) {
    if (known_.size() == kMaxKnown) known_.clear();
    found = known_.emplace(std::move(key), Judge(domain)).first;
  }
  AddTo(&all_, messages);
  const auto count = [messages](const Verdict& verdict, RequirementCounts* counts) {
    AddTo(&counts->Of(verdict.fate), messages);
    auto& reasons = counts->reasons[static_cast<size_t>(verdict.fate)];
    AddTo(&reasons[static_cast<size_t>(verdict.reason)], messages);
  };
  count(found->second.back(), &baseline_);
  for (size_t i = 0; i < requirements_.size(); ++i) {
    const Verdict& verdict = found->second[i];
    count(verdict, &counts_[i]);
    take({.requirement = &requirements_[i],
          .domain = &row,
          .fate = verdict.fate,
          .reason = verdict.reason,
          .host = verdict.host < 0
                      ? std::string_view()
                      : std::string_view(domain.hosts[static_cast<size_t>(verdict.host)].name),
          .messages = messages});
  }
}

scanner::SenderWorld WorldOf(const output::ScanDirectory& scan) {
  const auto resolver = scan.scan().find("resolver");
  bool validates = false;
  if (resolver != scan.scan().end() && resolver->is_object()) {
    const auto found = resolver->find("validates");
    validates = found != resolver->end() && found->is_boolean() && found->get<bool>();
  }
  return {.dnssec_known = validates};
}

}  // namespace mxsweep::tools
