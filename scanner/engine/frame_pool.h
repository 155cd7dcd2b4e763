#ifndef MXSWEEP_SCANNER_ENGINE_FRAME_POOL_H_
#define MXSWEEP_SCANNER_ENGINE_FRAME_POOL_H_

#include <cstddef>

namespace mxsweep::scanner {

// Memory for coroutine frames: a free list per size class and thread. A frame may be released on
// another thread than it was allocated on; it then joins that thread's list. What a thread's lists
// hold is freed when the thread ends.
class FramePool {
 public:
  static void* Allocate(size_t size_bytes);
  static void Release(void* frame, size_t size_bytes);
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_FRAME_POOL_H_
