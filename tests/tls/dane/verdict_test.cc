// The DANE rules for SMTP, each named by its section of RFC 6698, 7671 or 7672.
#include "tls/dane/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tls/dane/anchor.h"

namespace mxsweep::tls {
namespace {

using dns::TlsaRecord;
using ::testing::AllOf;
using testing::CaSpec;
using testing::CertificateSpec;
using ::testing::ElementsAre;
using testing::Handles;
using ::testing::HasSubstr;
using testing::kDay;
using testing::KeyKind;
using testing::kNow;
using testing::MakePki;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using ::testing::Optional;
using testing::TestCertificate;
using testing::TestKey;
using testing::TestPki;

std::vector<uint8_t> Digest(uint8_t matching_type, const std::vector<uint8_t>& data) {
  if (matching_type == 0) return data;
  std::vector<uint8_t> digest(matching_type == 1 ? SHA256_DIGEST_LENGTH : SHA512_DIGEST_LENGTH);
  if (matching_type == 1) {
    SHA256(data.data(), data.size(), digest.data());
  } else {
    SHA512(data.data(), data.size(), digest.data());
  }
  return digest;
}

// The record that fits this certificate.
TlsaRecord Tlsa(int usage, int selector, int matching_type, const TestCertificate& certificate) {
  return {static_cast<uint8_t>(usage), static_cast<uint8_t>(selector),
          static_cast<uint8_t>(matching_type),
          Digest(static_cast<uint8_t>(matching_type),
                 selector == 0 ? certificate.der() : certificate.spki())};
}

TlsaRecord Wrong(TlsaRecord record) {
  record.data.back() ^= 1;
  return record;
}

const DaneReference kReference = {
    .tlsa_base_domain = "mx.example.org", .next_hop_names = {}, .mx_secure = true};

DaneVerdict Judge(const std::vector<TlsaRecord>& records, const std::vector<DerHandle>& chain,
                  const DaneReference& reference = kReference, int64_t time_s = kNow) {
  return JudgeDane(records, chain, reference, time_s);
}

#define EXPECT_DANE(verdict, expected) \
  EXPECT_EQ(DaneStatusName((verdict).status), DaneStatusName(expected)) << (verdict).detail

class Dane : public ::testing::Test {
 protected:
  TestPki pki_ = MakePki();
  TestCertificate other_ = MakeSelfSigned({}, TestKey(KeyKind::kP256, 20));
  std::vector<DerHandle> chain_ = pki_.ChainWithRoot();
};

TEST_F(Dane, WithoutRecordsIsNone) { EXPECT_DANE(Judge({}, chain_), DaneStatus::kNone); }

// --- RFC 6698 §4.1, RFC 7672 §3.1.3: what cannot be used ---

// RFC 7672 §2.2: TLS is mandatory all the same.
TEST_F(Dane, UnusableRecordsAloneAreUnusable) {
  std::vector<TlsaRecord> records = {Tlsa(0, 0, 1, pki_.root),
                                     Tlsa(1, 1, 1, pki_.leaf),
                                     Tlsa(4, 1, 1, pki_.leaf),
                                     Tlsa(255, 1, 1, pki_.leaf),
                                     {3, 2, 1, Tlsa(3, 1, 1, pki_.leaf).data},
                                     {3, 1, 3, Tlsa(3, 1, 1, pki_.leaf).data}};
  const DaneVerdict verdict = Judge(records, chain_);
  EXPECT_DANE(verdict, DaneStatus::kUnusable);
  EXPECT_EQ(verdict.failure, DaneFailure::kNone);
  EXPECT_THAT(verdict.record_reasons,
              ElementsAre(HasSubstr("usages 0 and 1"), HasSubstr("usages 0 and 1"),
                          HasSubstr("unknown usage"), HasSubstr("unknown usage"),
                          HasSubstr("unknown selector"), HasSubstr("unknown matching type")));
}

TEST(CheckTlsa, RefusesDigestsOfTheWrongLength) {
  for (size_t length : {0u, 20u, 31u, 33u, 64u}) {
    EXPECT_EQ(CheckTlsa({3, 1, 1, std::vector<uint8_t>(length)}), TlsaUsability::kWrongDigestLength)
        << length;
  }
  for (size_t length : {0u, 32u, 63u, 65u}) {
    EXPECT_EQ(CheckTlsa({2, 0, 2, std::vector<uint8_t>(length)}), TlsaUsability::kWrongDigestLength)
        << length;
  }
  EXPECT_EQ(CheckTlsa({3, 1, 1, std::vector<uint8_t>(32)}), TlsaUsability::kUsable);
  EXPECT_EQ(CheckTlsa({2, 0, 2, std::vector<uint8_t>(64)}), TlsaUsability::kUsable);
}

TEST(CheckTlsa, RefusesFullDataThatIsNeitherCertificateNorKey) {
  const TestPki pki = MakePki();
  EXPECT_EQ(CheckTlsa({3, 0, 0, pki.leaf.der()}), TlsaUsability::kUsable);
  EXPECT_EQ(CheckTlsa({2, 1, 0, pki.root.spki()}), TlsaUsability::kUsable);
  EXPECT_EQ(CheckTlsa({3, 0, 0, pki.leaf.spki()}), TlsaUsability::kMalformedData);
  EXPECT_EQ(CheckTlsa({3, 1, 0, pki.leaf.der()}), TlsaUsability::kMalformedData);
  EXPECT_EQ(CheckTlsa({3, 0, 0, {}}), TlsaUsability::kMalformedData);
  std::vector<uint8_t> cut = pki.leaf.der();
  cut.pop_back();
  EXPECT_EQ(CheckTlsa({2, 0, 0, cut}), TlsaUsability::kMalformedData);
}

TEST_F(Dane, UnusableRecordsBesideAUsableOneDoNotMatter) {
  EXPECT_DANE(Judge({Tlsa(1, 1, 1, other_), Tlsa(3, 1, 1, pki_.leaf)}, chain_), DaneStatus::kMatch);
  EXPECT_DANE(Judge({Tlsa(1, 1, 1, pki_.leaf), Tlsa(3, 1, 1, other_)}, chain_),
              DaneStatus::kMismatch);
}

// --- RFC 7671 §5.1, RFC 7672 §3.1.1: usage 3 ---

TEST_F(Dane, Usage3MatchesTheLeafUnderEverySelectorAndMatchingType) {
  for (int selector : {0, 1}) {
    for (int matching_type : {0, 1, 2}) {
      const DaneVerdict verdict = Judge({Tlsa(3, selector, matching_type, pki_.leaf)}, chain_);
      EXPECT_DANE(verdict, DaneStatus::kMatch);
      EXPECT_EQ(verdict.matched_record, 0u);
      EXPECT_EQ(verdict.matched_depth, 0);
      EXPECT_DANE(Judge({Tlsa(3, selector, matching_type, other_)}, chain_), DaneStatus::kMismatch);
    }
  }
}

TEST_F(Dane, Usage3MatchesNothingButTheLeaf) {
  const DaneVerdict verdict =
      Judge({Tlsa(3, 0, 1, pki_.intermediate), Tlsa(3, 1, 1, pki_.root)}, chain_);
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_EQ(verdict.failure, DaneFailure::kOther);
  EXPECT_FALSE(verdict.matched_record.has_value());
}

// RFC 6698 §2.1.1, §2.1.2: what each usage and selector is for.
TEST_F(Dane, Usage3ThatFitsSomethingElseSaysWhatWasMeant) {
  const auto reason = [this](TlsaRecord record) {
    const DaneVerdict verdict = Judge({std::move(record)}, chain_);
    EXPECT_DANE(verdict, DaneStatus::kMismatch);
    return verdict.record_reasons.front();
  };
  TlsaRecord swapped = Tlsa(3, 0, 1, pki_.leaf);
  swapped.selector = 1;
  EXPECT_THAT(reason(swapped), HasSubstr("selector 0"));
  swapped = Tlsa(3, 1, 2, pki_.leaf);
  swapped.selector = 0;
  EXPECT_THAT(reason(swapped), HasSubstr("selector 1"));
  EXPECT_THAT(reason(Tlsa(3, 1, 1, pki_.intermediate)), HasSubstr("certificate 1"));
  EXPECT_THAT(reason(Tlsa(3, 1, 1, pki_.intermediate)), HasSubstr("usage 2"));
  EXPECT_EQ(reason(Tlsa(3, 1, 1, other_)), "not the leaf's public key");
  EXPECT_EQ(reason(Tlsa(3, 0, 1, other_)), "not the leaf certificate");
}

TEST_F(Dane, Usage3IgnoresNameDatesKeyUsageAndChain) {
  const TestCertificate leaf = MakeSelfSigned({.common_name = "localhost",
                                               .subject_alt_names = "DNS:localhost",
                                               .not_before = kNow - 90 * kDay,
                                               .not_after = kNow - 60 * kDay,
                                               .extended_key_usage = "clientAuth"},
                                              TestKey(KeyKind::kP256));
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, leaf)}, Handles(leaf)), DaneStatus::kMatch);
  const std::vector<uint8_t> junk = {1, 2, 3};
  EXPECT_DANE(Judge({Tlsa(3, 0, 1, leaf)}, {leaf.handle(), DerHandle::Copy(junk)}),
              DaneStatus::kMatch);
}

TEST_F(Dane, Usage3SurvivesARenewalOfTheCertificateWithSelector1Only) {
  const TestCertificate renewed = MakeSelfSigned({.serial = 4712}, pki_.leaf.key());
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf)}, Handles(renewed)), DaneStatus::kMatch);
  EXPECT_DANE(Judge({Tlsa(3, 0, 1, pki_.leaf)}, Handles(renewed)), DaneStatus::kMismatch);
}

// --- RFC 7671 §5.2, RFC 7672 §3.1.2: usage 2 ---

TEST_F(Dane, Usage2MatchesAnyAnchorOnThePathThatWasSent) {
  for (int selector : {0, 1}) {
    for (int matching_type : {0, 1, 2}) {
      const DaneVerdict root = Judge({Tlsa(2, selector, matching_type, pki_.root)}, chain_);
      EXPECT_DANE(root, DaneStatus::kMatch);
      EXPECT_EQ(root.matched_depth, 2);
      const DaneVerdict intermediate =
          Judge({Tlsa(2, selector, matching_type, pki_.intermediate)}, chain_);
      EXPECT_DANE(intermediate, DaneStatus::kMatch);
      EXPECT_EQ(intermediate.matched_depth, 1);
    }
  }
}

// The anchor must be in the chain: a digest cannot be verified with.
TEST_F(Dane, Usage2WithADigestOfAnAnchorThatWasNotSentIsAMismatch) {
  const DaneVerdict verdict =
      Judge({Tlsa(2, 0, 1, pki_.root), Tlsa(2, 1, 1, pki_.root)}, pki_.Chain());
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_THAT(verdict.record_reasons[0], HasSubstr("no certificate above the leaf"));
}

TEST_F(Dane, Usage2WithFullCertificateNeedsNotBeSent) {
  const DaneVerdict verdict = Judge({Tlsa(2, 0, 0, pki_.root)}, pki_.Chain());
  EXPECT_DANE(verdict, DaneStatus::kMatch);
  EXPECT_EQ(verdict.matched_depth, 2);
  EXPECT_DANE(Judge({Tlsa(2, 0, 0, pki_.intermediate)}, Handles(pki_.leaf)), DaneStatus::kMatch);
  // Without the intermediate the root alone leads nowhere.
  EXPECT_DANE(Judge({Tlsa(2, 0, 0, pki_.root)}, Handles(pki_.leaf)), DaneStatus::kMismatch);
}

TEST_F(Dane, Usage2WithABareKeyFitsWhatSignedTheTopmostCertificate) {
  const DaneVerdict verdict = Judge({Tlsa(2, 1, 0, pki_.root)}, pki_.Chain());
  EXPECT_DANE(verdict, DaneStatus::kMatch);
  EXPECT_EQ(verdict.matched_depth, 2);
  EXPECT_DANE(Judge({Tlsa(2, 1, 0, pki_.intermediate)}, Handles(pki_.leaf)), DaneStatus::kMatch);
  const DaneVerdict stranger = Judge({Tlsa(2, 1, 0, other_)}, pki_.Chain());
  EXPECT_DANE(stranger, DaneStatus::kMismatch);
  EXPECT_THAT(stranger.detail, HasSubstr("did not sign"));
}

// As OpenSSL 3.0 has it: a leaf is not its own anchor by 2 0 1, 2 1 1 or 2 0 0, but its key signed
// it (2 1 0).
TEST_F(Dane, Usage2OfASelfSignedLeafFitsByItsBareKeyOnly) {
  const TestCertificate leaf = MakeSelfSigned({}, TestKey(KeyKind::kP256));
  const DaneVerdict verdict = Judge({Tlsa(2, 0, 1, leaf), Tlsa(2, 1, 1, leaf)}, Handles(leaf));
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_THAT(verdict.record_reasons[0], HasSubstr("cannot be its own trust anchor"));
  EXPECT_DANE(Judge({Tlsa(2, 1, 0, leaf)}, Handles(leaf)), DaneStatus::kMatch);
}

TEST_F(Dane, Usage2NeedsTheAnchorOnTheLeafsPath) {
  const TestCertificate stranger = MakeSelfSigned(CaSpec("Stranger"), TestKey(KeyKind::kP256, 9));
  const DaneVerdict verdict =
      Judge({Tlsa(2, 0, 1, stranger)}, Handles(pki_.leaf, pki_.intermediate, stranger));
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_THAT(verdict.detail, HasSubstr("not on the leaf's path"));
}

TEST_F(Dane, Usage2NeedsGoodSignatures) {
  // Names fit, the key does not.
  CertificateSpec spec = CaSpec("Test Intermediate");
  spec.key_identifiers = false;
  const TestCertificate impostor = MakeSigned(spec, TestKey(KeyKind::kP256, 9), pki_.root);
  const TestCertificate leaf =
      MakeSigned({.key_identifiers = false}, TestKey(KeyKind::kP256), pki_.intermediate);
  EXPECT_DANE(Judge({Tlsa(2, 0, 1, pki_.root)}, Handles(leaf, impostor, pki_.root)),
              DaneStatus::kMismatch);
  EXPECT_DANE(Judge({Tlsa(2, 0, 1, impostor)}, Handles(leaf, impostor)), DaneStatus::kMismatch);
}

TEST_F(Dane, Usage2ChecksDatesAndCallsThemExpired) {
  const DaneVerdict late = Judge({Tlsa(2, 0, 1, pki_.root)}, chain_, kReference, kNow + 61 * kDay);
  EXPECT_DANE(late, DaneStatus::kMismatch);
  EXPECT_EQ(late.failure, DaneFailure::kExpired);
  CertificateSpec old = CaSpec("Old Root");
  old.not_after = kNow - kDay;
  const TestCertificate root = MakeSelfSigned(old, TestKey(KeyKind::kP256, 1));
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), root);
  EXPECT_EQ(Judge({Tlsa(2, 0, 1, root)}, Handles(leaf, root)).failure, DaneFailure::kExpired);
}

// RFC 5280 §6.1: an anchor is no part of the path. OpenSSL asks for the dates of self-signed ones
// all the same (see above), and so for those of no other.
TEST_F(Dane, Usage2AsksForNoDatesOfAnAnchorThatAnotherCaSigned) {
  CertificateSpec old = CaSpec("Old Intermediate");
  old.not_after = kNow - kDay;
  const TestCertificate anchor = MakeSigned(old, TestKey(KeyKind::kP256, 4), pki_.root);
  const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), anchor);
  EXPECT_DANE(Judge({Tlsa(2, 0, 1, anchor)}, Handles(leaf, anchor)), DaneStatus::kMatch);
  EXPECT_DANE(Judge({Tlsa(2, 0, 0, anchor)}, Handles(leaf)), DaneStatus::kMatch);
  // It is part of the path to an anchor above it, be that a certificate or a bare key.
  for (const TlsaRecord& record : {Tlsa(2, 0, 1, pki_.root), Tlsa(2, 1, 0, pki_.root)}) {
    const auto chain =
        record.matching_type == 0 ? Handles(leaf, anchor) : Handles(leaf, anchor, pki_.root);
    const DaneVerdict verdict = Judge({record}, chain);
    EXPECT_DANE(verdict, DaneStatus::kMismatch);
    EXPECT_EQ(verdict.failure, DaneFailure::kExpired);
  }
}

TEST_F(Dane, Usage2ChecksWhatCasMayDo) {
  const auto judge = [this](const CertificateSpec& spec, bool as_anchor) {
    const TestCertificate ca = MakeSigned(spec, TestKey(KeyKind::kP256, 4), pki_.root);
    const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), ca);
    return Judge({Tlsa(2, 0, 1, as_anchor ? ca : pki_.root)}, Handles(leaf, ca, pki_.root));
  };
  CertificateSpec not_ca{.common_name = "I", .subject_alt_names = ""};
  CertificateSpec no_cert_sign = CaSpec("I");
  no_cert_sign.key_usage = "critical,digitalSignature";
  CertificateSpec elsewhere = CaSpec("I");
  elsewhere.name_constraints = "critical,permitted;DNS:example.net";
  for (bool as_anchor : {false, true}) {
    EXPECT_DANE(judge(CaSpec("I"), as_anchor), DaneStatus::kMatch);
    EXPECT_DANE(judge(not_ca, as_anchor), DaneStatus::kMismatch);
    EXPECT_DANE(judge(no_cert_sign, as_anchor), DaneStatus::kMismatch);
    EXPECT_DANE(judge(elsewhere, as_anchor), DaneStatus::kMismatch);
  }
}

TEST_F(Dane, Usage2ChecksThePathLengthOfTheAnchorItself) {
  for (int limit : {0, 1}) {
    CertificateSpec spec = CaSpec("Limited Root");
    spec.path_length = limit;
    const TestCertificate root = MakeSelfSigned(spec, TestKey(KeyKind::kP256, 1));
    const TestCertificate ca = MakeSigned(CaSpec("I"), TestKey(KeyKind::kP256, 2), root);
    const TestCertificate leaf = MakeSigned({}, TestKey(KeyKind::kP256), ca);
    EXPECT_DANE(Judge({Tlsa(2, 0, 1, root)}, Handles(leaf, ca, root)),
                limit == 0 ? DaneStatus::kMismatch : DaneStatus::kMatch);
  }
}

TEST_F(Dane, Usage2NeedsALeafForTlsServers) {
  for (const bool bare_key : {false, true}) {
    const TestCertificate leaf =
        MakeSigned({.extended_key_usage = "clientAuth"}, TestKey(KeyKind::kP256), pki_.root);
    const TlsaRecord record = bare_key ? Tlsa(2, 1, 0, pki_.root) : Tlsa(2, 0, 0, pki_.root);
    EXPECT_DANE(Judge({record}, Handles(leaf)), DaneStatus::kMismatch);
  }
}

// --- RFC 7672 §3.2.2, §3.2.3: names ---

TEST_F(Dane, Usage2NeedsAReferenceIdentifier) {
  const std::vector<TlsaRecord> records = {Tlsa(2, 0, 1, pki_.root)};
  const auto judge = [&](const std::string& base, const std::vector<std::string>& next_hop,
                         bool mx_secure) {
    return Judge(records, chain_,
                 {.tlsa_base_domain = base, .next_hop_names = next_hop, .mx_secure = mx_secure});
  };
  EXPECT_DANE(judge("mx.example.org", {}, false), DaneStatus::kMatch);
  const DaneVerdict other = judge("mx.example.net", {}, true);
  EXPECT_DANE(other, DaneStatus::kMismatch);
  EXPECT_EQ(other.failure, DaneFailure::kHostMismatch);
  // The next hop counts where the MX answer was secure, and only there.
  EXPECT_DANE(judge("mx.example.net", {"example.com", "mx.example.org"}, true), DaneStatus::kMatch);
  EXPECT_DANE(judge("mx.example.net", {"mx.example.org"}, false), DaneStatus::kMismatch);
}

TEST_F(Dane, ExpiredAndMisnamedIsExpired) {
  const DaneVerdict verdict = Judge(
      {Tlsa(2, 0, 1, pki_.root)}, chain_,
      {.tlsa_base_domain = "x.example", .next_hop_names = {}, .mx_secure = true}, kNow + 61 * kDay);
  EXPECT_EQ(verdict.failure, DaneFailure::kExpired);
}

// --- RFC 7671 §9: digest agility ---

TEST_F(Dane, OnlyTheStrongestDigestCounts) {
  const DaneVerdict verdict =
      Judge({Tlsa(3, 1, 1, pki_.leaf), Wrong(Tlsa(3, 1, 2, pki_.leaf))}, chain_);
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_THAT(verdict.record_reasons[0], HasSubstr("stronger digest"));
  EXPECT_DANE(Judge({Wrong(Tlsa(3, 1, 1, pki_.leaf)), Tlsa(3, 1, 2, pki_.leaf)}, chain_),
              DaneStatus::kMatch);
}

TEST_F(Dane, AgilityIsPerUsageAndSelector) {
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf), Wrong(Tlsa(3, 0, 2, pki_.leaf))}, chain_),
              DaneStatus::kMatch);
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf), Wrong(Tlsa(2, 1, 2, pki_.root))}, chain_),
              DaneStatus::kMatch);
}

TEST_F(Dane, UnusableRecordsTakeNoPartInAgility) {
  const TlsaRecord short_digest = {3, 1, 2, std::vector<uint8_t>(20)};
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf), short_digest}, chain_), DaneStatus::kMatch);
}

TEST_F(Dane, FullDataNeitherWinsNorIsPassedOver) {
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf), Tlsa(3, 1, 0, other_)}, chain_), DaneStatus::kMatch);
  EXPECT_DANE(Judge({Wrong(Tlsa(3, 1, 2, pki_.leaf)), Tlsa(3, 1, 0, pki_.leaf)}, chain_),
              DaneStatus::kMatch);
}

// --- What is told ---

TEST_F(Dane, TellsWhichRecordMatchedAndWhyTheOthersDidNot) {
  const DaneVerdict verdict = Judge({Tlsa(3, 1, 1, other_), Tlsa(2, 0, 1, pki_.root),
                                     Tlsa(3, 0, 1, pki_.leaf), Tlsa(1, 0, 1, pki_.leaf)},
                                    chain_);
  EXPECT_DANE(verdict, DaneStatus::kMatch);
  EXPECT_EQ(verdict.matched_record, 1u);
  EXPECT_EQ(verdict.matched_depth, 2);
  EXPECT_EQ(verdict.failure, DaneFailure::kNone);
  EXPECT_THAT(
      verdict.detail,
      AllOf(HasSubstr("2 0 1 matches at depth 2"), HasSubstr("3 1 1: not the leaf's public key"),
            HasSubstr("3 0 1: match"), HasSubstr("1 0 1: unusable: usages 0 and 1")));
  EXPECT_THAT(verdict.record_depths,
              ElementsAre(std::nullopt, Optional(2), Optional(0), std::nullopt));
  EXPECT_THAT(verdict.record_reasons,
              ElementsAre("not the leaf's public key", "match", "match", HasSubstr("unusable")));
}

TEST_F(Dane, DoesNotRetellDozensOfRecordsInASentence) {
  const std::vector<TlsaRecord> many(20, Tlsa(3, 1, 1, other_));
  const DaneVerdict none = Judge(many, chain_);
  EXPECT_THAT(none.detail, HasSubstr("; and 12 more"));
  EXPECT_EQ(none.record_reasons.size(), 20u);
  std::vector<TlsaRecord> last_fits = many;
  last_fits.back() = Tlsa(3, 1, 1, pki_.leaf);
  EXPECT_THAT(Judge(last_fits, chain_).detail,
              AllOf(HasSubstr("3 1 1 matches at depth 0"), HasSubstr("; and 11 more")));
}

// RFC 7672 §3.2.2
TEST_F(Dane, SaysWhichNamesTheLeafHasInstead) {
  const TestPki pki =
      MakePki({.subject_alt_names = "DNS:a.example,DNS:*.b.example,DNS:c.example,DNS:d.example,"
                                    "DNS:e.example,DNS:f.example"});
  const DaneVerdict verdict = Judge({Tlsa(2, 0, 1, pki.root)}, pki.ChainWithRoot());
  EXPECT_DANE(verdict, DaneStatus::kMismatch);
  EXPECT_EQ(verdict.failure, DaneFailure::kHostMismatch);
  EXPECT_THAT(verdict.detail,
              HasSubstr("it is for a.example, *.b.example, c.example, d.example and 2 more"));
}

// RFC 7671 §5.2: the anchor is above the leaf. OpenSSL: "no matching DANE TLSA records".
TEST_F(Dane, ASelfSignedLeafIsNoAnchorOfItself) {
  EXPECT_DANE(Judge({Tlsa(2, 0, 0, other_)}, Handles(other_)), DaneStatus::kMismatch);
  EXPECT_DANE(Judge({Tlsa(2, 0, 1, other_)}, Handles(other_)), DaneStatus::kMismatch);
  for (const int selector : {0, 1}) {
    for (const int matching_type : {0, 1, 2}) {
      if (selector == 1 && matching_type == 0) continue;  // a bare key, which signed the leaf
      EXPECT_DANE(Judge({Tlsa(2, selector, matching_type, other_)}, Handles(other_, other_)),
                  DaneStatus::kMismatch);
    }
  }
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, other_)}, Handles(other_, other_)), DaneStatus::kMatch);
}

TEST_F(Dane, TellsTheDepthInTheChainAsItWasSent) {
  const std::vector<DerHandle> disordered =
      Handles(pki_.leaf, pki_.root, other_, pki_.intermediate);
  EXPECT_EQ(Judge({Tlsa(2, 0, 1, pki_.root)}, disordered).matched_depth, 1);
  EXPECT_EQ(Judge({Tlsa(2, 0, 1, pki_.intermediate)}, disordered).matched_depth, 3);
  // As if it had been sent last.
  const std::vector<DerHandle> crowded = Handles(pki_.leaf, other_, pki_.intermediate);
  EXPECT_EQ(Judge({Tlsa(2, 0, 0, pki_.root)}, crowded).matched_depth, 3);
  EXPECT_EQ(Judge({Tlsa(2, 1, 0, pki_.root)}, crowded).matched_depth, 3);
}

TEST_F(Dane, OfRecordsThatAreNotAllOnlyAMatchIsAVerdict) {
  const auto judge = [this](const std::vector<TlsaRecord>& records) {
    return JudgeDane(records, chain_, kReference, kNow, /*complete=*/false);
  };
  EXPECT_DANE(judge({Tlsa(3, 1, 1, pki_.leaf)}), DaneStatus::kMatch);
  EXPECT_DANE(judge({Tlsa(3, 1, 1, other_)}), DaneStatus::kNotKnown);
  EXPECT_DANE(judge({Tlsa(1, 1, 1, pki_.leaf)}), DaneStatus::kNotKnown);
  EXPECT_THAT(judge({Tlsa(3, 1, 1, other_)}).detail, HasSubstr("not all records were kept"));
}

// Each anchor costs a path; a stranger can name as many as a record set holds.
TEST_F(Dane, MoreAnchorsThanAreTriedAreNotKnown) {
  std::vector<TlsaRecord> records;
  for (size_t i = 0; i < AnchorJudge::kMaxAnchorsJudged + 1; ++i) {
    records.push_back(Tlsa(
        2, 0, 0, MakeSelfSigned(CaSpec("A" + std::to_string(i)), TestKey(KeyKind::kP256, 20))));
  }
  const DaneVerdict verdict = Judge(records, chain_);
  EXPECT_DANE(verdict, DaneStatus::kNotKnown);
  EXPECT_THAT(verdict.record_reasons.back(), HasSubstr("more than 8 trust anchors"));
  records.pop_back();
  EXPECT_DANE(Judge(records, chain_), DaneStatus::kMismatch);
}

TEST_F(Dane, EmptyOrBrokenChainIsAMismatch) {
  EXPECT_DANE(Judge({Tlsa(3, 1, 1, pki_.leaf)}, {}), DaneStatus::kMismatch);
  const std::vector<uint8_t> junk = {0x30, 0x00};
  EXPECT_DANE(Judge({Tlsa(2, 0, 0, pki_.root), Tlsa(2, 1, 0, pki_.root), Tlsa(3, 1, 1, pki_.leaf)},
                    {DerHandle::Copy(junk)}),
              DaneStatus::kMismatch);
}

// --- RFC 7671 §8.1, §8.4 ---

TEST_F(Dane, RolloverNeedsASecondKeyOrAnAnchor) {
  const TlsaRecord ours = Tlsa(3, 1, 1, pki_.leaf);
  EXPECT_FALSE(RolloverReady({}));
  EXPECT_FALSE(RolloverReady(std::vector{ours}));
  EXPECT_FALSE(RolloverReady(std::vector{ours, ours}));
  EXPECT_TRUE(RolloverReady(std::vector{ours, Tlsa(3, 1, 1, other_)}));
  EXPECT_TRUE(RolloverReady(std::vector{ours, Tlsa(2, 1, 1, pki_.root)}));
  // The same key twice in other words is one key.
  EXPECT_FALSE(RolloverReady(std::vector{ours, Tlsa(3, 1, 2, pki_.leaf)}));
  EXPECT_FALSE(RolloverReady(std::vector{Tlsa(2, 1, 1, pki_.root), Tlsa(2, 1, 1, other_)}));
  EXPECT_FALSE(RolloverReady(std::vector{ours, Tlsa(1, 1, 1, other_)}));
}

}  // namespace
}  // namespace mxsweep::tls
