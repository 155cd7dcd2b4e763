// Rows as a running scan writes them (--format ndjson), read as they come.
#ifndef MXSWEEP_BENCH_ROW_STREAM_H_
#define MXSWEEP_BENCH_ROW_STREAM_H_

#include <fstream>
#include <functional>
#include <string>
#include <string_view>

namespace mxsweep::bench {

class RowStream {
 public:
  // Of a file that may not exist yet.
  explicit RowStream(std::string path) : path_(std::move(path)) {}

  // Calls for each line of that table that has been completed since the last time.
  void ForEachNew(std::string_view table, const std::function<void(std::string_view)>& call);

  // What else was written so far: messages.
  const std::string& OtherText() const { return other_; }

 private:
  std::string path_;
  std::ifstream file_;
  std::string rest_;  // of a line that is not complete
  std::string other_;
};

// The value of a text column of a row, without unescaping it; empty where there is none. For names.
std::string_view TextField(std::string_view row, std::string_view column);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_ROW_STREAM_H_
