// An endpoint: one MX host at one address, its turn at the gate, its attempts, its verdicts, its
// row.
#include <utility>
#include <vector>

#include "scanner/record/rows.h"
#include "scanner/verdict/verdicts.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"

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

std::unique_ptr<EndpointFacts> BlockedFacts(const AddressFilter& filter,
                                            const dns::IpAddress& address, absl::Time now) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = Outcome::kBlocked;
  facts->stage = Stage::kGate;
  facts->error_detail = std::string(AddressFilter::Word(filter.Judge(address)));
  facts->started_at = now;
  return facts;
}

// The address throttles everybody: it was not asked for this host.
std::unique_ptr<EndpointFacts> LeftAloneFacts(absl::Time now) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = Outcome::kThrottled421;
  facts->stage = Stage::kGate;
  facts->error_detail = "not asked: the address has answered 421 again and again";
  facts->started_at = now;
  return facts;
}

void TellCancelled(HostTable::Callback* done) { (*done)(Findings{{.flags = Summary::kCancelled}}); }

}  // namespace

Task<std::unique_ptr<EndpointFacts>> Worker::Connect(const HostContext& host,
                                                     const dns::IpAddress& address,
                                                     uint16_t max_version) {
  counters_.connections.fetch_add(1, std::memory_order_relaxed);
  return HoldDialogue({.loop = loop_,
                       .tls = tls_,
                       .options = &context_->dialogue,
                       .to = {address, context_->port},
                       .max_version = max_version,
                       .server_name = host.server_name()});
}

void Worker::AfterConnection(const dns::IpAddress& address, const EndpointFacts& facts) {
  if (facts.throttled) counters_.throttled.fetch_add(1, std::memory_order_relaxed);
  gate_.Release(address, loop_->now_ns(),
                facts.throttled ? Gate::Outcome::kThrottled : Gate::Outcome::kOk);
  if (facts.throttled && IsLeftAlone(address)) SendAway(&address);
}

Task<bool> Worker::TryOlderTls(const HostContext* host, dns::IpAddress address,
                               std::unique_ptr<EndpointFacts>* facts) {
  const bool admitted = co_await AwaitGate(this, address);
  if (!admitted) co_return false;
  std::unique_ptr<EndpointFacts> older = co_await Connect(*host, address, tls::kTls12);
  AfterConnection(address, *older);
  if (older->outcome == Outcome::kTlsOk) *facts = std::move(older);
  co_return true;
}

std::vector<tls::CertificateRef> Worker::InternChain(
    const EndpointFacts& facts, std::vector<NewCertificate>* new_certificates) {
  std::vector<tls::CertificateRef> chain;
  if (!facts.handshake) return chain;
  CertificateRows* rows = context_->certificate_rows;
  for (const tls::DerHandle& der : facts.handshake->chain) {
    if (tls::CertificateRef known = recent_certificates_.Find(der)) {
      chain.push_back(std::move(known));
      continue;
    }
    tls::CertificateTable::Interned interned =
        rows != nullptr ? rows->Intern(der.der()) : context_->certificates->Intern(der.der());
    if (interned.first_seen && rows == nullptr) {
      context_->recorder->Push(MakeCertificateRow(*interned.facts, der.der(), facts.started_at));
    } else if (interned.first_seen) {
      new_certificates->push_back({interned.certificate, der, std::move(interned.facts), {}});
    }
    recent_certificates_.Keep(der, interned.certificate);
    chain.push_back(interned.certificate);
  }
  return chain;
}

Findings Worker::RecordEndpoint(const HostContext& host, const dns::IpAddress& address,
                                const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                                uint32_t attempts) {
  context_->recorder->Push(MakeEndpointRow(host, address, context_->port, facts, verdicts, attempts,
                                           *context_->certificates));
  counters_.endpoints_done.fetch_add(1, std::memory_order_relaxed);
  if (facts.outcome == Outcome::kTlsOk) counters_.tls_ok.fetch_add(1, std::memory_order_relaxed);
  return SummarizeEndpoint(facts, verdicts);
}

void Worker::FinishEndpoint(const HostContext& host, const dns::IpAddress& address,
                            const EndpointFacts& facts, uint32_t attempts,
                            HostTable::Callback* done) {
  const EndpointVerdicts verdicts =
      JudgeEndpoint(host, facts, InternChain(facts, nullptr), context_->pkix);
  const Findings findings = RecordEndpoint(host, address, facts, verdicts, attempts);
  --tasks_;
  (*done)(findings);
}

Task<void> Worker::FinishEndpointWithRevocation(const HostContext* host, dns::IpAddress address,
                                                const EndpointFacts* facts, uint32_t attempts,
                                                HostTable::Callback* done) {
  std::vector<NewCertificate> new_certificates;
  EndpointVerdicts verdicts =
      JudgeEndpoint(*host, *facts, InternChain(*facts, &new_certificates), context_->pkix);
  co_await LookUpRevocations(facts, &verdicts, &new_certificates);
  const Findings findings = RecordEndpoint(*host, address, *facts, verdicts, attempts);
  --tasks_;
  (*done)(findings);
}

Task<bool> Worker::SleepBeforeRetry(uint32_t attempts) {
  const bool slept = co_await AwaitSleep(this, loop_->now_ns() + RetryDelayNs(attempts));
  if (slept) counters_.retries.fetch_add(1, std::memory_order_relaxed);
  co_return slept;
}

// While an endpoint waits, for its turn or for its server, this frame does: what is needed only
// when there is an answer is in functions and frames of its own.
Task<void> Worker::ScanEndpoint(std::shared_ptr<const HostContext> host, dns::IpAddress address,
                                HostTable::Callback done) {
  ++tasks_;
  std::unique_ptr<EndpointFacts> facts;
  uint32_t attempts = 0;
  if (!context_->filter.Allows(address)) {
    facts = BlockedFacts(context_->filter, address, loop_->wall_now());
  } else {
    for (;;) {
      const bool admitted = co_await AwaitGate(this, address);
      if (!admitted) break;
      ++attempts;
      facts = co_await Connect(*host, address, tls::kTls13);
      AfterConnection(address, *facts);
      if (attempts > context_->retries || !IsTransient(*facts)) break;
      const bool slept = co_await SleepBeforeRetry(attempts);
      if (!slept) break;
    }
    if (attempts == 0 && !draining_) {
      facts = LeftAloneFacts(loop_->wall_now());
    } else if (attempts == 0) {
      --tasks_;
      TellCancelled(&done);
      co_return;
    }
    if (MayWantOlderTls(*facts)) {
      const bool tried = co_await TryOlderTls(host.get(), address, &facts);
      if (tried) ++attempts;
    }
  }

  if (context_->certificate_rows == nullptr) {
    FinishEndpoint(*host, address, *facts, attempts, &done);
  } else {
    co_await FinishEndpointWithRevocation(host.get(), address, facts.get(), attempts, &done);
  }
}

}  // namespace mxsweep::scanner
