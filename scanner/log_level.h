#ifndef MXSWEEP_SCANNER_LOG_LEVEL_H_
#define MXSWEEP_SCANNER_LOG_LEVEL_H_

#include <cstdint>

namespace mxsweep::scanner {

// How much a line for the user matters; the first ones matter least.
enum class LogLevel : uint8_t {
  kDebug,    // what only whoever looks for a fault wants to read
  kInfo,     // what was found out before the start, and what has changed since
  kWarning,  // results will be fewer or worth less
  kError,    // why there are none
  kOff,      // of no line: as a threshold
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_LOG_LEVEL_H_
