#include "scanner/targets/name_set.h"

#include <openssl/siphash.h>

namespace mxsweep::scanner {

NameSet::Slot NameSet::SlotOf(std::string_view name) const {
  const uint64_t hash =
      SIPHASH_24(key_.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
  return {hash == 0 ? 1 : hash};
}

bool NameSet::Insert(std::string_view name) { return names_.Insert(SlotOf(name)); }

bool NameSet::Contains(std::string_view name) const { return names_.Find(SlotOf(name)) != nullptr; }

}  // namespace mxsweep::scanner
