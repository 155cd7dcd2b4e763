// DNS answers as awaitables.
#ifndef MXSWEEP_SCANNER_WORK_LOOKUPS_H_
#define MXSWEEP_SCANNER_WORK_LOOKUPS_H_

#include <coroutine>
#include <memory>
#include <string>
#include <utility>

#include "dns/mx_plan.h"
#include "dns/policy_lookup.h"
#include "dns/resolver.h"

namespace mxsweep::scanner {

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

#endif  // MXSWEEP_SCANNER_WORK_LOOKUPS_H_
