#include "scanner/engine/uring_ring.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

// From the fastest to what every kernel with multishot receive (6.0) takes.
constexpr unsigned kFlagSets[] = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
        IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    0,
};

// All that the loops submit and register once the ring is set up.
constexpr io_uring_op kOperations[] = {IORING_OP_READ,   IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL,
                                       IORING_OP_SOCKET, IORING_OP_CONNECT,  IORING_OP_RECV,
                                       IORING_OP_SEND,   IORING_OP_CLOSE};
constexpr uint8_t kSubmissionFlags =
    IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;

absl::Status SetUpError(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
      return absl::FailedPreconditionError(
          "io_uring is switched off on this machine (sysctl kernel.io_uring_disabled, a "
          "container's "
          "seccomp profile, or a kernel without it); mxsweep needs it");
    case ENOMEM:
      return absl::ResourceExhaustedError(
          "the kernel refuses the memory for an io_uring (raise the locked-memory limit, ulimit "
          "-l)");
    case EMFILE:
    case ENFILE:
      return absl::ResourceExhaustedError(
          "no file descriptor is left for an io_uring (raise ulimit -n)");
    default:
      return absl::InternalError(JoinText("io_uring cannot be set up: ", std::strerror(error)));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<UringRing>> UringRing::Create(const Options& options) {
  std::unique_ptr<UringRing> ring(new UringRing);
  if (absl::Status status = ring->SetUpRing(options); !status.ok()) return status;
  if (absl::Status status = ring->SetUpDescriptors(options); !status.ok()) return status;
  if (absl::Status status = ring->SetUpBuffers(options); !status.ok()) return status;
  if (absl::Status status = ring->Restrict(); !status.ok()) return status;
  return ring;
}

UringRing::~UringRing() {
  if (ring_ready_) io_uring_queue_exit(&ring_);
  if (buffer_ring_ != nullptr) munmap(buffer_ring_, buffer_ring_bytes_);
  if (buffers_ != nullptr) munmap(buffers_, buffers_bytes_);
}

absl::Status UringRing::SetUpRing(const Options& options) {
  int error = 0;
  for (unsigned flags : kFlagSets) {
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
    params.cq_entries = options.completion_entries;
    error = -io_uring_queue_init_params(options.submission_entries, &ring_, &params);
    if (error == 0) {
      ring_ready_ = true;
      return absl::OkStatus();
    }
    if (error != EINVAL) break;
  }
  return SetUpError(error);
}

absl::Status UringRing::SetUpDescriptors(const Options& options) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  max_descriptors_ =
      static_cast<int>(std::min<rlim_t>(limit.rlim_cur, std::max(1u, options.max_descriptors)));
  const int error = -io_uring_register_files_sparse(&ring_, max_descriptors_);
  if (error != 0) {
    if (error == EMFILE) return SetUpError(error);
    return absl::FailedPreconditionError(JoinText(
        "this kernel's io_uring has no direct-descriptor table (Linux 6.0 or newer is needed): ",
        std::strerror(error)));
  }
  free_descriptors_.reserve(max_descriptors_);
  for (int i = max_descriptors_ - 1; i >= 0; --i) free_descriptors_.push_back(i);
  return absl::OkStatus();
}

absl::Status UringRing::SetUpBuffers(const Options& options) {
  buffer_count_ = options.receive_buffers;
  buffer_bytes_ = options.receive_buffer_bytes;
  buffer_ring_bytes_ = buffer_count_ * sizeof(io_uring_buf);
  buffers_bytes_ = size_t{buffer_count_} * buffer_bytes_;
  const auto map = [](size_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
  };
  buffer_ring_ = static_cast<io_uring_buf_ring*>(map(buffer_ring_bytes_));
  buffers_ = static_cast<uint8_t*>(map(buffers_bytes_));
  if (buffer_ring_ == nullptr || buffers_ == nullptr) {
    return absl::ResourceExhaustedError("no memory for receive buffers");
  }
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uintptr_t>(buffer_ring_);
  registration.ring_entries = buffer_count_;
  registration.bgid = kBufferGroup;
  if (const int error = -io_uring_register_buf_ring(&ring_, &registration, 0); error != 0) {
    return absl::FailedPreconditionError(
        JoinText("this kernel's io_uring has no provided-buffer rings (Linux 6.0 or newer is "
                 "needed): ",
                 std::strerror(error)));
  }
  io_uring_buf_ring_init(buffer_ring_);
  for (unsigned id = 0; id < buffer_count_; ++id) RecycleBuffer(id);
  return absl::OkStatus();
}

absl::Status UringRing::Restrict() {
  std::vector<io_uring_restriction> allowed;
  for (const io_uring_op operation : kOperations) {
    io_uring_restriction& restriction = allowed.emplace_back();
    restriction.opcode = IORING_RESTRICTION_SQE_OP;
    restriction.sqe_op = operation;
  }
  io_uring_restriction& flags = allowed.emplace_back();
  flags.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
  flags.sqe_flags = kSubmissionFlags;
  io_uring_restriction& registering = allowed.emplace_back();
  registering.opcode = IORING_RESTRICTION_REGISTER_OP;
  registering.register_op = IORING_REGISTER_FILES_UPDATE;
  // Debian's liburing 2.3 declares functions for both and has neither.
  const auto tell = [this](unsigned what, void* argument, unsigned count) {
    return syscall(SYS_io_uring_register, ring_.ring_fd, what, argument, count) == 0 ? 0 : errno;
  };
  int error =
      tell(IORING_REGISTER_RESTRICTIONS, allowed.data(), static_cast<unsigned>(allowed.size()));
  if (error == 0) error = tell(IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  return error == 0 ? absl::OkStatus() : SetUpError(error);
}

void UringRing::Fail(std::string_view what, int error) {
  if (!failure_.empty()) return;
  failure_ = JoinText("io_uring has failed: ", what, error == 0 ? "" : ": ",
                      error == 0 ? "" : std::strerror(error));
}

void UringRing::Check(int result) {
  // ETIME, EINTR, and a full completion queue (EBUSY, EAGAIN) all mean: look at what is there.
  if (result < 0 && result != -ETIME && result != -EINTR && result != -EBUSY && result != -EAGAIN) {
    Fail("the kernel refuses submissions", -result);
  }
  if (io_uring_smp_load_acquire(ring_.cq.koverflow) != 0) {
    Fail("the kernel has dropped completions", 0);
  }
}

io_uring_sqe* UringRing::NextSqe() {
  if (io_uring_sq_space_left(&ring_) == 0) Check(io_uring_submit(&ring_));
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    Fail("the submission queue stays full", 0);
    sqe = &nowhere_;
  }
  return sqe;
}

void UringRing::SubmitAndWait(int64_t timeout_ns) {
  if (timeout_ns <= 0) {
    Check(io_uring_submit_and_get_events(&ring_));
    return;
  }
  __kernel_timespec timeout{};
  timeout.tv_sec = timeout_ns / 1'000'000'000;
  timeout.tv_nsec = timeout_ns % 1'000'000'000;
  io_uring_cqe* cqe = nullptr;
  Check(io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &timeout, nullptr));
}

void UringRing::SubmitAndCollect() {
  // The kernel does as much pending work in one call as it is asked to wait for.
  __kernel_timespec at_once{};
  io_uring_cqe* cqe = nullptr;
  Check(io_uring_submit_and_wait_timeout(&ring_, &cqe, ring_.cq.ring_entries, &at_once, nullptr));
}

int UringRing::TakeDescriptor() {
  if (free_descriptors_.empty()) return -1;
  const int index = free_descriptors_.back();
  free_descriptors_.pop_back();
  return index;
}

int UringRing::InstallDescriptor(int index, int fd) {
  // The close of the slot's last socket may still be queued: it must not hit this one.
  if (io_uring_sq_ready(&ring_) > 0) Check(io_uring_submit(&ring_));
  const int result = io_uring_register_files_update(&ring_, index, &fd, 1);
  close(fd);
  return result < 0 ? -result : 0;
}

std::span<const uint8_t> UringRing::Buffer(unsigned id, size_t bytes) const {
  MXSWEEP_CHECK(id < buffer_count_ && bytes <= buffer_bytes_);
  return {buffers_ + size_t{id} * buffer_bytes_, bytes};
}

void UringRing::RecycleBuffer(unsigned id) {
  io_uring_buf_ring_add(buffer_ring_, buffers_ + size_t{id} * buffer_bytes_, buffer_bytes_,
                        static_cast<unsigned short>(id), io_uring_buf_ring_mask(buffer_count_), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

}  // namespace mxsweep::scanner
