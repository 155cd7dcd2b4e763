// How far a share, or its change, may be chance: intervals that hold 95 times of 100, where nothing
// else is said.
//
// Of a share: Wilson's score interval (E. B. Wilson, JASA 22, 1927). Of the difference of two
// shares of the same things, and of two shares of different things: R. G. Newcombe's methods of
// squared distances between Wilson limits (Statistics in Medicine 17, 1998: pages 2635–2650, method
// 10, and 873–890, method 10). Domains behind one provider change together; so what is counted is
// divided by Kish's design effect (Survey Sampling, 1965), which the providers' own changes show.
#ifndef MXSWEEP_TOOLS_DIFF_INTERVAL_H_
#define MXSWEEP_TOOLS_DIFF_INTERVAL_H_

#include <cstdint>

namespace mxsweep::tools {

struct Interval {
  double low = 0;
  double high = 0;

  bool excludes_zero() const { return low > 0 || high < 0; }
};

// Things that were yes or no twice.
struct PairedCounts {
  uint64_t yes_yes = 0;
  uint64_t yes_no = 0;  // lost
  uint64_t no_yes = 0;  // gained
  uint64_t no_no = 0;

  uint64_t whole() const { return yes_yes + yes_no + no_yes + no_no; }
};

// How much larger the variance of a sum is than if all things changed by themselves: fed with
// clusters of things that change together.
class DesignEffect {
 public:
  // `whole`: things of the cluster; `change`: those that gained, less those that lost.
  void Add(double whole, double change) {
    ++clusters_;
    whole_ += whole;
    change_ += change;
    whole_squared_ += whole * whole;
    change_squared_ += change * change;
    product_ += whole * change;
  }

  // At least 1. `counts`: of all clusters.
  double Of(const PairedCounts& counts) const;

 private:
  double clusters_ = 0, whole_ = 0, change_ = 0;
  double whole_squared_ = 0, change_squared_ = 0, product_ = 0;
};

// Of the normal distribution, 95 of 100 are within so many standard deviations.
inline constexpr double kDeviationsOf95 = 1.959963984540054;
// Within how many all are but this share: 1.96 of 0.05.
double DeviationsBut(double chance);

// part / whole. [0, 1] of nothing. `deviations`: as of DeviationsBut.
Interval WilsonInterval(double part, double whole, double deviations = kDeviationsOf95);

// The share after less the share before. [-1, 1] of nothing.
Interval PairedInterval(const PairedCounts& counts, double design_effect);

// part_a / whole_a less part_b / whole_b.
Interval DifferenceInterval(double part_a, double whole_a, double part_b, double whole_b,
                            double deviations = kDeviationsOf95);

// How often chance would divide part_a + part_b between the two so unevenly, or more so, that way;
// times two. Fisher's exact test (The Design of Experiments, 1935): where one of the parts is
// small, the intervals above are too narrow. Counts are rounded down.
double ChanceOfDivision(double part_a, double whole_a, double part_b, double whole_b);

// Of so many changes, are those one way too many for chance, which goes either way as often? The
// exact sign test (McNemar's, Psychometrika 12, 1947), two-sided at 5 %: where changes are few, the
// intervals above are too narrow.
bool SignTestTells(double lost, double gained);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_INTERVAL_H_
