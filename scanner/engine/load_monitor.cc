#include "scanner/engine/load_monitor.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kNsPerUs = 1000;
// Weight of the newest iteration in the moving average.
constexpr double kEwmaWeight = 1.0 / 16;
constexpr uint32_t kAdmissionStep = 8;

}  // namespace

// Durations below 4 µs have a bucket for each microsecond; above, the top bit chooses a group of
// four and the two bits behind it one of them.
size_t DurationHistogram::BucketOf(int64_t duration_ns) {
  const uint64_t us = static_cast<uint64_t>(std::max<int64_t>(duration_ns, 0) / kNsPerUs);
  if (us < 4) return us;
  const int top_bit = std::bit_width(us) - 1;
  const size_t quarter = (us >> (top_bit - 2)) & 3;
  return std::min<size_t>(4 * (top_bit - 1) + quarter, kBuckets - 1);
}

int64_t DurationHistogram::UpperBoundNs(size_t bucket) {
  if (bucket < 4) return static_cast<int64_t>(bucket + 1) * kNsPerUs;
  const size_t top_bit = bucket / 4 + 1;
  return static_cast<int64_t>((4 + bucket % 4 + 1) << (top_bit - 2)) * kNsPerUs;
}

void DurationHistogram::Add(int64_t duration_ns) {
  ++buckets_[BucketOf(duration_ns)];
  ++count_;
  max_ns_ = std::max(max_ns_, duration_ns);
}

void DurationHistogram::Merge(const DurationHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

int64_t DurationHistogram::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const uint64_t wanted = std::clamp<uint64_t>(
      static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(count_))), 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(UpperBoundNs(i), max_ns_);
  }
  return max_ns_;
}

LoadMonitor::LoadMonitor(const Options& options)
    : options_(options), admissions_(std::max<uint32_t>(1, options.initial_admissions)) {}

void LoadMonitor::OnIteration(int64_t busy_ns, uint32_t sessions_started) {
  busy_.Add(busy_ns);
  ewma_ns_ += (static_cast<double>(busy_ns) - ewma_ns_) * kEwmaWeight;
  if (busy_ns > options_.busy_limit_ns) {
    ++overloaded_iterations_;
    admissions_ = std::max<uint32_t>(1, admissions_ / 2);
  } else if (busy_ns < options_.busy_limit_ns / 2 && sessions_started >= admissions_) {
    admissions_ = std::min(options_.max_admissions, admissions_ + kAdmissionStep);
  }
}

int64_t CreditedClock::Observe(int64_t real_now_ns) {
  if (last_real_ns_ == std::numeric_limits<int64_t>::min()) last_real_ns_ = real_now_ns;
  const int64_t gap_ns = std::max<int64_t>(0, real_now_ns - last_real_ns_);
  const int64_t credit_ns = std::min(gap_ns, max_credit_ns_);
  last_real_ns_ = std::max(last_real_ns_, real_now_ns);
  now_ns_ += credit_ns;
  lost_ns_ += gap_ns - credit_ns;
  return now_ns_;
}

}  // namespace mxsweep::scanner
