// What one open session costs. Run with the release build for the figures; the limits hold in every
// build without sanitizers.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/heap_use.h"
#include "tests/tls/session/test_server.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

constexpr size_t kSessions = 64;

class HandshakeMemory : public ::testing::TestWithParam<uint16_t> {};

TEST_P(HandshakeMemory, StaysWithinItsLimits) {
  if (!testing::HeapUseIsCounted()) GTEST_SKIP() << "another allocator";
  const std::unique_ptr<ClientContext> context = std::move(*ClientContext::Create());
  const testing::TestPki pki = testing::MakePki({}, testing::KeyKind::kRsa2048);
  std::vector<std::unique_ptr<Handshake>> clients;
  std::vector<std::string> hellos(kSessions);
  std::vector<std::unique_ptr<testing::TestServer>> servers;
  for (size_t i = 0; i < kSessions; ++i) {
    servers.push_back(std::make_unique<testing::TestServer>(
        std::vector<const testing::TestCertificate*>{&pki.leaf, &pki.intermediate},
        testing::TestServerOptions{.max_version = GetParam()}));
  }
  clients.reserve(kSessions);
  size_t waiting = 0;
  for (size_t i = 0; i < kSessions; ++i) {
    const size_t before = testing::HeapBytesInUse();
    clients.push_back(std::make_unique<Handshake>(context.get()));
    std::string hello;
    ASSERT_TRUE(clients[i]->Start("mx.example.org", kTls13, &hello).ok());
    const size_t after = testing::HeapBytesInUse();
    waiting += after - before - malloc_usable_size(hello.data());
    hellos[i] = std::move(hello);
  }
  size_t idle = 0;
  for (size_t i = 0; i < kSessions; ++i) {
    ASSERT_EQ(testing::Shake(clients[i].get(), hellos[i], servers[i].get()), HandshakeOutcome::kOk);
    // The tickets of TLS 1.3 are read with the first answer.
    std::string plaintext;
    std::string out;
    clients[i]->Decrypt({}, &plaintext, &out);
    const size_t before = testing::HeapBytesInUse();
    clients[i].reset();
    idle += before - testing::HeapBytesInUse();
  }
  RecordProperty("waiting_bytes", std::to_string(waiting / kSessions));
  RecordProperty("open_bytes", std::to_string(idle / kSessions));
  std::printf("  waiting for the ServerHello %zu bytes, open %zu bytes\n", waiting / kSessions,
              idle / kSessions);
  // The private key of X25519MLKEM768 takes 12 kB more.
  EXPECT_LT(waiting / kSessions, HasPostQuantum() ? 20'480u : 8192u);
  EXPECT_LT(idle / kSessions, 8192u);
}

INSTANTIATE_TEST_SUITE_P(Versions, HandshakeMemory, ::testing::Values(kTls12, kTls13));

}  // namespace
}  // namespace mxsweep::tls
