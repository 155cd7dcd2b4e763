// The independent witness: `openssl s_client -starttls smtp` on an endpoint, and what it says was
// negotiated, in mxsweep's words.
#ifndef MXSWEEP_TESTS_INTEROP_S_CLIENT_H_
#define MXSWEEP_TESTS_INTEROP_S_CLIENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/child_process.h"
#include "tests/interop/openssl_program.h"

namespace mxsweep::interop {

struct SClientTarget {
  std::string address;
  std::string host;  // server name, and reference identifier of DANE
  std::string trust_store;
};

struct SClientCertificate {
  std::string sha256;    // lower-case hex
  std::string key_type;  // "rsa", "ec"
  uint32_t key_bits = 0;
  std::string signature_algorithm;
  std::string not_after;  // "2026-01-27T00:00:00Z"
};

struct SClientResult {
  std::string text;  // all it printed
  bool starttls_offered = false;
  bool finished = false;  // the handshake was completed; what follows is empty otherwise
  std::string version;    // "TLSv1.2"
  std::string openssl_cipher;
  std::string cipher;  // IANA name
  uint32_t cipher_bits = 0;
  std::string group;                // as in endpoints.group, empty with static RSA
  std::string signature_algorithm;  // as in endpoints.signature_algorithm, empty with static RSA
  bool extended_master_secret = false;  // of TLS 1.2 and before
  bool secure_renegotiation = false;    // of TLS 1.2 and before
  bool ocsp_stapled = false;
  std::vector<SClientCertificate> chain;
  int verify_code = -1;       // X509_V_ERR_…, 0 for well
  std::string chain_verdict;  // `verify_code` as in endpoints.pkix_status
  bool leaf_names_host = false;
};

// What is negotiated in a handshake, in mxsweep's words; empty where there is no such thing.
struct Session {
  std::string version, cipher, group, signature_algorithm;
  std::string key_curve;  // of the server's key
};

// A client of a security level (SSL_CTX_set_security_level).
struct LevelClient {
  OpensslProgram program;
  int level = 0;
  bool verifies = false;  // and hangs up if the chain does not lead to the trust store
};
inline constexpr int kHighestLevel = 5;

class SClient {
 public:
  // `folder` is for temporary files. Asks openssl for its names of the cipher suites.
  static absl::StatusOr<SClient> Create(std::string folder);

  // Offers what mxsweep offers, in the same order.
  absl::StatusOr<SClientResult> Connect(const SClientTarget& target) const;
  // The two halves of it: the command, and what is to be read from its output.
  static Arguments ConnectCommand(const SClientTarget& target);
  absl::StatusOr<SClientResult> Read(const std::string& host, const CommandResult& run) const;

  // Whether the handshake was completed, of all that the command printed. Not "New, TLSv1.3" or
  // "SSL handshake has read": it prints both of a handshake that failed on the certificate, too.
  static bool Finished(const std::string& output);

  // How OpenSSL authenticates the endpoint by `tlsa` ("3 1 1 hex"), as in endpoints.dane_status:
  // "match", "mismatch" or "unusable".
  absl::StatusOr<std::string> DaneVerdict(const SClientTarget& target,
                                          const std::vector<std::string>& tlsa) const;

  // A command that offers nothing but `session`, as a client of that security level.
  absl::StatusOr<Command> ConnectAtLevel(const SClientTarget& target, const Session& session,
                                         const LevelClient& client) const;
  // Whether it completed the handshake.
  static bool Completed(const CommandResult& run);

 private:
  struct Suite {
    std::string iana_name;
    uint32_t bits = 0;
  };

  explicit SClient(std::string folder) : folder_(std::move(folder)) {}
  absl::StatusOr<std::vector<SClientCertificate>> ReadChain(const std::string& text) const;
  absl::StatusOr<bool> LeafNames(const std::string& host) const;
  std::string OpensslNameOf(const std::string& iana_name) const;  // "" if there is no such suite

  std::string folder_;
  std::map<std::string, Suite> suites_;  // by OpenSSL's name
};

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_S_CLIENT_H_
