#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "dns/mx_plan.h"
#include "tests/dns/fake_event_loop.h"
#include "tests/dns/fake_resolver.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TlsaRecord kRecord{3, 1, 1, {1, 2, 3}};
const TlsaRecord kOtherRecord{2, 0, 1, {4, 5, 6}};

IpAddress Ip(std::string_view text) { return IpAddress::Parse(text).value(); }

class HostLookupTest : public ::testing::Test {
 protected:
  HostAnswer Look(std::string_view host, const HostLookupOptions& options = {}) {
    std::optional<HostAnswer> answer;
    const auto lookup =
        HostLookup::Start(resolver_, host, options, [&](HostAnswer a) { answer = std::move(a); });
    EXPECT_FALSE(answer.has_value()) << "called back from inside Start";
    loop_.Run();
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(resolver_.outstanding(), 0u);
    return answer.value_or(HostAnswer());
  }

  void AddSecureHost(const std::string& host) {
    resolver_.AddAddress(host, "192.0.2.1");
    resolver_.SetSecure(host);
    resolver_.SetSecure("_25._tcp." + host);
  }

  bool AnyTlsaAsked() const {
    for (const auto& [name, type] : resolver_.log()) {
      if (type == RrType::kTlsa) return true;
    }
    return false;
  }

  FakeEventLoop loop_;
  FakeResolver resolver_{loop_};
};

TEST_F(HostLookupTest, TakesEveryAddressOfBothFamilies) {
  resolver_.AddAddress("mx.example", "2001:db8::1");
  resolver_.AddAddress("mx.example", "192.0.2.2");
  resolver_.AddAddress("mx.example", "192.0.2.1");
  resolver_.AddAddress("mx.example", "192.0.2.2");
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.address_status, LookupStatus::kOk);
  EXPECT_THAT(answer.addresses, ElementsAre(Ip("192.0.2.2"), Ip("192.0.2.1"), Ip("2001:db8::1")));
  EXPECT_FALSE(answer.is_cname);
  EXPECT_EQ(answer.error_detail, "");
}

TEST_F(HostLookupTest, TellsNoDataFromNxDomain) {
  resolver_.AddTxt("mx.example", "x");
  EXPECT_EQ(Look("mx.example").address_status, LookupStatus::kNoData);
  EXPECT_EQ(Look("gone.example").address_status, LookupStatus::kNxDomain);
  EXPECT_EQ(Look("gone.example").tlsa_status, std::nullopt);
}

TEST_F(HostLookupTest, DoesNotHideThatOneFamilyFailed) {
  AddSecureHost("mx.example");
  resolver_.SetFailure("mx.example", RrType::kAaaa, ResponseStatus::kServfail);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.address_status, LookupStatus::kOk);
  EXPECT_EQ(answer.a_status, LookupStatus::kOk);
  EXPECT_EQ(answer.aaaa_status, LookupStatus::kServfail);
  EXPECT_THAT(answer.addresses, ElementsAre(Ip("192.0.2.1")));
  EXPECT_EQ(answer.address_dnssec, DnssecState::kSecure);
  EXPECT_THAT(answer.error_detail, HasSubstr("AAAA: servfail"));
}

TEST_F(HostLookupTest, ReportsAnErrorRatherThanNoDataWithoutAddresses) {
  struct {
    ResponseStatus response;
    LookupStatus status;
    DnssecState dnssec;
  } cases[] = {
      {ResponseStatus::kServfail, LookupStatus::kServfail, DnssecState::kError},
      {ResponseStatus::kBogus, LookupStatus::kBogus, DnssecState::kBogus},
      {ResponseStatus::kTimeout, LookupStatus::kTimeout, DnssecState::kError},
      {ResponseStatus::kLocalNoDescriptors, LookupStatus::kLocalError, DnssecState::kError},
  };
  resolver_.AddTxt("mx.example", "x");
  for (const auto& [response, status, dnssec] : cases) {
    resolver_.SetFailure("mx.example", RrType::kA, response);
    const HostAnswer answer = Look("mx.example");
    EXPECT_EQ(answer.address_status, status);
    EXPECT_EQ(answer.address_dnssec, dnssec);
    EXPECT_EQ(answer.aaaa_status, LookupStatus::kNoData);
    EXPECT_EQ(answer.tlsa_status, std::nullopt);
  }
}

// RFC 5321 §5.1
TEST_F(HostLookupTest, MarksWhatIsNoHostNameWithoutAsking) {
  EXPECT_EQ(Look("192.0.2.1").name_kind, MxHostKind::kIpLiteral);
  EXPECT_EQ(Look(".").name_kind, MxHostKind::kRoot);
  const HostAnswer blank = Look("mx.example\\032");
  EXPECT_EQ(blank.name_kind, MxHostKind::kBlank);
  EXPECT_EQ(blank.error_detail, "a blank at the end of the name");
  EXPECT_EQ(Look(".").address_status, std::nullopt);
  EXPECT_TRUE(resolver_.log().empty());
}

TEST_F(HostLookupTest, AsksForNamesWithAnUnderscoreAllTheSame) {
  resolver_.AddAddress("mx_1.example", "192.0.2.1");
  const HostAnswer answer = Look("mx_1.example");
  EXPECT_EQ(answer.name_kind, MxHostKind::kUnderscore);
  EXPECT_EQ(answer.address_status, LookupStatus::kOk);
}

TEST_F(HostLookupTest, AsksForSingleLabelsAllTheSame) {
  resolver_.AddAddress("ai", "192.0.2.1");
  const HostAnswer answer = Look("ai");
  EXPECT_EQ(answer.name_kind, MxHostKind::kSingleLabel);
  EXPECT_EQ(answer.address_status, LookupStatus::kOk);
}

// RFC 7672 §2.2
TEST_F(HostLookupTest, FindsSecureTlsaRecords) {
  AddSecureHost("mx.example");
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  resolver_.AddTlsa("_25._tcp.mx.example", kOtherRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa_base_domain, "mx.example");
  EXPECT_THAT(answer.tlsa, ElementsAre(kRecord, kOtherRecord));
}

TEST_F(HostLookupTest, AsksForTlsaAtThePortThatIsScanned) {
  AddSecureHost("mx.example");
  resolver_.SetSecure("_465._tcp.mx.example");
  resolver_.AddTlsa("_465._tcp.mx.example", kRecord);
  EXPECT_EQ(Look("mx.example", {.port = 465}).tlsa_status, TlsaStatus::kSecure);
  EXPECT_FALSE(resolver_.WasAsked("_25._tcp.mx.example", RrType::kTlsa));
}

TEST_F(HostLookupTest, LeavesTlsaAloneWhereNotAsked) {
  AddSecureHost("mx.example");
  EXPECT_EQ(Look("mx.example", {.lookup_tlsa = false}).tlsa_status, std::nullopt);
  EXPECT_FALSE(AnyTlsaAsked());
}

// RFC 7672 §2.2.2: the addresses come first; if they are insecure, TLSA could not be used.
TEST_F(HostLookupTest, DoesNotAskForTlsaAfterAnInsecureAddress) {
  resolver_.AddAddress("mx.example", "192.0.2.1");
  resolver_.SetSecure("_25._tcp.mx.example");
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.address_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kInsecure);
  EXPECT_THAT(answer.tlsa, IsEmpty());
  EXPECT_FALSE(AnyTlsaAsked());
}

// RFC 7672 §2.2.2: what counts are the answers that gave addresses. A signed zone denies one family
// insecurely where its NSEC3 records want more iterations than the resolver follows (RFC 9276
// §3.2).
TEST_F(HostLookupTest, LetsOneFamilysDenialNotDecideForTheOther) {
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  AddSecureHost("mx.example");
  for (const ResponseStatus denial : {ResponseStatus::kNoData, ResponseStatus::kNxDomain,
                                      ResponseStatus::kServfail, ResponseStatus::kBogus}) {
    resolver_.SetFailure("mx.example", RrType::kAaaa, denial);
    resolver_.SetInsecure("mx.example", RrType::kAaaa);
    const HostAnswer answer = Look("mx.example");
    EXPECT_EQ(answer.a_status, LookupStatus::kOk);
    EXPECT_EQ(answer.a_dnssec, DnssecState::kSecure);
    EXPECT_NE(answer.aaaa_dnssec, DnssecState::kSecure);
    EXPECT_EQ(answer.address_dnssec, DnssecState::kSecure);
    EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure) << Word(denial);
    EXPECT_THAT(answer.tlsa, ElementsAre(kRecord));
    EXPECT_TRUE(answer.TlsaCountsFor(Ip("192.0.2.1")));
  }
}

// The other way round, through an alias, and where it is the addresses that are insecure.
TEST_F(HostLookupTest, GoesByTheFamilyThatGaveTheAddress) {
  resolver_.AddCname("mx.example", "real.example");
  resolver_.AddAddress("real.example", "2001:db8::1");
  resolver_.AddTlsa("_25._tcp.real.example", kRecord);
  for (const char* name : {"mx.example", "real.example", "_25._tcp.real.example"}) {
    resolver_.SetSecure(name);
  }
  resolver_.SetInsecure("real.example", RrType::kA);
  const HostAnswer secure = Look("mx.example");
  EXPECT_EQ(secure.a_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(secure.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(secure.tlsa_base_domain, "real.example");

  resolver_.AddAddress("real.example", "192.0.2.1");
  const HostAnswer mixed = Look("mx.example");
  EXPECT_EQ(mixed.address_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(mixed.tlsa_status, TlsaStatus::kSecure);
  EXPECT_TRUE(mixed.TlsaCountsFor(Ip("2001:db8::1")));
  EXPECT_FALSE(mixed.TlsaCountsFor(Ip("192.0.2.1")));

  FakeResolver insecure(loop_);
  insecure.AddAddress("mx.example", "192.0.2.1");
  insecure.SetSecure("mx.example");
  insecure.SetInsecure("mx.example", RrType::kA);
  std::optional<HostAnswer> answer;
  const auto lookup =
      HostLookup::Start(insecure, "mx.example", {}, [&](HostAnswer a) { answer = std::move(a); });
  loop_.Run();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->aaaa_dnssec, DnssecState::kSecure);
  EXPECT_EQ(answer->address_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(answer->tlsa_status, TlsaStatus::kInsecure);
}

// RFC 7672 §2.1.1: NXDOMAIN and NODATA, secure or not.
TEST_F(HostLookupTest, SaysNoneWhereThereIsNoTlsaRecord) {
  AddSecureHost("mx.example");
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kNone);
  resolver_.AddName("_25._tcp.mx.example");
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kNone);
  FakeResolver insecure_denial(loop_);
  insecure_denial.AddAddress("mx.example", "192.0.2.1");
  insecure_denial.SetSecure("mx.example");
  std::optional<HostAnswer> answer;
  const auto lookup = HostLookup::Start(insecure_denial, "mx.example", {},
                                        [&](HostAnswer a) { answer = std::move(a); });
  loop_.Run();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->tlsa_status, TlsaStatus::kNone);
}

// RFC 7672 §2.2: insecure records are as good as none.
TEST_F(HostLookupTest, DoesNotHandOutInsecureTlsaRecords) {
  resolver_.AddAddress("mx.example", "192.0.2.1");
  resolver_.SetSecure("mx.example");
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kInsecure);
  EXPECT_THAT(answer.tlsa, IsEmpty());
  EXPECT_EQ(answer.tlsa_base_domain, "");
}

// RFC 7672 §2.1.1: any error of the TLSA look-up, and the host must be skipped.
TEST_F(HostLookupTest, KeepsALookupErrorApartFromNone) {
  AddSecureHost("mx.example");
  for (const ResponseStatus status :
       {ResponseStatus::kServfail, ResponseStatus::kBogus, ResponseStatus::kTimeout,
        ResponseStatus::kMalformed, ResponseStatus::kRefused}) {
    resolver_.SetFailure("_25._tcp.mx.example", RrType::kTlsa, status);
    const HostAnswer answer = Look("mx.example");
    EXPECT_EQ(answer.tlsa_status, TlsaStatus::kLookupError);
    EXPECT_THAT(answer.error_detail, HasSubstr("TLSA"));
  }
}

TEST_F(HostLookupTest, DoesNotCallOurOwnTroubleALookupError) {
  AddSecureHost("mx.example");
  for (const ResponseStatus status :
       {ResponseStatus::kLocalError, ResponseStatus::kLocalNoDescriptors}) {
    resolver_.SetFailure("_25._tcp.mx.example", RrType::kTlsa, status);
    EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kLocalError);
  }
}

// RFC 7672 §2.2.2–2.2.3: the expanded name first.
TEST_F(HostLookupTest, PrefersTheSecurelyExpandedNameAsBaseDomain) {
  AddSecureHost("real.example");
  resolver_.AddCname("mx.example", "middle.example");
  resolver_.AddCname("middle.example", "real.example");
  for (const char* name : {"mx.example", "middle.example", "_25._tcp.mx.example"}) {
    resolver_.SetSecure(name);
  }
  resolver_.AddTlsa("_25._tcp.mx.example", kOtherRecord);
  resolver_.AddTlsa("_25._tcp.middle.example", kOtherRecord);
  resolver_.AddTlsa("_25._tcp.real.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_TRUE(answer.is_cname);
  EXPECT_EQ(answer.canonical_name, "real.example");
  EXPECT_EQ(answer.tlsa_base_domain, "real.example");
  EXPECT_THAT(answer.tlsa, ElementsAre(kRecord));
}

// RFC 7672 §2.2.3: then the original one; intermediate names never.
TEST_F(HostLookupTest, FallsBackToTheOriginalNameButNeverToIntermediateOnes) {
  AddSecureHost("real.example");
  resolver_.AddCname("mx.example", "middle.example");
  resolver_.AddCname("middle.example", "real.example");
  for (const char* name :
       {"mx.example", "middle.example", "_25._tcp.mx.example", "_25._tcp.middle.example"}) {
    resolver_.SetSecure(name);
  }
  resolver_.AddTlsa("_25._tcp.middle.example", kOtherRecord);
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kNone);
  EXPECT_FALSE(resolver_.WasAsked("_25._tcp.middle.example", RrType::kTlsa));
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa_base_domain, "mx.example");
}

// RFC 7672 §2.1.1: an error at the expanded name may hide records.
TEST_F(HostLookupTest, DoesNotTryTheOriginalNameAfterAnErrorAtTheExpandedOne) {
  AddSecureHost("real.example");
  resolver_.AddCname("mx.example", "real.example");
  resolver_.SetSecure("mx.example");
  resolver_.SetFailure("_25._tcp.real.example", RrType::kTlsa, ResponseStatus::kServfail);
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kLookupError);
  EXPECT_FALSE(resolver_.WasAsked("_25._tcp.mx.example", RrType::kTlsa));
}

// RFC 7672 §2.2.2: an insecure link in the chain leaves only the original name, if its own CNAME is
// signed.
TEST_F(HostLookupTest, UsesOnlyTheOriginalNameWhereTheExpansionIsInsecure) {
  resolver_.AddAddress("real.example", "192.0.2.1");
  resolver_.AddCname("mx.example", "real.example");
  resolver_.SetSecure("mx.example");
  resolver_.SetSecure("_25._tcp.mx.example");
  resolver_.SetSecure("_25._tcp.real.example");
  resolver_.AddTlsa("_25._tcp.real.example", kOtherRecord);
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.address_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa_base_domain, "mx.example");
  EXPECT_THAT(answer.tlsa, ElementsAre(kRecord));
  EXPECT_FALSE(resolver_.WasAsked("_25._tcp.real.example", RrType::kTlsa));
}

TEST_F(HostLookupTest, IsInsecureWhereTheFirstCnameIsUnsigned) {
  AddSecureHost("real.example");
  resolver_.AddCname("mx.example", "real.example");
  resolver_.AddTlsa("_25._tcp.real.example", kRecord);
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kInsecure);
  EXPECT_FALSE(AnyTlsaAsked());
  resolver_.SetFailure("mx.example", RrType::kCname, ResponseStatus::kServfail);
  EXPECT_EQ(Look("mx.example").tlsa_status, TlsaStatus::kLookupError);
}

// PROTOCOL.md, and RFC 7672 §2.2.3: a CNAME at the TLSA name does not change the base domain.
TEST_F(HostLookupTest, KeepsTheBaseDomainWhereTlsaItselfIsACname) {
  AddSecureHost("mx.example");
  resolver_.AddCname("_25._tcp.mx.example", "tlsa.elsewhere.example");
  resolver_.SetSecure("tlsa.elsewhere.example");
  resolver_.AddTlsa("tlsa.elsewhere.example", kRecord);
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa_base_domain, "mx.example");
}

TEST_F(HostLookupTest, PassesOverATlsaNameThatIsTooLong) {
  const std::string label(62, 'a');
  const std::string host = label + "." + label + "." + label + "." + label.substr(0, 58);
  resolver_.AddAddress(host, "192.0.2.1");
  resolver_.SetSecure(host);
  EXPECT_EQ(Look(host).tlsa_status, TlsaStatus::kNone);
  EXPECT_FALSE(AnyTlsaAsked());
}

TEST_F(HostLookupTest, CapsAddresses) {
  for (size_t i = 0; i < kMaxAddressesPerFamily + 3; ++i) {
    resolver_.AddAddress("mx.example", "192.0.2." + std::to_string(i));
  }
  const HostAnswer answer = Look("mx.example");
  EXPECT_EQ(answer.addresses.size(), kMaxAddressesPerFamily);
  EXPECT_THAT(answer.error_detail, HasSubstr("more than"));
}

TEST_F(HostLookupTest, SaysThatRecordsWereLeftOut) {
  AddSecureHost("mx.example");
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  EXPECT_FALSE(Look("mx.example").tlsa_left_out);
  resolver_.SetLeftOut("mx.example", RrType::kA);
  resolver_.SetLeftOut("_25._tcp.mx.example", RrType::kTlsa);
  const HostAnswer cut = Look("mx.example");
  EXPECT_EQ(cut.tlsa_status, TlsaStatus::kSecure);
  EXPECT_TRUE(cut.tlsa_left_out);
  EXPECT_THAT(cut.error_detail, HasSubstr("A: left out: too many answer records"));
  EXPECT_THAT(cut.error_detail, HasSubstr("TLSA: left out: too many answer records"));
  AddSecureHost("many.example");
  for (size_t i = 0; i <= kMaxTlsaRecords; ++i) {
    resolver_.AddTlsa("_25._tcp.many.example",
                      {3, 1, 1, {static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}});
  }
  const HostAnswer many = Look("many.example");
  EXPECT_EQ(many.tlsa.size(), kMaxTlsaRecords);
  EXPECT_TRUE(many.tlsa_left_out);
}

TEST_F(HostLookupTest, CancelsItsQuestionsWhenDestroyedAtAnyMoment) {
  AddSecureHost("real.example");
  resolver_.AddCname("mx.example", "real.example");
  resolver_.SetSecure("mx.example");
  bool called = false;
  for (int steps = 0; steps < 3; ++steps) {
    auto lookup =
        HostLookup::Start(resolver_, "mx.example", {}, [&](HostAnswer) { called = true; });
    loop_.Advance(std::chrono::milliseconds(steps));
    EXPECT_GT(resolver_.outstanding(), 0u) << steps;
    lookup.reset();
    EXPECT_EQ(resolver_.outstanding(), 0u);
    EXPECT_FALSE(called);
    loop_.Run();
  }
}

TEST_F(HostLookupTest, MayBeDestroyedByItsCallback) {
  AddSecureHost("mx.example");
  resolver_.AddTlsa("_25._tcp.mx.example", kRecord);
  std::unique_ptr<HostLookup> lookup;
  for (const char* host : {"mx.example", ".", "nowhere.example"}) {
    bool called = false;
    lookup = HostLookup::Start(resolver_, host, {}, [&](HostAnswer) {
      called = true;
      lookup.reset();
    });
    loop_.Run();
    EXPECT_TRUE(called);
    EXPECT_EQ(lookup, nullptr);
  }
}

}  // namespace
}  // namespace mxsweep::dns
