#include "tools/diff/place.h"

#include "dns/ip_address.h"
#include "scanner/targets/shard.h"
#include "tools/diff/interval.h"

namespace mxsweep::tools {

bool IsManyMore(uint64_t here, uint64_t there) {
  return here >= kFewestOperators && here >= 2 * there &&
         SignTestTells(static_cast<double>(here), static_cast<double>(there));
}

std::string NetworkOf(std::string_view address) {
  const auto parsed = dns::IpAddress::Parse(address);
  return parsed ? scanner::PrefixText(*parsed) : std::string(address);
}

}  // namespace mxsweep::tools
