#include "dns/tls_rpt.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "dns/tagged_record.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";

TlsRptRecord InvalidRecord(std::string detail) {
  return {.status = PolicyRecordStatus::kInvalid, .detail = std::move(detail)};
}

// RFC 8460 §3: the schemes whose meaning is told; scheme names have no case (RFC 3986 §3.1).
bool IsReportUri(std::string_view uri) {
  for (const std::string_view scheme : {"mailto:", "https:"}) {
    if (absl::StartsWithIgnoreCase(ToAbsl(uri), ToAbsl(scheme)) && uri.size() > scheme.size()) {
      return true;
    }
  }
  return false;
}

// What a URI is written with (RFC 3986 §2), behind a scheme (§3.1), "!" apart, which is for sizes
// (RFC 8460 §3); ",", ";" and blanks have ended it already.
bool IsUriText(std::string_view text) {
  const size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         absl::ascii_isalpha(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f &&
                  std::string_view("!\"<>\\^`{|}").find(c) == std::string_view::npos;
         });
}

// "rua": URIs with commas between them. InvalidArgument: one that is none.
absl::Status TakeRua(std::string_view value, TlsRptRecord* record) {
  // The grammar has blanks around commas and semicolons, and none behind "rua=".
  if (value != TrimBlanks(value)) {
    return absl::InvalidArgumentError(JoinText("a blank behind \"rua=\": ", Quoted(value)));
  }
  while (true) {
    const size_t comma = value.find(',');
    const std::string_view uri = TrimBlanks(value.substr(0, comma));
    if (!IsUriText(uri)) {
      return absl::InvalidArgumentError(JoinText("not a URI in \"rua\": ", Quoted(uri)));
    }
    if (IsReportUri(uri)) {
      record->rua.emplace_back(uri);
    } else if (record->detail.empty()) {
      record->detail = JoinText("neither mailto: nor https: in \"rua\": ", Quoted(uri));
    }
    if (comma == std::string_view::npos) return absl::OkStatus();
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

TlsRptRecord ReadTlsRptRecords(std::span<const std::string> texts) {
  RecordChoice choice = ChooseRecord(texts, kVersion);
  if (choice.status != PolicyRecordStatus::kValid) {
    return {.status = choice.status, .detail = std::move(choice.detail)};
  }
  const absl::StatusOr<std::vector<TaggedField>> fields = SplitFields(choice.fields);
  if (!fields.ok()) return InvalidRecord(std::string(fields.status().message()));
  TlsRptRecord record{.status = PolicyRecordStatus::kValid};
  bool has_rua = false;
  for (const TaggedField& field : *fields) {
    if (field.name == "rua") {
      // The grammar lets the field stand more than once; every one of them counts.
      has_rua = true;
      absl::Status status = TakeRua(field.value, &record);
      if (!status.ok()) return InvalidRecord(std::string(status.message()));
    } else if (!IsExtensionValue(field.value)) {
      return InvalidRecord(
          JoinText("not a value for \"", ToAbsl(field.name), "\": ", Quoted(field.value)));
    }
  }
  if (!has_rua) return InvalidRecord("no \"rua\"");
  if (record.rua.empty()) record.status = PolicyRecordStatus::kInvalid;
  return record;
}

}  // namespace mxsweep::dns
