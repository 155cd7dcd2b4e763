#include "tools/check/domain.h"

#include "dns/name.h"
#include "scanner/base/text.h"
#include "tools/check/paragraph.h"

namespace mxsweep::tools {
namespace {

// "example.org" of "https://user@example.org:8080/path".
std::string_view HostOfUrl(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return url.substr(0, url.find(':'));
}

// "example.org" of "ann@example.org", "mailto:ann@example.org" and "Ann <ann@example.org>".
std::string_view DomainOfAddress(std::string_view address) {
  address.remove_prefix(address.rfind('@') + 1);
  return address.substr(0, address.find_first_of(">?"));
}

}  // namespace

absl::StatusOr<scanner::CheckedDomain> ReadDomain(std::string_view text) {
  const std::string_view given = TrimText(text);
  std::string_view domain = given;
  if (given.find("://") != std::string_view::npos) {
    domain = HostOfUrl(given);
  } else if (given.find('@') != std::string_view::npos) {
    domain = DomainOfAddress(given);
  }
  const absl::StatusOr<std::string> name = dns::NormalizeDomain(domain);
  if (!name.ok()) {
    return InvalidArgument(JoinText("\"", Printable(given.substr(0, 80)),
                                    "\" is no mail domain: ", MessageOf(name.status())));
  }
  return scanner::CheckedDomain{*name, std::string(given)};
}

}  // namespace mxsweep::tools
