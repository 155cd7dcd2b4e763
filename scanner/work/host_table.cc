#include "scanner/work/host_table.h"

#include <openssl/siphash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
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

uint32_t HostTable::Slot::flags() const {
  uint32_t flags;
  std::memcpy(&flags, reinterpret_cast<const char*>(&summary) + offsetof(Summary, flags),
              sizeof(flags));
  return flags;
}

std::optional<Findings> HostTable::Find(std::string_view host, int64_t now_ns) {
  while (!forgotten_at_.empty() && forgotten_at_.front().first <= now_ns) {
    const auto& fingerprint = forgotten_at_.front().second;
    passing_.erase(fingerprint);
    Slot wanted{};
    wanted.fingerprint = fingerprint;
    Slot* slot = hosts_.FindMutable(wanted);
    if ((slot->flags() & kPassing) != 0) slot->waiting = {.flags = kForgotten};
    forgotten_at_.pop_front();
  }
  const Slot* slot = hosts_.Find(SlotOf(host));
  if (slot == nullptr || (slot->flags() & (kUnderWay | kForgotten)) != 0) return std::nullopt;
  if ((slot->flags() & kPassing) != 0) return passing_.at(slot->fingerprint);
  Findings findings = slot->summary;
  if (const auto names = misnamed_.find(slot->fingerprint); names != misnamed_.end()) {
    findings.misnamed = names->second;
  }
  return findings;
}

bool HostTable::Wait(std::string_view host, const HostWaiter& waiter) {
  Slot wanted = SlotOf(host);
  wanted.waiting = {.first = waiter};
  Slot* slot = hosts_.FindMutable(wanted);
  if (slot == nullptr || (slot->flags() & kForgotten) != 0) {
    if (slot == nullptr) {
      hosts_.Insert(wanted);
    } else {
      slot->waiting = wanted.waiting;
    }
    ++under_way_;
    return true;
  }
  MXSWEEP_CHECK((slot->flags() & kUnderWay) != 0);
  uint32_t index = free_waiter_;
  if (index == kNone) {
    index = static_cast<uint32_t>(waiters_.size());
    waiters_.emplace_back();
  } else {
    free_waiter_ = waiters_[index].next;
  }
  waiters_[index] = {waiter, slot->waiting.more};
  slot->waiting.more = index;
  return false;
}

uint16_t HostTable::MostRoom(std::string_view host) const {
  const Slot* slot = hosts_.Find(SlotOf(host));
  MXSWEEP_CHECK(slot != nullptr && (slot->flags() & kUnderWay) != 0);
  uint16_t room = slot->waiting.first.room;
  for (uint32_t i = slot->waiting.more; i != kNone; i = waiters_[i].next) {
    room = std::max(room, waiters_[i].waiter.room);
  }
  return room;
}

std::vector<HostWaiter> HostTable::TakeWaiting(Slot* slot) {
  MXSWEEP_CHECK(slot != nullptr && (slot->flags() & kUnderWay) != 0);
  std::vector<HostWaiter> waiting;
  for (uint32_t i = slot->waiting.more; i != kNone;) {
    waiting.push_back(waiters_[i].waiter);
    const uint32_t next = waiters_[i].next;
    waiters_[i].next = free_waiter_;
    free_waiter_ = i;
    i = next;
  }
  waiting.push_back(slot->waiting.first);
  std::reverse(waiting.begin(), waiting.end());
  slot->waiting = {.flags = kForgotten};
  --under_way_;
  return waiting;
}

void HostTable::FinishUntil(std::string_view host, const Findings& findings, int64_t forget_ns,
                            Tell tell) {
  Slot* slot = hosts_.FindMutable(SlotOf(host));
  const std::vector<HostWaiter> waiting = TakeWaiting(slot);
  slot->waiting = {.flags = kPassing};
  passing_.insert_or_assign(slot->fingerprint, findings);
  if (!forgotten_at_.empty()) forget_ns = std::max(forget_ns, forgotten_at_.back().first);
  forgotten_at_.emplace_back(forget_ns, slot->fingerprint);
  for (const HostWaiter& waiter : waiting) tell(waiter);
}

void HostTable::Restore(std::string_view host, const Findings& findings, int64_t now_ns,
                        std::optional<int64_t> forget_ns) {
  if (Find(host, now_ns)) return;
  const Slot* slot = hosts_.Find(SlotOf(host));
  if (slot != nullptr && (slot->flags() & kUnderWay) != 0) return;
  Wait(host, {});
  if (forget_ns) return FinishUntil(host, findings, *forget_ns, [](const HostWaiter&) {});
  Finish(host, findings, /*keep=*/true, [](const HostWaiter&) {});
}

void HostTable::Finish(std::string_view host, const Findings& findings, bool keep, Tell tell) {
  Slot* slot = hosts_.FindMutable(SlotOf(host));
  const std::vector<HostWaiter> waiting = TakeWaiting(slot);
  if (keep) {
    MXSWEEP_CHECK((findings.flags & kNoSummary) == 0);
    slot->summary = findings;
    ++finished_;
    if (findings.misnamed != nullptr && misnamed_.size() < kMaxMisnamedHosts) {
      misnamed_.emplace(slot->fingerprint, findings.misnamed);
    }
  }
  for (const HostWaiter& waiter : waiting) tell(waiter);
}

}  // namespace mxsweep::scanner
