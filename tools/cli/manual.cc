#include "tools/cli/manual.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"
#include "scanner/base/utf8.h"
#include "scanner/base/version.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

// The one character beyond ASCII that our help has; a test looks for others.
constexpr std::string_view kEllipsis = "…";

// Text as roff shows it: nothing in it is a command, and '-' is what a shell takes for one.
std::string Escaped(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (; !text.empty(); text.remove_prefix(std::max<size_t>(Utf8CharacterBytes(text), 1))) {
    const char c = text.front();
    if (text.starts_with(kEllipsis)) {
      out += "\\[u2026]";
      continue;
    }
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '"':
        out += "\\(dq";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Bold(std::string_view text) { return JoinText("\\fB", Escaped(text), "\\fR"); }
std::string Italic(std::string_view text) { return JoinText("\\fI", Escaped(text), "\\fR"); }

void AppendFlag(const CommandFlag& flag, std::string* out) {
  AppendText(out, ".TP\n", flag.letter.empty() ? "" : JoinText(Bold("-" + flag.letter), ", "),
             Bold(flag.LongFlag()));
  if (!flag.type.empty()) AppendText(out, "=", Italic(flag.type));
  AppendText(out, "\n", Escaped(InOneLine(flag.help)));
  if (!flag.default_value.empty()) {
    AppendText(out, " (default: ", Escaped(flag.default_value), ")");
  }
  AppendText(out, "\n");
}

void AppendFlags(const std::vector<CommandFlag>& flags, std::string* out) {
  std::string group = "OPTIONS";
  for (const CommandFlag& flag : flags) {
    if (flag.name == "help") continue;
    if (flag.group != group && flag.group != "Options" && !flag.group.empty()) {
      AppendText(out, ".PP\n", Escaped(flag.group), ":\n");
    }
    group = flag.group;
    AppendFlag(flag, out);
  }
}

std::string Synopsis(const std::string& program, const Command& command) {
  std::string line =
      JoinText(Bold(JoinText(program, " ", command.name)), " [", Italic("OPTIONS"), "]");
  for (const CommandPositional& positional : command.positionals) {
    const std::string name = Italic(absl::AsciiStrToUpper(ToAbsl(positional.name))) +
                             (positional.repeatable ? " ..." : "");
    AppendText(&line, " ", positional.required ? name : JoinText("[", name, "]"));
  }
  return line;
}

// Lines of examples, kept as they are.
void AppendFooter(std::string_view footer, std::string* out) {
  if (footer.empty()) return;
  while (footer.starts_with("\n")) footer.remove_prefix(1);
  AppendText(out, ".PP\n.nf\n", Escaped(footer), "\n.fi\n");
}

void AppendCommand(const std::string& program, const Command& command, std::string* out) {
  AppendText(out, ".SS ", Bold(command.name), "\n", Synopsis(program, command), "\n.PP\n",
             Escaped(command.summary), ".\n");
  for (const CommandPositional& positional : command.positionals) {
    AppendText(out, ".TP\n", Italic(absl::AsciiStrToUpper(ToAbsl(positional.name))), "\n",
               Escaped(InOneLine(positional.help)), "\n");
  }
  AppendFlags(command.flags, out);
  AppendFooter(command.footer, out);
}

constexpr std::string_view kDescription =
    "mxsweep surveys the transport security of mail servers. From a list of domains it finds the "
    "MX "
    "hosts, talks SMTP with every address of each, makes the STARTTLS handshake, and writes down "
    "what was negotiated, whether the certificate would be trusted, and what DANE says of it, as "
    "Parquet tables. Results go to standard output or to files, everything else to standard error.";

constexpr std::string_view kSettings =
    "Each flag of a command can be set in a file and by the environment as well; what the command "
    "line says goes first, then the environment, then the file. The file is TOML, with a table for "
    "each command and the long names of its flags for keys; an unknown table or key is an error "
    "that "
    "names the line. A variable is MXSWEEP_, the command and the flag, in capitals and with "
    "underscores; of a flag that may be repeated it holds values with commas between.";

constexpr std::string_view kSettingsExample =
    "[scan]\nrate = 200\nresolver = [\"192.0.2.53\", \"192.0.2.54\"]\ntrust-ad = true\n";

constexpr std::pair<std::string_view, std::string_view> kExitCodes[] = {
    {"0", "Done; of check and dane: and all is well."},
    {"1", "Failed; of check and dane: not all is well, or could not be told."},
    {"2", "Wrong usage."},
    {"3", "Stopped early: what was done is kept, and mxsweep scan --resume goes on."},
};

constexpr std::pair<std::string_view, std::string_view> kSignals[] = {
    {"SIGINT, SIGTERM, SIGHUP",
     "A scan starts nothing more, finishes what is under way and commits. A second one waits for "
     "nothing that is under way."},
    {"SIGUSR1", "A scan prints how things stand."},
};

}  // namespace

std::string ManualPage(const CommandTree& tree, const std::string& version) {
  std::string out = JoinText(
      ".\\\" Made by `mxsweep man` from the program's own commands.\n.TH MXSWEEP 1 \"\" \"mxsweep ",
      Escaped(version), "\" \"User Commands\"\n.SH NAME\nmxsweep \\- ",
      Escaped("surveys the transport security of mail servers"), "\n.SH SYNOPSIS\n",
      Bold(tree.name), " ", Italic("COMMAND"), " [", Italic("OPTIONS"), "]\n.SH DESCRIPTION\n",
      Escaped(kDescription), "\n.SH OPTIONS\n");
  AppendFlags(tree.flags, &out);
  AppendText(&out, ".SH COMMANDS\n");
  for (const Command& command : tree.commands) AppendCommand(tree.name, command, &out);
  AppendText(&out, ".SH \"SETTINGS AND ENVIRONMENT\"\n", Escaped(kSettings), "\n.PP\n.nf\n",
             Escaped(kSettingsExample), ".fi\n.TP\n", Bold("MXSWEEP_SCAN_RATE"), "=200\n",
             Escaped("the same as --rate=200, of mxsweep scan"), "\n.TP\n", Bold("MXSWEEP_CONFIG"),
             "=", Italic("FILE"), "\n", Escaped("the same as --config"), "\n.TP\n",
             Bold("NO_COLOR"), "\nNo colours on a terminal.\n.SH \"EXIT STATUS\"\n");
  for (const auto& [code, meaning] : kExitCodes) {
    AppendText(&out, ".TP\n", Bold(code), "\n", Escaped(meaning), "\n");
  }
  AppendText(&out, ".SH SIGNALS\n");
  for (const auto& [signal, meaning] : kSignals) {
    AppendText(&out, ".TP\n", Bold(signal), "\n", Escaped(meaning), "\n");
  }
  AppendText(&out, ".SH \"SEE ALSO\"\n", Bold("postfix"), "(1), ", Bold("unbound"),
             "(8), RFC 3207 (STARTTLS), RFC 7672 (DANE for SMTP), RFC 8461 (MTA\\-STS)\n");
  return out;
}

void AddManualCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("man", "Prints the manual page of all commands, as roff");
  command->footer("Examples:\n  mxsweep man | man -l -");
  command->callback([&app, &exit_code] {
    exit_code = Print(ManualPage(DescribeCommands(app), kVersion), kExitDone);
  });
}

}  // namespace mxsweep::tools
