// A file system in memory that shows what a power cut at any moment would leave behind, and that
// fails on purpose.
//
// Content that was not synced, and names (of files and directories) whose directory was not synced,
// are lost in the worst case that AfterPowerCut() shows. Every call that changes something is one
// step; with `set_fail_at(n)` step n and all later ones fail, as on a full disk or after a kill.
#ifndef MXSWEEP_TESTS_OUTPUT_MEMORY_FILES_H_
#define MXSWEEP_TESTS_OUTPUT_MEMORY_FILES_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "output/files/file_system.h"
#include "scanner/base/text.h"

namespace mxsweep::output {

class MemoryFiles : public FileSystem {
 public:
  // Steps taken so far.
  uint64_t steps() const { return steps_; }
  void set_fail_at(uint64_t step, absl::Status status) {
    fail_at_ = step;
    failure_ = std::move(status);
  }
  void set_free_bytes(uint64_t bytes) { free_bytes_ = bytes; }

  // What a reader finds after a kill: everything written so far is there.
  // (What was durable stays so: a power cut may follow.)
  MemoryFiles AfterKill() const { return Copy(); }
  // The disk as it is now; nothing fails on it.
  MemoryFiles Copy() const {
    MemoryFiles copy;
    copy.directories_ = directories_;
    copy.durable_directories_ = durable_directories_;
    std::map<const Node*, std::shared_ptr<Node>> copies;
    const auto copy_of = [&copies](const std::shared_ptr<Node>& node) {
      std::shared_ptr<Node>& found = copies[node.get()];
      if (found == nullptr) found = std::make_shared<Node>(*node);
      return found;
    };
    for (const auto& [path, node] : names_) copy.names_[path] = copy_of(node);
    for (const auto& [path, node] : durable_names_) copy.durable_names_[path] = copy_of(node);
    return copy;
  }

  // What a reader finds after a power cut in the worst case: only what was synced, under the names
  // that were synced; of other content only the length, as zeros.
  MemoryFiles AfterPowerCut() const {
    MemoryFiles copy;
    for (const std::string& path : directories_) {
      if (Survives(path)) copy.directories_.insert(path);
    }
    for (const auto& [path, node] : durable_names_) {
      if (!Survives(Parent(path))) continue;
      auto survivor = std::make_shared<Node>(*node);
      std::fill(survivor->content.begin() + static_cast<ptrdiff_t>(survivor->synced_bytes),
                survivor->content.end(), '\0');
      survivor->synced_bytes = survivor->content.size();
      copy.names_[path] = std::move(survivor);
    }
    copy.durable_directories_ = copy.directories_;
    copy.durable_names_ = copy.names_;
    return copy;
  }

  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, node] : names_) paths.push_back(path);
    return paths;
  }
  std::string& Content(const std::string& path) { return names_.at(path)->content; }
  void Put(const std::string& path, std::string content) {
    names_[path] = std::make_shared<Node>(Node{std::move(content)});
  }

  absl::StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    if (absl::Status status = Step(); !status.ok()) return status;
    if (names_.contains(path)) return absl::AlreadyExistsError(path);
    auto node = std::make_shared<Node>();
    names_[path] = node;
    return std::make_unique<File>(*this, std::move(node));
  }
  absl::StatusOr<std::unique_ptr<RandomAccessFile>> Open(const std::string& path) override {
    if (!names_.contains(path)) return absl::NotFoundError(path);
    return FileFromBytes(names_[path]->content);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (absl::Status status = Step(); !status.ok()) return status;
    if (!names_.contains(from)) return absl::NotFoundError(from);
    names_[to] = names_[from];
    names_.erase(from);
    return absl::OkStatus();
  }
  absl::Status Remove(const std::string& path) override {
    if (absl::Status status = Step(); !status.ok()) return status;
    return names_.erase(path) == 1 ? absl::OkStatus() : absl::NotFoundError(path);
  }
  absl::Status SyncDirectory(const std::string& path) override {
    if (absl::Status status = Step(); !status.ok()) return status;
    std::erase_if(durable_names_, [&](const auto& entry) { return Parent(entry.first) == path; });
    for (const auto& [name, node] : names_) {
      if (Parent(name) == path) durable_names_[name] = node;
    }
    for (const std::string& name : directories_) {
      if (Parent(name) == path) durable_directories_.insert(name);
    }
    return absl::OkStatus();
  }
  absl::Status CreateDirectories(const std::string& path) override {
    if (absl::Status status = Step(); !status.ok()) return status;
    directories_.insert(path);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    if (!directories_.contains(path)) return absl::NotFoundError(path);
    std::vector<std::string> names;
    for (const auto& [name, node] : names_) {
      if (Parent(name) == path) names.push_back(name.substr(path.size() + 1));
    }
    return names;
  }
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    class Held : public FileLock {
     public:
      Held(std::shared_ptr<std::set<std::string>> locks, std::string name)
          : locks_(std::move(locks)), name_(std::move(name)) {}
      ~Held() override { locks_->erase(name_); }

     private:
      std::shared_ptr<std::set<std::string>> locks_;
      std::string name_;
    };
    if (!locks_->insert(path).second) return absl::FailedPreconditionError(path + " is locked");
    return std::make_unique<Held>(locks_, path);
  }
  absl::StatusOr<uint64_t> FreeBytes(const std::string&) override { return free_bytes_; }

 private:
  struct Node {
    std::string content;
    size_t synced_bytes = 0;
  };

  class File : public WritableFile {
   public:
    File(MemoryFiles& files, std::shared_ptr<Node> node) : files_(files), node_(std::move(node)) {}
    absl::Status Append(std::string_view bytes) override {
      if (absl::Status status = files_.Step(); !status.ok()) {
        node_->content.append(bytes.substr(0, bytes.size() / 2));  // a disk fills up in the middle
        return status;
      }
      node_->content.append(bytes);
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      if (absl::Status status = files_.Step(); !status.ok()) return status;
      node_->synced_bytes = node_->content.size();
      return absl::OkStatus();
    }
    absl::Status Close() override { return files_.Step(); }

   private:
    MemoryFiles& files_;
    std::shared_ptr<Node> node_;
  };

  static std::string Parent(const std::string& path) {
    return path.substr(0, std::max<size_t>(path.rfind('/'), 1));
  }
  // A directory that was there before the test, or is durable in one that survives.
  bool Survives(const std::string& path) const {
    if (path == "/" || !directories_.contains(path)) return true;
    return durable_directories_.contains(path) && Survives(Parent(path));
  }

  absl::Status Step() { return steps_++ >= fail_at_ ? failure_ : absl::OkStatus(); }

  std::shared_ptr<std::set<std::string>> locks_ = std::make_shared<std::set<std::string>>();
  std::set<std::string> directories_;
  std::set<std::string> durable_directories_;
  std::map<std::string, std::shared_ptr<Node>> names_;
  std::map<std::string, std::shared_ptr<Node>> durable_names_;
  uint64_t steps_ = 0;
  uint64_t fail_at_ = std::numeric_limits<uint64_t>::max();
  absl::Status failure_;
  uint64_t free_bytes_ = std::numeric_limits<uint64_t>::max();
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_TESTS_OUTPUT_MEMORY_FILES_H_
