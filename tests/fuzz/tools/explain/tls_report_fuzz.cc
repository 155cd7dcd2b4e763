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
      &totals);
  MXSWEEP_CHECK(totals.reports == (status.ok() ? 1 : 0));
  MXSWEEP_CHECK(status.ok() || troubles == 0);
  return 0;
}
