#ifndef MXSWEEP_SCANNER_BASE_CHECK_H_
#define MXSWEEP_SCANNER_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process when a thing that must never be false is false; kept in release builds.
#define MXSWEEP_CHECK(condition)                                                           \
  do {                                                                                     \
    if (!(condition)) [[unlikely]] {                                                       \
      std::fprintf(stderr, "%s:%d: internal error: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

#endif  // MXSWEEP_SCANNER_BASE_CHECK_H_
