// How much mail a sender has for each domain: its own file of "domain,messages".
#ifndef MXSWEEP_TOOLS_POLICY_WEIGHTS_H_
#define MXSWEEP_TOOLS_POLICY_WEIGHTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

namespace mxsweep::tools {

// Of a line. So a hundred million lines cannot be more than a number holds.
inline constexpr uint64_t kMaxMessages = 100'000'000'000;
inline constexpr uint64_t kMaxWeightsBytes = 4ull << 30;

class Weights {
 public:
  // Lines "domain,messages", CSV with LF or CRLF; names as a list for `scan` may have them; a first
  // line whose second field is no number is a heading; blank lines are passed over; of a domain
  // that stands there twice the numbers are added. kInvalidArgument, with the line, for anything
  // else.
  static absl::StatusOr<Weights> Parse(std::string_view text);
  static absl::StatusOr<Weights> Read(const std::string& path);

  // Of a domain as `domains` has it; 0 if the file does not name it. It is then known to be met.
  uint64_t Take(std::string_view domain);

  uint64_t domains() const { return messages_.size(); }
  uint64_t messages() const { return total_; }
  // What nobody took.
  uint64_t unmet_domains() const { return messages_.size() - met_domains_; }
  uint64_t unmet_messages() const { return total_ - met_messages_; }

 private:
  struct Entry {
    uint64_t messages = 0;
    bool met = false;
  };

  absl::flat_hash_map<std::string, Entry> messages_;
  uint64_t total_ = 0;
  uint64_t met_domains_ = 0;
  uint64_t met_messages_ = 0;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_POLICY_WEIGHTS_H_
