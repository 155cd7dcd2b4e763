#include "scanner/fleet/fleet_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "output/files/file_system.h"
#include "output/manifest.h"
#include "scanner/base/text.h"
#include "scanner/resume/changed_meaning.h"

namespace mxsweep::scanner {
namespace {

constexpr std::string_view kAttempt = ".attempt-";
constexpr std::string_view kOf = "-of-";
constexpr mode_t kFolderMode = 0777;
constexpr uint64_t kMaxScanJsonBytes = 64u << 20;

output::FileSystem& Files() { return *output::PosixFileSystem(); }

std::string NameOf(const Shard& shard) { return JoinText(shard.index, kOf, shard.count); }

std::optional<Shard> ShardOfName(std::string_view name) {
  Shard shard;
  const size_t of = name.find(kOf);
  if (of == std::string_view::npos || !ParseDigits(name.substr(0, of), &shard.index) ||
      !ParseDigits(name.substr(of + kOf.size()), &shard.count) || shard.count == 0 ||
      shard.count > kMaxShards || shard.index >= shard.count || NameOf(shard) != name) {
    return std::nullopt;
  }
  return shard;
}

// An entry of FLEET/resolve or FLEET/probe.
struct Entry {
  Shard shard;
  uint32_t attempt = 0;  // from 1; 0: committed
  std::string directory;
};

std::optional<Entry> EntryOfName(std::string_view name, const std::string& folder) {
  Entry entry;
  entry.directory = JoinText(folder, "/", name);
  if (name.starts_with('.')) {
    const size_t at = name.find(kAttempt);
    if (at == std::string_view::npos ||
        !ParseDigits(name.substr(at + kAttempt.size()), &entry.attempt) || entry.attempt == 0) {
      return std::nullopt;
    }
    name = name.substr(1, at - 1);
  }
  const std::optional<Shard> shard = ShardOfName(name);
  if (!shard) return std::nullopt;
  entry.shard = *shard;
  return entry;
}

absl::StatusOr<std::vector<Entry>> ListEntries(const std::string& folder) {
  const auto names = Files().List(folder);
  if (absl::IsNotFound(names.status())) return std::vector<Entry>();
  if (!names.ok()) return names.status();
  std::vector<Entry> entries;
  for (const std::string& name : *names) {
    if (std::optional<Entry> entry = EntryOfName(name, folder)) entries.push_back(*entry);
  }
  return entries;
}

std::string AttemptDirectory(const FleetJob& job, uint32_t number) {
  return JoinText(job.Folder(), "/.", job.Name(), kAttempt, absl::StrFormat("%04u", number));
}

// Held by its job, from its beginning until it is committed or gone. It lies beside the attempt,
// which is an empty directory at first.
std::string LockPath(const std::string& attempt) { return attempt + ".lock"; }

// Nobody is at work there: then nobody is as long as the lock lives.
std::unique_ptr<output::FileLock> LockIfFree(const std::string& attempt) {
  auto lock = Files().Lock(LockPath(attempt));
  return lock.ok() ? *std::move(lock) : nullptr;
}

void RemoveAttempt(const std::string& attempt) {
  std::error_code ignored;
  std::filesystem::remove_all(attempt, ignored);
  std::filesystem::remove(LockPath(attempt), ignored);
}

uint64_t TotalRows(const output::ScanDirectory& scan) {
  uint64_t rows = 0;
  for (const uint64_t table : scan.rows()) rows += table;
  return rows;
}

// A part of a committed epoch, under whichever of its names it has.
absl::Status LinkPart(const std::string& from, const output::PartInfo& part,
                      const std::string& to) {
  const std::string target = JoinText(to, "/", part.file);
  const std::string path = JoinText(from, "/", part.file);
  const std::string hidden = JoinText(from, "/", output::HiddenPartFile(part.file));
  std::error_code error;
  for (const std::string& source : {path, hidden, path}) {
    error.clear();
    std::filesystem::create_hard_link(source, target, error);
    if (!error) return absl::OkStatus();
    if (error == std::errc::no_such_file_or_directory) continue;
    error.clear();
    std::filesystem::copy_file(source, target, error);
    if (!error) return absl::OkStatus();
    if (error != std::errc::no_such_file_or_directory) break;
  }
  const std::string text = JoinText(path, ": ", error.message());
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

// What `from` has committed, in the empty directory `to`; scan.json comes last, and makes it one.
absl::Status Snapshot(const output::ScanDirectory& from, const std::string& to) {
  output::FileSystem& files = Files();
  std::vector<std::string> folders = {JoinText(to, "/manifest")};
  output::VisitTables([&]<typename Row>(std::type_identity<Row>) {
    if (output::Table<Row>::kId == output::TableId::kWeakKeys) return;
    folders.push_back(JoinText(to, "/", output::Table<Row>::kName));
  });
  for (const std::string& folder : folders) {
    if (absl::Status made = files.CreateDirectories(folder); !made.ok()) return made;
  }
  for (const output::PartInfo& part : from.parts()) {
    if (absl::Status linked = LinkPart(from.directory(), part, to); !linked.ok()) return linked;
  }
  for (const std::string& folder : folders) {
    if (absl::Status synced = files.SyncDirectory(folder); !synced.ok()) return synced;
  }
  absl::Status status = from.ForEachManifest(files, [&](const output::Manifest& manifest) {
    return output::WriteFileAtomically(files,
                                       JoinText(to, "/", output::ManifestFile(manifest.epoch)),
                                       output::SerializeManifest(manifest));
  });
  if (!status.ok()) return status;
  const auto scan =
      output::ReadWholeFile(files, from.directory() + "/scan.json", kMaxScanJsonBytes);
  if (!scan.ok()) return scan.status();
  return output::WriteFileAtomically(files, to + "/scan.json", *scan);
}

absl::Status SystemError(const std::string& what) {
  return absl::InternalError(
      JoinText(what, ": ", std::error_code(errno, std::generic_category()).message()));
}

// In the middle of a sentence: "0, 3 and 5 of 8".
std::string IndexesOf(const std::vector<uint32_t>& indexes, uint32_t count) {
  return JoinText(IndexText(indexes), " of ", count);
}

absl::Status CheckComplete(const FleetSet& set, std::string_view part) {
  if (set.count == 0) {
    return absl::FailedPreconditionError(JoinText("no ", part, " shard has been begun"));
  }
  const std::vector<uint32_t> missing = set.Missing();
  if (missing.empty()) return absl::OkStatus();
  std::vector<uint32_t> at_work;
  for (const uint32_t index : missing) {
    if (set.shards[index].at_work) at_work.push_back(index);
  }
  return absl::FailedPreconditionError(
      JoinText("of the ", part, " shards ", IndexesOf(missing, set.count), " are not committed (",
               at_work.empty() ? std::string("nobody is at work on them")
                               : JoinText(IndexText(at_work), " being written"),
               "); see mxsweep shards"));
}

nlohmann::json MemberOf(const output::ScanDirectory& scan, const char* name) {
  const auto found = scan.scan().find(name);
  return found == scan.scan().end() ? nlohmann::json() : *found;
}

// Their rows mean the same, and they have read the same list.
absl::Status CheckAlike(const output::ScanDirectory& first, const output::ScanDirectory& other) {
  const auto differ = [&](const std::string& how) {
    return absl::FailedPreconditionError(
        JoinText(first.directory(), " and ", other.directory(), " do not go together: ", how));
  };
  const std::string changed = TellDifferentJobs(OptionsOf(first), OptionsOf(other));
  if (!changed.empty()) return differ(changed);
  const std::string resolver =
      TellChangedResolver(MemberOf(first, "resolver"), MemberOf(other, "resolver"));
  if (!resolver.empty()) return differ(resolver);
  if (MemberOf(first, "list") != MemberOf(other, "list")) {
    return differ("they have read different lists");
  }
  return absl::OkStatus();
}

}  // namespace

nlohmann::json OptionsOf(const output::ScanDirectory& scan) {
  nlohmann::json options = MemberOf(scan, "options");
  return options.is_object() ? options : nlohmann::json::object();
}

std::string_view FleetPartWord(FleetPart part) {
  return part == FleetPart::kResolve ? "resolve" : "probe";
}

std::string FleetJob::Folder() const { return JoinText(fleet, "/", FleetPartWord(part)); }
std::string FleetJob::Name() const { return NameOf(shard); }

std::vector<uint32_t> FleetSet::Missing() const {
  std::vector<uint32_t> missing;
  for (const ShardState& state : shards) {
    if (!state.committed) missing.push_back(state.shard.index);
  }
  return missing;
}

absl::StatusOr<FleetSet> LookAtFleet(const std::string& fleet, FleetPart part) {
  const FleetJob any{.fleet = fleet, .part = part};
  const auto entries = ListEntries(any.Folder());
  if (!entries.ok()) return entries.status();
  FleetSet set;
  for (const Entry& entry : *entries) {
    if (set.count == 0) {
      set.count = entry.shard.count;
      for (uint32_t i = 0; i < set.count; ++i) set.shards.push_back({.shard = {i, set.count}});
    }
    if (entry.shard.count != set.count) {
      return absl::FailedPreconditionError(
          JoinText(any.Folder(), " holds shards of ", set.count, " and of ", entry.shard.count,
                   ": they overlap; remove those of the one or the other"));
    }
    ShardState& state = set.shards[entry.shard.index];
    const auto scan = output::ScanDirectory::Open(entry.directory);
    if (entry.attempt == 0) {
      if (!scan.ok()) return scan.status();
      state.committed = true;
      state.rows = TotalRows(*scan);
      continue;
    }
    ++state.attempts;
    if (LockIfFree(entry.directory) == nullptr) state.at_work = true;
    if (scan.ok() && !state.committed) state.rows = std::max(state.rows, TotalRows(*scan));
  }
  return set;
}

std::string IndexText(const std::vector<uint32_t>& indexes) {
  std::string text;
  for (size_t i = 0; i < indexes.size();) {
    size_t last = i;
    while (last + 1 < indexes.size() && indexes[last + 1] == indexes[last] + 1) ++last;
    AppendText(&text, text.empty() ? "" : ",", indexes[i]);
    if (last > i) AppendText(&text, "-", indexes[last]);
    i = last + 1;
  }
  return text;
}

absl::StatusOr<std::vector<output::ScanDirectory>> OpenFleetSet(const std::string& fleet,
                                                                FleetPart part) {
  const auto set = LookAtFleet(fleet, part);
  if (!set.ok()) return set.status();
  if (absl::Status status = CheckComplete(*set, FleetPartWord(part)); !status.ok()) {
    return absl::Status(status.code(), JoinText(fleet, ": ", status.message()));
  }
  std::vector<output::ScanDirectory> shards;
  for (const ShardState& state : set->shards) {
    const FleetJob job{.fleet = fleet, .part = part, .shard = state.shard};
    auto scan = output::ScanDirectory::Open(job.Directory());
    if (!scan.ok()) return scan.status();
    shards.push_back(*std::move(scan));
    if (absl::Status status = CheckAlike(shards.front(), shards.back()); !status.ok()) {
      return status;
    }
  }
  return shards;
}

absl::StatusOr<std::optional<ShardAttempt>> ShardAttempt::Begin(const FleetJob& job) {
  output::FileSystem& files = Files();
  if (absl::Status made = files.CreateDirectories(job.Folder()); !made.ok()) return made;
  const auto set = LookAtFleet(job.fleet, job.part);
  if (!set.ok()) return set.status();
  if (set->count != 0 && set->count != job.shard.count) {
    return absl::FailedPreconditionError(JoinText(job.Folder(), " holds shards of ", set->count,
                                                  ", and this is one of ", job.shard.count,
                                                  ": they would overlap"));
  }
  if (set->count != 0 && set->shards[job.shard.index].committed) {
    return std::optional<ShardAttempt>();
  }
  const auto entries = ListEntries(job.Folder());
  if (!entries.ok()) return entries.status();
  std::optional<output::ScanDirectory> furthest;
  uint32_t number = 1;
  for (const Entry& entry : *entries) {
    if (entry.shard != job.shard || entry.attempt == 0) continue;
    number = std::max(number, entry.attempt + 1);
    auto scan = output::ScanDirectory::Open(entry.directory);
    if (!scan.ok() || scan->epochs() == 0) continue;
    if (!furthest || TotalRows(*scan) > TotalRows(*furthest)) furthest = *std::move(scan);
  }
  // Whoever makes the folder has the number. It is locked before anybody can see it: whoever looks
  // whether an attempt is at work tries its lock.
  std::unique_ptr<output::FileLock> lock;
  for (;; ++number) {
    auto locked = files.Lock(LockPath(AttemptDirectory(job, number)));
    if (absl::IsFailedPrecondition(locked.status())) continue;
    if (!locked.ok()) return locked.status();
    lock = *std::move(locked);
    if (mkdir(AttemptDirectory(job, number).c_str(), kFolderMode) == 0) break;
    if (errno != EEXIST) return SystemError(AttemptDirectory(job, number));
  }
  ShardAttempt attempt(job, number, AttemptDirectory(job, number));
  attempt.lock_ = std::move(lock);
  if (furthest) {
    if (absl::Status status = Snapshot(*furthest, attempt.directory_); !status.ok()) {
      attempt.Discard();
      return status;
    }
    attempt.goes_on_ = true;
  }
  // What they had is here as well.
  for (const Entry& entry : *entries) {
    if (entry.shard != job.shard || entry.attempt == 0) continue;
    if (const auto free = LockIfFree(entry.directory)) RemoveAttempt(entry.directory);
  }
  return std::optional<ShardAttempt>(std::move(attempt));
}

bool ShardAttempt::IsOvertaken() const {
  const auto entries = ListEntries(job_.Folder());
  return entries.ok() && std::ranges::any_of(*entries, [this](const Entry& entry) {
           return entry.shard == job_.shard && (entry.attempt == 0 || entry.attempt > number_);
         });
}

absl::Status ShardAttempt::Commit() {
  // A folder that is not empty is never replaced.
  if (std::rename(directory_.c_str(), job_.Directory().c_str()) != 0) {
    if (errno != EEXIST && errno != ENOTEMPTY) return SystemError(job_.Directory());
    Discard();
    return absl::AlreadyExistsError(
        JoinText(job_.Directory(), " was committed by another job meanwhile"));
  }
  std::error_code ignored;
  std::filesystem::remove(LockPath(directory_), ignored);
  directory_ = job_.Directory();
  return Files().SyncDirectory(job_.Folder());
}

void ShardAttempt::Discard() { RemoveAttempt(directory_); }

}  // namespace mxsweep::scanner
