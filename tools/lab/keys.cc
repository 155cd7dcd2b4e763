#include "tools/lab/keys.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr uint32_t kRsaExponent = 65537;
constexpr size_t kP256Keys = 64;
constexpr std::string_view kFileHeader = "mxsweep-lab keys 1\n";
constexpr size_t kMaxKeyDer = 1 << 14;

struct RsaPlan {
  int bits;
  KeyKind kind;            // for servers
  AuthorityKey authority;  // kCount: for servers
};
constexpr RsaPlan kRsaPlans[] = {
    {4096, KeyKind::kRsa4096, AuthorityKey::kCount},
    {3072, KeyKind::kRsa3072, AuthorityKey::kCount},
    {2048, KeyKind::kRsa2048, AuthorityKey::kCount},
    {2048, KeyKind::kRsa2048, AuthorityKey::kCount},
    {2048, KeyKind::kRsa2048, AuthorityKey::kCount},
    {2048, KeyKind::kRsa2048, AuthorityKey::kRsaRoot},
    {2048, KeyKind::kRsa2048, AuthorityKey::kRsaIntermediate},
    {1024, KeyKind::kRsa1024, AuthorityKey::kCount},
    {1024, KeyKind::kRsa1024, AuthorityKey::kCount},
};
constexpr size_t kRsaCount = std::size(kRsaPlans);

// A stream of bytes that depends on its label alone.
class Stream {
 public:
  explicit Stream(std::string label) : label_(std::move(label)) {}

  std::string Take(size_t size) {
    std::string out;
    while (out.size() < size) {
      const std::string input = JoinText("mxsweep-lab ", label_, " ", counter_++);
      uint8_t block[SHA512_DIGEST_LENGTH];
      SHA512(reinterpret_cast<const uint8_t*>(input.data()), input.size(), block);
      out.append(reinterpret_cast<const char*>(block), sizeof(block));
    }
    out.resize(size);
    return out;
  }

 private:
  std::string label_;
  uint64_t counter_ = 0;
};

// A prime of `bits` whose two highest bits are set, so that the product of two has twice as many.
bssl::UniquePtr<BIGNUM> TakePrime(Stream& stream, int bits, BN_CTX* ctx) {
  bssl::UniquePtr<BIGNUM> prime(BN_new());
  for (;;) {
    const std::string bytes = stream.Take(bits / 8);
    BN_bin2bn(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), prime.get());
    BN_set_bit(prime.get(), bits - 1);
    BN_set_bit(prime.get(), bits - 2);
    BN_set_bit(prime.get(), 0);
    // p - 1 must not be a multiple of the (prime) exponent.
    if (BN_mod_word(prime.get(), kRsaExponent) == 1) continue;
    if (BN_is_prime_fasttest_ex(prime.get(), BN_prime_checks, ctx, /*do_trial_division=*/1,
                                nullptr) == 1) {
      return prime;
    }
  }
}

bssl::UniquePtr<EVP_PKEY> DeriveRsa(int bits, const std::string& label) {
  bssl::UniquePtr<BN_CTX> ctx(BN_CTX_new());
  Stream stream(label);
  bssl::UniquePtr<BIGNUM> p = TakePrime(stream, bits / 2, ctx.get());
  bssl::UniquePtr<BIGNUM> q = TakePrime(stream, bits / 2, ctx.get());
  if (BN_cmp(p.get(), q.get()) < 0) std::swap(p, q);
  bssl::UniquePtr<BIGNUM> n(BN_new()), e(BN_new()), d(BN_new()), phi(BN_new());
  bssl::UniquePtr<BIGNUM> p1(BN_dup(p.get())), q1(BN_dup(q.get()));
  bssl::UniquePtr<BIGNUM> dp(BN_new()), dq(BN_new()), iq(BN_new());
  BN_sub_word(p1.get(), 1);
  BN_sub_word(q1.get(), 1);
  BN_set_word(e.get(), kRsaExponent);
  BN_mul(n.get(), p.get(), q.get(), ctx.get());
  BN_mul(phi.get(), p1.get(), q1.get(), ctx.get());
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!BN_mod_inverse(d.get(), e.get(), phi.get(), ctx.get()) ||
      !BN_mod(dp.get(), d.get(), p1.get(), ctx.get()) ||
      !BN_mod(dq.get(), d.get(), q1.get(), ctx.get()) ||
      !BN_mod_inverse(iq.get(), q.get(), p.get(), ctx.get()) ||
      !RSA_set0_key(rsa.get(), n.release(), e.release(), d.release()) ||
      !RSA_set0_factors(rsa.get(), p.release(), q.release()) ||
      !RSA_set0_crt_params(rsa.get(), dp.release(), dq.release(), iq.release()) ||
      !RSA_check_key(rsa.get()) || !EVP_PKEY_set1_RSA(key.get(), rsa.get())) {
    return nullptr;
  }
  return key;
}

bssl::UniquePtr<EVP_PKEY> DeriveEc(int nid, const std::string& label) {
  const std::string secret = Stream(label).Take(64);
  bssl::UniquePtr<EC_GROUP> group(EC_GROUP_new_by_curve_name(nid));
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_derive_from_secret(
      group.get(), reinterpret_cast<const uint8_t*>(secret.data()), secret.size()));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!ec || !EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) return nullptr;
  return key;
}

bssl::UniquePtr<EVP_PKEY> DeriveEd25519(const std::string& label) {
  const std::string seed = Stream(label).Take(32);
  return bssl::UniquePtr<EVP_PKEY>(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(seed.data()), seed.size()));
}

absl::StatusOr<Key> MakeKey(KeyKind kind, bssl::UniquePtr<EVP_PKEY> private_key) {
  Key key{.kind = kind, .private_key = std::move(private_key)};
  bssl::ScopedCBB cbb;
  if (!key.private_key || !CBB_init(cbb.get(), 512) ||
      !EVP_marshal_public_key(cbb.get(), key.private_key.get()) || !CBB_flush(cbb.get())) {
    return absl::InternalError("a key of the lab could not be made");
  }
  key.spki.assign(reinterpret_cast<const char*>(CBB_data(cbb.get())), CBB_len(cbb.get()));
  return key;
}

using RsaKeys = std::array<bssl::UniquePtr<EVP_PKEY>, kRsaCount>;

void DeriveAll(RsaKeys& keys) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < kRsaCount;) {
      keys[i] = DeriveRsa(kRsaPlans[i].bits, JoinText("rsa ", kRsaPlans[i].bits, " ", i));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < std::max(1u, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
}

// The file: a header line, then per key its PrivateKeyInfo as DER, behind a 16-bit length.
bool ReadAll(const std::string& path, RsaKeys& keys) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  const std::string text = content.str();
  if (text.compare(0, kFileHeader.size(), kFileHeader) != 0) return false;
  CBS cbs, der;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  CBS_skip(&cbs, kFileHeader.size());
  for (size_t i = 0; i < kRsaCount; ++i) {
    if (!CBS_get_u16_length_prefixed(&cbs, &der)) return false;
    keys[i].reset(EVP_parse_private_key(&der));
    if (!keys[i] || EVP_PKEY_bits(keys[i].get()) != kRsaPlans[i].bits) return false;
  }
  return CBS_len(&cbs) == 0;
}

absl::Status WriteAll(const std::string& path, const RsaKeys& keys) {
  bssl::ScopedCBB cbb;
  CBB der;
  if (!CBB_init(cbb.get(), kMaxKeyDer)) return absl::ResourceExhaustedError("memory");
  CBB_add_bytes(cbb.get(), reinterpret_cast<const uint8_t*>(kFileHeader.data()),
                kFileHeader.size());
  for (const bssl::UniquePtr<EVP_PKEY>& key : keys) {
    if (!CBB_add_u16_length_prefixed(cbb.get(), &der) ||
        !EVP_marshal_private_key(&der, key.get()) || !CBB_flush(cbb.get())) {
      return absl::InternalError("a key of the lab could not be written");
    }
  }
  const std::string temporary = JoinText(path, ".", getpid());
  std::ofstream file(temporary, std::ios::binary);
  file.write(reinterpret_cast<const char*>(CBB_data(cbb.get())),
             static_cast<std::streamsize>(CBB_len(cbb.get())));
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(JoinText("cannot write ", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeyPool> KeyPool::Create(const std::string& cache_file) {
  RsaKeys rsa;
  if (cache_file.empty() || !ReadAll(cache_file, rsa)) {
    DeriveAll(rsa);
    // A cache that cannot be written costs time only.
    if (!cache_file.empty()) {
      const absl::Status written = WriteAll(cache_file, rsa);
      if (!written.ok()) std::fprintf(stderr, "mxsweep-lab: %s\n", written.ToString().c_str());
    }
  }
  KeyPool pool;
  pool.authorities_.resize(static_cast<size_t>(AuthorityKey::kCount));
  absl::Status status;
  const auto add = [&](KeyKind kind, bssl::UniquePtr<EVP_PKEY> key, AuthorityKey authority) {
    absl::StatusOr<Key> made = MakeKey(kind, std::move(key));
    if (!made.ok()) {
      status = made.status();
    } else if (authority != AuthorityKey::kCount) {
      pool.authorities_[static_cast<size_t>(authority)] = *std::move(made);
    } else {
      pool.pool_[static_cast<size_t>(kind)].push_back(*std::move(made));
    }
  };
  for (size_t i = 0; i < kRsaCount; ++i) {
    add(kRsaPlans[i].kind, std::move(rsa[i]), kRsaPlans[i].authority);
  }
  for (size_t i = 0; i < kP256Keys; ++i) {
    add(KeyKind::kP256, DeriveEc(NID_X9_62_prime256v1, JoinText("p256 ", i)), AuthorityKey::kCount);
  }
  for (int i = 0; i < 2; ++i) {
    add(KeyKind::kP384, DeriveEc(NID_secp384r1, JoinText("p384 ", i)), AuthorityKey::kCount);
    add(KeyKind::kEd25519, DeriveEd25519(JoinText("ed25519 ", i)), AuthorityKey::kCount);
  }
  for (AuthorityKey which :
       {AuthorityKey::kEcRoot, AuthorityKey::kEcIntermediate, AuthorityKey::kUnknown}) {
    add(KeyKind::kP256,
        DeriveEc(NID_X9_62_prime256v1, JoinText("authority ", static_cast<int>(which))), which);
  }
  if (!status.ok()) return status;
  return pool;
}

const Key& KeyPool::Get(KeyKind kind, uint32_t index) const {
  const std::vector<Key>& keys = pool_[static_cast<size_t>(kind)];
  return keys[index % keys.size()];
}

KeyFacts FactsOf(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256:
      return {"ec", "P-256", 256, 128};
    case KeyKind::kP384:
      return {"ec", "P-384", 384, 192};
    case KeyKind::kEd25519:
      return {"ed25519", "", 255, 128};
    case KeyKind::kRsa1024:
      return {"rsa", "", 1024, 80};
    case KeyKind::kRsa2048:
      return {"rsa", "", 2048, 112};
    case KeyKind::kRsa3072:
      return {"rsa", "", 3072, 128};
    case KeyKind::kRsa4096:
      return {"rsa", "", 4096, 152};
    case KeyKind::kCount:
      break;
  }
  std::abort();
}

std::string Sha256(std::string_view data) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(data.data()), data.size(),
         reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

}  // namespace mxsweep::lab
