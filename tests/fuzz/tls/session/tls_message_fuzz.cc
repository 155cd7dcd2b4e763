// Any bytes as handshake messages of a server, one after the other, each with its header.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tls/session/handshake_observer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  HandshakeFacts facts;
  HandshakeObserver observer(&facts, nullptr);
  std::span<const uint8_t> rest(data, size);
  while (rest.size() >= 4) {
    const size_t length =
        std::min<size_t>(4 + (rest[1] << 16 | rest[2] << 8 | rest[3]), rest.size());
    observer.OnMessage(rest.first(length));
    rest = rest.subspan(length);
  }
  if (facts.chain.size() > kMaxChainCertificates ||
      facts.ocsp_response.size() > kMaxOcspResponseBytes ||
      facts.version.empty() == facts.version_wire.has_value()) {
    std::abort();
  }
  return 0;
}
