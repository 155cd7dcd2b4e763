#include <openssl/bio.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT
#endif

#include <string>
#include <utility>
#include <vector>

#include "bench/floor.h"
#include "scanner/base/check.h"
#include "scanner/smtp/command.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/session/handshake.h"

namespace mxsweep::bench {
namespace {

namespace factory = tls::testing;

double ThreadCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Adds what one call costs to `*total`.
template <typename Call>
void Count(double* total, Call call) {
  const double start = ThreadCpuSeconds();
  CALLGRIND_TOGGLE_COLLECT;
  call();
  CALLGRIND_TOGGLE_COLLECT;
  *total += ThreadCpuSeconds() - start;
}

ssl_verify_result_t AcceptAny(SSL*, uint8_t*) { return ssl_verify_ok; }

bssl::UniquePtr<SSL_CTX> PlainClient(CRYPTO_BUFFER_POOL* pool) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_with_buffers_method()));
  SSL_CTX_set0_buffer_pool(context.get(), pool);
  SSL_CTX_set_custom_verify(context.get(), SSL_VERIFY_PEER, AcceptAny);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

std::string TakeAll(BIO* bio) {
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  BIO_mem_contents(bio, &bytes, &length);
  std::string taken(reinterpret_cast<const char*>(bytes), length);
  BIO_reset(bio);
  return taken;
}

// A server for one handshake. Tickets are no part of it: they come after.
std::vector<const factory::TestCertificate*> Shown(const factory::TestPki& pki) {
  return {&pki.leaf, &pki.intermediate};
}

}  // namespace

double HandshakeFloorCpuSeconds(int handshakes) {
  const factory::TestPki pki = factory::MakePki();
  bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool(CRYPTO_BUFFER_POOL_new());
  const bssl::UniquePtr<SSL_CTX> context = PlainClient(pool.get());
  double total = 0;
  for (int i = 0; i < handshakes; ++i) {
    factory::TestServer server(Shown(pki), {.groups = "X25519"});
    SSL* client = nullptr;
    BIO* in = nullptr;
    BIO* out = nullptr;
    int done = 0;
    Count(&total, [&] {
      client = SSL_new(context.get());
      in = BIO_new(BIO_s_mem());
      out = BIO_new(BIO_s_mem());
      BIO_set_mem_eof_return(in, -1);
      SSL_set_bio(client, in, out);
      SSL_set_connect_state(client);
      SSL_set_tlsext_host_name(client, "mx.example.org");
      done = SSL_do_handshake(client);
    });
    while (done != 1) {
      MXSWEEP_CHECK(SSL_get_error(client, done) == SSL_ERROR_WANT_READ);
      const std::string to_client = server.Receive(TakeAll(out));
      Count(&total, [&] {
        BIO_write(in, to_client.data(), static_cast<int>(to_client.size()));
        done = SSL_do_handshake(client);
      });
    }
    Count(&total, [&] { SSL_free(client); });
  }
  return total;
}

std::vector<Flight> SessionFlights() {
  const auto bytes = [](const std::string& text) { return static_cast<uint32_t>(text.size()); };
  const auto context = std::move(*tls::ClientContext::Create());
  const factory::TestPki pki = factory::MakePki();
  factory::TestServer server(Shown(pki), {.groups = "X25519"});
  tls::Handshake client(context.get());
  std::string hello, finished, unused;
  MXSWEEP_CHECK(client.Start("mx.example.org", tls::kTls13, &hello).ok());
  const std::string server_flight = server.Receive(hello);
  MXSWEEP_CHECK(client.Advance(factory::AsBytes(server_flight), &finished) ==
                tls::HandshakeOutcome::kOk);
  const std::string ehlo = scanner::EhloCommand("scanner.example.org");
  MXSWEEP_CHECK(client.Encrypt(ehlo, &finished));
  std::string reply = server.Receive(finished);  // with tickets
  reply += server.Send(std::string(kEhloReplyWithinTls));
  MXSWEEP_CHECK(client.Decrypt(factory::AsBytes(reply), &unused, &unused) ==
                tls::Handshake::DecryptState::kOpen);
  std::string quit, close;
  MXSWEEP_CHECK(client.Encrypt(scanner::kQuitCommand, &quit));
  const std::string bye = server.Send(std::string(kQuitReply));
  client.Close(&close);
  const auto said = [](std::string_view text) { return static_cast<uint32_t>(text.size()); };
  return {{0, said(kGreetingLine)},
          {bytes(ehlo), said(kEhloReply)},
          {said(scanner::kStartTlsCommand), said(kStartTlsReply)},
          {bytes(hello), bytes(server_flight)},
          {bytes(finished), bytes(reply)},
          {bytes(quit), bytes(bye)},
          {bytes(close), 0}};
}

double ChainVerificationCpuSeconds(int verifications) {
  const factory::TestPki pki = factory::MakePki();
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  MXSWEEP_CHECK(X509_STORE_add_cert(store.get(), pki.root.x509()));
  const std::vector<uint8_t> sent[] = {pki.leaf.der(), pki.intermediate.der()};
  double total = 0;
  for (int i = 0; i < verifications; ++i) {
    Count(&total, [&] {
      bssl::UniquePtr<X509> parsed[2];
      for (const int at : {0, 1}) {
        const uint8_t* der = sent[at].data();
        parsed[at].reset(d2i_X509(nullptr, &der, static_cast<long>(sent[at].size())));
      }
      bssl::UniquePtr<STACK_OF(X509)> untrusted(sk_X509_new_null());
      MXSWEEP_CHECK(bssl::PushToStack(untrusted.get(), std::move(parsed[1])));
      const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
      X509_STORE_CTX_init(context.get(), store.get(), parsed[0].get(), untrusted.get());
      X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(factory::kNow));
      X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
      MXSWEEP_CHECK(X509_verify_cert(context.get()) == 1);
    });
  }
  return total;
}

}  // namespace mxsweep::bench
