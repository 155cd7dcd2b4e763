// mxsweep: a subcommand per job; each is a file of its own.
#include <csignal>
#include <cstdio>

#include "CLI/CLI.hpp"
#include "scanner/base/version.h"
#include "tools/cat_command.h"
#include "tools/check/command.h"
#include "tools/dane/command.h"
#include "tools/scan_command.h"

int main(int argc, char** argv) {
  // A reader that goes away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Surveys the transport security of mail servers.", "mxsweep");
  app.set_version_flag("--version", std::string("mxsweep ") + mxsweep::kVersion);
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  int exit_code = 0;
  mxsweep::tools::AddScanCommand(app, exit_code);
  mxsweep::tools::AddCheckCommand(app, exit_code);
  mxsweep::tools::AddCatCommand(app, exit_code);
  mxsweep::tools::AddDaneCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool wrong_usage = error.get_exit_code() != 0;
    app.exit(error);
    return wrong_usage ? 2 : 0;
  }
  return exit_code;
}
