// mxsweep: a subcommand per job; each is a file of its own.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "scanner/base/text.h"
#include "tools/cat_command.h"
#include "tools/check/command.h"
#include "tools/cli/completion.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/manual.h"
#include "tools/cli/settings.h"
#include "tools/cli/standard_output.h"
#include "tools/cli/version_text.h"
#include "tools/dane/command.h"
#include "tools/dashboard/command.h"
#include "tools/diff/command.h"
#include "tools/doctor/command.h"
#include "tools/explain/command.h"
#include "tools/fleet/commands.h"
#include "tools/keys/command.h"
#include "tools/policy/command.h"
#include "tools/report/command.h"
#include "tools/scan_command.h"
#include "tools/trend/command.h"

namespace {

using mxsweep::JoinText;

std::vector<std::string> Environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  return variables;
}

// A flag that is wrong may have been set elsewhere than on the command line: then where.
std::string Origin(const std::string& message, const mxsweep::tools::EffectiveWords& effective) {
  for (const auto& [flag, origin] : effective.origins) {
    const size_t at = message.find(flag);
    if (at == std::string::npos) continue;
    const size_t end = at + flag.size();
    if (end == message.size() || message.find_first_of(" :=", end) == end) {
      return JoinText(flag, " is set by ", origin, "\n");
    }
  }
  return "";
}

void AddCommands(CLI::App& app, int& exit_code) {
  mxsweep::tools::AddScanCommand(app, exit_code);
  mxsweep::tools::AddCheckCommand(app, exit_code);
  mxsweep::tools::AddCatCommand(app, exit_code);
  mxsweep::tools::AddDaneCommand(app, exit_code);
  mxsweep::tools::AddKeysCommand(app, exit_code);
  mxsweep::tools::AddPolicyCommand(app, exit_code);
  mxsweep::tools::AddExplainCommand(app, exit_code);
  mxsweep::tools::AddReportCommand(app, exit_code);
  mxsweep::tools::AddDiffCommand(app, exit_code);
  mxsweep::tools::AddTrendCommand(app, exit_code);
  mxsweep::tools::AddDashboardCommand(app, exit_code);
  mxsweep::tools::AddDoctorCommand(app, exit_code);
  mxsweep::tools::AddResolveCommand(app, exit_code);
  mxsweep::tools::AddProbeCommand(app, exit_code);
  mxsweep::tools::AddShardsCommand(app, exit_code);
  mxsweep::tools::AddMergeCommand(app, exit_code);
  mxsweep::tools::AddCompletionCommand(app, exit_code);
  mxsweep::tools::AddManualCommand(app, exit_code);
}

}  // namespace

int main(int argc, char** argv) {
  mxsweep::tools::OpenStandardDescriptors();
  // A reader that goes away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Surveys the transport security of mail servers.", "mxsweep");
  app.set_version_flag("--version", mxsweep::tools::VersionText,
                       "Print versions, of libraries, too");
  std::string config;  // WithSettings has read it by then
  app.add_option("--config", config, "TOML file with flags of the commands")->type_name("FILE");
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  int exit_code = 0;
  AddCommands(app, exit_code);
  const auto effective =
      mxsweep::tools::WithSettings({argv + std::min(argc, 1), argv + argc}, Environment(),
                                   mxsweep::tools::DescribeCommands(app));
  if (!effective.ok()) {
    std::fprintf(stderr, "mxsweep: %s\n", std::string(effective.status().message()).c_str());
    return mxsweep::tools::kExitWrongUsage;
  }
  try {
    // CLI11 takes them from the end.
    app.parse(std::vector<std::string>(effective->words.rbegin(), effective->words.rend()));
  } catch (const CLI::ParseError& error) {
    // Help and version are errors of that kind, too; they go to standard output.
    std::ostringstream output;
    std::ostringstream complaint;
    const bool wrong_usage = app.exit(error, output, complaint) != 0;
    const std::string origin = Origin(complaint.str(), *effective);
    std::fputs(JoinText(origin, complaint.str()).c_str(), stderr);
    exit_code = mxsweep::tools::Print(
        output.str(), wrong_usage ? mxsweep::tools::kExitWrongUsage : mxsweep::tools::kExitDone);
  }
  return mxsweep::tools::CloseStandardOutput(exit_code);
}
