// Names from target lists: whatever the bytes are, a name comes out that stays as it is when it is
// normalised again, and that can be asked for; or a reason.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/public_suffix.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::dns;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const MxHostKind kind = ClassifyMxHost(text);
  Require(!IsLookedUp(kind) || BuildQuery(text, RrType::kA, {}).ok());
  const std::string problem = MxHostProblem(text);
  Require(problem.empty() == (kind == MxHostKind::kValid));
  for (const char c : problem) Require(c >= ' ' && c < 0x7f);
  const auto name = NormalizeDomain(text, {.allow_single_label = true});
  if (!name.ok()) {
    Require(!name.status().message().empty());
    return 0;
  }
  Require(name->size() <= kMaxNameLength);
  const auto again = NormalizeDomain(*name, {.allow_single_label = true});
  Require(again.ok() && *again == *name);
  Require(IsLookedUp(ClassifyMxHost(*name)));
  Require(BuildQuery(*name, RrType::kMx, {}).ok());
  const std::string registrable = RegistrableDomain(*name);
  Require(registrable.empty() || name->ends_with(registrable));
  Require(name->starts_with(NameBeforeOrigin(*name, "example.org")));
  Require(NameBeforeDoubledOrigin("mx." + *name + "." + *name, *name) == "mx." + *name ||
          name->find('.') == std::string::npos);
  return 0;
}
