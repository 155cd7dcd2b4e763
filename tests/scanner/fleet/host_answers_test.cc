#include "scanner/fleet/host_answers.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

using dns::DnssecState;
using dns::LookupStatus;
using dns::TlsaStatus;
using ::testing::ElementsAre;

dns::IpAddress Address(const char* text) { return *dns::IpAddress::Parse(text); }

dns::HostAnswer Answered(std::vector<dns::IpAddress> addresses) {
  dns::HostAnswer answer;
  answer.addresses = std::move(addresses);
  answer.address_status = answer.a_status = answer.aaaa_status = LookupStatus::kOk;
  answer.address_dnssec = answer.a_dnssec = answer.aaaa_dnssec = DnssecState::kSecure;
  answer.tlsa_status = TlsaStatus::kNone;
  return answer;
}

dns::HostAnswer Failed(LookupStatus status) {
  dns::HostAnswer answer;
  answer.address_status = answer.a_status = answer.aaaa_status = status;
  answer.address_dnssec = answer.a_dnssec = answer.aaaa_dnssec = DnssecState::kError;
  answer.error_detail = "A: failed";
  return answer;
}

TEST(TakeAnswer, AddressesOfBothAreThereIpv4First) {
  dns::HostAnswer answer = Answered({Address("192.0.2.1"), Address("2001:db8::1")});
  TakeAnswer(Answered({Address("192.0.2.2"), Address("192.0.2.1"), Address("2001:db8::2")}),
             &answer);
  EXPECT_THAT(answer.addresses, ElementsAre(Address("192.0.2.1"), Address("192.0.2.2"),
                                            Address("2001:db8::1"), Address("2001:db8::2")));
}

// Whichever of them comes first.
TEST(TakeAnswer, AnAnswerCountsMoreThanAFailure) {
  for (const LookupStatus failure : {LookupStatus::kTimeout, LookupStatus::kServfail,
                                     LookupStatus::kLocalError, LookupStatus::kNxDomain}) {
    dns::HostAnswer first = Answered({Address("192.0.2.1")});
    TakeAnswer(Failed(failure), &first);
    dns::HostAnswer second = Failed(failure);
    TakeAnswer(Answered({Address("192.0.2.1")}), &second);
    for (const dns::HostAnswer& answer : {first, second}) {
      EXPECT_EQ(answer.address_status, LookupStatus::kOk);
      EXPECT_THAT(answer.addresses, ElementsAre(Address("192.0.2.1")));
      EXPECT_EQ(answer.tlsa_status, TlsaStatus::kNone);
      EXPECT_EQ(answer.error_detail, "");
    }
  }
}

TEST(TakeAnswer, ADenialCountsMoreThanOurOwnTrouble) {
  dns::HostAnswer answer = Failed(LookupStatus::kLocalError);
  TakeAnswer(Failed(LookupStatus::kNxDomain), &answer);
  EXPECT_EQ(answer.address_status, LookupStatus::kNxDomain);
}

TEST(TakeAnswer, AFamilyThatFailedHereIsTakenFromThere) {
  dns::HostAnswer answer = Answered({Address("192.0.2.1")});
  answer.aaaa_status = LookupStatus::kTimeout;
  answer.aaaa_dnssec = DnssecState::kError;
  dns::HostAnswer other = Answered({Address("192.0.2.1"), Address("2001:db8::1")});
  other.a_dnssec = DnssecState::kInsecure;
  other.aaaa_dnssec = DnssecState::kInsecure;
  TakeAnswer(other, &answer);
  EXPECT_EQ(answer.aaaa_status, LookupStatus::kOk);
  EXPECT_EQ(answer.a_dnssec, DnssecState::kSecure) << "it was known here";
  EXPECT_EQ(answer.aaaa_dnssec, DnssecState::kInsecure);
  // RFC 7672 §2.2.2: the worst of the answers that gave addresses.
  EXPECT_EQ(answer.address_dnssec, DnssecState::kInsecure);
  EXPECT_EQ(answer.addresses.size(), 2u);
}

TEST(TakeAnswer, TlsaRecordsThatCouldNotBeLookedUpHereAreTakenFromThere) {
  dns::HostAnswer answer = Answered({Address("192.0.2.1")});
  answer.tlsa_status = TlsaStatus::kLookupError;
  dns::HostAnswer other = Answered({Address("192.0.2.1")});
  other.tlsa_status = TlsaStatus::kSecure;
  other.tlsa_base_domain = "mx.example.org";
  other.tlsa = {{3, 1, 1, {1, 2, 3}}};
  TakeAnswer(other, &answer);
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa, other.tlsa);
  // And the other way round they stay.
  answer = other;
  other.tlsa_status = TlsaStatus::kLocalError;
  other.tlsa.clear();
  TakeAnswer(other, &answer);
  EXPECT_EQ(answer.tlsa_status, TlsaStatus::kSecure);
  EXPECT_EQ(answer.tlsa.size(), 1u);
}

}  // namespace
}  // namespace mxsweep::scanner
