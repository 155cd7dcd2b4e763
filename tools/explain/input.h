// Reads what is to be explained.
#ifndef MXSWEEP_TOOLS_EXPLAIN_INPUT_H_
#define MXSWEEP_TOOLS_EXPLAIN_INPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "scanner/targets/input_source.h"
#include "tools/explain/ledger.h"
#include "tools/explain/lines/delivery.h"
#include "tools/explain/lines/tls_report.h"
#include "tools/explain/lines/trouble.h"

namespace mxsweep::tools {

struct InputTotals {
  uint64_t inputs = 0;
  uint64_t lines = 0;
  // Of logs, where deliveries are asked for: lines that cannot be put in time.
  uint64_t lines_without_time = 0;
  Span span;  // of the inputs' first and last lines
  ReportTotals reports;
  KnownReports known_reports;  // of all inputs
};

// Who is told what is in the inputs.
class InputSink {
 public:
  virtual ~InputSink() = default;
  virtual void Take(const Trouble& trouble) = 0;
  // What was handed over: told only to who asks for it, since it takes more than half the time.
  virtual bool wants_deliveries() const { return false; }
  virtual void Take(const Delivery& /*delivery*/) {}
};

// Reads `source` (plain or packed, or plain UTF-16) to its end, gives what it holds to `sink`, and
// adds its lines and times to `totals`. `now_s`: for times without a year. Memory does not grow
// with the input. The error is the source's; what came before it counts.
absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, InputSink* sink,
                       InputTotals* totals);
// Likewise, troubles alone.
absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, Ledger* ledger,
                       InputTotals* totals);

// What is to be known of the number of reports: sentences.
std::vector<std::string> RemarksOf(const ReportTotals& reports);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_INPUT_H_
