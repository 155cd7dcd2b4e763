#ifndef MXSWEEP_TLS_KEYS_PARALLEL_H_
#define MXSWEEP_TLS_KEYS_PARALLEL_H_

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace mxsweep::tls {

// Runs job(0) … job(count - 1), begun in that order, on some threads, and waits for all of them.
// A job waits until its bytes_of fit into what is left of `memory_bytes`; one that is larger than
// all of it runs alone. After the first error no further job is begun; gives that error.
inline absl::Status RunParallel(size_t count, int threads, uint64_t memory_bytes,
                                absl::FunctionRef<uint64_t(size_t)> bytes_of,
                                absl::FunctionRef<absl::Status(size_t)> job) {
  std::mutex mutex;
  std::condition_variable freed;
  absl::Status status;
  size_t next = 0;
  uint64_t used = 0;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    while (status.ok() && next < count) {
      const size_t index = next++;
      const uint64_t bytes = bytes_of(index);
      freed.wait(lock, [&] { return used == 0 || used + bytes <= memory_bytes; });
      used += bytes;
      lock.unlock();
      absl::Status result = job(index);
      lock.lock();
      used -= bytes;
      status.Update(result);
      freed.notify_all();
    }
  };
  std::vector<std::thread> others;
  const size_t wanted = std::min(count, static_cast<size_t>(std::max(threads, 1)));
  for (size_t i = 1; i < wanted; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return status;
}

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_PARALLEL_H_
