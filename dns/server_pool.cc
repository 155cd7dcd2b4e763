#include "dns/server_pool.h"

#include <algorithm>

namespace mxsweep::dns {
namespace {

constexpr int kSilencesUntilDown = 8;
constexpr int64_t kDownProbeIntervalNs = 2'000'000'000;

bool IsDown(const Server& server) { return server.silences >= kSilencesUntilDown; }

}  // namespace

bool ServerPool::AnyHasRoom(int64_t now_ns) const {
  for (size_t i = 0; i < servers_.size(); ++i) {
    if (HasRoom(i, now_ns)) return true;
  }
  return false;
}

int64_t ServerPool::NextRoomNs() const {
  int64_t next_ns = INT64_MAX;
  for (const Server& server : servers_) {
    if (HasPlace(server)) next_ns = std::min(next_ns, server.rate->NextNs());
  }
  return next_ns;
}

size_t ServerPool::Pick(size_t last, uint32_t failed, int64_t now_ns) {
  size_t best = kNoServer;
  int best_rank = -1;
  for (size_t i = 0; i < servers_.size(); ++i) {
    const size_t index = (next_ + i) % servers_.size();
    const Server& server = servers_[index];
    if (!HasRoom(index, now_ns)) continue;
    const bool usable = !IsDown(server) || now_ns >= server.next_probe_ns;
    const bool fresh = (failed >> index & 1) == 0 && index != last;
    const int rank = (usable ? 2 : 0) + (fresh ? 1 : 0);
    if (rank <= best_rank) continue;
    best = index;
    best_rank = rank;
  }
  if (best == kNoServer) return best;
  next_ = (best + 1) % servers_.size();
  if (IsDown(servers_[best])) servers_[best].next_probe_ns = now_ns + kDownProbeIntervalNs;
  return best;
}

void ServerPool::NoteAnswer(size_t index, int64_t now_ns) {
  servers_[index].silences = 0;
  servers_[index].last_answer_ns = now_ns;
}

void ServerPool::NoteSilence(size_t index, int64_t sent_ns, int64_t now_ns) {
  Server& server = servers_[index];
  // If it has answered others since, it is the name that is slow.
  if (server.last_answer_ns > sent_ns) return;
  if (++server.silences == kSilencesUntilDown) {
    server.next_probe_ns = now_ns + kDownProbeIntervalNs;
  }
}

}  // namespace mxsweep::dns
