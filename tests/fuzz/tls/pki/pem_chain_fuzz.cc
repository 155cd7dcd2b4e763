// Any text as a chain of PEM blocks.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tls/pki/pem_chain.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto chain = mxsweep::tls::ReadPemChain({reinterpret_cast<const char*>(data), size});
  if (chain.ok() && (chain->empty() || chain->size() > mxsweep::tls::kMaxPemCertificates)) {
    std::abort();
  }
  if (!chain.ok() && chain.status().message().empty()) std::abort();
  return 0;
}
