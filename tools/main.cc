// mxsweep: a subcommand per job; each is a file of its own.
#include <csignal>
#include <cstdio>
#include <sstream>

#include "CLI/CLI.hpp"
#include "scanner/base/text.h"
#include "scanner/base/version.h"
#include "tls/session/client_profile.h"
#include "tools/cat_command.h"
#include "tools/check/command.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/dane/command.h"
#include "tools/explain/command.h"
#include "tools/keys/command.h"
#include "tools/policy/command.h"
#include "tools/report/command.h"
#include "tools/scan_command.h"

namespace {

std::string VersionText() {
  return mxsweep::JoinText(
      "mxsweep ", mxsweep::kVersion, "\nBoringSSL: ", mxsweep::kBoringsslVersion, ", ",
      mxsweep::tls::HasPostQuantum() ? "offers X25519MLKEM768" : "without X25519MLKEM768");
}

}  // namespace

int main(int argc, char** argv) {
  mxsweep::tools::OpenStandardDescriptors();
  // A reader that goes away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Surveys the transport security of mail servers.", "mxsweep");
  app.set_version_flag("--version", VersionText());
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  int exit_code = 0;
  mxsweep::tools::AddScanCommand(app, exit_code);
  mxsweep::tools::AddCheckCommand(app, exit_code);
  mxsweep::tools::AddCatCommand(app, exit_code);
  mxsweep::tools::AddDaneCommand(app, exit_code);
  mxsweep::tools::AddKeysCommand(app, exit_code);
  mxsweep::tools::AddPolicyCommand(app, exit_code);
  mxsweep::tools::AddExplainCommand(app, exit_code);
  mxsweep::tools::AddReportCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are errors of that kind, too; they go to standard output.
    std::ostringstream output;
    std::ostringstream complaint;
    const bool wrong_usage = app.exit(error, output, complaint) != 0;
    std::fputs(complaint.str().c_str(), stderr);
    exit_code = mxsweep::tools::Print(
        output.str(), wrong_usage ? mxsweep::tools::kExitWrongUsage : mxsweep::tools::kExitDone);
  }
  return mxsweep::tools::CloseStandardOutput(exit_code);
}
