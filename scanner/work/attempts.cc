#include "scanner/work/attempts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/verdict/verdicts.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/public_key.h"
#include "tls/session/errors.h"
#include "tls/session/offers.h"

namespace mxsweep::scanner {
namespace {

// A day: a longer one is as good as none, and doubling it must not overflow.
constexpr int64_t kMostDelayNs = 86'400'000'000'000;

// May another attempt fare better? docs/outcomes.md has the list.
bool IsTransient(const EndpointFacts& facts) {
  switch (facts.outcome) {
    case Outcome::kConnectTimeout:
    case Outcome::kGreetingTimeout:
    case Outcome::kCommandTimeout:
    case Outcome::kTlsTimeout:
    case Outcome::kReset:
    case Outcome::kClosedEarly:
    case Outcome::kGreeting4xx:
    case Outcome::kThrottled421:
    case Outcome::kUnreachable:
      return true;
    case Outcome::kEhloRefused:
    case Outcome::kStartTlsRefused:
      return facts.transient_refusal;
    default:
      return IsLocal(facts.outcome);
  }
}

// What is other than in the usual offer.
Offer OtherThan(Offer usual, tls::SecondOffer second) {
  switch (second) {
    case tls::SecondOffer::kTls12NoSessionId:
      usual.max_version = tls::kTls12;
      break;
    case tls::SecondOffer::kNoServerName:
      usual.server_name = false;
      break;
    case tls::SecondOffer::kNoPostQuantum:
      usual.post_quantum = false;
      break;
  }
  return usual;
}

// A failure of which another offer may be the cure.
bool MayBeOfTheOffer(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTlsAlert:
    case Outcome::kTlsProtocolError:
    case Outcome::kTlsTimeout:
    case Outcome::kReset:
    case Outcome::kClosedEarly:
      return true;
    default:
      return false;
  }
}

// "tls_alert: unrecognized_name", "tls_protocol_error: …".
std::string FailureText(const EndpointFacts& facts) {
  const std::string_view outcome = OutcomeName(facts.outcome);
  if (facts.handshake && facts.handshake->alert_received) {
    return JoinText(outcome, ": ", tls::AlertText(*facts.handshake->alert_received));
  }
  return JoinText(outcome, facts.error_detail.empty() ? "" : ": ", facts.error_detail);
}

tls::SuiteKey LeafKeyOf(const tls::DerHandle& leaf) {
  switch (tls::ReadPublicKey(tls::CutCertificate(leaf.der()).spki).type) {
    case tls::KeyType::kRsa:
    case tls::KeyType::kRsaPss:
      return tls::SuiteKey::kRsa;
    case tls::KeyType::kEc:
      return tls::SuiteKey::kEcdsa;
    default:
      return tls::SuiteKey::kAny;
  }
}

const Tried* Find(std::span<const Tried> tried, const Offer& offer) {
  const auto found = std::ranges::find(tried, offer, &Tried::offer);
  return found == tried.end() ? nullptr : &*found;
}

// Before the `retry`th further attempt.
int64_t DelayBefore(uint32_t retry, const AttemptLimits& limits) {
  int64_t delay_ns = std::min(limits.retry_delay_ns, kMostDelayNs);
  for (uint32_t i = 1; i < retry && delay_ns < kMostDelayNs; ++i) delay_ns *= 2;
  return std::min(delay_ns, kMostDelayNs);
}

// The rules, the first that has something to say decides.

std::optional<Attempt> TheUsualOfferFirst(std::span<const Tried> tried,
                                          const AttemptLimits& limits) {
  if (!tried.empty()) return std::nullopt;
  return Attempt{.offer = limits.usual};
}

std::optional<Attempt> AgainAfterWhatMayPass(std::span<const Tried> tried,
                                             const AttemptLimits& limits) {
  const Tried& usual = tried.front();
  if (usual.attempts > limits.retries || !IsTransient(*usual.facts)) return std::nullopt;
  return Attempt{.offer = usual.offer, .delay_ns = DelayBefore(usual.attempts, limits)};
}

// A handshake that may have failed for what our own ClientHello is or lacks: what would settle it
// is tried, once each, until one goes well.
std::optional<Attempt> OnceMoreWithAnotherOffer(std::span<const Tried> tried,
                                                const AttemptLimits&) {
  const EndpointFacts& usual = *tried.front().facts;
  if (!MayBeOfTheOffer(usual.outcome) || !usual.handshake || ChooseAttempt(tried) != 0) {
    return std::nullopt;
  }
  for (const tls::SecondOffer second :
       tls::SecondOffers(*usual.handshake, usual.sent_server_name)) {
    const Offer offer = OtherThan(tried.front().offer, second);
    if (Find(tried, offer) == nullptr) return Attempt{.offer = offer};
  }
  return std::nullopt;
}

// The offer of `tried`'s row without its server name; nothing where it had none, or no handshake
// was completed.
std::optional<Offer> OfferWithoutServerName(std::span<const Tried> tried) {
  const Tried& chosen = tried[ChooseAttempt(tried)];
  if (chosen.facts->outcome != Outcome::kTlsOk || !chosen.facts->sent_server_name) {
    return std::nullopt;
  }
  Offer offer = chosen.offer;
  offer.server_name = false;
  return offer;
}

std::optional<Attempt> AlsoWithoutServerName(std::span<const Tried> tried,
                                             const AttemptLimits& limits) {
  if (!limits.also_without_server_name) return std::nullopt;
  const std::optional<Offer> offer = OfferWithoutServerName(tried);
  if (!offer || Find(tried, *offer) != nullptr) return std::nullopt;
  return Attempt{.offer = *offer, .last_stage = Stage::kHandshake};
}

std::optional<Attempt> AProbe(std::span<const Tried> tried, const Probed* probed,
                              const AttemptLimits& limits) {
  const Tried& chosen = tried[ChooseAttempt(tried)];
  if (limits.surveys.empty() && FailurePerhapsOurs(*chosen.facts).empty()) return std::nullopt;
  const std::optional<tls::Probe> probe =
      probed == nullptr ? tls::NextProbe(limits.surveys, OrdinaryOf(tried), {})
                        : tls::NextProbe(limits.surveys, probed->ordinary, probed->results);
  if (!probe) return std::nullopt;
  return Attempt{.offer = chosen.offer, .probe = probe};
}

constexpr std::optional<Attempt> (*kRules[])(std::span<const Tried>, const AttemptLimits&) = {
    TheUsualOfferFirst,
    AgainAfterWhatMayPass,
    OnceMoreWithAnotherOffer,
    AlsoWithoutServerName,
};

}  // namespace

std::optional<Attempt> NextAttempt(std::span<const Tried> tried, const Probed* probed,
                                   const AttemptLimits& limits) {
  if (probed == nullptr) {
    for (const auto& rule : kRules) {
      if (std::optional<Attempt> attempt = rule(tried, limits)) return attempt;
    }
  }
  return AProbe(tried, probed, limits);
}

tls::OrdinaryHandshake OrdinaryOf(std::span<const Tried> tried) {
  const Tried& chosen = tried[ChooseAttempt(tried)];
  const EndpointFacts& facts = *chosen.facts;
  tls::OrdinaryHandshake ordinary{.max_version_offered = chosen.offer.max_version};
  if (!facts.handshake) return ordinary;
  const tls::HandshakeFacts& shown = *facts.handshake;
  ordinary.reached_tls = true;
  ordinary.completed = facts.outcome == Outcome::kTlsOk;
  ordinary.version = shown.version_wire;
  ordinary.suite = shown.cipher_wire;
  ordinary.group = shown.group_wire;
  ordinary.may_be_ours = FailurePerhapsOurs(facts);
  ordinary.had_server_name = facts.sent_server_name;
  if (!shown.chain.empty()) ordinary.leaf_key = LeafKeyOf(shown.chain.front());
  return ordinary;
}

void AddProbe(const tls::Probe& probe, std::unique_ptr<EndpointFacts> facts, Probed* probed) {
  tls::ProbeResult& result = probed->results.emplace_back();
  result.probe = probe;
  if (facts->flight) {
    result.reached_tls = true;
    result.flight = std::move(*facts->flight);
    facts->flight.reset();
  }
  probed->connections.push_back(std::move(facts));
}

size_t ChooseAttempt(std::span<const Tried> tried) {
  // What went well tells more than what did not; else what everybody would have met.
  const auto found = std::ranges::find_if(
      tried, [](const Tried& each) { return each.facts->outcome == Outcome::kTlsOk; });
  return found == tried.end() ? 0 : static_cast<size_t>(found - tried.begin());
}

const EndpointFacts* FactsWithoutServerName(std::span<const Tried> tried) {
  const std::optional<Offer> offer = OfferWithoutServerName(tried);
  const Tried* found = offer ? Find(tried, *offer) : nullptr;
  return found == nullptr ? nullptr : found->facts.get();
}

EndpointFacts& ChosenFacts(std::vector<Tried>* tried) {
  const size_t chosen = ChooseAttempt(*tried);
  EndpointFacts& facts = *(*tried)[chosen].facts;
  if (chosen != 0) {
    facts.other_offer = OtherOffer{OfferWord((*tried)[chosen].offer, tried->front().offer),
                                   FailureText(*tried->front().facts)};
  }
  return facts;
}

std::string_view OfferWord(const Offer& offer, const Offer& usual) {
  if (offer.server_name != usual.server_name) return "no_server_name";
  if (offer.max_version != usual.max_version) return "tls12";
  return offer.post_quantum != usual.post_quantum ? "no_post_quantum" : "usual";
}

void AddAttempt(const Offer& offer, std::unique_ptr<EndpointFacts> facts,
                std::vector<Tried>* tried) {
  auto found = std::ranges::find(*tried, offer, &Tried::offer);
  if (found == tried->end()) found = tried->insert(found, {.offer = offer});
  ++found->attempts;
  found->facts = std::move(facts);
}

uint32_t CountAttempts(std::span<const Tried> tried) {
  uint32_t attempts = 0;
  for (const Tried& each : tried) attempts += each.attempts;
  return attempts;
}

}  // namespace mxsweep::scanner
