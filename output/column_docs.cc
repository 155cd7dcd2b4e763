#include "output/column_docs.h"

#include "output/tables/schema.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr std::string_view kIntroduction = R"(# The columns

Made from the column definitions in `output/tables/*_row.h`; do not edit. After a change there, run
`parquet_fixture --columns-md > docs/columns.md`.

Every table but `weak_keys` is a folder of Parquet files in the scan directory, readable as
`DIR/endpoints/*.parquet`; `mxsweep cat` prints the same rows as NDJSON or CSV. What the words in the
status columns mean is in [outcomes.md](outcomes.md).

- **NULL means unknown or not reached**, never absent: `false`, `0` and the empty list say that. A
  column marked "no" under *null* is never NULL.
- STRING is UTF-8; bytes from the network that are not become U+FFFD. Addresses are text, hashes are
  lower-case hex. BINARY is raw bytes in Parquet and base64 in NDJSON and CSV.
- TIMESTAMP is in microseconds, UTC. Columns that end in `_us` are durations in microseconds.
- UINT8 … UINT64 are unsigned integers of that many bits.

)";

// Cells of a Markdown table must not contain its separator.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell.push_back('\\');
    cell.push_back(c);
  }
  return cell;
}

}  // namespace

std::string ColumnDocs() {
  std::string out(kIntroduction);
  AppendText(&out, "Schema version ", kSchemaVersion, ".\n");
  VisitTables([&]<typename Row>(std::type_identity<Row>) {
    const TableSchema& schema = SchemaOf(Table<Row>::kId);
    AppendText(&out, "\n## `", schema.name, "`: ", schema.description, "\n\n");
    out.append("| column | type | null | meaning |\n| --- | --- | --- | --- |\n");
    for (const ColumnSpec& column : schema.columns) {
      AppendText(&out, "| `", column.name, "` | ", column.type, " | ",
                 column.nullable ? "yes" : "no", " | ", Cell(column.description), " |\n");
    }
  });
  return out;
}

}  // namespace mxsweep::output
