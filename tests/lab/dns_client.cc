#include "tests/lab/dns_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace mxsweep::lab {
namespace {

void Put16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  uint16_t U16() {
    const std::string_view two = Take(2);
    return ok_ ? static_cast<uint16_t>(static_cast<uint8_t>(two[0]) << 8 |
                                       static_cast<uint8_t>(two[1]))
               : uint16_t{0};
  }
  std::string_view Take(size_t size) {
    if (at_ + size > message_.size()) {
      ok_ = false;
      return {};
    }
    at_ += size;
    return message_.substr(at_ - size, size);
  }
  std::string Name() {
    std::string name;
    size_t at = at_;
    bool jumped = false;
    for (int hops = 0; hops < 128; ++hops) {
      if (at >= message_.size()) break;
      const uint8_t length = static_cast<uint8_t>(message_[at]);
      if (length >= 0xc0) {
        if (!jumped) at_ = at + 2;
        jumped = true;
        at = (length & 0x3f) << 8 | static_cast<uint8_t>(message_.at(at + 1));
      } else if (length == 0) {
        if (!jumped) at_ = at + 1;
        return name;
      } else {
        if (!name.empty()) name += '.';
        name += message_.substr(at + 1, length);
        at += 1 + length;
      }
    }
    ok_ = false;
    return name;
  }

 private:
  std::string_view message_;
  size_t at_ = 0;
  bool ok_ = true;
};

int Open(int type, uint16_t port, int timeout_ms) {
  const int fd = socket(AF_INET, type, 0);
  const timeval timeout{timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

}  // namespace

std::string EncodeQuery(const DnsQuery& query) {
  std::string out;
  Put16(out, 0x1234);
  Put16(out, static_cast<uint16_t>(0x0100 | (query.ad ? 0x20 : 0) | (query.cd ? 0x10 : 0)));
  for (const uint16_t count : {1, 0, 0, query.edns_bytes > 0 ? 1 : 0}) Put16(out, count);
  std::string_view rest = query.name;
  while (!rest.empty()) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    out += static_cast<char>(dot);
    out += rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  out += '\0';
  Put16(out, query.type);
  Put16(out, 1);
  if (query.edns_bytes > 0) {
    out += '\0';
    Put16(out, 41);
    Put16(out, query.edns_bytes);
    out.append(6, '\0');
  }
  return out;
}

std::optional<DnsReply> DecodeReply(std::string_view message) {
  Reader reader(message);
  DnsReply reply;
  if (reader.U16() != 0x1234) return std::nullopt;
  const uint16_t flags = reader.U16();
  reply.rcode = flags & 15;
  reply.ad = (flags & 0x20) != 0;
  reply.truncated = (flags & 0x200) != 0;
  const uint16_t questions = reader.U16();
  const uint16_t answers = reader.U16();
  const int others = reader.U16() + reader.U16();
  for (int i = 0; i < questions; ++i) {
    reader.Name();
    reader.Take(4);
  }
  for (int i = 0; i < answers + others; ++i) {
    DnsRecord record;
    record.owner = reader.Name();
    record.type = reader.U16();
    reader.Take(6);
    record.data = reader.Take(reader.U16());
    if (!reader.ok()) return std::nullopt;
    if (i < answers) reply.answers.push_back(record);
  }
  if (reader.at() != message.size()) return std::nullopt;
  return reply;
}

std::string PlainName(std::string_view data, size_t at) { return Reader(data.substr(at)).Name(); }

std::optional<DnsReply> AskUdp(uint16_t port, const DnsQuery& query, int timeout_ms) {
  const int fd = Open(SOCK_DGRAM, port, timeout_ms);
  const std::string message = EncodeQuery(query);
  char buffer[4096];
  send(fd, message.data(), message.size(), 0);
  const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
  close(fd);
  if (size <= 0) return std::nullopt;
  return DecodeReply({buffer, static_cast<size_t>(size)});
}

std::optional<DnsReply> AskTcp(uint16_t port, const DnsQuery& query, int timeout_ms) {
  const int fd = Open(SOCK_STREAM, port, timeout_ms);
  const std::string message = EncodeQuery(query);
  std::string framed;
  Put16(framed, static_cast<uint16_t>(message.size()));
  framed += message;
  // Byte by byte: the server must put it together.
  for (const char c : framed) send(fd, &c, 1, MSG_NOSIGNAL);
  std::string got;
  char buffer[4096];
  for (;;) {
    const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
    if (size <= 0) break;
    got.append(buffer, static_cast<size_t>(size));
    if (got.size() < 2) continue;
    const size_t length = static_cast<uint8_t>(got[0]) << 8 | static_cast<uint8_t>(got[1]);
    if (got.size() >= 2 + length) {
      close(fd);
      return DecodeReply(std::string_view(got).substr(2, length));
    }
  }
  close(fd);
  return std::nullopt;
}

}  // namespace mxsweep::lab
