#include "tests/interop/mail_servers.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"

namespace mxsweep::interop {
namespace {

constexpr absl::Duration kTimeToStart = absl::Seconds(20);

// A folder of `user`, who must exist.
absl::Status MakeFolder(const std::string& path, const char* user, mode_t mode,
                        const char* group = nullptr) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::InternalError(absl::StrCat(path, ": ", error.message()));
  const passwd* const owner = getpwnam(user);
  const struct group* const members = group != nullptr ? getgrnam(group) : nullptr;
  if (owner == nullptr || (group != nullptr && members == nullptr)) {
    return absl::InternalError(absl::StrCat("no such user or group: ", user));
  }
  const gid_t gid = members != nullptr ? members->gr_gid : owner->pw_gid;
  if (chown(path.c_str(), owner->pw_uid, gid) != 0 || chmod(path.c_str(), mode) != 0) {
    return absl::InternalError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

// Where the loader finds the libraries that are not installed.
std::string LibraryPath(const std::string& servers) {
  std::vector<std::string> folders = {servers + "/root/usr/lib/postfix"};
  for (const char* parent : {"/root/usr/lib", "/root/lib"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(servers + parent, error)) {
      if (entry.path().string().find("-linux-gnu") != std::string::npos) {
        folders.push_back(entry.path());
      }
    }
  }
  return absl::StrJoin(folders, ":");
}

absl::Status AwaitAll(ChildProcess& server, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    auto status = server.AwaitListening(address, kSmtpPort, kTimeToStart);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// An openssl.cnf with which Postfix may do what Debian's forbids: old versions and short keys.
constexpr char kPermissiveOpenssl[] = R"(openssl_conf = init
[init]
ssl_conf = modules
[modules]
system_default = permissive
[permissive]
MinProtocol = None
CipherString = ALL:@SECLEVEL=0
)";

std::string MainCf(const std::string& servers, const std::string& folder) {
  const std::string lib = servers + "/root/usr/lib/postfix";
  return absl::StrCat(
      "compatibility_level = 3.6\nqueue_directory = ", folder, "/queue\ndata_directory = ", folder,
      "/data\nmeta_directory = ", folder, "\ndaemon_directory = ", lib,
      "/sbin\nshlib_directory = ", lib, "\ncommand_directory = ", servers, "/root/usr/sbin\n",
      "mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = postfix.example\n"
      "inet_protocols = ipv4\nmydestination =\nmynetworks = 127.0.0.0/8\n"
      "alias_maps =\nalias_database =\nlocal_recipient_maps =\n"
      "smtpd_peername_lookup = no\nsmtpd_relay_restrictions = reject\n"
      "smtpd_tls_loglevel = 1\nmaillog_file = ",
      folder, "/mail.log\nmaillog_file_prefixes = ", folder,
      "\nimport_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ "
      "LD_LIBRARY_PATH OPENSSL_CONF\n");
}

std::string MasterCf(const std::vector<PostfixListener>& listeners) {
  std::string text =
      "postlog unix-dgram n - n - 1 postlogd\ntlsmgr unix - - n 1000? 1 tlsmgr\n"
      "anvil unix - - n - 1 anvil\nrewrite unix - - n - - trivial-rewrite\n";
  for (const PostfixListener& listener : listeners) {
    absl::StrAppend(&text, listener.address, ":", kSmtpPort, " inet n - n - - smtpd\n");
    if (listener.chain_file.empty()) {
      absl::StrAppend(&text, "  -o smtpd_tls_security_level=none\n");
    } else {
      absl::StrAppend(&text, "  -o smtpd_tls_security_level=may -o smtpd_tls_chain_files=",
                      listener.chain_file, "\n");
    }
    for (const auto& [name, value] : listener.parameters) {
      absl::StrAppend(&text, "  -o {", name, " = ", value, "}\n");
    }
  }
  return text;
}

absl::Status MakePostfixFolders(const std::string& folder) {
  for (const char* name : {"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
                           "incoming", "private", "saved", "trace"}) {
    auto status = MakeFolder(absl::StrCat(folder, "/queue/", name), "postfix", 0700);
    if (!status.ok()) return status;
  }
  if (auto status = MakeFolder(folder + "/queue/pid", "root", 0755); !status.ok()) return status;
  auto status = MakeFolder(folder + "/queue/public", "postfix", 02710, "postdrop");
  if (!status.ok()) return status;
  status = MakeFolder(folder + "/queue/maildrop", "postfix", 01730, "postdrop");
  if (!status.ok()) return status;
  return MakeFolder(folder + "/data", "postfix", 0700);
}

}  // namespace

absl::StatusOr<ChildProcess> StartPostfix(const std::string& servers, const std::string& folder,
                                          const std::vector<PostfixListener>& listeners) {
  auto status = MakePostfixFolders(folder);
  if (!status.ok()) return status;
  const std::string openssl_config = folder + "/openssl.cnf";
  status = WriteFile(openssl_config, kPermissiveOpenssl);
  if (!status.ok()) return status;
  status = WriteFile(folder + "/main.cf", MainCf(servers, folder));
  if (!status.ok()) return status;
  status = WriteFile(folder + "/master.cf", MasterCf(listeners));
  if (!status.ok()) return status;
  const ProcessOptions options = {
      .environment = {LibraryEnvironment(servers), "OPENSSL_CONF=" + openssl_config}};
  auto postfix = ChildProcess::Start(
      "postfix", {servers + "/root/usr/lib/postfix/sbin/master", "-d", "-c", folder},
      folder + "/mail.log", options);
  if (!postfix.ok()) return postfix.status();
  std::vector<std::string> addresses;
  for (const PostfixListener& listener : listeners) addresses.push_back(listener.address);
  status = AwaitAll(*postfix, addresses);
  if (!status.ok()) return status;
  return postfix;
}

absl::StatusOr<ChildProcess> StartExim(const std::string& servers, const std::string& folder,
                                       const std::vector<EximListener>& listeners) {
  for (const char* name : {"/spool", "/log"}) {
    if (auto made = MakeFolder(folder + name, "Debian-exim", 0750); !made.ok()) return made;
  }
  std::vector<std::string> addresses;
  std::string chain, priorities, advertised, welcome;
  for (const EximListener& listener : listeners) {
    addresses.push_back(listener.address);
    const std::string condition =
        absl::StrCat("${if eq{$received_ip_address}{", listener.address, "}{");
    absl::StrAppend(&chain, condition, listener.chain_file, "}}");
    absl::StrAppend(&priorities, condition, listener.priorities, "}}");
    absl::StrAppend(&advertised, condition, listener.chain_file.empty() ? "" : "*", "}}");
    absl::StrAppend(&welcome, condition, listener.rejects_all ? "no" : "yes", "}}");
  }
  const std::string config = folder + "/exim.conf";
  auto status = WriteFile(
      config, absl::StrCat("primary_hostname = exim.example\nspool_directory = ", folder,
                           "/spool\nlog_file_path = ", folder, "/log/%slog\npid_file_path = ",
                           folder, "/exim.pid\nlocal_interfaces = ", absl::StrJoin(addresses, ":"),
                           "\ndaemon_smtp_ports = ", kSmtpPort,
                           "\nhost_lookup =\nrfc1413_query_timeout = 0s\nkeep_environment =\n"
                           "smtp_accept_max = 0\ntls_advertise_hosts = ",
                           advertised, "\ntls_certificate = ", chain, "\ntls_privatekey = ", chain,
                           "\ntls_require_ciphers = ", priorities,
                           "\nacl_smtp_connect = connecting\nbegin acl\nconnecting:\n"
                           "  accept condition = ",
                           welcome, "\n  deny\n"));
  if (!status.ok()) return status;
  // The keys are read under Exim's own user.
  auto exim =
      ChildProcess::Start("exim", {servers + "/root/usr/sbin/exim4", "-C", config, "-bdf"},
                          folder + "/exim.log", {.environment = {LibraryEnvironment(servers)}});
  if (!exim.ok()) return exim.status();
  status = AwaitAll(*exim, addresses);
  if (!status.ok()) return status;
  return exim;
}

absl::StatusOr<ChildProcess> StartOpenSmtpd(const std::string& servers, const std::string& root,
                                            const std::string& folder,
                                            const std::vector<OpenSmtpdListener>& listeners) {
  std::string keys, listens;
  std::vector<std::string> addresses;
  for (const OpenSmtpdListener& listener : listeners) {
    addresses.push_back(listener.address);
    absl::StrAppend(&listens, "listen on ", listener.address, " port ", kSmtpPort);
    if (!listener.chain_file.empty()) {
      absl::StrAppend(&keys, "pki ", listener.address, " cert \"", listener.chain_file, "\"\npki ",
                      listener.address, " key \"", listener.key_file, "\"\n");
      absl::StrAppend(&listens, " tls pki ", listener.address);
    }
    absl::StrAppend(&listens, " hostname opensmtpd.example\n");
  }
  const std::string config = folder + "/smtpd.conf", bound = folder + "/servers";
  auto status = WriteFile(config, absl::StrCat(keys, listens, "match from any for any reject\n"));
  if (!status.ok()) return status;
  // Its folders are below /var, and it must not meet another one of its kind there: it gets a /var
  // of its own, which may hide the place that it is run from.
  const std::string script =
      absl::StrCat("set -e\nmkdir ", bound, "\nmount --bind '", servers, "' ", bound,
                   "\nmount -t tmpfs -o mode=755 tmpfs /var\nmkdir -p /var/run /var/spool/smtpd "
                   "/var/lib/opensmtpd/empty\nchmod 711 /var/spool/smtpd\nexec ",
                   bound, "/", root, "/usr/sbin/smtpd -d -f ", config, "\n");
  const std::string libraries =
      absl::StrReplaceAll(LibraryEnvironment(servers), {{servers, bound}});
  auto smtpd = ChildProcess::Start("opensmtpd", {"unshare", "--mount", "sh", "-c", script},
                                   folder + "/smtpd.log", {.environment = {libraries}});
  if (!smtpd.ok()) return smtpd.status();
  status = AwaitAll(*smtpd, addresses);
  if (!status.ok()) return status;
  return smtpd;
}

std::string LibraryEnvironment(const std::string& servers) {
  return "LD_LIBRARY_PATH=" + LibraryPath(servers);
}

}  // namespace mxsweep::interop
