#ifndef MXSWEEP_SCANNER_SMTP_SESSION_H_
#define MXSWEEP_SCANNER_SMTP_SESSION_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scanner/engine/event_loop.h"
#include "scanner/engine/stream.h"
#include "scanner/engine/task.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/smtp/reply.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

// A connection on which SMTP is spoken, in clear and then within TLS. It moves bytes and keeps
// time; what is said, and what an answer means, is for the dialogue. One coroutine uses it; pinned
// while it does. What goes wrong is written into `facts` (outcome and detail, as of facts->stage).
class SmtpSession : Stream::Receiver {
 public:
  // All borrowed; they outlive the session.
  SmtpSession(EventLoop* loop, EndpointFacts* facts);
  SmtpSession(const SmtpSession&) = delete;
  SmtpSession& operator=(const SmtpSession&) = delete;

  // co_await Connect(…): bool. False: it failed, and the facts say how.
  auto Connect(const SocketAddress& to, int64_t timeout_ns) {
    using Connecting = decltype(stream_->Connect(to, 0));
    struct Awaiter : Connecting {
      SmtpSession* session;
      bool await_resume() { return session->OnConnected(Connecting::await_resume()); }
    };
    return Awaiter{stream_->Connect(to, loop_->now_ns() + timeout_ns), this};
  }

  // Sends a command, in TLS once there is a handshake.
  void Send(std::string_view command);

  // co_await ReadReply(…): bool. Waits for the next reply, complete, within `timeout_ns` from now;
  // reply() is it. False: that failed, and the facts say how. It is what most of a scan waits for,
  // and takes no more memory than the coroutine's that does.
  auto ReadReply(int64_t timeout_ns) {
    struct Awaiter {
      SmtpSession* session;
      int64_t deadline_ns;
      bool await_ready() {
        return session->BeginReply() || session->stream_->TakeReceived(session);
      }
      void await_suspend(std::coroutine_handle<> waiter) {
        session->stream_->AwaitReceived(session, waiter, deadline_ns);
      }
      bool await_resume() const { return session->HasReply(); }
    };
    return Awaiter{this, loop_->now_ns() + timeout_ns};
  }
  SmtpReply& reply() { return parser_.reply(); }

  // What the last failure was, whether or not the facts say so: a completed handshake stays one.
  Outcome failure() const { return failure_; }

  // What has come behind the last reply.
  std::string_view unread() const { return unread_; }
  // Drops it, and says how many bytes that was.
  size_t DropUnread();

  // Makes the handshake; `server_name` is borrowed until it is done. False: it failed. The facts
  // hold what it showed either way.
  Task<bool> ShakeHands(tls::ClientContext* tls, std::string_view server_name, uint16_t max_version,
                        bool post_quantum, int64_t timeout_ns);

  // Sends a ClientHello that somebody else made, and reads what the server says to it in the clear.
  // The facts hold it (flight), its certificates in the pool of `context`. The session is good for
  // nothing afterwards.
  Task<void> Probe(std::string_view hello, const tls::ClientContext* context, int64_t timeout_ns);

  // Says goodbye: QUIT, a short wait for its answer, close_notify. True if the server answered.
  Task<bool> Quit(int64_t timeout_ns);

  // Brings what is counted (bytes, alerts) up to date in the facts.
  void FinishFacts();

 private:
  bool OnConnected(IoError error);
  // Of ReadReply. Both are true once there is a reply, or there will be none.
  bool BeginReply();
  bool OnReceived(const Stream::Received& received) override;
  bool HasReply() const { return parser_.state() == SmtpReplyParser::State::kComplete; }
  bool ParseReply();
  // Appends what the server sends to unread_. False: it ended, and the facts say how.
  bool TakePlaintext(std::span<const uint8_t> bytes);
  void SendBytes(const std::string& bytes);
  void Fail(Outcome outcome, std::string detail);
  void FailIo(IoError error);
  void FailHandshake(std::string_view answer);

  EventLoop* loop_;
  EndpointFacts* facts_;
  std::unique_ptr<Stream> stream_;
  std::optional<tls::Handshake> tls_;
  bool encrypted_ = false;
  Outcome failure_ = Outcome::kLocalError;
  SmtpReplyParser parser_;
  std::string unread_;  // plaintext behind the last reply
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_SMTP_SESSION_H_
