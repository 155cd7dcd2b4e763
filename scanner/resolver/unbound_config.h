// The configuration of our own Unbound (unbound_child.h), as text. Pure functions.
#ifndef MXSWEEP_SCANNER_RESOLVER_UNBOUND_CONFIG_H_
#define MXSWEEP_SCANNER_RESOLVER_UNBOUND_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mxsweep::scanner {

// Where Debian's package dns-root-data puts the trust anchors of the root.
inline constexpr char kRootTrustAnchorFile[] = "/usr/share/dns/root.key";

// Threads for a machine with so many cores (0: unknown), descriptors for a process, and memory: one
// for two cores, since the scanner's workers and the kernel's work for both need the others, and
// threads that wait for each other take more of them (two on two cores a fifth more for a name);
// and none that would go without ports of its own. A thread resolves some thousand names a second.
uint32_t UnboundThreads(uint32_t cores, uint64_t descriptors, uint64_t memory_bytes);

struct UnboundConfigInput {
  uint16_t port = 0;                          // of 127.0.0.1, UDP and TCP
  uint32_t threads = 1;                       // at least 1
  uint32_t questions = 2000;                  // that we would like to have open at once, at least 1
  uint64_t descriptors = 1024;                // it may hold so many (RLIMIT_NOFILE)
  uint64_t memory_bytes = uint64_t{4} << 30;  // that may be used (UsableMemoryBytes)
  bool use_ipv6 = false;                      // the machine has a way to the Internet over IPv6
  // Write options that Unbound 1.20 introduced, and distributions took over into older versions:
  // an Unbound that does not know them refuses the whole file.
  bool recent_options = true;
  std::string trust_anchor_file;  // empty: none, the included text has its own
  std::string include_text;       // appended, and so overrides what stands before
};

struct UnboundConfig {
  std::string text;
  // Line of `text`, from 1, on which the included text begins; one past the end where there is
  // none.
  size_t include_line = 0;
  // Questions that it takes at once without dropping any; at most UnboundConfigInput::questions.
  uint32_t max_questions = 0;
};

UnboundConfig MakeUnboundConfig(const UnboundConfigInput& input);

// Does a configuration file give a trust anchor of its own? Looks at the text alone, not at what
// that includes in its turn.
bool GivesTrustAnchor(std::string_view config_text);

// What Unbound wrote to its log, fit for a sentence: without time stamps and process numbers, lines
// joined by "; ", the last `max_bytes` of it, sanitized. Where it names a line of its configuration
// (which it reads from standard input), that becomes a line of `include_path`, or of "generated
// configuration".
std::string TellUnboundLog(std::string_view log, size_t include_line, std::string_view include_path,
                           size_t max_bytes);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RESOLVER_UNBOUND_CONFIG_H_
