#include "dns/name.h"

#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "dns/ip_address.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

// No name that fits into 253 characters needs more bytes of UTF-8 than this.
constexpr size_t kMaxInputBytes = 1024;

bool IsLdhOrUnderscore(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; }

bool IsAllDigits(std::string_view label) {
  return !label.empty() && std::all_of(label.begin(), label.end(), absl::ascii_isdigit);
}

// What is wrong with `name` (ASCII, any case, no trailing dot) as a host name; empty if nothing is.
std::string HostNameProblem(std::string_view name) {
  if (name.size() > kMaxNameLength) {
    return JoinText("longer than ", kMaxNameLength, " characters");
  }
  size_t label_start = 0;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && name[i] != '.') {
      if (IsLdhOrUnderscore(name[i])) continue;
      if (name[i] == ' ' || name[i] == '\t') return "white space in the name";
      if (absl::ascii_isprint(name[i])) {
        return JoinText("bad character '", std::string(1, name[i]), "'");
      }
      return absl::StrFormat("bad byte 0x%02x", static_cast<uint8_t>(name[i]));
    }
    const std::string_view label = name.substr(label_start, i - label_start);
    if (label.empty()) return "empty label";
    if (label.size() > kMaxLabelLength) {
      return JoinText("label longer than ", kMaxLabelLength, " characters");
    }
    if (label.front() == '-' || label.back() == '-') return "label begins or ends with a hyphen";
    label_start = i + 1;
  }
  return "";
}

std::string_view LastLabel(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool LooksLikeIpAddress(std::string_view text) {
  std::string_view bare = text;
  if (bare.size() > 2 && bare.front() == '[' && bare.back() == ']') {
    bare = bare.substr(1, bare.size() - 2);
  }
  return IpAddress::Parse(bare).has_value();
}

// Mistakes that deserve a better word than "bad character".
absl::Status CheckForJunk(std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("empty");
  if (text.size() > kMaxInputBytes) {
    return absl::InvalidArgumentError(JoinText("longer than ", kMaxNameLength, " characters"));
  }
  if (LooksLikeIpAddress(text)) return absl::InvalidArgumentError("an IP address, not a domain");
  if (text.find("://") != std::string_view::npos) {
    return absl::InvalidArgumentError("a URL, not a domain");
  }
  if (text.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError("an e-mail address, not a domain");
  }
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("bad byte 0x00");
  }
  return absl::OkStatus();
}

// UTS #46 mapping and IDNA2008 A-labels. `text` has no NUL.
absl::StatusOr<std::string> ToAscii(std::string_view text) {
  const std::string terminated(text);
  uint8_t* output = nullptr;
  const int rc = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(terminated.c_str()), &output,
                                IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<uint8_t, decltype(&idn2_free)> owner(output, &idn2_free);
  if (rc != IDN2_OK) {
    return absl::InvalidArgumentError(
        JoinText("not an internationalised name: ", idn2_strerror(rc)));
  }
  return std::string(reinterpret_cast<const char*>(output));
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// The bytes behind the escapes of a zone file ("\\032", "\\.").
std::string Unescape(std::string_view name) {
  std::string bytes;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\' || i + 1 == name.size()) {
      bytes += name[i];
    } else if (i + 3 < name.size() && IsAllDigits(name.substr(i + 1, 3))) {
      bytes += static_cast<char>((name[i + 1] - '0') * 100 + (name[i + 2] - '0') * 10 +
                                 (name[i + 3] - '0'));
      i += 3;
    } else {
      bytes += name[++i];
    }
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> NormalizeDomain(std::string_view text,
                                            const NormalizeOptions& options) {
  while (!text.empty() && absl::ascii_isspace(text.front())) text.remove_prefix(1);
  while (!text.empty() && absl::ascii_isspace(text.back())) text.remove_suffix(1);
  if (absl::Status status = CheckForJunk(text); !status.ok()) return status;
  std::string name;
  if (std::all_of(text.begin(), text.end(), absl::ascii_isascii)) {
    name = absl::AsciiStrToLower(ToAbsl(text));
  } else {
    absl::StatusOr<std::string> ascii = ToAscii(text);
    if (!ascii.ok()) return ascii.status();
    name = absl::AsciiStrToLower(*ascii);
  }
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return absl::InvalidArgumentError("the root is not a domain");
  if (std::string problem = HostNameProblem(name); !problem.empty()) {
    return absl::InvalidArgumentError(problem);
  }
  // No top-level domain is a number (RFC 3696 §2); what ends in one is an address, or a piece of
  // one.
  if (IsAllDigits(LastLabel(name))) {
    return absl::InvalidArgumentError("an IP address or number, not a domain");
  }
  if (!options.allow_single_label && name.find('.') == std::string::npos) {
    return absl::InvalidArgumentError("a single label, not a domain");
  }
  return name;
}

MxHostKind ClassifyMxHost(std::string_view name) {
  if (name == ".") return MxHostKind::kRoot;
  if (LooksLikeIpAddress(name)) return MxHostKind::kIpLiteral;
  if (name.empty() || !HostNameProblem(name).empty() || IsAllDigits(LastLabel(name))) {
    const std::string bytes = Unescape(name);
    return std::any_of(bytes.begin(), bytes.end(), IsBlank) ? MxHostKind::kBlank
                                                            : MxHostKind::kNotAHostName;
  }
  if (name.find('.') == std::string_view::npos) return MxHostKind::kSingleLabel;
  return name.find('_') == std::string_view::npos ? MxHostKind::kValid : MxHostKind::kUnderscore;
}

std::string MxHostProblem(std::string_view name) {
  switch (ClassifyMxHost(name)) {
    case MxHostKind::kValid:
      return "";
    case MxHostKind::kRoot:
      return "the host of a null MX, which must stand alone";
    case MxHostKind::kIpLiteral:
      return "an IP address, not a host name";
    case MxHostKind::kSingleLabel:
      return "a single label";
    case MxHostKind::kUnderscore:
      return "an underscore, which no host name has";
    case MxHostKind::kBlank: {
      const std::string bytes = Unescape(name);
      return IsBlank(bytes.back())    ? "a blank at the end of the name"
             : IsBlank(bytes.front()) ? "a blank at the beginning of the name"
                                      : "a blank in the name";
    }
    case MxHostKind::kNotAHostName:
      break;
  }
  if (std::string problem = HostNameProblem(Unescape(name)); !problem.empty()) return problem;
  return IsAllDigits(LastLabel(name)) ? "the last label is a number" : "a dot within a label";
}

}  // namespace mxsweep::dns
