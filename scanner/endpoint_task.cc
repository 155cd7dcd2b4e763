// An endpoint: one MX host at one address, its turn at the gate, its attempts, its verdicts, its
// row.
#include <utility>
#include <vector>

#include "scanner/rows.h"
#include "scanner/verdicts.h"
#include "scanner/worker.h"
#include "scanner/worker_waits.h"

namespace mxsweep::scanner {
namespace {

constexpr uint8_t kAlertHandshakeFailure = 40;  // RFC 8446 §6.2
constexpr uint8_t kAlertInternalError = 80;

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

EndpointFacts BlockedFacts(const AddressFilter& filter, const dns::IpAddress& address,
                           absl::Time now) {
  EndpointFacts facts;
  facts.outcome = Outcome::kBlocked;
  facts.stage = Stage::kGate;
  facts.error_detail = std::string(AddressFilter::Word(filter.Judge(address)));
  facts.started_at = now;
  return facts;
}

// The address throttles everybody: it was not asked for this host.
EndpointFacts LeftAloneFacts(absl::Time now) {
  EndpointFacts facts;
  facts.outcome = Outcome::kThrottled421;
  facts.stage = Stage::kGate;
  facts.error_detail = "not asked: the address has answered 421 again and again";
  facts.started_at = now;
  return facts;
}

}  // namespace

Task<EndpointFacts> Worker::TryEndpoint(const HostContext* host, dns::IpAddress address,
                                        uint16_t max_version) {
  counters_.connections.fetch_add(1, std::memory_order_relaxed);
  EndpointFacts facts =
      co_await HoldDialogue(loop_, tls_, &context_->dialogue, {address, context_->port},
                            host->server_name(), max_version);
  const bool throttled = facts.throttled;
  if (throttled) counters_.throttled.fetch_add(1, std::memory_order_relaxed);
  gate_.Release(address, loop_->now_ns(),
                throttled ? Gate::Outcome::kThrottled : Gate::Outcome::kOk);
  if (throttled && IsLeftAlone(address)) SendAway(&address);
  co_return facts;
}

std::vector<const tls::Certificate*> Worker::InternChain(
    const EndpointFacts& facts, std::vector<NewCertificate>* new_certificates) {
  std::vector<const tls::Certificate*> chain;
  if (!facts.handshake) return chain;
  CertificateRows* rows = context_->certificate_rows;
  for (const tls::DerHandle& der : facts.handshake->chain) {
    tls::CertificateTable::Interned interned =
        rows != nullptr ? rows->Intern(der.der()) : context_->certificates->Intern(der.der());
    if (interned.first_seen && rows == nullptr) {
      context_->recorder->Push(MakeCertificateRow(*interned.facts, der.der(), facts.started_at));
    } else if (interned.first_seen) {
      new_certificates->push_back({interned.certificate, der, std::move(interned.facts), {}});
    }
    chain.push_back(interned.certificate);
  }
  return chain;
}

Task<void> Worker::ScanEndpoint(std::shared_ptr<const HostContext> host, dns::IpAddress address,
                                HostTable::Callback done) {
  ++tasks_;
  EndpointFacts facts;
  uint32_t attempts = 0;
  if (!context_->filter.Allows(address)) {
    facts = BlockedFacts(context_->filter, address, loop_->wall_now());
  } else {
    for (;;) {
      const bool admitted = co_await AwaitGate(this, address);
      if (!admitted) break;
      ++attempts;
      facts = co_await TryEndpoint(host.get(), address, tls::kTls13);
      if (attempts > context_->retries || !IsTransient(facts)) break;
      const bool slept = co_await AwaitSleep(this, loop_->now_ns() + RetryDelayNs(attempts));
      if (!slept) break;
      counters_.retries.fetch_add(1, std::memory_order_relaxed);
    }
    if (attempts == 0 && !draining_) {
      facts = LeftAloneFacts(loop_->wall_now());
    } else if (attempts == 0) {
      Summary cancelled;
      cancelled.flags = Summary::kCancelled;
      --tasks_;
      done(cancelled);
      co_return;
    }
    if (MayWantOlderTls(facts)) {
      const bool admitted = co_await AwaitGate(this, address);
      if (admitted) {
        ++attempts;
        EndpointFacts older = co_await TryEndpoint(host.get(), address, tls::kTls12);
        if (older.outcome == Outcome::kTlsOk) facts = std::move(older);
      }
    }
  }

  std::vector<NewCertificate> new_certificates;
  EndpointVerdicts verdicts =
      JudgeEndpoint(*host, facts, InternChain(facts, &new_certificates), context_->pkix);
  if (context_->certificate_rows != nullptr) {
    co_await LookUpRevocations(&facts, &verdicts, &new_certificates);
  }
  context_->recorder->Push(MakeEndpointRow(*host, address, context_->port, facts, verdicts,
                                           attempts, *context_->certificates));
  counters_.endpoints_done.fetch_add(1, std::memory_order_relaxed);
  if (facts.outcome == Outcome::kTlsOk) counters_.tls_ok.fetch_add(1, std::memory_order_relaxed);
  const Findings summary = SummarizeEndpoint(facts, verdicts);
  --tasks_;
  done(summary);
}

}  // namespace mxsweep::scanner
