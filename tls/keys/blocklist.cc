#include "tls/keys/blocklist.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tls/keys/curve_points.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

constexpr size_t kHashBytes = KeyBlocklist::kBlockBytes - 1;
constexpr std::string_view kListFile = "/blocklist.dat";
constexpr std::string_view kNamesFile = "/badkeysdata.json";
constexpr int kFormat = 0;
constexpr size_t kMaxNamesBytes = 1 << 20;
constexpr size_t kMaxNameBytes = 60;

bool IsDirectory(const std::string& path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

std::string FolderOf(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

Bytes WithoutLeadingZeros(Bytes number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

// ML-DSA-44, -65 and -87 (RFC 9881 §2).
bool IsMlDsa(const PublicKeyFacts& key) {
  return key.type_name == "2.16.840.1.101.3.4.3.17" || key.type_name == "2.16.840.1.101.3.4.3.18" ||
         key.type_name == "2.16.840.1.101.3.4.3.19";
}

// The number that stands for the key; of ML-DSA, its bytes.
std::optional<Bytes> NumberOf(const PublicKeyFacts& key) {
  if (!key.error.empty()) return std::nullopt;
  switch (key.type) {
    case KeyType::kRsa:
    case KeyType::kRsaPss:
      return key.modulus;
    case KeyType::kEc: {
      const std::optional<Bytes> x = XCoordinateOf(key.key);
      return x ? std::optional(WithoutLeadingZeros(*x)) : std::nullopt;
    }
    case KeyType::kEd25519:
    case KeyType::kEd448:
    case KeyType::kX25519:
      return WithoutLeadingZeros(key.key);
    case KeyType::kDsa:
    case KeyType::kDh: {
      CBS reader = ReaderOf(key.key);
      Bytes y;
      if (!TakeContents(&reader, &y, CBS_ASN1_INTEGER)) return std::nullopt;
      return WithoutLeadingZeros(y);
    }
    case KeyType::kUnknown:
      return IsMlDsa(key) ? std::optional(key.key) : std::nullopt;
    case KeyType::kGost:
      break;
  }
  return std::nullopt;
}

int Compare(const uint8_t* a, const uint8_t* b) { return std::memcmp(a, b, kHashBytes); }

}  // namespace

absl::StatusOr<KeyBlocklist> KeyBlocklist::Open(const std::string& path) {
  KeyBlocklist list(IsDirectory(path) ? JoinText(path, kListFile) : path);
  absl::Status status = list.Map();
  if (status.ok()) status = list.ReadNames();
  if (status.ok()) status = list.CheckOrder();
  if (!status.ok()) return status;
  return list;
}

absl::Status KeyBlocklist::Map() {
  const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const std::string message = JoinText(path_, ": ", std::strerror(errno));
    return errno == ENOENT || errno == ENOTDIR ? absl::NotFoundError(message)
                                               : absl::PermissionDeniedError(message);
  }
  struct stat about;
  const bool regular = fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  const size_t size = regular ? static_cast<size_t>(about.st_size) : 0;
  absl::Status status;
  if (!regular) {
    status = absl::NotFoundError(JoinText(path_, ": not a file"));
  } else if (size == 0) {
    status = absl::DataLossError(JoinText(path_, ": it is empty"));
  } else if (size % kBlockBytes != 0) {
    status =
        absl::DataLossError(JoinText(path_, ": ", size, " bytes are no whole number of blocks of ",
                                     kBlockBytes, ": it is cut, still packed, or no list"));
  } else {
    void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) {
      status = absl::ResourceExhaustedError(JoinText(path_, ": ", std::strerror(errno)));
    } else {
      blocks_ = {static_cast<const uint8_t*>(at), size};
    }
  }
  close(file);
  return status;
}

absl::Status KeyBlocklist::ReadNames() {
  const std::string path = JoinText(FolderOf(path_), kNamesFile);
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::OkStatus();
  std::string text(kMaxNamesBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (text.size() > kMaxNamesBytes || !json.is_object()) {
    return absl::DataLossError(JoinText(path, ": it is not a JSON object"));
  }
  const auto format = json.find("bkformat");
  if (format == json.end() || *format != kFormat) {
    return absl::FailedPreconditionError(JoinText(path, ": a list of format ",
                                                  format == json.end() ? "unknown" : format->dump(),
                                                  ", this mxsweep reads ", kFormat));
  }
  const auto text_of = [](const nlohmann::json& object, const char* key) -> std::string {
    const auto value = object.find(key);
    if (value == object.end() || !value->is_string()) return "";
    return SanitizeText(value->get<std::string>(), kMaxNameBytes + 40);
  };
  date_ = text_of(json, "date");
  named_sha256_ = text_of(json, "blocklist_sha256");
  const auto lists = json.find("blocklists");
  if (lists == json.end() || !lists->is_array()) return absl::OkStatus();
  for (const nlohmann::json& list : *lists) {
    if (!list.is_object()) continue;
    const auto id = list.find("id");
    if (id == list.end() || !id->is_number_integer()) continue;
    const std::string name = text_of(list, "name").substr(0, kMaxNameBytes);
    if (!name.empty()) names_[id->get<int>()] = name;
  }
  return absl::OkStatus();
}

absl::Status KeyBlocklist::CheckOrder() const {
  for (size_t at = kBlockBytes; at < blocks_.size(); at += kBlockBytes) {
    if (Compare(&blocks_[at - kBlockBytes], &blocks_[at]) > 0) {
      return absl::DataLossError(JoinText(path_, ": block ", at / kBlockBytes,
                                          " is less than the one before it: it is unsorted, still "
                                          "packed, or no list"));
    }
  }
  if (!named_sha256_.empty() && HexLower(HashSha256(blocks_)) != named_sha256_) {
    return absl::DataLossError(JoinText(path_, ": it is not the list that ", FolderOf(path_),
                                        kNamesFile, " tells of: cut, changed, or of another day"));
  }
  return absl::OkStatus();
}

KeyBlocklist::KeyBlocklist(KeyBlocklist&& other) noexcept
    : path_(std::move(other.path_)),
      date_(std::move(other.date_)),
      named_sha256_(std::move(other.named_sha256_)),
      names_(std::move(other.names_)),
      blocks_(std::exchange(other.blocks_, {})) {}

KeyBlocklist::~KeyBlocklist() {
  if (!blocks_.empty()) munmap(const_cast<uint8_t*>(blocks_.data()), blocks_.size());
}

std::optional<std::string> KeyBlocklist::Find(const PublicKeyFacts& key) const {
  const std::optional<Bytes> number = NumberOf(key);
  if (!number) return std::nullopt;
  const Sha256 hash = HashSha256(*number);
  size_t first = 0;
  size_t last = size();
  while (first < last) {
    const size_t middle = first + (last - first) / 2;
    if (Compare(&blocks_[middle * kBlockBytes], hash.data()) < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  if (first == size() || Compare(&blocks_[first * kBlockBytes], hash.data()) != 0) {
    return std::nullopt;
  }
  const int id = blocks_[first * kBlockBytes + kHashBytes];
  const auto name = names_.find(id);
  return name != names_.end() ? name->second : JoinText("list ", id);
}

std::vector<std::string> BlocklistFolders() {
  const auto folder = [](const char* variable, const char* below_home) -> std::string {
    if (const char* set = std::getenv(variable); set != nullptr && *set == '/') return set;
    const char* home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? JoinText(home, below_home) : "";
  };
  std::vector<std::string> folders;
  const std::string cache = folder("XDG_CACHE_HOME", "/.cache");
  const std::string data = folder("XDG_DATA_HOME", "/.local/share");
  if (!cache.empty()) folders.push_back(cache + "/badkeys");
  if (!data.empty()) folders.push_back(data + "/mxsweep");
  folders.push_back("/usr/share/mxsweep");
  return folders;
}

}  // namespace mxsweep::tls
