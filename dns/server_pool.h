// The servers of a resolver: which of them to ask next. Inside the room: see CaresResolver.
#ifndef MXSWEEP_DNS_SERVER_POOL_H_
#define MXSWEEP_DNS_SERVER_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dns/cares_channel.h"
#include "dns/cares_resolver.h"
#include "dns/query_rate.h"
#include "dns/send_window.h"

namespace mxsweep::dns {

inline constexpr size_t kNoServer = SIZE_MAX;

struct Server {
  ServerAddress address;
  bool trusted = false;  // Its AD bit is believed.
  std::unique_ptr<CaresChannel> udp;
  std::unique_ptr<CaresChannel> tcp;
  SendWindow window;
  // Servers of one address share it.
  std::shared_ptr<QueryRate> rate;
  int silences = 0;  // In a row.
  int64_t last_answer_ns = INT64_MIN;
  int64_t next_probe_ns = 0;

  size_t outstanding() const { return udp->outstanding() + tcp->outstanding(); }
};

// A server that stayed silent several times in a row, while it answered nobody, is down: it gets
// one question now and then, until it answers. Where all are down they are used as if none was. At
// most kMaxServers. Thread-confined.
class ServerPool {
 public:
  // At most so many queries are on the wire to one server.
  explicit ServerPool(size_t max_outstanding) : max_outstanding_(max_outstanding) {}

  void Add(Server server) { servers_.push_back(std::move(server)); }
  size_t size() const { return servers_.size(); }
  Server& operator[](size_t index) { return servers_[index]; }
  const Server& operator[](size_t index) const { return servers_[index]; }
  std::vector<Server>::iterator begin() { return servers_.begin(); }
  std::vector<Server>::iterator end() { return servers_.end(); }

  bool HasRoom(size_t index, int64_t now_ns) const {
    return HasPlace(servers_[index]) && servers_[index].rate->MaySend(now_ns);
  }
  bool AnyHasRoom(int64_t now_ns) const;
  // When one of them has room that has none now but for its rate; INT64_MAX if there is none such.
  int64_t NextRoomNs() const;
  // In rotation: one with room, rather up than down, rather not `last` and not in `failed` (a bit
  // by index) than one of those. kNoServer if none has room.
  size_t Pick(size_t last, uint32_t failed, int64_t now_ns);
  bool AllIn(uint32_t failed) const { return failed == (uint32_t{1} << servers_.size()) - 1; }

  void NoteAnswer(size_t index, int64_t now_ns);
  // A query sent at `sent_ns` has brought nothing yet.
  void NoteSilence(size_t index, int64_t sent_ns, int64_t now_ns);

 private:
  bool HasPlace(const Server& server) const {
    return server.outstanding() < max_outstanding_ && server.window.HasRoom();
  }

  const size_t max_outstanding_;
  std::vector<Server> servers_;
  size_t next_ = 0;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_SERVER_POOL_H_
