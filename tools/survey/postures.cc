#include "tools/survey/postures.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"
#include "scanner/posture/sender_policy.h"
#include "scanner/posture/strength.h"

namespace mxsweep::tools {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;
using scanner::DomainRows;
using scanner::HostRows;

// An address that was found, and of which there is no row.
constexpr char kUnasked[] = "?";

uint64_t HashText(std::string_view text) { return absl::HashOf(ToAbsl(text)); }

// The row as bytes, so that equal rows have equal ones.
class RowBytes {
 public:
  template <typename Row>
  static std::string Of(const Row& row) {
    RowBytes bytes;
    output::Table<Row>::VisitColumns([&](const auto& column) { bytes.Add(row.*column.member); });
    return std::move(bytes.text_);
  }

 private:
  void AddNumber(uint64_t number) {
    text_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  // Mostly null: one byte.
  template <typename T>
  void Add(const std::optional<T>& value) {
    text_.push_back(value.has_value() ? 1 : 0);
    if (value) Add(*value);
  }
  template <typename T>
  void Add(const std::vector<T>& list) {
    AddNumber(list.size());
    for (const T& element : list) Add(element);
  }
  void Add(const std::string& value) {
    AddNumber(value.size());
    text_ += value;
  }
  void Add(const output::Binary& value) { Add(value.bytes); }
  void Add(absl::Time value) { AddNumber(static_cast<uint64_t>(absl::ToUnixMicros(value))); }
  template <typename T>
  void Add(const T& value) {
    if constexpr (std::is_unsigned_v<T>) {
      AddNumber(value);
    } else {
      T::VisitFields([&](const auto& field) { Add(value.*field.member); });
    }
  }

  std::string text_;
};

// Of a code, a sender heeds the first digit, and of STARTTLS whether it is 220.
std::string KindOfCode(std::string_view code) {
  if (code == "220" || code.size() != 3) return std::string(code);
  return JoinText(code.substr(0, 1), "51");
}
uint16_t KindOfCode(uint16_t code) {
  return code == 220 ? code : static_cast<uint16_t>(code / 100 * 100 + 51);
}

// endpoints.reply_codes: "starttls 454 220".
std::string KindOfReplyCodes(std::string_view text) {
  const size_t first = text.find(' '), last = text.rfind(' ');
  if (first == text.npos || first == last) return std::string(text);
  return JoinText(text.substr(0, first), " ", KindOfCode(text.substr(first + 1, last - first - 1)),
                  " ", KindOfCode(text.substr(last + 1)));
}

const std::vector<std::string>& HostColumns() {
  static const auto* const kColumns = new std::vector<std::string>{
      "host",        "is_valid_name", "name_problem", "address_status", "ipv4_status",
      "ipv6_status", "addresses",     "tlsa_status",  "started_at",     "provider"};
  return *kColumns;
}

// What is not sent along is not looked at: see tests/tools/survey, which compares every sender's
// decisions with those of whole rows.
const std::vector<std::string>& EndpointColumns() {
  static const auto* const kColumns =
      new std::vector<std::string>{"host",
                                   "address",
                                   "outcome",
                                   "stage",
                                   "greeting",
                                   "starttls_code",
                                   "injected_plaintext_bytes",
                                   "after_tls",
                                   "after_tls_code",
                                   "reply_codes",
                                   "server_name",
                                   "offer",
                                   "offered_as",
                                   "may_be_ours",
                                   "without_server_name",
                                   "tls_version",
                                   "group",
                                   "secure_renegotiation",
                                   "leaf_key_type",
                                   "leaf_key_bits",
                                   "session_level",
                                   "session_level_openssl_3_0",
                                   "certificate_level",
                                   "certificate_level_limit",
                                   "pkix_status",
                                   "pkix_error",
                                   "name_match",
                                   "revocation_status",
                                   "dane_status",
                                   "dane_matched_record",
                                   "follow_up",
                                   "follow_up_tls_version",
                                   "follow_up_cipher",
                                   "follow_up_session_level",
                                   "follow_up_session_level_openssl_3_0",
                                   "static_rsa_only",
                                   "shown_certificates",
                                   "pq_groups",
                                   "pq_groups_unknown",
                                   "started_at"};
  return *kColumns;
}

void KeepWhetherAny(std::optional<std::vector<std::string>>* list) {
  if (*list && !(*list)->empty()) **list = {kUnasked};
}

// What strangers wrote is reduced to what it comes to; so there are few kinds, whoever tries.
EndpointRow PostureOf(const EndpointRow& row) {
  EndpointRow posture = row;
  posture.host.clear();
  posture.address.clear();
  posture.started_at = absl::UnixEpoch();
  if (posture.greeting) {
    const bool masked = scanner::IsMaskedGreeting(*posture.greeting);
    posture.greeting = masked ? std::optional<std::string>("*") : std::nullopt;
  }
  if (posture.starttls_code) posture.starttls_code = KindOfCode(*posture.starttls_code);
  if (posture.after_tls_code) posture.after_tls_code = KindOfCode(*posture.after_tls_code);
  if (posture.reply_codes) posture.reply_codes = KindOfReplyCodes(*posture.reply_codes);
  if (posture.injected_plaintext_bytes) {
    posture.injected_plaintext_bytes = std::min<uint32_t>(*posture.injected_plaintext_bytes, 1);
  }
  if (posture.server_name) posture.server_name = kUnasked;
  if (posture.may_be_ours) posture.may_be_ours = kUnasked;
  if (posture.certificate_level_limit) {
    posture.certificate_level_limit = scanner::IsLimitedByLeafKey(posture)
                                          ? std::optional<std::string>("leaf key")
                                          : std::nullopt;
  }
  if (posture.pkix_error) {
    constexpr std::string_view kCannotBeParsed = "cannot be parsed";
    const bool unparsable = posture.pkix_error->find(kCannotBeParsed) != std::string::npos;
    posture.pkix_error = unparsable ? std::optional<std::string>(kCannotBeParsed) : std::nullopt;
  }
  if (posture.dane_matched_record) posture.dane_matched_record->resize(2, ' ');
  if (posture.shown_certificates) {
    std::erase_if(*posture.shown_certificates,
                  [](const auto& shown) { return shown.probe != "follow_up"; });
    for (output::ShownCertificate& shown : *posture.shown_certificates) {
      shown.leaf_sha256.clear();
      shown.key_type.clear();
      shown.key_bits = 0;
    }
    if (posture.shown_certificates->empty()) posture.shown_certificates.reset();
  }
  KeepWhetherAny(&posture.pq_groups);
  KeepWhetherAny(&posture.pq_groups_unknown);
  return posture;
}

// Without its addresses, of which Settle says whether all were asked.
MxHostRow PostureOf(const MxHostRow& row) {
  MxHostRow posture = row;
  posture.host.clear();
  posture.started_at = absl::UnixEpoch();
  posture.addresses.reset();
  posture.provider.reset();
  return posture;
}

}  // namespace

const std::vector<std::string>& PostureColumns() {
  static const auto* const kColumns = new std::vector<std::string>{"domain",
                                                                   "mx_status",
                                                                   "mx_dnssec",
                                                                   "mx",
                                                                   "dane_status",
                                                                   "mta_sts_status",
                                                                   "null_mx_with_others",
                                                                   "mta_sts_mode",
                                                                   "mta_sts_rpt_result",
                                                                   "mta_sts_unmatched_mx"};
  return *kColumns;
}

template <typename Row>
uint32_t ScanPostures::NumberOf(const Row& row, Kinds<Row>* kinds) {
  const auto [found, is_new] =
      kinds->numbers.try_emplace(RowBytes::Of(row), static_cast<uint32_t>(kinds->rows->size()));
  if (is_new) kinds->rows->push_back(row);
  return found->second;
}

uint32_t ScanPostures::HostNumber(std::string_view name) {
  const auto [found, is_new] =
      numbers_.try_emplace(std::string(name), static_cast<uint32_t>(hosts_.size()));
  if (is_new) {
    hosts_.emplace_back();
    sightings_.emplace_back();
  }
  return found->second;
}

absl::Status ScanPostures::ReadHosts(const output::ScanDirectory& scan) {
  Kinds<MxHostRow> kinds{.rows = &host_rows_};
  absl::flat_hash_map<std::string, uint32_t> providers;
  return output::ForEachRow<MxHostRow>(scan, HostColumns(), [&](const MxHostRow& row) {
    const uint32_t number = HostNumber(row.host);
    HostSighting& sighting = sightings_[number];
    const int64_t started_us = absl::ToUnixMicros(row.started_at);
    // A host that was asked again has a row for each time: the latest counts.
    if (sighting.posture != kNone && started_us < sighting.started_us) return absl::OkStatus();
    sighting.posture = NumberOf(PostureOf(row), &kinds);
    sighting.started_us = started_us;
    if (row.provider) {
      const auto [provider, is_new] =
          providers.try_emplace(*row.provider, static_cast<uint32_t>(providers_.size()));
      if (is_new) providers_.push_back(*row.provider);
      hosts_[number].provider = provider->second;
    }
    sighting.addresses.clear();
    if (row.addresses) {
      for (const std::string& address : *row.addresses) {
        sighting.addresses.push_back(HashText(address));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status ScanPostures::ReadEndpoints(const output::ScanDirectory& scan) {
  Kinds<EndpointRow> kinds{.rows = &endpoint_rows_};
  return output::ForEachRow<EndpointRow>(scan, EndpointColumns(), [&](const EndpointRow& row) {
    endpoints_.push_back({.host = HostNumber(row.host),
                          .posture = NumberOf(PostureOf(row), &kinds),
                          .address = HashText(row.address),
                          .started_us = absl::ToUnixMicros(row.started_at),
                          .row = static_cast<uint32_t>(endpoints_.size())});
    return absl::OkStatus();
  });
}

void ScanPostures::Settle() {
  const auto place = [](const Endpoint& e) { return std::tuple(e.host, e.address); };
  std::ranges::stable_sort(endpoints_, {}, [](const Endpoint& e) {
    return std::tuple(e.host, e.address, e.started_us);
  });
  // Of equal places, the last one stays.
  size_t kept = 0;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    if (i + 1 < endpoints_.size() && place(endpoints_[i]) == place(endpoints_[i + 1])) continue;
    endpoints_[kept++] = endpoints_[i];
  }
  latest_endpoints_.resize(endpoints_.size());
  endpoints_.resize(kept);
  for (const Endpoint& endpoint : endpoints_) latest_endpoints_[endpoint.row] = true;
  for (uint32_t i = 0; i < endpoints_.size(); ++i) {
    Host& host = hosts_[endpoints_[i].host];
    if (host.endpoint_count++ == 0) host.first_endpoint = i;
  }
  // Each posture of a host once more for hosts with addresses that were not asked.
  std::map<uint32_t, uint32_t> with_unasked;
  std::map<std::vector<uint32_t>, uint32_t> kinds;
  for (size_t number = 0; number < hosts_.size(); ++number) {
    Host& host = hosts_[number];
    const HostSighting& sighting = sightings_[number];
    host.posture = sighting.posture;
    const auto endpoints = std::span(endpoints_).subspan(host.first_endpoint, host.endpoint_count);
    const bool all_asked = std::ranges::all_of(sighting.addresses, [&](uint64_t address) {
      return std::ranges::find(endpoints, address, &Endpoint::address) != endpoints.end();
    });
    if (!all_asked) {
      const auto [found, is_new] =
          with_unasked.try_emplace(host.posture, static_cast<uint32_t>(host_rows_.size()));
      if (is_new) {
        host_rows_.push_back(host_rows_[host.posture]);
        host_rows_.back().addresses = {kUnasked};
      }
      host.posture = found->second;
    }
    std::vector<uint32_t> postures;
    for (const Endpoint& endpoint : endpoints) postures.push_back(endpoint.posture);
    std::ranges::sort(postures);
    postures.push_back(host.posture);
    host.kind = kinds.try_emplace(std::move(postures), static_cast<uint32_t>(kinds.size() + 1))
                    .first->second;
  }
  sightings_ = {};
}

absl::StatusOr<ScanPostures> ScanPostures::Read(const output::ScanDirectory& scan) {
  ScanPostures postures;
  absl::Status status = postures.ReadHosts(scan);
  if (status.ok()) status = postures.ReadEndpoints(scan);
  if (!status.ok()) return status;
  postures.Settle();
  return postures;
}

std::string_view ScanPostures::ProviderOf(std::string_view host) const {
  const auto number = numbers_.find(std::string(host));
  return number == numbers_.end() ? std::string_view()
                                  : std::string_view(providers_[hosts_[number->second].provider]);
}

DomainRows ScanPostures::Gather(const DomainRow& row) const {
  DomainRows gathered{.row = &row};
  const bool takes_mail = row.mx_status == "mx" || row.mx_status == "implicit";
  if (!takes_mail || !row.mx) return gathered;
  for (const output::MxEntry& entry : *row.mx) {
    HostRows& host =
        gathered.hosts.emplace_back(HostRows{.preference = entry.preference, .name = entry.host});
    const auto number = numbers_.find(entry.host);
    if (number == numbers_.end()) continue;
    const Host& known = hosts_[number->second];
    if (known.posture != kNone) host.row = &host_rows_[known.posture];
    for (uint32_t i = 0; i < known.endpoint_count; ++i) {
      host.endpoints.push_back(&endpoint_rows_[endpoints_[known.first_endpoint + i].posture]);
    }
  }
  std::ranges::stable_sort(gathered.hosts, {}, &HostRows::preference);
  return gathered;
}

std::string ScanPostures::KeyOf(const DomainRows& gathered) const {
  const DomainRow& row = *gathered.row;
  std::string key;
  // None of these holds a newline, and "-" is no value.
  for (const auto* word : {&row.mx_dnssec, &row.dane_status, &row.mta_sts_status, &row.mta_sts_mode,
                           &row.mta_sts_rpt_result}) {
    AppendText(&key, *word ? std::string_view(**word) : "-", "\n");
  }
  AppendText(&key, row.mx_status, "\n", row.null_mx_with_others == true ? 1 : 0);
  const auto& unmatched = row.mta_sts_unmatched_mx;
  for (size_t i = 0; i < gathered.hosts.size(); ++i) {
    const HostRows& host = gathered.hosts[i];
    const bool is_next = i == 0 || host.preference != gathered.hosts[i - 1].preference;
    const bool fits_no_pattern =
        unmatched && std::ranges::find(*unmatched, host.name) != unmatched->end();
    const auto number = numbers_.find(host.name);
    AppendText(&key, is_next ? "|" : " ", fits_no_pattern ? "!" : "",
               number == numbers_.end() ? 0 : hosts_[number->second].kind);
  }
  return key;
}

}  // namespace mxsweep::tools
