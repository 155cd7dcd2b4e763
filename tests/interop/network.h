// The whole of it: zones from a signed root down, NSD, Unbound, Postfix, Exim and OpenSMTPD,
// domains and MX hosts of every kind, those of the matrix among them, and one scan of them all by
// mxsweep. Started once for all tests of the program.
#ifndef MXSWEEP_TESTS_INTEROP_NETWORK_H_
#define MXSWEEP_TESTS_INTEROP_NETWORK_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tests/interop/certificates.h"
#include "tests/interop/child_process.h"
#include "tests/interop/isolation.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/matrix_servers.h"
#include "tests/interop/name_servers.h"
#include "tests/interop/s_client.h"

namespace mxsweep::interop {

inline constexpr const char* kUnboundAddress = kResolverAddress;
inline constexpr char kExplainingUnboundAddress[] = "127.25.53.2";  // with RFC 8914 errors

// A name that MX records point to, and the one address that it has.
struct MailHost {
  std::string name;
  std::string address;
  std::vector<std::string> tlsa;  // "3 1 1 hex", at port 25
};

// Rows as `mxsweep cat` prints them.
using Row = nlohmann::json;

struct ScanResult {
  std::vector<Row> domains, hosts, endpoints, certificates;
};

class Network {
 public:
  // Starts everything; `folder` is empty.
  static absl::StatusOr<std::unique_ptr<Network>> Start(const std::string& folder);

  // Every host that an address belongs to, in order of names. Aliases are not among them.
  const std::vector<MailHost>& hosts() const { return hosts_; }
  const MailHost& host(const std::string& name) const;

  // The scan of all domains, and the one witness's account of each host, made when first asked for.
  const ScanResult& scan() const { return scan_; }
  absl::StatusOr<const SClientResult*> Witness(const std::string& host_name);
  SClientTarget TargetOf(const std::string& host_name) const;
  const SClient& s_client() const { return *s_client_; }

  absl::StatusOr<ScanResult> Scan(const std::vector<std::string>& domains,
                                  const std::string& resolver) const;

  // The matrix: the address of a server, and the TLSA records of a case, by their names.
  const std::map<std::string, std::string>& matrix_addresses() const { return matrix_addresses_; }
  const std::map<std::string, std::vector<std::string>>& matrix_tlsa() const {
    return matrix_tlsa_;
  }
  // Whether the server could be fetched (see fetch_servers).
  bool HasServer(Software software) const;
  std::string TrustStore() const { return certificates_->TrustStore(); }
  std::string PostfixFolder() const { return folder_ + "/postfix"; }

  // The ends of all servers' logs, for when something failed.
  std::string LogTails() const;

 private:
  explicit Network(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::string> MakeFolder(const std::string& name) const;
  absl::Status MakeCertificates();
  absl::Status MakeHosts();
  absl::Status StartNameServers();
  absl::Status StartMailServers();
  absl::Status StartOpenSmtpds(const MatrixListeners& listeners);

  std::string folder_;
  std::optional<CertificateMaker> certificates_;
  std::vector<MailHost> hosts_;
  std::string alias_tlsa_;  // of signed-alias.signed.example
  std::vector<ChildProcess> servers_;
  std::optional<SClient> s_client_;
  std::map<std::string, SClientResult> witness_;
  ScanResult scan_;
  std::map<std::string, std::string> matrix_addresses_;
  std::map<std::string, std::vector<std::string>> matrix_tlsa_;
};

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_NETWORK_H_
