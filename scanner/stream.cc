#include "scanner/stream.h"

#include <cerrno>
#include <utility>

#include "scanner/check.h"

namespace mxsweep::scanner {

static_assert(kDeadline == ETIME && kInboxFull == EMSGSIZE && kNoRoute == ENONET);

void Stream::Deadline::OnTimer() { owner->Resume({kDeadline, {}}); }

void Stream::Suspend(std::coroutine_handle<> waiter, int64_t deadline_ns) {
  MXSWEEP_CHECK(!waiter_);  // one coroutine, one operation
  waiter_ = waiter;
  wheel_->Start(&deadline_, deadline_ns);
}

void Stream::Resume(Received result) {
  deadline_.Cancel();
  result_ = result;
  std::exchange(waiter_, nullptr).resume();
}

void Stream::DeliverConnected(IoError error) {
  if (waiter_) Resume({error, {}});
}

void Stream::DeliverBytes(std::span<const uint8_t> bytes) {
  if (waiter_) {
    Resume({0, bytes});
    return;
  }
  if (ended_) return;
  if (inbox_.size() + bytes.size() > kMaxInboxBytes) {
    ended_ = kInboxFull;
    return;
  }
  inbox_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Stream::DeliverEnd(IoError error) {
  if (!ended_) ended_ = error;
  if (waiter_) Resume({*ended_, {}});
}

bool Stream::TakeInbox() {
  if (!inbox_.empty()) {
    reading_ = std::exchange(inbox_, {});
    result_ = {0, {reinterpret_cast<const uint8_t*>(reading_.data()), reading_.size()}};
    return true;
  }
  if (ended_) {
    result_ = {*ended_, {}};
    return true;
  }
  return false;
}

}  // namespace mxsweep::scanner
