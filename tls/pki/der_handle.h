#ifndef MXSWEEP_TLS_PKI_DER_HANDLE_H_
#define MXSWEEP_TLS_PKI_DER_HANDLE_H_

#include <array>
#include <cstdint>
#include <span>
#include <utility>

// BoringSSL's CRYPTO_BUFFER and CRYPTO_BUFFER_POOL, named here so that its headers stay out of
// ours.
struct crypto_buffer_st;
struct crypto_buffer_pool_st;

namespace mxsweep::tls {

// 32 bytes of SHA-256.
using Sha256 = std::array<uint8_t, 32>;

Sha256 HashSha256(std::span<const uint8_t> bytes);

// The DER of one certificate as it was shown: immutable, reference-counted, copied for the price of
// a counter. Equal certificates that came through one ClientContext share one buffer.
//
// Thread-safety: handles may be copied, moved and destroyed on any thread; one handle object must
// not be written to by two.
class DerHandle {
 public:
  DerHandle() = default;
  // A handle on a copy of `der`, in no pool.
  static DerHandle Copy(std::span<const uint8_t> der);
  // A handle on a copy of `der`, shared with every equal one in `pool` (may be null).
  static DerHandle Pooled(std::span<const uint8_t> der, crypto_buffer_pool_st* pool);

  DerHandle(const DerHandle& other);
  DerHandle(DerHandle&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  DerHandle& operator=(DerHandle other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~DerHandle();

  // Valid as long as any handle on this certificate is.
  std::span<const uint8_t> der() const;
  bool empty() const { return buffer_ == nullptr; }
  // The same for handles that share a buffer, another for any others that are alive meanwhile.
  const void* identity() const { return buffer_; }

 private:
  explicit DerHandle(crypto_buffer_st* buffer) : buffer_(buffer) {}

  crypto_buffer_st* buffer_ = nullptr;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_DER_HANDLE_H_
