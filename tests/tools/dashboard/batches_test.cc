// Mailings to who never encrypts are no fall; what changes, and what lasts, is.
#include "tools/dashboard/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tools/dashboard/drops.h"

namespace mxsweep::tools {
namespace {

constexpr double kLeast = 0.5;
// A day, of which the last four hours are lower.
constexpr StretchBuckets kDay{.all = 24, .before = 20, .is = 4};

// A place of which each bucket of a stretch has so many in clear.
PlaceCounts InClear(const std::string& name, std::vector<uint64_t> was, std::vector<uint64_t> is) {
  PlaceCounts place{.name = name, .provider = name};
  for (const uint64_t count : was) place.was.no += count;
  for (const uint64_t count : is) place.is.no += count;
  place.clear_buckets_was = was.size();
  place.clear_before = std::move(was);
  place.clear_is = std::move(is);
  return place;
}

PlaceCounts Encrypted(uint64_t was, uint64_t is) {
  return {.name = "big.test", .provider = "big.test", .was = {was, 0}, .is = {is, 0}};
}

TEST(Batches, TakesAMailingForOneEvent) {
  EXPECT_FALSE(IsMoreThanBatches({Encrypted(4000, 800), InClear("school.test", {}, {300})}, kDay));
  // The like of it was there before, or others make one, too.
  EXPECT_FALSE(
      IsMoreThanBatches({Encrypted(4000, 800), InClear("school.test", {200}, {300})}, kDay));
  EXPECT_FALSE(IsMoreThanBatches(
      {Encrypted(4000, 800), InClear("school.test", {}, {300}), InClear("club.test", {}, {100})},
      kDay));
  // As many, each of its own.
  std::vector<PlaceCounts> places = {Encrypted(4000, 800)};
  for (int i = 0; i < 300; ++i) {
    places.push_back(InClear("d" + std::to_string(i) + ".test", {}, {1}));
  }
  EXPECT_TRUE(IsMoreThanBatches(places, kDay));
}

TEST(Batches, CountsEachDeliveryOfWhoEncryptsLess) {
  const PlaceCounts rest = Encrypted(4000, 800);
  PlaceCounts place = InClear("a.test", {}, {100});
  place.was.yes = 50;
  EXPECT_TRUE(IsMoreThanBatches({rest, place}, kDay));
  // It went to a server that never encrypted, from one that did.
  PlaceCounts earlier{.name = "a.test", .provider = "old.test", .was = {50, 0}};
  place = InClear("a.test", {}, {100});
  EXPECT_TRUE(IsMoreThanBatches({rest, place, earlier}, kDay));
  // It had no mail before, but others of the same provider did, encrypted.
  place.name = "new.test";
  place.provider = "old.test";
  EXPECT_TRUE(IsMoreThanBatches({rest, place, earlier}, kDay));
  place.provider = "another.test";
  EXPECT_FALSE(IsMoreThanBatches({rest, place, earlier}, kDay));
  place.failures_is[0] = 1;
  EXPECT_TRUE(IsMoreThanBatches({rest, place, earlier}, kDay));
}

TEST(Batches, CountsEachDeliveryOfWhoComesMoreOften) {
  const PlaceCounts rest = Encrypted(4000, 800);
  EXPECT_TRUE(IsMoreThanBatches({rest, InClear("a.test", {}, {50, 60, 40, 50})}, kDay));
  EXPECT_TRUE(IsMoreThanBatches(
      {rest, InClear("a.test", std::vector<uint64_t>(20, 2), {50, 60, 40, 50})}, kDay));
  EXPECT_FALSE(IsMoreThanBatches(
      {rest, InClear("a.test", std::vector<uint64_t>(20, 2), {2, 190, 2, 2})}, kDay));
  EXPECT_FALSE(IsMoreThanBatches({rest, InClear("a.test", {}, {100, 100})}, kDay));
}

// Those beyond the first 20,000 are counted as one.
TEST(Batches, TakesPlacesWithoutANameForMany) {
  EXPECT_TRUE(IsMoreThanBatches({Encrypted(4000, 800), InClear("", {}, {300})}, kDay));
}

// Of each bucket what each place had.
using Series = std::vector<std::map<std::string, Split>>;

struct Found {
  std::vector<Drop> all;   // without regard to batches
  std::vector<Drop> told;  // of them
};

Found FindIn(const Series& series) {
  std::vector<Split> splits;
  for (const auto& bucket : series) {
    Split sum;
    for (const auto& [name, split] : bucket) sum = {sum.yes + split.yes, sum.no + split.no};
    splits.push_back(sum);
  }
  Found found{.all = FindDrops(splits, kLeast)};
  for (const Drop& drop : found.all) {
    std::map<std::string, PlaceCounts> places;
    for (size_t b = 0; b < drop.end; ++b) {
      for (const auto& [name, split] : series[b]) {
        PlaceCounts& place = places[name];
        place.name = place.provider = name;
        if (split.no > 0)
          (b < drop.begin ? place.clear_before : place.clear_is).push_back(split.no);
        if (b < drop.before) continue;
        if (split.no > 0 && b < drop.begin) ++place.clear_buckets_was;
        Split& sum = b < drop.begin ? place.was : place.is;
        sum = {sum.yes + split.yes, sum.no + split.no};
      }
    }
    std::vector<PlaceCounts> list;
    for (auto& [name, place] : places) list.push_back(std::move(place));
    const StretchBuckets buckets{
        .all = series.size(), .before = drop.begin, .is = drop.end - drop.begin};
    if (IsMoreThanBatches(list, buckets)) found.told.push_back(drop);
  }
  return found;
}

// Two days of encrypted mail; in one hour of ten somebody of a dozen has so many in clear at once.
Series WithBatches(std::mt19937_64& random, uint64_t batch) {
  std::poisson_distribution<uint64_t> volume(200);
  std::bernoulli_distribution comes(0.1);
  Series series(48);
  for (auto& bucket : series) {
    bucket["big.test"].yes = volume(random);
    if (comes(random)) bucket["school" + std::to_string(random() % 12) + ".test"].no = batch;
  }
  return series;
}

TEST(Batches, CallsNoFallsWhereBatchesComeNowAndThen) {
  std::mt19937_64 random(5);
  for (const uint64_t batch : {10, 50}) {
    int found = 0, told = 0;
    for (int i = 0; i < 60; ++i) {
      const Found drops = FindIn(WithBatches(random, batch));
      found += drops.all.empty() ? 0 : 1;
      told += drops.told.empty() ? 0 : 1;
    }
    EXPECT_GE(found, 40) << "nothing that it is worth";
    EXPECT_LE(told, 3) << batch;
  }
}

// What it is worth: among such batches, what fell or lasts is told as before.
TEST(Batches, LosesNoFallAmongBatches) {
  std::mt19937_64 random(6);
  constexpr int kSeries = 40;
  constexpr size_t kFrom = 30, kTo = 36;
  const auto is_it = [](const Drop& drop) {
    return drop.begin + 1 >= kFrom && drop.begin <= kFrom + 1 && drop.end + 1 >= kTo;
  };
  int found = 0, told = 0, found_lasting = 0, told_lasting = 0;
  for (int i = 0; i < kSeries; ++i) {
    Series series = WithBatches(random, 10), lasting = series;
    for (size_t b = 0; b < series.size(); ++b) {
      const bool low = b >= kFrom && b < kTo;
      // A tenth of the mail goes to a hoster; or somebody who never encrypts has a mail flood.
      (low ? series[b]["hoster.test"].no : series[b]["hoster.test"].yes) += 20 + random() % 5;
      lasting[b]["flood.test"].no += (low ? 30 : 0) + random() % 3;
    }
    const Found drops = FindIn(series), floods = FindIn(lasting);
    found += std::ranges::any_of(drops.all, is_it) ? 1 : 0;
    told += std::ranges::any_of(drops.told, is_it) ? 1 : 0;
    found_lasting += std::ranges::any_of(floods.all, is_it) ? 1 : 0;
    told_lasting += std::ranges::any_of(floods.told, is_it) ? 1 : 0;
  }
  EXPECT_GE(found, kSeries * 9 / 10);
  EXPECT_EQ(told, found);
  EXPECT_GE(found_lasting, kSeries * 9 / 10);
  EXPECT_EQ(told_lasting, found_lasting);
}

}  // namespace
}  // namespace mxsweep::tools
