// A target, from its name to its row: MX hosts, and what was found behind them.
#include <utility>
#include <vector>

#include "dns/public_suffix.h"
#include "scanner/record/rows.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"

namespace mxsweep::scanner {
namespace {

// Trouble of our own says nothing about a name: it is asked for again after this, as often as
// connections are.
constexpr int64_t kLocalRetryNs = 1'000'000'000;

}  // namespace

Task<void> Worker::ScanDomain(Target target, Done done) {
  ++tasks_;
  const absl::Time started_at = loop_->wall_now();
  const int64_t started_ns = loop_->real_now_ns();

  dns::MxAnswer mx = co_await AwaitMx(resolver_, target.name);
  for (uint32_t i = 0; mx.status == dns::MxStatus::kLocalError && i < context_->retries; ++i) {
    const bool slept = co_await AwaitSleep(this, loop_->now_ns() + kLocalRetryNs);
    if (!slept) break;
    mx = co_await AwaitMx(resolver_, target.name);
  }

  context_->awaiting_mx.fetch_sub(1, std::memory_order_relaxed);

  Findings summary;
  DomainPolicies policies;
  if (mx.status == dns::MxStatus::kMx || mx.status == dns::MxStatus::kImplicit) {
    std::vector<Summary> hosts(mx.records.size());
    Join under_way;
    if (context_->mta_sts != MtaStsLevel::kOff) {
      under_way.Add();
      Spawn(FindPolicies(target.name, &policies, &under_way));
    }
    for (size_t i = 0; i < hosts.size(); ++i) {
      under_way.Add();
      // What the callback borrows lives in this frame, which waits for every one of the answers.
      AskForHost(mx.records[i].host,
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
    context_->recorder->Push(MakeDomainRow(target, mx, summary, policies, started_at,
                                           loop_->real_now_ns() - started_ns));
    counters_.domains_done.fetch_add(1, std::memory_order_relaxed);
  }
  --tasks_;
  done();
}

// These two wait for one answer, and need no frame to do so.
void Worker::ScanHostTarget(Target target, Done done) {
  ++tasks_;
  AskForHost(std::move(target.name), [this, done = std::move(done)](const Summary& host) mutable {
    FinishTarget(host, &done);
  });
}

void Worker::ScanAddressTarget(const Target& target, Done done) {
  ++tasks_;
  auto context = std::make_shared<HostContext>();
  context->host = target.name;
  context->provider = dns::RegistrableDomain(target.name);
  AskForEndpoint(std::move(context), target.address,
                 [this, done = std::move(done)](const Summary& endpoint) mutable {
                   FinishTarget(endpoint, &done);
                 });
}

void Worker::FinishTarget(const Summary& found, Done* done) {
  if (!found.has(Summary::kCancelled)) {
    counters_.domains_done.fetch_add(1, std::memory_order_relaxed);
  }
  --tasks_;
  (*done)();
}

}  // namespace mxsweep::scanner
