// Who lets whom in: addresses that both places asked, and that only one of them came through to.
//
// One address that fails from one place is a single server's trouble, or a bad hour. Blocking and
// filtering are told of operators and networks of which nearly all addresses that answer the other
// place fail, and only where the place comes through to others: else it is its own network.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_REACH_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_REACH_H_

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

// How well a place comes through in one family of addresses: operators with an address that answers
// the other place and was tried from here, and those of which an address answers here, too.
struct FamilyReach {
  uint64_t operators = 0;
  uint64_t reached = 0;

  enum class State : uint8_t { kWorks, kFails, kNotTold };
  State state() const;
};
// "works", "fails", "not_told".
std::string_view FamilyStateWord(FamilyReach::State state);

// The addresses of an operator, or of a network, that answer the other place and were tried from
// here.
struct ReachGroup {
  std::string name;  // registrable domain, or a network
  bool is_network = false;
  uint64_t tried = 0;
  uint64_t failed = 0;
  // How nearly all of those ended that failed; kNotKnown: in several ways.
  Ending how = Ending::kNotKnown;
  std::vector<std::string> addresses;  // that failed, in order
};

// Of one place, of addresses that answer the other one.
struct PlaceReach {
  std::array<FamilyReach, 2> families;  // IPv4, IPv6
  uint64_t tried = 0;
  uint64_t answered = 0;
  std::array<uint64_t, kEndings> failed{};
  // Of those that failed: they are of a family in which this place does not come through, or too
  // few operators tell whether it does.
  uint64_t own_network = 0;
  // Nearly all addresses fail: most first.
  std::vector<ReachGroup> blocked;
  // That fail, and belong to none of those: too few for a conclusion.
  uint64_t single_addresses = 0;
  uint64_t single_operators = 0;
  // Operators that have nothing to do with each other, and turn away whoever comes from here (5xx,
  // or EHLO is refused). Many: it is this place's address that they do not like.
  uint64_t turned_away_by = 0;
  bool is_turned_away_widely = false;

  const FamilyReach& family(bool is_ipv6) const { return families[is_ipv6 ? 1 : 0]; }
};

struct Reach {
  uint64_t addresses = 0;  // in both scans
  uint64_t both = 0;       // answer both
  uint64_t neither = 0;    // and it is known of both
  uint64_t not_known = 0;  // of one place or both: not asked, or our own trouble
  ByPlace<PlaceReach> places;
};

// What a single address comes to.
enum class AddressFate : uint8_t {
  kAnswersBoth,
  kBlocked,     // of an operator or network that is told of in PlaceReach::blocked
  kSingle,      // fails from one place, and too few others do
  kOwnNetwork,  // … perhaps for that place's own network
  kNeither,
  kNotKnown,
};
// "answers_both", "blocked", "single", "own_network", "neither", "not_known".
std::string_view AddressFateWord(AddressFate fate);

struct AddressByPlace {
  std::string_view address, provider;
  uint16_t port = 0;
  ByPlace<Ending> endings;
  AddressFate fate = AddressFate::kNotKnown;
  PlaceOfTwo fails_from = PlaceOfTwo::kA;  // of the three in which one fails
};
using TakeAddress = absl::FunctionRef<absl::Status(const AddressByPlace&)>;

// `take` is told of each address in both, in the order of operators and addresses.
absl::Status CompareReach(const ScanFacts& a, const ScanFacts& b, TakeAddress take, Reach* reach);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_REACH_H_
