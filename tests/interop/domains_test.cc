// What mxsweep makes of the answers of a validating resolver in front of signed, unsigned and
// broken zones.
#include "absl/strings/str_cat.h"
#include "tests/interop/interop_fixture.h"

namespace mxsweep::interop {
namespace {

using DomainsTest = InteropTest;
using MxHostsTest = InteropTest;

struct ExpectedDomain {
  const char* domain;
  const char* mx_status;
  const char* mx_dnssec;
  const char* dane_status;
  const char* pkix_status;
  const char* diagnosis;
};

constexpr ExpectedDomain kExpectedDomains[] = {
    {"match.signed.example", "mx", "secure", "full", "valid", "ok"},
    {"mismatch.signed.example", "mx", "secure", "broken", "valid", "dane_broken"},
    {"expired-dane.signed.example", "mx", "secure", "full", "invalid", "ok"},
    {"anchor.signed.example", "mx", "secure", "full", "valid", "ok"},
    {"agile.signed.example", "mx", "secure", "broken", "valid", "dane_broken"},
    {"eximec-mx.signed.example", "mx", "secure", "broken", "valid", "dane_broken"},
    {"selfsigned-mx.signed.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
    {"incomplete-mx.signed.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
    {"othername-mx.signed.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
    {"retry-mx.signed.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
    {"cleartext-mx.signed.example", "mx", "secure", "none", "null", "no_starttls"},
    {"promised-mx.signed.example", "mx", "secure", "broken", "null", "dane_broken"},
    {"static-mx.signed.example", "mx", "secure", "none", "valid", "ok"},
    {"old-mx.signed.example", "mx", "secure", "none", "valid", "weak_keys"},
    {"exim12-mx.signed.example", "mx", "secure", "none", "valid", "ok"},
    {"partial.signed.example", "mx", "secure", "partial", "partial", "untrusted_certificate"},
    {"aliased.signed.example", "mx", "secure", "full", "invalid", "ok"},
    {"outside.signed.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
    {"outside-dane.signed.example", "mx", "secure", "full", "invalid", "ok"},
    {"tampered-tlsa.signed.example", "mx", "secure", "broken", "invalid", "dane_broken"},
    {"nullmx.signed.example", "null_mx", "secure", "null", "null", "null_mx"},
    {"implicit.signed.example", "implicit", "secure", "none", "invalid", "untrusted_certificate"},
    {"nomail.signed.example", "no_mail", "secure", "null", "null", "no_mail"},
    {"missing.signed.example", "nxdomain", "secure", "null", "null", "nxdomain"},
    {"plain.example", "mx", "insecure", "none", "valid", "ok"},
    {"optional.plain.example", "mx", "insecure", "optional", "valid", "ok"},
    {"missing.plain.example", "nxdomain", "insecure", "null", "null", "nxdomain"},
    {"bogus.example", "bogus", "bogus", "unknown", "null", "dnssec_bogus"},
    {"fine.bogus.example", "mx", "secure", "none", "invalid", "untrusted_certificate"},
};

TEST_F(DomainsTest, AreJudgedByWhatTheValidatingResolverAnswers) {
  for (const ExpectedDomain& expected : kExpectedDomains) {
    const Row row = OnlyRow(network().scan().domains, "domain", expected.domain);
    SCOPED_TRACE(row.dump());
    EXPECT_EQ(Text(row, "mx_status"), expected.mx_status);
    EXPECT_EQ(Text(row, "mx_dnssec"), expected.mx_dnssec);
    EXPECT_EQ(Text(row, "dane_status"), expected.dane_status);
    EXPECT_EQ(Text(row, "pkix_status"), expected.pkix_status);
    EXPECT_EQ(Text(row, "diagnosis"), expected.diagnosis);
  }
}

TEST_F(DomainsTest, AreToldToBeBogusLikewiseWhenTheResolverExplainsItself) {
  const auto explained =
      network().Scan({"bogus.example", "match.signed.example"}, kExplainingUnboundAddress);
  ASSERT_TRUE(explained.ok()) << explained.status();
  const Row bogus = OnlyRow(explained->domains, "domain", "bogus.example");
  EXPECT_EQ(Text(bogus, "mx_status"), "bogus");
  EXPECT_EQ(Text(bogus, "mx_dnssec"), "bogus");
  EXPECT_EQ(Text(bogus, "diagnosis"), "dnssec_bogus");
  const Row fine = OnlyRow(explained->domains, "domain", "match.signed.example");
  EXPECT_EQ(Text(fine, "dane_status"), "full");
}

TEST_F(MxHostsTest, CarryTheTlsaRecordsOfSecureZonesAlone) {
  for (const MailHost& host : network().hosts()) {
    const Row row = OnlyRow(network().scan().hosts, "host", host.name);
    SCOPED_TRACE(row.dump());
    const bool is_plain = host.name == "mx.plain.example";
    EXPECT_EQ(Text(row, "address_dnssec"), is_plain ? "insecure" : "secure");
    EXPECT_EQ(row["addresses"], Row::array({host.address}));
    if (is_plain) continue;  // not looked up, for it could not be used
    if (host.name == "mx.half.example") {
      EXPECT_EQ(Text(row, "tlsa_status"), "lookup_error");
      continue;
    }
    EXPECT_EQ(Text(row, "tlsa_status"), host.tlsa.empty() ? "none" : "secure");
    std::vector<std::string> records;
    if (row["tlsa"].is_array()) {
      for (const Row& tlsa : row["tlsa"]) {
        records.push_back(absl::StrCat(Text(tlsa, "usage"), " ", Text(tlsa, "selector"), " ",
                                       Text(tlsa, "matching_type"), " ", Text(tlsa, "data")));
      }
    }
    EXPECT_THAT(records, testing::UnorderedElementsAreArray(host.tlsa));
  }
}

TEST_F(MxHostsTest, AreFollowedThroughSecureAndInsecureAliases) {
  const Row alias = OnlyRow(network().scan().hosts, "host", "alias.signed.example");
  EXPECT_EQ(Text(alias, "is_cname"), "true");
  EXPECT_EQ(Text(alias, "canonical_name"), "ecdsa.signed.example");
  EXPECT_EQ(Text(alias, "tlsa_base_domain"), "ecdsa.signed.example");
  const Row outside = OnlyRow(network().scan().hosts, "host", "outside-alias.signed.example");
  EXPECT_EQ(Text(outside, "is_cname"), "true");
  EXPECT_EQ(Text(outside, "canonical_name"), "mx.plain.example");
  EXPECT_EQ(Text(outside, "address_dnssec"), "insecure");
  EXPECT_EQ(Text(outside, "tlsa_status"), "none");
  // Its target is in an unsigned zone, but the alias itself is signed, and so are its records (RFC
  // 7672 §2.2.2).
  const Row signed_alias = OnlyRow(network().scan().hosts, "host", "signed-alias.signed.example");
  EXPECT_EQ(Text(signed_alias, "address_dnssec"), "insecure");
  EXPECT_EQ(Text(signed_alias, "tlsa_status"), "secure");
  EXPECT_EQ(Text(signed_alias, "tlsa_base_domain"), "signed-alias.signed.example");
}

}  // namespace
}  // namespace mxsweep::interop
