// One SMTP dialogue of a lab server, sans-IO: what it does at each event, by its behaviour.
#ifndef MXSWEEP_TOOLS_LAB_SMTP_SESSION_H_
#define MXSWEEP_TOOLS_LAB_SMTP_SESSION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/lab/report.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// What the connection does after it has sent Step::send.
enum class Next : uint8_t {
  kListen,     // for the next command
  kHandshake,  // the client begins TLS
  kClose,      // FIN, after everything was sent
  kReset,      // RST, a moment later, so that what was sent is read first
  kSilence,    // nothing any more, until the client leaves
  kRepeat,     // Step::repeat again and again, to a large amount, then silence
};

struct Step {
  std::string send;
  Next next = Next::kListen;
  std::string repeat;
};

// Thread-compatible; borrows the world and the report of its thread.
class SmtpSession {
 public:
  // `visit`: the how-manieth connection to this address it is, from 1.
  SmtpSession(const World& world, uint32_t address, uint32_t visit, Report& report)
      : world_(world), address_(address), visit_(visit), report_(report) {}

  // How long the greeting is held back, before --delay-scale.
  uint32_t GreetDelayMs() const;
  // Replies are cut into pieces of this size, with a pause of PieceDelayMs between; 0: they are
  // not.
  size_t PieceBytes() const;

  Step Greet();
  // Bytes came before the greeting.
  Step TalkedTooEarly();
  // One line, without its end. `more`: there are further bytes behind it.
  Step Command(std::string_view line, bool more);
  // The ClientHello has begun to come. kHandshake: go on with it.
  Step ClientHello();
  // The handshake is complete.
  Step Secured();
  // The client has left, or sent what cannot be a command.
  void ClientClosed();
  void Malformed(std::string_view why);

  bool greeted() const { return greeted_; }
  bool in_tls() const { return in_tls_; }

 private:
  Step Ehlo(std::string_view verb, std::string_view argument);
  Step StartTls(bool more);
  Step Quit();
  Step Say(int code, std::string_view text, Next next = Next::kListen) const;
  void Violated(Violation violation, std::string_view detail);
  Behaviour behaviour() const { return world_.addresses()[address_].behaviour; }

  const World& world_;
  uint32_t address_;
  uint32_t visit_;
  Report& report_;
  bool greeted_ = false;
  bool in_tls_ = false;
  bool awaiting_command_ = false;
  bool told_421_ = false;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SMTP_SESSION_H_
