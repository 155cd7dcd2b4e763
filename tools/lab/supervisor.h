// Runs the lab: DNS in this process, the mail servers in children of it (descriptors are limited
// per process), until a signal; then adds up what they report.
#ifndef MXSWEEP_TOOLS_LAB_SUPERVISOR_H_
#define MXSWEEP_TOOLS_LAB_SUPERVISOR_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "tools/lab/certificates.h"
#include "tools/lab/smtp_server.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

struct ServeOptions {
  SmtpServerOptions smtp;
  uint16_t dns_port = 53530;
  uint16_t https_port = 8443;  // of policy hosts; 0: none
  int dns_threads = 1;
  int processes = 0;  // 0: as many as the descriptors demand
  // Called once when everything answers.
  std::function<void(uint16_t dns_port)> on_ready;
};

// Serves until SIGTERM or SIGINT, then returns the report. REQUIRES: no other thread is running.
absl::StatusOr<nlohmann::json> Serve(const World& world, CertificateStore& store,
                                     const ServeOptions& options);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SUPERVISOR_H_
