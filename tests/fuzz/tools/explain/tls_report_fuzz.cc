// Feeds hostile JSON to the reader of TLS reports.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "tools/explain/lines/tls_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::tools::Trouble;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mxsweep::tools::LooksLikeTlsReport(text);
  mxsweep::tools::ReportTotals totals;
  mxsweep::tools::KnownReports known;
  size_t troubles = 0;
  const absl::Status status = mxsweep::tools::ReadTlsReport(
      text,
      [&troubles](const Trouble& trouble) {
        ++troubles;
        MXSWEEP_CHECK(trouble.count > 0 && !trouble.cause.title.empty());
        for (const std::string* part : {&trouble.line, &trouble.remote.domain, &trouble.remote.host,
                                        &trouble.remote.address, &trouble.cause.title}) {
          MXSWEEP_CHECK(mxsweep::SanitizeText(*part, part->size()) == *part);
        }
      },
      [](const mxsweep::tools::Delivery&) {}, &known, &totals);
  MXSWEEP_CHECK(totals.reports == (status.ok() ? 1 : 0));
  MXSWEEP_CHECK(status.ok() || troubles == 0);
  if (!status.ok()) return 0;
  // Given again, it tells nothing new, unless nothing identifies it.
  const bool is_identified = totals.unidentified == 0;
  size_t told_again = 0;
  const auto count = [&told_again](const auto&) { ++told_again; };
  MXSWEEP_CHECK(mxsweep::tools::ReadTlsReport(text, count, count, &known, &totals).ok());
  MXSWEEP_CHECK(totals.given_again == (is_identified ? 1 : 0));
  MXSWEEP_CHECK(!is_identified || told_again == 0);
  return 0;
}
