// What is found out by asking: name servers and mail servers on loopback.
#include "tools/doctor/machine.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "dns/wire_name.h"
#include "tests/dns/message_writer.h"
#include "tests/dns/scripted_server.h"
#include "tools/doctor/reverse_names.h"
#include "tools/doctor/smtp_greeting.h"

namespace mxsweep::tools {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr auto kPtr = static_cast<dns::RrType>(12);
constexpr milliseconds kTimeout{2'000};

// 192.0.2.7 is scanner.example.org, which is 192.0.2.7 and 2001:db8::7; nothing else is there.
std::vector<std::vector<uint8_t>> Zone(const dns::ScriptedQuery& query) {
  dns::MessageWriter writer(query.name, query.type, {.id = query.id});
  if (query.type == kPtr && query.name == "7.2.0.192.in-addr.arpa") {
    std::vector<uint8_t> data;
    dns::AppendWireName("Scanner.example.org", data).IgnoreError();
    writer.RawRecord(query.name, kPtr, 1, data);
  } else if (query.name == "scanner.example.org" && query.type == dns::RrType::kA) {
    writer.Address(query.name, "192.0.2.7");
  } else if (query.name == "scanner.example.org" && query.type == dns::RrType::kAaaa) {
    writer.Address(query.name, "2001:db8::7");
  } else {
    return {dns::MessageWriter(query.name, query.type, {.id = query.id, .rcode = 3}).Done()};
  }
  return {writer.Done()};
}

TEST(ReverseNames, AreAskedOfTheGivenServer) {
  const dns::ScriptedServer server(Zone);
  const std::vector<dns::ServerAddress> servers = {server.address()};
  const auto names = NamesOf(*dns::IpAddress::Parse("192.0.2.7"), servers, kTimeout);
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("scanner.example.org"));
  EXPECT_THAT(NamesOf(*dns::IpAddress::Parse("192.0.2.8"), servers, kTimeout).value(), IsEmpty());
  EXPECT_THAT(NamesOf(*dns::IpAddress::Parse("2001:db8::8"), servers, kTimeout).value(), IsEmpty());
  EXPECT_THAT(AddressesOf("scanner.example.org", servers, kTimeout).value(),
              UnorderedElementsAre("192.0.2.7", "2001:db8::7"));
  EXPECT_THAT(AddressesOf("nobody.example.org", servers, kTimeout).value(), IsEmpty());
}

TEST(ReverseNames, ASilentServerIsAnErrorAndNotAnAbsence) {
  const dns::ScriptedServer server(
      [](const dns::ScriptedQuery&) { return std::vector<std::vector<uint8_t>>(); });
  const auto names =
      NamesOf(*dns::IpAddress::Parse("192.0.2.7"), {server.address()}, milliseconds(400));
  EXPECT_FALSE(names.ok());
  EXPECT_FALSE(AddressesOf("scanner.example.org", {server.address()}, milliseconds(400)).ok());
}

// A mail server for one connection: says `greeting`, and keeps what it is told.
class OneGreeting {
 public:
  explicit OneGreeting(std::string greeting) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    listen(fd_, 1);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, greeting] {
      const int client = accept(fd_, nullptr, nullptr);
      if (client < 0) return;
      if (!greeting.empty() && write(client, greeting.data(), greeting.size()) < 0) return;
      char bytes[512];
      for (ssize_t got = 0; (got = read(client, bytes, sizeof(bytes))) > 0;) {
        heard.append(bytes, static_cast<size_t>(got));
      }
      close(client);
    });
  }
  ~OneGreeting() { Join(); }
  void Join() {
    shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  std::string host;
  std::string heard;

 private:
  int fd_;
  std::thread thread_;
};

TEST(AskForGreeting, ReadsOneLineAndSaysQuitAndNothingElse) {
  OneGreeting server("220 mx.example.org ESMTP \x1b[2J\r\n250 more\r\n");
  const SmtpAnswer answer = AskForGreeting(server.host, kTimeout);
  EXPECT_EQ(answer.kind, SmtpAnswer::Kind::kGreeting);
  EXPECT_EQ(answer.text, "220 mx.example.org ESMTP ?[2J");
  server.Join();
  EXPECT_EQ(server.heard, "QUIT\r\n");
}

TEST(AskForGreeting, TellsSilenceRefusalAndNoName) {
  OneGreeting silent("");
  EXPECT_EQ(AskForGreeting(silent.host, milliseconds(300)).kind, SmtpAnswer::Kind::kNoGreeting);
  std::string closed;
  {
    OneGreeting gone("");
    closed = gone.host;
  }
  EXPECT_EQ(AskForGreeting(closed, kTimeout).kind, SmtpAnswer::Kind::kRefused);
  EXPECT_EQ(AskForGreeting("host with blanks.example", kTimeout).kind, SmtpAnswer::Kind::kNoName);
}

TEST(ExamineMachine, AsksTheResolverAndTheServersThatAreNamedAndNobodyElse) {
  const dns::ScriptedServer resolver(Zone);
  OneGreeting server("220 mx.example.org ESMTP\r\n");
  DoctorOptions options;
  options.scan.resolvers = {resolver.address()};
  options.scan.ehlo_name = "scanner.example.org";
  options.scan.source_addresses = {*dns::IpAddress::Parse("192.0.2.7")};
  options.scan.allow_special = true;  // 192.0.2.7 is for documentation
  options.scan.dns_timeout_ms = 2'000;
  options.smtp_hosts = {server.host};
  options.output_dir = testing::TempDir() + "/not/there/yet";
  const MachineFacts facts = ExamineMachine(options);
  EXPECT_EQ(facts.ehlo_name, "scanner.example.org");
  EXPECT_EQ(facts.reverse.address, "192.0.2.7");
  EXPECT_THAT(facts.reverse.names, ElementsAre("scanner.example.org"));
  EXPECT_TRUE(facts.uring.usable.ok()) << facts.uring.usable;
  EXPECT_THAT(facts.uring.missing_operations, IsEmpty());
  // It answers, and says nothing of DNSSEC.
  ASSERT_TRUE(facts.resolver.ok()) << facts.resolver.status();
  EXPECT_FALSE(facts.resolver->validates);
  ASSERT_EQ(facts.smtp.size(), 1u);
  EXPECT_THAT(facts.smtp[0].text, StartsWith("220 mx.example.org"));
  EXPECT_TRUE(facts.free_bytes.has_value());
  EXPECT_GT(facts.memory_bytes, 0u);
  EXPECT_THAT(facts.kernel, HasSubstr("."));
}

}  // namespace
}  // namespace mxsweep::tools
