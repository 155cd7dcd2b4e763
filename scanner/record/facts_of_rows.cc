#include "scanner/record/facts_of_rows.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

// The enumerator that has this word; `last` is the last one there is.
template <typename Enum>
std::optional<Enum> FromWord(std::string_view word, Enum last) {
  for (uint8_t i = 0; i <= static_cast<uint8_t>(last); ++i) {
    if (dns::Word(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

// Reads the columns of one row; the first that cannot be read is told.
class ColumnReader {
 public:
  explicit ColumnReader(std::string_view name) : name_(name) {}

  template <typename Enum>
  Enum Word(std::string_view column, std::string_view word, Enum last) {
    const std::optional<Enum> value = FromWord(word, last);
    if (!value) Refuse(column, word);
    return value.value_or(last);
  }
  template <typename Enum>
  std::optional<Enum> WordOrNull(std::string_view column, const std::optional<std::string>& word,
                                 Enum last) {
    if (!word) return std::nullopt;
    return Word(column, *word, last);
  }
  void Refuse(std::string_view column, std::string_view text) {
    if (!status_.ok()) return;
    status_ = absl::DataLossError(
        JoinText("the row of ", name_, " has \"", text, "\" in ", column, ", which is no value"));
  }
  const absl::Status& status() const { return status_; }

 private:
  std::string_view name_;
  absl::Status status_;
};

// The sentence that HostLookup writes where it has not kept all records.
bool SaysTlsaLeftOut(std::string_view error_detail) {
  for (const absl::string_view sentence : absl::StrSplit(ToAbsl(error_detail), "; ")) {
    if (FromAbsl(sentence).starts_with("TLSA: left out: ") ||
        FromAbsl(sentence).starts_with("TLSA: more than ")) {
      return true;
    }
  }
  return false;
}

void ReadTlsa(const output::MxHostRow& row, ColumnReader* read, dns::HostAnswer* answer) {
  answer->tlsa_status =
      read->WordOrNull("tlsa_status", row.tlsa_status, dns::TlsaStatus::kLocalError);
  answer->tlsa_base_domain = row.tlsa_base_domain.value_or("");
  if (row.tlsa) {
    for (const output::TlsaEntry& entry : *row.tlsa) {
      const bool is_hex =
          entry.data.size() % 2 == 0 &&
          std::ranges::all_of(entry.data, [](unsigned char c) { return absl::ascii_isxdigit(c); });
      if (!is_hex) {
        read->Refuse("tlsa", entry.data);
        continue;
      }
      const std::string data = absl::HexStringToBytes(entry.data);
      answer->tlsa.push_back({.usage = entry.usage,
                              .selector = entry.selector,
                              .matching_type = entry.matching_type,
                              .data = {data.begin(), data.end()}});
    }
  }
  answer->tlsa_left_out = SaysTlsaLeftOut(answer->error_detail);
  const auto is_secure = [](const auto& status, const auto& dnssec) {
    return status == dns::LookupStatus::kOk && dnssec == dns::DnssecState::kSecure;
  };
  const bool ipv4 = is_secure(answer->a_status, answer->a_dnssec);
  const bool ipv6 = is_secure(answer->aaaa_status, answer->aaaa_dnssec);
  if (!ipv4 && !ipv6) return;
  answer->tlsa_for_ipv4 = ipv4 || answer->a_status != dns::LookupStatus::kOk;
  answer->tlsa_for_ipv6 = ipv6 || answer->aaaa_status != dns::LookupStatus::kOk;
}

}  // namespace

absl::StatusOr<dns::HostAnswer> HostAnswerOf(const output::MxHostRow& row) {
  ColumnReader read(row.host);
  dns::HostAnswer answer;
  if (row.name_problem) {
    answer.name_kind = read.Word("name_problem", *row.name_problem, dns::MxHostKind::kNotAHostName);
  }
  constexpr auto kLastStatus = dns::LookupStatus::kLocalError;
  constexpr auto kLastState = dns::DnssecState::kError;
  answer.address_status = read.WordOrNull("address_status", row.address_status, kLastStatus);
  answer.address_dnssec = read.WordOrNull("address_dnssec", row.address_dnssec, kLastState);
  answer.a_status = read.WordOrNull("ipv4_status", row.ipv4_status, kLastStatus);
  answer.aaaa_status = read.WordOrNull("ipv6_status", row.ipv6_status, kLastStatus);
  answer.a_dnssec = read.WordOrNull("ipv4_dnssec", row.ipv4_dnssec, kLastState);
  answer.aaaa_dnssec = read.WordOrNull("ipv6_dnssec", row.ipv6_dnssec, kLastState);
  if (row.addresses) {
    for (const std::string& text : *row.addresses) {
      const std::optional<dns::IpAddress> address = dns::IpAddress::Parse(text);
      if (!address) {
        read.Refuse("addresses", text);
        continue;
      }
      answer.addresses.push_back(*address);
    }
  }
  answer.is_cname = row.is_cname.value_or(false);
  answer.canonical_name = row.canonical_name.value_or("");
  answer.error_detail = row.error_detail.value_or("");
  ReadTlsa(row, &read, &answer);
  if (!read.status().ok()) return read.status();
  return answer;
}

absl::StatusOr<dns::MxAnswer> MxAnswerOf(const output::DomainRow& row) {
  ColumnReader read(row.domain);
  dns::MxAnswer mx;
  mx.status = read.Word("mx_status", row.mx_status, dns::MxStatus::kLocalError);
  if (row.mx_dnssec) {
    mx.dnssec = read.Word("mx_dnssec", *row.mx_dnssec, dns::DnssecState::kError);
  }
  if (row.mx) {
    for (const output::MxEntry& entry : *row.mx) {
      mx.records.push_back({entry.preference, entry.host});
    }
  }
  mx.null_mx_with_others = row.null_mx_with_others.value_or(false);
  mx.next_hop_cname = row.canonical_name.value_or("");
  if (!read.status().ok()) return read.status();
  return mx;
}

absl::StatusOr<DomainPolicies> PoliciesOf(const output::DomainRow& row) {
  ColumnReader read(row.domain);
  DomainPolicies policies;
  if (row.mta_sts_status) {
    policies.records.emplace().sts.status =
        read.Word("mta_sts_status", *row.mta_sts_status, dns::PolicyRecordStatus::kLocalError);
  }
  if (row.mta_sts_policy_status) {
    policies.fetch.emplace().status = *row.mta_sts_policy_status;
    if (row.mta_sts_mode) {
      dns::StsPolicy& policy = policies.fetch->policy.emplace();
      policy.mode = read.Word("mta_sts_mode", *row.mta_sts_mode, dns::StsMode::kNone);
      policy.mx = row.mta_sts_mx.value_or(std::vector<std::string>());
    }
  }
  if (!read.status().ok()) return read.status();
  return policies;
}

}  // namespace mxsweep::scanner
