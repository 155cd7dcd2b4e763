#ifndef MXSWEEP_SCANNER_ENGINE_STREAM_H_
#define MXSWEEP_SCANNER_ENGINE_STREAM_H_

#include <coroutine>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "dns/ip_address.h"
#include "scanner/base/boxed.h"
#include "scanner/engine/timer_wheel.h"

namespace mxsweep::scanner {

struct SocketAddress {
  dns::IpAddress address;
  uint16_t port = 0;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SocketAddress& a) {
    return H::combine(std::move(h), a.address, a.port);
  }
};

// What ended a stream operation: 0, or an errno value. kDeadline (ETIME) is our own deadline, never
// the kernel's ETIMEDOUT.
using IoError = int;
inline constexpr IoError kDeadline = 62;  // ETIME
// More came than a peer may make us buffer while nobody reads.
inline constexpr IoError kInboxFull = 90;  // EMSGSIZE
// This machine itself has no route to the address: nothing was sent.
inline constexpr IoError kNoRoute = 64;  // ENONET

// A TCP connection as a coroutine sees it. An event loop makes it (EventLoop::NewStream); one
// coroutine uses it. At most one Connect or Receive waits at a time. After kDeadline in Connect
// only destruction is left. Destroying it closes the
// connection; what is still in flight in the kernel is the loop's, not the coroutine's.
//
//   if (IoError error = co_await stream->Connect(to, deadline)) …
//   Received in = co_await stream->Receive(deadline);   // in.bytes is valid until the next
//   stream->Send(bytes);                                 // errors show in the next Receive
class Stream {
 public:
  struct Received {
    IoError error = 0;
    // Empty with error 0: the peer has closed its side. Borrowed until the next suspension.
    std::span<const uint8_t> bytes;
  };

  // Takes what comes in the place of a coroutine, which goes on once there is enough of it.
  class Receiver {
   public:
    // True: the coroutine is to go on. REQUIRES: true for an error, or the end. Must not destroy
    // the stream.
    virtual bool OnReceived(const Received& received) = 0;

   protected:
    ~Receiver() = default;
  };

  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  auto Connect(const SocketAddress& to, int64_t deadline_ns) {
    struct Awaiter : Wait {
      const SocketAddress* to;  // lives at least until the coroutine is suspended
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> waiter) {
        this->stream->Suspend(waiter, this->deadline_ns, nullptr);
        this->stream->StartConnect(*to);
      }
      IoError await_resume() { return this->stream->result_.error; }
    };
    return Awaiter{{this, deadline_ns}, &to};
  }

  auto Receive(int64_t deadline_ns) {
    struct Awaiter : Wait {
      bool await_ready() { return this->stream->TakeInbox(); }
      void await_suspend(std::coroutine_handle<> waiter) {
        this->stream->Suspend(waiter, this->deadline_ns, nullptr);
      }
      Received await_resume() { return this->stream->result_; }
    };
    return Awaiter{{this, deadline_ns}};
  }

  // For awaitables of several receives, which need no coroutine of their own. Both hand what comes
  // to `receiver` (borrowed): the one what has come already, and says whether that was enough; the
  // other, where it was not, what comes from now on, until `waiter` goes on.
  bool TakeReceived(Receiver* receiver) {
    while (TakeInbox()) {
      if (receiver->OnReceived(result_)) return true;
    }
    return false;
  }
  void AwaitReceived(Receiver* receiver, std::coroutine_handle<> waiter, int64_t deadline_ns) {
    Suspend(waiter, deadline_ns, receiver);
  }

  // Queues `bytes` (copied) for sending, in order.
  virtual void Send(std::string_view bytes) = 0;

 protected:
  // How much a peer may send while nobody reads.
  static constexpr size_t kMaxInboxBytes = 256 * 1024;

  explicit Stream(TimerWheel* wheel) : wheel_(wheel), deadline_(this) {}

  virtual void StartConnect(const SocketAddress& to) = 0;

  // Called by the implementation. Each may resume the coroutine, which may destroy *this: touch
  // nothing afterwards.
  void DeliverConnected(IoError error);
  void DeliverBytes(std::span<const uint8_t> bytes);  // never empty
  void DeliverEnd(IoError error);                     // 0: closed by the peer

 private:
  struct Wait {
    Stream* stream;
    int64_t deadline_ns;
  };
  struct Deadline final : Timer {
    explicit Deadline(Stream* stream) : owner(stream) {}
    void OnTimer() override;
    Stream* owner;
  };

  // `receiver` may be null.
  void Suspend(std::coroutine_handle<> waiter, int64_t deadline_ns, Receiver* receiver);
  void Resume(Received result);
  // Moves what is waiting into the result; false when there is nothing yet.
  bool TakeInbox();

  TimerWheel* wheel_;
  Deadline deadline_;
  std::coroutine_handle<> waiter_;
  Receiver* receiver_ = nullptr;  // of what the coroutine waits for
  Received result_;
  Boxed<std::string> inbox_;      // came while nobody waited
  bool inbox_taken_ = false;      // it is what result_ borrows
  std::optional<IoError> ended_;  // after the inbox
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_STREAM_H_
