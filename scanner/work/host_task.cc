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

// Trouble of our own says nothing about a name.
constexpr int64_t kLocalRetryNs = 1'000'000'000;
// How long a failure that may pass answers for a host: the next domain may fare better.
constexpr int64_t kKeepFailureNs = 300'000'000'000;

bool IsLocalTrouble(const dns::HostAnswer& answer) {
  return answer.a_status == dns::LookupStatus::kLocalError ||
         answer.aaaa_status == dns::LookupStatus::kLocalError ||
         answer.tlsa_status == dns::TlsaStatus::kLocalError;
}

// May what was not found out be found out some minutes later? Data that fails validation stays so.
bool MayPass(const dns::HostAnswer& answer, const Findings& findings) {
  return findings.has(Summary::kLookupFailed) || findings.has(Summary::kLocalTrouble) ||
         answer.tlsa_status == dns::TlsaStatus::kLookupError;
}

size_t CountUnused(const ScanContext::Settings& settings, const dns::HostAnswer& answer) {
  return static_cast<size_t>(std::ranges::count_if(answer.addresses, [&](const auto& address) {
    return !(address.is_v6() ? settings.use_ipv6 : settings.use_ipv4);
  }));
}

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
  context->answer = co_await LookUpHost(worker, host, options);

  summary = SummarizeHost(*context->answer);
  summary.Merge(SummarizeUnusedFamily(CountUnused(worker->settings(), *context->answer)));
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
  if (complete && MayPass(*context->answer, summary)) {
    worker->hosts().FinishUntil(host, summary, loop->now_ns() + kKeepFailureNs);
  } else {
    worker->hosts().Finish(host, summary, /*keep=*/complete);
  }
}

void ServeHost(Worker* owner, std::string host, HostTable::Callback done) {
  if (owner->hosts().Ask(host, owner->loop()->now_ns(), std::move(done)))
    Spawn(ScanHost(owner, std::move(host)));
}

}  // namespace

void AskForHost(Worker* worker, std::string host, HostTable::Callback done) {
  Worker* owner = worker->OwnerOfHost(host);
  AskOwner<const Findings&>(worker, owner, std::move(host), ServeHost, std::move(done));
}

Task<dns::HostAnswer> LookUpHost(Worker* worker, std::string host, dns::HostLookupOptions options) {
  dns::HostAnswer answer = co_await AwaitHost(worker->resolver(), host, options);
  const uint32_t retries = worker->settings().attempts.retries;
  for (uint32_t i = 0; IsLocalTrouble(answer) && i < retries; ++i) {
    const bool slept = co_await worker->pacer().Sleep(kLocalRetryNs);
    if (!slept) break;
    answer = co_await AwaitHost(worker->resolver(), host, options);
  }
  co_return std::move(answer);
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
