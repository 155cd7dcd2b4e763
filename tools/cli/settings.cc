#include "tools/cli/settings.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using Takes = CommandFlag::Takes;

constexpr std::string_view kConfigFlag = "--config";
constexpr std::string_view kConfigVariable = "MXSWEEP_CONFIG";
constexpr size_t kMaxFileBytes = 1 << 20;

// Of the one command line, wherever it stands.
bool CanBeSet(const CommandFlag& flag) { return flag.name != "help"; }

absl::StatusOr<bool> ReadSwitch(const std::string& value) {
  const std::string word = absl::AsciiStrToLower(value);
  for (const std::string_view yes : {"true", "1", "yes", "on"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "0", "no", "off", ""}) {
    if (word == no) return false;
  }
  return InvalidArgument(JoinText("\"", value, "\" is neither true nor false"));
}

// Reads a settings file, line by line: CLI11 reads TOML, but does not say which line it is at.
class SettingsReader {
 public:
  SettingsReader(std::string_view text, std::string name, const CommandTree& tree)
      : text_(std::string(text)), name_(std::move(name)), tree_(tree) {}

  absl::StatusOr<std::map<std::string, CommandSettings>> Read() {
    for (std::string line; NextLine(&line);) {
      line_number_ = lines_read_;
      if (absl::Status status = ReadLine(TrimText(line)); !status.ok()) return status;
    }
    return std::move(settings_);
  }

 private:
  absl::Status Wrong(std::string_view what) const {
    return InvalidArgument(JoinText(name_, " line ", line_number_, ": ", what));
  }

  bool NextLine(std::string* line) {
    if (!std::getline(text_, *line)) return false;
    ++lines_read_;
    return true;
  }

  absl::Status ReadLine(std::string_view line) {
    if (line.empty() || line.front() == '#') return absl::OkStatus();
    if (line.front() == '[') return BeginTable(line);
    if (line.find('=') == std::string_view::npos) {
      return Wrong(JoinText("\"", line, "\" is neither a table ([scan]) nor a setting (rate = 5)"));
    }
    bool hash_in_string = false;
    std::string setting(TrimText(WithoutComment(line, &hash_in_string)));
    for (std::string more; IsOpenArray(setting) && NextLine(&more);) {
      AppendText(&setting, " ", TrimText(WithoutComment(more, &hash_in_string)));
    }
    // CLI11 takes any # for the beginning of a comment.
    if (hash_in_string) return Wrong("a # within a string is not understood here");
    return TakeSetting(setting);
  }

  // The part of a line before its comment. Sets *hash_in_string where a # is none.
  static std::string_view WithoutComment(std::string_view line, bool* hash_in_string) {
    char quote = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      if (quote != 0) {
        if (line[i] == '#') *hash_in_string = true;
        if (line[i] == quote) quote = 0;
      } else if (line[i] == '"' || line[i] == '\'') {
        quote = line[i];
      } else if (line[i] == '#') {
        return line.substr(0, i);
      }
    }
    return line;
  }

  static bool IsOpenArray(std::string_view line) {
    const std::string_view value = TrimText(line.substr(line.find('=') + 1));
    return value.starts_with("[") && !value.ends_with("]");
  }

  absl::Status BeginTable(std::string_view line) {
    bool hash_in_string = false;
    line = TrimText(WithoutComment(line, &hash_in_string));
    if (!line.ends_with("]")) return Wrong(JoinText("\"", line, "\" is no table, such as [scan]"));
    const std::string table(TrimText(line.substr(1, line.size() - 2)));
    command_ = tree_.FindCommand(table);
    if (command_ != nullptr) return absl::OkStatus();
    return Wrong(JoinText("[", table, "] is no command of ", tree_.name));
  }

  absl::Status TakeSetting(const std::string& line) {
    std::istringstream one_line(line);
    const std::vector<CLI::ConfigItem> items = CLI::ConfigTOML().from_config(one_line);
    if (items.size() != 1) return Wrong(JoinText("\"", line, "\" is no setting, such as rate = 5"));
    const CLI::ConfigItem& item = items.front();
    const std::string key = item.fullname();
    if (command_ == nullptr) {
      return Wrong(JoinText("\"", key, "\" stands before any table, such as [scan]"));
    }
    const CommandFlag* flag = command_->FindFlag(key);
    if (flag == nullptr || !CanBeSet(*flag)) {
      return Wrong(JoinText("\"", key, "\" is no flag of ", tree_.name, " ", command_->name));
    }
    return Take(*flag, item.inputs);
  }

  absl::Status Take(const CommandFlag& flag, const std::vector<std::string>& values) {
    if (values.size() != 1 && !flag.repeatable) {
      return Wrong(JoinText("\"", flag.name, "\" takes one value"));
    }
    if (flag.takes == Takes::kNothing) {
      const absl::StatusOr<bool> on = ReadSwitch(values.front());
      if (!on.ok()) return Wrong(MessageOf(on.status()));
    }
    const Setting setting = {.values = values, .origin = JoinText(name_, " line ", line_number_)};
    if (settings_[command_->name].emplace(flag.name, setting).second) return absl::OkStatus();
    return Wrong(JoinText("\"", flag.name, "\" is set twice"));
  }

  std::istringstream text_;
  std::string name_;
  const CommandTree& tree_;
  uint64_t lines_read_ = 0;
  uint64_t line_number_ = 0;  // where what is being read began
  const Command* command_ = nullptr;
  std::map<std::string, CommandSettings> settings_;
};

absl::StatusOr<std::string> ReadSettingsFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  errno = 0;
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()) {
    return InvalidArgument(
        JoinText("--config ", path, " can't be read: ", std::strerror(errno != 0 ? errno : EIO)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return InvalidArgument(JoinText("--config ", path, " has more than a megabyte"));
  }
  return text;
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t end = text.find(',');
    parts.emplace_back(TrimText(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string> ValueOf(const std::vector<std::string>& environment,
                                   std::string_view name) {
  for (const std::string& variable : environment) {
    const size_t equals = variable.find('=');
    if (std::string_view(variable).substr(0, equals) == name && equals != std::string::npos) {
      return variable.substr(equals + 1);
    }
  }
  return std::nullopt;
}

// Where the words that are flags end.
size_t FlagsEnd(const std::vector<std::string>& words) {
  return static_cast<size_t>(std::ranges::find(words, "--") - words.begin());
}

bool IsSaid(const std::vector<std::string>& words, const CommandFlag& flag) {
  const std::string long_flag = flag.LongFlag();
  return std::any_of(words.begin(), words.begin() + static_cast<ptrdiff_t>(FlagsEnd(words)),
                     [&](const std::string& word) {
                       return word == long_flag || word.starts_with(long_flag + "=") ||
                              (!flag.letter.empty() && word.starts_with("-" + flag.letter));
                     });
}

// Takes --config out of the words, wherever it stands: it is a flag of all commands. Of several,
// the last one counts.
std::optional<std::string> TakeConfigPath(std::vector<std::string>* words) {
  std::optional<std::string> path;
  const std::string with_equals = JoinText(kConfigFlag, "=");
  for (size_t i = 0; i < FlagsEnd(*words);) {
    const auto word = words->begin() + static_cast<ptrdiff_t>(i);
    if (word->starts_with(with_equals)) {
      path = word->substr(with_equals.size());
      words->erase(word);
    } else if (*word == kConfigFlag && i + 1 < words->size()) {
      path = *(word + 1);
      words->erase(word, word + 2);
    } else {
      ++i;
    }
  }
  return path;
}

// The place of the command in the words, once there is no flag before it that takes a value.
std::optional<size_t> CommandPlace(const std::vector<std::string>& words, const CommandTree& tree) {
  const auto end = words.begin() + static_cast<ptrdiff_t>(FlagsEnd(words));
  const auto command = std::find_if(words.begin(), end, [&](const std::string& word) {
    return tree.FindCommand(word) != nullptr;
  });
  if (command == end) return std::nullopt;
  return static_cast<size_t>(command - words.begin());
}

std::vector<std::string> AsWords(const CommandFlag& flag, const Setting& setting) {
  std::vector<std::string> words;
  for (const std::string& value : setting.values) {
    if (flag.takes != Takes::kNothing) {
      words.push_back(JoinText(flag.LongFlag(), "=", value));
    } else if (const absl::StatusOr<bool> on = ReadSwitch(value); on.ok() && *on) {
      words.push_back(flag.LongFlag());
    }
  }
  return words;
}

// A flag that one on the command line excludes is left out as well.
bool IsOverruled(const std::vector<std::string>& words, const Command& command,
                 const CommandFlag& flag) {
  if (IsSaid(words, flag)) return true;
  return std::ranges::any_of(flag.excludes, [&](const std::string& other) {
    const CommandFlag* excluded = command.FindFlag(other);
    return excluded != nullptr && IsSaid(words, *excluded);
  });
}

}  // namespace

absl::StatusOr<std::map<std::string, CommandSettings>> ParseSettingsFile(std::string_view text,
                                                                         const std::string& name,
                                                                         const CommandTree& tree) {
  return SettingsReader(text, name, tree).Read();
}

std::string VariableOf(std::string_view command, std::string_view flag) {
  std::string name = JoinText("MXSWEEP_", command, "_", flag);
  std::ranges::replace(name, '-', '_');
  return absl::AsciiStrToUpper(name);
}

absl::StatusOr<CommandSettings> SettingsOfEnvironment(const std::vector<std::string>& environment,
                                                      const Command& command) {
  CommandSettings settings;
  const std::string prefix = VariableOf(command.name, "");
  for (const std::string& variable : environment) {
    const size_t equals = variable.find('=');
    if (!variable.starts_with(prefix) || equals == std::string::npos) continue;
    const std::string name = variable.substr(0, equals);
    const std::string value = variable.substr(equals + 1);
    const auto flag = std::ranges::find_if(command.flags, [&](const CommandFlag& known) {
      return CanBeSet(known) && VariableOf(command.name, known.name) == name;
    });
    if (flag == command.flags.end()) {
      return InvalidArgument(
          JoinText("the environment variable ", name, " names no flag of mxsweep ", command.name));
    }
    if (flag->takes == Takes::kNothing) {
      const absl::StatusOr<bool> on = ReadSwitch(value);
      if (!on.ok()) return InvalidArgument(JoinText(name, ": ", MessageOf(on.status())));
    }
    settings[flag->name] = {
        flag->repeatable ? SplitAtCommas(value) : std::vector<std::string>{value}, name};
  }
  return settings;
}

absl::StatusOr<EffectiveWords> WithSettings(std::vector<std::string> words,
                                            const std::vector<std::string>& environment,
                                            const CommandTree& tree) {
  EffectiveWords effective;
  std::optional<std::string> path = TakeConfigPath(&words);
  if (!path) path = ValueOf(environment, kConfigVariable);
  const std::optional<size_t> place = CommandPlace(words, tree);
  if (!place) return EffectiveWords{std::move(words), {}};
  const Command& command = *tree.FindCommand(words[*place]);
  absl::StatusOr<CommandSettings> settings = SettingsOfEnvironment(environment, command);
  if (!settings.ok()) return settings.status();
  if (path && !path->empty()) {
    const absl::StatusOr<std::string> text = ReadSettingsFile(*path);
    if (!text.ok()) return text.status();
    auto file = ParseSettingsFile(*text, *path, tree);
    if (!file.ok()) return file.status();
    settings->merge((*file)[command.name]);  // what the environment says stays
  }
  std::vector<std::string> added;
  for (const auto& [name, setting] : *settings) {
    const CommandFlag& flag = *command.FindFlag(name);
    if (IsOverruled(words, command, flag)) continue;
    const std::vector<std::string> of_setting = AsWords(flag, setting);
    added.insert(added.end(), of_setting.begin(), of_setting.end());
    effective.origins[flag.LongFlag()] = setting.origin;
  }
  words.insert(words.begin() + static_cast<ptrdiff_t>(*place) + 1, added.begin(), added.end());
  effective.words = std::move(words);
  return effective;
}

}  // namespace mxsweep::tools
