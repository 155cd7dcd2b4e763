// What names are answered with: MX hosts that both scans looked up, and whose addresses depend on
// who asks (geo-DNS), and whether a sender meets the same there.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_NAMES_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_NAMES_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/diff/facts.h"
#include "tools/diff/place.h"

namespace mxsweep::tools {

// Of the families of addresses that both places have looked up.
enum class NameAnswer : uint8_t {
  kSame,
  kOtherNetworks,  // addresses of other networks (/24, /64)
  kSameNetworks,   // other addresses of the same networks: one of a pool, perhaps at every look-up
  kOneFamily,      // one family from one place alone, and the same of the other
  kOneAlone,       // addresses from one place alone
  kNotKnown,       // a look-up failed, or was not made
};
inline constexpr size_t kNameAnswers = static_cast<size_t>(NameAnswer::kNotKnown) + 1;
// "same", "other_networks" …
std::string_view NameAnswerWord(NameAnswer answer);
// Does it depend on who asks, as far as two look-ups tell?
inline bool IsGeoAnswer(NameAnswer answer) {
  return answer != NameAnswer::kSame && answer != NameAnswer::kSameNetworks &&
         answer != NameAnswer::kNotKnown;
}

// What a sender meets at a host from the one place and from the other, of what both know.
enum class SamePosture : uint8_t { kSame, kOther, kNotKnown };
std::string_view SamePostureWord(SamePosture posture);

struct HostByPlace {
  std::string_view host, provider;
  NameAnswer answer = NameAnswer::kNotKnown;
  PlaceOfTwo alone = PlaceOfTwo::kA;  // of kOneFamily and kOneAlone: the place that is given more
  SamePosture posture = SamePosture::kNotKnown;
  // Those that both are given, and those that one is given alone; of families that both looked up.
  std::vector<std::string> shared;
  ByPlace<std::vector<std::string>> only;
};
// REQUIRES: facts by place.
HostByPlace CompareHost(const ScanFacts& a, uint32_t host_a, const ScanFacts& b, uint32_t host_b);

// The hosts of one operator.
struct NameGroup {
  std::string provider;  // empty: not known
  uint64_t hosts = 0;    // whose look-ups are known of both places
  uint64_t geo = 0;      // IsGeoAnswer
  uint64_t same_networks = 0;
  uint64_t same_posture = 0, other_posture = 0;  // of `geo`; of the rest it is not known
};

struct Names {
  uint64_t hosts = 0;  // in both scans
  std::array<uint64_t, kNameAnswers> answers{};
  ByPlace<uint64_t> alone;         // of kOneAlone
  ByPlace<uint64_t> family_alone;  // of kOneFamily
  uint64_t same_posture = 0, other_posture = 0;
  // Those with `geo` or `same_networks`, most first.
  std::vector<NameGroup> providers;

  uint64_t Of(NameAnswer answer) const { return answers[static_cast<size_t>(answer)]; }
  uint64_t known() const { return hosts - Of(NameAnswer::kNotKnown); }
  uint64_t geo() const {
    return Of(NameAnswer::kOtherNetworks) + Of(NameAnswer::kOneFamily) + Of(NameAnswer::kOneAlone);
  }
};

using TakeHost = absl::FunctionRef<absl::Status(const HostByPlace&)>;

// `take` is told of each host in both whose answers are not the same, in the order of operators and
// names.
absl::Status CompareNames(const ScanFacts& a, const ScanFacts& b, TakeHost take, Names* names);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_NAMES_H_
