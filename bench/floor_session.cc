#include <arpa/inet.h>
#include <liburing.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include "bench/floor.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr unsigned kBuffers = 1024;  // a power of two
constexpr unsigned kBufferBytes = 4096;
constexpr unsigned kSubmissionEntries = 4096;

enum class Op : uint64_t { kNothing, kSocket, kConnect, kReceive, kSend };

uint64_t UserData(int index, Op op) {
  return static_cast<uint64_t>(index) << 8 | static_cast<uint64_t>(op);
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double ThreadCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

class BareSessions {
 public:
  explicit BareSessions(const BareSessionOptions& options)
      : options_(options), sessions_(static_cast<size_t>(options.concurrency)) {
    uint32_t most = 0;
    for (const Flight& flight : options.flights) most = std::max(most, flight.client_bytes);
    filler_.assign(most, 'x');
  }
  BareSessions(const BareSessions&) = delete;
  BareSessions& operator=(const BareSessions&) = delete;
  ~BareSessions() {
    if (ready_) io_uring_queue_exit(&ring_);
    if (memory_ != MAP_FAILED) munmap(memory_, MemoryBytes());
  }

  absl::Status Run() {
    if (absl::Status status = SetUp(); !status.ok()) return status;
    for (int i = 0; i < options_.concurrency && started_ < options_.sessions; ++i) Start(i);
    while (finished_ < started_) {
      io_uring_submit_and_wait(&ring_, 1);
      io_uring_cqe* batch[256];
      while (const unsigned count = io_uring_peek_batch_cqe(&ring_, batch, 256)) {
        for (unsigned i = 0; i < count; ++i) Handle(*batch[i]);
        io_uring_cq_advance(&ring_, count);
      }
    }
    if (failed_ == 0) return absl::OkStatus();
    return absl::InternalError(JoinText(failed_, " bare sessions failed"));
  }

 private:
  struct Session {
    sockaddr_in to;
    uint32_t flight;   // the next to be received
    uint32_t missing;  // bytes of it
    bool receiving;
    bool ended;
  };

  static size_t MemoryBytes() { return size_t{kBuffers} * (kBufferBytes + sizeof(io_uring_buf)); }

  absl::Status SetUp() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    params.cq_entries = 4 * kSubmissionEntries;
    ready_ = io_uring_queue_init_params(kSubmissionEntries, &ring_, &params) == 0;
    memory_ =
        mmap(nullptr, MemoryBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!ready_ || memory_ == MAP_FAILED ||
        io_uring_register_files_sparse(&ring_, static_cast<unsigned>(options_.concurrency)) != 0) {
      return absl::InternalError("no ring for bare sessions");
    }
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory_);
    buffers_ = static_cast<uint8_t*>(memory_) + kBuffers * sizeof(io_uring_buf);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uintptr_t>(buffer_ring_);
    registration.ring_entries = kBuffers;
    if (io_uring_register_buf_ring(&ring_, &registration, 0) != 0) {
      return absl::InternalError("no buffers for bare sessions");
    }
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned id = 0; id < kBuffers; ++id) Recycle(id);
    return absl::OkStatus();
  }

  void Recycle(unsigned id) {
    io_uring_buf_ring_add(buffer_ring_, buffers_ + size_t{id} * kBufferBytes, kBufferBytes,
                          static_cast<unsigned short>(id), io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffer_ring_, 1);
  }

  io_uring_sqe* NextSqe(int index, Op op) {
    if (io_uring_sq_space_left(&ring_) == 0) io_uring_submit(&ring_);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_sqe_set_data64(sqe, UserData(index, op));
    return sqe;
  }

  void Start(int index) {
    Session& session = sessions_[static_cast<size_t>(index)];
    session = {};
    session.to.sin_family = AF_INET;
    session.to.sin_port = htons(options_.port);
    session.to.sin_addr.s_addr = htonl(kFirstAddress + static_cast<uint32_t>(started_++));
    session.missing = options_.flights[0].server_bytes;
    io_uring_sqe* sqe = NextSqe(index, Op::kSocket);
    io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                static_cast<unsigned>(index), 0);
    io_uring_sqe_set_data64(sqe, UserData(index, Op::kSocket));
  }

  void Handle(const io_uring_cqe& cqe) {
    const auto op = static_cast<Op>(cqe.user_data & 0xff);
    const int index = static_cast<int>(cqe.user_data >> 8);
    switch (op) {
      case Op::kNothing:
        return;
      case Op::kSocket:
        return cqe.res < 0 ? End(index, true) : Connect(index);
      case Op::kConnect:
        return cqe.res < 0 ? End(index, true) : Receive(index);
      case Op::kSend:
        if (cqe.res < 0) End(index, true);
        return;
      case Op::kReceive:
        return OnReceive(index, cqe);
    }
  }

  void Connect(int index) {
    io_uring_sqe* sqe = NextSqe(index, Op::kConnect);
    const Session& session = sessions_[static_cast<size_t>(index)];
    io_uring_prep_connect(sqe, index, reinterpret_cast<const sockaddr*>(&session.to),
                          sizeof(session.to));
    sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(sqe, UserData(index, Op::kConnect));
  }

  void Receive(int index) {
    io_uring_sqe* sqe = NextSqe(index, Op::kReceive);
    io_uring_prep_recv_multishot(sqe, index, nullptr, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    io_uring_sqe_set_data64(sqe, UserData(index, Op::kReceive));
    sessions_[static_cast<size_t>(index)].receiving = true;
  }

  void OnReceive(int index, const io_uring_cqe& cqe) {
    Session& session = sessions_[static_cast<size_t>(index)];
    if (cqe.res > 0) Recycle(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) session.receiving = false;
    if (session.ended) {
      if (!session.receiving) Finish(index);
      return;
    }
    if (cqe.res <= 0 && cqe.res != -ENOBUFS) return End(index, true);
    if (!session.receiving) Receive(index);
    const auto got = static_cast<uint32_t>(std::max(cqe.res, 0));
    session.missing -= std::min(session.missing, got);
    if (session.missing > 0) return;
    if (++session.flight == options_.flights.size()) return End(index, false);
    const Flight& flight = options_.flights[session.flight];
    session.missing = flight.server_bytes;
    io_uring_sqe* sqe = NextSqe(index, Op::kSend);
    io_uring_prep_send(sqe, index, filler_.data(), flight.client_bytes, MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, UserData(index, Op::kSend));
    // Last words, which nobody answers.
    if (flight.server_bytes == 0) End(index, false);
  }

  // Closes as the scanner does: what is being received is cancelled by its user data, which the
  // kernel finds by a hash (by its descriptor it would look through all that is in flight). The
  // session is finished when its receive has told of its end.
  void End(int index, bool failed) {
    Session& session = sessions_[static_cast<size_t>(index)];
    if (session.ended) return;
    session.ended = true;
    failed_ += failed ? 1 : 0;
    if (session.receiving) {
      io_uring_sqe* sqe = NextSqe(index, Op::kNothing);
      io_uring_prep_cancel64(sqe, UserData(index, Op::kReceive), 0);
      sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
      io_uring_sqe_set_data64(sqe, UserData(index, Op::kNothing));
    }
    io_uring_sqe* sqe = NextSqe(index, Op::kNothing);
    io_uring_prep_close_direct(sqe, static_cast<unsigned>(index));
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, UserData(index, Op::kNothing));
    if (!session.receiving) Finish(index);
  }

  void Finish(int index) {
    ++finished_;
    if (started_ < options_.sessions) Start(index);
  }

  static constexpr uint32_t kFirstAddress = 0x7f500001;  // 127.80.0.1

  const BareSessionOptions& options_;
  std::vector<Session> sessions_;
  std::string filler_;
  io_uring ring_{};
  bool ready_ = false;
  void* memory_ = MAP_FAILED;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  uint8_t* buffers_ = nullptr;
  int started_ = 0;
  int finished_ = 0;
  int failed_ = 0;
};

}  // namespace

absl::StatusOr<double> BareSessionsCpuSeconds(const BareSessionOptions& options) {
  MXSWEEP_CHECK(!options.flights.empty());
  const double start = ThreadCpuSeconds();
  BareSessions sessions(options);
  if (absl::Status status = sessions.Run(); !status.ok()) return status;
  return ThreadCpuSeconds() - start;
}

}  // namespace mxsweep::bench
