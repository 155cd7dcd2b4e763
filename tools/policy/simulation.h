// What `mxsweep policy` finds out, without its flags and its words: of each requirement, what would
// become of mail for the domains of a scan.
#ifndef MXSWEEP_TOOLS_POLICY_SIMULATION_H_
#define MXSWEEP_TOOLS_POLICY_SIMULATION_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/scan_directory.h"
#include "scanner/posture/requirements.h"
#include "tools/policy/weights.h"
#include "tools/survey/postures.h"

namespace mxsweep::tools {

struct MailCount {
  uint64_t domains = 0;
  uint64_t messages = 0;
};

inline constexpr size_t kSenderReasons = static_cast<size_t>(scanner::SenderReason::kNullMx) + 1;

struct RequirementCounts {
  // By MailFate. Their sum is all domains.
  std::array<MailCount, scanner::kMailFates> fates{};
  // By MailFate and SenderReason.
  std::array<std::array<MailCount, kSenderReasons>, scanner::kMailFates> reasons{};

  const MailCount& Of(scanner::MailFate fate) const { return fates[static_cast<size_t>(fate)]; }
  MailCount& Of(scanner::MailFate fate) { return fates[static_cast<size_t>(fate)]; }
};

// Of one domain and one requirement.
struct JudgedMail {
  const scanner::Requirement* requirement = nullptr;
  const output::DomainRow* domain = nullptr;
  scanner::MailFate fate = scanner::MailFate::kUnknown;
  scanner::SenderReason reason = scanner::SenderReason::kNotTried;
  std::string_view host;
  uint64_t messages = 0;
};

class Simulation {
 public:
  // Borrows `postures`, which are of the scan whose domains are added.
  Simulation(std::vector<scanner::Requirement> requirements, const ScanPostures* postures,
             const scanner::SenderWorld& world);

  // `row` has PostureColumns(). `take` is told of each requirement.
  void Add(const output::DomainRow& row, uint64_t messages,
           absl::FunctionRef<void(const JudgedMail&)> take);

  const std::vector<scanner::Requirement>& requirements() const { return requirements_; }
  // One for each requirement.
  const std::vector<RequirementCounts>& counts() const { return counts_; }
  // Of nothing required.
  const RequirementCounts& baseline() const { return baseline_; }
  const MailCount& all() const { return all_; }

 private:
  // By number of the host among the domain's: names differ.
  struct Verdict {
    scanner::MailFate fate;
    scanner::SenderReason reason;
    int32_t host = -1;
  };
  // One for each requirement, and of nothing required.
  std::vector<Verdict> Judge(const scanner::DomainRows& domain) const;

  std::vector<scanner::Requirement> requirements_;
  const ScanPostures& postures_;
  scanner::SenderWorld world_;
  std::vector<RequirementCounts> counts_;
  const scanner::Requirement nothing_ = scanner::NothingRequired();
  RequirementCounts baseline_;
  MailCount all_;
  // Of domains that are alike, as ScanPostures::KeyOf says.
  absl::flat_hash_map<std::string, std::vector<Verdict>> known_;
};

// Whether the scan's resolver validated DNSSEC, from its scan.json.
scanner::SenderWorld WorldOf(const output::ScanDirectory& scan);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_POLICY_SIMULATION_H_
