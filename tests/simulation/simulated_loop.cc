#include "tests/simulation/simulated_loop.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "scanner/base/check.h"
#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner::simulation {

class SimulatedStream final : public Stream {
 public:
  explicit SimulatedStream(SimulatedLoop* loop)
      : Stream(&loop->timers()), loop_(loop), self_(std::make_shared<SimulatedStream*>(this)) {
    ++loop_->streams_alive_;
  }
  ~SimulatedStream() override { --loop_->streams_alive_; }

  void Send(std::string_view bytes) override {
    if (peer_ == nullptr || bytes.empty()) return;
    peer_->OnClientSends(bytes);
    // In order: never before what was sent earlier.
    last_sent_ns_ = std::max(last_sent_ns_, loop_->now_ns() + loop_->Random(2 * kMs));
    loop_->At(last_sent_ns_, [self = std::weak_ptr(self_), text = std::string(bytes)] {
      const auto stream = self.lock();
      if (stream && !(*stream)->loop_->out()) (*stream)->peer_->OnBytes(text);
    });
  }

  void Bytes(std::string_view bytes) {
    peer_->CountDelivered(bytes.size());
    DeliverBytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
  void End(IoError error) { DeliverEnd(error); }

 protected:
  void StartConnect(const SocketAddress& to) override {
    if (loop_->out()) return;
    Network::Answer answer = loop_->network_->Connect(to);
    if (answer.silent) return;
    peer_ = std::move(answer.peer);
    MXSWEEP_CHECK((answer.error == 0) == (peer_ != nullptr));
    if (peer_ != nullptr) {
      peer_->loop_ = loop_;
      peer_->stream_ = self_;
    }
    loop_->At(loop_->now_ns() + answer.delay_ns,
              [self = std::weak_ptr(self_), error = answer.error] {
                const auto stream = self.lock();
                if (!stream || (*stream)->loop_->out()) return;
                if (error == 0) (*stream)->peer_->OnConnected();
                (*stream)->DeliverConnected(error);
              });
  }

 private:
  SimulatedLoop* loop_;
  std::shared_ptr<SimulatedStream*> self_;  // what is under way asks by it whether we still exist
  std::unique_ptr<Peer> peer_;
  int64_t last_sent_ns_ = 0;
};

void Peer::Write(std::string_view bytes, int64_t delay_ns, const Travel& travel) {
  written_ += bytes.size();
  last_arrival_ns_ = std::max(last_arrival_ns_, loop_->now_ns() + delay_ns);
  while (!bytes.empty()) {
    size_t length = bytes.size();
    if (travel.max_piece_bytes != kWhole) {
      const size_t most = std::min(bytes.size(), travel.max_piece_bytes);
      length = 1 + static_cast<size_t>(loop_->Random(static_cast<int64_t>(most) - 1));
    }
    loop_->At(last_arrival_ns_,
              [loop = loop_, stream = stream_, piece = std::string(bytes.substr(0, length))] {
                const auto alive = stream.lock();
                if (alive && !loop->out()) (*alive)->Bytes(piece);
              });
    bytes.remove_prefix(length);
    last_arrival_ns_ += loop_->Random(travel.max_gap_ns);
  }
}

void Peer::CountDelivered(size_t bytes) {
  delivered_ += bytes;
  for (; !marks_.empty() && marks_.front().first <= delivered_; marks_.pop_front()) {
    marks_.front().second();
  }
}

void Peer::End(int64_t delay_ns, IoError error) {
  last_arrival_ns_ = std::max(last_arrival_ns_, loop_->now_ns() + delay_ns);
  loop_->At(last_arrival_ns_, [loop = loop_, stream = stream_, error] {
    const auto alive = stream.lock();
    if (alive && !loop->out()) (*alive)->End(error);
  });
}

void Peer::Close(int64_t delay_ns) { End(delay_ns, 0); }
void Peer::Reset(int64_t delay_ns) { End(delay_ns, ECONNRESET); }

namespace {

constexpr int64_t kMostMessageDelayNs = 3 * kMs;
// Now and then a worker is busy, and its messages wait.
constexpr int64_t kBusyDelayNs = 300 * kMs;

}  // namespace

absl::Time SimulatedTime::wall_now() const {
  return absl::FromUnixSeconds(tls::testing::kNow) + absl::Nanoseconds(now_ns_ + slept_ns_);
}

int64_t SimulatedTime::Random(int64_t bound) {
  return static_cast<int64_t>(random_() % (static_cast<uint64_t>(bound) + 1));
}

void SimulatedTime::Step() {
  int64_t next_ns = INT64_MAX;
  for (SimulatedLoop* loop : loops_) next_ns = std::min(next_ns, loop->NextNs());
  std::vector<Actor*> working;
  for (Actor& actor : actors_) {
    if (!actor.has_work()) continue;
    working.push_back(&actor);
    next_ns = std::min(next_ns, actor.next_ns);
  }
  if (next_ns == INT64_MAX) next_ns = now_ns_ + kSecond;  // nothing will ever happen
  now_ns_ = std::max(now_ns_, next_ns);
  // One of those whose time has come.
  std::vector<SimulatedLoop*> loops;
  for (SimulatedLoop* loop : loops_) {
    if (loop->NextNs() <= now_ns_) loops.push_back(loop);
  }
  std::vector<Actor*> actors;
  for (Actor* actor : working) {
    if (actor->next_ns <= now_ns_) actors.push_back(actor);
  }
  if (loops.empty() && actors.empty()) return;
  const auto chosen =
      static_cast<size_t>(Random(static_cast<int64_t>(loops.size() + actors.size()) - 1));
  if (chosen < loops.size()) {
    running_ = loops[chosen];
    running_->Iterate();
    running_ = nullptr;
    return;
  }
  Actor& actor = *actors[chosen - loops.size()];
  actor.next_ns = now_ns_ + Random(actor.act());
}

bool SimulatedTime::RunUntil(const std::function<bool()>& done, int64_t limit_ns) {
  while (!done()) {
    if (now_ns_ > limit_ns) return false;
    Step();
  }
  return true;
}

SimulatedLoop::SimulatedLoop(SimulatedTime* time, Network* network)
    : time_(time), network_(network), timers_(time->now_ns()), dns_(this) {
  time_->loops_.push_back(this);
}

SimulatedLoop::~SimulatedLoop() { MXSWEEP_CHECK(streams_alive_ == 0); }

std::unique_ptr<Stream> SimulatedLoop::NewStream() {
  return std::make_unique<SimulatedStream>(this);
}

void SimulatedLoop::Post(absl::AnyInvocable<void()> message) {
  int64_t arrival_ns = now_ns();
  if (time_->running_ != this) {
    arrival_ns += Random(Random(50) == 0 ? kBusyDelayNs : kMostMessageDelayNs);
  }
  if (!messages_.empty()) arrival_ns = std::max(arrival_ns, messages_.back().arrival_ns);
  messages_.push_back({arrival_ns, std::move(message)});
}

SimulatedLoop::EventKey SimulatedLoop::At(int64_t time_ns, std::function<void()> event) {
  const EventKey key(std::max(time_ns, now_ns()), next_event_++);
  events_.emplace(key, std::move(event));
  return key;
}

int64_t SimulatedLoop::NextNs() {
  int64_t next_ns = timers_.NextDeadlineNs();
  if (!events_.empty()) next_ns = std::min(next_ns, events_.begin()->first.first);
  if (!messages_.empty()) next_ns = std::min(next_ns, messages_.front().arrival_ns);
  return next_ns;
}

void SimulatedLoop::Iterate() {
  while (!events_.empty() && events_.begin()->first.first <= now_ns()) {
    auto event = events_.extract(events_.begin());
    event.mapped()();
  }
  // Those that have arrived, and not what they send in turn.
  std::vector<absl::AnyInvocable<void()>> arrived;
  while (!messages_.empty() && messages_.front().arrival_ns <= now_ns()) {
    arrived.push_back(std::move(messages_.front().run));
    messages_.pop_front();
  }
  for (absl::AnyInvocable<void()>& message : arrived) message();
  timers_.Advance(now_ns());
  if (hook_) hook_();
}

dns::EventLoop::TimerId SimulatedLoop::DnsLoop::ScheduleAfter(std::chrono::nanoseconds delay,
                                                              TimerCallback callback) {
  const TimerId id = next_id_++;
  auto shared = std::make_shared<TimerCallback>(std::move(callback));
  timers_[id] =
      loop_->At(loop_->now_ns() + std::max<int64_t>(delay.count(), 0), [this, id, shared] {
        timers_.erase(id);
        (*shared)();
      });
  return id;
}

void SimulatedLoop::DnsLoop::CancelTimer(TimerId id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  loop_->Cancel(found->second);
  timers_.erase(found);
}

}  // namespace mxsweep::scanner::simulation
