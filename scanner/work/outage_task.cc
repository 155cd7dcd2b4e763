#include "scanner/work/outage_task.h"

#include <algorithm>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "dns/public_suffix.h"
#include "scanner/base/text.h"
#include "scanner/pace/outage_watch.h"
#include "scanner/smtp/dialogue.h"
#include "scanner/work/lookups.h"

namespace mxsweep::scanner {
namespace {

// Who answered before is expected to do so soon.
constexpr int64_t kCanaryConnectNs = 3'000'000'000;
constexpr int64_t kCanaryGreetingNs = 5'000'000'000;
// Trouble of our own says nothing about a name: it is asked for again after this.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

// co_await AwaitVerdict(…): whose silence it was.
class AwaitVerdict {
 public:
  AwaitVerdict(Worker* worker, OutageWatch* watch, const OutageWatch::Silence& silence)
      : worker_(worker), watch_(watch), silence_(silence) {}

  bool await_ready() {
    now_ns_ = worker_->loop()->real_now_ns();
    verdict_ = watch_->JudgeNow(silence_, now_ns_);
    return verdict_.has_value();
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    watch_->Doubt(silence_, now_ns_, [this, waiter](OutageWatch::Verdict verdict) {
      worker_->loop()->Post([this, waiter, verdict] {
        verdict_ = verdict;
        waiter.resume();
      });
    });
  }
  OutageWatch::Verdict await_resume() const { return *verdict_; }

 private:
  Worker* worker_;
  OutageWatch* watch_;
  OutageWatch::Silence silence_;
  int64_t now_ns_ = 0;
  std::optional<OutageWatch::Verdict> verdict_;
};

bool IsSilent(const std::optional<dns::LookupStatus>& status) {
  return status == dns::LookupStatus::kTimeout || status == dns::LookupStatus::kServfail;
}

// A canary counts as a target: the scan does not end before it.
void EndCanary(Worker* worker) {
  worker->TaskEnded();
  worker->context()->targets_open.fetch_sub(1, std::memory_order_acq_rel);
}

Task<void> AskServer(Worker* worker, SocketAddress server) {
  if (worker->draining() || !worker->pacer().TryTurn(server)) {
    worker->context()->targets_open.fetch_sub(1, std::memory_order_acq_rel);
    co_return;
  }
  worker->TaskBegan();
  worker->counters().connections.fetch_add(1, std::memory_order_relaxed);
  DialogueOptions options = worker->settings().dialogue;
  options.connect_timeout_ns = std::min(options.connect_timeout_ns, kCanaryConnectNs);
  options.greeting_timeout_ns = std::min(options.greeting_timeout_ns, kCanaryGreetingNs);
  const std::unique_ptr<EndpointFacts> facts =
      co_await HoldDialogue({.loop = worker->loop(),
                             .tls = worker->tls(),
                             .options = &options,
                             .to = server,
                             .last_stage = Stage::kGreeting});
  worker->pacer().GiveBack(server, facts->throttled);
  OutageWatch* watch = worker->services().connections;
  if (facts->connect_ns || (!IsSilence(*facts) && !IsLocal(facts->outcome))) {
    watch->Answered(worker->loop()->real_now_ns());
  } else {
    watch->CanarySilent();
  }
  EndCanary(worker);
}

// A name that nobody has asked for yet: its answer is in no cache.
Task<void> AskName(Worker* worker, std::string name) {
  worker->TaskBegan();
  const uint64_t number = static_cast<uint64_t>(worker->loop()->real_now_ns());
  const std::string asked = JoinText("mxsweep-", number % 1'000'000'007, ".", name);
  const dns::MxAnswer answer = co_await AwaitMx(worker->resolver(), asked);
  if (HeardIn(answer) == Heard::kAnswer) {
    worker->services().names->Answered(worker->loop()->real_now_ns());
  } else {
    worker->services().names->CanarySilent();
  }
  EndCanary(worker);
}

}  // namespace

bool IsSilence(const EndpointFacts& facts) {
  switch (facts.outcome) {
    case Outcome::kConnectTimeout:
    case Outcome::kUnreachable:
    case Outcome::kGreetingTimeout:
    case Outcome::kCommandTimeout:
    case Outcome::kTlsTimeout:
    case Outcome::kLocalNoRoute:
      return true;
    default:
      return facts.after_tls == AfterTls::kTimeout;
  }
}

bool IsSilence(const FetchFacts& facts) {
  return facts.outcome == FetchOutcome::kConnectTimeout ||
         facts.outcome == FetchOutcome::kUnreachable || facts.outcome == FetchOutcome::kTimeout;
}

Heard HeardIn(const dns::MxAnswer& answer) {
  switch (answer.status) {
    case dns::MxStatus::kLocalError:
      return Heard::kOurTrouble;
    case dns::MxStatus::kTimeout:
    case dns::MxStatus::kServfail:
      return Heard::kSilence;
    default:
      return Heard::kAnswer;
  }
}

Heard HeardIn(const dns::HostAnswer& answer) {
  if (answer.a_status == dns::LookupStatus::kLocalError ||
      answer.aaaa_status == dns::LookupStatus::kLocalError ||
      answer.tlsa_status == dns::TlsaStatus::kLocalError) {
    return Heard::kOurTrouble;
  }
  if (IsSilent(answer.a_status) || IsSilent(answer.aaaa_status) ||
      answer.tlsa_status == dns::TlsaStatus::kLookupError) {
    return Heard::kSilence;
  }
  return answer.address_status ? Heard::kAnswer : Heard::kNothingAsked;
}

Heard HeardIn(const dns::PolicyRecords& records) {
  const auto is = [&records](dns::PolicyRecordStatus status) {
    return records.sts.status == status || records.tlsrpt.status == status;
  };
  if (is(dns::PolicyRecordStatus::kLocalError)) return Heard::kOurTrouble;
  return is(dns::PolicyRecordStatus::kLookupError) ? Heard::kSilence : Heard::kAnswer;
}

Asking::Asking(Worker* worker, std::string_view name)
    : worker_(worker), name_(name), retries_(worker->settings().attempts.retries) {}

void Asking::Begin() {
  NoteBegun(worker_->services().names);
  began_ns_ = worker_->loop()->real_now_ns();
}

Task<bool> Asking::Again(Heard heard) {
  bool again = false;
  switch (heard) {
    case Heard::kAnswer:
      NoteAnswered(worker_, name_);
      break;
    case Heard::kSilence:
      again = co_await WasOurSilence(worker_, name_, began_ns_, &redone_);
      again = again && !worker_->draining();
      break;
    case Heard::kOurTrouble:
      if (retries_ == 0) break;
      --retries_;
      again = co_await worker_->pacer().Sleep(kLocalRetryNs);
      break;
    case Heard::kNothingAsked:
      break;
  }
  co_return again;
}

void NoteBegun(OutageWatch* watch) {
  if (watch != nullptr) watch->Begun();
}

void NoteAnswered(Worker* worker, const SocketAddress& server) {
  OutageWatch* watch = worker->services().connections;
  if (watch == nullptr) return;
  const int64_t now_ns = worker->loop()->real_now_ns();
  watch->Answered(now_ns);
  if (server.port == worker->settings().port && watch->WantsResponder(now_ns)) {
    watch->RememberResponder(server.address.ToString());
  }
}

void NoteAnswered(Worker* worker, std::string_view name) {
  OutageWatch* watch = worker->services().names;
  if (watch == nullptr) return;
  const int64_t now_ns = worker->loop()->real_now_ns();
  watch->Answered(now_ns);
  if (watch->WantsResponder(now_ns)) watch->RememberResponder(name);
}

Task<bool> WasOurSilence(Worker* worker, SocketAddress server, int64_t began_ns, uint32_t* redone) {
  OutageWatch* watch = worker->services().connections;
  if (watch == nullptr) co_return false;
  const OutageWatch::Silence silence{Gate::PrefixOf(server.address), began_ns, *redone};
  const OutageWatch::Verdict verdict = co_await AwaitVerdict(worker, watch, silence);
  if (verdict == OutageWatch::Verdict::kOurs) ++*redone;
  co_return verdict == OutageWatch::Verdict::kOurs;
}

Task<bool> WasOurSilence(Worker* worker, std::string name, int64_t began_ns, uint32_t* redone) {
  OutageWatch* watch = worker->services().names;
  if (watch == nullptr) co_return false;
  const OutageWatch::Silence silence{std::hash<std::string>()(dns::RegistrableDomain(name)),
                                     began_ns, *redone};
  const OutageWatch::Verdict verdict = co_await AwaitVerdict(worker, watch, silence);
  if (verdict == OutageWatch::Verdict::kOurs) ++*redone;
  co_return verdict == OutageWatch::Verdict::kOurs;
}

void AskCanaries(ScanContext* context, int64_t now_ns) {
  const ScanContext::Services& services = context->services;
  if (services.connections != nullptr) {
    if (const auto responder = services.connections->CanaryDue(now_ns)) {
      const SocketAddress server{*dns::IpAddress::Parse(*responder), context->settings.port};
      Worker* owner = context->workers.front()->OwnerOfAddress(server.address);
      context->targets_open.fetch_add(1, std::memory_order_relaxed);
      owner->loop()->Post([owner, server] { Spawn(AskServer(owner, server)); });
    }
  }
  if (services.names != nullptr) {
    if (auto responder = services.names->CanaryDue(now_ns)) {
      Worker* worker = context->workers.front();
      context->targets_open.fetch_add(1, std::memory_order_relaxed);
      worker->loop()->Post([worker, name = *std::move(responder)]() mutable {
        Spawn(AskName(worker, std::move(name)));
      });
    }
  }
}

}  // namespace mxsweep::scanner
