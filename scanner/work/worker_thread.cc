#include "scanner/work/worker_thread.h"

#include <unistd.h>

#include <utility>

#include "scanner/http/fetch.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner {

WorkerThread::WorkerThread(ScanContext* context, const Options& options)
    : thread_([this, context, options] { Run(context, options); }) {}

WorkerThread::~WorkerThread() {
  if (loop_ != nullptr) {
    loop_->Post([loop = loop_] { loop->Stop(); });
  }
  thread_.join();
}

absl::Status WorkerThread::Ready() { return started_.get_future().get(); }

void WorkerThread::Run(ScanContext* context, const Options& options) {
  absl::StatusOr<std::unique_ptr<UringLoop>> loop = UringLoop::Create(options.loop);
  if (!loop.ok()) return started_.set_value(loop.status());
  absl::StatusOr<std::unique_ptr<tls::ClientContext>> tls = tls::ClientContext::Create(options.tls);
  if (!tls.ok()) return started_.set_value(tls.status());
  absl::StatusOr<std::unique_ptr<tls::ClientContext>> web_tls =
      tls::ClientContext::Create(FetchOffer());
  if (!web_tls.ok()) return started_.set_value(web_tls.status());
  absl::StatusOr<std::unique_ptr<dns::CaresResolver>> resolver =
      dns::CaresResolver::Create((*loop)->dns_loop(), options.resolver);
  if (!resolver.ok()) return started_.set_value(resolver.status());

  Gate::Options gate = options.gate;
  gate.max_concurrency =
      std::min<size_t>(gate.max_concurrency, static_cast<size_t>((*loop)->max_streams()));
  Worker worker(context, loop->get(), resolver->get(), {.mail = tls->get(), .web = web_tls->get()},
                gate, options.seed);
  (*loop)->SetIterationHook(
      [&worker, loop = loop->get()] { return worker.Admit(loop->load().admissions()); });
  worker_ = &worker;
  loop_ = loop->get();
  resolver_ = resolver->get();
  started_.set_value(absl::OkStatus());
  (*loop)->Run();
  while (!(*loop)->failure().empty()) pause();
}

}  // namespace mxsweep::scanner
