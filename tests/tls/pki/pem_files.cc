#include "tests/tls/pki/pem_files.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <fstream>

namespace mxsweep::tls::testing {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "mxsweep_tls_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

std::string TemporaryFolder::Write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name) << text;
  return Path(name);
}

std::string KeyPem(EVP_PKEY* key) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t length = 0;
  if (!PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ||
      !BIO_mem_contents(memory.get(), &text, &length)) {
    std::abort();
  }
  return std::string(reinterpret_cast<const char*>(text), length);
}

}  // namespace mxsweep::tls::testing
