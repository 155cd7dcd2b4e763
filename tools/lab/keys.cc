#include "tools/lab/keys.h"

#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
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
#include "tools/lab/rsa_numbers.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr size_t kP256Keys = 64;
constexpr std::string_view kFileHeader = "mxsweep-lab keys 2\n";
constexpr size_t kFileBytes = 1 << 15;

struct RsaPlan {
  int bits;
  KeyKind kind;            // for servers
  AuthorityKey authority;  // kCount: for servers
  RsaShape shape = RsaShape::kSound;
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
    {2048, KeyKind::kRsaClosePrimes, AuthorityKey::kCount, RsaShape::kClosePrimes},
    {2048, KeyKind::kRsaRoca, AuthorityKey::kCount, RsaShape::kRoca},
    {2048, KeyKind::kRsaSharedPrime, AuthorityKey::kCount, RsaShape::kSharedPrime},
    {2048, KeyKind::kRsaSharedPrime, AuthorityKey::kCount, RsaShape::kSharedPrime},
    {2048, KeyKind::kRsaSharedPrime, AuthorityKey::kCount, RsaShape::kSharedPrime},
    {2048, KeyKind::kRsaSharedModulus, AuthorityKey::kCount, RsaShape::kSharedModulus3},
    {2048, KeyKind::kRsaSharedModulus, AuthorityKey::kCount, RsaShape::kSharedModulus65537},
    {2048, KeyKind::kRsaPattern, AuthorityKey::kCount, RsaShape::kPattern},
    {2048, KeyKind::kRsaSmallFactor, AuthorityKey::kCount, RsaShape::kFactor11},
    {2048, KeyKind::kRsaSmallFactor, AuthorityKey::kCount, RsaShape::kFactor7919},
    {2048, KeyKind::kRsaBadExponent, AuthorityKey::kCount, RsaShape::kExponent65538},
    {2048, KeyKind::kRsaBadExponent, AuthorityKey::kCount, RsaShape::kExponent1},
    {2048, KeyKind::kRsaBadExponent, AuthorityKey::kCount, RsaShape::kSmallPrivateExponent},
};
constexpr size_t kRsaCount = std::size(kRsaPlans);
constexpr int kMinRsaBits = 2048;

// What docs/keys.md calls that.
KeyFaults FaultsOf(const RsaPlan& plan) {
  if (plan.bits < kMinRsaBits) return {.at_scan = {"rsa_short"}, .by_itself = {"rsa_short"}};
  switch (plan.shape) {
    case RsaShape::kClosePrimes:
      return {.at_scan = {"fermat"}, .by_itself = {"fermat"}, .is_factored = true};
    case RsaShape::kFactor11:
      return {.at_scan = {"small_factor"}, .by_itself = {"small_factor"}};
    case RsaShape::kFactor7919:
      return {.by_itself = {"small_factor"}};
    case RsaShape::kRoca:
      return {.at_scan = {"roca"}, .by_itself = {"roca"}};
    case RsaShape::kSharedPrime:
      return {.shares_prime = true};
    case RsaShape::kSharedModulus3:
      return {.at_scan = {"small_exponent"}, .by_itself = {"small_exponent"}};
    case RsaShape::kPattern:
      return {.at_scan = {"repeating_pattern", "low_entropy"},
              .by_itself = {"repeating_pattern", "low_entropy"}};
    case RsaShape::kExponent65538:
      return {.at_scan = {"even_exponent"}, .by_itself = {"even_exponent"}};
    case RsaShape::kExponent1:
      return {.at_scan = {"small_exponent", "absurd_exponent"},
              .by_itself = {"small_exponent", "absurd_exponent"},
              .is_factored = true};
    case RsaShape::kSmallPrivateExponent:
      return {.at_scan = {"absurd_exponent", "small_private_exponent"},
              .by_itself = {"absurd_exponent", "small_private_exponent"},
              .is_factored = true};
    case RsaShape::kSound:
    case RsaShape::kSharedModulus65537:
      break;
  }
  return {};
}

bssl::UniquePtr<EVP_PKEY> DeriveEc(int nid, const std::string& label) {
  const std::string secret = ByteStream(label).Take(64);
  bssl::UniquePtr<EC_GROUP> group(EC_GROUP_new_by_curve_name(nid));
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_derive_from_secret(
      group.get(), reinterpret_cast<const uint8_t*>(secret.data()), secret.size()));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!ec || !EVP_PKEY_set1_EC_KEY(key.get(), ec.get())) return nullptr;
  return key;
}

bssl::UniquePtr<EVP_PKEY> DeriveEd25519(const std::string& label) {
  const std::string seed = ByteStream(label).Take(32);
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

using RsaKeys = std::array<RsaNumbers, kRsaCount>;

void DeriveAll(RsaKeys& keys) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < kRsaCount;) {
      const RsaPlan& plan = kRsaPlans[i];
      keys[i] = DeriveRsaNumbers(plan.shape, plan.bits, JoinText("rsa ", plan.bits, " ", i));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < std::max(1u, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
}

// The file: a header line, then of each key n, e, d, p and q, each behind a 16-bit length.
bool ReadAll(const std::string& path, RsaKeys& keys) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  const std::string text = content.str();
  if (text.compare(0, kFileHeader.size(), kFileHeader) != 0) return false;
  CBS cbs, bytes;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  CBS_skip(&cbs, kFileHeader.size());
  for (size_t i = 0; i < kRsaCount; ++i) {
    RsaNumbers& key = keys[i];
    for (bssl::UniquePtr<BIGNUM>* number : {&key.n, &key.e, &key.d, &key.p, &key.q}) {
      if (!CBS_get_u16_length_prefixed(&cbs, &bytes)) return false;
      number->reset();
      if (CBS_len(&bytes) == 0) continue;
      number->reset(BN_bin2bn(CBS_data(&bytes), CBS_len(&bytes), nullptr));
    }
    if (!key.n || !key.e || !key.d != !key.p || !key.p != !key.q ||
        BN_num_bits(key.n.get()) != static_cast<unsigned>(kRsaPlans[i].bits)) {
      return false;
    }
  }
  return CBS_len(&cbs) == 0;
}

absl::Status WriteAll(const std::string& path, const RsaKeys& keys) {
  bssl::ScopedCBB cbb;
  CBB bytes;
  if (!CBB_init(cbb.get(), kFileBytes)) return absl::ResourceExhaustedError("memory");
  CBB_add_bytes(cbb.get(), reinterpret_cast<const uint8_t*>(kFileHeader.data()),
                kFileHeader.size());
  for (const RsaNumbers& key : keys) {
    for (const BIGNUM* number : {key.n.get(), key.e.get(), key.d.get(), key.p.get(), key.q.get()}) {
      const std::string text = number == nullptr ? "" : BytesOf(*number);
      if (!CBB_add_u16_length_prefixed(cbb.get(), &bytes) ||
          !CBB_add_bytes(&bytes, reinterpret_cast<const uint8_t*>(text.data()), text.size()) ||
          !CBB_flush(cbb.get())) {
        return absl::InternalError("a key of the lab could not be written");
      }
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
  const auto add = [&](KeyKind kind, bssl::UniquePtr<EVP_PKEY> key, AuthorityKey authority,
                       const RsaNumbers* rsa_numbers = nullptr, KeyFaults faults = {}) {
    absl::StatusOr<Key> made = MakeKey(kind, std::move(key));
    if (!made.ok()) {
      status = made.status();
      return;
    }
    made->faults = std::move(faults);
    if (rsa_numbers != nullptr) {
      made->rsa_exponent = BytesOf(*rsa_numbers->e);
      if (!rsa_numbers->d) made->private_key.reset();
      made->modulus_sha256 = Sha256(BytesOf(*rsa_numbers->n));
    }
    if (authority != AuthorityKey::kCount) {
      pool.authorities_[static_cast<size_t>(authority)] = *std::move(made);
    } else {
      pool.pool_[static_cast<size_t>(kind)].push_back(*std::move(made));
    }
  };
  for (size_t i = 0; i < kRsaCount; ++i) {
    const RsaPlan& plan = kRsaPlans[i];
    add(plan.kind, RsaKeyOf(rsa[i]), plan.authority, &rsa[i], FaultsOf(plan));
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
    case KeyKind::kRsaClosePrimes:
    case KeyKind::kRsaSmallFactor:
    case KeyKind::kRsaRoca:
    case KeyKind::kRsaSharedPrime:
    case KeyKind::kRsaSharedModulus:
    case KeyKind::kRsaPattern:
    case KeyKind::kRsaBadExponent:
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
