#include "tls/probe/dh_prime.h"

#include <openssl/bn.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"
#include "tls/probe/server_flight.h"

namespace mxsweep::tls {
namespace {

using Bytes = std::span<const uint8_t>;

struct HashedPrime {
  std::string_view sha256;  // hexadecimal
  WellKnownPrime prime;
};

// RFC 2409 §6.1, §6.2, RFC 3526, RFC 7919 appendix A, RFC 5114 §2, and what software has built in:
// its first version with it is in the name. tests/tls/probe/builtin_primes.txt has the numbers and
// where they stand. The ten of weakdh.org were common on the Internet of 2015; whose they are is
// not known.
constexpr HashedPrime kPrimes[] = {
    {"b52ba6a3026520a6c49d37e4587601801bee500123b3259b6bf03e7cecc3e63d",
     {"rfc2409_768", 768, PrimeKind::kSafe}},
    {"3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0",
     {"rfc2409_1024", 1024, PrimeKind::kSafe}},
    {"64fcc83ec403930bf18393dbc883ccaa1fbb08ac876f77f7aa99748ca945019b",
     {"rfc3526_1536", 1536, PrimeKind::kSafe}},
    {"d66436f79bbd6b2e38c0ffbd079be904d2641415e2e67140e09448be9a60890e",
     {"rfc3526_2048", 2048, PrimeKind::kSafe}},
    {"48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c",
     {"rfc3526_3072", 3072, PrimeKind::kSafe}},
    {"4ee95187682bcb230ad26a95205f6920e84708f6251b3894329b09ec23919e33",
     {"rfc3526_4096", 4096, PrimeKind::kSafe}},
    {"d1bfe6d0925ce7e4da262b62861514a7755e35831e429f343e7b864848657efd",
     {"rfc3526_6144", 6144, PrimeKind::kSafe}},
    {"39ab4feab950a3128fb71accb9fc3965d857012e081998a85996e3ea8b3c3bcf",
     {"rfc3526_8192", 8192, PrimeKind::kSafe}},
    {"9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966",
     {"ffdhe2048", 2048, PrimeKind::kSafe}},
    {"0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17",
     {"ffdhe3072", 3072, PrimeKind::kSafe}},
    {"4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e",
     {"ffdhe4096", 4096, PrimeKind::kSafe}},
    {"227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7",
     {"ffdhe6144", 6144, PrimeKind::kSafe}},
    {"770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833",
     {"ffdhe8192", 8192, PrimeKind::kSafe}},
    {"44c55cfee5c075927cf682da5b681bdecbd5c3eb0784c14f5dce7610f0ef133d",
     {"rfc5114_1024_160", 1024, PrimeKind::kPrime}},
    {"bfe545862ca102ad1eeddb5fbfa5bf855ac4995c56a8b408ce3fe099dce93a9d",
     {"rfc5114_2048_224", 2048, PrimeKind::kPrime}},
    {"0b7835722cb619827610c2549fdda5587421686c4409a13865e76225522ddcc9",
     {"rfc5114_2048_256", 2048, PrimeKind::kPrime}},
    {"6c863838510bab3e2093066fc14976f0265b0da72c465eb306018587b5df6b6a",
     {"postfix_2.2_512", 512, PrimeKind::kSafe}},
    {"ef627d8cc44144f36a075d8dd8511bbd278cb5cf438f1052bdbdabe715232c1e",
     {"postfix_2.2_1024", 1024, PrimeKind::kSafe}},
    {"449ab49c277d21a601e806df3064d6e4b3040045110efe26b85d12e88ae9355a",
     {"postfix_3.1_512", 512, PrimeKind::kSafe}},
    {"4e1f16b0a537becf0398e0d6049ed82850ef799626db1771a9aa4901e84385c3",
     {"postfix_3.1_2048", 2048, PrimeKind::kSafe}},
    {"ea8dfb71d98b4f878ca8d9915aaacae6d86fb791f7149373326b0fe318442b64",
     {"postfix_3.6_2048", 2048, PrimeKind::kSafe}},
    {"450349830c07b0225c8fd0b123ca8febdf0c28fde698258de7cab092b9045a94",
     {"postfix_3.7_2048", 2048, PrimeKind::kSafe}},
    {"358856fb52a59bf901826fedcadd2b2d3aa0a82a16338229a109ed20f855f948",
     {"exim_4.87_1", 2048, PrimeKind::kSafe}},
    {"b091c26ef6f88b88ed2c5f4da0cfe3291633f370a225d080f7bd5b8be83177eb",
     {"exim_4.87_2", 2048, PrimeKind::kSafe}},
    {"4597b6c988bdc12aad6aa71840f7206907346f1f5d95edb661e8282281f5577e",
     {"exim_4.87_3", 2048, PrimeKind::kSafe}},
    {"6786642ab608b22f9cce2d1758b48a5fcf354b6170ea547f906a9e375cbbd3a0",
     {"sendmail_2048", 2048, PrimeKind::kSafe}},
    {"f26e2403f3f07946654404909f0ff81d9354de17250411b4c04b89af73178425",
     {"openssl_512", 512, PrimeKind::kSafe}},
    {"486e235226a927b22b9389bf43377084cb9be4c303f08fd490613ab4d9dfbd31",
     {"haproxy_1.5_1024", 1024, PrimeKind::kSafe}},
    {"7b6551ea6ff09bd78c24bede10980a155f70b6c81e48b4dd8bec822ab3bf0e94",
     {"haproxy_1.5_2048", 2048, PrimeKind::kSafe}},
    {"a67f41cb161353e098a815bf4070d3268927a50cf3b9be233377f81e0ac77c1e",
     {"haproxy_1.5_4096", 4096, PrimeKind::kSafe}},
    {"3cdb020b9ef298b2f3f6cf5a872af527337bf7b9f654b2e70c49da16a4d24137",
     {"apache_2.0_512", 512, PrimeKind::kSafe}},
    {"f79d1db3c955a28fdeca462670a0712efee4b588c7858e4943883f903bd1354b",
     {"apache_2.0_1024", 1024, PrimeKind::kSafe}},
    {"db01e702899166da28c9bc7896af62bcdf0c96d0fb341950ba80e68bd51a57ef",
     {"apache_2.2_512", 512, PrimeKind::kSafe}},
    {"bf910d9df4e0b2e76cda7443f592aa118e33ba2c224ebc27fb8978d873c8c2e3",
     {"apache_2.2_1024", 1024, PrimeKind::kSafe}},
    {"8ae47dca3d24e9b64640062686da234dcabada26b0da6f090c5449c1338d9a11",
     {"nginx_1024", 1024, PrimeKind::kSafe}},
    {"73b391ec8da33ee197aed17d7cfce1321b94e04c5b55b3c02c1c7198eb88715b",
     {"java_512", 512, PrimeKind::kPrime}},
    {"ee5483fe4b96caa10cb5b863ec409aab2762e6bf43af4a8a0a42817fef4dd7f3",
     {"java_768", 768, PrimeKind::kPrime}},
    {"cc21a33dd1a3edf40bf636b5496e4aede198a437a8548e0cc1a621424e42419b",
     {"java_1024", 1024, PrimeKind::kPrime}},
    {"66d0bf38b0bdfacf2fdae33f35102ab6079fd5ff0feff8e436a4063745c72739",
     {"openssl_1024", 1024, PrimeKind::kSafe}},
    {"3166ce19180005327a6059a2e7a4ed22775ad2f0eadaee59a7481ab391fe592f",
     {"openssl_2048_1", 2048, PrimeKind::kSafe}},
    {"9e348a9471b7d123aa97071e38288379fc12a9992e8e75db2113c1ded5463ac3",
     {"openssl_2048_2", 2048, PrimeKind::kSafe}},
    {"ce7728db3aed1119a82b9f17b17df9f8e370ddd7639946df09a119f924aa42e8",
     {"openssl_4096", 4096, PrimeKind::kSafe}},
    {"74a5cce5b6a93eb755e2f48250dc7cb3ea529484af916e1368034b6f70eb25fc",
     {"weakdh_1024_1", 1024, PrimeKind::kPrime}},
    {"196085cb4281d1ff18efaad097bc1ec0af2581444026a6a3018b1479f6d89cdb",
     {"weakdh_1024_2", 1024, PrimeKind::kSafe}},
    {"80571b97f71f89727ab0c40bb73b4f01a420469abd814b7b35090c8d6dff62b0",
     {"weakdh_1024_3", 1024, PrimeKind::kSafe}},
    {"5f856a00120eee6d6b87ef8f596aefbbd284f8a611c8329a713d37cdec2a27b0",
     {"weakdh_1024_4", 1024, PrimeKind::kSafe}},
    {"deb671287187265a5383df13708d3a757735f4af22dd171265385822f5aca5b9",
     {"weakdh_1024_5", 1024, PrimeKind::kSafe}},
    {"bc19c041491e550f381d09415a82e1b359410e8e243744cc545a342455f5fcd8",
     {"weakdh_1024_6", 1024, PrimeKind::kSafe}},
    {"ac0ff7a415f003c6503d4c126f2929769e6f3f89c29efa450764212fa13e2069",
     {"weakdh_1024_7", 1024, PrimeKind::kSafe}},
    {"2b07d24b932aa7a015c45a3f06e75ba71cb8cff8d33980acebf628afff1c101e",
     {"weakdh_1024_8", 1024, PrimeKind::kSafe}},
    {"8523c72057043833089915168751620b02dd60206beaa3ddb65df468acc9584e",
     {"weakdh_1024_9", 1024, PrimeKind::kSafe}},
    {"52d4faa53003b8349dac3e984a6423bc1ab6ab927f1855d94757185f71b5d97d",
     {"weakdh_1024_10", 1024, PrimeKind::kSafe}},
    {"bfa876fe4671a9c696c8e256c13d7fadaa05c8991660e0924604ff7b239c6d1a",
     {"ironport_1024", 1024, PrimeKind::kSafe}},
    {"e4896abfd36d325fcafe3c1583e30bf9b59d63261b9ee11962107cf67ebf83cd",
     {"skip_512", 512, PrimeKind::kSafe}},
    {"6215d41bb617b390082b066d6856f8b361d6c77f316a84301f7c9717a8681485",
     {"skip_1024", 1024, PrimeKind::kSafe}},
    {"725541d91fe79bcf52e6d96581d83ab8eb68a6c2460d933f68792a369b003b1c",
     {"skip_2048", 2048, PrimeKind::kSafe}},
};

Bytes WithoutZeros(Bytes number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

std::string Hex(Bytes bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// A composite passes one round with a random base with less than a quarter's chance, whoever made
// it.
constexpr int kRounds = 32;

bool IsPrime(const BIGNUM* number, int rounds, BN_CTX* context) {
  int is_probably_prime = 0;
  // Trial division first: most composites fall there.
  MXSWEEP_CHECK(BN_primality_test(&is_probably_prime, number, rounds, context,
                                  /*do_trial_division=*/1, nullptr));
  return is_probably_prime == 1;
}

// Pocklington's proof for p = 2q + 1 where q is prime: 2^(p-1) is 1 modulo p, and 2^2 - 1 has no
// divisor in common with it. So a safe prime takes the rounds for q alone.
bool IsProvedBy2(const BIGNUM* p, BN_CTX* context) {
  const bssl::UniquePtr<BIGNUM> two(BN_new());
  const bssl::UniquePtr<BIGNUM> exponent(BN_dup(p));
  const bssl::UniquePtr<BIGNUM> power(BN_new());
  MXSWEEP_CHECK(two != nullptr && exponent != nullptr && power != nullptr &&
                BN_set_word(two.get(), 2) && BN_sub_word(exponent.get(), 1) &&
                BN_mod_exp_mont(power.get(), two.get(), exponent.get(), p, context, nullptr));
  return BN_is_one(power.get()) && BN_mod_word(p, 3) != 0;
}

}  // namespace

std::string_view PrimeKindName(PrimeKind kind) {
  switch (kind) {
    case PrimeKind::kSafe:
      return "safe";
    case PrimeKind::kPrime:
      return "prime";
    case PrimeKind::kComposite:
      break;
  }
  return "composite";
}

Sha256 PrimeHash(Bytes p) { return HashSha256(WithoutZeros(p)); }

const WellKnownPrime* FindWellKnownPrime(Bytes p) {
  const std::string hash = Hex(PrimeHash(p));
  const auto found = std::ranges::find(kPrimes, hash, &HashedPrime::sha256);
  return found != std::end(kPrimes) ? &found->prime : nullptr;
}

std::vector<WellKnownPrime> WellKnownPrimes() {
  std::vector<WellKnownPrime> primes;
  for (const HashedPrime& known : kPrimes) primes.push_back(known.prime);
  return primes;
}

std::string PrimeName(Bytes p) {
  if (const WellKnownPrime* known = FindWellKnownPrime(p)) return std::string(known->name);
  return "sha256:" + Hex(PrimeHash(p));
}

std::optional<PrimeKind> JudgePrime(Bytes p) {
  if (const WellKnownPrime* known = FindWellKnownPrime(p)) return known->kind;
  if (BitsOf(p) > kMaxJudgedPrimeBits) return std::nullopt;
  const bssl::UniquePtr<BN_CTX> context(BN_CTX_new());
  const bssl::UniquePtr<BIGNUM> number(BN_bin2bn(p.data(), p.size(), nullptr));
  MXSWEEP_CHECK(context != nullptr && number != nullptr);
  if (!IsPrime(number.get(), 1, context.get())) return PrimeKind::kComposite;
  const bssl::UniquePtr<BIGNUM> half(BN_new());
  MXSWEEP_CHECK(half != nullptr && BN_rshift1(half.get(), number.get()));
  if (IsPrime(half.get(), kRounds, context.get()) && IsProvedBy2(number.get(), context.get())) {
    return PrimeKind::kSafe;
  }
  return IsPrime(number.get(), kRounds, context.get()) ? PrimeKind::kPrime : PrimeKind::kComposite;
}

std::string GeneratorText(Bytes g) {
  const Bytes number = WithoutZeros(g);
  if (number.size() <= sizeof(uint64_t)) {
    uint64_t value = 0;
    for (const uint8_t byte : number) value = value << 8 | byte;
    return absl::StrCat(value);
  }
  constexpr size_t kMaxDigits = 64;
  return JoinText("0x", Hex(number).substr(0, kMaxDigits));
}

}  // namespace mxsweep::tls
