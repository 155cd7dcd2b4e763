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
  if (const auto found = finished_.find(Fingerprint(key_, host)); found != finished_.end()) {
    done(found->second);
    return false;
  }
  const auto [entry, first] = waiting_.try_emplace(std::string(host));
  entry->second.push_back(std::move(done));
  return first;
}

void HostTable::Finish(std::string_view host, const Summary& summary, bool keep) {
  const auto entry = waiting_.find(std::string(host));
  MXSWEEP_CHECK(entry != waiting_.end());
  std::vector<Callback> callbacks = std::move(entry->second);
  waiting_.erase(entry);
  if (keep) finished_.emplace(Fingerprint(key_, host), summary);
  for (Callback& callback : callbacks) callback(summary);
}

}  // namespace mxsweep::scanner
