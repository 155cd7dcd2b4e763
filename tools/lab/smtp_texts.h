// What the servers of the lab say, in one place for those who speak it and for the truth.
#ifndef MXSWEEP_TOOLS_LAB_SMTP_TEXTS_H_
#define MXSWEEP_TOOLS_LAB_SMTP_TEXTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/lab/world.h"

namespace mxsweep::lab {

// A reply as a client should understand it (RFC 5321 §4.2).
struct Reply {
  int code = 0;
  std::vector<std::string> lines;
};

// The greeting; code 0 where there is none, or none that is SMTP.
Reply GreetingOf(const World& world, uint32_t address);

// The answer to EHLO, outside TLS or inside; its first line is the server's name, the others are
// keywords in upper case.
Reply EhloReplyOf(const World& world, uint32_t address, bool in_tls);

// The answer to STARTTLS; code 0 where there is none.
Reply StarttlsReplyOf(Behaviour behaviour);

// The wire form of `reply` in the manner of `behaviour` (line ends, letter case).
std::string Format(const Reply& reply, Behaviour behaviour);

// What Behaviour::kInjectedPlaintext sends right behind its 220 to STARTTLS.
inline constexpr std::string_view kInjected = "250 2.0.0 injected in the clear\r\n";
// What Behaviour::kGarbageGreeting greets with, and what Behaviour::kTlsGarbage answers.
inline constexpr std::string_view kGarbageGreeting = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
inline constexpr std::string_view kTlsGarbage = "500 5.5.2 What is this? I don't know TLS.\r\n";
// What Behaviour::kStapled staples beside an OCSP response (ocsp.h): two timestamps.
inline constexpr int kSctCount = 2;
std::string SctList();

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SMTP_TEXTS_H_
