// Certificates and keys for other programs: in PEM, in a folder that goes away.
#ifndef MXSWEEP_TESTS_TLS_PKI_PEM_FILES_H_
#define MXSWEEP_TESTS_TLS_PKI_PEM_FILES_H_

#include <openssl/base.h>

#include <filesystem>
#include <string>

namespace mxsweep::tls::testing {

// A folder that lives as long as this.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // Writes and returns the path.
  std::string Write(const std::string& name, const std::string& text) const;
  std::string Path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// The private key as PKCS #8.
std::string KeyPem(EVP_PKEY* key);

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_PKI_PEM_FILES_H_
