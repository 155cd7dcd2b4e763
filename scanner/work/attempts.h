// What to try at an endpoint, and which of the tries its row tells: pure functions of what was
// found so far. A further kind of try is a further rule in attempts.cc.
#ifndef MXSWEEP_SCANNER_WORK_ATTEMPTS_H_
#define MXSWEEP_SCANNER_WORK_ATTEMPTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "scanner/smtp/dialogue.h"
#include "scanner/smtp/endpoint_facts.h"
#include "tls/probe/surveys.h"

namespace mxsweep::scanner {

struct AttemptLimits {
  Offer usual;                              // what is offered first; --offer may want less
  uint32_t retries = 1;                     // of the usual offer, after a failure that may pass
  int64_t retry_delay_ns = 30'000'000'000;  // before the first of them; doubled each time
  // Where a handshake with a server name (SNI) was completed: another connection without one, up to
  // the handshake, to see what senders meet that send none.
  bool also_without_server_name = false;
  // Probes that are asked for; one follows a handshake that failed perhaps for our own ClientHello
  // in any case.
  tls::SurveySet surveys;
};

// What one offer came to.
struct Tried {
  Offer offer;
  uint32_t attempts = 0;                 // connections made or tried
  std::unique_ptr<EndpointFacts> facts;  // of the last of them
};

// The probes that were made of an endpoint: what each came to, and the connection it took.
struct Probed {
  tls::OrdinaryHandshake ordinary;  // that they follow
  std::vector<tls::ProbeResult> results;
  std::vector<std::unique_ptr<EndpointFacts>>
      connections;  // of each; their flight is in its result
};

// What to do next.
struct Attempt {
  Offer offer;
  // Instead of a handshake. The offer says how the row's handshake was made.
  std::optional<tls::Probe> probe;
  // How far to talk: the dialogue ends behind this stage.
  Stage last_stage = Stage::kDone;
  // When: so long from now, before the gate is asked. To be spread (Pacer::Spread).
  int64_t delay_ns = 0;
};

// The next attempt after `tried` (in the order of the first attempt of each offer; empty: nothing
// was tried) and `probed` (null: no probe was made), or nothing where the endpoint is done with.
// Probes are the last attempts: none but a further one follows.
std::optional<Attempt> NextAttempt(std::span<const Tried> tried, const Probed* probed,
                                   const AttemptLimits& limits);

// Which of `tried` the endpoint's row tells. REQUIRES: it is not empty.
size_t ChooseAttempt(std::span<const Tried> tried);
// Its facts; where they are not of the usual offer, they say so.
EndpointFacts& ChosenFacts(std::vector<Tried>* tried);
// What the connection came to that also_without_server_name asks for; null: there was none.
const EndpointFacts* FactsWithoutServerName(std::span<const Tried> tried);

// What the endpoint's row tells of its handshake, for the plan of the probes.
tls::OrdinaryHandshake OrdinaryOf(std::span<const Tried> tried);

// endpoints.offer: "usual", "tls12", "no_server_name", "no_post_quantum".
std::string_view OfferWord(const Offer& offer, const Offer& usual);

// Adds what a probe came to. `probed` began with OrdinaryOf what was tried.
void AddProbe(const tls::Probe& probe, std::unique_ptr<EndpointFacts> facts, Probed* probed);

// Adds what an attempt came to.
void AddAttempt(const Offer& offer, std::unique_ptr<EndpointFacts> facts,
                std::vector<Tried>* tried);

// Connections made or tried, of all offers.
uint32_t CountAttempts(std::span<const Tried> tried);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_ATTEMPTS_H_
