#ifndef MXSWEEP_SCANNER_ENGINE_URING_RING_H_
#define MXSWEEP_SCANNER_ENGINE_URING_RING_H_

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::scanner {

// One io_uring instance with what every loop needs of it: the fastest set-up flags the kernel
// takes, a table of direct descriptors with a free list, and a ring of provided receive buffers.
// It does what a scan needs and nothing else (see Restrict). One thread from the first submission
// on.
class UringRing {
 public:
  struct Options {
    unsigned submission_entries = 4096;
    unsigned completion_entries = 16384;
    // Size of the direct-descriptor table; cut down to RLIMIT_NOFILE.
    unsigned max_descriptors = 16384;
    // Power of two.
    unsigned receive_buffers = 1024;
    unsigned receive_buffer_bytes = 8192;
  };

  static constexpr int kBufferGroup = 0;

  // FailedPrecondition with a sentence for the user where io_uring is switched off or too old;
  // ResourceExhausted where a limit (descriptors, locked memory) is in the way.
  static absl::StatusOr<std::unique_ptr<UringRing>> Create(const Options& options);
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  io_uring* get() { return &ring_; }

  // A submission entry, zeroed; what is queued is submitted first where the queue is full. Where
  // the ring has failed, an entry that goes nowhere.
  io_uring_sqe* NextSqe();

  // Why the ring can no longer be used: the kernel refuses what is submitted, or has dropped
  // completions. Empty: it can. What is under way is then never told of.
  const std::string& failure() const { return failure_; }

  // Submits, and waits until something completes or `timeout_ns` has passed (0: does not wait).
  void SubmitAndWait(int64_t timeout_ns);
  // Submits, and has the kernel hand over every completion it has, without waiting. SubmitAndWait
  // may leave some for the next call: since Linux 6.14 it takes 20 sockets a call.
  void SubmitAndCollect();

  // A free index of the descriptor table, or -1. An index is free again as soon as its close has
  // been queued, since the kernel takes entries in order (of those that are not linked).
  int TakeDescriptor();
  void ReturnDescriptor(int index) { free_descriptors_.push_back(index); }
  // Puts an ordinary descriptor into slot `index` and closes it; what is queued is submitted first.
  // Returns 0 or an errno value.
  int InstallDescriptor(int index, int fd);
  int max_descriptors() const { return max_descriptors_; }

  // The bytes of a completed receive; the buffer is the kernel's again after RecycleBuffer.
  std::span<const uint8_t> Buffer(unsigned id, size_t bytes) const;
  void RecycleBuffer(unsigned id);

 private:
  UringRing() = default;
  absl::Status SetUpRing(const Options& options);
  absl::Status SetUpDescriptors(const Options& options);
  absl::Status SetUpBuffers(const Options& options);
  // What is done by way of a ring passes by seccomp: so the kernel is told which operations there
  // may be. None opens a file, listens, or makes an ordinary descriptor. Begins to serve the ring.
  absl::Status Restrict();

  void Fail(std::string_view what, int error);
  // Looks at what a submission returned, and at what the kernel had to drop.
  void Check(int result);

  io_uring ring_{};
  io_uring_sqe nowhere_{};
  std::string failure_;
  bool ring_ready_ = false;
  int max_descriptors_ = 0;
  std::vector<int> free_descriptors_;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  size_t buffer_ring_bytes_ = 0;
  uint8_t* buffers_ = nullptr;
  size_t buffers_bytes_ = 0;
  unsigned buffer_count_ = 0;
  unsigned buffer_bytes_ = 0;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_URING_RING_H_
