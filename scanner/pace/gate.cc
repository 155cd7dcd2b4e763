#include "scanner/pace/gate.h"

#include <algorithm>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

constexpr uint8_t kMaxBackoffLevel = 32;

// Time that saturates instead of wrapping: both parts are options or come from the clock.
int64_t AddNs(int64_t time_ns, int64_t duration_ns) {
  int64_t sum = 0;
  return __builtin_add_overflow(time_ns, duration_ns, &sum) ? Gate::kNever : sum;
}

}  // namespace

Gate::Gate(const Options& options) : options_(options), bucket_(options.rate_per_s) {
  MXSWEEP_CHECK(options.max_concurrency > 0 && options.per_address_concurrency > 0);
  MXSWEEP_CHECK(options.per_address_interval_ns >= 0 && options.backoff_initial_ns >= 0);
}

uint32_t Gate::FindOrAdd(const SocketAddress& server) {
  const auto [it, added] = index_.try_emplace(server, 0);
  if (!added) return it->second;
  uint32_t index;
  if (free_entries_.empty()) {
    index = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    index = free_entries_.back();
    free_entries_.pop_back();
  }
  entries_[index] = Entry{};
  entries_[index].server = server;
  it->second = index;
  return index;
}

void Gate::PushRequest(Entry& entry, Ticket ticket) {
  uint32_t node = free_node_;
  if (node == kNone) {
    node = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_node_ = nodes_[node].next;
  }
  nodes_[node] = {ticket, kNone};
  if (entry.tail == kNone) {
    entry.head = node;
  } else {
    nodes_[entry.tail].next = node;
  }
  entry.tail = node;
  ++queued_;
}

Gate::Ticket Gate::PopRequest(Entry& entry) {
  const uint32_t node = entry.head;
  entry.head = nodes_[node].next;
  if (entry.head == kNone) entry.tail = kNone;
  nodes_[node].next = free_node_;
  free_node_ = node;
  --queued_;
  return nodes_[node].ticket;
}

uint32_t Gate::ConcurrencyOf(const Entry& entry) const {
  return entry.backoff_level > 0 ? 1 : options_.per_address_concurrency;
}

int64_t Gate::BackoffNs(const Entry& entry) const {
  int64_t backoff_ns = options_.backoff_initial_ns;
  for (int i = 1; i < entry.backoff_level && backoff_ns < options_.backoff_max_ns; ++i) {
    backoff_ns = AddNs(backoff_ns, backoff_ns);
  }
  return std::min(backoff_ns, options_.backoff_max_ns);
}

bool Gate::Idle(const Entry& entry) const { return entry.head == kNone && entry.in_flight == 0; }

int64_t Gate::ForgetAt(const Entry& entry) const {
  if (entry.backoff_level == 0) return entry.next_start_ns;
  return AddNs(entry.next_start_ns, options_.backoff_memory_ns);
}

void Gate::Drop(uint32_t index) {
  index_.erase(entries_[index].server);
  free_entries_.push_back(index);
}

void Gate::Place(uint32_t index, int64_t now_ns) {
  Entry& entry = entries_[index];
  if (entry.ready || entry.waiting) return;  // judged again when it comes up there
  if (Idle(entry)) {
    if (entry.expiring) return;
    if (ForgetAt(entry) <= now_ns) return Drop(index);
    entry.expiring = true;
    expiring_.emplace(ForgetAt(entry), index);
    return;
  }
  // Without a request, or with all its connections open, it is the next Request or Release that
  // places it.
  if (entry.head == kNone || entry.in_flight >= ConcurrencyOf(entry)) return;
  if (entry.next_start_ns > now_ns) {
    entry.waiting = true;
    waiting_.emplace(entry.next_start_ns, index);
  } else {
    entry.ready = true;
    ready_.push_back(index);
  }
}

void Gate::Advance(int64_t now_ns) {
  while (!waiting_.empty() && waiting_.top().first <= now_ns) {
    const uint32_t index = waiting_.top().second;
    waiting_.pop();
    entries_[index].waiting = false;
    Place(index, now_ns);
  }
  while (!expiring_.empty() && expiring_.top().first <= now_ns) {
    const uint32_t index = expiring_.top().second;
    expiring_.pop();
    entries_[index].expiring = false;
    // An entry that is in use again is not looked for here until it is idle again.
    if (Idle(entries_[index])) Place(index, now_ns);
  }
}

Gate::Admission Gate::Request(const SocketAddress& server, Ticket ticket, int64_t now_ns) {
  // Whoever's restriction has ended meanwhile comes first.
  Advance(now_ns);
  const uint32_t index = FindOrAdd(server);
  PushRequest(entries_[index], ticket);
  Place(index, now_ns);
  // Admitted at once only if nobody else is waiting for a turn; turns are Poll's to give.
  const Entry& entry = entries_[index];
  if (!entry.ready || ready_.size() != 1 || nodes_[entry.head].next != kNone) {
    return Admission::kQueued;
  }
  return Poll(now_ns).has_value() ? Admission::kAdmitted : Admission::kQueued;
}

std::optional<Gate::Ticket> Gate::Poll(int64_t now_ns) {
  Advance(now_ns);
  while (!ready_.empty()) {
    const uint32_t index = ready_.front();
    Entry& entry = entries_[index];
    // A sibling connection may have been throttled, or the request taken back, since it became
    // ready.
    if (entry.head == kNone || entry.in_flight >= ConcurrencyOf(entry) ||
        entry.next_start_ns > now_ns) {
      ready_.pop_front();
      entry.ready = false;
      Place(index, now_ns);
      continue;
    }
    if (admissions_left_ == 0 || in_flight_ >= options_.max_concurrency) return std::nullopt;
    if (!bucket_.TryTake(now_ns)) return std::nullopt;
    ready_.pop_front();
    entry.ready = false;
    const Ticket ticket = PopRequest(entry);
    entry.next_start_ns = AddNs(now_ns, options_.per_address_interval_ns);
    // Then it is alone: what was open before the back-off has ended.
    entry.probing = entry.backoff_level > 0;
    ++entry.in_flight;
    ++in_flight_;
    ++admitted_total_;
    if (admissions_left_ != kNoLimit) --admissions_left_;
    Place(index, now_ns);
    return ticket;
  }
  return std::nullopt;
}

int64_t Gate::NextEvent(int64_t now_ns) const {
  if (in_flight_ >= options_.max_concurrency) return kNever;
  int64_t address_allows_ns = kNever;
  if (!ready_.empty()) {
    address_allows_ns = now_ns;
  } else if (!waiting_.empty()) {
    address_allows_ns = std::max(now_ns, waiting_.top().first);
  }
  if (address_allows_ns == kNever) return kNever;
  return std::max(address_allows_ns, bucket_.NextTokenNs(now_ns));
}

void Gate::Release(const SocketAddress& server, int64_t now_ns, Outcome outcome) {
  const auto it = index_.find(server);
  MXSWEEP_CHECK(it != index_.end() && entries_[it->second].in_flight > 0);
  Entry& entry = entries_[it->second];
  --entry.in_flight;
  --in_flight_;
  if (outcome == Outcome::kThrottled) {
    ++throttled_total_;
    entry.backoff_level = std::min<uint8_t>(entry.backoff_level + 1, kMaxBackoffLevel);
    entry.next_start_ns = std::max(entry.next_start_ns, AddNs(now_ns, BackoffNs(entry)));
  } else if (entry.probing) {
    entry.backoff_level = 0;
  }
  entry.probing = false;
  Place(it->second, now_ns);
}

int Gate::ThrottledInARow(const SocketAddress& server) const {
  const auto found = index_.find(server);
  return found == index_.end() ? 0 : entries_[found->second].backoff_level;
}

bool Gate::Cancel(const SocketAddress& server, Ticket ticket) {
  const auto it = index_.find(server);
  if (it == index_.end()) return false;
  Entry& entry = entries_[it->second];
  uint32_t previous = kNone;
  for (uint32_t node = entry.head; node != kNone; previous = node, node = nodes_[node].next) {
    if (nodes_[node].ticket != ticket) continue;
    const uint32_t next = nodes_[node].next;
    (previous == kNone ? entry.head : nodes_[previous].next) = next;
    if (next == kNone) entry.tail = previous;
    nodes_[node].next = free_node_;
    free_node_ = node;
    --queued_;
    return true;
  }
  return false;
}

}  // namespace mxsweep::scanner
