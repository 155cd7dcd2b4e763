// What a fall of a share is made of. Pure functions of counts; everything adds up to the fall.
//
// The share is the sum of what its places (remote domains, clients, reporters) contribute: weight
// times share. From one stretch to another a place moves it by its own share, at the mean of its
// two weights, and by its weight, as far as its share differs from the whole as it was. A place
// that had no mail in one of the stretches moves it by its weight alone. (The decomposition of
// rates: E. M. Kitagawa, JASA 50, 1955.)
#ifndef MXSWEEP_TOOLS_DASHBOARD_CAUSES_H_
#define MXSWEEP_TOOLS_DASHBOARD_CAUSES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/diff/comparison.h"

namespace mxsweep::tools {

// One place in the stretch before, and in the one with the lower share.
struct PlaceCounts {
  std::string name;      // of the remote domain, client or reporter; empty: not told
  std::string provider;  // who runs its servers, as far as their names tell
  Split was, is;         // encrypted, and in clear
  // Failures of TLS that were logged, by cause.
  std::map<size_t, uint64_t> failures_was, failures_is;
  std::optional<int64_t> first_clear_s;  // in the lower stretch
  // Mail in clear of each bucket that has any, in no order: of all buckets before the lower
  // stretch, and of that. And in how many of the stretch before there is any.
  std::vector<uint64_t> clear_before, clear_is;
  uint64_t clear_buckets_was = 0;
};

enum class CauseKind : uint8_t {
  kFailure,  // in clear, where failures of TLS were logged: their cause
  kPlain,    // in clear, and no failure was logged: no STARTTLS was offered, or none was asked for
  kVolume,   // more mail where less is encrypted, or less where more is
  kBetter,   // encrypted more often than before
};
// "failure", "plain", "volume", "better".
std::string_view CauseKindWord(CauseKind kind);

struct CauseKey {
  CauseKind kind = CauseKind::kPlain;
  size_t failure = 0;  // with kFailure: as in PlaceCounts

  friend auto operator<=>(const CauseKey&, const CauseKey&) = default;
};

struct PlaceShare {
  size_t place = 0;  // in what was given
  double points = 0;
  std::map<CauseKey, double> causes;  // percentage points of each
};

struct ProviderShare {
  std::string provider;
  double points = 0;
  std::vector<PlaceShare> places;  // who lowers most first
  std::map<CauseKey, double> causes;
};

struct CausesOfDrop {
  double points = 0;                     // of all
  std::map<CauseKey, double> causes;     // percentage points of each
  std::vector<ProviderShare> providers;  // who lowers most first
};

CausesOfDrop FindCauses(const std::vector<PlaceCounts>& places);

// Causes by what they take off the share, most first.
std::vector<std::pair<CauseKey, double>> SortedCauses(const std::map<CauseKey, double>& causes);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_CAUSES_H_
