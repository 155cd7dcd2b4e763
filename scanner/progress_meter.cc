#include "scanner/progress_meter.h"

#include <algorithm>
#include <functional>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kCrowdsNamed = 2;
constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerMs = 1e6;
constexpr double kRateSeconds = 3;

}  // namespace

void ProgressMeter::CountWork(ProgressSnapshot* now, uint64_t* connections) const {
  for (const auto& thread : *parts_.threads) {
    const WorkerCounters& c = thread->worker()->counters();
    now->hosts_done += c.hosts_done.load(std::memory_order_relaxed);
    now->endpoints_done += c.endpoints_done.load(std::memory_order_relaxed);
    now->in_flight += c.in_flight.load(std::memory_order_relaxed);
    now->queued += c.queued.load(std::memory_order_relaxed);
    now->tls_ok += c.tls_ok.load(std::memory_order_relaxed);
    now->retries += c.retries.load(std::memory_order_relaxed);
    now->throttled += c.throttled.load(std::memory_order_relaxed);
    *connections += c.connections.load(std::memory_order_relaxed);
    const double lag_ms = static_cast<double>(thread->loop()->lag_ns()) / kNsPerMs;
    now->lag_ms = std::max(now->lag_ms, lag_ms);
  }
  now->rows_committed = parts_.recorder->committed_rows();
}

void ProgressMeter::CountTargets(ProgressSnapshot* now) const {
  const uint64_t skipped = parts_.resumed != nullptr ? parts_.resumed->skipped() : 0;
  now->targets = targets_;
  now->targets_done = skipped + parts_.recorder->targets_done();
  now->targets_started = skipped + parts_.feeder->started() + parts_.feeder->invalid();
  const uint64_t size = parts_.list->size_bytes();
  if (parts_.feeder->ended()) {
    now->targets_total = now->targets_started;
  } else if (const uint64_t read = parts_.feeder->bytes_read(); size > 0 && read > 0) {
    now->targets_total =
        static_cast<uint64_t>(static_cast<double>(now->targets_started) *
                              static_cast<double>(size) / static_cast<double>(read));
    now->total_is_estimate = true;
  }
}

void ProgressMeter::FindCrowds(ProgressSnapshot* now) const {
  std::vector<Crowd> largest;
  for (const auto& thread : *parts_.threads) {
    const Worker::Crowds crowds = thread->worker()->crowds();
    now->waiting += thread->worker()->counters().parked.load(std::memory_order_relaxed);
    now->waiting_addresses += crowds.addresses;
    largest.insert(largest.end(), crowds.largest.begin(), crowds.largest.end());
  }
  if (parts_.patience->counting() && now->waiting > 0) {
    now->patience_left_s = static_cast<double>(parts_.patience->left_ns()) / kNsPerSecond;
  }
  std::ranges::sort(largest, std::greater<>(), &Crowd::waiting);
  if (!largest.empty()) now->largest_crowd = largest.front().waiting;
  for (size_t i = 0; i < std::min(largest.size(), kCrowdsNamed); ++i) {
    AppendText(&now->largest_crowds, i > 0 ? ", " : "", largest[i].server.address.ToString(), " (",
               FormatCount(largest[i].waiting), ")");
  }
}

ProgressSnapshot ProgressMeter::Take(absl::Time at, bool stopping) {
  ProgressSnapshot now;
  now.at = at;
  now.elapsed_s = absl::ToDoubleSeconds(at - started_at_);
  if (stopping) now.state = ProgressState::kStopping;
  uint64_t connections = 0;
  CountWork(&now, &connections);
  CountTargets(&now);
  FindCrowds(&now);
  // An average that forgets, over the last few seconds; in the first of them, since the start.
  const double step_s = now.elapsed_s - last_.elapsed_s;
  if (step_s > 0) {
    const double weight = std::min(1.0, step_s / std::min(kRateSeconds, now.elapsed_s));
    const auto rate = [&](uint64_t total, uint64_t before, double old_rate) {
      return old_rate + weight * (static_cast<double>(total - before) / step_s - old_rate);
    };
    now.targets_per_s = rate(now.targets_done, last_.targets_done, last_.targets_per_s);
    now.connections_per_s = rate(connections, last_connections_, last_.connections_per_s);
  }
  now.time_left = time_left_.Note(now);
  last_ = now;
  last_connections_ = connections;
  return now;
}

}  // namespace mxsweep::scanner
