#include "tools/check/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/scan.h"

namespace mxsweep::tools {
namespace {

std::string TargetLines(const std::vector<scanner::CheckedDomain>& domains) {
  std::string lines;
  for (const scanner::CheckedDomain& domain : domains) AppendText(&lines, domain.name, "\n");
  return lines;
}

// A word to who waits, taken away again when the answer is there.
class WaitHint {
 public:
  explicit WaitHint(size_t domains) : shown_(isatty(STDERR_FILENO) == 1) {
    if (!shown_) return;
    std::fprintf(stderr, "Asking the mail servers of %zu domain%s; slow ones take a minute ...",
                 domains, domains == 1 ? "" : "s");
    std::fflush(stderr);
  }
  ~WaitHint() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  WaitHint(const WaitHint&) = delete;
  WaitHint& operator=(const WaitHint&) = delete;

 private:
  bool shown_;
};

// A validating resolver alone says so, and it is believed only where the way to it is safe.
bool SaysSecure(const scanner::ScanRows& rows) {
  return std::ranges::any_of(rows.domains,
                             [](const auto& row) { return row.mx_dnssec == "secure"; }) ||
         std::ranges::any_of(rows.hosts,
                             [](const auto& row) { return row.address_dnssec == "secure"; });
}

}  // namespace

absl::Status AskDomains(const scanner::ScanOptions& options,
                        const std::vector<scanner::CheckedDomain>& domains,
                        scanner::MemorySink* sink, scanner::CheckWorld* world) {
  const WaitHint hint(domains.size());
  scanner::ScanControl control;
  control.targets = TargetLines(domains);
  control.rows = sink;
  bool root_answers = true;
  control.on_resolver = [world, &root_answers](const dns::ResolverState& state) {
    world->resolver = state.detail;
    world->resolver_validates = state.validates;
    world->resolver_denies = state.denies;
    root_answers = state.answers;
  };
  const absl::Status status = scanner::RunScan(options, std::move(control)).status();
  // A private tree whose root is out of reach: whether it validates shows in its answers.
  if (!root_answers && SaysSecure(sink->rows())) {
    world->resolver = "the root cannot be looked up; what the resolver answers is validated";
    world->resolver_validates = true;
  }
  return status;
}

}  // namespace mxsweep::tools
