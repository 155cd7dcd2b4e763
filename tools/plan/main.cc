// fleet_plan: how long a fleet would take, from figures that may be replaced by one's own.
//   fleet_plan [NAME=VALUE ...]   prints the plan: inputs, arithmetic, schedule
//   fleet_plan --write FILE       draws the tables of docs/fleet.md anew, from the defaults
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "scanner/base/text.h"
#include "tools/plan/inputs.h"
#include "tools/plan/page.h"

namespace {

using mxsweep::plan::Inputs;

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "fleet_plan: %s\n", std::string(mxsweep::MessageOf(status)).c_str());
  return code;
}

int Write(const char* path) {
  std::ostringstream page;
  page << std::ifstream(path, std::ios::binary).rdbuf();
  const absl::StatusOr<std::string> drawn = mxsweep::plan::WithTables(page.str(), Inputs{});
  if (!drawn.ok()) return Fail(drawn.status(), 1);
  std::ofstream out(path, std::ios::binary);
  out << *drawn << std::flush;
  return out.good() ? 0 : Fail(absl::InternalError("the page cannot be written"), 1);
}

void PrintUsage() {
  std::fputs("usage: fleet_plan [NAME=VALUE ...] | --write FILE\n\n", stderr);
  for (const mxsweep::plan::Input& input : mxsweep::plan::AllInputs()) {
    std::fprintf(stderr, "  %-26s %s\n", input.name, input.what);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--write") return Write(argv[2]);
  Inputs inputs;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] == '-') {
      PrintUsage();
      return std::string_view(argv[i]) == "--help" ? 0 : 2;
    }
    const absl::Status status = mxsweep::plan::SetInput(argv[i], &inputs);
    if (!status.ok()) return Fail(status, 2);
  }
  if (const absl::Status status = Validate(inputs); !status.ok()) return Fail(status, 2);
  std::fputs(mxsweep::plan::WholePlan(inputs).c_str(), stdout);
  return 0;
}
