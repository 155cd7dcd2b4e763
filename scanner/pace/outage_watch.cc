#include "scanner/pace/outage_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mxsweep::scanner {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
// Chance is ruled out at this probability.
constexpr double kChance = 1e-6;
constexpr size_t kMostGroups = 400;
// Nobody answered for so long, and so many should have.
constexpr int64_t kLeastGapNs = 2 * kSecondNs;
constexpr double kAnswersMissed = 20;
// Between canaries: while they answer, ever longer; in an outage the first.
constexpr int64_t kFirstCanaryNs = 5 * kSecondNs;
constexpr int64_t kLongestCanaryNs = 30 * kSecondNs;
// So many that answered before, and no longer do, are no chance either.
constexpr size_t kCanariesOfOutage = 3;
// What was ours so often is not done again.
constexpr uint32_t kMostRedone = 10;
// With fewer, what is in doubt for so long is the servers' after all.
constexpr int64_t kLongestDoubtNs = 90 * kSecondNs;
constexpr size_t kMostResponders = 32;
constexpr int64_t kResponderEveryNs = kSecondNs / 4;
constexpr size_t kMostOutagesKept = 1'000;

}  // namespace

void OutageWatch::Answered(int64_t now_ns) {
  answered_.fetch_add(1, std::memory_order_relaxed);
  const uint64_t begun = begun_.load(std::memory_order_relaxed);
  const uint64_t begun_before = begun_at_answer_.exchange(begun, std::memory_order_relaxed);
  const int64_t before_ns = last_answer_ns_.exchange(now_ns);
  const bool gap = before_ns != 0 && now_ns - before_ns >= kLeastGapNs;
  if (!open_.load() && !gap) return;
  std::vector<Doubted> doubted;
  bool sure = false;
  bool suspected = false;
  {
    const std::lock_guard lock(mutex_);
    doubted.swap(doubted_);
    sure = open_.load() && out_.load();
    suspected = open_.load() && !sure && silent_canaries_ > 0;
    if (sure) {
      Record({gap_began_ns_, now_ns, doubted.size(), /*sure=*/true});
    } else if (suspected) {
      const auto first = [](const Doubted& each) { return each.redone == 0; };
      const auto redone = static_cast<uint64_t>(std::ranges::count_if(doubted, first));
      Record({gap_began_ns_, now_ns, redone, /*sure=*/false});
    } else if (gap &&
               ShareAnswered() * static_cast<double>(begun - begun_before) >= kAnswersMissed) {
      Record({before_ns, now_ns, 0, /*sure=*/false});
    }
    groups_.clear();
    out_.store(false);
    open_.store(false);
  }
  for (Doubted& each : doubted) {
    const bool ours = sure || (suspected && each.redone == 0);
    each.told(ours ? Verdict::kOurs : Verdict::kTheirs);
  }
}

void OutageWatch::CanarySilent() {
  const std::lock_guard lock(mutex_);
  if (open_.load()) ++silent_canaries_;
}

void OutageWatch::Record(const Outage& outage) {
  if (outages_.size() < kMostOutagesKept) {
    outages_.push_back(outage);
  } else {
    outages_.back() = outage;
  }
}

bool OutageWatch::WithinOutage(const Silence& silence, int64_t now_ns) const {
  return std::any_of(outages_.rbegin(), outages_.rend(), [&](const Outage& outage) {
    return silence.began_ns < outage.ended_ns && now_ns > outage.began_ns &&
           (outage.sure || silence.redone == 0);
  });
}

double OutageWatch::ShareAnswered() const {
  const auto answered = static_cast<double>(answered_.load(std::memory_order_relaxed));
  return std::clamp(answered / (answered + static_cast<double>(silent_) + 1), 0.001, 0.95);
}

// By the share of those that answer, a run of so many silent ones is no chance.
size_t OutageWatch::GroupsNeeded() const {
  const double needed = std::ceil(std::log(kChance) / std::log(1 - ShareAnswered()));
  return std::clamp(static_cast<size_t>(needed), kLeastGroups, kMostGroups);
}

std::optional<OutageWatch::Verdict> OutageWatch::JudgeNow(const Silence& silence, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (silence.redone >= kMostRedone) return Verdict::kTheirs;
  if (WithinOutage(silence, now_ns)) return Verdict::kOurs;
  const int64_t last_ns = last_answer_ns_.load();
  if (last_ns == 0 || (!open_.load() && last_ns >= now_ns - kRecentNs)) {
    ++silent_;
    return Verdict::kTheirs;
  }
  if (given_up_) return Verdict::kOurs;
  return std::nullopt;
}

void OutageWatch::Doubt(const Silence& silence, int64_t now_ns, Told told) {
  {
    const std::lock_guard lock(mutex_);
    if (!given_up_ && !WithinOutage(silence, now_ns)) {
      if (!open_.exchange(true)) {
        gap_began_ns_ = last_answer_ns_.load();
        canary_ns_ = std::max(canary_ns_, now_ns + kRecentNs);
        doubt_began_ns_ = now_ns;
        silent_canaries_ = 0;
      }
      doubted_.push_back({std::move(told), silence.redone});
      groups_.insert(silence.group);
      return;
    }
  }
  told(Verdict::kOurs);
}

std::vector<OutageWatch::Outage> OutageWatch::outages() const {
  const std::lock_guard lock(mutex_);
  return outages_;
}

bool OutageWatch::WantsResponder(int64_t now_ns) {
  int64_t next_ns = next_responder_ns_.load(std::memory_order_relaxed);
  return now_ns >= next_ns &&
         next_responder_ns_.compare_exchange_strong(next_ns, now_ns + kResponderEveryNs);
}

void OutageWatch::RememberResponder(std::string_view responder) {
  const std::lock_guard lock(mutex_);
  if (std::find(responders_.begin(), responders_.end(), responder) != responders_.end()) return;
  if (responders_.size() == kMostResponders) responders_.pop_front();
  responders_.emplace_back(responder);
}

std::optional<std::string> OutageWatch::CanaryDue(int64_t now_ns) {
  if (!open_.load()) return std::nullopt;
  std::vector<Doubted> doubted;
  std::optional<std::string> responder;
  {
    const std::lock_guard lock(mutex_);
    if (open_.load() && !out_.load() && silent_canaries_ > 0 &&
        (groups_.size() >= GroupsNeeded() || silent_canaries_ >= kCanariesOfOutage)) {
      out_.store(true);
      canary_ns_ = std::min(canary_ns_, now_ns + kFirstCanaryNs);
    }
    if (open_.load() && now_ns >= canary_ns_ && !responders_.empty()) {
      canary_interval_ns_ = silent_canaries_ > 0 ? kFirstCanaryNs
                                                 : std::clamp(2 * canary_interval_ns_,
                                                              kFirstCanaryNs, kLongestCanaryNs);
      canary_ns_ = now_ns + canary_interval_ns_;
      responder = std::move(responders_.front());
      responders_.pop_front();
      responders_.push_back(*responder);
    }
    if (open_.load() && !out_.load() && now_ns - doubt_began_ns_ >= kLongestDoubtNs) {
      doubted.swap(doubted_);
      groups_.clear();
      open_.store(false);
    }
  }
  for (Doubted& each : doubted) each.told(Verdict::kTheirs);
  return responder;
}

void OutageWatch::GiveUp() {
  std::vector<Doubted> doubted;
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
    doubted.swap(doubted_);
    groups_.clear();
    open_.store(false);
    out_.store(false);
  }
  for (Doubted& each : doubted) each.told(Verdict::kOurs);
}

}  // namespace mxsweep::scanner
