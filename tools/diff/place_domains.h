// Domains that are in both lists, each by the main thing that differs between two places.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_DOMAINS_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_DOMAINS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/diff/facts.h"
#include "tools/diff/measures.h"
#include "tools/diff/place.h"
#include "tools/diff/place_reach.h"

namespace mxsweep::tools {

// The first that applies, in this order.
enum class DomainDifference : uint8_t {
  kInOneList,
  kMail,        // takes mail as one place is told, and not as the other is (NXDOMAIN, null MX …)
  kMx,          // other MX hosts
  kReached,     // a server answers one place, and none answers the other
  kTls,         // a server encrypts with one place, and none with the other
  kPosture,     // another measure is yes from one place, and no from the other
  kAddresses,   // an MX host has other addresses (IsGeoAnswer), and nothing of the above
  kNotKnownOf,  // something is known from one place alone: `place` is the other one
  kNotKnown,    // whether it has TLS is known from neither
  kSame,
};

struct DomainCause {
  DomainDifference difference = DomainDifference::kSame;
  PlaceOfTwo place = PlaceOfTwo::kA;  // that has it alone; of kMx, kAddresses: no meaning, kA
  Measure measure = Measure::kTls;    // of kPosture

  friend auto operator<=>(const DomainCause&, const DomainCause&) = default;
};
// "reached_only_from_b", "mx_differs" …: what --list takes by place.
std::string_view DomainCauseWord(const DomainCause& cause);
// All of them but "same", in the order of the alphabet.
std::vector<std::string_view> DomainCauseWords();

struct DomainByPlace {
  std::string_view domain;
  DomainCause cause;
  ByPlace<std::string_view> providers;
};

struct DomainGroup {
  std::string provider;  // empty: not known
  uint64_t domains = 0;  // in both lists
  std::map<DomainCause, uint64_t> causes;

  uint64_t differ() const;
};

struct Domains {
  uint64_t both = 0;
  std::map<DomainCause, uint64_t> causes;  // of all in either list, each once
  std::vector<DomainGroup> providers;      // those that differ, most first
  // dane_status, of domains that take mail at both: known from one place alone, or from both and
  // another one.
  uint64_t dane_both = 0;
  ByPlace<uint64_t> dane_only;
  uint64_t dane_differs = 0;
  // Look-ups of a domain's MX that failed from this place, and not from the other.
  ByPlace<uint64_t> failed_lookups;
};
// Does it differ by place, as far as both know?
bool IsDifference(DomainDifference difference);

using TakeDomainByPlace = absl::FunctionRef<absl::Status(const DomainByPlace&)>;

// `reach`: of the two scans; whom a place does not come through to for its own network's sake is
// not known there. `incomparable`: measures to leave out. `take` is told of each domain that is not
// the same.
absl::Status CompareDomains(const ScanFacts& a, const ScanFacts& b, const Reach& reach,
                            const std::array<bool, kMeasures>& incomparable, TakeDomainByPlace take,
                            Domains* domains);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_DOMAINS_H_
