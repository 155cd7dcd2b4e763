#include "scanner/targets/shuffled_source.h"

#include <utility>

#include "absl/numeric/int128.h"
#include "scanner/base/check.h"

namespace mxsweep::scanner {

ShuffledSource::ShuffledSource(TargetSource* source, size_t window, uint64_t seed)
    : source_(source), most_(window), random_(seed) {
  MXSWEEP_CHECK(window > 0);
}

// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t ShuffledSource::Random(uint64_t bound) {
  random_ += 0x9e3779b97f4a7c15;
  uint64_t mixed = random_;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  return absl::Uint128High64(absl::uint128(mixed) * bound);
}

void ShuffledSource::Put(Target* target) {
  Waiting& waiting = window_.emplace_back();
  waiting.name = std::move(target->name);
  waiting.input_line = target->input_line;
  waiting.number = target->number;
  if (target->kind == Target::Kind::kDomain && target->raw.empty()) return;
  waiting.rest = Rest{target->kind, target->address, std::move(target->resolved),
                      std::move(target->raw), std::move(target->problem)};
}

void ShuffledSource::Take(size_t index, Target* target) {
  Waiting& waiting = window_[index];
  Rest rest;
  if (waiting.rest) rest = std::move(*waiting.rest);
  target->kind = rest.kind;
  target->name = std::move(waiting.name);
  target->address = rest.address;
  target->resolved = std::move(rest.resolved);
  target->input_line = waiting.input_line;
  target->number = waiting.number;
  target->raw = std::move(rest.raw);
  target->problem = std::move(rest.problem);
  if (index + 1 != window_.size()) waiting = std::move(window_.back());
  window_.pop_back();
  ++given_;
}

bool ShuffledSource::Next(Target* target) {
  if (most_ == 1) return source_->Next(target);
  while (!ended_ && window_.size() < most_ && (window_.empty() || source_->ready())) {
    if (source_->Next(&read_)) {
      Put(&read_);
    } else {
      ended_ = true;
    }
  }
  if (window_.empty()) return false;
  Take(Random(window_.size()), target);
  return true;
}

uint64_t ShuffledSource::bytes_read() const {
  const uint64_t read = source_->bytes_read();
  if (window_.empty()) return read;
  const auto given = static_cast<double>(given_);
  return static_cast<uint64_t>(static_cast<double>(read) * given /
                               (given + static_cast<double>(window_.size())));
}

}  // namespace mxsweep::scanner
