#include "tools/page/html.h"

#include <span>

#include "absl/strings/escaping.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxTextBytes = 300;

}  // namespace

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : SanitizeText(text, kMaxTextBytes)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string ScriptJson(const nlohmann::json& json) {
  // As ASCII, with U+FFFD for what is not UTF-8: so U+2028 and U+2029 are escaped as well.
  const std::string text =
      json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "\\u003c";
        break;
      case '>':
        escaped += "\\u003e";
        break;
      case '&':
        escaped += "\\u0026";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string CspHash(std::string_view content) {
  const tls::Sha256 hash =
      tls::HashSha256(std::span(reinterpret_cast<const uint8_t*>(content.data()), content.size()));
  const std::string base64 = absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
  return JoinText("'sha256-", base64, "'");
}

}  // namespace mxsweep::tools
