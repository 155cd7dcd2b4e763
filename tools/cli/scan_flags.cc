#include "tools/cli/scan_flags.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "scanner/base/text.h"
#include "scanner/smtp/command.h"
#include "tls/probe/surveys.h"
#include "tls/session/client_profile.h"

namespace mxsweep::tools {
namespace {

using scanner::MtaStsLevel;
using scanner::OutputFormat;
using scanner::ProgressMode;
using scanner::ScanOptions;
using scanner::TargetsKind;
using scanner::TlsMode;

// Help is written for 80 columns: 30 for the flag, the rest for lines of at most 50 characters.
constexpr size_t kFlagColumns = 30;

// CLI11 reports errors by its own exceptions; it catches them where it prints the usage.
template <typename T>
T ValueOrThrow(const std::string& flag, const absl::StatusOr<T>& value) {
  if (!value.ok()) throw CLI::ValidationError(flag, std::string(value.status().message()));
  return *value;
}

// CLI11 shows a default behind '='.
CLI::Option* AddDuration(CLI::App& app, const std::string& flag, int64_t& value_ms,
                         const std::string& help) {
  return app
      .add_option_function<std::string>(
          flag,
          [flag, &value_ms](const std::string& text) {
            value_ms = ValueOrThrow(flag, scanner::ParseDurationMs(text));
          },
          help)
      ->type_name("TIME")
      ->default_str(scanner::FormatDurationMs(value_ms));
}

template <typename Enum>
CLI::Option* AddWord(CLI::App& app, const std::string& flag, Enum& value,
                     const std::vector<std::pair<std::string, Enum>>& words,
                     const std::string& help) {
  std::string names;
  std::string default_word;
  for (const auto& [word, meaning] : words) {
    AppendText(&names, names.empty() ? "" : "|", word);
    if (meaning == value) default_word = word;
  }
  return app
      .add_option_function<std::string>(
          flag,
          [flag, names, words, &value](const std::string& text) {
            for (const auto& [word, meaning] : words) {
              if (word != text) continue;
              value = meaning;
              return;
            }
            throw CLI::ValidationError(flag, JoinText("\"", text, "\" is none of ", names));
          },
          JoinText(help, "\n", names))
      ->type_name("WORD")
      ->default_str(default_word);
}

template <typename T>
CLI::Option* AddNumber(CLI::App& app, const std::string& flag, T& value, const std::string& help) {
  return app.add_option(flag, value, help)->type_name("N")->capture_default_str();
}

void AddInputAndOutput(CLI::App& app, ScanOptions& options) {
  const char* group = "Input and output";
  app.add_option("targets", options.targets_path,
                 "List of targets, one a line: text, CSV as\n"
                 "\"rank,domain\"; may be packed: gzip, zstd, xz,\nbzip2. - is standard input")
      ->type_name("FILE")
      ->capture_default_str();
  AddWord<TargetsKind>(app, "--targets", options.targets_kind,
                       {{"domains", TargetsKind::kDomains},
                        {"hosts", TargetsKind::kHosts},
                        {"addresses", TargetsKind::kAddresses}},
                       "What the list holds:")
      ->group(group);
  app.add_option("-o,--output", options.output_dir, "Directory of the results; made if missing")
      ->type_name("DIR")
      ->group(group);
  AddWord<OutputFormat>(app, "--format", options.format,
                        {{"parquet", OutputFormat::kParquet}, {"ndjson", OutputFormat::kNdjson}},
                        "How tables are written (ndjson: to stdout):")
      ->group(group);
  app.add_option_function<std::string>(
         "--epoch",
         [&options](const std::string& text) {
           options.epoch_seconds = ValueOrThrow("--epoch", scanner::ParseDurationMs(text)) / 1000;
         },
         "Commit results this often ...")
      ->type_name("TIME")
      ->default_str(scanner::FormatDurationMs(options.epoch_seconds * 1000))
      ->group(group);
  AddNumber(app, "--epoch-rows", options.epoch_rows, "... or after so many rows")->group(group);
  AddWord<ProgressMode>(app, "--progress", options.progress,
                        {{"auto", ProgressMode::kAuto},
                         {"bar", ProgressMode::kBar},
                         {"plain", ProgressMode::kPlain},
                         {"json", ProgressMode::kJson},
                         {"none", ProgressMode::kNone}},
                        "What standard error shows meanwhile:")
      ->group(group);
}

void AddNames(CLI::App& app, ScanOptions& options) {
  const char* group = "Names";
  app.add_option_function<std::vector<std::string>>(
         "--resolver",
         [&options](const std::vector<std::string>& texts) {
           options.resolvers.clear();
           options.own_unbound = false;
           for (const std::string& text : texts) {
             if (text == "unbound") {
               options.own_unbound = true;
               continue;
             }
             options.resolvers.push_back(ValueOrThrow("--resolver", dns::ParseServerAddress(text)));
           }
         },
         "Name server to ask, ADDRESS or ADDRESS:PORT; may\n"
         "be repeated. Default: those of /etc/resolv.conf.\n"
         "DANE needs one that validates DNSSEC. unbound: one\n"
         "of our own, started and ended with the scan\n"
         "(Debian's packages unbound and dns-root-data)")
      ->type_name("ADDR")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--unbound-config-include", options.unbound_config_include,
                 "File to add to its configuration, for private\n"
                 "trees: stub zones, trust anchors. With anchors of\n"
                 "its own, those of the root are left out")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--trust-ad", options.trust_ad,
               "Believe a resolver on another machine that an\n"
               "answer is authentic: the path to it is safe")
      ->group(group);
  AddDuration(app, "--dns-timeout", options.dns_timeout_ms, "For one question, with all attempts")
      ->group(group);
  AddNumber(app, "--dns-concurrency", options.dns_concurrency,
            "Questions open at once, all resolvers together")
      ->group(group);
  app.add_option("--dns-rate", options.dns_rate_per_s,
                 "Queries a second to each resolver's address;\n"
                 "0: no limit. Default: 500, and no limit for\n"
                 "what is on this machine (127.0.0.0/8, ::1)")
      ->type_name("N")
      ->group(group);
}

void AddSourceAddresses(CLI::App& app, ScanOptions& options) {
  app.add_option_function<std::vector<std::string>>(
         "--source-address",
         [&options](const std::vector<std::string>& texts) {
           options.source_addresses.clear();
           for (const std::string& text : texts) {
             const auto address = dns::IpAddress::Parse(text);
             if (!address.has_value()) {
               throw CLI::ValidationError("--source-address",
                                          JoinText("\"", text, "\" is not an address"));
             }
             options.source_addresses.push_back(*address);
           }
         },
         "Own address to connect from; may be repeated:\n"
         "connections take turns")
      ->type_name("ADDR")
      ->allow_extra_args(false)
      ->group("Dialogue");
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
  const char* group = "Dialogue";
  AddWord<TlsMode>(app, "--tls", options.tls_mode,
                   {{"starttls", TlsMode::kStartTls}, {"implicit", TlsMode::kImplicit}},
                   "How TLS begins: by STARTTLS, or at once:")
      ->group(group);
  app.add_option("--port", options.port, "Port to connect to (25; 465 with --tls implicit)")
      ->type_name("N")
      ->check(CLI::Range(1, 65535))
      ->default_str("")
      ->group(group);
  app.add_option_function<std::string>(
         "--ehlo-name",
         [&options](const std::string& name) {
           const absl::Status status = scanner::ValidateEhloName(name);
           if (!status.ok()) {
             throw CLI::ValidationError("--ehlo-name", std::string(status.message()));
           }
           options.ehlo_name = name;
         },
         "Own name in EHLO. Default: this machine's full\n"
         "name. Reverse DNS of its address should agree")
      ->type_name("NAME")
      ->group(group);
  AddSourceAddresses(app, options);
  app.add_flag_callback(
         "-4,--ipv4-only", [&options] { options.use_ipv6 = false; }, "Leave out IPv6 addresses")
      ->group(group);
  app.add_flag_callback(
         "-6,--ipv6-only", [&options] { options.use_ipv4 = false; }, "Leave out IPv4 addresses")
      ->group(group);
  app.add_option("--trust-store", options.trust_store,
                 "PEM file or directory of trust anchors.\n"
                 "Default: those of the system")
      ->type_name("PATH")
      ->group(group);
  AddWord<tls::ClientProfile>(app, "--offer", options.offer, OfferWords(),
                              "Whose ClientHello ours resembles, as far as\n"
                              "BoringSSL can: nobody's (all it has), OpenSSL\n"
                              "3.5's, or Postfix 3.7's (level may: no SNI).\n"
                              "Servers choose by what they are offered")
      ->group(group);
  app.add_flag("--without-sni", options.also_without_server_name,
               "Connect once more without a server name, and see\n"
               "whether the server shows other certificates then")
      ->group(group);
  app.add_option_function<std::string>(
         "--probe",
         [&options](const std::string& list) {
           const absl::StatusOr<tls::SurveySet> surveys = tls::ParseSurveys(list);
           if (!surveys.ok()) {
             throw CLI::ValidationError("--probe", std::string(surveys.status().message()));
           }
           options.surveys = *surveys;
         },
         ProbeHelp())
      ->type_name("LIST")
      ->group(group);
  app.add_flag("--revocation", options.revocation,
               "Fetch the revocation lists (CRLs) that trusted\n"
               "certificates name, each once, over plain HTTP")
      ->group(group);
}

void AddTimeouts(CLI::App& app, ScanOptions& options) {
  const char* group = "Timeouts and further attempts";
  AddDuration(app, "--connect-timeout", options.connect_timeout_ms, "For the connection")
      ->group(group);
  AddDuration(app, "--greeting-timeout", options.greeting_timeout_ms,
              "For the greeting; servers delay it by up to 25 s")
      ->group(group);
  AddDuration(app, "--command-timeout", options.command_timeout_ms, "For the reply to a command")
      ->group(group);
  AddDuration(app, "--handshake-timeout", options.handshake_timeout_ms, "For the TLS handshake")
      ->group(group);
  AddDuration(app, "--quit-timeout", options.quit_timeout_ms, "For the reply to QUIT")
      ->group(group);
  AddNumber(app, "--retries", options.retries, "Further attempts after what may have been chance")
      ->group(group);
  AddDuration(app, "--retry-delay", options.retry_delay_ms,
              "Before the first of them; doubled for the next")
      ->group(group);
}

void AddMtaSts(CLI::App& app, ScanOptions& options) {
  const char* group = "MTA-STS and TLS reporting";
  AddWord<MtaStsLevel>(
      app, "--mta-sts", options.mta_sts,
      {{"off", MtaStsLevel::kOff}, {"record", MtaStsLevel::kRecord}, {"full", MtaStsLevel::kFull}},
      "Look into neither, into the records in DNS, or\n"
      "fetch the MTA-STS policies over HTTPS as well:")
      ->group(group);
  app.add_option("--mta-sts-port", options.mta_sts_port, "Port of policy hosts (for tests)")
      ->type_name("N")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str()
      ->group(group);
  AddDuration(app, "--mta-sts-timeout", options.mta_sts_timeout_ms, "For one policy")->group(group);
}

void AddPoliteness(CLI::App& app, ScanOptions& options) {
  const char* group = "Politeness";
  AddNumber(app, "--rate", options.rate_per_s, "Connections begun in a second; 0: no limit")
      ->group(group);
  AddNumber(app, "--concurrency", options.concurrency, "Connections open at once")->group(group);
  AddNumber(app, "--per-address-concurrency", options.per_address_concurrency,
            "Connections open to one address")
      ->group(group);
  AddDuration(app, "--per-address-interval", options.per_address_interval_ms,
              "Between connections to one address")
      ->group(group);
  AddNumber(app, "--per-prefix-rate", options.per_prefix_rate_per_s,
            "Connections begun in a second to one /24 (IPv4)\nor /64 (IPv6); 0: no limit")
      ->group(group);
  AddNumber(app, "--per-prefix-concurrency", options.per_prefix_concurrency,
            "Connections open to one of them; 0: no limit")
      ->group(group);
  AddNumber(app, "--per-provider-rate", options.per_provider_rate_per_s,
            "Connections begun in a second to the MX hosts of\none registrable domain; 0: no limit")
      ->group(group);
  AddNumber(app, "--per-provider-concurrency", options.per_provider_concurrency,
            "Connections open to them; 0: no limit")
      ->group(group);
  AddDuration(app, "--throttle-backoff", options.throttle_backoff_ms,
              "Silence for an address that said 421; doubles")
      ->group(group);
  app.add_option("--blocklist", options.blocklist_paths,
                 "File of addresses, CIDR prefixes and ranges never\n"
                 "to connect to; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--allowlist", options.allowlist_paths,
                 "The same of those that alone may be connected to")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--allow-special", options.allow_special,
               "Connect to loopback, private and other special\n"
               "addresses (for tests; see RFC 6890)")
      ->group(group);
}

void AddCrowds(CLI::App& app, ScanOptions& options) {
  const char* group = "Crowds";
  AddDuration(app, "--patience", options.patience_ms,
              "How long the scan goes on when only addresses are\n"
              "left for which many wait; 0: not at all")
      ->group(group);
  AddWord<bool>(app, "--infer", options.infer, {{"on", true}, {"off", false}},
                "What still waits then is told what others met at\n"
                "the address, if that was always the same:")
      ->group(group);
  AddNumber(app, "--max-hosts", options.max_hosts,
            "MX hosts of one domain that are asked, the\nsmallest preferences first")
      ->group(group);
  AddNumber(app, "--max-addresses", options.max_addresses, "Addresses of one domain, or host")
      ->group(group);
  AddNumber(
      app, "--shuffle", options.shuffle_window,
      "Targets are taken in a random order from so many\nof the list at a time; 1: in its order")
      ->group(group);
}

void AddMachine(CLI::App& app, ScanOptions& options) {
  const char* group = "This machine";
  AddNumber(app, "--workers", options.workers,
            "Threads; 0: one per core, and more where\n"
            "--concurrency needs them (see ulimit -n)")
      ->group(group);
  AddNumber(app, "--seed", options.seed,
            "Of the order of address ranges and whatever else\n"
            "is random; 0: another one each time")
      ->group(group);
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
    "  mxsweep scan domains.txt --format ndjson | jq 'select(.table == \"endpoints\")'\n"
    "      rows of all tables as they come\n";

}  // namespace

void RegisterScanFlags(CLI::App& app, scanner::ScanOptions& options) {
  app.get_formatter()->column_width(kFlagColumns);
  AddInputAndOutput(app, options);
  AddNames(app, options);
  AddDialogue(app, options);
  AddTimeouts(app, options);
  AddMtaSts(app, options);
  AddPoliteness(app, options);
  AddCrowds(app, options);
  AddMachine(app, options);
  app.footer(kFooter);
}

void RegisterCheckFlags(CLI::App& app, scanner::ScanOptions& options) {
  RegisterScanFlags(app, options);
  for (const char* flag : {"targets",
                           "--targets",
                           "--output",
                           "--format",
                           "--epoch",
                           "--epoch-rows",
                           "--progress",
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
                           "--without-sni"}) {
    app.remove_option(app.get_option(flag));
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
