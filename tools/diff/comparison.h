// Two scans laid side by side: what of each measure changed, and by what cause.
//
// Everything adds up. Of each measure, and of domains and servers each: what was yes before is what
// is still yes, what was lost (by cause), and what is no longer counted (by reason); likewise what
// is yes now. So the old share turns into the new one in steps that leave nothing out.
#ifndef MXSWEEP_TOOLS_DIFF_COMPARISON_H_
#define MXSWEEP_TOOLS_DIFF_COMPARISON_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/diff/facts.h"
#include "tools/diff/interval.h"
#include "tools/diff/measures.h"

namespace mxsweep::tools {

struct Split {
  uint64_t yes = 0;
  uint64_t no = 0;

  uint64_t whole() const { return yes + no; }
  void Add(Answer answer) { ++(answer == Answer::kYes ? yes : no); }
};

using WhyCounts = std::array<uint64_t, kWhys>;

// One measure, of all domains or of all servers.
struct MeasureChange {
  // What is counted in each scan, and what is not, by reason.
  Split old_scan, new_scan;
  WhyCounts old_not_counted{}, new_not_counted{};
  // Counted in both, and the same.
  Split same;
  // Counted in both: from yes to no, and from no to yes, by cause.
  WhyCounts lost{}, gained{};
  // Counted in one of them only, by the reason that the other one has.
  std::array<Split, kWhys> left{}, came{};
  DesignEffect cluster;  // a cluster is a provider

  uint64_t lost_count() const;
  uint64_t gained_count() const;
  PairedCounts Paired() const { return {same.yes, lost_count(), gained_count(), same.no}; }
  // Of the change of the share among what is counted in both.
  Interval ChangeInterval() const;
};

// What became of a domain, in one word and for one reason: the first that applies, in this order.
enum class Fate : uint8_t {
  kListChanged,   // in one scan only
  kMailChanged,   // takes mail no longer, or again; or its servers are gone, or back
  kMeasure,       // a measure was lost or gained
  kMoved,         // the MX is at another provider, and no measure was lost or gained
  kOtherwise,     // a measure is "no" as before, for another reason
  kNotKnownNow,   // something was known and is not
  kNotKnownThen,  // something is known and was not
  kNotKnown,      // whether it has TLS is known in neither scan
  kUnchanged,
};

struct MainCause {
  Fate fate = Fate::kUnchanged;
  Measure measure = Measure::kTls;  // with kMeasure and kOtherwise
  Direction direction = Direction::kNeither;
  Why why = Why::kNothing;

  friend auto operator<=>(const MainCause&, const MainCause&) = default;
};

// "starttls_withdrawn", "not_known_now" …: what --list takes. Several causes may have one word.
std::string_view CauseWord(const MainCause& cause);
// All of them but "unchanged", in the order of the alphabet.
std::vector<std::string_view> CauseWords();
// "STARTTLS is no longer offered".
std::string_view CauseTitle(const MainCause& cause);
// Of domains in both scans: something is other than it was, as far as both know.
bool IsChange(Fate fate);

struct DomainChange {
  std::string_view domain;
  MainCause cause;
  std::string_view old_provider, new_provider;
};

// A server, and a measure of which the answer is another one: or "no" for another reason.
struct ServerChange {
  std::string_view host, address;
  uint16_t port = 0;
  std::string_view provider;  // in the scan that has the server, the old one first
  Measure measure = Measure::kTls;
  State before, after;
};

// "starttls_withdrawn": of what is counted in one scan only, why the other one does not count it.
std::string_view CauseWord(const ServerChange& change);

struct ProviderChange {
  std::string_view name;  // empty: not known
  uint64_t domains = 0;   // in both scans
  uint64_t changed = 0;
  uint64_t not_known = 0;  // something is known in one scan only
  uint64_t tls_lost = 0, tls_gained = 0;  // of the measure tls
};

// Of servers that encrypted in both scans.
struct ServerChanges {
  uint64_t both = 0;
  uint64_t certificate_replaced = 0;
  uint64_t key_stronger = 0, key_weaker = 0;
  uint64_t newer_version = 0, older_version = 0;
};

struct Comparison {
  // Domains of each, and those that are in both.
  uint64_t old_domains = 0, new_domains = 0, both_domains = 0;
  uint64_t old_servers = 0, new_servers = 0, both_servers = 0;
  std::array<std::optional<MeasureChange>, kMeasures> domains, servers;
  // All domains of both scans, each once.
  std::map<MainCause, uint64_t> causes;
  std::vector<ProviderChange> providers;  // by number of changes; names are the scans'
  std::map<std::pair<uint32_t, MainCause>, uint64_t> provider_causes;  // by place in `providers`
  ServerChanges server_changes;

  uint64_t changed() const;
  uint64_t not_known() const;
  // Nothing where it was left out, or is not asked of servers.
  const std::optional<MeasureChange>& Of(Unit unit, Measure measure) const {
    return (unit == Unit::kDomains ? domains : servers)[static_cast<size_t>(measure)];
  }
};

using TakeDomain = absl::FunctionRef<absl::Status(const DomainChange&)>;
using TakeServer = absl::FunctionRef<absl::Status(const ServerChange&)>;

// `incomparable`: measures to leave out. `take` is told of each domain that is not unchanged, and
// `take_server` of each server's change, until one of them fails. The scans must outlive the
// result.
absl::Status Compare(const ScanFacts& before, const ScanFacts& after,
                     const std::array<bool, kMeasures>& incomparable, TakeDomain take,
                     TakeServer take_server, Comparison* comparison);
// Where nobody asks for servers.
absl::Status Compare(const ScanFacts& before, const ScanFacts& after,
                     const std::array<bool, kMeasures>& incomparable, TakeDomain take,
                     Comparison* comparison);

// Why a domain that had the measure has it no longer, as far as its servers tell; with the scans
// exchanged: why it has it now. REQUIRES: yes before, no after.
Why WhyLost(Measure measure, const ScanFacts& before, const Domain& old_domain,
            const ScanFacts& after, const Domain& new_domain);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_COMPARISON_H_
