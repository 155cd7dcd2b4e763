#include "tools/cli/scan_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "scanner/base/text.h"
#include "scanner/smtp/command.h"
#include "tls/probe/surveys.h"
#include "tls/session/client_profile.h"

namespace mxsweep::tools {
namespace {

using scanner::LogLevel;
using scanner::MtaStsLevel;
using scanner::OutputFormat;
using scanner::ProgressMode;
using scanner::ScanOptions;
using scanner::TargetsKind;
using scanner::TlsMode;

// Help is written for 80 columns: 30 for the flag, the rest for lines of at most 50 characters.
constexpr size_t kFlagColumns = 30;

// CLI11 reports errors by its own exceptions; it catches them where it prints the usage.
void ThrowUnlessOk(const std::string& flag, const absl::Status& status) {
  if (!status.ok()) throw CLI::ValidationError(flag, std::string(status.message()));
}

// Flags that --help shows together; each method is one shape of flag. CLI11 shows a default behind
// '='.
class FlagGroup {
 public:
  FlagGroup(CLI::App& app, const char* name) : app_(app), name_(name) {}

  // Whatever `take` makes of its text.
  void Parsed(const std::string& flag, std::function<absl::Status(const std::string&)> take,
              const std::string& type, const std::string& help,
              const std::string& default_text = "") {
    Add(app_.add_option_function<std::string>(
            flag, [flag, take](const std::string& text) { ThrowUnlessOk(flag, take(text)); }, help),
        type)
        ->default_str(default_text);
  }

  // The same of a flag that may be repeated; `begin` comes before the first.
  void EachParsed(const std::string& flag, std::function<void()> begin,
                  std::function<absl::Status(const std::string&)> take, const std::string& type,
                  const std::string& help) {
    Add(app_.add_option_function<std::vector<std::string>>(
            flag,
            [flag, begin, take](const std::vector<std::string>& texts) {
              begin();
              for (const std::string& text : texts) ThrowUnlessOk(flag, take(text));
            },
            help),
        type)
        ->allow_extra_args(false);
  }

  // `value` is in units of so many milliseconds.
  void Duration(const std::string& flag, int64_t& value, const std::string& help,
                int64_t unit_ms = 1) {
    Parsed(
        flag,
        [&value, unit_ms](const std::string& text) {
          const absl::StatusOr<int64_t> ms = scanner::ParseDurationMs(text);
          if (ms.ok()) value = *ms / unit_ms;
          return ms.status();
        },
        "TIME", help, scanner::FormatDurationMs(value * unit_ms));
  }

  template <typename Enum>
  void Word(const std::string& flag, Enum& value,
            const std::vector<std::pair<std::string, Enum>>& words, const std::string& help) {
    std::string names;
    std::string default_word;
    for (const auto& [word, meaning] : words) {
      AppendText(&names, names.empty() ? "" : "|", word);
      if (meaning == value) default_word = word;
    }
    Parsed(
        flag,
        [names, words, &value](const std::string& text) {
          const auto named = std::ranges::find(words, text, &std::pair<std::string, Enum>::first);
          if (named == words.end()) {
            return InvalidArgument(JoinText("\"", text, "\" is none of ", names));
          }
          value = named->second;
          return absl::OkStatus();
        },
        "WORD", JoinText(help, "\n", names), default_word);
  }

  template <typename T>
  void Number(const std::string& flag, T& value, const std::string& help) {
    Add(app_.add_option(flag, value, help), "N")->capture_default_str();
  }

  void Port(const std::string& flag, uint16_t& value, const std::string& help) {
    Add(app_.add_option(flag, value, help), "N")
        ->check(CLI::Range(1, 65535))
        ->default_str(value == 0 ? "" : std::to_string(value));
  }

  // A file, a path: taken as it is, and whose default is told in words.
  template <typename T>
  void Text(const std::string& flag, T& value, const std::string& type, const std::string& help) {
    Add(app_.add_option(flag, value, help), type);
  }

  // The same of a flag that may be repeated.
  void Texts(const std::string& flag, std::vector<std::string>& values, const std::string& type,
             const std::string& help) {
    Add(app_.add_option(flag, values, help), type)->allow_extra_args(false);
  }

  void Switch(const std::string& flag, bool& value, const std::string& help) {
    app_.add_flag(flag, value, help)->group(name_);
  }
  void SwitchOff(const std::string& flag, bool& value, const std::string& help) {
    app_.add_flag_callback(
            flag, [&value] { value = false; }, help)
        ->group(name_);
  }

 private:
  CLI::Option* Add(CLI::Option* option, const std::string& type) {
    return option->type_name(type)->group(name_);
  }

  CLI::App& app_;
  const char* name_;
};

void AddInputAndOutput(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Input and output");
  app.add_option("targets", options.targets_path,
                 "List of targets, one a line: text, CSV as\n"
                 "\"rank,domain\"; may be packed: gzip, zstd, xz,\nbzip2. - is standard input")
      ->type_name("FILE")
      ->capture_default_str();
  group.Word<TargetsKind>("--targets", options.targets_kind,
                          {{"domains", TargetsKind::kDomains},
                           {"hosts", TargetsKind::kHosts},
                           {"addresses", TargetsKind::kAddresses}},
                          "What the list holds:");
  group.Text("-o,--output", options.output_dir, "DIR", "Directory of the results; made if missing");
  group.Parsed(
      "--resume",
      [&options](const std::string& directory) {
        options.output_dir = directory;
        options.resume = true;
        return absl::OkStatus();
      },
      "DIR",
      "Go on with the scan that is in DIR, as it was\n"
      "begun: list and flags are known; those that say\n"
      "how fast may be given anew. A list from standard\n"
      "input has to be given again");
  app.get_option("--resume")->excludes(app.get_option("--output"));
  group.Duration("--max-runtime", options.max_runtime_ms,
                 "Stop after so long, to go on later; 0: never");
  group.Word<OutputFormat>("--format", options.format,
                           {{"parquet", OutputFormat::kParquet}, {"ndjson", OutputFormat::kNdjson}},
                           "How tables are written (ndjson: to stdout):");
  group.Duration("--epoch", options.epoch_seconds, "Commit results this often ...",
                 /*unit_ms=*/1000);
  group.Number("--epoch-rows", options.epoch_rows, "... or after so many rows");
  group.Word<ProgressMode>("--progress", options.progress,
                           {{"auto", ProgressMode::kAuto},
                            {"bar", ProgressMode::kBar},
                            {"plain", ProgressMode::kPlain},
                            {"json", ProgressMode::kJson},
                            {"none", ProgressMode::kNone}},
                           "What standard error shows meanwhile:");
}

// Whoever reaches the port reads how far the scan is: on this machine alone, unless somebody asks.
absl::Status TakeMetricsAddress(const std::string& text, ScanOptions* options) {
  uint32_t port = 0;
  const bool bare_port = ParseDigits(text, &port);
  const absl::StatusOr<dns::ServerAddress> address =
      dns::ParseServerAddress(bare_port ? JoinText("127.0.0.1:", text) : text);
  const bool has_port =
      bare_port || text.ends_with(JoinText(":", address.ok() ? address->port : 0));
  if (!address.ok() || !has_port) {
    return InvalidArgument(JoinText("\"", text, "\" is neither ADDRESS:PORT nor a port"));
  }
  options->metrics_address = *address;
  return absl::OkStatus();
}

// docs/operating.md has what they show.
void AddWatching(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Watching it");
  group.Word<LogLevel>("--log-level", options.log_level,
                       {{"debug", LogLevel::kDebug},
                        {"info", LogLevel::kInfo},
                        {"warning", LogLevel::kWarning},
                        {"error", LogLevel::kError},
                        {"off", LogLevel::kOff}},
                       "The least that a line has to matter:");
  group.Text("--status-file", options.status_file, "FILE",
             "File that says how things stand, as JSON, replaced\n"
             "every second");
  group.Parsed(
      "--metrics",
      [&options](const std::string& text) { return TakeMetricsAddress(text, &options); }, "ADDR",
      "Answer Prometheus at http://ADDRESS:PORT/metrics;\n"
      "a bare PORT: of 127.0.0.1");
}

void AddNames(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Names");
  group.EachParsed(
      "--resolver",
      [&options] {
        options.resolvers.clear();
        options.own_unbound = false;
      },
      [&options](const std::string& text) {
        if (text == "unbound") {
          options.own_unbound = true;
          return absl::OkStatus();
        }
        const auto address = dns::ParseServerAddress(text);
        if (address.ok()) options.resolvers.push_back(*address);
        return address.status();
      },
      "ADDR",
      "Name server to ask, ADDRESS or ADDRESS:PORT; may\n"
      "be repeated. Default: those of /etc/resolv.conf.\n"
      "DANE needs one that validates DNSSEC. unbound: one\n"
      "of our own, started and ended with the scan\n"
      "(Debian's packages unbound and dns-root-data)");
  group.Text("--unbound-config-include", options.unbound_config_include, "FILE",
             "File to add to its configuration, for private\n"
             "trees: stub zones, trust anchors. With anchors of\n"
             "its own, those of the root are left out");
  group.Switch("--trust-ad", options.trust_ad,
               "Believe a resolver on another machine that an\n"
               "answer is authentic: the path to it is safe");
  group.Duration("--dns-timeout", options.dns_timeout_ms, "For one question, with all attempts");
  group.Number("--dns-concurrency", options.dns_concurrency,
               "Questions open at once, all resolvers together");
  group.Text("--dns-rate", options.dns_rate_per_s, "N",
             "Queries a second to each resolver's address;\n"
             "0: no limit. Default: 500, and no limit for\n"
             "what is on this machine (127.0.0.0/8, ::1)");
}

void AddSourceAddresses(FlagGroup& group, ScanOptions& options) {
  group.EachParsed(
      "--source-address", [&options] { options.source_addresses.clear(); },
      [&options](const std::string& text) {
        const auto address = dns::IpAddress::Parse(text);
        if (!address) return InvalidArgument(JoinText("\"", text, "\" is not an address"));
        options.source_addresses.push_back(*address);
        return absl::OkStatus();
      },
      "ADDR",
      "Own address to connect from; may be repeated:\n"
      "connections take turns");
}

std::vector<std::pair<std::string, tls::ClientProfile>> OfferWords() {
  std::vector<std::pair<std::string, tls::ClientProfile>> words;
  for (const tls::ClientProfile profile : tls::kClientProfiles) {
    words.emplace_back(tls::ClientProfileWord(profile), profile);
  }
  return words;
}

// Each survey with the most connections it takes of one server.
std::string ProbeHelp() {
  constexpr std::pair<tls::Survey, std::string_view> kWhat[] = {
      {tls::Survey::kLegacy, "old versions, RC4, 3DES, NULL …"},
      {tls::Survey::kExport, "RSA_EXPORT, DHE_EXPORT"},
      {tls::Survey::kDhe, "prime of Diffie-Hellman"},
      {tls::Survey::kCerts, "RSA, ECDSA and no-SNI certificates"},
      {tls::Survey::kPq, "post-quantum groups, ML-DSA"}};
  std::string help =
      "Find out more of each server's TLS, by further\n"
      "connections (at most so many of one server):\n";
  for (const auto& [survey, what] : kWhat) {
    AppendText(&help, "  ", tls::SurveyName(survey), " (", tls::MostConnections(survey),
               "): ", what, "\n");
  }
  AppendText(&help, "  all (", tls::MostConnections(tls::SurveySet::All()),
             "). Default: none. See docs/probes.md");
  return help;
}

void AddDialogue(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Dialogue");
  group.Word<TlsMode>("--tls", options.tls_mode,
                      {{"starttls", TlsMode::kStartTls}, {"implicit", TlsMode::kImplicit}},
                      "How TLS begins: by STARTTLS, or at once:");
  group.Port("--port", options.port, "Port to connect to (25; 465 with --tls implicit)");
  group.Parsed(
      "--ehlo-name",
      [&options](const std::string& name) {
        options.ehlo_name = name;
        return scanner::ValidateEhloName(name);
      },
      "NAME",
      "Own name in EHLO. Default: this machine's full\n"
      "name. Reverse DNS of its address should agree");
  AddSourceAddresses(group, options);
  group.SwitchOff("-4,--ipv4-only", options.use_ipv6, "Leave out IPv6 addresses");
  group.SwitchOff("-6,--ipv6-only", options.use_ipv4, "Leave out IPv4 addresses");
  group.Text("--trust-store", options.trust_store, "PATH",
             "PEM file or directory of trust anchors.\n"
             "Default: those of the system");
  group.Word<tls::ClientProfile>("--offer", options.offer, OfferWords(),
                                 "Whose ClientHello ours resembles, as far as\n"
                                 "BoringSSL can: nobody's (all it has), OpenSSL\n"
                                 "3.5's, or Postfix 3.7's (level may: no SNI).\n"
                                 "Servers choose by what they are offered");
  group.Switch("--without-sni", options.also_without_server_name,
               "Connect once more without a server name, and see\n"
               "whether the server shows other certificates then");
  group.Parsed(
      "--probe",
      [&options](const std::string& list) {
        const absl::StatusOr<tls::SurveySet> surveys = tls::ParseSurveys(list);
        if (surveys.ok()) options.surveys = *surveys;
        return surveys.status();
      },
      "LIST", ProbeHelp());
  group.Switch("--revocation", options.revocation,
               "Fetch the revocation lists (CRLs) that trusted\n"
               "certificates name, each once, over plain HTTP");
}

void AddTimeouts(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Timeouts and further attempts");
  group.Duration("--connect-timeout", options.connect_timeout_ms, "For the connection");
  group.Duration("--greeting-timeout", options.greeting_timeout_ms,
                 "For the greeting; servers delay it by up to 25 s");
  group.Duration("--command-timeout", options.command_timeout_ms, "For the reply to a command");
  group.Duration("--handshake-timeout", options.handshake_timeout_ms, "For the TLS handshake");
  group.Duration("--quit-timeout", options.quit_timeout_ms, "For the reply to QUIT");
  group.Number("--retries", options.retries, "Further attempts after what may have been chance");
  group.Duration("--retry-delay", options.retry_delay_ms,
                 "Before the first of them; doubled for the next");
}

void AddMtaSts(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "MTA-STS and TLS reporting");
  group.Word<MtaStsLevel>(
      "--mta-sts", options.mta_sts,
      {{"off", MtaStsLevel::kOff}, {"record", MtaStsLevel::kRecord}, {"full", MtaStsLevel::kFull}},
      "Look into neither, into the records in DNS, or\n"
      "fetch the MTA-STS policies over HTTPS as well:");
  group.Port("--mta-sts-port", options.mta_sts_port, "Port of policy hosts (for tests)");
  group.Duration("--mta-sts-timeout", options.mta_sts_timeout_ms, "For one policy");
}

void AddPoliteness(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Politeness");
  group.Number("--rate", options.rate_per_s, "Connections begun in a second; 0: no limit");
  group.Number("--concurrency", options.concurrency, "Connections open at once");
  group.Number("--per-address-concurrency", options.per_address_concurrency,
               "Connections open to one address");
  group.Duration("--per-address-interval", options.per_address_interval_ms,
                 "Between connections to one address");
  group.Number("--per-prefix-rate", options.per_prefix_rate_per_s,
               "Connections begun in a second to one /24 (IPv4)\nor /64 (IPv6); 0: no limit");
  group.Number("--per-prefix-concurrency", options.per_prefix_concurrency,
               "Connections open to one of them; 0: no limit");
  group.Number(
      "--per-provider-rate", options.per_provider_rate_per_s,
      "Connections begun in a second to the MX hosts of\none registrable domain; 0: no limit");
  group.Number("--per-provider-concurrency", options.per_provider_concurrency,
               "Connections open to them; 0: no limit");
  group.Duration("--throttle-backoff", options.throttle_backoff_ms,
                 "Silence for an address that said 421; doubles");
  group.Texts("--blocklist", options.blocklist_paths, "FILE",
              "File of addresses, CIDR prefixes and ranges never\n"
              "to connect to; may be repeated");
  group.Texts("--allowlist", options.allowlist_paths, "FILE",
              "The same of those that alone may be connected to");
  group.Switch("--allow-special", options.allow_special,
               "Connect to loopback, private and other special\n"
               "addresses (for tests; see RFC 6890)");
}

void AddCrowds(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "Crowds");
  group.Duration("--patience", options.patience_ms,
                 "How long the scan goes on when only addresses are\n"
                 "left for which many wait; 0: not at all");
  group.Word<bool>("--infer", options.infer, {{"on", true}, {"off", false}},
                   "What still waits then is told what others met at\n"
                   "the address, if that was always the same:");
  group.Number("--max-hosts", options.max_hosts,
               "MX hosts of one domain that are asked, the\nsmallest preferences first");
  group.Number("--max-addresses", options.max_addresses, "Addresses of one domain, or host");
  group.Number(
      "--shuffle", options.shuffle_window,
      "Targets are taken in a random order from so many\nof the list at a time; 1: in its order");
}

void AddMachine(CLI::App& app, ScanOptions& options) {
  FlagGroup group(app, "This machine");
  group.Number("--workers", options.workers,
               "Threads; 0: one per core, and more where\n"
               "--concurrency needs them (see ulimit -n)");
  group.Number("--seed", options.seed,
               "Of the order of address ranges and whatever else\n"
               "is random; 0: another one each time");
  group.Text("--vantage", options.vantage, "NAME",
             "Where this machine stands, for scan.json: diff\n"
             "then tells what differs by place");
  group.SwitchOff("--no-sandbox", options.sandbox,
                  "Keep the right to open any file and to start\n"
                  "programs, which a scan under way does not need");
}

constexpr char kFooter[] =
    "\nTIME is 500ms, 10s, 1m30s or 2h.\n"
    "\nExamples:\n"
    "  mxsweep scan domains.txt -o survey\n"
    "      the MX hosts of each domain\n"
    "  zcat tranco.csv.gz | mxsweep scan - -o survey --resolver unbound\n"
    "      a ranked list, with a validating resolver of our own\n"
    "  mxsweep scan hosts.txt --targets hosts -o hosts --rate 50\n"
    "      mail servers by name, fifty connections a second\n"
    "  echo 192.0.2.0/24 | mxsweep scan - --targets addresses -o net\n"
    "      each address of a network\n"
    "  mxsweep scan domains.txt -o tls --tls implicit\n"
    "      implicit TLS on port 465\n"
    "  mxsweep scan --resume survey\n"
    "      go on with a scan that was stopped or killed\n"
    "  mxsweep scan domains.txt --format ndjson | jq 'select(.table == \"endpoints\")'\n"
    "      rows of all tables as they come\n";

}  // namespace

void RegisterScanFlags(CLI::App& app, scanner::ScanOptions& options) {
  app.get_formatter()->column_width(kFlagColumns);
  options.sandbox = true;
  AddInputAndOutput(app, options);
  AddNames(app, options);
  AddDialogue(app, options);
  AddTimeouts(app, options);
  AddMtaSts(app, options);
  AddPoliteness(app, options);
  AddCrowds(app, options);
  AddMachine(app, options);
  AddWatching(app, options);
  app.footer(kFooter);
}

std::vector<std::string> GivenFlags(const CLI::App& app) {
  // Of the one run only, or where it goes.
  static constexpr std::string_view kNotKept[] = {"output",    "resume",  "max-runtime", "progress",
                                                  "log-level", "metrics", "status-file", "help"};
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_positional()) continue;
    const std::vector<std::string>& names = option->get_lnames();
    if (names.empty() || std::ranges::find(kNotKept, names.front()) != std::end(kNotKept)) continue;
    const std::string flag = "--" + names.front();
    if (option->get_expected_max() == 0) {
      flags.push_back(flag);
      continue;
    }
    for (const std::string& value : option->results()) {
      flags.push_back(JoinText(flag, "=", value));
    }
  }
  return flags;
}

absl::Status TakeFlags(const std::vector<std::string>& flags, ScanOptions* options) {
  CLI::App app;
  RegisterScanFlags(app, *options);
  // CLI11 takes them from the end.
  std::vector<std::string> reversed(flags.rbegin(), flags.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return absl::OkStatus();
}

void RegisterCheckFlags(CLI::App& app, scanner::ScanOptions& options) {
  RegisterScanFlags(app, options);
  for (const char* flag : {"targets",
                           "--targets",
                           "--output",
                           "--resume",
                           "--max-runtime",
                           "--format",
                           "--epoch",
                           "--epoch-rows",
                           "--progress",
                           "--log-level",
                           "--status-file",
                           "--metrics",
                           "--dns-concurrency",
                           "--dns-rate",
                           "--tls",
                           "--rate",
                           "--concurrency",
                           "--per-address-concurrency",
                           "--per-address-interval",
                           "--throttle-backoff",
                           "--blocklist",
                           "--allowlist",
                           "--workers",
                           "--seed",
                           "--per-prefix-rate",
                           "--per-prefix-concurrency",
                           "--per-provider-rate",
                           "--per-provider-concurrency",
                           "--patience",
                           "--infer",
                           "--shuffle",
                           "--without-sni",
                           "--vantage"}) {
    app.remove_option(app.get_option(flag));
  }
}

void RegisterDoctorFlags(CLI::App& app, scanner::ScanOptions& options) {
  RegisterScanFlags(app, options);
  static constexpr std::string_view kKept[] = {"help",
                                               "resolver",
                                               "unbound-config-include",
                                               "trust-ad",
                                               "dns-timeout",
                                               "dns-rate",
                                               "ehlo-name",
                                               "trust-store",
                                               "source-address",
                                               "connect-timeout",
                                               "rate",
                                               "concurrency",
                                               "allow-special"};
  for (CLI::Option* option : app.get_options()) {
    const std::vector<std::string>& names = option->get_lnames();
    if (names.empty() || std::ranges::find(kKept, names.front()) == std::end(kKept)) {
      app.remove_option(option);
    }
  }
}

ScanOptions CheckDefaults() {
  ScanOptions options;
  options.format = OutputFormat::kCaller;
  options.mta_sts = MtaStsLevel::kFull;
  options.also_without_server_name = true;
  options.retry_delay_ms = 3'000;
  options.throttle_backoff_ms = 3'000;
  options.dns_timeout_ms = 10'000;
  options.concurrency = 100;
  options.shuffle_window = 1;
  options.per_prefix_rate_per_s = 0;
  options.workers = 1;
  options.progress = ProgressMode::kNone;
  return options;
}

}  // namespace mxsweep::tools
