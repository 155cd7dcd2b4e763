#include "dns/datagram_batch.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace mxsweep::dns {
namespace {

// Two connected ends that keep datagrams apart, non-blocking.
class DatagramBatch : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    mine_ = fds[0];
    other_ = fds[1];
  }
  void TearDown() override {
    close(mine_);
    if (other_ >= 0) close(other_);
  }

  // "EAGAIN" for that; otherwise the datagram.
  std::string Receive() {
    char buffer[4097];
    sockaddr_storage from;
    socklen_t from_length = sizeof(from);
    const ssize_t size = incoming_.Receive(mine_, buffer, sizeof(buffer),
                                           reinterpret_cast<sockaddr*>(&from), &from_length);
    if (size < 0) return errno == EAGAIN ? "EAGAIN" : "another error";
    return {buffer, static_cast<size_t>(size)};
  }
  void Say(const std::string& text) const {
    ASSERT_EQ(send(other_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  void Push(std::string first, std::string second) {
    const iovec parts[] = {{first.data(), first.size()}, {second.data(), second.size()}};
    EXPECT_EQ(outgoing_.Push(parts, 2), first.size() + second.size());
  }
  std::string TakeAtOther() const {
    char buffer[4097];
    const ssize_t size = recv(other_, buffer, sizeof(buffer), 0);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }

  int mine_ = -1;
  int other_ = -1;
  OutgoingDatagrams outgoing_;
  IncomingDatagrams incoming_;
};

TEST_F(DatagramBatch, KeepsDatagramsApartAndInOrder) {
  Push("o", "ne");
  Push("", "two");
  Push("thr", "ee");
  EXPECT_EQ(TakeAtOther(), "nothing");
  EXPECT_EQ(outgoing_.Send(mine_), 0);
  EXPECT_TRUE(outgoing_.empty());
  for (const char* expected : {"one", "two", "three", "nothing"}) {
    EXPECT_EQ(TakeAtOther(), expected);
  }
}

TEST_F(DatagramBatch, KeepsWhatTheSocketHasNoRoomFor) {
  constexpr int kMany = 5000;
  for (int i = 0; i < kMany; ++i) Push(std::to_string(i), " and some more text to fill a buffer");
  int taken = 0;
  int rounds = 0;
  while (!outgoing_.empty() && rounds < kMany) {
    const int error = outgoing_.Send(mine_);
    EXPECT_EQ(outgoing_.empty(), error == 0);
    EXPECT_TRUE(error == 0 || error == EAGAIN || error == ENOBUFS) << error;
    ++rounds;
    for (std::string text; (text = TakeAtOther()) != "nothing"; ++taken) {
      EXPECT_TRUE(text.starts_with(std::to_string(taken) + " and")) << text;
    }
  }
  EXPECT_GT(rounds, 1) << "the buffer was large enough for all";
  EXPECT_EQ(taken, kMany);
}

TEST_F(DatagramBatch, TellsWhyNothingCanBeSent) {
  close(std::exchange(other_, -1));
  Push("to", "nobody");
  EXPECT_EQ(outgoing_.Send(mine_), ECONNREFUSED);
  EXPECT_FALSE(outgoing_.empty());
  outgoing_.Clear();
  EXPECT_TRUE(outgoing_.empty());
  EXPECT_EQ(outgoing_.Send(mine_), 0);
}

TEST_F(DatagramBatch, HandsOverOneDatagramAfterTheOther) {
  Say("one");
  Say("two");
  EXPECT_EQ(Receive(), "one");
  EXPECT_FALSE(incoming_.empty());
  EXPECT_EQ(Receive(), "two");
  EXPECT_TRUE(incoming_.empty());
  EXPECT_EQ(Receive(), "EAGAIN");
  Say("three");
  EXPECT_EQ(Receive(), "three");
  EXPECT_EQ(Receive(), "EAGAIN");
}

// c-ares would take it for the end of the connection, and give up all that is open.
TEST_F(DatagramBatch, PassesOverEmptyDatagrams) {
  Say("");
  Say("one");
  Say("");
  EXPECT_EQ(Receive(), "one");
  EXPECT_EQ(Receive(), "EAGAIN");
}

TEST_F(DatagramBatch, CutsWhatIsLongerThanAnyAnswer) {
  Say(std::string(5000, 'x'));
  Say("next");
  EXPECT_EQ(Receive(), std::string(4097, 'x'));
  EXPECT_EQ(Receive(), "next");
}

// A socket on the loopback address, connected to `to` if there is one.
int UdpSocket(const sockaddr_in* to) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof(here)), 0);
  if (to != nullptr) {
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(to), sizeof(*to)), 0);
  }
  return fd;
}

TEST(IncomingDatagrams, EndsARoundAlthoughThereIsMoreAndSaysSo) {
  const int mine = UdpSocket(nullptr);
  sockaddr_in here = {};
  socklen_t length = sizeof(here);
  ASSERT_EQ(getsockname(mine, reinterpret_cast<sockaddr*>(&here), &length), 0);
  const int other = UdpSocket(&here);
  IncomingDatagrams incoming;
  const auto take_round = [&](int most) {
    char byte;
    sockaddr_storage from;
    for (int taken = 0;; ++taken) {
      // There is always more, up to a number that no round takes.
      if (taken % 64 == 0 && taken < most) {
        for (int i = 0; i < 64; ++i) EXPECT_EQ(send(other, "x", 1, 0), 1);
      }
      socklen_t from_length = sizeof(from);
      if (incoming.Receive(mine, &byte, 1, reinterpret_cast<sockaddr*>(&from), &from_length) < 0) {
        EXPECT_EQ(errno, EAGAIN);
        return taken;
      }
      EXPECT_EQ(from_length, sizeof(sockaddr_in));
      EXPECT_EQ(from.ss_family, AF_INET);
    }
  };
  EXPECT_EQ(take_round(2 * IncomingDatagrams::kPerRound), IncomingDatagrams::kPerRound);
  EXPECT_TRUE(incoming.behind());
  EXPECT_EQ(take_round(0), 64);
  EXPECT_FALSE(incoming.behind());
  close(mine);
  close(other);
}

}  // namespace
}  // namespace mxsweep::dns
