#include "tools/doctor/machine.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "scanner/base/machine.h"
#include "scanner/base/text.h"
#include "scanner/pace/ip_set.h"
#include "scanner/record/row_sinks.h"
#include "scanner/resolver/unbound_config.h"
#include "scanner/resolver/unbound_machine.h"
#include "scanner/sandbox/landlock.h"
#include "scanner/scan.h"
#include "scanner/smtp/command.h"
#include "tls/pki/trust_store.h"
#include "tools/doctor/reverse_names.h"
#include "tools/doctor/smtp_greeting.h"

namespace mxsweep::tools {
namespace {

std::optional<uint64_t> NumberIn(const std::string& path) {
  std::ifstream file(path);
  uint64_t number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

std::optional<std::pair<uint64_t, uint64_t>> LocalPorts() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  uint64_t first = 0;
  uint64_t last = 0;
  if (!(file >> first >> last)) return std::nullopt;
  return std::pair(first, last);
}

std::string Kernel() {
  utsname name{};
  return uname(&name) == 0 ? name.release : "";
}

uint64_t LimitOf(rlim_t value) { return value == RLIM_INFINITY ? UINT64_MAX : value; }

void ExamineLimits(MachineFacts* facts) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts->descriptors = LimitOf(limit.rlim_cur);
    facts->descriptors_hard = LimitOf(limit.rlim_max);
  }
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts->locked_bytes = LimitOf(limit.rlim_cur);
}

// The kernel knows whether something keeps its clock right.
std::optional<bool> ClockSynchronized() {
  timex state{};
  const int status = adjtimex(&state);
  if (status < 0) return std::nullopt;
  return status != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

std::optional<uint64_t> FreeBytes(std::string path) {
  struct statvfs disk {};
  // A folder that is not there yet is made in the one above it.
  while (statvfs(path.c_str(), &disk) != 0) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      if (path == ".") return std::nullopt;
      path = ".";
    } else {
      path.resize(slash == 0 ? 1 : slash);
      if (slash == 0 && statvfs("/", &disk) != 0) return std::nullopt;
    }
  }
  return uint64_t{disk.f_bavail} * disk.f_frsize;
}

// The address that packets to the Internet leave with. None is sent: a UDP socket is only told
// where it would send to.
std::string OwnAddress() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(25);
  address.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1: for documentation, nobody's
  socklen_t size = sizeof(address);
  char text[INET_ADDRSTRLEN] = "";
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  }
  close(fd);
  return text;
}

// A scan of an empty list asks the resolver what it is worth, as every scan does first, and starts
// an Unbound of our own where that is wanted.
absl::StatusOr<ResolverFacts> AskResolver(scanner::ScanOptions options) {
  options.format = scanner::OutputFormat::kCaller;
  options.workers = 1;
  options.concurrency = 10;
  options.output_dir.clear();
  options.sandbox = false;
  scanner::MemorySink sink;
  ResolverFacts facts;
  scanner::ScanControl control;
  control.targets = "";
  control.rows = &sink;
  control.on_resolver = [&facts](const dns::ResolverState& state) {
    facts = {.validates = state.validates, .detail = state.detail};
  };
  const absl::Status status = scanner::RunScan(options, std::move(control)).status();
  if (!status.ok()) return status;
  if (facts.detail.empty()) return absl::UnknownError("the resolver was not asked");
  return facts;
}

ReverseFacts AskReverseNames(const scanner::ScanOptions& options, const std::string& ehlo_name) {
  const std::chrono::milliseconds timeout(options.dns_timeout_ms);
  ReverseFacts facts;
  facts.address =
      options.source_addresses.empty() ? OwnAddress() : options.source_addresses.front().ToString();
  const std::optional<dns::IpAddress> address = dns::IpAddress::Parse(facts.address);
  if (!address) return facts;
  facts.is_public = options.allow_special || !scanner::SpecialPurpose(*address);
  if (!facts.is_public) return facts;
  const auto names = NamesOf(*address, options.resolvers, timeout);
  facts.names_status = names.status();
  if (names.ok()) facts.names = *names;
  if (ehlo_name.starts_with("[")) return facts;  // an address literal names nothing
  const auto addresses = AddressesOf(ehlo_name, options.resolvers, timeout);
  facts.addresses_status = addresses.status();
  if (addresses.ok()) facts.addresses = *addresses;
  return facts;
}

std::optional<std::string> UnboundProgram() {
  const char* path = std::getenv("PATH");
  const auto program = scanner::FindUnbound(path != nullptr ? path : "");
  return program.ok() ? std::optional(*program) : std::nullopt;
}

absl::StatusOr<size_t> CountAnchors(const std::string& path) {
  const auto store = path.empty() ? tls::TrustStore::Load() : tls::TrustStore::Load(path);
  if (!store.ok()) return store.status();
  return (*store)->count();
}

}  // namespace

MachineFacts ExamineMachine(const DoctorOptions& options) {
  MachineFacts facts;
  facts.kernel = Kernel();
  ExamineLimits(&facts);  // before the scan below raises them
  facts.uring = scanner::ExamineUring();
  facts.landlock_version = scanner::LandlockRuleset::KernelVersion();
  facts.cores = scanner::UsableCores();
  facts.memory_bytes = scanner::UsableMemoryBytes();
  facts.conntrack_max = NumberIn("/proc/sys/net/netfilter/nf_conntrack_max");
  facts.receive_buffer_bytes = NumberIn("/proc/sys/net/core/rmem_max");
  facts.local_ports = LocalPorts();
  facts.clock_synchronized = ClockSynchronized();
  facts.now = absl::Now();
  facts.free_bytes = FreeBytes(options.output_dir);
  facts.ehlo_name =
      options.scan.ehlo_name.empty() ? scanner::DefaultEhloName() : options.scan.ehlo_name;
  facts.trust_anchors = CountAnchors(options.scan.trust_store);
  facts.unbound = UnboundProgram();
  facts.root_trust_anchor = access(scanner::kRootTrustAnchorFile, R_OK) == 0;
  facts.resolver = AskResolver(options.scan);
  facts.reverse = AskReverseNames(options.scan, facts.ehlo_name);
  for (const std::string& host : options.smtp_hosts) {
    facts.smtp.push_back(
        AskForGreeting(host, std::chrono::milliseconds(options.scan.connect_timeout_ms)));
  }
  return facts;
}

}  // namespace mxsweep::tools
