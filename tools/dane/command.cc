#include "tools/dane/command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dns/name.h"
#include "scanner/base/text.h"
#include "tls/pki/pem_chain.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/dane/report.h"
#include "tools/dane/tlsa_text.h"

namespace mxsweep::tools {
namespace {

// No chain is longer, whatever text stands around it.
constexpr size_t kMaxChainFileBytes = 16 << 20;

struct DaneFlags {
  std::string chain_path;
  std::vector<std::string> tlsa;
  std::string name;
  std::vector<std::string> next_hops;
  bool mx_insecure = false;
  std::string at;
  bool json = false;
};

absl::StatusOr<std::string> ReadAll(std::istream& in) {
  std::string text;
  char block[65536];
  while (in.read(block, sizeof(block)) || in.gcount() > 0) {
    text.append(block, static_cast<size_t>(in.gcount()));
    if (text.size() > kMaxChainFileBytes) return InvalidArgument("too long for a chain");
  }
  if (in.bad()) return InvalidArgument("cannot be read");
  return text;
}

absl::StatusOr<std::vector<tls::DerHandle>> ReadChain(const std::string& path) {
  absl::StatusOr<std::string> text;
  if (path == "-") {
    text = ReadAll(std::cin);
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return InvalidArgument(JoinText("--chain ", path, ": ", std::strerror(errno)));
    text = ReadAll(file);
  }
  absl::Status status = text.status();
  if (status.ok()) {
    absl::StatusOr<std::vector<tls::DerHandle>> chain = tls::ReadPemChain(*text);
    if (chain.ok()) return chain;
    status = chain.status();
  }
  return InvalidArgument(JoinText("--chain ", path, ": ", MessageOf(status)));
}

// One record, or one a line, as dig prints them.
absl::Status ReadRecords(const std::string& text, std::vector<dns::TlsaRecord>* records) {
  const bool one = text.find('(') != std::string::npos;  // spread over lines
  const size_t before = records->size();
  for (size_t at = 0; at < text.size();) {
    const size_t end = one ? text.size() : std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (TrimText(line).empty()) continue;
    absl::StatusOr<dns::TlsaRecord> record = ParseTlsaText(line);
    if (!record.ok()) {
      return InvalidArgument(
          JoinText("--tlsa \"", line.substr(0, 80), "\": ", MessageOf(record.status())));
    }
    records->push_back(*std::move(record));
  }
  return records->size() > before ? absl::OkStatus() : InvalidArgument("--tlsa: it is empty");
}

absl::StatusOr<std::string> ReadName(const std::string& flag, const std::string& text) {
  absl::StatusOr<std::string> name = dns::NormalizeDomain(text);
  if (name.ok()) return name;
  return InvalidArgument(JoinText(flag, " ", text, ": ", MessageOf(name.status())));
}

// "2026-11-22T05:00:00Z" (RFC 3339), or seconds since 1970; empty: now.
absl::StatusOr<int64_t> ReadTime(const std::string& text) {
  if (text.empty()) return absl::ToUnixSeconds(absl::Now());
  int64_t seconds = 0;
  if (ParseDigits(text, &seconds)) return seconds;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return absl::ToUnixSeconds(time);
  return InvalidArgument(JoinText("--at ", text,
                                  ": not a time such as 2026-11-22T05:00:00Z, and not a number of "
                                  "seconds since 1970"));
}

absl::StatusOr<DaneCase> ReadCase(const DaneFlags& flags) {
  DaneCase dane;
  for (const std::string& text : flags.tlsa) {
    if (absl::Status status = ReadRecords(text, &dane.records); !status.ok()) return status;
  }
  absl::StatusOr<std::string> name = ReadName("--name", flags.name);
  if (!name.ok()) return name.status();
  dane.reference.tlsa_base_domain = *std::move(name);
  for (const std::string& text : flags.next_hops) {
    absl::StatusOr<std::string> next_hop = ReadName("--next-hop", text);
    if (!next_hop.ok()) return next_hop.status();
    dane.reference.next_hop_names.push_back(*std::move(next_hop));
  }
  dane.reference.mx_secure = !flags.mx_insecure;
  const absl::StatusOr<int64_t> time_s = ReadTime(flags.at);
  if (!time_s.ok()) return time_s.status();
  dane.time_s = *time_s;
  absl::StatusOr<std::vector<tls::DerHandle>> chain = ReadChain(flags.chain_path);
  if (!chain.ok()) return chain.status();
  dane.chain = *std::move(chain);
  return dane;
}

int RunDaneCommand(const DaneFlags& flags) {
  absl::StatusOr<DaneCase> dane = ReadCase(flags);
  if (!dane.ok()) {
    std::fprintf(stderr, "mxsweep: %s\n", std::string(dane.status().message()).c_str());
    return kExitWrongUsage;
  }
  dane->verdict = tls::JudgeDane(dane->records, dane->chain, dane->reference, dane->time_s);
  const std::string text =
      flags.json
          ? DescribeDane(*dane).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
          : RenderDane(*dane);
  return Print(text, dane->verdict.status == tls::DaneStatus::kMatch ? kExitDone : kExitFailed);
}

}  // namespace

void AddDaneCommand(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("dane", "Judges a chain by TLSA records, offline (RFC 7672)");
  auto flags = std::make_shared<DaneFlags>();
  command
      ->add_option("--chain", flags->chain_path,
                   "PEM file, leaf first; text between is passed\nover; - is standard input")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--tlsa", flags->tlsa,
                   "TLSA record, \"3 1 1 HEX\" or a zone file's line;\nmay be repeated")
      ->type_name("RECORD")
      ->allow_extra_args(false)
      ->required();
  command->add_option("--name", flags->name, "TLSA base domain: mostly the MX host")
      ->type_name("HOST")
      ->required();
  command
      ->add_option(
          "--next-hop", flags->next_hops,
          "Recipient's domain; repeat it for what that is\na CNAME of. The leaf may be for it")
      ->type_name("DOMAIN")
      ->allow_extra_args(false);
  command->add_flag("--mx-insecure", flags->mx_insecure,
                    "The MX answer was not signed: only --name counts");
  command
      ->add_option(
          "--at", flags->at,
          "Judge for this time (2026-11-22T05:00:00Z, or\nseconds since 1970) instead of now")
      ->type_name("TIME");
  command->add_flag("--json", flags->json, "Print JSON");
  command->footer(
      "Exit code: 0 match, 1 no match or not known, 2 wrong usage.\n\n"
      "Examples:\n"
      "  mxsweep dane --chain chain.pem --name mx.example.org --tlsa \"3 1 1 2bb1...\"\n"
      "  openssl s_client -starttls smtp -connect mx.example.org:25 -showcerts </dev/null |\n"
      "      mxsweep dane --chain - --name mx.example.org --next-hop example.org \\\n"
      "      --tlsa \"$(dig +short TLSA _25._tcp.mx.example.org)\"");
  command->callback([flags, &exit_code] { exit_code = RunDaneCommand(*flags); });
}

}  // namespace mxsweep::tools
