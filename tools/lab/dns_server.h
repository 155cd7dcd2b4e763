// The lab's resolver on its sockets: UDP and TCP at one address and port, several threads.
#ifndef MXSWEEP_TOOLS_LAB_DNS_SERVER_H_
#define MXSWEEP_TOOLS_LAB_DNS_SERVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/dns_answer.h"

namespace mxsweep::lab {

class DnsServer {
 public:
  // Binds 127.0.0.1:`port` (0: any free one) and starts `threads` threads. Borrows `responder`,
  // which must outlive the server.
  static absl::StatusOr<std::unique_ptr<DnsServer>> Start(DnsResponder& responder, uint16_t port,
                                                          int threads);
  ~DnsServer();

  uint16_t port() const { return port_; }
  // Ends the threads. Afterwards counts() may be called.
  void Stop();
  DnsCounts counts() const;

 private:
  class Worker;
  DnsServer() = default;

  uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_DNS_SERVER_H_
