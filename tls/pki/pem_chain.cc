#include "tls/pki/pem_chain.h"

#include "scanner/base/text.h"
#include "tls/pki/pem_blocks.h"

namespace mxsweep::tls {

absl::StatusOr<std::vector<DerHandle>> ReadPemChain(std::string_view text) {
  std::vector<DerHandle> chain;
  const absl::StatusOr<size_t> taken = ReadPemBlocks(
      text, "certificate", [&chain](std::string_view kind, Bytes der) -> absl::StatusOr<bool> {
        if (!IsPemCertificate(kind)) return false;
        if (chain.size() == kMaxPemCertificates) {
          return absl::InvalidArgumentError(
              JoinText("more than ", kMaxPemCertificates, " certificates"));
        }
        chain.push_back(DerHandle::Copy(der));
        return true;
      });
  if (!taken.ok()) return taken.status();
  if (chain.empty()) return absl::InvalidArgumentError("no certificate in it");
  return chain;
}

}  // namespace mxsweep::tls
