#ifndef MXSWEEP_SCANNER_WORK_RESUMED_ENDPOINTS_H_
#define MXSWEEP_SCANNER_WORK_RESUMED_ENDPOINTS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dns/ip_address.h"
#include "scanner/verdict/summary.h"

namespace mxsweep::scanner {

// Endpoints that an earlier run of the scan has asked and recorded, of hosts that it had not
// finished, or that may be asked again: they are not, and have their rows. Filled before the first
// target is started; then any thread may look things up.
//
// Memory: some 60 bytes and the host's name for each; there were no more than what was under way.
class ResumedEndpoints {
 public:
  void Add(std::string_view host, const dns::IpAddress& address, const Findings& findings) {
    endpoints_.insert_or_assign(KeyOf(host, address), findings);
  }
  std::optional<Findings> Find(std::string_view host, const dns::IpAddress& address) const {
    const auto found = endpoints_.find(KeyOf(host, address));
    if (found == endpoints_.end()) return std::nullopt;
    return found->second;
  }
  size_t size() const { return endpoints_.size(); }

 private:
  static std::string KeyOf(std::string_view host, const dns::IpAddress& address) {
    std::string key(1, address.is_v6() ? '6' : '4');
    key.append(reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size());
    return key.append(host);
  }

  absl::flat_hash_map<std::string, Findings> endpoints_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_RESUMED_ENDPOINTS_H_
