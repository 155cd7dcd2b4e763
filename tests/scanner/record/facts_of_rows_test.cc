// Facts into rows and back: nothing that a verdict rests on is lost.
#include "scanner/record/facts_of_rows.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scanner/record/rows.h"

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;

dns::IpAddress Address(const char* text) { return *dns::IpAddress::Parse(text); }

dns::HostAnswer FullAnswer() {
  dns::HostAnswer answer;
  answer.addresses = {Address("192.0.2.1"), Address("2001:db8::1")};
  answer.address_status = dns::LookupStatus::kOk;
  answer.address_dnssec = dns::DnssecState::kInsecure;
  answer.a_status = answer.aaaa_status = dns::LookupStatus::kOk;
  answer.a_dnssec = dns::DnssecState::kSecure;
  answer.aaaa_dnssec = dns::DnssecState::kInsecure;
  answer.is_cname = true;
  answer.canonical_name = "real.example.org";
  answer.tlsa_status = dns::TlsaStatus::kSecure;
  answer.tlsa_base_domain = "real.example.org";
  answer.tlsa = {{3, 1, 1, {0x00, 0xff, 0x10}}, {2, 0, 2, {0xab}}};
  answer.tlsa_left_out = true;
  answer.error_detail = "A: odd; TLSA: left out: 1 record";
  answer.tlsa_for_ipv6 = false;
  return answer;
}

absl::StatusOr<dns::HostAnswer> ThereAndBack(const dns::HostAnswer& answer) {
  HostContext context;
  context.host = "mx.example.org";
  context.answer = answer;
  return HostAnswerOf(MakeMxHostRow(context, absl::UnixEpoch(), 0));
}

void ExpectSame(const dns::HostAnswer& expected, const absl::StatusOr<dns::HostAnswer>& found) {
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->name_kind, expected.name_kind);
  EXPECT_EQ(found->addresses, expected.addresses);
  EXPECT_EQ(found->address_status, expected.address_status);
  EXPECT_EQ(found->address_dnssec, expected.address_dnssec);
  EXPECT_EQ(found->a_status, expected.a_status);
  EXPECT_EQ(found->aaaa_status, expected.aaaa_status);
  EXPECT_EQ(found->a_dnssec, expected.a_dnssec);
  EXPECT_EQ(found->aaaa_dnssec, expected.aaaa_dnssec);
  EXPECT_EQ(found->is_cname, expected.is_cname);
  EXPECT_EQ(found->canonical_name, expected.canonical_name);
  EXPECT_EQ(found->tlsa_status, expected.tlsa_status);
  EXPECT_EQ(found->tlsa_base_domain, expected.tlsa_base_domain);
  EXPECT_EQ(found->tlsa, expected.tlsa);
  EXPECT_EQ(found->tlsa_left_out, expected.tlsa_left_out);
  EXPECT_EQ(found->error_detail, expected.error_detail);
  EXPECT_EQ(found->tlsa_for_ipv4, expected.tlsa_for_ipv4);
  EXPECT_EQ(found->tlsa_for_ipv6, expected.tlsa_for_ipv6);
}

TEST(FactsOfRows, HostsComeBack) {
  ExpectSame(FullAnswer(), ThereAndBack(FullAnswer()));
  dns::HostAnswer nothing;
  ExpectSame(nothing, ThereAndBack(nothing));
  dns::HostAnswer invalid;
  invalid.name_kind = dns::MxHostKind::kIpLiteral;
  invalid.error_detail = "an address is no name";
  ExpectSame(invalid, ThereAndBack(invalid));
  // What failed stays unknown.
  dns::HostAnswer failed;
  failed.address_status = failed.a_status = dns::LookupStatus::kTimeout;
  failed.aaaa_status = dns::LookupStatus::kBogus;
  failed.address_dnssec = failed.a_dnssec = dns::DnssecState::kError;
  failed.aaaa_dnssec = dns::DnssecState::kBogus;
  ExpectSame(failed, ThereAndBack(failed));
  dns::HostAnswer lookup_error = FullAnswer();
  lookup_error.tlsa_status = dns::TlsaStatus::kLookupError;
  lookup_error.tlsa.clear();
  lookup_error.tlsa_base_domain.clear();
  lookup_error.tlsa_left_out = false;
  lookup_error.error_detail = "TLSA: SERVFAIL";
  ExpectSame(lookup_error, ThereAndBack(lookup_error));
}

TEST(FactsOfRows, DomainsComeBack) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kMx;
  mx.dnssec = dns::DnssecState::kSecure;
  mx.records = {{10, "a.example.org"}, {20, "b.example.org"}};
  mx.null_mx_with_others = true;
  mx.next_hop_cname = "target.example.net";
  Target target;
  target.kind = Target::Kind::kDomain;
  target.name = "example.org";
  const output::DomainRow row =
      MakeDomainRow(target, mx, Summary(), DomainPolicies(), absl::UnixEpoch(), 0);
  const absl::StatusOr<dns::MxAnswer> found = MxAnswerOf(row);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->status, mx.status);
  EXPECT_EQ(found->dnssec, mx.dnssec);
  EXPECT_EQ(found->records, mx.records);
  EXPECT_EQ(found->null_mx_with_others, mx.null_mx_with_others);
  EXPECT_EQ(found->next_hop_cname, mx.next_hop_cname);
}

// A sender's verdict on what came back is that on what was there.
TEST(FactsOfRows, PoliciesComeBackForTheirVerdict) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kMx;
  mx.records = {{10, "a.example.org"}, {20, "b.other.example"}};
  Summary passed;
  passed.flags = Summary::kStsPassed;
  const std::vector<Summary> hosts = {passed, passed};
  for (const dns::StsMode mode :
       {dns::StsMode::kEnforce, dns::StsMode::kTesting, dns::StsMode::kNone}) {
    DomainPolicies policies;
    policies.records.emplace().sts.status = dns::PolicyRecordStatus::kValid;
    policies.fetch.emplace().status = "valid";
    policies.fetch->policy =
        dns::StsPolicy{.mode = mode, .max_age_s = 86'400, .mx = {"*.example.org"}};
    policies.Judge(mx, hosts);
    Target target;
    target.name = "example.org";
    const output::DomainRow row =
        MakeDomainRow(target, mx, Summary(), policies, absl::UnixEpoch(), 0);
    absl::StatusOr<DomainPolicies> found = PoliciesOf(row);
    ASSERT_TRUE(found.ok()) << found.status();
    found->Judge(mx, hosts);
    EXPECT_EQ(found->sender, policies.sender);
    EXPECT_EQ(found->unmatched_mx, policies.unmatched_mx);
    EXPECT_FALSE(found->sender.empty());
  }
  DomainPolicies failed;
  failed.records.emplace().sts.status = dns::PolicyRecordStatus::kValid;
  failed.fetch.emplace().status = "http_status";
  failed.Judge(mx, hosts);
  Target target;
  const output::DomainRow row = MakeDomainRow(target, mx, Summary(), failed, absl::UnixEpoch(), 0);
  absl::StatusOr<DomainPolicies> found = PoliciesOf(row);
  ASSERT_TRUE(found.ok()) << found.status();
  found->Judge(mx, hosts);
  EXPECT_EQ(found->sender, "report");
}

TEST(FactsOfRows, OtherWordsAreRefusedByName) {
  output::MxHostRow row;
  row.host = "mx.example.org";
  row.address_status = "fine";
  EXPECT_THAT(std::string(HostAnswerOf(row).status().message()),
              HasSubstr("mx.example.org has \"fine\" in address_status"));
  row.address_status = "ok";
  row.addresses = {{"192.0.2.256"}};
  EXPECT_TRUE(absl::IsDataLoss(HostAnswerOf(row).status()));
  row.addresses = {{"192.0.2.25"}};
  for (const char* data : {"0", "0g", "zz"}) {
    row.tlsa = {{output::TlsaEntry{.usage = 3, .data = data}}};
    EXPECT_TRUE(absl::IsDataLoss(HostAnswerOf(row).status())) << data;
  }
  output::DomainRow domain;
  domain.mx_status = "";
  EXPECT_TRUE(absl::IsDataLoss(MxAnswerOf(domain).status()));
  domain.mta_sts_status = "good";
  EXPECT_TRUE(absl::IsDataLoss(PoliciesOf(domain).status()));
}

}  // namespace
}  // namespace mxsweep::scanner
