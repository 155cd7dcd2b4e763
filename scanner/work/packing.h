// What a scan keeps of a target or a host while it waits for others, as few bytes: plain values
// into bytes and back. Only this process reads what it wrote.
#ifndef MXSWEEP_SCANNER_WORK_PACKING_H_
#define MXSWEEP_SCANNER_WORK_PACKING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dns/facts.h"
#include "dns/policy_lookup.h"
#include "scanner/base/boxed.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {

// A domain, or a host of the list, whose MX hosts are being asked.
struct WaitingTarget {
  Target target;  // kDomain or kHost
  // kDomain only.
  dns::MxAnswer mx;
  Boxed<dns::PolicyRecords> policies;  // empty: not looked up
  int64_t started_us = 0;              // of any clock
};

// An MX host, or an address or resolved host of the list, whose endpoints are being asked.
struct WaitingHost {
  std::string host;
  Boxed<dns::HostAnswer> answer;          // empty: an address of the list
  std::optional<uint64_t> target_number;  // of the list's; nothing: domains wait for the host
  dns::IpAddress address;                 // of the list
  int64_t started_us = 0;
};

// What stands in front of each while it is kept (target_task.cc, host_task.cc): of a target of one
// host, and of a host of one address.
inline constexpr size_t kTargetHeadBytes = 10;
inline constexpr size_t kHostHeadBytes = 7;

// Appends. Names that end in the target's are cut; what is mostly empty takes a bit.
void Pack(const WaitingTarget& target, std::string* out);
void Pack(const WaitingHost& host, std::string* out);

// What Pack appended, given what begins there: what lies behind it does not matter.
WaitingTarget UnpackTarget(std::string_view bytes);
WaitingHost UnpackHost(std::string_view bytes);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_PACKING_H_
