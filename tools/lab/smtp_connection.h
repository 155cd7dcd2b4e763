// One accepted connection of the lab's mail servers: the bytes and timers around an SmtpSession.
#ifndef MXSWEEP_TOOLS_LAB_SMTP_CONNECTION_H_
#define MXSWEEP_TOOLS_LAB_SMTP_CONNECTION_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tools/lab/hybrid_tls.h"
#include "tools/lab/old_tls.h"
#include "tools/lab/report.h"
#include "tools/lab/smtp_session.h"
#include "tools/lab/sockets.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {

// Thread-compatible; belongs to one worker, whose loop calls it when the socket is readable or
// writable and when its timer has passed.
class SmtpConnection {
 public:
  struct Context {
    const World& world;
    const TlsServer& tls;
    Report& report;
    double delay_scale;
    uint32_t max_handshakes;
  };

  SmtpConnection(const Context& context, Fd fd, uint32_t address, AddressCounts& counts,
                 bool implicit_tls);

  // Each returns false when the connection is over and is to be destroyed.
  bool Start(int64_t now_ms);
  bool OnReadable(int64_t now_ms);
  bool OnWritable(int64_t now_ms);
  bool OnTimer(int64_t now_ms);

  int fd() const { return fd_.get(); }
  uint32_t address() const { return identity_.address; }
  AddressCounts& counts() { return counts_; }
  // When OnTimer is next due.
  int64_t timer_ms() const { return timer_ms_; }
  bool wants_write() const { return wants_write_; }

 private:
  enum class State : uint8_t {
    kGreetDelay,  // the greeting is held back
    kPlain,       // commands
    kAwaitHello,  // 220 to STARTTLS was sent
    kHandHello,   // likewise, of a server that may answer by hand
    kHandshake,
    kTls,  // commands inside TLS
    kResetSoon,
    kSilent,    // reads and forgets
    kDraining,  // we have sent FIN and wait for the client's
    kOver,
  };

  bool StartGreeting();
  void Apply(Step step);
  void Pump();
  bool WriteSome();
  void StepSent();
  void Refill();
  bool ReadPlain();
  bool ReadTls();
  void ReadHello();
  void ReadHelloByHand();
  void SendByHand(const std::string& records);
  void PlayFrom(const std::string& record);
  void Handshake();
  void CountHandshake();
  void TakeLines();
  void Forget();
  void SetTimer(int64_t after_ms) { timer_ms_ = now_ms_ + after_ms; }
  void End() { state_ = State::kOver; }

  const Context& context_;
  Fd fd_;
  AddressCounts& counts_;
  SmtpSession session_;
  TlsIdentity identity_;
  bssl::UniquePtr<SSL> ssl_;
  State state_ = State::kGreetDelay;
  bool implicit_tls_;
  bool wants_write_ = false;
  bool is_past_smtp_ = false;      // a ClientHello was answered by hand: what follows is no command
  bool has_first_record_ = false;  // BoringSSL reads what we have read, not the socket yet
  std::string in_;                 // of an incomplete line, or lines not looked at yet
  std::string out_;                // not sent yet
  Next next_ = Next::kListen;      // once out_ is sent
  bool step_pending_ = false;
  std::string repeat_;
  size_t repeat_left_ = 0;
  int64_t now_ms_ = 0;
  int64_t timer_ms_ = 0;
  int64_t give_up_ms_ = 0;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SMTP_CONNECTION_H_
