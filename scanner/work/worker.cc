#include "scanner/work/worker.h"

#include <openssl/siphash.h>

#include <span>
#include <utility>

#include "scanner/base/check.h"
#include "scanner/work/domain_task.h"

namespace mxsweep::scanner {

Worker::Worker(ScanContext* context, EventLoop* loop, dns::Resolver* resolver,
               tls::ClientContext* tls_context, const Gate::Options& gate, uint64_t seed)
    : context_(context),
      loop_(loop),
      resolver_(resolver),
      tls_(tls_context),
      pacer_(loop, gate, seed),
      hosts_(context->settings.hash_key),
      chains_(&context->services) {}

Worker::~Worker() { MXSWEEP_CHECK(tasks_ == 0); }

void Worker::Start(Target target, Done done) { WorkOn(this, std::move(target), std::move(done)); }

uint32_t Worker::Admit(uint32_t admissions) {
  const uint32_t admitted = pacer_.Admit(admissions);
  counters_.in_flight.store(pacer_.in_flight(), std::memory_order_relaxed);
  counters_.queued.store(pacer_.queued(), std::memory_order_relaxed);
  return admitted;
}

Worker* Worker::OwnerOfHost(std::string_view host) const {
  const std::vector<Worker*>& workers = context_->workers;
  return workers[HostTable::OwnerOf(settings().hash_key, host, workers.size())];
}

Worker* Worker::OwnerOfAddress(const dns::IpAddress& address) const {
  const std::span<const uint8_t> bytes = address.bytes();
  const uint64_t hash = SIPHASH_24(settings().hash_key.data(), bytes.data(), bytes.size());
  return context_->workers[hash % context_->workers.size()];
}

Worker* Worker::OwnerOfCrl(std::string_view key) const {
  const uint64_t hash = SIPHASH_24(settings().hash_key.data(),
                                   reinterpret_cast<const uint8_t*>(key.data()), key.size());
  return context_->workers[hash % context_->workers.size()];
}

}  // namespace mxsweep::scanner
