#include "scanner/base/machine.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// The files of a made-up machine.
class MachineTest : public testing::Test {
 protected:
  MachineTest() {
    std::string pattern = testing::TempDir() + "mxsweep_machine_XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~MachineTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  std::string root_;
};

TEST_F(MachineTest, IsAllThereIsWithoutGroups) {
  EXPECT_EQ(UsableMemoryBytes(root_), static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                                          static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE)));
  EXPECT_EQ(UsableCores(root_), std::max(1u, std::thread::hardware_concurrency()));
}

// A pod, or a container with a namespace of its own: it sees its group as the outermost.
TEST_F(MachineTest, OfAContainerIsWhatItsGroupMayHave) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/memory.max", "67108864\n");
  Write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(UsableMemoryBytes(root_), 64 * kMiB);
  EXPECT_EQ(UsableCores(root_), 1u);
}

// MemoryMax of a slice holds for its units.
TEST_F(MachineTest, OfAUnitIsTheLeastOfAllGroupsAroundIt) {
  Write("/proc/self/cgroup", "0::/system.slice/mxsweep.service\n");
  Write("/sys/fs/cgroup/system.slice/memory.max", "33554432\n");
  Write("/sys/fs/cgroup/system.slice/mxsweep.service/memory.max", "max\n");
  Write("/sys/fs/cgroup/system.slice/mxsweep.service/cpu.max", "max 100000\n");
  EXPECT_EQ(UsableMemoryBytes(root_), 32 * kMiB);
  EXPECT_EQ(UsableCores(root_), std::max(1u, std::thread::hardware_concurrency()));
}

// The first version: controllers have trees of their own, and -1 is no quota.
TEST_F(MachineTest, OfTheFirstVersionOfGroups) {
  Write("/proc/self/cgroup", "5:cpuacct,cpu:/job\n4:memory:/job/7\n1:name=systemd:/\n0::/\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "16777216\n");
  Write("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "100000\n");
  Write("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(UsableMemoryBytes(root_), 16 * kMiB);
  EXPECT_EQ(UsableCores(root_), 1u);
}

// Without a namespace of its own, a container is told the host's path, which it cannot see.
TEST_F(MachineTest, OfAContainerThatIsToldTheHostsPath) {
  Write("/proc/self/cgroup", "4:memory:/docker/0123456789ab\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "8388608\n");
  EXPECT_EQ(UsableMemoryBytes(root_), 8 * kMiB);
}

TEST_F(MachineTest, IsNotSpoiledByWhatIsNoNumber) {
  Write("/proc/self/cgroup", "0::/a\nnonsense\n::\n");
  Write("/sys/fs/cgroup/a/memory.max", "0\n");
  Write("/sys/fs/cgroup/a/cpu.max", "100000 0\n");
  EXPECT_GT(UsableMemoryBytes(root_), kMiB);
  EXPECT_GE(UsableCores(root_), 1u);
}

}  // namespace
}  // namespace mxsweep::scanner
