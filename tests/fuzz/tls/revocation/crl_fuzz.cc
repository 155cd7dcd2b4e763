// An issuer behind two bytes of length, and then a revocation list.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tls/revocation/crl.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  if (size < 2) return 0;
  const std::span<const uint8_t> rest(data + 2, size - 2);
  const size_t length = std::min<size_t>(data[0] << 8 | data[1], rest.size());
  const RevocationList list = RevocationList::Read(rest.subspan(length), rest.first(length));
  // A serial number takes a byte, a date takes more.
  if (list.entries() > size / 8) std::abort();
  for (const bool is_ca : {false, true}) {
    const CrlVerdict verdict =
        list.Judge({.serial = {0x10, 0x02}, .is_ca = is_ca}, list.window().this_update_s);
    if (verdict.detail.empty() != (verdict.status == CrlStatus::kGood)) std::abort();
    if (verdict.revocation.has_value() != (verdict.status == CrlStatus::kRevoked)) std::abort();
  }
  return 0;
}
