// docs/columns.md, made from the column definitions: every table, every column, its type and its
// meaning. A test fails when the committed file differs; `parquet_fixture --columns-md` prints it.
#ifndef MXSWEEP_OUTPUT_COLUMN_DOCS_H_
#define MXSWEEP_OUTPUT_COLUMN_DOCS_H_

#include <string>

namespace mxsweep::output {

std::string ColumnDocs();

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_COLUMN_DOCS_H_
