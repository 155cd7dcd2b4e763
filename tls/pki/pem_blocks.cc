#include "tls/pki/pem_blocks.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>

#include <cstdint>
#include <limits>

#include "scanner/base/text.h"

namespace mxsweep::tls {

absl::StatusOr<size_t> ReadPemBlocks(
    std::string_view text, std::string_view wanted,
    absl::FunctionRef<absl::StatusOr<bool>(std::string_view kind, Bytes der)> take) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::InvalidArgumentError("too long");
  }
  const bssl::UniquePtr<BIO> memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (memory == nullptr) return absl::ResourceExhaustedError("no memory");
  size_t taken = 0;
  while (true) {
    char* name = nullptr;
    char* header = nullptr;
    uint8_t* data = nullptr;
    long length = 0;
    const int read = PEM_read_bio(memory.get(), &name, &header, &data, &length);
    const bssl::UniquePtr<char> owns_name(name), owns_header(header);
    const bssl::UniquePtr<uint8_t> owns_data(data);
    if (read != 1) break;
    const absl::StatusOr<bool> is_wanted = take(name, {data, static_cast<size_t>(length)});
    if (!is_wanted.ok()) {
      ERR_clear_error();
      return is_wanted.status();
    }
    taken += *is_wanted;
  }
  const uint32_t last = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(
        JoinText("the PEM block after ", wanted, " ", taken, " is damaged"));
  }
  return taken;
}

}  // namespace mxsweep::tls
