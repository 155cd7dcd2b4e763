#include "scanner/pace/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace mxsweep::scanner {
namespace {

constexpr double kNsPerSecond = 1e9;

}  // namespace

TokenBucket::TokenBucket(double rate_per_s)
    : rate_per_s_(rate_per_s),
      burst_(std::max(1.0, rate_per_s * (kBurstWindowNs / kNsPerSecond))),
      tokens_(1) {}

double TokenBucket::TokensAt(int64_t now_ns) const {
  if (updated_ns_ == std::numeric_limits<int64_t>::min() || now_ns <= updated_ns_) return tokens_;
  const int64_t gap_ns = now_ns - updated_ns_;
  const double earned = rate_per_s_ * (static_cast<double>(gap_ns) / kNsPerSecond);
  return std::min(burst_, tokens_ + earned);
}

bool TokenBucket::TryTake(int64_t now_ns) {
  if (rate_per_s_ <= 0) return true;
  tokens_ = TokensAt(now_ns);
  updated_ns_ = std::max(updated_ns_, now_ns);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

int64_t TokenBucket::NextTokenNs(int64_t now_ns) const {
  if (rate_per_s_ <= 0) return now_ns;
  const double missing = 1 - TokensAt(now_ns);
  if (missing <= 0) return now_ns;
  return now_ns +
         std::max<int64_t>(1, std::llround(std::ceil(missing / rate_per_s_ * kNsPerSecond)));
}

}  // namespace mxsweep::scanner
