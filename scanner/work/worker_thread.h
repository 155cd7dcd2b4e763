#ifndef MXSWEEP_SCANNER_WORK_WORKER_THREAD_H_
#define MXSWEEP_SCANNER_WORK_WORKER_THREAD_H_

#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "dns/cares_resolver.h"
#include "scanner/engine/uring_loop.h"
#include "scanner/pace/gate.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// A worker with a thread, an io_uring, a resolver and TLS contexts of its own. All of them are
// made and destroyed on that thread, since a ring belongs to one.
class WorkerThread {
 public:
  struct Options {
    UringLoop::Options loop;
    dns::ResolverOptions resolver;
    Gate::Options gate;
    tls::ClientOptions tls;  // for mail servers
    uint64_t seed = 1;
  };

  // Starts the thread; `context` is borrowed. Ready() says whether it came up.
  WorkerThread(ScanContext* context, const Options& options);
  // Ends the thread. REQUIRES: no target is under way, and failure() is empty.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Waits until the thread runs; the error is a sentence for the user.
  absl::Status Ready();

  // Why its event loop has failed; empty: it has not. Then the thread sleeps for good: what was
  // under way there will never end, and must not be taken from it.
  std::string failure() const { return loop_->failure(); }

  // REQUIRES: Ready() was OK.
  Worker* worker() { return worker_; }
  UringLoop* loop() { return loop_; }
  dns::CaresResolver* resolver() { return resolver_; }

 private:
  void Run(ScanContext* context, const Options& options);

  std::promise<absl::Status> started_;
  Worker* worker_ = nullptr;
  UringLoop* loop_ = nullptr;
  dns::CaresResolver* resolver_ = nullptr;
  std::thread thread_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_WORKER_THREAD_H_
