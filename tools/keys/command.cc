#include "tools/keys/command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "output/json_rows.h"
#include "scanner/base/machine.h"
#include "scanner/base/text.h"
#include "tls/keys/blocklist.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/keys/progress.h"
#include "tools/keys/report.h"
#include "tools/keys/survey.h"

namespace mxsweep::tools {
namespace {

struct KeysFlags {
  std::vector<std::string> inputs;
  std::string blocklist;
  std::string store;
  std::string output;
  std::string scratch_folder;
  uint64_t memory_bytes = 3ull << 30;
  int threads = 0;
  size_t shown = 20;
  bool json = false;
  bool quiet = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

// The one that was asked for, or the first that is where one is looked for; nothing if there is
// none.
absl::StatusOr<std::optional<tls::KeyBlocklist>> OpenBlocklist(const std::string& path) {
  std::optional<tls::KeyBlocklist> found;
  const std::vector<std::string> places =
      path.empty() ? tls::BlocklistFolders() : std::vector<std::string>{path};
  for (const std::string& place : places) {
    absl::StatusOr<tls::KeyBlocklist> list = tls::KeyBlocklist::Open(place);
    if (list.ok()) {
      found.emplace(*std::move(list));
      break;
    }
    if (!absl::IsNotFound(list.status())) return list.status();
    if (!path.empty()) return InvalidArgument(MessageOf(list.status()));
  }
  return found;
}

std::string JsonRows(const std::vector<output::WeakKeyRow>& rows) {
  std::string text;
  const auto formatter =
      output::RowFormatter::Create(output::TableId::kWeakKeys, output::RowFormat::kNdjson);
  for (const output::WeakKeyRow& row : rows) formatter->AppendRow(row, text);
  return text;
}

int RunKeysCommand(const KeysFlags& flags) {
  absl::StatusOr<std::optional<tls::KeyBlocklist>> blocklist = OpenBlocklist(flags.blocklist);
  if (!blocklist.ok()) return Fail(blocklist.status());
  SurveyOptions options;
  options.inputs = flags.inputs;
  options.blocklist = blocklist->has_value() ? &**blocklist : nullptr;
  options.store = flags.store;
  options.memory_bytes = flags.memory_bytes;
  options.threads = flags.threads > 0
                        ? flags.threads
                        : static_cast<int>(scanner::UsableCores());
  if (!flags.scratch_folder.empty()) {
    options.scratch_folder = flags.scratch_folder;
  } else if (const char* folder = std::getenv("TMPDIR"); folder != nullptr && *folder != '\0') {
    options.scratch_folder = folder;
  }
  StageProgress progress(stderr, isatty(STDERR_FILENO) != 0, flags.quiet);
  absl::StatusOr<SurveyResult> result = SurveyKeys(options, &progress);
  if (!result.ok()) return Fail(result.status());
  if (!flags.output.empty()) {
    absl::Status status = WriteWeakKeys(result->rows, flags.output);
    if (!status.ok()) return Fail(status);
  }
  const std::string text = flags.json ? JsonRows(result->rows)
                                      : RenderKeys({.result = &*result,
                                                    .blocklist = options.blocklist,
                                                    .inputs = flags.inputs.size(),
                                                    .shown = flags.shown});
  return Print(text, kExitDone);
}

}  // namespace

void AddKeysCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("keys", "Finds weak keys in scans and files");
  auto flags = std::make_shared<KeysFlags>();
  command
      ->add_option("INPUT", flags->inputs,
                   "Directories of scans; files with certificates and\npublic keys, PEM or DER")
      ->required();
  command
      ->add_option("--blocklist", flags->blocklist,
                   "badkeys' blocklist.dat, or its folder (default:\n"
                   "~/.cache/badkeys, ~/.local/share/mxsweep,\n"
                   "/usr/share/mxsweep). Without one, known private\nkeys are not looked for")
      ->type_name("PATH");
  command
      ->add_option("--against", flags->store,
                   "Folder of all moduli ever met: new ones are\n"
                   "compared with them and added. Made at first use")
      ->type_name("STORE");
  command->add_option("--output", flags->output, "Write the weak_keys table to this Parquet file")
      ->type_name("FILE");
  command->add_option("--show", flags->shown, "So many keys are told one by one")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print the rows of weak_keys as NDJSON");
  command
      ->add_option("--memory", flags->memory_bytes,
                   "For numbers, beside some 300 bytes a key; with\n"
                   "less, comparing takes longer (default: 3 GiB)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command
      ->add_option("--scratch", flags->scratch_folder,
                   "Folder for some ten times the bytes of all moduli\n(default: $TMPDIR, /tmp)")
      ->type_name("DIR");
  command->add_option("--threads", flags->threads, "Default: one for each core")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--quiet", flags->quiet, "No progress on standard error");
  command->footer(
      "Exit code: 0 done, whatever was found; 1 failed; 2 wrong usage.\n\n"
      "What the words mean, and how to get a blocklist: docs/keys.md.\n\n"
      "Examples:\n"
      "  mxsweep keys results\n"
      "  mxsweep keys results --against keys.store --output weak_keys.parquet\n"
      "  mxsweep keys server.pem --json");
  command->callback([flags, &exit_code] { exit_code = RunKeysCommand(*flags); });
}

}  // namespace mxsweep::tools
