// What a table's column is: the vocabulary in which the row headers (domain_row.h and its siblings)
// define each column once. Everything else is derived from those definitions: the Parquet schema,
// the writer and the reader, NDJSON, CSV and docs/columns.md.
//
// A row is a struct of plain values; `Table<Row>::VisitColumns(visit)` calls
// `visit(Column{name, &Row::member, description, traits})` for every member, in the order of the
// file. The C++ type of the member decides the column's type:
//
//   std::string                     STRING (UTF-8; invalid bytes become U+FFFD when written)
//   Binary                          bytes without a logical type
//   bool                            BOOLEAN
//   uint8_t … uint64_t              unsigned INTEGER of that width
//   absl::Time                      TIMESTAMP, microseconds, UTC
//   std::optional<T>                the same, and NULL where it is not known
//   std::vector<T>                  LIST of T
//   std::vector<Struct>             LIST of STRUCT, whose fields `Struct::VisitFields(visit)` names
//
// NULL means "not known" or "not reached", never "absent": false, 0 and the empty list say that.
#ifndef MXSWEEP_OUTPUT_TABLES_COLUMN_H_
#define MXSWEEP_OUTPUT_TABLES_COLUMN_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace mxsweep::output {

// Bytes that are not text (a certificate's DER). NDJSON and CSV show them in base64.
struct Binary {
  std::string bytes;

  friend bool operator==(const Binary&, const Binary&) = default;
};

// How a column is stored, where its type does not say it.
struct ColumnTraits {
  bool bloom_filter = false;  // The column chunk gets a split-block Bloom filter.
};

inline constexpr ColumnTraits kBloomFilter{.bloom_filter = true};

// One column of `Row` (or one field of a struct inside a list column).
template <typename Row, typename Member>
struct Column {
  using Value = Member;

  std::string_view name;
  Member Row::*member;
  std::string_view description;
  ColumnTraits traits = {};
};

template <typename Row, typename Member>
Column(std::string_view, Member Row::*, std::string_view) -> Column<Row, Member>;
template <typename Row, typename Member>
Column(std::string_view, Member Row::*, std::string_view, ColumnTraits) -> Column<Row, Member>;

// Specialised for each row struct: kName (the folder's name), kId, kDescription, VisitColumns.
template <typename Row>
struct Table;

// The tables of a scan, in the order in which their parts are committed; behind them those that no
// scan writes.
enum class TableId { kCertificates, kProbes, kEndpoints, kMxHosts, kDomains, kWeakKeys };
inline constexpr size_t kTableIds = 6;

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_COLUMN_H_
