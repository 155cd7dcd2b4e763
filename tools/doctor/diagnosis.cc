#include "tools/doctor/diagnosis.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"
#include "scanner/record/scan_summary.h"
#include "tools/check/paragraph.h"
#include "tools/cli/exit_codes.h"

namespace mxsweep::tools {
namespace {

using scanner::FormatCount;
using Kind = SmtpAnswer::Kind;

// Multishot receives and direct descriptors (scanner/engine/uring_ring.cc).
constexpr int kOldestKernel[] = {6, 0};
// DEFER_TASKRUN.
constexpr int kFastKernel[] = {6, 1};
// A list of a million domains makes about a gigabyte of tables (docs/performance.md).
constexpr uint64_t kComfortableBytes = 2ull << 30;
constexpr uint64_t kLeastBytes = 64ull << 20;  // a scan stops there
constexpr uint64_t kComfortableReceiveBytes = 4 << 20;
// A tracked connection stays in the table for two minutes after its end.
constexpr double kTrackedSeconds = 120;
constexpr uint64_t kFewPorts = 10'000;
// Descriptors beside sockets: files, rings, pipes.
constexpr uint64_t kOtherDescriptors = 64;

constexpr size_t kTagColumns = 9;     // "  advice "
constexpr size_t kLabelColumns = 16;  // "receive buffer  "

std::string Limit(uint64_t value) {
  return value == UINT64_MAX ? std::string("unlimited") : FormatCount(value);
}

bool IsOlderThan(const std::string& release, const int (&version)[2]) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return major < version[0] || (major == version[0] && minor < version[1]);
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) AppendText(&text, text.empty() ? "" : ", ", word);
  return text;
}

Check Kernel(const MachineFacts& facts) {
  if (facts.kernel.empty()) return {"kernel", Health::kUnknown, "not known", ""};
  const std::string found = JoinText("Linux ", facts.kernel);
  if (IsOlderThan(facts.kernel, kOldestKernel)) {
    return {"kernel", Health::kBad, found, "Linux 6.0 or newer is needed: Debian 12 has 6.1."};
  }
  if (IsOlderThan(facts.kernel, kFastKernel)) {
    return {"kernel", Health::kAdvice, found, "From Linux 6.1 on a scan takes less CPU time."};
  }
  return {"kernel", Health::kGood, found, ""};
}

Check Uring(const MachineFacts& facts) {
  if (!facts.uring.usable.ok()) {
    return {"io_uring", Health::kBad, std::string(MessageOf(facts.uring.usable)),
            "sysctl kernel.io_uring_disabled=0; in a container, a seccomp profile that lets "
            "io_uring_setup, io_uring_enter and io_uring_register through."};
  }
  if (!facts.uring.missing_operations.empty()) {
    return {"io_uring", Health::kBad, JoinText("without ", Join(facts.uring.missing_operations)),
            "Linux 6.0 or newer is needed."};
  }
  return {"io_uring", Health::kGood, JoinText("usable, with ", TellUring(facts.uring)), ""};
}

// A ring's table of sockets is as large as the limit, and each worker has a ring.
Check Descriptors(const MachineFacts& facts, const DoctorOptions& options) {
  const uint32_t cores = std::max<uint32_t>(facts.cores, 1);
  const uint64_t wanted = options.scan.concurrency / cores + kOtherDescriptors;
  const std::string found = JoinText("at most ", Limit(facts.descriptors_hard),
                                     " (ulimit -Hn), now ", Limit(facts.descriptors));
  if (facts.descriptors_hard >= wanted) return {"descriptors", Health::kGood, found, ""};
  return {
      "descriptors", Health::kAdvice, found,
      JoinText("For --concurrency ", options.scan.concurrency, " on ", cores,
               cores == 1 ? " core" : " cores", " raise the hard limit to ", FormatCount(wanted),
               " (LimitNOFILE= of the unit, or /etc/security/limits.conf); otherwise more "
               "workers are started.")};
}

// Since Linux 5.12 rings count as the memory of their cgroup; before, as locked memory.
Check LockedMemory(const MachineFacts& facts) {
  const std::string found = facts.locked_bytes == UINT64_MAX
                                ? std::string("no limit")
                                : JoinText(facts.locked_bytes >> 10, " KiB (ulimit -l)");
  return {"locked_memory", Health::kGood, JoinText(found, "; rings do not count since Linux 5.12"),
          ""};
}

Check Sandbox(const MachineFacts& facts) {
  if (facts.landlock_version > 0) {
    return {"sandbox", Health::kGood, JoinText("Landlock, version ", facts.landlock_version), ""};
  }
  return {"sandbox", Health::kAdvice, "this kernel has no Landlock",
          "A scan could not give up the right to open files: start the kernel with "
          "lsm=landlock,…, and run mxsweep as a user of its own."};
}

// Every connection has an entry in the firewall's table, and some time after its end as well.
Check Conntrack(const MachineFacts& facts, const DoctorOptions& options) {
  // Where /proc is not there, nothing is told of either.
  if (!facts.conntrack_max && !facts.local_ports) {
    return {"conntrack", Health::kUnknown, "not known", ""};
  }
  if (!facts.conntrack_max) {
    return {"conntrack", Health::kGood, "connections are not tracked here", ""};
  }
  const double rate = options.scan.rate_per_s > 0 ? options.scan.rate_per_s : 5'000;
  const auto wanted = static_cast<uint64_t>(options.scan.concurrency + rate * kTrackedSeconds);
  const std::string found = JoinText(FormatCount(*facts.conntrack_max), " connections");
  if (*facts.conntrack_max >= wanted) return {"conntrack", Health::kGood, found, ""};
  return {"conntrack", Health::kAdvice, found,
          JoinText("Beyond that the firewall drops packets, and servers seem silent: sysctl "
                   "net.netfilter.nf_conntrack_max=",
                   wanted, ".")};
}

Check ReceiveBuffer(const MachineFacts& facts, const DoctorOptions& options) {
  if (!facts.receive_buffer_bytes) {
    return {"receive_buffer", Health::kUnknown, "not known", ""};
  }
  const std::string found = JoinText(*facts.receive_buffer_bytes >> 10, " KiB (net.core.rmem_max)");
  const bool fast = !options.scan.dns_rate_per_s || *options.scan.dns_rate_per_s == 0;
  if (!fast || *facts.receive_buffer_bytes >= kComfortableReceiveBytes) {
    return {"receive_buffer", Health::kGood, found, ""};
  }
  return {"receive_buffer", Health::kAdvice, found,
          JoinText("A socket that is full drops a resolver's answers, which are then asked for "
                   "again: sysctl net.core.rmem_max=",
                   kComfortableReceiveBytes, ".")};
}

Check LocalPorts(const MachineFacts& facts) {
  if (!facts.local_ports) return {"local_ports", Health::kUnknown, "not known", ""};
  const auto [first, last] = *facts.local_ports;
  const std::string found = JoinText(first, " to ", last);
  if (last - first >= kFewPorts) return {"local_ports", Health::kGood, found, ""};
  return {"local_ports", Health::kAdvice, found,
          "sysctl net.ipv4.ip_local_port_range=\"1024 65535\""};
}

Check Memory(const MachineFacts& facts) {
  return {"memory", Health::kGood,
          JoinText(facts.memory_bytes >> 20, " MiB, ", facts.cores,
                   facts.cores == 1 ? " core" : " cores"),
          ""};
}

Check Disk(const MachineFacts& facts, const DoctorOptions& options) {
  if (!facts.free_bytes) {
    return {"disk", Health::kUnknown, JoinText("nothing is known of ", options.output_dir), ""};
  }
  const std::string found =
      JoinText(FormatCount(*facts.free_bytes >> 20), " MiB free at ", options.output_dir);
  if (*facts.free_bytes < kLeastBytes) {
    return {"disk", Health::kBad, found, "A scan stops where less than 64 MiB are free."};
  }
  if (*facts.free_bytes < kComfortableBytes) {
    return {"disk", Health::kAdvice, found,
            "The tables of a million domains take about a gigabyte."};
  }
  return {"disk", Health::kGood, found, ""};
}

Check Clock(const MachineFacts& facts) {
  const std::string now = absl::FormatTime("%Y-%m-%d %H:%M UTC", facts.now, absl::UTCTimeZone());
  // Before this program was written.
  if (facts.now < absl::FromCivil(absl::CivilDay(2026, 1, 1), absl::UTCTimeZone())) {
    return {"clock", Health::kBad, now,
            "The clock is wrong: certificates and DNSSEC are judged by it."};
  }
  if (!facts.clock_synchronized) return {"clock", Health::kUnknown, now, ""};
  if (*facts.clock_synchronized) {
    return {"clock", Health::kGood, JoinText(now, ", synchronized"), ""};
  }
  return {"clock", Health::kUnknown, JoinText(now, ", nothing says that it is right"),
          "Certificates and DNSSEC are judged by it: run chrony or systemd-timesyncd (timedatectl "
          "set-ntp true)."};
}

Check TrustStore(const MachineFacts& facts) {
  if (!facts.trust_anchors.ok()) {
    return {"trust_store", Health::kBad, std::string(MessageOf(facts.trust_anchors.status())),
            "Install ca-certificates, or name another one (--trust-store)."};
  }
  return {"trust_store", Health::kGood, JoinText(*facts.trust_anchors, " anchors"), ""};
}

std::string OwnUnboundAdvice(const MachineFacts& facts) {
  if (facts.unbound && facts.root_trust_anchor) return "Use --resolver unbound: it is installed.";
  return "Use --resolver unbound: apt-get install --no-install-recommends unbound dns-root-data.";
}

Check Resolver(const MachineFacts& facts) {
  if (!facts.resolver.ok()) {
    // It is io_uring that is missing, or the resolver: the error says.
    return {"resolver", facts.uring.usable.ok() ? Health::kBad : Health::kUnknown,
            std::string(MessageOf(facts.resolver.status())),
            facts.uring.usable.ok() ? OwnUnboundAdvice(facts) : ""};
  }
  if (facts.resolver->validates) {
    return {"resolver", Health::kGood, facts.resolver->detail, ""};
  }
  return {"resolver", Health::kBad, facts.resolver->detail,
          JoinText("Without validation the DANE figures are empty. ", OwnUnboundAdvice(facts))};
}

// Who looks at logs or at the name of a client wants forward and reverse names to agree.
Check ReverseNames(const MachineFacts& facts) {
  const ReverseFacts& reverse = facts.reverse;
  const std::string said = JoinText("EHLO ", facts.ehlo_name, " from ",
                                    reverse.address.empty() ? "no address" : reverse.address);
  if (!reverse.is_public) {
    return {
        "reverse_names", Health::kUnknown,
        JoinText(said, ": others see another address, which is not known here"),
        "Name it: --source-address ADDRESS, where it is one of this machine's; else look at the "
        "address that your router has."};
  }
  if (!reverse.names_status.ok()) {
    return {"reverse_names", Health::kUnknown,
            JoinText(said, ": its name can't be looked up: ", MessageOf(reverse.names_status)), ""};
  }
  if (reverse.names.empty()) {
    return {"reverse_names", Health::kAdvice, JoinText(said, ": the address has no name (PTR)"),
            "Some servers turn away who has none. Ask whoever gave you the address for a PTR "
            "record, and say that name (--ehlo-name)."};
  }
  const std::string name = absl::AsciiStrToLower(facts.ehlo_name);
  if (std::ranges::find(reverse.names, name) == reverse.names.end()) {
    return {"reverse_names", Health::kAdvice,
            JoinText(said, ": the address is called ", Join(reverse.names)),
            JoinText("Say that name: --ehlo-name ", reverse.names.front(), ".")};
  }
  if (!reverse.addresses_status.ok()) {
    return {"reverse_names", Health::kUnknown,
            JoinText(said, ": the name's addresses can't be looked up: ",
                     MessageOf(reverse.addresses_status)),
            ""};
  }
  if (std::ranges::find(reverse.addresses, reverse.address) == reverse.addresses.end()) {
    return {"reverse_names", Health::kAdvice,
            JoinText(said, ": the name does not lead back to the address"),
            JoinText("Publish an A or AAAA record of ", facts.ehlo_name, " with ", reverse.address,
                     ".")};
  }
  return {"reverse_names", Health::kGood, JoinText(said, ": they name each other"), ""};
}

std::string TellAnswer(const SmtpAnswer& answer) {
  switch (answer.kind) {
    case Kind::kGreeting:
      return JoinText(answer.host, " greets: ", answer.text);
    case Kind::kNoGreeting:
      return JoinText(answer.host, " takes the connection and says nothing");
    case Kind::kSilent:
      return JoinText(answer.host, " does not answer");
    case Kind::kRefused:
      return JoinText(answer.host, " refuses the connection");
    case Kind::kUnreachable:
      return JoinText(answer.host, " can't be reached: ", answer.text);
    case Kind::kNoName:
      return JoinText(answer.host, ": ", answer.text);
  }
  return "";
}

// One silent server may be down; it takes two to suspect our own network, and even then the answer
// of one shows the contrary.
Check Port25(const MachineFacts& facts) {
  if (facts.smtp.empty()) {
    return {"port_25", Health::kUnknown, "not looked at",
            "Name servers that may be asked for their greeting, best your own: --smtp "
            "mx.example.org (twice, of different networks)."};
  }
  std::string found;
  for (const SmtpAnswer& answer : facts.smtp) {
    AppendText(&found, found.empty() ? "" : "; ", TellAnswer(answer));
  }
  const auto count = [&](Kind kind) {
    return std::ranges::count(facts.smtp, kind, &SmtpAnswer::kind);
  };
  if (count(Kind::kGreeting) > 0) return {"port_25", Health::kGood, found, ""};
  if (count(Kind::kSilent) >= 2) {
    return {
        "port_25", Health::kBad, found,
        "Connections to port 25 seem to be dropped on their way out, as most homes, offices and "
        "clouds do: ask your provider, or scan from elsewhere."};
  }
  return {"port_25", Health::kUnknown, found, "Name another server as well: --smtp HOST."};
}

}  // namespace

std::string_view HealthWord(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kAdvice:
      return "advice";
    case Health::kBad:
      return "bad";
    case Health::kUnknown:
      return "unknown";
  }
  return "";
}

std::vector<Check> Diagnose(const MachineFacts& facts, const DoctorOptions& options) {
  return {Kernel(facts),
          Uring(facts),
          Descriptors(facts, options),
          LockedMemory(facts),
          Sandbox(facts),
          Memory(facts),
          Disk(facts, options),
          LocalPorts(facts),
          Conntrack(facts, options),
          ReceiveBuffer(facts, options),
          Clock(facts),
          TrustStore(facts),
          Resolver(facts),
          ReverseNames(facts),
          Port25(facts)};
}

int ExitCodeOf(const std::vector<Check>& checks) {
  const bool bad = std::ranges::find(checks, Health::kBad, &Check::health) != checks.end();
  return bad ? kExitFailed : kExitDone;
}

namespace {

std::string_view TagOf(Health health) {
  return health == Health::kBad ? "BAD" : health == Health::kUnknown ? "?" : HealthWord(health);
}

std::string_view ColourOf(Health health) {
  switch (health) {
    case Health::kGood:
      return "\033[32m";
    case Health::kAdvice:
      return "\033[33m";
    case Health::kBad:
      return "\033[1;31m";
    case Health::kUnknown:
      return "\033[35m";
  }
  return "";
}

// `lead` and the text, whose further lines stand below its first.
void AppendParagraph(std::string_view lead, size_t lead_columns, std::string_view text,
                     size_t columns, std::string* out) {
  AppendText(out, lead);
  bool first = true;
  for (const std::string& line : WrapText(Printable(text), columns - lead_columns)) {
    AppendText(out, first ? "" : std::string(lead_columns, ' '), line, "\n");
    first = false;
  }
}

}  // namespace

std::string RenderDiagnosis(const std::vector<Check>& checks, size_t columns, bool colour) {
  constexpr size_t kLead = kTagColumns + kLabelColumns;
  std::string out;
  for (const Check& check : checks) {
    std::string label = check.id;
    std::ranges::replace(label, '_', ' ');
    const std::string_view tag = TagOf(check.health);
    const std::string lead =
        JoinText("  ", colour ? ColourOf(check.health) : "", tag, colour ? "\033[0m" : "",
                 std::string(kTagColumns - 2 - tag.size(), ' '), PadTo(label, kLabelColumns));
    AppendParagraph(lead, kLead, check.found, columns, &out);
    if (!check.advice.empty()) {
      AppendParagraph(std::string(kLead, ' ') + "to do: ", kLead + 7, check.advice, columns, &out);
    }
  }
  return out;
}

std::string RenderDiagnosisJson(const std::vector<Check>& checks) {
  nlohmann::ordered_json object;
  object["schema"] = 1;
  object["exit_code"] = ExitCodeOf(checks);
  object["checks"] = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    nlohmann::ordered_json one;
    one["id"] = check.id;
    one["health"] = HealthWord(check.health);
    one["found"] = check.found;
    one["advice"] = nullptr;
    if (!check.advice.empty()) one["advice"] = check.advice;
    object["checks"].push_back(std::move(one));
  }
  return object.dump(2) + "\n";
}

}  // namespace mxsweep::tools
