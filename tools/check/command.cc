#include "tools/check/command.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "scanner/base/text.h"
#include "scanner/posture/report.h"
#include "scanner/record/row_sinks.h"
#include "tools/check/domain.h"
#include "tools/check/json.h"
#include "tools/check/run.h"
#include "tools/check/suggest.h"
#include "tools/check/text.h"
#include "tools/check/watch.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/scan_flags.h"
#include "tools/cli/standard_output.h"

namespace mxsweep::tools {
namespace {

// A survey of many is what `scan` is for; this many can be read.
constexpr size_t kMaxDomains = 100;

// What one keeps an eye on changes in hours; a resolver's answers are kept for their TTL anyway.
constexpr int64_t kLeastWatchMs = 30'000;

enum class Suggest : uint8_t { kNothing, kZone, kPolicy };

struct CheckFlags {
  scanner::ScanOptions scan = CheckDefaults();
  std::vector<std::string> domains;
  bool json = false;
  Suggest suggest = Suggest::kNothing;
  int64_t watch_ms = 0;  // 0: once
};

// The keys of both certificates of a server are wanted then.
absl::Status TakeSuggest(const std::string& word, CheckFlags* flags) {
  if (word != "zone" && word != "policy") {
    return InvalidArgument(JoinText("\"", word, "\" is none of zone|policy"));
  }
  flags->suggest = word == "zone" ? Suggest::kZone : Suggest::kPolicy;
  if (flags->suggest == Suggest::kZone) flags->scan.surveys.Add(tls::Survey::kCerts);
  return absl::OkStatus();
}

void AddWatchAndSuggest(CLI::App& command, CheckFlags& flags) {
  const auto parsed = [&command](const char* name, const char* type, const char* help,
                                 std::function<absl::Status(const std::string&)> take) {
    command
        .add_option_function<std::string>(
            name,
            [name, take](const std::string& text) {
              const absl::Status status = take(text);
              if (!status.ok()) throw CLI::ValidationError(name, std::string(status.message()));
            },
            help)
        ->type_name(type);
  };
  parsed("--watch", "TIME",
         "Ask again so often (30s at least), and print the\n"
         "report anew when it has changed, and what has",
         [&flags](const std::string& text) {
           const absl::StatusOr<int64_t> ms = scanner::ParseDurationMs(text);
           if (ms.ok()) flags.watch_ms = std::max<int64_t>(*ms, 1);
           return ms.status();
         });
  parsed("--suggest", "WORD",
         "Print what is missing, to be published: records\n"
         "for the zone (TLSA of every key seen, MTA-STS,\n"
         "TLS-RPT), or the MTA-STS policy file:\nzone|policy",
         [&flags](const std::string& text) { return TakeSuggest(text, &flags); });
}

int FailWith(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

// Each domain once, in the order given.
absl::StatusOr<std::vector<scanner::CheckedDomain>> ReadDomains(
    const std::vector<std::string>& texts) {
  std::vector<scanner::CheckedDomain> domains;
  for (const std::string& text : texts) {
    absl::StatusOr<scanner::CheckedDomain> domain = ReadDomain(text);
    if (!domain.ok()) return domain.status();
    if (std::ranges::find(domains, domain->name, &scanner::CheckedDomain::name) == domains.end()) {
      domains.push_back(*std::move(domain));
    }
  }
  if (domains.size() > kMaxDomains) {
    return InvalidArgument(
        JoinText("more than ", kMaxDomains, " domains: that is a survey; see mxsweep scan"));
  }
  return domains;
}

CheckTextOptions TextOptions() {
  CheckTextOptions options;
  if (isatty(STDOUT_FILENO) != 1) return options;
  const char* no_color = std::getenv("NO_COLOR");
  options.colour = no_color == nullptr || *no_color == '\0';
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    // Long lines are hard to read, however wide the terminal is.
    options.columns = std::min<size_t>(size.ws_col, 100);
  }
  return options;
}

// What came of asking once.
struct CheckRound {
  std::string text;
  std::string json;
  std::string note;  // for standard error
  int exit_code = kExitDone;
};

// Instead of the report: what to publish.
void TakeSuggestion(const CheckFlags& flags, const scanner::CheckReport& report,
                    const scanner::ScanRows& rows, const scanner::CheckWorld& world,
                    CheckRound* round) {
  if (flags.suggest == Suggest::kZone) round->text = SuggestZone(report, rows, world);
  if (flags.suggest != Suggest::kPolicy || report.domains.empty()) return;
  std::string why;
  round->text = SuggestPolicy(report.domains.front(), &why);
  if (why.empty()) return;
  AppendText(&round->note, "mxsweep: ", report.domains.front().row->domain, ": ", why, "\n");
}

absl::StatusOr<CheckRound> AskOnce(const CheckFlags& flags,
                                   const std::vector<scanner::CheckedDomain>& domains) {
  scanner::MemorySink sink;
  scanner::CheckWorld world{.now = absl::Now(), .port = flags.scan.EffectivePort()};
  if (absl::Status status = AskDomains(flags.scan, domains, &sink, &world); !status.ok()) {
    return status;
  }
  const scanner::CheckReport report = scanner::BuildCheckReport(domains, sink.rows(), world);
  CheckRound round = {.text = RenderCheckText(report, TextOptions()),
                      .json = RenderCheckJson(report),
                      .exit_code = report.exit_code()};
  for (const std::string& name : report.without_row) {
    AppendText(&round.note, "mxsweep: ", name, " was not finished: nothing is known of it\n");
  }
  TakeSuggestion(flags, report, sink.rows(), world, &round);
  return round;
}

absl::Status CheckCombination(const CheckFlags& flags, size_t domains) {
  if (absl::Status status = flags.scan.Validate(); !status.ok()) return status;
  if (flags.suggest == Suggest::kPolicy && domains != 1) {
    return InvalidArgument("--suggest policy takes one domain: each has a file of its own");
  }
  const int64_t least_ms = flags.scan.allow_special ? 1'000 : kLeastWatchMs;
  if (flags.watch_ms != 0 && flags.watch_ms < least_ms) {
    return InvalidArgument(JoinText("--watch asks no more often than every ",
                                    scanner::FormatDurationMs(least_ms),
                                    ": servers and resolvers are others'"));
  }
  if (flags.watch_ms != 0 && flags.suggest != Suggest::kNothing) {
    return InvalidArgument("--watch and --suggest exclude each other");
  }
  return absl::OkStatus();
}

// Prints the first report, and then each that differs, with what is different in front.
int WatchDomains(const CheckFlags& flags, const std::vector<scanner::CheckedDomain>& domains) {
  WatchPrinter printer(flags.json);
  for (;;) {
    const absl::StatusOr<ReportPair> reports = InChildProcess([&]() -> absl::StatusOr<ReportPair> {
      const absl::StatusOr<CheckRound> round = AskOnce(flags, domains);
      if (!round.ok()) return round.status();
      return ReportPair{round->text, round->json};
    });
    // A round that failed is told of, and tells nothing of the domains.
    if (!reports.ok()) {
      std::fprintf(stderr, "mxsweep: %s\n", std::string(reports.status().message()).c_str());
    } else if (const int code = Print(printer.Next(*reports, absl::Now()), kExitDone);
               code != kExitDone) {
      return code;
    }
    absl::SleepFor(absl::Milliseconds(flags.watch_ms));
  }
}

int RunCheckCommand(const CheckFlags& flags) {
  const absl::StatusOr<std::vector<scanner::CheckedDomain>> domains = ReadDomains(flags.domains);
  if (!domains.ok()) return FailWith(domains.status());
  if (absl::Status status = CheckCombination(flags, domains->size()); !status.ok()) {
    return FailWith(status);
  }
  if (flags.watch_ms != 0) return WatchDomains(flags, *domains);
  const absl::StatusOr<CheckRound> round = AskOnce(flags, *domains);
  if (!round.ok()) return FailWith(round.status());
  std::fputs(round->note.c_str(), stderr);
  return Print(flags.json ? round->json : round->text, round->exit_code);
}

constexpr char kFooter[] =
    "\nTIME is 500ms, 10s, 1m30s or 2h.\n"
    "\nExit code: 0 every domain is fine; 1 a sender that uses verified TLS, DANE,\n"
    "MTA-STS or OpenSSL at level 2 would not deliver encrypted, or that could not be\n"
    "judged, or the check failed; 2 wrong usage.\n"
    "\nExamples:\n"
    "  mxsweep check example.org\n"
    "      why does mail to example.org not arrive encrypted?\n"
    "  mxsweep check example.org --resolver 127.0.0.1\n"
    "      with a validating resolver, so that DANE can be judged\n"
    "  mxsweep check example.org --suggest zone\n"
    "      the TLSA, MTA-STS and TLS-RPT records that it lacks\n"
    "  mxsweep check example.org --watch 5m\n"
    "      has the new certificate arrived?\n"
    "  mxsweep check example.org --json | jq '.domains[].findings[].title'\n"
    "      for programs; docs/check.md explains the keys\n";

}  // namespace

void AddCheckCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "check", "Explains the mail security of one or a few domains in plain words");
  auto flags = std::make_shared<CheckFlags>();
  RegisterCheckFlags(*command, flags->scan);
  command->add_option("DOMAIN", flags->domains, "Domains, or e-mail addresses of theirs")
      ->required()
      ->type_name("");
  command->add_flag("--json", flags->json, "For programs: JSON instead of text");
  AddWatchAndSuggest(*command, *flags);
  command->footer(kFooter);
  command->callback([flags, &exit_code] { exit_code = RunCheckCommand(*flags); });
}

}  // namespace mxsweep::tools
