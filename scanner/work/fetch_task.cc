// Documents over HTTP: each address of a host is asked by the worker that owns it, when its gate
// says so, like any mail server.
#include "scanner/work/fetch_task.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dns/name.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/host_task.h"
#include "scanner/work/outage_task.h"

namespace mxsweep::scanner {
namespace {

// A host may have more addresses than anybody would try.
constexpr size_t kMaxAddressesTried = 8;
constexpr int kTooManyRequests = 429;  // RFC 6585 §4

FetchFacts Ended(FetchOutcome outcome, FetchStage stage, std::string_view detail, absl::Time now) {
  FetchFacts facts;
  facts.outcome = outcome;
  facts.stage = stage;
  facts.error_detail = std::string(detail);
  facts.started_at = now;
  return facts;
}

// Why there is no address to ask.
FetchFacts WithoutAddress(const dns::HostAnswer& answer, absl::Time now) {
  const auto end = [&](FetchOutcome outcome, std::string_view detail) {
    return Ended(outcome, FetchStage::kDns, detail, now);
  };
  if (!answer.address_status) return end(FetchOutcome::kHostNotFound, "not a host name");
  switch (*answer.address_status) {
    case dns::LookupStatus::kOk:
      return end(FetchOutcome::kBlocked, "no address of a family that is used");
    case dns::LookupStatus::kNoData:
      return end(FetchOutcome::kHostNotFound, "the host has no address");
    case dns::LookupStatus::kNxDomain:
      return end(FetchOutcome::kHostNotFound, "no such host");
    case dns::LookupStatus::kLocalError:
      return end(FetchOutcome::kLocalError, answer.error_detail);
    default:
      return end(FetchOutcome::kHostLookupError, answer.error_detail);
  }
}

// Of two addresses where nobody was met, what is told: the first that was tried at all, else the
// later one.
bool TellsMore(const FetchFacts& facts, const FetchFacts& before) {
  return before.outcome == FetchOutcome::kBlocked || !facts.nobody_there() ||
         before.stage == FetchStage::kDns;
}

struct FetchQuestion {
  std::shared_ptr<const HttpRequest> request;
  dns::IpAddress address;
  int64_t budget_ns;
};

// What a fetch comes to that is sent away.
FetchFacts SentAway(Worker* worker, const SocketAddress& server) {
  const absl::Time now = worker->loop()->wall_now();
  const auto end = [now](FetchOutcome outcome, std::string_view detail) {
    return Ended(outcome, FetchStage::kGate, detail, now);
  };
  if (worker->draining()) return end(FetchOutcome::kCancelled, "the scan is being stopped");
  if (worker->memory().IsDead(server, worker->loop()->now_ns())) {
    return worker->memory().ConcludeFetch(server, now);
  }
  if (worker->pacer().IsLeftAlone(server)) {
    return end(FetchOutcome::kBlocked, "not asked: the address has throttled again and again");
  }
  return end(FetchOutcome::kNotAskedCrowded,
             "not asked: too many wait for the address (see --patience)");
}

// A turn at `server`. While it waits in a crowd, whoever wants the document can't run: its slot is
// free for others. What waits so is a task, not a record as endpoints are: their number is bounded.
Task<bool> FetchTurn(Worker* worker, SocketAddress server) {
  if (worker->parked_fetches() >= worker->settings().max_parked_fetches &&
      worker->pacer().gate().QueuedFor(server) > 0) {
    co_return false;
  }
  Pacer::AwaitTurn turn = worker->pacer().AskTurn(server);
  turn.OnBusy([worker] {
    worker->FetchParked();
    worker->context()->slots.Return();
  });
  const bool admitted = co_await turn;
  if (turn.was_busy()) {
    worker->FetchUnparked();
    worker->context()->slots.Take();
  }
  co_return admitted;
}

Task<void> FetchFrom(Worker* worker, FetchQuestion question, Answered<FetchFacts> done) {
  worker->TaskBegan();
  const dns::IpAddress& address = question.address;
  const SocketAddress server{address, question.request->port};
  EventLoop* loop = worker->loop();
  const AddressFilter& filter = worker->settings().filter;
  FetchFacts facts;
  if (!filter.Allows(address)) {
    facts = Ended(FetchOutcome::kBlocked, FetchStage::kGate,
                  AddressFilter::Word(filter.Judge(address)), loop->wall_now());
  } else if (worker->memory().IsDead(server, loop->now_ns())) {
    facts = worker->memory().ConcludeFetch(server, loop->wall_now());
  } else {
    uint32_t redone = 0;
    for (bool again = true; again;) {
      again = false;
      const bool admitted = co_await FetchTurn(worker, server);
      if (!admitted) {
        facts = SentAway(worker, server);
        break;
      }
      worker->counters().connections.fetch_add(1, std::memory_order_relaxed);
      NoteBegun(worker->services().connections);
      const int64_t began_ns = loop->real_now_ns();
      facts = co_await FetchHttp(loop, worker->web_tls(), question.request.get(), server,
                                 question.budget_ns);
      const bool throttled = facts.http_status == kTooManyRequests;
      if (throttled) worker->counters().throttled.fetch_add(1, std::memory_order_relaxed);
      worker->pacer().GiveBack(server, throttled);
      if (IsSilence(facts)) {
        again = co_await WasOurSilence(worker, server, began_ns, &redone);
      } else if (facts.outcome != FetchOutcome::kLocalError) {
        NoteAnswered(worker, server);
      }
      if (again) continue;
      worker->memory().Note(server, facts, loop->now_ns());
      if (worker->memory().IsDead(server, loop->now_ns())) worker->pacer().SendAway(server);
    }
  }
  if (facts.handshake && !facts.handshake->chain.empty()) {
    const std::vector<tls::DerHandle>& chain = facts.handshake->chain;
    facts.pkix = worker->services().pkix->Judge(chain, absl::ToUnixSeconds(facts.started_at));
    const std::string reference[] = {question.request->host};
    facts.name_match = tls::MatchName(chain.front().der(), reference, tls::NameMatchMode::kSanOnly);
    // Certificates live in the pool of this worker.
    facts.handshake->chain.clear();
  }
  worker->TaskEnded();
  done(std::move(facts));
}

void ServeFetch(Worker* owner, FetchQuestion question, Answered<FetchFacts> done) {
  Spawn(FetchFrom(owner, std::move(question), std::move(done)));
}

}  // namespace

Task<FetchFacts> Fetch(Worker* worker, std::shared_ptr<const HttpRequest> request) {
  dns::HostAnswer answer;
  if (const auto literal = dns::IpAddress::Parse(request->host)) {
    answer.address_status = dns::LookupStatus::kOk;
    answer.addresses.push_back(*literal);
  } else if (request->host.size() > dns::kMaxNameLength) {
    answer.address_status = dns::LookupStatus::kNxDomain;  // no name is that long
  } else {
    const dns::HostLookupOptions options{.lookup_tlsa = false};
    answer = co_await LookUpHost(worker, request->host, options);
  }
  std::vector<dns::IpAddress> addresses = AddressesToTry(worker->settings().addresses, answer);
  if (addresses.size() > kMaxAddressesTried) addresses.resize(kMaxAddressesTried);

  FetchFacts told = WithoutAddress(answer, worker->loop()->wall_now());
  int64_t budget_ns = request->timeout_ns;
  uint32_t attempts = 0;
  for (const dns::IpAddress& address : addresses) {
    FetchFacts facts;
    Event fetched;
    AskOwner<FetchFacts>(worker, worker->OwnerOfAddress(address),
                         FetchQuestion{request, address, budget_ns}, ServeFetch,
                         [&facts, &fetched](FetchFacts answered) {
                           facts = std::move(answered);
                           fetched.Set();
                         });
    co_await fetched;
    attempts += facts.attempts;
    budget_ns -= facts.elapsed_ns;
    const bool last = !facts.nobody_there() || budget_ns <= 0;
    if (TellsMore(facts, told)) told = std::move(facts);
    if (last) break;
  }
  told.attempts = attempts;
  co_return std::move(told);
}

}  // namespace mxsweep::scanner
