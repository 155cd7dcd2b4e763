#include "tools/keys/modulus_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tls/pki/certificate.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "mxsweep-modulus-store";
constexpr std::string_view kIndexFile = "store.json";
constexpr std::string_view kLockFile = "lock";
constexpr uint64_t kMaxIndexBytes = 256u << 20;
// Of a section: a chunk has some hundred thousand records at most.
constexpr uint64_t kMaxSectionBytes = 1u << 30;
constexpr size_t kMaxModulusBytes = 0xffff;
constexpr size_t kRecordHeadBytes = 2 + 8 + sizeof(tls::Sha256);

std::string RunFile(uint64_t run) { return absl::StrFormat("run-%06d.bin", run); }

std::string Checksum(std::span<const uint8_t> bytes) {
  return tls::HexLower(tls::HashSha256(bytes));
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

template <typename T>
void AppendNumber(T number, std::vector<uint8_t>* out) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out->push_back(static_cast<uint8_t>(static_cast<uint64_t>(number) >> (8 * i)));
  }
}

// Least significant byte first. REQUIRES: `bytes` has so many.
uint64_t NumberAt(std::span<const uint8_t> bytes, size_t count) {
  uint64_t number = 0;
  for (size_t i = 0; i < count; ++i) number |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return number;
}

// The members of `object`, if it has all of them and they are of the right kind.
std::optional<uint64_t> NumberOf(const json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_number_unsigned()) return std::nullopt;
  return member->get<uint64_t>();
}
std::optional<std::string> TextOf(const json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

// Nothing outside the store.
bool IsRunFile(const std::string& name) {
  return name.starts_with("run-") && name.ends_with(".bin") && name.find('/') == name.npos;
}

absl::Status Damaged(std::string_view what, std::string_view how) {
  return absl::DataLossError(JoinText(what, ": ", how, "; the store is damaged"));
}

}  // namespace

absl::StatusOr<ModulusStore> ModulusStore::Open(const std::string& path,
                                                output::FileSystem* files) {
  ModulusStore store(path, files);
  absl::Status status = store.ReadIndex();
  if (!status.ok()) return status;
  return store;
}

absl::Status ModulusStore::ReadIndex() {
  const std::string path = JoinText(path_, "/", kIndexFile);
  const absl::StatusOr<std::string> text = output::ReadWholeFile(*files_, path, kMaxIndexBytes);
  if (absl::IsNotFound(text.status())) {
    const auto names = files_->List(path_);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    if (!names.ok()) return names.status();
    // What a first run left behind that was killed is no obstacle.
    for (const std::string& name : *names) {
      if (name != kLockFile && !name.starts_with('.') && !IsRunFile(name)) {
        return InvalidArgument(JoinText(path_, " is no store: it has no ", kIndexFile,
                                        ", and is not empty (it holds ", name, ")"));
      }
    }
    return absl::OkStatus();
  }
  if (!text.ok()) return text.status();
  json index = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!index.is_object()) return Damaged(path, "it is not a JSON object");
  if (TextOf(index, "format") != kFormat) {
    return InvalidArgument(JoinText(path, ": it is not the index of a store of moduli"));
  }
  const std::optional<uint64_t> version = NumberOf(index, "version");
  if (version != kVersion) {
    return absl::FailedPreconditionError(
        JoinText(path, ": a store of version ", version ? JoinText(*version) : "unknown",
                 ", this mxsweep reads and writes ", kVersion,
                 ": take another folder, or the mxsweep that wrote it"));
  }
  const std::optional<std::string> checksum = TextOf(index, "sha256");
  index.erase("sha256");
  if (checksum != Checksum(AsBytes(index.dump()))) return Damaged(path, "its checksum is wrong");

  bool good = true;
  const auto section_of = [&good](const json& object) {
    const auto file = object.is_object() ? TextOf(object, "file") : std::nullopt;
    const auto offset = object.is_object() ? NumberOf(object, "offset") : std::nullopt;
    const auto bytes = object.is_object() ? NumberOf(object, "bytes") : std::nullopt;
    const auto sha256 = object.is_object() ? TextOf(object, "sha256") : std::nullopt;
    if (!file || !IsRunFile(*file) || !offset || !bytes || *bytes > kMaxSectionBytes || !sha256) {
      good = false;
      return Section();
    }
    return Section{*file, *offset, *bytes, *sha256};
  };
  const auto list_of = [&good, &index](const char* key) {
    const auto list = index.find(key);
    if (list != index.end() && list->is_array()) return *list;
    good = false;
    return json::array();
  };
  runs_ = NumberOf(index, "runs").value_or(0);
  for (const json& object : list_of("chunks")) {
    const auto count = object.is_object() ? NumberOf(object, "count") : std::nullopt;
    if (!count || !object.contains("records") || !object.contains("product")) {
      good = false;
      break;
    }
    chunks_.push_back(
        {size_, *count, section_of(object["records"]), section_of(object["product"])});
    size_ += *count;
  }
  for (const json& object : list_of("shared")) shared_.push_back(section_of(object));
  return good ? absl::OkStatus() : Damaged(path, "it is not one that mxsweep wrote");
}

std::string ModulusStore::IndexText() const {
  const auto json_of = [](const Section& section) {
    return json{{"file", section.file},
                {"offset", section.offset},
                {"bytes", section.bytes},
                {"sha256", section.sha256}};
  };
  json index = {{"format", kFormat}, {"version", kVersion},     {"runs", runs_},
                {"moduli", size_},   {"chunks", json::array()}, {"shared", json::array()}};
  for (const Chunk& chunk : chunks_) {
    index["chunks"].push_back({{"count", chunk.count},
                               {"records", json_of(chunk.records)},
                               {"product", json_of(chunk.product)}});
  }
  for (const Section& section : shared_) index["shared"].push_back(json_of(section));
  index["sha256"] = Checksum(AsBytes(index.dump()));
  return index.dump(1) + "\n";
}

absl::Status ModulusStore::ReadSection(const Section& section, std::vector<uint8_t>* bytes) const {
  const std::string path = JoinText(path_, "/", section.file);
  const auto file = files_->Open(path);
  if (absl::IsNotFound(file.status())) return Damaged(path, "it is missing");
  if (!file.ok()) return file.status();
  const uint64_t size = (*file)->size_bytes();
  if (section.offset > size || section.bytes > size - section.offset) {
    return Damaged(path, "it is cut");
  }
  bytes->resize(section.bytes);
  absl::Status status =
      (*file)->ReadAt(section.offset, {reinterpret_cast<char*>(bytes->data()), bytes->size()});
  if (!status.ok()) return status;
  if (Checksum(*bytes) != section.sha256) {
    return Damaged(path, JoinText("the checksum at byte ", section.offset, " is wrong"));
  }
  return absl::OkStatus();
}

absl::Status ModulusStore::ReadProduct(size_t chunk, std::vector<uint8_t>* product) const {
  return ReadSection(chunks_[chunk].product, product);
}

absl::Status ModulusStore::ReadRecords(
    size_t chunk,
    absl::FunctionRef<absl::Status(uint64_t index, const Record& record)> visit) const {
  std::vector<uint8_t> bytes;
  absl::Status status = ReadSection(chunks_[chunk].records, &bytes);
  std::span<const uint8_t> rest = bytes;
  for (uint64_t i = 0; status.ok() && i < chunks_[chunk].count; ++i) {
    const size_t length = rest.size() < kRecordHeadBytes ? 0 : NumberAt(rest, 2);
    if (rest.size() < kRecordHeadBytes + length || length == 0) {
      return Damaged(chunks_[chunk].records.file, "a record is cut");
    }
    Record record;
    record.first_seen_s = static_cast<int64_t>(NumberAt(rest.subspan(2), 8));
    std::ranges::copy(rest.subspan(10, record.spki_sha256.size()), record.spki_sha256.begin());
    record.modulus = rest.subspan(kRecordHeadBytes, length);
    rest = rest.subspan(kRecordHeadBytes + length);
    status = visit(chunks_[chunk].first + i, record);
  }
  return status;
}

absl::StatusOr<std::vector<std::vector<uint64_t>>> ModulusStore::ReadShared() const {
  std::vector<std::vector<uint64_t>> groups;
  std::vector<uint8_t> bytes;
  for (const Section& section : shared_) {
    absl::Status status = ReadSection(section, &bytes);
    if (!status.ok()) return status;
    for (std::span<const uint8_t> rest = bytes; !rest.empty();) {
      const uint64_t count = rest.size() < 8 ? 0 : NumberAt(rest, 8);
      if (count == 0 || count > rest.size() / 8 - 1) {
        return Damaged(section.file, "a list of shared primes is cut");
      }
      std::vector<uint64_t>& group = groups.emplace_back();
      for (uint64_t i = 0; i < count; ++i) {
        group.push_back(NumberAt(rest.subspan(8 * (i + 1)), 8));
        if (group.back() >= size_) return Damaged(section.file, "a modulus is not there");
      }
      rest = rest.subspan(8 * (count + 1));
    }
  }
  return groups;
}

struct ModulusStore::Addition::Impl {
  ModulusStore* store;
  std::string name;    // of the run's file
  std::string hidden;  // path under which it is written
  std::unique_ptr<output::WritableFile> file;
  uint64_t bytes = 0;
  uint64_t added = 0;
  bool committed = false;
  std::vector<Chunk> chunks;

  absl::StatusOr<Section> Write(std::span<const uint8_t> content) {
    absl::Status status =
        file->Append({reinterpret_cast<const char*>(content.data()), content.size()});
    if (!status.ok()) return status;
    Section section{name, bytes, content.size(), Checksum(content)};
    bytes += content.size();
    return section;
  }
};

absl::StatusOr<std::unique_ptr<ModulusStore::Addition>> ModulusStore::Begin() {
  absl::Status status = files_->CreateDirectories(path_);
  if (!status.ok()) return status;
  auto impl = std::make_unique<Addition::Impl>();
  impl->store = this;
  impl->name = RunFile(runs_ + 1);
  impl->hidden = JoinText(path_, "/.", impl->name, ".tmp");
  files_->Remove(impl->hidden).IgnoreError();  // of a run that was killed
  auto file = files_->Create(impl->hidden);
  if (!file.ok()) return file.status();
  impl->file = *std::move(file);
  return std::unique_ptr<Addition>(new Addition(std::move(impl)));
}

ModulusStore::Addition::Addition(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ModulusStore::Addition::~Addition() {
  if (impl_->committed) return;
  impl_->file.reset();
  impl_->store->files_->Remove(impl_->hidden).IgnoreError();
}

absl::Status ModulusStore::Addition::AddChunk(uint64_t first, std::span<const Record> records,
                                              std::span<const uint8_t> product) {
  if (first != impl_->added) return absl::InternalError("chunks must follow each other");
  std::vector<uint8_t> bytes;
  for (const Record& record : records) {
    if (record.modulus.empty() || record.modulus.size() > kMaxModulusBytes) {
      return absl::InternalError("a modulus of this length cannot be stored");
    }
    AppendNumber(static_cast<uint16_t>(record.modulus.size()), &bytes);
    AppendNumber(record.first_seen_s, &bytes);
    bytes.insert(bytes.end(), record.spki_sha256.begin(), record.spki_sha256.end());
    bytes.insert(bytes.end(), record.modulus.begin(), record.modulus.end());
  }
  absl::StatusOr<Section> written = impl_->Write(bytes);
  if (!written.ok()) return written.status();
  absl::StatusOr<Section> multiplied = impl_->Write(product);
  if (!multiplied.ok()) return multiplied.status();
  impl_->chunks.push_back({impl_->store->size_ + first, records.size(), *written, *multiplied});
  impl_->added += records.size();
  return absl::OkStatus();
}

absl::Status ModulusStore::Addition::Commit(const std::vector<std::vector<uint64_t>>& shared) {
  ModulusStore& store = *impl_->store;
  std::vector<uint8_t> bytes;
  for (const std::vector<uint64_t>& group : shared) {
    AppendNumber(static_cast<uint64_t>(group.size()), &bytes);
    for (const uint64_t index : group) AppendNumber(index, &bytes);
  }
  std::optional<Section> section;
  if (!bytes.empty()) {
    absl::StatusOr<Section> written = impl_->Write(bytes);
    if (!written.ok()) return written.status();
    section = *std::move(written);
  }
  absl::Status status = impl_->file->Sync();
  if (status.ok()) status = impl_->file->Close();
  if (status.ok()) {
    status = store.files_->Rename(impl_->hidden, JoinText(store.path_, "/", impl_->name));
  }
  if (status.ok()) status = store.files_->SyncDirectory(store.path_);
  if (!status.ok()) return status;
  ModulusStore after = store;
  after.chunks_.insert(after.chunks_.end(), impl_->chunks.begin(), impl_->chunks.end());
  if (section) after.shared_.push_back(*section);
  after.size_ += impl_->added;
  ++after.runs_;
  status = output::WriteFileAtomically(*store.files_, JoinText(store.path_, "/", kIndexFile),
                                       after.IndexText());
  if (!status.ok()) return status;
  impl_->committed = true;
  store = std::move(after);
  return absl::OkStatus();
}

absl::StatusOr<StoreLock> StoreLock::Take(const std::string& path) {
  absl::Status status = output::PosixFileSystem()->CreateDirectories(path);
  if (!status.ok()) return status;
  const std::string file = JoinText(path, "/", kLockFile);
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return absl::PermissionDeniedError(JoinText(file, ": ", std::strerror(errno)));
  }
  StoreLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) {
      return absl::UnavailableError(JoinText(path, ": another mxsweep works on this store"));
    }
    // A network file system without locks, say.
    return absl::InternalError(JoinText("cannot lock ", file, ": ", std::strerror(error)));
  }
  return lock;
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace mxsweep::tools
