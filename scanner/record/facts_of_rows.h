// Rows back into the facts that they were made from (rows.h), as far as verdicts rest on them: what
// one job of a fleet has found out, another goes on with. Pure functions.
#ifndef MXSWEEP_SCANNER_RECORD_FACTS_OF_ROWS_H_
#define MXSWEEP_SCANNER_RECORD_FACTS_OF_ROWS_H_

#include "absl/status/statusor.h"
#include "dns/facts.h"
#include "output/tables/tables.h"
#include "scanner/verdict/mta_sts.h"

namespace mxsweep::scanner {

// kDataLoss, with a sentence that names the host, for words that are none of ours.
absl::StatusOr<dns::HostAnswer> HostAnswerOf(const output::MxHostRow& row);

// Without error_detail and remark: the row says both in one text. kDataLoss likewise.
absl::StatusOr<dns::MxAnswer> MxAnswerOf(const output::DomainRow& row);

// What DomainPolicies::Judge looks at. Borrows the row.
absl::StatusOr<DomainPolicies> PoliciesOf(const output::DomainRow& row);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_FACTS_OF_ROWS_H_
