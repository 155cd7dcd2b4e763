// Which TLS reports were read already, so that one that is given twice counts once.
//
// RFC 8460 §4.4 calls report-id "a unique identifier for the report", and leaves to reporters how
// to make one; real ones use one id for every day, or the same as other reporters. So a report is
// what has an id, an organization, a range of days and the domains that it is of. The RFC knows no
// report that takes another one's place: one that is the same in all of these and says other things
// may correct the first, or be of other servers of the sender's. It counts, and is told of, since
// to leave it out might hide failures.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_KNOWN_REPORTS_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_KNOWN_REPORTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"

namespace mxsweep::tools {

class KnownReports {
 public:
  // Of memory (some 20 MB): what comes after so many reports is held against these alone.
  static constexpr size_t kMostKept = 200'000;

  enum class Met : uint8_t {
    kFirst,
    kAgain,          // the same report
    kOtherContents,  // the same report by its identity, with other contents
    kNotKept,        // like kFirst, but it would not be known again
  };

  KnownReports() = default;
  explicit KnownReports(size_t most_kept) : most_kept_(most_kept) {}

  // `identity` and `contents`: any bytes that are equal where these are.
  Met Add(std::string_view identity, std::string_view contents);

 private:
  // Half of SHA-256: who writes reports must not be able to make two that are taken for one.
  using Digest = std::array<uint8_t, 16>;

  size_t most_kept_ = kMostKept;
  absl::flat_hash_set<Digest> identities_;
  absl::flat_hash_set<Digest> reports_;  // with their contents
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_KNOWN_REPORTS_H_
