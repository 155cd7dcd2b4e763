#include "tls/pki/name_match.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {
namespace {

// The longest name DNS can hold, in text (RFC 1035 §2.3.4).
constexpr size_t kMaxNameLength = 253;

std::string_view WithoutTrailingDot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool IsIpLiteral(std::string_view name) {
  in_addr v4;
  return name.find(':') != std::string_view::npos || name.starts_with('[') ||
         inet_pton(AF_INET, std::string(name).c_str(), &v4) == 1;
}

// What can be compared as a host name: no bytes that a certificate could hide another name behind.
bool LooksLikeName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, absl::ascii_tolower, absl::ascii_tolower);
}

}  // namespace

std::string_view NameMatchName(NameMatch match) {
  switch (match) {
    case NameMatch::kNone:
      return "none";
    case NameMatch::kSan:
      return "san";
    case NameMatch::kCn:
      return "cn";
  }
  return "";
}

bool PresentedNameMatches(std::string_view presented, std::string_view reference) {
  // In a certificate the dot is one character too many (RFC 5280 §4.2.1.6: "preferred name
  // syntax"), and OpenSSL and GnuTLS take it so.
  reference = WithoutTrailingDot(reference);
  if (!LooksLikeName(presented) || !LooksLikeName(reference) || IsIpLiteral(reference))
    return false;
  if (!presented.starts_with("*.")) {
    return presented.find('*') == std::string_view::npos && EqualsIgnoreCase(presented, reference);
  }
  // "*.example.org": exactly one label in the star's place, and two or more after it (RFC 6125
  // §6.4.3, §7.2).
  const std::string_view fixed = presented.substr(1);
  const size_t first_dot = reference.find('.');
  if (first_dot == 0 || first_dot == std::string_view::npos) return false;
  return fixed.find('*') == std::string_view::npos &&
         fixed.substr(1).find('.') != std::string_view::npos &&
         EqualsIgnoreCase(fixed, reference.substr(first_dot));
}

NameMatch MatchName(std::span<const uint8_t> leaf_der, std::span<const std::string> references,
                    NameMatchMode mode) {
  const CertificateDer leaf = CutCertificate(leaf_der);
  if (!leaf.error.empty()) return NameMatch::kNone;
  const auto fits = [&references](std::string_view presented) {
    return std::ranges::any_of(references, [presented](const std::string& reference) {
      return PresentedNameMatches(presented, reference);
    });
  };
  bool has_dns_id = false;
  bool matched = false;
  const bool readable = ForEachSubjectAltName(leaf, [&](GeneralName kind, Bytes contents) {
    if (kind != GeneralName::kDns) return;
    has_dns_id = true;
    matched = matched || fits(AsText(contents));
  });
  if (matched) return NameMatch::kSan;
  // What cannot be read to its end may hold a DNS-ID.
  if (has_dns_id || !readable || mode == NameMatchMode::kSanOnly) return NameMatch::kNone;
  ForEachCommonName(leaf, [&](std::string_view name) { matched = matched || fits(name); });
  return matched ? NameMatch::kCn : NameMatch::kNone;
}

std::vector<std::string> PresentedNames(std::span<const uint8_t> leaf_der) {
  std::vector<std::string> names;
  const CertificateDer leaf = CutCertificate(leaf_der);
  if (!leaf.error.empty()) return names;
  const auto add = [&names](std::string_view name) {
    // What can never match need not be kept.
    if (names.size() < kMaxPresentedNames && LooksLikeName(WithoutTrailingDot(name))) {
      names.emplace_back(name);
    }
  };
  bool has_dns_id = false;
  ForEachSubjectAltName(leaf, [&](GeneralName kind, Bytes contents) {
    if (kind != GeneralName::kDns) return;
    has_dns_id = true;
    add(AsText(contents));
  });
  if (!has_dns_id) ForEachCommonName(leaf, add);
  return names;
}

}  // namespace mxsweep::tls
