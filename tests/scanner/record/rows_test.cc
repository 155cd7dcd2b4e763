// Facts into rows: above all, that what is unknown is null.
#include "scanner/record/rows.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(tls::testing::kNow);

output::EndpointRow RowOf(const EndpointFacts& facts, const EndpointVerdicts& verdicts = {},
                          const HostContext& host = {.host = "mx.example.org",
                                                     .provider = "example.org"}) {
  const tls::CertificateTable certificates;
  return MakeEndpointRow(host, dns::IpAddress::Parse("192.0.2.7").value(), 25, facts, verdicts, 2,
                         certificates);
}

TEST(EndpointRow, OfARefusedConnectionClaimsNothingAboutTheServer) {
  EndpointFacts facts;
  facts.outcome = Outcome::kConnectRefused;
  facts.stage = Stage::kConnect;
  facts.started_at = kStart;
  facts.elapsed_ns = 1'234'567;
  const output::EndpointRow row = RowOf(facts);
  output::EndpointRow expected;
  expected.host = "mx.example.org";
  expected.address = "192.0.2.7";
  expected.port = 25;
  expected.provider = "example.org";
  expected.outcome = "connect_refused";
  expected.rpt_result = "connect_refused";
  expected.stage = "connect";
  expected.attempts = 2;
  expected.started_at = kStart;
  expected.elapsed_us = 1234;
  expected.summary = row.summary;  // packed_findings_test.cc
  EXPECT_EQ(row, expected);        // every column that is not named here is null
}

TEST(EndpointRow, WithoutANameHasNoProviderAndNoNameVerdict) {
  EndpointFacts facts;
  facts.outcome = Outcome::kConnectTimeout;
  const output::EndpointRow row = RowOf(facts, {}, HostContext{});
  EXPECT_EQ(row.host, "");
  EXPECT_FALSE(row.provider);
  EXPECT_FALSE(row.server_name);
  EXPECT_FALSE(row.name_match);
}

TEST(EndpointRow, HasAServerNameWhereAClientHelloWasSent) {
  HostContext host{.host = "mx.example.org"};
  EndpointFacts facts;
  EXPECT_FALSE(RowOf(facts, {}, host).server_name);
  facts.handshake.emplace();
  EXPECT_EQ(RowOf(facts, {}, host).server_name, "mx.example.org");
  host.answer.emplace().tlsa_base_domain = "mail.provider.example";
  EXPECT_EQ(RowOf(facts, {}, host).server_name, "mail.provider.example");
  EXPECT_FALSE(RowOf(facts, {}, HostContext{}).server_name);
}

EndpointFacts Greeted() {
  EndpointFacts facts;
  facts.started_at = kStart;
  facts.greeting.emplace();
  facts.greeting->code = 220;
  facts.greeting->lines = {"mx ESMTP", "hello\x01"};
  facts.connect_ns = 5'000'999;
  facts.greeting_ns = 7'000'000'000'000;  // longer than a column holds
  return facts;
}

TEST(EndpointRow, OfASilentEhloSaysNeitherThatItHasNorThatItLacksAnything) {
  EndpointFacts facts = Greeted();
  facts.outcome = Outcome::kCommandTimeout;
  facts.stage = Stage::kEhlo;
  const output::EndpointRow row = RowOf(facts);
  EXPECT_EQ(row.greeting_code, 220);
  EXPECT_EQ(row.greeting, "220 mx ESMTP\nhello?");
  EXPECT_EQ(row.connect_us, 5000u);
  EXPECT_EQ(row.greeting_us, UINT32_MAX);
  EXPECT_FALSE(row.helo_used);
  EXPECT_FALSE(row.ehlo_keywords);
  EXPECT_FALSE(row.size_limit);
  EXPECT_FALSE(row.starttls_code);
  EXPECT_FALSE(row.injected_plaintext_bytes);
  EXPECT_FALSE(row.requiretls);
  EXPECT_FALSE(row.dane_status);
}

TEST(EndpointRow, OfAServerWithoutStartTlsSaysWhatItOffers) {
  EndpointFacts facts = Greeted();
  facts.outcome = Outcome::kNoStartTls;
  facts.stage = Stage::kEhlo;
  facts.ehlo.emplace();  // EHLO was answered, with nothing
  output::EndpointRow row = RowOf(facts);
  ASSERT_TRUE(row.ehlo_keywords);
  EXPECT_TRUE(row.ehlo_keywords->empty());
  EXPECT_EQ(row.helo_used, false);
  EXPECT_FALSE(row.tls_version);
  EXPECT_EQ(row.rpt_result, "starttls-not-supported");
  facts.ehlo.reset();
  facts.helo_used = true;
  row = RowOf(facts);
  EXPECT_EQ(row.helo_used, true);
  EXPECT_FALSE(row.ehlo_keywords);
}

TEST(EndpointRow, OfAHandshakeThatBrokeOffKeepsWhatWasShown) {
  EndpointFacts facts = Greeted();
  facts.outcome = Outcome::kTlsAlert;
  facts.stage = Stage::kHandshake;
  facts.ehlo.emplace().starttls = true;
  facts.injected_plaintext_bytes = 0;
  facts.handshake.emplace().alert_received = 40;
  output::EndpointRow row = RowOf(facts);
  EXPECT_EQ(row.injected_plaintext_bytes, 0u);
  EXPECT_EQ(row.server_name, "mx.example.org");
  EXPECT_TRUE(row.alert_received);
  EXPECT_FALSE(row.alert_sent);
  // No ServerHello was seen, no certificate.
  EXPECT_FALSE(row.tls_version);
  EXPECT_FALSE(row.cipher);
  EXPECT_FALSE(row.cipher_bits);
  EXPECT_FALSE(row.group);
  EXPECT_FALSE(row.extended_master_secret);
  EXPECT_FALSE(row.secure_renegotiation);
  EXPECT_FALSE(row.ocsp_stapled);
  EXPECT_FALSE(row.sct_count);
  EXPECT_FALSE(row.chain_sha256);
  EXPECT_FALSE(row.leaf_key_type);
  EXPECT_FALSE(row.session_level);
  EXPECT_FALSE(row.certificate_level);
  EXPECT_FALSE(row.pkix_status);
  EXPECT_FALSE(row.not_after);
  EXPECT_FALSE(row.handshake_us);

  facts.handshake->version = "TLSv1.2";
  facts.handshake->chain = {tls::testing::MakePki().leaf.handle()};
  row = RowOf(facts);
  EXPECT_EQ(row.tls_version, "TLSv1.2");
  EXPECT_EQ(row.ocsp_stapled, false);
  EXPECT_EQ(row.sct_count, 0);

  // As a sender that asks for neither.
  facts.handshake->asked_for_status = false;
  row = RowOf(facts);
  EXPECT_FALSE(row.ocsp_stapled);
  EXPECT_FALSE(row.sct_count);
}

// docs/outcomes.md: not known is null, with a sentence.
TEST(EndpointRow, OfAChainThatIsNotKnownHasNoPkixStatusAndSaysWhy) {
  EndpointVerdicts verdicts;
  verdicts.pkix = tls::PkixVerdict{tls::PkixStatus::kNotKnown, "leaf: its key is of a kind"};
  verdicts.session_level = tls::SecurityLevel{0, "version: TLSv1"};
  verdicts.session_level_openssl_3_0 = 2;
  verdicts.certificate_level = tls::SecurityLevel{5, ""};
  const output::EndpointRow row = RowOf(Greeted(), verdicts);
  EXPECT_EQ(row.pkix_status, std::nullopt);
  EXPECT_EQ(row.pkix_error, "leaf: its key is of a kind");
  EXPECT_EQ(row.session_level, 0);
  EXPECT_EQ(row.session_level_limit, "version: TLSv1");
  EXPECT_EQ(row.session_level_openssl_3_0, 2);
  EXPECT_EQ(row.certificate_level, 5);
  EXPECT_EQ(row.certificate_level_limit, std::nullopt);
}

Target DomainTarget() {
  Target target;
  target.kind = Target::Kind::kDomain;
  target.name = "example.org";
  target.input_line = 12;
  return target;
}

TEST(DomainRow, OfALookUpErrorCountsNothing) {
  for (const dns::MxStatus status :
       {dns::MxStatus::kServfail, dns::MxStatus::kTimeout, dns::MxStatus::kBogus}) {
    dns::MxAnswer mx;
    mx.status = status;
    mx.dnssec =
        status == dns::MxStatus::kBogus ? dns::DnssecState::kBogus : dns::DnssecState::kError;
    const output::DomainRow row = MakeDomainRow(DomainTarget(), mx, {}, {}, kStart, 5000);
    EXPECT_EQ(row.domain, "example.org");
    EXPECT_EQ(row.input_line, 12u);
    EXPECT_TRUE(row.mx_dnssec);
    EXPECT_FALSE(row.mx);
    EXPECT_FALSE(row.host_count);
    EXPECT_FALSE(row.endpoint_count);
    EXPECT_FALSE(row.starttls_count);
    EXPECT_FALSE(row.tls_count);
    EXPECT_FALSE(row.pkix_status);
    EXPECT_FALSE(row.min_tls_version);
    EXPECT_FALSE(row.weakest_session_level);
    EXPECT_FALSE(row.weakest_certificate_level);
    EXPECT_EQ(row.dane_status, "unknown");
    EXPECT_EQ(row.elapsed_us, 5u);
  }
}

TEST(DomainRow, OfADomainWithoutMailCountsZero) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kNullMx;
  mx.dnssec = dns::DnssecState::kInsecure;
  mx.records = {{0, "."}};
  const output::DomainRow row = MakeDomainRow(DomainTarget(), mx, {}, {}, kStart, 0);
  EXPECT_EQ(row.diagnosis, "null_mx");
  EXPECT_EQ(row.host_count, 0u);
  EXPECT_EQ(row.endpoint_count, 0u);
  ASSERT_TRUE(row.mx);
  EXPECT_EQ(row.mx->size(), 1u);
  EXPECT_FALSE(row.dane_status);
}

TEST(DomainRow, SumsUpItsEndpoints) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kMx;
  mx.dnssec = dns::DnssecState::kSecure;
  mx.records = {{10, "a.example"}, {20, "b.example"}};
  Summary summary;
  summary.endpoints = 4;
  summary.starttls = 3;
  summary.completed = 2;
  summary.verified = 2;
  summary.min_version = 3;
  summary.max_version = 4;
  summary.weakest_session_level = 3;
  summary.weakest_certificate_level = 2;
  summary.flags = Summary::kGotFurther | Summary::kGreeted | Summary::kDaneAbsent;
  const output::DomainRow row = MakeDomainRow(DomainTarget(), mx, summary, {}, kStart, 0);
  EXPECT_EQ(row.host_count, 2u);
  EXPECT_EQ(row.endpoint_count, 4u);
  EXPECT_EQ(row.starttls_count, 3u);
  EXPECT_EQ(row.tls_count, 2u);
  EXPECT_EQ(row.min_tls_version, "TLSv1.2");
  EXPECT_EQ(row.max_tls_version, "TLSv1.3");
  EXPECT_EQ(row.weakest_session_level, 3);
  EXPECT_EQ(row.weakest_certificate_level, 2);
  EXPECT_EQ(row.pkix_status, "valid");
  EXPECT_EQ(row.dane_status, "none");
  EXPECT_EQ(row.diagnosis, "ok");
}

TEST(DomainRow, OfJunkSaysSo) {
  Target target;
  target.kind = Target::Kind::kInvalid;
  target.raw = "no such..name";
  target.input_line = 3;
  const output::DomainRow row = MakeInvalidRow(target, kStart);
  EXPECT_EQ(row.domain, "no such..name");
  EXPECT_EQ(row.mx_status, "invalid_name");
  EXPECT_EQ(row.diagnosis, "invalid_name");
  EXPECT_FALSE(row.endpoint_count);
  EXPECT_FALSE(row.mx_dnssec);
}

TEST(DomainRow, CountsNothingWhereNothingIsKnown) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kMx;
  mx.records = {{10, "mx.example.org"}};
  const auto row_of = [&](const Summary& summary) {
    return MakeDomainRow({}, mx, summary, {}, kStart, 0);
  };
  // Its host's addresses could not be looked up.
  dns::HostAnswer failed;
  failed.address_status = dns::LookupStatus::kServfail;
  const output::DomainRow unknown = row_of(SummarizeHost(failed));
  EXPECT_FALSE(unknown.endpoint_count);
  EXPECT_FALSE(unknown.starttls_count);
  EXPECT_FALSE(unknown.tls_count);
  EXPECT_EQ(unknown.unknown_endpoint_count, 1u);
  EXPECT_EQ(unknown.diagnosis, "dns_error");
  // It has an address, which we do not ask.
  EndpointFacts facts;
  facts.outcome = Outcome::kBlocked;
  facts.stage = Stage::kGate;
  const output::DomainRow blocked = row_of(SummarizeEndpoint(facts, {}));
  EXPECT_EQ(blocked.endpoint_count, 1u);
  EXPECT_FALSE(blocked.starttls_count);
  EXPECT_FALSE(blocked.tls_count);
  EXPECT_EQ(blocked.unknown_endpoint_count, 1u);
  // It was asked, and did not answer.
  facts.outcome = Outcome::kConnectTimeout;
  const output::DomainRow dead = row_of(SummarizeEndpoint(facts, {}));
  EXPECT_EQ(dead.endpoint_count, 1u);
  EXPECT_EQ(dead.starttls_count, 0u);
  EXPECT_EQ(dead.tls_count, 0u);
  EXPECT_EQ(dead.unknown_endpoint_count, 0u);
  // It has none.
  const output::DomainRow none = row_of({});
  EXPECT_EQ(none.endpoint_count, 0u);
  EXPECT_EQ(none.unknown_endpoint_count, 0u);
  EXPECT_EQ(none.diagnosis, "mx_unresolvable");
}

TEST(DomainRow, TellsWhatIsOddAboutTheMxRecords) {
  dns::MxAnswer mx;
  mx.status = dns::MxStatus::kNullMx;
  mx.records = {{10, "."}};
  mx.remark = "a remark";
  EXPECT_EQ(MakeDomainRow({}, mx, {}, {}, kStart, 0).error_detail, "a remark");
  mx.error_detail = "an error";
  EXPECT_EQ(MakeDomainRow({}, mx, {}, {}, kStart, 0).error_detail, "an error; a remark");
}

TEST(MxHostRow, OfANameThatWasNotLookedUpLeavesTheAnswersNull) {
  HostContext host{.host = "192.0.2.1"};
  host.answer.emplace().name_kind = dns::MxHostKind::kIpLiteral;
  const output::MxHostRow row = MakeMxHostRow(host, kStart, 0);
  EXPECT_FALSE(row.is_valid_name);
  EXPECT_TRUE(row.name_problem);
  EXPECT_FALSE(row.provider);
  EXPECT_FALSE(row.is_cname);
  EXPECT_FALSE(row.address_status);
  EXPECT_FALSE(row.address_dnssec);
  EXPECT_FALSE(row.ipv4_status);
  EXPECT_FALSE(row.ipv6_status);
  EXPECT_FALSE(row.ipv4_dnssec);
  EXPECT_FALSE(row.ipv6_dnssec);
  EXPECT_FALSE(row.addresses);
  EXPECT_FALSE(row.tlsa_status);
  EXPECT_FALSE(row.tlsa);
  EXPECT_FALSE(row.dane_rollover_ready);
}

TEST(MxHostRow, HasAStateForEachFamily) {
  HostContext host{.host = "mx.example.org", .provider = "example.org"};
  dns::HostAnswer& answer = host.answer.emplace();
  answer.address_status = dns::LookupStatus::kOk;
  answer.address_dnssec = dns::DnssecState::kSecure;
  answer.a_status = dns::LookupStatus::kOk;
  answer.a_dnssec = dns::DnssecState::kSecure;
  answer.aaaa_status = dns::LookupStatus::kNoData;
  answer.aaaa_dnssec = dns::DnssecState::kInsecure;
  const output::MxHostRow row = MakeMxHostRow(host, kStart, 0);
  EXPECT_EQ(row.address_dnssec, "secure");
  EXPECT_EQ(row.ipv4_status, "ok");
  EXPECT_EQ(row.ipv4_dnssec, "secure");
  EXPECT_EQ(row.ipv6_status, "nodata");
  EXPECT_EQ(row.ipv6_dnssec, "insecure");
}

TEST(MxHostRow, DoesNotSayThatThereAreNoRecordsWhereTheLookUpFailed) {
  HostContext host{.host = "mx.example.org", .provider = "example.org"};
  host.answer.emplace().address_status = dns::LookupStatus::kOk;
  for (const auto status : {dns::TlsaStatus::kLookupError, dns::TlsaStatus::kLocalError}) {
    host.answer->tlsa_status = status;
    EXPECT_FALSE(MakeMxHostRow(host, kStart, 0).tlsa);
  }
  host.answer->tlsa_status = dns::TlsaStatus::kNone;
  const output::MxHostRow none = MakeMxHostRow(host, kStart, 0);
  ASSERT_TRUE(none.tlsa);
  EXPECT_TRUE(none.tlsa->empty());
}

TEST(EndpointRow, HasTheReasonOfEveryTlsaRecord) {
  const tls::testing::TestPki pki = tls::testing::MakePki();
  HostContext host{.host = "mx.example.org", .provider = "example.org"};
  host.answer.emplace().tlsa_status = dns::TlsaStatus::kSecure;
  host.answer->tlsa_base_domain = "mx.example.org";
  const std::vector<uint8_t> root = pki.root.der();
  const tls::Sha256 digest = tls::HashSha256(root);
  host.answer->tlsa = {{3, 1, 1, std::vector<uint8_t>(32, 0xab)},
                       {2, 0, 1, {digest.begin(), digest.end()}},
                       {1, 1, 1, {0x01}}};
  EndpointVerdicts verdicts;
  verdicts.dane = EndpointDane::kMatch;
  verdicts.dane_verdict =
      tls::JudgeDane(host.answer->tlsa, pki.ChainWithRoot(), {.tlsa_base_domain = "mx.example.org"},
                     tls::testing::kNow);
  const output::EndpointRow row = RowOf({}, verdicts, host);
  EXPECT_EQ(row.dane_status, "match");
  EXPECT_EQ(row.dane_matched_record, "2 0 1 " + tls::HexLower(digest));
  EXPECT_EQ(row.dane_matched_depth, 2);
  EXPECT_EQ(row.dane_record_results,
            (std::vector<std::string>{"not the leaf's public key", "match",
                                      "unusable: usages 0 and 1 are not for SMTP"}));
  EXPECT_NE(row.dane_detail->find("3 1 1: not the leaf's public key"), std::string::npos);
}

TEST(EndpointRow, HasNoYardstickWithoutAServerHelloAndNoPassOfOneSession) {
  EndpointFacts facts;
  facts.handshake.emplace();
  EXPECT_FALSE(RowOf(facts).nist_sp800_52r2);
  EXPECT_FALSE(RowOf(facts).ncsc_nl_2025_at_most);
  EXPECT_FALSE(RowOf(facts).yardsticks_unseen);

  using Reasons = std::vector<std::string>;
  facts.handshake->version_wire = 0x0303;
  facts.handshake->cipher_wire = 0xc013;  // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
  const output::EndpointRow row = RowOf(facts);
  EXPECT_EQ(row.nist_sp800_52r2, Reasons{"§3.1: TLSv1.3 not accepted"});
  EXPECT_EQ(row.ncsc_nl_2021, Reasons{});
  EXPECT_EQ(row.ncsc_nl_2021_at_most, "sufficient");
  EXPECT_EQ(row.ncsc_nl_2025,
            Reasons{"appendix B insufficient: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"});
  EXPECT_EQ(row.ncsc_nl_2025_at_most, "insufficient");
  EXPECT_EQ(row.mozilla_modern, (Reasons{"tls_versions: TLSv1.2 accepted",
                                         "ciphers: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}));
  EXPECT_EQ(row.mozilla_intermediate, Reasons{"ciphers: TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"});
  EXPECT_EQ(row.mozilla_old, Reasons{});
  EXPECT_FALSE(row.yardsticks_unseen->empty());
}

TEST(MxHostRow, TellsWhichTlsaRecordsCount) {
  HostContext host{.host = "mx.example.org", .provider = "example.org"};
  host.answer.emplace().address_status = dns::LookupStatus::kOk;
  host.answer->address_dnssec = dns::DnssecState::kSecure;
  host.answer->addresses = {dns::IpAddress::Parse("192.0.2.1").value()};
  host.answer->tlsa_status = dns::TlsaStatus::kSecure;
  host.answer->tlsa_base_domain = "mx.example.org";
  host.answer->tlsa = {{3, 1, 1, std::vector<uint8_t>(32, 0xab)}, {1, 1, 1, {0x01}}};
  const output::MxHostRow row = MakeMxHostRow(host, kStart, 0);
  EXPECT_EQ(row.tlsa_status, "secure");
  ASSERT_TRUE(row.tlsa);
  ASSERT_EQ(row.tlsa->size(), 2u);
  EXPECT_TRUE((*row.tlsa)[0].usable);
  EXPECT_FALSE((*row.tlsa)[1].usable);
  EXPECT_EQ((*row.tlsa)[1].data, "01");
  EXPECT_EQ(row.dane_rollover_ready, false);
  EXPECT_EQ(row.addresses->size(), 1u);
  EXPECT_EQ(row.is_cname, false);
}

}  // namespace
}  // namespace mxsweep::scanner
