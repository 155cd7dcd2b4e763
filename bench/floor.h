// What an endpoint cannot cost less than: its handshake in memory, and a bare session on a ring.
#ifndef MXSWEEP_BENCH_FLOOR_H_
#define MXSWEEP_BENCH_FLOOR_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load_server.h"

namespace mxsweep::bench {

// CPU seconds, user and system, of the client's side of a TLS 1.3 handshake (X25519, ECDSA P-256
// leaf and intermediate) as plain BoringSSL makes it in memory: accept-all verification, buffers in
// place of X.509, one SSL_CTX for all `handshakes`. Under callgrind with --collect-atstart=no, just
// the client's side is collected.
double HandshakeFloorCpuSeconds(int handshakes);

// CPU seconds of so many verifications of a chain by BoringSSL alone, each from DER: leaf and
// intermediate as above are parsed and led to a root that is parsed already (purpose: TLS server).
// Under callgrind as above.
double ChainVerificationCpuSeconds(int verifications);

// The flights of a whole session of ours with a load server, greeting to close_notify, by the bytes
// that really pass; the handshake's are taken from one in memory.
std::vector<Flight> SessionFlights();

struct BareSessionOptions {
  uint16_t port = 2926;  // of the bare exchange
  std::vector<Flight> flights;
  int sessions = 20000;  // each with an address of its own
  int concurrency = 1000;
};

// CPU seconds, user and system, of all sessions: connect, flights, last words, cancelled receive,
// close, on one io_uring with direct descriptors, multishot receive and provided buffers, by as
// little code as it takes.
absl::StatusOr<double> BareSessionsCpuSeconds(const BareSessionOptions& options);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_FLOOR_H_
