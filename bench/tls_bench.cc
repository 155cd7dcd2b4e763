// What the TLS room costs per endpoint: the client's side of a handshake (the server's is not
// timed), reading a certificate, and the verdicts. BM_HandshakeClient's items per second are
// handshakes per second and core.
#include <benchmark/benchmark.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <time.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/session/test_server.h"
#include "tls/dane/verdict.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/name_match.h"
#include "tls/pki/pkix.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using testing::KeyKind;
using testing::TestPki;

// Of this thread alone, so that a busy machine does not count.
std::chrono::nanoseconds CpuTime() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// A chain of three as public CAs sell it: the leaf and both CAs have keys of one kind.
TestPki MakeChain(KeyKind kind) {
  testing::TestCertificate root =
      testing::MakeSelfSigned(testing::CaSpec("Bench Root"), testing::TestKey(kind, 1));
  testing::TestCertificate intermediate =
      testing::MakeSigned(testing::CaSpec("Bench CA"), testing::TestKey(kind, 2), root);
  testing::TestCertificate leaf = testing::MakeSigned({}, testing::TestKey(kind, 3), intermediate);
  return {std::move(root), std::move(intermediate), std::move(leaf)};
}

// Adds the time of one call to `total`.
template <typename Call>
auto Timed(std::chrono::nanoseconds* total, Call call) {
  const std::chrono::nanoseconds start = CpuTime();
  auto result = call();
  *total += CpuTime() - start;
  return result;
}

bool ShakeTimed(ClientContext* context, const TestPki& pki,
                const testing::TestServerOptions& options, std::chrono::nanoseconds* spent) {
  testing::TestServer server({&pki.leaf, &pki.intermediate}, options);
  std::string to_server;
  auto client = Timed(spent, [&] {
    auto made = std::make_unique<Handshake>(context);
    made->Start("mx.example.org", kTls13, &to_server).IgnoreError();
    return made;
  });
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;
  while (outcome == HandshakeOutcome::kInProgress && !to_server.empty()) {
    const std::string to_client = server.Receive(std::exchange(to_server, {}));
    outcome =
        Timed(spent, [&] { return client->Advance(testing::AsBytes(to_client), &to_server); });
  }
  Timed(spent, [&] {
    client.reset();
    return 0;
  });
  return outcome == HandshakeOutcome::kOk;
}

void BM_HandshakeClient(benchmark::State& state, KeyKind key, uint16_t version, const char* group) {
  const std::unique_ptr<ClientContext> context = std::move(*ClientContext::Create());
  const TestPki pki = MakeChain(key);
  const testing::TestServerOptions options = {.max_version = version, .groups = group};
  for (auto _ : state) {
    std::chrono::nanoseconds spent{};
    if (!ShakeTimed(context.get(), pki, options, &spent)) {
      state.SkipWithError("the handshake failed");
      break;
    }
    state.SetIterationTime(std::chrono::duration<double>(spent).count());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_HandshakeClient, ecdsa_p256_tls13_x25519, KeyKind::kP256, kTls13, "X25519")
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_HandshakeClient, ecdsa_p256_tls13_p256, KeyKind::kP256, kTls13, "P-256")
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_HandshakeClient, ecdsa_p256_tls12_x25519, KeyKind::kP256, kTls12, "X25519")
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_HandshakeClient, rsa2048_tls13_x25519, KeyKind::kRsa2048, kTls13, "X25519")
    ->UseManualTime();
BENCHMARK_CAPTURE(BM_HandshakeClient, rsa2048_tls12_x25519, KeyKind::kRsa2048, kTls12, "X25519")
    ->UseManualTime();

// The floor: what a handshake cannot do without, here a key pair, a shared secret and one ECDSA
// verification. What BM_HandshakeClient takes beyond this is ours to answer for.
void BM_CryptographyAlone(benchmark::State& state) {
  EC_KEY* key = EVP_PKEY_get0_EC_KEY(testing::TestKey(KeyKind::kP256));
  const Sha256 digest = HashSha256({});
  std::vector<uint8_t> signature(ECDSA_size(key));
  unsigned length = 0;
  ECDSA_sign(0, digest.data(), digest.size(), signature.data(), &length, key);
  uint8_t peer_public[X25519_PUBLIC_VALUE_LEN], peer_private[X25519_PRIVATE_KEY_LEN];
  X25519_keypair(peer_public, peer_private);
  for (auto _ : state) {
    uint8_t own_public[X25519_PUBLIC_VALUE_LEN], own_private[X25519_PRIVATE_KEY_LEN],
        shared[X25519_SHARED_KEY_LEN];
    X25519_keypair(own_public, own_private);
    benchmark::DoNotOptimize(X25519(shared, own_private, peer_public));
    if (!ECDSA_verify(0, digest.data(), digest.size(), signature.data(), length, key)) {
      state.SkipWithError("the signature is wrong");
    }
  }
}
BENCHMARK(BM_CryptographyAlone);

void BM_ParseCertificateFacts(benchmark::State& state, KeyKind key) {
  const std::vector<uint8_t> der = MakeChain(key).leaf.der();
  for (auto _ : state) benchmark::DoNotOptimize(ParseCertificateFacts(der));
}
BENCHMARK_CAPTURE(BM_ParseCertificateFacts, ecdsa_p256, KeyKind::kP256);
BENCHMARK_CAPTURE(BM_ParseCertificateFacts, rsa2048, KeyKind::kRsa2048);

void BM_InternKnownCertificate(benchmark::State& state) {
  const std::vector<uint8_t> der = MakeChain(KeyKind::kRsa2048).leaf.der();
  CertificateTable table;
  for (auto _ : state) benchmark::DoNotOptimize(table.Intern(der));
}
BENCHMARK(BM_InternKnownCertificate);

void BM_MatchName(benchmark::State& state) {
  const std::vector<uint8_t> der = MakeChain(KeyKind::kP256).leaf.der();
  const std::vector<std::string> references = {"mx.example.org"};
  for (auto _ : state) benchmark::DoNotOptimize(MatchName(der, references));
}
BENCHMARK(BM_MatchName);

void BM_JudgeChain(benchmark::State& state, KeyKind key, bool known) {
  const TestPki pki = MakeChain(key);
  const auto store = TrustStore::FromPem(pki.root.pem());
  const std::vector<DerHandle> chain = pki.Chain();
  auto verifier = std::make_unique<PkixVerifier>(*store);
  for (auto _ : state) {
    if (!known) verifier = std::make_unique<PkixVerifier>(*store);
    benchmark::DoNotOptimize(verifier->Judge(chain, testing::kNow));
  }
}
BENCHMARK_CAPTURE(BM_JudgeChain, ecdsa_p256, KeyKind::kP256, false);
BENCHMARK_CAPTURE(BM_JudgeChain, rsa2048, KeyKind::kRsa2048, false);
BENCHMARK_CAPTURE(BM_JudgeChain, remembered, KeyKind::kRsa2048, true);

void BM_JudgeDane(benchmark::State& state, uint8_t usage) {
  const TestPki pki = MakeChain(KeyKind::kP256);
  const testing::TestCertificate& anchor = usage == 3 ? pki.leaf : pki.root;
  const Sha256 digest = HashSha256(anchor.spki());
  const std::vector<dns::TlsaRecord> records = {{usage, 1, 1, {digest.begin(), digest.end()}}};
  const std::vector<DerHandle> chain = pki.ChainWithRoot();
  const DaneReference reference = {
      .tlsa_base_domain = "mx.example.org", .next_hop_names = {}, .mx_secure = true};
  for (auto _ : state) {
    const DaneVerdict verdict = JudgeDane(records, chain, reference, testing::kNow);
    if (verdict.status != DaneStatus::kMatch) state.SkipWithError("no match");
  }
}
BENCHMARK_CAPTURE(BM_JudgeDane, ee_spki_sha256, 3);
BENCHMARK_CAPTURE(BM_JudgeDane, ta_spki_sha256, 2);

}  // namespace
}  // namespace mxsweep::tls
