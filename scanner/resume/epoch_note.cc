#include "scanner/resume/epoch_note.h"

#include <optional>
#include <string>
#include <string_view>

#include "scanner/base/text.h"
#include "tls/pki/certificate.h"

namespace mxsweep::scanner {
namespace {

using nlohmann::json;

struct CountField {
  const char* name;
  uint64_t ScanSummary::*member;
};
constexpr CountField kCounts[] = {
    {"domains", &ScanSummary::domains},
    {"mx_hosts", &ScanSummary::hosts},
    {"endpoints", &ScanSummary::endpoints},
    {"certificates", &ScanSummary::certificates},
    {"connections", &ScanSummary::connections},
    {"probes", &ScanSummary::probes},
    {"retries", &ScanSummary::retries},
    {"inferred", &ScanSummary::inferred},
    {"not_asked_crowded", &ScanSummary::not_asked_crowded},
    {"bytes_in", &ScanSummary::bytes_in},
    {"bytes_out", &ScanSummary::bytes_out},
};

struct WordsField {
  const char* name;
  ScanSummary::Counts ScanSummary::*member;
};
constexpr WordsField kWords[] = {
    {"diagnoses", &ScanSummary::diagnoses},
    {"mx_statuses", &ScanSummary::mx_statuses},
    {"outcomes", &ScanSummary::outcomes},
    {"rpt_results", &ScanSummary::rpt_results},
    {"tls_versions", &ScanSummary::tls_versions},
    {"ciphers", &ScanSummary::ciphers},
    {"groups", &ScanSummary::groups},
    {"leaf_keys", &ScanSummary::leaf_keys},
    {"pkix_statuses", &ScanSummary::pkix_statuses},
    {"dane_statuses", &ScanSummary::dane_statuses},
    {"mta_sts_statuses", &ScanSummary::mta_sts_statuses},
    {"mta_sts_policy_statuses", &ScanSummary::mta_sts_policy_statuses},
    {"mta_sts_rpt_results", &ScanSummary::mta_sts_rpt_results},
    {"mta_sts_senders", &ScanSummary::mta_sts_senders},
    {"tlsrpt_statuses", &ScanSummary::tlsrpt_statuses},
};

std::optional<uint64_t> Unsigned(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

bool ReadWords(const json& object, const char* key, ScanSummary::Counts* words) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return false;
  for (const auto& [word, count] : found->items()) {
    if (!count.is_number_unsigned()) return false;
    (*words)[word] = count.get<uint64_t>();
  }
  return true;
}

bool ReadCounts(const json& object, ScanSummary* summary) {
  for (const CountField& field : kCounts) {
    const auto count = Unsigned(object, field.name);
    if (!count) return false;
    summary->*field.member = *count;
  }
  for (const WordsField& field : kWords) {
    if (!ReadWords(object, field.name, &(summary->*field.member))) return false;
  }
  return true;
}

bool ReadMark(const json& object, ListMark* mark) {
  const auto bytes = Unsigned(object, "bytes");
  const auto sha256 = object.find("sha256");
  if (!bytes || sha256 == object.end() || !sha256->is_string()) return false;
  const std::optional<tls::Sha256> digest = tls::Sha256FromHex(sha256->get<std::string>());
  if (!digest) return false;
  *mark = {*bytes, *digest};
  return true;
}

}  // namespace

json CountsToJson(const ScanSummary& summary) {
  json counts = json::object();
  for (const CountField& field : kCounts) counts[field.name] = summary.*field.member;
  for (const WordsField& field : kWords) counts[field.name] = summary.*field.member;
  return counts;
}

json MarkToJson(const ListMark& mark) {
  return {{"bytes", mark.bytes}, {"sha256", tls::HexLower(mark.sha256)}};
}

json EpochNoteToJson(const EpochNote& note) {
  return {{"run", note.run},
          {"committed_at_us", absl::ToUnixMicros(note.committed_at)},
          {"list", MarkToJson(note.list)},
          {"counts", CountsToJson(note.counts)}};
}

absl::StatusOr<EpochNote> EpochNoteFromJson(const json& object) {
  EpochNote note;
  const auto fail = [] {
    return absl::DataLossError("a manifest lacks what is needed to go on with the scan");
  };
  if (!object.is_object()) return fail();
  const auto run = Unsigned(object, "run");
  const auto at = object.find("committed_at_us");
  const auto list = object.find("list");
  const auto counts = object.find("counts");
  if (!run || at == object.end() || !at->is_number_integer() || list == object.end() ||
      !list->is_object() || counts == object.end() || !counts->is_object()) {
    return fail();
  }
  note.run = *run;
  note.committed_at = absl::FromUnixMicros(at->get<int64_t>());
  if (!ReadMark(*list, &note.list) || !ReadCounts(*counts, &note.counts)) return fail();
  return note;
}

}  // namespace mxsweep::scanner
