#include "bench/recursion_load.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "bench/lab_process.h"
#include "bench/measured_process.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

std::vector<std::string> ScanCommand(const RecursionOptions& options,
                                     const TemporaryFolder& folder) {
  // The addresses are of 127.0.0.0/8 and of the block for documentation, which are not scanned
  // unless --allow-special is given.
  return {options.mxsweep,
          "scan",
          folder.path("domains.txt"),
          "--output",
          folder.path("results"),
          "--resolver",
          "unbound",
          "--unbound-config-include",
          folder.path("tree.conf"),
          "--ehlo-name",
          "scanner.example",
          "--rate",
          "0",
          "--workers",
          "1",
          "--progress",
          "none"};
}

size_t Occurrences(const std::string& text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// Everything in the tree, and that it is signed, must have been found.
absl::Status Check(const RecursionOptions& options, const NameTree& tree,
                   const TemporaryFolder& folder) {
  const std::string output = folder.path("results");
  const auto record = nlohmann::json::parse(FileText(output + "/scan.json"), nullptr, false);
  const auto counts = record.value("counts", nlohmann::json::object());
  const auto of = [&counts](const char* group, const char* word) {
    return counts.value(group, nlohmann::json::object()).value(word, 0);
  };
  const int policies = tree.domains_with_policy_records();
  const auto cat = MeasuredProcess::Start({options.mxsweep, "cat", output, "--table", "domains"},
                                          folder.path("rows"));
  if (!cat.ok()) return cat.status();
  while (!cat->HasEnded()) {
  }
  const size_t secure = Occurrences(FileText(folder.path("rows")), "\"mx_dnssec\":\"secure\"");
  const bool found = counts.value("domains", 0) == options.names &&
                     counts.value("mx_hosts", 0) == options.names &&
                     of("outcomes", "blocked") == 2 * options.names &&
                     of("mta_sts_statuses", "none") == options.names - policies &&
                     of("tlsrpt_statuses", "none") == options.names - policies &&
                     secure == static_cast<size_t>(tree.signed_domains());
  if (found) return absl::OkStatus();
  return absl::InternalError(JoinText("not everything in the tree was found: ", secure,
                                      " secure MX answers of ", tree.signed_domains(), ", ",
                                      counts.dump()));
}

}  // namespace

absl::StatusOr<RecursionFigures> MeasureRecursion(const RecursionOptions& options) {
  const absl::StatusOr<std::unique_ptr<NameTree>> tree =
      NameTree::Start(options.names, options.is_signed);
  if (!tree.ok()) return tree.status();
  const TemporaryFolder folder;
  std::ofstream(folder.path("domains.txt")) << (*tree)->List();
  std::string config = (*tree)->UnboundConfig();
  if (!options.unbound_lines.empty()) AppendText(&config, "server:\n", options.unbound_lines, "\n");
  std::ofstream(folder.path("tree.conf")) << config;
  const std::string log = folder.path("scan.log");
  absl::StatusOr<MeasuredProcess> process =
      MeasuredProcess::Start(ScanCommand(options, folder), log);
  if (!process.ok()) return process.status();
  const MeasuredProcess::Usage usage = process->Wait();
  if (usage.exit_code != 0) return absl::InternalError("the scan failed:\n" + FileText(log));
  RecursionFigures figures{.names = options.names,
                           .wall_s = usage.wall_s,
                           .user_s = usage.user_s,
                           .system_s = usage.system_s,
                           .questions = (*tree)->counts()};
  if (usage.user_instructions) figures.user_instructions = *usage.user_instructions;
  if (absl::Status status = Check(options, **tree, folder); !status.ok()) return status;
  if (figures.questions.unexpected > 0) {
    return absl::InternalError(
        JoinText(figures.questions.unexpected, " questions were about what is not in the tree"));
  }
  return figures;
}

}  // namespace mxsweep::bench
