#include "scanner/work/host_table.h"

#include <openssl/siphash.h>

#include <algorithm>
#include <utility>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

uint64_t Hash(const HostTable::Key& key, std::string_view text) {
  return SIPHASH_24(key.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace

HostTable::HostTable(const Key& key)
    : key_(key), second_key_{Hash(key, "second key, 1"), Hash(key, "second key, 2")} {}

HostTable::Slot HostTable::SlotOf(std::string_view host) const {
  Slot slot{};
  slot.fingerprint = {Hash(key_, host), std::max<uint64_t>(Hash(second_key_, host), 1)};
  return slot;
}

size_t HostTable::OwnerOf(const Key& key, std::string_view host, size_t workers) {
  return Hash(key, host) % workers;
}

bool HostTable::Ask(std::string_view host, int64_t now_ns, Callback done) {
  while (!forgotten_at_.empty() && forgotten_at_.front().first <= now_ns) {
    passing_.erase(forgotten_at_.front().second);
    forgotten_at_.pop_front();
  }
  const Slot wanted = SlotOf(host);
  if (const auto passing = passing_.find(wanted.fingerprint); passing != passing_.end()) {
    const Findings findings = passing->second;
    done(findings);
    return false;
  }
  if (const Slot* found = finished_.Find(wanted); found != nullptr) {
    Findings findings = found->summary;
    if (const auto names = misnamed_.find(found->fingerprint); names != misnamed_.end()) {
      findings.misnamed = names->second;
    }
    done(findings);
    return false;
  }
  const auto [entry, first] = waiting_.try_emplace(std::string(host));
  entry->second.push_back(std::move(done));
  return first;
}

std::vector<HostTable::Callback> HostTable::TakeWaiting(std::string_view host) {
  const auto entry = waiting_.find(std::string(host));
  MXSWEEP_CHECK(entry != waiting_.end());
  std::vector<Callback> callbacks = std::move(entry->second);
  waiting_.erase(entry);
  return callbacks;
}

void HostTable::FinishUntil(std::string_view host, const Findings& findings, int64_t forget_ns) {
  std::vector<Callback> callbacks = TakeWaiting(host);
  const Slot slot = SlotOf(host);
  passing_.insert_or_assign(slot.fingerprint, findings);
  forgotten_at_.emplace_back(forget_ns, slot.fingerprint);
  for (Callback& callback : callbacks) callback(findings);
}

void HostTable::Finish(std::string_view host, const Findings& findings, bool keep) {
  std::vector<Callback> callbacks = TakeWaiting(host);
  if (keep) {
    Slot slot = SlotOf(host);
    slot.summary = findings;
    finished_.Insert(slot);
    if (findings.misnamed != nullptr && misnamed_.size() < kMaxMisnamedHosts) {
      misnamed_.emplace(slot.fingerprint, findings.misnamed);
    }
  }
  for (Callback& callback : callbacks) callback(findings);
}

}  // namespace mxsweep::scanner
