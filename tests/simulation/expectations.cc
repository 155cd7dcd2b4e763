#include "tests/simulation/expectations.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string_view>

namespace mxsweep::scanner::simulation {

using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

const WorldHost* FindHost(const World& world, const std::string& name) {
  for (const WorldHost& host : world.hosts) {
    if (host.name == name) return &host;
  }
  return nullptr;
}

void ExpectClean(const ScanResult& result) {
  EXPECT_TRUE(result.ended);
  for (const std::string& complaint : result.complaints) ADD_FAILURE() << complaint;
  EXPECT_EQ(result.connections_left_open, 0u);
  EXPECT_EQ(result.questions_left, 0u);
  EXPECT_TRUE(result.status.ok()) << result.status;
}

namespace {

bool IsLookupError(std::string_view status) {
  return status == "timeout" || status == "servfail" || status == "local_error" ||
         status == "lookup_error";
}

// Each address of a family that could be looked up has a row, and no other.
void ExpectAddresses(const WorldHost& truth, const MxHostRow& row, const Excuses& excuses,
                     const std::function<bool(const std::string& address)>& has_row) {
  bool any = false;
  for (const std::string& address : truth.addresses) {
    const bool is_v6 = address.find(':') != std::string::npos;
    const std::string status = (is_v6 ? row.ipv6_status : row.ipv4_status).value_or("none");
    const bool failed = truth.lookup_fails || (excuses.lookups_fail && IsLookupError(status));
    EXPECT_EQ(status == "ok", !failed) << row.host << ": " << status;
    // (A run that was killed may have looked it up, and asked.)
    if (!failed || truth.lookup_fails) {
      EXPECT_EQ(has_row(address), !failed) << row.host << " at " << address;
    }
    any = any || !failed;
  }
  EXPECT_EQ(row.address_status == "ok", any) << row.host;
  // What could not be asked is not absent.
  for (const auto& status : {row.address_status, row.ipv4_status, row.ipv6_status}) {
    if (!status || truth.addresses.empty() || status == "ok" || status == "nodata") continue;
    EXPECT_TRUE(IsLookupError(*status)) << row.host << ": " << *status;
  }
}

}  // namespace

bool Throttles(Manner manner) {
  return manner == Manner::kThrottled || manner == Manner::kThrottledAtStartTls ||
         manner == Manner::kThrottledWithinTls;
}

bool MetNobody(const EndpointRow& row) {
  return row.outcome.starts_with("local_") || row.outcome.starts_with("not_asked_") ||
         row.outcome == "blocked";
}

void ExpectWhole(const World& world, const std::vector<Row>& rows, const Excuses& excuses) {
  std::set<std::string> domains;
  std::map<std::string, absl::Time> hosts;  // when the latest row of each began
  std::set<std::string> may_fail;           // hosts that may be asked again: we had trouble
  std::set<std::string> certificates;
  std::map<std::pair<std::string, std::string>, const EndpointRow*> endpoints;  // the latest
  for (const Row& row : rows) {
    if (const auto* certificate = std::get_if<CertificateRow>(&row)) {
      EXPECT_TRUE(certificates.insert(certificate->sha256).second);
    } else if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      const EndpointRow*& latest = endpoints[{endpoint->host, endpoint->address}];
      EXPECT_TRUE(latest == nullptr || MetNobody(*latest))
          << endpoint->host << " at " << endpoint->address << " twice, " << endpoint->outcome;
      latest = endpoint;
      if (MetNobody(*endpoint)) may_fail.insert(endpoint->host);
      for (const std::string& sha256 :
           endpoint->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256));
      }
    } else if (const auto* probe = std::get_if<output::ProbeRow>(&row)) {
      const auto earlier = endpoints.find({probe->host, probe->address});
      EXPECT_TRUE(earlier == endpoints.end() || MetNobody(*earlier->second)) << probe->host;
      for (const std::string& sha256 : probe->chain_sha256.value_or(std::vector<std::string>{})) {
        EXPECT_TRUE(certificates.contains(sha256));
      }
    } else if (const auto* host = std::get_if<MxHostRow>(&row)) {
      const WorldHost* truth = FindHost(world, host->host);
      ASSERT_NE(truth, nullptr);
      // A failure answers for five minutes, and whoever names the host then has it asked again.
      const bool excused = excuses.Excuse(*host);
      const auto [earlier, first] = hosts.emplace(host->host, host->started_at);
      if (!first) {
        EXPECT_TRUE(truth->lookup_fails || may_fail.contains(host->host)) << host->host << " twice";
        EXPECT_GE(host->started_at - std::exchange(earlier->second, host->started_at),
                  absl::Minutes(5));
      }
      if (excused) {
        may_fail.insert(host->host);
        continue;
      }
      if (host->address_status != "ok") may_fail.insert(host->host);
      ExpectAddresses(*truth, *host, excuses, [&](const std::string& address) {
        return endpoints.contains({host->host, address});
      });
    } else {
      const auto& domain = std::get<DomainRow>(row);
      EXPECT_TRUE(domains.insert(domain.domain).second);
      if (!domain.mx) continue;
      for (const output::MxEntry& mx : *domain.mx) {
        EXPECT_TRUE(mx.host == "." || hosts.contains(mx.host)) << mx.host;
      }
    }
  }
}

namespace {

std::string ExpectedDane(const WorldHost& host, const Expected& expected) {
  if (host.tlsa == "not asked") return "null";
  if (host.tlsa.empty()) return "insecure";
  if (host.tlsa == "none") return "none";
  switch (expected.outcome) {
    case Outcome::kTlsOk:
      return host.tlsa;
    case Outcome::kNoStartTls:
    case Outcome::kStartTlsRefused:
      return "no_starttls";
    case Outcome::kTlsAlert:  // handshake_failure: another client might have what we lack
      return "null";
    case Outcome::kTlsProtocolError:
      return "tls_failed";
    case Outcome::kReset:
    case Outcome::kClosedEarly:
      return expected.stage == Stage::kHandshake ? "tls_failed" : "null";
    default:
      return "null";
  }
}

// The server does so whoever is asked for: refused, unreachable, no answer, no greeting.
bool EndsBeforeAnyName(Manner manner) {
  switch (manner) {
    case Manner::kRefused:
    case Manner::kIgnoresConnect:
    case Manner::kUnreachable:
    case Manner::kSilent:
    case Manner::kGreeting5xx:
    case Manner::kGarbageGreeting:
    case Manner::kEndlessGreeting:
    case Manner::kClosesAtOnce:
    case Manner::kResetsAtOnce:
      return true;
    default:
      return false;
  }
}

std::string ExpectedAfterTls(Manner manner) {
  switch (manner) {
    case Manner::kHeloOnlyWithinTls:
      return "helo";
    case Manner::kRefusesWithinTls:
      return "refused";
    case Manner::kThrottledWithinTls:
      return "throttled_421";
    case Manner::kClosesAfterHandshake:
      return "closed";
    case Manner::kSilentWithinTls:
      return "timeout";
    case Manner::kGarbageWithinTls:
      return "not_smtp";
    default:
      return "ok";
  }
}

}  // namespace

namespace {

void ExpectRevocation(const ScanSettings& settings, const std::optional<std::string>& told,
                      const std::string& truth, const Excuses& excuses) {
  if (!settings.revocation) {
    EXPECT_FALSE(told) << *told;
    return;
  }
  const std::string word = told.value_or("null");
  const bool excused = (excuses.stopped && !told) ||
                       (excuses.lookups_fail && truth != "no_source" && word == "fetch_failed");
  EXPECT_TRUE(excused || word == truth) << word << ", not " << truth;
}

}  // namespace

void ExpectTrue(const World& world, const ScanSettings& settings, const CertificateRow& row,
                const Excuses& excuses) {
  SCOPED_TRACE("certificate " + row.sha256);
  const auto truth = world.revocations.find(row.sha256);
  ExpectRevocation(settings, row.revocation_status,
                   truth != world.revocations.end() ? truth->second : "no_source", excuses);
}

void ExpectTrue(const World& world, const ScanSettings& settings, const DomainRow& row,
                const Excuses& excuses) {
  SCOPED_TRACE(row.domain);
  const auto truth = std::ranges::find(world.domains, row.domain, &WorldDomain::name);
  const std::string expected = truth != world.domains.end() ? truth->mx_status : "invalid_name";
  const bool failed =
      excuses.lookups_fail && expected != "invalid_name" && IsLookupError(row.mx_status);
  EXPECT_TRUE(failed || row.mx_status == expected) << row.mx_status << ", not " << expected;
  EXPECT_FALSE(row.diagnosis.empty());
  if (truth == world.domains.end() || failed) return;
  const std::string record = row.mta_sts_status.value_or("null");
  const std::string policy = row.mta_sts_policy_status.value_or("null");
  if (settings.mta_sts != MtaStsLevel::kFull) {
    EXPECT_EQ(policy, "null");
    return;
  }
  const bool has_policy = !truth->policy_status.empty();
  const bool takes_mail = expected == "mx" || expected == "implicit";
  if (excuses.lookups_fail && IsLookupError(record)) {
    EXPECT_EQ(policy, "null");
    return;
  }
  EXPECT_EQ(record, !takes_mail ? "null" : has_policy ? "valid" : "none");
  if (excuses.lookups_fail && (policy == "host_lookup_error" || policy == "local_error")) return;
  EXPECT_EQ(policy, has_policy ? truth->policy_status : "null");
}

void ExpectTrue(const World& world, const ScanSettings& settings, const EndpointRow& row,
                const Excuses& excuses) {
  SCOPED_TRACE(row.host + " at " + row.address);
  const WorldHost* host = FindHost(world, row.host);
  ASSERT_NE(host, nullptr);
  if (world.servers.at(row.address).blocked) {
    EXPECT_EQ(row.outcome, "blocked");
    EXPECT_EQ(row.stage, "gate");
    EXPECT_EQ(row.attempts, 0u);
    return;
  }
  const World::Verdict verdict = world.VerdictOf(row.address, settings.retries, !row.host.empty());
  const Expected expected = ExpectedOf(verdict.manner);
  if (Throttles(verdict.manner) && row.attempts == 0) {
    // Who throttles again and again is left alone.
    EXPECT_EQ(row.outcome, "throttled_421");
    EXPECT_EQ(row.stage, "gate");
    return;
  }
  EXPECT_EQ(row.outcome, OutcomeName(expected.outcome)) << row.error_detail.value_or("");
  EXPECT_LE(row.attempts, verdict.attempts);
  EXPECT_EQ(row.inferred, row.attempts == 0);
  EXPECT_EQ(row.inferred_from_at.has_value(), row.inferred);
  if (EndsBeforeAnyName(verdict.manner)) {
    // Who fails twice in a row is told of to all others.
    EXPECT_TRUE(row.attempts > 0 || row.stage == "gate");
    if (row.attempts == 0) return;
  } else if (!Throttles(verdict.manner) && excuses.outages.empty()) {
    // (An outage that is not known for one makes an address dead for whoever would try it again.)
    EXPECT_EQ(row.attempts, verdict.attempts);
  }
  EXPECT_EQ(row.stage, StageName(expected.stage)) << row.error_detail.value_or("");
  const std::string dane = row.dane_status.value_or("null");
  if (!excuses.lookups_fail || (dane != "lookup_error" && dane != "null")) {
    EXPECT_EQ(dane, ExpectedDane(*host, expected));
  }
  EXPECT_EQ(row.tls_version.has_value(), expected.outcome == Outcome::kTlsOk);
  EXPECT_EQ(row.chain_sha256.has_value(), expected.outcome == Outcome::kTlsOk);
  EXPECT_EQ(row.greeting.has_value(), row.greeting_us.has_value());
  if (expected.outcome != Outcome::kTlsOk) return;
  EXPECT_EQ(row.tls_version, verdict.manner == Manner::kTls12 ? "TLSv1.2" : row.tls_version);
  EXPECT_EQ(row.injected_plaintext_bytes, verdict.manner == Manner::kInjects ? 14u : 0u);
  EXPECT_EQ(row.pkix_status, "valid");
  if (!row.host.empty()) {
    EXPECT_EQ(row.name_match, row.host.ends_with(".sim.example") ? "san" : "none");
  }
  const std::string& revocation = world.servers.at(row.address).revocation;
  ExpectRevocation(settings, row.revocation_status, revocation.empty() ? "no_source" : revocation,
                   excuses);
  EXPECT_EQ(row.requiretls.has_value(), row.after_tls == "ok");
  EXPECT_EQ(row.after_tls, ExpectedAfterTls(verdict.manner));
}

}  // namespace mxsweep::scanner::simulation
