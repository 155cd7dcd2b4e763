#include "scanner/time_left.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "scanner/base/text.h"
#include "scanner/record/scan_summary.h"

namespace mxsweep::scanner {
namespace {

// Enough to tell the last tenth of a run from the rest of it.
constexpr size_t kMostSamples = 200;
// Before that, connections are still being opened, and hardly any has ended.
constexpr double kLeastElapsedS = 2;
constexpr double kLeastDone = 20;
// Stretches whose rates are compared, as shares of the time so far.
constexpr double kStretches[] = {1.0, 0.5, 0.25, 0.1};
constexpr double kLeastStretchS = 1;
// What lies ahead may be somewhat faster or slower than any stretch so far.
constexpr double kFaster = 1.25;
constexpr double kSlower = 0.75;
// Beyond that a rate is dying away, and foretells nothing.
constexpr double kMostSeconds = 100.0 * 24 * 3600;

// A step to which so many seconds are rounded.
double StepOf(double seconds) {
  if (seconds < 60) return 5;
  if (seconds < 600) return 30;
  if (seconds < 2 * 3600) return 60;
  return seconds < 24 * 3600 ? 600 : 3600;
}

// FormatDuration without the seconds or minutes that rounding has made 0.
std::string FormatRounded(double seconds) {
  std::string text = FormatDuration(seconds);
  for (const std::string_view zero : {"00s", "00m", "00h"}) {
    if (text.size() > zero.size() && text.ends_with(zero)) text.erase(text.size() - zero.size());
  }
  return text;
}

}  // namespace

// So many as tell rates of long stretches well enough: a sample for each half a percent of the time
// so far, and half of them when there are too many.
void TimeLeftEstimator::Keep(const Sample& sample) {
  if (samples_.size() >= 2) {
    const double step_s = samples_.back().elapsed_s / kMostSamples;
    if (sample.elapsed_s - samples_.back().elapsed_s < step_s) return;
  }
  if (samples_.size() >= kMostSamples) {
    for (size_t i = 1; 2 * i < samples_.size(); ++i) samples_[i] = samples_[2 * i];
    samples_.resize(samples_.size() / 2);
  }
  samples_.push_back(sample);
}

// The last sample that is not younger than that.
const TimeLeftEstimator::Sample& TimeLeftEstimator::At(double elapsed_s) const {
  const auto later = std::ranges::upper_bound(samples_, elapsed_s, {}, &Sample::elapsed_s);
  return later == samples_.begin() ? samples_.front() : *std::prev(later);
}

TimeLeftEstimator::Rates TimeLeftEstimator::RatesUntil(const Sample& now) const {
  Rates rates{.fastest = 0, .slowest = std::numeric_limits<double>::infinity()};
  const double so_far_s = now.elapsed_s - samples_.front().elapsed_s;
  for (const double share : kStretches) {
    const double stretch_s = std::max(share * so_far_s, kLeastStretchS);
    const Sample& then = At(now.elapsed_s - stretch_s);
    const double took_s = now.elapsed_s - then.elapsed_s;
    if (took_s <= 0) continue;
    const double done_per_s = (now.done - then.done) / took_s;
    const double started_per_s = (now.started - then.started) / took_s;
    // What was started and has not ended yet will, perhaps, at once.
    rates.fastest = std::max({rates.fastest, done_per_s, started_per_s});
    rates.slowest = std::min(rates.slowest, done_per_s);
  }
  rates.fastest *= kFaster;
  rates.slowest *= kSlower;
  return rates;
}

// What crowds take at most when nothing else is left. Those of today grow with the list.
double TimeLeftEstimator::CrowdSeconds(const ProgressSnapshot& now, double growth) const {
  if (now.waiting == 0) return 0;
  double seconds = growth * static_cast<double>(now.largest_crowd) * limits_.address_interval_s;
  if (limits_.prefix_rate_per_s > 0) {
    seconds =
        std::max(seconds, growth * static_cast<double>(now.waiting) / limits_.prefix_rate_per_s);
  }
  return std::min(seconds, limits_.patience_s);
}

std::optional<TimeLeft> TimeLeftEstimator::OfBody(const ProgressSnapshot& now, double total) const {
  const Sample& first = samples_.front();
  const double started = static_cast<double>(now.targets_started);
  const double done = static_cast<double>(now.targets_done);
  if (now.elapsed_s - first.elapsed_s < kLeastElapsedS || done - first.done < kLeastDone) {
    return std::nullopt;
  }
  const Rates rates = RatesUntil({now.elapsed_s, started, done});
  TimeLeft left;
  if (rates.fastest > 0) left.at_least_s = std::max(0.0, total - started) / rates.fastest;
  if (left.at_least_s > kMostSeconds) return std::nullopt;
  const double growth = total / std::max(1.0, started - first.started);
  if (rates.slowest > 0) {
    const double most_s =
        (total - done) / rates.slowest + limits_.slowest_target_s + CrowdSeconds(now, growth);
    if (most_s <= kMostSeconds) left.at_most_s = most_s;
  }
  return left;
}

// Every target has been started: nothing is said of when the first of the last ones ends, but a
// time by which they all have.
std::optional<TimeLeft> TimeLeftEstimator::OfTail(const ProgressSnapshot& now) {
  if (!all_started_s_) all_started_s_ = now.elapsed_s;
  TimeLeft left;
  const double crowds_s = now.patience_left_s ? std::min(*now.patience_left_s, CrowdSeconds(now, 1))
                                              : CrowdSeconds(now, 1);
  // The last one of a queue is asked when the others were, and then may be slow itself.
  const double slow_s = now.queued > 0 ? limits_.slowest_target_s
                                       : *all_started_s_ + limits_.slowest_target_s - now.elapsed_s;
  if (slow_s > 0) left.at_most_s = slow_s + crowds_s;
  return left;
}

// What waits for its turn, and for nothing else, needs --rate's time, but for what is given up
// before its turn comes. (A crowd may end at once: its address turns out to be dead.)
double TimeLeftEstimator::QueueSeconds(const ProgressSnapshot& now) const {
  // A scan that stops asks nobody any more.
  if (limits_.rate_per_s <= 0 || now.state != ProgressState::kRunning) return 0;
  const uint64_t queued = now.queued - std::min(now.waiting, now.queued);
  return static_cast<double>(queued) / (kFaster * limits_.rate_per_s);
}

// Then it stops, and what is under way is finished.
void TimeLeftEstimator::BoundByRuntime(const ProgressSnapshot& now, TimeLeft* left) const {
  if (limits_.max_runtime_s <= 0) return;
  const double until_stop_s = std::max(0.0, limits_.max_runtime_s - now.elapsed_s);
  left->at_least_s = std::min(left->at_least_s, until_stop_s);
  const double most_s = until_stop_s + limits_.slowest_target_s;
  left->at_most_s = std::min(left->at_most_s.value_or(most_s), most_s);
}

std::optional<TimeLeft> TimeLeftEstimator::Note(const ProgressSnapshot& now) {
  Keep({now.elapsed_s, static_cast<double>(now.targets_started),
        static_cast<double>(now.targets_done)});
  if (!now.targets_total.has_value()) return std::nullopt;
  const bool all_started = !now.total_is_estimate && now.targets_started >= *now.targets_total;
  if (!all_started) all_started_s_.reset();
  if (all_started && now.targets_done >= *now.targets_total) {
    return TimeLeft{.at_least_s = 0, .at_most_s = 0};
  }
  std::optional<TimeLeft> left =
      all_started ? OfTail(now) : OfBody(now, static_cast<double>(*now.targets_total));
  if (!left) return std::nullopt;
  const double queue_s = QueueSeconds(now);
  left->at_least_s = std::max(left->at_least_s, queue_s);
  // The last of the queue may be slow, too.
  if (all_started && left->at_most_s) *left->at_most_s += queue_s * kFaster / kSlower;
  BoundByRuntime(now, &*left);
  return left;
}

std::string FormatTimeLeft(const TimeLeft& left) {
  const double least_step = StepOf(left.at_least_s);
  const double least_s = std::floor(left.at_least_s / least_step) * least_step;
  if (!left.at_most_s) {
    return least_s > 0 ? JoinText("over ", FormatRounded(least_s)) : std::string("unknown");
  }
  if (*left.at_most_s <= 0) return "0s";
  const double most_step = StepOf(*left.at_most_s);
  const double most_s = std::max(1.0, std::ceil(*left.at_most_s / most_step)) * most_step;
  const std::string most = FormatRounded(most_s);
  if (least_s <= 0) return JoinText("under ", most);
  return JoinText(FormatRounded(least_s), "-", most);
}

}  // namespace mxsweep::scanner
