// The OCSP responses that servers of the lab staple: good ones, bad ones, and what is true of them.
#ifndef MXSWEEP_TOOLS_LAB_OCSP_H_
#define MXSWEEP_TOOLS_LAB_OCSP_H_

#include <string>

#include "tools/lab/certificates.h"

namespace mxsweep::lab {

// The response stapled to `chain`: which of the kinds there are follows from the leaf's serial
// number. Signed by the certificate that follows the leaf; where there is none, by the leaf's key.
std::string OcspResponseFor(const Chain& chain);

// What a client must make of that response: words of docs/outcomes.md.
struct OcspTruth {
  std::string ocsp_status;
  std::string revocation_status;  // where nobody but the response is asked
};
OcspTruth OcspTruthFor(const Chain& chain);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_OCSP_H_
