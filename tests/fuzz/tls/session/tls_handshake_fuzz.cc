// Any bytes as what a server answers to a ClientHello. The first byte says in which portions they
// come.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "tls/session/handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  static ClientContext* const context = ClientContext::Create()->release();
  if (size == 0) return 0;
  const size_t step = data[0] == 0 ? size : data[0];
  std::span<const uint8_t> rest(data + 1, size - 1);
  Handshake client(context);
  std::string out;
  if (!client.Start("mx.example.org", kTls13, &out).ok()) std::abort();
  while (!rest.empty() && client.Facts().outcome == HandshakeOutcome::kInProgress) {
    const size_t length = std::min(step, rest.size());
    client.Advance(rest.first(length), &out);
    rest = rest.subspan(length);
  }
  client.OnTransportClosed();
  // No bytes that are not made for these keys can complete a handshake.
  const HandshakeFacts& facts = client.Facts();
  if (facts.outcome == HandshakeOutcome::kOk || facts.outcome == HandshakeOutcome::kInProgress ||
      facts.chain.size() > kMaxChainCertificates || facts.error_detail.empty()) {
    std::abort();
  }
  return 0;
}
