// What stands around the words of a log's line: time, program, process, queue id, and the other
// side.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_ENVELOPE_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_ENVELOPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mxsweep::tools {

// Borrows the line.
struct Envelope {
  // Seconds since 1970; a time without a zone is taken as UTC, so that it reads as the log has it.
  std::optional<int64_t> time_s;
  std::string_view machine;
  std::string_view program;  // "postfix/smtp"
  std::string_view process;  // its number
  std::string_view id;       // of queue, message or session
  std::string_view text;     // what the program wrote, the id aside
};

// Takes syslog's form (RFC 3164, with RFC 3339 times too, RFC 5424), Exim's main log, OpenSMTPD's
// and Exchange's CSV; whatever is none of them is text as a whole. Syslog's old times have no year:
// `now_s` gives it, and no line is of the future.
Envelope ParseEnvelope(std::string_view line, int64_t now_s);

// Who is at the other end, as far as a line tells.
struct Remote {
  std::string domain;   // of the recipient, in lower case
  std::string host;     // the MX host, or the client
  std::string address;  // its IP address
};

Remote FindRemote(std::string_view text);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_ENVELOPE_H_
