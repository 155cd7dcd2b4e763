// For LD_PRELOAD under valgrind, whose threads take turns and give up their turn in system calls
// that it knows to block. Valgrind 3.19 does not know io_uring_enter for one: a thread that waits
// on its ring would keep all others from running. So the waiting is done by poll.
#include <dlfcn.h>
#include <liburing.h>
#include <poll.h>

extern "C" int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** cqe, unsigned count,
                                                __kernel_timespec* timeout, sigset_t* mask) {
  using Function = decltype(&io_uring_submit_and_wait_timeout);
  static const auto real =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "io_uring_submit_and_wait_timeout"));
  io_uring_submit_and_get_events(ring);
  if (io_uring_cq_ready(ring) == 0 && timeout != nullptr) {
    const timespec wait = {.tv_sec = timeout->tv_sec, .tv_nsec = timeout->tv_nsec};
    pollfd readable = {.fd = ring->ring_fd, .events = POLLIN, .revents = 0};
    ppoll(&readable, 1, &wait, mask);
  }
  __kernel_timespec at_once{};
  return real(ring, cqe, count, &at_once, mask);
}
