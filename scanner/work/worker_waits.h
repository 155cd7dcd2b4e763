// What a worker's tasks wait for, as awaitables: their turn at the gate, a time, a DNS answer.
#ifndef MXSWEEP_SCANNER_WORK_WORKER_WAITS_H_
#define MXSWEEP_SCANNER_WORK_WORKER_WAITS_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "dns/ip_address.h"
#include "dns/mx_plan.h"
#include "dns/policy_lookup.h"
#include "scanner/engine/timer_wheel.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// A request that waits at the gate.
struct Worker::GateWaiter {
  dns::IpAddress address;
  std::coroutine_handle<> waiter;
  uint64_t number = 0;  // in the order of coming
  bool admitted = false;
};

// co_await AwaitGate(worker, address): true once a connection to `address` may be made, which must
// be given back with Gate::Release; false if the scan is being stopped or the address left alone.
class Worker::AwaitGate : Worker::GateWaiter {
 public:
  AwaitGate(Worker* worker, const dns::IpAddress& to)
      : GateWaiter{.address = to}, worker_(worker) {}

  bool await_ready() {
    if (worker_->draining_ || worker_->IsLeftAlone(address)) return true;
    const auto ticket = reinterpret_cast<Gate::Ticket>(static_cast<GateWaiter*>(this));
    admitted = worker_->gate_.Request(address, ticket, worker_->loop_->now_ns()) ==
               Gate::Admission::kAdmitted;
    return admitted;
  }
  void await_suspend(std::coroutine_handle<> handle) {
    waiter = handle;
    number = worker_->next_wait_++;
    worker_->gate_waiters_.insert(static_cast<GateWaiter*>(this));
  }
  bool await_resume() const { return admitted; }

 private:
  Worker* worker_;
};

// co_await AwaitSleep(worker, deadline): true at that time; false, at once, if the scan is being
// stopped.
struct Worker::Sleeper : Timer {
  virtual void Interrupt() = 0;
  uint64_t number = 0;  // in the order of coming
};

class Worker::AwaitSleep final : Worker::Sleeper {
 public:
  AwaitSleep(Worker* worker, int64_t deadline_ns) : worker_(worker), deadline_(deadline_ns) {}

  bool await_ready() const { return worker_->draining_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    number = worker_->next_wait_++;
    worker_->sleepers_.insert(static_cast<Sleeper*>(this));
    worker_->loop_->timers().Start(this, deadline_);
  }
  bool await_resume() const { return slept_; }

  void OnTimer() override {
    worker_->sleepers_.erase(static_cast<Sleeper*>(this));
    slept_ = true;
    waiter_.resume();
  }
  // The worker has taken it off its list.
  void Interrupt() override {
    Cancel();
    waiter_.resume();
  }

 private:
  Worker* worker_;
  int64_t deadline_;
  std::coroutine_handle<> waiter_;
  bool slept_ = false;
};

// co_await AwaitMx(resolver, domain): dns::MxAnswer.
class AwaitMx {
 public:
  AwaitMx(dns::Resolver* resolver, std::string domain)
      : resolver_(resolver), domain_(std::move(domain)) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    lookup_ = dns::MxLookup::Start(*resolver_, domain_, [this, waiter](dns::MxAnswer answer) {
      answer_ = std::move(answer);
      waiter.resume();
    });
  }
  dns::MxAnswer await_resume() { return std::move(answer_); }

 private:
  dns::Resolver* resolver_;
  std::string domain_;
  std::unique_ptr<dns::MxLookup> lookup_;
  dns::MxAnswer answer_;
};

// co_await AwaitPolicies(resolver, domain): dns::PolicyRecords.
class AwaitPolicies {
 public:
  AwaitPolicies(dns::Resolver* resolver, std::string domain)
      : resolver_(resolver), domain_(std::move(domain)) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    lookup_ =
        dns::PolicyLookup::Start(*resolver_, domain_, [this, waiter](dns::PolicyRecords records) {
          records_ = std::move(records);
          waiter.resume();
        });
  }
  dns::PolicyRecords await_resume() { return std::move(records_); }

 private:
  dns::Resolver* resolver_;
  std::string domain_;
  std::unique_ptr<dns::PolicyLookup> lookup_;
  dns::PolicyRecords records_;
};

// co_await AwaitHost(resolver, host, options): dns::HostAnswer.
class AwaitHost {
 public:
  AwaitHost(dns::Resolver* resolver, std::string host, const dns::HostLookupOptions& options)
      : resolver_(resolver), host_(std::move(host)), options_(options) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    lookup_ =
        dns::HostLookup::Start(*resolver_, host_, options_, [this, waiter](dns::HostAnswer answer) {
          answer_ = std::move(answer);
          waiter.resume();
        });
  }
  dns::HostAnswer await_resume() { return std::move(answer_); }

 private:
  dns::Resolver* resolver_;
  std::string host_;
  dns::HostLookupOptions options_;
  std::unique_ptr<dns::HostLookup> lookup_;
  dns::HostAnswer answer_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_WORKER_WAITS_H_
