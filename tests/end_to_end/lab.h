#ifndef MXSWEEP_TESTS_END_TO_END_LAB_H_
#define MXSWEEP_TESTS_END_TO_END_LAB_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/interop/child_process.h"

namespace mxsweep::end_to_end {

using interop::Arguments;
using interop::CommandResult;
using nlohmann::json;

// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A running lab. Its state, truth and report are in `folder`.
class Lab {
 public:
  // `arguments`: of `mxsweep-lab serve`, beyond those that say where it is. Fails the test if it
  // does not come up.
  Lab(const TemporaryFolder& folder, const Arguments& arguments);

  const std::string& resolver() const { return resolver_; }
  std::string state(const std::string& name) const { return state_ + "/" + name; }
  static constexpr int kSmtpPort = 2825;
  static constexpr int kTlsPort = 2865;
  static constexpr int kHttpsPort = 2843;

  // Ends it and reads its report.
  json Stop();

  // A scan of `targets` in this lab, impatient and in a hurry; `more` comes last.
  Arguments ScanArguments(const std::string& targets, const Arguments& more) const;

  // `more` with longer timeouts, where the number of attempts is held against the truth: beside
  // other tests a server that is slow (the lab's are by up to 2 s) must not be taken for a silent
  // one.
  static Arguments WithPatience(Arguments more);

 private:
  std::string state_;
  std::string resolver_;
  std::optional<interop::ChildProcess> process_;
};

// The program is built with a sanitizer, which takes memory and descriptors of its own.
inline constexpr bool kSanitized = sizeof(MXSWEEP_SANITIZE) > sizeof("");
// It counts the lines that are run, and writes the counts at its end.
#ifdef MXSWEEP_COVERAGE
inline constexpr bool kCountsLines = true;
#else
inline constexpr bool kCountsLines = false;
#endif

// Runs mxsweep with `arguments`.
CommandResult Mxsweep(const Arguments& arguments, absl::Duration timeout = absl::Minutes(3));

// The rows of a table, in order, as `mxsweep cat` prints them.
std::vector<json> Rows(const std::string& directory, const std::string& table);
// The lines of a file as JSON.
std::vector<json> JsonLines(const std::string& path);

}  // namespace mxsweep::end_to_end

#endif  // MXSWEEP_TESTS_END_TO_END_LAB_H_
