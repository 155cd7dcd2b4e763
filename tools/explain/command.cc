#include "tools/explain/command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "scanner/posture/report.h"
#include "scanner/record/row_sinks.h"
#include "scanner/scan_options.h"
#include "tools/check/domain.h"
#include "tools/check/run.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"
#include "tools/explain/findings.h"
#include "tools/explain/input.h"
#include "tools/explain/ledger.h"
#include "tools/explain/still.h"

namespace mxsweep::tools {
namespace {

// As many as `mxsweep check` takes.
constexpr size_t kMaxChecked = 100;

struct ExplainFlags {
  scanner::ScanOptions scan = CheckDefaults();
  bool check = false;
  std::vector<std::string> inputs;
  size_t shown = 10;
  bool json = false;
};

// Long lines are hard to read, however wide the terminal is.
size_t Columns() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
      size.ws_col == 0) {
    return 80;
  }
  return std::clamp<size_t>(size.ws_col, 60, 100);
}

// Asks the servers of the domains concerned, and holds the troubles against what is there now.
absl::Status CheckNow(const scanner::ScanOptions& options, Findings* findings) {
  std::vector<scanner::CheckedDomain> domains;
  for (const std::string& name : DomainsToCheck(findings->groups, kMaxChecked)) {
    const absl::StatusOr<scanner::CheckedDomain> domain = ReadDomain(name);
    if (domain.ok()) domains.push_back(*domain);
  }
  if (domains.empty()) return absl::OkStatus();
  scanner::MemorySink sink;
  scanner::CheckWorld world{.now = absl::Now(), .port = options.EffectivePort()};
  const absl::Status status = AskDomains(options, domains, &sink, &world);
  if (!status.ok()) return status;
  findings->checked =
      HoldAgainst(findings->groups, scanner::BuildCheckReport(domains, sink.rows(), world));
  return absl::OkStatus();
}

int RunExplainCommand(ExplainFlags flags) {
  if (const absl::Status status = flags.scan.Validate(); !status.ok()) {
    std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
    return kExitWrongUsage;
  }
  if (flags.inputs.empty()) {
    if (isatty(STDIN_FILENO) == 1) {
      std::fputs("mxsweep: reading lines from the terminal; end with Ctrl-D\n", stderr);
    }
    flags.inputs.push_back("-");
  }
  const int64_t now_s = absl::ToUnixSeconds(absl::Now());
  Ledger ledger;
  Findings findings;
  int exit_code = kExitDone;
  for (const std::string& path : flags.inputs) {
    absl::StatusOr<std::unique_ptr<scanner::InputSource>> source = scanner::OpenFile(path);
    absl::Status status = source.status();
    if (status.ok()) {
      const absl::Status read = ReadInput(*std::move(source), now_s, &ledger, &findings);
      if (!read.ok()) status = InvalidArgument(JoinText(path, ": ", MessageOf(read)));
    }
    if (status.ok()) continue;
    std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
    exit_code = kExitFailed;
  }
  if (findings.inputs == 0) return exit_code;
  findings.groups = ledger.Sorted();
  if (flags.check) {
    const absl::Status status = CheckNow(flags.scan, &findings);
    if (!status.ok()) {
      std::fprintf(stderr, "mxsweep: --check: %s\n", std::string(status.message()).c_str());
      exit_code = kExitFailed;
    }
  }
  return Print(
      flags.json ? RenderFindingsJson(findings) : RenderFindings(findings, Columns(), flags.shown),
      exit_code);
}

}  // namespace

void AddExplainCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("explain", "Explains TLS trouble in mail logs, bounces, TLS reports");
  auto flags = std::make_shared<ExplainFlags>();
  RegisterCheckFlags(*command, flags->scan);
  command
      ->add_option("FILE", flags->inputs,
                   "Mail logs, bounces (messages, mbox), TLS reports,\n"
                   "plain or packed with gzip, zstd, xz or bzip2;\n"
                   "- or none: standard input")
      ->type_name("");
  command->add_option("--show", flags->shown, "So many domains of each cause are told one by one")
      ->capture_default_str();
  command->add_flag("--check", flags->check,
                    "Ask the servers of the domains concerned (100 at\n"
                    "most), and say whether the trouble is still there;\n"
                    "the flags below are for that");
  command->add_flag("--json", flags->json, "For programs: JSON instead of text");
  command->footer(
      "\nTIME is 500ms, 10s, 1m30s or 2h.\n"
      "\nExit code: 0 read, whatever was found; 1 an input could not be read to its\n"
      "end; 2 wrong usage.\n\n"
      "Examples:\n"
      "  mxsweep explain /var/log/mail.log /var/log/mail.log.1.gz\n"
      "      who refused, whose key or setting it is, and what to change\n"
      "  journalctl -u postfix@- -o short-iso | mxsweep explain\n"
      "      the same of the journal\n"
      "  mxsweep explain bounce.eml google.com!example.org!1764201600!1764287999.json.gz\n"
      "      a delivery report, and what senders reported of your domain\n"
      "  echo 'dh key too small' | mxsweep explain\n"
      "      what does this mean?");
  command->callback([flags, &exit_code] { exit_code = RunExplainCommand(*flags); });
}

}  // namespace mxsweep::tools
