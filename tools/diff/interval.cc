#include "tools/diff/interval.h"

#include <algorithm>
#include <cmath>

namespace mxsweep::tools {
namespace {

double Square(double value) { return value * value; }

// How the two shares go together in the same things (Newcombe's phi, with his correction).
double Correlation(double yes_yes, double yes_no, double no_yes, double no_no) {
  const double product =
      (yes_yes + yes_no) * (no_yes + no_no) * (yes_yes + no_yes) * (yes_no + no_no);
  if (product <= 0) return 0;
  double numerator = yes_yes * no_no - yes_no * no_yes;
  const double half = (yes_yes + yes_no + no_yes + no_no) / 2;
  if (numerator > 0) numerator = std::max(numerator - half, 0.0);
  return numerator / std::sqrt(product);
}

}  // namespace

double DesignEffect::Of(const PairedCounts& counts) const {
  const double n = static_cast<double>(counts.whole());
  if (clusters_ < 2 || n == 0) return 1;
  const double lost = static_cast<double>(counts.yes_no);
  const double gained = static_cast<double>(counts.no_yes);
  const double mean = (gained - lost) / n;
  const double alone = lost + gained - n * Square(mean);
  const double together = (change_squared_ - 2 * mean * product_ + Square(mean) * whole_squared_) *
                          clusters_ / (clusters_ - 1);
  return alone <= 0 ? 1 : std::max(1.0, together / alone);
}

double DeviationsBut(double chance) {
  // Where the tails of the normal distribution come to `chance`: they fall all the way.
  double low = 0, high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > chance ? low : high) = middle;
  }
  return high;
}

Interval WilsonInterval(double part, double whole, double deviations) {
  if (whole <= 0) return {0, 1};
  const double z = deviations;
  const double share = part / whole;
  const double middle = share + Square(z) / (2 * whole);
  const double reach = z * std::sqrt(share * (1 - share) / whole + Square(z) / (4 * Square(whole)));
  const double scale = 1 + Square(z) / whole;
  return {std::max(0.0, (middle - reach) / scale), std::min(1.0, (middle + reach) / scale)};
}

Interval PairedInterval(const PairedCounts& counts, double design_effect) {
  const double n = static_cast<double>(counts.whole()) / design_effect;
  if (n <= 0) return {-1, 1};
  const double yes_yes = static_cast<double>(counts.yes_yes) / design_effect;
  const double yes_no = static_cast<double>(counts.yes_no) / design_effect;
  const double no_yes = static_cast<double>(counts.no_yes) / design_effect;
  const double no_no = static_cast<double>(counts.no_no) / design_effect;
  const double before = (yes_yes + yes_no) / n;
  const double after = (yes_yes + no_yes) / n;
  const Interval of_before = WilsonInterval(yes_yes + yes_no, n);
  const Interval of_after = WilsonInterval(yes_yes + no_yes, n);
  const double phi = Correlation(yes_yes, yes_no, no_yes, no_no);
  const auto reach = [phi](double a, double b) {
    return std::sqrt(std::max(0.0, Square(a) - 2 * phi * a * b + Square(b)));
  };
  const double change = after - before;
  return {change - reach(after - of_after.low, of_before.high - before),
          change + reach(of_after.high - after, before - of_before.low)};
}

bool SignTestTells(double lost, double gained) {
  // Of more changes than that, the intervals tell.
  constexpr double kMany = 1000;
  constexpr double kLevel = 0.05;
  const double all = std::floor(lost) + std::floor(gained);
  if (all > kMany) return true;
  const double fewer = std::floor(std::min(lost, gained));
  double chance = 0;
  for (double k = 0; k <= fewer; ++k) {
    const double ways = std::lgamma(all + 1) - std::lgamma(k + 1) - std::lgamma(all - k + 1);
    chance += std::exp(ways - all * std::log(2.0));
  }
  return 2 * chance <= kLevel;
}

Interval DifferenceInterval(double part_a, double whole_a, double part_b, double whole_b,
                            double deviations) {
  if (whole_a <= 0 || whole_b <= 0) return {-1, 1};
  const double a = part_a / whole_a;
  const double b = part_b / whole_b;
  const Interval of_a = WilsonInterval(part_a, whole_a, deviations);
  const Interval of_b = WilsonInterval(part_b, whole_b, deviations);
  return {a - b - std::sqrt(Square(a - of_a.low) + Square(of_b.high - b)),
          a - b + std::sqrt(Square(of_a.high - a) + Square(b - of_b.low))};
}

double ChanceOfDivision(double part_a, double whole_a, double part_b, double whole_b) {
  const double a = std::floor(part_a), b = std::floor(part_b);
  const double in_a = std::max(a, std::floor(whole_a)), in_b = std::max(b, std::floor(whole_b));
  const double all = in_a + in_b, parts = a + b;
  if (in_a == 0 || in_b == 0) return 1;
  const auto ways = [](double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  };
  const bool fewer = a * all < parts * in_a;
  const double last = fewer ? std::max(0.0, parts - in_b) : std::min(parts, in_a);
  double chance = 0;
  for (double k = a; fewer ? k >= last : k <= last; k += fewer ? -1 : 1) {
    const double term = std::exp(ways(in_a, k) + ways(in_b, parts - k) - ways(all, parts));
    chance += term;
    // The terms fall from the mean on.
    if (term <= chance * 1e-12) break;
  }
  return std::min(1.0, 2 * chance);
}

}  // namespace mxsweep::tools
