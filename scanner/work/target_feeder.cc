#include "scanner/work/target_feeder.h"

#include <utility>

#include "scanner/record/recorder.h"
#include "scanner/record/rows.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

TargetFeeder::TargetFeeder(TargetSource* source, ScanContext* context, const Options& options,
                           absl::AnyInvocable<absl::Time()> clock)
    : source_(source), context_(context), options_(options), clock_(std::move(clock)) {}

bool TargetFeeder::Read() {
  if (has_target_) return true;
  if (stopped_.load(std::memory_order_relaxed) || !source_->Next(&target_)) return false;
  bytes_read_.store(source_->bytes_read(), std::memory_order_relaxed);
  has_target_ = true;
  if (target_.kind == Target::Kind::kInvalid) {
    invalid_.fetch_add(1, std::memory_order_relaxed);
    context_->services.recorder->Push(MakeInvalidRow(target_, clock_()),
                                      TargetResult{target_.number, TargetResult::kInvalid});
  }
  return true;
}

TargetFeeder::Step TargetFeeder::Next(std::chrono::milliseconds patience) {
  if (!Read() || stopped_.load(std::memory_order_relaxed)) {
    ended_.store(true, std::memory_order_release);
    return Step::kEnd;
  }
  for (const OutageWatch* watch : {context_->services.connections, context_->services.names}) {
    if (watch != nullptr && watch->out()) return Step::kOutage;
  }
  if (context_->services.recorder->backlog() > options_.most_backlog_rows) return Step::kBacklog;
  // Domains that only wait for their turn to be asked for take memory, and cost more to come back
  // to.
  if (context_->awaiting_mx.load(std::memory_order_relaxed) >= options_.most_awaiting_mx) {
    return Step::kAwaitingMx;
  }
  if (target_.kind != Target::Kind::kInvalid) {
    if (!context_->slots.TakeFor(patience)) return Step::kNoSlot;
    Start(target_);
  }
  has_target_ = false;
  return Step::kStarted;
}

void TargetFeeder::Start(Target target) {
  // Any spread will do: what must have one owner (hosts, addresses) finds it by itself.
  const uint64_t number = started_.fetch_add(1, std::memory_order_relaxed);
  Worker* worker = context_->workers[number % context_->workers.size()];
  if (target.kind == Target::Kind::kDomain) {
    context_->awaiting_mx.fetch_add(1, std::memory_order_relaxed);
  }
  context_->targets_open.fetch_add(1, std::memory_order_relaxed);
  worker->loop()->Post(
      [worker, target = std::move(target)]() mutable { worker->Start(std::move(target)); });
}

}  // namespace mxsweep::scanner
