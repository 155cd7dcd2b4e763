// Any bytes as a text of a row: as JSON they read back, as CSV and as sanitized text they hold
// nothing that a terminal obeys.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "nlohmann/json.hpp"
#include "output/json_rows.h"
#include "output/tables/schema.h"
#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep;          // NOLINT(google-build-using-namespace)
  using namespace mxsweep::output;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string valid = SanitizeUtf8(text);
  MXSWEEP_CHECK(IsValidUtf8(valid) && (IsValidUtf8(text) == (valid == text)));

  std::string json;
  AppendJsonString(text, json);
  MXSWEEP_CHECK(FindObeyed(json) == std::string::npos);
  MXSWEEP_CHECK(nlohmann::json::parse(json).get<std::string>() == valid);

  const std::string sanitized = SanitizeText(text, 100);
  MXSWEEP_CHECK(sanitized.size() <= 100 && IsValidUtf8(sanitized) &&
                FindObeyed(sanitized) == std::string::npos);

  static const std::string columns[] = {"subject"};
  for (const RowFormat format : {RowFormat::kCsv, RowFormat::kSpreadsheet}) {
    static const auto csv = RowFormatter::Create(TableId::kCertificates, RowFormat::kCsv, columns);
    static const auto sheet =
        RowFormatter::Create(TableId::kCertificates, RowFormat::kSpreadsheet, columns);
    CertificateRow row;
    row.subject = text;
    std::string line;
    (format == RowFormat::kCsv ? csv : sheet)->AppendRow(row, line);
    MXSWEEP_CHECK(line.ends_with('\n'));
    std::erase_if(line, [](char c) { return c == '\n' || c == '\r' || c == '\t'; });
    MXSWEEP_CHECK(FindObeyed(line) == std::string::npos);
  }
  return 0;
}
