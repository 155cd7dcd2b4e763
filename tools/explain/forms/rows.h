// Short words for the tables of forms, which include this and nothing else does.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FORMS_ROWS_H_
#define MXSWEEP_TOOLS_EXPLAIN_FORMS_ROWS_H_

#include "tools/explain/forms/form.h"

namespace mxsweep::tools {

using enum TroubleKind;
using enum Strength;
using enum Who;
inline constexpr TlsRole kAny = TlsRole::kUnknown;
inline constexpr TlsRole kClient = TlsRole::kClient;
inline constexpr TlsRole kServer = TlsRole::kServer;

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FORMS_ROWS_H_
