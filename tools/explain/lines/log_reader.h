// Reads the lines of a mail log, and joins those of one delivery.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_LOG_READER_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_LOG_READER_H_

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/functional/any_invocable.h"
#include "tools/explain/lines/exchange_log.h"
#include "tools/explain/lines/trouble.h"

namespace mxsweep::tools {

// The cause of a failed delivery and its recipient mostly stand in different lines: the library's
// error has the process number alone, the delivery's end the queue id and the address. Lines of one
// process (or message, or session) that follow each other are one trouble, whose cause is the
// strongest of theirs. What is open is bounded, whatever the log holds.
class LogReader {
 public:
  using Take = absl::AnyInvocable<void(Trouble)>;

  // `now_s`: for times without a year.
  LogReader(int64_t now_s, Take take) : now_s_(now_s), take_(std::move(take)) {}
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // A line without its end.
  void Add(std::string_view line, uint64_t number);
  // Hands out what is open.
  void Finish();

 private:
  struct Open {
    std::string key;
    Trouble trouble;
    bool began = false;  // an opening line was seen after which a cause has come
    std::optional<int64_t> last_s;
  };
  using OpenList = std::list<Open>;

  void NoteRecipient(const Envelope& envelope);
  void Merge(const std::string& key, Trouble trouble, bool opens);
  void Close(OpenList::iterator open);

  int64_t now_s_;
  Take take_;
  ExchangeLog exchange_;
  OpenList open_;  // the longest untouched first
  std::unordered_map<std::string, OpenList::iterator> by_key_;
  // qmail tells the recipient of a delivery's number when it begins.
  std::unordered_map<std::string, std::string> domain_of_number_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_LOG_READER_H_
