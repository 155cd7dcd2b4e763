#ifndef MXSWEEP_TOOLS_KEYS_KEY_FILES_H_
#define MXSWEEP_TOOLS_KEYS_KEY_FILES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace mxsweep::tools {

enum class KeyFileKind : uint8_t {
  kCertificate,
  kPublicKey,
  kDhPrime,  // its big-endian bytes; of scans, never of files
};

// What a file holds, in its order: PEM blocks (RFC 7468) CERTIFICATE, PUBLIC KEY and RSA PUBLIC
// KEY, whatever stands between them, or one certificate or public key (SubjectPublicKeyInfo, or
// PKCS #1) in DER. A public key is given as a SubjectPublicKeyInfo. Stops at the first error of
// `take`. kInvalidArgument, a sentence, where there is nothing of that kind in the text, or a block
// is damaged.
absl::Status ReadKeyText(
    std::string_view text,
    absl::FunctionRef<absl::Status(KeyFileKind kind, std::vector<uint8_t> der)> take);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_KEYS_KEY_FILES_H_
