#ifndef MXSWEEP_SCANNER_POSTURE_SENDER_DOCS_H_
#define MXSWEEP_SCANNER_POSTURE_SENDER_DOCS_H_

#include <string>

namespace mxsweep::scanner {

// docs/senders.md: the table of senders with the source of each cell.
std::string SenderDocs();

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_SENDER_DOCS_H_
