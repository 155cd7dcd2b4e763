#include "tools/dane/report.h"

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "scanner/base/rpt_result.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tls/pki/certificate.h"
#include "tls/pki/name_match.h"

namespace mxsweep::tools {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxTextBytes = 300;
constexpr size_t kShownDigits = 16;
constexpr size_t kShownNames = 8;

std::string TimeText(int64_t time_s) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
}

std::string TimeText(const std::optional<int64_t>& time_s) {
  return time_s ? TimeText(*time_s) : "?";
}

std::string Safe(std::string_view text) { return SanitizeText(text, kMaxTextBytes); }

std::string SubjectOf(const tls::CertificateFacts& facts) {
  if (!facts.subject) return "a certificate that cannot be read";
  return facts.subject->empty() ? "a certificate without a subject" : Safe(*facts.subject);
}

// "certificate 1, CN=Intermediate"; an anchor that the chain lacks came with the record.
std::string PlaceText(const DaneCase& dane, int depth) {
  if (depth < 0 || static_cast<size_t>(depth) >= dane.chain.size()) {
    return JoinText("depth ", depth, ", above the chain: the record's own trust anchor");
  }
  return JoinText(
      "depth ", depth, ", ",
      SubjectOf(tls::ParseCertificateFacts(dane.chain[static_cast<size_t>(depth)].der())));
}

std::string RecordText(const dns::TlsaRecord& record, bool whole) {
  const std::string hex = tls::HexLower(record.data);
  const bool cut = !whole && hex.size() > 2 * kShownDigits;
  return JoinText(static_cast<int>(record.usage), " ", static_cast<int>(record.selector), " ",
                  static_cast<int>(record.matching_type), " ",
                  cut ? JoinText(hex.substr(0, kShownDigits), "...") : hex);
}

// RFC 8460 §4.3, as in endpoints.rpt_result.
std::string_view ReportWord(const tls::DaneVerdict& verdict) {
  if (verdict.status == tls::DaneStatus::kMatch) return rpt::kSuccess;
  if (verdict.status == tls::DaneStatus::kUnusable) return rpt::kTlsaInvalid;
  if (verdict.status == tls::DaneStatus::kNotKnown) return "";
  return tls::DaneFailureRptResult(verdict.failure);
}

std::string Headline(const DaneCase& dane) {
  const tls::DaneVerdict& verdict = dane.verdict;
  switch (verdict.status) {
    case tls::DaneStatus::kMatch:
      return JoinText("match: ", RecordText(dane.records[*verdict.matched_record], false),
                      " fits at ", PlaceText(dane, *verdict.matched_depth));
    case tls::DaneStatus::kUnusable:
      return "unusable: no record can be used; a sender encrypts, and cannot tell with whom";
    case tls::DaneStatus::kMismatch:
      return JoinText("mismatch (", ReportWord(verdict),
                      "): no record fits; a sender that uses DANE does not deliver");
    case tls::DaneStatus::kNotKnown:
      return "not known: no record fits that could be judged, and others could not be";
    case tls::DaneStatus::kNone:
      break;
  }
  return "none: no records";
}

std::vector<std::string> References(const tls::DaneReference& reference) {
  std::vector<std::string> names = {reference.tlsa_base_domain};
  if (reference.mx_secure) {
    names.insert(names.end(), reference.next_hop_names.begin(), reference.next_hop_names.end());
  }
  return names;
}

std::string JoinNames(const std::vector<std::string>& names, size_t shown) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < shown; ++i) {
    AppendText(&text, i == 0 ? "" : ", ", Safe(names[i]));
  }
  if (names.size() > shown) AppendText(&text, " and ", names.size() - shown, " more");
  return text.empty() ? "nothing" : text;
}

void AppendCertificate(size_t depth, const tls::DerHandle& der, std::string* out) {
  const tls::CertificateFacts facts = tls::ParseCertificateFacts(der.der());
  AppendText(out, "  ", depth, "  ", SubjectOf(facts), "\n");
  if (depth == 0) {
    AppendText(out, "     for ", JoinNames(tls::PresentedNames(der.der()), kShownNames), "\n");
  }
  AppendText(out, "     issued by ", facts.issuer ? Safe(*facts.issuer) : "?", "\n     valid from ",
             TimeText(facts.not_before), " to ", TimeText(facts.not_after), "\n     SHA-256 ",
             tls::HexLower(facts.sha256), "\n");
  if (facts.spki_sha256) AppendText(out, "     key     ", tls::HexLower(*facts.spki_sha256), "\n");
}

}  // namespace

std::string RenderDane(const DaneCase& dane) {
  std::string out = JoinText(Headline(dane), "\n\nTLSA records\n");
  for (size_t i = 0; i < dane.records.size(); ++i) {
    const std::optional<int>& depth = dane.verdict.record_depths[i];
    AppendText(&out, "  ", RecordText(dane.records[i], false), "\n     ",
               depth ? JoinText("match at ", PlaceText(dane, *depth))
                     : Safe(dane.verdict.record_reasons[i]),
               "\n");
  }
  AppendText(&out, "\nCertificates\n");
  for (size_t i = 0; i < dane.chain.size(); ++i) AppendCertificate(i, dane.chain[i], &out);
  AppendText(&out, "\nNames that the leaf may have (usage 2): ",
             JoinNames(References(dane.reference), kShownNames), "\nJudged for ",
             TimeText(dane.time_s), "\n");
  return out;
}

ordered_json DescribeDane(const DaneCase& dane) {
  const auto or_null = [](const auto& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
  };
  const auto time_or_null = [](const std::optional<int64_t>& time_s) {
    return time_s ? ordered_json(TimeText(*time_s)) : ordered_json(nullptr);
  };
  ordered_json records = ordered_json::array();
  for (size_t i = 0; i < dane.records.size(); ++i) {
    const dns::TlsaRecord& record = dane.records[i];
    records.push_back({{"usage", record.usage},
                       {"selector", record.selector},
                       {"matching_type", record.matching_type},
                       {"data", tls::HexLower(record.data)},
                       {"usable", tls::CheckTlsa(record) == tls::TlsaUsability::kUsable},
                       {"result", Safe(dane.verdict.record_reasons[i])},
                       {"depth", or_null(dane.verdict.record_depths[i])}});
  }
  ordered_json certificates = ordered_json::array();
  for (const tls::DerHandle& der : dane.chain) {
    const tls::CertificateFacts facts = tls::ParseCertificateFacts(der.der());
    const auto safe_or_null = [](const std::optional<std::string>& text) {
      return text ? ordered_json(Safe(*text)) : ordered_json(nullptr);
    };
    certificates.push_back({{"subject", safe_or_null(facts.subject)},
                            {"issuer", safe_or_null(facts.issuer)},
                            {"subject_alt_names", facts.subject_alt_names},
                            {"not_before", time_or_null(facts.not_before)},
                            {"not_after", time_or_null(facts.not_after)},
                            {"sha256", tls::HexLower(facts.sha256)}});
  }
  const tls::DaneVerdict& verdict = dane.verdict;
  return {{"verdict", tls::DaneStatusName(verdict.status)},
          {"rpt_result", ReportWord(verdict)},
          {"matched_record", or_null(verdict.matched_record)},
          {"matched_depth", or_null(verdict.matched_depth)},
          {"detail", Safe(verdict.detail)},
          {"records", records},
          {"certificates", certificates},
          {"reference_names", References(dane.reference)},
          {"at", TimeText(dane.time_s)}};
}

}  // namespace mxsweep::tools
