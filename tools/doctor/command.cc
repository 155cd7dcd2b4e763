#include "tools/doctor/command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"
#include "tools/doctor/diagnosis.h"
#include "tools/doctor/machine.h"

namespace mxsweep::tools {
namespace {

struct DoctorFlags {
  DoctorOptions options;
  bool json = false;
};

size_t Columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? std::clamp<size_t>(size.ws_col, 60, 100) : 80;
}

int RunDoctorCommand(DoctorFlags& flags) {
  scanner::ScanOptions scan = flags.options.scan;
  scan.format = scanner::OutputFormat::kCaller;
  if (const absl::Status status = scan.Validate(); !status.ok()) {
    std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
    return kExitWrongUsage;
  }
  const std::vector<Check> checks = Diagnose(ExamineMachine(flags.options), flags.options);
  const bool colour = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return Print(
      flags.json ? RenderDiagnosisJson(checks) : RenderDiagnosis(checks, Columns(), colour),
      ExitCodeOf(checks));
}

constexpr char kFooter[] =
    "\nIt asks the resolver, and who is named by --smtp; nobody else is sent anything.\n"
    "\nExit code: 0 a scan can run here; 1 something is bad; 2 wrong usage.\n"
    "\nExamples:\n"
    "  mxsweep doctor --resolver unbound --ehlo-name scanner.example.org\n"
    "      would a scan with these flags run well?\n"
    "  mxsweep doctor --smtp mx1.example.org --smtp mx.example.net\n"
    "      do connections to port 25 get out?\n"
    "  mxsweep doctor --json | jq -r '.checks[] | select(.health == \"bad\") | .id'\n"
    "      for programs; docs/operating.md explains the words\n";

}  // namespace

void AddDoctorCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("doctor", "Says whether this machine can scan, and what to change");
  auto flags = std::make_shared<DoctorFlags>();
  RegisterDoctorFlags(*command, flags->options.scan);
  command
      ->add_option("--smtp", flags->options.smtp_hosts,
                   "Mail server that may be asked for its greeting,\n"
                   "HOST or HOST:PORT; may be repeated. Default: none,\n"
                   "and nothing is known of port 25")
      ->type_name("HOST")
      ->allow_extra_args(false);
  command->add_flag("--json", flags->json, "For programs: JSON instead of text");
  command->add_option("-o,--output", flags->options.output_dir, "Where results would go")
      ->type_name("DIR")
      ->capture_default_str();
  command->footer(kFooter);
  command->callback([flags, &exit_code] { exit_code = RunDoctorCommand(*flags); });
}

}  // namespace mxsweep::tools
