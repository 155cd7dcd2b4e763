#include "scanner/work/prime_judge.h"

#include <utility>

namespace mxsweep::scanner {

void PrimeJudge::Ask(std::vector<uint8_t> prime, Answered answered) {
  const tls::Sha256 hash = tls::PrimeHash(prime);
  std::optional<tls::PrimeKind> kind;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(hash); found != known_.end()) {
      kind = found->second;
    } else if (const auto others = waiting_.find(hash); others != waiting_.end()) {
      others->second.push_back(std::move(answered));
      return;
    } else if (waiting_.size() < kMostWaiting) {
      waiting_[hash].push_back(std::move(answered));
      background_->Run([this, prime = std::move(prime), hash] { Judge(prime, hash); });
      return;
    }
  }
  answered(kind);
}

void PrimeJudge::Judge(const std::vector<uint8_t>& prime, const tls::Sha256& hash) {
  const std::optional<tls::PrimeKind> kind = tls::JudgePrime(prime);
  std::vector<Answered> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (known_.size() >= kMostRemembered) known_.clear();
    known_[hash] = kind;
    waiting.swap(waiting_[hash]);
    waiting_.erase(hash);
  }
  for (Answered& answered : waiting) answered(kind);
}

}  // namespace mxsweep::scanner
