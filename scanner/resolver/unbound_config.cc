#include "scanner/resolver/unbound_config.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

// Descriptors that Unbound needs whatever its size: listeners, logs, event loop, module files.
constexpr uint64_t kOtherDescriptors = 128;
constexpr uint64_t kTcpPerThread = 64;
constexpr uint64_t kLeastPortsPerThread = 512;
constexpr uint64_t kMaxPortsPerThread = 16'384;
// More of them would wait for each other, or for name servers.
constexpr uint64_t kMaxThreads = 16;
// A thread's buffers for TCP and the questions that it works on are some ten megabytes: no more
// than a small part of a small machine.
constexpr uint64_t kMemoryPerThread = uint64_t{256} << 20;
constexpr uint64_t kMaxQuestionsPerThread = 65'536;

struct Size {
  uint64_t ports_per_thread;
  uint64_t tcp_per_thread;
  uint64_t questions_per_thread;
  uint32_t max_questions;
  uint32_t slabs;
};

Size SizeOf(const UnboundConfigInput& input) {
  const uint64_t threads = std::max<uint32_t>(input.threads, 1);
  const uint64_t questions = std::max<uint32_t>(input.questions, 1);
  const uint64_t spare = input.descriptors > 2 * kOtherDescriptors
                             ? input.descriptors - kOtherDescriptors
                             : kOtherDescriptors;
  const uint64_t share = std::max<uint64_t>(spare / threads, 32);
  Size size{};
  // For answers that come truncated, and for our own questions over TCP.
  size.tcp_per_thread = std::clamp<uint64_t>(share / 8, 4, kTcpPerThread);
  // A question mostly waits for one packet at a time; twice that for names of name servers and
  // keys. Where ports run out, questions wait for one and are not dropped.
  const uint64_t wanted =
      std::bit_ceil(std::max<uint64_t>(2 * questions / threads, kLeastPortsPerThread));
  size.ports_per_thread = std::min({wanted, share - 2 * size.tcp_per_thread, kMaxPortsPerThread});
  // Beyond this number a thread drops questions, the oldest first, and we would take its silence
  // for the domain's. Threads take questions as they come, at worst one all of them.
  size.questions_per_thread =
      std::min(std::bit_ceil(std::max<uint64_t>(2 * questions, 1024)), kMaxQuestionsPerThread);
  size.max_questions =
      static_cast<uint32_t>(std::min({questions, size.questions_per_thread / 2,
                                      std::max<uint64_t>(2 * threads * size.ports_per_thread, 1)}));
  size.slabs = std::bit_ceil(static_cast<uint32_t>(threads));
  return size;
}

uint64_t MegabytesOf(uint64_t memory_bytes, uint64_t fraction, uint64_t least, uint64_t most) {
  return std::clamp<uint64_t>((memory_bytes / fraction) >> 20, least, most);
}

void AppendProcess(const UnboundConfigInput& input, std::string* out) {
  // Our child: no daemon, no user of its own (it was started as whom it is to be, since a change of
  // user would undo what makes it die with us), no files, and its log is a pipe to us.
  AppendText(out,
             "remote-control:\n"
             "  control-enable: no\n"
             "server:\n"
             "  do-daemonize: no\n"
             "  username: \"\"\n"
             "  chroot: \"\"\n"
             "  directory: \"\"\n"
             "  pidfile: \"\"\n"
             "  use-syslog: no\n"
             "  logfile: \"\"\n"
             "  verbosity: 0\n"
             "  interface: 127.0.0.1\n"
             "  port: ",
             input.port, "\n  do-ip6: ", input.use_ipv6 ? "yes" : "no", "\n");
}

void AppendSize(const UnboundConfigInput& input, const Size& size, std::string* out) {
  AppendText(out, "  num-threads: ", std::max<uint32_t>(input.threads, 1),
             "\n  outgoing-range: ", size.ports_per_thread,
             "\n  num-queries-per-thread: ", size.questions_per_thread,
             "\n  outgoing-num-tcp: ", size.tcp_per_thread,
             "\n  incoming-num-tcp: ", size.tcp_per_thread, "\n");
  // A socket for each thread: the kernel chooses one by our source port, which changes every few
  // questions. Of a shared one each question would wake every thread that is idle.
  AppendText(out, "  so-reuseport: yes\n");
  // A burst of questions fits; granted as far as net.core.rmem_max allows.
  AppendText(out, "  so-rcvbuf: 4m\n  so-sndbuf: 4m\n");
  // A scan asks for most names once: what its caches are worth is the way there, name servers and
  // keys of the zones above, and those stay in a few hundred megabytes.
  const uint64_t memory = input.memory_bytes;
  AppendText(out, "  rrset-cache-size: ", MegabytesOf(memory, 16, 16, 1024),
             "m\n  msg-cache-size: ", MegabytesOf(memory, 32, 8, 512),
             "m\n  key-cache-size: ", MegabytesOf(memory, 128, 4, 128),
             "m\n  neg-cache-size: ", MegabytesOf(memory, 128, 4, 128), "m\n");
  // What is known of each name server's speed and health: beyond that it is learnt anew, by
  // waiting. An entry takes some 300 bytes, so that this is a fiftieth of the memory at most.
  AppendText(out, "  infra-cache-numhosts: ",
             std::clamp<uint64_t>(memory / (16 * 1024), 10'000, 1'000'000), "\n");
  for (const char* cache : {"msg", "rrset", "infra", "key"}) {
    AppendText(out, "  ", cache, "-cache-slabs: ", size.slabs, "\n");
  }
}

void AppendBehaviour(const UnboundConfigInput& input, std::string* out) {
  AppendText(out,
             "  module-config: \"validator iterator\"\n"
             "  val-permissive-mode: no\n"
             // Why an answer is bogus comes with the answer (RFC 8914), into the rows: no log of
             // it, and no second question that tells bogus from broken.
             "  ede: yes\n"
             "  val-log-level: 0\n"
             // What is told is how things are now.
             "  serve-expired: no\n"
             "  prefetch: no\n"
             "  prefetch-key: no\n"
             // A signed zone's own proof answers for further names that do not exist (RFC 8198):
             // most of _25._tcp.HOST does not, and its name servers are spared.
             "  aggressive-nsec: yes\n"
             // What follows asks others for no more than a scan needs. Minimised names cost a
             // further question for each label (RFC 9156 §2.3): a domain's servers would be asked
             // twice for all that is below it. What it hides from those above is which of a public
             // list of domains is asked for mail, at their price.
             "  qname-minimisation: no\n"
             // Of a zone's name servers, addresses that came along with the delegation do; others
             // are looked for only where none is there, or none answers. A number here is how many
             // more are looked for ahead of any need, at each depth.
             "  target-fetch-policy: \"0 0 0 0 0\"\n"
             // Each delegation would be asked for again at the zone itself, with the addresses of
             // its servers: against spoofing, where there is no DNSSEC. Source ports and ids vary.
             "  harden-referral-path: no\n"
             // A name below one that does not exist does not exist either (RFC 8020), and a TLSA
             // record or policy below it needs no question.
             "  harden-below-nxdomain: yes\n"
             // Which trust anchors we have is of no use to the root of a child that lives as long
             // as a scan (RFC 8145), nor to those whom it would answer (RFC 8509): nobody.
             "  trust-anchor-signaling: no\n"
             "  root-key-sentinel: no\n"
             // Answers to us: what was asked, no more.
             "  minimal-responses: yes\n"
             // Records in their own order, so that rows of two scans compare.
             "  rrset-roundrobin: no\n"
             // Nobody but us asks: no limits against flooding, and an answer that took long is
             // worth no less.
             "  ip-ratelimit: 0\n"
             "  ratelimit: 0\n");
  if (input.recent_options) AppendText(out, "  discard-timeout: 0\n  wait-limit: 0\n");
  if (!input.trust_anchor_file.empty()) {
    AppendText(out, "  trust-anchor-file: \"", input.trust_anchor_file, "\"\n");
  }
}

// "[1795326238] unbound[23037:0] error: text" → "error: text".
std::string_view WithoutPrefix(std::string_view line) {
  if (line.empty() || line.front() != '[') return line;
  const size_t process = line.find("] unbound[");
  if (process == std::string_view::npos) return line;
  const size_t end = line.find("] ", process + 2);
  return end == std::string_view::npos ? line : line.substr(end + 2);
}

// "/dev/stdin:57: error" → "FILE:12: error".
std::string InUsersWords(std::string_view line, size_t include_line, std::string_view path) {
  constexpr std::string_view kName = "/dev/stdin";
  std::string out;
  for (size_t at = line.find(kName); at != std::string_view::npos; at = line.find(kName)) {
    AppendText(&out, line.substr(0, at));
    line.remove_prefix(at + kName.size());
    size_t digits = 0;
    if (line.starts_with(':')) {
      while (1 + digits < line.size() && absl::ascii_isdigit(line[1 + digits])) ++digits;
    }
    size_t number = 0;
    if (ParseDigits(line.substr(digits > 0 ? 1 : 0, digits), &number) && !path.empty() &&
        number >= include_line) {
      AppendText(&out, path, ":", number - include_line + 1);
      line.remove_prefix(1 + digits);
    } else {
      AppendText(&out, digits == 0 && !path.empty() ? path : "generated configuration");
    }
  }
  AppendText(&out, line);
  return out;
}

}  // namespace

uint32_t UnboundThreads(uint32_t cores, uint64_t descriptors, uint64_t memory_bytes) {
  const uint64_t spare = descriptors > kOtherDescriptors ? descriptors - kOtherDescriptors : 0;
  const uint64_t most = std::min({kMaxThreads, spare / (kLeastPortsPerThread + 2 * kTcpPerThread),
                                  memory_bytes / kMemoryPerThread});
  return std::clamp<uint32_t>((cores + 1) / 2, 1,
                              static_cast<uint32_t>(std::max<uint64_t>(most, 1)));
}

UnboundConfig MakeUnboundConfig(const UnboundConfigInput& input) {
  const Size size = SizeOf(input);
  UnboundConfig config;
  config.max_questions = size.max_questions;
  AppendProcess(input, &config.text);
  AppendSize(input, size, &config.text);
  AppendBehaviour(input, &config.text);
  config.include_line =
      1 + static_cast<size_t>(std::count(config.text.begin(), config.text.end(), '\n'));
  AppendText(&config.text, input.include_text);
  return config;
}

bool GivesTrustAnchor(std::string_view config_text) {
  while (!config_text.empty()) {
    const size_t end = config_text.find('\n');
    const std::string_view line = TrimText(config_text.substr(0, end));
    config_text.remove_prefix(end == std::string_view::npos ? config_text.size() : end + 1);
    for (const std::string_view option :
         {"trust-anchor:", "trust-anchor-file:", "auto-trust-anchor-file:", "trusted-keys-file:"}) {
      // Options may stand behind each other on a line, and behind "server:".
      const size_t comment = line.find('#');
      const size_t at = line.find(option);
      if (at == std::string_view::npos || at > comment) continue;
      if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t' || line[at - 1] == ':')
        return true;
    }
  }
  return false;
}

std::string TellUnboundLog(std::string_view log, size_t include_line, std::string_view include_path,
                           size_t max_bytes) {
  std::vector<std::string> lines;
  while (!log.empty()) {
    const size_t end = log.find('\n');
    const std::string_view line = TrimText(WithoutPrefix(TrimText(log.substr(0, end))));
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    if (!line.empty()) lines.push_back(InUsersWords(line, include_line, include_path));
  }
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!text.empty() && text.size() + line->size() > max_bytes) break;
    text = text.empty() ? *line : JoinText(*line, "; ", text);
  }
  // It may quote what name servers sent, and goes to the terminal.
  return SanitizeText(text, max_bytes);
}

}  // namespace mxsweep::scanner
