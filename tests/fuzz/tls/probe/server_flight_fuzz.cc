// Any bytes as what a server answers to a hand-built ClientHello. The first byte says in which
// portions they come, and how it ends.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tls/probe/probe_findings.h"
#include "tls/probe/server_flight.h"
#include "tls/session/handshake.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  if (size == 0) return 0;
  const size_t portion = data[0] & 0x3f;
  const size_t step = portion == 0 ? size : portion;
  std::span<const uint8_t> rest(data + 1, size - 1);
  ServerFlightReader reader;
  while (!rest.empty() && !reader.done()) {
    const size_t length = std::min(step, rest.size());
    reader.Feed(rest.first(length));
    rest = rest.subspan(length);
  }
  if ((data[0] & 0x80) != 0) {
    reader.Abandon(FlightEnd::kTimedOut);
  } else {
    reader.Eof();
  }
  ProbeResult result = {.reached_tls = true, .flight = reader.Take()};
  const ServerFlight& flight = result.flight;
  const bool hello =
      flight.kind == FlightKind::kServerHello || flight.kind == FlightKind::kHelloRetryRequest;
  if (flight.end == FlightEnd::kOpen || flight.chain.size() > kMaxChainCertificates ||
      flight.bytes_in >= size || FlightWord(flight).empty() ||
      hello != (flight.version && flight.suite) ||
      (flight.kind == FlightKind::kAlert && !flight.alert) ||
      (flight.hello_done && flight.end != FlightEnd::kComplete) ||
      (flight.end == FlightEnd::kMalformed && flight.detail.empty())) {
    std::abort();
  }
  // Whatever it is, something or nothing follows from it.
  for (const Probe probe :
       {Probe{ProbeKind::kFollowUp}, Probe{ProbeKind::kDhe},
        Probe{ProbeKind::kExport, kPartRsa | kPartDhe}, Probe{ProbeKind::kHybridGroups, 127}}) {
    result.probe = probe;
    const OrdinaryHandshake ordinary = {.reached_tls = true};
    const ProbeFindings found = Conclude(ordinary, {&result, 1});
    if (!hello && found.accepts_export == true) std::abort();
    (void)NextProbe(SurveySet::All(), ordinary, {&result, 1});
  }
  return 0;
}
