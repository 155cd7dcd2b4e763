#include "dns/public_suffix.h"

#include <libpsl.h>

#include "dns/facts.h"
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

}  // namespace

std::string RegistrableDomain(std::string_view host) {
  // libpsl would take "192.0.2.1" for a name below the unknown suffix "1".
  if (ClassifyMxHost(host) != MxHostKind::kValid) return "";
  const psl_ctx_t* context = PublicSuffixes();
  if (context == nullptr) return "";
  const std::string terminated(host);
  const char* domain = psl_registrable_domain(context, terminated.c_str());
  return domain != nullptr ? domain : "";
}

}  // namespace mxsweep::dns
