// Made-up mail logs for benchmarks, of which it is known what is in them: as the programs write
// them, with the lines around deliveries that readers have to pass over.
#ifndef MXSWEEP_BENCH_MAIL_LOGS_H_
#define MXSWEEP_BENCH_MAIL_LOGS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace mxsweep::bench {

enum class MailLog : uint8_t { kPostfix, kExim, kSendmail, kExchange };
inline constexpr MailLog kMailLogs[] = {MailLog::kPostfix, MailLog::kExim, MailLog::kSendmail,
                                        MailLog::kExchange};
// "Postfix" …
const char* MailLogName(MailLog log);

struct MailLogFacts {
  uint64_t bytes = 0;
  uint64_t lines = 0;
  // Deliveries to other servers, and messages of others (none of them in Exchange's log, which is
  // of what it sends).
  uint64_t outbound_encrypted = 0, outbound_clear = 0;
  uint64_t inbound_encrypted = 0, inbound_clear = 0;
  uint64_t failures = 0;  // handshakes, each of a message that is deferred
};

// Writes four days of mail, of `bytes` or a little more. One delivery in 33 is in clear, to who
// never encrypts; one in 100 fails in its handshake.
absl::StatusOr<MailLogFacts> WriteMailLog(MailLog log, const std::string& path, uint64_t bytes);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_MAIL_LOGS_H_
