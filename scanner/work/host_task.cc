// An MX host: its addresses and TLSA records, and the endpoints at each address.
#include <algorithm>
#include <utility>
#include <vector>

#include "dns/public_suffix.h"
#include "scanner/record/rows.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"

namespace mxsweep::scanner {

std::vector<dns::IpAddress> Worker::AddressesToTry(const dns::HostAnswer& answer) const {
  std::vector<dns::IpAddress> addresses;
  for (const dns::IpAddress& address : answer.addresses) {
    if (!(address.is_v6() ? context_->use_ipv6 : context_->use_ipv4)) continue;
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

Task<void> Worker::ScanHost(std::string host) {
  ++tasks_;
  const absl::Time started_at = loop_->wall_now();
  const int64_t started_ns = loop_->real_now_ns();
  Findings summary;
  if (draining_) {
    summary.flags = Summary::kCancelled;
    hosts_.Finish(host, summary, /*keep=*/false);
    --tasks_;
    co_return;
  }

  auto context = std::make_shared<HostContext>();
  context->host = host;
  context->provider = dns::RegistrableDomain(host);
  const dns::HostLookupOptions options{.port = context_->port};
  context->answer = co_await AwaitHost(resolver_, host, options);

  summary = SummarizeHost(*context->answer);
  Join endpoints;
  for (const dns::IpAddress& address : AddressesToTry(*context->answer)) {
    endpoints.Add();
    // `summary` and `endpoints` live in this frame, which waits for every one of the answers.
    AskForEndpoint(context, address, [&summary, &endpoints](const Findings& of_endpoint) {
      summary.Merge(of_endpoint);
      endpoints.Done();
    });
  }
  co_await endpoints;

  const bool complete = !summary.has(Summary::kCancelled);
  if (complete) {
    context_->recorder->Push(
        MakeMxHostRow(*context, started_at, loop_->real_now_ns() - started_ns));
    counters_.hosts_done.fetch_add(1, std::memory_order_relaxed);
  }
  --tasks_;
  hosts_.Finish(host, summary, /*keep=*/complete);
}

}  // namespace mxsweep::scanner
