// The datagrams of a UDP socket, many to a system call. Inside the room: see CaresChannel.
#ifndef MXSWEEP_DNS_DATAGRAM_BATCH_H_
#define MXSWEEP_DNS_DATAGRAM_BATCH_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mxsweep::dns {

// Datagrams that wait to be sent. Thread-compatible.
class OutgoingDatagrams {
 public:
  bool empty() const { return ends_.empty(); }
  // Takes a copy of the parts, which are one datagram. Returns its length.
  size_t Push(const iovec* parts, int count);
  // Sends all through the connected socket `fd`, in order. Returns 0, or the errno value of the
  // first that could not be sent: it and what is behind it are kept.
  int Send(int fd);
  void Clear();

 private:
  std::vector<uint8_t> bytes_;
  std::vector<size_t> ends_;  // of each datagram in bytes_
};

// Datagrams that have come and wait to be taken. Thread-compatible.
class IncomingDatagrams {
 public:
  // As much as is read at once of what a peer sends; what is beyond is the next round's.
  static constexpr int kPerRound = 1024;

  IncomingDatagrams();
  ~IncomingDatagrams();

  // From now on at most so many are a round's, if that is less than kPerRound.
  void LimitRound(int most) { per_round_ = std::clamp(most, 1, kPerRound); }
  // Like recvfrom(2), the next one that is not empty; EAGAIN where there is none, or as many have
  // been taken since the last EAGAIN as are a round's.
  ssize_t Receive(int fd, void* buffer, size_t length, sockaddr* from, socklen_t* from_length);
  // Nothing is left of what the kernel has handed over.
  bool empty() const { return next_ == count_; }
  // The last round ended before all was taken that had come: we are slower than the peer.
  bool behind() const { return behind_; }
  void Clear();

 private:
  // What c-ares takes of one; longer ones are cut.
  static constexpr size_t kMaxBytes = 4097;
  static constexpr int kBatch = 64;
  struct Batch;

  // Asks the kernel. Returns false, with errno set, if there is nothing.
  bool Fetch(int fd);

  std::unique_ptr<Batch> batch_;  // made when it is first needed
  int per_round_ = kPerRound;
  int count_ = 0;
  int next_ = 0;
  int taken_ = 0;  // since the last EAGAIN
  bool drained_ = false;
  bool behind_ = false;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_DATAGRAM_BATCH_H_
