// The tables and the version of their schema.
//
// The row structs are plain values, safe to move between threads; nothing here does I/O.
#ifndef MXSWEEP_OUTPUT_TABLES_TABLES_H_
#define MXSWEEP_OUTPUT_TABLES_TABLES_H_

#include <cstdint>
#include <type_traits>

#include "output/tables/certificate_row.h"
#include "output/tables/column.h"
#include "output/tables/domain_row.h"
#include "output/tables/endpoint_row.h"
#include "output/tables/mx_host_row.h"
#include "output/tables/probe_row.h"
#include "output/tables/weak_key_row.h"

namespace mxsweep::output {

// Raised when a column is renamed, removed or changes its type or meaning; not when one is added.
inline constexpr uint32_t kSchemaVersion = 5;

// Calls visit(std::type_identity<Row>{}) for each table, in the order docs/columns.md shows them.
template <typename Visitor>
void VisitTables(Visitor&& visit) {
  visit(std::type_identity<DomainRow>{});
  visit(std::type_identity<MxHostRow>{});
  visit(std::type_identity<EndpointRow>{});
  visit(std::type_identity<ProbeRow>{});
  visit(std::type_identity<CertificateRow>{});
  visit(std::type_identity<WeakKeyRow>{});
}

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_TABLES_TABLES_H_
