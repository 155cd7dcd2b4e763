// An endpoint: one MX host at one address, its turn at the gate, its attempts, its verdicts, its
// row.
#include "scanner/work/endpoint_task.h"

#include <optional>
#include <utility>
#include <vector>

#include "scanner/record/rows.h"
#include "scanner/verdict/verdicts.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/attempts.h"
#include "scanner/work/revocation_task.h"

namespace mxsweep::scanner {
namespace {

std::unique_ptr<EndpointFacts> BlockedFacts(const AddressFilter& filter,
                                            const dns::IpAddress& address, absl::Time now) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = Outcome::kBlocked;
  facts->stage = Stage::kGate;
  facts->error_detail = std::string(AddressFilter::Word(filter.Judge(address)));
  facts->started_at = now;
  return facts;
}

std::unique_ptr<EndpointFacts> NoRouteFacts(absl::Time now) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = Outcome::kNotAskedNoRoute;
  facts->stage = Stage::kGate;
  facts->error_detail = "this machine has no IPv6 route to it";
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

// A connection that the gate has let through. What is borrowed outlives the task. To be followed by
// AfterConnection.
Task<std::unique_ptr<EndpointFacts>> Connect(Worker* worker, const HostContext* host,
                                             const SocketAddress& to, const Attempt* attempt) {
  worker->counters().connections.fetch_add(1, std::memory_order_relaxed);
  return HoldDialogue({.loop = worker->loop(),
                       .tls = worker->tls(),
                       .options = &worker->settings().dialogue,
                       .to = to,
                       .offer = attempt->offer,
                       .last_stage = attempt->last_stage,
                       .server_name = host->server_name()});
}

void AfterConnection(Worker* worker, const SocketAddress& server, const EndpointFacts& facts) {
  if (facts.throttled) worker->counters().throttled.fetch_add(1, std::memory_order_relaxed);
  worker->pacer().GiveBack(server, facts.throttled);
}

Findings RecordEndpoint(Worker* worker, const HostContext& host, const dns::IpAddress& address,
                        const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                        uint32_t attempts) {
  worker->services().recorder->Push(MakeEndpointRow(host, address, worker->settings().port, facts,
                                                    verdicts, attempts,
                                                    *worker->services().certificates));
  worker->counters().endpoints_done.fetch_add(1, std::memory_order_relaxed);
  if (facts.outcome == Outcome::kTlsOk) {
    worker->counters().tls_ok.fetch_add(1, std::memory_order_relaxed);
  }
  return SummarizeEndpoint(facts, verdicts);
}

// Judges what was seen, records it, and tells `done` what it means for the host.
void FinishEndpoint(Worker* worker, const HostContext& host, const dns::IpAddress& address,
                    std::vector<Tried>* tried, HostTable::Callback* done) {
  const EndpointFacts& facts = ChosenFacts(tried);
  EndpointVerdicts verdicts = JudgeEndpoint(host, facts, worker->chains().Intern(facts, nullptr),
                                            worker->services().pkix, &address);
  if (const EndpointFacts* unnamed = FactsWithoutServerName(*tried)) {
    JudgeWithoutServerName(host, facts, *unnamed, worker->chains().Intern(*unnamed, nullptr),
                           worker->services().pkix, &verdicts);
  }
  const Findings findings =
      RecordEndpoint(worker, host, address, facts, verdicts, CountAttempts(*tried));
  worker->TaskEnded();
  (*done)(findings);
}

// The same with --revocation. What is borrowed outlives the task.
Task<void> FinishEndpointWithRevocation(Worker* worker, const HostContext* host,
                                        const dns::IpAddress* address, std::vector<Tried>* tried,
                                        HostTable::Callback* done) {
  const EndpointFacts* facts = &ChosenFacts(tried);
  std::vector<NewCertificate> new_certificates;
  EndpointVerdicts verdicts =
      JudgeEndpoint(*host, *facts, worker->chains().Intern(*facts, &new_certificates),
                    worker->services().pkix, address);
  if (const EndpointFacts* unnamed = FactsWithoutServerName(*tried)) {
    JudgeWithoutServerName(*host, *facts, *unnamed,
                           worker->chains().Intern(*unnamed, &new_certificates),
                           worker->services().pkix, &verdicts);
  }
  co_await LookUpRevocations(worker, facts, &verdicts, &new_certificates);
  const Findings findings =
      RecordEndpoint(worker, *host, *address, *facts, verdicts, CountAttempts(*tried));
  worker->TaskEnded();
  (*done)(findings);
}

// While an endpoint waits, for its turn or for its server, this frame does: what is needed only
// when there is an answer is in functions and frames of its own.
Task<void> ScanEndpoint(Worker* worker, std::shared_ptr<const HostContext> host,
                        dns::IpAddress address, HostTable::Callback done) {
  worker->TaskBegan();
  std::vector<Tried> tried;
  if (!worker->settings().filter.Allows(address)) {
    tried.push_back(
        {.facts = BlockedFacts(worker->settings().filter, address, worker->loop()->wall_now())});
  } else if (address.is_v6() && !worker->loop()->HasRouteTo(address)) {
    // Half of the hosts have such addresses: on a machine without IPv6, to try each would only take
    // time.
    tried.push_back({.facts = NoRouteFacts(worker->loop()->wall_now())});
  } else {
    const SocketAddress server{address, worker->settings().port};
    while (const std::optional<Attempt> attempt = NextAttempt(tried, worker->settings().attempts)) {
      if (attempt->delay_ns > 0) {
        const bool slept =
            co_await worker->pacer().Sleep(worker->pacer().Spread(attempt->delay_ns));
        if (!slept) break;
        worker->counters().retries.fetch_add(1, std::memory_order_relaxed);
      }
      const bool admitted = co_await worker->pacer().Turn(server);
      if (!admitted) break;
      std::unique_ptr<EndpointFacts> facts =
          co_await Connect(worker, host.get(), server, &*attempt);
      AfterConnection(worker, server, *facts);
      AddAttempt(attempt->offer, std::move(facts), &tried);
    }
    if (tried.empty() && worker->draining()) {
      worker->TaskEnded();
      done(Findings{{.flags = Summary::kCancelled}});
      co_return;
    }
    if (tried.empty()) tried.push_back({.facts = LeftAloneFacts(worker->loop()->wall_now())});
  }

  if (worker->services().certificate_rows == nullptr) {
    FinishEndpoint(worker, *host, address, &tried, &done);
  } else {
    co_await FinishEndpointWithRevocation(worker, host.get(), &address, &tried, &done);
  }
}

struct EndpointQuestion {
  std::shared_ptr<const HostContext> host;
  dns::IpAddress address;
};

void ServeEndpoint(Worker* owner, EndpointQuestion question, HostTable::Callback done) {
  Spawn(ScanEndpoint(owner, std::move(question.host), question.address, std::move(done)));
}

}  // namespace

void AskForEndpoint(Worker* worker, std::shared_ptr<const HostContext> host,
                    const dns::IpAddress& address, HostTable::Callback done) {
  AskOwner<const Findings&>(worker, worker->OwnerOfAddress(address),
                            EndpointQuestion{std::move(host), address}, ServeEndpoint,
                            std::move(done));
}

}  // namespace mxsweep::scanner
