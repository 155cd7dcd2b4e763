#include "dns/send_window.h"

#include <algorithm>
#include <cstdlib>

namespace mxsweep::dns {
namespace {

constexpr size_t kLeastWindow = 64;
constexpr size_t kAnswersPerStep = 32;
constexpr int64_t kLeastPatienceNs = 500'000'000;

}  // namespace

SendWindow::SendWindow(size_t initial, size_t most, std::chrono::nanoseconds max_patience)
    : most_(most), max_patience_ns_(max_patience.count()), window_(std::min(initial, most)) {}

void SendWindow::OnAnswer(int64_t took_ns, bool may_grow) {
  if (mean_ns_ == 0) {
    mean_ns_ = took_ns;
    deviation_ns_ = took_ns / 2;
  } else {
    deviation_ns_ += (std::abs(took_ns - mean_ns_) - deviation_ns_) / 4;
    mean_ns_ += (took_ns - mean_ns_) / 8;
  }
  // What is not made use of says nothing about how much would be too much.
  if (!may_grow || window_ >= most_ || new_queries_ < window_ / 2) return;
  if (++answers_ < (doubling_ ? 1 : kAnswersPerStep)) return;
  answers_ = 0;
  ++window_;
}

void SendWindow::OnLoss(int64_t sent_ns, int64_t now_ns) {
  // One cut for all that was lost before it had an effect.
  if (sent_ns <= last_cut_ns_) return;
  last_cut_ns_ = now_ns;
  doubling_ = false;
  window_ = std::max(window_ - window_ / 4, std::min(kLeastWindow, most_));
}

int64_t SendWindow::patience_ns() const {
  if (mean_ns_ == 0) return max_patience_ns_;
  return std::min(std::max(2 * mean_ns_ + 4 * deviation_ns_, kLeastPatienceNs), max_patience_ns_);
}

}  // namespace mxsweep::dns
