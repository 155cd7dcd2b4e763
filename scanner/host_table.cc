#include "scanner/host_table.h"

#include <openssl/siphash.h>

#include <utility>

#include "scanner/check.h"

namespace mxsweep::scanner {
namespace {

uint64_t Fingerprint(const HostTable::Key& key, std::string_view host) {
  return SIPHASH_24(key.data(), reinterpret_cast<const uint8_t*>(host.data()), host.size());
}

}  // namespace

size_t HostTable::OwnerOf(const Key& key, std::string_view host, size_t workers) {
  return Fingerprint(key, host) % workers;
}

bool HostTable::Ask(std::string_view host, Callback done) {
  const uint64_t fingerprint = Fingerprint(key_, host);
  if (const auto found = finished_.find(fingerprint); found != finished_.end()) {
    Findings findings = found->second;
    if (const auto names = misnamed_.find(fingerprint); names != misnamed_.end()) {
      findings.misnamed = names->second;
    }
    done(findings);
    return false;
  }
  const auto [entry, first] = waiting_.try_emplace(std::string(host));
  entry->second.push_back(std::move(done));
  return first;
}

void HostTable::Finish(std::string_view host, const Findings& findings, bool keep) {
  const auto entry = waiting_.find(std::string(host));
  MXSWEEP_CHECK(entry != waiting_.end());
  std::vector<Callback> callbacks = std::move(entry->second);
  waiting_.erase(entry);
  if (keep) {
    const uint64_t fingerprint = Fingerprint(key_, host);
    finished_.emplace(fingerprint, findings);
    if (findings.misnamed != nullptr && misnamed_.size() < kMaxMisnamedHosts) {
      misnamed_.emplace(fingerprint, findings.misnamed);
    }
  }
  for (Callback& callback : callbacks) callback(findings);
}

}  // namespace mxsweep::scanner
