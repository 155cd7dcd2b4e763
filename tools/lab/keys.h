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

// What is wrong with a key, in the words of docs/keys.md, because it was made so.
struct KeyFaults {
  std::vector<std::string_view> at_scan;    // what a scan sees, for a few microseconds
  std::vector<std::string_view> by_itself;  // what `mxsweep keys` sees of the key alone
  bool is_factored = false;                 // by what is seen of it alone
  bool shares_prime = false;                // with all others that share one
};

struct Key {
  KeyKind kind = KeyKind::kP256;
  KeyFaults faults;
  std::string rsa_exponent;               // bytes, big-endian; empty: no RSA key
  std::string modulus_sha256;             // 32 bytes, of the big-endian number; empty: no RSA key
  bssl::UniquePtr<EVP_PKEY> private_key;  // null: nobody has it
  std::string spki;                       // DER, SubjectPublicKeyInfo
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
