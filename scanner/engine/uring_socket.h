#ifndef MXSWEEP_SCANNER_ENGINE_URING_SOCKET_H_
#define MXSWEEP_SCANNER_ENGINE_URING_SOCKET_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/boxed.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/uring_loop.h"

namespace mxsweep::scanner {

// The operation a completion belongs to: the low bits of a submission's user data.
enum class UringOp : uint64_t { kIgnored, kSocket, kConnect, kReceive, kSend, kWatch, kMailbox };
inline constexpr uint64_t kUringOpMask = 15;

inline uint64_t UringUserData(const void* object, UringOp op) {
  return reinterpret_cast<uintptr_t>(object) | static_cast<uint64_t>(op);
}

class UringStream;

// Has this machine a route to `to`, and an address to come from? True where that is not to be
// learnt.
bool HasRouteTo(const dns::IpAddress& to);

// The kernel's side of a connection. It outlives its stream until the last completion has come in,
// and frees itself then.
class alignas(16) UringSocket {
 public:
  explicit UringSocket(UringLoop* loop, UringStream* stream);

  void Connect(const SocketAddress& to);
  // What is sent in one iteration of the loop leaves together, at its end.
  void Send(std::string_view bytes);
  // Sends what waits. For the loop, once for each time that it was told of a send.
  void Flush();
  // The stream is gone: closes, and forgets it.
  void Detach();

  void OnSocket(int result);
  void OnConnect(int result);
  void OnReceive(int result, unsigned flags);
  void OnSend(int result);
  void OnFailedConnect(int error);

 private:
  ~UringSocket();
  void Fail(int error);
  void SubmitConnect();
  void ArmReceive();
  void SubmitSend();
  void Cancel(UringOp op);
  // Ends one operation, or the stream's hold, or several of them; may free *this.
  void Release(int holds = 1);

  UringLoop* loop_;
  UringStream* stream_;  // null once detached
  int index_ = -1;       // in the ring's descriptor table; -1: none
  int holds_ = 1;        // the stream, every operation in flight, a flush that is due
  bool connecting_ = false;
  bool receiving_ = false;
  bool sending_ = false;
  bool flush_due_ = false;
  bool reset_ = false;  // a send was told so
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address_{};
  // Goes to the kernel with the next flush, and stays where it is until it is sent.
  std::string outgoing_;
  size_t sent_bytes_ = 0;      // of it
  Boxed<std::string> unsent_;  // came while that was being sent
};

// The coroutine's side.
class UringStream final : public Stream {
 public:
  explicit UringStream(UringLoop* loop);
  ~UringStream() override;

  void Send(std::string_view bytes) override { socket_->Send(bytes); }

 protected:
  void StartConnect(const SocketAddress& to) override { socket_->Connect(to); }

 private:
  friend class UringSocket;
  UringSocket* socket_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_URING_SOCKET_H_
