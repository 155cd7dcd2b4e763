// The policy hosts of the lab: HTTPS servers that many zones share, each zone with its own answer
// and certificate, chosen by SNI. Every connection has a thread for as long as it lasts: a polite
// scanner has a handful of them open.
#ifndef MXSWEEP_TOOLS_LAB_POLICY_SERVER_H_
#define MXSWEEP_TOOLS_LAB_POLICY_SERVER_H_

#include <openssl/ssl.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tools/lab/certificates.h"
#include "tools/lab/report.h"
#include "tools/lab/sockets.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

class PolicyServer {
 public:
  // Listens at the world's policy addresses and starts. Borrows world and store, which must outlive
  // it.
  static absl::StatusOr<std::unique_ptr<PolicyServer>> Start(const World& world,
                                                             CertificateStore& store,
                                                             uint16_t port);
  ~PolicyServer();

  // Ends all connections and threads. Afterwards ReportJson may be called.
  void Stop();
  nlohmann::json ReportJson() const;

 private:
  struct Counts {
    uint32_t connections = 0;
    uint32_t most_open = 0;
    uint32_t requests = 0;
    std::map<uint64_t, int> open;  // connection, descriptor
  };

  PolicyServer(const World& world, CertificateStore& store) : world_(world), store_(store) {}
  absl::Status Init(uint16_t port);
  static int OnCertificate(SSL* ssl, void* self);
  void Accept(const Fd& listener, uint32_t address);
  void Hold(Fd fd, uint32_t address, uint64_t connection, std::set<uint64_t> older);
  void SuspectParallel(uint32_t address, const std::set<uint64_t>& older);
  void Talk(SSL* ssl, uint32_t address);
  void JudgeRequest(const std::string& request, const std::string& server_name, uint32_t address);

  const World& world_;
  CertificateStore& store_;
  bssl::UniquePtr<SSL_CTX> context_;
  std::vector<Fd> listeners_;
  std::vector<std::thread> acceptors_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;  // of everything below
  std::condition_variable idle_;
  uint64_t next_connection_ = 0;
  size_t open_ = 0;
  std::map<uint32_t, Counts> counts_;          // by address
  std::map<std::string, uint32_t> requested_;  // by server name
  Report report_;                              // violations
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_POLICY_SERVER_H_
