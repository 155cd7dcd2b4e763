// Two places that the Internet was looked at from: what the parts of a comparison by place have in
// common.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace mxsweep::tools {

// Of the first scan that was named, and of the second one.
enum class PlaceOfTwo : uint8_t { kA, kB };
inline constexpr std::array<PlaceOfTwo, 2> kBothPlaces = {PlaceOfTwo::kA, PlaceOfTwo::kB};
inline PlaceOfTwo OtherThan(PlaceOfTwo place) {
  return place == PlaceOfTwo::kA ? PlaceOfTwo::kB : PlaceOfTwo::kA;
}
// "a", "b".
inline std::string_view PlaceWord(PlaceOfTwo place) { return place == PlaceOfTwo::kA ? "a" : "b"; }

// One for each place.
template <typename T>
struct ByPlace {
  T a{}, b{};

  T& operator[](PlaceOfTwo place) { return place == PlaceOfTwo::kA ? a : b; }
  const T& operator[](PlaceOfTwo place) const { return place == PlaceOfTwo::kA ? a : b; }
};

// Nothing is concluded from fewer: addresses of one operator; operators that have nothing to do
// with each other.
inline constexpr uint64_t kFewestAddresses = 3;
inline constexpr uint64_t kFewestOperators = 5;
// "Nearly all" of a number of things.
inline bool IsNearlyAll(uint64_t part, uint64_t whole) { return 5 * part >= 4 * whole; }

// Of operators that have nothing to do with each other: are so many of one place alone too many for
// single operators' doing, and for chance (SignTestTells)? `there`: the same of the other place.
bool IsManyMore(uint64_t here, uint64_t there);

// The network of an address, as text: "192.0.2.0/24", "2001:db8:0:1::/64"; the text itself of what
// is no address.
std::string NetworkOf(std::string_view address);

// How many of what was added have nothing to do with each other: operators (registrable domains of
// MX hosts) or networks, whichever are fewer. A provider's customers may name its servers as their
// own, and a company may have a domain for each of its servers.
class Unrelated {
 public:
  // The operator must outlive this; empty: not known.
  void Add(std::string_view provider, std::string_view address) {
    if (!provider.empty()) providers_.insert(provider);
    networks_.insert(NetworkOf(address));
  }
  uint64_t count() const {
    return providers_.size() < networks_.size() ? providers_.size() : networks_.size();
  }

 private:
  absl::flat_hash_set<std::string_view> providers_;
  absl::flat_hash_set<std::string> networks_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_H_
