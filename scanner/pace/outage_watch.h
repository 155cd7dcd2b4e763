#ifndef MXSWEEP_SCANNER_PACE_OUTAGE_WATCH_H_
#define MXSWEEP_SCANNER_PACE_OUTAGE_WATCH_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"

namespace mxsweep::scanner {

// Whose silence is it? Where connections to many unrelated networks (or questions to all resolvers)
// end without an answer and nobody else answers meanwhile, it may be our own network's, and nothing
// of it says anything about a server.
//
// While somebody has answered within the last second, a silent ending is the server's. Else it is
// in doubt, whoever asked waits for the verdict, and somebody who answered before is asked again
// (CanaryDue). If he answers, or anybody else does, all that is in doubt were the servers': that
// the last servers of a list are all dead is no outage. If he does not, and so many are in doubt
// that it can't be chance (by the share that answered before: 1 in a million), or three who
// answered before are silent, it is an outage, until somebody answers: all were ours. What was ours
// ten times is not done again.
//
// Less sure, and so done again only once, is what ended silently
// - where somebody answers after one or two who answered before were silent: the outage may have
//   been a short one, or just those were gone;
// - in a gap, told afterwards, in which nobody answered although many were asked.
//
// Thread-safe. Times are of one clock, nanoseconds.
class OutageWatch {
 public:
  enum class Verdict : uint8_t { kTheirs, kOurs };
  // Called once, on the thread of whoever brings the verdict about.
  using Told = absl::AnyInvocable<void(Verdict)>;
  struct Outage {
    int64_t began_ns = 0;  // the last answer before it
    int64_t ended_ns = 0;  // the first after it
    uint64_t redone = 0;   // what ended silently meanwhile
    bool sure = true;      // false: it may have been chance
  };

  // So recent an answer says that our own network works.
  static constexpr int64_t kRecentNs = 1'000'000'000;
  // Fewer networks than this are silent by chance.
  static constexpr size_t kLeastGroups = 8;

  // Somebody is asked.
  void Begun() { begun_.fetch_add(1, std::memory_order_relaxed); }
  // Somebody answered: whatever the answer.
  void Answered(int64_t now_ns);

  // Something has ended without an answer.
  struct Silence {
    uint64_t group = 0;  // its network, or whatever else is unrelated to others
    int64_t began_ns = 0;
    uint32_t redone = 0;  // how often it was ours before
  };
  // The verdict, if there is one at once.
  std::optional<Verdict> JudgeNow(const Silence& silence, int64_t now_ns);
  // Else `told` is told.
  void Doubt(const Silence& silence, int64_t now_ns, Told told);

  // There is an outage.
  bool out() const { return out_.load(std::memory_order_relaxed); }
  std::vector<Outage> outages() const;  // those that are over

  // Who may be asked again: worth calling RememberResponder at most so often.
  bool WantsResponder(int64_t now_ns);
  void RememberResponder(std::string_view responder);
  // Is it time to ask one of them? Whom, or nothing. To be called every now and then. What comes of
  // it is told by Answered or CanarySilent, or by neither, if he was not asked.
  std::optional<std::string> CanaryDue(int64_t now_ns);

  void CanarySilent();

  // Nobody waits any longer: what is in doubt is ours, now and from now on.
  void GiveUp();

 private:
  struct Doubted {
    Told told;
    uint32_t redone = 0;  // of its Silence
  };

  double ShareAnswered() const;
  size_t GroupsNeeded() const;
  void Record(const Outage& outage);
  bool WithinOutage(const Silence& silence, int64_t now_ns) const;

  std::atomic<int64_t> last_answer_ns_{0};  // 0: nobody yet
  std::atomic<uint64_t> begun_{0};
  std::atomic<uint64_t> begun_at_answer_{0};  // when the last answer came
  std::atomic<uint64_t> answered_{0};
  std::atomic<bool> open_{false};  // something is in doubt
  std::atomic<bool> out_{false};
  std::atomic<int64_t> next_responder_ns_{0};

  mutable std::mutex mutex_;  // of the rest
  uint64_t silent_ = 0;
  std::vector<Doubted> doubted_;
  absl::flat_hash_set<uint64_t> groups_;  // of those in doubt
  int64_t gap_began_ns_ = 0;
  int64_t canary_ns_ = 0;  // when the next may be asked
  int64_t canary_interval_ns_ = 0;
  size_t silent_canaries_ = 0;  // since the doubt began
  int64_t doubt_began_ns_ = 0;
  std::deque<std::string> responders_;
  std::vector<Outage> outages_;
  bool given_up_ = false;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_OUTAGE_WATCH_H_
