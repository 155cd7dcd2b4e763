// What a fall is made of adds up to it, and names who was made to fall.
#include "tools/dashboard/causes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace mxsweep::tools {
namespace {

using ::testing::SizeIs;

constexpr CauseKey kPlain{CauseKind::kPlain}, kVolume{CauseKind::kVolume},
    kBetter{CauseKind::kBetter}, kFailure0{CauseKind::kFailure, 0},
    kFailure1{CauseKind::kFailure, 1};

PlaceCounts Place(const std::string& name, const std::string& provider, Split was, Split is) {
  return {.name = name, .provider = provider, .was = was, .is = is};
}

double PointsOfAll(const std::map<CauseKey, double>& causes) {
  double sum = 0;
  for (const auto& [cause, points] : causes) sum += points;
  return sum;
}

// Half of the mail goes to a domain that is encrypted no longer.
TEST(Causes, NamesTheDomainThatIsEncryptedNoLonger) {
  const CausesOfDrop found = FindCauses({Place("a.test", "p.test", {500, 0}, {500, 0}),
                                         Place("b.test", "q.test", {500, 0}, {0, 500})});
  EXPECT_DOUBLE_EQ(found.points, -50);
  ASSERT_THAT(found.providers, SizeIs(2));
  EXPECT_EQ(found.providers[0].provider, "q.test");
  EXPECT_DOUBLE_EQ(found.providers[0].points, -50);
  EXPECT_DOUBLE_EQ(found.causes.at(kPlain), -50);
  EXPECT_THAT(found.causes, SizeIs(1));
}

// Nothing is encrypted less often; there is more mail to who never is.
TEST(Causes, TellsMoreMailInClearFromLessEncryption) {
  const CausesOfDrop found = FindCauses({Place("a.test", "a.test", {900, 0}, {900, 0}),
                                         Place("b.test", "b.test", {0, 100}, {0, 900})});
  EXPECT_DOUBLE_EQ(found.points, -40);
  ASSERT_THAT(found.causes, SizeIs(1));
  EXPECT_DOUBLE_EQ(found.causes.at(kVolume), -40);
  EXPECT_EQ(found.providers[0].provider, "b.test");
}

TEST(Causes, CountsWhoIsNewByWeightAlone) {
  const CausesOfDrop found = FindCauses({Place("a.test", "a.test", {100, 0}, {100, 0}),
                                         Place("new.test", "new.test", {0, 0}, {0, 100})});
  EXPECT_DOUBLE_EQ(found.points, -50);
  EXPECT_DOUBLE_EQ(found.causes.at(kVolume), -50);
  EXPECT_DOUBLE_EQ(found.providers[0].points, -50);
}

// 60 of 100 that went in clear had a failure logged, twice as often of one cause than of the other.
TEST(Causes, NamesFailuresAsFarAsTheyWereLogged) {
  PlaceCounts place = Place("a.test", "a.test", {100, 0}, {0, 100});
  place.failures_is = {{0, 40}, {1, 20}};
  const CausesOfDrop found = FindCauses({place});
  EXPECT_DOUBLE_EQ(found.points, -100);
  EXPECT_DOUBLE_EQ(found.causes.at(kFailure0), -40);
  EXPECT_DOUBLE_EQ(found.causes.at(kFailure1), -20);
  EXPECT_DOUBLE_EQ(found.causes.at(kPlain), -40);
  EXPECT_EQ(SortedCauses(found.causes)[2].first, kFailure1);
}

TEST(Causes, TakesFailuresThatWereThereBeforeForNoCause) {
  PlaceCounts place = Place("a.test", "a.test", {90, 10}, {40, 60});
  place.failures_was = {{0, 30}};
  place.failures_is = {{0, 30}, {1, 200}};
  const CausesOfDrop found = FindCauses({place});
  EXPECT_FALSE(found.causes.contains(kFailure0));
  // Each is logged at every attempt; the mail is sent once.
  EXPECT_DOUBLE_EQ(found.causes.at(kFailure1), -50);
}

TEST(Causes, CountsWhatRoseAgainstWhatFell) {
  const CausesOfDrop found = FindCauses({Place("a.test", "p.test", {50, 50}, {100, 0}),
                                         Place("b.test", "p.test", {100, 0}, {0, 100})});
  EXPECT_DOUBLE_EQ(found.points, -25);
  EXPECT_DOUBLE_EQ(found.causes.at(kBetter), 25);
  EXPECT_DOUBLE_EQ(found.causes.at(kPlain), -50);
  ASSERT_THAT(found.providers, SizeIs(1));
  EXPECT_EQ(found.providers[0].places[0].place, 1u);
}

TEST(Causes, AddUpWhateverTheCounts) {
  std::mt19937_64 random(5);
  std::uniform_int_distribution<uint64_t> count(0, 60);
  for (int round = 0; round < 200; ++round) {
    std::vector<PlaceCounts> places;
    Split was, is;
    for (int i = 0; i < 12; ++i) {
      PlaceCounts place = Place("d" + std::to_string(i), "p" + std::to_string(i % 4),
                                {count(random), count(random)}, {count(random), count(random)});
      if (i % 5 == 0) place.was = {};
      if (i % 5 == 1) place.is = {};
      for (size_t cause = 0; cause < 3; ++cause) {
        place.failures_was[cause] = count(random) / 4;
        place.failures_is[cause] = count(random) / 2;
      }
      was = {was.yes + place.was.yes, was.no + place.was.no};
      is = {is.yes + place.is.yes, is.no + place.is.no};
      places.push_back(std::move(place));
    }
    const CausesOfDrop found = FindCauses(places);
    const double fall = 100.0 * static_cast<double>(is.yes) / static_cast<double>(is.whole()) -
                        100.0 * static_cast<double>(was.yes) / static_cast<double>(was.whole());
    EXPECT_NEAR(found.points, fall, 1e-9);
    EXPECT_NEAR(PointsOfAll(found.causes), fall, 1e-9);
    double of_providers = 0;
    for (const ProviderShare& provider : found.providers) {
      of_providers += provider.points;
      EXPECT_NEAR(PointsOfAll(provider.causes), provider.points, 1e-9);
      double of_places = 0;
      for (const PlaceShare& share : provider.places) {
        of_places += share.points;
        EXPECT_NEAR(PointsOfAll(share.causes), share.points, 1e-9);
      }
      EXPECT_NEAR(of_places, provider.points, 1e-9);
    }
    EXPECT_NEAR(of_providers, fall, 1e-9);
  }
}

}  // namespace
}  // namespace mxsweep::tools
