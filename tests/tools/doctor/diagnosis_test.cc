// What the facts of made-up machines are taken for. A fact that is not there is "not known", never
// "bad".
#include "tools/doctor/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SmtpAnswer::Kind;

MachineFacts Healthy() {
  MachineFacts facts;
  facts.kernel = "6.1.0-18-amd64";
  facts.uring.fast_flags = {"SINGLE_ISSUER", "DEFER_TASKRUN"};
  facts.landlock_version = 2;
  facts.descriptors = 1'024;
  facts.descriptors_hard = 1 << 20;
  facts.locked_bytes = UINT64_MAX;
  facts.cores = 8;
  facts.memory_bytes = 16ull << 30;
  facts.receive_buffer_bytes = 8 << 20;
  facts.local_ports = {32'768, 60'999};
  facts.clock_synchronized = true;
  facts.now = absl::FromCivil(absl::CivilSecond(2026, 11, 28, 3, 0, 0), absl::UTCTimeZone());
  facts.free_bytes = 100ull << 30;
  facts.ehlo_name = "scanner.example.org";
  facts.trust_anchors = 140;
  facts.resolver = ResolverFacts{.validates = true, .detail = "The resolver validates DNSSEC."};
  facts.unbound = "/usr/sbin/unbound";
  facts.root_trust_anchor = true;
  facts.reverse = {.address = "198.51.100.7",
                   .is_public = true,
                   .names = {"scanner.example.org"},
                   .addresses = {"198.51.100.7"}};
  facts.smtp = {{.host = "mx.example.org", .kind = Kind::kGreeting, .text = "220 mx ESMTP"}};
  return facts;
}

Check Find(const MachineFacts& facts, const std::string& id, const DoctorOptions& options = {}) {
  for (const Check& check : Diagnose(facts, options)) {
    if (check.id == id) return check;
  }
  ADD_FAILURE() << "no check " << id;
  return {};
}

TEST(Diagnosis, AHealthyMachineIsGoodThroughoutAndHasNothingToDo) {
  const std::vector<Check> checks = Diagnose(Healthy(), {});
  for (const Check& check : checks) {
    EXPECT_EQ(check.health, Health::kGood) << check.id << ": " << check.found;
    EXPECT_THAT(check.advice, IsEmpty()) << check.id;
  }
  EXPECT_EQ(ExitCodeOf(checks), 0);
}

TEST(Diagnosis, WhatIsNotKnownIsNotBad) {
  MachineFacts unknown;
  unknown.resolver = absl::UnavailableError("no answer");
  unknown.uring.usable = absl::FailedPreconditionError("io_uring is switched off");
  unknown.now = Healthy().now;
  std::set<std::string> bad;
  for (const Check& check : Diagnose(unknown, {})) {
    if (check.health == Health::kBad) bad.insert(check.id);
  }
  // Only what was found to be so: no ring, no anchors. Without rings the resolver was not asked.
  EXPECT_THAT(bad, testing::ElementsAre("io_uring", "trust_store"));
  for (const char* id : {"kernel", "disk", "local_ports", "conntrack", "receive_buffer", "clock",
                         "resolver", "reverse_names", "port_25"}) {
    EXPECT_EQ(Find(unknown, id).health, Health::kUnknown) << id;
  }
}

TEST(Diagnosis, AKernelIsJudgedByItsNumber) {
  MachineFacts facts = Healthy();
  const std::pair<std::string, Health> cases[] = {
      {"5.10.0-30-amd64", Health::kBad}, {"6.0.1", Health::kAdvice}, {"6.1.0", Health::kGood},
      {"10.0.0", Health::kGood},         {"", Health::kUnknown},
  };
  for (const auto& [release, health] : cases) {
    facts.kernel = release;
    EXPECT_EQ(Find(facts, "kernel").health, health) << release;
  }
}

TEST(Diagnosis, DescriptorsAreHeldAgainstTheScanThatIsMeant) {
  MachineFacts facts = Healthy();
  facts.cores = 2;
  facts.descriptors_hard = 4'096;
  DoctorOptions options;
  options.scan.concurrency = 10'000;
  EXPECT_EQ(Find(facts, "descriptors", options).health, Health::kAdvice);
  EXPECT_THAT(Find(facts, "descriptors", options).advice, HasSubstr("5,064"));
  options.scan.concurrency = 1'000;
  EXPECT_EQ(Find(facts, "descriptors", options).health, Health::kGood);
}

TEST(Diagnosis, ATableOfConnectionsMustHoldThoseThatHaveEndedAsWell) {
  MachineFacts facts = Healthy();
  DoctorOptions options;  // 10,000 open, 500 a second for two minutes
  facts.conntrack_max = 69'999;
  EXPECT_EQ(Find(facts, "conntrack", options).health, Health::kAdvice);
  EXPECT_THAT(Find(facts, "conntrack", options).advice, HasSubstr("nf_conntrack_max=70000"));
  facts.conntrack_max = 70'000;
  EXPECT_EQ(Find(facts, "conntrack", options).health, Health::kGood);
}

TEST(Diagnosis, AResolverThatDoesNotValidateIsBadAndThereIsAWayOut) {
  MachineFacts facts = Healthy();
  facts.resolver = ResolverFacts{.validates = false, .detail = "It does not validate."};
  EXPECT_EQ(Find(facts, "resolver").health, Health::kBad);
  EXPECT_THAT(Find(facts, "resolver").advice, HasSubstr("--resolver unbound: it is installed"));
  facts.unbound.reset();
  EXPECT_THAT(Find(facts, "resolver").advice, HasSubstr("apt-get install"));
  EXPECT_EQ(ExitCodeOf(Diagnose(facts, {})), 1);
}

TEST(Diagnosis, NamesOfTheAddressMustLeadThereAndBack) {
  MachineFacts facts = Healthy();
  facts.reverse.names.clear();
  EXPECT_EQ(Find(facts, "reverse_names").health, Health::kAdvice);
  EXPECT_THAT(Find(facts, "reverse_names").found, HasSubstr("no name (PTR)"));
  facts.reverse.names = {"dyn-7.example.net"};
  EXPECT_THAT(Find(facts, "reverse_names").advice, HasSubstr("--ehlo-name dyn-7.example.net"));
  facts.reverse.names = {"scanner.example.org"};
  facts.reverse.addresses = {"198.51.100.8"};
  EXPECT_THAT(Find(facts, "reverse_names").found, HasSubstr("does not lead back"));
  // Names have no case (RFC 4343).
  facts.ehlo_name = "Scanner.Example.org";
  facts.reverse.addresses = {"198.51.100.7"};
  EXPECT_EQ(Find(facts, "reverse_names").health, Health::kGood);
  facts.reverse.names_status = absl::UnavailableError("Timeout");
  EXPECT_EQ(Find(facts, "reverse_names").health, Health::kUnknown);
  facts.reverse.is_public = false;
  EXPECT_EQ(Find(facts, "reverse_names").health, Health::kUnknown);
}

TEST(Diagnosis, OneSilentServerIsNoProofThatPort25IsClosed) {
  MachineFacts facts = Healthy();
  const SmtpAnswer silent = {.host = "a", .kind = Kind::kSilent, .text = ""};
  const SmtpAnswer refused = {.host = "b", .kind = Kind::kRefused, .text = ""};
  const SmtpAnswer greets = {.host = "c", .kind = Kind::kGreeting, .text = "220 c"};
  const auto health = [&](std::vector<SmtpAnswer> answers) {
    facts.smtp = std::move(answers);
    return Find(facts, "port_25").health;
  };
  EXPECT_EQ(health({}), Health::kUnknown);
  EXPECT_EQ(health({silent}), Health::kUnknown);
  EXPECT_EQ(health({refused}), Health::kUnknown);
  EXPECT_EQ(health({silent, refused}), Health::kUnknown);
  EXPECT_EQ(health({silent, silent}), Health::kBad);
  EXPECT_EQ(health({silent, silent, greets}), Health::kGood);
  // The connection got out.
  const SmtpAnswer mute = {.host = "d", .kind = Kind::kNoGreeting, .text = ""};
  EXPECT_EQ(health({mute, mute}), Health::kUnknown);
}

TEST(Diagnosis, TextFitsItsColumnsAndShowsNothingThatATerminalObeys) {
  MachineFacts facts = Healthy();
  facts.smtp = {{.host = "mx", .kind = Kind::kGreeting, .text = "220 \x1b[2J"}};
  facts.resolver = ResolverFacts{.validates = false, .detail = "It does not validate."};
  for (const size_t columns : {60, 80, 100}) {
    const std::string text = RenderDiagnosis(Diagnose(facts, {}), columns, false);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const bool one_word = line.find_first_not_of(' ') != std::string::npos &&
                            line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      EXPECT_TRUE(one_word || line.size() <= columns) << line;
    }
  }
}

TEST(Diagnosis, JsonHasEveryCheckWithItsWord) {
  MachineFacts facts = Healthy();
  facts.smtp.clear();
  const auto object = nlohmann::json::parse(RenderDiagnosisJson(Diagnose(facts, {})));
  EXPECT_EQ(object["exit_code"], 0);
  EXPECT_EQ(object["checks"].size(), Diagnose(facts, {}).size());
  EXPECT_EQ(object["checks"][0]["id"], "kernel");
  EXPECT_EQ(object["checks"][0]["health"], "ok");
  EXPECT_TRUE(object["checks"][0]["advice"].is_null());
  EXPECT_EQ(object["checks"].back()["health"], "unknown");
}

// The page has a row for each check, in their order.
TEST(Diagnosis, TheManualHasEveryCheck) {
  std::ifstream page("docs/operating.md");
  std::vector<std::string> documented;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "| check | what is looked at |") in_table = true;
    if (line.empty()) in_table = false;
    if (in_table && line.starts_with("| `")) {
      documented.push_back(line.substr(3, line.find('`', 3) - 3));
    }
  }
  std::vector<std::string> ids;
  for (const Check& check : Diagnose(Healthy(), {})) ids.push_back(check.id);
  EXPECT_EQ(ids, documented);
}

}  // namespace
}  // namespace mxsweep::tools
