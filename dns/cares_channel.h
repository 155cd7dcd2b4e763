// One c-ares channel to one server over one transport: c-ares' sockets on our event loop. Inside
// the room: see CaresResolver.
//
// A channel for each transport, because c-ares 1.18 treats a server as one: when a resolver closes
// an idle TCP connection, as they all do, every UDP query to it would be lost too.
#ifndef MXSWEEP_DNS_CARES_CHANNEL_H_
#define MXSWEEP_DNS_CARES_CHANNEL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "dns/cares_resolver.h"
#include "dns/event_loop.h"
#include "dns/message.h"

namespace mxsweep::dns {

enum class Transport : uint8_t { kUdp, kTcp };

// What the resolver wants to know again when a query is over.
struct AttemptTag {
  uint64_t question = 0;
  uint8_t server = 0;
  uint8_t phase = 0;
  uint8_t hop = 0;
  Transport transport = Transport::kUdp;
  int64_t sent_ns = 0;
};

// How a query ended.
struct AttemptResult {
  enum class Kind : uint8_t {
    kMessage,  // Something with the right id and question came; `message` is it, if it can be read.
    kExpired,  // c-ares has given up waiting.
    kFailed,   // The socket failed: `os_error`.
  };
  AttemptTag tag;
  Kind kind = Kind::kFailed;
  absl::StatusOr<Message> message = absl::UnknownError("no message");
  // It came without a question section: an error code, and the id, which is ours.
  bool without_question = false;
  // errno of the last socket call that failed, 0 if none did.
  int os_error = 0;
};

struct ChannelOptions {
  Transport transport = Transport::kUdp;
  // How long c-ares itself keeps a query.
  std::chrono::milliseconds query_timeout{20000};
  std::chrono::milliseconds attempt_timeout{3000};
  int socket_buffer_bytes = 0;
};

// Thread-confined to the loop, which must outlive it.
class CaresChannel {
 public:
  // Called once for each query, possibly from inside Send; it must only take note.
  using ResultSink = absl::AnyInvocable<void(AttemptResult)>;
  // Called from the loop after sockets were served and the sink may have been called.
  using AfterIo = absl::AnyInvocable<void()>;

  static absl::StatusOr<std::unique_ptr<CaresChannel>> Create(EventLoop& loop,
                                                              const ServerAddress& server,
                                                              const ChannelOptions& options,
                                                              ResultSink sink, AfterIo after_io);
  // Drops what is outstanding without calling the sink.
  ~CaresChannel();

  void Send(std::span<const uint8_t> query, const AttemptTag& tag);
  // Is a query with this id on the wire?
  bool HasId(uint16_t id) const;
  // Lets c-ares look at its time-outs.
  void ProcessTimeouts();
  size_t outstanding() const;
  // Answers come faster than they are dealt with, and wait in the socket's buffer.
  bool behind() const;
  // How many small answers that buffer has room for; of the UDP socket, once it is open.
  size_t answer_room() const;

  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;

 private:
  class Impl;
  explicit CaresChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_CARES_CHANNEL_H_
