// The mail servers of the lab: a listening socket for every live address of one process, served by
// several threads. An address belongs to one thread, so that what is counted of it needs no locks.
#ifndef MXSWEEP_TOOLS_LAB_SMTP_SERVER_H_
#define MXSWEEP_TOOLS_LAB_SMTP_SERVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/report.h"
#include "tools/lab/tls_server.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

struct SmtpServerOptions {
  uint16_t smtp_port = 2525;
  uint16_t tls_port = 0;  // implicit TLS; 0: none
  int threads = 1;
  double delay_scale = 1.0;
  // To one (address, server name): one, another without TLS 1.3, and a probe. More is a violation.
  uint32_t max_handshakes = 3;
};

class SmtpServer {
 public:
  // Listens at `addresses` (those that refuse connections are left out here) and starts the
  // threads. Borrows world and tls, which must outlive it.
  static absl::StatusOr<std::unique_ptr<SmtpServer>> Start(const World& world, const TlsServer& tls,
                                                           const std::vector<uint32_t>& addresses,
                                                           const SmtpServerOptions& options);
  ~SmtpServer();

  // Ends the threads. Afterwards ReportJson may be called.
  void Stop();
  nlohmann::json ReportJson() const;

 private:
  class Worker;
  SmtpServer(const World& world, const SmtpServerOptions& options);

  const World& world_;
  SmtpServerOptions options_;
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SMTP_SERVER_H_
