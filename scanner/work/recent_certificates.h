#ifndef MXSWEEP_SCANNER_WORK_RECENT_CERTIFICATES_H_
#define MXSWEEP_SCANNER_WORK_RECENT_CERTIFICATES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "tls/pki/certificate_table.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::scanner {

// Certificates that a worker has met lately, by the buffer they came in, so that the intermediates
// of a few large CAs, which come with nearly every handshake, need not be hashed each time. Equal
// certificates of one ClientContext share their buffer for as long as a handle on it is alive;
// those in here are.
//
// At most kSlots certificates are kept, and a newer one takes the place of an older. One thread.
class RecentCertificates {
 public:
  // Null: not met lately.
  tls::CertificateRef Find(const tls::DerHandle& der) const {
    const Slot& slot = (*slots_)[IndexOf(der)];
    return slot.der.identity() == der.identity() ? slot.certificate : nullptr;
  }
  void Keep(const tls::DerHandle& der, tls::CertificateRef certificate) {
    (*slots_)[IndexOf(der)] = {der, std::move(certificate)};
  }

 private:
  static constexpr size_t kSlots = 512;
  struct Slot {
    tls::DerHandle der;
    tls::CertificateRef certificate;
  };

  // Buffers lie 16 bytes apart or more; the multiplier (2^64 / golden ratio: Knuth, TAOCP 6.4)
  // spreads their addresses.
  static size_t IndexOf(const tls::DerHandle& der) {
    const auto address = reinterpret_cast<uintptr_t>(der.identity());
    return static_cast<size_t>((uint64_t{address} * 0x9E3779B97F4A7C15u) >> 32) % kSlots;
  }

  std::unique_ptr<std::array<Slot, kSlots>> slots_ = std::make_unique<std::array<Slot, kSlots>>();
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_RECENT_CERTIFICATES_H_
