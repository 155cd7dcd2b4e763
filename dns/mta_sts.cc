#include "dns/mta_sts.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "dns/ip_address.h"
#include "dns/name.h"
#include "dns/tagged_record.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

constexpr std::string_view kStsVersion = "v=STSv1";
constexpr std::string_view kPolicyVersion = "STSv1";
// RFC 8461 §3.2: 1*10(DIGIT).
constexpr size_t kMaxAgeDigits = 10;

StsRecord InvalidRecord(std::string detail) {
  return {.status = PolicyRecordStatus::kInvalid, .detail = std::move(detail)};
}

// One line of a policy.
struct PolicyLine {
  size_t number = 0;  // from 1
  std::string_view key;
  std::string_view value;
};

absl::Status Wrong(const PolicyLine& line, std::string_view what) {
  return absl::InvalidArgumentError(JoinText("line ", line.number, ": ", ToAbsl(what)));
}

// RFC 5321 §4.1.2: sub-domains of letters, digits and hyphens, the first and last no hyphen.
bool IsDomain(std::string_view text) {
  if (text.size() > kMaxNameLength) return false;
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabelLength || label.front() == '-' ||
        label.back() == '-' || !std::all_of(label.begin(), label.end(), [](unsigned char c) {
          return absl::ascii_isalnum(c) || c == '-';
        })) {
      return false;
    }
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Equal but for one character that is another, missing or one too many.
bool DiffersByOneAtMost(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() > b.size() + 1) return false;
  const size_t same = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (same == a.size()) return true;
  return a.substr(same + 1) == b.substr(a.size() == b.size() ? same + 1 : same);
}

// A policy while it is being read: what has been seen of it.
class PolicyReader {
 public:
  absl::Status Take(const PolicyLine& line) {
    if (line.key == "mx") return TakeMx(line);
    if (line.key == "version") return TakeVersion(line);
    if (line.key == "mode") return TakeMode(line);
    if (line.key == "max_age") return TakeMaxAge(line);
    NoteSlip(line);
    return absl::OkStatus();  // RFC 8461 §3.2: unknown keys are ignored
  }

  absl::StatusOr<StsPolicy> Finish() && {
    if (!has_version_) return Missing("version");
    if (!mode_.has_value()) return Missing("mode");
    if (!max_age_s_.has_value()) return Missing("max_age");
    if (mx_.empty() && *mode_ != StsMode::kNone) {
      return Missing("mx", JoinText(", and the mode is ", ToAbsl(Word(*mode_))));
    }
    return StsPolicy{.mode = *mode_,
                     .max_age_s = *max_age_s_,
                     .mx = std::move(mx_),
                     .remark = std::move(remark_)};
  }

 private:
  // An unknown key that may be a slip of the pen for a known one.
  void NoteSlip(const PolicyLine& line) {
    const std::string lower = absl::AsciiStrToLower(ToAbsl(line.key));
    for (const std::string_view known : {"version", "mode", "max_age", "mx"}) {
      if (!DiffersByOneAtMost(lower, known)) continue;
      slips_.emplace(known, JoinText("line ", line.number, " has ", Quoted(line.key)));
    }
  }

  absl::Status Missing(std::string_view key, std::string_view more = "") const {
    const auto slip = slips_.find(std::string(key));
    return absl::InvalidArgumentError(
        JoinText("no \"", ToAbsl(key), "\"", ToAbsl(more),
                 slip == slips_.end() ? "" : JoinText("; ", slip->second)));
  }

  absl::Status TakeVersion(const PolicyLine& line) {
    if (has_version_) return absl::OkStatus();  // the first counts
    if (line.value != kPolicyVersion) {
      return Wrong(line, JoinText("the version is ", Quoted(line.value), ", not STSv1"));
    }
    has_version_ = true;
    return absl::OkStatus();
  }

  absl::Status TakeMode(const PolicyLine& line) {
    if (mode_.has_value()) return absl::OkStatus();
    for (const StsMode mode : {StsMode::kEnforce, StsMode::kTesting, StsMode::kNone}) {
      if (line.value == Word(mode)) mode_ = mode;
    }
    if (mode_.has_value()) return absl::OkStatus();
    return Wrong(line, JoinText("no such mode: ", Quoted(line.value)));
  }

  absl::Status TakeMaxAge(const PolicyLine& line) {
    if (max_age_s_.has_value()) return absl::OkStatus();
    uint64_t seconds = 0;
    const char* const end = line.value.data() + line.value.size();
    const auto [stop, error] = std::from_chars(line.value.data(), end, seconds);
    if (line.value.empty() || line.value.size() > kMaxAgeDigits || error != std::errc() ||
        stop != end) {
      return Wrong(line, JoinText("max_age is not a number of seconds: ", Quoted(line.value)));
    }
    if (seconds > kMaxStsMaxAge) {
      return Wrong(line, JoinText("max_age is over ", kMaxStsMaxAge, " seconds: ", seconds));
    }
    max_age_s_ = static_cast<uint32_t>(seconds);
    return absl::OkStatus();
  }

  absl::Status TakeMx(const PolicyLine& line) {
    std::string_view domain = line.value;
    const bool wildcard = domain.starts_with("*.");
    if (wildcard) domain.remove_prefix(2);
    if (!IsDomain(domain)) {
      const bool underscore = domain.find('_') != std::string_view::npos;
      return Wrong(line, JoinText("not a host name or *. and a domain: ", Quoted(line.value),
                                  underscore ? ", with an underscore" : ""));
    }
    mx_.push_back(JoinText(wildcard ? "*." : "", absl::AsciiStrToLower(ToAbsl(domain))));
    if (remark_.empty() && IpAddress::Parse(domain).has_value()) {
      remark_ =
          JoinText("line ", line.number, ": an address fits no MX host: ", Quoted(line.value));
    }
    return absl::OkStatus();
  }

  bool has_version_ = false;
  std::optional<StsMode> mode_;
  std::optional<uint32_t> max_age_s_;
  std::vector<std::string> mx_;
  std::string remark_;
  std::map<std::string, std::string> slips_;  // by the known key
};

}  // namespace

StsRecord ReadStsRecords(std::span<const std::string> texts) {
  RecordChoice choice = ChooseRecord(texts, kStsVersion);
  if (choice.status != PolicyRecordStatus::kValid) {
    return {.status = choice.status, .detail = std::move(choice.detail)};
  }
  const absl::StatusOr<std::vector<TaggedField>> fields = SplitFields(choice.fields);
  if (!fields.ok()) return InvalidRecord(std::string(fields.status().message()));
  StsRecord record{.status = PolicyRecordStatus::kValid};
  for (const TaggedField& field : *fields) {
    if (field.name != "id") {
      if (IsExtensionValue(field.value)) continue;
      return InvalidRecord(
          JoinText("not a value for \"", ToAbsl(field.name), "\": ", Quoted(field.value)));
    }
    if (!IsAlphanumeric(field.value) || field.value.size() > kMaxStsIdLength) {
      return InvalidRecord(
          JoinText("the id is not 1 to 32 letters and digits: ", Quoted(field.value)));
    }
    if (record.id.empty()) record.id = field.value;
  }
  if (record.id.empty()) return InvalidRecord("no \"id\"");
  return record;
}

absl::StatusOr<StsPolicy> ParseStsPolicy(std::string_view body) {
  if (body.size() > kMaxStsPolicyBytes) {
    return absl::InvalidArgumentError(JoinText("over ", kMaxStsPolicyBytes, " bytes"));
  }
  if (body.starts_with("\xef\xbb\xbf")) {
    return absl::InvalidArgumentError("line 1: a byte order mark before the first key");
  }
  PolicyReader reader;
  PolicyLine line;
  while (!body.empty()) {
    ++line.number;
    const size_t end = body.find('\n');
    std::string_view text = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (TrimBlanks(text).empty()) continue;
    const size_t colon = text.find(':');
    line.key = text.substr(0, colon);
    if (colon == std::string_view::npos || !IsExtensionName(line.key)) {
      return Wrong(line, JoinText("not \"key: value\": ", Quoted(text)));
    }
    line.value = TrimBlanks(text.substr(colon + 1));
    if (absl::Status status = reader.Take(line); !status.ok()) return status;
  }
  return std::move(reader).Finish();
}

bool StsPatternMatches(std::string_view pattern, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (pattern.starts_with("*.")) {
    const size_t dot = host.find('.');
    if (dot == 0 || dot == std::string_view::npos) return false;
    pattern.remove_prefix(2);
    host.remove_prefix(dot + 1);
  }
  return !host.empty() &&
         absl::AsciiStrToLower(ToAbsl(pattern)) == absl::AsciiStrToLower(ToAbsl(host));
}

bool StsPolicyAllows(const StsPolicy& policy, std::string_view host) {
  return std::any_of(policy.mx.begin(), policy.mx.end(), [host](const std::string& pattern) {
    return StsPatternMatches(pattern, host);
  });
}

}  // namespace mxsweep::dns
