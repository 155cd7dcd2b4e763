// Batch GCD against what was planted, and against GMP's gcd of every pair.
#include "tls/keys/batch_gcd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/tls/keys/weak_numbers.h"
#include "tls/keys/common_factors.h"

namespace mxsweep::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Numbers;
using testing::Product;
using ::testing::UnorderedElementsAre;

std::unique_ptr<ModulusList> ListOf(std::span<const Integer> moduli) {
  auto list = ModulusList::Create(::testing::TempDir());
  EXPECT_TRUE(list.ok()) << list.status();
  for (const Integer& modulus : moduli) EXPECT_TRUE((*list)->Add(modulus.ToBytes()).ok());
  EXPECT_TRUE((*list)->Flush().ok());
  return *std::move(list);
}

BatchGcdOptions Options(uint64_t memory_bytes = 1u << 30) {
  return {.scratch_folder = ::testing::TempDir(), .memory_bytes = memory_bytes, .threads = 2};
}

std::vector<CommonDivisor> FindAll(std::span<const Integer> moduli,
                                   const BatchGcdOptions& options) {
  const auto list = ListOf(moduli);
  auto found = BatchGcd(*list, options);
  EXPECT_TRUE(found.ok()) << found.status();
  return *std::move(found);
}

std::map<size_t, Integer> ByIndex(const std::vector<CommonDivisor>& found) {
  std::map<size_t, Integer> divisors;
  for (const CommonDivisor& divisor : found) {
    divisors[divisor.index] = Integer::FromBytes(divisor.divisor);
  }
  return divisors;
}

// gcd(n, product of the others), pair by pair.
std::map<size_t, Integer> PairByPair(std::span<const Integer> moduli) {
  std::map<size_t, Integer> divisors;
  for (size_t i = 0; i < moduli.size(); ++i) {
    Integer others(1);
    for (size_t j = 0; j < moduli.size(); ++j) {
      Integer common;
      mpz_gcd(common.get(), moduli[i].get(), moduli[j].get());
      if (i != j) others = Product(others, common);
    }
    mpz_gcd(others.get(), others.get(), moduli[i].get());
    if (!others.is_one()) divisors[i] = others;
  }
  return divisors;
}

// Distinct moduli of all lengths, a few of which share primes.
std::vector<Integer> SomeModuli(size_t count, unsigned long seed) {
  Numbers numbers(seed);
  std::vector<Integer> pool;
  for (int i = 0; i < 12; ++i) pool.push_back(numbers.Prime(96));
  std::vector<Integer> moduli;
  std::set<std::string> seen;
  while (moduli.size() < count) {
    const auto any = [&] { return mpz_get_ui(numbers.Random(30).get()); };
    const unsigned bits = 64 + any() % 200;
    const Integer first = any() % 8 == 0 ? pool[any() % pool.size()] : numbers.Prime(bits);
    const Integer second = any() % 8 == 0 ? pool[any() % pool.size()] : numbers.Prime(bits);
    Integer modulus = Product(first, second);
    const std::vector<uint8_t> bytes = modulus.ToBytes();
    if (seen.emplace(bytes.begin(), bytes.end()).second) moduli.push_back(std::move(modulus));
  }
  return moduli;
}

TEST(BatchGcd, AgreesWithEveryPairForAnyNumberOfModuli) {
  for (const size_t count : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 33u, 100u, 257u}) {
    const std::vector<Integer> moduli = SomeModuli(count, count);
    EXPECT_EQ(ByIndex(FindAll(moduli, Options())), PairByPair(moduli)) << count;
  }
  EXPECT_THAT(FindAll({}, Options()), IsEmpty());
}

// Where a modulus shares a prime with others, and where both; a factor is in the moduli planted at
// the positions that are named with it.
struct Planted {
  std::vector<Integer> moduli;
  std::map<size_t, Integer> divisors;
  std::vector<std::vector<size_t>> groups;
};

// A pair, three with one prime, and three that share a prime each with the other two, among `count`
// that share nothing.
Planted PlantAmong(size_t count) {
  const std::vector<Integer>& primes = testing::OpensslPrimes();
  Planted planted{.moduli = testing::CoprimeModuli(count)};
  const auto plant = [&](size_t at, const Integer& p, const Integer& q, const Integer& divisor) {
    planted.moduli[at] = Product(p, q);
    planted.divisors[at] = divisor;
  };
  const size_t last = count - 1;
  plant(0, primes[0], primes[1], primes[0]);
  plant(last, primes[0], primes[2], primes[0]);
  plant(count / 2, primes[3], primes[4], primes[3]);
  plant(count / 2 + 1, primes[3], primes[5], primes[3]);
  plant(count / 3, primes[3], primes[6], primes[3]);
  plant(5, primes[7], primes[8], Product(primes[7], primes[8]));
  plant(6, primes[8], primes[9], Product(primes[8], primes[9]));
  plant(count / 5, primes[9], primes[7], Product(primes[9], primes[7]));
  planted.groups = {
      {0, last}, {count / 3, count / 2, count / 2 + 1}, {5, count / 5}, {5, 6}, {6, count / 5}};
  return planted;
}

std::vector<std::vector<size_t>> GroupsOf(const std::vector<CommonDivisor>& found) {
  std::vector<std::vector<size_t>> groups;
  for (const std::vector<size_t>& positions : GroupsByFactor(found)) {
    std::vector<size_t>& group = groups.emplace_back();
    for (const size_t position : positions) group.push_back(found[position].index);
  }
  return groups;
}

// Enough for several blocks and floors; and so little memory that there is a forest in place of a
// tree, and that jobs wait for each other.
TEST(BatchGcd, FindsWhatIsPlantedAndNothingElseHoweverLittleMemoryThereIs) {
  const Planted planted = PlantAmong(4500);
  for (const uint64_t memory_bytes : {uint64_t{1}, uint64_t{12} << 20, uint64_t{1} << 30}) {
    const std::vector<CommonDivisor> found = FindAll(planted.moduli, Options(memory_bytes));
    EXPECT_EQ(ByIndex(found), planted.divisors) << memory_bytes;
    EXPECT_THAT(GroupsOf(found), ::testing::UnorderedElementsAreArray(planted.groups));
  }
}

TEST(BatchGcd, ProgressGoesFromNothingToAllAndNeverBack) {
  BatchGcdOptions options = Options();
  std::vector<double> told;
  options.progress = [&](double fraction) { told.push_back(fraction); };
  FindAll(testing::CoprimeModuli(5000), options);
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_LT(told.front(), 0.3);
  EXPECT_GT(told[told.size() - 2], 0.9);
  EXPECT_EQ(told.back(), 1.0);
}

// New ones meet the products of those before, wherever the border is.
TEST(BatchGcd, NewModuliMeetEarlierOnes) {
  const Planted planted = PlantAmong(5000);
  for (const size_t border : {1u, 7u, 1200u, 2501u, 4999u}) {
    SCOPED_TRACE(border);
    const std::span<const Integer> all = planted.moduli;
    std::vector<std::vector<uint8_t>> products;
    const auto before = ListOf(all.first(border));
    std::map<size_t, Integer> divisors;
    size_t next = 0;
    const auto found_before = BatchGcd(
        *before, Options(), {}, [&](size_t first, size_t count, std::span<const uint8_t> product) {
          EXPECT_EQ(first, next);
          next += count;
          products.emplace_back(product.begin(), product.end());
          return absl::OkStatus();
        });
    ASSERT_TRUE(found_before.ok());
    EXPECT_EQ(next, border);
    const EarlierProducts earlier = {products.size(), [&](size_t i, std::vector<uint8_t>* product) {
                                       *product = products[i];
                                       return absl::OkStatus();
                                     }};
    const auto after = ListOf(all.subspan(border));
    const auto found_after = BatchGcd(*after, Options(), earlier);
    ASSERT_TRUE(found_after.ok());
    for (const auto& [index, divisor] : ByIndex(*found_after)) divisors[border + index] = divisor;
    std::map<size_t, Integer> expected = planted.divisors;
    std::erase_if(expected, [&](const auto& entry) { return entry.first < border; });
    EXPECT_EQ(divisors, expected);
    // And those before are found by what the new ones have shown.
    const DivisorProbe probe(*found_after);
    std::vector<CommonDivisor> both = *found_after;
    for (CommonDivisor& divisor : both) divisor.index += border;
    bool any = false;
    for (size_t i = 0; i < border; ++i) {
      std::vector<uint8_t> common = probe.CommonWith(all[i].ToBytes());
      if (common.empty()) continue;
      any = true;
      both.push_back({i, std::move(common)});
    }
    bool product_says_so = false;
    for (const auto& product : products) product_says_so |= probe.MeetsProduct(product);
    EXPECT_EQ(product_says_so, any);
    for (const std::vector<size_t>& group : planted.groups) {
      // A group that reaches over the border, or lies behind it, is whole.
      if (group.back() >= border) {
        EXPECT_THAT(GroupsOf(both),
                    ::testing::Contains(::testing::UnorderedElementsAreArray(group)));
      }
    }
  }
}

TEST(BatchGcd, SaysWhereNoScratchFileCanBe) {
  BatchGcdOptions options = Options();
  options.scratch_folder = "/nonexistent";
  const auto list = ListOf(SomeModuli(3, 1));
  const auto found = BatchGcd(*list, options);
  EXPECT_FALSE(found.ok());
  EXPECT_THAT(std::string(found.status().message()), ::testing::HasSubstr("/nonexistent"));
}

TEST(BatchGcd, AnErrorOfAReaderOrKeeperEndsIt) {
  const auto list = ListOf(SomeModuli(20, 2));
  const EarlierProducts broken = {
      1, [](size_t, std::vector<uint8_t>*) { return absl::DataLossError("x"); }};
  EXPECT_EQ(BatchGcd(*list, Options(), broken).status().code(), absl::StatusCode::kDataLoss);
  const auto full = [](size_t, size_t, std::span<const uint8_t>) {
    return absl::ResourceExhaustedError("full");
  };
  EXPECT_EQ(BatchGcd(*list, Options(), {}, full).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// A modulus of three primes, one each in common with two others and both at once with a third.
TEST(GroupsByFactor, TakesCompositesApart) {
  const std::vector<Integer>& primes = testing::OpensslPrimes();
  const Integer& p = primes[0];
  const Integer& q = primes[1];
  const Integer& r = primes[2];
  const std::vector<Integer> moduli = {Product(Product(p, q), primes[10]), Product(p, primes[11]),
                                       Product(q, primes[12]), Product(Product(p, q), r),
                                       Product(r, r)};
  EXPECT_THAT(GroupsOf(FindAll(moduli, Options())),
              UnorderedElementsAre(ElementsAre(0, 1, 3), ElementsAre(0, 2, 3), ElementsAre(3, 4)));
}

// All share everything, so that no prime is ever seen alone.
TEST(GroupsByFactor, TakesACliqueApart) {
  const std::vector<Integer>& primes = testing::OpensslPrimes();
  std::vector<Integer> moduli;
  std::map<size_t, std::vector<size_t>> of_prime;
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = i + 1; j < 6; ++j) {
      of_prime[i].push_back(moduli.size());
      of_prime[j].push_back(moduli.size());
      moduli.push_back(Product(primes[i], primes[j]));
    }
  }
  std::vector<std::vector<size_t>> expected;
  for (const auto& [prime, group] : of_prime) expected.push_back(group);
  EXPECT_THAT(GroupsOf(FindAll(moduli, Options())), ::testing::UnorderedElementsAreArray(expected));
}

}  // namespace
}  // namespace mxsweep::tls
