// Mail that was handed over, and whether the session was encrypted, as a log tells it.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/explain/lines/envelope.h"

namespace mxsweep::tools {

enum class Flow : uint8_t {
  kOutbound,  // counted by recipient
  kInbound,   // by message, without what users hand in (authenticated, submission ports)
  kReported,  // inbound sessions, as their senders count them in TLS reports
};
inline constexpr size_t kFlows = 3;
// "outbound", "inbound", "reported".
std::string_view FlowWord(Flow flow);

enum class Encryption : uint8_t {
  kEncrypted,
  kClear,    // the log says so
  kNotSeen,  // the log has no line of TLS here: in clear, if it has such lines at all
};

// Whose log it is; each has its own way to tell, and its own setting that makes it tell.
enum class LogWriter : uint8_t {
  kPostfixClient,
  kPostfixServer,
  kExim,
  kSendmail,
  kOpenSmtpd,
  kExchangeProtocol,
  kExchangeTracking,
  kTlsReport,
};
// "Postfix (smtp)" …
std::string_view WriterName(LogWriter writer);
// What makes the log tell whether a session was encrypted: a phrase for people.
std::string_view HowToTell(LogWriter writer);

struct Delivery {
  Flow flow = Flow::kOutbound;
  Encryption encryption = Encryption::kNotSeen;
  LogWriter writer = LogWriter::kPostfixClient;
  std::string machine;  // whose log it is, where lines tell
  // Outbound: the recipient's domain, and the server that took it. Inbound: the client. Reported:
  // the domain that the report is of, and the reporter as host.
  Remote remote;
  std::optional<int64_t> time_s;
  uint64_t count = 1;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_H_
