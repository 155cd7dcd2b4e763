// The private keys of the lab: a small pool per kind, shared by its servers, and those of its
// authorities. They are the same for every seed (nothing that is measured depends on their values)
// and derived without randomness, so that certificates have the same bytes everywhere. Deriving the
// RSA keys takes a few seconds of CPU, so they are kept in a file.
//
// Thread-safety: immutable after Create.
#ifndef MXSWEEP_TOOLS_LAB_KEYS_H_
#define MXSWEEP_TOOLS_LAB_KEYS_H_

#include <openssl/evp.h>

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/postures.h"

namespace mxsweep::lab {

struct Key {
  KeyKind kind = KeyKind::kP256;
  bssl::UniquePtr<EVP_PKEY> private_key;
  std::string spki;  // DER, SubjectPublicKeyInfo
};

enum class AuthorityKey : uint8_t {
  kEcRoot,
  kEcIntermediate,
  kRsaRoot,
  kRsaIntermediate,
  kUnknown,
  kCount
};

class KeyPool {
 public:
  // Reads the RSA keys from `cache_file`, or derives them and writes it (unless it is empty).
  static absl::StatusOr<KeyPool> Create(const std::string& cache_file);

  // `index` wraps around.
  const Key& Get(KeyKind kind, uint32_t index) const;
  const Key& Get(AuthorityKey which) const { return authorities_[static_cast<size_t>(which)]; }

 private:
  std::array<std::vector<Key>, static_cast<size_t>(KeyKind::kCount)> pool_;
  std::vector<Key> authorities_;
};

// What the tables say of a kind of key.
struct KeyFacts {
  std::string_view type;   // "rsa", "ec", "ed25519"
  std::string_view curve;  // "P-256"; empty for the others
  uint32_t bits;
  int security_bits;  // as OpenSSL counts them
};
KeyFacts FactsOf(KeyKind kind);

// SHA-256 of `data`, 32 bytes.
std::string Sha256(std::string_view data);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_KEYS_H_
