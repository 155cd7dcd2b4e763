#include "scanner/resolver/unbound_machine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "scanner/base/text.h"

namespace mxsweep::scanner {

absl::StatusOr<std::string> FindUnbound(std::string_view path,
                                        const std::vector<std::string>& system_folders) {
  std::vector<std::string> folders;
  while (!path.empty()) {
    const size_t colon = path.find(':');
    // An empty folder would be the current one: not for a program that nobody named.
    if (colon != 0) folders.emplace_back(path.substr(0, colon));
    path.remove_prefix(colon == std::string_view::npos ? path.size() : colon + 1);
  }
  folders.insert(folders.end(), system_folders.begin(), system_folders.end());
  for (const std::string& folder : folders) {
    std::string program = JoinText(folder, "/unbound");
    struct stat info {};
    if (program.front() == '/' && stat(program.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return absl::NotFoundError(
      "--resolver unbound: there is no program unbound in PATH or /usr/sbin; Debian's package of "
      "it "
      "is called unbound");
}

absl::StatusOr<std::string> ReadUnboundInclude(const std::string& path) {
  const auto fail = [&path](std::string_view why) {
    return InvalidArgument(JoinText("--unbound-config-include ", path, ": ", why));
  };
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return fail(std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return fail("is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(std::strerror(errno));
  std::string text;
  std::array<char, 4096> block;
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxIncludeBytes) {
      return fail(JoinText("longer than ", kMaxIncludeBytes, " bytes"));
    }
  }
  if (file.bad()) return fail("cannot be read");
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

bool HasIpv6Route() {
  const int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  sockaddr_in6 root_server{};
  root_server.sin6_family = AF_INET6;
  root_server.sin6_port = htons(53);
  inet_pton(AF_INET6, "2001:503:ba3e::2:30", &root_server.sin6_addr);  // a.root-servers.net
  const bool reached =
      connect(probe, reinterpret_cast<const sockaddr*>(&root_server), sizeof(root_server)) == 0;
  close(probe);
  return reached;
}

uint64_t DescriptorLimit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
}

}  // namespace mxsweep::scanner
