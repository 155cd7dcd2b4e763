#include "scanner/pace/gate.h"

#include <algorithm>
#include <span>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

constexpr uint8_t kMaxBackoffLevel = 32;

// Time that saturates instead of wrapping: both parts are options or come from the clock.
int64_t AddNs(int64_t time_ns, int64_t duration_ns) {
  int64_t sum = 0;
  return __builtin_add_overflow(time_ns, duration_ns, &sum) ? Gate::kNever : sum;
}

// Between two beginnings; 0: at once.
int64_t IntervalNs(double rate_per_s) {
  return rate_per_s > 0 ? static_cast<int64_t>(1e9 / rate_per_s) : 0;
}

// How long until what could not use its turn is looked at again.
constexpr int64_t kLookAgainNs = 1'000'000;

constexpr uint64_t kProviderBit = 1;

uint64_t KeyOfPrefix(const dns::IpAddress& address) { return Gate::PrefixOf(address) << 1; }
uint64_t KeyOfProvider(Gate::Provider provider) { return uint64_t{provider} << 1 | kProviderBit; }

}  // namespace

uint64_t Gate::PrefixOf(const dns::IpAddress& address) {
  const std::span<const uint8_t> bytes = address.bytes();
  const size_t count = address.is_v6() ? 8 : 3;
  uint64_t prefix = 0;
  for (size_t i = 0; i < count; ++i) prefix = prefix << 8 | bytes[i];
  // The upper bit of an IPv6 prefix says nothing: global addresses begin with 001. That of none is
  // that of an IPv4 prefix.
  return address.is_v6() ? prefix | uint64_t{1} << 62 : prefix;
}

Gate::Gate(const Options& options) : options_(options), bucket_(options.rate_per_s) {
  MXSWEEP_CHECK(options.max_concurrency > 0 && options.per_address_concurrency > 0);
  MXSWEEP_CHECK(options.per_address_interval_ns >= 0 && options.backoff_initial_ns >= 0);
}

int64_t Gate::LongestIntervalNs() const {
  return std::max({options_.per_address_interval_ns, IntervalNs(options_.per_prefix_rate_per_s),
                   IntervalNs(options_.per_provider_rate_per_s)});
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

void Gate::PushRequest(Entry& entry, const Node& request) {
  uint32_t node = free_node_;
  if (node == kNone) {
    node = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    free_node_ = nodes_[node].next;
  }
  nodes_[node] = request;
  if (entry.tail == kNone) {
    entry.head = node;
  } else {
    nodes_[entry.tail].next = node;
  }
  entry.tail = node;
  ++entry.queued;
  ++queued_;
}

Gate::Node Gate::PopRequest(Entry& entry) {
  const uint32_t node = entry.head;
  const Node popped = nodes_[node];
  entry.head = popped.next;
  if (entry.head == kNone) entry.tail = kNone;
  nodes_[node].next = free_node_;
  free_node_ = node;
  --entry.queued;
  --queued_;
  return popped;
}

Gate::Limit& Gate::LimitOf(LimitKey key, int64_t now_ns) {
  if (limits_.size() >= sweep_limits_at_) {
    absl::erase_if(limits_, [&](const auto& limit) {
      return limit.second.in_flight == 0 && limit.second.waiting.empty() && !limit.second.timed &&
             limit.second.next_start_ns <= now_ns;
    });
    sweep_limits_at_ = std::max<size_t>(1024, 2 * limits_.size());
  }
  return limits_[key];
}

bool Gate::IsBusy(const Limit& limit, LimitKey key, int64_t now_ns) const {
  const uint32_t most = (key & kProviderBit) != 0 ? options_.per_provider_concurrency
                                                  : options_.per_prefix_concurrency;
  return (most > 0 && limit.in_flight >= most) || limit.next_start_ns > now_ns ||
         limit.starting > 0;
}

Gate::Limit* Gate::BusyLimit(const SocketAddress& server, Provider provider, int64_t now_ns,
                             LimitKey* key) {
  if (LimitsPrefixes()) {
    *key = KeyOfPrefix(server.address);
    Limit& limit = LimitOf(*key, now_ns);
    if (IsBusy(limit, *key, now_ns)) return &limit;
  }
  if (provider != kNoProvider && LimitsProviders()) {
    *key = KeyOfProvider(provider);
    Limit& limit = LimitOf(*key, now_ns);
    if (IsBusy(limit, *key, now_ns)) return &limit;
  }
  return nullptr;
}

void Gate::AdmitOn(LimitKey key, int64_t now_ns) {
  Limit& limit = LimitOf(key, now_ns);
  ++limit.in_flight;
  ++limit.starting;
}

void Gate::BeginOn(LimitKey key, int64_t now_ns) {
  Limit& limit = limits_.find(key)->second;
  --limit.starting;
  limit.next_start_ns =
      AddNs(now_ns, IntervalNs((key & kProviderBit) != 0 ? options_.per_provider_rate_per_s
                                                         : options_.per_prefix_rate_per_s));
  WakeNext(key, limit, now_ns);
}

void Gate::EndOn(LimitKey key, int64_t now_ns) {
  const auto it = limits_.find(key);
  MXSWEEP_CHECK(it != limits_.end() && it->second.in_flight > 0);
  --it->second.in_flight;
  WakeNext(key, it->second, now_ns);
}

void Gate::WakeNext(LimitKey key, Limit& limit, int64_t now_ns) {
  if (limit.timed || limit.waiting.empty() || limit.starting > 0) return;
  // Where all its connections are open, the end of one wakes the next.
  const uint32_t most = (key & kProviderBit) != 0 ? options_.per_provider_concurrency
                                                  : options_.per_prefix_concurrency;
  if (most > 0 && limit.in_flight >= most) return;
  limit.timed = true;
  limits_waiting_.emplace(std::max(now_ns, limit.next_start_ns), key);
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
  // Judged again when it comes up there.
  if (entry.ready || entry.waiting || entry.limited) return;
  if (Idle(entry)) {
    if (entry.expiring) return;
    if (ForgetAt(entry) <= now_ns) return Drop(index);
    entry.expiring = true;
    expiring_.emplace(ForgetAt(entry), index);
    return;
  }
  // Without a request, or with all its connections open, it is the next Request or Release that
  // places it.
  if (entry.head == kNone || entry.in_flight >= ConcurrencyOf(entry) || entry.starting) return;
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
  while (!limits_waiting_.empty() && limits_waiting_.top().first <= now_ns) {
    const LimitKey key = limits_waiting_.top().second;
    limits_waiting_.pop();
    Limit& limit = limits_.find(key)->second;
    limit.timed = false;
    if (IsBusy(limit, key, now_ns)) {
      WakeNext(key, limit, now_ns);
      continue;
    }
    if (limit.waiting.empty()) continue;
    const uint32_t index = limit.waiting.front();
    limit.waiting.pop_front();
    entries_[index].limited = false;
    Place(index, now_ns);
    // It may not use its turn: whoever is next is not to wait for that.
    if (!limit.waiting.empty()) {
      limit.timed = true;
      limits_waiting_.emplace(std::max(AddNs(now_ns, kLookAgainNs), limit.next_start_ns), key);
    }
  }
}

Gate::Admission Gate::Request(const SocketAddress& server, Ticket ticket, int64_t now_ns,
                              Provider provider, Start start) {
  if (options_.goes_on && begins_ns_ == std::numeric_limits<int64_t>::min()) {
    begins_ns_ = AddNs(now_ns, LongestIntervalNs());
  }
  // Whoever's restriction has ended meanwhile comes first.
  Advance(now_ns);
  const uint32_t index = FindOrAdd(server);
  PushRequest(entries_[index], {ticket, kNone, provider, start == Start::kLater, 0});
  Place(index, now_ns);
  // Admitted at once only if nobody else is waiting for a turn; turns are Poll's to give.
  if (entries_[index].ready && entries_[index].queued == 1) {
    if (ready_.size() != 1) return Admission::kQueued;
    nodes_[entries_[index].head].later = 0;
    // It is the only one that is ready: it can't be another that is admitted.
    if (PollReady(now_ns).has_value()) return Admission::kAdmitted;
    nodes_[entries_[index].head].later = start == Start::kLater;
    if (entries_[index].ready) return Admission::kQueued;
  }
  nodes_[entries_[index].tail].busy = 1;
  return Admission::kBusy;
}

std::optional<Gate::Queued> Gate::Poll(int64_t now_ns) {
  Advance(now_ns);
  return PollReady(now_ns);
}

std::optional<Gate::Queued> Gate::PollReady(int64_t now_ns) {
  while (!ready_.empty()) {
    const uint32_t index = ready_.front();
    Entry& entry = entries_[index];
    // A sibling connection may have been throttled, or the request taken back, since it became
    // ready.
    if (entry.head == kNone || entry.in_flight >= ConcurrencyOf(entry) || entry.starting ||
        entry.next_start_ns > now_ns) {
      ready_.pop_front();
      entry.ready = false;
      Place(index, now_ns);
      continue;
    }
    const Provider provider = nodes_[entry.head].provider;
    LimitKey key = 0;
    if (Limit* busy = BusyLimit(entry.server, provider, now_ns, &key); busy != nullptr) {
      ready_.pop_front();
      entry.ready = false;
      entry.limited = true;
      busy->waiting.push_back(index);
      WakeNext(key, *busy, now_ns);
      continue;
    }
    if (admissions_left_ == 0 || in_flight_ >= options_.max_concurrency) return std::nullopt;
    if (now_ns < begins_ns_) return std::nullopt;
    if (!bucket_.TryTake(now_ns)) return std::nullopt;
    ready_.pop_front();
    entry.ready = false;
    const Node node = PopRequest(entry);
    const Queued admitted{node.ticket, entry.server, node.busy != 0};
    CountAdmitted(entry, provider, now_ns);
    if (admissions_left_ != kNoLimit) --admissions_left_;
    if (node.later == 0) Begin(admitted.server, now_ns, provider);
    return admitted;
  }
  return std::nullopt;
}

void Gate::CountAdmitted(Entry& entry, Provider provider, int64_t now_ns) {
  if (LimitsPrefixes()) AdmitOn(KeyOfPrefix(entry.server.address), now_ns);
  if (provider != kNoProvider && LimitsProviders()) AdmitOn(KeyOfProvider(provider), now_ns);
  // Then it is alone: what was open before the back-off has ended.
  entry.probing = entry.backoff_level > 0;
  entry.starting = true;
  ++entry.in_flight;
  ++in_flight_;
  ++admitted_total_;
}

bool Gate::AdmitNow(const SocketAddress& server, int64_t now_ns) {
  Advance(now_ns);
  const uint32_t index = FindOrAdd(server);
  Entry& entry = entries_[index];
  LimitKey key = 0;
  if (now_ns < begins_ns_ || in_flight_ >= options_.max_concurrency ||
      entry.in_flight >= ConcurrencyOf(entry) || entry.starting || entry.next_start_ns > now_ns ||
      BusyLimit(server, kNoProvider, now_ns, &key) != nullptr) {
    Place(index, now_ns);
    return false;
  }
  CountAdmitted(entry, kNoProvider, now_ns);
  Begin(server, now_ns);
  return true;
}

void Gate::Begin(const SocketAddress& server, int64_t now_ns, Provider provider) {
  const auto it = index_.find(server);
  MXSWEEP_CHECK(it != index_.end() && entries_[it->second].starting);
  Entry& entry = entries_[it->second];
  entry.starting = false;
  entry.next_start_ns =
      std::max(entry.next_start_ns, AddNs(now_ns, options_.per_address_interval_ns));
  if (LimitsPrefixes()) BeginOn(KeyOfPrefix(server.address), now_ns);
  if (provider != kNoProvider && LimitsProviders()) BeginOn(KeyOfProvider(provider), now_ns);
  Place(it->second, now_ns);
}

int64_t Gate::NextEvent(int64_t now_ns) const {
  if (in_flight_ >= options_.max_concurrency) return kNever;
  int64_t address_allows_ns = kNever;
  if (!ready_.empty()) {
    address_allows_ns = now_ns;
  } else if (!waiting_.empty()) {
    address_allows_ns = std::max(now_ns, waiting_.top().first);
  }
  if (!limits_waiting_.empty()) {
    address_allows_ns = std::min(address_allows_ns, std::max(now_ns, limits_waiting_.top().first));
  }
  if (address_allows_ns == kNever) return kNever;
  return std::max({address_allows_ns, bucket_.NextTokenNs(now_ns), begins_ns_});
}

void Gate::Release(const SocketAddress& server, int64_t now_ns, Outcome outcome,
                   Provider provider) {
  const auto it = index_.find(server);
  MXSWEEP_CHECK(it != index_.end() && entries_[it->second].in_flight > 0);
  Entry& entry = entries_[it->second];
  if (entry.starting && entry.in_flight == 1) Begin(server, now_ns, provider);
  --entry.in_flight;
  --in_flight_;
  if (LimitsPrefixes()) EndOn(KeyOfPrefix(server.address), now_ns);
  if (provider != kNoProvider && LimitsProviders()) EndOn(KeyOfProvider(provider), now_ns);
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

void Gate::RestoreThrottled(const SocketAddress& server, uint32_t times, int64_t at_ns,
                            int64_t now_ns) {
  if (times == 0) return;
  const uint32_t index = FindOrAdd(server);
  Entry& entry = entries_[index];
  MXSWEEP_CHECK(entry.in_flight == 0);
  entry.backoff_level = static_cast<uint8_t>(std::min<uint32_t>(times, kMaxBackoffLevel));
  entry.next_start_ns = std::max(entry.next_start_ns, AddNs(at_ns, BackoffNs(entry)));
  Place(index, now_ns);
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
    --entry.queued;
    --queued_;
    return true;
  }
  return false;
}

std::vector<Gate::Queued> Gate::CancelAll(const SocketAddress& server) {
  std::vector<Queued> taken_back;
  const auto it = index_.find(server);
  if (it == index_.end()) return taken_back;
  Entry& entry = entries_[it->second];
  taken_back.reserve(entry.queued);
  while (entry.head != kNone) {
    const Node node = PopRequest(entry);
    taken_back.push_back({node.ticket, server, node.busy != 0});
  }
  return taken_back;
}

std::vector<SocketAddress> Gate::QueuedServers() const {
  std::vector<SocketAddress> servers;
  for (const auto& [server, index] : index_) {
    if (entries_[index].queued > 0) servers.push_back(server);
  }
  return servers;
}

size_t Gate::QueuedFor(const SocketAddress& server) const {
  const auto it = index_.find(server);
  return it == index_.end() ? 0 : entries_[it->second].queued;
}

}  // namespace mxsweep::scanner
