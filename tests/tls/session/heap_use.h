#ifndef MXSWEEP_TESTS_TLS_SESSION_HEAP_USE_H_
#define MXSWEEP_TESTS_TLS_SESSION_HEAP_USE_H_

#include <malloc.h>

#include <cstddef>
#include <string>

namespace mxsweep::tls::testing {

inline size_t HeapBytesInUse() { return mallinfo2().uordblks; }

// False where a sanitizer's allocator stands in for the one that counts.
inline bool HeapUseIsCounted() {
  const size_t before = HeapBytesInUse();
  const std::string block(50000, 'x');
  return HeapBytesInUse() >= before + block.size();
}

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_SESSION_HEAP_USE_H_
