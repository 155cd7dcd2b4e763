#include "tools/diff/facts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"
#include "tools/policy/simulation.h"

namespace mxsweep::tools {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

using Detail = ScanFacts::Detail;

std::vector<std::string> HostColumns(Detail detail) {
  std::vector<std::string> columns = {"host",        "provider",    "address_status",
                                      "ipv4_status", "ipv6_status", "unasked_address_count",
                                      "started_at"};
  if (detail == Detail::kByPlace) columns.push_back("addresses");
  return columns;
}

std::vector<std::string> ServerColumns(Detail detail) {
  std::vector<std::string> columns = {
      "host",          "address",      "port",        "outcome",     "stage",
      "inferred",      "offer",        "may_be_ours", "tls_version", "leaf_key_type",
      "leaf_key_bits", "chain_sha256", "pkix_status", "name_match",  "revocation_status",
      "started_at"};
  if (detail == Detail::kByPlace) columns.insert(columns.end(), {"greeting", "ehlo_keywords"});
  return columns;
}

const std::vector<std::string>& DomainColumns() {
  static const auto* const kColumns = new std::vector<std::string>{"domain",
                                                                   "mx_status",
                                                                   "mx",
                                                                   "unknown_endpoint_count",
                                                                   "dane_status",
                                                                   "mta_sts_status",
                                                                   "mta_sts_policy_status",
                                                                   "mta_sts_mode"};
  return *kColumns;
}

template <typename Enum>
struct Word {
  std::string_view word;
  Enum means;
};

template <typename Enum, size_t kCount>
Enum Look(const Word<Enum> (&words)[kCount], std::string_view word, Enum otherwise) {
  const auto* found = std::ranges::find(words, word, &Word<Enum>::word);
  return found == std::end(words) ? otherwise : found->means;
}

constexpr Word<Dialogue> kDialogues[] = {
    {"tls_ok", Dialogue::kEncrypts},
    {"no_starttls", Dialogue::kNoStartTls},
    {"starttls_refused", Dialogue::kStartTlsRefused},
    {"connect_refused", Dialogue::kNotListening},
    {"smtp_protocol_error", Dialogue::kNoSmtp},
    {"greeting_4xx", Dialogue::kTurnedAway},
    {"greeting_5xx", Dialogue::kTurnedAway},
    {"ehlo_refused", Dialogue::kTurnedAway},
    {"throttled_421", Dialogue::kTurnedAway},
    {"blocked", Dialogue::kNotAsked},
};

// Those that stage does not decide.
constexpr Word<Ending> kEndingWords[] = {
    {"tls_ok", Ending::kAnswers},
    {"no_starttls", Ending::kAnswers},
    {"starttls_refused", Ending::kAnswers},
    {"tls_alert", Ending::kAnswers},
    {"tls_timeout", Ending::kAnswers},
    {"tls_protocol_error", Ending::kAnswers},
    {"connect_refused", Ending::kRefused},
    {"connect_timeout", Ending::kNoReply},
    {"unreachable", Ending::kUnreachable},
    {"greeting_timeout", Ending::kSilent},
    {"command_timeout", Ending::kSilent},
    {"closed_early", Ending::kBrokenOff},
    {"reset", Ending::kBrokenOff},
    {"greeting_5xx", Ending::kRejected},
    {"greeting_4xx", Ending::kDeferred},
    {"throttled_421", Ending::kDeferred},
    {"ehlo_refused", Ending::kEhloRefused},
    {"smtp_protocol_error", Ending::kNoSmtp},
    {"not_asked_no_route", Ending::kNoRoute},
    {"local_no_route", Ending::kNoRoute},
    {"not_asked_crowded", Ending::kNotAsked},
    {"blocked", Ending::kNotAsked},
};

constexpr Word<Version> kVersions[] = {{"SSLv3", Version::kSsl3},
                                       {"TLSv1", Version::kTls10},
                                       {"TLSv1.1", Version::kTls11},
                                       {"TLSv1.2", Version::kTls12},
                                       {"TLSv1.3", Version::kTls13}};

constexpr Word<KeyKind> kKeys[] = {{"rsa", KeyKind::kRsa},
                                   {"rsa_pss", KeyKind::kRsa},
                                   {"ec", KeyKind::kEc},
                                   {"ed25519", KeyKind::kEdwards},
                                   {"ed448", KeyKind::kEdwards}};

constexpr Word<MailState> kMailStates[] = {
    {"mx", MailState::kTakesMail},          {"implicit", MailState::kTakesMail},
    {"nxdomain", MailState::kNxdomain},     {"null_mx", MailState::kNullMx},
    {"no_mail", MailState::kNoMail},        {"invalid_name", MailState::kInvalidName},
    {"local_error", MailState::kOurTrouble}};

constexpr Word<DaneState> kDaneStates[] = {{"none", DaneState::kNone},
                                           {"full", DaneState::kFull},
                                           {"partial", DaneState::kPartial},
                                           {"broken", DaneState::kBroken},
                                           {"optional", DaneState::kOptional}};

constexpr Word<StsState> kRecords[] = {{"valid", StsState::kValid},
                                       {"none", StsState::kNone},
                                       {"invalid", StsState::kBroken},
                                       {"multiple", StsState::kBroken}};

// Words of a policy that could not be fetched for reasons that may pass, or that are ours: whether
// there is one is not known.
constexpr std::string_view kPolicyNotKnown[] = {
    "webpki_not_known", "host_lookup_error", "connect_timeout", "unreachable",
    "timeout",          "closed_early",      "reset",           "not_asked_crowded",
    "blocked",          "local_error"};

Lookup LookupOf(const std::optional<std::string>& status) {
  if (!status) return Lookup::kNotMade;
  if (*status == "ok") return Lookup::kFound;
  return *status == "nodata" || *status == "nxdomain" ? Lookup::kNone : Lookup::kFailed;
}

Server ServerOf(const EndpointRow& row) {
  Server server{.address = absl::HashOf(ToAbsl(row.address), row.port),
                .started_us = absl::ToUnixMicros(row.started_at),
                .key_bits = row.leaf_key_bits.value_or(0),
                .port = row.port,
                .dialogue = DialogueOf(row),
                .trust = TrustOf(row),
                .version = VersionOf(row),
                .ending = EndingOf(row),
                .is_ipv6 = row.address.find(':') != row.address.npos,
                .inferred = row.inferred,
                .older_for_us = row.offer == "tls12"};
  if (row.leaf_key_type) server.key = Look(kKeys, *row.leaf_key_type, KeyKind::kNotKnown);
  if (row.chain_sha256 && !row.chain_sha256->empty()) {
    server.leaf = absl::HashOf(row.chain_sha256->front());
  }
  return server;
}

}  // namespace

Dialogue DialogueOf(const EndpointRow& row) {
  const bool in_handshake = row.stage == "handshake";
  const bool failed = row.outcome == "tls_alert" || row.outcome == "tls_protocol_error" ||
                      (in_handshake && (row.outcome == "closed_early" || row.outcome == "reset"));
  if (failed) return row.may_be_ours ? Dialogue::kMayBeOurs : Dialogue::kHandshakeFails;
  const std::string_view outcome = row.outcome;
  if (outcome.starts_with("local_")) return Dialogue::kOurTrouble;
  if (outcome.starts_with("not_asked_")) return Dialogue::kNotAsked;
  return Look(kDialogues, outcome, Dialogue::kSilent);
}

Ending EndingOf(const EndpointRow& row) {
  const std::string_view outcome = row.outcome;
  // EHLO was answered, whatever came then.
  const bool greeted = row.stage == "starttls" || row.stage == "handshake";
  if (greeted && (outcome == "command_timeout" || outcome == "closed_early" || outcome == "reset" ||
                  outcome == "smtp_protocol_error")) {
    return Ending::kAnswers;
  }
  const Ending otherwise = outcome.starts_with("local_") ? Ending::kOurTrouble : Ending::kNotKnown;
  return Look(kEndingWords, outcome, otherwise);
}

bool MasksKeywords(const EndpointRow& row) {
  constexpr size_t kLeast = 4;
  if (!row.ehlo_keywords) return false;
  return std::ranges::any_of(*row.ehlo_keywords, [](const std::string& keyword) {
    const std::string_view word = std::string_view(keyword).substr(0, keyword.find(' '));
    const size_t others = word.find_first_not_of('X');
    return word.size() >= kLeast && (others == word.npos || others + 1 == word.size());
  });
}

std::string_view GreeterOf(const EndpointRow& row) {
  constexpr size_t kCodeBytes = 4;  // "220 ", "220-"
  if (!row.greeting || row.greeting->size() < kCodeBytes) return "";
  const std::string_view text = TrimText(std::string_view(*row.greeting).substr(kCodeBytes));
  return text.substr(0, text.find_first_of(" \t\r\n"));
}

Trust TrustOf(const EndpointRow& row) {
  if (row.outcome != "tls_ok" || !row.pkix_status) return Trust::kNotKnown;
  if (row.pkix_status == "expired") return Trust::kExpired;
  if (row.pkix_status != "valid") return Trust::kUntrusted;
  if (!row.name_match) return Trust::kNotKnown;
  if (row.name_match == "none") return Trust::kWrongName;
  return row.revocation_status == "revoked" ? Trust::kRevoked : Trust::kTrusted;
}

Version VersionOf(const EndpointRow& row) {
  if (row.outcome != "tls_ok" || !row.tls_version) return Version::kNotKnown;
  return Look(kVersions, *row.tls_version, Version::kNotKnown);
}

MailState MailStateOf(const DomainRow& row) {
  return Look(kMailStates, row.mx_status, MailState::kLookupFailed);
}

DaneState DaneStateOf(const DomainRow& row) {
  return row.dane_status ? Look(kDaneStates, *row.dane_status, DaneState::kNotKnown)
                         : DaneState::kNotKnown;
}

StsState StsStateOf(const DomainRow& row) {
  if (!row.mta_sts_status) return StsState::kNotAsked;
  const StsState record = Look(kRecords, *row.mta_sts_status, StsState::kNotKnown);
  // Without --mta-sts full, the record is all that is known.
  if (record != StsState::kValid || !row.mta_sts_policy_status) return record;
  const std::string& policy = *row.mta_sts_policy_status;
  if (std::ranges::find(kPolicyNotKnown, policy) != std::end(kPolicyNotKnown)) {
    return StsState::kNotKnown;
  }
  if (policy != "valid") return StsState::kBroken;
  return row.mta_sts_mode == "none" ? StsState::kModeNone : StsState::kValid;
}

uint32_t ScanFacts::HostNumber(std::string_view name) {
  const auto [found, is_new] =
      host_numbers_.try_emplace(std::string(name), static_cast<uint32_t>(hosts_.size()));
  if (is_new) hosts_.push_back({.name = std::string(name)});
  return found->second;
}

absl::Status ScanFacts::ReadHosts(const output::ScanDirectory& scan, Detail detail) {
  absl::flat_hash_map<std::string, uint32_t> providers;
  return output::ForEachRow<MxHostRow>(scan, HostColumns(detail), [&](const MxHostRow& row) {
    const uint32_t number = HostNumber(row.host);
    Host& host = hosts_[number];
    const int64_t started_us = absl::ToUnixMicros(row.started_at);
    if (started_us < host.started_us) return absl::OkStatus();
    host.started_us = started_us;
    host.addresses = LookupOf(row.address_status);
    host.ipv4 = LookupOf(row.ipv4_status);
    host.ipv6 = LookupOf(row.ipv6_status);
    host.has_unasked_addresses = row.unasked_address_count.value_or(0) > 0;
    if (detail == Detail::kByPlace) {
      host_addresses_.resize(hosts_.size());
      host_addresses_[number] = row.addresses.value_or(std::vector<std::string>());
      std::ranges::sort(host_addresses_[number]);
    }
    if (row.provider) {
      const auto [provider, is_new] =
          providers.try_emplace(*row.provider, static_cast<uint32_t>(providers_.size()));
      if (is_new) providers_.push_back(*row.provider);
      host.provider = provider->second;
    }
    return absl::OkStatus();
  });
}

absl::Status ScanFacts::ReadServers(const output::ScanDirectory& scan, Detail detail) {
  absl::flat_hash_map<std::string, uint32_t> greeters = {{"", 0}};
  const auto read = [&](const EndpointRow& row) -> absl::Status {
    Server server = ServerOf(row);
    server.host = HostNumber(row.host);
    if (detail == Detail::kByPlace) {
      const auto [greeter, is_new] = greeters.try_emplace(std::string(GreeterOf(row)),
                                                          static_cast<uint32_t>(greeters_.size()));
      if (is_new) greeters_.push_back(greeter->first);
      server.greeter = greeter->second;
      server.masks_keywords = MasksKeywords(row);
    }
    if (addresses_.size() > std::numeric_limits<uint32_t>::max()) {
      return absl::ResourceExhaustedError("more servers than can be compared");
    }
    server.text = static_cast<uint32_t>(addresses_.size());
    addresses_.append(row.address.c_str());
    addresses_.push_back('\0');
    servers_.push_back(server);
    return absl::OkStatus();
  };
  return output::ForEachRow<EndpointRow>(scan, ServerColumns(detail), read);
}

absl::Status ScanFacts::ReadDomains(const output::ScanDirectory& scan) {
  return output::ForEachRow<DomainRow>(scan, DomainColumns(), [&](const DomainRow& row) {
    const std::string_view name =
        std::string_view(row.domain).substr(0, std::numeric_limits<uint16_t>::max());
    Domain domain{.name_offset = names_.size(),
                  .first_mx = static_cast<uint32_t>(mx_.size()),
                  .name_bytes = static_cast<uint16_t>(name.size()),
                  .mail = MailStateOf(row),
                  .dane = DaneStateOf(row),
                  .sts = StsStateOf(row),
                  .has_unknown_servers = row.unknown_endpoint_count.value_or(0) > 0};
    names_ += name;
    if (domain.mail == MailState::kTakesMail && row.mx) {
      auto entries = *row.mx;
      std::ranges::stable_sort(entries, {}, &output::MxEntry::preference);
      constexpr size_t kMost = std::numeric_limits<uint16_t>::max();
      for (size_t i = 0; i < std::min(entries.size(), kMost); ++i) {
        mx_.push_back(HostNumber(entries[i].host));
        ++domain.mx_count;
      }
    }
    domains_.push_back(domain);
    return absl::OkStatus();
  });
}

void ScanFacts::SettleServers() {
  std::ranges::sort(servers_, {}, [](const Server& server) {
    return std::tuple(server.host, server.address, server.started_us, server.text);
  });
  size_t kept = 0;
  for (size_t i = 0; i < servers_.size(); ++i) {
    const bool is_latest = i + 1 == servers_.size() || servers_[i].host != servers_[i + 1].host ||
                           servers_[i].address != servers_[i + 1].address;
    if (is_latest) servers_[kept++] = servers_[i];
  }
  servers_.resize(kept);
  for (uint32_t i = 0; i < servers_.size(); ++i) {
    Host& host = hosts_[servers_[i].host];
    if (host.server_count++ == 0) host.first_server = i;
  }
}

void ScanFacts::SettleDomains() {
  const auto name = [this](const Domain& domain) { return NameOf(domain); };
  std::ranges::stable_sort(domains_, {}, name);
  // What is no domain may stand there twice; one of them is enough.
  const auto rest = std::ranges::unique(domains_, {}, name);
  domains_.erase(rest.begin(), rest.end());
}

absl::StatusOr<ScanFacts> ScanFacts::Read(const output::ScanDirectory& scan, Detail detail) {
  ScanFacts facts;
  facts.validates_ = WorldOf(scan).dnssec_known;
  absl::Status status = facts.ReadHosts(scan, detail);
  if (status.ok()) status = facts.ReadServers(scan, detail);
  if (status.ok()) status = facts.ReadDomains(scan);
  if (!status.ok()) return status;
  if (detail == Detail::kByPlace) facts.host_addresses_.resize(facts.hosts_.size());
  facts.SettleServers();
  facts.SettleDomains();
  return facts;
}

uint32_t ScanFacts::FindHost(std::string_view name) const {
  const auto found = host_numbers_.find(std::string(name));
  return found == host_numbers_.end() ? kNone : found->second;
}

const Server* ScanFacts::FindServer(uint32_t host, uint64_t address) const {
  const std::span<const Server> servers = ServersOf(host);
  const auto found = std::ranges::lower_bound(servers, address, {}, &Server::address);
  return found == servers.end() || found->address != address ? nullptr : &*found;
}

uint32_t ScanFacts::ProviderOf(const Domain& domain) const {
  return domain.mx_count == 0 ? 0 : hosts_[mx_[domain.first_mx]].provider;
}

}  // namespace mxsweep::tools
