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
      if (const auto stream = self.lock()) (*stream)->peer_->OnBytes(text);
    });
  }

  void Bytes(std::string_view bytes) {
    peer_->delivered_ += bytes.size();
    DeliverBytes({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
  void End(IoError error) { DeliverEnd(error); }

 protected:
  void StartConnect(const SocketAddress& to) override {
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
                if (!stream) return;
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
    loop_->At(last_arrival_ns_, [stream = stream_, piece = std::string(bytes.substr(0, length))] {
      if (const auto alive = stream.lock()) (*alive)->Bytes(piece);
    });
    bytes.remove_prefix(length);
    last_arrival_ns_ += loop_->Random(travel.max_gap_ns);
  }
}

void Peer::End(int64_t delay_ns, IoError error) {
  last_arrival_ns_ = std::max(last_arrival_ns_, loop_->now_ns() + delay_ns);
  loop_->At(last_arrival_ns_, [stream = stream_, error] {
    if (const auto alive = stream.lock()) (*alive)->End(error);
  });
}

void Peer::Close(int64_t delay_ns) { End(delay_ns, 0); }
void Peer::Reset(int64_t delay_ns) { End(delay_ns, ECONNRESET); }

SimulatedLoop::SimulatedLoop(uint64_t seed, Network* network)
    : network_(network), random_(seed), timers_(now_ns_), dns_(this) {}

SimulatedLoop::~SimulatedLoop() { MXSWEEP_CHECK(streams_alive_ == 0); }

absl::Time SimulatedLoop::wall_now() const {
  return absl::FromUnixSeconds(tls::testing::kNow) + absl::Nanoseconds(now_ns_);
}

std::unique_ptr<Stream> SimulatedLoop::NewStream() {
  return std::make_unique<SimulatedStream>(this);
}

void SimulatedLoop::Post(absl::AnyInvocable<void()> message) {
  messages_.push_back(std::move(message));
}

SimulatedLoop::EventKey SimulatedLoop::At(int64_t time_ns, std::function<void()> event) {
  const EventKey key(std::max(time_ns, now_ns_), next_event_++);
  events_.emplace(key, std::move(event));
  return key;
}

int64_t SimulatedLoop::Random(int64_t bound) {
  return static_cast<int64_t>(random_() % (static_cast<uint64_t>(bound) + 1));
}

void SimulatedLoop::Step() {
  int64_t next_ns = timers_.NextDeadlineNs();
  if (!events_.empty()) next_ns = std::min(next_ns, events_.begin()->first.first);
  if (!messages_.empty()) next_ns = now_ns_;
  now_ns_ = std::max(now_ns_, next_ns);
  while (!events_.empty() && events_.begin()->first.first <= now_ns_) {
    auto event = events_.extract(events_.begin());
    event.mapped()();
  }
  for (size_t waiting = messages_.size(); waiting > 0; --waiting) {
    absl::AnyInvocable<void()> message = std::move(messages_.front());
    messages_.pop_front();
    message();
  }
  timers_.Advance(now_ns_);
  if (hook_) hook_();
}

bool SimulatedLoop::RunUntil(const std::function<bool()>& done, int64_t limit_ns) {
  while (!done()) {
    if (now_ns_ > limit_ns) return false;
    Step();
  }
  return true;
}

dns::EventLoop::TimerId SimulatedLoop::DnsLoop::ScheduleAfter(std::chrono::nanoseconds delay,
                                                              TimerCallback callback) {
  const TimerId id = next_id_++;
  auto shared = std::make_shared<TimerCallback>(std::move(callback));
  timers_[id] = loop_->At(loop_->now_ns_ + std::max<int64_t>(delay.count(), 0), [this, id, shared] {
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
