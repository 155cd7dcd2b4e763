// Which cause a change has: scans are made in pairs, so that it is known what was done between
// them. What they add up to is held on random pairs.
#include "tools/diff/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/survey/made_up_scan.h"
#include "tests/tools/survey/survey_command.h"
#include "tools/diff/bridge.h"
#include "tools/diff/facts.h"

namespace mxsweep::tools {
namespace {

using output::EndpointRow;
using testing::AddGood;
using testing::Folder;
using testing::MadeUpDomain;
using testing::MadeUpScan;
using testing::Make;

constexpr std::array<bool, kMeasures> kCompareAll{};

struct Found {
  Comparison comparison;
  // By domain: "cause direction", with the measure where there is one.
  std::map<std::string, std::string> causes;
};

std::string TextOf(const MainCause& cause) {
  std::string text(CauseWord(cause));
  if (cause.fate == Fate::kMeasure) {
    text += " " + std::string(WordsOf(cause.measure).word) + " " +
            std::string(DirectionWord(cause.direction));
  }
  if (IsNotKnown(cause.why)) text += " " + std::string(WhyWord(cause.why));
  return text;
}

Found CompareFacts(const ScanFacts& before, const ScanFacts& after) {
  Found found;
  const absl::Status status = Compare(
      before, after, kCompareAll,
      [&](const DomainChange& change) {
        found.causes[std::string(change.domain)] = TextOf(change.cause);
        return absl::OkStatus();
      },
      &found.comparison);
  EXPECT_TRUE(status.ok()) << status;
  return found;
}

ScanFacts Read(const std::string& directory) {
  auto scan = output::ScanDirectory::Open(directory);
  EXPECT_TRUE(scan.ok()) << scan.status();
  auto facts = ScanFacts::Read(*scan);
  EXPECT_TRUE(facts.ok()) << facts.status();
  return *std::move(facts);
}

struct Case {
  const char* name;
  Make before;  // not set: not in the list
  Make after;
  const char* cause;  // "" unchanged
};

void Good(MadeUpDomain& domain) { AddGood(domain); }
void GoodElsewhere(MadeUpDomain& domain) { AddGood(domain, "other.example", "in"); }
Make With(std::function<void(EndpointRow&)> change) {
  return [change = std::move(change)](MadeUpDomain& domain) { change(AddGood(domain)); };
}
// The one server ends otherwise.
Make Ends(const std::string& outcome, const std::string& stage) {
  return [=](MadeUpDomain& domain) {
    AddGood(domain);
    EndpointRow row;
    row.host = domain.rows().endpoints[0].host;
    row.address = domain.rows().endpoints[0].address;
    row.outcome = outcome;
    row.stage = stage;
    row.started_at = MadeUpDomain::Now();
    domain.rows().endpoints[0] = row;
  };
}
Make Mail(const std::string& status) {
  return [=](MadeUpDomain& domain) {
    domain.domain().mx_status = status;
    domain.domain().mx.reset();
  };
}
Make Domain(std::function<void(output::DomainRow&)> change) {
  return [change = std::move(change)](MadeUpDomain& domain) {
    AddGood(domain);
    change(domain.domain());
  };
}
Make Dane(const std::string& status) {
  return Domain([=](output::DomainRow& row) { row.dane_status = status; });
}
Make Sts(const std::string& record, const std::string& policy = "", const std::string& mode = "") {
  return Domain([=](output::DomainRow& row) {
    row.mta_sts_status = record;
    if (!policy.empty()) row.mta_sts_policy_status = policy;
    if (!mode.empty()) row.mta_sts_mode = mode;
  });
}
// Two servers at one host, of which the second one is as `change` makes it.
Make Second(std::function<void(EndpointRow&)> change) {
  return [change = std::move(change)](MadeUpDomain& domain) {
    AddGood(domain);
    change(domain.AddGoodServer());
  };
}

const std::vector<Case>& Cases() {
  static const auto* const kCases = new std::vector<Case>{
      {"unchanged", Good, Good, ""},
      // The list.
      {"removed", Good, nullptr, "list_removed"},
      {"added", nullptr, Good, "list_added"},
      // Mail.
      {"gone", Good, Mail("nxdomain"), "domain_gone"},
      {"back", Mail("nxdomain"), Good, "domain_back"},
      {"null-mx", Good, Mail("null_mx"), "null_mx_added"},
      {"no-null-mx", Mail("null_mx"), Good, "null_mx_removed"},
      {"no-mail", Good, Mail("no_mail"), "mail_ended"},
      {"from-gone-to-null", Mail("nxdomain"), Mail("null_mx"), "null_mx_added"},
      {"refuses", Good, Ends("connect_refused", "connect"), "servers_gone"},
      {"listens", Ends("connect_refused", "connect"), Good, "servers_back"},
      {"no-address", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.rows().hosts[0].address_status = "nxdomain";
         domain.rows().hosts[0].addresses.reset();
         domain.rows().endpoints.clear();
       },
       "servers_gone"},
      // TLS.
      {"starttls-withdrawn", Good, Ends("no_starttls", "ehlo"), "starttls_withdrawn tls lost"},
      {"starttls-added", Ends("no_starttls", "ehlo"), Good, "starttls_added tls gained"},
      {"starttls-refused", Good, Ends("starttls_refused", "starttls"),
       "starttls_refused tls lost"},
      {"starttls-accepted", Ends("starttls_refused", "starttls"), Good,
       "starttls_accepted tls gained"},
      {"handshake-broken", Good, Ends("tls_alert", "handshake"), "handshake_broken tls lost"},
      {"handshake-reset", Good, Ends("reset", "handshake"), "handshake_broken tls lost"},
      {"handshake-repaired", Ends("tls_protocol_error", "handshake"), Good,
       "handshake_repaired tls gained"},
      {"moved-to-clear", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain, "other.example", "in");
         domain.rows().endpoints[0].outcome = "no_starttls";
         domain.rows().endpoints[0].stage = "ehlo";
       },
       "mx_moved tls lost"},
      {"other-host-in-clear", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain, "provider.example", "in");
         domain.rows().endpoints[0].outcome = "no_starttls";
         domain.rows().endpoints[0].stage = "ehlo";
       },
       "mx_changed tls lost"},
      {"other-address-in-clear", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.rows().endpoints[0].address = "192.0.2.99";
         domain.rows().hosts[0].addresses = {"192.0.2.99"};
         domain.rows().endpoints[0].outcome = "no_starttls";
         domain.rows().endpoints[0].stage = "ehlo";
       },
       "address_changed tls lost"},
      {"good-one-stopped", Second([](EndpointRow& row) {
         row.outcome = "no_starttls";
         row.stage = "ehlo";
       }),
       [](MadeUpDomain& domain) {
         AddGood(domain).outcome = "connect_refused";
         EndpointRow& second = domain.AddGoodServer();
         second.outcome = "no_starttls";
         second.stage = "ehlo";
       },
       "server_stopped tls lost"},
      // The host that it left is still there, for others.
      {"moved-from-a-host-that-stays", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.domain().mx->clear();
         domain.AddHost(10, "in." + domain.domain().domain).provider = "other.example";
         EndpointRow& row = domain.AddGoodServer();
         row.outcome = "no_starttls";
         row.stage = "ehlo";
       },
       "mx_moved tls lost"},
      // Two servers, for two reasons: the first of the table.
      {"two-reasons", Second([](EndpointRow&) {}),
       [](MadeUpDomain& domain) {
         EndpointRow& first = AddGood(domain);
         first.outcome = "tls_alert";
         first.stage = "handshake";
         EndpointRow& second = domain.AddGoodServer();
         second.outcome = "no_starttls";
         second.stage = "ehlo";
       },
       "starttls_withdrawn tls lost"},
      // One of two is enough.
      {"one-of-two-withdrew", Second([](EndpointRow&) {}), Second([](EndpointRow& row) {
         row.outcome = "no_starttls";
         row.stage = "ehlo";
       }),
       ""},
      // Certificates.
      {"expired", Good, With([](EndpointRow& row) { row.pkix_status = "expired"; }),
       "certificate_expired trusted lost"},
      {"renewed", With([](EndpointRow& row) { row.pkix_status = "expired"; }), Good,
       "certificate_renewed trusted gained"},
      {"untrusted", Good, With([](EndpointRow& row) { row.pkix_status = "self_signed"; }),
       "certificate_untrusted trusted lost"},
      {"trusted", With([](EndpointRow& row) { row.pkix_status = "incomplete"; }), Good,
       "certificate_trusted trusted gained"},
      {"name", Good, With([](EndpointRow& row) { row.name_match = "none"; }),
       "name_mismatch trusted lost"},
      {"name-again", With([](EndpointRow& row) { row.name_match = "none"; }), Good,
       "name_repaired trusted gained"},
      {"revoked", Good, With([](EndpointRow& row) { row.revocation_status = "revoked"; }),
       "certificate_revoked trusted lost"},
      {"replaced", With([](EndpointRow& row) { row.revocation_status = "revoked"; }), Good,
       "revoked_replaced trusted gained"},
      // DANE.
      {"dane-broken", Dane("full"), Dane("broken"), "dane_broken dane lost"},
      {"dane-repaired", Dane("broken"), Dane("full"), "dane_repaired dane gained"},
      {"dane-published", Dane("none"), Dane("full"), "dane_published dane gained"},
      {"dane-withdrawn", Dane("full"), Dane("none"), "dane_withdrawn dane lost"},
      {"dane-partial", Dane("full"), Dane("partial"), "dane_partial dane lost"},
      {"dane-unsigned", Dane("full"), Dane("optional"), "mx_unsigned dane lost"},
      {"dane-published-broken", Dane("none"), Dane("broken"), "dane_broken"},
      {"dane-given-up", Dane("broken"), Dane("none"), "dane_withdrawn"},
      // MTA-STS.
      {"sts-published", Sts("none"), Sts("valid"), "mta_sts_published mta_sts gained"},
      {"sts-withdrawn", Sts("valid", "valid", "enforce"), Sts("none"),
       "mta_sts_withdrawn mta_sts lost"},
      {"sts-broken", Sts("valid", "valid", "enforce"), Sts("valid", "webpki_invalid"),
       "mta_sts_broken mta_sts lost"},
      {"sts-repaired", Sts("invalid"), Sts("valid", "valid", "testing"),
       "mta_sts_repaired mta_sts gained"},
      {"sts-ended", Sts("valid", "valid", "enforce"), Sts("valid", "valid", "none"),
       "mta_sts_ended mta_sts lost"},
      {"sts-timeout", Sts("valid", "valid", "enforce"), Sts("valid", "timeout"),
       "not_known_now lookup_failed"},
      // Versions and keys.
      {"tls13-withdrawn", Good, With([](EndpointRow& row) { row.tls_version = "TLSv1.2"; }),
       "version_withdrawn tls1.3 lost"},
      {"tls13-added", With([](EndpointRow& row) { row.tls_version = "TLSv1.2"; }), Good,
       "version_added tls1.3 gained"},
      {"tls12-withdrawn", Good, With([](EndpointRow& row) { row.tls_version = "TLSv1"; }),
       "version_withdrawn tls1.2 lost"},
      {"tls13-fails-with-ours", Good, With([](EndpointRow& row) {
         row.tls_version = "TLSv1.2";
         row.offer = "tls12";
       }),
       "not_known_now may_be_ours"},
      {"key-weaker", Good, With([](EndpointRow& row) {
         row.leaf_key_type = "rsa";
         row.leaf_key_bits = 1024;
       }),
       "key_weaker key lost"},
      {"key-stronger", With([](EndpointRow& row) {
         row.leaf_key_type = "rsa";
         row.leaf_key_bits = 1024;
       }),
       With([](EndpointRow& row) {
         row.leaf_key_type = "rsa";
         row.leaf_key_bits = 2048;
       }),
       "key_stronger key gained"},
      // Nothing but the place.
      {"moved", Good, GoodElsewhere, "mx_moved"},
      // As before, for another reason.
      {"still-clear", Ends("no_starttls", "ehlo"), Ends("tls_alert", "handshake"),
       "handshake_broken"},
      // The first that applies: TLS before certificates before DANE.
      {"several", Dane("full"),
       [](MadeUpDomain& domain) {
         AddGood(domain).pkix_status = "expired";
         domain.domain().dane_status = "broken";
       },
       "certificate_expired trusted lost"},
      // What is not known is no change.
      {"silent", Good, Ends("connect_timeout", "connect"), "not_known_now silent"},
      {"silent-tls", Good, Ends("tls_timeout", "handshake"), "not_known_now silent"},
      {"reset-early", Good, Ends("reset", "greeting"), "not_known_now silent"},
      {"throttled", Good, Ends("throttled_421", "greeting"), "not_known_now turned_away"},
      {"turned-away", Good, Ends("greeting_5xx", "greeting"), "not_known_now turned_away"},
      {"blocked", Good, Ends("blocked", "gate"), "not_known_now not_asked"},
      {"no-route", Good, Ends("not_asked_no_route", "gate"), "not_known_now not_asked"},
      {"our-trouble", Good, Ends("local_no_ports", "connect"), "not_known_now our_trouble"},
      {"may-be-ours", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.rows().endpoints[0].outcome = "tls_alert";
         domain.rows().endpoints[0].stage = "handshake";
         domain.rows().endpoints[0].may_be_ours = "no_common_cipher";
       },
       "not_known_now may_be_ours"},
      {"servfail", Good, Mail("servfail"), "not_known_now lookup_failed"},
      {"bogus", Good, Mail("bogus"), "not_known_now lookup_failed"},
      {"local-lookup", Good, Mail("local_error"), "not_known_now our_trouble"},
      {"address-lookup", Good,
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.rows().hosts[0].address_status = "servfail";
         domain.rows().hosts[0].addresses.reset();
         domain.rows().endpoints.clear();
       },
       "not_known_now lookup_failed"},
      {"silent-then", Ends("connect_timeout", "connect"), Good, "not_known_then silent"},
      {"silent-always", Ends("connect_timeout", "connect"), Ends("command_timeout", "ehlo"),
       "not_known silent"},
      {"silent-and-clear", Second([](EndpointRow& row) {
         row.outcome = "no_starttls";
         row.stage = "ehlo";
       }),
       [](MadeUpDomain& domain) {
         AddGood(domain).outcome = "connect_timeout";
         EndpointRow& second = domain.AddGoodServer();
         second.outcome = "no_starttls";
         second.stage = "ehlo";
       },
       "not_known_now silent"},
      {"dane-not-known", Dane("full"), Dane("unknown"), "not_known_now not_judged"},
      {"chain-not-known", Good, With([](EndpointRow& row) { row.pkix_status.reset(); }),
       "not_known_now not_judged"},
      {"not-all-asked", Ends("no_starttls", "ehlo"),
       [](MadeUpDomain& domain) {
         AddGood(domain);
         domain.rows().endpoints[0].outcome = "no_starttls";
         domain.rows().endpoints[0].stage = "ehlo";
         domain.domain().unknown_endpoint_count = 1;
       },
       "not_known_now not_asked"},
      // Not known, and something else changed that is.
      {"silent-and-dane-gone", Dane("full"),
       [](MadeUpDomain& domain) {
         AddGood(domain).outcome = "connect_timeout";
         domain.domain().dane_status = "none";
       },
       "dane_withdrawn dane lost"},
  };
  return *kCases;
}

TEST(ComparisonTest, GivesEachDomainOneCause) {
  Folder folder;
  MadeUpScan before(folder.Path("old")), after(folder.Path("new"));
  std::map<std::string, std::string> expected;
  for (const Case& row : Cases()) {
    const std::string name = std::string(row.name) + ".example";
    if (std::string(row.cause) != "") expected[name] = row.cause;
    for (auto* scan : {&before, &after}) {
      const Make& make = scan == &before ? row.before : row.after;
      if (!make) continue;
      MadeUpDomain domain(name);
      make(domain);
      scan->Add(std::move(domain));
    }
  }
  const ScanFacts old_facts = Read(before.Finish()), new_facts = Read(after.Finish());
  const Found found = CompareFacts(old_facts, new_facts);
  for (const Case& row : Cases()) {
    const std::string name = std::string(row.name) + ".example";
    const auto cause = found.causes.find(name);
    EXPECT_EQ(cause == found.causes.end() ? "" : cause->second, row.cause) << name;
  }
  EXPECT_EQ(found.causes.size(), expected.size());
}

// Random pairs of scans.

using Random = std::mt19937;

// Some servers of some hosts; few kinds, so that all moves happen often.
void MakeRandomServer(MadeUpDomain& domain, Random& random) {
  struct Kind {
    const char* outcome;
    const char* stage;
  };
  constexpr Kind kKinds[] = {{"no_starttls", "ehlo"},
                             {"starttls_refused", "starttls"},
                             {"tls_alert", "handshake"},
                             {"connect_refused", "connect"},
                             {"connect_timeout", "connect"},
                             {"throttled_421", "greeting"},
                             {"blocked", "gate"},
                             {"local_error", "connect"},
                             {"smtp_protocol_error", "ehlo"}};
  EndpointRow& row = domain.AddGoodServer();
  if (random() % 2 == 0) {
    const Kind& kind = kKinds[random() % std::size(kKinds)];
    row.outcome = kind.outcome;
    row.stage = kind.stage;
    if (random() % 4 == 0) row.may_be_ours = "group";
    return;
  }
  constexpr const char* kStatuses[] = {"valid", "expired", "self_signed", "untrusted"};
  constexpr const char* kVersions[] = {"TLSv1", "TLSv1.2", "TLSv1.3"};
  row.pkix_status = kStatuses[random() % 4];
  if (random() % 8 == 0) row.pkix_status.reset();
  row.tls_version = kVersions[random() % 3];
  row.name_match = random() % 3 == 0 ? "none" : "san";
  row.leaf_key_type = "rsa";
  row.leaf_key_bits = random() % 2 == 0 ? 1024 : 2048;
}

void MakeRandomDomain(MadeUpDomain& domain, Random& random) {
  constexpr const char* kMail[] = {"nxdomain", "null_mx", "no_mail",
                                   "servfail", "timeout", "local_error"};
  constexpr const char* kDane[] = {"none", "full", "partial", "broken", "optional", "unknown"};
  constexpr const char* kSts[] = {"none", "valid", "invalid", "lookup_error"};
  if (random() % 5 == 0) {
    domain.domain().mx_status = kMail[random() % std::size(kMail)];
    domain.domain().mx.reset();
    return;
  }
  domain.domain().dane_status = kDane[random() % std::size(kDane)];
  domain.domain().mta_sts_status = kSts[random() % std::size(kSts)];
  if (random() % 10 == 0) domain.domain().unknown_endpoint_count = 1;
  for (uint32_t hosts = 1 + random() % 2; hosts > 0; --hosts) {
    const std::string host = (hosts == 1 ? "mx" : "in") + std::to_string(random() % 2) + ".";
    const uint32_t provider = static_cast<uint32_t>(random() % 3);
    output::MxHostRow& row = domain.AddHost(10, host + domain.domain().domain);
    if (provider > 0) row.provider = "provider-" + std::to_string(provider) + ".example";
    if (random() % 8 == 0) {
      row.address_status = random() % 2 == 0 ? "nodata" : "servfail";
      continue;
    }
    for (uint32_t servers = 1 + random() % 2; servers > 0; --servers) {
      MakeRandomServer(domain, random);
    }
  }
}

struct Pair {
  ScanFacts before, after;
};

// `spoil`: of the new scan's rows.
Pair MakeRandomPair(const Folder& folder, uint32_t seed,
                    const std::function<void(MadeUpDomain&, Random&)>& spoil = nullptr) {
  const std::string name = std::to_string(seed) + (spoil ? "-spoilt" : "");
  MadeUpScan before(folder.Path("old-" + name)), after(folder.Path("new-" + name));
  Random random(seed), spoiler(seed + 1'000);
  for (int i = 0; i < 300; ++i) {
    for (auto* scan : {&before, &after}) {
      MadeUpDomain domain("d" + std::to_string(i) + ".example");
      MakeRandomDomain(domain, random);
      if (scan == &after && spoil) spoil(domain, spoiler);
      if (random() % 10 > 0) scan->Add(std::move(domain));
    }
  }
  return {Read(before.Finish()), Read(after.Finish())};
}

uint64_t SumOf(const std::array<Split, kWhys>& splits, uint64_t Split::*answer) {
  uint64_t sum = 0;
  for (const Split& split : splits) sum += split.*answer;
  return sum;
}

void ExpectToAddUp(const MeasureChange& change) {
  const uint64_t lost = change.lost_count(), gained = change.gained_count();
  EXPECT_EQ(change.old_scan.yes, change.same.yes + lost + SumOf(change.left, &Split::yes));
  EXPECT_EQ(change.old_scan.no, change.same.no + gained + SumOf(change.left, &Split::no));
  EXPECT_EQ(change.new_scan.yes, change.same.yes + gained + SumOf(change.came, &Split::yes));
  EXPECT_EQ(change.new_scan.no, change.same.no + lost + SumOf(change.came, &Split::no));
  // The bridge ends at the new share, and its points are what the share moved by.
  const std::vector<Step> steps = BridgeOf(change);
  EXPECT_EQ(steps.back().after.yes, change.new_scan.yes);
  EXPECT_EQ(steps.back().after.no, change.new_scan.no);
  double points = 0;
  uint64_t yes = steps.front().after.yes;
  for (const Step& step : steps) {
    points += step.points;
    // No step takes more than there is.
    EXPECT_LE(step.after.yes, yes + step.count);
    yes = step.after.yes;
  }
  EXPECT_NEAR(points, ShareOf(change.new_scan) - ShareOf(change.old_scan), 1e-9);
}

TEST(ComparisonTest, AddsUpOnRandomPairs) {
  Folder folder;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    const Pair pair = MakeRandomPair(folder, seed);
    const Comparison found = CompareFacts(pair.before, pair.after).comparison;
    uint64_t flips = 0;
    for (const auto* changes : {&found.domains, &found.servers}) {
      for (const auto& change : *changes) {
        if (!change) continue;
        ExpectToAddUp(*change);
        flips += change->lost_count() + change->gained_count();
      }
    }
    EXPECT_GT(flips, 50u);
    uint64_t domains = 0;
    for (const auto& [cause, count] : found.causes) domains += count;
    EXPECT_EQ(domains, found.old_domains + found.new_domains - found.both_domains);
    uint64_t of_providers = 0;
    for (const ProviderChange& provider : found.providers) of_providers += provider.domains;
    EXPECT_EQ(of_providers, found.both_domains);
  }
}

TEST(ComparisonTest, LosesOneWayWhatItGainsTheOther) {
  Folder folder;
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    const Pair pair = MakeRandomPair(folder, seed);
    const Comparison there = CompareFacts(pair.before, pair.after).comparison;
    const Comparison back = CompareFacts(pair.after, pair.before).comparison;
    for (size_t m = 0; m < kMeasures; ++m) {
      EXPECT_EQ(there.domains[m]->lost, back.domains[m]->gained) << seed << " " << m;
      EXPECT_EQ(there.domains[m]->gained, back.domains[m]->lost) << seed << " " << m;
    }
    EXPECT_EQ(there.changed(), back.changed());
  }
}

TEST(ComparisonTest, FindsNothingInAScanAndItself) {
  Folder folder;
  const Pair pair = MakeRandomPair(folder, 7);
  const Comparison found = CompareFacts(pair.before, pair.before).comparison;
  EXPECT_EQ(found.changed(), 0u);
  for (const auto& [cause, count] : found.causes) {
    EXPECT_TRUE(cause.fate == Fate::kUnchanged || cause.fate == Fate::kNotKnown) << TextOf(cause);
  }
}

// Had some servers not answered, nothing more would be lost or gained than what is.
TEST(ComparisonTest, TakesNoTimeOutForAChange) {
  Folder folder;
  const auto spoil = [](MadeUpDomain& domain, Random& random) {
    for (EndpointRow& row : domain.rows().endpoints) {
      if (random() % 3 > 0) continue;
      row.outcome = "connect_timeout";
      row.stage = "connect";
      row.may_be_ours.reset();
    }
  };
  uint64_t spared = 0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    const Pair whole = MakeRandomPair(folder, seed);
    const Pair spoilt = MakeRandomPair(folder, seed, spoil);
    const Comparison more = CompareFacts(whole.before, whole.after).comparison;
    const Comparison less = CompareFacts(spoilt.before, spoilt.after).comparison;
    for (size_t m = 0; m < kMeasures; ++m) {
      EXPECT_LE(less.domains[m]->lost_count(), more.domains[m]->lost_count()) << seed << " " << m;
      EXPECT_LE(less.domains[m]->gained_count(), more.domains[m]->gained_count());
      spared += more.domains[m]->lost_count() - less.domains[m]->lost_count();
    }
  }
  EXPECT_GT(spared, 100u);
}

TEST(ComparisonTest, CountsTheLatestRowOfAServerThatWasAskedAgain) {
  Folder folder;
  MadeUpScan before(folder.Path("old")), after(folder.Path("new"));
  for (auto* scan : {&before, &after}) {
    MadeUpDomain domain("again.example");
    EndpointRow first = AddGood(domain);
    first.outcome = "local_error";
    first.started_at -= absl::Hours(1);
    if (scan == &after) domain.rows().endpoints.push_back(first);
    scan->Add(std::move(domain));
  }
  const ScanFacts old_facts = Read(before.Finish()), new_facts = Read(after.Finish());
  const Found found = CompareFacts(old_facts, new_facts);
  EXPECT_THAT(found.causes, ::testing::IsEmpty());
  EXPECT_EQ(found.comparison.new_servers, 1u);
}

// Its look-up failed once, and did not later, whatever the order of the rows.
TEST(ComparisonTest, CountsTheLatestRowOfAHostThatWasAskedAgain) {
  Folder folder;
  MadeUpScan before(folder.Path("old")), after(folder.Path("new"));
  for (auto* scan : {&before, &after}) {
    MadeUpDomain domain("again.example");
    AddGood(domain).outcome = "no_starttls";
    domain.rows().endpoints[0].stage = "ehlo";
    output::MxHostRow first = domain.rows().hosts[0];
    domain.rows().hosts[0].started_at = MadeUpDomain::Now() + absl::Hours(1);
    first.address_status = "servfail";
    first.started_at = MadeUpDomain::Now();
    if (scan == &after) domain.rows().hosts.push_back(first);
    scan->Add(std::move(domain));
  }
  const ScanFacts old_facts = Read(before.Finish()), new_facts = Read(after.Finish());
  EXPECT_THAT(CompareFacts(old_facts, new_facts).causes, ::testing::IsEmpty());
}

// Servers that are in one scan only: why.
TEST(ComparisonTest, SaysWhyAServerIsInOneScanOnly) {
  Folder folder;
  MadeUpScan before(folder.Path("old")), after(folder.Path("new"));
  const auto add = [&](const std::string& name, const Make& make) {
    for (auto* scan : {&before, &after}) {
      MadeUpDomain domain(name + ".example");
      AddGood(domain);
      if (scan == &after) make(domain);
      scan->Add(std::move(domain));
    }
  };
  const auto without_servers = [](MadeUpDomain& domain, const char* status) {
    domain.rows().endpoints.clear();
    domain.rows().hosts[0].address_status = status;
  };
  add("left", [](MadeUpDomain& domain) { domain.rows().endpoints[0].address = "192.0.2.77"; });
  add("gone", [&](MadeUpDomain& domain) { without_servers(domain, "nxdomain"); });
  add("failed", [&](MadeUpDomain& domain) { without_servers(domain, "timeout"); });
  add("unnamed", [&](MadeUpDomain& domain) {
    domain.rows().endpoints.clear();
    domain.rows().hosts.clear();
    domain.domain().mx->clear();
  });
  add("budget", [&](MadeUpDomain& domain) {
    domain.rows().endpoints.clear();
    domain.rows().hosts[0].unasked_address_count = 1;
  });
  const ScanFacts old_facts = Read(before.Finish()), new_facts = Read(after.Finish());
  const Found found = CompareFacts(old_facts, new_facts);
  const MeasureChange& tls = *found.comparison.servers[0];
  for (const Why why :
       {Why::kAddressGone, Why::kHostGone, Why::kLookupFailed, Why::kNotNamed, Why::kNotAsked}) {
    EXPECT_EQ(tls.left[static_cast<size_t>(why)].yes, 1u) << WhyWord(why);
  }
  EXPECT_EQ(tls.came[static_cast<size_t>(Why::kAddressGone)].yes, 1u);
}

TEST(ComparisonTest, LeavesOutWhatCannotBeCompared) {
  Folder folder;
  const Pair pair = MakeRandomPair(folder, 3);
  std::array<bool, kMeasures> incomparable{};
  incomparable[static_cast<size_t>(Measure::kDane)] = true;
  Comparison found;
  ASSERT_TRUE(Compare(
                  pair.before, pair.after, incomparable,
                  [](const DomainChange& change) {
                    EXPECT_NE(change.cause.measure, Measure::kDane);
                    return absl::OkStatus();
                  },
                  &found)
                  .ok());
  EXPECT_FALSE(found.domains[static_cast<size_t>(Measure::kDane)].has_value());
  EXPECT_TRUE(found.domains[static_cast<size_t>(Measure::kTls)].has_value());
}

}  // namespace
}  // namespace mxsweep::tools
