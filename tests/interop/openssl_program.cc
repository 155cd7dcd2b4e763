#include "tests/interop/openssl_program.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace mxsweep::interop {
namespace {

// The machine's configuration has opinions on levels and versions, which are not OpenSSL's.
constexpr char kNoConfiguration[] = "OPENSSL_CONF=/dev/null";

// The program of Debian 13 wants a newer C library than that of the machine, and so its own loader.
// Empty if it is not there.
Arguments ProgramOfDebian13(const std::string& servers) {
  const std::string root = servers + "/trixie/usr";
  std::error_code error;
  for (const auto& folder : std::filesystem::directory_iterator(root + "/lib", error)) {
    if (!absl::EndsWith(folder.path().string(), "-linux-gnu")) continue;
    for (const auto& file : std::filesystem::directory_iterator(folder.path(), error)) {
      if (!absl::StartsWith(file.path().filename().string(), "ld-linux")) continue;
      return {file.path(), "--library-path", folder.path(), root + "/bin/openssl"};
    }
  }
  return {};
}

}  // namespace

absl::StatusOr<std::vector<OpensslProgram>> OpensslPrograms(const std::string& servers) {
  std::vector<OpensslProgram> programs;
  for (Arguments& command : std::vector<Arguments>{{"openssl"}, ProgramOfDebian13(servers)}) {
    if (command.empty()) continue;
    OpensslProgram program = {.command = std::move(command), .environment = {kNoConfiguration}};
    Arguments ask = program.command;
    ask.push_back("version");
    const auto said = RunSuccessfully(ask, {.environment = program.environment});
    if (!said.ok()) return said.status();
    const std::vector<std::string> words = absl::StrSplit(*said, ' ');
    if (words.size() < 2) return absl::InternalError("no version: " + *said);
    program.version = words[1];
    program.has_rules_of_3_0 = absl::StartsWith(program.version, "3.0.");
    programs.push_back(std::move(program));
  }
  return programs;
}

}  // namespace mxsweep::interop
