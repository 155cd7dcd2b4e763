#include "tls/keys/key_checks.h"

#include <algorithm>
#include <bit>
#include <bitset>
#include <cmath>
#include <optional>
#include <utility>

#include "scanner/base/text.h"
#include "tls/keys/curve_points.h"
#include "tls/keys/integer.h"
#include "tls/keys/roca.h"

namespace mxsweep::tls {
namespace {

constexpr std::string_view kNames[kKeyWeaknesses] = {"rsa_short",
                                                     "small_exponent",
                                                     "even_exponent",
                                                     "absurd_exponent",
                                                     "small_factor",
                                                     "fermat",
                                                     "roca",
                                                     "repeating_pattern",
                                                     "low_entropy",
                                                     "small_private_exponent",
                                                     "ec_point_off_curve",
                                                     "dh_short",
                                                     "dh_composite",
                                                     "dh_not_safe"};

// FIPS 186-4 §B.3.1: a public exponent is under 2^256.
constexpr size_t kMaxExponentBytes = 32;
// So many bytes in a row, the first among them, are the same as those one to eight before them.
constexpr size_t kPatternBytes = 16;
constexpr size_t kMaxPeriodBytes = 8;
// A half's number of one bits may be so many standard deviations from its mean.
constexpr double kMaxDeviation = 8;
// Baillie-PSW, and one of Miller-Rabin.
constexpr int kPrimalityRounds = 25;
// Less is not even as long as what it is looked at modulo.
constexpr uint32_t kMinRocaBits = 256;
// Halves that are shorter tell nothing.
constexpr size_t kMinHalfBytes = 32;

uint32_t BitsOf(Bytes magnitude) {
  if (magnitude.empty()) return 0;
  return static_cast<uint32_t>((magnitude.size() - 1) * 8) +
         static_cast<uint32_t>(std::bit_width(magnitude.front()));
}

class Notes {
 public:
  explicit Notes(KeyFindings* findings) : findings_(*findings) {}
  void Add(KeyWeakness weakness, std::string_view detail = "") {
    findings_.weaknesses.push_back(weakness);
    if (detail.empty()) return;
    AppendText(&findings_.detail, findings_.detail.empty() ? "" : "; ", detail);
  }

 private:
  KeyFindings& findings_;
};

// The product of all primes under `limit`.
Integer Primorial(uint32_t limit) {
  Integer product;
  mpz_primorial_ui(product.get(), limit - 1);
  return product;
}

const Integer& SmallPrimes(KeyCheckDepth depth) {
  static const auto* const scan = new Integer(Primorial(SmallFactorLimit(KeyCheckDepth::kScan)));
  static const auto* const thorough =
      new Integer(Primorial(SmallFactorLimit(KeyCheckDepth::kThorough)));
  return depth == KeyCheckDepth::kScan ? *scan : *thorough;
}

// The least prime factor under the depth's limit, or 0.
uint32_t SmallFactorOf(const Integer& modulus, KeyCheckDepth depth) {
  Integer common;
  mpz_gcd(common.get(), modulus.get(), SmallPrimes(depth).get());
  if (common.is_one()) return 0;
  for (uint32_t divisor = 2; divisor < SmallFactorLimit(depth); ++divisor) {
    if (mpz_divisible_ui_p(common.get(), divisor)) return divisor;
  }
  return 0;
}

// n = a² - b² with a just above the root of n (P. de Fermat, 1643): the number of the step at which
// b² is a square, 0 where n is one itself.
std::optional<int> FermatStep(const Integer& n) {
  Integer root;
  Integer rest;
  mpz_sqrtrem(root.get(), rest.get(), n.get());
  if (rest.is_zero()) return 0;
  // (root + 1)² - n, and from a² to (a + 1)² it is 2a + 1.
  Integer difference;
  mpz_mul_2exp(difference.get(), root.get(), 1);
  mpz_add_ui(difference.get(), difference.get(), 1);
  mpz_sub(difference.get(), difference.get(), rest.get());
  mpz_add_ui(root.get(), root.get(), 1);
  for (int step = 1; step <= kFermatSteps; ++step) {
    if (mpz_perfect_square_p(difference.get())) {
      Integer b;
      mpz_sqrt(b.get(), difference.get());
      mpz_sub(b.get(), root.get(), b.get());
      if (mpz_cmp_ui(b.get(), 1) > 0) return step;
    }
    mpz_addmul_ui(difference.get(), root.get(), 2);
    mpz_add_ui(difference.get(), difference.get(), 1);
    mpz_add_ui(root.get(), root.get(), 1);
  }
  return std::nullopt;
}

// Are n's factors the roots of x² - (n - phi + 1)x + n?
bool IsPhi(const Integer& n, const Integer& phi) {
  Integer sum;
  mpz_sub(sum.get(), n.get(), phi.get());
  mpz_add_ui(sum.get(), sum.get(), 1);
  // Of primes of about the same size; this alone excludes nearly every guess.
  if (mpz_sgn(sum.get()) <= 0 || sum.bits() > n.bits() / 2 + 8) return false;
  Integer square;
  mpz_mul(square.get(), sum.get(), sum.get());
  mpz_submul_ui(square.get(), n.get(), 4);
  return mpz_sgn(square.get()) >= 0 && mpz_perfect_square_p(square.get());
}

// M. Wiener, "Cryptanalysis of short RSA secret exponents" (1990): where the private exponent d is
// under n^(1/4)/3, k/(dg) is a convergent of e/n, with ed = 1 + k·lambda(n) and g = phi/lambda.
// Gives the bits of dg.
std::optional<uint32_t> SmallPrivateExponentBits(const Integer& n, const Integer& e) {
  Integer dividend = e;
  Integer divisor = n;
  Integer quotient, k_before(0), k(1), d_before(1), d(0), phi;
  while (!divisor.is_zero() && d.bits() <= n.bits() / 4 + 1) {
    mpz_tdiv_qr(quotient.get(), dividend.get(), dividend.get(), divisor.get());
    std::swap(dividend, divisor);
    mpz_addmul(k_before.get(), quotient.get(), k.get());
    mpz_addmul(d_before.get(), quotient.get(), d.get());
    std::swap(k_before, k);
    std::swap(d_before, d);
    if (k.is_zero()) continue;
    mpz_mul(phi.get(), e.get(), d.get());
    mpz_tdiv_q(phi.get(), phi.get(), k.get());
    if (IsPhi(n, phi)) return static_cast<uint32_t>(d.bits());
  }
  return std::nullopt;
}

// The period of a pattern of kPatternBytes or more; 0: none.
size_t PatternPeriod(Bytes modulus) {
  for (size_t period = 1; period <= kMaxPeriodBytes; ++period) {
    size_t run = 0;
    for (size_t i = period; i < modulus.size(); ++i) {
      run = modulus[i] == modulus[i - period] ? run + 1 : 0;
      if (run + 1 >= kPatternBytes) return period;
    }
  }
  return 0;
}

// Is there less in these bytes than chance puts there? By the number of one bits (binomial), and by
// that of different bytes.
bool HasLowEntropy(Bytes half) {
  if (half.size() < kMinHalfBytes) return false;
  int ones = 0;
  std::bitset<256> seen;
  for (const uint8_t byte : half) {
    ones += std::popcount(byte);
    seen.set(byte);
  }
  const double bits = 8.0 * static_cast<double>(half.size());
  if (std::abs(ones - bits / 2) > kMaxDeviation * std::sqrt(bits) / 2) return true;
  const double expected = 256 * (1 - std::pow(255.0 / 256, static_cast<double>(half.size())));
  return static_cast<double>(seen.count()) < expected / 2;
}

void CheckExponent(const PublicKeyFacts& key, Notes* notes, KeyFindings* findings) {
  if (key.small_exponent) notes->Add(KeyWeakness::kSmallExponent);
  const bool even = key.exponent.empty() || (key.exponent.back() & 1) == 0;
  if (even) notes->Add(KeyWeakness::kEvenExponent, "the exponent is even: no key works with it");
  if (key.exponent.size() <= 1 && (key.exponent.empty() || key.exponent.front() == 1)) {
    notes->Add(KeyWeakness::kAbsurdExponent, "with this exponent nothing is encrypted");
    findings->private_key_follows = true;
  } else if (key.exponent.size() > kMaxExponentBytes) {
    notes->Add(KeyWeakness::kAbsurdExponent,
               JoinText("an exponent of ", BitsOf(key.exponent), " bits"));
  }
}

void CheckRsa(const PublicKeyFacts& key, KeyCheckDepth depth, KeyFindings* findings) {
  Notes notes(findings);
  const uint32_t bits = key.bits.value_or(0);
  if (key.bits && bits < kShortRsaBits) notes.Add(KeyWeakness::kRsaShort);
  if (!key.error.empty()) return;
  CheckExponent(key, &notes, findings);
  if (bits < 2 || bits > kMaxCheckedRsaBits) return;
  const Integer n = Integer::FromBytes(key.modulus);
  const uint32_t factor = SmallFactorOf(n, depth);
  if (factor != 0) {
    notes.Add(KeyWeakness::kSmallFactor, JoinText(factor, " divides the modulus"));
  }
  if (const std::optional<int> step = FermatStep(n)) {
    notes.Add(KeyWeakness::kFermat,
              *step == 0 ? "the modulus is a square"
                         : JoinText("its primes are close: Fermat's method, step ", *step));
    findings->private_key_follows = true;
  }
  if (bits >= kMinRocaBits && HasRocaFingerprint(key.modulus)) notes.Add(KeyWeakness::kRoca);
  if (const size_t period = PatternPeriod(key.modulus); period != 0) {
    notes.Add(KeyWeakness::kRepeatingPattern,
              JoinText("the modulus repeats ", period, period == 1 ? " byte" : " bytes"));
  }
  const size_t half = key.modulus.size() / 2;
  const bool upper = HasLowEntropy(key.modulus.first(half));
  const bool lower = HasLowEntropy(key.modulus.last(half));
  if (upper || lower) {
    notes.Add(KeyWeakness::kLowEntropy, upper && lower
                                            ? "both halves of the modulus are no random numbers"
                                            : JoinText("the ", upper ? "upper" : "lower",
                                                       " half of the modulus is no random number"));
  }
  // A d under n^(1/4) makes e at least n^(3/4).
  const uint32_t exponent_bits = BitsOf(key.exponent);
  if (bits <= kMaxSmallPrivateExponentBits && exponent_bits <= bits &&
      exponent_bits + 8 >= bits - bits / 4) {
    const auto d_bits = SmallPrivateExponentBits(n, Integer::FromBytes(key.exponent));
    if (d_bits) {
      notes.Add(KeyWeakness::kSmallPrivateExponent,
                JoinText("the private exponent has ", *d_bits, " bits (Wiener's attack)"));
      findings->private_key_follows = true;
    }
  }
}

}  // namespace

std::string_view KeyWeaknessName(KeyWeakness weakness) {
  return kNames[static_cast<size_t>(weakness)];
}

bool KeyFindings::Has(KeyWeakness weakness) const {
  return std::ranges::find(weaknesses, weakness) != weaknesses.end();
}

KeyFindings CheckKey(const PublicKeyFacts& key, KeyCheckDepth depth) {
  KeyFindings findings;
  PointCheck point = PointCheck::kNotKnown;
  switch (key.type) {
    case KeyType::kRsa:
    case KeyType::kRsaPss:
      CheckRsa(key, depth, &findings);
      findings.unchecked = key.modulus.empty();
      return findings;
    case KeyType::kEc:
      if (key.error.empty()) point = CheckCurvePoint(key.curve.value_or(""), key.key);
      break;
    case KeyType::kEd25519:
      if (key.error.empty()) point = CheckEd25519Point(key.key);
      break;
    default:
      break;
  }
  if (point == PointCheck::kOffCurve) Notes(&findings).Add(KeyWeakness::kEcPointOffCurve);
  findings.unchecked = point == PointCheck::kNotKnown;
  return findings;
}

namespace {

// (p - 1) / 2 is prime, too. `p` is.
bool IsSafe(const Integer& p) {
  Integer half;
  mpz_tdiv_q_2exp(half.get(), p.get(), 1);
  return mpz_probab_prime_p(half.get(), kPrimalityRounds) != 0;
}

}  // namespace

KeyFindings CheckDhPrime(Bytes prime) {
  KeyFindings findings;
  Notes notes(&findings);
  const uint32_t bits = BitsOf(prime);
  const bool checked = bits >= 2 && bits <= kMaxCheckedRsaBits;
  const Integer p = checked ? Integer::FromBytes(prime) : Integer();
  const bool is_prime = checked && mpz_probab_prime_p(p.get(), kPrimalityRounds) != 0;
  if (checked && !is_prime) {
    if (const uint32_t factor = SmallFactorOf(p, KeyCheckDepth::kThorough)) {
      notes.Add(KeyWeakness::kSmallFactor, JoinText(factor, " divides the prime"));
    }
  }
  if (bits < kShortRsaBits) notes.Add(KeyWeakness::kDhShort);
  if (checked && !is_prime) notes.Add(KeyWeakness::kDhComposite, "the prime is none");
  if (is_prime && !IsSafe(p)) notes.Add(KeyWeakness::kDhNotSafe);
  return findings;
}

std::vector<std::string> WeakKeyWords(const CertificateFacts& facts, Bytes der,
                                      KeyCheckDepth depth) {
  std::vector<std::string> words;
  const CertificateDer parts = CutCertificate(der);
  if (!parts.spki.empty()) {
    const KeyFindings findings = CheckKey(ReadPublicKey(parts.spki), depth);
    for (const KeyWeakness weakness : findings.weaknesses) {
      words.emplace_back(KeyWeaknessName(weakness));
    }
  }
  for (std::string& word : facts.WeakKeyNames()) {
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace mxsweep::tls
