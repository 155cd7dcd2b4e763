#include "scanner/base/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Nothing: no such file, or "max".
std::optional<double> Number(const std::string& text) {
  double value = 0;
  if (!absl::SimpleAtod(text, &value) || value <= 0) return std::nullopt;
  return value;
}

// Calls `look` with the folder of each group that this process is in and that has `controller`, and
// of each group around it, as far as they can be seen. In a container without a namespace of its
// own the group's path is the host's, and is not there: only the outermost folder is.
void ForEachGroup(const std::string& root, std::string_view controller,
                  const std::function<void(const std::string& folder)>& look) {
  std::ifstream groups(JoinText(root, "/proc/self/cgroup"));
  std::string line;
  while (std::getline(groups, line)) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    const bool unified = parts[0] == "0" && parts[1].empty();
    if (!unified && std::ranges::find(controllers, controller) == controllers.end()) continue;
    const std::string top =
        unified ? JoinText(root, "/sys/fs/cgroup") : JoinText(root, "/sys/fs/cgroup/", controller);
    std::string path = parts[2];
    for (;;) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      look(JoinText(top, path));
      if (path.empty()) break;
      path.resize(std::min(path.rfind('/'), path.size()));
    }
  }
}

}  // namespace

uint64_t UsableMemoryBytes(const std::string& root) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGE_SIZE);
  double bytes = pages > 0 && page_bytes > 0
                     ? static_cast<double>(pages) * static_cast<double>(page_bytes)
                     : static_cast<double>(uint64_t{1} << 30);
  ForEachGroup(root, "memory", [&bytes](const std::string& folder) {
    for (const char* file : {"/memory.max", "/memory.limit_in_bytes"}) {
      if (const auto limit = Number(FirstLine(folder + file))) bytes = std::min(bytes, *limit);
    }
  });
  return static_cast<uint64_t>(bytes);
}

uint32_t UsableCores(const std::string& root) {
  double cores = std::max(1u, std::thread::hardware_concurrency());
  const auto allow = [&cores](const std::string& quota_us, const std::string& period_us) {
    const auto quota = Number(quota_us);  // "max" and -1: none
    const auto period = Number(period_us);
    if (quota && period) cores = std::min(cores, std::max(1.0, std::ceil(*quota / *period)));
  };
  ForEachGroup(root, "cpu", [&allow](const std::string& folder) {
    const std::vector<std::string> both = absl::StrSplit(FirstLine(folder + "/cpu.max"), ' ');
    if (both.size() == 2) allow(both[0], both[1]);
    allow(FirstLine(folder + "/cpu.cfs_quota_us"), FirstLine(folder + "/cpu.cfs_period_us"));
  });
  return static_cast<uint32_t>(cores);
}

}  // namespace mxsweep::scanner
