// The plan and its conclusions, tried on made-up servers: what a server is made to accept is what
// must be found.
#include "tls/probe/surveys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tls/probe/probe_findings.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {

void PrintTo(const Probe& probe, std::ostream* out) { *out << ProbeWord(probe); }

namespace {

using ::testing::IsEmpty;
using ::testing::Optional;

// A server by the RFCs.
struct World {
  std::set<uint16_t> versions = {kTls12, kTls13};
  std::vector<uint16_t> suites = {0x1301, 0xc02f, 0xc02b};  // its preference
  std::vector<uint16_t> groups = {29, 23};                  // its preference
  std::set<SuiteKey> keys = {SuiteKey::kRsa};
  bool mldsa = false;
  bool minds_signature_algorithms = true;  // a server that does not takes every offer
  bool fallback_scsv = true;
  bool sentinel = true;
  bool needs_name = false;
  bool closes = false;  // instead of an alert
  bool repeats_public_value = false;
  int answers = 0;

  ServerFlight Refuse(uint8_t code) const {
    if (closes) return {.end = FlightEnd::kClosed};
    return {.kind = FlightKind::kAlert,
            .end = FlightEnd::kAlert,
            .alert = TlsAlert{.level = 2, .code = code}};
  }

  bool Offers(const ClientHello& hello, uint16_t version) const {
    if (!hello.supported_versions.empty()) {
      return std::ranges::count(hello.supported_versions, version) != 0;
    }
    return version <= hello.legacy_version;
  }

  ServerFlight Answer(const ClientHello& hello) {
    ++answers;
    uint16_t version = 0;
    for (const uint16_t each : versions) {
      if (Offers(hello, each)) version = each;
    }
    if (version == 0) return Refuse(70);
    if (fallback_scsv && std::ranges::count(hello.suites, kFallbackScsv) != 0 &&
        version < *versions.rbegin()) {
      return Refuse(86);
    }
    if (needs_name && hello.extensions && hello.server_name.empty()) return Refuse(112);
    return version == kTls13 ? AnswerTls13(hello) : AnswerOld(hello, version);
  }

  ServerFlight AnswerTls13(const ClientHello& hello) const {
    if (minds_signature_algorithms && !HasKeyFor(hello)) return Refuse(40);
    for (const uint16_t group : groups) {
      if (std::ranges::count(hello.groups, group) == 0) continue;
      const bool share = std::ranges::any_of(
          *hello.key_shares, [group](const KeyShare& each) { return each.group == group; });
      return {.kind = share ? FlightKind::kServerHello : FlightKind::kHelloRetryRequest,
              .end = FlightEnd::kComplete,
              .version = kTls13,
              .suite = 0x1301,
              .group = group};
    }
    return Refuse(40);
  }

  bool HasKeyFor(const ClientHello& hello) const {
    return std::ranges::any_of(hello.signature_algorithms, [this](uint16_t algorithm) {
      if (algorithm >= 0x0904 && algorithm <= 0x0906) return mldsa;
      if (algorithm >= 0xfe00) return false;
      return true;
    });
  }

  ServerFlight AnswerOld(const ClientHello& hello, uint16_t version) const {
    for (const uint16_t wire : suites) {
      const Suite& suite = *FindSuite(wire);
      if (std::ranges::count(hello.suites, wire) == 0 ||
          suite.key_exchange == KeyExchange::kTls13Ephemeral ||
          (suite.key != SuiteKey::kNone && !keys.contains(suite.key)) ||
          (suite.needs_tls12 && version < kTls12)) {
        continue;
      }
      ServerFlight flight = {.kind = FlightKind::kServerHello,
                             .end = FlightEnd::kComplete,
                             .version = version,
                             .suite = wire};
      if (sentinel && version < *versions.rbegin()) {
        flight.sentinel =
            version == kTls12 ? DowngradeSentinel::kBelowTls13 : DowngradeSentinel::kBelowTls12;
      }
      if (suite.key != SuiteKey::kNone) {
        flight.chain.push_back(DerHandle::Copy(std::vector<uint8_t>{0x30, 0x00}));
      }
      if (suite.key_exchange == KeyExchange::kDhe) {
        flight.key_exchange = ServerKeyExchange{
            .dh_p = std::vector<uint8_t>(128, 0xff),
            .dh_g = {2},
            .dh_public = {0, 9, static_cast<uint8_t>(repeats_public_value ? 0 : answers)}};
      }
      return flight;
    }
    return Refuse(40);
  }
};

SurveySet Only(Survey survey) {
  SurveySet set;
  set.Add(survey);
  return set;
}

// Our own client's handshake: TLS 1.0 to 1.3, ECDHE and static RSA, AES and 3DES.
OrdinaryHandshake OrdinaryOf(World world) {
  ClientHello hello = HelloOf({ProbeKind::kFollowUp}, "mx.example.org", {});
  hello.suites = {0x1301, 0xc02f, 0xc02b, 0xc013, 0xc009, 0x009c, 0x002f, 0x000a};
  const ServerFlight flight = world.Answer(hello);
  OrdinaryHandshake ordinary = {.reached_tls = true, .had_server_name = true};
  if (!flight.version) {
    ordinary.may_be_ours = "no_common_cipher";
    return ordinary;
  }
  ordinary.completed = true;
  ordinary.version = flight.version;
  ordinary.suite = flight.suite;
  ordinary.leaf_key =
      *flight.version == kTls13 ? *world.keys.begin() : FindSuite(*flight.suite)->key;
  return ordinary;
}

struct Found {
  OrdinaryHandshake ordinary;
  std::vector<ProbeResult> done;
  ProbeFindings findings;
  std::string words;
};

Found Explore(World world, SurveySet surveys) {
  Found found = {.ordinary = OrdinaryOf(world)};
  while (const auto probe = NextProbe(surveys, found.ordinary, found.done)) {
    found.words += ProbeWord(*probe) + " ";
    found.done.push_back({.probe = *probe,
                          .reached_tls = true,
                          .flight = world.Answer(HelloOf(*probe, "mx.example.org", {}))});
    if (found.done.size() > 60) {
      ADD_FAILURE() << "no end: " << found.words;
      break;
    }
  }
  found.findings = Conclude(found.ordinary, found.done);
  return found;
}

TEST(Surveys, AreParsedAndNamed) {
  EXPECT_EQ(*ParseSurveys("all"), SurveySet::All());
  EXPECT_EQ(SurveysText(*ParseSurveys("pq, legacy,pq")), "legacy,pq");
  EXPECT_EQ(SurveysText(SurveySet::All()), "all");
  EXPECT_EQ(SurveysText({}), "");
  for (const char* bad : {"", "legacy,", "Legacy", "everything"}) {
    EXPECT_FALSE(ParseSurveys(bad).ok()) << bad;
  }
  EXPECT_EQ(MostConnections(*ParseSurveys("dhe,certs")), 5);
}

TEST(Plan, AsksNothingWithoutASurvey) { EXPECT_THAT(Explore({}, {}).done, IsEmpty()); }

TEST(Plan, FollowsUpWhatMayBeOurs) {
  const Found found = Explore({.versions = {kTls10, kTls12}, .suites = {0x009e}}, {});
  EXPECT_EQ(found.words, "follow_up ");
  EXPECT_EQ(found.findings.follow_up_outcome, "server_hello");
  EXPECT_EQ(found.findings.follow_up_suite, 0x009e);
  EXPECT_EQ(found.findings.follow_up_version, kTls12);
  EXPECT_EQ(found.findings.dhe_bits, 1024u);
}

TEST(Plan, TakesARefusalForOneOfTheNameOnlyWhereTheSuitesAreNotToBlame) {
  // TLS_RSA_WITH_NULL_SHA256: nothing of what asks for certificates, with a name or without.
  const ProbeFindings null_only =
      Explore({.versions = {kTls10, kTls12}, .suites = {0x003b}}, Only(Survey::kCerts)).findings;
  EXPECT_EQ(null_only.accepts_no_server_name, std::nullopt);
  EXPECT_EQ(null_only.has_rsa_certificate, std::nullopt);
  EXPECT_EQ(null_only.has_ecdsa_certificate, std::nullopt);
  const ProbeFindings needs_name =
      Explore({.versions = {kTls12}, .needs_name = true}, Only(Survey::kCerts)).findings;
  EXPECT_THAT(needs_name.accepts_no_server_name, Optional(false));
  EXPECT_THAT(needs_name.has_rsa_certificate, Optional(true));
  EXPECT_THAT(needs_name.has_ecdsa_certificate, Optional(false));
}

TEST(Plan, DoesNotFollowUpWhatIsTheServers) {
  const OrdinaryHandshake failed = {.reached_tls = true};
  EXPECT_EQ(NextProbe({}, failed, {}), std::nullopt);
  const OrdinaryHandshake no_tls = {.may_be_ours = "no_common_cipher"};
  EXPECT_EQ(NextProbe(SurveySet::All(), no_tls, {}), std::nullopt);
}

TEST(Plan, OfAGoodServerIsShort) {
  const Found found = Explore({}, Only(Survey::kLegacy));
  EXPECT_EQ(found.words,
            "version_tlsv1.2 version_tlsv1.1 version_sslv3 weak_rc4_3des_null_anonymous "
            "static_rsa fallback_tlsv1.2 ");
  EXPECT_EQ(found.findings.static_rsa_only, false);
  EXPECT_EQ(found.findings.min_version_accepted, kTls12);
  EXPECT_EQ(found.findings.downgrade_sentinel, true);
  EXPECT_EQ(found.findings.fallback_scsv, true);
}

TEST(Plan, StopsWhereTheServerIsGone) {
  World world;
  const OrdinaryHandshake ordinary = OrdinaryOf(world);
  std::vector<ProbeResult> done;
  const auto miss = [&](bool reached, FlightEnd end) {
    done.push_back({.probe = *NextProbe(SurveySet::All(), ordinary, done),
                    .reached_tls = reached,
                    .flight = {.end = end}});
  };
  miss(false, FlightEnd::kOpen);
  miss(false, FlightEnd::kOpen);
  EXPECT_EQ(NextProbe(SurveySet::All(), ordinary, done), std::nullopt);
  const ProbeFindings nothing = Conclude(ordinary, done);
  EXPECT_EQ(nothing.accepts_sslv3, std::nullopt);
  EXPECT_EQ(nothing.accepts_rc4, std::nullopt);
  EXPECT_EQ(nothing.min_version_accepted, std::nullopt);
  done.clear();
  miss(true, FlightEnd::kTimedOut);
  miss(false, FlightEnd::kOpen);
  EXPECT_NE(NextProbe(SurveySet::All(), ordinary, done), std::nullopt);
  miss(true, FlightEnd::kReset);
  EXPECT_EQ(NextProbe(SurveySet::All(), ordinary, done), std::nullopt);
}

TEST(Plan, GoesOnAfterAProbeThatFailed) {
  World world;
  const OrdinaryHandshake ordinary = OrdinaryOf(world);
  std::vector<ProbeResult> done = {{.probe = {ProbeKind::kVersion, kPartTls12}}};
  const auto next = NextProbe(Only(Survey::kLegacy), ordinary, done);
  EXPECT_EQ(next, (Probe{ProbeKind::kVersion, kPartTls11}));  // and not the same again
}

// Where a set of suites teaches nothing, each is asked for alone.
TEST(Plan, AsksOneByOneWhereASetWasRefusedForNoKnownReason) {
  World world = {.closes = true};
  world.suites.push_back(0x0005);
  const Found found = Explore(world, Only(Survey::kLegacy));
  EXPECT_EQ(found.findings.accepts_rc4, true);
  EXPECT_EQ(found.findings.accepts_3des, false);
  EXPECT_EQ(found.findings.accepts_null, false);
  EXPECT_EQ(found.findings.accepts_anonymous, false);
  EXPECT_THAT(found.words, testing::HasSubstr("weak_3des weak_null weak_anonymous"));
}

// Found by comparing with sslscan: the version was called refused, and so were its suites.
TEST(Findings, OfServersWithTheWorstSuitesOnlyAreTheirVersions) {
  for (const uint16_t wire : {0x0002, 0xc010, 0x0018, 0x0003, 0x0014}) {
    const World world = {.versions = {kTls10, kTls12}, .suites = {static_cast<uint16_t>(wire)}};
    const ProbeFindings found = Explore(world, SurveySet::All()).findings;
    EXPECT_EQ(found.min_version_accepted, kTls10) << SuiteName(world.suites[0]);
    EXPECT_EQ(found.max_version_accepted, kTls12) << SuiteName(world.suites[0]);
    EXPECT_EQ(found.accepts_null, FindSuite(wire)->is_null);
    EXPECT_EQ(found.accepts_export, FindSuite(wire)->is_export);
    EXPECT_EQ(found.accepts_anonymous, FindSuite(wire)->anonymous());
    EXPECT_THAT(found.accepted_suites, testing::ElementsAre(wire));
  }
}

TEST(Findings, OfVersionIntolerantServersAreNotGuessed) {
  // Nothing but TLS 1.0, and it closes at the sight of anything else.
  const OrdinaryHandshake ordinary = {.reached_tls = true, .had_server_name = true};
  std::vector<ProbeResult> done = {{.probe = {ProbeKind::kVersion, kPartTls11},
                                    .reached_tls = true,
                                    .flight = {.end = FlightEnd::kClosed}}};
  EXPECT_EQ(Conclude(ordinary, done).accepts_version[kPartTls11], false);
  EXPECT_EQ(Conclude(ordinary, done).accepts_version[kPartTls10], std::nullopt);
}

TEST(Findings, TakeNoNoticeOfWhatWasNotOffered) {
  // Some servers answer with whatever they like best.
  const ServerFlight unasked = {.kind = FlightKind::kServerHello,
                                .end = FlightEnd::kComplete,
                                .version = kTls12,
                                .suite = 0x002f};
  const std::vector<ProbeResult> done = {
      {.probe = {ProbeKind::kWeakSuites, kPartRc4}, .reached_tls = true, .flight = unasked}};
  const ProbeFindings found = Conclude({.reached_tls = true}, done);
  EXPECT_EQ(found.accepts_rc4, std::nullopt);
  EXPECT_EQ(found.accepts_static_rsa, std::nullopt);
  EXPECT_EQ(found.accepts_version[kPartTls12], std::nullopt);
  EXPECT_THAT(found.accepted_suites, testing::IsEmpty());
}

TEST(Findings, OfGarbageAreNothing) {
  for (const FlightKind kind : {FlightKind::kSsl2, FlightKind::kNotTls, FlightKind::kUnreadable}) {
    std::vector<ProbeResult> done;
    for (const Probe probe : {Probe{ProbeKind::kVersion, kPartSsl3}, Probe{ProbeKind::kDhe},
                              Probe{ProbeKind::kStaticRsa}, Probe{ProbeKind::kHybridGroups, 127},
                              Probe{ProbeKind::kCertificate, kPartRsa}}) {
      done.push_back({.probe = probe,
                      .reached_tls = true,
                      .flight = {.kind = kind, .end = FlightEnd::kMalformed}});
    }
    const ProbeFindings found = Conclude({.reached_tls = true}, done);
    EXPECT_EQ(found.accepts_sslv3, std::nullopt);
    EXPECT_EQ(found.accepts_dhe, std::nullopt);
    EXPECT_EQ(found.accepts_static_rsa, std::nullopt);
    EXPECT_EQ(found.pq_groups, std::nullopt);
    EXPECT_EQ(found.has_rsa_certificate, std::nullopt);
  }
}

TEST(Findings, OfMlDsaNeedAServerThatLooks) {
  World world = {.minds_signature_algorithms = false};
  EXPECT_EQ(Explore(world, Only(Survey::kPq)).findings.mldsa, std::nullopt);
  world.minds_signature_algorithms = true;
  EXPECT_EQ(Explore(world, Only(Survey::kPq)).findings.mldsa, false);
  world.mldsa = true;
  EXPECT_EQ(Explore(world, Only(Survey::kPq)).findings.mldsa, true);
}

TEST(Findings, TellWhetherThePublicValueRepeats) {
  World world = {.versions = {kTls12}, .suites = {0x009e}};
  EXPECT_EQ(Explore(world, Only(Survey::kDhe)).findings.dhe_public_value_repeats, false);
  world.repeats_public_value = true;
  const ProbeFindings found = Explore(world, Only(Survey::kDhe)).findings;
  EXPECT_EQ(found.dhe_public_value_repeats, true);
  EXPECT_EQ(found.dhe_generator, "2");
  EXPECT_THAT(*found.dhe_prime, testing::StartsWith("sha256:"));
  EXPECT_EQ(found.dhe_prime_kind, std::nullopt);  // for JudgePrime
}

bool Accepts(const World& world, const std::function<bool(const Suite&)>& is_one) {
  // Of versions up to TLS 1.2, with a certificate for it.
  if (*world.versions.begin() >= kTls13) return false;
  const uint16_t highest = *std::prev(world.versions.lower_bound(kTls13));
  return std::ranges::any_of(world.suites, [&](uint16_t wire) {
    const Suite& suite = *FindSuite(wire);
    return suite.key_exchange != KeyExchange::kTls13Ephemeral && is_one(suite) &&
           (suite.key == SuiteKey::kNone || world.keys.contains(suite.key)) &&
           (!suite.needs_tls12 || highest >= kTls12);
  });
}

// Two thousand servers, made by chance; each finding is what the server was made to be.
TEST(Findings, AreTheTruthOfMadeUpServers) {
  std::mt19937 random(20261128);
  const auto chance = [&](int of) { return random() % of == 0; };
  size_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    World world = {.versions = {}, .suites = {}, .groups = {}};
    for (uint16_t version = kSsl3; version <= kTls13; ++version) {
      if (chance(2)) world.versions.insert(version);
    }
    if (world.versions.empty()) world.versions.insert(kTls12);
    world.suites = {0x1301};
    for (const uint16_t wire : SuitesThat([](const Suite& suite) {
           return suite.key_exchange != KeyExchange::kStaticDh &&
                  suite.name.find("ARIA") == std::string_view::npos &&
                  suite.name.find("CAMELLIA") == std::string_view::npos;
         })) {
      if (chance(12)) world.suites.push_back(wire);
    }
    // Something that every hello of a version can use, or versions could not be told from suites.
    world.suites.push_back(chance(2) ? 0x002f : 0x0033);
    std::shuffle(world.suites.begin(), world.suites.end(), random);
    world.keys = {SuiteKey::kRsa};
    if (chance(3)) world.keys.insert(SuiteKey::kEcdsa);
    world.groups = {29};
    for (const uint16_t group : HybridGroups()) {
      if (chance(4)) world.groups.push_back(group);
    }
    std::shuffle(world.groups.begin(), world.groups.end(), random);
    world.mldsa = chance(10);
    world.fallback_scsv = !chance(4);
    world.sentinel = !chance(4);
    world.closes = chance(5);
    world.needs_name = chance(5);

    const Found found = Explore(world, SurveySet::All());
    const ProbeFindings& f = found.findings;
    SCOPED_TRACE(testing::Message() << "server " << i << ": " << found.words);
    most = std::max(most, found.done.size());
    ASSERT_LE(static_cast<int>(found.done.size()), MostConnections(SurveySet::All()));
    for (uint8_t part = kPartSsl3; part <= 4; ++part) {
      const bool accepts = world.versions.contains(static_cast<uint16_t>(kSsl3 + part));
      EXPECT_EQ(f.accepts_version[part], accepts) << int{part};
    }
    EXPECT_EQ(f.min_version_accepted, *world.versions.begin());
    EXPECT_EQ(f.max_version_accepted, *world.versions.rbegin());
    const auto accepts = [&](auto property) {
      return Accepts(world, [&](const Suite& suite) {
        return std::invoke(property, suite) && !suite.is_export;
      });
    };
    EXPECT_EQ(f.accepts_rc4, accepts(&Suite::is_rc4));
    EXPECT_EQ(f.accepts_3des, accepts(&Suite::is_3des));
    EXPECT_EQ(f.accepts_null, accepts(&Suite::is_null));
    EXPECT_EQ(f.accepts_anonymous, accepts(&Suite::anonymous));
    EXPECT_EQ(f.accepts_static_rsa, Accepts(world, [](const Suite& suite) {
                return suite.key_exchange == KeyExchange::kRsa && !suite.is_export &&
                       !suite.is_null;
              }));
    EXPECT_EQ(f.has_rsa_certificate.value_or(true), true);
    if (f.has_ecdsa_certificate == true) {
      EXPECT_TRUE(world.keys.contains(SuiteKey::kEcdsa));
    }
    EXPECT_EQ(f.accepts_dhe, Accepts(world, [](const Suite& suite) {
                return suite.key_exchange == KeyExchange::kDhe && !suite.is_export &&
                       !suite.is_null;
              }));
    if (world.versions.contains(kTls13)) {
      std::vector<uint16_t> hybrids = world.groups;
      std::erase(hybrids, 29);
      EXPECT_THAT(f.pq_groups, Optional(testing::UnorderedElementsAreArray(hybrids)));
      EXPECT_EQ(f.mldsa, world.mldsa);
    } else {
      EXPECT_THAT(f.pq_groups, Optional(IsEmpty()));
      EXPECT_EQ(f.mldsa, false);
    }
    if (f.fallback_scsv) {
      EXPECT_EQ(*f.fallback_scsv, world.fallback_scsv);
    }
  }
  // The bound that --help states is near what the worst of them takes.
  EXPECT_GE(static_cast<int>(most), MostConnections(SurveySet::All()) - 10);
}

}  // namespace
}  // namespace mxsweep::tls
