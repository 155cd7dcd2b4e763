// For LD_PRELOAD: an io_uring that the kernel refuses to serve any more, MXSWEEP_RING_LASTS_MS
// after its first use.
#include <dlfcn.h>
#include <errno.h>
#include <liburing.h>

#include <chrono>
#include <cstdlib>

extern "C" int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** cqe, unsigned count,
                                                __kernel_timespec* timeout, sigset_t* mask) {
  using Function = decltype(&io_uring_submit_and_wait_timeout);
  static const auto real =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "io_uring_submit_and_wait_timeout"));
  static const char* lasts = std::getenv("MXSWEEP_RING_LASTS_MS");
  static const auto end = std::chrono::steady_clock::now() +
                          std::chrono::milliseconds(lasts == nullptr ? 0 : std::atoi(lasts));
  if (std::chrono::steady_clock::now() >= end) return -ENXIO;
  return real(ring, cqe, count, timeout, mask);
}
