#include "tls/pki/pem_chain.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

#include <limits>

#include "scanner/base/text.h"

namespace mxsweep::tls {

absl::StatusOr<std::vector<DerHandle>> ReadPemChain(std::string_view text) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError("too long");
  }
  const bssl::UniquePtr<BIO> memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (memory == nullptr) return absl::ResourceExhaustedError("no memory");
  std::vector<DerHandle> chain;
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    uint8_t* data = nullptr;
    long length = 0;
    const int read = PEM_read_bio(memory.get(), &name, &header, &data, &length);
    const bssl::UniquePtr<char> owns_name(name), owns_header(header);
    const bssl::UniquePtr<uint8_t> owns_data(data);
    if (read != 1) break;
    const std::string_view kind = name;
    if (kind != "CERTIFICATE" && kind != "X509 CERTIFICATE") continue;
    if (chain.size() == kMaxPemCertificates) {
      ERR_clear_error();
      return absl::InvalidArgumentError(
          JoinText("more than ", kMaxPemCertificates, " certificates"));
    }
    chain.push_back(DerHandle::Copy({data, static_cast<size_t>(length)}));
  }
  const uint32_t last = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(
        JoinText("the PEM block after certificate ", chain.size(), " is damaged"));
  }
  if (chain.empty()) return absl::InvalidArgumentError("no certificate in it");
  return chain;
}

}  // namespace mxsweep::tls
