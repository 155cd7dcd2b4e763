// TLS reports (RFC 8460): what senders met at a domain's servers, by their own account.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_TLS_REPORT_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_TLS_REPORT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "tools/explain/lines/delivery.h"
#include "tools/explain/lines/known_reports.h"
#include "tools/explain/lines/trouble.h"

namespace mxsweep::tools {

struct ReportTotals {
  uint64_t reports = 0;  // that count
  uint64_t successful_sessions = 0;
  uint64_t failed_sessions = 0;
  uint64_t given_again = 0;     // not among `reports`
  uint64_t other_contents = 0;  // of them: KnownReports::Met
  uint64_t not_kept = 0;        // likewise
  uint64_t unidentified = 0;    // of them: without id, organization or days
  // Counted once: RFC 8460 §4.1 lets a reporter tell of a session under DANE and under MTA-STS.
  uint64_t sessions_told_twice = 0;
  uint64_t perhaps_told_twice = 0;  // reports of which nothing tells how many sessions are so
  uint64_t not_read = 0;  // attachments to mail that are said to be reports; not among them
};

// Does `text` look like the beginning of a report, and of no log in JSON?
bool LooksLikeTlsReport(std::string_view text);

// The reports in a text: one, several one after the other (files that were joined), or a list. What
// is none of these stays whole. Borrows `text`.
std::vector<std::string_view> SplitReports(std::string_view text);

// Gives each failure of the report to `take`, the sessions of each policy, those that succeeded and
// those that failed, to `take_sessions`, and adds to `totals`; nothing of one that `known` has, but
// for `given_again`. A session that failed in two ways is two failures. What reporters leave out or
// write otherwise is taken as it is: missing lists, one text for a list, unknown types and keys.
// InvalidArgument: it is no JSON, or no report.
absl::Status ReadTlsReport(std::string_view text, absl::FunctionRef<void(Trouble)> take,
                           absl::FunctionRef<void(Delivery)> take_sessions, KnownReports* known,
                           ReportTotals* totals);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_TLS_REPORT_H_
