#include "tools/lab/rsa_numbers.h"

#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::lab {
namespace {

using Number = bssl::UniquePtr<BIGNUM>;

constexpr BN_ULONG kExponent = 65537;
constexpr BN_ULONG kSmallExponent = 3;
constexpr int kWeakBits = 2048;
constexpr int kCloseBits = 514;
constexpr int kRocaPrimes = 126;
constexpr int kSmallPrivateBits = 384;
constexpr size_t kRocaExponentBytes = 8;
// What repeats has its highest bit set, so that the modulus has all its bits.
constexpr std::string_view kPattern = "\xc5\x1a\x0f\x96\x3c\x71\xe2\x58";

void Check(bool ok) {
  if (!ok) std::abort();  // Out of memory, or an error in this file.
}

class Maker {
 public:
  explicit Maker(const std::string& label) : stream_(label), ctx_(BN_CTX_new()) {
    Check(ctx_ != nullptr);
  }

  RsaNumbers Make(RsaShape shape, int bits) {
    switch (shape) {
      case RsaShape::kClosePrimes:
        return ClosePrimes();
      case RsaShape::kFactor11:
        return WithFactor(11);
      case RsaShape::kFactor7919:
        return WithFactor(7919);
      case RsaShape::kRoca:
        return Roca();
      case RsaShape::kSharedPrime:
        return SharedPrime();
      case RsaShape::kSharedModulus3:
      case RsaShape::kSharedModulus65537:
        return SharedModulus(shape == RsaShape::kSharedModulus3 ? kSmallExponent : kExponent);
      case RsaShape::kPattern:
        return Pattern();
      case RsaShape::kExponent65538:
        return WithExponent(kExponent + 1);
      case RsaShape::kExponent1:
        return WithExponent(1);
      case RsaShape::kSmallPrivateExponent:
        return SmallPrivateExponent();
      case RsaShape::kSound:
        break;
    }
    Number p = TakePrime(bits / 2);
    Number q = TakePrime(bits / 2);
    return FromPrimes(std::move(p), std::move(q), kExponent);
  }

 private:
  Number New() const {
    Number number(BN_new());
    Check(number != nullptr);
    return number;
  }
  Number Copy(const BIGNUM& number) const {
    Number copy(BN_dup(&number));
    Check(copy != nullptr);
    return copy;
  }
  Number Product(const BIGNUM& a, const BIGNUM& b) const {
    Number product = New();
    Check(BN_mul(product.get(), &a, &b, ctx_.get()));
    return product;
  }
  Number LessOne(const BIGNUM& number) const {
    Number less = Copy(number);
    Check(BN_sub_word(less.get(), 1));
    return less;
  }

  // A prime that goes with the exponents 65537 and 3: p - 1 must not be a multiple of one.
  bool IsUsable(const BIGNUM& number, BN_ULONG exponent = kExponent) const {
    return BN_mod_word(&number, exponent) != 1 &&
           BN_is_prime_fasttest_ex(&number, BN_prime_checks, ctx_.get(),
                                   /*do_trial_division=*/1, nullptr) == 1;
  }

  // An odd number of `bits` whose two highest bits are set, so that the product of two has twice as
  // many.
  Number TakeOdd(int bits) {
    const size_t bytes = (static_cast<size_t>(bits) + 7) / 8;
    Number number = NumberOf(stream_.Take(bytes));
    Check(BN_mask_bits(number.get(), bits));
    Check(BN_set_bit(number.get(), bits - 1) && BN_set_bit(number.get(), bits - 2) &&
          BN_set_bit(number.get(), 0));
    return number;
  }
  Number TakePrime(int bits) {
    for (;;) {
      Number prime = TakeOdd(bits);
      if (IsUsable(*prime)) return prime;
    }
  }
  // The first from `number` on, which is odd.
  Number NextPrime(Number number) const {
    while (!IsUsable(*number)) Check(BN_add_word(number.get(), 2));
    return number;
  }

  RsaNumbers FromPrimes(Number p, Number q, BN_ULONG exponent) const {
    if (BN_cmp(p.get(), q.get()) < 0) std::swap(p, q);
    RsaNumbers numbers;
    numbers.n = Product(*p, *q);
    numbers.e = Word(exponent);
    numbers.d = New();
    Check(BN_mod_inverse(numbers.d.get(), numbers.e.get(),
                         Product(*LessOne(*p), *LessOne(*q)).get(), ctx_.get()) != nullptr);
    numbers.p = std::move(p);
    numbers.q = std::move(q);
    return numbers;
  }

  RsaNumbers ClosePrimes() {
    Number p = TakePrime(kWeakBits / 2);
    Number q = New();
    Check(BN_set_bit(q.get(), kCloseBits) && BN_add(q.get(), q.get(), p.get()));
    q = NextPrime(std::move(q));
    return FromPrimes(std::move(p), std::move(q), kExponent);
  }

  RsaNumbers PublicHalf(Number n, Number e) const {
    RsaNumbers numbers;
    numbers.n = std::move(n);
    numbers.e = std::move(e);
    return numbers;
  }
  Number Word(BN_ULONG word) const {
    Number number = New();
    Check(BN_set_word(number.get(), word));
    return number;
  }

  RsaNumbers WithFactor(BN_ULONG factor) {
    const Number small = Word(factor);
    const int factor_bits = static_cast<int>(BN_num_bits(small.get()));
    const Number p = TakePrime(kWeakBits / 2);
    for (int i = 0;; ++i) {
      // The product may have one bit less than its factors have together.
      const Number q = TakePrime(kWeakBits / 2 - factor_bits + (i + 1) % 2);
      Number n = Product(*Product(*p, *q), *small);
      if (BN_num_bits(n.get()) == kWeakBits) return PublicHalf(std::move(n), Word(kExponent));
    }
  }

  RsaNumbers WithExponent(BN_ULONG exponent) {
    const Number p = TakePrime(kWeakBits / 2);
    const Number q = TakePrime(kWeakBits / 2);
    return PublicHalf(Product(*p, *q), Word(exponent));
  }

  RsaNumbers SmallPrivateExponent() {
    const Number p = TakePrime(kWeakBits / 2);
    const Number q = TakePrime(kWeakBits / 2);
    const Number phi = Product(*LessOne(*p), *LessOne(*q));
    for (;;) {
      const Number d = TakePrime(kSmallPrivateBits);
      Number e = New();
      if (BN_mod_inverse(e.get(), d.get(), phi.get(), ctx_.get()) != nullptr) {
        return PublicHalf(Product(*p, *q), std::move(e));
      }
    }
  }

  Number RocaPrime(const BIGNUM& m) {
    Number generator = New(), power = New(), prime = New(), rest = New();
    Check(BN_set_word(generator.get(), kExponent));
    for (;;) {
      const Number a = NumberOf(stream_.Take(kRocaExponentBytes));
      Check(BN_mod_exp(power.get(), generator.get(), a.get(), &m, ctx_.get()));
      // k·M below a random number of the wanted size.
      const Number wanted = TakeOdd(kWeakBits / 2);
      Check(BN_mod(rest.get(), wanted.get(), &m, ctx_.get()) &&
            BN_sub(prime.get(), wanted.get(), rest.get()) &&
            BN_add(prime.get(), prime.get(), power.get()));
      if (IsUsable(*prime)) return prime;
    }
  }

  RsaNumbers Roca() {
    Number m = New();
    Check(BN_one(m.get()));
    int primes = 0;
    for (BN_ULONG candidate = 2; primes < kRocaPrimes; ++candidate) {
      bool is_prime = true;
      for (BN_ULONG i = 2; i * i <= candidate; ++i) is_prime = is_prime && candidate % i != 0;
      if (!is_prime) continue;
      ++primes;
      Check(BN_mul_word(m.get(), candidate));
    }
    for (;;) {
      RsaNumbers numbers = FromPrimes(RocaPrime(*m), RocaPrime(*m), kExponent);
      if (BN_num_bits(numbers.n.get()) == kWeakBits) return numbers;
    }
  }

  RsaNumbers SharedPrime() {
    Number shared = Maker("the shared prime").TakePrime(kWeakBits / 2);
    return FromPrimes(std::move(shared), TakePrime(kWeakBits / 2), kExponent);
  }

  static RsaNumbers SharedModulus(BN_ULONG exponent) {
    Maker maker("the shared modulus");
    const auto prime = [&maker] {
      for (;;) {
        Number one = maker.TakePrime(kWeakBits / 2);
        if (BN_mod_word(one.get(), kSmallExponent) != 1) return one;
      }
    };
    Number p = prime();
    Number q = prime();
    return maker.FromPrimes(std::move(p), std::move(q), exponent);
  }

  RsaNumbers Pattern() {
    std::string bytes;
    while (bytes.size() < kWeakBits / 16) bytes += kPattern;
    const Number wanted = NumberOf(bytes + stream_.Take(kWeakBits / 16));
    for (;;) {
      Number p = TakePrime(kWeakBits / 2);
      Number q = New();
      Check(BN_div(q.get(), nullptr, wanted.get(), p.get(), ctx_.get()));
      if (BN_num_bits(q.get()) != kWeakBits / 2) continue;
      Check(BN_set_bit(q.get(), 0));
      RsaNumbers numbers = FromPrimes(std::move(p), NextPrime(std::move(q)), kExponent);
      if (BN_num_bits(numbers.n.get()) == kWeakBits) return numbers;
    }
  }

  ByteStream stream_;
  bssl::UniquePtr<BN_CTX> ctx_;
};

}  // namespace

std::string ByteStream::Take(size_t size) {
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

std::string BytesOf(const BIGNUM& number) {
  std::string bytes(BN_num_bytes(&number), '\0');
  BN_bn2bin(&number, reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

bssl::UniquePtr<BIGNUM> NumberOf(std::string_view bytes) {
  bssl::UniquePtr<BIGNUM> number(
      BN_bin2bn(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), nullptr));
  Check(number != nullptr);
  return number;
}

RsaNumbers DeriveRsaNumbers(RsaShape shape, int bits, const std::string& label) {
  return Maker(label).Make(shape, bits);
}

bssl::UniquePtr<EVP_PKEY> RsaKeyOf(const RsaNumbers& numbers) {
  bssl::UniquePtr<BN_CTX> ctx(BN_CTX_new());
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Number n(BN_dup(numbers.n.get())), e(BN_dup(numbers.e.get()));
  if (!numbers.d) {
    const bool made = RSA_set0_key(rsa.get(), n.release(), e.release(), nullptr) &&
                      EVP_PKEY_set1_RSA(key.get(), rsa.get());
    return made ? std::move(key) : nullptr;
  }
  Number d(BN_dup(numbers.d.get())), p(BN_dup(numbers.p.get())), q(BN_dup(numbers.q.get()));
  Number p1(BN_dup(p.get())), q1(BN_dup(q.get()));
  Number dp(BN_new()), dq(BN_new()), iq(BN_new());
  if (!RSA_set0_key(rsa.get(), n.release(), e.release(), d.release()) ||
      !BN_sub_word(p1.get(), 1) || !BN_sub_word(q1.get(), 1) ||
      !BN_mod(dp.get(), numbers.d.get(), p1.get(), ctx.get()) ||
      !BN_mod(dq.get(), numbers.d.get(), q1.get(), ctx.get()) ||
      !BN_mod_inverse(iq.get(), q.get(), p.get(), ctx.get()) ||
      !RSA_set0_factors(rsa.get(), p.release(), q.release()) ||
      !RSA_set0_crt_params(rsa.get(), dp.release(), dq.release(), iq.release())) {
    return nullptr;
  }
  if (!RSA_check_key(rsa.get()) || !EVP_PKEY_set1_RSA(key.get(), rsa.get())) return nullptr;
  return key;
}

}  // namespace mxsweep::lab
