#include "tools/policy/command.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "output/scan_directory.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/policy/render.h"
#include "tools/policy/simulation.h"
#include "tools/policy/weights.h"
#include "tools/survey/new_file.h"
#include "tools/survey/postures.h"

namespace mxsweep::tools {
namespace {

struct PolicyFlags {
  std::string directory;
  std::vector<std::string> requirements;
  std::string csv;
  std::string weights;
  bool json = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

absl::StatusOr<std::vector<scanner::Requirement>> RequirementsOf(
    const std::vector<std::string>& words) {
  if (words.empty()) return scanner::UsualRequirements();
  std::vector<scanner::Requirement> requirements;
  for (const std::string& word : words) {
    auto requirement = scanner::ParseRequirement(word);
    if (!requirement.ok()) return requirement.status();
    requirements.push_back(*std::move(requirement));
  }
  return requirements;
}

absl::Status Simulate(const output::ScanDirectory& scan, Weights* weights, NewFile* csv,
                      Simulation* simulation) {
  if (csv != nullptr) {
    if (absl::Status status = csv->Append(PolicyCsvHeader()); !status.ok()) return status;
  }
  absl::Status status = output::ForEachRow<output::DomainRow>(
      scan, PostureColumns(), [&](const output::DomainRow& row) {
        absl::Status written;
        simulation->Add(row, weights != nullptr ? weights->Take(row.domain) : 0,
                        [&](const JudgedMail& judged) {
                          if (csv != nullptr) written.Update(csv->Append(PolicyCsvLine(judged)));
                        });
        return written;
      });
  if (status.ok() && csv != nullptr) status = csv->Finish();
  if (status.ok() && simulation->all().domains == 0) {
    return absl::FailedPreconditionError(
        ToAbsl(JoinText(scan.directory(), " holds no domains: there is nobody to send mail to")));
  }
  return status;
}

int RunPolicyCommand(const PolicyFlags& flags) {
  auto requirements = RequirementsOf(flags.requirements);
  if (!requirements.ok()) return Fail(requirements.status());
  const auto scan = output::ScanDirectory::Open(flags.directory);
  if (!scan.ok()) return Fail(scan.status());
  std::optional<Weights> weights;
  if (!flags.weights.empty()) {
    auto read = Weights::Read(flags.weights);
    if (!read.ok()) return Fail(read.status());
    weights = *std::move(read);
  }
  // Before the work: a place that cannot be written to costs nothing.
  std::unique_ptr<NewFile> csv;
  if (!flags.csv.empty()) {
    auto created = NewFile::Create(flags.csv);
    if (!created.ok()) return Fail(created.status());
    csv = *std::move(created);
  }
  const auto postures = ScanPostures::Read(*scan);
  if (!postures.ok()) return Fail(postures.status());
  const scanner::SenderWorld world = WorldOf(*scan);
  Simulation simulation(*std::move(requirements), &*postures, world);
  Weights* const weighted = weights ? &*weights : nullptr;
  if (absl::Status status = Simulate(*scan, weighted, csv.get(), &simulation); !status.ok()) {
    return Fail(status);
  }
  const PolicyReport report = {.scan = &*scan,
                               .simulation = &simulation,
                               .weights = weighted,
                               .dnssec_known = world.dnssec_known,
                               .with_reasons = !flags.requirements.empty()};
  return Print(flags.json ? RenderPolicyJson(report) : RenderPolicy(report), kExitDone);
}

}  // namespace

void AddPolicyCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("policy", "Says whose mail would not arrive if a sender demanded more");
  auto flags = std::make_shared<PolicyFlags>();
  command->add_option("DIR", flags->directory, "Directory of the scan")->required();
  command
      ->add_option("--require", flags->requirements,
                   "What the sender demands, comma-separated, each\n"
                   "told by itself; a+b: both of one server. tls,\n"
                   "tls1.2, tls1.3, rsaN (bits), sessionN,\n"
                   "certificateN (OpenSSL levels), verified, dane,\n"
                   "mta-sts, fs (forward secrecy), pq (post-quantum),\n"
                   "sender:WORD (docs/senders.md). Default: the usual\n"
                   "ones and all senders")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("LIST");
  command
      ->add_option("--weights", flags->weights,
                   "The sender's own traffic: lines \"domain,messages\"")
      ->type_name("FILE");
  command
      ->add_option("--csv", flags->csv,
                   "Write each domain that is lost, or of which that\nis not known, to this file")
      ->type_name("FILE");
  command->add_flag("--json", flags->json, "Print one JSON object");
  command->footer(
      "Exit code: 0 done, whatever was found; 1 failed; 2 wrong usage.\n\n"
      "What lost, unknown and fine mean, and by which rule: docs/policy.md.\n\n"
      "Examples:\n"
      "  mxsweep policy results\n"
      "  mxsweep policy results --require tls1.2,rsa2048+verified --csv lost.csv\n"
      "  mxsweep policy results --require dane --weights traffic.csv --json");
  command->callback([flags, &exit_code] { exit_code = RunPolicyCommand(*flags); });
}

}  // namespace mxsweep::tools
