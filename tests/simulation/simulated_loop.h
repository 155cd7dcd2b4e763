// An event loop in virtual time, with a network that is played by the test.
#ifndef MXSWEEP_TESTS_SIMULATION_SIMULATED_LOOP_H_
#define MXSWEEP_TESTS_SIMULATION_SIMULATED_LOOP_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/engine/event_loop.h"

namespace mxsweep::scanner::simulation {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kSecond = 1'000'000'000;

class SimulatedLoop;
class SimulatedStream;

// The time and the chance of a simulation: one seed drives everything that is random. Time stands
// still but in RunUntil, where it jumps to the next thing that happens. Loops and actors run on it
// one after the other, in an order that is drawn where they could run at the same time.
class SimulatedTime {
 public:
  // A later one may go on from where another one came to.
  explicit SimulatedTime(uint64_t seed, int64_t now_ns = kSecond, int64_t slept_ns = 0)
      : random_(seed), now_ns_(now_ns), slept_ns_(slept_ns) {}

  int64_t now_ns() const { return now_ns_; }
  absl::Time wall_now() const;
  // The machine was suspended for so long: the wall clock goes on meanwhile, the monotonic one
  // stands still, and so does everybody else.
  void Sleep(int64_t duration_ns) { slept_ns_ += duration_ns; }
  int64_t slept_ns() const { return slept_ns_; }
  // 0 … bound, both included.
  int64_t Random(int64_t bound);

  // What stands for a thread beside the loops: `act` is called now and then while there is
  // something to do, and says after how long again at the most.
  struct Actor {
    std::function<int64_t()> act;
    std::function<bool()> has_work;
    int64_t next_ns = 0;  // not earlier
  };
  void AddActor(Actor actor) { actors_.push_back(std::move(actor)); }

  // From then until then nothing that is sent arrives anywhere.
  void AddOutage(int64_t from_ns, int64_t until_ns) { outages_.emplace_back(from_ns, until_ns); }
  bool out() const {
    return std::any_of(outages_.begin(), outages_.end(), [this](const auto& outage) {
      return now_ns_ >= outage.first && now_ns_ < outage.second;
    });
  }

  // Runs until `done`; false if that has not come to be by `limit_ns`.
  bool RunUntil(const std::function<bool()>& done, int64_t limit_ns);

 private:
  friend class SimulatedLoop;
  void Step();

  std::mt19937_64 random_;
  int64_t now_ns_;
  int64_t slept_ns_;
  std::vector<SimulatedLoop*> loops_;
  std::vector<Actor> actors_;
  std::vector<std::pair<int64_t, int64_t>> outages_;
  SimulatedLoop* running_ = nullptr;  // null: an actor, or nobody
};

// The server's end of a connection, to be played by a subclass. It is destroyed when the client has
// closed.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual void OnConnected() = 0;
  virtual void OnBytes(std::string_view bytes) = 0;
  // The client hands `bytes` to its kernel; OnBytes comes later. For checks of who speaks when.
  virtual void OnClientSends(std::string_view bytes) = 0;

 protected:
  // How what is written travels: in pieces of 1 to max_piece_bytes (kWhole: in one), each up to
  // max_gap_ns behind the last.
  static constexpr size_t kWhole = SIZE_MAX;
  struct Travel {
    size_t max_piece_bytes = 1460;
    int64_t max_gap_ns = kMs;
  };
  void Write(std::string_view bytes, int64_t delay_ns, const Travel& travel);
  // FIN and RST, behind what was written.
  void Close(int64_t delay_ns);
  void Reset(int64_t delay_ns);
  // Bytes written so far, and bytes of them that have reached the client.
  uint64_t written() const { return written_; }
  uint64_t delivered() const { return delivered_; }
  // Calls `then` when the last byte written so far has reached the client; never, if some byte has
  // not, because the client was gone or its network out.
  void WhenDelivered(std::function<void()> then) { marks_.emplace_back(written_, std::move(then)); }
  SimulatedLoop* loop() { return loop_; }

 private:
  friend class SimulatedStream;
  void End(int64_t delay_ns, IoError error);
  void CountDelivered(size_t bytes);

  SimulatedLoop* loop_ = nullptr;
  std::weak_ptr<SimulatedStream*> stream_;
  int64_t last_arrival_ns_ = 0;  // nothing arrives earlier any more
  uint64_t written_ = 0;
  uint64_t delivered_ = 0;
  std::deque<std::pair<uint64_t, std::function<void()>>> marks_;  // of WhenDelivered
};

// Answers connections.
class Network {
 public:
  struct Answer {
    int64_t delay_ns = 0;
    bool silent = false;  // neither yes nor no ever comes
    IoError error = 0;
    std::unique_ptr<Peer> peer;  // where error is 0
  };
  virtual ~Network() = default;
  virtual Answer Connect(const SocketAddress& to) = 0;
};

// A worker's loop. An iteration is in the order of UringLoop's: events, messages, timers, hook.
// Messages of others come late by chance, in the order in which they were sent.
class SimulatedLoop final : public EventLoop {
 public:
  // Both are borrowed.
  SimulatedLoop(SimulatedTime* time, Network* network);
  // Ends the program if a stream is alive.
  ~SimulatedLoop() override;

  int64_t now_ns() const override { return time_->now_ns(); }
  int64_t real_now_ns() const override { return time_->now_ns(); }
  absl::Time wall_now() const override { return time_->wall_now(); }
  TimerWheel& timers() override { return timers_; }
  std::unique_ptr<Stream> NewStream() override;
  dns::EventLoop& dns_loop() override { return dns_; }
  void Post(absl::AnyInvocable<void()> message) override;
  int max_streams() const override { return 1 << 20; }
  bool HasRouteTo(const dns::IpAddress& address) override {
    return has_ipv6_route_ || !address.is_v6();
  }
  void SetIpv6Route(bool has) { has_ipv6_route_ = has; }

  void SetIterationHook(std::function<void()> hook) { hook_ = std::move(hook); }

  // Calls `event` at that time, in the order of being asked where times are equal. Returns its key.
  using EventKey = std::pair<int64_t, uint64_t>;
  EventKey At(int64_t time_ns, std::function<void()> event);
  void Cancel(const EventKey& key) { events_.erase(key); }

  int64_t Random(int64_t bound) { return time_->Random(bound); }
  bool out() const { return time_->out(); }
  int streams_alive() const { return streams_alive_; }
  // Nothing has been sent to it that it has not read.
  bool idle() const { return messages_.empty(); }

 private:
  friend class SimulatedStream;
  class DnsLoop final : public dns::EventLoop {
   public:
    explicit DnsLoop(SimulatedLoop* loop) : loop_(loop) {}
    int64_t NowNanos() const override { return loop_->now_ns(); }
    void WatchSocket(int, bool, bool, SocketCallback) override { std::abort(); }
    void UnwatchSocket(int) override { std::abort(); }
    TimerId ScheduleAfter(std::chrono::nanoseconds delay, TimerCallback callback) override;
    void CancelTimer(TimerId id) override;

   private:
    SimulatedLoop* loop_;
    std::map<TimerId, EventKey> timers_;
    TimerId next_id_ = 1;
  };

  struct Message {
    int64_t arrival_ns;
    absl::AnyInvocable<void()> run;
  };

  // When there is something to do: now at the latest where it is not in the future.
  int64_t NextNs();
  void Iterate();

  friend class SimulatedTime;
  SimulatedTime* time_;
  Network* network_;
  TimerWheel timers_;
  DnsLoop dns_;
  bool has_ipv6_route_ = true;
  std::function<void()> hook_;
  std::map<EventKey, std::function<void()>> events_;
  uint64_t next_event_ = 0;
  // In the order of sending, whoever sent them.
  std::deque<Message> messages_;
  int streams_alive_ = 0;
};

}  // namespace mxsweep::scanner::simulation

#endif  // MXSWEEP_TESTS_SIMULATION_SIMULATED_LOOP_H_
