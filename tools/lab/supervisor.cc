#include "tools/lab/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "tools/lab/dns_server.h"
#include "tools/lab/policy_server.h"
#include "tools/lab/sockets.h"
#include "tools/lab/text.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

constexpr size_t kDescriptorsKept = 6000;  // per process, for connections
constexpr char kReady = 'R';

struct Child {
  pid_t pid = -1;
  Fd from;  // first kReady or a message of failure, at the end the report
};

size_t DescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::vector<uint32_t> Listening(const World& world) {
  std::vector<uint32_t> all = {kNothing};  // The trap comes first.
  for (uint32_t i = 0; i < world.addresses().size(); ++i) {
    if (world.addresses()[i].behaviour != Behaviour::kConnectRefused) all.push_back(i);
  }
  return all;
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

std::string ReadAll(int fd) {
  std::string out;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return out;
    out.append(buffer, static_cast<size_t>(size));
  }
}

// The life of a child; returns its exit code.
int RunChild(const World& world, CertificateStore& store, const std::vector<uint32_t>& addresses,
             const SmtpServerOptions& options, int to_parent) {
  TlsServer tls(world, store);
  absl::Status status = tls.Init();
  std::unique_ptr<SmtpServer> server;
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<SmtpServer>> started =
        SmtpServer::Start(world, tls, addresses, options);
    status = started.status();
    if (started.ok()) server = *std::move(started);
  }
  if (!status.ok()) {
    WriteAll(to_parent, std::string(status.message()));
    return 1;
  }
  WriteAll(to_parent, std::string(1, kReady));
  // SIGINT from a terminal reaches the children too; the parent tells them when it is time.
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  int signal = 0;
  sigwait(&end, &signal);
  server->Stop();
  return WriteAll(to_parent, ToText(server->ReportJson())) ? 0 : 1;
}

absl::StatusOr<Child> Fork(const World& world, CertificateStore& store,
                           const std::vector<uint32_t>& addresses,
                           const SmtpServerOptions& options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus("pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return ErrnoStatus("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    read_end.Reset();
    const int code = RunChild(world, store, addresses, options, write_end.get());
    write_end.Reset();
    _exit(code);
  }
  return Child{pid, std::move(read_end)};
}

void EndAll(std::vector<Child>& children) {
  for (const Child& child : children) kill(child.pid, SIGTERM);
  for (const Child& child : children) waitpid(child.pid, nullptr, 0);
}

absl::Status AwaitReady(const std::vector<Child>& children) {
  for (const Child& child : children) {
    char first = 0;
    if (read(child.from.get(), &first, 1) != 1 || first != kReady) {
      return absl::UnavailableError(JoinText(std::string(1, first), ReadAll(child.from.get())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<nlohmann::json> Serve(const World& world, CertificateStore& store,
                                     const ServeOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, one);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  const std::vector<uint32_t> addresses = Listening(world);
  const size_t limit = DescriptorLimit();
  const size_t sockets = addresses.size() * (options.smtp.tls_port != 0 ? 2 : 1);
  const size_t per_process = limit > 2 * kDescriptorsKept ? limit - kDescriptorsKept : limit / 2;
  const size_t needed = (sockets + per_process - 1) / per_process;
  const size_t processes =
      options.processes > 0 ? static_cast<size_t>(options.processes) : std::max<size_t>(1, needed);
  if (processes < needed) {
    return absl::InvalidArgumentError(JoinText("--processes ", processes, " is too few: ", sockets,
                                               " sockets, and ", limit,
                                               " descriptors a process; at least ", needed));
  }
  std::vector<std::vector<uint32_t>> shares(processes);
  for (size_t i = 0; i < addresses.size(); ++i) shares[i % processes].push_back(addresses[i]);
  std::vector<Child> children;
  absl::Status status;
  for (const std::vector<uint32_t>& share : shares) {
    absl::StatusOr<Child> child = Fork(world, store, share, options.smtp);
    if (!child.ok()) {
      status = child.status();
      break;
    }
    children.push_back(*std::move(child));
  }

  DnsResponder responder(world, store);
  std::unique_ptr<DnsServer> dns;
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<DnsServer>> started =
        DnsServer::Start(responder, options.dns_port, options.dns_threads);
    status = started.status();
    if (started.ok()) dns = *std::move(started);
  }
  std::unique_ptr<PolicyServer> policies;
  if (status.ok() && options.https_port != 0) {
    absl::StatusOr<std::unique_ptr<PolicyServer>> started =
        PolicyServer::Start(world, store, options.https_port);
    status = started.status();
    if (started.ok()) policies = *std::move(started);
  }
  if (status.ok()) status = AwaitReady(children);
  if (status.ok()) {
    options.on_ready(dns->port());
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGCHLD) status = absl::InternalError("a process of the lab has died");
  }
  if (dns) dns->Stop();
  if (policies) policies->Stop();
  if (!status.ok()) {
    EndAll(children);
    return status;
  }
  nlohmann::json report;
  for (const Child& child : children) kill(child.pid, SIGTERM);
  for (const Child& child : children) {
    Merge(report, nlohmann::json::parse(ReadAll(child.from.get()), nullptr, false));
    waitpid(child.pid, nullptr, 0);
  }
  if (policies) Merge(report, policies->ReportJson());
  report["dns"] = ToJson(dns->counts());
  return report;
}

}  // namespace mxsweep::lab
