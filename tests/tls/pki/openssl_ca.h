// A certificate authority whose OCSP responses and CRLs the openssl program makes: the independent
// witness of what ours read.
#ifndef MXSWEEP_TESTS_TLS_PKI_OPENSSL_CA_H_
#define MXSWEEP_TESTS_TLS_PKI_OPENSSL_CA_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::tls::testing {

// Seconds since the epoch, now: the openssl program knows no other present.
int64_t WallNow();

class OpensslCa {
 public:
  // Is there an openssl program?
  static bool Available();

  // Makes a temporary folder; the destructor removes it.
  OpensslCa();
  ~OpensslCa();
  OpensslCa(const OpensslCa&) = delete;
  OpensslCa& operator=(const OpensslCa&) = delete;

  const TestCertificate& issuer() const { return issuer_; }
  const TestCertificate& good() const { return good_; }
  // Since 2026-01-01T08:00:00Z, keyCompromise.
  const TestCertificate& revoked() const { return revoked_; }
  // Not in the authority's data base.
  const TestCertificate& unlisted() const { return unlisted_; }

  // What `openssl ocsp` answers about `leaf`. `options` are its own.
  std::vector<uint8_t> OcspResponse(const TestCertificate& leaf, const std::string& options) const;
  // Options by which a delegated responder signs.
  std::string DelegateOptions() const;
  // What `openssl ca -gencrl` makes. `options` are its own.
  std::vector<uint8_t> Crl(const std::string& options) const;

 private:
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, const std::string& text) const;
  std::vector<uint8_t> Read(const std::string& name) const;
  void Run(const std::string& command) const;

  std::filesystem::path folder_;
  TestCertificate issuer_;
  TestCertificate good_;
  TestCertificate revoked_;
  TestCertificate unlisted_;
  TestCertificate delegate_;
};

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_PKI_OPENSSL_CA_H_
