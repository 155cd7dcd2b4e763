#ifndef MXSWEEP_TLS_PKI_PEM_BLOCKS_H_
#define MXSWEEP_TLS_PKI_PEM_BLOCKS_H_

#include <cstddef>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

// Gives `take` each PEM block (RFC 7468) of a text in its order, as what it says it is
// ("CERTIFICATE") and what it holds, which nobody has looked at; text between and around them is
// passed over. `take` returns whether it was one of those wanted; an error of it ends the reading
// and is returned. Returns how many were wanted. kInvalidArgument, a sentence, where a block is
// damaged: it stands behind so many of `wanted` ("certificate").
absl::StatusOr<size_t> ReadPemBlocks(
    std::string_view text, std::string_view wanted,
    absl::FunctionRef<absl::StatusOr<bool>(std::string_view kind, Bytes der)> take);

// Is a block of this kind a certificate, by its name of today or of old?
inline bool IsPemCertificate(std::string_view kind) {
  return kind == "CERTIFICATE" || kind == "X509 CERTIFICATE";
}

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_PEM_BLOCKS_H_
