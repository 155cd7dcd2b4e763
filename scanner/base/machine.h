#ifndef MXSWEEP_SCANNER_BASE_MACHINE_H_
#define MXSWEEP_SCANNER_BASE_MACHINE_H_

#include <cstdint>
#include <string>

namespace mxsweep::scanner {

// What this process may use of the machine: all of it, or less where a control group that it is in
// says so (a container's, a batch job's, systemd's MemoryMax and CPUQuota). Files: cgroup-v2.rst
// (memory.max, cpu.max), cgroup-v1/memory.rst (memory.limit_in_bytes) and sched-bwc.rst
// (cpu.cfs_quota_us) of the kernel's documentation. `root` is "/" but in tests.
uint64_t UsableMemoryBytes(const std::string& root = "/");

// Whole cores, rounded up; at least 1.
uint32_t UsableCores(const std::string& root = "/");

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_BASE_MACHINE_H_
