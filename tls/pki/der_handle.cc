#include "tls/pki/der_handle.h"

#include <openssl/pool.h>
#include <openssl/sha.h>

namespace mxsweep::tls {

Sha256 HashSha256(std::span<const uint8_t> bytes) {
  Sha256 hash;
  SHA256(bytes.data(), bytes.size(), hash.data());
  return hash;
}

DerHandle DerHandle::Copy(std::span<const uint8_t> der) { return Pooled(der, nullptr); }

DerHandle DerHandle::Pooled(std::span<const uint8_t> der, CRYPTO_BUFFER_POOL* pool) {
  return DerHandle(CRYPTO_BUFFER_new(der.data(), der.size(), pool));
}

DerHandle::DerHandle(const DerHandle& other) : buffer_(other.buffer_) {
  if (buffer_ != nullptr) CRYPTO_BUFFER_up_ref(buffer_);
}

DerHandle::~DerHandle() { CRYPTO_BUFFER_free(buffer_); }

std::span<const uint8_t> DerHandle::der() const {
  if (buffer_ == nullptr) return {};
  return {CRYPTO_BUFFER_data(buffer_), CRYPTO_BUFFER_len(buffer_)};
}

}  // namespace mxsweep::tls
