#include "scanner/resolver/unbound_child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "scanner/base/machine.h"
#include "scanner/base/text.h"
#include "scanner/resolver/unbound_machine.h"
#include "scanner/sandbox/landlock.h"
#include "scanner/sandbox/system_call_filter.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kMaxLogBytes = 16 * 1024;
constexpr size_t kMaxWordsBytes = 2'000;
constexpr int kPortAttempts = 5;
constexpr absl::Duration kTimeToEnd = absl::Seconds(2);
constexpr absl::Duration kPollInterval = absl::Milliseconds(10);
constexpr int kAskIntervalMs = 50;

// A descriptor that is closed when it goes out of scope.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

absl::Status Unavailable(std::string_view message) {
  return absl::UnavailableError(ToAbsl(message));
}
absl::Status SystemError(std::string_view what) {
  return Unavailable(JoinText("--resolver unbound: ", what, ": ", std::strerror(errno)));
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool BindTo(int fd, uint16_t port) {
  const sockaddr_in address = Loopback(port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// A port that is free for UDP and TCP a moment ago; somebody may be faster, and Unbound will say
// so.
absl::StatusOr<uint16_t> FreePort() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const Fd udp(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Fd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    socklen_t length = sizeof(address);
    if (udp.get() < 0 || tcp.get() < 0 || !BindTo(udp.get(), 0) ||
        getsockname(udp.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      return SystemError("no port on 127.0.0.1");
    }
    if (BindTo(tcp.get(), ntohs(address.sin_port))) return ntohs(address.sin_port);
  }
  return SystemError("no port on 127.0.0.1 is free for both UDP and TCP");
}

// Whom Unbound is to be. It reads what strangers send: not root, where that can be helped.
struct Identity {
  bool change = false;
  uid_t user = 0;
  gid_t group = 0;
};

Identity ChooseIdentity() {
  if (geteuid() != 0) return {};
  for (const char* name : {"unbound", "nobody"}) {
    std::array<char, 4096> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
      return {true, entry.pw_uid, entry.pw_gid};
    }
  }
  return {};
}

// A pipe that holds `text`, ready to be read to its end. `identity` may open it anew by its name in
// /proc.
absl::StatusOr<Fd> PipeWith(const std::string& text, const Identity& identity) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("pipe");
  Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  const bool fits = fcntl(write_end.get(), F_GETPIPE_SZ) >= static_cast<int>(text.size()) ||
                    fcntl(write_end.get(), F_SETPIPE_SZ, static_cast<int>(text.size())) >= 0;
  if (!fits) return SystemError("no pipe large enough for the configuration");
  if (identity.change && fchown(read_end.get(), identity.user, identity.group) != 0) {
    return SystemError("owner of a pipe");
  }
  for (size_t at = 0; at < text.size();) {
    const ssize_t written = write(write_end.get(), text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) return SystemError("write to a pipe");
    if (written > 0) at += static_cast<size_t>(written);
  }
  return read_end;
}

// What Unbound may still do, made ready before the fork. Where the kernel has only a part of it,
// that part is in force.
struct Confinement {
  std::optional<LandlockRuleset> files;
  SystemCallFilter system_calls = SystemCallFilter::ForResolver();
};

// The program that loads dynamic ones: the same that loaded us. Empty: there is none.
std::string Interpreter() {
  std::string path;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_INTERP) continue;
          *static_cast<std::string*>(out) =
              reinterpret_cast<const char*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        }
        return 1;  // the first one is the program
      },
      &path);
  return path;
}

// It reads libraries, its trust anchors and little else, and writes nothing at all. A file that the
// user gives may name others, of any place: then it reads what its user can. No file but its own
// program is executed: a shell can neither be started nor, by way of the interpreter, be read.
Confinement ConfineUnbound(const std::string& program, const std::string& trust_anchor_file,
                           bool reads_all) {
  LandlockRules rules;
  rules.executable = {program, Interpreter()};
  if (reads_all) {
    rules.readable = {"/"};
  } else {
    rules.readable = {"/lib",           "/lib64",
                      "/usr/lib",       "/usr/lib64",
                      "/usr/local/lib", "/etc/ld.so.cache",
                      "/etc/unbound",   "/etc/ssl",
                      "/etc/localtime", "/usr/share/zoneinfo",
                      "/dev/urandom",   "/dev/null",
                      "/proc/sys",      "/sys/devices/system/cpu",
                      trust_anchor_file};
  }
  Confinement confinement;
  absl::StatusOr<LandlockRuleset> ruleset = LandlockRuleset::Create(rules);
  if (ruleset.ok()) confinement.files.emplace(*std::move(ruleset));
  return confinement;
}

// After fork: nothing but system calls.
void Confine(const Confinement& confinement) {
  // Neither leaves a core, with what strangers sent, nor writes a file.
  const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &none);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  if (confinement.files) (void)confinement.files->RestrictThisThread();
  (void)confinement.system_calls.ApplyToThisThread();
}

// After fork, possibly of a process with threads: nothing but system calls. Becomes the program.
[[noreturn]] void Become(const char* program, char* const* arguments, const Identity& identity,
                         const Confinement* confinement, pid_t parent, int config, int log) {
  setpgid(0, 0);
  if (identity.change && (setgroups(0, nullptr) != 0 ||
                          setresgid(identity.group, identity.group, identity.group) != 0 ||
                          setresuid(identity.user, identity.user, identity.user) != 0)) {
    _exit(126);
  }
  // After the change of user, which would undo it. If we died in between, nobody would tell it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (dup2(config, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
      dup2(log, STDERR_FILENO) < 0) {
    _exit(126);
  }
  if (confinement != nullptr) Confine(*confinement);
  close_range(3, ~0U, 0);
  execv(program, arguments);
  _exit(127);
}

// A query for version.bind in class CHAOS, which a server answers of itself, and at once.
constexpr uint8_t kVersionQuestion[] = {7,   'v', 'e', 'r', 's', 'i', 'o', 'n', 4,
                                        'b', 'i', 'n', 'd', 0,   0,   16,  0,   3};
constexpr size_t kDnsHeaderBytes = 12;

std::vector<uint8_t> VersionQuery(uint16_t id) {
  std::vector<uint8_t> query = {
      static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  query.insert(query.end(), std::begin(kVersionQuestion), std::end(kVersionQuestion));
  return query;
}

// "1.17.1" of the answer "unbound 1.17.1"; empty where it does not say.
std::string VersionIn(std::span<const uint8_t> answer) {
  // Behind the question: a pointer to its name, type, class, TTL, length, and one string.
  constexpr size_t kRecordBytes = 2 + 2 + 2 + 4 + 2;
  const size_t record = kDnsHeaderBytes + sizeof(kVersionQuestion);
  if (answer.size() <= record + kRecordBytes || answer[7] == 0) return "";
  const std::span<const uint8_t> data = answer.subspan(record + kRecordBytes);
  if (data.size() < size_t{1} + data[0]) return "";
  std::string text(reinterpret_cast<const char*>(data.data()) + 1, data[0]);
  if (!text.starts_with("unbound ")) return "";
  text.erase(0, 8);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-';
  });
  return plain ? text : "";
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return JoinText("was killed by signal ", WTERMSIG(status));
  return JoinText("ended with exit code ", WEXITSTATUS(status));
}

}  // namespace

absl::StatusOr<std::unique_ptr<UnboundChild>> UnboundChild::Start(const Options& options) {
  UnboundConfigInput input;
  input.questions = options.questions;
  input.descriptors = DescriptorLimit();
  input.memory_bytes = UsableMemoryBytes();
  input.threads = options.threads > 0 ? options.threads
                                      : UnboundThreads(UsableCores(),
                                                       input.descriptors, input.memory_bytes);
  input.use_ipv6 = HasIpv6Route();
  if (!options.include_path.empty()) {
    absl::StatusOr<std::string> include = ReadUnboundInclude(options.include_path);
    if (!include.ok()) return include.status();
    input.include_text = *std::move(include);
  }
  if (!GivesTrustAnchor(input.include_text)) {
    if (access(options.trust_anchor_file.c_str(), R_OK) != 0) {
      return absl::NotFoundError(ToAbsl(JoinText(
          "--resolver unbound: the trust anchor of the root, ", options.trust_anchor_file, ": ",
          std::strerror(errno),
          "; Debian's package of it is called dns-root-data (or give trust anchors of your own by "
          "--unbound-config-include)")));
    }
    input.trust_anchor_file = options.trust_anchor_file;
  }
  std::unique_ptr<UnboundChild> child(new UnboundChild);
  child->trust_anchor_file_ = input.trust_anchor_file;
  child->program_ = options.program;
  child->threads_ = input.threads;
  child->confined_ = options.confined;
  if (child->program_.empty()) {
    const char* path = std::getenv("PATH");
    absl::StatusOr<std::string> program = FindUnbound(path == nullptr ? "" : path);
    if (!program.ok()) return program.status();
    child->program_ = *std::move(program);
  }
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<uint16_t> port = FreePort();
    if (!port.ok()) return port.status();
    child->port_ = input.port = *port;
    const UnboundConfig config = MakeUnboundConfig(input);
    absl::Status status = child->Launch(config, options.include_path);
    if (status.ok()) status = child->AwaitAnswer(options.start_timeout);
    if (status.ok()) return child;
    child->Stop();
    const bool too_old =
        input.recent_options && (absl::StrContains(status.message(), "'discard-timeout'") ||
                                 absl::StrContains(status.message(), "'wait-limit'"));
    if (too_old) {
      input.recent_options = false;
    } else if (!absl::StrContains(status.message(), "in use") || attempt >= kPortAttempts) {
      return status;
    }
  }
}

absl::Status UnboundChild::Launch(const UnboundConfig& config, const std::string& include_path) {
  include_line_ = config.include_line;
  include_path_ = include_path;
  max_questions_ = config.max_questions;
  ended_.reset();
  const Identity identity = ChooseIdentity();
  absl::StatusOr<Fd> config_end = PipeWith(config.text, identity);
  if (!config_end.ok()) return config_end.status();
  int log_ends[2];
  if (pipe2(log_ends, O_CLOEXEC) != 0) return SystemError("pipe");
  Fd log(log_ends[0]);
  Fd log_of_child(log_ends[1]);
  std::string words[] = {program_, "-d", "-c", "/dev/stdin"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  std::optional<Confinement> confinement;
  if (confined_) {
    confinement.emplace(ConfineUnbound(program_, trust_anchor_file_, !include_path.empty()));
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    Become(program_.c_str(), arguments, identity, confinement ? &*confinement : nullptr, parent,
           config_end->get(), log_of_child.get());
  }
  if (pid < 0) return SystemError("fork");
  pid_ = pid;
  log_of_child.Close();
  log_tail_.clear();
  log_reader_ = std::thread([this, from = log.Release()] { DrainLog(from); });
  return absl::OkStatus();
}

// Reads until Unbound has ended: a full pipe would stop it.
void UnboundChild::DrainLog(int log) {
  const Fd closes(log);
  std::array<char, 4096> block;
  while (true) {
    const ssize_t count = read(log, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    log_tail_.append(block.data(), static_cast<size_t>(count));
    if (log_tail_.size() > kMaxLogBytes) log_tail_.erase(0, log_tail_.size() - kMaxLogBytes);
  }
}

std::string UnboundChild::LastWords() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return TellUnboundLog(log_tail_, include_line_, include_path_, kMaxWordsBytes);
}

absl::Status UnboundChild::AwaitAnswer(absl::Duration timeout) {
  const Fd client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in server = Loopback(port_);
  if (client.get() < 0 ||
      connect(client.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0) {
    return SystemError("cannot be asked");
  }
  const uint16_t id = static_cast<uint16_t>(getpid() * 31 + port_);
  const std::vector<uint8_t> query = VersionQuery(id);
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout);
  while (std::chrono::steady_clock::now() < deadline) {
    if (const std::optional<std::string> ended = Ended()) {
      return Unavailable(JoinText("--resolver unbound: it did not start: ", *ended));
    }
    // Refused as long as nobody listens: then it is asked again.
    (void)send(client.get(), query.data(), query.size(), MSG_NOSIGNAL);
    pollfd readable = {.fd = client.get(), .events = POLLIN, .revents = 0};
    poll(&readable, 1, kAskIntervalMs);
    std::array<uint8_t, 1500> answer;
    const ssize_t length = recv(client.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    if (length < static_cast<ssize_t>(kDnsHeaderBytes)) {
      absl::SleepFor(kPollInterval);
      continue;
    }
    if (answer[0] != query[0] || answer[1] != query[1]) continue;
    version_ = VersionIn({answer.data(), static_cast<size_t>(length)});
    return absl::OkStatus();
  }
  const std::string words = LastWords();
  return Unavailable(JoinText("--resolver unbound: ", program_, " does not answer after ",
                              absl::FormatDuration(timeout), words.empty() ? "" : ": ", words));
}

std::optional<std::string> UnboundChild::Ended() {
  if (pid_ > 0) {
    int status = 0;
    const pid_t pid = waitpid(pid_, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return std::nullopt;
    ended_ = pid < 0 ? 0 : status;
    pid_ = -1;
    // All that it said is in the pipe, to the end.
    if (log_reader_.joinable()) log_reader_.join();
  }
  const std::string words = LastWords();
  return JoinText(program_, version_.empty() ? "" : " ", version_, " ",
                  HowItEnded(ended_.value_or(0)), words.empty() ? "" : ": ", words);
}

void UnboundChild::Stop() {
  if (pid_ > 0) kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kTimeToEnd);
  while (pid_ > 0 && std::chrono::steady_clock::now() < deadline) {
    if (Ended()) break;
    absl::SleepFor(kPollInterval);
  }
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  if (log_reader_.joinable()) log_reader_.join();
}

UnboundChild::~UnboundChild() { Stop(); }

}  // namespace mxsweep::scanner
