// An MX host: its addresses and TLSA records, and the endpoints at each address.
#include "scanner/work/host_task.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "dns/public_suffix.h"
#include "scanner/record/rows.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/endpoint_task.h"
#include "scanner/work/lookups.h"

namespace mxsweep::scanner {
namespace {

Task<void> ScanHost(Worker* worker, std::string host) {
  worker->TaskBegan();
  EventLoop* loop = worker->loop();
  const absl::Time started_at = loop->wall_now();
  const int64_t started_ns = loop->real_now_ns();
  Findings summary;
  if (worker->draining()) {
    summary.flags = Summary::kCancelled;
    worker->hosts().Finish(host, summary, /*keep=*/false);
    worker->TaskEnded();
    co_return;
  }

  auto context = std::make_shared<HostContext>();
  context->host = host;
  context->provider = dns::RegistrableDomain(host);
  const dns::HostLookupOptions options{.port = worker->settings().port};
  context->answer = co_await AwaitHost(worker->resolver(), host, options);

  summary = SummarizeHost(*context->answer);
  Join endpoints;
  for (const dns::IpAddress& address : AddressesToTry(worker->settings(), *context->answer)) {
    endpoints.Add();
    // `summary` and `endpoints` live in this frame, which waits for every one of the answers.
    AskForEndpoint(worker, context, address, [&summary, &endpoints](const Findings& of_endpoint) {
      summary.Merge(of_endpoint);
      endpoints.Done();
    });
  }
  co_await endpoints;

  const bool complete = !summary.has(Summary::kCancelled);
  if (complete) {
    worker->services().recorder->Push(
        MakeMxHostRow(*context, started_at, loop->real_now_ns() - started_ns));
    worker->counters().hosts_done.fetch_add(1, std::memory_order_relaxed);
  }
  worker->TaskEnded();
  worker->hosts().Finish(host, summary, /*keep=*/complete);
}

void ServeHost(Worker* owner, std::string host, HostTable::Callback done) {
  if (owner->hosts().Ask(host, std::move(done))) Spawn(ScanHost(owner, std::move(host)));
}

}  // namespace

void AskForHost(Worker* worker, std::string host, HostTable::Callback done) {
  Worker* owner = worker->OwnerOfHost(host);
  AskOwner<const Findings&>(worker, owner, std::move(host), ServeHost, std::move(done));
}

std::vector<dns::IpAddress> AddressesToTry(const ScanContext::Settings& settings,
                                           const dns::HostAnswer& answer) {
  std::vector<dns::IpAddress> addresses;
  for (const dns::IpAddress& address : answer.addresses) {
    if (!(address.is_v6() ? settings.use_ipv6 : settings.use_ipv4)) continue;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace mxsweep::scanner
