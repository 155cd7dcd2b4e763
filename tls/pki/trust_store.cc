#include "tls/pki/trust_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "scanner/base/text.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/x509_path.h"

namespace mxsweep::tls {
namespace {

// A file larger than this is no bundle of certificates.
constexpr uintmax_t kMaxBundleBytes = 64 * 1024 * 1024;

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxBundleBytes) {
    return absl::NotFoundError(
        JoinText(path.string(), ": ", error ? error.message() : "too large"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) {
    return absl::NotFoundError(JoinText(path.string(), ": ", std::strerror(errno)));
  }
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.good() && !file.eof()) return absl::NotFoundError(path.string() + ": cannot be read");
  return text;
}

// Every regular file of the folder in name order, one text.
absl::StatusOr<std::string> ReadFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    // A link to nowhere is none, and no reason to fail.
    std::error_code of_entry;
    if (entry.is_regular_file(of_entry)) files.push_back(entry.path());
  }
  if (error) return absl::NotFoundError(JoinText(folder.string(), ": ", error.message()));
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::filesystem::path& file : files) {
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) return text.status();
    AppendText(&all, *text, "\n");
    if (all.size() > kMaxBundleBytes) {
      return absl::InvalidArgumentError(folder.string() + ": more certificates than any store has");
    }
  }
  return all;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::Load(std::string_view path) {
  const std::filesystem::path where(path);
  std::error_code error;
  const bool folder = std::filesystem::is_directory(where, error);
  const absl::StatusOr<std::string> pem = folder ? ReadFolder(where) : ReadFile(where);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<std::shared_ptr<const TrustStore>> store = FromPem(*pem);
  if (!store.ok()) {
    return absl::InvalidArgumentError(
        JoinText(where.string(), ": ", std::string(store.status().message())));
  }
  return store;
}

absl::StatusOr<std::shared_ptr<const TrustStore>> TrustStore::FromPem(std::string_view pem) {
  std::shared_ptr<TrustStore> store(new TrustStore);
  store->store_ = X509_STORE_new();
  const bssl::UniquePtr<BIO> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (store->store_ == nullptr || memory == nullptr)
    return absl::ResourceExhaustedError("no memory");
  std::vector<Sha256> hashes;
  while (true) {
    const bssl::UniquePtr<X509> certificate(
        PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) break;
    const std::vector<uint8_t> der = DerOf(certificate.get());
    hashes.push_back(HashSha256(der));
    store->by_subject_[std::string(AsText(CutCertificate(der).subject))].push_back(
        DerHandle::Copy(der));
    // Adding one twice is not an error.
    if (!X509_STORE_add_cert(store->store_, certificate.get())) {
      ERR_clear_error();
      return absl::ResourceExhaustedError("no memory");
    }
  }
  const uint32_t last = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(
        JoinText("certificate ", hashes.size() + 1, " cannot be parsed"));
  }
  if (hashes.empty()) return absl::InvalidArgumentError("no certificate in it");
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  store->count_ = hashes.size();
  store->hash_ = HashSha256({hashes.front().data(), hashes.size() * sizeof(Sha256)});
  return std::shared_ptr<const TrustStore>(std::move(store));
}

std::span<const DerHandle> TrustStore::AnchorsNamed(std::span<const uint8_t> subject) const {
  const auto found = by_subject_.find(std::string(AsText(subject)));
  if (found == by_subject_.end()) return {};
  return found->second;
}

TrustStore::~TrustStore() { X509_STORE_free(store_); }

}  // namespace mxsweep::tls
