// Rows as text: NDJSON (one JSON object a line) and CSV (RFC 4180, lines ended by LF).
//
// NDJSON: columns in the order of the table, null where not known; strings are UTF-8, with U+FFFD
// for invalid bytes, only what JSON demands is escaped; binary is base64; timestamps are
// "2026-01-31T23:59:59.123456Z", UTC, always six decimals; integers are plain digits, up to 64
// bits. CSV: a header line, then the same values; a null is an empty field, an empty string is "",
// lists are JSON text, booleans true and false.
//
// What strangers wrote is in the rows (greetings, names of certificates), and a spreadsheet takes a
// cell that begins with =, +, - or @ for a formula. CSV is exact, for programs; the spreadsheet's
// kind has an apostrophe before such a cell, which makes it text.
//
// Thread-safety: a RowFormatter is immutable; AppendRow may be called from several threads.
#ifndef MXSWEEP_OUTPUT_JSON_ROWS_H_
#define MXSWEEP_OUTPUT_JSON_ROWS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

enum class RowFormat {
  kNdjson,
  kTableNdjson,  // the first key is "table", for rows of several tables in one stream
  kCsv,
  kSpreadsheet,  // CSV without formulas
};

class RowFormatter {
 public:
  // For the rows of `table`. `columns` chooses some of its columns (they keep the order of the
  // table); empty means all. kInvalidArgument, with a sentence that lists the table's columns, for
  // a name the table does not have.
  static absl::StatusOr<RowFormatter> Create(TableId table, RowFormat format,
                                             std::span<const std::string> columns = {});

  // The header line of CSV; nothing for NDJSON.
  void AppendHeader(std::string& out) const;

  // Appends the row and its line end. REQUIRES: a row of the table given to Create.
  void AppendRow(const DomainRow& row, std::string& out) const;
  void AppendRow(const MxHostRow& row, std::string& out) const;
  void AppendRow(const ProbeRow& row, std::string& out) const;
  void AppendRow(const EndpointRow& row, std::string& out) const;
  void AppendRow(const CertificateRow& row, std::string& out) const;
  void AppendRow(const WeakKeyRow& row, std::string& out) const;

  TableId table() const { return table_; }
  // One entry per column of the table: is it shown?
  const std::vector<bool>& shown() const { return shown_; }

 private:
  RowFormatter(TableId table, RowFormat format, std::vector<bool> shown)
      : table_(table), format_(format), shown_(std::move(shown)) {}
  template <typename Row>
  void Append(const Row& row, std::string& out) const;

  TableId table_;
  RowFormat format_;
  std::vector<bool> shown_;
};

// Appends `text` as a JSON string, quotes included, as described above.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_JSON_ROWS_H_
