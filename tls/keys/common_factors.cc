#include "tls/keys/common_factors.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tls/keys/integer.h"

namespace mxsweep::tls {
namespace {

// Of Miller-Rabin; what is taken for a prime wrongly would only stay in one piece.
constexpr int kPrimalityRounds = 4;

// Pairwise coprime integers over 1. Adding one takes apart whatever it shares a factor with, itself
// among it, so that each factor that tells two of the added apart is there in the end.
class CoprimeBase {
 public:
  void Add(Integer added) {
    std::vector<Integer> pending;
    pending.push_back(std::move(added));
    while (!pending.empty()) {
      Integer piece = std::move(pending.back());
      pending.pop_back();
      AddPiece(std::move(piece), &pending);
    }
  }
  const std::vector<Integer>& pieces() const { return pieces_; }

 private:
  void AddPiece(Integer piece, std::vector<Integer>* pending) {
    for (size_t i = 0; i < pieces_.size() && !piece.is_one(); ++i) {
      Integer common;
      mpz_gcd(common.get(), piece.get(), pieces_[i].get());
      if (common.is_one()) continue;
      mpz_divexact(piece.get(), piece.get(), common.get());
      if (common == pieces_[i]) {
        --i;  // there may be more of it
        continue;
      }
      Integer rest;
      mpz_divexact(rest.get(), pieces_[i].get(), common.get());
      pieces_[i] = std::move(pieces_.back());
      pieces_.pop_back();
      pending->push_back(std::move(common));
      pending->push_back(std::move(rest));
      pending->push_back(std::move(piece));
      return;
    }
    if (!piece.is_one()) pieces_.push_back(std::move(piece));
  }

  std::vector<Integer> pieces_;
};

}  // namespace

std::vector<std::vector<size_t>> GroupsByFactor(std::span<const CommonDivisor> divisors) {
  // By the factor's bytes.
  std::map<std::vector<uint8_t>, std::vector<size_t>> members;
  struct Composite {
    size_t position;
    Integer rest;
  };
  std::vector<Composite> composites;
  std::map<std::vector<uint8_t>, bool> is_prime;
  for (size_t i = 0; i < divisors.size(); ++i) {
    const std::vector<uint8_t>& divisor = divisors[i].divisor;
    const auto [known, fresh] = is_prime.try_emplace(divisor);
    Integer number = Integer::FromBytes(divisor);
    if (fresh) known->second = mpz_probab_prime_p(number.get(), kPrimalityRounds) != 0;
    if (known->second) {
      members[divisor].push_back(i);
    } else {
      composites.push_back({i, std::move(number)});
    }
  }
  // Primes that are known take most composites apart.
  CoprimeBase base;
  std::vector<std::pair<Integer, std::vector<size_t>*>> primes;
  for (auto& [bytes, positions] : members)
    primes.emplace_back(Integer::FromBytes(bytes), &positions);
  for (Composite& composite : composites) {
    for (auto& [prime, positions] : primes) {
      if (!mpz_divisible_p(composite.rest.get(), prime.get())) continue;
      mpz_remove(composite.rest.get(), composite.rest.get(), prime.get());
      positions->push_back(composite.position);
    }
    if (!composite.rest.is_one()) base.Add(composite.rest);
  }
  for (const Integer& piece : base.pieces()) {
    std::vector<size_t>& positions = members[piece.ToBytes()];
    for (const Composite& composite : composites) {
      if (mpz_divisible_p(composite.rest.get(), piece.get())) {
        positions.push_back(composite.position);
      }
    }
  }
  std::vector<std::vector<size_t>> groups;
  for (auto& [bytes, positions] : members) {
    if (positions.size() < 2) continue;
    std::ranges::sort(positions);
    groups.push_back(std::move(positions));
  }
  return groups;
}

}  // namespace mxsweep::tls
