// Rows of a table in an order of their own, however many there are: runs are sorted in memory and
// kept in files, and merged as they are read. Memory: SortLimits::run_rows rows, or while reading a
// small row group of each of at most most_runs files of a level.
#ifndef MXSWEEP_SCANNER_FLEET_SORTED_ROWS_H_
#define MXSWEEP_SCANNER_FLEET_SORTED_ROWS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/files/file_system.h"
#include "output/parquet/reader.h"
#include "output/parquet/writer.h"
#include "output/tables/schema.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {

// Reads the rows of one run, in their order.
template <typename Row>
class SortedRun {
 public:
  static absl::StatusOr<SortedRun> Open(const std::string& path) {
    auto file = output::PosixFileSystem()->Open(path);
    if (!file.ok()) return file.status();
    auto reader = output::ParquetReader::Open(*std::move(file), output::Table<Row>::kId);
    if (!reader.ok()) return reader.status();
    return SortedRun(*std::move(reader));
  }

  // False at the end.
  absl::StatusOr<bool> Next(Row* row) {
    while (next_ == rows_.size()) {
      if (group_ == reader_.row_group_count()) return false;
      rows_.clear();
      next_ = 0;
      absl::Status read = reader_.ReadRowGroup(group_++, {}, [this](const Row& read_row) {
        rows_.push_back(read_row);
        return true;
      });
      if (!read.ok()) return read;
    }
    *row = std::move(rows_[next_++]);
    return true;
  }

 private:
  explicit SortedRun(output::ParquetReader reader) : reader_(std::move(reader)) {}

  output::ParquetReader reader_;
  size_t group_ = 0;
  std::vector<Row> rows_;  // of a row group
  size_t next_ = 0;
};

struct SortLimits {
  size_t run_rows = 50'000;
  size_t most_runs = 64;  // of a level; so many become one of the next
};

template <typename Row>
class RowSorter {
 public:
  // By its bytes.
  using KeyOf = std::string (*)(const Row&);

  // Files are made in `folder`, which must be there, and removed with the sorter.
  RowSorter(std::string folder, KeyOf key_of, const SortLimits& limits = {})
      : folder_(std::move(folder)), key_of_(key_of), limits_(limits) {}
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;
  ~RowSorter() {
    for (const std::vector<std::string>& level : levels_) {
      for (const std::string& path : level) Remove(path);
    }
  }

  absl::Status Add(Row row) {
    std::string key = key_of_(row);
    rows_.emplace_back(std::move(key), std::move(row));
    return rows_.size() < limits_.run_rows ? absl::OkStatus() : WriteRun();
  }

  // No more rows are added: reading begins.
  absl::Status Finish() {
    if (absl::Status status = WriteRun(); !status.ok()) return status;
    // The oldest first, since equal keys keep the order in which they were added.
    std::vector<std::string> paths;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      paths.insert(paths.end(), level->begin(), level->end());
    }
    return merge_.Open(paths, key_of_);
  }

  // The next row in the order of the keys; of equal ones, that which was added first. False at the
  // end.
  absl::StatusOr<bool> Next(Row* row) { return merge_.Next(row); }

 private:
  static constexpr uint32_t kGroupRows = 500;

  // Several runs as one.
  class Merge {
   public:
    absl::Status Open(const std::vector<std::string>& paths, KeyOf key_of) {
      key_of_ = key_of;
      for (const std::string& path : paths) {
        auto run = SortedRun<Row>::Open(path);
        if (!run.ok()) return run.status();
        runs_.push_back(*std::move(run));
        fronts_.emplace_back();
        if (absl::Status status = Fill(runs_.size() - 1); !status.ok()) return status;
      }
      return absl::OkStatus();
    }

    absl::StatusOr<bool> Next(Row* row) {
      if (heads_.empty()) return false;
      const size_t run = heads_.top().second;
      heads_.pop();
      *row = std::move(fronts_[run]);
      if (absl::Status status = Fill(run); !status.ok()) return status;
      return true;
    }

   private:
    using Head = std::pair<std::string, size_t>;

    absl::Status Fill(size_t run) {
      const absl::StatusOr<bool> has = runs_[run].Next(&fronts_[run]);
      if (!has.ok()) return has.status();
      if (*has) heads_.emplace(key_of_(fronts_[run]), run);
      return absl::OkStatus();
    }

    KeyOf key_of_ = nullptr;
    std::vector<SortedRun<Row>> runs_;
    std::vector<Row> fronts_;  // of each run, where it is among heads_
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads_;
  };

  static void Remove(const std::string& path) {
    static_cast<void>(output::PosixFileSystem()->Remove(path));
  }

  // A new file of a level; its path is added there once it is written.
  absl::Status Write(size_t level, absl::FunctionRef<absl::StatusOr<bool>(Row*)> next) {
    const std::string path = JoinText(folder_, "/", output::Table<Row>::kName, "-", files_++);
    auto file = output::PosixFileSystem()->Create(path);
    if (!file.ok()) return file.status();
    output::ParquetOptions options;
    options.row_group_rows = kGroupRows;
    output::ParquetWriter writer(output::SchemaOf(output::Table<Row>::kId), options,
                                 *std::move(file));
    if (levels_.size() == level) levels_.emplace_back();
    levels_[level].push_back(path);
    Row row;
    for (;;) {
      const absl::StatusOr<bool> has = next(&row);
      if (!has.ok()) return has.status();
      if (!*has) break;
      if (absl::Status added = writer.Add(row); !added.ok()) return added;
    }
    return writer.Finish();
  }

  absl::Status WriteRun() {
    if (rows_.empty()) return absl::OkStatus();
    std::ranges::stable_sort(rows_, {}, &std::pair<std::string, Row>::first);
    size_t at = 0;
    absl::Status written = Write(0, [&](Row* row) -> absl::StatusOr<bool> {
      if (at == rows_.size()) return false;
      *row = std::move(rows_[at++].second);
      return true;
    });
    rows_.clear();
    if (!written.ok()) return written;
    for (size_t level = 0; level < levels_.size() && levels_[level].size() == limits_.most_runs;
         ++level) {
      if (absl::Status raised = Raise(level); !raised.ok()) return raised;
    }
    return absl::OkStatus();
  }

  // A full level becomes one run of the next.
  absl::Status Raise(size_t level) {
    const std::vector<std::string> paths = levels_[level];
    Merge merge;
    if (absl::Status opened = merge.Open(paths, key_of_); !opened.ok()) return opened;
    absl::Status written = Write(level + 1, [&](Row* row) { return merge.Next(row); });
    if (!written.ok()) return written;
    for (const std::string& path : paths) Remove(path);
    levels_[level].clear();
    return absl::OkStatus();
  }

  std::string folder_;
  KeyOf key_of_;
  SortLimits limits_;
  std::vector<std::pair<std::string, Row>> rows_;
  std::vector<std::vector<std::string>> levels_;
  uint64_t files_ = 0;
  Merge merge_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_SORTED_ROWS_H_
