// Documents over HTTP: each address of a host is asked by the worker that owns it, when its gate
// says so, like any mail server.
#include <algorithm>
#include <utility>
#include <vector>

#include "dns/name.h"
#include "scanner/base/text.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"

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

}  // namespace

Task<FetchFacts> Worker::Fetch(std::shared_ptr<const HttpRequest> request) {
  dns::HostAnswer answer;
  if (const auto literal = dns::IpAddress::Parse(request->host)) {
    answer.address_status = dns::LookupStatus::kOk;
    answer.addresses.push_back(*literal);
  } else if (request->host.size() > dns::kMaxNameLength) {
    answer.address_status = dns::LookupStatus::kNxDomain;  // no name is that long
  } else {
    const dns::HostLookupOptions options{.lookup_tlsa = false};
    answer = co_await AwaitHost(resolver_, request->host, options);
  }
  std::vector<dns::IpAddress> addresses = AddressesToTry(answer);
  if (addresses.size() > kMaxAddressesTried) addresses.resize(kMaxAddressesTried);

  FetchFacts told = WithoutAddress(answer, loop_->wall_now());
  int64_t budget_ns = request->timeout_ns;
  uint32_t attempts = 0;
  for (const dns::IpAddress& address : addresses) {
    FetchFacts facts;
    Event fetched;
    AskForFetch(request, address, budget_ns, [&facts, &fetched](FetchFacts answered) {
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

void Worker::AskForFetch(std::shared_ptr<const HttpRequest> request, const dns::IpAddress& address,
                         int64_t budget_ns, FetchCallback done) {
  Worker* owner = context_->workers[OwnerOfAddress(address)];
  if (owner == this) {
    return Spawn(FetchFrom(std::move(request), address, budget_ns, std::move(done)));
  }
  owner->loop_->Post([owner, asker = this, request = std::move(request), address, budget_ns,
                      done = std::move(done)]() mutable {
    FetchCallback reply = [asker, done = std::move(done)](FetchFacts facts) mutable {
      asker->loop_->Post(
          [done = std::move(done), facts = std::move(facts)]() mutable { done(std::move(facts)); });
    };
    Spawn(owner->FetchFrom(std::move(request), address, budget_ns, std::move(reply)));
  });
}

Task<void> Worker::FetchFrom(std::shared_ptr<const HttpRequest> request, dns::IpAddress address,
                             int64_t budget_ns, FetchCallback done) {
  ++tasks_;
  FetchFacts facts;
  if (!context_->filter.Allows(address)) {
    facts = Ended(FetchOutcome::kBlocked, FetchStage::kGate,
                  AddressFilter::Word(context_->filter.Judge(address)), loop_->wall_now());
  } else {
    const bool admitted = co_await AwaitGate(this, address);
    if (admitted) {
      counters_.connections.fetch_add(1, std::memory_order_relaxed);
      facts = co_await FetchHttp(loop_, tls_, request.get(), {address, request->port}, budget_ns);
      const bool throttled = facts.http_status == kTooManyRequests;
      if (throttled) counters_.throttled.fetch_add(1, std::memory_order_relaxed);
      gate_.Release(address, loop_->now_ns(),
                    throttled ? Gate::Outcome::kThrottled : Gate::Outcome::kOk);
      if (throttled && IsLeftAlone(address)) SendAway(&address);
    } else {
      facts =
          Ended(draining_ ? FetchOutcome::kCancelled : FetchOutcome::kBlocked, FetchStage::kGate,
                "not asked: the address has throttled again and again", loop_->wall_now());
    }
  }
  if (facts.handshake && !facts.handshake->chain.empty()) {
    const std::vector<tls::DerHandle>& chain = facts.handshake->chain;
    facts.pkix = context_->pkix->Judge(chain, absl::ToUnixSeconds(facts.started_at));
    const std::string reference[] = {request->host};
    facts.name_match = tls::MatchName(chain.front().der(), reference, tls::NameMatchMode::kSanOnly);
    // Certificates live in the pool of this worker.
    facts.handshake->chain.clear();
  }
  --tasks_;
  done(std::move(facts));
}

}  // namespace mxsweep::scanner
