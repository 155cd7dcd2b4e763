// Exchange's logs, whose lines are CSV under a line of names ("#Fields: date-time,client-ip,…"):
// message tracking and the SMTP protocol logs.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_EXCHANGE_LOG_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_EXCHANGE_LOG_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/lines/envelope.h"

namespace mxsweep::tools {

// What a row says, apart from what strangers wrote into it (subjects, addresses, their own names).
struct ExchangeRow {
  std::string text;
  Remote remote;  // as far as columns tell
  bool is_protocol = false;
  // Of a protocol log: session-id, event ("+", "<", ">", "*", "-"), data, context. Of message
  // tracking: event-id ("SEND"), and source ("SMTP") as context.
  std::string session, event, data, context;
};

// The columns of the log that is being read.
class ExchangeLog {
 public:
  // Takes a line that begins with "#". True if it names columns: rows follow.
  bool TakeHeader(std::string_view line);
  // A log of Exchange is being read, and this line is one of its rows. Nothing where it is not.
  std::optional<ExchangeRow> ReadRow(std::string_view line) const;

 private:
  std::vector<std::string> columns_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_EXCHANGE_LOG_H_
