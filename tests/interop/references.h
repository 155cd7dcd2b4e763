// What other programs say of a case of the matrix: posttls-finger (Postfix, a sender that does
// DANE), openssl s_client, and gnutls-cli. Commands to ask them, and their answers in a few words.
#ifndef MXSWEEP_TESTS_INTEROP_REFERENCES_H_
#define MXSWEEP_TESTS_INTEROP_REFERENCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/child_process.h"
#include "tests/interop/matrix_names.h"
#include "tests/interop/s_client.h"

namespace mxsweep::interop {

// Digits of a certificate's SHA-256 (gnutls-cli: of its public key's) in a word about TLS.
inline constexpr size_t kFingerprintDigits = 12;

// An empty word: not asked, or the reference cannot know.
struct Answers {
  // A version and what goes with it, as far as the reference tells it, else how it ended:
  // "no_starttls", "starttls_refused", "greeting_5xx", "failed", "dns_error", "nxdomain",
  // "null_mx".
  std::string tls;
  // "valid", or what is wrong with the chain, "+name" if the name is wrong, "name" if only that.
  std::string pkix;
  // Of the MX host: "match", "mismatch", "unusable", "none", "lookup_error", "no_starttls",
  // "tls_failed".
  std::string dane;
  // Of the domain: "full", "partial", "optional", "broken", "none", "unknown".
  std::string domain;
  std::string transcript;

  const std::string& of(Aspect aspect) const;
};

// The levels at which posttls-finger is asked about a case.
inline constexpr const char* kPosttlsLevels[] = {"encrypt", "secure", "dane-only", "dane"};

struct ReferenceTarget {
  const MatrixCase* test_case = nullptr;
  CaseNames names;
  std::string address;
  std::vector<std::string> tlsa;
};

// `servers` is fetch_servers' folder, `postfix` the folder of a configuration with an openssl.cnf
// beside it.
Command AskPosttlsFinger(const std::string& servers, const std::string& postfix,
                         const std::string& trust_store, const ReferenceTarget& target,
                         const std::string& level);
// `outputs` belong to kPosttlsLevels.
Answers ReadPosttlsFinger(const std::vector<std::string>& outputs);

Command AskGnutls(const std::string& trust_store, const ReferenceTarget& target);
Answers ReadGnutls(const std::string& output);

// For DANE, openssl is given the records, since it asks no name servers, and one reference
// identifier: it is asked once with each.
std::vector<std::string> OpensslIdentifiers(const ReferenceTarget& target);
Command AskOpenssl(const std::string& trust_store, const ReferenceTarget& target);
Command AskOpensslDane(const std::string& trust_store, const ReferenceTarget& target,
                       const std::string& identifier);
// `dane` are the outputs of AskOpensslDane.
absl::StatusOr<Answers> ReadOpenssl(const SClient& s_client, const ReferenceTarget& target,
                                    const CommandResult& plain,
                                    const std::vector<std::string>& dane);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_REFERENCES_H_
