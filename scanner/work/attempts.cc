#include "scanner/work/attempts.h"

#include <algorithm>
#include <utility>

namespace mxsweep::scanner {
namespace {

constexpr uint8_t kAlertHandshakeFailure = 40;  // RFC 8446 §6.2
constexpr uint8_t kAlertInternalError = 80;
// A day: a longer one is as good as none, and doubling it must not overflow.
constexpr int64_t kMostDelayNs = 86'400'000'000'000;

constexpr Offer kUsualOffer;
constexpr Offer kTls12Offer{.max_version = tls::kTls12};

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

// May the server be one that fails in TLS 1.3 only? An RSA key under 1024 bits is too short to sign
// there, and BoringSSL is stricter with key usage there than other senders are.
bool MayWantOlderTls(const EndpointFacts& facts) {
  if (!facts.handshake || !tls::WorthRetryingWithTls12(*facts.handshake)) return false;
  if (facts.outcome == Outcome::kTlsProtocolError) return true;
  return facts.outcome == Outcome::kTlsAlert &&
         (facts.handshake->alert_received == kAlertHandshakeFailure ||
          facts.handshake->alert_received == kAlertInternalError);
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

std::optional<Attempt> TheUsualOfferFirst(std::span<const Tried> tried, const AttemptLimits&) {
  if (!tried.empty()) return std::nullopt;
  return Attempt{.offer = kUsualOffer};
}

std::optional<Attempt> AgainAfterWhatMayPass(std::span<const Tried> tried,
                                             const AttemptLimits& limits) {
  const Tried& usual = tried.front();
  if (usual.attempts > limits.retries || !IsTransient(*usual.facts)) return std::nullopt;
  return Attempt{.offer = kUsualOffer, .delay_ns = DelayBefore(usual.attempts, limits)};
}

std::optional<Attempt> OnceMoreWithTls12(std::span<const Tried> tried, const AttemptLimits&) {
  if (Find(tried, kTls12Offer) != nullptr || !MayWantOlderTls(*tried.front().facts)) {
    return std::nullopt;
  }
  return Attempt{.offer = kTls12Offer};
}

constexpr std::optional<Attempt> (*kRules[])(std::span<const Tried>, const AttemptLimits&) = {
    TheUsualOfferFirst,
    AgainAfterWhatMayPass,
    OnceMoreWithTls12,
};

}  // namespace

std::optional<Attempt> NextAttempt(std::span<const Tried> tried, const AttemptLimits& limits) {
  for (const auto& rule : kRules) {
    if (std::optional<Attempt> attempt = rule(tried, limits)) return attempt;
  }
  return std::nullopt;
}

size_t ChooseAttempt(std::span<const Tried> tried) {
  // What went well tells more than what did not; else what everybody would have met.
  for (size_t i = tried.size(); i-- > 1;) {
    if (tried[i].facts->outcome == Outcome::kTlsOk) return i;
  }
  return 0;
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
