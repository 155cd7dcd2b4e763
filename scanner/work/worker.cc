#include "scanner/work/worker.h"

#include <openssl/siphash.h>

#include <algorithm>
#include <utility>

#include "scanner/base/check.h"
#include "scanner/work/endpoint_task.h"
#include "scanner/work/target_task.h"

namespace mxsweep::scanner {
namespace {

// How often what is shown of crowds is brought up to date, and how many are named.
constexpr int64_t kPublishCrowdsNs = 1'000'000'000;
constexpr size_t kCrowdsTold = 3;

}  // namespace

void ScanContext::AddWorker(Worker* worker) {
  MXSWEEP_CHECK(workers.size() <= 0xff);
  worker->set_index(static_cast<uint8_t>(workers.size()));
  workers.push_back(worker);
}

Worker::Worker(ScanContext* context, EventLoop* loop, dns::Resolver* resolver,
               const TlsContexts& tls, const Gate::Options& gate, uint64_t seed)
    : context_(context),
      loop_(loop),
      resolver_(resolver),
      tls_(tls),
      pacer_(loop, gate, seed, this),
      hosts_(context->settings.hash_key),
      waiting_targets_(&context->packed),
      waiting_hosts_(&context->packed),
      chains_(&context->services),
      random_{seed, 0} {}

Worker::~Worker() { MXSWEEP_CHECK(tasks_ == 0); }

std::array<uint8_t, 32> Worker::NextRandomBytes() {
  ++random_[1];
  return tls::HashSha256({reinterpret_cast<const uint8_t*>(random_.data()), sizeof(random_)});
}

void Worker::Start(Target target) { WorkOn(this, std::move(target)); }

uint32_t Worker::Admit(uint32_t admissions) {
  // In an outage of ours nothing begins: whatever came of it would say nothing.
  const OutageWatch* watch = services().connections;
  const bool out = watch != nullptr && watch->out();
  const uint32_t admitted = pacer_.Admit(out ? 0 : admissions);
  counters_.in_flight.store(pacer_.in_flight(), std::memory_order_relaxed);
  counters_.queued.store(pacer_.queued(), std::memory_order_relaxed);
  counters_.parked.store(parked_, std::memory_order_relaxed);
  PublishCrowds(loop_->now_ns());
  return admitted;
}

void Worker::PublishCrowds(int64_t now_ns) {
  if (now_ns < crowds_at_ns_ || (parked_ == 0 && crowds_.addresses == 0)) return;
  crowds_at_ns_ = now_ns + kPublishCrowdsNs;
  Crowds crowds;
  for (const SocketAddress& server : pacer_.gate().QueuedServers()) {
    ++crowds.addresses;
    crowds.largest.push_back({server, pacer_.gate().QueuedFor(server)});
  }
  const size_t told = std::min(crowds.largest.size(), kCrowdsTold);
  std::partial_sort(crowds.largest.begin(), crowds.largest.begin() + static_cast<ptrdiff_t>(told),
                    crowds.largest.end(),
                    [](const Crowd& a, const Crowd& b) { return a.waiting > b.waiting; });
  crowds.largest.resize(told);
  const std::lock_guard lock(crowds_mutex_);
  crowds_ = std::move(crowds);
}

Worker::Crowds Worker::crowds() const {
  const std::lock_guard lock(crowds_mutex_);
  return crowds_;
}

void Worker::OnTurn(const Pacer::Turn& turn) {
  if (turn.was_busy) Unparked();
  OnEndpointTurn(this, turn);
}

Worker* Worker::OwnerOfHost(std::string_view host) const {
  const std::vector<Worker*>& workers = context_->workers;
  return workers[HostTable::OwnerOf(settings().hash_key, host, workers.size())];
}

Worker* Worker::OwnerOfAddress(const dns::IpAddress& address) const {
  const uint64_t prefix = Gate::PrefixOf(address);
  const uint64_t hash = SIPHASH_24(settings().hash_key.data(),
                                   reinterpret_cast<const uint8_t*>(&prefix), sizeof(prefix));
  return context_->workers[hash % context_->workers.size()];
}

Gate::Provider Worker::ProviderOf(std::string_view provider) const {
  if (provider.empty()) return Gate::kNoProvider;
  const uint64_t hash =
      SIPHASH_24(settings().hash_key.data(), reinterpret_cast<const uint8_t*>(provider.data()),
                 provider.size());
  constexpr uint64_t kMostProviders = (uint64_t{1} << 30) - 1;
  return static_cast<Gate::Provider>(1 + hash % kMostProviders);
}

Worker* Worker::OwnerOfCrl(std::string_view key) const {
  const uint64_t hash = SIPHASH_24(settings().hash_key.data(),
                                   reinterpret_cast<const uint8_t*>(key.data()), key.size());
  return context_->workers[hash % context_->workers.size()];
}

}  // namespace mxsweep::scanner
