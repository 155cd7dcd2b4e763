#include "scanner/engine/stream.h"

#include <cerrno>
#include <utility>

#include "scanner/base/check.h"

namespace mxsweep::scanner {

static_assert(kDeadline == ETIME && kInboxFull == EMSGSIZE && kNoRoute == ENONET);

void Stream::Deadline::OnTimer() { owner->Resume({kDeadline, {}}); }

void Stream::Suspend(std::coroutine_handle<> waiter, int64_t deadline_ns, Receiver* receiver) {
  MXSWEEP_CHECK(!waiter_);  // one coroutine, one operation
  waiter_ = waiter;
  receiver_ = receiver;
  wheel_->Start(&deadline_, deadline_ns);
}

void Stream::Resume(Received result) {
  if (receiver_ != nullptr && !receiver_->OnReceived(result)) return;  // it waits for more
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
  if (inbox_taken_) {
    inbox_.reset();
    inbox_taken_ = false;
  }
  const size_t waiting = inbox_ ? inbox_->size() : 0;
  if (waiting + bytes.size() > kMaxInboxBytes) {
    ended_ = kInboxFull;
    return;
  }
  if (!inbox_) inbox_.emplace();
  inbox_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Stream::DeliverEnd(IoError error) {
  if (!ended_) ended_ = error;
  if (waiter_) Resume({*ended_, {}});
}

bool Stream::TakeInbox() {
  if (inbox_taken_) inbox_.reset();
  inbox_taken_ = inbox_.has_value();
  if (inbox_taken_) {
    result_ = {0, {reinterpret_cast<const uint8_t*>(inbox_->data()), inbox_->size()}};
    return true;
  }
  if (ended_) {
    result_ = {*ended_, {}};
    return true;
  }
  return false;
}

}  // namespace mxsweep::scanner
