#ifndef MXSWEEP_SCANNER_RESOLVER_UNBOUND_CHILD_H_
#define MXSWEEP_SCANNER_RESOLVER_UNBOUND_CHILD_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "scanner/resolver/unbound_config.h"

namespace mxsweep::scanner {

// An Unbound of our own, validating, on a free port of 127.0.0.1, for as long as this object lives:
// `--resolver unbound`.
//
// It goes down with us whatever way we go: the destructor ends it, and should the thread that
// started it end without that (SIGKILL, a crash, a second SIGINT), the kernel kills it
// (PR_SET_PDEATHSIG). It leaves no files behind, since it has none: its configuration comes through
// a pipe, which is also what Debian's AppArmor profile, that lets Unbound read from /etc/unbound
// alone, has nothing against. It has a process group of its own, so that Ctrl-C at the terminal is
// for us alone; and where we are root, it is not: it runs as the user of Debian's package.
//
// Thread-safety: one thread, the one that called Start, which must live as long as the process
// does.
class UnboundChild {
 public:
  struct Options {
    uint32_t threads = 0;       // 0: as many as fit the machine
    uint32_t questions = 2000;  // that we would like to have open at once
    std::string include_path;   // a file that is added to the configuration; empty: none
    absl::Duration start_timeout = absl::Seconds(20);
    // It cannot write to any file, start another program, or read what Unbound does not need
    // (without `include_path`: that may name files of any place).
    bool confined = false;

    // For tests: where to look.
    std::string program;  // empty: see FindUnbound
    std::string trust_anchor_file = kRootTrustAnchorFile;
  };

  // Starts it and waits until it answers. The error is a sentence for the user, with what Unbound
  // said: InvalidArgument for a file to be included that cannot be, NotFound for a program or trust
  // anchor that is not there, Unavailable for the rest.
  static absl::StatusOr<std::unique_ptr<UnboundChild>> Start(const Options& options);
  // Ends it: SIGTERM, and SIGKILL two seconds later.
  ~UnboundChild();
  UnboundChild(const UnboundChild&) = delete;
  UnboundChild& operator=(const UnboundChild&) = delete;

  uint16_t port() const { return port_; }
  const std::string& program() const { return program_; }
  const std::string& version() const { return version_; }  // "1.17.1"; empty: it does not say
  uint32_t threads() const { return threads_; }
  // Questions that may be put to it at once without it dropping any.
  uint32_t max_questions() const { return max_questions_; }
  pid_t pid() const { return pid_; }

  // Nothing while it runs; once it has ended, a sentence that says how, with its last words.
  std::optional<std::string> Ended();

 private:
  UnboundChild() = default;

  absl::Status Launch(const UnboundConfig& config, const std::string& include_path);
  // Until it answers, has ended, or the time is over.
  absl::Status AwaitAnswer(absl::Duration timeout);
  void DrainLog(int log);
  std::string LastWords();
  void Stop();

  std::string program_;
  std::string include_path_;
  std::string trust_anchor_file_;
  bool confined_ = false;
  std::string version_;
  size_t include_line_ = 0;
  uint32_t threads_ = 0;
  uint32_t max_questions_ = 0;
  uint16_t port_ = 0;
  pid_t pid_ = -1;            // -1: not running
  std::optional<int> ended_;  // what waitpid said

  std::thread log_reader_;
  std::mutex mutex_;
  std::string log_tail_;  // guarded by mutex_
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESOLVER_UNBOUND_CHILD_H_
