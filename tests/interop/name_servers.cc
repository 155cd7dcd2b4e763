#include "tests/interop/name_servers.h"

#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace mxsweep::interop {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr absl::Duration kTimeToStart = absl::Seconds(15);
constexpr absl::Duration kStaleFor = absl::Hours(24 * 14);

std::string Absolute(const std::string& name) { return name.empty() ? "." : name + "."; }

std::string ZoneText(const Zone& zone) {
  return absl::StrCat(
      "$ORIGIN ", Absolute(zone.name),
      "\n$TTL 300\n@ SOA ns.nic.example. hostmaster.nic.example. 1 3600 600 86400 60\n"
      "@ NS ns.nic.example.\n",
      zone.records);
}

// As ldns-signzone takes it.
std::string SignatureTime(absl::Time time) {
  return absl::FormatTime("%Y%m%d%H%M%S", time, absl::UTCTimeZone());
}

// Removes the lines of `file` that hold `text`, of which there must be one.
absl::Status DropLines(const std::string& text, const std::string& file) {
  const auto content = ReadFile(file);
  if (!content.ok()) return content.status();
  std::istringstream lines(*content);
  std::string kept;
  bool dropped = false;
  for (std::string line; std::getline(lines, line);) {
    const bool drop = line.find(text) != std::string::npos;
    dropped |= drop;
    if (!drop) absl::StrAppend(&kept, line, "\n");
  }
  if (!dropped) return absl::InternalError(absl::StrCat("nothing to drop in ", file));
  return WriteFile(file, kept);
}

}  // namespace

absl::StatusOr<std::string> SignedZones::Sign(const Zone& zone, const std::string& base) {
  const ProcessOptions here = {.folder = folder_};
  const Arguments make_key = {"ldns-keygen", "-a",           "ECDSAP256SHA256",  "-k",
                              "-r",          "/dev/urandom", Absolute(zone.name)};
  auto key = RunSuccessfully(make_key, here);
  if (!key.ok()) return key.status();
  const std::string key_name(absl::StripAsciiWhitespace(*key));
  Arguments sign = {"ldns-signzone", "-f", base + ".signed", "-o", Absolute(zone.name)};
  if (zone.fault == ZoneFault::kExpiredSignatures) {
    const absl::Time end = absl::Now() - kStaleFor;
    sign.insert(sign.end(), {"-i", SignatureTime(end - kStaleFor), "-e", SignatureTime(end)});
  }
  if (zone.nsec3) sign.push_back("-n");
  sign.insert(sign.end(), {base + ".zone", key_name});
  if (auto status = RunSuccessfully(sign, here).status(); !status.ok()) return status;
  auto ds = ReadFile(absl::StrCat(folder_, "/", key_name, ".ds"));
  if (!ds.ok() || zone.fault != ZoneFault::kWrongDs) return ds;
  const size_t last_digit = ds->find_last_of("0123456789abcdef");
  if (last_digit == std::string::npos) return absl::InternalError("no digest in " + *ds);
  (*ds)[last_digit] = (*ds)[last_digit] == '0' ? '1' : '0';
  return ds;
}

absl::StatusOr<std::string> SignedZones::Publish(const Zone& zone) {
  const std::string base = absl::StrCat(folder_, "/", zone.name.empty() ? "root" : zone.name);
  std::string published = base + ".zone";
  if (auto status = WriteFile(published, ZoneText(zone)); !status.ok()) return status;
  std::string ds;
  if (zone.is_signed) {
    auto made = Sign(zone, base);
    if (!made.ok()) return made.status();
    ds = *std::move(made);
    published = base + ".signed";
  }
  if (zone.fault == ZoneFault::kNoTlsaSignatures) {
    if (auto status = DropLines("\tRRSIG\tTLSA ", published); !status.ok()) return status;
  }
  if (!zone.tamper_from.empty()) {
    auto text = ReadFile(published);
    if (!text.ok()) return text.status();
    if (absl::StrReplaceAll({{zone.tamper_from, zone.tamper_to}}, &*text) == 0) {
      return absl::InternalError(absl::StrCat("nothing to tamper with in ", published));
    }
    if (auto status = WriteFile(published, *text); !status.ok()) return status;
  }
  absl::StrAppend(&nsd_zones_, "zone:\n  name: \"", Absolute(zone.name), "\"\n  zonefile: \"",
                  published, "\"\n");
  return ds;
}

absl::StatusOr<SignedZones> SignedZones::Create(std::string folder,
                                                const std::vector<Zone>& zones) {
  SignedZones made(std::move(folder));
  Zone parent = {.name = "example", .records = absl::StrCat("ns.nic A ", kNsdAddress, "\n")};
  for (const Zone& zone : zones) {
    auto ds = made.Publish(zone);
    if (!ds.ok()) return ds.status();
    if (!zone.is_below_example) continue;
    absl::StrAppend(&parent.records, zone.name, ". NS ns.nic.example.\n", *ds);
  }
  auto parent_ds = made.Publish(parent);
  if (!parent_ds.ok()) return parent_ds.status();
  auto root_ds =
      made.Publish({.records = absl::StrCat("example. NS ns.nic.example.\nns.nic.example. A ",
                                            kNsdAddress, "\n", *parent_ds)});
  if (!root_ds.ok()) return root_ds.status();
  if (auto status = WriteFile(made.TrustAnchor(), *root_ds); !status.ok()) return status;
  const std::string hints =
      absl::StrCat(". NS ns.nic.example.\nns.nic.example. A ", kNsdAddress, "\n");
  if (auto status = WriteFile(made.RootHints(), hints); !status.ok()) return status;
  return made;
}

absl::StatusOr<ChildProcess> StartNsd(const SignedZones& zones) {
  const std::string& folder = zones.folder();
  const std::string config = folder + "/nsd.conf";
  auto status =
      WriteFile(config, absl::StrCat("server:\n  ip-address: ", kNsdAddress,
                                     "\n  username: \"\"\n  chroot: \"\"\n  server-count: 1\n"
                                     "  zonesdir: \"",
                                     folder,
                                     "\"\n  database: \"\"\n"
                                     "  pidfile: \"",
                                     folder,
                                     "/nsd.pid\"\n"
                                     "  xfrdfile: \"",
                                     folder,
                                     "/xfrd.state\"\n"
                                     "  zonelistfile: \"",
                                     folder,
                                     "/zone.list\"\n"
                                     "  xfrdir: \"",
                                     folder,
                                     "\"\n"
                                     "remote-control:\n  control-enable: no\n",
                                     zones.nsd_zones()));
  if (!status.ok()) return status;
  auto nsd = ChildProcess::Start("nsd", {"/usr/sbin/nsd", "-d", "-c", config}, folder + "/nsd.log");
  if (!nsd.ok()) return nsd.status();
  status = nsd->AwaitListening(kNsdAddress, kDnsPort, kTimeToStart);
  if (!status.ok()) return status;
  return nsd;
}

absl::StatusOr<ChildProcess> StartUnbound(const SignedZones& zones, const std::string& address,
                                          bool explain) {
  const std::string base = absl::StrCat(zones.folder(), "/unbound-", address);
  auto status = WriteFile(
      base + ".conf",
      absl::StrCat("server:\n  interface: ", address, "\n  access-control: 127.0.0.0/8 allow\n",
                   "  username: \"\"\n  chroot: \"\"\n  directory: \"", zones.folder(),
                   "\"\n  pidfile: \"", base,
                   ".pid\"\n  do-daemonize: no\n  use-syslog: no\n"
                   "  logfile: \"\"\n  val-log-level: 2\n  do-ip6: no\n"
                   "  do-not-query-localhost: no\n "
                   "  root-hints: \"",
                   zones.RootHints(), "\"\n  trust-anchor-file: \"", zones.TrustAnchor(),
                   "\"\n  module-config: \"validator iterator\"\n  ede: ", explain ? "yes" : "no",
                   "\nremote-control:\n  control-enable: no\n"));
  if (!status.ok()) return status;
  auto unbound = ChildProcess::Start("unbound", {"/usr/sbin/unbound", "-d", "-c", base + ".conf"},
                                     base + ".log");
  if (!unbound.ok()) return unbound.status();
  status = unbound->AwaitListening(address, kDnsPort, kTimeToStart);
  if (!status.ok()) return status;
  return unbound;
}

}  // namespace mxsweep::interop
