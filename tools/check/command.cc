#include "tools/check/command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "scanner/base/text.h"
#include "scanner/posture/report.h"
#include "scanner/record/row_sinks.h"
#include "tools/check/domain.h"
#include "tools/check/json.h"
#include "tools/check/run.h"
#include "tools/check/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

// A survey of many is what `scan` is for; this many can be read.
constexpr size_t kMaxDomains = 100;

struct CheckFlags {
  scanner::ScanOptions scan = CheckDefaults();
  std::vector<std::string> domains;
  bool json = false;
};

int FailWith(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

// Each domain once, in the order given.
absl::StatusOr<std::vector<scanner::CheckedDomain>> ReadDomains(
    const std::vector<std::string>& texts) {
  std::vector<scanner::CheckedDomain> domains;
  for (const std::string& text : texts) {
    absl::StatusOr<scanner::CheckedDomain> domain = ReadDomain(text);
    if (!domain.ok()) return domain.status();
    if (std::ranges::find(domains, domain->name, &scanner::CheckedDomain::name) == domains.end()) {
      domains.push_back(*std::move(domain));
    }
  }
  if (domains.size() > kMaxDomains) {
    return InvalidArgument(
        JoinText("more than ", kMaxDomains, " domains: that is a survey; see mxsweep scan"));
  }
  return domains;
}

CheckTextOptions TextOptions() {
  CheckTextOptions options;
  if (isatty(STDOUT_FILENO) != 1) return options;
  const char* no_color = std::getenv("NO_COLOR");
  options.colour = no_color == nullptr || *no_color == '\0';
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    // Long lines are hard to read, however wide the terminal is.
    options.columns = std::min<size_t>(size.ws_col, 100);
  }
  return options;
}

int RunCheckCommand(const CheckFlags& flags) {
  if (absl::Status status = flags.scan.Validate(); !status.ok()) return FailWith(status);
  const absl::StatusOr<std::vector<scanner::CheckedDomain>> domains = ReadDomains(flags.domains);
  if (!domains.ok()) return FailWith(domains.status());
  scanner::MemorySink sink;
  scanner::CheckWorld world{.now = absl::Now(), .port = flags.scan.EffectivePort()};
  if (absl::Status status = AskDomains(flags.scan, *domains, &sink, &world); !status.ok()) {
    return FailWith(status);
  }
  const scanner::CheckReport report = scanner::BuildCheckReport(*domains, sink.rows(), world);
  const std::string text =
      flags.json ? RenderCheckJson(report) : RenderCheckText(report, TextOptions());
  for (const std::string& name : report.without_row) {
    std::fprintf(stderr, "mxsweep: %s was not finished: nothing is known of it\n", name.c_str());
  }
  return Print(text, report.exit_code());
}

constexpr char kFooter[] =
    "\nTIME is 500ms, 10s, 1m30s or 2h.\n"
    "\nExit code: 0 every domain is fine; 1 a sender that uses verified TLS, DANE,\n"
    "MTA-STS or OpenSSL at level 2 would not deliver encrypted, or that could not be\n"
    "judged, or the check failed; 2 wrong usage.\n"
    "\nExamples:\n"
    "  mxsweep check example.org\n"
    "      why does mail to example.org not arrive encrypted?\n"
    "  mxsweep check example.org --resolver 127.0.0.1\n"
    "      with a validating resolver, so that DANE can be judged\n"
    "  mxsweep check example.org --json | jq '.domains[].findings[].title'\n"
    "      for programs; docs/check.md explains the keys\n";

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "check", "Explains the mail security of one or a few domains in plain words");
  auto flags = std::make_shared<CheckFlags>();
  RegisterCheckFlags(*command, flags->scan);
  command->add_option("DOMAIN", flags->domains, "Domains, or e-mail addresses of theirs")
      ->required()
      ->type_name("");
  command->add_flag("--json", flags->json, "For programs: JSON instead of text");
  command->footer(kFooter);
  command->callback([flags, &exit_code] { exit_code = RunCheckCommand(*flags); });
}

}  // namespace mxsweep::tools
