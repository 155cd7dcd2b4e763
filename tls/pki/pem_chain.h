#ifndef MXSWEEP_TLS_PKI_PEM_CHAIN_H_
#define MXSWEEP_TLS_PKI_PEM_CHAIN_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

// More certificates than any server sends.
inline constexpr size_t kMaxPemCertificates = 100;

// The certificates of a text with PEM blocks (RFC 7468), in their order: text between and around
// them and blocks of other kinds (keys, parameters) are passed over. What a block holds is not
// looked at. InvalidArgument, a sentence, if there is none, one is damaged, or there are too many.
absl::StatusOr<std::vector<DerHandle>> ReadPemChain(std::string_view text);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_PEM_CHAIN_H_
