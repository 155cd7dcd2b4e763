// An MTA-STS policy body. What is read must hold what the standard demands, and be read again from
// what is written of it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns/mta_sts.h"

namespace mxsweep::dns {
namespace {

std::string Written(const StsPolicy& policy) {
  std::string body = "version: STSv1\nmode: " + std::string(Word(policy.mode)) + "\n";
  for (const std::string& mx : policy.mx) body += "mx: " + mx + "\n";
  return body + "max_age: " + std::to_string(policy.max_age_s) + "\n";
}

}  // namespace
}  // namespace mxsweep::dns

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::dns;
  const auto policy = ParseStsPolicy({reinterpret_cast<const char*>(data), size});
  if (!policy.ok()) {
    if (policy.status().message().empty() || policy.status().message().size() > 200) std::abort();
    for (const char c : policy.status().message()) {
      if (c < ' ' || c > '~') std::abort();
    }
    return 0;
  }
  if (policy->max_age_s > kMaxStsMaxAge || size > kMaxStsPolicyBytes) std::abort();
  if (policy->mx.empty() && policy->mode != StsMode::kNone) std::abort();
  for (const std::string& pattern : policy->mx) {
    const bool wildcard = pattern.starts_with("*.");
    const std::string host = wildcard ? "x" + pattern.substr(1) : pattern;
    if (!StsPolicyAllows(*policy, host) || StsPatternMatches(pattern, "y.x." + host)) std::abort();
  }
  const std::string written = Written(*policy);
  if (written.size() > kMaxStsPolicyBytes) return 0;
  const auto again = ParseStsPolicy(written);
  if (!again.ok() || *again != *policy) std::abort();
  return 0;
}
