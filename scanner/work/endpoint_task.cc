// An endpoint: one MX host at one address, its turn at the gate, its attempts, its verdicts, its
// row.
#include "scanner/work/endpoint_task.h"

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "scanner/record/rows.h"
#include "scanner/verdict/probes.h"
#include "scanner/verdict/verdicts.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/attempts.h"
#include "scanner/work/host_task.h"
#include "scanner/work/outage_task.h"
#include "scanner/work/revocation_task.h"

namespace mxsweep::scanner {
namespace {

// Whose endpoint it is: a host that a worker keeps. Fits into Pacer::Parked.
struct EndpointAsker {
  uint32_t host = 0;  // PackedStore::Handle
  uint8_t worker = 0;

  Pacer::Parked parked() const { return Pacer::Parked{host} << 8 | worker; }
  static EndpointAsker Of(Pacer::Parked parked) {
    return {static_cast<uint32_t>(parked >> 8), static_cast<uint8_t>(parked)};
  }
};

std::unique_ptr<EndpointFacts> FactsAtGate(Outcome outcome, std::string_view detail,
                                           absl::Time now) {
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = outcome;
  facts->stage = Stage::kGate;
  facts->error_detail = std::string(detail);
  facts->started_at = now;
  return facts;
}

// Why nobody may or can connect to the address, whatever it is like. Null: somebody may.
std::unique_ptr<EndpointFacts> FactsWithoutAsking(Worker* worker, const dns::IpAddress& address) {
  const absl::Time now = worker->loop()->wall_now();
  const AddressFilter& filter = worker->settings().filter;
  if (!filter.Allows(address)) {
    return FactsAtGate(Outcome::kBlocked, AddressFilter::Word(filter.Judge(address)), now);
  }
  // Half of the hosts have such addresses: on a machine without IPv6, to try each would only take
  // time.
  if (address.is_v6() && !worker->loop()->HasRouteTo(address)) {
    return FactsAtGate(Outcome::kNotAskedNoRoute, "this machine has no IPv6 route to it", now);
  }
  return nullptr;
}

// What is told of the server to those who are sent away from it. Null: the scan is being stopped.
std::unique_ptr<EndpointFacts> FactsOfSentAway(Worker* worker, const SocketAddress& server) {
  const absl::Time now = worker->loop()->wall_now();
  if (worker->draining()) return nullptr;
  if (worker->memory().IsDead(server, worker->loop()->now_ns())) {
    return worker->memory().Conclude(server, now);
  }
  if (worker->pacer().IsLeftAlone(server)) {
    // The address throttles everybody: it was not asked for this host.
    auto facts = FactsAtGate(Outcome::kThrottled421,
                             "not asked: the address has answered 421 again and again", now);
    facts->inferred_from = now;
    return facts;
  }
  if (worker->settings().infer) {
    if (auto facts = worker->memory().Infer(server, now)) return facts;
  }
  return FactsAtGate(Outcome::kNotAskedCrowded,
                     "not asked: too many wait for the address (see --patience)", now);
}

// The server name of the probe's ClientHello: the one that a handshake would have sent.
std::string ProbeHello(Worker* worker, const HostContext& host, const tls::Probe& probe) {
  return tls::WriteClientHello(tls::HelloOf(probe, host.server_name(), worker->NextRandomBytes()));
}

Task<std::unique_ptr<EndpointFacts>> ConnectForProbe(Worker* worker, const HostContext* host,
                                                     const SocketAddress* to,
                                                     const tls::Probe* probe) {
  const std::string hello = ProbeHello(worker, *host, *probe);
  std::unique_ptr<EndpointFacts> facts =
      co_await HoldDialogue({.loop = worker->loop(),
                             .tls = worker->tls(),
                             .options = &worker->settings().dialogue,
                             .to = *to,
                             .server_name = &host->server_name(),
                             .probe_hello = &hello});
  co_return std::move(facts);
}

// A connection that the gate has let through. What is borrowed outlives the task. To be followed by
// AfterConnection.
Task<std::unique_ptr<EndpointFacts>> Connect(Worker* worker, const HostContext* host,
                                             const SocketAddress& to, const Attempt* attempt) {
  worker->counters().connections.fetch_add(1, std::memory_order_relaxed);
  if (attempt->probe) return ConnectForProbe(worker, host, &to, &*attempt->probe);
  return HoldDialogue({.loop = worker->loop(),
                       .tls = worker->tls(),
                       .options = &worker->settings().dialogue,
                       .to = to,
                       .offer = attempt->offer,
                       .last_stage = attempt->last_stage,
                       .server_name = &host->server_name()});
}

void AfterConnection(Worker* worker, const SocketAddress& server, Gate::Provider provider,
                     const EndpointFacts& facts) {
  if (facts.throttled) worker->counters().throttled.fetch_add(1, std::memory_order_relaxed);
  if (!IsSilence(facts) && !IsLocal(facts.outcome)) NoteAnswered(worker, server);
  worker->pacer().GiveBack(server, facts.throttled, provider);
}

// Once it is known to be the server's doing.
void Remember(Worker* worker, const SocketAddress& server, const EndpointFacts& facts) {
  const int64_t now_ns = worker->loop()->now_ns();
  worker->memory().Note(server, facts, now_ns);
  if (worker->memory().IsDead(server, now_ns)) worker->pacer().SendAway(server);
}

void Answer(Worker* worker, const EndpointAsker& asker, Findings findings) {
  Worker* owner = worker->context()->workers[asker.worker];
  if (owner == worker) return OnEndpointDone(owner, asker.host, findings);
  owner->loop()->Post([owner, host = asker.host, findings = std::move(findings)] {
    OnEndpointDone(owner, host, findings);
  });
}

// Ends the task of an endpoint. `has_slot`: it holds one.
void End(Worker* worker, const EndpointAsker& asker, bool has_slot, Findings findings) {
  worker->TaskEnded();
  Answer(worker, asker, std::move(findings));
  if (has_slot) worker->context()->slots.Return();
}

// What an endpoint came to, as it is judged.
struct EndpointOutcome {
  EndpointVerdicts verdicts;
  Boxed<ProbeVerdicts> probes;
  std::vector<std::vector<tls::CertificateRef>> probe_chains;  // what each probe showed
  std::vector<NewCertificate>
      new_certificates;  // with --revocation: whose rows are yet to be written
};

// What probes see only to answer another question has its certificate row, too: `probes` names it.
std::vector<std::vector<tls::CertificateRef>> InternProbed(
    Worker* worker, const Probed& probed, std::vector<NewCertificate>* new_certificates) {
  std::vector<std::vector<tls::CertificateRef>> chains;
  chains.reserve(probed.results.size());
  for (size_t i = 0; i < probed.results.size(); ++i) {
    chains.push_back(worker->chains().Intern(probed.results[i].flight.chain,
                                             probed.connections[i]->started_at, new_certificates));
  }
  return chains;
}

EndpointOutcome Judge(Worker* worker, const HostContext& host, const dns::IpAddress& address,
                      std::vector<Tried>* tried, const Probed* probed) {
  EndpointOutcome outcome;
  std::vector<NewCertificate>* fresh =
      worker->services().certificate_rows != nullptr ? &outcome.new_certificates : nullptr;
  const EndpointFacts& facts = ChosenFacts(tried);
  outcome.verdicts = JudgeEndpoint(host, facts, worker->chains().Intern(facts, fresh),
                                   worker->services().pkix, &address);
  if (const EndpointFacts* unnamed = FactsWithoutServerName(*tried)) {
    JudgeWithoutServerName(host, facts, *unnamed, worker->chains().Intern(*unnamed, fresh),
                           worker->services().pkix, &outcome.verdicts);
  }
  if (probed != nullptr) {
    outcome.probe_chains = InternProbed(worker, *probed, fresh);
    outcome.probes =
        JudgeProbes(host, address, probed->ordinary, probed->results, outcome.probe_chains,
                    probed->connections.front()->started_at, worker->services().pkix);
  }
  return outcome;
}

Findings RecordEndpoint(Worker* worker, const HostContext& host, const dns::IpAddress& address,
                        const std::vector<Tried>& tried, const EndpointFacts& facts,
                        const Probed* probed, const EndpointOutcome& outcome) {
  const uint16_t port = worker->settings().port;
  Recorder* recorder = worker->services().recorder;
  std::vector<Row> rows;  // together: whoever goes on with the scan knows by the last that all are
  for (size_t i = 0; probed != nullptr && i < probed->results.size(); ++i) {
    rows.emplace_back(MakeProbeRow(host, address, port, probed->results[i], outcome.probe_chains[i],
                                   *probed->connections[i]));
  }
  rows.emplace_back(MakeEndpointRow(host, address, port, facts, outcome.verdicts,
                                    CountAttempts(tried), *worker->services().certificates,
                                    outcome.probes ? &*outcome.probes : nullptr));
  recorder->Push(std::move(rows));
  worker->counters().endpoints_done.fetch_add(1, std::memory_order_relaxed);
  if (facts.outcome == Outcome::kTlsOk) {
    worker->counters().tls_ok.fetch_add(1, std::memory_order_relaxed);
  }
  if (facts.inferred()) worker->counters().inferred.fetch_add(1, std::memory_order_relaxed);
  return SummarizeEndpoint(facts, outcome.verdicts);
}

// One that nobody has a name for.
bool HasPrimeToJudge(const tls::ProbeFindings& findings) {
  return findings.dhe_result && findings.dhe_prime && !findings.dhe_prime_kind;
}

// What is borrowed outlives the task.
Task<void> JudgePrime(Worker* worker, const Probed* probed, tls::ProbeFindings* findings) {
  EventLoop* loop = worker->loop();
  std::optional<tls::PrimeKind> kind;
  Event judged;
  worker->services().primes->Ask(probed->results[*findings->dhe_result].flight.key_exchange->dh_p,
                                 [loop, &kind, &judged](std::optional<tls::PrimeKind> answer) {
                                   loop->Post([answer, &kind, &judged] {
                                     kind = answer;
                                     judged.Set();
                                   });
                                 });
  co_await judged;
  if (kind) findings->dhe_prime_kind = std::string(tls::PrimeKindName(*kind));
}

// Judges what was seen, and records it. `probed` null: no probe was made. What is borrowed outlives
// the task.
Task<Findings> FinishEndpoint(Worker* worker, const HostContext* host,
                              const dns::IpAddress* address, std::vector<Tried>* tried,
                              const Probed* probed) {
  EndpointOutcome outcome = Judge(worker, *host, *address, tried, probed);
  if (outcome.probes && HasPrimeToJudge(outcome.probes->findings)) {
    co_await JudgePrime(worker, probed, &outcome.probes->findings);
  }
  if (worker->services().certificate_rows != nullptr) {
    co_await LookUpRevocations(worker, &ChosenFacts(tried), &outcome.verdicts,
                               &outcome.new_certificates);
  }
  co_return RecordEndpoint(worker, *host, *address, *tried, ChosenFacts(tried), probed, outcome);
}

// Until the next attempt may begin. False: it must not.
Task<bool> WaitForAttempt(Worker* worker, SocketAddress server, Gate::Provider provider,
                          int64_t delay_ns) {
  if (delay_ns > 0) {
    const bool slept = co_await worker->pacer().Sleep(worker->pacer().Spread(delay_ns));
    if (!slept || worker->memory().IsDead(server, worker->loop()->now_ns())) co_return false;
    worker->counters().retries.fetch_add(1, std::memory_order_relaxed);
  }
  const bool admitted = co_await worker->pacer().AskTurn(server, provider);
  co_return admitted;
}

// Once nothing more is tried. What is borrowed outlives the task.
Task<void> ConcludeEndpoint(Worker* worker, const HostContext* host, const SocketAddress* server,
                            EndpointAsker asker, bool has_slot, std::vector<Tried>* tried,
                            const Probed* probed) {
  if (tried->empty()) {
    std::unique_ptr<EndpointFacts> facts = FactsOfSentAway(worker, *server);
    if (facts == nullptr) {
      End(worker, asker, has_slot, {{.flags = Summary::kCancelled}});
      co_return;
    }
    tried->push_back({.facts = std::move(facts)});
  } else if (worker->pacer().gate().QueuedFor(*server) > 0) {
    worker->memory().NoteCrowd(*server, ChosenFacts(tried));
  } else if (!worker->pacer().crowds_ended()) {
    // Once they have ended, those that were sent away are yet to be told what the others met.
    worker->memory().ForgetCrowd(*server);
  }
  Findings findings = co_await FinishEndpoint(worker, host, &server->address, tried, probed);
  End(worker, asker, has_slot, std::move(findings));
}

// The row of an endpoint that is not asked.
Task<void> TellEndpoint(Worker* worker, std::shared_ptr<const HostContext> host,
                        SocketAddress server, EndpointAsker asker, bool has_slot,
                        std::unique_ptr<EndpointFacts> facts) {
  std::vector<Tried> untried;
  untried.push_back({.facts = std::move(facts)});
  Findings findings =
      co_await FinishEndpoint(worker, host.get(), &server.address, &untried, nullptr);
  End(worker, asker, has_slot, std::move(findings));
}

// From the first connection on, which the gate has let through. While an endpoint waits, for its
// server or for its next attempt, this frame does: what is needed only when there is an answer is
// in functions and frames of its own.
Task<void> ScanEndpoint(Worker* worker, std::shared_ptr<const HostContext> host,
                        SocketAddress server, EndpointAsker asker, bool has_slot) {
  std::vector<Tried> tried;
  Boxed<Probed> probed;
  const Gate::Provider provider = worker->ProviderOf(host->provider);
  bool has_turn = true;
  bool cut_off = false;  // by the end of the scan, before its last attempt
  uint32_t redone = 0;
  while (const std::optional<Attempt> attempt =
             NextAttempt(tried, probed ? &*probed : nullptr, worker->settings().attempts)) {
    if (!has_turn) {
      const bool has_next = co_await WaitForAttempt(worker, server, provider, attempt->delay_ns);
      if (!has_next) {
        cut_off = worker->draining();
        break;
      }
    }
    has_turn = false;
    NoteBegun(worker->services().connections);
    const int64_t began_ns = worker->loop()->real_now_ns();
    std::unique_ptr<EndpointFacts> facts = co_await Connect(worker, host.get(), server, &*attempt);
    AfterConnection(worker, server, provider, *facts);
    if (IsSilence(*facts)) {
      const bool ours = co_await WasOurSilence(worker, server, began_ns, &redone);
      if (ours && worker->draining()) {
        cut_off = true;
        break;
      }
      if (ours) continue;
    }
    Remember(worker, server, *facts);
    if (!attempt->probe) {
      AddAttempt(attempt->offer, std::move(facts), &tried);
    } else {
      if (!probed) probed.emplace().ordinary = OrdinaryOf(tried);
      AddProbe(*attempt->probe, std::move(facts), &*probed);
    }
  }
  if (cut_off) {
    // A row would be its last word, which the next attempt might have changed: whoever goes on with
    // the scan asks anew.
    End(worker, asker, has_slot, {{.flags = Summary::kCancelled}});
    co_return;
  }
  co_await ConcludeEndpoint(worker, host.get(), &server, asker, has_slot, &tried,
                            probed ? &*probed : nullptr);
}

struct EndpointQuestion {
  std::shared_ptr<const HostContext> host;
  dns::IpAddress address;
  EndpointAsker asker;
};

void ServeEndpoint(Worker* owner, EndpointQuestion question) {
  owner->TaskBegan();
  const SocketAddress server{question.address, owner->settings().port};
  std::unique_ptr<EndpointFacts> facts = FactsWithoutAsking(owner, question.address);
  if (facts == nullptr && owner->memory().IsDead(server, owner->loop()->now_ns())) {
    facts = owner->memory().Conclude(server, owner->loop()->wall_now());
  }
  if (facts == nullptr) {
    const std::optional<Gate::Admission> admission = owner->pacer().Request(
        server, owner->ProviderOf(question.host->provider), question.asker.parked());
    if (admission == Gate::Admission::kBusy) return owner->Parked();
    if (admission) {
      owner->context()->slots.Take();
      if (*admission == Gate::Admission::kAdmitted) {
        Spawn(ScanEndpoint(owner, std::move(question.host), server, question.asker,
                           /*has_slot=*/true));
      }
      return;
    }
    facts = FactsOfSentAway(owner, server);
  }
  if (facts == nullptr) {
    return End(owner, question.asker, /*has_slot=*/false, {{.flags = Summary::kCancelled}});
  }
  Spawn(TellEndpoint(owner, std::move(question.host), server, question.asker,
                     /*has_slot=*/false, std::move(facts)));
}

void OnContext(Worker* owner, const Pacer::Turn& turn, std::shared_ptr<const HostContext> host) {
  const EndpointAsker asker = EndpointAsker::Of(turn.parked);
  const bool has_slot = !turn.was_busy;
  if (turn.admitted) {
    owner->pacer().Begin(turn.server, owner->ProviderOf(host->provider));
    return Spawn(ScanEndpoint(owner, std::move(host), turn.server, asker, has_slot));
  }
  // What it was sent away for may have passed since: then the crowd has.
  std::unique_ptr<EndpointFacts> facts = FactsOfSentAway(owner, turn.server);
  if (facts == nullptr) return End(owner, asker, has_slot, {{.flags = Summary::kCancelled}});
  Spawn(TellEndpoint(owner, std::move(host), turn.server, asker, has_slot, std::move(facts)));
}

}  // namespace

void AskForEndpoint(Worker* worker, std::shared_ptr<const HostContext> host, uint32_t handle,
                    const dns::IpAddress& address) {
  if (const ResumedEndpoints* resumed = worker->services().resumed) {
    if (const auto known = resumed->Find(host->host, address)) {
      return OnEndpointDone(worker, handle, *known);
    }
  }
  Worker* owner = worker->OwnerOfAddress(address);
  EndpointQuestion question{std::move(host), address, {handle, worker->index()}};
  if (owner == worker) return ServeEndpoint(owner, std::move(question));
  owner->loop()->Post([owner, question = std::move(question)]() mutable {
    ServeEndpoint(owner, std::move(question));
  });
}

void OnEndpointTurn(Worker* owner, const Pacer::Turn& turn) {
  const EndpointAsker asker = EndpointAsker::Of(turn.parked);
  if (!turn.admitted && owner->draining()) {
    return End(owner, asker, /*has_slot=*/!turn.was_busy, {{.flags = Summary::kCancelled}});
  }
  AskOwner<std::shared_ptr<const HostContext>>(
      owner, owner->context()->workers[asker.worker],
      ContextQuestion{asker.host, /*to_be_asked=*/turn.admitted}, AnswerContextOfHost,
      [owner, turn](std::shared_ptr<const HostContext> host) {
        OnContext(owner, turn, std::move(host));
      });
}

}  // namespace mxsweep::scanner
