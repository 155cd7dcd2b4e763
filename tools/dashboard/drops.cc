#include "tools/dashboard/drops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tools/diff/bridge.h"

namespace mxsweep::tools {
namespace {

// Of the squares of a standard normal variable, the mean of the lower four fifths.
constexpr double kMeanOfLowerSquares = 0.4378;
// By simulation: with it, twelve buckets of bulk mail keep the level.
constexpr double kDoubt = 3;

double Entropy(double part, double whole) {
  const double rest = whole - part;
  return (part > 0 ? part * std::log(part / whole) : 0) +
         (rest > 0 ? rest * std::log(rest / whole) : 0);
}

// Twice the logarithm of how much likelier two shares make the counts than one share.
double Deviance(const Split& a, const Split& b) {
  const double yes_a = static_cast<double>(a.yes), yes_b = static_cast<double>(b.yes);
  const double n_a = static_cast<double>(a.whole()), n_b = static_cast<double>(b.whole());
  return 2 * (Entropy(yes_a, n_a) + Entropy(yes_b, n_b) - Entropy(yes_a + yes_b, n_a + n_b));
}

// What two counts of a series are tested by.
class DifferenceTest {
 public:
  // `excess`: counts are divided by it.
  DifferenceTest(size_t buckets, double excess) : excess_(excess) {
    const double n = static_cast<double>(buckets);
    chance_ = kChanceOfDrop / std::max(1.0, n * (n - 1) / 2);
    deviations_ = DeviationsBut(chance_);
  }

  bool Differ(const Split& a, const Split& b) const {
    const auto less = [this](uint64_t count) { return static_cast<double>(count) / excess_; };
    return DifferenceInterval(less(a.yes), less(a.whole()), less(b.yes), less(b.whole()),
                              deviations_)
               .excludes_zero() &&
           ChanceOfDivision(less(a.yes), less(a.whole()), less(b.yes), less(b.whole())) <= chance_;
  }

 private:
  double excess_;
  double chance_ = 0, deviations_ = 0;
};

class Segments {
 public:
  explicit Segments(std::span<const Split> buckets)
      : test_(buckets.size(), ExcessVariance(buckets)) {
    sums_.push_back({});
    for (const Split& bucket : buckets) {
      sums_.push_back({sums_.back().yes + bucket.yes, sums_.back().no + bucket.no});
    }
    if (!buckets.empty()) Cut(0, buckets.size());
    ends_.push_back(buckets.size());
    std::ranges::sort(ends_);
    Join();
  }

  // Where stretches begin and end: 0, …, the number of buckets.
  const std::vector<size_t>& ends() const { return ends_; }
  Split Sum(size_t begin, size_t end) const {
    return {sums_[end].yes - sums_[begin].yes, sums_[end].no - sums_[begin].no};
  }

 private:
  // Marks the begin of [begin, end), and whatever stretches it is made of.
  void Cut(size_t begin, size_t end) {
    size_t from = begin, to = end;
    double most = 0;
    for (size_t i = begin; i < end; ++i) {
      for (size_t j = i + 1; j <= end; ++j) {
        if (i == begin && j == end) continue;
        const Split in = Sum(i, j);
        const Split whole = Sum(begin, end);
        const double deviance = Deviance(in, {whole.yes - in.yes, whole.no - in.no});
        if (deviance <= most) continue;
        most = deviance;
        from = i;
        to = j;
      }
    }
    const Split in = Sum(from, to);
    const Split whole = Sum(begin, end);
    if (most == 0 || !test_.Differ(in, {whole.yes - in.yes, whole.no - in.no})) {
      ends_.push_back(begin);
      return;
    }
    if (begin < from) Cut(begin, from);
    Cut(from, to);
    if (to < end) Cut(to, end);
  }

  // Neighbours that do not differ are one stretch; the likest first.
  void Join() {
    while (ends_.size() > 2) {
      size_t likest = 0;
      double least = 0;
      for (size_t i = 1; i + 1 < ends_.size(); ++i) {
        const Split a = Sum(ends_[i - 1], ends_[i]), b = Sum(ends_[i], ends_[i + 1]);
        const double deviance = Deviance(a, b);
        if ((likest != 0 && deviance >= least) || test_.Differ(a, b)) continue;
        likest = i;
        least = deviance;
      }
      if (likest == 0) return;
      ends_.erase(ends_.begin() + static_cast<std::ptrdiff_t>(likest));
    }
  }

  DifferenceTest test_;
  std::vector<Split> sums_;
  std::vector<size_t> ends_;
};

}  // namespace

bool Differ(const Split& a, const Split& b, size_t buckets) {
  return DifferenceTest(buckets, /*excess=*/1).Differ(a, b);
}

double ExcessVariance(std::span<const Split> buckets) {
  std::vector<double> squares;
  const Split* last = nullptr;
  for (const Split& bucket : buckets) {
    if (bucket.whole() == 0) continue;
    if (last != nullptr) {
      const double n = static_cast<double>(last->whole()), m = static_cast<double>(bucket.whole());
      const double share = static_cast<double>(last->yes + bucket.yes) / (n + m);
      const double change = (ShareOf(bucket) - ShareOf(*last)) / 100;
      const double variance = share * (1 - share) * (1 / n + 1 / m);
      squares.push_back(variance > 0 ? change * change / variance : 0);
    }
    last = &bucket;
  }
  std::ranges::sort(squares);
  const size_t kept = squares.size() * 4 / 5;
  if (kept == 0) return 1;
  double sum = 0;
  for (size_t i = 0; i < kept; ++i) sum += squares[i];
  // Of few differences little is known: they are taken for larger than they look.
  const double doubt = 1 + kDoubt / static_cast<double>(kept);
  return std::max(1.0, doubt * sum / static_cast<double>(kept) / kMeanOfLowerSquares);
}

std::vector<Drop> FindDrops(std::span<const Split> buckets, double least_points) {
  // Gaps are no buckets of the test.
  std::vector<Split> known;
  std::vector<size_t> places;
  for (size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i].whole() == 0) continue;
    known.push_back(buckets[i]);
    places.push_back(i);
  }
  const Segments segments(known);
  const std::vector<size_t>& ends = segments.ends();
  std::vector<Drop> drops;
  for (size_t i = 1; i + 1 < ends.size(); ++i) {
    const Split was = segments.Sum(ends[i - 1], ends[i]);
    const Split is = segments.Sum(ends[i], ends[i + 1]);
    const double points = ShareOf(is) - ShareOf(was);
    if (points > -least_points || points >= 0) continue;
    if (i > 1) {
      const bool was_short = ends[i] - ends[i - 1] < ends[i - 1] - ends[i - 2];
      const Split earlier = segments.Sum(ends[i - 2], ends[i - 1]);
      if (was_short && ShareOf(is) > ShareOf(earlier) - least_points) continue;
    }
    const auto count = [](uint64_t value) { return static_cast<double>(value); };
    drops.push_back({.before = places[ends[i - 1]],
                     .begin = places[ends[i]],
                     .end = places[ends[i + 1] - 1] + 1,
                     .was = was,
                     .is = is,
                     .points = points,
                     .interval = DifferenceInterval(count(is.yes), count(is.whole()),
                                                    count(was.yes), count(was.whole()))});
  }
  return drops;
}

}  // namespace mxsweep::tools
