#include "dns/public_suffix.h"

#include <libpsl.h>

#include "dns/facts.h"
#include "dns/ip_address.h"
#include "dns/name.h"

namespace mxsweep::dns {
namespace {

// Never freed: names may be looked up until the process ends. libpsl's functions only read it.
const psl_ctx_t* PublicSuffixes() {
  static const psl_ctx_t* const kContext = [] {
    const psl_ctx_t* newest = psl_latest(nullptr);
    return newest != nullptr ? newest : psl_builtin();
  }();
  return kContext;
}

// Is the last label of `name` a top-level domain of the list?
bool EndsInKnownSuffix(std::string_view name) {
  const psl_ctx_t* context = PublicSuffixes();
  if (context == nullptr) return false;
  const std::string label(name.substr(name.rfind('.') + 1));
  return psl_is_public_suffix2(context, label.c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) == 1;
}

// What stands before `origin` at the end of `host`; empty if it does not.
std::string_view Before(std::string_view host, std::string_view origin) {
  if (host.size() < origin.size() + 2 || !host.ends_with(origin)) return "";
  host.remove_suffix(origin.size());
  if (!host.ends_with('.')) return "";
  host.remove_suffix(1);
  return host;
}

bool IsOrBelow(std::string_view name, std::string_view zone) {
  return name == zone || !Before(name, zone).empty();
}

}  // namespace

std::string RegistrableDomain(std::string_view host) {
  // libpsl would take "192.0.2.1" for a name below the unknown suffix "1".
  const MxHostKind kind = ClassifyMxHost(host);
  if (kind != MxHostKind::kValid && kind != MxHostKind::kUnderscore) return "";
  const psl_ctx_t* context = PublicSuffixes();
  if (context == nullptr) return "";
  const std::string terminated(host);
  const char* domain = psl_registrable_domain(context, terminated.c_str());
  return domain != nullptr ? domain : "";
}

std::string NameBeforeDoubledOrigin(std::string_view host, std::string_view domain) {
  // A zone of one label is a registry's, and no zone file of a mail domain.
  while (domain.find('.') != std::string_view::npos) {
    const std::string_view name = Before(host, domain);
    if (!name.empty() && IsOrBelow(name, domain)) return std::string(name);
    domain.remove_prefix(domain.find('.') + 1);
  }
  return "";
}

std::string NameBeforeOrigin(std::string_view host, std::string_view domain) {
  if (std::string doubled = NameBeforeDoubledOrigin(host, domain); !doubled.empty()) return doubled;
  while (domain.find('.') != std::string_view::npos) {
    const std::string_view name = Before(host, domain);
    if (IpAddress::Parse(name).has_value() ||
        (name.find('.') != std::string_view::npos && EndsInKnownSuffix(name))) {
      return std::string(name);
    }
    domain.remove_prefix(domain.find('.') + 1);
  }
  return "";
}

}  // namespace mxsweep::dns
