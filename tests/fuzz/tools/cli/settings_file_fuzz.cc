// Any bytes as a file of settings (--config).
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/check.h"
#include "tools/cli/settings.h"

namespace mxsweep::tools {
namespace {

CommandTree Tree() {
  const auto flag = [](std::string name, CommandFlag::Takes takes, bool repeatable = false) {
    CommandFlag made;
    made.name = std::move(name);
    made.takes = takes;
    made.repeatable = repeatable;
    return made;
  };
  Command scan;
  scan.name = "scan";
  scan.flags = {flag("rate", CommandFlag::Takes::kText),
                flag("resolver", CommandFlag::Takes::kText, /*repeatable=*/true),
                flag("trust-ad", CommandFlag::Takes::kNothing),
                flag("progress", CommandFlag::Takes::kWord)};
  CommandTree tree;
  tree.name = "mxsweep";
  tree.commands = {scan};
  return tree;
}

}  // namespace
}  // namespace mxsweep::tools

// What is taken is a flag of the command, once, with a value where it takes one alone; what is not
// is told with its line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* tree = new mxsweep::tools::CommandTree(mxsweep::tools::Tree());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = mxsweep::tools::ParseSettingsFile(text, "file", *tree);
  if (!settings.ok()) {
    MXSWEEP_CHECK(std::string(settings.status().message()).starts_with("file line "));
    return 0;
  }
  for (const auto& [command, flags] : *settings) {
    const mxsweep::tools::Command* known = tree->FindCommand(command);
    MXSWEEP_CHECK(known != nullptr);
    for (const auto& [name, setting] : flags) {
      const mxsweep::tools::CommandFlag* flag = known->FindFlag(name);
      MXSWEEP_CHECK(flag != nullptr);
      MXSWEEP_CHECK(flag->repeatable || setting.values.size() == 1);
      MXSWEEP_CHECK(setting.origin.starts_with("file line "));
    }
  }
  return 0;
}
