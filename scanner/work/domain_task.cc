// A target, from its name to its row: MX hosts, and what was found behind them.
#include "scanner/work/domain_task.h"

#include <utility>
#include <vector>

#include "dns/public_suffix.h"
#include "scanner/base/check.h"
#include "scanner/record/rows.h"
#include "scanner/work/endpoint_task.h"
#include "scanner/work/host_task.h"
#include "scanner/work/lookups.h"
#include "scanner/work/policy_task.h"

namespace mxsweep::scanner {
namespace {

// Trouble of our own says nothing about a name: it is asked for again after this, as often as
// connections are.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

Task<void> ScanDomain(Worker* worker, Target target, Worker::Done done) {
  worker->TaskBegan();
  EventLoop* loop = worker->loop();
  const absl::Time started_at = loop->wall_now();
  const int64_t started_ns = loop->real_now_ns();

  dns::MxAnswer mx = co_await AwaitMx(worker->resolver(), target.name);
  for (uint32_t i = 0;
       mx.status == dns::MxStatus::kLocalError && i < worker->settings().attempts.retries; ++i) {
    const bool slept = co_await worker->pacer().Sleep(kLocalRetryNs);
    if (!slept) break;
    mx = co_await AwaitMx(worker->resolver(), target.name);
  }

  worker->context()->awaiting_mx.fetch_sub(1, std::memory_order_relaxed);

  Findings summary;
  DomainPolicies policies;
  if (mx.status == dns::MxStatus::kMx || mx.status == dns::MxStatus::kImplicit) {
    std::vector<Summary> hosts(mx.records.size());
    Join under_way;
    if (worker->settings().mta_sts != MtaStsLevel::kOff) {
      under_way.Add();
      Spawn(FindPolicies(worker, target.name, &policies, &under_way));
    }
    for (size_t i = 0; i < hosts.size(); ++i) {
      under_way.Add();
      // What the callback borrows lives in this frame, which waits for every one of the answers.
      AskForHost(worker, mx.records[i].host,
                 [&summary, &host = hosts[i], &under_way](const Findings& of_host) {
                   host = of_host;
                   summary.Merge(of_host);
                   under_way.Done();
                 });
    }
    co_await under_way;
    SettleDaneNames(target.name, mx, &summary);
    policies.Judge(mx, hosts);
  }

  if (!summary.has(Summary::kCancelled) && !policies.cancelled) {
    worker->services().recorder->Push(
        MakeDomainRow(target, mx, summary, policies, started_at, loop->real_now_ns() - started_ns));
    worker->services().recorder->Push(TargetResult{target.input_line});
  }
  worker->TaskEnded();
  done();
}

void FinishTarget(Worker* worker, uint64_t input_line, const Summary& found, Worker::Done* done) {
  if (!found.has(Summary::kCancelled)) {
    worker->services().recorder->Push(TargetResult{input_line});
  }
  worker->TaskEnded();
  (*done)();
}

// These two wait for one answer, and need no frame to do so.
void ScanHostTarget(Worker* worker, Target target, Worker::Done done) {
  worker->TaskBegan();
  AskForHost(worker, std::move(target.name),
             [worker, line = target.input_line, done = std::move(done)](
                 const Summary& host) mutable { FinishTarget(worker, line, host, &done); });
}

void ScanAddressTarget(Worker* worker, const Target& target, Worker::Done done) {
  worker->TaskBegan();
  auto context = std::make_shared<HostContext>();
  context->host = target.name;
  context->provider = dns::RegistrableDomain(target.name);
  AskForEndpoint(
      worker, std::move(context), target.address,
      [worker, line = target.input_line, done = std::move(done)](const Summary& endpoint) mutable {
        FinishTarget(worker, line, endpoint, &done);
      });
}

}  // namespace

void WorkOn(Worker* worker, Target target, Worker::Done done) {
  switch (target.kind) {
    case Target::Kind::kDomain:
      return Spawn(ScanDomain(worker, std::move(target), std::move(done)));
    case Target::Kind::kHost:
      return ScanHostTarget(worker, std::move(target), std::move(done));
    case Target::Kind::kAddress:
      return ScanAddressTarget(worker, target, std::move(done));
    case Target::Kind::kInvalid:
      break;
  }
  MXSWEEP_CHECK(false);
}

}  // namespace mxsweep::scanner
